//! Arrangements: finitely many hyperplanes a·x = b.

use crate::number::Rational;

/// The hyperplane {x : normal · x = offset}; the normal is not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hyperplane {
    /// One coefficient a dimension.
    pub normal: Vec<Rational>,
    /// The right-hand side.
    pub offset: Rational,
}

/// Hyperplanes of R^dimension, of which several may be equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrangement {
    /// The dimension of the space.
    pub dimension: usize,
    /// The hyperplanes.
    pub hyperplanes: Vec<Hyperplane>,
}
