//! Closing a node by bounds: the objective minus the incumbent is nowhere above zero on it.

use std::cell::Cell;

use foldline_geometry::Tableau;
use foldline_kernel::{Atom, Rational};

use super::incumbent::Incumbent;
use super::statement::Objective;
use crate::bounds::Relaxation;
use crate::bounds::reduced::{Reduced, rounding_error};
use crate::verification::node::{Choice, Goal, Node, Workspace};
use crate::verification::problem::Problem;
use crate::verification::settled::{is_out_of_reach, may_touch};

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

/// The goal at one node: nothing above the incumbent.
pub struct NothingAbove<'a> {
    incumbent: &'a Incumbent<'a>,
    /// A float at most the incumbent's value.
    floor: f64,
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
        if bound >= 0.0
            || may_touch(reduced, OBJECTIVE, bound, space.relaxation.slack)
                && self.only_touches(node, space)
        {
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
        }
        Some(Choice { gradient, gaps: space.gaps.clone() })
    }
}

impl<'a> NothingAbove<'a> {
    /// The goal before a visit.
    pub fn new(incumbent: &'a Incumbent<'a>) -> Self {
        Self { incumbent, floor: incumbent.floor(), upper: Cell::new(f64::INFINITY) }
    }

    /// Whether the objective, which only touches the incumbent, is nowhere above it, exactly.
    fn only_touches(&self, node: &mut Node, space: &mut Workspace) -> bool {
        let problem = node.problem.clone();
        let (objective, scale) = (&problem.atoms[OBJECTIVE], &problem.atoms[SCALE]);
        let value = self.incumbent.value();
        let input = scale.input.iter().map(|(j, factor)| (*j, &value * factor));
        let input = objective.input.iter().cloned().chain(input).collect();
        let bound = &objective.bound + &value * &scale.bound;
        let above = Atom::new(input, objective.output.clone(), bound, true);
        is_out_of_reach(node, &above, &mut space.exact_lps)
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
