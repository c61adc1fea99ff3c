//! Exact finishing: the best point of a part on which every neuron has a sign.

use foldline_geometry::{ExactConstraint, ExactOutcome};
use foldline_kernel::linear::dot;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Atom, Rational};

use super::goal::{OBJECTIVE, SCALE, above, constant_scale};
use super::incumbent::Incumbent;
use crate::proof::{Proof, Term};
use crate::verification::affine::{AffineMap, compose};
use crate::verification::leaf::{Leaf, split_neurons, wrongly_signed};
use crate::verification::node::Node;
use crate::verification::part::{Part, atom_constraint};
use crate::verification::problem::Problem;

/// Raises the incumbent to the objective's maximum on a leaf, if that is above it.
///
/// Every ReLU neuron must have a sign in `node.known`; as in verification, signs that only the
/// bounds decided hold for points above the incumbent, so sign constraints are added as points
/// show the need.
pub fn finish(node: &Node, incumbent: &Incumbent, exact_lps: &mut u64) {
    let problem = &*node.problem;
    let signs = |neuron: usize| node.known[neuron].sign;
    improve(problem, Part::new(node), &split_neurons(node), &signs, u64::MAX, incumbent, exact_lps);
}

/// The same in a proof, where it is recorded why nothing on the leaf is above the incumbent.
pub fn finish_with_proof(
    node: &Node,
    incumbent: &Incumbent,
    exact_lps: &mut u64,
    proof: &mut Proof,
) {
    let problem = &*node.problem;
    let mut leaf = Leaf::new(node);
    loop {
        let above = above(problem, &incumbent.value());
        let mut whole = leaf.part.clone();
        whole.push(Term::Atom(0), atom_constraint(problem, &above, &leaf.outputs));
        *exact_lps += 1;
        let point = match whole.decide() {
            Ok(point) => point,
            Err(terms) => {
                proof.with_terms(&format!("exact {}", problem.numbers[OBJECTIVE]), &terms);
                return;
            }
        };
        if !leaf.corrects(&point) {
            // The point is above the incumbent; this finds the largest value of the leaf at once.
            finish(node, incumbent, exact_lps);
        }
    }
}

/// Raises the incumbent to the maximum on the part of `part` where the neurons have these signs.
///
/// Begins with the signs of `neurons` alone as constraints. Gives up after `most_lps`.
pub fn improve(
    problem: &Problem,
    mut part: Part,
    neurons: &[u32],
    signs: &dyn Fn(usize) -> i8,
    most_lps: u64,
    incumbent: &Incumbent,
    exact_lps: &mut u64,
) {
    let (rows, outputs) = compose(&problem.network, signs, neurons);
    part.push_signs(neurons, &rows, signs);
    let objective = affine(&problem.atoms[OBJECTIVE], problem.dimension(), &outputs);
    let scale = affine(&problem.atoms[SCALE], problem.dimension(), &outputs);
    for _ in 0..most_lps {
        let value = incumbent.value();
        // F − value·s: positive exactly where the objective is above the value.
        let above = |(negated, scale): (&Rational, &Rational)| -negated - &value * scale;
        let above: Vec<Rational> = objective.iter().zip(&scale).map(above).collect();
        let (constant, linear) = above.split_last().expect("a constant");
        *exact_lps += 1;
        let point = match part.maximize(&over_common_denominator(linear).0) {
            ExactOutcome::Optimal { point, .. } => point,
            ExactOutcome::Infeasible { .. } => return,
            ExactOutcome::Unbounded { .. } => unreachable!("problems are bounded"),
        };
        let terms = linear.iter().zip(&point).map(|(factor, x)| factor * x);
        if terms.fold(constant.clone(), |sum, term| sum + term) <= Rational::ZERO {
            return;
        }
        let wrong = wrongly_signed(problem, &point, signs);
        if !wrong.is_empty() {
            let (rows, _) = compose(&problem.network, signs, &wrong);
            part.push_signs(&wrong, &rows, signs);
            continue;
        }
        incumbent.offer(problem.original(&point));
        if constant_scale(problem).is_some() {
            return;
        }
    }
}

/// An atom's excess as an affine function of the input: coefficients, then the constant.
fn affine(atom: &Atom, dimension: usize, outputs: &AffineMap) -> Vec<Rational> {
    let mut sum = vec![Rational::ZERO; dimension + 1];
    for (j, value) in &atom.input {
        sum[*j] += value;
    }
    sum[dimension] -= &atom.bound;
    for (output, weight) in &atom.output {
        let row = outputs.row(*output);
        sum.iter_mut().zip(&row).for_each(|(value, term)| *value += weight * term);
    }
    sum
}

/// Evaluates at a float point of a problem, moved into its exact box, if it is in the region.
pub fn offer_float(problem: &Problem, point: &[f64], incumbent: &Incumbent) {
    let Some(exact) = crate::verification::candidate::clamped(problem, point) else { return };
    // Constraints of single coordinates are in the box already.
    let is_general = |constraint: &&ExactConstraint| {
        constraint.coefficients.iter().filter(|value| !value.is_zero()).count() > 1
    };
    let mut general = problem.region.iter().filter(is_general);
    let inside = general.all(|constraint| constraint.holds_at(&exact));
    let is_finite = dot(&problem.atoms[SCALE].input, &exact) > problem.atoms[SCALE].bound;
    if inside && is_finite {
        incumbent.offer(problem.original(&exact));
    }
}
