//! The tree of one polyhedron: a search in exact arithmetic.
//!
//! With the constant known, a node is closed as soon as exact intervals of the Jacobian stay within
//! it; otherwise the neuron of the earliest undecided layer that moves the norm most is split, and a side
//! without interior is shown to be flat.

use std::fmt::Write;

use foldline_engine::evidence::{Evidence, EvidenceError};
use foldline_engine::{Ended, Left, Open, Run, Search, Storage, depth_first};
use foldline_geometry::ExactConstraint;
use foldline_geometry::directed::nearest;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::interrupt::Stopped;
use foldline_kernel::number::{from_f64_bits, magnitude};
use foldline_kernel::{Activation, Integer, Network, Rational};
use serde_json::{Value, json};

use super::hull::Hull;
use super::measure::{Measure, Ranges};
use super::{Claim, NoProof, state, terms};
use crate::checkpoint::{Keeper, StateError, field};
use crate::lipschitz::leaf::strictly;
use crate::lipschitz::ranges::{Link, Slopes, links};
use crate::verification::affine::{AffineRow, compose};
use crate::verification::counters::Counters;
use crate::verification::{Limit, Limits, Options, with_progress};

/// One polyhedron's tree, which a search finds.
#[derive(Debug)]
pub struct Tree<'a> {
    pub(super) claim: Claim<'a>,
    measure: Measure,
    pub(super) links: Vec<Option<Link>>,
    hull: Hull,
    /// A point in the interior relative to the hull.
    inside: Vec<Rational>,
    /// The layer of each neuron.
    layer_of: Vec<usize>,
    counters: Counters,
}

/// An open node.
#[derive(Debug, Clone)]
pub struct Node {
    /// Of each neuron; 0 where it is undecided.
    pub signs: Vec<i8>,
    /// The neurons that were split on, with their strict rows.
    pub rows: Vec<(usize, ExactConstraint)>,
    /// A point of its interior.
    pub point: Vec<Rational>,
    /// Its share of the tree, for progress.
    pub share: f64,
}

/// A part of the proof.
#[derive(Debug, Clone)]
pub enum Work {
    /// An open node.
    Node(Node),
    /// The record of a side without interior, and its share.
    Line(String, f64),
}

impl Search for Tree<'_> {
    type Part = Work;
    type Workspace = ();
    type Found = &'static str;

    fn workspace(&self) {}

    fn visit(&self, work: Work, (): &mut (), left: &mut Left<Work>) -> Option<&'static str> {
        match work {
            Work::Line(line, share) => {
                left.records = line;
                self.counters.close(share);
                None
            }
            Work::Node(node) => {
                self.counters.nodes.add(1);
                self.visit_node(node, left).err()
            }
        }
    }

    fn outline(&self, work: &Work) -> Work {
        work.clone()
    }

    fn to_json(&self, work: &Work) -> Value {
        state::to_json(work)
    }

    fn restore(&self, state: &Value) -> Result<Work, StateError> {
        state::restore(self, state)
    }

    fn state(&self, open: Value) -> Value {
        json!({"open": open, "counters": self.counters.values()})
    }
}

impl<'a> Tree<'a> {
    /// A tree that has yet to be found; `inside` is in the interior of the hull.
    pub(super) fn new(
        claim: Claim<'a>,
        measure: Measure,
        hull: Hull,
        inside: Vec<Rational>,
    ) -> Self {
        let (links, layer_of) = (links(claim.network), layer_of(claim.network));
        let counters = Counters::default();
        Self { claim, measure, links, hull, inside, layer_of, counters }
    }
}

impl Tree<'_> {
    /// Finds the tree; its records go to `storage`. A keeper gets the open nodes now and then, and
    /// the search goes on from those that it has. The limit is the one that ended the search.
    ///
    /// # Errors
    /// If one cell has no records, the records cannot be kept, or the keeper's state is not one of this tree.
    pub fn search(
        &self,
        options: &Options,
        storage: Storage,
        keeper: Option<&dyn Keeper>,
    ) -> Result<Result<Evidence, Limit>, NoProof> {
        let limits = Limits::new(options);
        let stop = || limits.reached();
        let run = Run { threads: options.workers(), stop: &stop, keeper };
        let open = match keeper.and_then(Keeper::resumed) {
            Some(state) => {
                self.counters.resume(field(state, "counters")?)?;
                Open::with_evidence_from_json(self, field(state, "open")?, storage)?
            }
            None => {
                let signs = vec![0; self.links.len()];
                let point = self.inside.clone();
                let root = Work::Node(Node { signs, rows: Vec::new(), point, share: 1.0 });
                Open::with_evidence(vec![root], storage)
            }
        };
        match with_progress(&limits, &self.counters, || depth_first(self, open, run)) {
            Ok((Ended::Exhausted, evidence)) => {
                Ok(Ok(evidence.expect("the search began with evidence")))
            }
            Ok((Ended::Found(reason), _)) => Err(NoProof::Unsupported(reason)),
            Ok((Ended::Failed(error), _)) => Err(EvidenceError::Log(error).into()),
            Ok((Ended::Stopped { .. }, _)) | Err(Stopped) => Ok(Err(limits.which())),
        }
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

    /// A neuron's pre-activation where these signs decide the layers before its own.
    pub(super) fn row(&self, signs: &[i8], neuron: usize) -> AffineRow {
        let sign = |other: usize| self.sign(signs, other);
        compose(self.claim.network, sign, &[neuron as u32]).0.remove(0)
    }

    /// Closes or splits a node.
    fn visit_node(&self, mut node: Node, left: &mut Left<Work>) -> Result<(), &'static str> {
        let Left { parts, records: text } = left;
        let network = self.claim.network;
        let slopes = Slopes::new(network, &self.links, |neuron| self.sign(&node.signs, neuron));
        let vectors = self.measure.vectors(&self.hull);
        let ranges: Ranges =
            self.claim.outputs.iter().map(|&output| slopes.ranges(output, vectors)).collect();
        if let Some(record) = self.measure.bound(&self.claim, &self.hull, &slopes, &ranges) {
            text.push_str(&record);
            self.counters.close(node.share);
            return Ok(());
        }
        if slopes.neurons.is_empty() {
            return Err(
                "several outputs on a region in an oblique hyperplane may need more than one multiplier",
            );
        }
        let neuron = self.choose(&slopes, &ranges);
        let row = self.row(&node.signs, neuron);
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
        child.share /= 2.0;
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
                Work::Line(line, child.share)
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
        for (j, vector) in self.measure.vectors(&self.hull).iter().enumerate() {
            let weight = from_f64_bits(weight(j).to_bits()).unwrap_or(Rational::ZERO);
            direction.iter_mut().zip(vector).for_each(|(sum, value)| *sum += &weight * value);
        }
        let widths = slopes.widths(self.claim.outputs[largest], &direction);
        let layer_of = &self.layer_of;
        let earliest = layer_of[slopes.neurons[0]];
        let first =
            slopes.neurons.iter().take_while(|&&neuron| layer_of[neuron] == earliest).count();
        let best = (0..first).max_by(|&a, &b| widths[a].cmp(&widths[b])).unwrap_or(0);
        slopes.neurons[best]
    }
}

/// The layer of each ReLU neuron.
fn layer_of(network: &Network) -> Vec<usize> {
    let layers = network.layers().iter().enumerate();
    let relu = layers.filter(|(_, layer)| layer.activation == Activation::Relu);
    relu.flat_map(|(index, layer)| vec![index; layer.rows.len()]).collect()
}
