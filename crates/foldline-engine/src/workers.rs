//! The threads of a search: those that the system can start, and how all end when one panics.
//!
//! A thread that cannot start is done without: the thread at hand works in any case.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, Scope, ScopedJoinHandle, Thread};
use std::time::Duration;

use foldline_kernel::interrupt;

pub use crate::release::ReleaseOnPanic;

/// The stack of a thread where none is asked for, in bytes.
const STACK: usize = 2 << 20;

/// So many bytes must be there beside a thread's stack. A thread that runs out of memory before
/// its work begins would end the program.
const ROOM: usize = 256 << 20;

/// So many bytes of address space an allocator may reserve for a thread, at its first allocation.
const ARENA: usize = 128 << 20;

/// Starts `work` on a thread with at least the usual stack; none if the system cannot start one.
///
/// `others` counts the threads started just before it, which may not have reserved their memory yet.
pub fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    others: usize,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Option<ScopedJoinHandle<'scope, T>> {
    has_room(others.saturating_mul(ARENA))?;
    start_with_stack(scope, STACK, work)
}

/// Whether so many bytes are there. Nothing is written to them.
fn has_room(bytes: usize) -> Option<()> {
    Vec::<u8>::new().try_reserve_exact(bytes.saturating_add(ROOM)).ok()
}

/// The same with a stack of so many bytes.
pub fn start_with_stack<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    stack: usize,
    work: impl FnOnce() -> T + Send + 'scope,
) -> Option<ScopedJoinHandle<'scope, T>> {
    has_room(stack)?;
    Builder::new().stack_size(stack).spawn_scoped(scope, work).ok()
}

/// Runs `work` for the workers 0, 1, … at the same time, worker 0 on the thread at hand.
///
/// All have the stop hook of the thread at hand, and none ends by it unless it asks for that.
/// `missing` is called for each worker that cannot be started, before worker 0 begins.
pub fn on_all(workers: usize, missing: impl Fn(), work: impl Fn(usize) + Sync) {
    let hook = interrupt::hook();
    let work = |worker| interrupt::with_hook(hook.clone(), || work(worker));
    std::thread::scope(|scope| {
        let work = &work;
        let begin = |&worker: &usize| start(scope, worker, move || work(worker)).is_some();
        let last = (1..workers).take_while(begin);
        let started = 1 + last.count();
        (started..workers).for_each(|_| missing());
        work(0);
    });
}

/// Runs `body` while a thread calls `look`, at once and then after every `pause`; without that if
/// none can start.
pub fn watched<T>(pause: Duration, look: impl Fn() + Sync, body: impl FnOnce() -> T) -> T {
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = start(scope, 0, || {
            while !ended.load(Ordering::Relaxed) {
                look();
                std::thread::park_timeout(pause);
            }
        });
        let thread = watcher.map(|watcher| watcher.thread().clone());
        let _end = EndOnDrop { ended: &ended, thread };
        body()
    })
}

/// Ends a thread that watches a search, also when the search panics.
struct EndOnDrop<'a> {
    ended: &'a AtomicBool,
    /// The thread, which may be parked.
    thread: Option<Thread>,
}

impl Drop for EndOnDrop<'_> {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn a_thread_that_cannot_start_is_none() {
        let impossible = usize::MAX >> 2;
        std::thread::scope(|scope| {
            assert!(start_with_stack(scope, impossible, || ()).is_none());
            assert!(start(scope, 0, || ()).is_some());
        });
    }

    #[test]
    fn every_worker_works_or_is_missing() {
        let (working, missing) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let add = |count: &AtomicUsize| {
            count.fetch_add(1, Ordering::Relaxed);
        };
        on_all(5, || add(&missing), |_| add(&working));
        assert_eq!(working.into_inner() + missing.into_inner(), 5);
    }

    #[test]
    fn a_panic_under_watch_is_seen_and_does_not_hang() {
        let body = || watched(Duration::from_secs(3600), || (), || panic!("on purpose"));
        assert!(std::panic::catch_unwind(body).is_err());
    }
}
