//! Closing a node by bounds: the objective minus the incumbent is nowhere above zero on it.

use std::cell::Cell;

use foldline_geometry::Tableau;
use foldline_kernel::{Atom, Rational};

use super::incumbent::Incumbent;
use super::statement::Objective;
use crate::bounds::Relaxation;
use crate::bounds::reduced::{Reduced, rounding_error};
use crate::verification::node::{Choice, Goal, Node, Workspace, record_refutation};
use crate::verification::problem::Problem;
use crate::verification::settled::touching_terms;

/// The places of a problem's two targets.
///
/// Where an unbounded end was made bounded (x = R·y/s), the network computes s·f(x). So a problem
/// carries, beside the negated objective −F, the scale s > 0 as a second target that the changes
/// of coordinates turn along: the objective is F/s, and F/s > v means −F + v·s < 0.
pub const OBJECTIVE: usize = 0;
/// See [`OBJECTIVE`].
pub const SCALE: usize = 1;

/// The clauses that give a problem these targets in the original coordinates, where s = 1.
pub fn targets(objective: &Objective) -> Vec<Vec<Atom>> {
    let negated = objective.iter().map(|(output, value)| (*output, -value.clone())).collect();
    let atom = |output, bound| Atom::new(Vec::new(), output, bound, true);
    vec![vec![atom(negated, Rational::ZERO)], vec![atom(Vec::new(), -Rational::ONE)]]
}

/// The scale if it is a constant.
pub fn constant_scale(problem: &Problem) -> Option<&Rational> {
    let scale = &problem.atoms[SCALE];
    scale.input.is_empty().then_some(&scale.bound)
}

/// The atom that says that the objective is above a value: −F + value·s < 0.
pub fn above(problem: &Problem, value: &Rational) -> Atom {
    let (objective, scale) = (&problem.atoms[OBJECTIVE], &problem.atoms[SCALE]);
    let input = scale.input.iter().map(|(j, factor)| (*j, value * factor));
    let input = objective.input.iter().cloned().chain(input).collect();
    let right = &objective.bound + value * &scale.bound;
    Atom::new(input, objective.output.clone(), right, true)
}

/// The goal at one node: nothing above the incumbent.
pub struct NothingAbove<'a> {
    incumbent: &'a Incumbent<'a>,
    /// A float at most the incumbent's value.
    pub floor: f64,
    /// After the visit: a proved upper bound of the objective on the node, as far as it is above
    /// the floor.
    pub upper: Cell<f64>,
}

impl Goal for NothingAbove<'_> {
    #[inline(always)]
    fn close<const FUSED: bool>(
        &self,
        node: &mut Node,
        reduced: &Reduced,
        tableau: &mut Tableau,
        space: &mut Workspace,
    ) -> Option<Choice> {
        let (count, dimension) = (reduced.count(), reduced.dimension);
        space.gaps.clear();
        space.gaps.resize(count, 0.0);
        let gaps = &mut space.gaps;
        space.relaxation.substitute::<FUSED>(reduced, count + OBJECTIVE, 1.0, |neuron, gap| {
            gaps[neuron] += gap;
        });
        self.add_scale(reduced, &mut space.relaxation);
        let bound = space.relaxation.minimum(&node.polytope, tableau);
        if self.is_refuted(bound, node, reduced, space) {
            return None;
        }
        let gradient = space.relaxation.gradient[..dimension].to_vec();
        let right = (space.relaxation.slack - space.relaxation.gradient[dimension]).next_up();
        let mut vertex = vec![0.0; dimension];
        tableau.vertex(&node.polytope, &mut vertex);
        space.candidates.push(vertex);
        self.upper.set(self.upper_bound::<FUSED>(bound, node, reduced, tableau, space));
        node.polytope.truncate(node.permanent);
        if right.is_finite() && gradient.iter().all(|value| value.is_finite()) {
            node.polytope.push(&gradient, right);
            if let Some(proof) = &mut space.relaxation.proof {
                proof.record("clip");
            }
        }
        Some(Choice { gradient, gaps: space.gaps.clone() })
    }
}

impl<'a> NothingAbove<'a> {
    /// The goal before a visit.
    pub fn new(incumbent: &'a Incumbent<'a>) -> Self {
        Self { incumbent, floor: incumbent.floor(), upper: Cell::new(f64::INFINITY) }
    }

    /// Whether the objective is nowhere above the incumbent: by the last bound, or where the
    /// objective only touches the incumbent, exactly. In a proof that is recorded.
    fn is_refuted(
        &self,
        bound: f64,
        node: &mut Node,
        reduced: &Reduced,
        space: &mut Workspace,
    ) -> bool {
        let count = reduced.count();
        let shown = match &space.relaxation.proof {
            None => bound >= 0.0,
            Some(proof) => {
                let scaled = self.floor.abs() * reduced.magnitudes[count + SCALE];
                let magnitude = reduced.magnitudes[count + OBJECTIVE] + scaled;
                bound > space.relaxation.margin(proof, magnitude, &node.polytope)
            }
        };
        if shown {
            if space.relaxation.proof.is_some() {
                record_refutation(&mut space.relaxation, node.problem.numbers[OBJECTIVE], 0);
            }
            return true;
        }
        if count == 0 {
            return false;
        }
        let problem = node.problem.clone();
        let above = above(&problem, &self.incumbent.value());
        let terms = touching_terms(node, reduced, (OBJECTIVE, &above), 0, bound, space);
        if let (Some(terms), Some(proof)) = (&terms, &mut space.relaxation.proof) {
            proof.with_terms(&format!("exact {}", problem.numbers[OBJECTIVE]), terms);
        }
        terms.is_some()
    }

    /// Adds floor·s to the linear function at hand.
    #[inline(always)]
    fn add_scale(&self, reduced: &Reduced, relaxation: &mut Relaxation) {
        let scale = reduced.count() + SCALE;
        let row = &reduced.row(scale)[..=reduced.dimension];
        for (value, term) in relaxation.gradient.iter_mut().zip(row) {
            *value += self.floor * term;
        }
        let size = self.floor.abs() * reduced.magnitudes[scale];
        let magnitude = size + reduced.magnitudes[reduced.count() + OBJECTIVE];
        relaxation.slack +=
            self.floor.abs() * reduced.errors[scale] * (1.0 + 1e-9) + rounding_error(4, magnitude);
    }

    /// The objective is at most floor + (−bound)/s where −F + floor·s ≥ bound.
    #[inline(always)]
    fn upper_bound<const FUSED: bool>(
        &self,
        bound: f64,
        node: &Node,
        reduced: &Reduced,
        tableau: &mut Tableau,
        space: &mut Workspace,
    ) -> f64 {
        let least_scale = space.relaxation.lower_bound::<FUSED>(
            reduced,
            reduced.count() + SCALE,
            1.0,
            &node.polytope,
            tableau,
        );
        let above = match least_scale > 0.0 {
            true => (-bound / least_scale).next_up(),
            false => f64::INFINITY,
        };
        let upper = (self.floor + above).next_up();
        if upper.is_nan() { f64::INFINITY } else { upper }
    }
}
