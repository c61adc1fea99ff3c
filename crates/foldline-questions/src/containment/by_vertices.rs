//! The greatest ratio over the vertices of the inner zonotope: branch and bound over their signs.
//!
//! The gauge of B is convex, so it is greatest on A at a vertex Σ ±a_i. With the signs of some a_i
//! fixed it is at most the gauge of their sum plus the gauges of the others.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use foldline_geometry::zonotopes::GaugeProgram;
use foldline_geometry::zonotopes::segments::product;
use foldline_kernel::number::Signed;
use foldline_kernel::{Integer, Rational};
use serde_json::{Value, json};

use super::problem::Walk;
use super::resume::Way;
use crate::checkpoint::{Keeper, StateError, expected};

/// A walk over the vertices of A, as branch and bound over their signs.
struct VertexSearch<'a> {
    walk: &'a Walk<'a>,
    program: GaugeProgram,
    /// Those with the greatest gauges first.
    generators: Vec<Vec<Integer>>,
    /// For each index the sum of the gauges from there on.
    rest: Vec<Rational>,
}

/// The vertices with the same first signs.
#[derive(Clone)]
struct Vertices {
    /// Whether each sign is negative, of the second generator on: A is symmetric.
    signs: Vec<bool>,
    /// The sum of the generators with these signs.
    sum: Vec<Integer>,
}

/// Looks at all sign vectors of A's generators that might beat the best, or those that an earlier
/// run left `open`; whether it finished.
///
/// # Errors
/// If `open` is none of this search.
pub fn search(
    walk: &Walk<'_>,
    threads: usize,
    open: Option<&Value>,
    keeper: Option<&dyn Keeper>,
) -> Result<bool, StateError> {
    let program = walk.problem.gauges();
    let (_, generators) = walk.problem.generators();
    let mut gauged: Vec<(Rational, Vec<Integer>)> = Vec::new();
    for generator in generators {
        if (walk.stop)() {
            return Ok(false);
        }
        walk.counters.gauges.fetch_add(1, Ordering::Relaxed);
        let gauge = program.gauge(&generator);
        walk.problem.consider(walk.best, &gauge.normal);
        gauged.push((gauge.value, generator));
    }
    gauged.sort_by(|(left, _), (right, _)| right.cmp(left));
    let mut rest = vec![Rational::ZERO];
    for (gauge, _) in gauged.iter().rev() {
        let sum = rest.last().expect("not empty") + gauge;
        rest.push(sum);
    }
    rest.reverse();
    let generators = gauged.into_iter().map(|(_, generator)| generator).collect();
    let search = VertexSearch { walk, program, generators, rest };
    let open = match open {
        Some(open) => Open::from_json(&search, open)?,
        None => Open::new(vec![search.part(Vec::new())]),
    };
    let run = Run { threads, stop: walk.stop, keeper };
    Ok(matches!(depth_first(&search, open, run).0, Ended::Exhausted))
}

impl VertexSearch<'_> {
    /// The vertices with these signs, fewer than there are generators.
    fn part(&self, signs: Vec<bool>) -> Vertices {
        let mut sum = self.generators[0].clone();
        for (generator, is_negative) in self.generators[1..].iter().zip(&signs) {
            add(&mut sum, generator, *is_negative);
        }
        Vertices { signs, sum }
    }
}

/// Adds a generator with its sign to a sum.
fn add(sum: &mut [Integer], generator: &[Integer], is_negative: bool) {
    for (sum, entry) in sum.iter_mut().zip(generator) {
        if is_negative { *sum -= entry } else { *sum += entry }
    }
}

impl Search for VertexSearch<'_> {
    type Part = Vertices;
    type Workspace = ();
    type Found = Infallible;

    fn workspace(&self) {}

    fn visit(&self, part: Vertices, (): &mut (), left: &mut Left<Vertices>) -> Option<Infallible> {
        let &Walk { problem, best, counters, .. } = self.walk;
        counters.gauges.fetch_add(1, Ordering::Relaxed);
        let gauge = self.program.gauge(&part.sum);
        // At a full sign vector this makes the best at least the vertex's gauge.
        problem.consider(best, &gauge.normal);
        let fixed = part.signs.len() + 1;
        let bound = gauge.value + &self.rest[fixed];
        if fixed == self.generators.len() || bound <= best.ratio() {
            counters.close(0.5f64.powi(part.signs.len() as i32));
            return None;
        }
        left.parts.extend([false, true].map(|is_negative| {
            let Vertices { mut signs, mut sum } = part.clone();
            signs.push(is_negative);
            add(&mut sum, &self.generators[fixed], is_negative);
            Vertices { signs, sum }
        }));
        None
    }

    fn outline(&self, part: &Vertices) -> Vertices {
        part.clone()
    }

    fn to_json(&self, part: &Vertices) -> Value {
        json!(part.signs)
    }

    fn restore(&self, state: &Value) -> Result<Vertices, StateError> {
        let signs: Option<Vec<bool>> =
            state.as_array().and_then(|signs| signs.iter().map(Value::as_bool).collect());
        let fits = |signs: &Vec<bool>| signs.len() < self.generators.len();
        let signs = signs.filter(fits).ok_or_else(|| expected("signs of generators", state))?;
        Ok(self.part(signs))
    }

    fn state(&self, open: Value) -> Value {
        self.walk.state(Way::Vertices, open)
    }
}

/// Improves the best ratio by steps between vertices of A and normals of B, from a few directions.
pub fn climb(walk: &Walk<'_>) {
    let &Walk { problem, best, counters, stop, .. } = walk;
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    for start in 0..problem.rank {
        let mut normal: Vec<Integer> =
            (0..problem.rank).map(|index| u8::from(index == start).into()).collect();
        for _ in 0..2 * problem.rank {
            if stop() {
                return;
            }
            let before = best.version();
            counters.gauges.fetch_add(1, Ordering::Relaxed);
            let mut vertex = vec![Integer::ZERO; problem.rank];
            for generator in &generators {
                add(&mut vertex, generator, product(generator, &normal).is_negative());
            }
            normal = program.gauge(&vertex).normal;
            problem.consider(best, &normal);
            if best.version() == before {
                break;
            }
        }
    }
}

/// The sum of the gauges of A's generators, which no ratio exceeds; `None` if it was stopped.
pub fn sum_of_gauges(walk: &Walk<'_>) -> Option<Rational> {
    let &Walk { problem, counters, stop, .. } = walk;
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    let mut sum = Rational::ZERO;
    for point in &generators {
        if stop() {
            return None;
        }
        counters.gauges.fetch_add(1, Ordering::Relaxed);
        sum += program.gauge(point).value;
    }
    Some(sum)
}
