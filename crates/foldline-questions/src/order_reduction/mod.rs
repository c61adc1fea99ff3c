//! Zonotopes with fewer generators, and how good they are, certified [Z, Thm 7.1].
//!
//! Differs from the paper: the inclusions are about the center (about 0 they are false: they would
//! force the same cone), with Z₀ the reduced zonotope moved to 0:
//! (1+ε)⁻¹ Z₀ ⊆ Z − c ⊆ (1+ε) Z₀. And a sample is not only likely to be good: bounds of both ratios
//! of support functions show how good it is; if it is not good enough, another one is drawn.

use std::time::{Duration, Instant};

use foldline_geometry::zonotopes::floats::exact_float;
use foldline_geometry::zonotopes::ratio::{RatioBounds, largest_ratio};
use foldline_geometry::zonotopes::ratio_exact::{MOST_DIMENSIONS, largest_ratio_exactly};
use foldline_geometry::zonotopes::reduction::{Random, Spanning, girard, pca, sample};
use foldline_kernel::{Rational, Zonotope};

use crate::limits::{self, Limits};

/// How to reduce.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// Sample by Lewis weights until the certified ε is at most this.
    Lewis(f64),
    /// Girard's box: an outer approximation with at most so many generators.
    Girard(usize),
    /// The box along principal axes: an outer approximation with at most so many generators.
    Pca(usize),
}

/// Limits and the seed; a certificate that the limit of time cuts short is a weaker one.
pub type Options = limits::Options<()>;

/// A reduced zonotope and what is known about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reduction {
    /// The zonotope, with the same center.
    pub zonotope: Zonotope,
    /// Bounds of max h_{Z−c}/h_{Z₀}: how much Z₀ must grow to hold Z − c.
    pub outward: RatioBounds,
    /// Bounds of max h_{Z₀}/h_{Z−c}.
    pub inward: RatioBounds,
    /// Both ratios exactly, outward and inward: where the generators have rank 3 at most, unless a
    /// limit ran out.
    pub exact: Option<[Rational; 2]>,
    /// Samples drawn.
    pub tries: u64,
    /// Generators drawn in the last sample; 0 if there was none.
    pub samples: usize,
    /// The probability, before it was drawn, that a sample of this size keeps the ε asked for: a
    /// lower bound by Chernoff's inequality on a net of directions, [`sample_probability`].
    pub probability: f64,
}

/// Samples drawn at most.
const MOST_TRIES: u64 = 10;
/// Cones looked at in each direction of a certificate.
const MOST_CONES: u64 = 60_000;
/// The same where the ratios are made exact.
const MOST_EXACT_CONES: u64 = 1_000_000;

impl Reduction {
    /// An ε with (1+ε)⁻¹ Z₀ ⊆ Z − c ⊆ (1+ε) Z₀, shown; `None` if none is. The least one where both
    /// ratios are known exactly.
    pub fn certified_epsilon(&self) -> Option<Rational> {
        if let Some(exact) = &self.exact {
            return Some(least(exact));
        }
        let upper = self.outward.upper.max(self.inward.upper);
        upper.is_finite().then(|| excess(upper))
    }

    /// A number that the least such ε is not below.
    pub fn least_epsilon(&self) -> Rational {
        if let Some(exact) = &self.exact {
            return least(exact);
        }
        excess(self.outward.lower.max(self.inward.lower))
    }

    /// The larger of both bounds: smaller is better.
    fn badness(&self) -> f64 {
        self.outward.upper.max(self.inward.upper)
    }
}

/// ratio − 1, at least 0.
fn excess(ratio: f64) -> Rational {
    (exact_float(ratio) - Rational::ONE).max(Rational::ZERO)
}

/// The larger ratio − 1, at least 0.
fn least([outward, inward]: &[Rational; 2]) -> Rational {
    (outward.max(inward) - Rational::ONE).max(Rational::ZERO)
}

/// Reduces `zonotope`.
///
/// `None` if floats cannot handle it: its generators are almost flat, or in too many dimensions.
pub fn reduce(zonotope: &Zonotope, method: Method, options: &Options) -> Option<Reduction> {
    let limits = Limits::new(options);
    let stop = || limits.reached();
    let spanning = Spanning::new(zonotope);
    let rank = spanning.coordinates.len();
    let dimension = zonotope.dimension();
    let mut reduction = match method {
        Method::Girard(most) | Method::Pca(most) if most >= spanning.vectors.len() => {
            return Some(unchanged(zonotope, &spanning));
        }
        Method::Girard(most) => {
            let reduced = girard(&spanning.vectors, dimension, most);
            certify(zonotope, &spanning, reduced, 1e-3, options.timeout, &stop)
        }
        Method::Pca(most) => {
            let reduced = pca(&spanning.vectors, dimension, most)?;
            certify(zonotope, &spanning, reduced, 1e-3, options.timeout, &stop)
        }
        Method::Lewis(epsilon) => {
            let wanted = sample_size(rank, epsilon);
            if wanted >= spanning.vectors.len() {
                return Some(unchanged(zonotope, &spanning));
            }
            sample_until_good(zonotope, &spanning, wanted, epsilon, options, &stop)?
        }
    };
    reduction.exact = exact_ratios(&spanning, &reduction, &stop);
    Some(reduction)
}

/// Both ratios exactly, if the rank is small and both are finite.
fn exact_ratios(
    spanning: &Spanning,
    reduction: &Reduction,
    stop: &dyn Fn() -> bool,
) -> Option<[Rational; 2]> {
    if spanning.coordinates.len() > MOST_DIMENSIONS || !reduction.badness().is_finite() {
        return None;
    }
    // Parallel generators are merged, which leaves the coordinates as they are: the span is the same.
    let theirs = spanning.others(&Spanning::new(&reduction.zonotope).vectors);
    let ratio = |a, b| Some(largest_ratio_exactly(a, b, MOST_EXACT_CONES, stop)?.ratio);
    Some([ratio(&spanning.floats, &theirs)?, ratio(&theirs, &spanning.floats)?])
}

