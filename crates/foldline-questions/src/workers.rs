//! The worker threads of a search, and how the others end when one panics.

use std::sync::Condvar;
use std::sync::atomic::{AtomicBool, Ordering};

use foldline_kernel::interrupt;

/// Runs `work` for the workers 0, 1, … at the same time, worker 0 on the thread at hand.
///
/// All have the stop hook of the thread at hand, and none ends by it unless it asks for that.
pub fn on_all(workers: usize, work: impl Fn(usize) + Sync) {
    let hook = interrupt::hook();
    let work = |worker| interrupt::with_hook(hook.clone(), || work(worker));
    std::thread::scope(|scope| {
        for worker in 1..workers {
            let work = &work;
            scope.spawn(move || work(worker));
        }
        work(0);
    });
}

/// Lets the other workers end when one panics, so that the panic is seen and nothing hangs.
pub struct ReleaseOnPanic<'a> {
    /// Set then.
    pub done: &'a AtomicBool,
    /// What the others wait for.
    pub changed: &'a Condvar,
}

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.done.store(true, Ordering::SeqCst);
            self.changed.notify_all();
        }
    }
}
