//! The open work of a maximisation as a JSON value, and back: what a checkpoint holds.
//!
//! The incumbent is written with the open parts, and read after them: what was closed before was
//! closed for an incumbent that is not above it.

use foldline_kernel::Rational;
use serde_json::{Value, json};

use super::incumbent::Incumbent;
use crate::checkpoint::{StateError, count, field, list, numbers_text, read_numbers};
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
    let best = numbers_text(&best);
    json!({"chunk": chunk, "open": open, "best": best, "counters": counters.values()})
}

impl Resumed {
    /// Reads a state and goes on counting where it stopped.
    pub fn from_json(
        state: &Value,
        dimension: usize,
        counters: &Counters,
    ) -> Result<Self, StateError> {
        counters.resume(field(state, "counters")?)?;
        let best = read_numbers(field(state, "best")?)?;
        if best.len() != dimension {
            return Err(StateError("its best point has another dimension".to_owned()));
        }
        let chunk = count(state, "chunk")? as usize;
        Ok(Self { chunk, best, open: list(state, "open")?.to_vec() })
    }
}
