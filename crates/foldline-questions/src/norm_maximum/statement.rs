//! What is asked and answered: the largest norm of a point of a zonotope [Z, §7].

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use foldline_kernel::Rational;

pub use crate::limits::Limit;
use crate::limits::{self, Callback};

/// The norms whose maximum over a zonotope can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Norm {
    /// (Σ |x_j|^p)^(1/p) for a rational p ≥ 1.
    ///
    /// For p < 1 the maximum need not be at a vertex (generators (10, 12), (2, −2), p = 1/2), and
    /// it is no norm; that is refused.
    Power(Rational),
    /// max |x_j|.
    Infinity,
    /// max |a_i·x| over the rows a_i. (A norm if the rows span the space, else a seminorm.)
    Polytope(Vec<Vec<Rational>>),
}

/// Why a norm cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NormError {
    /// p < 1.
    #[error("p is {0}, but it must be at least 1: below, the maximum need not be at a vertex")]
    BelowOne(Rational),
    /// p has a large denominator.
    #[error("the denominator of p is {0}, at most {LARGEST_DENOMINATOR} is supported")]
    Denominator(String),
    /// A row of a polytope norm has another dimension.
    #[error(
        "row {row} of the norm's matrix has {found} numbers, the zonotope has {expected} dimensions"
    )]
    Dimension {
        /// The row, from 0.
        row: usize,
        /// Its length.
        found: usize,
        /// The zonotope's dimension.
        expected: usize,
    },
    /// A polytope norm without rows.
    #[error("the norm's matrix has no rows")]
    NoRows,
}

/// The largest denominator of p: powers of floats lose about as many units in the last place.
pub const LARGEST_DENOMINATOR: u64 = 100_000;

impl Norm {
    /// Checks that this is a norm that can be maximised in this dimension.
    pub fn check(&self, dimension: usize) -> Result<(), NormError> {
        match self {
            Self::Power(p) if *p < Rational::ONE => Err(NormError::BelowOne(p.clone())),
            Self::Power(p) if *p.denominator() > LARGEST_DENOMINATOR.into() => {
                Err(NormError::Denominator(p.denominator().to_string()))
            }
            Self::Polytope(rows) if rows.is_empty() => Err(NormError::NoRows),
            Self::Polytope(rows) => match rows.iter().position(|row| row.len() != dimension) {
                None => Ok(()),
                Some(row) => {
                    let found = rows[row].len();
                    Err(NormError::Dimension { row, found, expected: dimension })
                }
            },
            _ => Ok(()),
        }
    }
}

/// The largest norm, as exactly as it can be said in rationals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The norm (p = 1, inf, polytope norms).
    Exact(Rational),
    /// The square of the norm (p = 2).
    Squared(Rational),
    /// Certified bounds; (upper − lower) ≤ 1e-9·lower once the search has ended.
    Between {
        /// At most the norm.
        lower: Rational,
        /// At least the norm.
        upper: Rational,
    },
}

/// A maximum, and where it is attained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maximum {
    /// The largest norm.
    pub value: Value,
    /// A vertex of the zonotope of this norm (for [`Value::Between`], of norm at least `lower`).
    pub vertex: Vec<Rational>,
    /// The vertex is the center plus the sum of `signs[i]·generators[i]`.
    pub signs: Vec<i8>,
}

/// The outcome of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The maximum.
    Found(Maximum),
    /// What is known when a limit ran out.
    Undecided {
        /// The best vertex so far.
        best: Maximum,
        /// A lower bound of the norm.
        lower: Rational,
        /// An upper bound of the norm; `None` where none is known yet.
        upper: Option<Rational>,
        /// Which limit.
        limit: Limit,
    },
}

/// What a search took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// Support functions evaluated.
    pub supports: u64,
    /// Cones of directions visited.
    pub cones: u64,
    /// Partial sign vectors visited.
    pub sign_nodes: u64,
    /// Vertices evaluated exactly.
    pub exact_points: u64,
}

/// An outcome with what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The answer.
    pub verdict: Verdict,
    /// What it took.
    pub statistics: Statistics,
}

/// Called now and then from another thread.
pub type ProgressCallback = Callback<Progress>;

/// How far a search is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Progress {
    /// Cones of directions visited.
    pub cones: u64,
    /// About the largest norm found.
    pub lower: f64,
    /// Time since the start.
    pub elapsed: Duration,
}

/// Limits of a search, and how it works.
#[derive(Clone)]
pub struct Options {
    /// Worker threads; 0: one a core.
    pub threads: usize,
    /// Wall-clock limit.
    pub timeout: Option<Duration>,
    /// Raised from outside to stop.
    pub stop: Option<Arc<AtomicBool>>,
    /// Called now and then.
    pub progress: Option<ProgressCallback>,
    /// Up to this many generators their sign vectors are walked at once, without cones.
    pub few_generators: usize,
    /// Cones in which at most this many generators change sign are finished by their sign vectors.
    pub few_signs: usize,
}

impl Options {
    /// What these options have in common with those of other questions.
    pub(crate) fn common(&self) -> limits::Options<Progress> {
        let (threads, timeout) = (self.threads, self.timeout);
        let (stop, progress) = (self.stop.clone(), self.progress.clone());
        limits::Options { threads, timeout, stop, progress, seed: 0 }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            threads: 0,
            timeout: None,
            stop: None,
            progress: None,
            few_generators: 20,
            few_signs: 9,
        }
    }
}
