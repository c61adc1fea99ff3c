//! Where a containment search is as a JSON value, and back: what a checkpoint holds.
//!
//! The best ratio is written as the function that attains it, and evaluated anew. It is written
//! after the place: what was looked at before was compared with a ratio that is not above it.

use serde_json::{Value, json};

use super::by_normals::OpenFirsts;
use super::by_vertices::Path;
use super::problem::{Best, Counters, Problem};
use crate::checkpoint::{StateError, expected, field, numbers_text, read_numbers};

/// What a search goes through, and where it is.
#[derive(Debug)]
pub enum Way {
    /// The facet normals of OUTER.
    Normals(OpenFirsts),
    /// The vertices of INNER.
    Vertices(Path),
}

impl Way {
    /// All facet normals.
    pub fn normals(problem: &Problem) -> Self {
        Self::Normals(OpenFirsts::new((0..problem.columns.directions).collect()))
    }
}

/// The state of a search, which may be for the verdict only: then only ratios above 1 counted.
pub fn to_json(way: &Way, verdict_only: bool, best: &Best, counters: &Counters) -> Value {
    let (name, place) = match way {
        Way::Normals(open) => ("normals", json!(open.list())),
        Way::Vertices(path) => ("vertices", json!(path.signs())),
    };
    let normal: Option<Vec<_>> =
        best.normal().map(|normal| normal.into_iter().map(Into::into).collect());
    let best = normal.map(|normal| numbers_text(&normal));
    let counts = counters.values();
    json!({"way": name, "place": place, "verdict_only": verdict_only, "best": best, "counters": counts})
}

/// The way of a state; the best ratio and the counts go on from it.
pub fn from_json(
    state: &Value,
    problem: &Problem,
    verdict_only: bool,
    best: &Best,
    counters: &Counters,
) -> Result<Way, StateError> {
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
    let place = read("place")?.clone();
    let wrong = || expected("the place of a search", &state["place"]);
    match read("way")?.as_str() {
        Some("normals") => {
            let open: Vec<usize> = serde_json::from_value(place).map_err(|_| wrong())?;
            let is_listed = open.is_sorted_by(|a, b| a < b);
            let fits = open.last().is_none_or(|&last| last < problem.columns.directions);
            if is_listed && fits { Ok(Way::Normals(OpenFirsts::new(open))) } else { Err(wrong()) }
        }
        Some("vertices") => {
            let signs: Vec<bool> = serde_json::from_value(place).map_err(|_| wrong())?;
            let fits = signs.len() < problem.inner.exact().len();
            if fits { Ok(Way::Vertices(Path::new(signs))) } else { Err(wrong()) }
        }
        _ => Err(expected("`normals` or `vertices`", read("way")?)),
    }
}
