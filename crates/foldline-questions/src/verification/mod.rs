//! Does a network have a property? Sound, complete and exact.
//!
//! The unsafe set is split into cases (an input region with clauses), each region is made
//! bounded and full-dimensional by exact changes of coordinates, and a depth-first branch and
//! bound closes every part of it: by sound float bounds where they suffice, by exact linear
//! programs on cells where they do not [Z, Lemma B.1].
//!
//! Differs from the paper: cells are not all enumerated; bounds close most parts early.

pub mod affine;
pub(crate) mod attack;
mod branch;
pub(crate) mod candidate;
pub(crate) mod case_problems;
mod cases;
pub(crate) mod counters;
pub(crate) mod leaf;
#[cfg(test)]
mod limit_tests;
pub(crate) mod node;
pub(crate) mod part;
mod perspective;
pub(crate) mod problem;
mod proof_search;
mod proof_state;
pub(crate) mod region;
pub(crate) mod resume;
#[cfg(test)]
mod resume_tests;
mod search;
pub(crate) mod settled;
pub mod statement;
pub(crate) mod transform;
mod turns;
mod units;

use std::time::{Duration, Instant};

use foldline_kernel::interrupt::{self, Hook, Stopped, unless_stopped};
use foldline_kernel::{Network, Property};

use crate::checkpoint::{Journal, Keeper, StateError};
use crate::limits::{hook, is_raised};
use crate::workers::watched;
use case_problems::Opening;
use cases::Expansion;
use counters::Counters;
pub use proof_search::ProofError;
use proof_search::ProofSearch;
use resume::OpenWork;
use search::Visitor;
pub use statement::{Limit, Options, Outcome, Progress, Statistics, Verdict, Witness};
pub use units::precision;

/// How the search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// No violating point exists.
    Nothing,
    /// An exact violating point, in the original inputs.
    Violation(Vec<foldline_kernel::Rational>),
    /// Told to stop.
    Stopped,
}

/// Decides whether `property` (an unsafe set) is violated by `network`: is there an x such that
/// the formula is true at (x, f(x))?
///
/// # Panics
/// If the property's numbers of inputs and outputs are not the network's.
pub fn verify(network: &Network, property: &Property, options: &Options) -> Outcome {
    verify_resumable(network, property, options, None).expect("there is no state to read")
}

