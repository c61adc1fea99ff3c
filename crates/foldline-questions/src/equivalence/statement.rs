//! What is asked about two networks, and what is answered.

use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};

use crate::verification::{Limit, Statistics};

/// Do two networks differ by at most `within` in each of some outputs, all over a region?
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The networks a and b, with the same numbers of inputs and outputs.
    pub networks: [&'a Network; 2],
    /// Where they are compared.
    pub region: &'a Region,
    /// The outputs that are compared.
    pub outputs: &'a [usize],
    /// The largest difference allowed, ≥ 0.
    pub within: &'a Rational,
}

impl Question<'_> {
    /// The outputs of both networks at `input`, all of them.
    pub fn compare(&self, input: Vec<Rational>) -> Comparison {
        let outputs = self.networks.map(|network| network.evaluate(&input).output);
        let size = |&output: &usize| {
            let difference = &outputs[0][output] - &outputs[1][output];
            if difference < Rational::ZERO { -difference } else { difference }
        };
        let difference = self.outputs.iter().map(size).max().expect("something is compared");
        Comparison { input, outputs, difference }
    }

    /// Whether `input` shows that the answer is no.
    pub fn is_witness(&self, comparison: &Comparison) -> bool {
        let inside = self.region.pieces.iter().any(|piece| piece.contains(&comparison.input));
        inside && comparison.difference > *self.within
    }
}

/// The unsafe set of the difference network's verification: x in the region, and D_0 > within or
/// D_0 < −within, or D_1 > within, and so on.
pub fn property(difference: &Network, region: &Region, within: &Rational) -> Property {
    let (inputs, outputs) = (difference.inputs(), difference.outputs());
    let exceeds = |output: usize, sign: i8| {
        let terms = vec![(output, Rational::from(-sign))];
        Formula::Atom(Atom::new(Vec::new(), terms, -within.clone(), true))
    };
    let sides = (0..outputs).flat_map(|output| [exceeds(output, 1), exceeds(output, -1)]);
    let formula = Formula::And(vec![region.formula(), Formula::Or(sides.collect())]);
    Property { inputs, outputs, formula }
}

/// Both networks at one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The input x.
    pub input: Vec<Rational>,
    /// a(x) and b(x), exact.
    pub outputs: [Vec<Rational>; 2],
    /// max |a_i(x) − b_i(x)| over the outputs that are compared.
    pub difference: Rational,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The difference is at most `within` everywhere in the region.
    Yes,
    /// It is more at this point of the region.
    No(Comparison),
    /// A limit that the caller set ran out.
    Undecided(Limit),
}

/// The least upper bound of |a_i(x) − b_i(x)| over the region and the compared outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Largest {
    /// The region has no point.
    Nothing,
    /// There is a largest difference.
    Value {
        /// The networks where it is taken, a point of the region's closure.
        at: Comparison,
        /// Whether the point is in the region itself; see [`crate::maximum::Answer::Maximum`].
        attained: Option<bool>,
    },
    /// The difference grows without bound along `point + t·direction`, which stays in the region.
    Infinite {
        /// A point of the region.
        point: Vec<Rational>,
        /// A direction.
        direction: Vec<Rational>,
    },
    /// A limit ran out before it was known.
    Between {
        /// A difference that is taken, if any point was looked at.
        lower: Option<Rational>,
        /// A bound that is proved.
        upper: Option<Rational>,
    },
}

impl Largest {
    /// Whether a limit left it open.
    pub fn is_open(&self) -> bool {
        matches!(self, Largest::Between { .. } | Largest::Value { attained: None, .. })
    }
}

/// An answer with the counts of the run that found it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Yes or no.
    pub verdict: Verdict,
    /// How far the networks are apart.
    pub largest: Largest,
    /// Neurons of the difference network: what is left where the networks share nothing more.
    pub neurons: usize,
    /// What it took.
    pub statistics: Statistics,
}
