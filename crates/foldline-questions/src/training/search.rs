//! Branch and bound over partial patterns on all cores: short dives from the node with the least bound.

use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use foldline_kernel::Rational;
use serde_json::Value;

use super::cells::Cells;
use super::evaluation::{Evaluation, NEAR, evaluate};
use super::exact::Program;
use super::impossible::cancelling;
use super::local::{Candidate, Random, descend, descend_from};
use super::node::Node;
use super::pattern::{Label, Pattern};
use super::problem::Problem;
use super::program::{FloatProgram, Minimum};
use super::remaining::raise_bounds;
use super::resume::{Resumed, node_to_json, to_json};
use super::statement::{Model, TrainingProgress, TrainingStatistics};
use crate::checkpoint::{Keeper, saving};
use crate::hands::{Hands, Part};
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
    /// Locked before any of `hands`.
    open: Mutex<Open>,
    /// What the workers hold.
    hands: Hands<Node>,
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

impl Part for Node {
    fn outline(&self) -> Self {
        self.clone()
    }
}

/// How a search is run.
pub struct Run<'a> {
    /// Worker threads.
    pub threads: usize,
    /// Local searches for each sign pattern before the search.
    pub descents: usize,
    /// Their seed.
    pub seed: u64,
    /// Asked often.
    pub stop: &'a (dyn Fn() -> bool + Sync),
    /// Called now and then.
    pub progress: &'a (dyn Fn(&TrainingProgress) + Sync),
    /// Where the state is kept.
    pub keeper: Option<&'a dyn Keeper>,
}

/// Searches all patterns of `problem`, or those that an earlier run left open.
///
/// Without cells it only does the local searches, as when it is stopped.
pub fn search(
    problem: &Problem,
    cells: Option<&Cells>,
    resumed: Option<Resumed>,
    run: &Run<'_>,
) -> Found {
    let &Run { threads, stop, progress, keeper, .. } = run;
    let pool = Pool {
        problem,
        stop,
        progress,
        incumbent: Mutex::new(None),
        threshold: AtomicU64::new(f64::INFINITY.to_bits()),
        open: Mutex::new(Open { nodes: BinaryHeap::new(), working: vec![None; threads] }),
        hands: Hands::new(threads, keeper.is_some()),
        changed: Condvar::new(),
        stopped: AtomicBool::new(false),
        solved: AtomicBool::new(false),
        nodes: AtomicU64::new(0),
        exact: AtomicU64::new(0),
        patterns: AtomicU64::new(0),
        local_searches: AtomicU64::new(0),
    };
    let Some(open) = pool.begin(cells, resumed, run) else {
        return pool.finish(Rational::ZERO);
    };
    pool.lock().nodes.extend(open.into_iter().map(LeastBound));
    if let Some(cells) = cells {
        let was_stopped = |_: &()| pool.stopped.load(Ordering::Relaxed);
        saving(
            keeper,
            || pool.state(),
            was_stopped,
            || {
                on_all(threads, || (), |worker| pool.work(cells, worker));
                pool.raise_bounds();
            },
        );
    }
    let lower_bound = pool.open_bound();
    pool.finish(lower_bound)
}

