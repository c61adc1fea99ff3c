//! The caller's wish to stop, looked at in every long loop: once it was heard, nothing that is found means anything.

use std::cell::Cell;
use std::fmt;

/// How many short steps may pass between two looks.
const STEPS: u32 = 256;

/// Whether the caller wants the check to end.
pub struct Clock<'s> {
    stop: &'s dyn Fn() -> bool,
    struck: Cell<bool>,
    steps: Cell<u32>,
}

impl<'s> Clock<'s> {
    /// A clock that strikes when `stop` says so.
    pub fn new(stop: &'s dyn Fn() -> bool) -> Self {
        Self { stop, struck: Cell::new(false), steps: Cell::new(0) }
    }

    /// Whether it has struck; looks at it.
    ///
    /// After that a check may end in any way: its result is not used.
    pub fn strikes(&self) -> bool {
        if !self.struck.get() && (self.stop)() {
            self.struck.set(true);
        }
        self.struck.get()
    }

    /// Whether it has struck; looks at it once in many calls, for loops of short steps.
    pub fn ticks(&self) -> bool {
        let steps = self.steps.get() + 1;
        self.steps.set(steps % STEPS);
        if steps == STEPS { self.strikes() } else { self.has_struck() }
    }

    /// Whether it was seen to have struck.
    pub fn has_struck(&self) -> bool {
        self.struck.get()
    }
}

impl fmt::Debug for Clock<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.debug_struct("Clock").field("struck", &self.struck).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_strikes_once_and_for_all() {
        let calls = Cell::new(0);
        let second = || {
            calls.set(calls.get() + 1);
            calls.get() == 2
        };
        let clock = Clock::new(&second);
        assert!(!clock.strikes() && !clock.has_struck());
        assert!((1..STEPS).all(|_| !clock.ticks()) && clock.ticks());
        assert!(clock.strikes() && clock.ticks() && clock.has_struck());
        assert_eq!(calls.get(), 2);
    }
}
