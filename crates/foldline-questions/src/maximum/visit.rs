//! Visiting one part of a maximisation, with or without a proof: bounds, exact leaves, ascents.

use super::ascent::{ascend, seems_above};
use super::exact::{finish, finish_with_proof};
use super::goal::{NothingAbove, OBJECTIVE};
use super::incumbent::Incumbent;
use crate::verification::attack::{Random, descend};
use crate::verification::counters::Counters;
use crate::verification::node::{Node, Step, Workspace, process};
use crate::verification::problem::Problem;

/// Ascents from the descent of many points when a root did not close, and nodes until the next.
const ROOT_ASCENTS: u64 = 4;
const ASCEND_EVERY: u64 = 256;

/// What visiting a part needs beside the part.
pub struct Visitor<'a> {
    /// The largest value so far.
    pub incumbent: &'a Incumbent<'a>,
    /// The run's counters.
    pub counters: &'a Counters,
    /// The seed of ascents.
    pub seed: u64,
}

/// What is left of a part.
pub struct Visited {
    /// Its parts; none if it is closed.
    pub parts: Vec<Node>,
    /// A proved upper bound of the objective on them.
    pub upper: f64,
    /// The incumbent for whose values their clipping half-spaces are.
    pub floor: f64,
}

impl Visitor<'_> {
    /// Visits a part on which the objective is at most `upper`.
    ///
    /// In a proof its clipping half-spaces were made for the incumbent `floor`.
    pub fn visit(&self, mut node: Node, upper: f64, floor: f64, space: &mut Workspace) -> Visited {
        let counters = self.counters;
        counters.nodes.add(1);
        space.candidates.clear();
        let (problem, share, is_root) = (node.problem.clone(), node.share, node.is_root());
        let goal = NothingAbove::new(self.incumbent);
        if let Some(proof) = &mut space.relaxation.proof {
            let has_clips = node.polytope.half_spaces() > node.permanent;
            proof.incumbent = has_clips.then(|| raised_clips(&mut node, floor, goal.floor));
        }
        let mut exact_lps = 0;
        let step = process(node, &goal, space, &mut exact_lps);
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        let mut visited = Visited { parts: Vec::new(), upper, floor: goal.floor };
        match step {
            Step::Closed => counters.close(share),
            Step::Leaf(leaf) => {
                counters.exact_leaves.add(1);
                counters.close(share);
                match &mut space.relaxation.proof {
                    None => finish(&leaf, self.incumbent, &mut exact_lps),
                    Some(proof) => {
                        finish_with_proof(&leaf, self.incumbent, &mut exact_lps, proof);
                    }
                }
            }
            Step::Split(parts) => {
                visited.upper = upper.min(goal.upper.get());
                visited.parts = parts;
                self.ascend(&problem, is_root, space, &mut exact_lps);
            }
        }
        counters.exact_lps.add(exact_lps + std::mem::take(&mut space.exact_lps));
        visited
    }

    /// Ascents from what a visit met, and now and then from the best of many points.
    fn ascend(&self, problem: &Problem, is_root: bool, space: &Workspace, exact_lps: &mut u64) {
        let counters = self.counters;
        for point in &space.candidates {
            if seems_above(problem, point, self.incumbent.floor()) {
                ascend(problem, point, self.incumbent, exact_lps);
            }
        }
        let rounds = match (is_root, counters.nodes.get().is_multiple_of(ASCEND_EVERY)) {
            (true, _) => ROOT_ASCENTS,
            (false, periodic) => u64::from(periodic),
        };
        for round in 0..rounds {
            let random = Random::new(self.seed ^ (counters.nodes.get() << 8) ^ round);
            let enough = f64::NEG_INFINITY;
            let point = descend(problem, OBJECTIVE, &space.candidates, enough, random, counters);
            if let Some(point) = point {
                ascend(problem, &point, self.incumbent, exact_lps);
            }
        }
    }
}

/// Moves the clipping half-spaces of a node, L(−F) + floor ≤ 0, up to the incumbent of today. The
/// incumbent for which they are now.
///
/// Where that is the maximum already, a certificate need not tell the node's bounds.
fn raised_clips(node: &mut Node, floor: f64, today: f64) -> f64 {
    let rise = (today - floor).next_down();
    if !(rise > 0.0 && rise.is_finite()) {
        return floor;
    }
    for bound in &mut node.polytope.bounds[node.permanent..] {
        *bound = (*bound - rise).next_up();
    }
    today
}
