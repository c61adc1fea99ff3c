//! Branch and bound over partial patterns on all cores: short dives from the node with the least bound.

use std::convert::Infallible;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use foldline_engine::{Ended, Left, Open, Run, Search, best_first_with_dives};
use foldline_kernel::{Rational, Sample};
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
use super::resume::{node_to_json, read_best, read_counts, read_node, to_json};
use super::statement::{Model, TrainingCallback, TrainingProgress, TrainingStatistics};
use crate::checkpoint::{Keeper, StateError, field, others};
use crate::verification::counters::Counter;

/// How many nodes are split in one dive.
const DIVE: usize = 64;

/// Bytes of open nodes beyond which dives go on, which opens few more.
const MOST_BYTES: usize = 1 << 30;

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
    /// The best network.
    pub incumbent: Incumbent,
    /// No network has less than this excess over the least loss.
    pub lower_bound: Rational,
    /// Counts.
    pub statistics: TrainingStatistics,
}

/// The local searches before the search.
pub struct Descents {
    /// How many for each sign pattern.
    pub count: usize,
    /// Their seed.
    pub seed: u64,
}

/// The search for the least loss over all patterns.
struct Training<'a> {
    problem: &'a Problem,
    /// None if there was no time for them: then no node is visited.
    cells: Option<&'a Cells>,
    progress: Option<&'a TrainingCallback>,
    incumbent: Mutex<Option<Incumbent>>,
    /// At least the incumbent's excess, in float units, as bits.
    threshold: AtomicU64,
    /// The incumbent is at the least loss.
    solved: AtomicBool,
    /// After a limit: a lower bound of the excess for all open nodes, in float units.
    open_bound: Mutex<f64>,
    nodes: Counter,
    exact: Counter,
    patterns: Counter,
    local_searches: Counter,
}

/// Searches all patterns of `problem`, or those that an earlier run left open.
///
/// Without cells it only does the local searches, as when it is stopped.
///
/// # Errors
/// If the keeper's state is none of this search.
pub fn search(
    problem: &Problem,
    sample: &Sample,
    cells: Option<&Cells>,
    descents: &Descents,
    run: Run<'_>,
    progress: Option<&TrainingCallback>,
) -> Result<Found, StateError> {
    let search = Training {
        problem,
        cells,
        progress,
        incumbent: Mutex::new(None),
        threshold: AtomicU64::new(f64::INFINITY.to_bits()),
        solved: AtomicBool::new(false),
        open_bound: Mutex::new(0.0),
        nodes: Counter::default(),
        exact: Counter::default(),
        patterns: Counter::default(),
        local_searches: Counter::default(),
    };
    let open = match run.keeper.and_then(Keeper::resumed) {
        Some(state) => search.resume(state, sample)?,
        None => {
            search.find_incumbent(descents, run.stop);
            Open::new(search.roots())
        }
    };
    // Without cells a node is not visited and cannot be saved: only its bounds are known.
    let stop = || cells.is_none() || (run.stop)();
    let keeper = run.keeper.filter(|_| cells.is_some());
    let run = Run { stop: &stop, keeper, ..run };
    let ended = best_first_with_dives(&search, open, run, MOST_BYTES, DIVE).0;
    Ok(search.finish(matches!(ended, Ended::Exhausted)))
}

