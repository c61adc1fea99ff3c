//! Does a network have a property? Sound, complete and exact.

pub mod statement;

pub use statement::{Limit, Options, Outcome, Progress, Statistics, Verdict, Witness};

use foldline_kernel::{Network, Property};

/// Decides whether `property` (an unsafe set) is violated by `network`.
pub fn verify(_network: &Network, _property: &Property, _options: &Options) -> Outcome {
    Outcome { verdict: Verdict::Undecided(Limit::Time), statistics: Statistics::default() }
}
