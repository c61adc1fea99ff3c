//! One part of a search as JSON, and back: its box, its half-spaces, the signs known on it.
//!
//! What else bounds it is computed anew from the weights.

use foldline_geometry::Polytope;
use serde_json::{Value, json};

use crate::bounds::Known;
use crate::checkpoint::{StateError, count, expected, field, floats_text, list, read_floats};

/// What every search knows of a part.
pub struct PartState<'a> {
    /// The part in floats; only the first `half_spaces` of its half-spaces count.
    pub polytope: &'a Polytope,
    /// See `polytope`.
    pub half_spaces: usize,
    /// What is known of all ReLU neurons.
    pub known: &'a [Known],
    /// The neurons split on the way, with their sides.
    pub splits: &'a [(u32, bool)],
    /// Number of splits of input coordinates.
    pub input_splits: u32,
    /// Share of the search space.
    pub share: f64,
}

/// The same, read.
pub struct RestoredPart {
    /// The part in floats.
    pub polytope: Polytope,
    /// The signs.
    pub known: Vec<Known>,
    /// The neurons split on the way, with their sides.
    pub splits: Vec<(u32, bool)>,
    /// Number of splits of input coordinates.
    pub input_splits: u32,
    /// Share of the search space.
    pub share: f64,
}

impl PartState<'_> {
    /// An object, to which a search may add what it knows beyond that.
    pub fn to_json(&self) -> Value {
        let polytope = self.polytope;
        let rows = (0..self.half_spaces)
            .flat_map(|row| polytope.normal(row).iter().copied().chain([polytope.bounds[row]]));
        let signs = self.known.iter().map(|known| known.sign);
        let splits = self.splits.iter().map(|&(neuron, active)| json!([neuron, active]));
        json!({
            "lower": floats_text(&polytope.lower),
            "upper": floats_text(&polytope.upper),
            "rows": floats_text(&rows.collect::<Vec<_>>()),
            "signs": signs_text(signs),
            "splits": splits.collect::<Vec<_>>(),
            "input_splits": self.input_splits,
            "share": floats_text(&[self.share]),
        })
    }
}

impl RestoredPart {
    /// A part of `root` on which a network with so many ReLU neurons is searched.
    pub fn from_json(state: &Value, root: &Polytope, neurons: usize) -> Result<Self, StateError> {
        let splits: Vec<_> = list(state, "splits")?.iter().map(split).collect::<Result<_, _>>()?;
        if splits.iter().any(|&(neuron, _)| neuron as usize >= neurons) {
            return Err(wrong("splits"));
        }
        Ok(Self {
            polytope: polytope(state, root)?,
            known: known(state, neurons)?,
            splits,
            input_splits: count(state, "input_splits")? as u32,
            share: read_floats(field(state, "share")?)?.first().copied().unwrap_or(0.0),
        })
    }
}

fn polytope(state: &Value, root: &Polytope) -> Result<Polytope, StateError> {
    let dimension = root.dimension;
    let side = |key: &str, root: &[f64]| {
        let values = read_floats(field(state, key)?)?;
        let fits = values.iter().zip(root).all(|(value, old)| value.is_finite() || value == old);
        if fits && values.len() == dimension { Ok(values) } else { Err(wrong(key)) }
    };
    let mut polytope = root.clone();
    polytope.lower = side("lower", &root.lower)?;
    polytope.upper = side("upper", &root.upper)?;
    polytope.truncate(0);
    let rows = read_floats(field(state, "rows")?)?;
    if rows.len() % (dimension + 1) != 0 {
        return Err(wrong("rows"));
    }
    for row in rows.chunks_exact(dimension + 1) {
        polytope.push(&row[..dimension], row[dimension]);
    }
    Ok(polytope)
}

fn known(state: &Value, neurons: usize) -> Result<Vec<Known>, StateError> {
    let signs = read_signs(field(state, "signs")?, neurons).ok_or_else(|| wrong("signs"))?;
    Ok(signs.into_iter().map(|sign| Known { sign, ..Known::NOTHING }).collect())
}

/// Signs as `+`, `-`, and `0` for an open one.
pub fn signs_text(signs: impl Iterator<Item = i8>) -> String {
    signs.map(|sign| ['-', '0', '+'][(sign + 1) as usize]).collect()
}

/// So many signs of such a text.
pub fn read_signs(state: &Value, count: usize) -> Option<Vec<i8>> {
    let sign = |symbol| match symbol {
        '+' => Some(1),
        '0' => Some(0),
        '-' => Some(-1),
        _ => None,
    };
    let signs: Vec<i8> = state.as_str()?.chars().map(sign).collect::<Option<_>>()?;
    (signs.len() == count).then_some(signs)
}

fn split(value: &Value) -> Result<(u32, bool), StateError> {
    match value.as_array().map(Vec::as_slice) {
        Some([neuron, Value::Bool(active)]) => Ok((index(neuron)? as u32, *active)),
        _ => Err(expected("a neuron and its side", value)),
    }
}

/// An index.
pub fn index(value: &Value) -> Result<usize, StateError> {
    value.as_u64().map(|value| value as usize).ok_or_else(|| expected("an index", value))
}

/// The message that a value of a part is none of this search.
pub fn wrong(key: &str) -> StateError {
    StateError(format!("`{key}` does not fit the network and the question"))
}
