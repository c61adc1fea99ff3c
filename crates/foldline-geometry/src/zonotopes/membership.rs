//! Membership of a point: its gauge about the center, with coefficients or a separating function.

use foldline_kernel::number::least_common_multiple;
use foldline_kernel::{Integer, Rational, Zonotope};

use super::gauge::GaugeProgram;
use super::segments::{primitive, scaled};
use super::span::Span;

/// How a point lies to a zonotope Z with center c.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The least s ≥ 0 with x ∈ c + s·(Z − c); none if x is outside of Z's affine hull.
    pub scale: Option<Rational>,
    /// β with x = c + Σ β_i g_i and |β_i| ≤ s; empty if there is no s.
    pub coefficients: Vec<Rational>,
    /// u with u·(x − c) = s·h(u), h being the support function of Z − c; if there is no s,
    /// u·x > u·c and u is constant on Z; zero if x = c.
    pub normal: Vec<Rational>,
}

impl Membership {
    /// Whether x ∈ Z.
    pub fn is_member(&self) -> bool {
        self.scale.as_ref().is_some_and(|scale| *scale <= Rational::ONE)
    }
}

/// Decides exactly whether `point` is in the zonotope.
///
/// # Panics
/// If the point has another dimension.
pub fn membership(zonotope: &Zonotope, point: &[Rational]) -> Membership {
    assert_eq!(point.len(), zonotope.dimension(), "a point of another dimension");
    let directions: Vec<Vec<Integer>> =
        zonotope.generators.iter().filter_map(|g| Some(primitive(g)?.0)).collect();
    let span = Span::new(zonotope.dimension(), &directions);
    let arm: Vec<Rational> = point.iter().zip(&zonotope.center).map(|(x, c)| x - c).collect();
    let no_scale = |normal: &[Integer]| {
        let mut normal: Vec<Rational> = normal.iter().cloned().map(Rational::from).collect();
        let terms = normal.iter().zip(&arm);
        if terms.fold(Rational::ZERO, |sum, (u, y)| sum + u * y) < Rational::ZERO {
            normal.iter_mut().for_each(|entry| *entry = -std::mem::take(entry));
        }
        Membership { scale: None, coefficients: Vec::new(), normal }
    };
    if let Some((direction, _)) = primitive(&arm)
        && let Some(equation) = span.violated(&direction)
    {
        return no_scale(equation);
    }
    // Everything in the span's coordinates, as integers over one denominator.
    let pick = |vector: &[Rational]| -> Vec<Rational> {
        span.coordinates.iter().map(|&index| vector[index].clone()).collect()
    };
    let vectors: Vec<Vec<Rational>> = zonotope.generators.iter().map(|g| pick(g)).collect();
    let target = pick(&arm);
    let common = vectors
        .iter()
        .flatten()
        .chain(&target)
        .fold(1u8.into(), |common, value| least_common_multiple(&common, value.denominator()));
    let integers: Vec<Vec<Integer>> = vectors.iter().map(|v| scaled(v, &common)).collect();
    let program = GaugeProgram::new(span.rank(), &integers).expect("they span their span");
    let gauge = program.gauge(&scaled(&target, &common));
    let normal = span.extend(zonotope.dimension(), &gauge.normal);
    Membership {
        scale: Some(gauge.value),
        coefficients: gauge.coefficients,
        normal: normal.into_iter().map(Rational::from).collect(),
    }
}
