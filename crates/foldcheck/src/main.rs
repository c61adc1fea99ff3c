//! The program `foldcheck CERTIFICATE FILES…`: does the certificate prove its statement?

use std::io::{ErrorKind, Write};
use std::panic::catch_unwind;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use foldcheck::{Accepted, Content, Failure, Rejection, check_until, open, within};
use serde_json::json;

const USAGE: &str = "\
usage: foldcheck [--json] [--timeout SECONDS] CERTIFICATE FILES…

Checks a certificate of foldline against the files it is about, in exact and outward rounded
integer arithmetic. FILES are in the order in which the certificate names them; for `verify`
the network and the property. Files may be gzipped; one of them may be `-`, standard input.

Exit codes: 0 accepted    1 rejected    2 wrong usage    3 the time has run out    4 bad input
70 internal error";

/// The exit code of an error in this program itself.
const INTERNAL: u8 = 70;

/// What the command line says.
struct Arguments {
    json: bool,
    timeout: Option<Duration>,
    certificate: String,
    files: Vec<String>,
}

impl Arguments {
    /// Reads the command line; none where it is wrong.
    fn read(words: Vec<String>) -> Option<Self> {
        let (mut json, mut timeout, mut paths) = (false, None, Vec::new());
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => json = true,
                "--timeout" => timeout = Some(seconds(&words.next()?)?),
                option if option.starts_with("--timeout=") => {
                    timeout = Some(seconds(&option["--timeout=".len()..])?);
                }
                option if option.len() > 1 && option.starts_with('-') => return None,
                _ => paths.push(word),
            }
        }
        let several_stdin = paths.iter().filter(|path| *path == "-").count() > 1;
        if paths.len() < 2 || several_stdin {
            return None;
        }
        let files = paths.split_off(1);
        Some(Self { json, timeout, certificate: paths.pop()?, files })
    }
}

/// A decimal number of seconds, read without floats.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let nanoseconds: String = fraction.chars().chain("000000000".chars()).take(9).collect();
    let whole = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    Some(Duration::new(whole, nanoseconds.parse().ok()?))
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        return print(USAGE, 0);
    }
    let Some(Arguments { json, timeout, certificate, files }) = Arguments::read(words) else {
        return complain(USAGE, 2);
    };
    // The message of a panic is on standard error by then.
    let answer = catch_unwind(|| within(timeout, move |stop| answer(&certificate, &files, stop)));
    let Ok(answer) = answer else { return ExitCode::from(INTERNAL) };
    match answer.unwrap_or(Err(Failure::Stopped)) {
        Ok(accepted) if json => {
            let statement = accepted.statement.to_json();
            print(&json!({"answer": "accepted", "statement": statement}).to_string(), 0)
        }
        Ok(accepted) => print(&format!("accepted\n{}", accepted.statement), 0),
        Err(Failure::Input(error)) => complain(&format!("foldcheck: {error}"), 4),
        Err(Failure::Stopped) if json => print(&json!({"answer": "undecided"}).to_string(), 3),
        Err(Failure::Stopped) => print("undecided: the time has run out", 3),
        Err(Failure::Rejected(Rejection { line, record, reason })) if json => {
            let answer = json!({
                "answer": "rejected", "line": line, "record": record, "reason": reason,
            });
            print(&answer.to_string(), 1)
        }
        Err(Failure::Rejected(rejection)) => print(&format!("rejected\n{rejection}"), 1),
    }
}

/// Reads the files and checks the certificate.
fn answer(
    certificate: &str,
    files: &[String],
    stop: &dyn Fn() -> bool,
) -> Result<Accepted, Failure> {
    let files = files.iter().map(|path| Content::read(Path::new(path)));
    let files = files.collect::<Result<Vec<Content>, _>>()?;
    check_until(open(Path::new(certificate))?, &files, stop)
}

/// Writes the answer to standard output.
fn print(text: &str, code: u8) -> ExitCode {
    let mut output = std::io::stdout().lock();
    match writeln!(output, "{text}").and_then(|()| output.flush()) {
        Ok(()) => ExitCode::from(code),
        // A reader that went away is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::from(code),
        Err(error) => complain(&format!("foldcheck: standard output: {error}"), 4),
    }
}

/// Writes to standard error; where that is closed there is nobody to tell.
fn complain(text: &str, code: u8) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "{text}");
    ExitCode::from(code)
}
