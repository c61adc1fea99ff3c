//! The search over cells, as the driver sees it: one incumbent for all patches.

use std::convert::Infallible;

use foldline_engine::{Left, Search};
use serde_json::Value;

use super::incumbent::{Effort, Incumbent, offer_point};
use super::leaf;
use super::node::{Node, Step, Workspace, process};
use super::resume;
use crate::checkpoint::StateError;
use crate::verification::counters::Counters;

/// What a worker spends on finding a large gradient below a root once its search turns out to be long.
const EFFORT: Effort = Effort { random_points: 96, walk_steps: 160 };
/// It is long from this many nodes on.
const LONG: u32 = 64;

/// What a worker spends on it before its next node below a root: on networks of some dozen neurons
/// most searches are too short for more than a few points.
fn effort(visits: &mut Vec<u32>, root: usize, neurons: usize) -> Option<Effort> {
    visits.resize(visits.len().max(root + 1), 0);
    visits[root] = visits[root].saturating_add(1);
    match visits[root] {
        1 => Some(Effort {
            random_points: neurons.clamp(16, EFFORT.random_points),
            walk_steps: neurons.clamp(16, EFFORT.walk_steps),
        }),
        LONG => Some(EFFORT),
        _ => None,
    }
}

/// The search for the largest norm below some roots.
pub struct CellSearch<'a> {
    /// The roots, by number.
    pub roots: &'a [Node],
    /// The largest norm measured.
    pub incumbent: &'a Incumbent,
    /// The run's counters.
    pub counters: &'a Counters,
    /// The seed of random points.
    pub seed: u64,
}

impl Search for CellSearch<'_> {
    type Part = Node;
    type Workspace = Workspace;
    type Found = Infallible;

    fn workspace(&self) -> Workspace {
        Workspace::new()
    }

    fn visit(
        &self,
        node: Node,
        space: &mut Workspace,
        left: &mut Left<Node>,
    ) -> Option<Infallible> {
        let (counters, incumbent) = (self.counters, self.incumbent);
        counters.nodes.add(1);
        let share = node.share;
        if let Some(effort) = effort(&mut space.visits, node.place, node.known.len()) {
            space.gradients.explore(&node.patch, &node.norm, self.seed, effort, incumbent);
        }
        let mut exact_lps = 0;
        match process(node, space, incumbent, &mut exact_lps) {
            Step::Closed => counters.close(share),
            Step::Leaf(node) => {
                counters.close(share);
                counters.exact_leaves.add(1);
                if let Some(point) = leaf::interior_point(&node, &mut exact_lps) {
                    let point = node.patch.to_domain(&point);
                    let measured = offer_point(&node.patch.domain, &point, incumbent);
                    assert!(measured, "a leaf's point is in the interior of its cell");
                }
            }
            Step::Split(parts) => left.parts.extend(parts),
        }
        counters.exact_lps.add(exact_lps);
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        counters.attack_points.add(std::mem::take(&mut space.gradients.count));
        None
    }

    fn outline(&self, node: &Node) -> Node {
        Node {
            patch: node.patch.clone(),
            norm: node.norm.clone(),
            polytope: node.polytope.clone(),
            reduced: None,
            tableau: None,
            known: node.known.clone(),
            splits: node.splits.clone(),
            points: Vec::new(),
            ..*node
        }
    }

    fn to_json(&self, node: &Node) -> Value {
        resume::node_to_json(node)
    }

    fn restore(&self, state: &Value) -> Result<Node, StateError> {
        resume::open_node(state, self.roots)
    }

    fn bound(&self, node: &Node) -> f64 {
        node.bound
    }

    fn state(&self, open: Value) -> Value {
        resume::to_json(open, self.incumbent, self.counters)
    }
}
