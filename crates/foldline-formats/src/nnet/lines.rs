//! The lines of an NNET file: comma-separated values, between comments and blank lines.

use foldline_kernel::number::Rational;

use crate::error::FormatError;
use crate::number::number;

/// The most layers, and the most neurons of a layer, that a file may announce.
const LARGEST_SIZE: usize = 1 << 24;

/// A value in its line.
#[derive(Debug, Clone, Copy)]
pub struct Token<'t> {
    /// The value without the spaces around it.
    pub text: &'t str,
    line: Line<'t>,
    /// Where it starts in the line, in bytes.
    start: usize,
}

/// A line and its number, from 1.
#[derive(Debug, Clone, Copy)]
pub struct Line<'t> {
    /// Its number.
    pub number: usize,
    text: &'t str,
}

/// The lines of a file that are neither blank nor comments, one after the other.
#[derive(Debug, Clone)]
pub struct Lines<'t> {
    name: &'t str,
    text: &'t str,
    lines: std::iter::Enumerate<std::str::Lines<'t>>,
}

impl<'t> Lines<'t> {
    /// The lines of `text`, which messages call `name`.
    pub fn new(name: &'t str, text: &'t str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        Self { name, text, lines: text.lines().enumerate() }
    }

    /// The next line that says something.
    fn next(&mut self) -> Option<Line<'t>> {
        let says_something = |line: &&str| !line.is_empty() && !line.starts_with("//");
        let (index, text) = self.lines.find(|(_, line)| says_something(&line.trim_start()))?;
        Some(Line { number: index + 1, text })
    }

    /// An error at a value.
    pub fn error(&self, token: Token<'_>, message: String) -> FormatError {
        let column = token.line.text[..token.start].chars().count() + 1;
        let place = format!("line {}, column {column}", token.line.number);
        FormatError::new(self.name, place, message)
    }

    /// An error about a whole line.
    pub fn line_error(&self, line: Line<'_>, message: String) -> FormatError {
        FormatError::new(self.name, format!("line {}", line.number), message)
    }

    /// An error about the whole file.
    pub fn error_without_place(&self, message: &str) -> FormatError {
        FormatError::whole(self.name, message)
    }

    /// The next line, which holds `what`.
    pub fn line(&mut self, what: &str) -> Result<Line<'t>, FormatError> {
        self.next().ok_or_else(|| {
            let place = format!("line {}", self.text.lines().count() + 1);
            FormatError::new(
                self.name,
                place,
                format!("expected {what}, found the end of the file"),
            )
        })
    }

    /// The numbers of the next line, of which there must be `count`.
    pub fn numbers(&mut self, count: usize, what: &str) -> Result<Vec<Rational>, FormatError> {
        let line = self.line(what)?;
        self.numbers_in(line, count, what)
    }

    /// The numbers of a line, of which there must be `count`.
    pub fn numbers_in(
        &self,
        line: Line<'t>,
        count: usize,
        what: &str,
    ) -> Result<Vec<Rational>, FormatError> {
        let tokens = self.exactly(line, count, what)?;
        let parse = |token: Token| number(token.text).map_err(|message| self.error(token, message));
        tokens.into_iter().map(parse).collect()
    }

    /// The positive integers of a line.
    pub fn sizes_in(
        &self,
        line: Line<'t>,
        what: &str,
    ) -> Result<Vec<(usize, Token<'t>)>, FormatError> {
        let parse = |token: Token<'t>| match token.text.parse() {
            Ok(size @ 1..=LARGEST_SIZE) => Ok((size, token)),
            _ => {
                let found = excerpt(token.text);
                let message = format!("expected a positive integer ({what}), found {found}");
                Err(self.error(token, message))
            }
        };
        line.tokens().into_iter().map(parse).collect()
    }

    /// The values of a line, of which there must be `count`.
    fn exactly(
        &self,
        line: Line<'t>,
        count: usize,
        what: &str,
    ) -> Result<Vec<Token<'t>>, FormatError> {
        let tokens = line.tokens();
        let message = || self.wrong_count(count, what, tokens.len());
        match tokens.get(count) {
            Some(&extra) => Err(self.error(extra, message())),
            None if tokens.len() < count => Err(self.line_error(line, message())),
            None => Ok(tokens),
        }
    }

    /// What to say where a line has `found` values instead of `count`.
    pub fn wrong_count(&self, count: usize, what: &str, found: usize) -> String {
        let values = if count == 1 { "value" } else { "values" };
        format!("expected {count} {values} ({what}), found {found}")
    }

    /// That nothing follows.
    pub fn expect_end(&mut self) -> Result<(), FormatError> {
        let Some(line) = self.next() else { return Ok(()) };
        let message = "expected the end of the file after the last bias, found more".to_owned();
        Err(self.line_error(line, message))
    }
}

impl<'t> Line<'t> {
    /// The values, which commas separate; rows usually end with a comma.
    pub fn tokens(self) -> Vec<Token<'t>> {
        let mut tokens = Vec::new();
        let mut start = 0;
        for part in self.text.split(',') {
            let leading = part.len() - part.trim_start().len();
            tokens.push(Token { text: part.trim(), line: self, start: start + leading });
            start += part.len() + 1;
        }
        if tokens.len() > 1 && tokens.last().is_some_and(|token| token.text.is_empty()) {
            tokens.pop();
        }
        tokens
    }
}

/// A value in quotes, shortened for a message.
fn excerpt(text: &str) -> String {
    let short: String = text.chars().take(40).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}
