//! Exact integers and rationals, and their exact reading from float bits and from decimal text.

use std::str::FromStr;

pub use dashu_base::{Abs, BitTest, Gcd, Inverse, RemEuclid, Sign, Signed, UnsignedAbs};
pub use dashu_int::{IBig as Integer, UBig as Natural};
pub use dashu_ratio::RBig as Rational;

/// The largest absolute decimal exponent accepted in a number token.
///
/// `1e4000` is an ordinary number here; `1e999999999` would only fill the memory.
pub const LARGEST_EXPONENT: i64 = 20_000;

/// Why a token is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// The token is not a decimal and not `p/q`.
    #[error("expected a number such as 3, -0.45, 1e-7 or 2/3, found {0:?}")]
    NotANumber(String),
    /// The decimal exponent is out of the accepted range.
    #[error("the exponent of {0:?} is beyond ±{LARGEST_EXPONENT}")]
    ExponentTooLarge(String),
    /// `p/0`.
    #[error("the denominator of {0:?} is zero")]
    ZeroDenominator(String),
    /// NaN or an infinity.
    #[error("{0} is not a finite number")]
    NotFinite(&'static str),
}

/// |value|.
pub fn magnitude(value: &Rational) -> Rational {
    if value.is_negative() { -value } else { value.clone() }
}

/// Two to the power `exponent`, as a rational.
pub fn power_of_two(exponent: i64) -> Rational {
    let magnitude = Integer::ONE << exponent.unsigned_abs() as usize;
    if exponent >= 0 {
        Rational::from(magnitude)
    } else {
        Rational::from_parts(Integer::ONE, magnitude.unsigned_abs())
    }
}

/// Decodes sign, exponent and fraction of a binary float whose fields are given as bits.
fn from_float_fields(
    bits: u64,
    exponent_bits: u32,
    fraction_bits: u32,
) -> Result<Rational, NumberError> {
    let fraction = bits & ((1 << fraction_bits) - 1);
    let exponent = (bits >> fraction_bits) & ((1 << exponent_bits) - 1);
    let negative = (bits >> (fraction_bits + exponent_bits)) & 1 == 1;
    let bias = (1i64 << (exponent_bits - 1)) - 1;
    if exponent == (1 << exponent_bits) - 1 {
        return Err(NumberError::NotFinite(match (fraction, negative) {
            (0, false) => "inf",
            (0, true) => "-inf",
            _ => "NaN",
        }));
    }
    let (significand, power) = if exponent == 0 {
        (fraction, 1 - bias - i64::from(fraction_bits))
    } else {
        let power = exponent as i64 - bias - i64::from(fraction_bits);
        (fraction | (1 << fraction_bits), power)
    };
    let value = Rational::from(Integer::from(significand)) * power_of_two(power);
    Ok(if negative { -value } else { value })
}

/// The dyadic rational that the bits of an IEEE 754 binary16 denote.
pub fn from_f16_bits(bits: u16) -> Result<Rational, NumberError> {
    from_float_fields(u64::from(bits), 5, 10)
}

/// The dyadic rational that the bits of a bfloat16 denote.
pub fn from_bf16_bits(bits: u16) -> Result<Rational, NumberError> {
    from_float_fields(u64::from(bits), 8, 7)
}

/// The dyadic rational that the bits of an IEEE 754 binary32 denote.
pub fn from_f32_bits(bits: u32) -> Result<Rational, NumberError> {
    from_float_fields(u64::from(bits), 8, 23)
}

/// The dyadic rational that the bits of an IEEE 754 binary64 denote.
pub fn from_f64_bits(bits: u64) -> Result<Rational, NumberError> {
    from_float_fields(bits, 11, 52)
}

/// Reads `3`, `-0.45`, `+.5e-7` or `p/q` (both parts such decimals) as exactly that rational.
pub fn parse_rational(token: &str) -> Result<Rational, NumberError> {
    match token.split_once('/') {
        None => parse_decimal(token),
        Some((numerator, denominator)) => {
            let not_a_number = |_| NumberError::NotANumber(shortened(token));
            let numerator = parse_decimal(numerator).map_err(not_a_number)?;
            let denominator = parse_decimal(denominator).map_err(not_a_number)?;
            if denominator.is_zero() {
                return Err(NumberError::ZeroDenominator(shortened(token)));
            }
            Ok(numerator / denominator)
        }
    }
}

