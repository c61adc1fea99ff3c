//! What is asked of a verification run, and what it answers.

use std::time::Duration;

use foldline_kernel::Rational;

pub use crate::limits::Limit;
use crate::limits::{self, Callback};

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

/// Called now and then from another thread.
pub type ProgressCallback = Callback<Progress>;

/// Limits and settings of a run.
pub type Options = limits::Options<Progress>;

/// When a run has to end.
pub(crate) type Limits<'a> = limits::Limits<'a, Progress>;

/// A verdict with the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// What it took.
    pub statistics: Statistics,
}
