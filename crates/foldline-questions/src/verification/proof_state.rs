//! A node of a search that writes a proof as a JSON value, and back.
//!
//! A checker goes on from what it knows at a node: so beside what every search keeps of it, its
//! intervals, clip rows and bases are kept exactly. The rest is computed anew from the weights.

use std::sync::Arc;

use serde_json::Value;

use super::node::{Node, Place};
use super::problem::Problem;
use super::resume::{node_from_json, node_to_json};
use crate::bases::Bases;
use crate::bounds::Known;
use crate::checkpoint::{StateError, field, floats_text, read_floats};
use crate::part_state::wrong;

/// A node with what a checker knows there, as JSON.
pub fn proved_node_to_json(node: &Node) -> Value {
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

/// The node of such a state.
pub fn proved_node_from_json(
    state: &Value,
    problem: &Arc<Problem>,
    place: Place,
) -> Result<Node, StateError> {
    let mut node = node_from_json(state, problem, place)?;
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
