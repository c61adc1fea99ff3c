//! Rationals as words: nothing is rounded, and nothing is ever too large.

use foldline_kernel::Rational;
use foldline_kernel::number::{BitTest, Integer, UnsignedAbs, power_of_two};

use crate::dyadic::Dyadic;
use crate::word::Word;

impl Word for Rational {
    type Sum = Rational;

    const IS_FINE: bool = false;
    const IS_QUICK: bool = false;

    fn floor(value: &Rational, _: u32) -> Option<Self> {
        Some(value.clone())
    }

    fn floor_dyadic(value: Dyadic, _: u32) -> Option<Self> {
        Some(value.to_rational())
    }

    fn bracket(numerator: &Integer, denominator: &Integer, _: u32) -> Option<(Self, Self)> {
        let value = Rational::from_parts(numerator.clone(), denominator.clone().unsigned_abs());
        Some((value.clone(), value))
    }

    fn one(_: u32) -> Self {
        Rational::ONE
    }

    fn plus(&self, other: &Self) -> Option<Self> {
        Some(self + other)
    }

    fn minus(&self, other: &Self) -> Option<Self> {
        Some(self - other)
    }

    fn width(&self) -> u32 {
        0
    }

    fn sum_floor(value: &Rational, _: u32) -> Option<Rational> {
        Some(value.clone())
    }

    fn product(&self, other: &Self) -> Rational {
        self * other
    }

    fn add(sum: &mut Rational, other: &Rational) -> Option<()> {
        *sum += other;
        Some(())
    }

    fn subtract(sum: &mut Rational, other: &Rational) -> Option<()> {
        *sum -= other;
        Some(())
    }

    fn lift(&self, _: u32) -> Rational {
        self.clone()
    }

    fn lower(sum: &Rational, _: u32) -> Option<Self> {
        Some(sum.clone())
    }

    fn dropped(_: &Rational, _: u32) -> Self {
        Rational::ZERO
    }

    fn shifted(sum: &Rational, shift: i64) -> Option<Rational> {
        Some(sum * power_of_two(shift))
    }

    fn add_weights(
        sums: &mut [Rational],
        factor: &Self,
        words: &[Self],
        _: u32,
        _: usize,
    ) -> Option<()> {
        for (sum, word) in sums.iter_mut().zip(words).filter(|(_, word)| !word.is_zero()) {
            *sum += factor * word;
        }
        Some(())
    }

    fn loss(&self) -> Rational {
        Rational::ZERO
    }

    fn add_loss(_: &mut Rational, _: &Rational, _: &Self) -> Option<()> {
        Some(())
    }

    fn settle(slack: &Rational, _: u32) -> Option<Rational> {
        Some(slack.clone())
    }

    fn ratio(part: &Self, whole: &Self, _: u32) -> Option<Self> {
        Some(part / whole)
    }

    fn times_ratio(&self, ratio: &Self, _: u32) -> Option<Self> {
        Some(self * ratio)
    }

    fn seven_bits(sum: &Rational, _: u32) -> Dyadic {
        if sum.is_zero() {
            return Dyadic::new(0, 0);
        }
        // The quotient of numbers with n and m bits has n − m or n − m + 1 bits before the point.
        let bits = sum.numerator().bit_len() as i64 - sum.denominator().bit_len() as i64;
        let at = |exponent: i64| (sum * power_of_two(-exponent)).floor();
        let (wide, narrow) = (at(bits - 7), at(bits - 6));
        let fits = wide.bit_len() <= 7 || wide == Integer::from(-128);
        let (mantissa, exponent) = if fits { (wide, bits - 7) } else { (narrow, bits - 6) };
        Dyadic::new(i64::try_from(mantissa).unwrap_or_default(), exponent as i32)
    }

    fn at_least(sum: &Rational, value: Dyadic, _: u32) -> bool {
        *sum >= value.to_rational()
    }

    fn above(sum: &Rational, _: u32) -> Rational {
        sum.clone()
    }

    fn entry(&self, _: u32, _: u32) -> Option<Self> {
        Some(self.clone())
    }

    fn entry_one(_: u32) -> Self {
        Rational::ONE
    }

    fn quotient(&self, divisor: &Self, _: u32) -> Option<Self> {
        (!divisor.is_zero()).then(|| self / divisor)
    }

    fn reduced(&self, factor: &Self, term: &Self, _: u32) -> Option<Self> {
        Some(self - factor * term)
    }

    fn add_size(_: &mut Rational, _: &Self) {}

    fn multiplier(sum: &Rational, _: &Rational, _: u32, _: u32) -> Option<Self> {
        Some(sum.clone())
    }
}

/// How many bits the magnitude has before the point, at most.
pub fn bits_before_point(value: &Rational) -> usize {
    (value.numerator().bit_len() + 1).saturating_sub(value.denominator().bit_len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_bits_are_the_same_in_all_words() {
        let cases = [1, -1, 127, 128, 129, 255, 256, -127, -128, -129, -255, -256, -257, 99_999];
        for value in cases {
            let exact = Rational::seven_bits(&Rational::from(value), 0);
            assert_eq!(exact, i64::seven_bits(&i128::from(value), 0), "{value}");
        }
        // 1/3 = 85.33·2^−8, and −1/3 lies between −86 and −85 of these.
        let third = Rational::ONE / Rational::from(3);
        assert_eq!(Rational::seven_bits(&third, 0), Dyadic::new(85, -8));
        assert_eq!(Rational::seven_bits(&-third, 0), Dyadic::new(-86, -8));
    }
}
