//! Depth-first branch and bound over all cases of a property, on all cores.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use foldline_kernel::Rational;
use foldline_kernel::interrupt::{self, Stopped, unless_stopped};

use super::case_problems::{Entry, Opening};
use super::counters::Counters;
use super::leaf;
use super::node::{Node, RefuteClauses, Step, Workspace, process};
use super::resume::{OpenWork, node_to_json};
use super::turns::Attacks;
use super::{Found, candidate};
use crate::checkpoint::{Keeper, StateError, saving};
use crate::hands::{Hands, Part};
use crate::workers::{ReleaseOnPanic, on_all};

/// The state that workers share.
struct Pool<'a> {
    opening: &'a Opening<'a>,
    visitor: Visitor<'a>,
    stop: &'a (dyn Fn() -> bool + Sync),
    /// Nodes given away, and the cases to open. Locked before any of `hands`.
    shared: Mutex<Shared>,
    /// What each worker holds.
    hands: Hands<Node>,
    changed: Condvar,
    /// Workers without a node.
    idle: AtomicUsize,
    done: AtomicBool,
    result: Mutex<Found>,
}

struct Shared {
    nodes: Vec<Node>,
    /// Cases to open before those from `next_case` on.
    unopened: Vec<usize>,
    next_case: usize,
    /// Cases that workers are opening.
    opening: Vec<usize>,
}

impl Part for Node {
    fn outline(&self) -> Node {
        Node::outline(self)
    }
}

