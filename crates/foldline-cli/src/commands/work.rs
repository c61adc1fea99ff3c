//! `foldline work BUNDLE --seconds S`: works on one piece of a search that was split.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use foldline::bundles::{self, Progress};
use serde_json::json;

use crate::bundled::{Question, input};
use crate::describe::plural;
use crate::options::{OutputOptions, WorkerOptions, parse_seconds};
use crate::report::{Exit, Failure, Report};

/// Work on one piece of a search that was split
///
/// What is done is kept in the bundle's file, again and again while the run goes on: after a stop of
/// any kind the same command goes on. The files of the question are read from the paths that `split` was
/// given; they must be the same, byte for byte.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The bundle, as `foldline split` wrote it
    #[arg(value_name = "BUNDLE")]
    bundle: PathBuf,
    /// Stop after this many seconds of wall-clock time [default: when the piece is done]
    #[arg(long, value_name = "S", value_parser = parse_seconds)]
    seconds: Option<Duration>,
    #[command(flatten)]
    workers: WorkerOptions,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline work bundles/piece-1.json --seconds 3600

Exit codes:
  0 closed: nothing is left to do in this piece
  1 decided: the question is answered by what was found here; the other pieces need no work
  2 wrong usage    3 open work is left    4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { bundle, seconds, workers, .. } = arguments;
    let content = bundles::read(bundle).map_err(input)?;
    let words = content.arguments().filter(|_| content.notes.contains_key("piece"));
    let words = words.ok_or_else(|| {
        input(format!("{}: expected a bundle that `foldline split` wrote", bundle.display()))
    })?;
    if bundle.parent().is_some_and(|folder| bundles::merged(folder).exists()) {
        let message = "the pieces were merged already, and `foldline merge` goes on from there";
        return Err(input(format!("{}: {message}", bundle.display())));
    }
    let mut is_stopped = false;
    if let Progress::Open(_) = content.progress() {
        let question = Question(words).beside(bundle)?;
        let question = question.with("--checkpoint", bundle.display()).with_flag("--piece", true);
        let report = question.within(*seconds).on(workers).run()?;
        is_stopped = report.exit == Exit::Interrupted;
        let answer = report.to_json();
        if let Some(finished) = report.finished {
            finished.settle(answer).map_err(input)?;
        } else if let Some(lost) = report.warnings.iter().find(|text| text.contains("not saved")) {
            return Err(input(lost));
        }
    }
    let progress = bundles::read(bundle).map_err(input)?.progress();
    let (exit, word, open) = match progress {
        Progress::Decided(_) => (Exit::No, "decided", 0),
        Progress::Closed => (Exit::Yes, "closed", 0),
        Progress::Open(open) if is_stopped => (Exit::Interrupted, "open", open),
        Progress::Open(open) => (Exit::Undecided, "open", open),
    };
    let mut report = Report::new("work", "worked", exit, start, json!({}));
    report.set("piece", word);
    report.set("open_parts", open);
    let left = format!("{} left", plural(open as u64, "part"));
    report.text = match exit {
        Exit::No => {
            "DECIDED: what was found here answers the question; merge the bundles.\n".into()
        }
        Exit::Yes => "CLOSED: nothing is left to do in this piece.\n".into(),
        Exit::Undecided => format!("OPEN: {left}; the same command goes on.\n"),
        Exit::Interrupted => {
            report.warnings.push(format!("stopped by Ctrl-C, {left}: the same command goes on"));
            String::new()
        }
    };
    Ok(report)
}
