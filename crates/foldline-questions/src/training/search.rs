//! Branch and bound over partial patterns on all cores: short dives from the node with the least bound.

use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use foldline_kernel::Rational;

use super::cells::Cells;
use super::evaluation::{Evaluation, NEAR, evaluate};
use super::exact::Program;
use super::local::{Candidate, Random, descend, descend_from};
use super::node::Node;
use super::pattern::{Label, Pattern};
use super::problem::Problem;
use super::program::Minimum;
use super::statement::{Model, TrainingProgress, TrainingStatistics};
use crate::workers::{ReleaseOnPanic, on_all};

/// How many nodes are split in one dive.
const DIVE: usize = 64;

/// With this many open nodes dives go on, which opens few more.
const MOST_OPEN: usize = 100_000;

/// The best network so far.
#[derive(Debug, Clone)]
pub struct Incumbent {
    /// Its excess over the least loss, exactly.
    pub excess: Rational,
    /// The network.
    pub model: Model,
}

/// What a search found.
pub struct Found {
    /// The best network; none only if it was stopped at once.
    pub incumbent: Option<Incumbent>,
    /// No network has less than this excess over the least loss.
    pub lower_bound: Rational,
    /// Counts.
    pub statistics: TrainingStatistics,
}

struct Pool<'a> {
    problem: &'a Problem,
    stop: &'a (dyn Fn() -> bool + Sync),
    progress: &'a (dyn Fn(&TrainingProgress) + Sync),
    incumbent: Mutex<Option<Incumbent>>,
    /// At least the incumbent's excess, in float units, as bits.
    threshold: AtomicU64,
    open: Mutex<Open>,
    changed: Condvar,
    stopped: AtomicBool,
    /// The incumbent is at the least loss.
    solved: AtomicBool,
    nodes: AtomicU64,
    exact: AtomicU64,
    patterns: AtomicU64,
    local_searches: AtomicU64,
}

struct Open {
    /// Nodes that nobody works on, and at the end those left.
    nodes: BinaryHeap<LeastBound>,
    /// The bounds of the nodes below which the workers are.
    working: Vec<Option<f64>>,
}

/// Nodes in the order of their bounds, the least one greatest.
struct LeastBound(Node);

impl Ord for LeastBound {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.0.bound.total_cmp(&self.0.bound)
    }
}

impl PartialOrd for LeastBound {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for LeastBound {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for LeastBound {}

/// Searches all patterns of `problem`, after `descents` local searches for each sign pattern.
///
/// Without cells it only does the local searches, as when it is stopped.
pub fn search(
    problem: &Problem,
    cells: Option<&Cells>,
    threads: usize,
    descents: usize,
    seed: u64,
    stop: &(dyn Fn() -> bool + Sync),
    progress: &(dyn Fn(&TrainingProgress) + Sync),
) -> Found {
    let pool = Pool {
        problem,
        stop,
        progress,
        incumbent: Mutex::new(None),
        threshold: AtomicU64::new(f64::INFINITY.to_bits()),
        open: Mutex::new(Open { nodes: BinaryHeap::new(), working: vec![None; threads] }),
        changed: Condvar::new(),
        stopped: AtomicBool::new(false),
        solved: AtomicBool::new(false),
        nodes: AtomicU64::new(0),
        exact: AtomicU64::new(0),
        patterns: AtomicU64::new(0),
        local_searches: AtomicU64::new(0),
    };
    pool.find_incumbent(descents, seed);
    let Some(cells) = cells else {
        return pool.finish(Rational::ZERO);
    };
    let roots = (0..=problem.architecture.hidden).map(|count| Node::root(problem, cells, count));
    let mut stack = Vec::new();
    for root in roots {
        match root.branch {
            Some(_) => stack.push(root),
            None => pool.open_up(cells, root, &mut stack),
        }
    }
    pool.lock().nodes.extend(stack.into_iter().map(LeastBound));
    on_all(threads, |worker| pool.work(cells, worker));
    let lower_bound = pool.open_bound();
    pool.finish(lower_bound)
}

impl Pool<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().expect("no worker panicked")
    }

    /// Takes the best pattern of many local searches; also tries the empty pattern.
    fn find_incumbent(&self, descents: usize, seed: u64) {
        let hidden = self.problem.architecture.hidden;
        let mut random = Random::new(seed);
        let mut best: Option<Candidate> = None;
        for round in 0..descents * (hidden + 1) {
            if (self.stop)() {
                break;
            }
            self.local_searches.fetch_add(1, Ordering::Relaxed);
            let found = descend(self.problem, round % (hidden + 1), &mut random);
            if let Some(found) = found
                && best.as_ref().is_none_or(|known| found.value < known.value)
            {
                best = Some(found);
            }
        }
        match best {
            Some(best) => self.finish_candidate(best),
            None => {
                let states = vec![0; self.problem.groups.len()];
                self.finish_pattern(&Pattern::whole(self.problem, states, hidden), &[]);
            }
        }
    }

    fn finish_candidate(&self, found: Candidate) {
        let pattern = Pattern::whole(self.problem, found.states, found.positive);
        self.finish_pattern(&pattern, &found.active);
    }

