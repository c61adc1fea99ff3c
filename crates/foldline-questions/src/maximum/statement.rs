//! What is asked of a maximisation, and what it answers.

use foldline_kernel::Rational;

use crate::verification::{Limit, Statistics};

/// What is maximised: Σ coefficient · output, as pairs (output, coefficient).
pub type Objective = Vec<(usize, Rational)>;

/// A value of the objective and a point where it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attained {
    /// The value, exact.
    pub value: Rational,
    /// The point, exact.
    pub point: Vec<Rational>,
}

/// How large the objective gets on a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The least upper bound of the objective on the region.
    Maximum {
        /// The bound and a point of the region's closure where it is taken.
        maximum: Attained,
        /// Whether the point lies in the region itself. If not, no point of the region takes the
        /// value: a strict inequality excludes them all. None if a limit ran out before that was known.
        attained: Option<bool>,
    },
    /// The objective has no upper bound.
    Unbounded {
        /// A point of the region.
        point: Vec<Rational>,
        /// A direction: `point + t·direction` is in the region for all t ≥ 0, and the objective is
        /// affine and increasing in t there.
        direction: Vec<Rational>,
    },
    /// The region has no point.
    Empty,
    /// A limit that the caller set ran out.
    Undecided {
        /// Which.
        limit: Limit,
        /// The largest value found; none if no point of the region was found yet.
        lower: Option<Attained>,
        /// A proved upper bound; none if there is none yet.
        upper: Option<Rational>,
    },
}

/// An answer with the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// What it took.
    pub statistics: Statistics,
}
