//! Proofs that no cell is larger: a tree of neuron splits in exact arithmetic, after the search.
//!
//! The records are those of `docs/certificate-format.md`. With the constant known, a node is closed
//! as soon as exact intervals of the Jacobian stay within it; otherwise the neuron of the earliest
//! undecided layer that moves the norm most is split, and a side without interior is shown to be flat.

mod attained;
mod hull;
mod measure;

use std::fmt::Write;

use foldline_engine::{Ended, Left, Open, Run, Search, Storage, depth_first};
use foldline_geometry::ExactConstraint;
use foldline_geometry::directed::nearest;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::{from_f64_bits, magnitude};
use foldline_kernel::{Activation, Integer, Network, Rational, Region};

use super::leaf::strictly;
use super::ranges::{Link, Slopes, links};
use super::statement::Exponent;
use crate::verification::affine::{AffineRow, compose};
use hull::{Hull, Opened};
use measure::{Measure, Ranges};

/// Why there is no proof.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoProof {
    /// This kind of statement has no certificates yet.
    #[error("no certificate can be written: {0}")]
    Unsupported(&'static str),
    /// The caller's limit ran out.
    #[error("the limit ran out while the proof was written")]
    Stopped,
}

/// What a Lipschitz certificate claims about the upper side.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The network.
    pub network: &'a Network,
    /// The outputs that are measured.
    pub outputs: &'a [usize],
    /// The exponent.
    pub p: &'a Exponent,
    /// The constant is at most this (its square for p = 2 and one output).
    pub upper: &'a Rational,
}

/// What is to be attained.
#[derive(Debug)]
pub struct Lower<'a> {
    /// The constant is at least this (its square for p = 2 and one output).
    pub lower: &'a Rational,
    /// A point inside a cell and a piece.
    pub point: &'a [Rational],
    /// The Jacobian there, projected onto the piece's hull.
    pub jacobian: &'a [Vec<Rational>],
}

/// What is proved.
#[derive(Debug)]
pub struct Proof {
    /// The records for every polyhedron of the region, and for the point that attains the constant.
    pub text: String,
    /// What the written direction attains: what was to be attained, or for `between` a little less.
    pub lower: Option<Rational>,
}

/// The records for every polyhedron of the region, and for the point that attains the constant.
///
/// # Errors
/// If the statement is of a kind without certificates, or `stop` says so.
pub fn prove(
    claim: &Claim<'_>,
    attained: Option<&Lower<'_>>,
    region: &Region,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Proof, NoProof> {
    let measure = Measure::new(claim.p, claim.outputs.len())?;
    let (mut text, mut record) = (String::new(), None);
    for polyhedron in &region.pieces {
        let Opened::Hull(hull, point) = Hull::open(polyhedron, &mut text) else { continue };
        let _ = writeln!(text, "interior{}", words(&point));
        if let Some(attained) = attained
            && hull.has_inside(attained.point)
            && record.is_none()
        {
            let (along, lower) = measure.along(attained.lower, &hull, attained.jacobian);
            let along = along.map_or(String::new(), |along| format!(" along{}", words(&along)));
            record = Some((format!("attained{}{along}\n", words(attained.point)), lower));
        }
        let tree = Tree { claim, measure, links: links(claim.network), hull: &hull };
        text += &tree.records(point, Run { threads, stop, keeper: None })?;
    }
    if attained.is_none() {
        return Ok(Proof { text, lower: None });
    }
    let (line, lower) =
        record.ok_or(NoProof::Unsupported("the point is on the boundary of its piece"))?;
    text += &line;
    Ok(Proof { text, lower: Some(lower) })
}

fn words(values: &[Rational]) -> String {
    values.iter().map(|value| format!(" {value}")).collect()
}

/// One record that ends in terms: positive integers times named constraints.
fn terms(
    text: &mut String,
    word: &str,
    names: &[String],
    constraints: &[ExactConstraint],
    multipliers: &[(usize, Rational)],
) {
    let scaled = |(index, value): &(usize, Rational)| {
        value * Rational::from(constraints[*index].scale.clone())
    };
    let values: Vec<Rational> = multipliers.iter().map(scaled).collect();
    let (integers, _) = over_common_denominator(&values);
    text.push_str(word);
    for ((index, _), value) in multipliers.iter().zip(integers) {
        debug_assert!(value > Integer::ZERO);
        let _ = write!(text, " {}*{value}", names[*index]);
    }
    text.push('\n');
}

/// One polyhedron's tree.
struct Tree<'a> {
    claim: &'a Claim<'a>,
    measure: Measure,
    links: Vec<Option<Link>>,
    hull: &'a Hull,
}