impl Search for Training<'_> {
    type Part = Node;
    type Workspace = ();
    type Found = Infallible;

    const WANTS_OPEN: bool = true;

    fn workspace(&self) {}

    /// Splits a node and bounds its parts; those that stay open come with the least bound first.
    fn visit(&self, node: Node, (): &mut (), left: &mut Left<Node>) -> Option<Infallible> {
        let Some(cells) = self.cells else {
            left.parts.push(node);
            return None;
        };
        // The incumbent may be better than when the node was opened.
        if node.sound < self.threshold() {
            for child in node.children(cells) {
                self.open_up(cells, child, &mut left.parts);
            }
            // Of equal bounds the part where more functions are on comes first.
            left.parts.reverse();
            left.parts.sort_by(|a, b| a.bound.total_cmp(&b.bound));
        }
        None
    }

    fn outline(&self, node: &Node) -> Node {
        node.clone()
    }

    fn to_json(&self, node: &Node) -> Value {
        node_to_json(node)
    }

    fn restore(&self, state: &Value) -> Result<Node, StateError> {
        read_node(state, self.problem, self.cells)
    }

    /// The least bound is the largest of these.
    fn bound(&self, node: &Node) -> f64 {
        -node.bound
    }

    fn bytes(&self, node: &Node) -> usize {
        node.bytes()
    }

    fn is_watched(&self) -> bool {
        self.progress.is_some()
    }

    fn report(&self, bound: f64) {
        let total = |excess: f64| self.problem.float_loss(excess);
        let progress = TrainingProgress::Search {
            loss: total(self.threshold()),
            lower_bound: total(self.threshold().min(-bound)),
            nodes: self.nodes.get(),
        };
        self.progress.iter().for_each(|callback| callback(&progress));
    }

    /// Makes the most of the bounds of what is left.
    fn stopped(&self, open: &mut [&mut Node]) {
        if self.cells.is_some() {
            raise_bounds(self.problem, open, self.threshold());
        }
        let least = open.iter().map(|node| node.sound).fold(f64::INFINITY, f64::min);
        *self.open_bound.lock().expect("no worker panicked") = least;
    }

    /// All open nodes, then the incumbent: what was closed before was closed for one that is not better.
    fn state(&self, open: Value) -> Value {
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        to_json(open, incumbent.as_ref(), &self.statistics())
    }
}

impl Training<'_> {
    /// The nodes that an earlier run left open, after its incumbent and its counts.
    fn resume(&self, state: &Value, sample: &Sample) -> Result<Open<Node>, StateError> {
        let counters = [&self.nodes, &self.exact, &self.patterns, &self.local_searches];
        for (counter, count) in counters.into_iter().zip(read_counts::<4>(state)?) {
            counter.add(count);
        }
        for state in std::iter::once(state).chain(others(state)) {
            let best = read_best(state, self.problem, sample)?;
            self.offer(best.excess, || best.model);
        }
        Open::from_json(self, field(state, "open")?)
    }

    /// The nodes of all sign patterns that may hold something better than the incumbent.
    fn roots(&self) -> Vec<Node> {
        let Some(cells) = self.cells else { return vec![Node::unknown(0)] };
        let mut open = Vec::new();
        for positive in 0..=self.problem.architecture.hidden {
            let root = Node::root(self.problem, cells, positive);
            match root.branch {
                Some(_) => open.push(root),
                None => self.open_up(cells, root, &mut open),
            }
        }
        open
    }

    /// Takes the best pattern of many local searches; also tries the empty pattern.
    fn find_incumbent(&self, descents: &Descents, stop: &dyn Fn() -> bool) {
        let hidden = self.problem.architecture.hidden;
        let mut random = Random::new(descents.seed);
        let mut best: Option<Candidate> = None;
        for round in 0..descents.count * (hidden + 1) {
            if stop() {
                break;
            }
            self.local_searches.add(1);
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
        self.patterns.add(1);
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
        self.exact.add(1);
        let wanted = |label| minimum.active.contains(&label);
        let program = Program::with(self.problem, pattern, wanted);
        let Some(bound) = program.soft_bound(&minimum.active, &minimum.curved) else {
            return false;
        };
        let incumbent = self.incumbent.lock().expect("no worker panicked");
        incumbent.as_ref().is_some_and(|known| bound.value >= known.excess)
    }

    /// Bounds a node and puts it on the stack if it may hold something better.
    fn open_up(&self, cells: &Cells, node: Node, stack: &mut Vec<Node>) {
        if self.solved.load(Ordering::Relaxed) {
            return;
        }
        self.nodes.add(1);
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

    fn statistics(&self) -> TrainingStatistics {
        TrainingStatistics {
            nodes: self.nodes.get(),
            exact: self.exact.get(),
            patterns: self.patterns.get(),
            local_searches: self.local_searches.get(),
        }
    }

    /// What was found; `is_whole` says that no node is open.
    fn finish(self, is_whole: bool) -> Found {
        let statistics = self.statistics();
        let incumbent = self.incumbent.into_inner().expect("no worker panicked");
        let incumbent = incumbent.expect("a pattern was finished");
        let exact = |value: f64| Rational::try_from(value).expect("a number");
        let open = self.open_bound.into_inner().expect("no worker panicked");
        let lower_bound = match is_whole {
            true => incumbent.excess.clone(),
            false => {
                let open = exact(open.max(0.0)) * exact(self.problem.float_unit);
                open.min(incumbent.excess.clone())
            }
        };
        Found { incumbent, lower_bound, statistics }
    }
}
