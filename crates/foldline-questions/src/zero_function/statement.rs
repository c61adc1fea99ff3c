//! What the zero function check asks [Z, §2]: is f(x) = 0 for every x of the region?

use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};

use crate::verification::{Limit, Statistics, Witness};

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// All outputs in question are 0 everywhere (or the region is empty).
    Yes,
    /// An output in question is not 0 at the witness.
    No(Witness),
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

/// The property that is violated exactly by the points of `region` where one of `outputs` is not
/// 0: an *and* of the region's formula and an *or* with −y < 0 and y < 0 for one output after another.
pub fn property(network: &Network, region: &Region, outputs: &[usize]) -> Property {
    let sides = |&output: &usize| {
        [-1i8, 1].map(|sign| {
            let terms = vec![(output, Rational::from(sign))];
            Formula::Atom(Atom::new(Vec::new(), terms, Rational::ZERO, true))
        })
    };
    let differs = Formula::Or(outputs.iter().flat_map(sides).collect());
    Property {
        inputs: network.inputs(),
        outputs: network.outputs(),
        formula: Formula::And(vec![region.formula(), differs]),
    }
}