/// An open node: signs (0 undecided), the strict rows of the splits, a point of its interior.
#[derive(Clone)]
struct Node {
    signs: Vec<i8>,
    rows: Vec<(usize, ExactConstraint)>,
    point: Vec<Rational>,
}

/// A part of the proof.
#[derive(Clone)]
enum Work {
    /// An open node.
    Node(Node),
    /// The record of a side without interior.
    Line(String),
}

impl Search for Tree<'_> {
    type Part = Work;
    type Workspace = ();
    type Found = NoProof;

    fn workspace(&self) {}

    fn visit(&self, work: Work, (): &mut (), left: &mut Left<Work>) -> Option<NoProof> {
        match work {
            Work::Line(line) => left.records = line,
            Work::Node(node) => return self.visit_node(node, left).err(),
        }
        None
    }

    fn outline(&self, work: &Work) -> Work {
        work.clone()
    }
}

impl Tree<'_> {
    /// The records of the whole tree.
    fn records(&self, point: Vec<Rational>, run: Run<'_>) -> Result<String, NoProof> {
        let signs = vec![0; self.links.len()];
        let root = Work::Node(Node { signs, rows: Vec::new(), point });
        let open = Open::with_evidence(vec![root], Storage::in_memory());
        let (ended, evidence) = depth_first(self, open, run);
        match ended {
            Ended::Exhausted => {}
            Ended::Found(reason) => return Err(reason),
            Ended::Stopped { .. } => return Err(NoProof::Stopped),
            Ended::Failed(error) => unreachable!("records in memory: {error}"),
        }
        let mut text = Vec::new();
        let written = evidence.map(|mut evidence| evidence.write(&mut text));
        written.transpose().expect("records in memory can be read");
        Ok(String::from_utf8(text).expect("records are text"))
    }

    /// The sign of a neuron; a repeated one has its original's.
    fn sign(&self, signs: &[i8], neuron: usize) -> i8 {
        match self.links[neuron] {
            Some(link) if signs[neuron] == 0 => {
                if link.opposite {
                    -signs[link.neuron]
                } else {
                    signs[link.neuron]
                }
            }
            _ => signs[neuron],
        }
    }

    /// Closes or splits a node.
    fn visit_node(&self, mut node: Node, left: &mut Left<Work>) -> Result<(), NoProof> {
        let Left { parts, records: text } = left;
        let network = self.claim.network;
        let slopes = Slopes::new(network, &self.links, |neuron| self.sign(&node.signs, neuron));
        let vectors = self.measure.vectors(self.hull);
        let ranges: Ranges =
            self.claim.outputs.iter().map(|&output| slopes.ranges(output, vectors)).collect();
        if let Some(record) = self.measure.bound(self.claim, self.hull, &slopes, &ranges) {
            text.push_str(&record);
            return Ok(());
        }
        if slopes.neurons.is_empty() {
            let why = "several outputs on a region in an oblique hyperplane may need more than one multiplier";
            return Err(NoProof::Unsupported(why));
        }
        let neuron = self.choose(&slopes, &ranges);
        let sign = |other: usize| self.sign(&node.signs, other);
        let row = compose(network, sign, &[neuron as u32]).0.remove(0);
        let rational = |value: &Integer| Rational::from(value.clone());
        let gradient: Vec<Rational> = row.values[..network.inputs()].iter().map(rational).collect();
        if self.hull.is_constant(&gradient) {
            let positive = strictly(&row, true).holds_at(&node.point);
            let _ = writeln!(text, "constant {neuron}");
            node.signs[neuron] = if positive { 1 } else { -1 };
            parts.push(Work::Node(node));
            return Ok(());
        }
        let _ = writeln!(text, "split {neuron}");
        parts.extend([true, false].map(|active| self.side(&node, neuron, &row, active)));
        Ok(())
    }

    /// The child where the neuron is on or off, or the record that it has no interior.
    fn side(&self, node: &Node, neuron: usize, row: &AffineRow, active: bool) -> Work {
        let mut child = node.clone();
        child.signs[neuron] = if active { 1 } else { -1 };
        let constraint = strictly(row, active);
        let is_inside = constraint.holds_at(&node.point);
        child.rows.push((neuron, constraint));
        if is_inside {
            return Work::Node(child);
        }
        let split = child.rows.iter().map(|(_, constraint)| constraint.clone());
        let all: Vec<ExactConstraint> = self.hull.interior.iter().cloned().chain(split).collect();
        match feasibility(self.claim.network.inputs(), &all) {
            Feasibility::Point(point) => Work::Node(Node { point, ..child }),
            Feasibility::Contradiction(multipliers) => {
                let region = (0..self.hull.interior.len()).map(|index| format!("c{index}"));
                let split = child.rows.iter().map(|(neuron, _)| format!("n{neuron}"));
                let names: Vec<String> = region.chain(split).collect();
                let mut line = String::new();
                terms(&mut line, "flat", &names, &all, &multipliers);
                Work::Line(line)
            }
        }
    }

    /// The neuron of the earliest undecided layer whose slope moves the norm most.
    fn choose(&self, slopes: &Slopes, ranges: &Ranges) -> usize {
        let size = |(low, high): &(Rational, Rational)| magnitude(low).max(magnitude(high));
        let whole = |row: &Vec<(Rational, Rational)>| row.iter().map(size).max();
        let largest = (0..ranges.len()).max_by_key(|&index| whole(&ranges[index])).unwrap_or(0);
        let row = &ranges[largest];
        let middle =
            |(low, high): &(Rational, Rational)| nearest(&((low + high) / Rational::from(2)));
        let column = (0..row.len()).max_by_key(|&j| size(&row[j])).unwrap_or(0);
        let weight = |j: usize| match self.measure {
            Measure::Columns => f64::from(u8::from(j == column)),
            Measure::Rows => middle(&row[j]).signum(),
            _ => middle(&row[j]),
        };
        let mut direction = vec![Rational::ZERO; self.claim.network.inputs()];
        for (j, vector) in self.measure.vectors(self.hull).iter().enumerate() {
            let weight = from_f64_bits(weight(j).to_bits()).unwrap_or(Rational::ZERO);
            direction.iter_mut().zip(vector).for_each(|(sum, value)| *sum += &weight * value);
        }
        let widths = slopes.widths(self.claim.outputs[largest], &direction);
        let layer_of = self.layer_of();
        let earliest = layer_of[slopes.neurons[0]];
        let first =
            slopes.neurons.iter().take_while(|&&neuron| layer_of[neuron] == earliest).count();
        let best = (0..first).max_by(|&a, &b| widths[a].cmp(&widths[b])).unwrap_or(0);
        slopes.neurons[best]
    }

    fn layer_of(&self) -> Vec<usize> {
        let layers = self.claim.network.layers().iter().enumerate();
        let relu = layers.filter(|(_, layer)| layer.activation == Activation::Relu);
        relu.flat_map(|(index, layer)| vec![index; layer.rows.len()]).collect()
    }
}
