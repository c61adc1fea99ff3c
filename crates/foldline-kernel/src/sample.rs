//! Samples: points of R^d with labels, as training and separation read them.

use crate::number::Rational;

/// N labelled points of R^d, repeated ones included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The dimension d of the points.
    pub dimension: usize,
    /// The points, d numbers each.
    pub points: Vec<Vec<Rational>>,
    /// One label a point.
    pub labels: Vec<Rational>,
}

impl Sample {
    /// The number N of points.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is no point.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}
