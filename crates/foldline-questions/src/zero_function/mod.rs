//! Is a network identically zero? In polynomial time with one hidden layer, by search beyond.
//!
//! Differs from the paper: [Z, App. B] enumerates cells for every depth. With one layer of ReLUs
//! the kinks of the network are hyperplanes; those of neurons with the same hyperplane add up, and
//! nothing else can cancel them (`one_hidden_layer.rs`).

mod generic;
mod one_hidden_layer;
pub mod statement;

use foldline_kernel::{Network, Rational, Region};

use crate::checkpoint::{Keeper, StateError};
use crate::positivity::up_to_scale;
use crate::verification::counters::Counters;
use crate::verification::{
    Found, Limits, Options, Verdict, Witness, verify_resumable, with_progress,
};
use one_hidden_layer::Shallow;
pub use statement::{Answer, Outcome, property};

/// Decides whether all of `outputs` are 0 on the whole of `region` (`Region::everything` for R^d).
///
/// # Panics
/// If the region is in another space or there is no such output.
pub fn zero(network: &Network, region: &Region, outputs: &[usize], options: &Options) -> Outcome {
    zero_resumable(network, region, outputs, options, None).expect("there is no state to read")
}

/// Like [`zero`]; with more than one layer of ReLUs a keeper is given the open work now and then
/// and when a limit ends the run, and the run goes on from the work that the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this question.
///
/// # Panics
/// As [`zero`].
pub fn zero_resumable(
    network: &Network,
    region: &Region,
    outputs: &[usize],
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, StateError> {
    assert_eq!(network.inputs(), region.dimension, "the region is in another space");
    assert!(outputs.iter().all(|&output| output < network.outputs()), "no such output");
    if Shallow::fits(network) {
        return Ok(by_kinks(network, region, outputs, options));
    }
    let region = up_to_scale(network, region);
    let found = verify_resumable(network, &property(network, &region, outputs), options, keeper)?;
    let answer = match found.verdict {
        Verdict::Violated(witness) => Answer::No(witness),
        Verdict::Holds { .. } => Answer::Yes,
        Verdict::Undecided(limit) => Answer::Undecided(limit),
    };
    Ok(Outcome { answer, statistics: found.statistics })
}

/// Whether the answer is found by a search for a point of the [`property`] itself: not where a network is
/// shallow, nor where a smaller region than this one is enough.
pub fn is_searched(network: &Network, region: &Region) -> bool {
    !Shallow::fits(network) && *up_to_scale(network, region) == *region
}

/// The direct method.
fn by_kinks(network: &Network, region: &Region, outputs: &[usize], options: &Options) -> Outcome {
    let counters = Counters::default();
    let limits = Limits::new(options);
    let found = with_progress(&limits, &counters, || {
        nonzero_point(network, region, outputs, &counters, &limits)
    });
    let answer = match found.unwrap_or(Found::Stopped) {
        Found::Nothing => Answer::Yes,
        Found::Stopped => Answer::Undecided(limits.which()),
        Found::Violation(input) => {
            let output = network.evaluate(&input).output;
            let differs = |&index: &usize| output[index] != Rational::ZERO;
            assert!(outputs.iter().any(differs), "the witness is not one");
            Answer::No(Witness { input, output })
        }
    };
    Outcome { answer, statistics: counters.statistics() }
}

/// A point where an output is not 0, piece by piece.
fn nonzero_point(
    network: &Network,
    region: &Region,
    outputs: &[usize],
    counters: &Counters,
    limits: &Limits<'_>,
) -> Found {
    for polyhedron in &region.pieces {
        if limits.reached() {
            return Found::Stopped;
        }
        counters.regions.add(1);
        if let Some(point) = one_hidden_layer::nonzero_on(network, polyhedron, outputs, counters) {
            return Found::Violation(point);
        }
    }
    Found::Nothing
}
