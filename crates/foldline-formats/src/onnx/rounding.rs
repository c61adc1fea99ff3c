//! Correct rounding to a float format, for the few numbers that a file does not store.

use std::cmp::Ordering;

use foldline_kernel::Integer;
use foldline_kernel::number::{BitTest, Rational, Sign, power_of_two};

use crate::lowering::Scalar;
use crate::lowering::scalar::FloatFormat;

/// The number of `format` next to `value`, ties to even; none where it overflows.
pub(super) fn nearest(value: &Rational, format: FloatFormat) -> Option<Scalar> {
    over_square_root(value, &Rational::ONE, format).map(Scalar::from_rational)
}

/// The integer next to `value`, ties to even.
pub(super) fn nearest_integer(value: &Rational) -> Integer {
    let below = value.floor();
    let half = Rational::from_parts(Integer::ONE, 2u8.into());
    match (value - Rational::from(below.clone())).cmp(&half) {
        Ordering::Less => below,
        Ordering::Equal if (&below % Integer::from(2u8)).is_zero() => below,
        _ => below + Integer::ONE,
    }
}

/// `numerator`/√`radicand` rounded to the nearest number of `format`, ties to even; none where the
/// radicand is not positive or the result overflows.
pub(super) fn over_square_root(
    numerator: &Rational,
    radicand: &Rational,
    format: FloatFormat,
) -> Option<Rational> {
    if *radicand <= Rational::ZERO {
        return None;
    }
    if numerator.is_zero() {
        return Some(Rational::ZERO);
    }
    let square = numerator * numerator / radicand;
    let precision = i64::from(format.fraction_bits) + 1;
    let exponent =
        (root_exponent(&square) + 1 - precision).max(i64::from(format.smallest_exponent()));
    let magnitude = integer(rounded_root(&square, exponent)) * power_of_two(exponent);
    if magnitude >= power_of_two(i64::from(format.overflow_exponent())) {
        return None;
    }
    Some(if numerator.sign() == Sign::Negative { -magnitude } else { magnitude })
}

fn integer(value: u64) -> Rational {
    Rational::from(Integer::from(value))
}

/// The k with 2^k ≤ √square < 2^(k + 1).
fn root_exponent(square: &Rational) -> i64 {
    let bits = |length: usize| length as i64;
    let estimate = bits(square.numerator().bit_len()) - bits(square.denominator().bit_len());
    let mut exponent = (estimate - 1).div_euclid(2);
    while power_of_two(2 * (exponent + 1)) <= *square {
        exponent += 1;
    }
    exponent
}

/// √square / 2^exponent rounded to the nearest integer, ties to even; it must be below 2^54.
fn rounded_root(square: &Rational, exponent: i64) -> u64 {
    let scaled = square * power_of_two(-2 * exponent);
    let mut root = 0u64;
    for bit in (0..54).rev() {
        let candidate = root | 1 << bit;
        if integer(candidate) * integer(candidate) <= scaled {
            root = candidate;
        }
    }
    let middle = integer(2 * root + 1);
    match (integer(4) * scaled).cmp(&(&middle * &middle)) {
        Ordering::Less => root,
        Ordering::Equal => root + root % 2,
        Ordering::Greater => root + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::{from_f32_bits, parse_rational};

    fn single(numerator: &str, radicand: &str) -> Option<Rational> {
        let parse = |token| parse_rational(token).unwrap();
        over_square_root(&parse(numerator), &parse(radicand), FloatFormat::SINGLE)
    }

    #[test]
    fn integers_next_to_a_number() {
        for (value, expected) in
            [("5/2", 2), ("7/2", 4), ("-5/2", -2), ("-1/3", 0), ("2.6", 3), ("-7", -7)]
        {
            assert_eq!(
                nearest_integer(&parse_rational(value).unwrap()),
                Integer::from(expected),
                "{value}"
            );
        }
    }

    #[test]
    fn factors_are_correctly_rounded() {
        let bits = |value: f32| Some(from_f32_bits(value.to_bits()).unwrap());
        assert_eq!(single("1", "4"), bits(0.5));
        assert_eq!(single("-3", "9"), bits(-1.0));
        assert_eq!(single("1", "2"), bits((0.5f64).sqrt() as f32));
        assert_eq!(single("1", "3"), bits((1.0f64 / 3.0).sqrt() as f32));
        assert_eq!(single("1e-30", "1e30"), bits(1e-45));
        assert_eq!(single("1", "1e-80"), None);
        assert_eq!(single("1", "0"), None);
        assert_eq!(single("0", "7"), Some(Rational::ZERO));
        // 1 + 2^-24 lies between two floats: the even one is 1.
        let tie = parse_rational("1").unwrap() + power_of_two(-24);
        let rounded = over_square_root(&tie, &integer(1), FloatFormat::SINGLE);
        assert_eq!(rounded, bits(1.0));
    }
}