/// Searches the cases of `opening` that `work` does not call closed; `stop` is polled at every
/// node. With a keeper, all open work is saved now and then, and when the search is stopped.
pub fn search(
    opening: &Opening<'_>,
    work: &OpenWork,
    threads: usize,
    visitor: Visitor<'_>,
    keeper: Option<&dyn Keeper>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Found, StateError> {
    let nodes = work.restore(opening)?;
    let (unopened, next_case) = (work.unopened.clone(), work.next_case);
    let counters = visitor.counters;
    let pool = Pool {
        opening,
        visitor,
        stop,
        shared: Mutex::new(Shared { nodes, unopened, next_case, opening: Vec::new() }),
        hands: Hands::new(threads, keeper.is_some()),
        changed: Condvar::new(),
        idle: AtomicUsize::new(0),
        done: AtomicBool::new(false),
        result: Mutex::new(Found::Nothing),
    };
    let state = || pool.open_work(work.chunk).to_json(counters);
    let was_stopped = |_: &()| pool.result() == Found::Stopped;
    saving(keeper, state, was_stopped, || {
        on_all(threads, || pool.hands.lose_worker(), |worker| pool.work(worker))
    });
    Ok(pool.result())
}

impl Pool<'_> {
    fn work(&self, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.done, changed: Some(&self.changed) };
        let mut space = Workspace::new();
        let mut parts: Vec<Node> = Vec::new();
        while let Some(node) = self.hands.pop(worker).or_else(|| self.take(worker)) {
            if self.done.load(Ordering::Relaxed) {
                return;
            }
            if (self.stop)() {
                return self.finish(Found::Stopped);
            }
            match unless_stopped(|| self.visitor.visit(node, &mut space, &mut parts)) {
                Ok(None) => {}
                Ok(Some(point)) => return self.finish(Found::Violation(point)),
                // The worker's hand still has the node.
                Err(Stopped) => return self.finish(Found::Stopped),
            }
            let length = self.hands.replace(worker, &mut parts);
            if self.idle.load(Ordering::Relaxed) > 0 && length > 1 {
                self.give(worker);
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().expect("no worker panicked")
    }

    fn result(&self) -> Found {
        self.result.lock().expect("no worker panicked").clone()
    }

    /// Gives the oldest node away.
    fn give(&self, worker: usize) {
        let mut shared = self.shared();
        shared.nodes.extend(self.hands.take_oldest(worker));
        self.changed.notify_one();
    }

    fn finish(&self, found: Found) {
        let mut result = self.result.lock().expect("no worker panicked");
        if !matches!(*result, Found::Violation(_)) {
            *result = found;
        }
        drop(result);
        let _guard = self.shared();
        self.done.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    /// A node that another worker gave away, or the root of the next case; none at the end.
    fn take(&self, worker: usize) -> Option<Node> {
        let mut shared = self.shared();
        loop {
            if self.done.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(node) = shared.nodes.pop() {
                self.hands.visit(worker, &node);
                return Some(node);
            }
            if let Some(index) = shared.next_case(self.opening.len()) {
                shared.opening.push(index);
                drop(shared);
                // A case whose opening was stopped stays in the list of those being opened.
                let mut nodes = self.open(index)?;
                let first = nodes.pop();
                shared = self.shared();
                shared.opening.retain(|&other| other != index);
                shared.nodes.append(&mut nodes);
                if let Some(node) = first {
                    self.hands.visit(worker, &node);
                    return Some(node);
                }
                continue;
            }
            if self.idle.fetch_add(1, Ordering::Relaxed) + 1 == self.hands.count() {
                self.done.store(true, Ordering::Relaxed);
                self.changed.notify_all();
                return None;
            }
            if (self.stop)() {
                drop(shared);
                self.finish(Found::Stopped);
                return None;
            }
            let wait = Duration::from_millis(50);
            shared = self.changed.wait_timeout(shared, wait).expect("no worker panicked").0;
            self.idle.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// The root nodes of a case, none of them if it is over already; none at all when stopped.
    fn open(&self, index: usize) -> Option<Vec<Node>> {
        match unless_stopped(|| self.opening.open(index, self.visitor.counters)) {
            Ok(Entry::Nodes(nodes)) => Some(nodes),
            Ok(Entry::Violation(point)) => {
                self.finish(Found::Violation(point));
                Some(Vec::new())
            }
            Err(Stopped) => {
                self.finish(Found::Stopped);
                None
            }
        }
    }

    /// All open work at one moment: while every lock is held, no node changes hands.
    fn open_work(&self, chunk: u64) -> OpenWork {
        let shared = self.shared();
        let unopened = shared.unopened.iter().chain(&shared.opening).copied().collect();
        let next_case = shared.next_case;
        let mut work = OpenWork { chunk, next_case, unopened, nodes: Vec::new() };
        work.nodes.extend(shared.nodes.iter().map(node_to_json));
        self.hands.for_each(|node| work.nodes.push(node_to_json(node)));
        work
    }
}

impl Shared {
    fn next_case(&mut self, cases: usize) -> Option<usize> {
        if self.unopened.is_empty() && self.next_case < cases {
            self.next_case += 1;
            return Some(self.next_case - 1);
        }
        self.unopened.pop()
    }
}

/// What visiting a node needs beside the node.
pub struct Visitor<'a> {
    /// The run's counters.
    pub counters: &'a Counters,
    /// The counterexample search beside the nodes.
    pub(super) attacks: Attacks,
}

impl<'a> Visitor<'a> {
    /// A visitor whose counterexample search has this seed.
    pub fn new(counters: &'a Counters, seed: u64) -> Self {
        Self { counters, attacks: Attacks::new(seed) }
    }

    /// Processes one node; its parts go on the stack. A violating point, in the original inputs,
    /// ends the search.
    pub fn visit(
        &self,
        node: Node,
        space: &mut Workspace,
        stack: &mut Vec<Node>,
    ) -> Option<Vec<Rational>> {
        let counters = self.counters;
        counters.nodes.add(1);
        space.candidates.clear();
        let (problem, share) = (node.problem.clone(), node.share);
        let is_root = node.is_root();
        let mut exact_lps = 0;
        let before = interrupt::spent();
        let step = process(node, &RefuteClauses, space, &mut exact_lps);
        self.attacks.allow(interrupt::spent() - before);
        counters.exact_lps.add(exact_lps + std::mem::take(&mut space.exact_lps));
        counters.lps.add(std::mem::take(&mut space.relaxation.lps));
        for point in &space.candidates {
            if let Some(exact) = candidate::repair(&problem, point, counters) {
                return Some(problem.original(&exact));
            }
        }
        match step {
            Step::Closed => {
                counters.close(share);
                None
            }
            Step::Leaf(node) => {
                counters.exact_leaves.add(1);
                let mut lps = 0;
                counters.close(share);
                let found = leaf::decide(&node, &mut lps, &mut space.relaxation.proof);
                counters.exact_lps.add(lps);
                found.map(|point| problem.original(&point))
            }
            Step::Split(parts) => {
                // The first part is visited first.
                stack.extend(parts.into_iter().rev());
                self.attacks.begin(&problem, is_root, &space.candidates, counters);
                self.attacks.take_turn(counters)
            }
        }
    }
}
