//! The Euclidean norm of all gradients on a part at once, through an ellipsoid around a zonotope.
//!
//! With independent slopes the gradients are the zonotope {b_0 + Σ t_k·b_k : |t_k| ≤ 1}. For every
//! diagonal D > 0 and every λ with Σ b_k b_kᵀ/D_k ⪯ λ·I (b_0 included, t_0 = 1), Cauchy's inequality
//! gives ‖Σ t_k b_k‖² ≤ λ·Σ D_k. The best D is the dual of a semidefinite program; it is approached by
//! D_k = √(b_kᵀ Y b_k) and Y ← M Y M with M = Σ b_k b_kᵀ/D_k, which stands still where λ = 1. Any D is
//! sound; what is claimed of λ is shown by a Cholesky factorisation with a bound of its roundings.

use foldline_geometry::directed::UNIT_ROUNDOFF;

use super::adjoint::{Adjoint, Functional};
use crate::bounds::Reduced;

/// Rounds in which D may improve.
const MOST_ROUNDS: usize = 12;
/// A round that improves the bound by less is the last one.
const SMALL_GAIN: f64 = 0.002;
/// Beyond these, underflow or overflow could hide something.
const MAGNITUDES: std::ops::RangeInclusive<f64> = 1e-100..=1e100;

/// Scratch space for such bounds.
#[derive(Debug, Default)]
pub struct Ellipsoid {
    dimension: usize,
    /// Row length of the matrices and of a generator; the padding is 0.
    stride: usize,
    /// b_0, then a generator each undecided neuron.
    generators: Vec<f64>,
    /// The D_k of the best bound so far: how much each generator contributes.
    pub shares: Vec<f64>,
    trial: Vec<f64>,
    shape: Vec<f64>,
    moment: Vec<f64>,
    product: Vec<f64>,
    vector: Vec<f64>,
}

impl Ellipsoid {
    /// An upper bound of the norm of what has these coordinates on the adjoint's output; stops
    /// improving when it is at most `enough`.
    #[inline(always)]
    pub fn bound(
        &mut self,
        parts: &[Functional],
        reduced: &Reduced,
        adjoint: &Adjoint,
        enough: f64,
    ) -> f64 {
        let error = self.set(parts, reduced, adjoint);
        self.enclose(error, enough)
    }

    /// The bound for the generators that are set, plus `error`.
    #[inline(always)]
    fn enclose(&mut self, error: f64, enough: f64) -> f64 {
        self.shares.clear();
        self.shape.clear();
        self.shape.resize(self.dimension * self.stride, 0.0);
        (0..self.dimension).for_each(|i| self.shape[i * self.stride + i] = 1.0);
        let mut best = f64::INFINITY;
        for _ in 0..MOST_ROUNDS {
            let total = self.divide();
            self.set_moment(false);
            let top = self.largest_eigenvalue();
            let value = (top * total).sqrt() + error;
            let gain = 1.0 - value / best;
            if value >= best || value.is_nan() {
                break;
            }
            best = value;
            std::mem::swap(&mut self.shares, &mut self.trial);
            if best * (1.0 + 1e-3) <= enough || gain < SMALL_GAIN {
                break;
            }
            self.reshape(top);
        }
        if best.is_finite() { self.shown(error) } else { f64::INFINITY }
    }

    /// The generators, in floats; returns what the norm of all roundings is at most.
    #[inline(always)]
    fn set(&mut self, parts: &[Functional], reduced: &Reduced, adjoint: &Adjoint) -> f64 {
        let (dimension, count) = (parts.len(), reduced.count());
        self.dimension = dimension;
        self.stride = dimension.next_multiple_of(if dimension <= 4 { 4 } else { 8 });
        self.generators.clear();
        self.generators.resize((count + 1) * self.stride, 0.0);
        let mut error = 0.0;
        for (i, part) in parts.iter().enumerate() {
            let mut middle = part.constant(adjoint);
            for k in 0..count {
                let (low, high) = (adjoint.lower[k].min(0.0), adjoint.upper[k].max(0.0));
                let center = low / 2.0 + high / 2.0;
                let radius = (high - center).max(center - low);
                middle += center * part.weight(k);
                self.generators[(k + 1) * self.stride + i] = radius * part.weight(k);
            }
            self.generators[i] = middle;
            // Once for the rows and intervals, as in a range, and once for the arithmetic here.
            let part_error = 2.0 * part.error(reduced, adjoint);
            error += part_error * part_error;
        }
        error.sqrt() * (1.0 + 1e-9)
    }

