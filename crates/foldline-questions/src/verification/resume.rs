//! The open work of a search as a JSON value, and back: what a checkpoint holds.
//!
//! A node is written with its box, its permanent half-spaces and the signs known on it; what else
//! bounds it is computed anew from the weights. Like the node itself, its signs speak about
//! the violating points of its part only.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::case_problems::Opening;
use super::counters::Counters;
use super::node::{Node, Place};
use super::problem::Problem;
use crate::checkpoint::{StateError, count, field, list};
use crate::part_state::{PartState, RestoredPart, index, wrong};

/// Everything of one chunk of cases that is not closed yet.
#[derive(Debug, Default)]
pub struct OpenWork {
    /// Which chunk of the property's expansion it is.
    pub chunk: u64,
    /// Cases before this one were opened, those in `unopened` excepted.
    pub next_case: usize,
    /// Cases that were being opened.
    pub unopened: Vec<usize>,
    /// Open nodes, encoded.
    pub nodes: Vec<Value>,
}

impl OpenWork {
    /// The state with the run's counters.
    pub fn to_json(&self, counters: &Counters) -> Value {
        json!({
            "chunk": self.chunk,
            "next_case": self.next_case,
            "unopened": self.unopened,
            "nodes": self.nodes,
            "counters": counters.values(),
        })
    }

    /// Reads a state and goes on counting where it stopped.
    pub fn from_json(state: &Value, counters: &Counters) -> Result<Self, StateError> {
        counters.resume(field(state, "counters")?)?;
        let unopened = list(state, "unopened")?.iter();
        Ok(Self {
            chunk: count(state, "chunk")?,
            next_case: count(state, "next_case")? as usize,
            unopened: unopened.map(index).collect::<Result<_, _>>()?,
            nodes: list(state, "nodes")?.to_vec(),
        })
    }

    /// The nodes on the problems of `opening`.
    pub fn restore(&self, opening: &Opening<'_>) -> Result<Vec<Node>, StateError> {
        let cases = self.unopened.iter().chain([&self.next_case]);
        if cases.max() > Some(&opening.len()) {
            return Err(StateError("it names more cases than there are".to_owned()));
        }
        let mut opened: HashMap<usize, Vec<Arc<Problem>>> = HashMap::new();
        let mut restored = |state: &Value| {
            let case = count(state, "case")? as usize;
            if case >= opening.len() {
                return Err(StateError(format!("there is no case {case}")));
            }
            let problems = opened.entry(case).or_insert_with(|| opening.problems(case));
            let piece = count(state, "piece")? as usize;
            let problem = problems.get(piece);
            let problem =
                problem.ok_or_else(|| StateError(format!("case {case} has no piece {piece}")))?;
            node_from_json(state, problem, Place { case, piece })
        };
        self.nodes.iter().map(&mut restored).collect()
    }
}

/// A node as JSON.
pub fn node_to_json(node: &Node) -> Value {
    let part = PartState {
        polytope: &node.polytope,
        half_spaces: node.permanent,
        known: &node.known,
        splits: &node.splits,
        input_splits: node.input_splits,
        share: node.share,
    };
    let mut state = part.to_json();
    state["case"] = node.place.case.into();
    state["piece"] = node.place.piece.into();
    state["clauses"] = node.clauses.clone().into();
    state
}

/// The node of a saved state.
pub fn node_from_json(
    state: &Value,
    problem: &Arc<Problem>,
    place: Place,
) -> Result<Node, StateError> {
    let part = RestoredPart::from_json(state, &problem.polytope, problem.float.neurons)?;
    let clauses = list(state, "clauses")?.iter().map(|value| index(value).map(|i| i as u32));
    let clauses: Vec<u32> = clauses.collect::<Result<_, _>>()?;
    if clauses.iter().any(|&clause| clause as usize >= problem.clauses.len()) {
        return Err(wrong("clauses"));
    }
    let RestoredPart { polytope, known, splits, input_splits, share } = part;
    let permanent = polytope.half_spaces();
    let root = Node::root(problem.clone(), share);
    Ok(Node { polytope, permanent, known, splits, clauses, input_splits, place, ..root })
}
