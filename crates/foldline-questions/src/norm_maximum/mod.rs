//! The largest norm of a point of a zonotope [Z, §7, Thm 2.1], exactly.
//!
//! A norm is largest at a vertex, since norms are convex. Where the norm is a maximum of few linear
//! functions, that is as many support values; otherwise a search over directions finds the vertex.
//! The center needs no care of its own: with c among the generators the sums are symmetric, and the
//! vertex or its negative is one of Z.

mod cones;
mod direct;
pub mod estimate;
mod exact;
mod incumbent;
mod powers;
pub mod proof;
mod resume;
mod signs;
pub mod statement;
mod ties;

use std::sync::atomic::Ordering;

use foldline_engine::evidence::{EvidenceError, Storage};
use foldline_geometry::directed::UNIT_ROUNDOFF;
use foldline_geometry::zonotopes::fan::MOST_FAN_DIMENSIONS;
use foldline_geometry::zonotopes::floats::{FloatGenerators, exact_float};
use foldline_geometry::zonotopes::segments::{Segments, scaled};
use foldline_kernel::number::{least_common_multiple, power_of_two};
use foldline_kernel::{Integer, Natural, Rational, Zonotope};

pub use estimate::{Estimate, estimate_norm};
pub use statement::{
    Limit, Maximum, Norm, NormError, Options, Outcome, Progress, Statistics, Value, Verdict,
};

use direct::{best_direction, best_sign_direction, point, unit_vectors, vertex_signs};
use incumbent::Problem;
use powers::Power;
use proof::Record;
use resume::Left;

use crate::checkpoint::{Keeper, StateError};
use crate::limits::{Limits, workers};

/// From so many dimensions on cones are so many that sign vectors of more generators are walked at once.
const MANY_DIMENSIONS: usize = 8;
const MORE_GENERATORS: usize = 28;

/// The largest `norm` of a point of `zonotope`.
///
/// # Errors
/// If the norm has no meaning here: p < 1, or rows of another length.
pub fn maximize_norm(
    zonotope: &Zonotope,
    norm: &Norm,
    options: &Options,
) -> Result<Outcome, NormError> {
    norm.check(zonotope.dimension())?;
    let kept = Kept { storage: None, keeper: None };
    let (outcome, _) = outcome(zonotope, norm, options, kept).expect("no state was given");
    Ok(outcome)
}

/// Like [`maximize_norm`]; a keeper is given the open work now and then and when a limit ends the
/// run, and the run goes on from the work that the keeper has. Answers that take no search leave none.
///
/// # Errors
/// As for [`maximize_norm`]; within that, if the keeper's state is not one of this question.
pub fn maximize_norm_resumable(
    zonotope: &Zonotope,
    norm: &Norm,
    options: &Options,
    keeper: &dyn Keeper,
) -> Result<Result<Outcome, StateError>, NormError> {
    norm.check(zonotope.dimension())?;
    let kept = Kept { storage: None, keeper: Some(keeper) };
    let found = outcome(zonotope, norm, options, kept).map(|(outcome, _)| outcome);
    Ok(found.map_err(EvidenceError::without_records))
}

/// The same, with or without a keeper, and how the search went. The records of a tree of cones are
/// kept in `storage`; with a keeper that must be files.
///
/// # Errors
/// As for [`maximize_norm`]; within that, if the keeper's state is not one of this question, or
/// records cannot be kept.
pub fn maximize_norm_with_proof(
    zonotope: &Zonotope,
    norm: &Norm,
    options: &Options,
    storage: Storage,
    keeper: Option<&dyn Keeper>,
) -> Result<Result<(Outcome, Record), EvidenceError>, NormError> {
    norm.check(zonotope.dimension())?;
    Ok(outcome(zonotope, norm, options, Kept { storage: Some(storage), keeper }))
}

/// What is kept of a search, beside its answer.
struct Kept<'a> {
    storage: Option<Storage>,
    keeper: Option<&'a dyn Keeper>,
}

fn outcome(
    zonotope: &Zonotope,
    norm: &Norm,
    options: &Options,
    kept: Kept<'_>,
) -> Result<(Outcome, Record), EvidenceError> {
    let common = options.common();
    let limits = Limits::new(&common);
    let stop = || limits.reached();
    let mut statistics = Statistics::default();
    let mut record = Record::Directions;
    let verdict = match norm {
        Norm::Infinity => {
            let units = unit_vectors(zonotope.dimension());
            by_directions(zonotope, units, &mut statistics, &stop)
        }
        Norm::Polytope(rows) => {
            by_directions(zonotope, rows.iter().cloned(), &mut statistics, &stop)
        }
        Norm::Power(p) => {
            let segments = Segments::new(zonotope);
            if *p == Rational::ONE && signs_of_coordinates_are_fewer(&segments) {
                by_coordinate_signs(zonotope, &segments, &mut statistics, &stop)
            } else {
                let power = Power::new(p);
                let (verdict, how) =
                    by_search(zonotope, &segments, power, options, &limits, &mut statistics, kept)?;
                record = how;
                verdict
            }
        }
    };
    let verdict = match verdict {
        Verdict::Undecided { best, lower, upper, .. } => {
            Verdict::Undecided { best, lower, upper, limit: limits.which() }
        }
        found => found,
    };
    Ok((Outcome { verdict, statistics }, record))
}

