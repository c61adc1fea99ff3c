//! The best vertex found so far, compared exactly, and the float below which nothing is of interest.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline_geometry::directed::{nearest, round_down, round_up};
use foldline_geometry::zonotopes::floats::FloatGenerators;
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Integer, Rational};

use super::exact::IntegerVectors;
use super::powers::Power;

/// For norms that are irrational: regions this little above the incumbent are dropped.
const RELATIVE_GAP: f64 = 4e-10;

/// The problem max ‖Σ ±g_i‖, and what is known about it.
pub struct Problem<'a> {
    /// The norm.
    pub power: Power,
    /// The vectors in floats.
    pub generators: &'a FloatGenerators,
    /// The vectors over a common denominator.
    pub exact: IntegerVectors,
    /// Bound of what rounding adds to the norm of a signed sum.
    pub sum_error: f64,
    /// Cones in which at most this many generators change sign are finished by their sign vectors.
    pub few_signs: usize,
    /// Bits of the float that a norm has to exceed to be of interest (scaled as the floats).
    threshold: AtomicU64,
    best: Mutex<Best>,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// Counts.
    pub cones: AtomicU64,
    /// Counts.
    pub sign_nodes: AtomicU64,
    /// Counts.
    pub exact_points: AtomicU64,
}

struct Best {
    signs: Vec<i8>,
    /// p = 1, 2: the norm or its square, in the units of [`IntegerVectors`].
    exact: Option<Integer>,
    /// Otherwise: a float below the norm of the best vertex, and one above all those looked at.
    low: f64,
    high: f64,
}

impl<'a> Problem<'a> {
    /// Nothing is known yet.
    pub fn new(
        power: Power,
        generators: &'a FloatGenerators,
        few_signs: usize,
        stop: &'a (dyn Fn() -> bool + Sync),
    ) -> Self {
        let coordinate_error = |coordinate: usize| {
            let mut unit = vec![0.0; generators.dimension];
            unit[coordinate] = 1.0;
            generators.support_error(&unit)
        };
        let errors: f64 = (0..generators.dimension).map(coordinate_error).sum();
        Self {
            power,
            generators,
            few_signs,
            exact: IntegerVectors::new(generators.dimension, &generators.exact),
            sum_error: errors * 1.01,
            threshold: AtomicU64::new((-1f64).to_bits()),
            best: Mutex::new(Best { signs: vec![], exact: None, low: -1.0, high: 0.0 }),
            stop,
            cones: AtomicU64::new(0),
            sign_nodes: AtomicU64::new(0),
            exact_points: AtomicU64::new(0),
        }
    }

    /// The float that a norm has to exceed to be of interest.
    pub fn threshold(&self) -> f64 {
        f64::from_bits(self.threshold.load(Ordering::Relaxed))
    }

    /// Whether the search has to end.
    pub fn is_stopped(&self) -> bool {
        (self.stop)()
    }

    /// Looks at the vertex with these signs, exactly.
    pub fn offer(&self, signs: &[i8]) {
        self.exact_points.fetch_add(1, Ordering::Relaxed);
        let exact = match self.power {
            Power::One => Some(self.exact.absolute(signs)),
            Power::Two => Some(self.exact.square(signs)),
            _ => None,
        };
        let bounds = if exact.is_some() { (0.0, 0.0) } else { self.norm_of(signs) };
        let mut best = self.best.lock().expect("no worker panicked");
        best.high = best.high.max(bounds.1);
        let is_better = match (&exact, &best.exact) {
            (Some(new), Some(old)) => new > old,
            (Some(_), None) => true,
            (None, _) => bounds.0 > best.low,
        };
        if !is_better {
            return;
        }
        best.signs = signs.to_vec();
        let (low, gap) = match exact {
            Some(_) => (self.norm_of(signs).0, 0.0),
            None => (bounds.0, RELATIVE_GAP),
        };
        best.exact = exact;
        best.low = low;
        self.threshold.store((low * (1.0 + gap)).to_bits(), Ordering::Relaxed);
    }

