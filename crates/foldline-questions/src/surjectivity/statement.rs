//! What surjectivity asks [Z, §2]: is every real number a value of f: R^d → R?

use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};

use crate::verification::{Limit, Statistics};

/// The answer. The directions are those of the network without biases, f∞.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Every number is a value: f∞ is positive along one direction and negative along another.
    Yes {
        /// A direction r with f∞(r) > 0.
        positive_direction: Vec<Rational>,
        /// A direction r with f∞(r) < 0.
        negative_direction: Vec<Rational>,
    },
    /// f is bounded from above, from below, or both: at most one of the directions exists.
    No {
        /// A direction r with f∞(r) > 0; none if f is bounded from above.
        positive_direction: Option<Vec<Rational>>,
        /// A direction r with f∞(r) < 0; none if f is bounded from below.
        negative_direction: Option<Vec<Rational>>,
    },
    /// A limit that the caller set ran out.
    Undecided(Limit),
}

/// An answer with the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The answer.
    pub answer: Answer,
    /// What it took.
    pub statistics: Statistics,
}

/// The property that the network *without biases* violates exactly at the directions r, scaled to
/// the surface of the cube, with sign·f∞(r) > 0: an *and* of `Region::cube_surface` and the atom
/// −sign·y < 0.
pub fn property(network: &Network, output: usize, sign: i8) -> Property {
    let terms = vec![(output, Rational::from(-sign))];
    let grows = Atom::new(Vec::new(), terms, Rational::ZERO, true);
    let surface = Region::cube_surface(network.inputs()).formula();
    Property {
        inputs: network.inputs(),
        outputs: network.outputs(),
        formula: Formula::And(vec![surface, Formula::Atom(grows)]),
    }
}
