//! The counterexample search beside the nodes: both take turns, so neither waits for the other.
//!
//! Half of all violations are met in the first steps of the first descent; where there is none, every
//! step is wasted. So a root that does not close gives a few steps at once, and whatever work
//! nodes take gives as much work for more. A descent is put aside wherever it is and goes on
//! later. Work is counted, not timed, so runs on one thread repeat.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use foldline_kernel::Rational;
use foldline_kernel::interrupt;

use super::attack::Descent;
use super::candidate;
use super::counters::Counters;
use super::problem::Problem;

/// Descents below a root that did not close.
const ROOT_DESCENTS: u64 = 16;
/// Their first steps, which do not wait for the work of nodes.
const FIRST_STEPS: u64 = 16;
/// How many nodes later the next descent begins.
const EVERY: u64 = 128;
/// The same where the proof hardly advances, so that a violation is the likelier way out.
const STUCK_EVERY: u64 = 16;
/// Stuck: after this many nodes less than this share of the search space is closed.
const STUCK_NODES: u64 = 2000;
const STUCK_SHARE: f64 = 0.01;
/// The most places that wait for their descents to go on; the oldest is given up first.
const MOST_WAITING: usize = 32;

/// The descents of a run, and what they may still cost.
pub struct Attacks {
    seed: u64,
    /// Work that descents may do: that of the nodes so far, and the first steps.
    allowed: AtomicU64,
    /// Work that they did.
    done: AtomicU64,
    waiting: Mutex<Vec<Campaign>>,
}

/// Descents that begin at the same place.
struct Campaign {
    /// Gone once all its nodes are closed: then there is nothing to be found.
    problem: Weak<Problem>,
    starts: Vec<Vec<f64>>,
    seed: u64,
    rounds: std::ops::Range<u64>,
    /// The one that was put aside.
    descent: Option<Descent>,
}

impl Attacks {
    /// None yet; runs repeat with the seed.
    pub fn new(seed: u64) -> Self {
        let waiting = Mutex::new(Vec::new());
        Self { seed, allowed: AtomicU64::new(0), done: AtomicU64::new(0), waiting }
    }

    /// Allows as much work as a node took.
    pub fn allow(&self, work: u64) {
        self.allowed.fetch_add(work, Ordering::Relaxed);
    }

    /// The work that was allowed, and the work that descents did.
    #[cfg(test)]
    pub fn work(&self) -> (u64, u64) {
        (self.allowed.load(Ordering::Relaxed), self.done.load(Ordering::Relaxed))
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Campaign>> {
        self.waiting.lock().expect("no worker panicked")
    }

    /// Begins descents where a node was split, if it is time: from `starts` and random points.
    pub fn begin(
        &self,
        problem: &Arc<Problem>,
        is_root: bool,
        starts: &[Vec<f64>],
        counters: &Counters,
    ) {
        let nodes = counters.nodes.get();
        let stuck = nodes > STUCK_NODES && counters.closed_share() < STUCK_SHARE;
        let every = if stuck { STUCK_EVERY } else { EVERY };
        let rounds = match (is_root, nodes.is_multiple_of(every)) {
            (true, _) => ROOT_DESCENTS,
            (false, true) => 1,
            (false, false) => return,
        };
        if is_root {
            self.allow(FIRST_STEPS * Descent::step_work(problem));
        }
        let mut waiting = self.waiting();
        if waiting.len() == MOST_WAITING {
            waiting.remove(0);
        }
        waiting.push(Campaign {
            problem: Arc::downgrade(problem),
            starts: starts.to_vec(),
            seed: self.seed.wrapping_add(nodes << 8),
            rounds: 0..rounds,
            descent: None,
        });
    }

    /// Lets descents go on, the newest first, for as long as they may: a violating point, in the
    /// original inputs, if one is met.
    pub fn take_turn(&self, counters: &Counters) -> Option<Vec<Rational>> {
        loop {
            let mut campaign = self.waiting().pop()?;
            let Some(problem) = campaign.problem.upgrade() else { continue };
            while self.may_step(&problem) {
                let before = interrupt::spent();
                let over = campaign.advance(&problem, counters);
                self.done.fetch_add(interrupt::spent() - before, Ordering::Relaxed);
                match over {
                    Advance::Violation(point) => return Some(problem.original(&point)),
                    Advance::Over => break,
                    Advance::Going => {}
                }
            }
            if !campaign.is_over() {
                self.waiting().push(campaign);
                return None;
            }
        }
    }

    fn may_step(&self, problem: &Problem) -> bool {
        let done = self.done.load(Ordering::Relaxed) + Descent::step_work(problem);
        done <= self.allowed.load(Ordering::Relaxed)
    }
}

/// What a step led to.
enum Advance {
    Violation(Vec<Rational>),
    /// No descent is left.
    Over,
    Going,
}

impl Campaign {
    fn is_over(&self) -> bool {
        self.descent.is_none() && self.rounds.is_empty()
    }

    /// One step; a descent that ends with it is confirmed exactly.
    fn advance(&mut self, problem: &Problem, counters: &Counters) -> Advance {
        let next =
            |round| Descent::to_some_clause(problem, &self.starts, self.seed.wrapping_add(round));
        let Some(mut descent) = self.descent.take().or_else(|| self.rounds.next().map(next)) else {
            return Advance::Over;
        };
        if !descent.advance(problem, counters) {
            self.descent = Some(descent);
            return Advance::Going;
        }
        let found = descent.best().and_then(|best| candidate::repair(problem, &best, counters));
        match found {
            Some(point) => Advance::Violation(point),
            None if self.is_over() => Advance::Over,
            None => Advance::Going,
        }
    }
}
