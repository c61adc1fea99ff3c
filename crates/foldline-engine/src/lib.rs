//! One driver for every search: threads, limits, evidence, and open work as data.
//!
//! A question says how a part of its search space is visited: closed for a reason, split, or
//! answered ([`Search`]). The [`driver`] does the rest: it passes parts between threads, ends at a limit,
//! hands out all open parts at any moment for a checkpoint, and puts the [`evidence`] in order.

pub mod checkpoint;
pub mod driver;
pub mod evidence;
pub mod limits;
mod log;
#[cfg(all(test, loom))]
mod model;
mod open;
mod open_parts;
pub mod pieces;
mod release;
pub mod search;
mod sync;
pub mod workers;

pub use driver::{Ended, Run, best_first, best_first_with_dives, depth_first};
pub use evidence::{Evidence, EvidenceError, Storage};
pub use open::Open;
pub use search::{Left, Search};