/// Reads a decimal such as `-12.5e-3` as exactly that rational.
fn parse_decimal(token: &str) -> Result<Rational, NumberError> {
    let not_a_number = || NumberError::NotANumber(shortened(token));
    let (mantissa, exponent) = match token.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent, token)?),
        None => (token, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first() {
        Some(b'-') => (true, &mantissa[1..]),
        Some(b'+') => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return Err(not_a_number());
    }
    let digits = format!("{whole}{fraction}");
    let magnitude = Integer::from_str(&digits).map_err(|_| not_a_number())?;
    let power = exponent - fraction.len() as i64;
    let scale = Integer::from(10).pow(power.unsigned_abs() as usize);
    let value = if power >= 0 {
        Rational::from(magnitude * scale)
    } else {
        Rational::from_parts(magnitude, scale.unsigned_abs())
    };
    Ok(if negative { -value } else { value })
}

fn parse_exponent(exponent: &str, token: &str) -> Result<i64, NumberError> {
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NumberError::NotANumber(shortened(token)));
    }
    match exponent.parse::<i64>() {
        Ok(value) if value.abs() <= LARGEST_EXPONENT => Ok(value),
        _ => Err(NumberError::ExponentTooLarge(shortened(token))),
    }
}

/// A token short enough for a message.
fn shortened(token: &str) -> String {
    const LONGEST: usize = 60;
    match token.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &token[..end]),
        None => token.to_owned(),
    }
}

/// The decimal that is exactly `value`, if it is finite: if the denominator is 2^a·5^b.
pub fn exact_decimal(value: &Rational) -> Option<String> {
    let (twos, rest) = remove_factor(value.denominator().clone(), 2);
    let (fives, rest) = remove_factor(rest, 5);
    if rest != Natural::ONE {
        return None;
    }
    let places = twos.max(fives);
    let scaled = value * Rational::from(Integer::from(10).pow(places));
    debug_assert_eq!(scaled.denominator(), &Natural::ONE);
    Some(place_point(scaled.numerator(), places))
}

/// How often `factor` divides `number`, and what is left.
fn remove_factor(mut number: Natural, factor: u8) -> (usize, Natural) {
    let factor = Natural::from(factor);
    let mut count = 0;
    while (&number % &factor).is_zero() {
        number /= &factor;
        count += 1;
    }
    (count, number)
}

/// `digits`·10^(−places) in positional notation.
pub fn place_point(digits: &Integer, places: usize) -> String {
    let text = digits.to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    if places == 0 {
        return format!("{sign}{text}");
    }
    let padded = format!("{text:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{sign}{whole}.{fraction}")
}

/// The least common multiple of two positive integers.
pub fn least_common_multiple(a: &Natural, b: &Natural) -> Natural {
    a / a.gcd(b) * b
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(numerator: i64, denominator: u64) -> Rational {
        Rational::from_parts(Integer::from(numerator), Natural::from(denominator))
    }

    #[test]
    fn decimals_are_exactly_themselves() {
        for (token, expected) in [
            ("0.1", ratio(1, 10)),
            ("-0.45", ratio(-9, 20)),
            ("+.5e-1", ratio(1, 20)),
            ("3.", ratio(3, 1)),
            ("1E2", ratio(100, 1)),
            ("-6/4", ratio(-3, 2)),
            ("0.5/0.25", ratio(2, 1)),
            ("-0.0", ratio(0, 1)),
        ] {
            assert_eq!(parse_rational(token).as_ref(), Ok(&expected), "{token}");
        }
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for token in [
            "", ".", "-", "e5", "1e", "1e+", "nan", "inf", "1.2.3", "0x10", "1_000", "1/", "/2",
            "1 ", "--1", "1e1.5", "١",
        ] {
            assert!(parse_rational(token).is_err(), "{token:?}");
        }
        assert!(matches!(parse_rational("1/0.0"), Err(NumberError::ZeroDenominator(_))));
        assert!(matches!(parse_rational("1e99999999999"), Err(NumberError::ExponentTooLarge(_))));
    }

    #[test]
    fn float_bits_denote_their_dyadic_value() {
        assert_eq!(from_f32_bits(0x3DCC_CCCD), Ok(ratio(13_421_773, 1 << 27)));
        assert_eq!(from_f32_bits(1), Ok(power_of_two(-149)));
        assert_eq!(from_f32_bits(0x8000_0000), Ok(Rational::ZERO));
        assert_eq!(from_f64_bits(0x3FB9_9999_9999_999A), Ok(ratio(3_602_879_701_896_397, 1 << 55)));
        assert_eq!(from_f64_bits(1), Ok(power_of_two(-1074)));
        assert_eq!(from_f16_bits(0xC000), Ok(ratio(-2, 1)));
        assert_eq!(from_bf16_bits(0x3F80), Ok(ratio(1, 1)));
        assert!(from_f32_bits(0x7F80_0000).is_err());
        assert!(from_f64_bits(0x7FF8_0000_0000_0000).is_err());
    }
}
