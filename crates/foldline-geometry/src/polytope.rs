//! A float polytope that contains the exact one, and sound bounds on it from any multipliers.

use crate::directed::{LARGEST_MAGNITUDE, UNDERFLOW_SLACK, UNIT_ROUNDOFF};

/// A box with half-spaces a·x ≤ b whose float data *enclose* the exact region they stand for.
///
/// Whatever put a half-space in guarantees that every point of the exact region satisfies
/// the float inequality exactly; lower and upper likewise.
#[derive(Debug, Clone)]
pub struct Polytope {
    /// Dimension d.
    pub dimension: usize,
    /// Least coordinates.
    pub lower: Vec<f64>,
    /// Greatest coordinates.
    pub upper: Vec<f64>,
    /// Normals, d numbers each, one after another.
    pub normals: Vec<f64>,
    /// Right-hand sides.
    pub bounds: Vec<f64>,
    /// For each half-space Σ|a_j|·X_j + |b|, where X_j bounds |x_j| on the root box.
    magnitudes: Vec<f64>,
    /// X_j; infinite beyond [`LARGEST_MAGNITUDE`], where underflow could hide something.
    reach: Vec<f64>,
}

impl Polytope {
    /// The box alone.
    pub fn new(lower: Vec<f64>, upper: Vec<f64>) -> Self {
        let reach = lower.iter().zip(&upper).map(|(l, u)| match l.abs().max(u.abs()) {
            reach if reach <= LARGEST_MAGNITUDE => reach,
            _ => f64::INFINITY,
        });
        let reach = reach.collect();
        let dimension = lower.len();
        let (normals, bounds, magnitudes) = (Vec::new(), Vec::new(), Vec::new());
        Self { dimension, lower, upper, normals, bounds, magnitudes, reach }
    }

    /// Number of half-spaces.
    pub fn half_spaces(&self) -> usize {
        self.bounds.len()
    }

    /// The normal of one half-space.
    pub fn normal(&self, index: usize) -> &[f64] {
        &self.normals[index * self.dimension..(index + 1) * self.dimension]
    }

    /// Σ λ·(Σ|a_j|·X_j + |b|): the size of what multipliers add up.
    pub fn magnitude(&self, multipliers: &[(u32, f64)]) -> f64 {
        multipliers.iter().map(|&(index, value)| value * self.magnitudes[index as usize]).sum()
    }

    /// Upper bounds of |x_j|.
    pub fn reach(&self) -> &[f64] {
        &self.reach
    }

    /// Adds the half-space normal·x ≤ bound.
    pub fn push(&mut self, normal: &[f64], bound: f64) {
        self.normals.extend_from_slice(normal);
        self.bounds.push(bound);
        let sum: f64 = normal.iter().zip(&self.reach).map(|(a, x)| a.abs() * x).sum();
        self.magnitudes.push((sum + bound.abs()) * (1.0 + 1e-9));
    }

    /// Drops the half-spaces from `length` on.
    pub fn truncate(&mut self, length: usize) {
        self.normals.truncate(length * self.dimension);
        self.bounds.truncate(length);
        self.magnitudes.truncate(length);
    }

    /// A sound lower bound of `gradient·x + constant` over the polytope.
    ///
    /// `multipliers` are pairs (half-space, λ ≥ 0); any λ give a bound, since for x inside
    /// g·x ≥ g·x + Σ λ_i (a_i·x − b_i) ≥ min over the box of (g + Σ λ_i a_i)·x − Σ λ_i b_i.
    /// All roundings are covered: the answer is never above the exact minimum.
    #[inline(always)]
    pub fn lower_bound(
        &self,
        gradient: &[f64],
        constant: f64,
        multipliers: &[(u32, f64)],
        scratch: &mut [f64],
    ) -> f64 {
        let dimension = self.dimension;
        let combined = &mut scratch[..dimension];
        combined.copy_from_slice(&gradient[..dimension]);
        let mut value = constant;
        let mut magnitude = constant.abs();
        for j in 0..dimension {
            magnitude += gradient[j].abs() * self.reach[j];
        }
        for &(index, multiplier) in multipliers {
            let index = index as usize;
            if multiplier <= 0.0 {
                continue;
            }
            for (sum, a) in combined.iter_mut().zip(self.normal(index)) {
                *sum += multiplier * a;
            }
            value -= multiplier * self.bounds[index];
            magnitude += multiplier * self.magnitudes[index];
        }
        for j in 0..dimension {
            value += (combined[j] * self.lower[j]).min(combined[j] * self.upper[j]);
        }
        let roundings = (4 * dimension + 4 * multipliers.len() + 16) as f64;
        if magnitude <= LARGEST_MAGNITUDE {
            value - (roundings * UNIT_ROUNDOFF * magnitude + UNDERFLOW_SLACK)
        } else {
            f64::NEG_INFINITY
        }
    }
}
