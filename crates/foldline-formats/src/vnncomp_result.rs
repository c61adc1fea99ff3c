//! VNN-COMP result files: a verdict, and for `sat` the claimed counterexample, read exactly.

use std::path::Path;

use foldline_kernel::number::Rational;

use crate::error::FormatError;
use crate::input::{display_name, read_text};
use crate::sexpr::{Expression, Fault, Tree};
use crate::vnnlib::{number, parse_index};

/// The first word of a result file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// `sat`: the property is violated.
    Sat,
    /// `unsat`: the property holds.
    Unsat,
    /// `timeout`.
    Timeout,
    /// `unknown`.
    Unknown,
    /// `error`.
    Error,
}

/// A claimed counterexample, each number exactly the one in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedWitness {
    /// X_0, X_1, …
    pub input: Vec<Rational>,
    /// Y_0, Y_1, …; empty where the file gives none.
    pub output: Vec<Rational>,
}

/// What another tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetitionResult {
    /// Its verdict.
    pub verdict: Verdict,
    /// The counterexample of a `sat`, where the file has one.
    pub witness: Option<ClaimedWitness>,
}

/// Reads the result file at `path`, gzipped or not.
pub fn read_result(path: &Path) -> Result<CompetitionResult, FormatError> {
    parse_result(&display_name(path), &read_text(path)?)
}

/// Reads the result file's content `text`, which messages call `name`.
pub fn parse_result(name: &str, text: &str) -> Result<CompetitionResult, FormatError> {
    result(text).map_err(|fault| fault.locate(name, text))
}

fn result(text: &str) -> Result<CompetitionResult, Fault> {
    const WORDS: &str = "expected `sat`, `unsat`, `timeout`, `unknown` or `error` first";
    let tree = Tree::parse(text)?;
    let mut expressions = tree.expressions();
    let first = expressions.next().ok_or_else(|| Fault::new(0, format!("nothing, {WORDS}")))?;
    let verdict = match first.word() {
        Some("sat" | "violated") => Verdict::Sat,
        Some("unsat" | "holds") => Verdict::Unsat,
        Some("timeout" | "timed-out") => Verdict::Timeout,
        Some("unknown") => Verdict::Unknown,
        Some("error") => Verdict::Error,
        _ => return Err(first.fault(format!("found {}, {WORDS}", first.shown()))),
    };
    let mut values = Values::default();
    for expression in expressions {
        if verdict != Verdict::Sat {
            return Err(expression.fault(format!("expected nothing after {}", first.shown())));
        }
        values.read(expression)?;
    }
    let witness = if values.is_empty() {
        None
    } else {
        let input = in_order("X", values.input)?;
        if input.is_empty() {
            return Err(first.fault("the counterexample gives no `X_0`"));
        }
        Some(ClaimedWitness { input, output: in_order("Y", values.output)? })
    };
    Ok(CompetitionResult { verdict, witness })
}

/// A variable's index, its value and its place.
type Entry = (usize, Rational, usize);

/// The values as they come.
#[derive(Debug, Default)]
struct Values {
    input: Vec<Entry>,
    output: Vec<Entry>,
}

impl Values {
    fn is_empty(&self) -> bool {
        self.input.is_empty() && self.output.is_empty()
    }

    /// Reads `((X_0 v) (X_1 v) …)`, or a pair alone.
    fn read(&mut self, expression: Expression<'_>) -> Result<(), Fault> {
        if expression.call().is_some() {
            return self.read_pair(expression);
        }
        let Some(pairs) = expression.items() else {
            return Err(unexpected(expression));
        };
        pairs.into_iter().try_for_each(|pair| self.read_pair(pair))
    }

    fn read_pair(&mut self, pair: Expression<'_>) -> Result<(), Fault> {
        let parts = pair.items().and_then(|items| items.exactly());
        let [name, value] = parts.ok_or_else(|| unexpected(pair))?;
        let (list, index) = match name.word().and_then(|word| word.split_once('_')) {
            Some(("X", index)) => (&mut self.input, index),
            Some(("Y", index)) => (&mut self.output, index),
            _ => return Err(unexpected(pair)),
        };
        let index = parse_index(index).ok_or_else(|| unexpected(pair))?;
        let value = match value.call() {
            Some(("-", arguments)) => {
                let [value] = arguments.exactly().ok_or_else(|| unexpected(pair))?;
                -number(value)?
            }
            _ => number(value)?,
        };
        list.push((index, value, name.offset()));
        Ok(())
    }
}

fn unexpected(found: Expression<'_>) -> Fault {
    found.fault(format!("expected a pair such as `(X_0 0.5)`, found {}", found.shown()))
}

/// The values by index, if there is exactly one for each index from 0.
fn in_order(name: &str, mut entries: Vec<Entry>) -> Result<Vec<Rational>, Fault> {
    entries.sort_by_key(|&(index, _, offset)| (index, offset));
    for (expected, &(index, _, offset)) in entries.iter().enumerate() {
        if index < expected {
            return Err(Fault::new(offset, format!("a second value of `{name}_{index}`")));
        }
        if index > expected {
            let message = format!("a value of `{name}_{index}`, but none of `{name}_{expected}`");
            return Err(Fault::new(offset, message));
        }
    }
    Ok(entries.into_iter().map(|(_, value, _)| value).collect())
}