    /// Sets the trial D from the shape Y; returns its sum.
    #[inline(always)]
    fn divide(&mut self) -> f64 {
        let Self { dimension, stride, generators, trial, shape, vector, .. } = self;
        trial.clear();
        vector.clear();
        vector.resize(*stride, 0.0);
        let mut total = 0.0;
        for b in generators.chunks_exact(*stride) {
            vector.fill(0.0);
            for i in 0..*dimension {
                let row = &shape[i * *stride..(i + 1) * *stride];
                for (sum, value) in vector.iter_mut().zip(row) {
                    *sum += b[i] * value;
                }
            }
            let square: f64 = vector.iter().zip(b).map(|(a, b)| a * b).sum();
            let length: f64 = b.iter().map(|value| value * value).sum::<f64>();
            // A generator across the shape must not get nothing.
            let share = square.max(1e-8 * length).sqrt();
            trial.push(share);
            total += share;
        }
        total
    }

    /// M = Σ b_k b_kᵀ/D_k for the trial or the best D.
    #[inline(always)]
    fn set_moment(&mut self, best: bool) {
        let Self { dimension, stride, generators, shares, trial, moment, .. } = self;
        let shares = if best { shares } else { trial };
        moment.clear();
        moment.resize(*dimension * *stride, 0.0);
        for (b, &share) in generators.chunks_exact(*stride).zip(&*shares) {
            if share > 0.0 {
                let inverse = 1.0 / share;
                for (i, row) in moment.chunks_exact_mut(*stride).enumerate() {
                    let factor = b[i] * inverse;
                    for (sum, value) in row.iter_mut().zip(b) {
                        *sum += factor * value;
                    }
                }
            }
        }
    }

    /// The largest eigenvalue of M, unproved: a Rayleigh quotient after some steps.
    #[inline(always)]
    fn largest_eigenvalue(&mut self) -> f64 {
        let Self { dimension, stride, moment, vector, .. } = self;
        let largest = |i: &usize| moment[i * *stride + i];
        let first = (0..*dimension).max_by(|a, b| largest(a).total_cmp(&largest(b))).unwrap_or(0);
        let mut x: Vec<f64> = moment[first * *stride..(first + 1) * *stride].to_vec();
        let mut value = 0.0;
        for _ in 0..10 {
            let length = x.iter().map(|value| value * value).sum::<f64>().sqrt();
            if !length.is_normal() {
                return value;
            }
            x.iter_mut().for_each(|value| *value /= length);
            vector.fill(0.0);
            for (i, row) in moment.chunks_exact(*stride).enumerate() {
                for (sum, entry) in vector.iter_mut().zip(row) {
                    *sum += x[i] * entry;
                }
            }
            value = vector.iter().zip(&x).map(|(a, b)| a * b).sum::<f64>();
            std::mem::swap(&mut x, vector);
        }
        value
    }

    /// Y ← M Y M / top².
    #[inline(always)]
    fn reshape(&mut self, top: f64) {
        let Self { stride, shape, moment, product, .. } = self;
        multiply(moment, shape, product, *stride);
        multiply(product, moment, shape, *stride);
        let scale = 1.0 / (top * top);
        shape.iter_mut().for_each(|value| *value *= scale);
    }

    /// The bound that the best D gives, with a λ that is shown.
    #[inline(always)]
    fn shown(&mut self, error: f64) -> f64 {
        self.set_moment(true);
        let (dimension, stride) = (self.dimension, self.stride);
        let trace: f64 = (0..dimension).map(|i| self.moment[i * stride + i]).sum();
        let total: f64 = self.shares.iter().sum();
        let in_range = |value: f64| MAGNITUDES.contains(&value);
        let smallest = self.shares.iter().filter(|&&share| share > 0.0);
        if !in_range(trace)
            || !in_range(total)
            || !smallest.fold(1.0f64, |a, &b| a.min(b)).is_normal()
        {
            return f64::INFINITY;
        }
        let top = self.largest_eigenvalue();
        let mut lambda = trace * (1.0 + 1e-9);
        for factor in [1.0 + 1e-6, 1.001, 1.01, 1.05, 1.2] {
            if top * factor < lambda && self.is_below(top * factor) {
                lambda = top * factor;
                break;
            }
        }
        // M's entries have some roundings a generator; a Cholesky factorisation that ends shows
        // that no eigenvalue is below −γ·(the matrix's trace).
        let generators = self.shares.len() as f64;
        let d = dimension as f64;
        let roundings = 4.0 * (generators + 8.0) * trace + 4.0 * (d + 4.0) * d * lambda;
        let lambda = lambda + roundings * UNIT_ROUNDOFF;
        let total = total * (1.0 + 2.0 * (generators + 4.0) * UNIT_ROUNDOFF);
        ((lambda * total).sqrt() + error) * (1.0 + 1e-14)
    }

