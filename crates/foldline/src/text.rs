//! Exact numbers and assertions as text: floats beside them, decimals, and VNN-LIB-like words.

use std::str::FromStr;

use foldline_kernel::number::{Abs, place_point};
use foldline_kernel::{Atom, Integer, Natural, Rational};

pub use foldline_kernel::number::exact_decimal;

/// The float nearest to `value`, or `None` where that is infinite.
pub fn approximate(value: &Rational) -> Option<f64> {
    Some(value.to_f64().value()).filter(|float| float.is_finite())
}

/// `value` rounded to `digits` significant decimal digits, ties away from zero.
///
/// Very large and very small values get an exponent.
///
/// # Panics
/// If `digits` is 0.
pub fn decimal(value: &Rational, digits: usize) -> String {
    assert!(digits > 0, "at least one digit");
    if value.is_zero() {
        return "0".to_owned();
    }
    let exponent = decimal_exponent(value);
    let shift = digits as i64 - 1 - exponent;
    let mut mantissa = round(&(value.clone().abs() * power_of_ten(shift))).to_string();
    let exponent = exponent + (mantissa.len() - digits) as i64; // 9.99… may round up to 10
    mantissa.truncate(digits);
    let sign = if *value < Rational::ZERO { "-" } else { "" };
    if (-7..digits as i64).contains(&exponent) {
        let places = (digits as i64 - 1 - exponent) as usize;
        let mantissa = Integer::from_str(&mantissa).expect("decimal digits");
        return format!("{sign}{}", trim_zeros(place_point(&mantissa, places)));
    }
    let (first, rest) = mantissa.split_at(1);
    format!("{sign}{}e{exponent}", trim_zeros(format!("{first}.{rest}")))
}

/// `value` as a decimal for other tools: exact where that is finite, else rounded to `digits`.
pub fn decimal_for_tools(value: &Rational, digits: usize) -> String {
    exact_decimal(value).unwrap_or_else(|| decimal(value, digits))
}

/// `value` as people like to read it: an exact decimal of at most 20 characters, else p/q.
pub fn exact_for_people(value: &Rational) -> String {
    exact_decimal(value).filter(|text| text.len() <= 20).unwrap_or_else(|| value.to_string())
}

/// The assertion in words such as `X_0 >= 0.45` or `Y_1 <= Y_0 + 2`, without negative coefficients.
pub fn describe_atom(atom: &Atom) -> String {
    let named = |letter: char, terms: &[(usize, Rational)]| {
        let name =
            |(index, value): &(usize, Rational)| (format!("{letter}_{index}"), value.clone());
        terms.iter().map(name).collect::<Vec<_>>()
    };
    let terms = [named('Y', &atom.output), named('X', &atom.input)].concat();
    let (left, right): (Vec<_>, Vec<_>) =
        terms.into_iter().partition(|(_, value)| *value > Rational::ZERO);
    let right: Vec<_> = right.into_iter().map(|(name, value)| (name, -value)).collect();
    let strict = if atom.strict { "" } else { "=" };
    match (left.is_empty(), right.is_empty()) {
        (_, true) => format!("{} <{strict} {}", sum(&left), exact_for_people(&atom.bound)),
        (true, false) => {
            format!("{} >{strict} {}", sum(&right), exact_for_people(&-atom.bound.clone()))
        }
        (false, false) => {
            let offset = match &atom.bound {
                bound if bound.is_zero() => String::new(),
                bound if *bound > Rational::ZERO => format!(" + {}", exact_for_people(bound)),
                bound => format!(" - {}", exact_for_people(&bound.clone().abs())),
            };
            format!("{} <{strict} {}{offset}", sum(&left), sum(&right))
        }
    }
}

/// `2·X_0 + X_1`, or `0` for no terms.
fn sum(terms: &[(String, Rational)]) -> String {
    let term = |(name, value): &(String, Rational)| match value {
        one if *one == Rational::ONE => name.clone(),
        other => format!("{}·{name}", exact_for_people(other)),
    };
    let parts: Vec<String> = terms.iter().map(term).collect();
    if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") }
}

/// Drops zeros at the end of a fraction, and the point with them.
fn trim_zeros(text: String) -> String {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// The largest e with 10^e ≤ |value|, for a value that is not zero.
fn decimal_exponent(value: &Rational) -> i64 {
    let magnitude = value.clone().abs();
    let length = |text: String| text.len() as i64;
    let guess =
        length(magnitude.numerator().to_string()) - length(magnitude.denominator().to_string());
    if magnitude >= power_of_ten(guess) { guess } else { guess - 1 }
}

fn power_of_ten(exponent: i64) -> Rational {
    let power = Integer::from(10).pow(exponent.unsigned_abs() as usize);
    let power = Rational::from(power);
    if exponent >= 0 { power } else { Rational::ONE / power }
}

/// The nearest integer to a value that is not negative, ties up.
fn round(value: &Rational) -> Integer {
    let half = Rational::from_parts(Integer::ONE, Natural::from(2u8));
    (value + half).floor()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::{parse_rational, power_of_two};

    fn number(token: &str) -> Rational {
        parse_rational(token).unwrap()
    }

    #[test]
    fn finite_decimals_are_exact() {
        for (token, expected) in [
            ("1/2", Some("0.5")),
            ("-9/20", Some("-0.45")),
            ("7", Some("7")),
            ("-1200", Some("-1200")),
            ("1/3", None),
            ("3/1000", Some("0.003")),
            ("0", Some("0")),
        ] {
            assert_eq!(exact_decimal(&number(token)).as_deref(), expected, "{token}");
        }
        let tiny = power_of_two(-149);
        assert_eq!(number(&exact_decimal(&tiny).unwrap()), tiny);
    }

    #[test]
    fn rounding_keeps_the_digits_asked_for() {
        for (token, digits, expected) in [
            ("1/3", 4, "0.3333"),
            ("2/3", 4, "0.6667"),
            ("-2/3", 1, "-0.7"),
            ("999.96", 4, "1000"),
            ("0.00099996", 4, "0.001"),
            ("12345", 2, "1.2e4"),
            ("1e-30", 3, "1e-30"),
            ("9.99e40", 2, "1e41"),
            ("0", 3, "0"),
            ("120", 3, "120"),
        ] {
            assert_eq!(decimal(&number(token), digits), expected, "{token}");
        }
    }

    #[test]
    fn assertions_read_like_inequalities() {
        let atom = |input: &[(usize, &str)], output: &[(usize, &str)], bound, strict| {
            let terms =
                |terms: &[(usize, &str)]| terms.iter().map(|&(i, v)| (i, number(v))).collect();
            describe_atom(&Atom::new(terms(input), terms(output), number(bound), strict))
        };
        assert_eq!(atom(&[(0, "-1")], &[], "-0.45", false), "X_0 >= 0.45");
        assert_eq!(atom(&[(2, "1/3")], &[], "1/7", true), "1/3·X_2 < 1/7");
        assert_eq!(atom(&[], &[(0, "1"), (1, "-1")], "0", false), "Y_0 <= Y_1");
        assert_eq!(atom(&[(0, "-2")], &[(1, "1")], "-3", true), "Y_1 < 2·X_0 - 3");
        assert_eq!(atom(&[], &[], "-1", false), "0 <= -1");
    }

    #[test]
    fn approximations_are_nearest_or_absent() {
        assert_eq!(approximate(&number("0.1")), Some(0.1));
        assert_eq!(approximate(&number("-1e308")), Some(-1e308));
        assert_eq!(approximate(&number("1e309")), None);
        assert_eq!(approximate(&number("1e-400")), Some(0.0));
    }
}
