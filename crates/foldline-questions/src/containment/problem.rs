//! Two zonotopes about one center in the coordinates of the outer one's span, and the best ratio so far.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline_geometry::zonotopes::entry::Entry;
use foldline_geometry::zonotopes::floats::exact_float;
use foldline_geometry::zonotopes::pencils::Columns;
use foldline_geometry::zonotopes::segments::{make_primitive, product};
use foldline_geometry::zonotopes::weights::Weights;
use foldline_geometry::zonotopes::{GaugeProgram, Segments};
use foldline_kernel::number::least_common_multiple;
use foldline_kernel::{Integer, Rational};

use super::statement::Statistics;

/// The greatest ratio h_A(u)/h_B(u) over all u, for A = Σ [−1, 1]·a and B = Σ [−1, 1]·b.
///
/// B has full rank r ≥ 1. The center's shift is one of the a's: B is symmetric, so it holds
/// A + δ if and only if it holds Σ [−1, 1]·a + [−1, 1]·δ.
#[derive(Debug)]
pub struct Problem {
    /// The rank r.
    pub rank: usize,
    /// Directions of B, then those of A; B's are pairwise non-parallel.
    pub columns: Columns,
    /// Lengths of B's segments over a denominator that A's have, too.
    pub outer: Weights,
    /// Lengths of A's segments.
    pub inner: Weights,
}

impl Problem {
    /// The problem of two lists of segments in r coordinates that B spans.
    pub fn new(rank: usize, outer: &Segments, inner: &Segments) -> Self {
        let (outer_lengths, outer_common) = outer.integer_lengths();
        let (inner_lengths, inner_common) = inner.integer_lengths();
        let common = least_common_multiple(&outer_common, &inner_common);
        let scaled = |lengths: Vec<Integer>, own| -> Vec<Integer> {
            let factor = Integer::from(&common / own);
            lengths.into_iter().map(|length| length * &factor).collect()
        };
        let vectors = outer.directions.iter().chain(&inner.directions).cloned().collect();
        Self {
            rank,
            columns: Columns { rank, directions: outer.directions.len(), vectors },
            outer: Weights::new(scaled(outer_lengths, outer_common)),
            inner: Weights::new(scaled(inner_lengths, inner_common)),
        }
    }

    /// B's generators, A's generators.
    pub fn generators(&self) -> (Vec<Vec<Integer>>, Vec<Vec<Integer>>) {
        let weights = self.outer.exact().iter().chain(self.inner.exact());
        let scaled = |(vector, weight): (&Vec<Integer>, &Integer)| {
            vector.iter().map(|entry| entry * weight).collect()
        };
        let mut outer: Vec<Vec<Integer>> =
            self.columns.vectors.iter().zip(weights).map(scaled).collect();
        let inner = outer.split_off(self.columns.directions);
        (outer, inner)
    }

    /// The program for gauges of points in B.
    pub fn gauges(&self) -> GaugeProgram {
        GaugeProgram::new(self.rank, &self.generators().0).expect("B has full rank")
    }

    /// Tries a function u of the r coordinates.
    pub fn consider(&self, best: &Best, normal: &[Integer]) {
        let values: Vec<Integer> =
            self.columns.vectors.iter().map(|vector| product(vector, normal)).collect();
        self.consider_values(best, normal, &values);
    }

    /// Tries a function u whose values at all columns are known.
    pub fn consider_values<T: Entry>(&self, best: &Best, normal: &[T], values: &[T]) {
        let (outer, inner) = values.split_at(self.columns.directions);
        let (inner, outer) = (self.inner.sum(inner), self.outer.sum(outer));
        if best.is_exceeded_by(&inner, &outer) {
            best.improve(inner, outer, normal.iter().map(T::to_integer).collect());
        }
    }
}

/// The greatest ratio found so far, shared by all workers.
#[derive(Debug)]
pub struct Best {
    state: Mutex<State>,
    /// No ratio is greater than this.
    upper: Mutex<Option<Rational>>,
    /// Changes with every improvement.
    version: AtomicU64,
}

#[derive(Debug, Clone)]
struct State {
    numerator: Integer,
    denominator: Integer,
    normal: Option<Vec<Integer>>,
}

