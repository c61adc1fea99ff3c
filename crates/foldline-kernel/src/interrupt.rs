//! Ends long computations before their results: a thread's stop hook, asked as work is counted.
//!
//! Loops that can be long count their work with [`count`]. Inside of [`unless_stopped`] the hook
//! is asked once in a while; when it says stop, the computation unwinds to there, and only to
//! there. So an exact evaluation or a linear program deep inside of a search needs no result of
//! its own for "stopped". Elsewhere, and on threads without a hook, nothing ever unwinds.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

/// Says whether to stop; asked from any thread, many times a second.
pub type Hook = Arc<dyn Fn() -> bool + Send + Sync>;

/// The computation was stopped before its result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// Work between two looks at the hook: some tenths of a millisecond.
const INTERVAL: u64 = 1 << 18;

/// What the work of one multiplication of long numbers is, in multiplications of floats.
pub const EXACT: usize = 64;

thread_local! {
    /// Work counted on this thread.
    static SPENT: Cell<u64> = const { Cell::new(0) };
    /// The work at which the hook is asked next; never outside of `unless_stopped`.
    static NEXT: Cell<u64> = const { Cell::new(u64::MAX) };
    static HOOK: RefCell<Option<Hook>> = const { RefCell::new(None) };
}

/// Counts work, roughly in multiplications of floats, and unwinds if the hook says stop.
#[inline]
pub fn count(work: usize) {
    let spent = SPENT.get() + work as u64;
    SPENT.set(spent);
    if spent >= NEXT.get() {
        ask(spent);
    }
}

/// The work that this thread has counted so far.
pub fn spent() -> u64 {
    SPENT.get()
}

#[cold]
fn ask(spent: u64) {
    NEXT.set(spent + INTERVAL);
    // Where panics abort, or one is on its way, a second one would end the process.
    if cfg!(panic = "unwind") && !std::thread::panicking() && hook().is_some_and(|hook| hook()) {
        resume_unwind(Box::new(Stopped));
    }
}

/// The thread's hook, to be handed on to threads that it starts.
pub fn hook() -> Option<Hook> {
    HOOK.with_borrow(Clone::clone)
}

/// What the thread had before, given back at the end of a scope, however that ends.
struct Before {
    next: u64,
    hook: Option<Hook>,
}

impl Drop for Before {
    fn drop(&mut self) {
        NEXT.set(self.next);
        HOOK.set(self.hook.take());
    }
}

/// Runs `body` with this hook, which is asked in what `body` does inside of [`unless_stopped`].
pub fn with_hook<T>(new: Option<Hook>, body: impl FnOnce() -> T) -> T {
    let _before = Before { next: NEXT.replace(u64::MAX), hook: HOOK.replace(new) };
    body()
}

/// Runs `body`, which ends early once the thread's hook says stop.
///
/// What `body` changed may then be half done. It must not count work while it holds
/// a lock, unless [`to_the_end`].
///
/// # Errors
/// If it was stopped.
pub fn unless_stopped<T>(body: impl FnOnce() -> T) -> Result<T, Stopped> {
    let Some(hook) = hook() else { return Ok(body()) };
    let _before = Before { next: NEXT.replace(SPENT.get() + INTERVAL), hook: Some(hook) };
    catch_unwind(AssertUnwindSafe(body)).map_err(|payload| match payload.downcast::<Stopped>() {
        Ok(stopped) => *stopped,
        Err(panic) => resume_unwind(panic),
    })
}

/// Runs `body` to its end whatever the hook says, as it must where a lock is held.
pub fn to_the_end<T>(body: impl FnOnce() -> T) -> T {
    with_hook(hook(), body)
}

/// A hook that says stop from its n-th call on, for tests.
pub fn after_calls(calls: u64) -> (Hook, Arc<std::sync::atomic::AtomicU64>) {
    use std::sync::atomic::{AtomicU64, Ordering};
    let asked = Arc::new(AtomicU64::new(0));
    let counter = asked.clone();
    (Arc::new(move || counter.fetch_add(1, Ordering::Relaxed) + 1 >= calls), asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    fn work_for_ever() {
        loop {
            count(INTERVAL as usize / 4);
        }
    }

    #[test]
    fn the_hook_ends_what_would_not_end() {
        let (hook, asked) = after_calls(3);
        let ended = with_hook(Some(hook), || unless_stopped(work_for_ever));
        assert_eq!(ended, Err(Stopped));
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn nothing_ends_outside_of_the_scope() {
        let (hook, asked) = after_calls(1);
        with_hook(Some(hook), || {
            count(INTERVAL as usize * 4);
            assert_eq!(unless_stopped(|| 7), Ok(7));
            count(INTERVAL as usize * 4);
        });
        assert_eq!(asked.load(Ordering::Relaxed), 0);
        assert_eq!(unless_stopped(|| count(INTERVAL as usize * 4)), Ok(()));
    }

    #[test]
    #[should_panic(expected = "of its own")]
    fn other_panics_pass() {
        let (hook, _) = after_calls(9);
        let _ = with_hook(Some(hook), || unless_stopped(|| panic!("of its own")));
    }
}
