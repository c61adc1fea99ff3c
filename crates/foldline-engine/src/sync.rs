//! The locks and atomic numbers of the driver: those of the standard library.
//!
//! With `--cfg loom` they are loom's, and `model.rs` tries the orders in which threads can run.

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
#[cfg(loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
#[cfg(not(loom))]
pub use std::sync::{Condvar, Mutex, MutexGuard};
