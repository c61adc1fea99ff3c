//! Running a verification with its limits and progress line, and describing what it took.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foldline::certificate::{StatementFiles, verify_certified};
use foldline::certificate_file::Destination;
use foldline::checkpoint::CheckpointFile;
use foldline::inner_witness::float_witness;
use foldline::questions::checkpoint::Keeper;
use foldline::rounding::{FloatWitness, RoundingFailure};
use foldline::{Network, Options, Outcome, Property, Statistics, Verdict, verify_resumable};
use serde_json::{Value, json};

use crate::checkpoint::{foreign, not_written};
use crate::describe::{count, duration, plural};
use crate::options::SearchOptions;
use crate::progress::ProgressLine;
use crate::report::Failure;

/// What a search found, and the witness in floats where there is one.
pub struct Found {
    /// The engine's answer.
    pub outcome: Outcome,
    /// For a violated property: the witness in 32-bit floats, or why there is none.
    pub rounded: Option<Result<FloatWitness, RoundingFailure>>,
}

/// Decides the property within `timeout`, counted from `start`.
pub fn search(
    network: &Network,
    property: &Property,
    settings: &SearchOptions,
    timeout: Option<Duration>,
    start: Instant,
    stop: &Arc<AtomicBool>,
) -> Found {
    search_kept(network, property, settings, timeout, start, stop, Kept::default())
        .expect("only files can fail")
}

/// What a search writes beside its answer.
#[derive(Default)]
pub struct Kept<'a> {
    /// Its state, from which it goes on.
    pub checkpoint: Option<&'a CheckpointFile>,
    /// A certificate about these files.
    pub certificate: Option<(StatementFiles<'a>, Destination<'a>)>,
}

/// The same, keeping its state or writing a certificate.
pub fn search_kept(
    network: &Network,
    property: &Property,
    settings: &SearchOptions,
    timeout: Option<Duration>,
    start: Instant,
    stop: &Arc<AtomicBool>,
    kept: Kept<'_>,
) -> Result<Found, Failure> {
    let line = ProgressLine::new(settings.quiet);
    let options = Options {
        threads: settings.threads.map_or(0, usize::from),
        timeout: timeout.map(|limit| limit.saturating_sub(start.elapsed())),
        stop: Some(Arc::clone(stop)),
        progress: line.callback(),
        seed: settings.seed,
    };
    let keeper = kept.checkpoint.map(|file| file as &dyn Keeper);
    let outcome = match kept.certificate {
        None => verify_resumable(network, property, &options, keeper)
            .map_err(|error| foreign(kept.checkpoint, &error))?,
        Some((files, target)) => {
            verify_certified(network, property, files, &options, target, keeper)
                .map_err(|error| not_written(kept.checkpoint, error))?
        }
    };
    drop(line);
    let ended =
        || stop.load(Ordering::Relaxed) || timeout.is_some_and(|limit| start.elapsed() >= limit);
    let rounded = match &outcome.verdict {
        Verdict::Violated(witness) => {
            Some(float_witness(network, property, &witness.input, &ended))
        }
        _ => None,
    };
    Ok(Found { outcome, rounded })
}

/// The counts of a run as JSON.
pub fn statistics_json(statistics: &Statistics) -> Value {
    json!({
        "regions": statistics.regions,
        "nodes": statistics.nodes,
        "lps": statistics.lps,
        "exact_leaves": statistics.exact_leaves,
        "exact_lps": statistics.exact_lps,
        "attack_points": statistics.attack_points,
    })
}

/// The counts of a run in a line for people.
pub fn statistics_line(statistics: &Statistics, start: Instant) -> String {
    format!(
        "{}, {}, {} ({} exact), {} decided in exact arithmetic",
        duration(start.elapsed().as_secs_f64()),
        plural(statistics.nodes, "node"),
        plural(statistics.lps + statistics.exact_lps, "linear program"),
        count(statistics.exact_lps),
        plural(statistics.exact_leaves, "leaf").replace("leafs", "leaves"),
    )
}
