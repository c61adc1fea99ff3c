//! Atoms that only touch: settled exactly as soon as no undecided neuron plays a part in them.
//!
//! Where an output is constant, all neurons before it being off, an atom may be touched on a
//! whole part. No float bound shows that it is not met there, and splitting the neurons that are
//! still undecided would change nothing: they do not reach the output.

use foldline_geometry::ExactConstraint;
use foldline_geometry::directed::nearest;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Activation, Atom, Integer, LinearConstraint, Network, Rational};

use super::affine::compose;
use super::leaf::split_neurons;
use super::node::{Node, Workspace};
use super::part::Part;
use super::problem::Problem;
use crate::bounds::Known;
use crate::bounds::reduced::Reduced;
use crate::proof::Term;

/// Bounds this close to zero, relative to the row, are worth exact arithmetic.
const NEARLY_ZERO: f64 = 1e-9;

/// Whether an atom of a clause that floats cannot refute is met nowhere, exactly; records it if so.
pub fn only_touches(
    node: &mut Node,
    reduced: &Reduced,
    (clause, target): (u32, usize),
    bound: f64,
    space: &mut Workspace,
) -> bool {
    let problem = node.problem.clone();
    let atoms = &problem.clauses[clause as usize];
    let place = atoms.iter().position(|&other| other == target).unwrap_or(0);
    let atom = (target, &problem.atoms[target]);
    let Some(terms) = touching_terms(node, reduced, atom, place, bound, space) else {
        return false;
    };
    if let Some(proof) = &mut space.relaxation.proof {
        proof.with_terms(&format!("exact {}", problem.numbers[clause as usize]), &terms);
    }
    true
}

/// Why an atom, number `place` of its clause, that floats cannot refute is met nowhere, exactly.
///
/// The atom is the one of a target, perhaps with another bound; `bound` is the lower bound of its
/// excess.
pub fn touching_terms(
    node: &mut Node,
    reduced: &Reduced,
    (target, atom): (usize, &Atom),
    place: usize,
    bound: f64,
    space: &mut Workspace,
) -> Option<Vec<(Term, Rational)>> {
    let problem = node.problem.clone();
    if reduced.count() > 0 && is_sum_of_nonnegatives(&problem, &node.known, atom) {
        return Some(vec![(Term::Sum(place), Rational::ONE)]);
    }
    if !may_touch(reduced, target, bound, space.relaxation.slack) {
        return None;
    }
    contradiction(node, atom, place, &mut space.exact_lps)
}

/// Whether floats leave open whether a target without undecided neurons only touches zero, while
/// others are undecided (where none is, the leaf settles it).
///
/// `bound` is the target's lower bound, `slack` what rounding may have taken from it.
pub fn may_touch(reduced: &Reduced, target: usize, bound: f64, slack: f64) -> bool {
    let row = reduced.count() + target;
    reduced.count() > 0
        && -bound <= NEARLY_ZERO * reduced.magnitudes[row] + 8.0 * slack
        && reduced.is_affine(row)
}

/// Why `atom`, which is number `place` of its clause, holds at no point of the node's part.
///
/// The signs are those of points where the node's clause holds, as for exact leaves.
fn contradiction(
    node: &mut Node,
    atom: &Atom,
    place: usize,
    exact_lps: &mut u64,
) -> Option<Vec<(Term, Rational)>> {
    let problem = node.problem.clone();
    problem.float.sign_multiples(&mut node.known);
    let excess = excess_by_signs(&problem.network, &node.known, atom)?;
    let signs = |neuron: usize| node.known[neuron].sign;
    let neurons = split_neurons(node);
    let (rows, _) = compose(&problem.network, signs, &neurons);
    let mut part = Part::new(node);
    part.push_signs(&neurons, &rows, signs);
    part.push(Term::Atom(place), ExactConstraint::new(problem.dimension(), &excess));
    *exact_lps += 1;
    part.decide().err()
}

