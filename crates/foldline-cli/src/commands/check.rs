//! `foldline check CERTIFICATE FILES…`: does a certificate prove its statement about these files?

use std::iter;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use foldcheck::{Accepted, Content, check_until, open, within};
use serde_json::json;

use crate::load::at_most_one_stdin;
use crate::options::{OutputOptions, TimeoutOption};
use crate::report::{Exit, Failure, Report};

/// Check a certificate against the files it is about
///
/// The same code as the program `foldcheck`: it reads the files itself and checks every record
/// of the certificate in exact and outward rounded integer arithmetic; no search, no float and
/// no tolerance take part. Of a certificate that is rejected the first bad record is named.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The certificate, gzipped or not
    #[arg(value_name = "CERTIFICATE")]
    certificate: PathBuf,
    /// The files it is about, in the order in which it names them: of `verify` the network and
    /// the property
    #[arg(value_name = "FILES", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    limit: TimeoutOption,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline check proof.gz net.onnx prop.vnnlib

Exit codes:
  0 accepted: the statement is proved    1 rejected    2 wrong usage
  3 the time has run out                 4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let paths: Vec<&Path> =
        iter::once(&arguments.certificate).chain(&arguments.files).map(PathBuf::as_path).collect();
    at_most_one_stdin(&paths)?;
    let (certificate, files) = (arguments.certificate.clone(), arguments.files.clone());
    let answer = within(arguments.limit.timeout, move |stop| answer(&certificate, &files, stop));
    match answer.unwrap_or(Err(foldcheck::Failure::Stopped)) {
        Ok(accepted) => {
            let statistics = json!({"lines": accepted.lines});
            let mut report = Report::new("check", "accepted", Exit::Yes, start, statistics);
            report.set("statement", accepted.statement.to_json());
            report.text = format!("ACCEPTED\n{}", accepted.statement);
            Ok(report)
        }
        Err(foldcheck::Failure::Input(error)) => Err(error.into()),
        Err(foldcheck::Failure::Stopped) => {
            let mut report = Report::new("check", "undecided", Exit::Undecided, start, json!({}));
            report.text = "UNDECIDED: the time has run out".to_owned();
            Ok(report)
        }
        Err(foldcheck::Failure::Rejected(rejection)) => {
            let statistics = json!({"lines": rejection.line});
            let mut report = Report::new("check", "rejected", Exit::No, start, statistics);
            report.set("line", rejection.line);
            report.set("record", rejection.record.as_str());
            report.set("reason", rejection.reason.as_str());
            report.text = format!("REJECTED\n{rejection}");
            Ok(report)
        }
    }
}

/// Reads the files and checks the certificate.
fn answer(
    certificate: &Path,
    files: &[PathBuf],
    stop: &dyn Fn() -> bool,
) -> Result<Accepted, foldcheck::Failure> {
    let files = files.iter().map(|path| Content::read(path));
    let files = files.collect::<Result<Vec<Content>, _>>()?;
    check_until(open(certificate)?, &files, stop)
}
