//! The settings of a run, what ends it before its answer, and how it reports its progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foldline_kernel::interrupt::{self, Hook, Stopped, unless_stopped};

use crate::workers::watched;

/// Time between two reports of progress.
pub(crate) const REPORT: Duration = Duration::from_millis(100);

/// Which limit ended a run without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The limit of wall-clock time.
    Time,
    /// The stop flag was raised (Ctrl-C).
    Stopped,
}

/// What is called with a run's progress, now and then and from another thread.
pub type Callback<P> = Arc<dyn Fn(&P) + Send + Sync>;

/// Limits and settings of a run whose progress is a `P`.
pub struct Options<P> {
    /// Worker threads; 0 means one a core.
    pub threads: usize,
    /// The limit of wall-clock time.
    pub timeout: Option<Duration>,
    /// Raised from outside to end the run early.
    pub stop: Option<Arc<AtomicBool>>,
    /// Called a few times a second.
    pub progress: Option<Callback<P>>,
    /// The seed of random choices, where the question makes any.
    pub seed: u64,
}

impl<P> Options<P> {
    /// The number of worker threads.
    pub fn workers(&self) -> usize {
        workers(self.threads)
    }
}

impl<P> Default for Options<P> {
    fn default() -> Self {
        Self { threads: 0, timeout: None, stop: None, progress: None, seed: 0 }
    }
}

impl<P> Clone for Options<P> {
    fn clone(&self) -> Self {
        let (stop, progress) = (self.stop.clone(), self.progress.clone());
        Self { stop, progress, ..*self }
    }
}

/// The number of worker threads that `threads` asks for; 0 means one a core.
pub fn workers(threads: usize) -> usize {
    match threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    }
}

/// When a run has to end.
pub struct Limits<'a, P> {
    start: Instant,
    options: &'a Options<P>,
    /// Says whether a limit is reached.
    hook: Hook,
}

impl<'a, P> Limits<'a, P> {
    /// Counts time from now.
    pub fn new(options: &'a Options<P>) -> Self {
        let start = Instant::now();
        let (timeout, stop) = (options.timeout, options.stop.clone());
        let hook = Arc::new(move || limit(start, timeout, stop.as_deref()).is_some());
        Self { start, options, hook }
    }

    /// Whether a limit is reached.
    pub fn reached(&self) -> bool {
        (self.hook)()
    }

    /// Which limit was reached.
    pub fn which(&self) -> Limit {
        // A flag may have been taken back: where no limit is reached any more, it was the flag.
        limit(self.start, self.options.timeout, self.options.stop.as_deref())
            .unwrap_or(Limit::Stopped)
    }

    /// Runs `body`, which ends early when a limit is reached.
    ///
    /// # Errors
    /// If it has ended early.
    pub fn unless_reached<T>(&self, body: impl FnOnce() -> T) -> Result<T, Stopped> {
        interrupt::with_hook(Some(self.hook.clone()), || unless_stopped(body))
    }

    /// The options of what comes next: with the time that is left.
    pub fn rest(&self) -> Options<P> {
        let left = |timeout: Duration| timeout.saturating_sub(self.start.elapsed());
        Options { timeout: self.options.timeout.map(left), ..self.options.clone() }
    }

    /// Runs `body` while a thread reports progress, if that is wanted; `progress` gets the time since
    /// the start.
    pub fn reporting<T>(
        &self,
        progress: impl Fn(Duration) -> P + Sync,
        body: impl FnOnce() -> T,
    ) -> T {
        let Some(report) = &self.options.progress else { return body() };
        let start = self.start;
        watched(REPORT, || report(&progress(start.elapsed())), body)
    }
}

/// The limit that is reached, if any: a time since the start, or a flag.
fn limit(start: Instant, timeout: Option<Duration>, stop: Option<&AtomicBool>) -> Option<Limit> {
    if stop.is_some_and(|stop| stop.load(Ordering::Relaxed)) {
        return Some(Limit::Stopped);
    }
    timeout.is_some_and(|timeout| start.elapsed() >= timeout).then_some(Limit::Time)
}