/// Rational bounds of the norm of one point.
pub fn norm_bounds(norm: &Norm, at: &[Rational]) -> (Rational, Rational) {
    let single = Zonotope { center: at.to_vec(), generators: Vec::new() };
    match maximize_norm(&single, norm, &Options::default()) {
        Ok(Outcome { verdict: Verdict::Found(maximum), .. }) => {
            estimate::value_bounds(&maximum.value)
        }
        _ => unreachable!("a point and a norm that was checked, without limits"),
    }
}

/// Norms max |a·x| over `directions` a.
fn by_directions(
    zonotope: &Zonotope,
    directions: impl Iterator<Item = Vec<Rational>>,
    statistics: &mut Statistics,
    stop: &dyn Fn() -> bool,
) -> Verdict {
    let maximum = |(value, direction): (Rational, Vec<Rational>)| {
        let signs = vertex_signs(zonotope, &direction);
        Maximum { value: Value::Exact(value), vertex: point(zonotope, &signs), signs }
    };
    match best_direction(zonotope, directions, &mut statistics.supports, stop) {
        Ok(best) => Verdict::Found(maximum(best)),
        Err(best) => {
            let none = || (Rational::ZERO, vec![Rational::ZERO; zonotope.dimension()]);
            undecided(maximum(best.unwrap_or_else(none)))
        }
    }
}

/// A search by support values that was cut short.
fn undecided(best: Maximum) -> Verdict {
    let lower = match &best.value {
        Value::Exact(value) => value.clone(),
        _ => Rational::ZERO,
    };
    Verdict::Undecided { best, lower, upper: None, limit: Limit::Time }
}

/// Whether 2^d coordinate signs times m generators are fewer than 2^m sign vectors of generators.
fn signs_of_coordinates_are_fewer(segments: &Segments) -> bool {
    let (d, m) = (segments.dimension as f64, segments.directions.len().max(1) as f64);
    d <= 40.0 && d + m.log2() <= m + 1.0 + d.log2()
}

/// The 1-norm as the maximum of u·x over u ∈ {±1}^d.
fn by_coordinate_signs(
    zonotope: &Zonotope,
    segments: &Segments,
    statistics: &mut Statistics,
    stop: &dyn Fn() -> bool,
) -> Verdict {
    let vectors = integer_vectors(&symmetric_generators(segments));
    let supports = &mut statistics.supports;
    let dimension = zonotope.dimension();
    let walked = if vectors.is_empty() {
        Ok(vec![1; dimension])
    } else {
        best_sign_direction(&vectors, dimension, supports, stop)
    };
    let maximum = |signs: &[i8]| {
        let direction: Vec<Rational> = signs.iter().map(|&sign| Rational::from(sign)).collect();
        let mut none = 0;
        let (value, direction) =
            best_direction(zonotope, std::iter::once(direction), &mut none, &|| false)
                .expect("one direction");
        let signs = vertex_signs(zonotope, &direction);
        Maximum { value: Value::Exact(value), vertex: point(zonotope, &signs), signs }
    };
    match walked {
        Ok(signs) => Verdict::Found(maximum(&signs)),
        Err(signs) => undecided(maximum(&signs)),
    }
}

/// The merged generators, and the center if it is not 0.
fn symmetric_generators(segments: &Segments) -> Vec<Vec<Rational>> {
    let merged = segments.directions.iter().zip(&segments.lengths).map(|(direction, length)| {
        direction.iter().map(|entry| length * Rational::from(entry.clone())).collect()
    });
    let mut vectors: Vec<Vec<Rational>> = merged.collect();
    if segments.center.iter().any(|value| !value.is_zero()) {
        vectors.push(segments.center.clone());
    }
    vectors
}

fn integer_vectors(vectors: &[Vec<Rational>]) -> Vec<Vec<Integer>> {
    let common = vectors
        .iter()
        .flatten()
        .fold(Natural::ONE, |common, value| least_common_multiple(&common, value.denominator()));
    vectors.iter().map(|vector| scaled(vector, &common)).collect()
}

