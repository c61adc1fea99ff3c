//! Exact finishing: on a part where every neuron has a sign, each clause is one exact LP.

use foldline_geometry::ExactConstraint;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Activation, Integer, Rational};

use super::affine::{AffineMap, compose};
use super::node::Node;
use super::part::{Part, at_most_zero, atom_constraint};
use super::problem::Problem;
use crate::proof::{Proof, Term};

/// The neurons split on the way to a node, each once.
pub fn split_neurons(node: &Node) -> Vec<u32> {
    let mut neurons: Vec<u32> = node.splits.iter().map(|&(neuron, _)| neuron).collect();
    neurons.sort_unstable();
    neurons.dedup();
    neurons
}

/// What a neuron's pre-activation does on a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is on the side asked for at some point.
    There,
    /// It is not, anywhere.
    NotThere,
    /// The part has no point at all.
    Nowhere,
}

/// Whether the pre-activation of `neuron` is < 0 (`below`) or > 0 at some point of the part where
/// the signs in `node.known` are those of the network.
///
/// All neurons of earlier layers must have a sign. If not, every violating point of the part
/// has the other sign or is on the neuron's hyperplane, and splitting would only make a flat part.
pub fn reach(
    node: &Node,
    neuron: u32,
    below: bool,
    exact_lps: &mut u64,
    proof: &mut Option<Proof>,
) -> Reach {
    let signs = |neuron: usize| node.known[neuron].sign;
    let mut neurons = split_neurons(node);
    let place = neurons.partition_point(|&other| other < neuron);
    neurons.insert(place, neuron);
    let (mut rows, _) = compose(&node.problem.network, signs, &neurons);
    let row = rows.remove(place);
    neurons.remove(place);
    let mut part = Part::new(node);
    part.push_signs(&neurons, &rows, signs);
    part.push(Term::Beyond, ExactConstraint { strict: true, ..at_most_zero(&row, below) });
    *exact_lps += 1;
    match part.decide() {
        Ok(_) => Reach::There,
        Err(terms) => {
            let is_nowhere = terms.iter().all(|(term, _)| *term != Term::Beyond);
            let side = if below { '+' } else { '-' };
            if let Some(proof) = proof {
                let words = format!("side {neuron} {side}");
                proof.with_terms(if is_nowhere { "nowhere" } else { &words }, &terms);
            }
            if is_nowhere { Reach::Nowhere } else { Reach::NotThere }
        }
    }
}

/// A part on which every ReLU neuron has a sign in `node.known`, and the affine map of these signs.
///
/// Signs that only the bounds decided were decided for the points that are sought, so that map need
/// not be the network's at every point: sign constraints are added as points show the need.
pub struct Leaf<'n> {
    node: &'n Node,
    /// The part, with the constraints of the signs that were split and of those added since.
    pub part: Part,
    /// The outputs.
    pub outputs: AffineMap,
}

impl<'n> Leaf<'n> {
    /// With the signs that were split alone.
    pub fn new(node: &'n Node) -> Self {
        let neurons = split_neurons(node);
        let sign = |neuron: usize| node.known[neuron].sign;
        let (rows, outputs) = compose(&node.problem.network, sign, &neurons);
        let mut part = Part::new(node);
        part.push_signs(&neurons, &rows, sign);
        Self { node, part, outputs }
    }

    /// Adds the constraints that a point of the part shows to be missing; whether there are any.
    pub fn corrects(&mut self, point: &[Rational]) -> bool {
        let problem = &*self.node.problem;
        let sign = |neuron: usize| self.node.known[neuron].sign;
        let wrong = wrongly_signed(problem, point, sign);
        if wrong.is_empty() {
            return false;
        }
        let (rows, _) = compose(&problem.network, sign, &wrong);
        self.part.push_signs(&wrong, &rows, sign);
        true
    }
}

/// A point of the part that makes some clause true, or none: exact. Counts its LPs.
///
/// Every ReLU neuron must have a sign in `node.known`.
pub fn decide(
    node: &Node,
    exact_lps: &mut u64,
    proof: &mut Option<Proof>,
) -> Option<Vec<Rational>> {
    let problem = &*node.problem;
    let mut leaf = Leaf::new(node);
    for &clause in &node.clauses {
        loop {
            let mut whole = leaf.part.clone();
            for (index, &atom) in problem.clauses[clause as usize].iter().enumerate() {
                whole.push(
                    Term::Atom(index),
                    atom_constraint(problem, &problem.atoms[atom], &leaf.outputs),
                );
            }
            *exact_lps += 1;
            let point = match whole.decide() {
                Ok(point) => point,
                Err(terms) => {
                    if let Some(proof) = proof {
                        let number = problem.numbers[clause as usize];
                        proof.with_terms(&format!("exact {number}"), &terms);
                    }
                    break;
                }
            };
            if !leaf.corrects(&point) {
                assert!(problem.is_violated_at(&point), "an exact leaf gave a wrong witness");
                return Some(point);
            }
        }
    }
    None
}

/// The neurons of the first layer in which some pre-activation at `point` has the wrong sign.
pub fn wrongly_signed(
    problem: &Problem,
    point: &[Rational],
    signs: impl Fn(usize) -> i8,
) -> Vec<u32> {
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
