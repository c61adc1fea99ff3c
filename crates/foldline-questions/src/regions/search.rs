//! A walk on several threads: each goes over the top of the tree, and takes parts nobody has taken.
//!
//! The parts are the subtrees below a fixed number of splits, numbered in the order of the walk,
//! which is the same on every thread. So a part's number is all that threads, and later runs,
//! need to know of it.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use foldline_geometry::arrangements::{Arrangement, Cell, Plan, Reason, Visitor, walk};
use serde_json::{Value, json};

use crate::checkpoint::{StateError, count, expected, list};
pub use crate::limits::Limit;
use crate::limits::{self, Callback, Limits};
use crate::workers::{ReleaseOnPanic, start};

/// Splits above a part.
const PART_SPLITS: u32 = 12;

/// Nodes between two looks at the clock.
const NODES_A_LOOK: u32 = 256;

/// How far a walk is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Cells found so far.
    pub cells: u64,
    /// Time since the walk began.
    pub elapsed: Duration,
}

/// Gets progress now and then, from another thread.
pub type ProgressCallback = Callback<Progress>;

/// Limits of a walk.
pub type Options = limits::Options<Progress>;

/// Parts that have been walked, and the cells in them: the state of a count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Done {
    /// Every part below this number.
    pub below: u64,
    /// Parts from there on.
    pub beyond: BTreeSet<u64>,
    /// Cells in these parts.
    pub cells: u64,
}

impl Done {
    fn contains(&self, part: u64) -> bool {
        part < self.below || self.beyond.contains(&part)
    }

    /// The state of a count as JSON.
    pub fn to_json(&self) -> Value {
        let beyond: Vec<u64> = self.beyond.iter().copied().collect();
        json!({"parts_below": self.below, "parts": beyond, "cells": self.cells})
    }

    /// Reads what [`Done::to_json`] wrote.
    pub fn from_json(state: &Value) -> Result<Self, StateError> {
        let part = |value: &Value| value.as_u64().ok_or_else(|| expected("a part", value));
        let beyond = list(state, "parts")?.iter().map(part).collect::<Result<_, _>>()?;
        Ok(Self { below: count(state, "parts_below")?, beyond, cells: count(state, "cells")? })
    }

    fn add(&mut self, part: u64, cells: u64) {
        self.cells += cells;
        self.beyond.insert(part);
        while self.beyond.remove(&self.below) {
            self.below += 1;
        }
    }
}

/// What one thread makes of the cells it is given.
pub trait Collect: Send {
    /// Whether the number of cells is enough.
    fn only_counts(&self) -> bool;
    /// One cell.
    fn cell(&mut self, cell: &mut dyn Cell);
    /// Whether it wants to know why every sign is what it is.
    fn wants_reasons(&self) -> bool {
        false
    }
    /// Why signs are what they are, in the thread's own part or above the next one.
    fn reason(&mut self, _reason: &Reason) {}
    /// The next part is another thread's.
    fn skip(&mut self) {}
    /// The thread's own part has been walked, and had so many cells; false ends the walk.
    fn leave(&mut self, _part: u64, _cells: u64) -> bool {
        true
    }
}

/// Counts only.
#[derive(Debug)]
pub struct CountOnly;

impl Collect for CountOnly {
    fn only_counts(&self) -> bool {
        true
    }

    fn cell(&mut self, _: &mut dyn Cell) {}
}

/// What all threads share.
pub struct Shared<'o> {
    /// What ends it.
    pub limits: Limits<'o, Progress>,
    threads: usize,
    next: AtomicU64,
    cells: AtomicU64,
    ended: AtomicBool,
    /// The parts done so far.
    pub done: Mutex<Done>,
}