/// Branch and bound: over sign vectors where the generators are few, otherwise over directions.
fn by_search(
    zonotope: &Zonotope,
    segments: &Segments,
    power: Power,
    options: &Options,
    limits: &Limits<'_, Progress>,
    statistics: &mut Statistics,
    kept: Kept<'_>,
) -> Result<(Verdict, Record), EvidenceError> {
    let vectors = symmetric_generators(segments);
    let dimension = zonotope.dimension();
    let generators = FloatGenerators::new(dimension, vectors);
    let stop = || limits.reached();
    let problem = Problem::new(power, &generators, options.few_signs, &stop);
    let Kept { storage, keeper } = kept;
    let (left, record) = if generators.count() == 0 {
        problem.offer(&[]);
        (None, Record::Signs)
    } else {
        climb_from_everywhere(&problem);
        let few = generators.count() <= options.few_generators
            || dimension >= MANY_DIMENSIONS && generators.count() <= MORE_GENERATORS;
        let earlier = keeper.and_then(Keeper::resumed);
        let earlier = earlier.map(|state| resume::from_json(state, &problem)).transpose()?;
        let progress = |elapsed| {
            let cones = problem.cones.load(Ordering::Relaxed);
            Progress { cones, lower: problem.progress(), elapsed }
        };
        let threads = workers(options.threads);
        let by_cones = |open| {
            let search = || cones::search(&problem, open, storage, threads, keeper);
            let (left, evidence) = limits.reporting(progress, search)?;
            Ok::<_, EvidenceError>((left, evidence.map_or(Record::Directions, Record::Cones)))
        };
        let by_signs = |open| {
            let search = || signs::search(&problem, open, threads, keeper);
            let is_stopped = limits.reporting(progress, search)?;
            Ok::<_, EvidenceError>((is_stopped.then(|| sum_of_norms(&problem)), Record::Signs))
        };
        match earlier {
            Some(Left::Signs(open)) => by_signs(Some(open))?,
            Some(Left::Cones(open)) => by_cones(Some(open))?,
            None if few || dimension > MOST_FAN_DIMENSIONS => by_signs(None)?,
            None => by_cones(None)?,
        }
    };
    statistics.cones = problem.cones.load(Ordering::Relaxed);
    statistics.sign_nodes = problem.sign_nodes.load(Ordering::Relaxed);
    statistics.exact_points = problem.exact_points.load(Ordering::Relaxed);
    let best = maximum_of(zonotope, segments, &problem);
    let verdict = match left {
        None => Verdict::Found(best),
        Some(bound) => {
            let scale = power_of_two(generators.shift);
            let (low, high) = problem.bounds();
            let bound = bound.max(high);
            let upper = bound.is_finite().then(|| exact_float(bound.next_up()) * &scale);
            Verdict::Undecided { best, lower: exact_float(low) * scale, upper, limit: Limit::Time }
        }
    };
    Ok((verdict, record))
}

/// The bound of the triangle inequality.
fn sum_of_norms(problem: &Problem<'_>) -> f64 {
    let count = problem.generators.count();
    let norms = (0..count).map(|index| problem.power.norm_above(problem.generators.vector(index)));
    (norms.sum::<f64>() + problem.sum_error) * (1.0 + count as f64 * f64::EPSILON)
}

/// Starts of the hill climbing: the axes, the generators and some directions in between.
fn climb_from_everywhere(problem: &Problem<'_>) {
    let dimension = problem.generators.dimension;
    for coordinate in 0..dimension {
        let mut direction = vec![0.0; dimension];
        direction[coordinate] = 1.0;
        problem.climb(&direction);
    }
    for index in (0..problem.generators.count()).step_by(1 + problem.generators.count() / 64) {
        problem.climb(problem.generators.vector(index));
    }
    let mut state = 1u64;
    for _ in 0..64 {
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as f64 / f64::from(1u32 << 30) - 1.0
        };
        let direction: Vec<f64> = (0..dimension).map(|_| random()).collect();
        problem.climb(&direction);
    }
}

/// The best vertex of the search in terms of the zonotope's own generators.
fn maximum_of(zonotope: &Zonotope, segments: &Segments, problem: &Problem<'_>) -> Maximum {
    let mut found = problem.best_signs();
    if found.len() > segments.directions.len() && found.last() == Some(&-1) {
        found.iter_mut().for_each(|sign| *sign = -*sign); // the center's own sign is 1
    }
    let mut signs = segments.signs_of(zonotope, &found[..segments.directions.len()]);
    let mut vertex = point(zonotope, &signs);
    if problem.power == Power::One {
        // The point found may lie inside a face of points of the same norm.
        let sign = |value: &Rational| Rational::from(if *value < Rational::ZERO { -1 } else { 1 });
        let direction: Vec<Rational> = vertex.iter().map(sign).collect();
        signs = vertex_signs(zonotope, &direction);
        vertex = point(zonotope, &signs);
    }
    let magnitude =
        |value: &Rational| if *value < Rational::ZERO { -value.clone() } else { value.clone() };
    let value = match problem.power {
        Power::One => Value::Exact(vertex.iter().map(magnitude).fold(Rational::ZERO, |a, b| a + b)),
        Power::Two => Value::Squared(vertex.iter().fold(Rational::ZERO, |sum, v| sum + v * v)),
        _ => {
            let (low, high) = problem.bounds();
            let scale = power_of_two(problem.generators.shift);
            let lower = exact_float(low) * &scale;
            Value::Between { lower, upper: exact_float(high * (1.0 + 2.0 * UNIT_ROUNDOFF)) * scale }
        }
    };
    Maximum { value, vertex, signs }
}
