//! The polyhedra of a region that have a point, closed, each with such a point.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::{LinearConstraint, Polyhedron, Rational, Region};

use crate::verification::counters::Counters;
use crate::verification::region::{Bounds, Extent, extent};

/// The closure of a polyhedron that is not empty.
pub struct ClosedPiece {
    /// Its constraints, none strict.
    pub constraints: Vec<LinearConstraint>,
    /// Its bounding box.
    pub bounds: Vec<Bounds>,
    /// A point of the polyhedron itself: strict constraints hold strictly.
    pub point: Vec<Rational>,
}

impl ClosedPiece {
    /// Whether it reaches infinitely far.
    pub fn is_unbounded(&self) -> bool {
        self.bounds.iter().any(|(low, high)| low.is_none() || high.is_none())
    }

    /// Whether `direction` is in its recession cone.
    pub fn recedes_along(&self, direction: &[Rational]) -> bool {
        self.constraints.iter().all(|constraint| {
            foldline_kernel::linear::dot(&constraint.coefficients, direction) <= Rational::ZERO
        })
    }
}

/// The non-empty pieces; none once `stop` says so.
///
/// If {A x ≤ b, C x < d} has a point, its closure is {A x ≤ b, C x ≤ d}.
pub fn closed_pieces(
    region: &Region,
    counters: &Counters,
    stop: &dyn Fn() -> bool,
) -> Option<Vec<ClosedPiece>> {
    let mut pieces = Vec::new();
    for polyhedron in &region.pieces {
        if stop() {
            return None;
        }
        pieces.extend(closed_piece(polyhedron, counters));
    }
    Some(pieces)
}

fn closed_piece(polyhedron: &Polyhedron, counters: &Counters) -> Option<ClosedPiece> {
    let dimension = polyhedron.dimension;
    let Extent::Box(bounds) = extent(dimension, &polyhedron.constraints, counters) else {
        return None;
    };
    let point = point_in(polyhedron, &bounds, counters)?;
    let close =
        |constraint: &LinearConstraint| LinearConstraint { strict: false, ..constraint.clone() };
    let has_terms = |constraint: &&LinearConstraint| !constraint.coefficients.is_empty();
    let constraints = polyhedron.constraints.iter().filter(has_terms).map(close).collect();
    Some(ClosedPiece { constraints, bounds, point })
}

/// A point; an LP only where the middle of the bounding box is none.
fn point_in(
    polyhedron: &Polyhedron,
    bounds: &[Bounds],
    counters: &Counters,
) -> Option<Vec<Rational>> {
    let middle = |(low, high): &Bounds| match (low, high) {
        (Some(low), Some(high)) => (low + high) / Rational::from(2),
        (Some(low), None) => low + Rational::ONE,
        (None, Some(high)) => high - Rational::ONE,
        (None, None) => Rational::ZERO,
    };
    let middle: Vec<Rational> = bounds.iter().map(middle).collect();
    if polyhedron.contains(&middle) {
        return Some(middle);
    }
    let exact = |constraint| ExactConstraint::new(polyhedron.dimension, constraint);
    let exact: Vec<ExactConstraint> = polyhedron.constraints.iter().map(exact).collect();
    counters.exact_lps.add(1);
    feasible_point(polyhedron.dimension, &exact)
}
