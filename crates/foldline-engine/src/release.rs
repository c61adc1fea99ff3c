//! How all workers end when one panics.

use std::sync::atomic::Ordering;

use crate::sync::{AtomicBool, Condvar};

/// Lets the other workers end when one panics, so that the panic is seen and nothing hangs.
pub struct ReleaseOnPanic<'a> {
    /// Set then.
    pub done: &'a AtomicBool,
    /// What the others wait for, if they do.
    pub changed: Option<&'a Condvar>,
}

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.done.store(true, Ordering::SeqCst);
            if let Some(changed) = self.changed {
                changed.notify_all();
            }
        }
    }
}
