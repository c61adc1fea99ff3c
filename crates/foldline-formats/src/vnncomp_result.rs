//! VNN-COMP result files: a verdict, and for `sat` the claimed counterexample, read exactly.
//!
//! The values stand in pairs, `((X_0 v) … (Y_0 v) …)`, or tensor by tensor as VNN-LIB 2.0 has them:
//! `X float32 [1,5]` and the entries after it, row by row. Archives often lack the verdict.

mod names;

use std::collections::BTreeMap;
use std::path::Path;

use foldline_kernel::number::Rational;

use crate::error::FormatError;
use crate::input::{display_name, read_text};
use crate::sexpr::{Expression, Expressions, Fault, Tree, excerpt};
use crate::vnnlib::{Side, count, number, parse_index};
pub use names::WitnessNames;

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

impl Verdict {
    /// The verdict that a result file's first word says.
    fn of(word: &str) -> Option<Self> {
        match word {
            "sat" | "violated" => Some(Self::Sat),
            "unsat" | "holds" => Some(Self::Unsat),
            "timeout" | "timed-out" => Some(Self::Timeout),
            "unknown" => Some(Self::Unknown),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// A claimed counterexample, each number exactly the one in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedWitness {
    /// X_0, X_1, …
    pub input: Vec<Rational>,
    /// The outputs that the file claims, by number; some may be missing, or all.
    pub output: BTreeMap<usize, Rational>,
}

/// What another tool answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetitionResult {
    /// Its verdict; `sat` where the file has a counterexample alone.
    pub verdict: Verdict,
    /// The counterexample of a `sat`, where the file has one.
    pub witness: Option<ClaimedWitness>,
}

/// Reads the result file at `path`, gzipped or not.
pub fn read_result(path: &Path, names: &WitnessNames) -> Result<CompetitionResult, FormatError> {
    parse_result(&display_name(path), &read_text(path)?, names)
}

/// Reads the result file's content `text`, which messages call `name`.
///
/// With the names of no network in particular, inputs are X_0, X_1, …, as many as there are.
pub fn parse_result(
    name: &str,
    text: &str,
    names: &WitnessNames,
) -> Result<CompetitionResult, FormatError> {
    result(text, names).map_err(|fault| fault.locate(name, text))
}

fn result(text: &str, names: &WitnessNames) -> Result<CompetitionResult, Fault> {
    const WORDS: &str =
        "expected `sat`, `unsat`, `timeout`, `unknown`, `error` or a counterexample first";
    // Before the text is parsed, which takes long for a large one of another kind.
    let verdict = match first_word(text) {
        Some((offset, word)) => match Verdict::of(word) {
            None if names.side(word).is_none() => {
                return Err(Fault::new(offset, format!("found {}, {WORDS}", excerpt(word))));
            }
            verdict => verdict,
        },
        None => None,
    };
    let tree = Tree::parse(text)?;
    let mut expressions = tree.expressions();
    let first =
        expressions.clone().next().ok_or_else(|| Fault::new(0, format!("nothing, {WORDS}")))?;
    if verdict.is_some() {
        expressions.next();
    }
    let mut values = Values { names, input: BTreeMap::new(), output: BTreeMap::new() };
    while let Some(expression) = expressions.next() {
        if verdict.is_some_and(|verdict| verdict != Verdict::Sat) {
            return Err(expression.fault(format!("expected nothing after {}", first.shown())));
        }
        match expression.word() {
            Some(_) => values.read_tensor(expression, &mut expressions)?,
            None => values.read_pairs(expression)?,
        }
    }
    let witness = values.finish(first)?;
    Ok(CompetitionResult { verdict: verdict.unwrap_or(Verdict::Sat), witness })
}

/// The word that the text begins with, and where; none where it begins with a list.
fn first_word(text: &str) -> Option<(usize, &str)> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
        if !rest.is_empty() && !rest.starts_with(';') {
            let ends = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ';');
            let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
            return (!word.is_empty()).then_some((start + line.len() - rest.len(), word));
        }
        start += line.len();
    }
    None
}