    /// Floats below and above the norm of the vertex with these signs.
    fn norm_of(&self, signs: &[i8]) -> (f64, f64) {
        let scale = power_of_two(-self.generators.shift);
        let sum: Vec<Rational> = self.exact.sum(signs).iter().map(|value| value * &scale).collect();
        let zero = Rational::ZERO;
        let magnitude =
            |value: &Rational| if *value < zero { -value.clone() } else { value.clone() };
        let below: Vec<f64> = sum.iter().map(|value| round_down(&magnitude(value))).collect();
        let above: Vec<f64> = sum.iter().map(|value| round_up(&magnitude(value))).collect();
        (self.power.norm_below(&below), self.power.norm_above(&above))
    }

    /// The signs of the best vertex; all 1 if none was offered.
    pub fn best_signs(&self) -> Vec<i8> {
        let best = self.best.lock().expect("no worker panicked");
        if best.signs.is_empty() { vec![1; self.generators.count()] } else { best.signs.clone() }
    }

    /// A float above the norms of all vertices looked at where these are not compared exactly.
    pub fn high(&self) -> f64 {
        self.best.lock().expect("no worker panicked").high
    }

    /// An earlier run has looked at vertices with norms up to `high`.
    pub fn raise_high(&self, high: f64) {
        let mut best = self.best.lock().expect("no worker panicked");
        best.high = best.high.max(high);
    }

    /// Scaled floats between which the largest norm lies once the search has ended.
    pub fn bounds(&self) -> (f64, f64) {
        let best = self.best.lock().expect("no worker panicked");
        (best.low.max(0.0), best.high.max(self.threshold()))
    }

    /// Goes uphill from `direction`: to the vertex there, to the norm's gradient at it, and so on.
    pub fn climb(&self, direction: &[f64]) {
        let mut direction = direction.to_vec();
        let mut reached = -1.0;
        let mut signs = Vec::new();
        for _ in 0..100 {
            let products = self.generators.products(&direction);
            let next: Vec<i8> =
                products.iter().map(|&product| if product < 0.0 { -1 } else { 1 }).collect();
            let point = self.float_sum(&next);
            let norm = self.power.norm_below(&point);
            if norm <= reached {
                break;
            }
            reached = norm;
            signs = next;
            direction = self.power.gradient(&point);
        }
        if reached + self.sum_error >= self.threshold() && !signs.is_empty() {
            self.offer(&signs);
        }
    }

    /// Σ signs[i]·g_i in floats, off by at most `sum_error` in any p-norm.
    pub fn float_sum(&self, signs: &[i8]) -> Vec<f64> {
        let mut sum = vec![0.0; self.generators.dimension];
        for (index, &sign) in signs.iter().enumerate() {
            let vector = self.generators.vector(index);
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += f64::from(sign) * value);
        }
        sum
    }

    /// Whether the norm of a vector is at most that of the best vertex, exactly; `None` where that is
    /// not compared exactly.
    pub fn is_at_most_best(&self, vector: &[Rational]) -> Option<bool> {
        let scale = Rational::from(self.exact.denominator().clone());
        let best = self.best.lock().expect("no worker panicked").exact.clone()?;
        let zero = Rational::ZERO;
        let sum = match self.power {
            Power::Two => vector.iter().fold(zero, |sum, v| sum + v * v) * &scale * scale,
            Power::One => {
                let magnitude = |v: &Rational| if *v < zero { -v.clone() } else { v.clone() };
                vector.iter().map(magnitude).fold(Rational::ZERO, |sum, v| sum + v) * scale
            }
            _ => return None,
        };
        Some(sum <= Rational::from(best))
    }

    /// About the largest norm found so far, not scaled.
    pub fn progress(&self) -> f64 {
        let scale = nearest(&power_of_two(self.generators.shift.clamp(-1000, 1000)));
        self.best.lock().map_or(0.0, |best| best.low.max(0.0) * scale)
    }
}
