//! What is asked about a network's Lipschitz constant, and what is answered.
//!
//! L_p(f) = sup ‖f(x) − f(y)‖_p / ‖x − y‖_p over x ≠ y [Z, §2]. On a convex region with interior
//! this is the largest operator norm of the Jacobian over the cells with interior: a cell on which
//! hyperplanes merely meet says nothing. For one output that norm is the dual norm ‖∇f‖_q with
//! 1/p + 1/q = 1 for p ≥ 1, and max |∂f/∂x_i| for p ≤ 1 (p < 1 is not in the paper's formula).
//! A region without interior is measured inside its affine hull: the supremum runs over
//! directions in the hull. Of a union of polyhedra the constant is the largest of theirs.

use foldline_kernel::Rational;

use crate::checkpoint::StateError;
use crate::verification::{Limit, Statistics};

/// The exponent p of the norms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exponent {
    /// A rational p ≥ 0; p = 0 counts the coordinates that differ.
    Finite(Rational),
    /// The largest coordinate.
    Infinite,
}

impl Exponent {
    /// Whether p ≤ 1.
    pub fn is_at_most_one(&self) -> bool {
        matches!(self, Exponent::Finite(p) if *p <= Rational::ONE)
    }

    /// Whether p = 2.
    pub fn is_two(&self) -> bool {
        matches!(self, Exponent::Finite(p) if *p == Rational::from(2))
    }
}

/// A Lipschitz constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constant {
    /// The constant itself.
    Exact(Rational),
    /// Its square (p = 2, one output).
    Square(Rational),
    /// The constant is between the two; upper − lower ≤ 10⁻⁹·upper.
    Between {
        /// At most the constant.
        lower: Rational,
        /// At least the constant.
        upper: Rational,
    },
}

/// A cell whose Jacobian attains the constant (of an enclosure: the lower bound).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attained {
    /// One row an output, one entry an input; projected orthogonally onto the region's affine hull.
    pub jacobian: Vec<Vec<Rational>>,
    /// A point in the interior of the cell and of the region (relative to its affine hull).
    pub point: Vec<Rational>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The constant, for p > 0.
    Lipschitz(Constant, Attained),
    /// The constant for p = 0: the largest change of f by a change of one input.
    Jump {
        /// How much f changes.
        value: Rational,
        /// Two points of the region's closure that differ in at most one input.
        points: [Vec<Rational>; 2],
    },
    /// No number bounds the changes of f by a change of one input (p = 0).
    Infinite,
    /// The region has no point.
    Empty,
    /// A limit that the caller set ran out.
    Undecided {
        /// Which.
        limit: Limit,
        /// The largest constant shown so far is at least this.
        lower: Option<Rational>,
        /// The constant is at most this; none if nothing is known.
        upper: Option<Rational>,
    },
}

/// Why a question has no answer here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// p < 0.
    #[error("p must be at least 0")]
    Negative,
    /// p = 0 on a region that is not a box.
    #[error("p = 0 is for all of R^d or for one box")]
    NotABox,
    /// Only one output can be measured with this p.
    #[error("p = {0} is for one output; choose it with --output (several outputs: p = 1, 2, inf)")]
    SeveralOutputs(Rational),
    /// The region's affine hull is oblique, and p is none of 1, 2, ∞.
    #[error(
        "the region lies in a hyperplane that is not parallel to the axes; there p must be 1, 2 or inf"
    )]
    ObliqueRegion,
    /// The unit ball of the region's affine hull has too many vertices to list.
    #[error(
        "the region lies in a hyperplane that is not parallel to the axes, and its unit ball has more than {0} vertices"
    )]
    TooManyVertices(usize),
    /// A checkpoint's state is not one of this question.
    #[error(transparent)]
    State(#[from] StateError),
}

/// An answer with the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// What it took.
    pub statistics: Statistics,
}
