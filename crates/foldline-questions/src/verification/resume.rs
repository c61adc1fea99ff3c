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
use crate::bounds::Known;
use crate::checkpoint::{StateError, count, expected, field, floats_text, list, read_floats};

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
        let counts = list(state, "counters")?
            .iter()
            .map(|value| value.as_u64().ok_or_else(|| expected("a count", value)));
        if !counters.add_values(&counts.collect::<Result<Vec<_>, _>>()?) {
            return Err(StateError("it has another number of counters".to_owned()));
        }
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

fn index(value: &Value) -> Result<usize, StateError> {
    value.as_u64().map(|value| value as usize).ok_or_else(|| expected("an index", value))
}

/// A node as JSON.
pub fn node_to_json(node: &Node) -> Value {
    let polytope = &node.polytope;
    let rows = (0..node.permanent)
        .flat_map(|row| polytope.normal(row).iter().copied().chain([polytope.bounds[row]]));
    let signs = node.known.iter().map(|known| match known.sign {
        0 => '0',
        1.. => '+',
        _ => '-',
    });
    let splits = node.splits.iter().map(|&(neuron, active)| json!([neuron, active]));
    json!({
        "case": node.place.case,
        "piece": node.place.piece,
        "lower": floats_text(&polytope.lower),
        "upper": floats_text(&polytope.upper),
        "rows": floats_text(&rows.collect::<Vec<_>>()),
        "signs": signs.collect::<String>(),
        "splits": splits.collect::<Vec<_>>(),
        "clauses": node.clauses,
        "input_splits": node.input_splits,
        "share": floats_text(&[node.share]),
    })
}

/// The node of a saved state.
pub fn node_from_json(
    state: &Value,
    problem: &Arc<Problem>,
    place: Place,
) -> Result<Node, StateError> {
    let mut node = Node::root(problem.clone(), 0.0);
    let dimension = problem.dimension();
    let side = |key: &str, root: &[f64]| {
        let values = read_floats(field(state, key)?)?;
        let fits = values.iter().zip(root).all(|(value, old)| value.is_finite() || value == old);
        if fits && values.len() == dimension { Ok(values) } else { Err(wrong(key)) }
    };
    node.polytope.lower = side("lower", &problem.polytope.lower)?;
    node.polytope.upper = side("upper", &problem.polytope.upper)?;
    node.polytope.truncate(0);
    let rows = read_floats(field(state, "rows")?)?;
    if rows.len() % (dimension + 1) != 0 {
        return Err(wrong("rows"));
    }
    for row in rows.chunks_exact(dimension + 1) {
        node.polytope.push(&row[..dimension], row[dimension]);
    }
    node.permanent = node.polytope.half_spaces();
    let signs = field(state, "signs")?.as_str().unwrap_or_default();
    if signs.len() != node.known.len() {
        return Err(wrong("signs"));
    }
    for (known, sign) in node.known.iter_mut().zip(signs.chars()) {
        let sign = match sign {
            '0' => 0,
            '+' => 1,
            '-' => -1,
            _ => return Err(wrong("signs")),
        };
        *known = Known { sign, ..Known::NOTHING };
    }
    node.splits = list(state, "splits")?.iter().map(split).collect::<Result<_, _>>()?;
    if node.splits.iter().any(|&(neuron, _)| neuron as usize >= node.known.len()) {
        return Err(wrong("splits"));
    }
    let clauses = list(state, "clauses")?.iter().map(|value| index(value).map(|i| i as u32));
    node.clauses = clauses.collect::<Result<_, _>>()?;
    if node.clauses.iter().any(|&clause| clause as usize >= problem.clauses.len()) {
        return Err(wrong("clauses"));
    }
    node.input_splits = count(state, "input_splits")? as u32;
    node.share = read_floats(field(state, "share")?)?.first().copied().unwrap_or(0.0);
    node.place = place;
    Ok(node)
}

fn split(value: &Value) -> Result<(u32, bool), StateError> {
    match value.as_array().map(Vec::as_slice) {
        Some([neuron, Value::Bool(active)]) => Ok((index(neuron)? as u32, *active)),
        _ => Err(expected("a neuron and its side", value)),
    }
}

fn wrong(key: &str) -> StateError {
    StateError(format!("`{key}` does not fit the network and the property"))
}
