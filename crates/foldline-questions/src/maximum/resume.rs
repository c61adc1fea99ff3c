//! The open work of a maximisation as a JSON value, and back: what a checkpoint holds.
//!
//! The incumbent is written with the open parts, and read after them: what was closed before was
//! closed for an incumbent that is not above it.

use foldline_kernel::Rational;
use foldline_kernel::number::parse_rational;
use serde_json::{Value, json};

use super::incumbent::Incumbent;
use crate::checkpoint::{StateError, count, expected, list};
use crate::verification::counters::Counters;

/// What an earlier run left.
pub struct Resumed {
    /// Which chunk of pieces and objectives was searched.
    pub chunk: usize,
    /// Where the incumbent was taken.
    pub best: Vec<Rational>,
    /// Its open parts.
    pub open: Vec<Value>,
}

/// The state of a search of one chunk.
pub fn to_json(chunk: usize, open: &[Value], incumbent: &Incumbent, counters: &Counters) -> Value {
    let best = incumbent.best().map(|best| best.point).unwrap_or_default();
    let best: Vec<String> = best.iter().map(ToString::to_string).collect();
    json!({"chunk": chunk, "open": open, "best": best, "counters": counters.values()})
}

impl Resumed {
    /// Reads a state and goes on counting where it stopped.
    pub fn from_json(
        state: &Value,
        dimension: usize,
        counters: &Counters,
    ) -> Result<Self, StateError> {
        let counts = list(state, "counters")?.iter();
        let counts = counts.map(|value| value.as_u64().ok_or_else(|| expected("a count", value)));
        if !counters.add_values(&counts.collect::<Result<Vec<_>, _>>()?) {
            return Err(StateError("it has another number of counters".to_owned()));
        }
        let number = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            parse_rational(text).map_err(|_| expected("a number", value))
        };
        let best: Vec<Rational> =
            list(state, "best")?.iter().map(number).collect::<Result<_, _>>()?;
        if best.len() != dimension {
            return Err(StateError("its best point has another dimension".to_owned()));
        }
        let chunk = count(state, "chunk")? as usize;
        Ok(Self { chunk, best, open: list(state, "open")?.to_vec() })
    }
}
