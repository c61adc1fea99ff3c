//! Exact numbers that are fast where they are short dyadic rationals, as products of floats are.

use foldline_kernel::number::{Inverse, NumberError, Rational, Sign, UnsignedAbs, power_of_two};
use foldline_kernel::{Integer, Natural};

/// An exact rational number, always in its one canonical form, so that `==` is equality of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    /// `significand · 2^exponent`, with an odd significand, or 0 · 2^0.
    Dyadic { significand: i128, exponent: i32 },
    /// Any number that has no such form.
    Ratio(Box<Rational>),
}

/// The fields of a binary float format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FloatFormat {
    /// Number of exponent bits.
    pub exponent_bits: u32,
    /// Number of stored fraction bits.
    pub fraction_bits: u32,
}

impl FloatFormat {
    /// IEEE 754 binary16.
    pub const HALF: Self = Self { exponent_bits: 5, fraction_bits: 10 };
    /// bfloat16.
    pub const BRAIN: Self = Self { exponent_bits: 8, fraction_bits: 7 };
    /// IEEE 754 binary32.
    pub const SINGLE: Self = Self { exponent_bits: 8, fraction_bits: 23 };
    /// IEEE 754 binary64.
    pub const DOUBLE: Self = Self { exponent_bits: 11, fraction_bits: 52 };

    /// Whether every number of `other` is one of this format, too.
    pub fn contains(self, other: Self) -> bool {
        self.exponent_bits >= other.exponent_bits && self.fraction_bits >= other.fraction_bits
    }

    /// The exponent of the smallest positive number, 2 to the power of it.
    pub fn smallest_exponent(self) -> i32 {
        2 - (1 << (self.exponent_bits - 1)) - self.fraction_bits as i32
    }

    /// The largest finite number.
    pub fn largest(self) -> Scalar {
        let significand = (1 << (self.fraction_bits + 1)) - 1;
        Scalar::dyadic(significand, self.overflow_exponent() - self.fraction_bits as i32 - 1)
    }

    /// The exponent e with every finite number below 2^e.
    pub fn overflow_exponent(self) -> i32 {
        1 << (self.exponent_bits - 1)
    }
}

impl Scalar {
    pub const ZERO: Self = Self::Dyadic { significand: 0, exponent: 0 };
    pub const ONE: Self = Self::Dyadic { significand: 1, exponent: 0 };

    /// `significand · 2^exponent`.
    pub fn dyadic(significand: i128, exponent: i32) -> Self {
        if significand == 0 {
            return Self::ZERO;
        }
        let zeros = significand.trailing_zeros();
        Self::Dyadic { significand: significand >> zeros, exponent: exponent + zeros as i32 }
    }

    /// The dyadic rational that float bits denote.
    pub fn from_float_bits(bits: u64, format: FloatFormat) -> Result<Self, NumberError> {
        let FloatFormat { exponent_bits, fraction_bits } = format;
        let fraction = bits & ((1 << fraction_bits) - 1);
        let exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
        let negative = (bits >> (fraction_bits + exponent_bits)) & 1 == 1;
        if exponent == (1 << exponent_bits) - 1 {
            return Err(NumberError::NotFinite(match (fraction, negative) {
                (0, false) => "inf",
                (0, true) => "-inf",
                _ => "NaN",
            }));
        }
        let (magnitude, power) = match exponent {
            0 => (fraction, format.smallest_exponent()),
            _ => (fraction | 1 << fraction_bits, format.smallest_exponent() + exponent as i32 - 1),
        };
        let magnitude = i128::from(magnitude);
        Ok(Self::dyadic(if negative { -magnitude } else { magnitude }, power))
    }

    /// `value` in canonical form.
    pub fn from_rational(value: Rational) -> Self {
        let denominator_power = value.denominator().trailing_zeros().unwrap_or(0);
        let is_dyadic = Natural::ONE << denominator_power == *value.denominator();
        let zeros = value.numerator().trailing_zeros().unwrap_or(0);
        let odd_part = i128::try_from(value.numerator() >> zeros);
        let exponent = i32::try_from(zeros as i64 - denominator_power as i64);
        match (odd_part, exponent) {
            (Ok(significand), Ok(exponent)) if is_dyadic => Self::dyadic(significand, exponent),
            _ => Self::Ratio(Box::new(value)),
        }
    }

    /// The number as the kernel's rational.
    pub fn to_rational(&self) -> Rational {
        match self {
            Self::Dyadic { significand, exponent } => {
                Rational::from(Integer::from(*significand)) * power_of_two(i64::from(*exponent))
            }
            Self::Ratio(value) => (**value).clone(),
        }
    }

    /// The number as an integer, if it is one that fits.
    pub fn to_integer(&self) -> Option<i128> {
        match self {
            Self::Dyadic { significand, exponent: 0 } => Some(*significand),
            Self::Dyadic { significand, exponent: exponent @ 1..=126 } => {
                significand.checked_mul(1 << exponent)
            }
            _ => None,
        }
    }

    pub fn is_zero(&self) -> bool {
        matches!(self, Self::Dyadic { significand: 0, .. })
    }

    pub fn is_one(&self) -> bool {
        *self == Self::ONE
    }

    /// Roughly how many bits writing the number takes; what grows when it does.
    pub fn size_in_bits(&self) -> usize {
        match self {
            Self::Dyadic { exponent, .. } => exponent.unsigned_abs() as usize + 128,
            Self::Ratio(value) => {
                let bits = |natural: &Natural| natural.as_words().len() * 64;
                bits(&value.numerator().clone().unsigned_abs()) + bits(value.denominator())
            }
        }
    }

