//! Limits of the commands that enumerate: the clock, Ctrl-C, and the answer when one ran out.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::json;

use crate::certifying;
use crate::describe::{count, duration};
use crate::interrupt::stop_flag;
use crate::options::TimeoutOption;
use crate::progress::{Callback, ProgressLine};
use crate::report::{Exit, Report};

/// Time between two drawings of the progress line.
const PAUSE: Duration = Duration::from_millis(200);

/// Options of an enumeration.
#[derive(Debug, Clone, Args)]
pub struct LimitOptions {
    #[command(flatten)]
    timeout: TimeoutOption,
    /// Worker threads at most; this command needs one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// No progress line
    #[arg(long)]
    quiet: bool,
}

/// When to give up, and how far it is.
pub struct Limits {
    start: Instant,
    timeout: Option<Duration>,
    stop: Arc<AtomicBool>,
    draw: Option<Callback<Steps>>,
    steps: Cell<Steps>,
    drawn: Cell<Duration>,
    _line: ProgressLine,
}

/// Time since the start, and how many steps were taken.
type Steps = (Duration, u64);

impl Limits {
    /// Limits counted from `start`; catches Ctrl-C from now on.
    pub fn new(start: Instant, options: &LimitOptions) -> Self {
        let line = ProgressLine::new(options.quiet);
        Self {
            start,
            timeout: options.timeout.timeout,
            stop: stop_flag(),
            draw: line.callback_with(|&(time, taken): &Steps| {
                format!("{:>8}  {} steps", duration(time.as_secs_f64()), count(taken))
            }),
            steps: Cell::default(),
            drawn: Cell::default(),
            _line: line,
        }
    }

    /// Whether a limit is reached; to be asked at every step.
    pub fn reached(&self) -> bool {
        let time = self.start.elapsed();
        self.steps.set((time, self.steps.get().1 + 1));
        if let Some(draw) = &self.draw
            && time >= self.drawn.get() + PAUSE
        {
            self.drawn.set(time);
            draw(&self.steps.get());
        }
        self.stopped() || self.timeout.is_some_and(|timeout| time >= timeout)
    }

    /// The same limits for the check of a certificate.
    pub fn of_check(&self) -> certifying::Limits {
        let (start, timeout) = (self.start, self.timeout);
        certifying::Limits { start, timeout, stop: Some(Arc::clone(&self.stop)) }
    }

    /// Whether Ctrl-C was pressed.
    pub fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The answer when a limit is reached.
    pub fn undecided(&self, command: &str) -> Report {
        let time = duration(self.start.elapsed().as_secs_f64());
        let stopped = self.stopped();
        let exit = if stopped { Exit::Interrupted } else { Exit::Undecided };
        let mut report = Report::new(command, "undecided", exit, self.start, json!({}));
        report.set("limit", if stopped { "stopped" } else { "time" });
        if stopped {
            report.warnings.push(format!("undecided, stopped by Ctrl-C after {time}"));
        } else {
            report.text = format!("UNDECIDED: the time limit ran out after {time}.\n");
        }
        report
    }
}
