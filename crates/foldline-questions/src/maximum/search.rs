//! Best-first branch and bound on all cores: the part with the highest upper bound comes first.
//!
//! So the largest upper bound of the open parts falls as the search goes on, and no part is
//! visited whose bound is below the maximum. Where the open parts would take too much memory,
//! a worker goes on depth-first from the best one.

use std::convert::Infallible;
use std::sync::Arc;

use foldline_engine::{Ended, Left, Open, Run, Search, best_first};
use serde_json::Value;

use super::resume;
use super::visit::{Visited, Visitor};
use crate::checkpoint::{StateError, count, field, floats_text, read_floats};
use crate::verification::node::{Node, Place, Workspace};
use crate::verification::problem::Problem;
use crate::verification::resume::{node_from_json, node_to_json};

/// Bytes of open nodes beyond which workers go depth-first.
pub const MOST_BYTES: usize = 1 << 30;

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
    /// How parts are visited.
    pub visitor: Visitor<'a>,
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
        let Visitor { incumbent, counters, .. } = self.visitor;
        if upper <= incumbent.floor() {
            counters.close(node.share);
            return None;
        }
        let floor = f64::NEG_INFINITY;
        let Visited { parts, upper, .. } = self.visitor.visit(node, upper, floor, space);
        left.parts.extend(parts.into_iter().map(|node| Part { upper, node }));
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
        bytes(&part.node)
    }

    fn state(&self, open: Value) -> Value {
        resume::to_json(self.chunk, open, self.visitor.incumbent, self.visitor.counters)
    }
}

/// About how many bytes a node takes.
pub fn bytes(node: &Node) -> usize {
    let rows = node.reduced.as_ref().map_or(0, |reduced| reduced.rows.len());
    8 * rows + 32 * node.known.len() + 1024
}
