//! Best-first branch and bound on all cores: the part with the highest upper bound comes first.
//!
//! So the largest upper bound of the open parts falls as the search goes on, and no part is
//! visited whose bound is below the maximum. Where the open parts would take too much memory,
//! a worker goes on depth-first from the best one.

use std::cmp::Ordering as Order;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use foldline_kernel::interrupt::unless_stopped;
use serde_json::Value;

use super::ascent::{ascend, seems_above};
use super::exact::finish;
use super::goal::{NothingAbove, OBJECTIVE};
use super::incumbent::Incumbent;
use crate::checkpoint::{Keeper, StateError, field, floats_text, read_floats, saving};
use crate::hands::{Hands, Part};
use crate::verification::Options;
use crate::verification::attack::{Random, descend};
use crate::verification::counters::Counters;
use crate::verification::node::{Node, Place, Step, Workspace, process};
use crate::verification::problem::Problem;
use crate::verification::resume::{node_from_json, node_to_json};
use crate::workers::{ReleaseOnPanic, on_all};

/// Ascents from the descent of many points when a root did not close, and nodes until the next.
const ROOT_ASCENTS: u64 = 4;
const ASCEND_EVERY: u64 = 256;

/// Bytes of open nodes beyond which workers go depth-first.
const MOST_BYTES: usize = 1 << 30;

/// An open part with a proved upper bound of the objective on it.
pub struct Open {
    /// The bound.
    pub upper: f64,
    /// The part.
    pub node: Node,
}

impl Open {
    /// A part whose bound is not known yet.
    pub fn unbounded(node: Node) -> Self {
        Self { upper: f64::INFINITY, node }
    }

    fn to_json(&self) -> Value {
        let mut state = node_to_json(&self.node);
        state["bound"] = floats_text(&[self.upper]);
        state
    }

    /// The part of a saved state.
    pub fn from_json(
        state: &Value,
        problem: &Arc<Problem>,
        place: Place,
    ) -> Result<Self, StateError> {
        let node = node_from_json(state, problem, place)?;
        let upper = read_floats(field(state, "bound")?)?;
        let upper = *upper.first().ok_or_else(|| StateError("a bound is missing".to_owned()))?;
        Ok(Self { upper, node })
    }

    fn bytes(&self) -> usize {
        let rows = self.node.reduced.as_ref().map_or(0, |reduced| reduced.rows.len());
        8 * rows + 32 * self.node.known.len() + 1024
    }
}

impl PartialEq for Open {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Order::Equal
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    /// By upper bound; equal bounds: the deeper part first.
    fn cmp(&self, other: &Self) -> Order {
        let depth = |open: &Open| open.node.splits.len();
        self.upper.total_cmp(&other.upper).then_with(|| depth(self).cmp(&depth(other)))
    }
}

impl Part for Open {
    fn outline(&self) -> Open {
        Open { upper: self.upper, node: self.node.outline() }
    }
}

struct Shared {
    open: BinaryHeap<Open>,
    bytes: usize,
    /// Workers that hold nodes.
    busy: usize,
}

struct Pool<'a> {
    incumbent: &'a Incumbent<'a>,
    counters: &'a Counters,
    stop: &'a (dyn Fn() -> bool + Sync),
    seed: u64,
    /// Locked before any of `hands`.
    shared: Mutex<Shared>,
    /// What each worker holds.
    hands: Hands<Open>,
    changed: Condvar,
    /// Told to stop, or a worker panicked.
    cut: AtomicBool,
    /// The upper bounds of parts whose visit was stopped.
    interrupted: Mutex<Vec<f64>>,
}

/// Searches the parts of `open` for values above the incumbent, which it raises.
///
/// The answer is none when the incumbent is the maximum (or was above it), else, when told to
/// stop, the largest upper bound of what is left. With a keeper, `state` of all open parts is
/// saved now and then, and when the search is stopped.
pub fn search(
    open: Vec<Open>,
    options: &Options,
    incumbent: &Incumbent,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
    keeper: Option<&dyn Keeper>,
    state: &(dyn Fn(&[Value]) -> Value + Sync),
) -> Option<f64> {
    let bytes = open.iter().map(Open::bytes).sum();
    let threads = options.workers();
    let pool = Pool {
        incumbent,
        counters,
        stop,
        seed: options.seed,
        shared: Mutex::new(Shared { open: open.into(), bytes, busy: 0 }),
        hands: Hands::new(threads, keeper.is_some()),
        changed: Condvar::new(),
        cut: AtomicBool::new(false),
        interrupted: Mutex::new(Vec::new()),
    };
    let is_cut = |_: &()| pool.cut.load(Ordering::Relaxed);
    let state = || state(&pool.open_parts());
    saving(keeper, state, is_cut, || on_all(threads, || (), |worker| pool.work(worker)));
    let left = pool.shared.into_inner().expect("no worker panicked").open;
    let interrupted = pool.interrupted.into_inner().expect("no worker panicked");
    left.iter().map(|open| open.upper).chain(interrupted).reduce(f64::max)
}

