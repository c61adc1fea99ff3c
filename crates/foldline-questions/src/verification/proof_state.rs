//! The open work of a search that writes a proof as a JSON value, and back.
//!
//! A checker goes on from what it knows at a node: so beside what every search keeps of it, its
//! intervals, clip rows and bases are kept exactly. The rest is computed anew from the weights.

use std::sync::Arc;

use serde_json::{Value, json};

use super::counters::Counters;
use super::node::{Node, Place};
use super::problem::Problem;
use super::resume::{node_from_json, node_to_json};
use crate::bases::Bases;
use crate::bounds::Known;
use crate::checkpoint::{StateError, count, field, floats_text, list, read_floats};
use crate::part_state::wrong;

/// Which tree of a proof is being written.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    /// The case.
    pub case: usize,
    /// The part of its region.
    pub part: usize,
}

/// What an earlier run left of a tree.
pub struct OpenTree {
    nodes: Vec<Value>,
}

/// What an earlier run left of a proof.
pub struct OpenProof {
    /// The tree that it was at.
    pub position: Position,
    /// The tree's open nodes.
    pub tree: OpenTree,
}

impl Position {
    /// The state of a proof at this tree, with these open nodes; the last one is the next.
    pub fn to_json(self, stack: &[Node], counters: &Counters) -> Value {
        let nodes: Vec<Value> = stack.iter().map(proved_node_to_json).collect();
        let counters = counters.values();
        json!({"case": self.case, "part": self.part, "nodes": nodes, "counters": counters})
    }
}

impl OpenProof {
    /// Reads a state and goes on counting where it stopped.
    pub fn from_json(state: &Value, counters: &Counters) -> Result<Self, StateError> {
        counters.resume(field(state, "counters")?)?;
        let case = count(state, "case")? as usize;
        let part = count(state, "part")? as usize;
        let nodes = list(state, "nodes")?.to_vec();
        Ok(Self { position: Position { case, part }, tree: OpenTree { nodes } })
    }
}

impl OpenTree {
    /// The open nodes of this problem's tree.
    pub fn restore(&self, problem: &Arc<Problem>) -> Result<Vec<Node>, StateError> {
        self.nodes.iter().map(|state| proved_node_from_json(state, problem)).collect()
    }
}

fn proved_node_to_json(node: &Node) -> Value {
    let polytope = &node.polytope;
    let clips = (node.permanent..polytope.half_spaces())
        .flat_map(|row| polytope.normal(row).iter().copied().chain([polytope.bounds[row]]));
    let undecided = node.known.iter().filter(|known| known.sign == 0);
    let intervals = undecided.flat_map(|known| [known.lower, known.upper]);
    let mut state = node_to_json(node);
    state["clips"] = floats_text(&clips.collect::<Vec<_>>());
    state["intervals"] = floats_text(&intervals.collect::<Vec<_>>());
    state["bases"] = node.bases.words().into();
    state
}

fn proved_node_from_json(state: &Value, problem: &Arc<Problem>) -> Result<Node, StateError> {
    let mut node = node_from_json(state, problem, Place::default())?;
    let clips = read_floats(field(state, "clips")?)?;
    let width = problem.dimension() + 1;
    if clips.len() % width != 0 {
        return Err(wrong("clips"));
    }
    for row in clips.chunks_exact(width) {
        node.polytope.push(&row[..width - 1], row[width - 1]);
    }
    let intervals = read_floats(field(state, "intervals")?)?;
    let undecided = node.known.iter_mut().filter(|known| known.sign == 0);
    let undecided: Vec<&mut Known> = undecided.collect();
    if intervals.len() != 2 * undecided.len() {
        return Err(wrong("intervals"));
    }
    for (known, ends) in undecided.into_iter().zip(intervals.chunks_exact(2)) {
        (known.lower, known.upper) = (ends[0], ends[1]);
    }
    let bases = field(state, "bases")?.as_str().and_then(Bases::from_words);
    node.bases = bases.ok_or_else(|| wrong("bases"))?;
    Ok(node)
}
