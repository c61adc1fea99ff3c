//! Depth-first branch and bound over partial patterns, on all cores.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};

use foldline_kernel::Rational;

use super::dichotomies::Dichotomies;
use super::exact::Program;
use super::local::{Candidate, Random, descend};
use super::node::Node;
use super::problem::{Problem, State};
use super::reduced::reduced_bound;
use super::statement::{Model, TrainingProgress, TrainingStatistics};

/// Bounds this close to the incumbent, relatively, are decided in exact arithmetic.
const NEAR: f64 = 1e-7;

/// Exact arithmetic is tried when at most this many groups are undecided; before that, further
/// decisions are cheaper, as they often make a singular program regular.
const EXACT_WITHIN: usize = 4;

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
    /// Whether something was left to do.
    pub stopped: bool,
    /// Counts.
    pub statistics: TrainingStatistics,
}

struct Pool<'a> {
    problem: &'a Problem,
    tree: Option<&'a Dichotomies>,
    goal: Goal,
    stop: &'a (dyn Fn() -> bool + Sync),
    progress: &'a (dyn Fn(&TrainingProgress) + Sync),
    seed: u64,
    incumbent: Mutex<Option<Incumbent>>,
    /// At least the incumbent's excess, in float units, as bits.
    threshold: AtomicU64,
    open: Mutex<Open>,
    changed: Condvar,
    idle: AtomicUsize,
    /// The incumbent is at the least loss.
    solved: AtomicBool,
    nodes: AtomicU64,
    exact: AtomicU64,
    patterns: AtomicU64,
    local_searches: AtomicU64,
}

/// What is asked of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    /// The least loss.
    Optimum,
    /// Whether the least loss is that of the labels at equal points alone.
    LeastLoss,
}

struct Open {
    /// Nodes that workers gave away, and at the end those left.
    nodes: Vec<Node>,
    working: usize,
    stopped: bool,
}

/// Searches all patterns of `problem`, after `descents` local searches for each sign pattern.
///
/// Without the tree of dichotomies it only does the local searches, as when it is stopped.
pub fn search(
    problem: &Problem,
    tree: Option<&Dichotomies>,
    goal: Goal,
    threads: usize,
    descents: usize,
    seed: u64,
    stop: &(dyn Fn() -> bool + Sync),
    progress: &(dyn Fn(&TrainingProgress) + Sync),
) -> Found {
    let hidden = problem.architecture.hidden;
    let roots: Vec<Node> = (0..=hidden).map(|count| Node::root(problem, count)).collect();
    let pool = Pool {
        problem,
        tree,
        goal,
        stop,
        progress,
        seed,
        incumbent: Mutex::new(None),
        threshold: AtomicU64::new(f64::INFINITY.to_bits()),
        open: Mutex::new(Open { nodes: roots, working: threads, stopped: false }),
        changed: Condvar::new(),
        idle: AtomicUsize::new(0),
        solved: AtomicBool::new(false),
        nodes: AtomicU64::new(0),
        exact: AtomicU64::new(0),
        patterns: AtomicU64::new(0),
        local_searches: AtomicU64::new(0),
    };
    pool.find_incumbent(descents);
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(|| pool.work());
        }
        pool.work();
    });
    pool.finish()
}

