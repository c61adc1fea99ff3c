//! What ends a run before its answer, and on how many threads it works.

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
