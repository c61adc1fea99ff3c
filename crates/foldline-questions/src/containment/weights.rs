//! Lengths as floats for values of columns that were scaled by powers of two.

use foldline_geometry::directed::{UNIT_ROUNDOFF, nearest};
use foldline_kernel::number::{BitTest, power_of_two};
use foldline_kernel::{Integer, Rational};

/// Weights w_j·2^(s_j), s_j being the shift of column j, scaled so that they are at most 1.
#[derive(Debug)]
pub struct FloatWeights {
    /// The floats next to them.
    pub floats: Vec<f64>,
    /// An upper bound of their sum.
    pub total: f64,
    /// A float stands for about itself times 2 to this power.
    pub exponent: i64,
}

impl FloatWeights {
    /// The floats next to `exact`, weights that are not negative.
    pub fn new(exact: &[Integer], shifts: &[i64]) -> Self {
        let magnitudes = exact.iter().zip(shifts).filter(|(weight, _)| !weight.is_zero());
        let exponents = magnitudes.map(|(weight, shift)| weight.bit_len() as i64 + shift);
        let exponent = exponents.max().unwrap_or(0);
        let float = |(weight, shift): (&Integer, &i64)| {
            nearest(&(Rational::from(weight.clone()) * power_of_two(shift - exponent)))
        };
        let floats: Vec<f64> = exact.iter().zip(shifts).map(float).collect();
        let growth = 1.0 + (floats.len() + 4) as f64 * 2.0 * UNIT_ROUNDOFF;
        let total = floats.iter().sum::<f64>() * growth + 1e-290;
        Self { floats, total, exponent }
    }
}
