//! Is an output of a network positive anywhere? A verification property of its own name [Z, §2].

pub mod statement;

use std::borrow::Cow;

use foldline_kernel::{Network, Region};

use crate::checkpoint::{Keeper, StateError};
use crate::verification::{Options, Verdict, verify_resumable};
pub use statement::{Answer, Outcome, property};

/// Decides whether `output` is > 0 somewhere on `region` (`Region::everything` for R^d).
///
/// # Panics
/// If the region is in another space or there is no such output.
pub fn positive(network: &Network, region: &Region, output: usize, options: &Options) -> Outcome {
    positive_resumable(network, region, output, options, None).expect("there is no state to read")
}

/// Like [`positive`]; a keeper is given the open work now and then and when a limit ends the run,
/// and the run goes on from the work that the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this question.
///
/// # Panics
/// As [`positive`].
pub fn positive_resumable(
    network: &Network,
    region: &Region,
    output: usize,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, StateError> {
    assert_eq!(network.inputs(), region.dimension, "the region is in another space");
    assert!(output < network.outputs(), "no such output");
    let region = up_to_scale(network, region);
    let found = verify_resumable(network, &property(network, &region, output), options, keeper)?;
    let answer = match found.verdict {
        Verdict::Violated(witness) => Answer::Yes(witness),
        Verdict::Holds { .. } => Answer::No,
        Verdict::Undecided(limit) => Answer::Undecided(limit),
    };
    Ok(Outcome { answer, statistics: found.statistics })
}

/// A smaller region whose outputs have the same signs: the surface of a cube where the region is
/// all of R^d and the network has no biases, so that f(t·x) = t·f(x) for t > 0.
///
/// There every cell has the origin as a vertex, with f = 0, where no bound above 0 decides.
pub(crate) fn up_to_scale<'a>(network: &Network, region: &'a Region) -> Cow<'a, Region> {
    let mut rows = network.layers().iter().flat_map(|layer| &layer.rows);
    if *region == Region::everything(network.inputs()) && rows.all(|row| row.bias.is_zero()) {
        Cow::Owned(Region::cube_surface(network.inputs()))
    } else {
        Cow::Borrowed(region)
    }
}