    /// Solves the program of a whole pattern exactly.
    fn finish_pattern(&self, pattern: &Pattern, active: &[Label]) {
        self.patterns.fetch_add(1, Ordering::Relaxed);
        let program = Program::new(self.problem, pattern);
        let (excess, point) = program.solve(&program.indices(active));
        let mut incumbent = self.incumbent.lock().expect("no worker panicked");
        if incumbent.as_ref().is_none_or(|known| excess < known.excess) {
            // Nothing is below 0.
            self.solved.fetch_or(excess == Rational::ZERO, Ordering::Relaxed);
            let float = (excess.to_f64().value() / self.problem.float_unit).next_up();
            self.threshold.store(float.to_bits(), Ordering::Relaxed);
            let model = self.problem.model(&point, pattern.positive);
            *incumbent = Some(Incumbent { excess, model });
        }
    }

    /// A pattern whose bound is at least this has nothing that is sought.
    fn threshold(&self) -> f64 {
        f64::from_bits(self.threshold.load(Ordering::Relaxed))
    }

    /// Whether exact arithmetic proves that the pattern has nothing better than the incumbent.
    fn is_beaten(&self, node: &Node, pattern: &Pattern, minimum: &Minimum) -> bool {
        let threshold = self.threshold();
        if node.bound < threshold * (1.0 - NEAR) {
            return false;
        }
        self.exact.fetch_add(1, Ordering::Relaxed);
        let program = Program::new(self.problem, pattern);
        let Some(bound) = program.soft_bound(&minimum.active, &minimum.curved) else {
            return false;
        };
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        incumbent.as_ref().is_some_and(|known| bound >= known.excess)
    }

    fn work(&self, cells: &Cells, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.stopped, changed: &self.changed };
        let mut stack: Vec<Node> = Vec::new();
        while let Some(node) = self.take(worker, &mut stack) {
            stack.push(node);
            for _ in 0..DIVE {
                if (self.stop)() {
                    self.stopped.store(true, Ordering::Relaxed);
                    break;
                }
                let Some(node) = stack.pop() else { break };
                let first = stack.len();
                for child in node.children(cells) {
                    self.open_up(cells, child, &mut stack);
                }
                stack[first..].sort_by(|a, b| b.bound.total_cmp(&a.bound));
            }
        }
    }

    /// Gives back what is left of a dive and takes the node with the least bound; none when all
    /// is done or the search is stopped.
    fn take(&self, worker: usize, stack: &mut Vec<Node>) -> Option<Node> {
        let mut open = self.lock();
        if open.working[worker].is_some() {
            self.report(&open);
        }
        if open.nodes.len() > MOST_OPEN
            && !self.stopped.load(Ordering::Relaxed)
            && let Some(node) = stack.pop()
        {
            return Some(node);
        }
        open.nodes.extend(stack.drain(..).map(LeastBound));
        open.working[worker] = None;
        self.changed.notify_all();
        loop {
            if self.stopped.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(LeastBound(node)) = open.nodes.pop() {
                open.working[worker] = Some(node.bound);
                return Some(node);
            }
            if open.working.iter().all(Option::is_none) {
                return None;
            }
            let wait = Duration::from_millis(50);
            open = self.changed.wait_timeout(open, wait).expect("no worker panicked").0;
        }
    }

    /// Bounds a node and puts it on the stack if it may hold something better.
    fn open_up(&self, cells: &Cells, node: Node, stack: &mut Vec<Node>) {
        if self.solved.load(Ordering::Relaxed) {
            return;
        }
        self.nodes.fetch_add(1, Ordering::Relaxed);
        let evaluation = evaluate(self.problem, cells, node, self.threshold());
        let Evaluation::Open { node, pattern, minimum, excess } = evaluation else { return };
        if let Some(minimum) = &minimum {
            if excess < self.threshold() * (1.0 - NEAR)
                && let Some(found) = descend_from(self.problem, node.positive, &minimum.point)
                && found.value < self.threshold()
            {
                self.finish_candidate(found);
            }
            if self.is_beaten(&node, &pattern, minimum) {
                return;
            }
        }
        if node.branch.is_some() {
            stack.push(*node);
        } else if !node.has_twins(&pattern) {
            self.finish_pattern(&pattern, &minimum.map_or(Vec::new(), |minimum| minimum.active));
        }
    }

    fn report(&self, open: &Open) {
        let working = open.working.iter().flatten().copied();
        let waiting = open.nodes.peek().map(|LeastBound(node)| node.bound);
        let least = working.chain(waiting).fold(self.threshold(), f64::min);
        let unit = self.problem.float_unit;
        let total = |excess: f64| {
            let scaled = self.problem.least.to_f64().value() + excess * unit;
            let scale = foldline_kernel::Rational::from(self.problem.groups.label_scale.clone());
            let scale = scale.to_f64().value();
            scaled / (scale * scale)
        };
        (self.progress)(&TrainingProgress {
            loss: total(self.threshold()),
            lower_bound: total(least),
            nodes: self.nodes.load(Ordering::Relaxed),
        });
    }

    /// No open node has a network with less than this excess.
    fn open_bound(&self) -> Rational {
        let open = self.lock();
        let least = open.nodes.iter().map(|LeastBound(node)| node.sound).reduce(f64::min);
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        let known = incumbent.as_ref().map_or(Rational::ZERO, |known| known.excess.clone());
        let exact = |value: f64| Rational::try_from(value).expect("a number");
        let unit = exact(self.problem.float_unit);
        least.map_or(known.clone(), |least| known.min(exact(least.max(0.0)) * unit))
    }

    fn finish(self, lower_bound: Rational) -> Found {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let statistics = TrainingStatistics {
            nodes: count(&self.nodes),
            exact: count(&self.exact),
            patterns: count(&self.patterns),
            local_searches: count(&self.local_searches),
        };
        Found {
            incumbent: self.incumbent.into_inner().expect("no worker panicked"),
            lower_bound,
            statistics,
        }
    }
}
