//! Is one zonotope contained in another, and how much must the other one be scaled to hold it?
//!
//! With A = INNER − c_OUTER and B = OUTER − c_OUTER, symmetric about 0, the least scale is the
//! greatest ratio of the support functions h_A/h_B. It is attained at a facet normal of B, and at a
//! vertex of A [Z, §2, Thm 2.1]: whichever are cheaper to go through are gone through.
//!
//! Differs from the paper: the shift of the centers is one more generator of A, and no linear
//! program is solved for facet normals.

mod by_combinations;
mod by_cones;
mod by_directions;
mod by_exact_normals;
mod by_normals;
mod by_vertices;
mod problem;
pub mod proof;
mod resume;
pub mod statement;
mod sums;
mod ties;
mod weights;

use std::time::Duration;

use foldline_geometry::zonotopes::ratio_exact::MOST_DIMENSIONS;
use foldline_geometry::zonotopes::{Segments, Span};
use foldline_kernel::{Integer, Rational, Zonotope};
use serde_json::Value;

use crate::checkpoint::{Keeper, StateError};
use crate::limits::{Limits, workers};
use problem::{Best, Counters, Problem, Walk};
use resume::Way;
pub use statement::{
    Limit, Options, Outcome, Progress, ProgressCallback, Route, Scale, Separation, Statistics,
    Verdict,
};

/// Below this many nanoseconds of work, threads cost more than they help.
const LONG_SEARCH: f64 = 2e7;

/// The part of a search's time that attempts to shorten it may take.
const SMALL_PART: f64 = 0.05;

/// Decides INNER ⊆ OUTER exactly, and the least scale with it.
///
/// # Panics
/// If the dimensions differ.
pub fn contains(outer: &Zonotope, inner: &Zonotope, options: &Options) -> Outcome {
    contains_resumable(outer, inner, options, None).expect("no state was given")
}

