//! The oracle: all activation patterns one by one, affine maps composed here, exact feasibility.

use foldline::geometry::ExactConstraint;
use foldline::geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline::{Activation, Atom, Formula, LinearConstraint, Network, Rational};

/// An affine function of the input: one coefficient an input, then the constant.
type Affine = Vec<Rational>;

/// f(x), by the definition of a network.
pub fn value(network: &Network, point: &[Rational]) -> Vec<Rational> {
    let mut values = point.to_vec();
    for layer in network.layers() {
        let sum = |row: &foldline::kernel::network::RationalRow| {
            let terms = row.weights.iter().map(|(j, weight)| weight * &values[*j]);
            let sum = terms.fold(row.bias.clone(), |sum, term| sum + term);
            let off = layer.activation == Activation::Relu && sum < Rational::ZERO;
            if off { Rational::ZERO } else { sum }
        };
        values = layer.rational_rows().iter().map(sum).collect();
    }
    values
}

/// The conjunctions of a formula's disjunctive normal form.
pub fn conjunctions(formula: &Formula) -> Vec<Vec<Atom>> {
    match formula {
        Formula::Atom(atom) => vec![vec![atom.clone()]],
        Formula::Or(parts) => parts.iter().flat_map(conjunctions).collect(),
        Formula::And(parts) => {
            let product = |all: Vec<Vec<Atom>>, part: &Formula| {
                let ends = conjunctions(part);
                let extend = |start: &Vec<Atom>| {
                    let join = |end: &Vec<Atom>| [&start[..], &end[..]].concat();
                    ends.iter().map(join).collect::<Vec<_>>()
                };
                all.iter().flat_map(extend).collect()
            };
            parts.iter().fold(vec![vec![]], product)
        }
    }
}

/// The atoms of a conjunction that are about inputs alone.
pub fn input_part(conjunction: &[Atom]) -> Vec<LinearConstraint> {
    let on_inputs = conjunction.iter().filter(|atom| atom.output.is_empty());
    let constraint =
        |atom: &Atom| LinearConstraint::new(atom.input.clone(), atom.bound.clone(), atom.strict);
    on_inputs.map(constraint).collect()
}

/// A point that satisfies all constraints, if there is one.
pub fn solve(dimension: usize, constraints: &[LinearConstraint]) -> Option<Vec<Rational>> {
    let exact: Vec<_> = constraints.iter().map(|c| ExactConstraint::new(dimension, c)).collect();
    feasible_point(dimension, &exact)
}

/// sign · row ≤ 0.
fn half_space(row: &Affine, sign: i8) -> LinearConstraint {
    let (constant, coefficients) = row.split_last().expect("a constant");
    let sign = Rational::from(sign);
    let terms = coefficients.iter().map(|value| &sign * value).enumerate().collect();
    LinearConstraint::new(terms, -(&sign * constant), false)
}

/// The atom with the outputs replaced by affine functions of the input.
fn composed(atom: &Atom, outputs: &[Affine]) -> LinearConstraint {
    let mut terms = atom.input.clone();
    let mut bound = atom.bound.clone();
    for (output, factor) in &atom.output {
        let (constant, coefficients) = outputs[*output].split_last().expect("a constant");
        terms.extend(coefficients.iter().map(|value| factor * value).enumerate());
        bound -= factor * constant;
    }
    LinearConstraint::new(terms, bound, atom.strict)
}

/// A walk over the closed cells that meet a region.
struct Walk<'a> {
    network: &'a Network,
    /// The region, then the signs chosen so far.
    constraints: Vec<LinearConstraint>,
    /// Told the constraints and the output maps of every cell, until it returns false.
    visit: &'a mut dyn FnMut(&[LinearConstraint], &[Affine]) -> bool,
}

impl Walk<'_> {
    /// Goes through the patterns from `layer` on; its inputs are the functions `below`.
    fn layer(&mut self, layer: usize, below: &[Affine]) -> bool {
        let Some(content) = self.network.layers().get(layer) else {
            return (self.visit)(&self.constraints, below);
        };
        let row = |row: &foldline::kernel::network::RationalRow| {
            let mut sum = vec![Rational::ZERO; self.network.inputs() + 1];
            *sum.last_mut().expect("a constant") = row.bias.clone();
            for (j, weight) in &row.weights {
                sum.iter_mut().zip(&below[*j]).for_each(|(value, term)| *value += weight * term);
            }
            sum
        };
        let rows: Vec<Affine> = content.rational_rows().iter().map(row).collect();
        match content.activation {
            Activation::Linear => self.layer(layer + 1, &rows),
            Activation::Relu => self.neuron(layer, rows, 0),
        }
    }

    /// Chooses the sign of one neuron after another.
    fn neuron(&mut self, layer: usize, mut rows: Vec<Affine>, index: usize) -> bool {
        if index == rows.len() {
            return self.layer(layer + 1, &rows);
        }
        for sign in [-1, 1] {
            self.constraints.push(half_space(&rows[index], sign));
            let go_on = solve(self.network.inputs(), &self.constraints).is_none() || {
                let mut rows = if sign < 0 { rows.clone() } else { std::mem::take(&mut rows) };
                if sign > 0 {
                    rows[index].fill(Rational::ZERO);
                }
                self.neuron(layer, rows, index + 1)
            };
            self.constraints.pop();
            if !go_on {
                return false;
            }
        }
        true
    }
}