impl<'o> Shared<'o> {
    /// A walk of which `done` has been walked before.
    pub fn new(options: &'o Options, done: Done) -> Self {
        Self {
            limits: Limits::new(options),
            threads: options.workers(),
            next: AtomicU64::new(0),
            cells: AtomicU64::new(done.cells),
            ended: AtomicBool::new(false),
            done: Mutex::new(done),
        }
    }

    /// Cells found so far, those in unfinished parts included.
    pub fn cells(&self) -> u64 {
        self.cells.load(Ordering::Relaxed)
    }

    /// Ends the walk, as a collector may that has enough.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    /// The next part nobody has taken.
    fn claim(&self) -> u64 {
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            if !self.done.lock().expect("no thread panicked").contains(part) {
                return part;
            }
        }
    }
}

/// Walks on all threads; the collectors, and which limit ended the walk if one did.
pub fn walk_all<A: Arrangement, C: Collect>(
    arrangement: &A,
    shared: &Shared<'_>,
    make: impl Fn() -> C + Sync,
) -> (Vec<C>, Option<Limit>) {
    let work = || {
        let _release = ReleaseOnPanic { done: &shared.ended, changed: None };
        let claimed = shared.claim();
        let mut worker =
            Worker { shared, collect: make(), claimed, in_part: 0, unreported: 0, nodes: 0 };
        let plan = Plan { part_splits: PART_SPLITS };
        let walked = shared.limits.unless_reached(|| walk(arrangement, plan, &mut worker));
        let finished = walked.unwrap_or(false);
        worker.publish();
        (worker.collect, finished)
    };
    let on_all = || {
        std::thread::scope(|scope| {
            let handles: Vec<_> =
                (1..shared.threads).map_while(|others| start(scope, others, work)).collect();
            let first = work();
            let join = |handle: std::thread::ScopedJoinHandle<'_, (C, bool)>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            [first].into_iter().chain(handles.into_iter().map(join)).collect()
        })
    };
    let progress = |elapsed| Progress { cells: shared.cells(), elapsed };
    let results: Vec<(C, bool)> = shared.limits.reporting(progress, on_all);
    let finished = results.iter().all(|(_, finished)| *finished);
    let collectors = results.into_iter().map(|(collect, _)| collect).collect();
    let limit = (!finished).then(|| shared.limits.which());
    (collectors, limit)
}

struct Worker<'s, 'o, C> {
    shared: &'s Shared<'o>,
    collect: C,
    claimed: u64,
    in_part: u64,
    unreported: u64,
    nodes: u32,
}

impl<C> Worker<'_, '_, C> {
    fn publish(&mut self) {
        self.shared.cells.fetch_add(std::mem::take(&mut self.unreported), Ordering::Relaxed);
    }
}

impl<C: Collect> Visitor for Worker<'_, '_, C> {
    fn only_counts(&self) -> bool {
        self.collect.only_counts()
    }

    fn cells(&mut self, count: u64) {
        self.in_part += count;
        self.unreported += count;
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        self.cells(1);
        self.collect.cell(cell);
    }

    fn proceed(&mut self) -> bool {
        self.nodes += 1;
        if self.nodes < NODES_A_LOOK {
            return true;
        }
        self.nodes = 0;
        self.publish();
        if self.shared.limits.reached() {
            self.shared.end();
        }
        !self.shared.ended.load(Ordering::Relaxed)
    }

    fn wants_reasons(&self) -> bool {
        self.collect.wants_reasons()
    }

    fn reason(&mut self, reason: &Reason) {
        self.collect.reason(reason);
    }

    fn enter(&mut self, part: u64) -> bool {
        self.in_part = 0;
        let is_own = part == self.claimed;
        if !is_own {
            self.collect.skip();
        }
        is_own
    }

    fn leave(&mut self, part: u64) {
        if !self.collect.leave(part, self.in_part) {
            self.shared.end();
        }
        let mut done = self.shared.done.lock().expect("no thread panicked");
        done.add(part, self.in_part);
        drop(done);
        self.claimed = self.shared.claim();
    }
}
