//! Intervals of all Jacobians on a part: backward substitution through undecided neurons.
//!
//! In a reduced system an output is h·x + Σ c_k·r_k with r_k = max(0, z_k). On a cell of the part r_k
//! has the slope 0 or 1 as a function of z_k. So the derivative by r_k, with all later neurons
//! substituted, lies in an interval; multiplied by a slope in [0, 1] it goes on to the rows before.
//! The rows' error bounds hold coefficient by coefficient: a row's error divided by a variable's
//! bound is an error of that variable's coefficient, for the error was built from such terms.

use foldline_geometry::Polytope;

use super::domain::Patch;
use crate::bounds::reduced::{Reduced, rounding_error};

/// Intervals of the derivatives of one output by each undecided neuron's activation.
#[derive(Debug, Clone, Default)]
pub struct Adjoint {
    /// The output's row in the reduced system.
    target: usize,
    /// Least derivatives.
    pub lower: Vec<f64>,
    /// Greatest derivatives.
    pub upper: Vec<f64>,
    /// What rounding took of the whole sum, and its magnitude.
    error: f64,
    magnitude: f64,
}

impl Adjoint {
    /// Substitutes backward from an output's row.
    #[inline(always)]
    pub fn compute(&mut self, reduced: &Reduced, output: usize) {
        let count = reduced.count();
        let head = reduced.head;
        self.target = count + output;
        let row = &reduced.row(self.target)[head..head + count];
        self.lower.clear();
        self.lower.extend_from_slice(row);
        self.upper.clear();
        self.upper.extend_from_slice(row);
        self.error = reduced.errors[self.target];
        self.magnitude = reduced.magnitudes[self.target];
        for k in (0..count).rev() {
            let widen = self.whole_error(count) / reduced.upper[k];
            let low = (self.lower[k] - widen).next_down();
            let high = (self.upper[k] + widen).next_up();
            (self.lower[k], self.upper[k]) = (low, high);
            let (least, most) = (low.min(0.0), high.max(0.0));
            let size = most.max(-least);
            if size <= 0.0 {
                continue;
            }
            let source = &reduced.row(k)[head..head + reduced.columns[k]];
            for ((lower, upper), &c) in self.lower.iter_mut().zip(&mut self.upper).zip(source) {
                let (a, b) = (least * c, most * c);
                *lower += a.min(b);
                *upper += a.max(b);
            }
            self.error += size * reduced.errors[k];
            self.magnitude += size * reduced.magnitudes[k];
        }
    }

    fn whole_error(&self, count: usize) -> f64 {
        self.error * (1.0 + 1e-9) + rounding_error(2 * count + 2, self.magnitude)
    }
}

/// A linear functional of a Jacobian's row, ready to be bounded on one reduced system.
#[derive(Debug, Clone, Default)]
pub struct Functional {
    /// Its value on the gradient part of each row, undecided neurons first, then targets.
    weights: Vec<f64>,
    /// Σ |weight of a column| / (bound of the column's variable).
    scale: f64,
    /// Additions of other functionals that made it.
    additions: usize,
}

impl Functional {
    /// The functional v (hull coordinates) on the rows of `reduced`.
    #[inline(always)]
    pub fn set(&mut self, reduced: &Reduced, patch: &Patch, polytope: &Polytope, v: &[f64]) {
        let reach = polytope.reach();
        let bound = |column: usize| if column == reduced.dimension { 1.0 } else { reach[column] };
        (self.scale, self.additions) = (0.0, 0);
        for (&(column, factor), &value) in patch.columns.iter().zip(v) {
            self.scale += (value * factor).abs() / bound(column);
        }
        self.scale *= 1.0 + 1e-9;
        self.weights.clear();
        for index in 0..reduced.count() + reduced.targets {
            let row = reduced.row(index);
            let mut sum = 0.0;
            for (&(column, factor), &value) in patch.columns.iter().zip(v) {
                sum += value * factor * row[column];
            }
            self.weights.push(sum);
        }
    }

    /// Becomes Σ ±1 · part, on the same rows.
    #[inline(always)]
    pub fn set_sum(&mut self, parts: &[Functional], signs: &[f64]) {
        self.weights.clear();
        self.weights.resize(parts[0].weights.len(), 0.0);
        (self.scale, self.additions) = (0.0, 0);
        for (part, &sign) in parts.iter().zip(signs) {
            self.scale += part.scale * (1.0 + 1e-9);
            self.add(sign, part);
        }
    }

    /// Adds a multiple of one of the parts it was made of: ±2 turns that part's sign.
    #[inline(always)]
    pub fn add(&mut self, factor: f64, part: &Functional) {
        self.additions += 1;
        for (weight, term) in self.weights.iter_mut().zip(&part.weights) {
            *weight += factor * term;
        }
    }

    /// The range of the functional on the adjoint's output.
    #[inline(always)]
    pub fn range(&self, reduced: &Reduced, adjoint: &Adjoint) -> (f64, f64) {
        let count = reduced.count();
        let mut low = self.weights[adjoint.target];
        let mut high = low;
        for k in 0..count {
            let (down, up) = self.reach(adjoint, k);
            low += down;
            high += up;
        }
        let error = self.error(reduced, adjoint);
        let (low, high) = (low - error, high + error);
        if low.is_nan() || high.is_nan() {
            return (f64::NEG_INFINITY, f64::INFINITY);
        }
        (low.next_down(), high.next_up())
    }

    /// What rounding may have taken of a range: of the rows, the adjoint and the sum.
    #[inline(always)]
    pub fn error(&self, reduced: &Reduced, adjoint: &Adjoint) -> f64 {
        let roundings = 2 * reduced.count() + reduced.dimension + 8 + self.additions;
        let error = adjoint.error * (1.0 + 1e-9) + rounding_error(roundings, adjoint.magnitude);
        error * self.scale * (1.0 + 1e-9) + f64::MIN_POSITIVE
    }

    /// Its value on the gradient of undecided neuron `k`.
    #[inline(always)]
    pub fn weight(&self, k: usize) -> f64 {
        self.weights[k]
    }

    /// Its value on the part of the adjoint's output that no undecided neuron changes.
    #[inline(always)]
    pub fn constant(&self, adjoint: &Adjoint) -> f64 {
        self.weights[adjoint.target]
    }

    /// How far the slope of undecided neuron `k` can move the functional down and up.
    #[inline(always)]
    pub fn reach(&self, adjoint: &Adjoint, k: usize) -> (f64, f64) {
        let (a, b) = (adjoint.lower[k] * self.weights[k], adjoint.upper[k] * self.weights[k]);
        (a.min(b).min(0.0), a.max(b).max(0.0))
    }
}
