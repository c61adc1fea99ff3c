//! Is a network identically zero? In polynomial time with one hidden layer, by search beyond.
//!
//! Differs from the paper: [Z, App. B] enumerates cells for every depth. With one layer of ReLUs
//! the kinks of the network are hyperplanes; those of neurons with the same hyperplane add up, and
//! nothing else can cancel them (`one_hidden_layer.rs`).

mod generic;
mod one_hidden_layer;
pub mod statement;

use foldline_kernel::{Network, Rational, Region};

use crate::verification::counters::Counters;
use crate::verification::{Found, Limits, Options, Witness, find, with_progress};
use one_hidden_layer::Shallow;
pub use statement::{Answer, Outcome, property};

/// Decides whether all of `outputs` are 0 on the whole of `region` (`Region::everything` for R^d).
///
/// # Panics
/// If the region is in another space or there is no such output.
pub fn zero(network: &Network, region: &Region, outputs: &[usize], options: &Options) -> Outcome {
    assert_eq!(network.inputs(), region.dimension, "the region is in another space");
    assert!(outputs.iter().all(|&output| output < network.outputs()), "no such output");
    let counters = Counters::default();
    let limits = Limits::new(options);
    let found = with_progress(&limits, &counters, || match Shallow::new(network) {
        Some(_) => nonzero_point(network, region, outputs, &counters, &limits),
        None => find(network, &property(network, region, outputs), options, &counters, &limits),
    });
    let answer = match found {
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

/// The direct method, piece by piece.
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
