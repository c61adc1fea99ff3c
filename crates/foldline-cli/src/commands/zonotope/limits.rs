//! Limits of the commands that enumerate: the clock, Ctrl-C, and the answer when one ran out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::describe::duration;
use crate::interrupt::stop_flag;
use crate::report::{Exit, Report};

/// When to give up.
pub struct Limits {
    start: Instant,
    timeout: Option<Duration>,
    stop: Arc<AtomicBool>,
}

impl Limits {
    /// Limits counted from `start`; catches Ctrl-C from now on.
    pub fn new(start: Instant, timeout: Option<Duration>) -> Self {
        Self { start, timeout, stop: stop_flag() }
    }

    /// Whether a limit is reached.
    pub fn reached(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
            || self.timeout.is_some_and(|timeout| self.start.elapsed() >= timeout)
    }

    /// The answer when one is.
    pub fn undecided(&self, command: &str) -> Report {
        let time = duration(self.start.elapsed().as_secs_f64());
        let stopped = self.stop.load(Ordering::Relaxed);
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