impl Pool<'_> {
    fn work(&self, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.cut, changed: Some(&self.changed) };
        let mut space = Workspace::new();
        let mut parts: Vec<Open> = Vec::new();
        while let Some(open) = self.hands.pop(worker).or_else(|| self.take(worker)) {
            if (self.stop)() || self.cut.load(Ordering::Relaxed) {
                self.cut.store(true, Ordering::Relaxed);
                parts.push(open);
                self.hands.replace(worker, &mut parts);
                self.give(worker);
                self.leave();
                return;
            }
            let upper = open.upper;
            if upper <= self.incumbent.floor() {
                self.counters.close(open.node.share);
            } else if unless_stopped(|| self.visit(open, &mut space, &mut parts)).is_err() {
                // The worker's hand still has the part, if anyone asks for it.
                self.interrupted.lock().expect("no worker panicked").push(upper);
                self.cut.store(true, Ordering::Relaxed);
                self.give(worker);
                self.leave();
                return;
            }
            let mut held = self.hands.replace(worker, &mut parts);
            if !self.is_full() {
                self.give(worker);
                held = 0;
            }
            if held == 0 {
                self.leave();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no worker panicked")
    }

    fn is_full(&self) -> bool {
        self.lock().bytes > MOST_BYTES
    }

    fn give(&self, worker: usize) {
        let mut shared = self.lock();
        let parts = self.hands.take_all(worker);
        if parts.is_empty() {
            return;
        }
        for open in parts {
            shared.bytes += open.bytes();
            shared.open.push(open);
        }
        drop(shared);
        self.changed.notify_all();
    }

    /// The best open part; none when no worker can find more. The worker counts as busy then.
    fn take(&self, worker: usize) -> Option<Open> {
        let mut shared = self.lock();
        loop {
            if let Some(open) = shared.open.pop() {
                self.hands.visit(worker, &open);
                shared.bytes -= open.bytes();
                shared.busy += 1;
                return Some(open);
            }
            if shared.busy == 0 || self.cut.load(Ordering::Relaxed) {
                return None;
            }
            let wait = std::time::Duration::from_millis(50);
            shared = self.changed.wait_timeout(shared, wait).expect("no worker panicked").0;
        }
    }

    /// All open parts at one moment: while every lock is held, no part changes hands.
    fn open_parts(&self) -> Vec<Value> {
        let shared = self.lock();
        let mut parts: Vec<Value> = shared.open.iter().map(Open::to_json).collect();
        self.hands.for_each(|open| parts.push(open.to_json()));
        parts
    }

    fn leave(&self) {
        let mut shared = self.lock();
        shared.busy -= 1;
        let over = shared.busy == 0;
        drop(shared);
        if over {
            self.changed.notify_all();
        }
    }

    fn visit(&self, open: Open, space: &mut Workspace, own: &mut Vec<Open>) {
        let counters = self.counters;
        counters.nodes.add(1);
        space.candidates.clear();
        let Open { upper, node } = open;
        let (problem, share, is_root) = (node.problem.clone(), node.share, node.is_root());
        let goal = NothingAbove::new(self.incumbent);
        let mut exact_lps = 0;
        let step = process(node, &goal, space, &mut exact_lps);
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        match step {
            Step::Closed => counters.close(share),
            Step::Leaf(leaf) => {
                counters.exact_leaves.add(1);
                counters.close(share);
                finish(&leaf, self.incumbent, &mut exact_lps);
            }
            Step::Split(parts) => {
                for point in &space.candidates {
                    if seems_above(&problem, point, self.incumbent.floor()) {
                        ascend(&problem, point, self.incumbent, &mut exact_lps);
                    }
                }
                let upper = upper.min(goal.upper.get());
                own.extend(parts.into_iter().rev().map(|node| Open { upper, node }));
                let rounds = match (is_root, counters.nodes.get().is_multiple_of(ASCEND_EVERY)) {
                    (true, _) => ROOT_ASCENTS,
                    (false, periodic) => u64::from(periodic),
                };
                for round in 0..rounds {
                    let random = Random::new(self.seed ^ (counters.nodes.get() << 8) ^ round);
                    let point = descend(
                        &problem,
                        OBJECTIVE,
                        &space.candidates,
                        f64::NEG_INFINITY,
                        random,
                        counters,
                    );
                    if let Some(point) = point {
                        ascend(&problem, &point, self.incumbent, &mut exact_lps);
                    }
                }
            }
        }
        counters.exact_lps.add(exact_lps + std::mem::take(&mut space.exact_lps));
    }
}
