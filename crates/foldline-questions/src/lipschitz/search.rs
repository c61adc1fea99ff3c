//! Depth-first branch and bound over all patches, on all cores, with one incumbent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use foldline_kernel::interrupt::unless_stopped;
use serde_json::Value;

use super::incumbent::{Effort, Incumbent, offer_point};
use super::leaf;
use super::node::{Node, Step, Workspace, process};
use super::resume;
use crate::checkpoint::{Keeper, saving};
use crate::hands::{Hands, Part};
use crate::verification::Options;
use crate::verification::counters::Counters;
use crate::workers::{ReleaseOnPanic, on_all};

/// What a worker spends on finding a large gradient below a root once its search turns out to be long.
const EFFORT: Effort = Effort { random_points: 96, walk_steps: 160 };
/// It is long from this many nodes on.
const LONG: u32 = 64;

/// What a worker spends on it before its next node below a root: on networks of some dozen neurons
/// most searches are too short for more than a few points.
fn effort(visits: &mut Vec<u32>, root: usize, neurons: usize) -> Option<Effort> {
    visits.resize(visits.len().max(root + 1), 0);
    visits[root] = visits[root].saturating_add(1);
    match visits[root] {
        1 => Some(Effort {
            random_points: neurons.clamp(16, EFFORT.random_points),
            walk_steps: neurons.clamp(16, EFFORT.walk_steps),
        }),
        LONG => Some(EFFORT),
        _ => None,
    }
}

/// The state that workers share.
struct Pool<'a> {
    incumbent: &'a Incumbent,
    counters: &'a Counters,
    stop: &'a (dyn Fn() -> bool + Sync),
    seed: u64,
    /// Nodes given away, roots at first. Locked before any of `hands`.
    shared: Mutex<Vec<Node>>,
    /// What each worker holds.
    hands: Hands<Node>,
    changed: Condvar,
    /// Workers without a node.
    idle: AtomicUsize,
    done: AtomicBool,
    /// Whether it is done because it was told to stop.
    cut: AtomicBool,
    /// The bounds of nodes whose visit was stopped.
    interrupted: Mutex<Vec<f64>>,
}

impl Part for Node {
    fn outline(&self) -> Node {
        Node {
            patch: self.patch.clone(),
            norm: self.norm.clone(),
            polytope: self.polytope.clone(),
            reduced: None,
            tableau: None,
            known: self.known.clone(),
            splits: self.splits.clone(),
            points: Vec::new(),
            ..*self
        }
    }
}

/// Searches below all `nodes`. If told to stop before the end, the largest bound of an open node.
/// With a keeper, all open nodes are saved now and then, and when the search is stopped.
pub fn search(
    mut nodes: Vec<Node>,
    options: &Options,
    incumbent: &Incumbent,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
    keeper: Option<&dyn Keeper>,
) -> Option<f64> {
    nodes.reverse();
    let threads = options.workers();
    let pool = Pool {
        incumbent,
        counters,
        stop,
        seed: options.seed,
        shared: Mutex::new(nodes),
        hands: Hands::new(threads, keeper.is_some()),
        changed: Condvar::new(),
        idle: AtomicUsize::new(0),
        done: AtomicBool::new(false),
        cut: AtomicBool::new(false),
        interrupted: Mutex::new(Vec::new()),
    };
    let state = || resume::to_json(&pool.open_nodes(), incumbent, counters);
    let was_stopped = |_: &()| pool.cut.load(Ordering::Relaxed);
    saving(keeper, state, was_stopped, || {
        on_all(threads, || pool.hands.lose_worker(), |worker| pool.work(worker))
    });
    let mut bounds = Vec::new();
    pool.for_each_open(|node| bounds.push(node.bound));
    bounds.append(&mut pool.interrupted.lock().expect("no worker panicked"));
    bounds.into_iter().reduce(f64::max)
}

impl Pool<'_> {
    fn work(&self, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.done, changed: Some(&self.changed) };
        let mut space = Workspace::new();
        let mut parts: Vec<Node> = Vec::new();
        while let Some(node) = self.hands.pop(worker).or_else(|| self.take(worker)) {
            if self.done.load(Ordering::Relaxed) || (self.stop)() {
                parts.push(node);
                self.hands.replace(worker, &mut parts);
                return self.cut();
            }
            let bound = node.bound;
            if unless_stopped(|| self.visit(node, &mut space, &mut parts)).is_err() {
                // The worker's hand still has the node, if anyone asks for it.
                self.interrupted.lock().expect("no worker panicked").push(bound);
                return self.cut();
            }
            let length = self.hands.replace(worker, &mut parts);
            if self.idle.load(Ordering::Relaxed) > 0 && length > 1 {
                let mut shared = self.shared();
                shared.extend(self.hands.take_oldest(worker));
                self.changed.notify_one();
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Vec<Node>> {
        self.shared.lock().expect("no worker panicked")
    }

    /// Lets the others end before all is done.
    fn cut(&self) {
        let _guard = self.shared();
        self.cut.store(true, Ordering::Relaxed);
        self.done.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// Calls `each` for every open node: while every lock is held, none changes hands.
    fn for_each_open(&self, mut each: impl FnMut(&Node)) {
        let shared = self.shared();
        shared.iter().for_each(&mut each);
        self.hands.for_each(each);
    }

    fn open_nodes(&self) -> Vec<Value> {
        let mut nodes = Vec::new();
        self.for_each_open(|node| nodes.push(resume::node_to_json(node)));
        nodes
    }

    /// A node that another worker gave away, or a root; none at the end.
    fn take(&self, worker: usize) -> Option<Node> {
        let mut shared = self.shared();
        loop {
            if self.done.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(node) = shared.pop() {
                self.hands.visit(worker, &node);
                return Some(node);
            }
            if self.idle.fetch_add(1, Ordering::Relaxed) + 1 == self.hands.count() {
                self.done.store(true, Ordering::Relaxed);
                self.changed.notify_all();
                return None;
            }
            let wait = Duration::from_millis(50);
            shared = self.changed.wait_timeout(shared, wait).expect("no worker panicked").0;
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Processes one node; its parts go on the stack.
    fn visit(&self, node: Node, space: &mut Workspace, stack: &mut Vec<Node>) {
        let (counters, incumbent) = (self.counters, self.incumbent);
        counters.nodes.add(1);
        let share = node.share;
        if let Some(effort) = effort(&mut space.visits, node.place, node.known.len()) {
            space.gradients.explore(&node.patch, &node.norm, self.seed, effort, incumbent);
        }
        let mut exact_lps = 0;
        match process(node, space, incumbent, &mut exact_lps) {
            Step::Closed => counters.close(share),
            Step::Leaf(node) => {
                counters.close(share);
                counters.exact_leaves.add(1);
                if let Some(point) = leaf::interior_point(&node, &mut exact_lps) {
                    let point = node.patch.to_domain(&point);
                    let measured = offer_point(&node.patch.domain, &point, incumbent);
                    assert!(measured, "a leaf's point is in the interior of its cell");
                }
            }
            // The first part is visited first.
            Step::Split(parts) => stack.extend(parts.into_iter().rev()),
        }
        counters.exact_lps.add(exact_lps);
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        counters.attack_points.add(std::mem::take(&mut space.gradients.count));
    }
}
