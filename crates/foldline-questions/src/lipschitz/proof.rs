//! Proofs that no cell is larger: a tree of neuron splits in exact arithmetic, after the search.
//!
//! The records are those of `docs/certificate-format.md`. With the constant known, a node is closed
//! as soon as exact intervals of the Jacobian stay within it; otherwise the neuron of the earliest
//! undecided layer that moves the norm most is split, and a side without interior is shown to be flat.

use std::fmt::Write;

use foldline_geometry::ExactConstraint;
use foldline_geometry::directed::nearest;
use foldline_geometry::exact_lp::{Feasibility, feasibility, feasible_point};
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{
    Activation, Integer, LinearConstraint, Network, Polyhedron, Rational, Region,
};

use super::leaf::{is_constant, strictly};
use super::matrix::{Matrix, dot, magnitude};
use super::ranges::{Link, Slopes, links};
use super::statement::Exponent;
use crate::verification::affine::{AffineRow, compose};

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

/// How sizes are put together; regions in proofs have interior, so functionals are coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Largest column sum.
    Columns,
    /// Largest row sum.
    Rows,
    /// Sum of squares of one output.
    Squares,
}

/// With more derivatives of unknown sign than this, their magnitudes are added up.
const MOST_SIGNS: usize = 8;

/// What a Lipschitz certificate claims about the upper side.
#[derive(Debug)]
pub struct Claim<'a> {
    /// The network.
    pub network: &'a Network,
    /// The outputs that are measured.
    pub outputs: &'a [usize],
    /// The exponent.
    pub p: &'a Exponent,
    /// The constant, or its square for p = 2.
    pub key: &'a Rational,
}

/// The records for every polyhedron of the region.
///
/// # Errors
/// If the statement is of a kind without certificates, or `stop` says so.
pub fn prove(
    claim: &Claim<'_>,
    region: &Region,
    stop: &dyn Fn() -> bool,
) -> Result<String, NoProof> {
    let measure = match claim.p {
        Exponent::Infinite => Measure::Rows,
        p if p.is_at_most_one() => Measure::Columns,
        p if p.is_two() && claim.outputs.len() == 1 => Measure::Squares,
        _ => return Err(NoProof::Unsupported("the constant is only enclosed")),
    };
    let mut text = String::new();
    for polyhedron in &region.pieces {
        let dimension = polyhedron.dimension;
        let exact = |strict: Option<bool>| -> Vec<ExactConstraint> {
            let convert = |constraint: &LinearConstraint| ExactConstraint {
                strict: strict.unwrap_or(constraint.strict),
                ..ExactConstraint::new(dimension, constraint)
            };
            polyhedron.constraints.iter().map(convert).collect()
        };
        let own = exact(None);
        if let Feasibility::Contradiction(multipliers) = feasibility(dimension, &own) {
            let names = (0..own.len()).map(|index| format!("c{index}")).collect::<Vec<_>>();
            terms(&mut text, "void", &names, &own, &multipliers);
            continue;
        }
        let Some(point) = feasible_point(dimension, &exact(Some(true))) else {
            return Err(NoProof::Unsupported("a part of the region has no interior"));
        };
        let coordinates: Vec<String> = point.iter().map(ToString::to_string).collect();
        let _ = writeln!(text, "interior {}", coordinates.join(" "));
        let interior = exact(Some(true));
        let tree = Tree { claim, measure, links: links(claim.network), polyhedron, interior, stop };
        tree.write(point, &mut text)?;
    }
    Ok(text)
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
    polyhedron: &'a Polyhedron,
    interior: Vec<ExactConstraint>,
    stop: &'a dyn Fn() -> bool,
}

/// An open node: signs (0 undecided), the strict rows of the splits, a point of its interior.
#[derive(Clone)]
struct Open {
    signs: Vec<i8>,
    rows: Vec<(usize, ExactConstraint)>,
    point: Vec<Rational>,
}

enum Work {
    Node(Open),
    Line(String),
}

