//! Does an output of a network take every real value? Two directions of the network without biases.
//!
//! f is continuous on a connected space, so it is surjective exactly if it is unbounded from above
//! and from below; that is so exactly if f∞, the network without biases, is positive along one
//! direction and negative along another ([Z, §2 and App. B]; `maximum/recession.rs` has the reason).

pub mod statement;

use foldline_kernel::{Network, Rational};

use crate::maximum::recession::simplified;
use crate::verification::counters::Counters;
use crate::verification::{Found, Limits, Options, find, with_progress};
pub use statement::{Answer, Outcome, property};

/// Decides whether `output` as a function on R^d takes every real value.
///
/// # Panics
/// If there is no such output.
pub fn surjective(network: &Network, output: usize, options: &Options) -> Outcome {
    assert!(output < network.outputs(), "no such output");
    let counters = Counters::default();
    let limits = Limits::new(options);
    let far_away = network.without_biases();
    let direction = |sign: i8| {
        let property = property(network, output, sign);
        counters.reopen();
        match find(&far_away, &property, options, &counters, &limits) {
            Found::Violation(direction) => Ok(Some(simplified(&direction, |direction| {
                Rational::from(sign) * &far_away.evaluate(direction).output[output] > Rational::ZERO
            }))),
            Found::Nothing => Ok(None),
            Found::Stopped => Err(limits.which()),
        }
    };
    let answer = with_progress(&limits, &counters, || match (direction(1), direction(-1)) {
        (Err(limit), _) | (_, Err(limit)) => Answer::Undecided(limit),
        (Ok(Some(positive_direction)), Ok(Some(negative_direction))) => {
            Answer::Yes { positive_direction, negative_direction }
        }
        (Ok(positive_direction), Ok(negative_direction)) => {
            Answer::No { positive_direction, negative_direction }
        }
    });
    Outcome { answer, statistics: counters.statistics() }
}
