//! The normals below some chosen directions in integers, where floats are too inaccurate to walk there.
//!
//! Floats still discard: they are rounded from exact values here, not carried along.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use foldline_geometry::directed::{UNIT_ROUNDOFF, round_down};
use foldline_geometry::zonotopes::entry::{Entry, combination_fits};
use foldline_geometry::zonotopes::pencils::{Pencil, PencilVisitor, visit_pencils_below};
use foldline_kernel::Integer;

use super::problem::Walk;
use super::sums::{padded, sum_of_magnitudes};

/// Looks at the facet normals of B whose hyperplanes have these first chosen directions; whether it
/// went through to the end.
pub fn search(walk: &Walk<'_>, chosen: &[usize]) -> bool {
    let problem = walk.problem;
    let floats = |weights: &[Integer]| weights.iter().map(Entry::to_float).collect();
    let weights = [floats(problem.outer.exact()), floats(problem.inner.exact())];
    let (outer, inner) = Default::default();
    let mut worker = Worker { walk, weights, outer, inner };
    visit_pencils_below(&problem.columns, chosen, &mut worker).is_continue()
}

/// A function's values times the lengths, in floats, and the sum of their magnitudes.
#[derive(Default)]
struct Scaled {
    values: Vec<f64>,
    magnitude: f64,
}

impl Scaled {
    fn fill<T: Entry>(&mut self, values: &[T], weights: &[f64]) {
        self.values.clear();
        self.values.extend(values.iter().zip(weights).map(|(value, w)| value.to_float() * w));
        self.magnitude = self.values.iter().map(|value| value.abs()).sum();
        self.values.resize(padded(values.len()), 0.0);
    }
}

struct Worker<'a> {
    walk: &'a Walk<'a>,
    weights: [Vec<f64>; 2],
    /// The two functions of the pencil on the outer, then on the inner directions.
    outer: [Scaled; 2],
    inner: [Scaled; 2],
}

impl Worker<'_> {
    /// Whether the ratio of a·(first function) − b·(second) is smaller than `threshold` for certain.
    fn is_smaller(&self, a: f64, b: f64, threshold: f64) -> bool {
        let [outer, outer_error] = evaluate(a, b, &self.outer);
        let [inner, inner_error] = evaluate(a, b, &self.inner);
        let above = (inner + inner_error) * (1.0 + 8.0 * UNIT_ROUNDOFF);
        above < threshold * (outer - outer_error)
    }

    /// The exact values of a·(first function) − b·(second) at all columns.
    fn decide<T: Entry>(&self, pencil: &Pencil<'_, T>, index: usize) {
        let [a, b] = pencil.selection(index);
        let rank = self.walk.problem.rank;
        let pairs = pencil.rows[0].iter().zip(pencil.rows[1]);
        if combination_fits::<T::Wider>(a.bits(), pencil.bits[0], b.bits(), pencil.bits[1]) {
            let row: Vec<T::Wider> = pairs.map(|(x, y)| T::combine_wide(&a, x, &b, y)).collect();
            self.walk.problem.consider_values(self.walk.best, &row[..rank], &row[rank..]);
        } else {
            let (a, b) = (a.to_integer(), b.to_integer());
            let row: Vec<Integer> =
                pairs.map(|(x, y)| &a * x.to_integer() - &b * y.to_integer()).collect();
            self.walk.problem.consider_values(self.walk.best, &row[..rank], &row[rank..]);
        }
    }
}

/// The sum and a bound of its error.
///
/// Inputs carry relative errors of at most 5 roundings (number, length, their product), a and b of
/// two, the loop adds the rest.
fn evaluate(a: f64, b: f64, functions: &[Scaled; 2]) -> [f64; 2] {
    let [x, y] = functions;
    let sum = sum_of_magnitudes(a, b, &x.values, &y.values);
    let magnitude = a.abs() * x.magnitude + b.abs() * y.magnitude;
    let roundings = (x.values.len() + 16) as f64;
    [sum, 1.01 * roundings * UNIT_ROUNDOFF * magnitude]
}

impl PencilVisitor for Worker<'_> {
    fn pencil<T: Entry>(&mut self, pencil: &Pencil<'_, T>) -> ControlFlow<()> {
        if (self.walk.stop)() {
            return ControlFlow::Break(());
        }
        let (rank, directions) = (self.walk.problem.rank, self.walk.problem.columns.directions);
        for (index, row) in pencil.rows.iter().enumerate() {
            let (outer, inner) = row[rank..].split_at(directions);
            self.outer[index].fill(outer, &self.weights[0]);
            self.inner[index].fill(inner, &self.weights[1]);
        }
        let (mut version, mut threshold) = (None, 0.0);
        for index in pencil.candidates() {
            if version != Some(self.walk.best.version()) {
                version = Some(self.walk.best.version());
                threshold = round_down(&self.walk.best.ratio());
            }
            self.walk.counters.normals.fetch_add(1, Ordering::Relaxed);
            let [first, second] = pencil.values(index);
            if self.is_smaller(second.to_float(), first.to_float(), threshold) {
                continue;
            }
            if (self.walk.stop)() {
                return ControlFlow::Break(());
            }
            self.walk.counters.exact_normals.fetch_add(1, Ordering::Relaxed);
            self.decide(pencil, index);
        }
        ControlFlow::Continue(())
    }
}
