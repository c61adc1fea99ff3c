//! The open work of a search for the largest norm as a JSON value, and back: what a checkpoint holds.
//!
//! A cone is written as the directions of its rays, which are exact in floats; what belongs to them
//! is computed anew. The best vertex is written after the open work, as its signs: what was closed
//! before was closed for a norm that is not above that one.

use std::sync::Arc;

use foldline_geometry::zonotopes::fan::{Cone, Ray};
use serde_json::{Value, json};

use super::cones::Node;
use super::incumbent::Problem;
use crate::checkpoint::{StateError, expected, field, floats_text, others, read_floats};
use crate::part_state::{self, signs_text};

/// A cone of a search over directions.
pub fn cone_to_json(node: &Node) -> Value {
    let rays = node.cone.rays.iter().flat_map(|ray| ray.direction.iter().copied());
    floats_text(&rays.collect::<Vec<f64>>())
}

/// The state of a search whose open work has this name.
pub fn with_best(name: &str, open: Value, problem: &Problem<'_>) -> Value {
    let (best, high) =
        (signs_text(problem.best_signs().into_iter()), floats_text(&[problem.high()]));
    json!({name: open, "best": best, "high": high})
}

/// What an earlier run left open.
pub enum Left<'s> {
    /// Cones, as the driver saved them.
    Cones(&'s Value),
    /// Partial sign vectors, as the driver saved them.
    Signs(&'s Value),
}

/// The open work of a state; its best vertex is offered.
pub fn from_json<'s>(state: &'s Value, problem: &Problem<'_>) -> Result<Left<'s>, StateError> {
    for state in std::iter::once(state).chain(others(state)) {
        let best = read_signs(field(state, "best")?, problem)?;
        if best.contains(&0) {
            return Err(expected("the signs of a vertex", &state["best"]));
        }
        problem.offer(&best);
        read_floats(field(state, "high")?)?.into_iter().for_each(|high| problem.raise_high(high));
    }
    match state.get("signs") {
        None => Ok(Left::Cones(field(state, "cones")?)),
        Some(open) => Ok(Left::Signs(open)),
    }
}

/// A cone of such a state.
pub fn read_cone(state: &Value, problem: &Problem<'_>) -> Result<Node, StateError> {
    let dimension = problem.generators.dimension;
    let numbers = read_floats(state)?;
    if numbers.len() != dimension * dimension || numbers.iter().any(|value| value.abs() > 2.0) {
        return Err(expected("the rays of a cone", state));
    }
    let ray = |direction: &[f64]| Arc::new(Ray::new(problem.generators, direction.to_vec()));
    let rays = numbers.chunks_exact(dimension).map(ray).collect();
    Ok(Node { cone: Cone { rays }, bound: f64::INFINITY })
}

/// Reads such a text.
pub fn read_signs(state: &Value, problem: &Problem<'_>) -> Result<Vec<i8>, StateError> {
    part_state::read_signs(state, problem.generators.count())
        .ok_or_else(|| expected("a sign for each generator", state))
}
