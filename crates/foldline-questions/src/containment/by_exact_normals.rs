//! The greatest ratio over the facet normals of the outer zonotope: floats discard, integers decide.
//!
//! h_A is convex and h_B linear on every cone of the arrangement of B's generators, so the greatest
//! ratio h_A/h_B is attained on a ray of it: at a normal of a hyperplane that generators span
//! [Z, Thm 2.1]. Differs from the paper: no linear program; A need not be enumerated.

use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use foldline_geometry::directed::{UNIT_ROUNDOFF, round_down};
use foldline_geometry::zonotopes::entry::{Entry, combination_fits};
use foldline_geometry::zonotopes::pencils::{Pencil, PencilVisitor, visit_pencils_below};
use foldline_kernel::Integer;

use super::problem::{Best, Counters, Problem};
use super::sums::{padded, sum_of_magnitudes};

/// Normals of a pencil from one look at the limits to the next.
const PAUSE: u64 = 256;

/// Integers and their sums below this are exact in floats.
const EXACT_BELOW: f64 = (1u64 << 52) as f64;

/// Looks at the facet normals of B whose hyperplanes have these first chosen directions; whether it
/// went through to the end.
pub fn search(
    problem: &Problem,
    chosen: &[usize],
    best: &Best,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
) -> bool {
    let mut worker = Worker::new(problem, best, counters, stop);
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
    problem: &'a Problem,
    best: &'a Best,
    counters: &'a Counters,
    stop: &'a (dyn Fn() -> bool + Sync),
    weights: [Vec<f64>; 2],
    /// The two functions of the pencil on the outer, then on the inner directions.
    outer: [Scaled; 2],
    inner: [Scaled; 2],
    /// What is known of the best ratio: its version, a float below it, its parts if small.
    version: Option<u64>,
    threshold: f64,
    small: Option<(i128, i128)>,
}

/// What floats say about a normal.
enum Guess {
    /// Its ratio is not greater than the best.
    NoBetter,
    /// The two sums, exactly.
    Exact(f64, f64),
    Unknown,
}

impl<'a> Worker<'a> {
    fn new(
        problem: &'a Problem,
        best: &'a Best,
        counters: &'a Counters,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        let floats = |weights: &[Integer]| weights.iter().map(Entry::to_float).collect();
        Self {
            problem,
            best,
            counters,
            stop,
            weights: [floats(problem.outer.exact()), floats(problem.inner.exact())],
            outer: Default::default(),
            inner: Default::default(),
            version: None,
            threshold: 0.0,
            small: None,
        }
    }

    fn refresh(&mut self) {
        let version = self.best.version();
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        self.threshold = round_down(&self.best.ratio());
        let (numerator, denominator) = self.best.parts();
        let small = |value: Integer| (value.bits() < 64).then(|| value.small());
        self.small = small(numerator).zip(small(denominator));
    }

    /// Evaluates a·(first function) − b·(second), up to a positive factor, in floats.
    fn guess(&self, a: f64, b: f64) -> Guess {
        let [outer, outer_error] = evaluate(a, b, &self.outer);
        let [inner, inner_error] = evaluate(a, b, &self.inner);
        if outer_error == 0.0 && inner_error == 0.0 {
            return Guess::Exact(inner, outer);
        }
        let above = (inner + inner_error) * (1.0 + 8.0 * UNIT_ROUNDOFF);
        let below = self.threshold * (outer - outer_error);
        if above < below { Guess::NoBetter } else { Guess::Unknown }
    }

    fn is_better(&self, inner: f64, outer: f64) -> bool {
        // Both are integers below 2⁵³.
        match self.small {
            Some((numerator, denominator)) => {
                inner as i128 * denominator > numerator * outer as i128
            }
            None => {
                let integer = |value: f64| Integer::from(value as i64);
                self.best.is_exceeded_by(&integer(inner), &integer(outer))
            }
        }
    }

