//! From a float point that seems to violate the property to an exact one that does.

use foldline_kernel::Rational;
use foldline_kernel::number::from_f64_bits;

use super::counters::Counters;
use super::problem::Problem;

/// An exact violating point near `point`, if the floats suggest one and exactness confirms it.
pub fn repair(problem: &Problem, point: &[f64], counters: &Counters) -> Option<Vec<Rational>> {
    counters.attack_points.add(1);
    let excesses = problem.float.excesses(point);
    let seems = |clause: &Vec<usize>| clause.iter().all(|&atom| excesses[atom] <= 0.0);
    if !problem.clauses.iter().any(seems) {
        return None;
    }
    let exact = clamped(problem, point)?;
    problem.is_violated_at(&exact).then_some(exact)
}

/// The point's exact value, moved into the exact bounding box.
pub fn clamped(problem: &Problem, point: &[f64]) -> Option<Vec<Rational>> {
    let clamp = |(value, (low, high)): (&f64, &(Rational, Rational))| {
        let exact = from_f64_bits(value.to_bits()).ok()?;
        Some(exact.clamp(low.clone(), high.clone()))
    };
    point.iter().zip(&problem.bounds).map(clamp).collect()
}
