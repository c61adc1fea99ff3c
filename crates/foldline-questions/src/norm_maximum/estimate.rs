//! Bounds of the largest norm from random samples: reduced zonotopes [Z, Thm 7.2], and directions.
//!
//! Every lower bound is the norm of a true vertex of the zonotope.

use foldline_geometry::directed::{nearest, round_down, round_up};
use foldline_geometry::zonotopes::floats::exact_float;
use foldline_geometry::zonotopes::reduction::Random;
use foldline_kernel::number::{Abs, BitTest, power_of_two};
use foldline_kernel::{Rational, Zonotope};

use super::direct::{point, vertex_signs};
use super::powers::Power;
use super::statement::{Norm, NormError, Options, Value, Verdict};
use super::{maximize_norm, norm_bounds};
use crate::order_reduction::{self, Method};

/// Directions sampled at most, and products of numbers that they may take together.
const MOST_DIRECTIONS: f64 = 200_000.0;
const MOST_PRODUCTS: f64 = 1e9;
/// The probability of failure that the number of directions aims at.
const FAILURE: f64 = 0.01;

/// Bounds from one way of sampling.
#[derive(Debug, Clone, PartialEq)]
pub struct Bounds {
    /// `lewis` or `directions`.
    pub method: &'static str,
    /// The norm of a vertex, rounded down: always true.
    pub lower: Rational,
    /// Above the largest norm with this probability; `None` if the method says nothing.
    pub upper: Option<Rational>,
    /// 1 where the bound is certified.
    pub probability: f64,
}

/// What the samples say together.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// Each method's bounds.
    pub methods: Vec<Bounds>,
    /// The best vertex.
    pub vertex: Vec<Rational>,
    /// Its signs.
    pub signs: Vec<i8>,
}

impl Estimate {
    /// The largest lower bound, and the least upper bound among the most probable ones.
    pub fn best(&self) -> (&Rational, Option<&Bounds>) {
        let lower = self.methods.iter().map(|bounds| &bounds.lower).max().expect("a method");
        let known = self.methods.iter().filter(|bounds| bounds.upper.is_some());
        let upper = known.max_by(|a, b| {
            a.probability.total_cmp(&b.probability).then_with(|| b.upper.cmp(&a.upper))
        });
        (lower, upper)
    }
}

/// Samples with relative error about `epsilon`.
///
/// # Errors
/// As for [`maximize_norm`].
pub fn estimate_norm(
    zonotope: &Zonotope,
    norm: &Norm,
    epsilon: f64,
    seed: u64,
    options: &Options,
) -> Result<Estimate, NormError> {
    norm.check(zonotope.dimension())?;
    let mut vertices = Vec::new();
    let mut methods = Vec::new();
    let (signs, bounds) = by_reduction(zonotope, norm, epsilon, seed, options)?;
    vertices.push((bounds.lower.clone(), signs));
    methods.push(bounds);
    if let Some((signs, bounds)) = by_directions(zonotope, norm, epsilon, seed) {
        vertices.push((bounds.lower.clone(), signs));
        methods.push(bounds);
    }
    let (_, signs) = vertices.into_iter().max().expect("one method at least");
    Ok(Estimate { methods, vertex: point(zonotope, &signs), signs })
}

/// α = the largest norm on a reduced zonotope Z₀ about 0, of c and the generators; with
/// λ ≥ h/h_{Z₀} certified, the largest norm is at most λα.
fn by_reduction(
    zonotope: &Zonotope,
    norm: &Norm,
    epsilon: f64,
    seed: u64,
    options: &Options,
) -> Result<(Vec<i8>, Bounds), NormError> {
    let mut generators = zonotope.generators.clone();
    generators.push(zonotope.center.clone());
    let symmetric = Zonotope { center: vec![Rational::ZERO; zonotope.dimension()], generators };
    let (timeout, stop) = (options.timeout, options.stop.clone());
    let limits = order_reduction::Options { seed, timeout, stop, ..Default::default() };
    let reduction = order_reduction::reduce(&symmetric, Method::Lewis(epsilon), &limits);
    let (reduced, factor, probability) = match reduction {
        Some(found) if found.outward.upper.is_finite() => {
            (found.zonotope, exact_float(found.outward.upper), 1.0)
        }
        Some(found) => (found.zonotope, exact_float(1.0 + epsilon), found.probability),
        None => (symmetric, Rational::ONE, 1.0),
    };
    let (best, alpha) = match maximize_norm(&reduced, norm, options)?.verdict {
        Verdict::Found(maximum) => {
            let (_, upper) = value_bounds(&maximum.value);
            (maximum, Some(upper))
        }
        Verdict::Undecided { best, upper, .. } => (best, upper),
    };
    let direction = steepest(norm, &best.vertex);
    let signs = oriented_signs(zonotope, &direction);
    let lower = norm_bounds(norm, &point(zonotope, &signs)).0;
    let upper = alpha.map(|alpha| alpha * factor);
    Ok((signs, Bounds { method: "lewis", lower, upper, probability }))
}