impl Pool<'_> {
    /// Takes the best pattern of many local searches; also tries the empty pattern.
    fn find_incumbent(&self, descents: usize) {
        let hidden = self.problem.architecture.hidden;
        let mut random = Random::new(self.seed);
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
            Some(best) => self.finish_pattern(&best.states, best.positive, &best.active),
            None => self.finish_pattern(&vec![0; self.problem.groups.len()], hidden, &[]),
        }
    }

    /// Solves the program of a whole pattern exactly.
    fn finish_pattern(&self, states: &[State], positive: usize, active: &[usize]) {
        self.patterns.fetch_add(1, Ordering::Relaxed);
        let program = Program::new(self.problem, states, positive);
        let (excess, point) = program.solve(active);
        let mut incumbent = self.incumbent.lock().expect("no worker panicked");
        if incumbent.as_ref().is_none_or(|known| excess < known.excess) {
            // Nothing is below 0.
            self.solved.fetch_or(excess == Rational::ZERO, Ordering::Relaxed);
            let float = (excess.to_f64().value() / self.problem.float_unit).next_up();
            self.threshold.store(float.to_bits(), Ordering::Relaxed);
            *incumbent = Some(Incumbent { excess, model: self.problem.model(&point, positive) });
        }
    }

    /// A pattern whose bound is at least this has nothing that is sought.
    fn threshold(&self) -> f64 {
        match self.goal {
            Goal::Optimum => f64::from_bits(self.threshold.load(Ordering::Relaxed)),
            Goal::LeastLoss => f64::MIN_POSITIVE,
        }
    }

    /// Whether exact arithmetic proves that the pattern has nothing better than the incumbent.
    fn is_beaten(&self, node: &Node) -> bool {
        let left = self.problem.groups.len() - node.states.len();
        let threshold = self.threshold();
        if node.bound < threshold * (1.0 - NEAR) || left > EXACT_WITHIN {
            return false;
        }
        self.exact.fetch_add(1, Ordering::Relaxed);
        let program = Program::new(self.problem, &node.states, node.positive);
        let Some((bound, _)) = program.bound(&node.active) else {
            return false;
        };
        if self.goal == Goal::LeastLoss {
            return bound > Rational::ZERO;
        }
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        incumbent.as_ref().is_some_and(|known| bound >= known.excess)
    }

    fn work(&self) {
        let mut stack: Vec<Node> = Vec::new();
        let mut count = 0u64;
        while let Some(node) = stack.pop().or_else(|| self.take()) {
            let Some(tree) = self.tree.filter(|_| !(self.stop)()) else {
                stack.push(node);
                let mut open = self.open.lock().expect("no worker panicked");
                open.nodes.append(&mut stack);
                open.stopped = true;
                self.changed.notify_all();
                return;
            };
            count += 1;
            if count.is_multiple_of(1024) {
                self.report(&stack);
            }
            self.expand(tree, &node, &mut stack);
            if self.idle.load(Ordering::Relaxed) > 0 && stack.len() > 1 {
                self.open.lock().expect("no worker panicked").nodes.push(stack.remove(0));
                self.changed.notify_one();
            }
        }
    }

    /// A node that another worker gave away; none when all is done.
    fn take(&self) -> Option<Node> {
        let mut open = self.open.lock().expect("no worker panicked");
        open.working -= 1;
        self.idle.fetch_add(1, Ordering::Relaxed);
        loop {
            if open.stopped {
                return None;
            }
            if let Some(node) = open.nodes.pop() {
                open.working += 1;
                self.idle.fetch_sub(1, Ordering::Relaxed);
                return Some(node);
            }
            if open.working == 0 {
                self.changed.notify_all();
                return None;
            }
            open = self.changed.wait(open).expect("no worker panicked");
        }
    }

    /// Puts the children that may hold something better on the stack, the best one last.
    fn expand(&self, tree: &Dichotomies, node: &Node, stack: &mut Vec<Node>) {
        let depth = node.states.len();
        if self.solved.load(Ordering::Relaxed) || depth > 0 && self.is_beaten(node) {
            return;
        }
        if depth == self.problem.groups.len() {
            if !node.has_twins() {
                self.finish_pattern(&node.states, node.positive, &node.active);
            }
            return;
        }
        let mut content = node.content(self.problem);
        let decided = (content.rows.len(), content.terms.len());
        let mut children = Vec::new();
        for state in self.states(depth) {
            content.truncate(decided);
            let Some(mut child) = node.child(self.problem, tree, state, &mut content) else {
                continue;
            };
            self.nodes.fetch_add(1, Ordering::Relaxed);
            let enough = self.threshold() * (1.0 + NEAR);
            match child.compute_bound(&content, enough) {
                None => child.active.clone_from(&node.active),
                Some(guess) if child.bound >= self.threshold() => {
                    let threshold = self.threshold();
                    if child.sound_bound(&content, &guess) >= threshold
                        || reduced_bound(self.problem, &child, enough) >= threshold
                    {
                        continue;
                    }
                }
                Some(_) => {}
            }
            if !self.is_beaten(&child) && !child.is_impossible(self.problem) {
                children.push(child);
            }
        }
        children.sort_by(|a, b| b.bound.total_cmp(&a.bound));
        stack.append(&mut children);
    }

    /// The states that a group can have.
    fn states(&self, group: usize) -> impl Iterator<Item = State> + use<> {
        let architecture = self.problem.architecture;
        let output = self.problem.output_bit();
        let all = if architecture.output_relu { 2 * output } else { output };
        debug_assert!(group < self.problem.groups.len());
        // Where nothing feeds the output, on and off are the same.
        (0..all).filter(move |&state| architecture.output_bias || state != output)
    }

    fn report(&self, stack: &[Node]) {
        let least = stack.iter().map(|node| node.bound).fold(self.threshold(), f64::min);
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

    fn finish(self) -> Found {
        let incumbent = self.incumbent.into_inner().expect("no worker panicked");
        let open = self.open.into_inner().expect("no worker panicked");
        let mut lower_bound =
            incumbent.as_ref().map_or(Rational::ZERO, |known| known.excess.clone());
        for node in &open.nodes {
            let program = Program::new(self.problem, &node.states, node.positive);
            let bound = program.bound(&node.active).map_or(Rational::ZERO, |(bound, _)| bound);
            lower_bound = lower_bound.min(bound.max(Rational::ZERO));
        }
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Found {
            incumbent,
            lower_bound,
            stopped: open.stopped,
            statistics: TrainingStatistics {
                nodes: count(&self.nodes),
                exact: count(&self.exact),
                patterns: count(&self.patterns),
                local_searches: count(&self.local_searches),
            },
        }
    }
}
