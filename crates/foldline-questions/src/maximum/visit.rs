//! Visiting one part of a maximisation, with or without a proof: bounds, exact leaves, ascents.

use foldline_geometry::Tableau;

use super::ascent::{ascend, seems_above};
use super::exact::{finish, finish_with_proof};
use super::goal::{NothingAbove, OBJECTIVE};
use super::incumbent::Incumbent;
use crate::proof::ClipRow;
use crate::verification::attack::{Random, descend};
use crate::verification::counters::Counters;
use crate::verification::node::{Node, Step, Workspace, process};
use crate::verification::problem::Problem;

/// Ascents from the descent of many points when a root did not close, and nodes until the next.
const ROOT_ASCENTS: u64 = 4;
const ASCEND_EVERY: u64 = 256;

/// A distance from a clipping half-space is one if it is at least this, relative to the row's size.
const CLEAR: f64 = 1e-9;

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
            counters.lps.add(u64::from(has_clips));
            proof.clip = has_clips.then(|| clip_row(&mut node, floor, goal.floor));
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

/// Moves the clipping half-space of a node, L(−F) + floor ≤ 0, up to the incumbent of today.
fn clip_row(node: &mut Node, floor: f64, today: f64) -> ClipRow {
    let row = node.permanent;
    let rise = (today - floor).next_down();
    let mut incumbent = floor;
    if rise > 0.0 && rise.is_finite() {
        let bound = &mut node.polytope.bounds[row];
        *bound = (*bound - rise).next_up();
        incumbent = today;
    }
    let polytope = &node.polytope;
    let mut inner = vec![0.0; polytope.dimension];
    let mut tableau = Tableau::new(polytope);
    let mut multipliers = Vec::new();
    if !tableau.restore(&mut multipliers) {
        return ClipRow { incumbent, inner, slack: 0.0 };
    }
    let mut normal = polytope.normal(row).to_vec();
    normal.push(0.0);
    tableau.minimize(&normal, &mut multipliers);
    tableau.vertex(polytope, &mut inner);
    let along = normal.iter().zip(&inner).map(|(factor, x)| factor * x).sum::<f64>();
    let slack = polytope.bounds[row] - along;
    let is_clear = slack > CLEAR * polytope.magnitude(&[(row as u32, 1.0)]);
    ClipRow { incumbent, inner, slack: if is_clear { slack } else { 0.0 } }
}
