//! Branch and bound over directions: a cone is dropped when no vertex that is extreme in one of its
//! directions can have a larger norm.
//!
//! Over a simplicial cone the support function is below a linear function w·u, so a vertex z with
//! h(u) = z·u for the u of the cone in which it is longest has ‖z‖ ≤ ‖w‖. Every vertex of largest
//! norm has such a u, namely the functional with ‖z‖ = u·z/‖u‖ that supports the ball at z.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use foldline_geometry::zonotopes::fan::{Cone, half_fan};

use super::incumbent::Problem;
use super::powers::Power;
use super::proof::Record;
use super::resume;
use super::signs::complete;
use super::ties::short_enough;
use crate::checkpoint::{Keeper, saving};
use crate::hands::{Hands, Part};
use crate::workers::{ReleaseOnPanic, on_all};

/// Bounds this close to the threshold, relatively, are computed again in exact arithmetic.
const NEAR: f64 = 1e-7;

/// A cone, and a float above the norms that it can contribute.
#[derive(Clone)]
pub struct Node {
    /// The cone.
    pub cone: Cone,
    /// Infinity where nothing is known.
    pub bound: f64,
}

impl Part for Node {
    fn outline(&self) -> Self {
        self.clone()
    }
}

/// Half of all directions.
pub fn roots(problem: &Problem<'_>) -> Vec<Node> {
    let node = |cone| Node { cone, bound: f64::INFINITY };
    half_fan(problem.generators).into_iter().map(node).collect()
}

/// Searches all directions in `nodes`; returns the largest bound among the cones that a limit left
/// open. With a keeper, all open cones are saved now and then, and when the search is stopped.
pub fn search(
    problem: &Problem<'_>,
    mut nodes: Vec<Node>,
    threads: usize,
    record: Option<&mut Record>,
    keeper: Option<&dyn Keeper>,
) -> Option<f64> {
    nodes.reverse();
    if let Some(record) = record {
        return search_recorded(problem, nodes, record);
    }
    let pool = Pool {
        problem,
        nodes: Mutex::new(nodes),
        hands: Hands::new(threads, keeper.is_some()),
        changed: Condvar::new(),
        idle: AtomicUsize::new(0),
        done: AtomicBool::new(false),
    };
    let state = || resume::cones_to_json(&pool.open_nodes(), problem);
    let was_stopped = |_: &()| problem.was_stopped();
    saving(keeper, state, was_stopped, || {
        on_all(threads, || pool.hands.lose_worker(), |worker| pool.work(worker))
    });
    let left = pool.open_nodes();
    left.iter().map(|node| node.bound).reduce(f64::max)
}

fn search_recorded(
    problem: &Problem<'_>,
    mut nodes: Vec<Node>,
    record: &mut Record,
) -> Option<f64> {
    while let Some(node) = nodes.pop() {
        if problem.is_stopped() {
            nodes.push(node);
            break;
        }
        match visit(problem, node, Some(record)) {
            Step::Closed => {}
            Step::Halves([first, second]) => nodes.extend([second, first]),
            Step::Open(node) => nodes.push(node),
        }
    }
    nodes.iter().map(|node| node.bound).reduce(f64::max)
}

/// What became of a cone.
enum Step {
    /// Nothing in it has a norm above the threshold any more.
    Closed,
    Halves([Node; 2]),
    /// The search was stopped in it.
    Open(Node),
}