    fn candidate<T: Entry>(&mut self, pencil: &Pencil<'_, T>, index: usize) {
        let [first, second] = pencil.values(index);
        let (a, b) = match self.problem.rank {
            1 => (1.0, 0.0),
            _ => (second.to_float(), first.to_float()),
        };
        match self.guess(a, b) {
            Guess::NoBetter => return,
            Guess::Exact(inner, outer) if !self.is_better(inner, outer) => return,
            _ => {}
        }
        let [a, b] = pencil.selection(index);
        if let Guess::Exact(inner, outer) = self.guess(a.to_float(), b.to_float())
            && !self.is_better(inner, outer)
        {
            return;
        }
        self.counters.exact_normals.fetch_add(1, Ordering::Relaxed);
        self.decide(pencil, &a, &b);
        self.refresh();
    }

    /// The exact values of a·(first function) − b·(second) at all columns.
    fn decide<T: Entry>(&self, pencil: &Pencil<'_, T>, a: &T, b: &T) {
        let rank = self.problem.rank;
        let pairs = pencil.rows[0].iter().zip(pencil.rows[1]);
        if combination_fits::<T>(a.bits(), pencil.bits[0], b.bits(), pencil.bits[1]) {
            let row: Vec<T> = pairs.map(|(x, y)| T::combine(a, x, b, y)).collect();
            self.problem.consider_values(self.best, &row[..rank], &row[rank..]);
        } else if combination_fits::<T::Wider>(a.bits(), pencil.bits[0], b.bits(), pencil.bits[1]) {
            let row: Vec<T::Wider> = pairs.map(|(x, y)| T::combine_wide(a, x, b, y)).collect();
            self.problem.consider_values(self.best, &row[..rank], &row[rank..]);
        } else {
            let (a, b) = (a.to_integer(), b.to_integer());
            let row: Vec<Integer> =
                pairs.map(|(x, y)| &a * x.to_integer() - &b * y.to_integer()).collect();
            self.problem.consider_values(self.best, &row[..rank], &row[rank..]);
        }
    }
}

/// The sum and a bound of its error; 0 where the sum is exact.
///
/// Inputs carry relative errors of at most 5 roundings (number, length, their product), a and b of
/// two, the loop adds the rest.
fn evaluate(a: f64, b: f64, functions: &[Scaled; 2]) -> [f64; 2] {
    let [x, y] = functions;
    let sum = sum_of_magnitudes(a, b, &x.values, &y.values);
    let magnitude = a.abs() * x.magnitude + b.abs() * y.magnitude;
    // Magnitudes this small mean that no number in them was rounded.
    if magnitude < EXACT_BELOW && a.abs() < EXACT_BELOW && b.abs() < EXACT_BELOW {
        return [sum, 0.0];
    }
    let roundings = (x.values.len() + 16) as f64;
    [sum, 1.01 * roundings * UNIT_ROUNDOFF * magnitude]
}

impl PencilVisitor for Worker<'_> {
    fn pencil<T: Entry>(&mut self, pencil: &Pencil<'_, T>) -> ControlFlow<()> {
        if (self.stop)() {
            return ControlFlow::Break(());
        }
        let (rank, directions) = (self.problem.rank, self.problem.columns.directions);
        for (index, row) in pencil.rows.iter().enumerate() {
            let (outer, inner) = row[rank..].split_at(directions);
            self.outer[index].fill(outer, &self.weights[0]);
            self.inner[index].fill(inner, &self.weights[1]);
        }
        self.refresh();
        let mut normals = 0;
        for index in pencil.candidates() {
            self.candidate(pencil, index);
            normals += 1;
            if normals % PAUSE == 0 && (self.stop)() {
                return ControlFlow::Break(());
            }
        }
        self.counters.normals.fetch_add(normals, Ordering::Relaxed);
        ControlFlow::Continue(())
    }
}
