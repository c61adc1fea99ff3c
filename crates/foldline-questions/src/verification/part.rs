//! The exact constraints of a node's part, each with its name in a proof.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, Feasibility, feasibility, maximize};
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Atom, Integer, LinearConstraint, Rational};

use super::affine::{AffineMap, AffineRow};
use super::node::Node;
use super::problem::Problem;
use crate::proof::Term;

/// Constraints with their names.
#[derive(Debug, Clone)]
pub struct Part {
    dimension: usize,
    constraints: Vec<ExactConstraint>,
    terms: Vec<Term>,
}

impl Part {
    /// The region of a node, and what its box adds to that, without the signs of its neurons.
    pub fn new(node: &Node) -> Self {
        let mut part = Self::region(&node.problem);
        part.add_box(node);
        part
    }

    /// The whole region of a problem.
    pub fn region(problem: &Problem) -> Self {
        let constraints = problem.region.clone();
        let terms = (0..constraints.len()).map(Term::Input).collect();
        Self { dimension: problem.dimension(), constraints, terms }
    }

    fn add_box(&mut self, node: &Node) {
        let exact = |value: f64| from_f64_bits(value.to_bits()).expect("split values are finite");
        let (here, root) = (&node.polytope, &node.problem.polytope);
        for j in 0..self.dimension {
            let (low, high) = &node.problem.bounds[j];
            let sides = [
                (here.lower[j], root.lower[j], low, -1, Term::Lower(j)),
                (here.upper[j], root.upper[j], high, 1, Term::Upper(j)),
            ];
            for (value, original, own, sign, term) in sides {
                let value = match value == original {
                    true if !node.problem.own_box => continue,
                    true => own.clone(),
                    false => exact(value),
                };
                let sign = Rational::from(Integer::from(sign));
                let bound = &sign * value;
                let constraint = LinearConstraint::new(vec![(j, sign)], bound, false);
                self.push(term, ExactConstraint::new(self.dimension, &constraint));
            }
        }
    }

    /// Adds one constraint.
    pub fn push(&mut self, term: Term, constraint: ExactConstraint) {
        self.constraints.push(constraint);
        self.terms.push(term);
    }

    /// Adds the signs of neurons whose pre-activations are `rows`.
    pub fn push_signs(&mut self, neurons: &[u32], rows: &[AffineRow], signs: impl Fn(usize) -> i8) {
        for (row, &neuron) in rows.iter().zip(neurons) {
            self.push(Term::Sign(neuron), at_most_zero(row, signs(neuron as usize) <= 0));
        }
    }

    /// Maximises objective·x over the closure of the part.
    pub fn maximize(&self, objective: &[Integer]) -> ExactOutcome {
        maximize(self.dimension, &self.constraints, objective)
    }

    /// A point of the part, or the contradiction between its constraints.
    pub fn decide(&self) -> Result<Vec<Rational>, Vec<(Term, Rational)>> {
        match feasibility(self.dimension, &self.constraints) {
            Feasibility::Point(point) => Ok(point),
            Feasibility::Contradiction(multipliers) => Err(multipliers
                .into_iter()
                .map(|(index, value)| {
                    let scale = Rational::from(self.constraints[index].scale.clone());
                    (self.terms[index], value * scale)
                })
                .collect()),
        }
    }
}

/// sign·(row) ≤ 0 as a constraint; `positive` keeps the row's sign.
pub fn at_most_zero(row: &AffineRow, positive: bool) -> ExactConstraint {
    let (constant, coefficients) = row.values.split_last().expect("a constant");
    let turn = |value: &Integer| if positive { value.clone() } else { -value };
    ExactConstraint {
        coefficients: coefficients.iter().map(turn).collect(),
        bound: -turn(constant),
        strict: false,
        scale: row.denominator.clone(),
    }
}

/// The constraint of an atom, composed with the affine output map.
pub fn atom_constraint(problem: &Problem, atom: &Atom, outputs: &AffineMap) -> ExactConstraint {
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