impl Pool<'_> {
    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().expect("no worker panicked")
    }

    /// The nodes to begin with: those of an earlier run, or the roots after local searches; none
    /// where there is no time for that.
    fn begin(
        &self,
        cells: Option<&Cells>,
        resumed: Option<Resumed>,
        run: &Run<'_>,
    ) -> Option<Vec<Node>> {
        if let Some(Resumed { open, best, counts }) = resumed {
            let counters = [&self.nodes, &self.exact, &self.patterns, &self.local_searches];
            for (counter, count) in counters.into_iter().zip(counts) {
                counter.store(count, Ordering::Relaxed);
            }
            self.offer(best.excess, || best.model);
            return Some(open);
        }
        self.find_incumbent(run.descents, run.seed);
        let cells = cells?;
        let mut open = Vec::new();
        for positive in 0..=self.problem.architecture.hidden {
            let root = Node::root(self.problem, cells, positive);
            match root.branch {
                Some(_) => open.push(root),
                None => self.open_up(cells, root, &mut open),
            }
        }
        Some(open)
    }

    /// All open nodes, then the incumbent: what was closed before was closed for one that is not better.
    fn state(&self) -> Value {
        let mut nodes = Vec::new();
        {
            let open = self.lock();
            nodes.extend(open.nodes.iter().map(|LeastBound(node)| node_to_json(node)));
            self.hands.for_each(|node| nodes.push(node_to_json(node)));
        }
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        to_json(nodes, incumbent.as_ref(), &self.statistics())
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
        self.offer(excess, || self.problem.model(&point, pattern.positive));
    }

    /// Keeps a network if it is better than the best so far.
    fn offer(&self, excess: Rational, model: impl FnOnce() -> Model) {
        let mut incumbent = self.incumbent.lock().expect("no worker panicked");
        if incumbent.as_ref().is_none_or(|known| excess < known.excess) {
            // Nothing is below 0.
            self.solved.fetch_or(excess == Rational::ZERO, Ordering::Relaxed);
            let float = self.problem.float_excess_above(&excess);
            self.threshold.store(float.to_bits(), Ordering::Relaxed);
            *incumbent = Some(Incumbent { excess, model: model() });
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
        let wanted = |label| minimum.active.contains(&label);
        let program = Program::with(self.problem, pattern, wanted);
        let Some(bound) = program.soft_bound(&minimum.active, &minimum.curved) else {
            return false;
        };
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        incumbent.as_ref().is_some_and(|known| bound.value >= known.excess)
    }

    fn work(&self, cells: &Cells, worker: usize) {
        let _release = ReleaseOnPanic { done: &self.stopped, changed: Some(&self.changed) };
        while let Some(node) = self.take(worker) {
            self.dive(cells, worker, node);
        }
    }

    /// Splits a node, the best of its parts, and so on; what is left stays in the worker's hand.
    fn dive(&self, cells: &Cells, worker: usize, node: Node) {
        let (mut next, mut parts) = (Some(node), Vec::new());
        for _ in 0..DIVE {
            let Some(node) = next.take().or_else(|| self.hands.pop(worker)) else { return };
            if (self.stop)() {
                self.stopped.store(true, Ordering::Relaxed);
                parts.push(node);
                self.hands.replace(worker, &mut parts);
                return;
            }
            for child in node.children(cells) {
                self.open_up(cells, child, &mut parts);
            }
            parts.sort_by(|a, b| b.bound.total_cmp(&a.bound));
            self.hands.replace(worker, &mut parts);
        }
    }

    /// Gives back what is left of a dive and takes the node with the least bound; none when all
    /// is done or the search is stopped.
    fn take(&self, worker: usize) -> Option<Node> {
        let mut open = self.lock();
        if open.working[worker].is_some() {
            self.report(&open);
        }
        if open.nodes.len() > MOST_OPEN
            && !self.stopped.load(Ordering::Relaxed)
            && let Some(node) = self.hands.pop(worker)
        {
            return Some(node);
        }
        open.nodes.extend(self.hands.take_all(worker).into_iter().map(LeastBound));
        open.working[worker] = None;
        self.changed.notify_all();
        loop {
            if self.stopped.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(LeastBound(node)) = open.nodes.pop() {
                open.working[worker] = Some(node.bound);
                self.hands.visit(worker, &node);
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
        } else if !node.has_twins(&pattern) && !self.is_flat(&pattern) {
            self.finish_pattern(&pattern, &minimum.map_or(Vec::new(), |minimum| minimum.active));
        }
    }

    /// Whether no parameters have all signs of a pattern strictly: others hold its networks, too.
    fn is_flat(&self, pattern: &Pattern) -> bool {
        let float = FloatProgram::new(self.problem, pattern);
        cancelling(&float, &Program::new(self.problem, pattern)).is_some()
    }

    fn report(&self, open: &Open) {
        let working = open.working.iter().flatten().copied();
        let waiting = open.nodes.peek().map(|LeastBound(node)| node.bound);
        let least = working.chain(waiting).fold(self.threshold(), f64::min);
        let total = |excess: f64| self.problem.float_loss(excess);
        (self.progress)(&TrainingProgress::Search {
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

    /// Makes the most of the bounds of what is left.
    fn raise_bounds(&self) {
        let mut open = self.lock();
        let left = std::mem::take(&mut open.nodes).into_iter();
        let mut nodes: Vec<Node> = left.map(|LeastBound(node)| node).collect();
        raise_bounds(self.problem, &mut nodes, self.threshold());
        open.nodes.extend(nodes.into_iter().map(LeastBound));
    }

    fn statistics(&self) -> TrainingStatistics {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TrainingStatistics {
            nodes: count(&self.nodes),
            exact: count(&self.exact),
            patterns: count(&self.patterns),
            local_searches: count(&self.local_searches),
        }
    }

    fn finish(self, lower_bound: Rational) -> Found {
        let statistics = self.statistics();
        let incumbent = self.incumbent.into_inner().expect("no worker panicked");
        Found { incumbent, lower_bound, statistics }
    }
}
