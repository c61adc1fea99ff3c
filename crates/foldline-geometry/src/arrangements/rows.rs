//! Affine functions as rows: the constant, then the coefficients; in floats with errors, and exactly.

use std::cmp::Ordering;

use foldline_kernel::Integer;

use crate::directed::UNIT_ROUNDOFF;
use crate::integer::{ExactInteger, Overflow, convert, dot};

/// What is known of the sign of an affine function on a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowSign {
    /// Not decided yet.
    Unknown,
    /// Positive in the interior.
    On,
    /// Negative in the interior, or identically zero.
    Off,
}

/// Rows in floats: every coefficient of row i differs from the exact one by at most `errors[i]`.
///
/// A row may stand for any positive multiple of the function.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FloatRows {
    /// `width` numbers a row, one row after another.
    pub coefficients: Vec<f64>,
    /// One bound a row; infinite or NaN where nothing is known.
    pub errors: Vec<f64>,
}

impl FloatRows {
    /// Drops all rows.
    pub fn clear(&mut self) {
        self.coefficients.clear();
        self.errors.clear();
    }
}

/// Sums over the rows of the level before that are on, kept from one cell to the next.
///
/// Cells that follow each other in the walk mostly differ in the rows that were decided last.
#[derive(Debug, Clone, Default)]
pub struct PartialSums {
    /// Which rows have been added, in order.
    pub added: Vec<u32>,
    /// The sums before the first of them, then after each.
    pub sums: Vec<f64>,
}

impl PartialSums {
    /// Forgets everything, as when the rows of the level before are others.
    pub fn clear(&mut self) {
        self.added.clear();
        self.sums.clear();
    }
}

/// Exact integers, small ones if all of them fit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Numbers {
    /// Each fits in 128 bits.
    Small(Vec<i128>),
    /// At least one does not, or the computation passed through one that does not.
    Wide(Vec<Integer>),
}

impl Numbers {
    /// The same numbers, small where possible.
    pub fn new(values: Vec<Integer>) -> Self {
        match convert(&values) {
            Ok(small) => Self::Small(small),
            Err(Overflow) => Self::Wide(values),
        }
    }

    /// The `index`-th group of `width` numbers, as big integers.
    pub fn integers(&self, index: usize, width: usize) -> Vec<Integer> {
        let range = index * width..(index + 1) * width;
        match self {
            Self::Small(values) => values[range].iter().map(i128::to_integer).collect(),
            Self::Wide(values) => values[range].to_vec(),
        }
    }

    /// The sign of (group `index` of self) · point, which has `width` numbers.
    pub fn sign_at(&self, index: usize, point: &Numbers, width: usize) -> Ordering {
        let range = index * width..(index + 1) * width;
        if let (Self::Small(row), Self::Small(point)) = (self, point)
            && let Ok(value) = dot(&row[range.clone()], point)
        {
            return value.sign();
        }
        if let (Self::Wide(row), Self::Wide(point)) = (self, point) {
            let value = dot(&row[range], point).expect("big integers do not overflow");
            return ExactInteger::sign(&value);
        }
        let value = dot(&self.integers(index, width), &point.integers(0, width));
        ExactInteger::sign(&value.expect("big integers do not overflow"))
    }

    /// Floats near a positive multiple whose largest magnitude is 1: each off by at most
    /// [`FROM_EXACT`]. The numbers are not all zero.
    pub fn to_floats(&self, into: &mut [f64]) {
        match self {
            Self::Small(values) => {
                let shift = values.iter().map(|value| bits(value.unsigned_abs())).max();
                let shift = shift.unwrap_or(0).saturating_sub(63);
                for (float, value) in into.iter_mut().zip(values) {
                    *float = (value >> shift) as f64;
                }
            }
            Self::Wide(values) => {
                let longest = values.iter().map(foldline_kernel::number::BitTest::bit_len).max();
                let shift = longest.unwrap_or(0).saturating_sub(63);
                for (float, value) in into.iter_mut().zip(values) {
                    *float = i64::try_from(value >> shift).unwrap_or(i64::MAX) as f64;
                }
            }
        }
        let largest = into.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        into.iter_mut().for_each(|float| *float /= largest);
    }
}

/// Cut-off bits are below 2⁻⁶² of the largest number; three roundings to nearest follow.
pub const FROM_EXACT: f64 = 8.0 * UNIT_ROUNDOFF;

fn bits(value: u128) -> u32 {
    128 - value.leading_zeros()
}

/// A float row ready for use in R^(W − 1): |row·v − exact| ≤ size · slack(v) + error.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<const W: usize> {
    pub coefficients: [f64; W],
    /// At least Σ|coefficients|.
    pub size: f64,
    /// Covers the errors of the coefficients at points of magnitude 1, and underflow.
    pub error: f64,
}

impl<const W: usize> Row<W> {
    pub fn new(coefficients: &[f64], error: f64) -> Self {
        let coefficients: [f64; W] = coefficients.try_into().expect("W numbers a row");
        let sum: f64 = coefficients.iter().map(|value| value.abs()).sum();
        let size = sum * (1.0 + 1e-9);
        Self { coefficients, size, error: error * (1.001 * W as f64) + 1e-300 * (1.0 + size) }
    }

    /// The function that is 0 at infinity: the first homogeneous coordinate.
    pub fn at_infinity() -> Self {
        let mut coefficients = [0.0; W];
        coefficients[0] = 1.0;
        Self { coefficients, size: 1.0, error: 0.0 }
    }

    /// The value at a point, and by how much it may be off; NaN or infinite where unknown.
    #[inline(always)]
    pub fn at(&self, point: &[f64; W], slack: f64) -> (f64, f64) {
        let mut value = 0.0;
        for i in 0..W {
            value += self.coefficients[i] * point[i];
        }
        (value, self.size * slack + self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_of_any_size_are_scaled_to_one() {
        let wide = Numbers::new(vec![Integer::ONE << 3000, -(Integer::ONE << 2999), Integer::ONE]);
        let small = Numbers::new(vec![(-4).into(), 2.into(), 1.into()]);
        let mut floats = [0.0; 3];
        wide.to_floats(&mut floats);
        assert_eq!(floats, [1.0, -0.5, 0.0]);
        small.to_floats(&mut floats);
        assert_eq!(floats, [-1.0, 0.5, 0.25]);
        Numbers::Small(vec![i128::MIN, i128::MAX, 1]).to_floats(&mut floats);
        assert_eq!(floats, [-1.0, 1.0, 0.0]);
    }

    #[test]
    fn signs_do_not_overflow() {
        let row = Numbers::new(vec![Integer::ONE << 100, -(Integer::ONE << 100)]);
        let point = Numbers::new(vec![(Integer::ONE << 100) + 1, Integer::ONE << 100]);
        assert_eq!(row.sign_at(0, &point, 2), Ordering::Greater);
        let far = Numbers::new(vec![Integer::ONE << 300, Integer::ONE << 300]);
        assert_eq!(row.sign_at(0, &far, 2), Ordering::Equal);
    }
}
