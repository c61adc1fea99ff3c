//! Does an output of a network take every real value? Two directions of the network without biases.
//!
//! f is continuous on a connected space, so it is surjective exactly if it is unbounded from above
//! and from below; that is so exactly if f∞, the network without biases, is positive along one
//! direction and negative along another ([Z, §2 and App. B]; `maximum/recession.rs` has the reason).

pub mod statement;

use foldline_kernel::{Network, Property, Rational};

use crate::checkpoint::{Keeper, StateError};
use crate::maximum::recession::simplified;
use crate::sequence::Sequence;
use crate::verification::{Options, Verdict, verify_resumable};
pub use statement::{Answer, Outcome, property};

/// Decides whether `output` as a function on R^d takes every real value.
///
/// # Panics
/// If there is no such output.
pub fn surjective(network: &Network, output: usize, options: &Options) -> Outcome {
    surjective_resumable(network, output, options, None).expect("there is no state to read")
}

/// Like [`surjective`]; a keeper is given the open work now and then and when a limit ends the
/// run, and the run goes on from the work that the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this question.
///
/// # Panics
/// As [`surjective`].
pub fn surjective_resumable(
    network: &Network,
    output: usize,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, StateError> {
    let far_away = network.without_biases();
    let mut searches = Sequence::new(options, keeper, 2)?;
    let answer = directions(&far_away, output, |property| {
        searches.next(|options, keeper| {
            let found = verify_resumable(&far_away, property, options, keeper)?;
            Ok((found.verdict, found.statistics))
        })
    })?;
    Ok(Outcome { answer, statistics: searches.statistics() })
}

/// The answer by two searches, that for a positive direction first, on the network without biases.
///
/// # Errors
/// Those of a search.
///
/// # Panics
/// As [`surjective`].
pub fn directions<E>(
    far_away: &Network,
    output: usize,
    mut search: impl FnMut(&Property) -> Result<Verdict, E>,
) -> Result<Answer, E> {
    assert!(output < far_away.outputs(), "no such output");
    let mut direction = |sign: i8| {
        let verdict = search(&property(far_away, output, sign))?;
        let rises = |direction: &[Rational]| {
            Rational::from(sign) * &far_away.evaluate(direction).output[output] > Rational::ZERO
        };
        Ok(match verdict {
            Verdict::Violated(witness) => Ok(Some(simplified(&witness.input, rises))),
            Verdict::Holds { .. } => Ok(None),
            Verdict::Undecided(limit) => Err(limit),
        })
    };
    Ok(match (direction(1)?, direction(-1)?) {
        (Err(limit), _) | (_, Err(limit)) => Answer::Undecided(limit),
        (Ok(Some(positive_direction)), Ok(Some(negative_direction))) => {
            Answer::Yes { positive_direction, negative_direction }
        }
        (Ok(positive_direction), Ok(negative_direction)) => {
            Answer::No { positive_direction, negative_direction }
        }
    })
}
