//! Outward-rounded conversions from rationals to floats, and the unit of all error bounds.

use dashu_base::{Approximation, Sign};
use foldline_kernel::number::BitTest;
use foldline_kernel::{Integer, Natural, Rational};

/// Half a unit in the last place of 1: the relative error of one rounding to nearest.
pub const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;

/// Magnitudes beyond this are treated as unbounded, so that no product overflows.
pub const LARGEST_MAGNITUDE: f64 = 1e100;

/// Covers what underflow can hide: less than 2⁻¹⁰⁷⁴ an operation, times variables that are at most
/// [`LARGEST_MAGNITUDE`] each.
pub const UNDERFLOW_SLACK: f64 = 1e-100;

/// The largest float that is at most `value` (−∞ below the range of floats).
pub fn round_down(value: &Rational) -> f64 {
    match value.to_f64() {
        Approximation::Exact(float) => float,
        Approximation::Inexact(float, Sign::Negative) if float > f64::NEG_INFINITY => float,
        Approximation::Inexact(float, _) => float.next_down(),
    }
}

/// The least float that is at least `value` (+∞ above the range of floats).
pub fn round_up(value: &Rational) -> f64 {
    -round_down(&-value.clone())
}

/// A nearest float to `value`, as an unproved guess.
pub fn nearest(value: &Rational) -> f64 {
    value.to_f64().value()
}

/// Divisors beyond this power of two could make a quotient that is no normal float.
const LARGEST_SHIFT: usize = 900;

/// A nearest float to `numerator`/`denominator`, as [`nearest`] gives it; without a division where
/// the denominator is a power of two, as that of nearly every layer is.
pub fn nearest_ratio(numerator: &Integer, denominator: &Natural) -> f64 {
    let shift = denominator.trailing_zeros().unwrap_or(0);
    if shift <= LARGEST_SHIFT
        && denominator.bit_len() == shift + 1
        && let Ok(small) = i128::try_from(numerator)
    {
        // The conversion rounds to nearest; the power of two is exact, and so is the product.
        return small as f64 * 2f64.powi(-(shift as i32));
    }
    nearest(&Rational::from_parts(numerator.clone(), denominator.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::{from_f64_bits, parse_rational};

    #[test]
    fn ratios_are_rounded_once() {
        for text in [
            "9007199254740993",
            "-9007199254740995",
            "1",
            "0",
            "-170141183460469231731687303715884105729",
        ] {
            let numerator: Integer = text.parse().unwrap();
            for denominator in [1u128, 2, 3, 1 << 60, (1 << 60) + 1, 1 << 127] {
                let denominator = Natural::from(denominator);
                for denominator in [denominator.clone(), denominator << 800, Natural::ONE << 1100] {
                    let exact = Rational::from_parts(numerator.clone(), denominator.clone());
                    assert_eq!(nearest_ratio(&numerator, &denominator), nearest(&exact), "{exact}");
                }
            }
        }
    }

    #[test]
    fn conversions_enclose() {
        for token in
            ["0.1", "-0.1", "1/3", "-1/3", "1e-400", "-1e-400", "1e200", "7", "0", "1e-310"]
        {
            let value = parse_rational(token).unwrap();
            let (low, high) = (round_down(&value), round_up(&value));
            let exact = |float: f64| from_f64_bits(float.to_bits()).unwrap();
            assert!(exact(low) <= value && value <= exact(high), "{token}: {low} {high}");
            assert!(high <= low.next_up(), "{token}: {low} {high}");
        }
        let huge = parse_rational("1e400").unwrap();
        assert_eq!((round_down(&huge), round_up(&huge)), (f64::MAX, f64::INFINITY));
    }
}
