//! Does a network have a property? Sound, complete and exact.
//!
//! The unsafe set is split into cases (an input region with clauses), each region is made
//! bounded and full-dimensional by exact changes of coordinates, and a depth-first branch and
//! bound closes every part of it: by sound float bounds where they suffice, by exact linear
//! programs on cells where they do not [Z, Lemma B.1].
//!
//! Differs from the paper: cells are not all enumerated; bounds close most parts early.

mod attack;
mod branch;
mod candidate;
mod case_problems;
mod cases;
mod counters;
mod leaf;
mod node;
mod problem;
mod region;
mod search;
pub mod statement;
mod transform;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foldline_kernel::{Network, Property};

use case_problems::Opening;
use counters::Counters;
pub use statement::{Limit, Options, Outcome, Progress, Statistics, Verdict, Witness};

/// How the search ended.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Found {
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
    assert_eq!(network.inputs(), property.inputs, "the property is about another network");
    assert_eq!(network.outputs(), property.outputs, "the property is about another network");
    let start = Instant::now();
    let counters = Counters::default();
    let cases = cases::cases(property);
    let opening = Opening::new(network, &cases);
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, |count| count.get()),
        threads => threads,
    };
    let limits = Limits { start, options, expired: AtomicBool::new(false) };
    let found = with_progress(options, start, &counters, || {
        search::search(&opening, threads, options.seed, &counters, &|| limits.reached())
    });
    let verdict = match found {
        Found::Nothing => {
            Verdict::Holds { vacuous: counters.regions.get() == 0 && opening.is_vacuous(&counters) }
        }
        Found::Violation(input) => {
            let output = network.evaluate(&input).output;
            assert!(property.formula.holds_at(&input, &output), "the witness is not one");
            Verdict::Violated(Witness { input, output })
        }
        Found::Stopped => Verdict::Undecided(limits.which()),
    };
    Outcome { verdict, statistics: counters.statistics() }
}

struct Limits<'a> {
    start: Instant,
    options: &'a Options,
    expired: AtomicBool,
}

impl Limits<'_> {
    fn stopped(&self) -> bool {
        self.options.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn reached(&self) -> bool {
        if self.options.timeout.is_some_and(|timeout| self.start.elapsed() >= timeout) {
            self.expired.store(true, Ordering::Relaxed);
        }
        self.expired.load(Ordering::Relaxed) || self.stopped()
    }

    fn which(&self) -> Limit {
        if self.stopped() { Limit::Stopped } else { Limit::Time }
    }
}

/// Runs `body` while a thread reports progress, if that is wanted.
fn with_progress<T: Send>(
    options: &Options,
    start: Instant,
    counters: &Counters,
    body: impl FnOnce() -> T + Send,
) -> T {
    let Some(report) = &options.progress else {
        return body();
    };
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reporter = scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(200));
                report(&Progress { statistics: counters.statistics(), elapsed: start.elapsed() });
            }
        });
        let result = body();
        finished.store(true, Ordering::Relaxed);
        reporter.thread().unpark();
        result
    })
}
