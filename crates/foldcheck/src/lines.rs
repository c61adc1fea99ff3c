//! The certificate as lines of bounded length, and a line as fields that are read strictly.

use std::io::{BufRead, Read};
use std::str::{FromStr, Split};

use foldline_kernel::number::{Integer, Rational, UnsignedAbs};

use crate::clock::Clock;
use crate::dyadic::{Dyadic, plain_integer};

/// Why a record is rejected, in words.
pub type Reason = String;

/// The most bytes a line may have.
pub const LONGEST_LINE: usize = 1_000_000;

/// The most characters a number may have.
pub const LONGEST_NUMBER: usize = 20_000;

/// Reads a certificate line by line, and remembers where it is.
#[derive(Debug)]
pub struct Lines<'c, R> {
    reader: R,
    clock: &'c Clock<'c>,
    number: u64,
    line: String,
    again: bool,
}

impl<'c, R: BufRead> Lines<'c, R> {
    /// Lines of `reader`, before the first, until the clock strikes.
    pub fn new(reader: R, clock: &'c Clock<'c>) -> Self {
        Self { reader, clock, number: 0, line: String::new(), again: false }
    }

    /// The clock that ends the check.
    pub fn clock(&self) -> &'c Clock<'c> {
        self.clock
    }

    /// The next line, without its end; none at the end of the file.
    pub fn next_or_end(&mut self) -> Result<Option<&str>, Reason> {
        if std::mem::take(&mut self.again) {
            return Ok(Some(&self.line));
        }
        if self.clock.strikes() {
            return Err("the time has run out".to_owned());
        }
        self.number += 1;
        let mut buffer = std::mem::take(&mut self.line).into_bytes();
        buffer.clear();
        let mut bounded = (&mut self.reader).take(LONGEST_LINE as u64 + 1);
        let length = bounded
            .read_until(b'\n', &mut buffer)
            .map_err(|error| format!("the certificate cannot be read: {error}"))?;
        if length == 0 {
            return Ok(None);
        }
        if buffer.last() == Some(&b'\n') {
            buffer.pop();
        } else if length > LONGEST_LINE {
            return Err(format!("the line has more than {LONGEST_LINE} bytes"));
        }
        self.line = String::from_utf8(buffer).map_err(|_| "the line is not UTF-8 text")?;
        Ok(Some(&self.line))
    }

    /// The next line; the end of the file is an error.
    pub fn next_line(&mut self) -> Result<&str, Reason> {
        self.next_or_end()?.ok_or_else(|| "the certificate ends too early".to_owned())
    }

    /// The next line as fields; the end of the file is an error.
    pub fn next_fields(&mut self) -> Result<Fields<'_>, Reason> {
        self.next_line().map(Fields::of)
    }

    /// Makes the line read last the next one.
    pub fn read_again(&mut self) {
        self.again = true;
    }

    /// The number of the line read last, from 1.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The line read last, shortened where it is long.
    pub fn shown(&self) -> String {
        const SHOWN: usize = 120;
        match self.line.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{} …", &self.line[..end]),
            None => self.line.clone(),
        }
    }
}

/// What is left of a line's fields.
#[derive(Debug, Clone)]
pub struct Fields<'l> {
    rest: Split<'l, char>,
}

impl<'l> Iterator for Fields<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        self.rest.next()
    }
}

impl<'l> Fields<'l> {
    /// The fields of `line`.
    pub fn of(line: &'l str) -> Self {
        Self { rest: line.split(' ') }
    }

    /// The next field, whatever it says.
    pub fn word(&mut self) -> Result<&'l str, Reason> {
        self.rest.next().ok_or_else(|| "a field is missing".to_owned())
    }

    /// The next field, which must be `expected`.
    pub fn expect(&mut self, expected: &str) -> Result<(), Reason> {
        match self.word()? {
            found if found == expected => Ok(()),
            found => Err(format!("expected `{expected}`, found `{found}`")),
        }
    }

    /// The next field as an index below `limit`; `what` is being counted.
    pub fn index(&mut self, limit: usize, what: &str) -> Result<usize, Reason> {
        index(self.word()?, limit, what)
    }

    /// The next field as a dyadic.
    pub fn dyadic(&mut self) -> Result<Dyadic, Reason> {
        dyadic(self.word()?)
    }

    /// The next field as an integer of at most this magnitude.
    pub fn exponent(&mut self, largest: i64) -> Result<i64, Reason> {
        let text = self.word()?;
        let value = if plain_integer(text) { text.parse::<i64>().ok() } else { None };
        let value = value.filter(|value| (-largest..=largest).contains(value));
        value.ok_or_else(|| format!("expected an exponent of at most {largest}, found `{text}`"))
    }

    /// The next field as a rational.
    pub fn rational(&mut self) -> Result<Rational, Reason> {
        rational(self.word()?)
    }

    /// Nothing may be left.
    pub fn finish(mut self) -> Result<(), Reason> {
        match self.rest.next() {
            Some(field) => Err(format!("the field `{field}` is superfluous")),
            None => Ok(()),
        }
    }
}

/// Reads an index below `limit`; `what` is being counted.
pub fn index(text: &str, limit: usize, what: &str) -> Result<usize, Reason> {
    let value = if plain_integer(text) { text.parse::<usize>().ok() } else { None };
    match value {
        Some(value) if value < limit => Ok(value),
        Some(value) => Err(format!("there is no {what} {value}, there are {limit}")),
        None => Err(format!("expected the number of a {what}, found `{text}`")),
    }
}

/// Reads a dyadic.
pub fn dyadic(text: &str) -> Result<Dyadic, Reason> {
    Dyadic::parse(text).ok_or_else(|| format!("expected a dyadic `m` or `m:e`, found `{text}`"))
}

/// Reads an integer.
pub fn integer(text: &str) -> Result<Integer, Reason> {
    if text.len() > LONGEST_NUMBER {
        return Err(format!("a number has more than {LONGEST_NUMBER} characters"));
    }
    let value = if plain_integer(text) { Integer::from_str(text).ok() } else { None };
    value.ok_or_else(|| format!("expected an integer, found `{text}`"))
}

/// Reads `p` or `p/q` in lowest terms with q > 1.
pub fn rational(text: &str) -> Result<Rational, Reason> {
    let Some((numerator, denominator)) = text.split_once('/') else {
        return integer(text).map(Rational::from);
    };
    let (numerator, denominator) = (integer(numerator)?, integer(denominator)?);
    if denominator <= Integer::ONE {
        return Err(format!("expected a denominator > 1, found `{text}`"));
    }
    let value = Rational::from_parts(numerator, denominator.clone().unsigned_abs());
    if Integer::from(value.denominator().clone()) == denominator {
        Ok(value)
    } else {
        Err(format!("the fraction `{text}` is not in lowest terms"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rationals_are_in_lowest_terms() {
        assert!(rational("-3/2").is_ok() && rational("0").is_ok());
        for text in ["4/2", "3/1", "0/2", "1/-2", "1/0", "1/", "/2", "1.5", "01", "1/02", "NaN"] {
            assert!(rational(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_are_bounded_and_text() {
        let clock = Clock::new(&|| false);
        let mut lines = Lines::new(&b"a b\n\xff\n"[..], &clock);
        assert_eq!(lines.next_or_end(), Ok(Some("a b")));
        assert!(lines.next_or_end().is_err());
        let long = vec![b'1'; LONGEST_LINE + 5];
        assert!(Lines::new(long.as_slice(), &clock).next_or_end().is_err());
        assert!(Lines::new(&b""[..], &clock).next_fields().is_err());
    }
}