/// Drops, finishes or splits a cone.
fn visit(problem: &Problem<'_>, node: Node, record: Option<&mut Record>) -> Step {
    problem.cones.fetch_add(1, Ordering::Relaxed);
    let norm = |vector: &Vec<f64>| problem.power.norm_above(vector);
    let mut above = node.cone.above();
    let mut bound = above.as_ref().map_or(f64::INFINITY, |(above, _)| norm(above));
    // The shortest vector in the 2-norm need not be short in another one.
    if problem.power != Power::Two
        && bound > problem.threshold()
        && let Some(apex) = node.cone.apex()
        && norm(&apex) < bound
    {
        bound = norm(&apex);
        above = Some((apex, (0..node.cone.rays.len()).collect()));
    }
    if let Some((above, _)) = &above
        && bound <= problem.threshold()
    {
        record.into_iter().for_each(|record| record.above(problem.generators.shift, above));
        return Step::Closed;
    }
    let signs = node.cone.signs();
    let free = signs.iter().filter(|&&sign| sign == 0).count();
    if free > problem.few_signs
        && bound <= problem.threshold() * (1.0 + NEAR)
        && let Some((_, active)) = &above
        && let Some(exact) = short_enough(problem, &node.cone, active)
    {
        if let Some(record) = record {
            record.exactly_above(exact);
        }
        return Step::Closed;
    }
    let bound = bound.min(node.bound);
    let bisector =
        if free <= problem.few_signs { None } else { node.cone.bisector(problem.generators) };
    let Some((split, ray)) = bisector else {
        record.into_iter().for_each(Record::signs);
        complete(problem, &signs);
        let open = Node { cone: node.cone, bound };
        return if problem.was_stopped() { Step::Open(open) } else { Step::Closed };
    };
    record.into_iter().for_each(|record| record.split(split));
    let halves = node.cone.halves(split, &Arc::new(ray));
    Step::Halves(halves.map(|cone| Node { cone, bound }))
}

/// The cones that workers share.
struct Pool<'a> {
    problem: &'a Problem<'a>,
    /// Cones given away, those of the start at first. Locked before any of `hands`.
    nodes: Mutex<Vec<Node>>,
    /// What each worker holds.
    hands: Hands<Node>,
    changed: Condvar,
    idle: AtomicUsize,
    done: AtomicBool,
}

impl Pool<'_> {
    fn finish(&self) {
        self.done.store(true, Ordering::SeqCst);
        self.changed.notify_all();
    }

    fn nodes(&self) -> MutexGuard<'_, Vec<Node>> {
        self.nodes.lock().expect("no worker panicked")
    }

    /// All open cones: while every lock is held, none changes hands.
    fn open_nodes(&self) -> Vec<Node> {
        let shared = self.nodes();
        let mut open = shared.clone();
        self.hands.for_each(|node| open.push(node.clone()));
        open
    }

    fn work(&self, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.done, changed: Some(&self.changed) };
        let mut parts: Vec<Node> = Vec::new();
        while let Some(node) = self.hands.pop(worker).or_else(|| self.take(worker)) {
            if self.problem.is_stopped() {
                parts.push(node);
                self.hands.replace(worker, &mut parts);
                return self.finish();
            }
            match visit(self.problem, node, None) {
                Step::Closed => {}
                Step::Halves(halves) => parts.extend(halves),
                Step::Open(node) => parts.push(node),
            }
            let length = self.hands.replace(worker, &mut parts);
            if length > 1 && self.idle.load(Ordering::Relaxed) > 0 {
                let mut nodes = self.nodes();
                nodes.extend(self.hands.take_oldest(worker));
                self.changed.notify_one();
            }
        }
    }

    /// A shared cone; waits while other workers may still give one away.
    fn take(&self, worker: usize) -> Option<Node> {
        let mut nodes = self.nodes();
        loop {
            if self.done.load(Ordering::SeqCst) {
                return None;
            }
            if let Some(node) = nodes.pop() {
                self.hands.visit(worker, &node);
                return Some(node);
            }
            if self.idle.fetch_add(1, Ordering::SeqCst) + 1 == self.hands.count() {
                drop(nodes);
                self.finish();
                return None;
            }
            let wait = self.changed.wait_timeout(nodes, Duration::from_millis(20));
            nodes = wait.expect("no worker panicked").0;
            if self.done.load(Ordering::SeqCst) {
                return None;
            }
            self.idle.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
