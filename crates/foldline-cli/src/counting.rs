//! What the commands that count cells share: their limits, their progress line, their words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use foldline::questions::regions::{CountError, Limit, Options, Progress};
use serde_json::{Map, Value};

use crate::certifying::Limits;
use crate::describe::{count, duration, plural};
use crate::interrupt::stop_flag;
use crate::options::{OutputOptions, TimeoutOption, WorkerOptions};
use crate::progress::ProgressLine;
use crate::report::{Exit, Failure, Report};

/// Options of every count.
#[derive(Debug, Clone, Args)]
pub struct CountingOptions {
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    workers: WorkerOptions,
}

/// A count with its limits, its progress line and its interrupt handler.
pub struct Counting {
    /// When the program began.
    pub start: Instant,
    /// For the engine.
    pub options: Options,
    timeout: Option<Duration>,
    /// When the limit in the options began.
    begun: Instant,
    _line: ProgressLine,
}

impl Counting {
    /// Limits count from `start`.
    pub fn new(start: Instant, limits: &CountingOptions) -> Self {
        let line = ProgressLine::new(limits.workers.quiet);
        let show = line.writer();
        let progress = show.map(|show| {
            Arc::new(move |progress: &Progress| show(&line_of(progress)))
                as foldline::questions::regions::ProgressCallback
        });
        let options = Options {
            threads: limits.workers.threads.map_or(0, usize::from),
            timeout: limits.timeout.timeout.map(|limit| limit.saturating_sub(start.elapsed())),
            stop: Some(stop_flag()),
            progress,
            ..Options::default()
        };
        let timeout = limits.timeout.timeout;
        Self { start, options, timeout, begun: Instant::now(), _line: line }
    }

    /// The same limits for the check of a certificate.
    pub fn limits(&self) -> Limits {
        Limits { start: self.start, timeout: self.timeout, stop: self.options.stop.clone() }
    }

    /// Takes the time that has passed off the limit, before a further count begins.
    pub fn shorten(&mut self) {
        let left = |limit: std::time::Duration| limit.saturating_sub(self.begun.elapsed());
        self.options.timeout = self.options.timeout.map(left);
        self.begun = Instant::now();
    }

    /// The report of an answer; `text` is followed by a line about time and rate.
    pub fn report(&self, command: &str, answer: &str, cells: u64, text: &str) -> Report {
        let seconds = self.start.elapsed().as_secs_f64();
        let statistics = Value::Object(Map::from_iter([("cells".to_owned(), cells.into())]));
        let mut report = Report::new(command, answer, Exit::Yes, self.start, statistics);
        let rate = if seconds > 0.01 { per_second(cells, seconds) } else { String::new() };
        report.text = format!("{}\n\n{}{rate}\n", text.trim_end(), duration(seconds));
        report
    }

    /// The report of a count that a limit ended after so many cells.
    pub fn undecided(&self, command: &str, limit: Limit, cells: u64, text: &str) -> Report {
        let (exit, word) = match limit {
            Limit::Time => (Exit::Undecided, "time"),
            Limit::Stopped => (Exit::Interrupted, "stopped"),
        };
        let found =
            format!("{text}UNDECIDED: a limit ran out.\nat least {}\n", plural(cells, "cell"));
        let mut report = self.report(command, "undecided", cells, &found);
        report.exit = exit;
        report.set("limit", word);
        report.set("cells_at_least", cells);
        if limit == Limit::Stopped {
            report.text = String::new();
            let time = duration(self.start.elapsed().as_secs_f64());
            let cells = plural(cells, "cell");
            report
                .warnings
                .push(format!("undecided, stopped by Ctrl-C after {time}: at least {cells}"));
        }
        report
    }
}

/// Why a count was not begun, as the program says it.
pub fn not_begun(error: CountError) -> Failure {
    match error {
        CountError::State(_) => Failure::Input(error.to_string()),
        _ => Failure::Usage(error.to_string()),
    }
}

fn per_second(cells: u64, seconds: f64) -> String {
    format!(", {} cells a second", count((cells as f64 / seconds) as u64))
}

/// Less than 80 characters about a running count.
fn line_of(progress: &Progress) -> String {
    let seconds = progress.elapsed.as_secs_f64();
    let rate = per_second(progress.cells, seconds.max(1e-3));
    format!("{:>8}  {} cells{rate}", duration(seconds), count(progress.cells))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_line_is_short() {
        let elapsed = Duration::from_secs(123_456);
        let text = line_of(&Progress { cells: 123_456_789_012, elapsed });
        assert!(text.len() < 80 && text.contains("123,456,789,012 cells, 1,000,006"), "{text}");
    }
}
