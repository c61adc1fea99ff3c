//! Exact finishing: on a part where every neuron has a sign, each clause is one exact LP.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::{Gcd, from_f64_bits};
use foldline_kernel::{Activation, Integer, LinearConstraint, Natural, Network, Rational};

use super::node::Node;
use super::problem::Problem;

/// Affine functions of the input with one common denominator: coefficients, then the constant.
pub struct AffineMap {
    /// One row a function.
    pub rows: Vec<Vec<Integer>>,
    /// The common denominator, positive.
    pub denominator: Natural,
}

impl AffineMap {
    fn identity(dimension: usize) -> Self {
        let row = |j: usize| {
            let mut row = vec![Integer::ZERO; dimension + 1];
            row[j] = Integer::ONE;
            row
        };
        Self { rows: (0..dimension).map(row).collect(), denominator: Natural::ONE }
    }

    /// The rational coefficients of one function.
    pub fn row(&self, index: usize) -> Vec<Rational> {
        let ratio = |value: &Integer| Rational::from_parts(value.clone(), self.denominator.clone());
        self.rows[index].iter().map(ratio).collect()
    }

    /// Divides out common factors of two and others.
    fn reduce(&mut self) {
        let mut common = self.denominator.clone();
        for value in self.rows.iter().flatten() {
            if common.is_one() {
                return;
            }
            if !value.is_zero() {
                common = (&common).gcd(value);
            }
        }
        let divisor = Integer::from(common.clone());
        self.rows.iter_mut().flatten().for_each(|value| *value = &*value / &divisor);
        self.denominator = &self.denominator / &common;
    }
}

/// The pre-activations of the `wanted` neurons (increasing) and the outputs as affine functions of the input,
/// given the sign of every ReLU neuron (> 0: active).
pub fn compose(
    network: &Network,
    signs: impl Fn(usize) -> i8,
    wanted: &[u32],
) -> (Vec<Vec<Integer>>, AffineMap) {
    let dimension = network.inputs();
    let mut map = AffineMap::identity(dimension);
    let mut pre_activations = vec![Vec::new(); wanted.len()];
    let mut first = 0;
    for layer in network.layers() {
        let relu = layer.activation == Activation::Relu;
        let denominator = Integer::from(map.denominator.clone());
        let mut rows = Vec::with_capacity(layer.rows.len());
        for (position, row) in layer.rows.iter().enumerate() {
            let neuron = first + position;
            let place = wanted.binary_search(&(neuron as u32)).ok().filter(|_| relu);
            let off = relu && signs(neuron) <= 0;
            if off && place.is_none() {
                rows.push(Vec::new());
                continue;
            }
            let mut sum = vec![Integer::ZERO; dimension + 1];
            sum[dimension] = &row.bias * &denominator;
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                for (value, term) in sum.iter_mut().zip(&map.rows[column as usize]) {
                    *value += weight * term;
                }
            }
            if let Some(place) = place {
                pre_activations[place] = sum.clone();
            }
            rows.push(if off { Vec::new() } else { sum });
        }
        map.rows = rows;
        map.denominator *= &layer.denominator;
        if relu {
            first += layer.rows.len();
        }
    }
    for row in &mut map.rows {
        row.resize(dimension + 1, Integer::ZERO);
    }
    map.reduce();
    (pre_activations, map)
}

/// sign·(row) ≤ 0 as a constraint, where the row's last entry is its constant.
fn at_most_zero(row: &[Integer], positive: bool) -> ExactConstraint {
    let (constant, coefficients) = row.split_last().expect("a constant");
    let turn = |value: &Integer| if positive { value.clone() } else { -value };
    ExactConstraint {
        coefficients: coefficients.iter().map(turn).collect(),
        bound: -turn(constant),
        strict: false,
    }
}

/// The input splits on the way to a node.
fn box_constraints(problem: &Problem, node: &Node) -> Vec<ExactConstraint> {
    let dimension = problem.dimension();
    let mut constraints = Vec::new();
    let exact = |value: f64| from_f64_bits(value.to_bits()).expect("split values are finite");
    for j in 0..dimension {
        let sides = [
            (node.polytope.lower[j], problem.polytope.lower[j], -1),
            (node.polytope.upper[j], problem.polytope.upper[j], 1),
        ];
        for (here, root, sign) in sides {
            if here != root {
                let sign = Rational::from(Integer::from(sign));
                let constraint =
                    LinearConstraint::new(vec![(j, sign.clone())], sign * exact(here), false);
                constraints.push(ExactConstraint::new(dimension, &constraint));
            }
        }
    }
    constraints
}