/// Vertices in random directions u of the dual ball of radius 1 + η (Shenmaier 2018): one that is
/// within η of the best functional gives a vertex of norm at least (1 − η)/(1 + η) of the largest.
///
/// For p = 1, 2, inf, whose dual balls are easy to sample; the probability of a hit is the ratio of
/// the volumes, (η/(1+η))^d, twice because u and −u are looked at.
fn by_directions(
    zonotope: &Zonotope,
    norm: &Norm,
    epsilon: f64,
    seed: u64,
) -> Option<(Vec<i8>, Bounds)> {
    let power = match norm {
        Norm::Infinity => f64::INFINITY,
        Norm::Power(p) if *p == Rational::ONE => 1.0,
        Norm::Power(p) if *p == Rational::from(2) => 2.0,
        _ => return None,
    };
    let dimension = zonotope.dimension();
    let eta = epsilon / (2.0 + epsilon);
    let hit = (2.0 * (eta / (1.0 + eta)).powi(dimension as i32)).min(1.0);
    let count = (FAILURE.ln() / (-hit).ln_1p()).ceil();
    let size = (zonotope.dimension() * (1 + zonotope.generators.len())) as f64;
    let count = count.clamp(1.0, MOST_DIRECTIONS.min(1.0 + MOST_PRODUCTS / size));
    let probability = 1.0 - (count * (-hit).ln_1p()).exp();
    let mut random = Random::new(seed ^ 0x5eed);
    let center: Vec<f64> = zonotope.center.iter().map(nearest).collect();
    let generators: Vec<Vec<f64>> =
        zonotope.generators.iter().map(|vector| vector.iter().map(nearest).collect()).collect();
    let mut best = (f64::NEG_INFINITY, vec![1.0; dimension]);
    for _ in 0..count as u64 {
        let direction = dual_ball_direction(power, dimension, &mut random);
        let value = float_norm_at(&center, &generators, &direction, power);
        if value > best.0 {
            best = (value, direction);
        }
    }
    let direction: Vec<Rational> = best.1.iter().map(|&value| exact_float(value)).collect();
    let signs = oriented_signs(zonotope, &direction);
    let lower = norm_bounds(norm, &point(zonotope, &signs)).0;
    let upper = &lower * exact_float((1.0 + epsilon) * (1.0 + 1e-9));
    Some((signs, Bounds { method: "directions", lower, upper: Some(upper), probability }))
}

/// The signs of the vertex in this direction or its negative, whichever the center favours.
fn oriented_signs(zonotope: &Zonotope, direction: &[Rational]) -> Vec<i8> {
    let center = super::direct::product(&zonotope.center, direction);
    if center < Rational::ZERO {
        let negative: Vec<Rational> = direction.iter().map(|value| -value.clone()).collect();
        vertex_signs(zonotope, &negative)
    } else {
        vertex_signs(zonotope, direction)
    }
}

/// A functional that is large at `vertex`: about the norm's gradient there.
fn steepest(norm: &Norm, vertex: &[Rational]) -> Vec<Rational> {
    let magnitude = |value: &Rational| value.clone().abs();
    match norm {
        Norm::Infinity => {
            let largest = vertex.iter().map(magnitude).max().unwrap_or(Rational::ZERO);
            let place = vertex.iter().position(|value| magnitude(value) == largest);
            let mut direction = vec![Rational::ZERO; vertex.len()];
            direction[place.unwrap_or(0)] = vertex[place.unwrap_or(0)].clone();
            direction
        }
        Norm::Polytope(rows) => {
            let value = |row: &Vec<Rational>| super::direct::product(row, vertex).abs();
            rows.iter().max_by_key(|row| value(row)).cloned().unwrap_or_default()
        }
        Norm::Power(p) => {
            let floats: Vec<f64> = vertex.iter().map(nearest).collect();
            let gradient = Power::new(p).gradient(&floats);
            let finite = gradient.iter().all(|value| value.is_finite());
            if finite { gradient.into_iter().map(exact_float).collect() } else { vertex.to_vec() }
        }
    }
}

/// The norm of the vertex in a direction, in floats.
fn float_norm_at(center: &[f64], generators: &[Vec<f64>], direction: &[f64], power: f64) -> f64 {
    let dot = |vector: &[f64]| vector.iter().zip(direction).map(|(a, b)| a * b).sum::<f64>();
    let orientation = if dot(center) < 0.0 { -1.0 } else { 1.0 };
    let mut sum = center.to_vec();
    for generator in generators {
        let sign = if orientation * dot(generator) < 0.0 { -1.0 } else { 1.0 };
        sum.iter_mut().zip(generator).for_each(|(sum, value)| *sum += sign * value);
    }
    match power {
        1.0 => sum.iter().map(|value| value.abs()).sum(),
        2.0 => sum.iter().map(|value| value * value).sum::<f64>().sqrt(),
        _ => sum.iter().fold(0.0, |largest, value| value.abs().max(largest)),
    }
}

/// A direction of a uniform point of the ball of the norm that is dual to the p-norm.
fn dual_ball_direction(power: f64, dimension: usize, random: &mut Random) -> Vec<f64> {
    let coordinate = |random: &mut Random| match power {
        1.0 => 2.0 * random.uniform() - 1.0,
        2.0 => random.normal(),
        // The ball of the 1-norm: signed exponential variables, up to a factor.
        _ => {
            let sign = if random.uniform() < 0.5 { -1.0 } else { 1.0 };
            -sign * (1.0 - random.uniform()).ln()
        }
    };
    (0..dimension).map(|_| coordinate(random)).collect()
}

/// Rational bounds of a norm whose square or bounds are known.
pub fn value_bounds(value: &Value) -> (Rational, Rational) {
    match value {
        Value::Exact(value) => (value.clone(), value.clone()),
        Value::Squared(square) => root_bounds(square),
        Value::Between { lower, upper } => (lower.clone(), upper.clone()),
    }
}

/// Rationals around the square root.
fn root_bounds(square: &Rational) -> (Rational, Rational) {
    if square.is_zero() {
        return (Rational::ZERO, Rational::ZERO);
    }
    let bits = square.numerator().bit_len() as i64 - square.denominator().bit_len() as i64;
    let half = bits.div_euclid(2);
    let scaled = square * power_of_two(-2 * half);
    let down = round_down(&scaled).sqrt().next_down();
    let up = round_up(&scaled).sqrt().next_up();
    let scale = power_of_two(half);
    (exact_float(down) * &scale, exact_float(up) * scale)
}
