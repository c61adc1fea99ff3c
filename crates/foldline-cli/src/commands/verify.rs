//! `foldline verify NET SPEC`: can the network reach the property's unsafe set?

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use foldline::certificate::StatementFiles;
use foldline::formats::input::display_name;
use foldline::rounding::{FloatWitness, RoundingFailure};
use foldline::{Limit, Network, Verdict, Witness};
use serde_json::Value;

use crate::certifying::{CertificateOption, Limits};
use crate::checkpoint::{Certificate, CheckpointOption};
use crate::describe::{self, duration, point_table};
use crate::interrupt::stop_flag;
use crate::load::Inputs;
use crate::options::{OutputOptions, ReadOptions, SearchOptions, TimeoutOption};
use crate::report::{Exit, Failure, Report, witness_json};
use crate::search::{Found, Kept, search_kept, statistics_json, statistics_line};

/// Decide whether a network can reach a property's unsafe set, exactly
///
/// The property describes the UNSAFE set (as VNN-LIB does): the answer is `violated` if some
/// input and the network's output at it satisfy all assertions, else `holds`.
/// A witness is exact; where possible it is also given in 32-bit floats that still violate.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The property: a VNN-LIB file
    #[arg(value_name = "SPEC")]
    property: PathBuf,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    search: SearchOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline verify net.onnx prop.vnnlib
  foldline verify net.nnet prop.vnnlib.gz --json --timeout 60 --threads 4
  foldline verify net.onnx prop.vnnlib --certificate proof.gz
  foldline verify net.onnx prop.vnnlib --checkpoint state.json

Exit codes:
  0 holds    1 violated    2 wrong usage    3 undecided within the limit
  4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { certificate, checkpoint, read, .. } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let (network, property) = (&arguments.network, &arguments.property);
    let (loaded, property) = inputs.network_and_property(network, property, &read.for_network())?;
    let limit = arguments.timeout.timeout;
    let files = StatementFiles { network: &arguments.network, property: &arguments.property };
    certificate.speaks_about(read)?;
    let kept = Certificate::Kept(certificate.path());
    let checkpoint = checkpoint
        .open("verify", &inputs, kept, |statement| statement.option("physical", read.physical))?;
    let stop = stop_flag();
    let limits = Limits { start, timeout: limit, stop: Some(Arc::clone(&stop)) };
    let certifying = certificate.prepare(&inputs, limits, checkpoint.is_some())?;
    let target = certifying.as_ref().map(|certifying| (files, certifying.destination()));
    let kept = Kept { checkpoint: checkpoint.as_ref(), certificate: target };
    let found =
        search_kept(&loaded.network, &property, &arguments.search, limit, start, &stop, kept)?;
    let (answer, exit) = match &found.outcome.verdict {
        Verdict::Holds { .. } => ("holds", Exit::Yes),
        Verdict::Violated(_) => ("violated", Exit::No),
        Verdict::Undecided(Limit::Time) => ("undecided", Exit::Undecided),
        Verdict::Undecided(Limit::Stopped) => ("undecided", Exit::Interrupted),
    };
    let statistics = statistics_json(&found.outcome.statistics);
    let mut report = Report::new("verify", answer, exit, start, statistics);
    add_evidence(&mut report, &found);
    report.text = text(arguments, &loaded.network, &found, start);
    match found.outcome.verdict {
        Verdict::Holds { vacuous: true } => report.warnings.push(
            "warning: the property's input part is empty, so it holds for every network".to_owned(),
        ),
        Verdict::Undecided(Limit::Stopped) => {
            report.text = String::new();
            let time = duration(start.elapsed().as_secs_f64());
            report.warnings.push(format!("undecided, stopped by Ctrl-C after {time}"));
        }
        _ => {}
    }
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, matches!(exit, Exit::Yes | Exit::No));
    Ok(report)
}

/// The keys of the JSON answer that belong to the verdict.
fn add_evidence(report: &mut Report, found: &Found) {
    match &found.outcome.verdict {
        Verdict::Holds { vacuous } => {
            if *vacuous {
                report.set("vacuous", true);
            }
        }
        Verdict::Violated(witness) => {
            report.set("witness", witness_json(&witness.input, &witness.output));
            match &found.rounded {
                Some(Ok(rounded)) => {
                    let mut object = witness_json(&rounded.input, &rounded.output);
                    object.insert("violates".to_owned(), true.into());
                    report.set("witness_f32", object);
                }
                Some(Err(reason)) => {
                    report.set("witness_f32", Value::Null);
                    report.set("witness_f32_reason", reason.to_string());
                }
                None => {}
            }
        }
        Verdict::Undecided(limit) => {
            let limit = if *limit == Limit::Time { "time" } else { "stopped" };
            report.set("limit", limit);
            report.set("fraction_done", found.outcome.statistics.fraction.clamp(0.0, 1.0));
        }
    }
}

/// The whole answer for people.
fn text(arguments: &Arguments, network: &Network, found: &Found, start: Instant) -> String {
    let verdict = match &found.outcome.verdict {
        Verdict::Holds { vacuous: false } => {
            "HOLDS: no input in the region reaches the unsafe set.\n".to_owned()
        }
        Verdict::Holds { vacuous: true } => {
            "HOLDS, but vacuously: the property's input part is empty.\n".to_owned()
        }
        Verdict::Violated(witness) => violated_text(witness, found.rounded.as_ref()),
        Verdict::Undecided(_) => undecided_text(arguments, found),
    };
    format!(
        "network   {} ({})\nproperty  {}\nquestion  does an input in the property's region reach \
         its unsafe set?\n\n{verdict}\n{}\n",
        display_name(&arguments.network),
        describe::network(network),
        display_name(&arguments.property),
        statistics_line(&found.outcome.statistics, start)
    )
}

fn violated_text(
    witness: &Witness,
    rounded: Option<&Result<FloatWitness, RoundingFailure>>,
) -> String {
    let floats = match rounded {
        Some(Ok(rounded)) if rounded.input == witness.input => {
            "The input consists of 32-bit floats.\n".to_owned()
        }
        Some(Ok(rounded)) => format!(
            "These 32-bit floats next to it violate the property as well, exactly:\n{}",
            point_table(&[('X', &rounded.input)])
        ),
        Some(Err(reason)) => format!("In 32-bit floats: {reason}.\n"),
        None => String::new(),
    };
    let table = point_table(&[('X', &witness.input), ('Y', &witness.output)]);
    format!(
        "VIOLATED: the input X lies in the region and its output Y in the unsafe set, exactly.\n\n\
         {table}\n{floats}"
    )
}

fn undecided_text(arguments: &Arguments, found: &Found) -> String {
    let limit = arguments.timeout.timeout.map_or(0.0, |limit| limit.as_secs_f64());
    let percent = 100.0 * found.outcome.statistics.fraction.clamp(0.0, 1.0);
    format!(
        "UNDECIDED: the time limit of {} ran out.\nAbout {percent:.1}% of the search space is \
         proved safe so far; no violation was found.\n",
        duration(limit)
    )
}