/// An affine constraint that holds where `atom` does: an undecided neuron's activation, which is
/// not negative, counts as 0. None where its factor is negative.
fn excess_by_signs(network: &Network, known: &[Known], atom: &Atom) -> Option<LinearConstraint> {
    let mut factors = vec![Rational::ZERO; network.outputs()];
    atom.output.iter().for_each(|(output, factor)| factors[*output] += factor);
    let (mut factors, mut denominator) = over_common_denominator(&factors);
    let mut constant = Integer::ZERO;
    let mut first = network.neurons();
    for layer in network.layers().iter().rev() {
        let is_relu = layer.activation == Activation::Relu;
        if is_relu {
            first -= layer.rows.len();
        }
        let mut below = vec![Integer::ZERO; layer.inputs];
        constant *= Integer::from(layer.denominator.clone());
        for (position, (row, factor)) in layer.rows.iter().zip(&factors).enumerate() {
            match is_relu.then(|| known[first + position].sign) {
                _ if factor.is_zero() => continue,
                Some(0) if *factor < Integer::ZERO => return None,
                Some(0 | -1) => continue,
                _ => {}
            }
            constant += factor * &row.bias;
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                below[column as usize] += factor * weight;
            }
        }
        factors = below;
        denominator *= &layer.denominator;
    }
    let ratio = |value: Integer| Rational::from_parts(value, denominator.clone());
    let bound = &atom.bound - ratio(constant);
    let terms = factors.into_iter().map(ratio).enumerate().chain(atom.input.iter().cloned());
    Some(LinearConstraint::new(terms.collect(), bound, atom.strict))
}

/// Whether `atom` is false wherever the signs are right because its excess is a sum of terms ≥ 0
/// of the last activations and a constant that is enough: exact, but false may mean nothing.
///
/// Relaxations lose this where a line below an activation is below zero.
pub fn is_sum_of_nonnegatives(problem: &Problem, known: &[Known], atom: &Atom) -> bool {
    let layers = problem.network.layers();
    let last = &layers[layers.len() - 1];
    let linear = last.activation == Activation::Linear;
    let before = layers.len().checked_sub(2).map(|index| layers[index].activation);
    if !atom.input.is_empty() || linear && before != Some(Activation::Relu) {
        return false;
    }
    let mut constant = -atom.bound.clone();
    if linear {
        atom.output.iter().for_each(|(output, c)| constant += c * last.bias(*output));
    }
    let enough = if atom.strict { constant >= Rational::ZERO } else { constant > Rational::ZERO };
    let width = if linear { last.inputs } else { last.rows.len() };
    let known = &known[problem.network.neurons() - width..];
    // Floats say at once where it cannot be.
    let guess = |&(output, ref c): &(usize, Rational)| (output, nearest(c));
    let guessed = guessed_factors(problem, linear, width, atom.output.iter().map(guess));
    let falls = |(factor, known): (&f64, &Known)| known.sign >= 0 && *factor < 0.0;
    if !enough || guessed.iter().zip(known).any(falls) {
        return false;
    }
    let mut factors = vec![Rational::ZERO; width];
    for (output, c) in &atom.output {
        if !linear {
            factors[*output] += c;
            continue;
        }
        for (place, &column) in last.rows[*output].columns.iter().enumerate() {
            factors[column as usize] += c * last.weight(*output, place);
        }
    }
    factors.iter().zip(known).all(|(factor, known)| known.sign < 0 || *factor >= Rational::ZERO)
}

/// The factor of each last activation in Σ c·y, in floats.
fn guessed_factors(
    problem: &Problem,
    linear: bool,
    width: usize,
    terms: impl Iterator<Item = (usize, f64)>,
) -> Vec<f64> {
    let mut factors = vec![0.0; width];
    let last = &problem.float.layers[problem.float.layers.len() - 1];
    for (output, c) in terms {
        if !linear {
            factors[output] += c;
            continue;
        }
        let row = &last.rows[output];
        for (&column, weight) in row.columns.iter().zip(&row.values) {
            factors[column as usize] += c * weight;
        }
    }
    factors
}