/// Adds an atom's constraint, composed with the affine output map.
pub fn atom_constraint(problem: &Problem, atom: usize, outputs: &AffineMap) -> ExactConstraint {
    let atom = &problem.atoms[atom];
    let dimension = problem.dimension();
    let mut terms: Vec<(usize, Rational)> = atom.input.clone();
    let mut bound = atom.bound.clone();
    for (output, weight) in &atom.output {
        let row = outputs.row(*output);
        for (j, value) in row[..dimension].iter().enumerate() {
            terms.push((j, weight * value));
        }
        bound -= weight * &row[dimension];
    }
    ExactConstraint::new(dimension, &LinearConstraint::new(terms, bound, atom.strict))
}

/// Whether the pre-activation of `neuron` is < 0 (`below`) or > 0 at some point of the part where
/// the signs in `node.known` are those of the network.
///
/// All neurons of earlier layers must have a sign. If not, every violating point of the part
/// has the other sign or is on the neuron's hyperplane, and splitting would only make a flat part.
pub fn reaches(node: &Node, neuron: u32, below: bool, exact_lps: &mut u64) -> bool {
    let problem = &*node.problem;
    let signs = |neuron: usize| node.known[neuron].sign;
    let mut fixed: Vec<u32> = node.splits.iter().map(|&(neuron, _)| neuron).collect();
    fixed.push(neuron);
    fixed.sort_unstable();
    fixed.dedup();
    let (rows, _) = compose(&problem.network, signs, &fixed);
    let mut part = problem.region.clone();
    part.extend(box_constraints(problem, node));
    for (row, &other) in rows.iter().zip(&fixed) {
        if other == neuron {
            part.push(ExactConstraint { strict: true, ..at_most_zero(row, below) });
        } else {
            part.push(at_most_zero(row, signs(other as usize) <= 0));
        }
    }
    *exact_lps += 1;
    feasible_point(problem.dimension(), &part, &[]).is_some()
}

/// A point of the part that makes some clause true, or none: exact. Counts its LPs.
///
/// Every ReLU neuron must have a sign in `node.known`. Signs that only the bounds decided were
/// decided for points where the clause is true, so the affine map of the signs need not be the
/// network's at every point of the part: sign constraints are added as points show the need.
pub fn decide(node: &Node, exact_lps: &mut u64) -> Option<Vec<Rational>> {
    let problem = &*node.problem;
    let signs = |neuron: usize| node.known[neuron].sign;
    let mut fixed: Vec<u32> = node.splits.iter().map(|&(neuron, _)| neuron).collect();
    fixed.sort_unstable();
    fixed.dedup();
    let (rows, outputs) = compose(&problem.network, signs, &fixed);
    let mut part = problem.region.clone();
    part.extend(box_constraints(problem, node));
    part.extend(sign_constraints(&fixed, &rows, signs));
    for &clause in &node.clauses {
        let atoms = &problem.clauses[clause as usize];
        let atoms = atoms.iter().map(|&atom| atom_constraint(problem, atom, &outputs));
        let atoms: Vec<ExactConstraint> = atoms.collect();
        loop {
            let constraints = [&part[..], &atoms[..]].concat();
            *exact_lps += 1;
            let Some(point) = feasible_point(problem.dimension(), &constraints, &[]) else {
                break;
            };
            let wrong = wrongly_signed(problem, &point, signs);
            if wrong.is_empty() {
                assert!(problem.is_violated_at(&point), "an exact leaf gave a wrong witness");
                return Some(point);
            }
            let (rows, _) = compose(&problem.network, signs, &wrong);
            part.extend(sign_constraints(&wrong, &rows, signs));
        }
    }
    None
}

fn sign_constraints(
    neurons: &[u32],
    rows: &[Vec<Integer>],
    signs: impl Fn(usize) -> i8,
) -> Vec<ExactConstraint> {
    let constraint =
        |(row, &neuron): (&Vec<Integer>, &u32)| at_most_zero(row, signs(neuron as usize) <= 0);
    rows.iter().zip(neurons).map(constraint).collect()
}

/// The neurons of the first layer in which some pre-activation at `point` has the wrong sign.
fn wrongly_signed(problem: &Problem, point: &[Rational], signs: impl Fn(usize) -> i8) -> Vec<u32> {
    let (mut values, mut denominator) = over_common_denominator(point);
    let mut first = 0;
    for layer in problem.network.layers() {
        values = layer.pre_activations(&values, &denominator);
        denominator *= &layer.denominator;
        if layer.activation == Activation::Linear {
            continue;
        }
        let is_wrong = |&position: &usize| {
            let value = &values[position];
            if signs(first + position) > 0 {
                *value < Integer::ZERO
            } else {
                *value > Integer::ZERO
            }
        };
        let wrong: Vec<usize> = (0..values.len()).filter(is_wrong).collect();
        if !wrong.is_empty() {
            return wrong.into_iter().map(|position| (first + position) as u32).collect();
        }
        values.iter_mut().filter(|value| **value < Integer::ZERO).for_each(|value| {
            *value = Integer::ZERO;
        });
        first += layer.rows.len();
    }
    Vec::new()
}