fn walk(
    network: &Network,
    region: Vec<LinearConstraint>,
    visit: &mut dyn FnMut(&[LinearConstraint], &[Affine]) -> bool,
) {
    let dimension = network.inputs();
    let unit = |j: usize| {
        let entry = |i| if i == j { Rational::ONE } else { Rational::ZERO };
        (0..=dimension).map(entry).collect()
    };
    let identity: Vec<Affine> = (0..dimension).map(unit).collect();
    if solve(dimension, &region).is_some() {
        Walk { network, constraints: region, visit }.layer(0, &identity);
    }
}

/// An input at which the formula is true, if there is one.
pub fn violation(network: &Network, formula: &Formula) -> Option<Vec<Rational>> {
    let mut found = None;
    for conjunction in conjunctions(formula) {
        walk(network, input_part(&conjunction), &mut |cell, outputs| {
            let atoms = conjunction.iter().map(|atom| composed(atom, outputs));
            let constraints: Vec<_> = cell.iter().cloned().chain(atoms).collect();
            found = solve(network.inputs(), &constraints);
            found.is_none()
        });
        if let Some(point) = found {
            assert!(formula.holds_at(&point, &value(network, &point)), "the oracle is wrong");
            return Some(point);
        }
    }
    None
}

/// Whether no input satisfies the input part of the formula.
pub fn is_vacuous(inputs: usize, formula: &Formula) -> bool {
    conjunctions(formula).iter().all(|atoms| solve(inputs, &input_part(atoms)).is_none())
}

/// How large a function gets on a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extreme {
    Empty,
    Unbounded,
    Value(Rational),
}

/// The supremum of Σ input·x + Σ output·y over a polyhedron, cell by cell of its closure.
pub fn greatest(
    network: &Network,
    input: &[(usize, Rational)],
    output: &[(usize, Rational)],
    region: &[LinearConstraint],
) -> Extreme {
    let closed = |c: &LinearConstraint| LinearConstraint { strict: false, ..c.clone() };
    if solve(network.inputs(), region).is_none() {
        return Extreme::Empty;
    }
    let atom = Atom::new(input.to_vec(), output.to_vec(), Rational::ZERO, false);
    let mut greatest: Option<Rational> = None;
    let mut unbounded = false;
    walk(network, region.iter().map(closed).collect(), &mut |cell, outputs| {
        let row = composed(&atom, outputs);
        let objective = LinearConstraint { bound: Rational::ZERO, ..row.clone() };
        let objective = ExactConstraint::new(network.inputs(), &objective).coefficients;
        let cell: Vec<_> = cell.iter().map(|c| ExactConstraint::new(network.inputs(), c)).collect();
        match maximize(network.inputs(), &cell, &objective) {
            ExactOutcome::Optimal { point, .. } => {
                let value = foldline::kernel::linear::dot(&row.coefficients, &point) - &row.bound;
                if greatest.as_ref().is_none_or(|greatest| value > *greatest) {
                    greatest = Some(value);
                }
            }
            ExactOutcome::Unbounded { .. } => unbounded = true,
            ExactOutcome::Infeasible { .. } => unreachable!("the walk leaves out empty cells"),
        }
        !unbounded
    });
    if unbounded { Extreme::Unbounded } else { Extreme::Value(greatest.expect("a cell")) }
}

/// The least value of the atom's left-hand side over the closure of a region, if there is one.
pub fn least(network: &Network, atom: &Atom, region: &[LinearConstraint]) -> Option<Rational> {
    let negated = |terms: &[(usize, Rational)]| -> Vec<(usize, Rational)> {
        terms.iter().map(|(index, value)| (*index, -value.clone())).collect()
    };
    match greatest(network, &negated(&atom.input), &negated(&atom.output), region) {
        Extreme::Value(value) => Some(-value),
        Extreme::Unbounded | Extreme::Empty => None,
    }
}
