//! The open work of a search over cells as a JSON value, and back: what a checkpoint holds.
//!
//! The incumbent is written after the open nodes, as the point where it was measured: what was
//! closed before was closed for an incumbent that is not above it. It is measured anew.

use foldline_kernel::Rational;
use serde_json::{Value, json};

use super::incumbent::{Incumbent, offer_point};
use super::node::Node;
use super::statement::{Answer, Attained, Constant};
use crate::checkpoint::{
    StateError, count, field, floats_text, list, numbers_text, others, read_floats, read_numbers,
};
use crate::part_state::{PartState, RestoredPart, wrong};
use crate::sequence::Found;
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

impl Found for Answer {
    fn to_json(&self) -> Option<Value> {
        let rows = |rows: &[Vec<Rational>]| -> Vec<Value> {
            rows.iter().map(|row| numbers_text(row)).collect()
        };
        Some(match self {
            Answer::Undecided { .. } => return None,
            Answer::Empty => json!({"kind": "empty"}),
            Answer::Infinite => json!({"kind": "infinite"}),
            Answer::Jump { value, points } => {
                let value = numbers_text(std::slice::from_ref(value));
                json!({"kind": "jump", "numbers": value, "rows": rows(points)})
            }
            Answer::Lipschitz(constant, Attained { jacobian, point }) => {
                let (kind, numbers) = match constant {
                    Constant::Exact(value) => ("exact", vec![value.clone()]),
                    Constant::Square(square) => ("square", vec![square.clone()]),
                    Constant::Between { lower, upper } => {
                        ("between", vec![lower.clone(), upper.clone()])
                    }
                };
                let (numbers, point) = (numbers_text(&numbers), numbers_text(point));
                json!({"kind": kind, "numbers": numbers, "rows": rows(jacobian), "point": point})
            }
        })
    }

    fn from_json(state: &Value) -> Result<Self, StateError> {
        let kind = field(state, "kind")?.as_str().unwrap_or_default();
        match kind {
            "empty" => return Ok(Answer::Empty),
            "infinite" => return Ok(Answer::Infinite),
            _ => {}
        }
        let rows: Vec<Vec<Rational>> =
            list(state, "rows")?.iter().map(read_numbers).collect::<Result<_, _>>()?;
        let mut numbers = read_numbers(field(state, "numbers")?)?.into_iter();
        let mut number = || numbers.next().ok_or_else(|| wrong("numbers"));
        let constant = match kind {
            "jump" => {
                let points = rows.try_into().map_err(|_| wrong("rows"))?;
                return Ok(Answer::Jump { value: number()?, points });
            }
            "exact" => Constant::Exact(number()?),
            "square" => Constant::Square(number()?),
            "between" => Constant::Between { lower: number()?, upper: number()? },
            _ => return Err(wrong("kind")),
        };
        let point = read_numbers(field(state, "point")?)?;
        Ok(Answer::Lipschitz(constant, Attained { jacobian: rows, point }))
    }
}