/// Like [`contains`]; a keeper is given the place of the search now and then and when a limit ends
/// the run, and the run goes on from the place that the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this question.
///
/// # Panics
/// If the dimensions differ.
pub fn contains_resumable(
    outer: &Zonotope,
    inner: &Zonotope,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, StateError> {
    assert_eq!(outer.dimension(), inner.dimension(), "zonotopes of different dimensions");
    let outer_segments = Segments::new(outer);
    let span = Span::new(outer_segments.dimension, &outer_segments.directions);
    let shift: Vec<Rational> = inner.center.iter().zip(&outer.center).map(|(a, b)| a - b).collect();
    let vectors = inner.generators.iter().map(Vec::as_slice).chain([shift.as_slice()]);
    let inner_segments = Segments::from_vectors(outer.center.clone(), vectors);
    let outside = inner_segments.directions.iter().find_map(|vector| span.violated(vector));
    if let Some(normal) = outside {
        return Ok(Outcome {
            verdict: Verdict::Separated(separation(outer, inner, normal)),
            scale: Scale::Infinite,
            statistics: Statistics::default(),
        });
    }
    if inner_segments.directions.is_empty() {
        return Ok(Outcome {
            verdict: Verdict::Contained,
            scale: Scale::Value(Rational::ZERO),
            statistics: Statistics { fraction: 1.0, ..Statistics::default() },
        });
    }
    let outer_restricted = outer_segments.restrict(&span.coordinates);
    let inner_restricted = inner_segments.restrict(&span.coordinates);
    let problem = Problem::new(span.rank(), &outer_restricted, &inner_restricted);
    let extend = |normal: &[Integer]| span.extend(outer.dimension(), normal);
    answer(&problem, options, keeper, |normal| separation(outer, inner, &extend(normal)))
}

/// Runs the search and reads its answer off the best ratio.
fn answer(
    problem: &Problem,
    options: &Options,
    keeper: Option<&dyn Keeper>,
    separation: impl Fn(&[Integer]) -> Separation,
) -> Result<Outcome, StateError> {
    let common = options.common();
    let limits = Limits::new(&common);
    let best = Best::above(u8::from(options.verdict_only));
    let counters = Counters::default();
    let enough = || options.verdict_only && best.version() > 0;
    let stop = || enough() || limits.reached();
    let earlier = keeper.and_then(Keeper::resumed);
    let read = |state| resume::from_json(state, problem, options.verdict_only, &best, &counters);
    let earlier = earlier.map(read).transpose()?;
    let progress = |elapsed| {
        let (statistics, contained) = (counters.statistics(), best.contained());
        Progress { statistics, contained, elapsed }
    };
    let walk = Walk {
        problem,
        verdict_only: options.verdict_only,
        best: &best,
        counters: &counters,
        stop: &stop,
    };
    let finished = limits.reporting(progress, || match &earlier {
        None if shorten(&walk, options) => Ok(true),
        None => follow(&walk, way(problem, options), None, options, keeper),
        Some(_) if bound(&walk, options) => Ok(true),
        Some((way, open)) => follow(&walk, *way, Some(open), options, keeper),
    })?;
    let (ratio, mut statistics) = (best.ratio(), counters.statistics());
    if finished {
        statistics.fraction = 1.0;
    }
    let verdict = match best.normal() {
        Some(normal) if ratio > Rational::ONE => Verdict::Separated(separation(&normal)),
        _ if finished || best.contained() == Some(true) => Verdict::Contained,
        _ => Verdict::Undecided(limits.which()),
    };
    let scale = match verdict {
        _ if finished && !options.verdict_only => Scale::Value(ratio),
        // Without a normal the ratio is where the search began, not a bound.
        _ if best.normal().is_some() => Scale::Bounds { lower: ratio, upper: best.upper() },
        _ => Scale::Bounds { lower: Rational::ZERO, upper: best.upper() },
    };
    Ok(Outcome { verdict, scale, statistics })
}

/// Tries what may save the search, or much of it, in a small part of its time; whether the greatest
/// ratio is known then.
fn shorten(walk: &Walk<'_>, options: &Options) -> bool {
    let &Walk { problem, best, stop, .. } = walk;
    if by_directions::settles(problem, best) {
        return true;
    }
    let Costs { gauge, normals, vertices } = costs(problem);
    let least = normals.min(vertices);
    if (4 * problem.rank) as f64 * gauge < SMALL_PART * least {
        by_vertices::climb(walk);
    }
    if problem.inner.exact().len() as f64 * gauge < SMALL_PART * least
        && let Some(sum) = by_vertices::sum_of_gauges(walk)
        && sum <= best.ratio()
    {
        return true;
    }
    if stop() {
        return false;
    }
    if bound(walk, options) {
        return true;
    }
    let by_cones = match options.route {
        Route::Cheaper => normals <= vertices && normals > by_cones::LEAST_COST,
        Route::Normals | Route::Vertices => false,
        Route::Cones => true,
    };
    // In more than three dimensions they tell the verdict, but not the scale.
    let is_wanted = problem.rank <= MOST_DIMENSIONS
        || best.contained().is_none() && (options.verdict_only || options.timeout.is_some());
    let part = Duration::from_secs_f64((normals * 1e-9 * by_cones::SHARE).clamp(1e-3, 1e6));
    let part = options.timeout.map_or(part, |timeout| part.min(timeout / 4));
    by_cones && is_wanted && by_cones::search(walk, part)
}

/// Bounds the greatest ratio from above if that takes a small part of the search's time; whether that
/// settles what is asked.
fn bound(walk: &Walk<'_>, options: &Options) -> bool {
    let &Walk { problem, best, stop, .. } = walk;
    let Costs { gauge, normals, vertices } = costs(problem);
    let (m, n) = (problem.columns.directions as f64, problem.inner.exact().len() as f64);
    let cost = by_combinations::cost(problem.rank as f64, m, n, gauge);
    if cost < SMALL_PART * normals.min(vertices) {
        best.bound(by_combinations::upper_bound(problem, stop));
    }
    options.verdict_only && best.contained() == Some(true)
}

/// The way that is gone where nothing shortens it.
fn way(problem: &Problem, options: &Options) -> Way {
    let Costs { normals, vertices, .. } = costs(problem);
    let by_vertices = match options.route {
        Route::Cheaper => vertices < normals,
        Route::Normals | Route::Cones => false,
        Route::Vertices => true,
    };
    if by_vertices { Way::Vertices } else { Way::Normals }
}

/// Goes on to the end of the way, or from what an earlier run left `open`; whether it got there.
fn follow(
    walk: &Walk<'_>,
    way: Way,
    open: Option<&Value>,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<bool, StateError> {
    let costs = costs(walk.problem);
    let threads = |cost| if cost >= LONG_SEARCH { workers(options.threads) } else { 1 };
    match way {
        _ if (walk.stop)() => Ok(false),
        Way::Vertices => by_vertices::search(walk, threads(costs.vertices), open, keeper),
        Way::Normals => by_normals::search(walk, threads(costs.normals), open, keeper),
    }
}

/// About how many nanoseconds things take.
struct Costs {
    /// The gauge of a point in B.
    gauge: f64,
    /// All facet normals of B.
    normals: f64,
    /// All vertices of A.
    vertices: f64,
}

fn costs(problem: &Problem) -> Costs {
    let (m, n) = (problem.columns.directions as f64, problem.inner.exact().len() as f64);
    let rank = problem.rank as f64;
    let subsets = (1..problem.rank).fold(1.0, |count, k| count * (m - k as f64 + 1.0) / k as f64);
    let gauge = 100.0 * rank * (m + rank) * (2.0 * rank + m / 5.0);
    let vertices = (n + (n - 1.0).exp2()) * gauge;
    // Most sets of r − 2 vectors are followed by few more where m is not much greater than r.
    let pencils = subsets * (rank - 1.0) / (m - rank + 2.0);
    let normals = subsets * (20.0 + 0.06 * (m + n)) + pencils * (100.0 + 3.0 * (m + n)) + 1000.0;
    Costs { gauge, normals, vertices }
}

/// The separation by a function that is greater on INNER than on OUTER, or smaller.
fn separation(outer: &Zonotope, inner: &Zonotope, normal: &[Integer]) -> Separation {
    let mut normal: Vec<Rational> = normal.iter().cloned().map(Rational::from).collect();
    if inner.support(&normal) <= outer.support(&normal) {
        normal.iter_mut().for_each(|entry| *entry = -std::mem::take(entry));
    }
    let sign = |generator: &Vec<Rational>| {
        let terms = generator.iter().zip(&normal);
        let value = terms.fold(Rational::ZERO, |sum, (a, b)| sum + a * b);
        i8::from(value > Rational::ZERO) - i8::from(value < Rational::ZERO)
    };
    let coefficients = inner.generators.iter().map(sign).collect();
    let (point, offset) = (inner.support_point(&normal), outer.support(&normal));
    assert!(inner.support(&normal) > offset, "the normal separates nothing");
    Separation { point, coefficients, normal, offset }
}
