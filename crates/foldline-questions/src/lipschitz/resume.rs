//! The open work of a search over cells as a JSON value, and back: what a checkpoint holds.
//!
//! The incumbent is written after the open nodes, as the point where it was measured: what was
//! closed before was closed for an incumbent that is not above it. It is measured anew.

use serde_json::{Value, json};

use super::incumbent::{Incumbent, offer_point};
use super::node::Node;
use crate::checkpoint::{
    StateError, count, field, floats_text, numbers_text, others, read_floats, read_numbers,
};
use crate::part_state::{PartState, RestoredPart, wrong};
use crate::verification::counters::Counters;

/// The state of a search.
pub fn to_json(open: Value, incumbent: &Incumbent, counters: &Counters) -> Value {
    let best = incumbent
        .place()
        .map(|place| json!({"domain": place.domain, "point": numbers_text(&place.point)}));
    json!({"open": open, "best": best, "counters": counters.values()})
}

/// An open node.
pub fn node_to_json(node: &Node) -> Value {
    let part = PartState {
        polytope: &node.polytope,
        half_spaces: node.polytope.half_spaces(),
        known: &node.known,
        splits: &node.splits,
        input_splits: node.input_splits,
        share: node.share,
    };
    let mut state = part.to_json();
    state["patch"] = node.place.into();
    state["bound"] = floats_text(&[node.bound]);
    state
}

/// Lets the incumbent and the counts go on from a state of the search below these roots.
pub fn restore(
    state: &Value,
    roots: &[Node],
    incumbent: &Incumbent,
    counters: &Counters,
) -> Result<(), StateError> {
    // The roots were counted when they were opened, in the earlier run as in this one.
    counters.restart();
    counters.resume(field(state, "counters")?)?;
    for state in std::iter::once(state).chain(others(state)) {
        let best = field(state, "best")?;
        if best.is_null() {
            continue;
        }
        let (number, point) = (count(best, "domain")?, read_numbers(field(best, "point")?)?);
        let mut domains = roots.iter().map(|root| &root.patch.domain);
        let domain = domains.find(|domain| domain.number as u64 == number);
        let fits = domain.filter(|domain| domain.network.inputs() == point.len());
        if !fits.is_some_and(|domain| offer_point(domain, &point, incumbent)) {
            return Err(wrong("best"));
        }
    }
    Ok(())
}

/// An open node of such a state.
pub fn open_node(state: &Value, roots: &[Node]) -> Result<Node, StateError> {
    let root = roots.get(count(state, "patch")? as usize).ok_or_else(|| wrong("patch"))?;
    let part = RestoredPart::from_json(state, &root.polytope, root.known.len())?;
    let bound = read_floats(field(state, "bound")?)?.first().copied();
    let bound = bound.ok_or_else(|| wrong("bound"))?;
    let RestoredPart { polytope, known, splits, input_splits, share } = part;
    Ok(Node { polytope, known, splits, input_splits, share, bound, ..root.clone() })
}
