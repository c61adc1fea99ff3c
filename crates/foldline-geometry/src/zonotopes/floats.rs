//! Generators as floats, with bounds for every rounding in their products with a direction.

use foldline_kernel::number::{BitTest, from_f64_bits, power_of_two};
use foldline_kernel::{Integer, Rational};

use crate::directed::{UNIT_ROUNDOFF, nearest};

/// Absolute error that covers underflow: entries are at most 1, coordinates of directions at most 2.
const UNDERFLOW: f64 = 1e-290;

/// Vectors g_i, scaled by a power of two so that the largest entry is at most 1, in nearest floats.
#[derive(Debug, Clone)]
pub struct FloatGenerators {
    /// The dimension d.
    pub dimension: usize,
    /// A float entry e stands for about e·2^shift.
    pub shift: i64,
    /// The exact vectors, not scaled.
    pub exact: Vec<Vec<Rational>>,
    /// The scaled floats, one vector after another.
    entries: Vec<f64>,
    /// Bounds of the error of u·g_i in floats, for directions with coordinates in [−2, 2].
    product_errors: Vec<f64>,
    /// Upper bounds of Σ_i |g_ij|, scaled.
    column_sums: Vec<f64>,
}

impl FloatGenerators {
    /// The floats next to `exact`, vectors of `dimension` numbers.
    pub fn new(dimension: usize, exact: Vec<Vec<Rational>>) -> Self {
        let entries = exact.iter().flatten().filter(|value| !value.is_zero());
        let shift = entries.map(magnitude).max().unwrap_or(0);
        let scale = power_of_two(-shift);
        let entries: Vec<f64> =
            exact.iter().flatten().map(|value| nearest(&(value * &scale))).collect();
        let error = (dimension as f64 + 4.0) * UNIT_ROUNDOFF * 1.01;
        let product_errors = (entries.chunks_exact(dimension.max(1)))
            .map(|vector| {
                2.0 * error * vector.iter().map(|value| value.abs()).sum::<f64>() + UNDERFLOW
            })
            .collect();
        let growth = 1.0 + (exact.len() as f64 + 4.0) * UNIT_ROUNDOFF * 1.01;
        let column_sum = |column: usize| {
            let column = entries.iter().skip(column).step_by(dimension.max(1));
            column.map(|value| value.abs()).sum::<f64>() * growth + UNDERFLOW
        };
        let column_sums = (0..dimension).map(column_sum).collect();
        Self { dimension, shift, exact, entries, product_errors, column_sums }
    }

    /// How many vectors there are.
    pub fn count(&self) -> usize {
        self.exact.len()
    }

    /// The floats of vector `index`.
    pub fn vector(&self, index: usize) -> &[f64] {
        &self.entries[index * self.dimension..(index + 1) * self.dimension]
    }

    /// The products u·g_i, each in error by at most what [`Self::sign`] allows for.
    pub fn products(&self, direction: &[f64]) -> Vec<f64> {
        let product = |vector: &[f64]| vector.iter().zip(direction).map(|(a, b)| a * b).sum();
        self.entries.chunks_exact(self.dimension.max(1)).map(product).collect()
    }

    /// An upper bound of Σ |u·g_i| (scaled), given the products as floats.
    pub fn support_above(&self, direction: &[f64], products: &[f64]) -> f64 {
        let sum: f64 = products.iter().map(|value| value.abs()).sum();
        sum + self.support_error(direction)
    }

    /// A lower bound of Σ |u·g_i| (scaled), given the products as floats.
    pub fn support_below(&self, direction: &[f64], products: &[f64]) -> f64 {
        let sum: f64 = products.iter().map(|value| value.abs()).sum();
        (sum - self.support_error(direction)).max(0.0)
    }

    /// How far Σ |u·g_i| in floats may be off.
    pub fn support_error(&self, direction: &[f64]) -> f64 {
        let terms = direction.iter().zip(&self.column_sums);
        let reach: f64 = terms.map(|(value, sum)| value.abs() * sum).sum();
        let operations = (self.count() + 2 * self.dimension + 16) as f64;
        operations * UNIT_ROUNDOFF * 1.01 * reach + self.count() as f64 * UNDERFLOW
    }

    /// The exact sign of u·g_i, given the product as a float.
    pub fn sign(&self, index: usize, direction: &[f64], product: f64) -> i8 {
        if product.abs() > self.product_errors[index] {
            return if product > 0.0 { 1 } else { -1 };
        }
        let exact = self.product(index, direction);
        i8::from(exact > Rational::ZERO) - i8::from(exact < Rational::ZERO)
    }

    /// The sign of u·g_i where the product as a float tells it, else 0.
    pub fn certain_sign(&self, index: usize, product: f64) -> i8 {
        match product.abs() > self.product_errors[index] {
            true => {
                if product > 0.0 {
                    1
                } else {
                    -1
                }
            }
            false => 0,
        }
    }

    /// u·g_i, exactly.
    fn product(&self, index: usize, direction: &[f64]) -> Rational {
        let terms = self.exact[index].iter().zip(direction).filter(|(value, _)| !value.is_zero());
        terms.fold(Rational::ZERO, |sum, (value, &float)| sum + value * exact_float(float))
    }
}

/// The rational that a finite float is.
///
/// # Panics
/// If the float is not finite.
pub fn exact_float(float: f64) -> Rational {
    from_f64_bits(float.to_bits()).expect("a finite float")
}

/// An exponent e with |value| ≤ 2^e, within two of the least; the value is not 0.
fn magnitude(value: &Rational) -> i64 {
    let bits = |value: &Integer| value.bit_len() as i64;
    bits(value.numerator()) - value.denominator().bit_len() as i64 + 1
}