impl Tree<'_> {
    fn write(&self, point: Vec<Rational>, text: &mut String) -> Result<(), NoProof> {
        let signs = vec![0; self.links.len()];
        let mut stack = vec![Work::Node(Open { signs, rows: Vec::new(), point })];
        while let Some(work) = stack.pop() {
            if (self.stop)() {
                return Err(NoProof::Stopped);
            }
            match work {
                Work::Line(line) => text.push_str(&line),
                Work::Node(node) => self.visit(node, text, &mut stack),
            }
        }
        Ok(())
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

    fn visit(&self, mut node: Open, text: &mut String, stack: &mut Vec<Work>) {
        let network = self.claim.network;
        let slopes = Slopes::new(network, &self.links, |neuron| self.sign(&node.signs, neuron));
        let ranges = self.coordinate_ranges(&slopes);
        if let Some(record) = self.bound(&slopes, &ranges) {
            text.push_str(&record);
            return;
        }
        let neuron = self.choose(&slopes, &ranges);
        let sign = |other: usize| self.sign(&node.signs, other);
        let row = compose(network, sign, &[neuron as u32]).0.remove(0);
        if is_constant(&row) {
            let positive = row.values.last().is_some_and(|value| *value > Integer::ZERO);
            let _ = writeln!(text, "constant {neuron}");
            node.signs[neuron] = if positive { 1 } else { -1 };
            stack.push(Work::Node(node));
            return;
        }
        let _ = writeln!(text, "split {neuron}");
        let inactive = self.side(&node, neuron, &row, false);
        stack.push(inactive);
        stack.push(self.side(&node, neuron, &row, true));
    }

    /// The child where the neuron is on or off, or the record that it has no interior.
    fn side(&self, node: &Open, neuron: usize, row: &AffineRow, active: bool) -> Work {
        let mut child = node.clone();
        child.signs[neuron] = if active { 1 } else { -1 };
        let constraint = strictly(row, active);
        let is_inside = constraint.holds_at(&node.point);
        child.rows.push((neuron, constraint));
        if is_inside {
            return Work::Node(child);
        }
        let split = child.rows.iter().map(|(_, constraint)| constraint.clone());
        let all: Vec<ExactConstraint> = self.interior.iter().cloned().chain(split).collect();
        match feasibility(self.polyhedron.dimension, &all) {
            Feasibility::Point(point) => Work::Node(Open { point, ..child }),
            Feasibility::Contradiction(multipliers) => {
                let region = (0..self.interior.len()).map(|index| format!("c{index}"));
                let split = child.rows.iter().map(|(neuron, _)| format!("n{neuron}"));
                let names: Vec<String> = region.chain(split).collect();
                let mut line = String::new();
                terms(&mut line, "flat", &names, &all, &multipliers);
                Work::Line(line)
            }
        }
    }

    fn units(&self) -> Matrix {
        let inputs = self.claim.network.inputs();
        let unit = |i: usize| (0..inputs).map(|j| Rational::from(u8::from(i == j))).collect();
        (0..inputs).map(unit).collect()
    }

    fn coordinate_ranges(&self, slopes: &Slopes) -> Vec<Vec<(Rational, Rational)>> {
        let units = self.units();
        self.claim.outputs.iter().map(|&output| slopes.ranges(output, &units)).collect()
    }

    /// The record that closes a node, if intervals show that no cell in it is larger.
    fn bound(&self, slopes: &Slopes, ranges: &[Vec<(Rational, Rational)>]) -> Option<String> {
        let key = self.claim.key;
        let size = |(low, high): &(Rational, Rational)| magnitude(low).max(magnitude(high));
        let sizes: Matrix = ranges.iter().map(|row| row.iter().map(size).collect()).collect();
        let sum = |values: &mut dyn Iterator<Item = Rational>| {
            values.fold(Rational::ZERO, |sum, value| sum + value)
        };
        let inputs = self.claim.network.inputs();
        let closed = match self.measure {
            Measure::Columns => {
                (0..inputs).all(|j| sum(&mut sizes.iter().map(|row| row[j].clone())) <= *key)
            }
            Measure::Rows => (0..ranges.len()).all(|index| {
                sum(&mut sizes[index].iter().cloned()) <= *key
                    || self.bounded_by_signs(slopes, self.claim.outputs[index], &ranges[index])
            }),
            Measure::Squares if dot(&sizes[0], &sizes[0]) <= *key => true,
            Measure::Squares => return self.bound_along(slopes, &ranges[0]),
        };
        closed.then(|| "bound\n".to_owned())
    }

    /// Whether every sign vector σ that is possible has σ·gradient within the constant.
    fn bounded_by_signs(
        &self,
        slopes: &Slopes,
        output: usize,
        ranges: &[(Rational, Rational)],
    ) -> bool {
        let zero = Rational::ZERO;
        let unknown: Vec<usize> =
            (0..ranges.len()).filter(|&j| ranges[j].0 < zero && ranges[j].1 > zero).collect();
        if unknown.len() > MOST_SIGNS {
            return false;
        }
        let one = |negative: bool| if negative { -Rational::ONE } else { Rational::ONE };
        let mut sigma: Vec<Rational> = ranges.iter().map(|(low, _)| one(*low < zero)).collect();
        let vectors = (0u32..1 << unknown.len()).map(|signs| {
            for (place, &j) in unknown.iter().enumerate() {
                sigma[j] = one(signs >> place & 1 == 1);
            }
            sigma.clone()
        });
        let vectors: Matrix = vectors.collect();
        slopes.ranges(output, &vectors).iter().all(|(_, high)| high <= self.claim.key)
    }

    /// p = 2: the same in the orthogonal basis I − 2 u uᵀ/(uᵀu), which maps the first axis to the
    /// middle of the gradients, about.
    fn bound_along(&self, slopes: &Slopes, ranges: &[(Rational, Rational)]) -> Option<String> {
        let middle: Vec<f64> =
            ranges.iter().map(|(low, high)| nearest(&((low + high) / Rational::from(2)))).collect();
        let length = middle.iter().map(|value| value * value).sum::<f64>().sqrt();
        if !length.is_normal() {
            return None;
        }
        let first = if middle[0] >= 0.0 { 1.0 } else { -1.0 };
        let entry = |(j, value): (usize, &f64)| {
            let entry = value / length + if j == 0 { first } else { 0.0 };
            Integer::from((entry * 1024.0).round() as i64)
        };
        let u: Vec<Integer> = middle.iter().enumerate().map(entry).collect();
        let exact: Vec<Rational> = u.iter().map(|value| Rational::from(value.clone())).collect();
        let factor = Rational::from(2) / dot(&exact, &exact);
        let row = |i: usize| {
            let entry =
                |j: usize| Rational::from(u8::from(i == j)) - &factor * &exact[i] * &exact[j];
            (0..exact.len()).map(entry).collect()
        };
        let basis: Matrix = (0..exact.len()).map(row).collect();
        let ranges = slopes.ranges(self.claim.outputs[0], &basis);
        let square = ranges.iter().fold(Rational::ZERO, |sum, (low, high)| {
            let size = magnitude(low).max(magnitude(high));
            sum + &size * &size
        });
        let words: Vec<String> = u.iter().map(ToString::to_string).collect();
        (square <= *self.claim.key).then(|| format!("bound {}\n", words.join(" ")))
    }

    /// The neuron of the earliest undecided layer whose slope moves the norm most.
    fn choose(&self, slopes: &Slopes, ranges: &[Vec<(Rational, Rational)>]) -> usize {
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
            Measure::Squares => middle(&row[j]),
        };
        let exact = |value: f64| from_f64_bits(value.to_bits()).unwrap_or(Rational::ZERO);
        let direction: Vec<Rational> = (0..row.len()).map(|j| exact(weight(j))).collect();
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
