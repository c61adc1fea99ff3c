//! Best-first branch and bound on all cores: the part with the highest upper bound comes first.
//!
//! So the largest upper bound of the open parts falls as the search goes on, and no part is
//! visited whose bound is below the maximum. Where the open parts would take too much memory,
//! a worker goes on depth-first from the best one.

use std::convert::Infallible;
use std::sync::Arc;

use foldline_engine::{Ended, Left, Open, Run, Search, best_first};
use serde_json::Value;

use super::ascent::{ascend, seems_above};
use super::exact::finish;
use super::goal::{NothingAbove, OBJECTIVE};
use super::incumbent::Incumbent;
use super::resume;
use crate::checkpoint::{StateError, count, field, floats_text, read_floats};
use crate::verification::attack::{Random, descend};
use crate::verification::counters::Counters;
use crate::verification::node::{Node, Place, Step, Workspace, process};
use crate::verification::problem::Problem;
use crate::verification::resume::{node_from_json, node_to_json};

/// Ascents from the descent of many points when a root did not close, and nodes until the next.
const ROOT_ASCENTS: u64 = 4;
const ASCEND_EVERY: u64 = 256;

/// Bytes of open nodes beyond which workers go depth-first.
const MOST_BYTES: usize = 1 << 30;

/// An open part with a proved upper bound of the objective on it.
pub struct Part {
    /// The bound.
    pub upper: f64,
    /// The part.
    pub node: Node,
}

impl Part {
    /// A part whose bound is not known yet.
    pub fn unbounded(node: Node) -> Self {
        Self { upper: f64::INFINITY, node }
    }
}

/// The search of one chunk for values above the incumbent, which it raises.
pub struct MaximumSearch<'a> {
    /// Which chunk of pieces and objectives it is.
    pub chunk: usize,
    /// The chunk's problems.
    pub problems: &'a [Vec<Arc<Problem>>],
    /// The largest value so far.
    pub incumbent: &'a Incumbent<'a>,
    /// The run's counters.
    pub counters: &'a Counters,
    /// The seed of ascents.
    pub seed: u64,
}

impl MaximumSearch<'_> {
    /// Searches the open parts. None when the incumbent is the maximum (or was above it), else,
    /// when told to stop, the largest upper bound of what is left.
    pub fn run(&self, open: Open<Part>, run: Run<'_>) -> Option<f64> {
        match best_first(self, open, run, MOST_BYTES).0 {
            Ended::Exhausted => None,
            Ended::Stopped { bound } => Some(bound),
            Ended::Found(never) => match never {},
            Ended::Failed(error) => unreachable!("no records are kept: {error}"),
        }
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

impl Search for MaximumSearch<'_> {
    type Part = Part;
    type Workspace = Workspace;
    type Found = Infallible;

    fn workspace(&self) -> Workspace {
        Workspace::new()
    }

    fn visit(
        &self,
        Part { upper, node }: Part,
        space: &mut Workspace,
        left: &mut Left<Part>,
    ) -> Option<Infallible> {
        let counters = self.counters;
        let (problem, share, is_root) = (node.problem.clone(), node.share, node.is_root());
        if upper <= self.incumbent.floor() {
            counters.close(share);
            return None;
        }
        counters.nodes.add(1);
        space.candidates.clear();
        let goal = NothingAbove::new(self.incumbent);
        let mut exact_lps = 0;
        let step = process(node, &goal, space, &mut exact_lps);
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        match step {
            Step::Closed => counters.close(share),
            Step::Leaf(leaf) => {
                counters.exact_leaves.add(1);
                counters.close(share);
                finish(&leaf, self.incumbent, &mut exact_lps);
            }
            Step::Split(parts) => {
                let upper = upper.min(goal.upper.get());
                left.parts.extend(parts.into_iter().map(|node| Part { upper, node }));
                self.ascend(&problem, is_root, space, &mut exact_lps);
            }
        }
        counters.exact_lps.add(exact_lps + std::mem::take(&mut space.exact_lps));
        None
    }

    fn outline(&self, part: &Part) -> Part {
        Part { upper: part.upper, node: part.node.outline() }
    }

    fn to_json(&self, part: &Part) -> Value {
        let mut state = node_to_json(&part.node);
        state["bound"] = floats_text(&[part.upper]);
        state
    }

    fn restore(&self, state: &Value) -> Result<Part, StateError> {
        let place =
            Place { case: count(state, "case")? as usize, piece: count(state, "piece")? as usize };
        let problem = self.problems.get(place.case).and_then(|of_job| of_job.get(place.piece));
        let problem = problem.ok_or_else(|| StateError("it names a part too many".to_owned()))?;
        let node = node_from_json(state, problem, place)?;
        let upper = read_floats(field(state, "bound")?)?;
        let upper = *upper.first().ok_or_else(|| StateError("a bound is missing".to_owned()))?;
        Ok(Part { upper, node })
    }

    fn bound(&self, part: &Part) -> f64 {
        part.upper
    }

    fn depth(&self, part: &Part) -> usize {
        part.node.splits.len()
    }

    fn bytes(&self, part: &Part) -> usize {
        let rows = part.node.reduced.as_ref().map_or(0, |reduced| reduced.rows.len());
        8 * rows + 32 * part.node.known.len() + 1024
    }

    fn state(&self, open: Value) -> Value {
        resume::to_json(self.chunk, open, self.incumbent, self.counters)
    }
}