/// How many generators are drawn at first: 4/3·d/ε².
fn sample_size(rank: usize, epsilon: f64) -> usize {
    (4.0 / 3.0 * rank as f64 / (epsilon * epsilon)).floor().max(1.0) as usize
}

/// At least the probability that a sample of `count` generators keeps ε.
///
/// In one direction the sum is one of independent terms of at most d/count each, by the property of
/// Lewis weights, with mean 1; Chernoff's inequality holds for η, on a net of (1 + 2/η)^d directions
/// at once, and from there with ε = 4η everywhere.
pub fn sample_probability(rank: usize, epsilon: f64, count: usize) -> f64 {
    let eta = (epsilon / 4.0).min(1.0 / 6.0);
    let dimension = rank as f64;
    let net = dimension * (1.0 + 2.0 / eta).ln();
    let failure = (2f64.ln() + net - eta * eta * count as f64 / (3.0 * dimension)).exp();
    (1.0 - failure).max(0.0)
}

fn unchanged(zonotope: &Zonotope, spanning: &Spanning) -> Reduction {
    let one = RatioBounds { lower: 1.0, upper: 1.0, cones: 0 };
    let generators = spanning.vectors.clone();
    Reduction {
        zonotope: Zonotope { center: zonotope.center.clone(), generators },
        outward: one,
        inward: one,
        exact: Some([Rational::ONE, Rational::ONE]),
        tries: 0,
        samples: 0,
        probability: 1.0,
    }
}

fn sample_until_good(
    zonotope: &Zonotope,
    spanning: &Spanning,
    count: usize,
    epsilon: f64,
    options: &Options,
    stop: &dyn Fn() -> bool,
) -> Option<Reduction> {
    let mut random = Random::new(options.seed);
    let mut best: Option<Reduction> = None;
    for tries in 1..=MOST_TRIES {
        let reduced = sample(spanning, count, &mut random)?;
        let mut reduction =
            certify(zonotope, spanning, reduced, epsilon / 20.0, options.timeout, stop);
        balance(&mut reduction);
        reduction.samples = count;
        reduction.probability = sample_probability(spanning.coordinates.len(), epsilon, count);
        if best.as_ref().is_none_or(|best| reduction.badness() < best.badness()) {
            best = Some(reduction);
        }
        let best = best.as_mut()?;
        best.tries = tries;
        // Where the bounds, not the sample, fall short of ε, another sample does not help.
        let is_good = best.badness() <= 1.0 + epsilon;
        let undecided = best.outward.lower.max(best.inward.lower) <= 1.0 + epsilon;
        if is_good || undecided || stop() {
            break;
        }
    }
    best
}

/// Bounds how the reduced zonotope compares with the original one.
fn certify(
    zonotope: &Zonotope,
    spanning: &Spanning,
    reduced: Vec<Vec<Rational>>,
    tolerance: f64,
    time: Option<Duration>,
    stop: &dyn Fn() -> bool,
) -> Reduction {
    let is_zero = |vector: &Vec<Rational>| vector.iter().all(Rational::is_zero);
    let generators: Vec<Vec<Rational>> =
        reduced.into_iter().filter(|vector| !is_zero(vector)).collect();
    let is_flat = spanning.coordinates.len() < zonotope.dimension();
    let zonotope = Zonotope { center: zonotope.center.clone(), generators };
    // A box around a flat zonotope leaves its span; then there is no ratio but that in the whole space.
    let theirs =
        if is_flat && Spanning::new(&zonotope).coordinates.len() > spanning.coordinates.len() {
            None
        } else {
            Some(spanning.others(&zonotope.generators))
        };
    let unknown = RatioBounds { lower: 1.0, upper: f64::INFINITY, cones: 0 };
    let start = Instant::now();
    let bounds = |outward: bool| {
        let Some(theirs) = &theirs else { return unknown };
        let looked_at = std::cell::Cell::new(0u64);
        // The first of the two leaves half of the time to the second.
        let is_late = || outward && time.is_some_and(|time| start.elapsed() >= time / 2);
        let enough = || {
            looked_at.set(looked_at.get() + 1);
            looked_at.get() > MOST_CONES || stop() || is_late()
        };
        if outward {
            largest_ratio(&spanning.floats, theirs, tolerance, &enough)
        } else {
            largest_ratio(theirs, &spanning.floats, tolerance, &enough)
        }
    };
    let (outward, inward) = (bounds(true), bounds(false));
    Reduction { zonotope, outward, inward, exact: None, tries: 0, samples: 0, probability: 0.0 }
}

/// Scales the reduced zonotope so that both ratios are about the same.
///
/// The lower bounds are those to go by: they are close to the ratios even where a limit left the
/// upper ones far off.
fn balance(reduction: &mut Reduction) {
    let factor = (reduction.outward.lower / reduction.inward.lower).sqrt();
    if !factor.is_finite() || factor <= 0.0 {
        return;
    }
    let exact = exact_float(factor);
    for generator in &mut reduction.zonotope.generators {
        generator.iter_mut().for_each(|value| *value *= &exact);
    }
    let (down, up) = (1.0 - 2.0 * f64::EPSILON, 1.0 + 2.0 * f64::EPSILON);
    reduction.outward.lower = reduction.outward.lower / factor * down;
    reduction.outward.upper = reduction.outward.upper / factor * up;
    reduction.inward.lower = reduction.inward.lower * factor * down;
    reduction.inward.upper = reduction.inward.upper * factor * up;
}