    /// Whether Cholesky's factorisation of λ·I − M ends.
    #[inline(always)]
    fn is_below(&mut self, lambda: f64) -> bool {
        let Self { dimension, stride, moment, product, .. } = self;
        product.clear();
        product.extend(moment.iter().map(|value| -value));
        (0..*dimension).for_each(|i| product[i * *stride + i] += lambda);
        for k in 0..*dimension {
            let pivot = product[k * *stride + k];
            if pivot <= 0.0 || pivot.is_nan() {
                return false;
            }
            let (above, below) = product.split_at_mut((k + 1) * *stride);
            let pivot_row = &above[k * *stride..];
            for (offset, row) in below.chunks_exact_mut(*stride).enumerate() {
                // Symmetric: the multiplier is taken from the pivot's row.
                let factor = pivot_row[k + 1 + offset] / pivot;
                for (value, term) in row.iter_mut().zip(pivot_row) {
                    *value -= factor * term;
                }
            }
        }
        true
    }
}

/// C = A·B for matrices of rows of length `stride`.
#[inline(always)]
fn multiply(a: &[f64], b: &[f64], c: &mut Vec<f64>, stride: usize) {
    c.clear();
    c.resize(a.len(), 0.0);
    for (row, into) in a.chunks_exact(stride).zip(c.chunks_exact_mut(stride)) {
        for (factor, source) in row.iter().zip(b.chunks_exact(stride)) {
            for (sum, value) in into.iter_mut().zip(source) {
                *sum += factor * value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verification::attack::Random;

    /// The largest norm over all signs, and the bound.
    fn compared(dimension: usize, generators: &[Vec<f64>]) -> (f64, f64) {
        let stride = dimension.next_multiple_of(if dimension <= 4 { 4 } else { 8 });
        let mut ellipsoid = Ellipsoid { dimension, stride, ..Ellipsoid::default() };
        for generator in generators {
            ellipsoid.generators.extend_from_slice(generator);
            ellipsoid.generators.extend(vec![0.0; stride - dimension]);
        }
        let mut largest = 0.0f64;
        for signs in 0u32..1 << generators.len() {
            let mut sum = vec![0.0; dimension];
            for (k, generator) in generators.iter().enumerate() {
                let sign = if signs >> k & 1 == 1 { -1.0 } else { 1.0 };
                sum.iter_mut().zip(generator).for_each(|(value, b)| *value += sign * b);
            }
            largest = largest.max(sum.iter().map(|value| value * value).sum::<f64>().sqrt());
        }
        (largest, ellipsoid.enclose(0.0, 0.0))
    }

    #[test]
    fn the_bound_is_above_all_signs_and_near_the_semidefinite_one() {
        let mut random = Random::new(7);
        for round in 0..200 {
            let (dimension, count) = (1 + round % 5, 1 + round % 9);
            let mut generators: Vec<Vec<f64>> = (0..count)
                .map(|_| (0..dimension).map(|_| 2.0 * random.unit() - 1.0).collect())
                .collect();
            if round % 3 == 0 {
                // Zero, opposite and parallel ones.
                generators.push(vec![0.0; dimension]);
                let last = generators[0].iter().map(|value| -2.0 * value).collect();
                generators.push(last);
            }
            let (largest, bound) = compared(dimension, &generators);
            assert!(bound >= largest * (1.0 - 1e-12), "{round}: {bound} < {largest}");
            // Semidefinite relaxations lose at most the factor √(π/2) (Nesterov); this is not far from it.
            assert!(bound <= 1.4 * largest + 1e-9, "{round}: {bound} > {largest}");
        }
    }

    #[test]
    fn one_direction_is_met_exactly() {
        let (largest, bound) = compared(2, &[vec![3.0, 4.0], vec![-6.0, -8.0], vec![0.3, 0.4]]);
        assert!(bound >= largest && bound <= largest * (1.0 + 1e-3), "{bound} {largest}");
    }

    #[test]
    fn numbers_out_of_range_have_no_bound() {
        assert_eq!(compared(2, &[vec![1e200, 0.0], vec![0.0, 1e200]]).1, f64::INFINITY);
    }
}
