//! What ends a run before its answer, and on how many threads it works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foldline_kernel::interrupt::Hook;

/// Which limit ended a run without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The limit of wall-clock time.
    Time,
    /// The stop flag was raised (Ctrl-C).
    Stopped,
}

/// The number of worker threads that `threads` asks for; 0 means one a core.
pub fn workers(threads: usize) -> usize {
    match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// A hook that says stop once `timeout` has passed since `start`, or the flag is raised.
pub fn hook(start: Instant, timeout: Option<Duration>, stop: Option<Arc<AtomicBool>>) -> Hook {
    let is_over = move |timeout: Duration| start.elapsed() >= timeout;
    Arc::new(move || timeout.is_some_and(is_over) || is_raised(stop.as_deref()))
}

/// Whether there is a flag and it is raised.
pub fn is_raised(stop: Option<&AtomicBool>) -> bool {
    stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
}
