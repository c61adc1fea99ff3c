//! Where a containment search is as a JSON value, and back: what a checkpoint holds.
//!
//! The best ratio is written as the function that attains it, and evaluated anew. It is written
//! after the place: what was looked at before was compared with a ratio that is not above it.

use serde_json::{Value, json};

use super::problem::{Best, Counters, Problem, Walk};
use crate::checkpoint::{StateError, expected, field, numbers_text, read_numbers};

/// What a search goes through.
#[derive(Debug, Clone, Copy)]
pub enum Way {
    /// The facet normals of OUTER.
    Normals,
    /// The vertices of INNER.
    Vertices,
}

impl Walk<'_> {
    /// The state of a search with this open work.
    pub fn state(&self, way: Way, open: Value) -> Value {
        let name = match way {
            Way::Normals => "normals",
            Way::Vertices => "vertices",
        };
        let normal: Option<Vec<_>> =
            self.best.normal().map(|normal| normal.into_iter().map(Into::into).collect());
        let best = normal.map(|normal| numbers_text(&normal));
        let (verdict_only, counts) = (self.verdict_only, self.counters.values());
        json!({"way": name, "place": open, "verdict_only": verdict_only, "best": best, "counters": counts})
    }
}

/// The way of a state and its open work; the best ratio and the counts go on from it.
pub fn from_json(
    state: &Value,
    problem: &Problem,
    verdict_only: bool,
    best: &Best,
    counters: &Counters,
) -> Result<(Way, Value), StateError> {
    let read = |key| field(state, key);
    if *read("verdict_only")? != json!(verdict_only) {
        return Err(StateError(
            "it is about the verdict alone, or about the scale, too".to_owned(),
        ));
    }
    if !read("best")?.is_null() {
        let normal = read_numbers(read("best")?)?;
        if normal.len() != problem.rank || normal.iter().any(|entry| !entry.is_int()) {
            return Err(expected("a normal", read("best")?));
        }
        let normal: Vec<_> = normal.into_iter().map(|entry| entry.into_parts().0).collect();
        problem.consider(best, &normal);
    }
    let counts = serde_json::from_value(read("counters")?.clone());
    counters.resume(counts.map_err(|_| expected("four counts", &state["counters"]))?);
    let open = read("place")?.clone();
    match read("way")?.as_str() {
        Some("normals") => Ok((Way::Normals, open)),
        Some("vertices") => Ok((Way::Vertices, open)),
        _ => Err(expected("`normals` or `vertices`", read("way")?)),
    }
}
