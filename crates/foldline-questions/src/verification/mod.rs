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
pub(crate) mod proof_cases;
mod proof_state;
pub(crate) mod region;
pub(crate) mod resume;
#[cfg(test)]
mod resume_tests;
mod search;
pub(crate) mod settled;
pub mod statement;
pub(crate) mod transform;
pub(crate) mod trees;
mod turns;
mod units;

use std::io::{self, Write};

use foldline_kernel::interrupt::{Stopped, unless_stopped};
use foldline_kernel::{Network, Property};

use foldline_engine::Run;
use foldline_engine::evidence::Evidence;
pub use foldline_engine::evidence::{EvidenceError, Log, Mark, Storage, remove_logs};
use serde_json::Value;

use crate::checkpoint::{Keeper, StateError, count, field};
use crate::told_late::Deciding;
use case_problems::Opening;
use cases::Expansion;
use counters::Counters;
use proof_cases::ProofCases;
pub use proof_cases::ProofError;
use search::{Verification, Visitor};
pub(crate) use statement::Limits;
pub use statement::{Limit, Options, Outcome, Progress, Statistics, Verdict, Witness};
use trees::Cases;
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

/// Searches the property's cases chunk by chunk, from what an earlier run left on.
fn search_chunks(
    network: &Network,
    property: &Property,
    options: &Options,
    left: Option<&Value>,
    counters: &Counters,
    keeper: Option<&dyn Keeper>,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<Found, StateError> {
    let (mut chunk, mut open) = (0, &Value::Null);
    if let Some(left) = left {
        counters.resume(field(left, "counters")?)?;
        (chunk, open) = (count(left, "chunk")?, field(left, "open")?);
    }
    let mut expansion = Expansion::new(property);
    for _ in 0..chunk {
        expansion.next_chunk(stop);
    }
    let run = Run { threads: options.workers(), stop, keeper };
    while let Some(cases) = expansion.next_chunk(stop) {
        // A chunk that was cut short is none: what is saved must mean the same in the next run.
        if stop() {
            return Ok(Found::Stopped);
        }
        let cases = Cases::Plain(Opening::new(network, &cases));
        let search = Verification::new(cases, Visitor::new(counters, options.seed), chunk);
        let (found, _) = search.run(open, None, run).map_err(EvidenceError::without_records)?;
        if found != Found::Nothing {
            return Ok(found);
        }
        (chunk, open) = (chunk + 1, &Value::Null);
        if let Some(keeper) = keeper
            && keeper.is_due()
        {
            keeper.save(&Verification::state_of(chunk, open, counters));
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
    let left = keeper.and_then(Keeper::resumed);
    let stop = || limits.reached();
    let search = || search_chunks(network, property, options, left, counters, keeper, &stop);
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

/// Like [`verify_resumable`], and records why the property holds, for a certificate.
///
/// `precision` is the number of fraction bits that the header advises to checkers; what is closed
/// leaves room for their rounding. The records are kept in `storage`; with a keeper that must be
/// files, and a later run goes on with both. Records come back where the answer is
/// [`Verdict::Holds`]; where a keeper has the state of a run that a limit ended, its files stay.
///
/// # Errors
/// If records cannot be kept, no proof can be written for this property, or the kept state is not
/// one of it.
///
/// # Panics
/// If the property's numbers of inputs and outputs are not the network's.
pub fn verify_with_proof(
    network: &Network,
    property: &Property,
    options: &Options,
    precision: u32,
    storage: Storage,
    keeper: Option<&dyn Keeper>,
) -> Result<(Outcome, Option<Records>), ProofError> {
    assert_eq!(network.inputs(), property.inputs, "the property is about another network");
    assert_eq!(network.outputs(), property.outputs, "the property is about another network");
    let counters = Counters::default();
    let limits = Limits::new(options);
    let stop = || limits.reached();
    let run = Run { threads: options.workers(), stop: &stop, keeper };
    let prove = || {
        let open = match keeper.and_then(Keeper::resumed) {
            Some(state) => {
                counters.resume(field(state, "counters")?)?;
                field(state, "open")?
            }
            None => &Value::Null,
        };
        let cases = ProofCases::new(network, property, precision, &counters)?;
        let head = cases.head.clone();
        let cases = Cases::Proved(Box::new(cases));
        let search = Verification::new(cases, Visitor::new(&counters, options.seed), 0);
        let (found, evidence) = search.run(open, Some(storage), run)?;
        Ok((found, evidence.map(|evidence| Records { head, evidence, incumbent: None })))
    };
    let found = with_progress(&limits, &counters, prove);
    let (found, records) =
        found.unwrap_or_else(|Stopped| Ok::<_, ProofError>((Found::Stopped, None)))?;
    let vacuous = || counters.regions.get() == 0 && is_vacuous(network, property, &counters);
    let verdict = verdict(network, property, found, vacuous, &limits);
    let holds = matches!(verdict, Verdict::Holds { .. });
    let outcome = Outcome { verdict, statistics: counters.statistics() };
    Ok((outcome, records.filter(|_| holds)))
}

/// Why a property holds: the body of a certificate, between the header and `end`.
#[derive(Debug)]
pub struct Records {
    head: String,
    evidence: Evidence,
    /// The final incumbent, where the search looked for one.
    incumbent: Option<f64>,
}

impl Records {
    /// Those of a search that had to find the number in its property: the last one is `incumbent`.
    pub(crate) fn above(head: String, evidence: Evidence, incumbent: f64) -> Self {
        Self { head, evidence, incumbent: Some(incumbent) }
    }

    /// Writes them in the order of the format.
    ///
    /// # Errors
    /// If they cannot be read or written.
    pub fn write(&mut self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(self.head.as_bytes())?;
        let Some(incumbent) = self.incumbent else { return self.evidence.write(out) };
        let mut deciding = Deciding::new(out, incumbent);
        self.evidence.write(&mut deciding)?;
        deciding.flush()
    }

    /// Removes the files in which they were kept.
    pub fn remove(self) {
        self.evidence.remove();
    }
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

/// Runs `body`, which ends early when a limit is reached, while a thread reports progress, if
/// that is wanted.
pub(crate) fn with_progress<T>(
    limits: &Limits<'_>,
    counters: &Counters,
    body: impl FnOnce() -> T,
) -> Result<T, Stopped> {
    let progress = |elapsed| Progress { statistics: counters.statistics(), elapsed };
    limits.reporting(progress, || limits.unless_reached(body))
}
