//! What is asked of a verification run, and what it answers.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use foldline_kernel::Rational;

pub use crate::limits::Limit;

/// A point of the unsafe set: its input and the network's exact output there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The input x.
    pub input: Vec<Rational>,
    /// f(x), exactly.
    pub output: Vec<Rational>,
}

/// The answer of a verification run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// No x makes the unsafe formula true.
    Holds {
        /// Whether already the input part of the property is empty.
        vacuous: bool,
    },
    /// The witness makes the unsafe formula true, exactly.
    Violated(Witness),
    /// A limit that the caller set ran out.
    Undecided(Limit),
}

/// Counts of what a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// Input regions (disjuncts of the property's input part) looked at.
    pub regions: u64,
    /// Nodes of the search tree.
    pub nodes: u64,
    /// Float linear programs.
    pub lps: u64,
    /// Leaves that exact arithmetic decided.
    pub exact_leaves: u64,
    /// Exact linear programs.
    pub exact_lps: u64,
    /// Points tried by the counterexample search.
    pub attack_points: u64,
    /// Proved fraction of the search space, in [0, 1], a guide only.
    pub fraction: f64,
}

/// What a progress callback is told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Counts so far, summed over threads.
    pub statistics: Statistics,
    /// Time since the start.
    pub elapsed: Duration,
}

/// Called now and then from a worker thread.
pub type ProgressCallback = Arc<dyn Fn(&Progress) + Send + Sync>;

/// Limits and settings of a run.
#[derive(Clone, Default)]
pub struct Options {
    /// Worker threads; 0 means all cores.
    pub threads: usize,
    /// Wall-clock limit.
    pub timeout: Option<Duration>,
    /// Raised from outside to stop early.
    pub stop: Option<Arc<AtomicBool>>,
    /// Called a few times a second.
    pub progress: Option<ProgressCallback>,
    /// Seed of the counterexample search.
    pub seed: u64,
}

impl Options {
    /// The number of worker threads.
    pub fn workers(&self) -> usize {
        crate::limits::workers(self.threads)
    }
}

/// A verdict with the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// What it took.
    pub statistics: Statistics,
}
