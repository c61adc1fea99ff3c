//! Exact facts about an input region: is it empty, how far does it reach, is it flat.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline_kernel::{Integer, LinearConstraint, Rational};

use super::counters::Counters;

/// Least and greatest value of a coordinate, none where unbounded.
pub type Bounds = (Option<Rational>, Option<Rational>);

/// The extent of a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// No point satisfies all constraints (strict ones strictly).
    Empty,
    /// The bounding box of its closure.
    Box(Vec<Bounds>),
}

/// The same hyperplane with the opposite closed side.
pub fn opposite(constraint: &LinearConstraint) -> LinearConstraint {
    let negated = |(j, value): &(usize, Rational)| (*j, -value.clone());
    LinearConstraint {
        coefficients: constraint.coefficients.iter().map(negated).collect(),
        bound: -constraint.bound.clone(),
        strict: false,
    }
}

/// Multipliers of all constraints, in order, that show a bound of a coordinate.
pub type Shown = (Rational, Vec<Rational>);

/// The greatest value of sign·x_coordinate with multipliers that show it; none if unbounded.
pub fn shown_bound(
    dimension: usize,
    constraints: &[LinearConstraint],
    coordinate: usize,
    sign: i8,
) -> Option<Shown> {
    let exact = ExactConstraint::all(dimension, constraints);
    let mut objective = vec![Integer::ZERO; dimension];
    objective[coordinate] = Integer::from(sign);
    let ExactOutcome::Optimal { value, multipliers, .. } = maximize(dimension, &exact, &objective)
    else {
        return None;
    };
    let mut shown = vec![Rational::ZERO; constraints.len()];
    for (index, multiplier) in multipliers {
        shown[index] += multiplier * Rational::from(exact[index].scale.clone());
    }
    Some((value, shown))
}

/// Computes the exact extent; bounds on single coordinates need no LP.
pub fn extent(dimension: usize, constraints: &[LinearConstraint], counters: &Counters) -> Extent {
    let mut bounds: Vec<Bounds> = vec![(None, None); dimension];
    let mut general = false;
    for constraint in constraints {
        match &constraint.coefficients[..] {
            [] if holds_trivially(constraint) => {}
            [] => return Extent::Empty,
            [(coordinate, factor)] => {
                let bound = &constraint.bound / factor;
                let (low, high) = &mut bounds[*coordinate];
                if *factor > Rational::ZERO {
                    if high.as_ref().is_none_or(|high| bound < *high) {
                        *high = Some(bound);
                    }
                } else if low.as_ref().is_none_or(|low| bound > *low) {
                    *low = Some(bound);
                }
            }
            _ => general = true,
        }
    }
    let strict = constraints.iter().any(|constraint| constraint.strict);
    if !general && !strict {
        let crossed = |(low, high): &Bounds| matches!((low, high), (Some(l), Some(h)) if l > h);
        return if bounds.iter().any(crossed) { Extent::Empty } else { Extent::Box(bounds) };
    }
    let exact = ExactConstraint::all(dimension, constraints);
    counters.exact_lps.add(1);
    if feasible_point(dimension, &exact).is_none() {
        return Extent::Empty;
    }
    if general {
        for (coordinate, (low, high)) in bounds.iter_mut().enumerate() {
            *high = greatest(dimension, &exact, coordinate, 1, counters);
            *low = greatest(dimension, &exact, coordinate, -1, counters).map(|value| -value);
        }
    }
    Extent::Box(bounds)
}

/// Whether a constraint has no coordinates and is true.
pub fn holds_trivially(constraint: &LinearConstraint) -> bool {
    constraint.coefficients.is_empty() && constraint.holds_at(&[])
}

/// The greatest value of sign·x_coordinate, none if unbounded; the region is not empty.
fn greatest(
    dimension: usize,
    exact: &[ExactConstraint],
    coordinate: usize,
    sign: i8,
    counters: &Counters,
) -> Option<Rational> {
    let mut objective = vec![Integer::ZERO; dimension];
    objective[coordinate] = Integer::from(sign);
    counters.exact_lps.add(1);
    match maximize(dimension, exact, &objective) {
        ExactOutcome::Optimal { value, .. } => Some(value),
        _ => None,
    }
}

/// The constraints that hold with equality on the whole region (its affine hull), if any.
///
/// The region must not be empty. Without LPs where all constraints bound single coordinates.
pub fn implicit_equalities(
    dimension: usize,
    constraints: &[LinearConstraint],
    bounds: &[Bounds],
    counters: &Counters,
) -> Vec<LinearConstraint> {
    let mut equalities = Vec::new();
    for (coordinate, (low, high)) in bounds.iter().enumerate() {
        if let (Some(low), Some(high)) = (low, high)
            && low == high
        {
            let terms = vec![(coordinate, Rational::ONE)];
            equalities.push(LinearConstraint::new(terms, high.clone(), false));
        }
    }
    let general: Vec<&LinearConstraint> =
        constraints.iter().filter(|constraint| constraint.coefficients.len() > 1).collect();
    if general.is_empty() || !equalities.is_empty() {
        return equalities;
    }
    let exact = |strict: &dyn Fn(usize) -> bool| -> Vec<ExactConstraint> {
        let convert = |(index, constraint): (usize, &LinearConstraint)| ExactConstraint {
            strict: strict(index) && !constraint.coefficients.is_empty(),
            ..ExactConstraint::new(dimension, constraint)
        };
        constraints.iter().enumerate().map(convert).collect()
    };
    counters.exact_lps.add(1);
    if feasible_point(dimension, &exact(&|_| true)).is_some() {
        return equalities;
    }
    for (index, constraint) in constraints.iter().enumerate() {
        counters.exact_lps.add(1);
        if !constraint.coefficients.is_empty()
            && feasible_point(dimension, &exact(&|other| other == index)).is_none()
        {
            equalities.push(LinearConstraint { strict: false, ..constraint.clone() });
        }
    }
    equalities
}