/// The values by number, each with its place.
type Entries = BTreeMap<usize, (Rational, usize)>;

/// The values as they come.
struct Values<'n> {
    names: &'n WitnessNames,
    input: Entries,
    output: Entries,
}

impl Values<'_> {
    /// Reads `((X_0 v) (X_1 v) …)`, or a pair alone.
    fn read_pairs(&mut self, expression: Expression<'_>) -> Result<(), Fault> {
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
        let word = name.word().ok_or_else(|| unexpected(pair))?;
        let (side, entry) = self.names.find(word).map_err(|message| name.fault(message))?;
        let value = match value.call() {
            Some(("-", arguments)) => {
                let [value] = arguments.exactly().ok_or_else(|| unexpected(pair))?;
                -number(value)?
            }
            _ => number(value)?,
        };
        self.add(side, entry, value, name)
    }

    /// Reads `NAME TYPE [SHAPE]` and as many numbers as a tensor of this shape has entries.
    fn read_tensor(
        &mut self,
        name: Expression<'_>,
        following: &mut Expressions<'_>,
    ) -> Result<(), Fault> {
        let side = name.word().and_then(|word| self.names.side(word));
        let Some(side) = side else { return Err(unexpected(name)) };
        let shape = following.next().and_then(|kind| shape(kind.word()?));
        let size = shape.ok_or_else(|| {
            name.fault(format!(
                "expected a type and a shape, such as `{} Real [1,5]`",
                name.shown()
            ))
        })?;
        if let Some(expected) = self.names.size(side).filter(|&expected| expected != size) {
            let (name_shown, has) = (name.shown(), count(expected, side));
            let message = format!("{name_shown} has {size} entries, but the network has {has}");
            return Err(name.fault(message));
        }
        for entry in 0..size {
            let value = following.next().ok_or_else(|| {
                name.fault(format!("expected {size} numbers after {}, found {entry}", name.shown()))
            })?;
            self.add(side, entry, number(value)?, value)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        side: Side,
        entry: usize,
        value: Rational,
        place: Expression<'_>,
    ) -> Result<(), Fault> {
        let (name, entries) = match side {
            Side::Input => ("X", &mut self.input),
            Side::Output => ("Y", &mut self.output),
        };
        match entries.insert(entry, (value, place.offset())) {
            Some(_) => Err(place.fault(format!("a second value of `{name}_{entry}`"))),
            None => Ok(()),
        }
    }

    /// The witness, if there are values: then of all inputs, since no tool's missing value is known.
    fn finish(self, first: Expression<'_>) -> Result<Option<ClaimedWitness>, Fault> {
        if self.input.is_empty() && self.output.is_empty() {
            return Ok(None);
        }
        let last = self.input.last_key_value();
        let known = self.names.size(Side::Input);
        let needed = known.unwrap_or_else(|| last.map_or(1, |(last, _)| last.saturating_add(1)));
        let missing = (0..needed).zip(self.input.keys().map(Some).chain(std::iter::repeat(None)));
        for (expected, found) in missing {
            if found != Some(&expected) {
                let place = found.map_or(first.offset(), |entry| self.input[entry].1);
                let message = format!("the counterexample gives no value of `X_{expected}`");
                return Err(Fault::new(place, message));
            }
        }
        let output = self.output.into_iter().map(|(entry, (value, _))| (entry, value)).collect();
        let input = self.input.into_values().map(|(value, _)| value).collect();
        Ok(Some(ClaimedWitness { input, output }))
    }
}

/// The number of entries of `float32 [1,5]`.
fn shape(kind: &str) -> Option<usize> {
    let (_, list) = kind.strip_suffix(']')?.split_once('[')?;
    let mut sizes = list.split(',').filter(|size| !size.trim().is_empty());
    sizes.try_fold(1usize, |product, size| product.checked_mul(parse_index(size.trim())?))
}

fn unexpected(found: Expression<'_>) -> Fault {
    found.fault(format!("expected a pair such as `(X_0 0.5)`, found {}", found.shown()))
}