/// Like [`verify`]; a keeper is given the open work now and then and when a limit ends the run,
/// and the run goes on from the work that the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this network and property.
///
/// # Panics
/// If the property's numbers of inputs and outputs are not the network's.
pub fn verify_resumable(
    network: &Network,
    property: &Property,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, StateError> {
    assert_eq!(network.inputs(), property.inputs, "the property is about another network");
    assert_eq!(network.outputs(), property.outputs, "the property is about another network");
    let counters = Counters::default();
    let limits = Limits::new(options);
    let found = with_progress(&limits, &counters, || {
        find(network, property, options, &counters, &limits, keeper)
    });
    let found = found.unwrap_or(Ok(Found::Stopped))?;
    let vacuous = || counters.regions.get() == 0 && is_vacuous(network, property, &counters);
    Ok(Outcome {
        verdict: verdict(network, property, found, vacuous, &limits),
        statistics: counters.statistics(),
    })
}

/// Searches the property's cases chunk by chunk, from the chunk of `work` on.
fn search_chunks(
    network: &Network,
    property: &Property,
    options: &Options,
    mut work: OpenWork,
    counters: &Counters,
    keeper: Option<&dyn Keeper>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Found, StateError> {
    let mut expansion = Expansion::new(property);
    for _ in 0..work.chunk {
        expansion.next_chunk(stop);
    }
    while let Some(cases) = expansion.next_chunk(stop) {
        // A chunk that was cut short is none: what is saved must mean the same in the next run.
        if stop() {
            return Ok(Found::Stopped);
        }
        let opening = Opening::new(network, &cases);
        let visitor = Visitor::new(counters, options.seed);
        let found = search::search(&opening, &work, options.workers(), visitor, keeper, stop)?;
        if found != Found::Nothing {
            return Ok(found);
        }
        work = OpenWork { chunk: work.chunk + 1, ..OpenWork::default() };
        if let Some(keeper) = keeper
            && keeper.is_due()
        {
            keeper.save(&work.to_json(counters));
        }
    }
    Ok(if expansion.is_finished() { Found::Nothing } else { Found::Stopped })
}

/// Searches for a violating point of `property`, perhaps as a part of a run, with the run's
/// counters and limits; the counts go on from those of the state that the keeper has.
pub(crate) fn find(
    network: &Network,
    property: &Property,
    options: &Options,
    counters: &Counters,
    limits: &Limits<'_>,
    keeper: Option<&dyn Keeper>,
) -> Result<Found, StateError> {
    let work = match keeper.and_then(Keeper::resumed) {
        Some(state) => OpenWork::from_json(state, counters)?,
        None => OpenWork::default(),
    };
    let stop = || limits.reached();
    let search = || search_chunks(network, property, options, work, counters, keeper, &stop);
    unless_stopped(search).unwrap_or(Ok(Found::Stopped))
}

/// Whether no x satisfies the property's input part.
fn is_vacuous(network: &Network, property: &Property, counters: &Counters) -> bool {
    let input_part = cases::input_part(property);
    let mut expansion = Expansion::new(&input_part);
    while let Some(cases) = expansion.next_chunk(&|| false) {
        if !Opening::new(network, &cases).is_vacuous(counters) {
            return false;
        }
    }
    true
}

/// Like [`verify`], on one thread, and writes the body of a certificate (the records between the
/// header and `end`) for the case that the property holds.
///
/// `precision` is the number of fraction bits that the header advises to checkers; what is closed
/// leaves room for their rounding. What was written is worth nothing unless the answer is [`Verdict::Holds`];
/// what `out` kept when a limit ended the run, or it was killed, a later run goes on from.
///
/// # Errors
/// If writing fails, no proof can be written for this property, or the kept state is not one of it.
pub fn verify_with_proof(
    network: &Network,
    property: &Property,
    options: &Options,
    precision: u32,
    out: &mut dyn Journal,
) -> Result<Outcome, ProofError> {
    let counters = Counters::default();
    let limits = Limits::new(options);
    let stop = || limits.reached();
    let visitor = Visitor::new(&counters, options.seed);
    let search = ProofSearch { network, visitor, precision, stop: &stop };
    let found = with_progress(&limits, &counters, || search.run(property, out));
    let found = found.unwrap_or(Ok(Found::Stopped))?;
    let vacuous = || counters.regions.get() == 0 && is_vacuous(network, property, &counters);
    Ok(Outcome {
        verdict: verdict(network, property, found, vacuous, &limits),
        statistics: counters.statistics(),
    })
}

fn verdict(
    network: &Network,
    property: &Property,
    found: Found,
    vacuous: impl Fn() -> bool,
    limits: &Limits<'_>,
) -> Verdict {
    match found {
        Found::Nothing => Verdict::Holds { vacuous: vacuous() },
        Found::Violation(input) => {
            let output = network.evaluate(&input).output;
            assert!(property.formula.holds_at(&input, &output), "the witness is not one");
            Verdict::Violated(Witness { input, output })
        }
        Found::Stopped => Verdict::Undecided(limits.which()),
    }
}

/// When a run has to end.
pub(crate) struct Limits<'a> {
    start: Instant,
    options: &'a Options,
    /// Says whether a limit is reached.
    hook: Hook,
}

impl<'a> Limits<'a> {
    /// Counts time from now.
    pub fn new(options: &'a Options) -> Self {
        let start = Instant::now();
        let hook = hook(start, options.timeout, options.stop.clone());
        Self { start, options, hook }
    }

    /// Whether a limit is reached.
    pub fn reached(&self) -> bool {
        (self.hook)()
    }

    /// Runs `body`, which ends early when a limit is reached.
    pub fn unless_reached<T>(&self, body: impl FnOnce() -> T) -> Result<T, Stopped> {
        interrupt::with_hook(Some(self.hook.clone()), || unless_stopped(body))
    }

    /// The options of what comes next: with the time that is left.
    pub fn rest(&self) -> Options {
        let left = |timeout: Duration| timeout.saturating_sub(self.start.elapsed());
        Options { timeout: self.options.timeout.map(left), ..self.options.clone() }
    }

    /// Which limit was reached.
    pub fn which(&self) -> Limit {
        if is_raised(self.options.stop.as_deref()) { Limit::Stopped } else { Limit::Time }
    }
}

/// Runs `body`, which ends early when a limit is reached, while a thread reports progress, if
/// that is wanted.
pub(crate) fn with_progress<T: Send>(
    limits: &Limits<'_>,
    counters: &Counters,
    body: impl FnOnce() -> T + Send,
) -> Result<T, Stopped> {
    let body = || limits.unless_reached(body);
    let Some(report) = &limits.options.progress else {
        return body();
    };
    let look = || {
        report(&Progress { statistics: counters.statistics(), elapsed: limits.start.elapsed() });
    };
    watched(Duration::from_millis(200), look, body)
}
