//! The open work of a maximisation as a JSON value, and back: what a checkpoint holds.
//!
//! The incumbent is written with the open parts, and read after them: what was closed before was
//! closed for an incumbent that is not above it.

use foldline_kernel::Rational;
use serde_json::{Value, json};

use super::incumbent::Incumbent;
use crate::checkpoint::{
    Keeper, Share, StateError, count, field, numbers_text, others, read_numbers,
};
use crate::verification::counters::Counters;

/// Where an earlier run stopped.
pub enum Resumed {
    /// In the search for growth without bound.
    Growth(Value),
    /// In the search for the maximum.
    Search(OpenChunk),
    /// In the search for a point of the region itself where the maximum is taken.
    Attained {
        /// Where it is taken in the region's closure.
        best: Vec<Rational>,
        /// The open work of that search.
        work: Value,
    },
}

/// What an earlier run left of one chunk.
pub struct OpenChunk {
    /// Which chunk of pieces and objectives was searched.
    pub chunk: usize,
    /// Where the incumbent was taken: by the run itself, and by those that worked on pieces of it.
    pub best: Vec<Vec<Rational>>,
    /// Its open parts.
    pub open: Value,
}

/// The state of a search of one chunk.
pub fn to_json(chunk: usize, open: Value, incumbent: &Incumbent, counters: &Counters) -> Value {
    let best = incumbent.best().map(|best| best.point).unwrap_or_default();
    let best = numbers_text(&best);
    json!({"chunk": chunk, "open": open, "best": best, "counters": counters.values()})
}

impl Resumed {
    /// Reads a state and goes on counting where it stopped; the searches that are verifications
    /// read their counts themselves.
    pub fn from_json(
        state: &Value,
        dimension: usize,
        counters: &Counters,
    ) -> Result<Self, StateError> {
        if let Some(work) = state.get("growth") {
            return Ok(Self::Growth(work.clone()));
        }
        let point = |state: &Value| {
            let point = read_numbers(field(state, "best")?)?;
            let wrong = || StateError("its best point has another dimension".to_owned());
            if point.len() == dimension { Ok(point) } else { Err(wrong()) }
        };
        if let Some(work) = state.get("attained") {
            return Ok(Self::Attained { best: point(state)?, work: work.clone() });
        }
        let best = std::iter::once(state).chain(others(state)).map(point);
        let best = best.collect::<Result<_, _>>()?;
        counters.resume(field(state, "counters")?)?;
        let chunk = count(state, "chunk")? as usize;
        Ok(Self::Search(OpenChunk { chunk, best, open: field(state, "open")?.clone() }))
    }
}

/// The keeper of a verification within a maximisation.
pub struct Within<'a> {
    /// Keeps the state of the whole.
    pub keeper: &'a dyn Keeper,
    /// The name under which the verification's state is a part of it.
    pub name: &'static str,
    /// Where the maximum is taken, if it is known.
    pub best: Option<&'a [Rational]>,
    /// The verification's open work.
    pub open: Option<Value>,
}

impl Keeper for Within<'_> {
    fn resumed(&self) -> Option<&Value> {
        self.open.as_ref()
    }

    fn is_due(&self) -> bool {
        self.keeper.is_due()
    }

    fn share(&self) -> &Share {
        self.keeper.share()
    }

    fn save(&self, state: &Value) {
        self.keeper.save(&json!({self.name: state, "best": self.best.map(numbers_text)}));
    }
}
