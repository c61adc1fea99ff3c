//! What positivity asks [Z, §2]: is there an x in the region with f(x) > 0?

use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};

use crate::verification::{Limit, Statistics, Witness};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The output is positive at the witness.
    Yes(Witness),
    /// The output is at most 0 on the whole region (or the region is empty).
    No,
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

/// The property that is violated exactly by the points of `region` with output > 0: an *and* of
/// the region's formula and the atom −y < 0.
pub fn property(network: &Network, region: &Region, output: usize) -> Property {
    let positive = Atom::new(Vec::new(), vec![(output, -Rational::ONE)], Rational::ZERO, true);
    Property {
        inputs: network.inputs(),
        outputs: network.outputs(),
        formula: Formula::And(vec![region.formula(), Formula::Atom(positive)]),
    }
}
