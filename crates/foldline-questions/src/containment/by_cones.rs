//! Branch and bound over cones of directions: normals of OUTER where the ratio cannot be the greatest are dropped together.
//!
//! Differs from [Z, Thm 2.1], which looks at all facet normals. In up to three dimensions the greatest
//! ratio is found exactly so; in more the bounds tell a clear yes early.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use foldline_geometry::zonotopes::floats::FloatGenerators;
use foldline_geometry::zonotopes::ratio::largest_ratio;
use foldline_geometry::zonotopes::ratio_exact::{MOST_DIMENSIONS, largest_ratio_exactly};
use foldline_kernel::{Integer, Rational};

use super::problem::Walk;

/// Below this many nanoseconds all normals are gone through as quickly.
pub const LEAST_COST: f64 = 1e8;

/// Where INNER touches many facets of OUTER no cone can be dropped: after this part of the time that
/// all normals would take, they are gone through after all.
pub const SHARE: f64 = 0.125;

/// Looks for the greatest ratio, in more than three dimensions for a bound that tells whether it is at
/// most 1; whether that settles what is asked. If not, nothing is lost but the time.
pub fn search(walk: &Walk<'_>, time: Duration) -> bool {
    let &Walk { problem, verdict_only, best, counters, stop } = walk;
    let (outer, inner) = problem.generators();
    let floats = |vectors: Vec<Vec<Integer>>| {
        let exact = |vector: Vec<Integer>| vector.into_iter().map(Rational::from).collect();
        FloatGenerators::new(problem.rank, vectors.into_iter().map(exact).collect())
    };
    let (inner, outer) = (floats(inner), floats(outer));
    let start = Instant::now();
    let enough = || start.elapsed() >= time || stop();
    if problem.rank <= MOST_DIMENSIONS {
        let Some(found) = largest_ratio_exactly(&inner, &outer, u64::MAX, &enough) else {
            return false;
        };
        counters.normals.fetch_add(found.cones, Ordering::Relaxed);
        problem.consider(best, &found.direction);
        return true;
    }
    // Whatever is below 1 settles it: the tolerance leaves room for what is not close.
    let bounds = largest_ratio(&inner, &outer, 0.05, &enough);
    counters.normals.fetch_add(bounds.cones, Ordering::Relaxed);
    best.bound(bounds.upper);
    verdict_only && bounds.upper <= 1.0
}
