//! A node as a JSON value, and back: what a checkpoint holds of it.
//!
//! A node is written with its box, its permanent half-spaces and the signs known on it; what else
//! bounds it is computed anew from the weights. Like the node itself, its signs speak about
//! the violating points of its part only.

use std::sync::Arc;

use serde_json::Value;

use super::node::{Node, Place};
use super::problem::Problem;
use crate::checkpoint::{StateError, list};
use crate::part_state::{PartState, RestoredPart, index, wrong};

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
