//! What a command hands back: an answer with its exit code, or why there is none.

use std::fmt;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::Instant;

use foldline::FormatError;
use foldline::checkpoint::CheckpointFile;
use foldline::text::approximate;
use foldline::{Rational, VERSION};
use serde_json::{Map, Value, json};

/// The exit code of a command that gave an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Yes, holds, computed, accepted.
    Yes = 0,
    /// No, violated, rejected.
    No = 1,
    /// A limit set by the user ran out.
    Undecided = 3,
    /// Stopped by Ctrl-C.
    Interrupted = 130,
}

/// An answer, in both of its forms.
#[derive(Debug)]
pub struct Report {
    /// How the program ends.
    pub exit: Exit,
    /// The JSON answer.
    pub json: Map<String, Value>,
    /// The answer for people; nothing is printed where it is empty.
    pub text: String,
    /// Lines for standard error.
    pub warnings: Vec<String>,
    /// The checkpoint that is of no more use once the answer is printed.
    pub finished: Option<CheckpointFile>,
    /// A folder of bundles that is of no more use then.
    pub bundles: Option<PathBuf>,
}

/// Why a command gave no answer.
#[derive(Debug, Clone)]
pub enum Failure {
    /// The command line asks for something that has no meaning.
    Usage(String),
    /// A file or the environment is not as expected.
    Input(String),
    /// Something that can only be a mistake in foldline.
    Internal(String),
}

impl Failure {
    /// The exit code of internal errors, as `sysexits.h` has it.
    pub const INTERNAL: u8 = 70;

    /// The exit code for this failure.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Usage(_) => 2,
            Failure::Input(_) => 4,
            Failure::Internal(_) => Self::INTERNAL,
        }
    }

    /// An operating-system error about `path`.
    pub fn io(path: &std::path::Path, error: &std::io::Error) -> Self {
        Failure::Input(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Input(message) => formatter.write_str(message),
            Failure::Internal(message) => write!(
                formatter,
                "internal error: {message}. This is a bug in foldline; please report it with the \
                 command used."
            ),
        }
    }
}

impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Failure::Input(error.to_string())
    }
}

impl Report {
    /// A report whose JSON starts with the keys every answer has.
    pub fn new(command: &str, answer: &str, exit: Exit, start: Instant, statistics: Value) -> Self {
        let mut json = Map::new();
        json.insert("foldline".into(), VERSION.into());
        json.insert("command".into(), command.into());
        json.insert("answer".into(), answer.into());
        json.insert("seconds".into(), seconds(start.elapsed().as_secs_f64()));
        json.insert("statistics".into(), statistics);
        Self {
            exit,
            json,
            text: String::new(),
            warnings: Vec::new(),
            finished: None,
            bundles: None,
        }
    }

    /// The answer as data, for a run that prints it later.
    pub fn to_json(&self) -> Value {
        json!({
            "exit": self.exit as u8,
            "json": self.json,
            "text": self.text,
            "warnings": self.warnings,
        })
    }

    /// The answer of such data; none if it is none.
    pub fn from_json(state: &Value) -> Option<Self> {
        let exits = [Exit::Yes, Exit::No, Exit::Undecided, Exit::Interrupted];
        let exit = state.get("exit")?.as_u64()?;
        let exit = exits.into_iter().find(|known| u64::from(*known as u8) == exit)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let warnings = state.get("warnings")?.as_array()?;
        Some(Self {
            exit,
            json: state.get("json")?.as_object()?.clone(),
            text: text(state.get("text")?)?,
            warnings: warnings.iter().map(text).collect::<Option<_>>()?,
            finished: None,
            bundles: None,
        })
    }

    /// Adds a key to the JSON answer.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) {
        self.json.insert(key.to_owned(), value.into());
    }

    /// Adds an exact number, and its approximation beside it.
    pub fn set_exact(&mut self, key: &str, value: &Rational) {
        set_exact(&mut self.json, key, value);
    }

    /// Adds a point, and its approximation beside it.
    pub fn set_point(&mut self, key: &str, point: &[Rational]) {
        set_point(&mut self.json, key, point);
    }

    /// Writes the answer to standard output; a reader that went away is no error.
    pub fn print(&self, json: bool) -> Result<(), Failure> {
        let mut text = if json {
            serde_json::to_string(&self.json).expect("maps of strings and numbers")
        } else {
            self.text.trim_end().to_owned()
        };
        if text.is_empty() {
            return Ok(());
        }
        text.push('\n');
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::Input(format!("standard output: {error}")))
            }
            _ => Ok(()),
        }
    }
}

/// Seconds as a JSON number with microseconds.
pub fn seconds(value: f64) -> Value {
    json!((value * 1e6).round() / 1e6)
}

/// Adds an exact number to an object, and its approximation beside it.
pub fn set_exact(object: &mut Map<String, Value>, key: &str, value: &Rational) {
    object.insert(key.to_owned(), value.to_string().into());
    object.insert(format!("{key}_approx"), approximate(value).into());
}

/// Adds a point to an object, and its approximation beside it.
pub fn set_point(object: &mut Map<String, Value>, key: &str, point: &[Rational]) {
    let exact: Vec<String> = point.iter().map(Rational::to_string).collect();
    let floats: Vec<Option<f64>> = point.iter().map(approximate).collect();
    object.insert(key.to_owned(), exact.into());
    object.insert(format!("{key}_approx"), floats.into());
}

/// The JSON object of a point of the graph: `{input, output}` with approximations.
pub fn witness_json(input: &[Rational], output: &[Rational]) -> Map<String, Value> {
    let mut object = Map::new();
    set_point(&mut object, "input", input);
    set_point(&mut object, "output", output);
    object
}

/// Writes a line to standard error; where that is closed there is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