    pub fn negated(&self) -> Self {
        match self {
            Self::Dyadic { significand, exponent } if *significand != i128::MIN => {
                Self::Dyadic { significand: -significand, exponent: *exponent }
            }
            _ => Self::from_rational(-self.to_rational()),
        }
    }

    /// 1/self, where self ≠ 0.
    pub fn inverse(&self) -> Option<Self> {
        match self {
            Self::Dyadic { significand: 0, .. } => None,
            Self::Dyadic { significand: unit @ (1 | -1), exponent } => {
                Some(Self::Dyadic { significand: *unit, exponent: -exponent })
            }
            _ => Some(Self::from_rational(self.to_rational().inv())),
        }
    }

    pub fn plus(&self, other: &Self) -> Self {
        if let (Self::Dyadic { .. }, Self::Dyadic { .. }) = (self, other)
            && let Some(sum) = self.dyadic_sum(other)
        {
            return sum;
        }
        Self::from_rational(self.to_rational() + other.to_rational())
    }

    /// The sum of two dyadic numbers, where it fits.
    fn dyadic_sum(&self, other: &Self) -> Option<Self> {
        let (
            Self::Dyadic { significand: a, exponent: p },
            Self::Dyadic { significand: b, exponent: q },
        ) = (self, other)
        else {
            return None;
        };
        if *a == 0 {
            return Some(other.clone());
        }
        if *b == 0 {
            return Some(self.clone());
        }
        let (high, low, low_exponent) = if p >= q { (*a, *b, *q) } else { (*b, *a, *p) };
        let shift = p.abs_diff(*q);
        if shift + 1 >= high.unsigned_abs().leading_zeros() {
            return None;
        }
        let sum = (high << shift).checked_add(low)?;
        Some(Self::dyadic(sum, low_exponent))
    }

    pub fn times(&self, other: &Self) -> Self {
        if let (
            Self::Dyadic { significand: a, exponent: p },
            Self::Dyadic { significand: b, exponent: q },
        ) = (self, other)
            && let (Some(product), Some(exponent)) = (a.checked_mul(*b), p.checked_add(*q))
        {
            // A product of odd numbers is odd; only zero needs its canonical exponent.
            return if product == 0 {
                Self::ZERO
            } else {
                Self::Dyadic { significand: product, exponent }
            };
        }
        Self::from_rational(self.to_rational() * other.to_rational())
    }

    /// Whether the number is above zero.
    pub fn is_positive(&self) -> bool {
        !self.is_zero() && !self.is_negative()
    }

    /// Whether the number is below zero.
    pub fn is_negative(&self) -> bool {
        match self {
            Self::Dyadic { significand, .. } => *significand < 0,
            Self::Ratio(value) => value.sign() == Sign::Negative,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::{from_bf16_bits, from_f16_bits, from_f32_bits, from_f64_bits};
    use proptest::prelude::*;

    fn any_scalar() -> impl Strategy<Value = Scalar> {
        let dyadic = (any::<i128>(), 0u32..128, -200i32..200)
            .prop_map(|(value, shift, exponent)| Scalar::dyadic(value >> shift, exponent));
        let ratio = (any::<i64>(), 1u64..1000).prop_map(|(numerator, denominator)| {
            Scalar::from_rational(Rational::from_parts(numerator.into(), denominator.into()))
        });
        prop_oneof![4 => dyadic, 1 => ratio, 1 => Just(Scalar::ZERO)]
    }

    proptest! {
        #[test]
        fn computes_as_the_kernel_does(a in any_scalar(), b in any_scalar()) {
            let (x, y) = (a.to_rational(), b.to_rational());
            prop_assert_eq!(Scalar::from_rational(x.clone()), a.clone());
            prop_assert_eq!(a.plus(&b), Scalar::from_rational(&x + &y));
            prop_assert_eq!(a.times(&b), Scalar::from_rational(&x * &y));
            prop_assert_eq!(a.negated(), Scalar::from_rational(-x.clone()));
            prop_assert_eq!(a.is_negative(), x < Rational::ZERO);
            prop_assert_eq!(a == b, x == y);
            if let Some(inverse) = a.inverse() {
                prop_assert_eq!(inverse.times(&a), Scalar::ONE);
            }
        }

        #[test]
        fn reads_float_bits_as_the_kernel_does(bits in any::<u64>()) {
            let same = |format, ours: u64, kernel: Result<Rational, NumberError>| {
                assert_eq!(Scalar::from_float_bits(ours, format), kernel.map(Scalar::from_rational));
            };
            same(FloatFormat::DOUBLE, bits, from_f64_bits(bits));
            same(FloatFormat::SINGLE, bits >> 32, from_f32_bits((bits >> 32) as u32));
            same(FloatFormat::HALF, bits >> 48, from_f16_bits((bits >> 48) as u16));
            same(FloatFormat::BRAIN, bits >> 48, from_bf16_bits((bits >> 48) as u16));
        }
    }

    #[test]
    fn extremes_stay_exact() {
        let least = Scalar::Dyadic { significand: i128::MIN >> 127, exponent: 0 };
        assert_eq!(least.negated(), Scalar::ONE);
        let wide = Scalar::dyadic(i128::MAX, 0);
        assert_eq!(wide.plus(&wide), Scalar::dyadic(i128::MAX, 1));
        assert_eq!(wide.plus(&Scalar::ONE), Scalar::dyadic(1, 127));
        assert!(Scalar::ZERO.inverse().is_none());
    }
}
