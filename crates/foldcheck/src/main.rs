//! The program `foldcheck CERTIFICATE FILES…`: does the certificate prove its statement?

use std::io::{ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use foldcheck::{Content, Failure, Rejection, check, open};
use serde_json::json;

const USAGE: &str = "\
usage: foldcheck [--json] CERTIFICATE FILES…

Checks a certificate of foldline against the files it is about, in exact and outward rounded
integer arithmetic. FILES are in the order in which the certificate names them; for `verify`
the network and the property. Files may be gzipped; one of them may be `-`, standard input.

Exit codes: 0 accepted    1 rejected    2 wrong usage    4 bad input";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help" || argument == "-h") {
        return print(USAGE, 0);
    }
    let json = arguments.iter().any(|argument| argument == "--json");
    let paths: Vec<&String> = arguments.iter().filter(|argument| *argument != "--json").collect();
    let unknown = paths.iter().any(|path| path.len() > 1 && path.starts_with('-'));
    let several_stdin = paths.iter().filter(|path| path.as_str() == "-").count() > 1;
    let [certificate, files @ ..] = paths.as_slice() else {
        return complain(USAGE, 2);
    };
    if files.is_empty() || unknown || several_stdin {
        return complain(USAGE, 2);
    }
    let read = |path: &&String| Content::read(Path::new(path.as_str()));
    let opened = files
        .iter()
        .map(read)
        .collect::<Result<Vec<Content>, _>>()
        .and_then(|files| Ok((files, open(Path::new(certificate))?)));
    let (files, certificate) = match opened {
        Ok(opened) => opened,
        Err(error) => return complain(&format!("foldcheck: {error}"), 4),
    };
    match check(certificate, &files) {
        Ok(accepted) if json => {
            let statement = accepted.statement.to_json();
            print(&json!({"answer": "accepted", "statement": statement}).to_string(), 0)
        }
        Ok(accepted) => print(&format!("accepted\n{}", accepted.statement), 0),
        Err(Failure::Input(error)) => complain(&format!("foldcheck: {error}"), 4),
        Err(Failure::Rejected(Rejection { line, record, reason })) if json => {
            let answer = json!({
                "answer": "rejected", "line": line, "record": record, "reason": reason,
            });
            print(&answer.to_string(), 1)
        }
        Err(Failure::Rejected(rejection)) => print(&format!("rejected\n{rejection}"), 1),
    }
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
