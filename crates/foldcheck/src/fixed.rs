//! Fixed point: rationals between two neighbouring multiples of 2^−F, and layers of such weights.

use foldline_kernel::Layer;
use foldline_kernel::number::{Integer, Rational, power_of_two};

use crate::lines::Reason;

/// The rejection of whatever does not fit into fixed point numbers.
pub fn too_large(precision: u32) -> Reason {
    format!("a number is too large for precision {precision}")
}

/// The largest integer ≤ value·2^bits, if it fits.
pub fn floor(value: &Rational, bits: u32) -> Option<i128> {
    i128::try_from((value * power_of_two(i64::from(bits))).floor()).ok()
}

/// The smallest integer ≥ value·2^bits, if it fits.
pub fn ceiling(value: &Rational, bits: u32) -> Option<i128> {
    floor(&-value.clone(), bits)?.checked_neg()
}

/// `numerator·2^bits / denominator` rounded down, and whether rounding changed it.
fn floor_ratio(numerator: &Integer, denominator: &Integer, bits: u32) -> Option<(i64, bool)> {
    let scaled = numerator << bits as usize;
    let mut quotient = &scaled / denominator;
    let product = &quotient * denominator;
    let inexact = product != scaled;
    if product > scaled {
        quotient -= Integer::ONE;
    }
    Some((i64::try_from(quotient).ok()?, inexact))
}

/// A layer whose weights are known to lie between two neighbouring multiples of 2^−F.
#[derive(Debug)]
pub struct FixedLayer {
    rows: Vec<FixedRow>,
}

/// One row of weights, and its bias.
#[derive(Debug)]
pub struct FixedRow {
    /// Inputs with non-zero weight, increasing.
    pub columns: Vec<u32>,
    /// The weights rounded down.
    pub floors: Vec<i64>,
    /// The weights rounded up.
    pub ceilings: Vec<i64>,
    /// The bias rounded down and up.
    pub bias: [i64; 2],
}

impl FixedLayer {
    /// Rounds `layer`'s weights and biases; none where one is too large.
    pub fn new(layer: &Layer, precision: u32) -> Option<Self> {
        let denominator = Integer::from(layer.denominator.clone());
        let round = |numerator: &Integer| {
            let (low, inexact) = floor_ratio(numerator, &denominator, precision)?;
            Some((low, low.checked_add(i64::from(inexact))?))
        };
        let fixed_row = |row: &foldline_kernel::Row| {
            let weights: Option<Vec<(i64, i64)>> = row.numerators.iter().map(round).collect();
            let (floors, ceilings) = weights?.into_iter().unzip();
            let bias = round(&row.bias)?;
            let columns = row.columns.clone();
            Some(FixedRow { columns, floors, ceilings, bias: [bias.0, bias.1] })
        };
        let rows = layer.rows.iter().map(fixed_row).collect::<Option<_>>()?;
        Some(Self { rows })
    }

    /// One row.
    pub fn row(&self, index: usize) -> &FixedRow {
        &self.rows[index]
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    #[test]
    fn rounding_goes_down_and_up() {
        let third = parse_rational("-1/3").unwrap();
        assert_eq!((floor(&third, 2), ceiling(&third, 2)), (Some(-2), Some(-1)));
        let round = |numerator: i32| floor_ratio(&numerator.into(), &3.into(), 1);
        assert_eq!(round(-1), Some((-1, true)));
        assert_eq!(round(1), Some((0, true)));
        assert_eq!(round(-3), Some((-2, false)));
        assert_eq!(floor(&power_of_two(200), 0), None);
        assert_eq!(floor_ratio(&Integer::from(1i128 << 60), &1.into(), 20), None);
    }
}
