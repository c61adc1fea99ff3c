//! The text of a number, read exactly, with a limit on its length.

use foldline_kernel::number::{Rational, parse_rational};

/// The longest number that is read, in characters. Exponents have a limit of their own.
pub(crate) const LONGEST_NUMBER: usize = 50_000;

/// Reads a decimal or `p/q`; the error says what is wrong, without a place.
pub(crate) fn number(text: &str) -> Result<Rational, String> {
    if text.len() > LONGEST_NUMBER {
        return Err(format!("a number has more than {LONGEST_NUMBER} characters"));
    }
    parse_rational(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_and_exponent_have_limits() {
        let nines = |count: usize| "9".repeat(count);
        assert!(number(&nines(LONGEST_NUMBER)).is_ok());
        assert!(number("1e-20000").is_ok());
        for long in [nines(LONGEST_NUMBER + 1), "1e999999999".into(), "1/1e-99999".into()] {
            let message = number(&long).unwrap_err();
            assert!(message.len() < 200, "{message}");
        }
        let nonsense = format!("{}x", nines(1_000));
        assert!(number(&nonsense).unwrap_err().len() < 200);
    }
}
