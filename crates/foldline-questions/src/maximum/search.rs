//! Best-first branch and bound on all cores: the part with the highest upper bound comes first.
//!
//! So the largest upper bound of the open parts falls as the search goes on, and no part is
//! visited whose bound is below the maximum. Where the open parts would take too much memory,
//! a worker goes on depth-first from the best one.

use std::cmp::Ordering as Order;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};

use super::ascent::{ascend, seems_above};
use super::exact::finish;
use super::goal::{NothingAbove, OBJECTIVE};
use super::incumbent::Incumbent;
use crate::verification::attack::{Random, descend};
use crate::verification::counters::Counters;
use crate::verification::node::{Node, Step, Workspace, process};

/// Ascents from the descent of many points when a root did not close, and nodes until the next.
const ROOT_ASCENTS: u64 = 4;
const ASCEND_EVERY: u64 = 256;

/// Bytes of open nodes beyond which workers go depth-first.
const MOST_BYTES: usize = 1 << 30;

/// An open part with a proved upper bound of the objective on it.
struct Open {
    upper: f64,
    node: Node,
}

impl Open {
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
    shared: Mutex<Shared>,
    changed: Condvar,
    /// Told to stop, or a worker panicked.
    cut: AtomicBool,
}

/// Searches the parts of `roots` for values above the incumbent, which it raises.
///
/// The answer is none when the incumbent is the maximum (or was above it), else, when told to
/// stop, the largest upper bound of what is left.
pub fn search(
    roots: Vec<Node>,
    threads: usize,
    seed: u64,
    incumbent: &Incumbent,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<f64> {
    let open: Vec<Open> =
        roots.into_iter().map(|node| Open { upper: f64::INFINITY, node }).collect();
    let bytes = open.iter().map(Open::bytes).sum();
    let pool = Pool {
        incumbent,
        counters,
        stop,
        seed,
        shared: Mutex::new(Shared { open: open.into(), bytes, busy: 0 }),
        changed: Condvar::new(),
        cut: AtomicBool::new(false),
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| pool.work());
        }
        pool.work();
    });
    let left = pool.shared.into_inner().expect("no worker panicked").open;
    left.iter().map(|open| open.upper).reduce(f64::max)
}

/// Lets the other workers end when one panics, so that the panic is seen and nothing hangs.
struct ReleaseOnPanic<'a>(&'a Pool<'a>);

impl Drop for ReleaseOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.cut.store(true, Ordering::Relaxed);
            self.0.changed.notify_all();
        }
    }
}

impl Pool<'_> {
    fn work(&self) {
        let _release = ReleaseOnPanic(self);
        let mut space = Workspace::new();
        let mut own: Vec<Open> = Vec::new();
        while let Some(open) = own.pop().or_else(|| self.take()) {
            if (self.stop)() || self.cut.load(Ordering::Relaxed) {
                self.cut.store(true, Ordering::Relaxed);
                own.push(open);
                self.give(&mut own);
                self.leave();
                return;
            }
            if open.upper <= self.incumbent.floor() {
                self.counters.close(open.node.share);
            } else {
                self.visit(open, &mut space, &mut own);
            }
            if !self.is_full() {
                self.give(&mut own);
            }
            if own.is_empty() {
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

    fn give(&self, own: &mut Vec<Open>) {
        if own.is_empty() {
            return;
        }
        let mut shared = self.lock();
        for open in own.drain(..) {
            shared.bytes += open.bytes();
            shared.open.push(open);
        }
        drop(shared);
        self.changed.notify_all();
    }

    /// The best open part; none when no worker can find more. The worker counts as busy then.
    fn take(&self) -> Option<Open> {
        let mut shared = self.lock();
        loop {
            if let Some(open) = shared.open.pop() {
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
        let (problem, share, is_root) = (node.problem.clone(), node.share, node.reduced.is_none());
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