impl Best {
    /// Only ratios above `least` will count.
    pub fn above(least: u8) -> Self {
        let (numerator, denominator) = (least.into(), Integer::ONE);
        let state = Mutex::new(State { numerator, denominator, normal: None });
        Self { state, upper: Mutex::new(None), version: AtomicU64::new(0) }
    }

    /// Notes that no ratio is greater than `bound`.
    pub fn bound(&self, bound: f64) {
        if bound.is_finite() {
            let (bound, mut upper) = (exact_float(bound), self.upper.lock().expect("no panic"));
            if upper.as_ref().is_none_or(|upper| bound < *upper) {
                *upper = Some(bound);
            }
        }
    }

    /// An upper bound of all ratios, if one is known.
    pub fn upper(&self) -> Option<Rational> {
        self.upper.lock().expect("no panic").clone()
    }

    /// Whether all ratios are at most 1, as far as it is known.
    pub fn contained(&self) -> Option<bool> {
        if self.ratio() > Rational::ONE {
            return Some(false);
        }
        self.upper().filter(|upper| *upper <= Rational::ONE).map(|_| true)
    }

    fn state(&self) -> State {
        self.state.lock().expect("no worker panicked").clone()
    }

    /// The ratio.
    pub fn ratio(&self) -> Rational {
        let State { numerator, denominator, .. } = self.state();
        Rational::from(numerator) / Rational::from(denominator)
    }

    /// The function that attains it, if any was found.
    pub fn normal(&self) -> Option<Vec<Integer>> {
        self.state().normal
    }

    /// Grows with every improvement.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether numerator/denominator is greater.
    pub fn is_exceeded_by(&self, numerator: &Integer, denominator: &Integer) -> bool {
        let state = self.state.lock().expect("no worker panicked");
        numerator * &state.denominator > &state.numerator * denominator
    }

    fn improve(&self, numerator: Integer, denominator: Integer, mut normal: Vec<Integer>) {
        make_primitive(&mut normal);
        let mut state = self.state.lock().expect("no worker panicked");
        if &numerator * &state.denominator > &state.numerator * &denominator {
            *state = State { numerator, denominator, normal: Some(normal) };
            self.version.fetch_add(1, Ordering::Release);
        }
    }
}

/// What a search for the greatest ratio works with.
pub struct Walk<'a> {
    /// The question.
    pub problem: &'a Problem,
    /// Whether only ratios above 1 count.
    pub verdict_only: bool,
    /// The greatest ratio so far.
    pub best: &'a Best,
    /// The run's counters.
    pub counters: &'a Counters,
    /// Asked now and then.
    pub stop: &'a (dyn Fn() -> bool + Sync),
}

/// Counters that the workers share.
#[derive(Debug, Default)]
pub struct Counters {
    pub normals: AtomicU64,
    pub exact_normals: AtomicU64,
    pub gauges: AtomicU64,
    /// Looked at share, in units of 2⁻⁵³.
    share: AtomicU64,
}

impl Counters {
    /// The counts of an earlier run are counted, too.
    pub fn resume(&self, earlier: [u64; 4]) {
        for (counter, count) in self.all().into_iter().zip(earlier) {
            counter.store(count, Ordering::Relaxed);
        }
    }

    /// The counts, for a later run.
    pub fn values(&self) -> [u64; 4] {
        self.all().map(|counter| counter.load(Ordering::Relaxed))
    }

    fn all(&self) -> [&AtomicU64; 4] {
        [&self.normals, &self.exact_normals, &self.gauges, &self.share]
    }

    /// Counts a share of the search space as looked at.
    pub fn close(&self, share: f64) {
        self.share.fetch_add((share * (1u64 << 53) as f64) as u64, Ordering::Relaxed);
    }

    /// The counts so far.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            normals: self.normals.load(Ordering::Relaxed),
            exact_normals: self.exact_normals.load(Ordering::Relaxed),
            gauges: self.gauges.load(Ordering::Relaxed),
            fraction: (self.share.load(Ordering::Relaxed) as f64 / (1u64 << 53) as f64).min(1.0),
        }
    }
}
