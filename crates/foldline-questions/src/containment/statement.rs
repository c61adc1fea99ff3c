//! What is asked about two zonotopes, and what is answered.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use foldline_kernel::Rational;

pub use crate::limits::Limit;
use crate::limits::{self, Callback};

/// Why INNER ⊄ OUTER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Separation {
    /// A point of INNER, the furthest in the direction of the normal.
    pub point: Vec<Rational>,
    /// With point = c + Σ β_i g_i over INNER's generators, these β_i ∈ {−1, 0, 1}.
    pub coefficients: Vec<i8>,
    /// Integers u with u·point > offset ≥ u·x for all x of OUTER.
    pub normal: Vec<Rational>,
    /// The support function of OUTER at u.
    pub offset: Rational,
}

/// The answer to INNER ⊆ OUTER.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every point of INNER is one of OUTER.
    Contained,
    /// Some point is not.
    Separated(Separation),
    /// A limit that the caller set ran out.
    Undecided(Limit),
}

/// The least s ≥ 0 with INNER ⊆ c + s·(OUTER − c), c being OUTER's center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scale {
    /// It is attained.
    Value(Rational),
    /// No s will do: INNER leaves the affine hull of OUTER.
    Infinite,
    /// Not computed: only the verdict was asked for, or a limit ran out. It is at least `lower`, and at
    /// most `upper` if that is known.
    Bounds {
        /// At least this.
        lower: Rational,
        /// At most this.
        upper: Option<Rational>,
    },
}

/// Counts of what a run did.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Statistics {
    /// Facet normals of OUTER looked at (one of two opposite ones; some more than once), and cones of
    /// them.
    pub normals: u64,
    /// Those that needed exact arithmetic.
    pub exact_normals: u64,
    /// Exact linear programs for points of INNER.
    pub gauges: u64,
    /// Looked at share of the search space, in [0, 1], a guide only.
    pub fraction: f64,
}

/// What a progress callback is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// Counts so far.
    pub statistics: Statistics,
    /// What is known of the verdict: whether INNER is contained.
    pub contained: Option<bool>,
    /// Time since the start.
    pub elapsed: Duration,
}

/// Called now and then from another thread.
pub type ProgressCallback = Callback<Progress>;

/// How to decide.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Route {
    /// Whichever seems cheaper.
    #[default]
    Cheaper,
    /// The facet normals of OUTER.
    Normals,
    /// The vertices of INNER.
    Vertices,
    /// Cones of directions first, then, where they do not settle it, the facet normals.
    Cones,
}

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
    /// Stop as soon as the verdict is known, without the exact scale.
    pub verdict_only: bool,
    /// How to decide.
    pub route: Route,
}

impl Options {
    /// What these options have in common with those of other questions.
    pub(crate) fn common(&self) -> limits::Options<Progress> {
        let (threads, timeout) = (self.threads, self.timeout);
        let (stop, progress) = (self.stop.clone(), self.progress.clone());
        limits::Options { threads, timeout, stop, progress, seed: 0 }
    }
}

/// A verdict with its scale and the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// The least scale.
    pub scale: Scale,
    /// What it took.
    pub statistics: Statistics,
}
