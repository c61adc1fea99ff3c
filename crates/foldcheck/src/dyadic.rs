//! Dyadic numbers m·2^e of bounded size: their text, their order, and their rounding to fixed point.

use std::cmp::Ordering;

use foldline_kernel::number::{Integer, Rational, power_of_two};

/// The largest magnitude of an exponent.
const LARGEST_EXPONENT: i32 = 1100;

/// The number mantissa·2^exponent.
#[derive(Debug, Clone, Copy)]
pub struct Dyadic {
    mantissa: i64,
    exponent: i32,
}

/// Reads a decimal integer without superfluous zeros, `+` or `-0`.
pub fn plain_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number && (text == "0" || !digits.starts_with('0'))
}

impl Dyadic {
    /// Reads `m` or `m:e`.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(':').unwrap_or((text, "0"));
        if !plain_integer(mantissa) || !plain_integer(exponent) {
            return None;
        }
        let mantissa = mantissa.parse::<i64>().ok().filter(|&value| value != i64::MIN)?;
        let exponent = exponent.parse::<i32>().ok()?;
        let in_range = (-LARGEST_EXPONENT..=LARGEST_EXPONENT).contains(&exponent);
        in_range.then_some(Self { mantissa, exponent })
    }

    /// The number mantissa·2^exponent, of a size that arises from sums of products.
    pub fn new(mantissa: i64, exponent: i32) -> Self {
        Self { mantissa, exponent }
    }

    /// The largest number m·2^e ≤ value·2^exponent with m an integer, |m| ≤ 128, and m = 0 or |m| ≥ 64.
    pub fn rounded_down(value: i128, exponent: i32) -> Self {
        let dropped = (i128::BITS - value.unsigned_abs().leading_zeros()).saturating_sub(7);
        Self { mantissa: (value >> dropped) as i64, exponent: exponent + dropped as i32 }
    }

    /// Whether the number is < 0.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether the number is > 0.
    pub fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// The number with the other sign.
    pub fn negated(self) -> Self {
        Self { mantissa: -self.mantissa, exponent: self.exponent }
    }

    /// The largest integer ≤ value·2^bits; none where that has more than 127 bits.
    pub fn floor(self, bits: u32) -> Option<i128> {
        let shift = self.exponent + bits as i32;
        let mantissa = i128::from(self.mantissa);
        if shift <= 0 {
            return Some(mantissa >> (-shift).min(127));
        }
        let needed = i128::BITS - mantissa.unsigned_abs().leading_zeros() + shift as u32;
        match mantissa {
            0 => Some(0),
            _ => (needed < 127).then(|| mantissa << shift),
        }
    }

    /// The smallest integer ≥ value·2^bits; none where that has more than 127 bits.
    pub fn ceiling(self, bits: u32) -> Option<i128> {
        self.negated().floor(bits).map(|value| -value)
    }

    /// The largest integer ≤ value·2^bits, whatever its size.
    pub fn floor_integer(self, bits: u32) -> Integer {
        let (mantissa, shift) = (Integer::from(self.mantissa), self.exponent + bits as i32);
        let distance = shift.unsigned_abs() as usize;
        if shift <= 0 { mantissa >> distance } else { mantissa << distance }
    }

    /// The number as a rational.
    pub fn to_rational(self) -> Rational {
        Rational::from(Integer::from(self.mantissa)) * power_of_two(i64::from(self.exponent))
    }

    /// The position of the highest bit of the magnitude of a number that is not zero.
    fn height(self) -> i32 {
        64 - self.mantissa.unsigned_abs().leading_zeros() as i32 + self.exponent
    }
}

impl PartialEq for Dyadic {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Dyadic {}

impl PartialOrd for Dyadic {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dyadic {
    fn cmp(&self, other: &Self) -> Ordering {
        let signs = self.mantissa.signum().cmp(&other.mantissa.signum());
        if signs != Ordering::Equal || self.mantissa == 0 {
            return signs;
        }
        let heights = self.height().cmp(&other.height());
        if heights != Ordering::Equal {
            return if self.mantissa > 0 { heights } else { heights.reverse() };
        }
        // Equal heights: the exponents differ by less than 64.
        let least = self.exponent.min(other.exponent);
        let aligned = |value: &Self| i128::from(value.mantissa) << (value.exponent - least);
        aligned(self).cmp(&aligned(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dyadic(text: &str) -> Dyadic {
        Dyadic::parse(text).unwrap()
    }

    #[test]
    fn only_plain_numbers_are_read() {
        for text in [
            "",
            "-",
            "+3",
            "007",
            "-0",
            "1e5",
            "NaN",
            "1.5",
            "1:",
            ":1",
            "1:+2",
            "1:1101",
            "9223372036854775808",
            "-9223372036854775808",
            "1:2:3",
            " 1",
            "١",
        ] {
            assert!(Dyadic::parse(text).is_none(), "{text}");
        }
        assert!(Dyadic::parse("-9223372036854775807:-1100").is_some());
    }

    #[test]
    fn the_order_is_that_of_the_values() {
        let ascending =
            ["-3:4", "-5:1", "-1:-900", "0:7", "1:-1100", "3:-1", "2", "5:-1", "1:1000"];
        for (i, left) in ascending.iter().enumerate() {
            for (j, right) in ascending.iter().enumerate() {
                assert_eq!(dyadic(left).cmp(&dyadic(right)), i.cmp(&j), "{left} {right}");
                let (left, right) = (dyadic(left).to_rational(), dyadic(right).to_rational());
                assert_eq!(left.cmp(&right), i.cmp(&j));
            }
        }
        assert_eq!(dyadic("4:-1"), dyadic("1:1"));
    }

    #[test]
    fn seven_bits_are_kept() {
        for (value, text) in
            [(0, "0"), (1, "1"), (-127, "-127"), (-128, "-64:1"), (255, "127:1"), (-255, "-1:8")]
        {
            assert_eq!(Dyadic::rounded_down(value, 0), dyadic(text), "{value}");
        }
        assert_eq!(Dyadic::rounded_down(i128::MIN, -127), dyadic("-1"));
        assert_eq!(Dyadic::rounded_down(3 << 80, -82), dyadic("3:-2"));
    }

    #[test]
    fn rounding_goes_outward() {
        assert_eq!(dyadic("5:-1").floor(0), Some(2));
        assert_eq!(dyadic("5:-1").ceiling(0), Some(3));
        assert_eq!(dyadic("-5:-1").floor(0), Some(-3));
        assert_eq!(dyadic("-1:-1100").floor(52), Some(-1));
        assert_eq!(dyadic("1:-1100").ceiling(52), Some(1));
        assert_eq!(dyadic("3").floor(40), Some(3 << 40));
        assert_eq!(dyadic("1:200").floor(40), None);
        assert_eq!(dyadic("0:1100").floor(40), Some(0));
        for text in ["5:-1", "-5:-1", "-1:-1100", "3", "0:1100"] {
            let floor = dyadic(text).floor(40).map(Integer::from);
            assert_eq!(Some(dyadic(text).floor_integer(40)), floor, "{text}");
        }
    }
}
