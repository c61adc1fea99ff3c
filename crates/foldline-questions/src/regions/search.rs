//! A walk on several threads: each goes over the top of the tree, and takes parts nobody has taken.
//!
//! The parts are the subtrees below a fixed number of splits, numbered in the order of the walk,
//! which is the same on every thread. So a part's number is all that threads, and later runs,
//! need to know of it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use foldline_geometry::arrangements::{Arrangement, Cell, Plan, Visitor, walk};
use foldline_kernel::interrupt::{self, Hook, unless_stopped};
use serde_json::{Value, json};

use crate::checkpoint::{StateError, count, expected, list};
pub use crate::limits::Limit;
use crate::limits::{hook, is_raised};
use crate::workers::{ReleaseOnPanic, start};

/// Splits above a part.
const PART_SPLITS: u32 = 12;

/// Nodes between two looks at the clock.
const NODES_A_LOOK: u32 = 256;

/// Time between two reports of progress.
const REPORT_INTERVAL: Duration = Duration::from_millis(100);

/// How far a walk is.
#[derive(Debug, Clone, Copy)]
pub struct Progress {
    /// Cells found so far.
    pub cells: u64,
    /// Time since the walk began.
    pub elapsed: Duration,
}

/// Gets progress now and then, from any thread.
pub type ProgressCallback = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Limits of a walk.
#[derive(Clone, Default)]
pub struct Options {
    /// Worker threads; 0: one a core.
    pub threads: usize,
    /// Wall-clock limit.
    pub timeout: Option<Duration>,
    /// Ends the walk when raised.
    pub stop: Option<Arc<AtomicBool>>,
    /// Called now and then.
    pub progress: Option<ProgressCallback>,
}

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
    start: Instant,
    options: &'o Options,
    hook: Hook,
    next: AtomicU64,
    cells: AtomicU64,
    ended: AtomicBool,
    last_report: Mutex<Instant>,
    /// The parts done so far.
    pub done: Mutex<Done>,
}

impl<'o> Shared<'o> {
    /// A walk of which `done` has been walked before.
    pub fn new(options: &'o Options, done: Done) -> Self {
        let start = Instant::now();
        Self {
            start,
            options,
            hook: hook(start, options.timeout, options.stop.clone()),
            next: AtomicU64::new(0),
            cells: AtomicU64::new(done.cells),
            ended: AtomicBool::new(false),
            last_report: Mutex::new(start),
            done: Mutex::new(done),
        }
    }

    /// Cells found so far, those in unfinished parts included.
    pub fn cells(&self) -> u64 {
        self.cells.load(Ordering::Relaxed)
    }

    /// The limit that has run out, if any.
    pub fn limit(&self) -> Option<Limit> {
        if is_raised(self.options.stop.as_deref()) {
            return Some(Limit::Stopped);
        }
        let is_over = |limit: Duration| self.start.elapsed() >= limit;
        self.options.timeout.is_some_and(is_over).then_some(Limit::Time)
    }

    /// Runs `body`, which ends early when a limit runs out.
    pub fn unless_over<T>(&self, body: impl FnOnce() -> T) -> Result<T, Limit> {
        let ended = interrupt::with_hook(Some(self.hook.clone()), || unless_stopped(body));
        // A flag may have been taken back.
        ended.map_err(|_| self.limit().unwrap_or(Limit::Stopped))
    }

    /// The options of what comes next: with the time that is left.
    pub fn rest(&self) -> Options {
        let left = |timeout: Duration| timeout.saturating_sub(self.start.elapsed());
        Options { timeout: self.options.timeout.map(left), ..self.options.clone() }
    }

    /// Ends the walk, as a collector may that has enough.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
    }

    fn report(&self) {
        let Some(progress) = &self.options.progress else { return };
        if let Ok(mut last) = self.last_report.try_lock()
            && last.elapsed() >= REPORT_INTERVAL
        {
            *last = Instant::now();
            progress(&Progress { cells: self.cells(), elapsed: self.start.elapsed() });
        }
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
    let threads = crate::limits::workers(shared.options.threads);
    let work = || {
        let _release = ReleaseOnPanic { done: &shared.ended, changed: None };
        let claimed = shared.claim();
        let mut worker =
            Worker { shared, collect: make(), claimed, in_part: 0, unreported: 0, nodes: 0 };
        let plan = Plan { part_splits: PART_SPLITS };
        let walked = || unless_stopped(|| walk(arrangement, plan, &mut worker));
        let finished = interrupt::with_hook(Some(shared.hook.clone()), walked).unwrap_or(false);
        worker.publish();
        (worker.collect, finished)
    };
    let results: Vec<(C, bool)> = std::thread::scope(|scope| {
        let handles: Vec<_> = (1..threads).map_while(|others| start(scope, others, work)).collect();
        let first = work();
        let join = |handle: std::thread::ScopedJoinHandle<'_, (C, bool)>| {
            handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        [first].into_iter().chain(handles.into_iter().map(join)).collect()
    });
    let finished = results.iter().all(|(_, finished)| *finished);
    let collectors = results.into_iter().map(|(collect, _)| collect).collect();
    // A flag may have been taken back: without a limit that is still over, it was stopped.
    let limit = (!finished).then(|| shared.limit().unwrap_or(Limit::Stopped));
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
        self.shared.report();
        if self.shared.limit().is_some() {
            self.shared.ended.store(true, Ordering::Relaxed);
        }
        !self.shared.ended.load(Ordering::Relaxed)
    }

    fn enter(&mut self, part: u64) -> bool {
        self.in_part = 0;
        part == self.claimed
    }

    fn leave(&mut self, part: u64) {
        let mut done = self.shared.done.lock().expect("no thread panicked");
        done.add(part, self.in_part);
        drop(done);
        self.claimed = self.shared.claim();
    }
}
