//! Is an output of a network positive anywhere? A verification property of its own name [Z, §2].

pub mod statement;

use foldline_kernel::{Network, Region};

use crate::verification::{Options, Verdict, verify};
pub use statement::{Answer, Outcome, property};

/// Decides whether `output` is > 0 somewhere on `region` (`Region::everything` for R^d).
///
/// # Panics
/// If the region is in another space or there is no such output.
pub fn positive(network: &Network, region: &Region, output: usize, options: &Options) -> Outcome {
    assert_eq!(network.inputs(), region.dimension, "the region is in another space");
    assert!(output < network.outputs(), "no such output");
    let found = verify(network, &property(network, region, output), options);
    let answer = match found.verdict {
        Verdict::Violated(witness) => Answer::Yes(witness),
        Verdict::Holds { .. } => Answer::No,
        Verdict::Undecided(limit) => Answer::Undecided(limit),
    };
    Outcome { answer, statistics: found.statistics }
}
