//! `foldline vnncomp NET SPEC RESULT_FILE TIMEOUT`: one instance, answered in VNN-COMP's words.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use foldline::{Limit, Verdict};

use crate::interrupt::stop_flag;
use crate::load::{gzipped_or_not, network_and_property};
use crate::options::{ReadOptions, SearchOptions, parse_seconds};
use crate::report::{Exit, Failure, Report};
use crate::search::{search, statistics_json};
use crate::witness_file::{result_text, word, write_whole};

/// Decide one instance as VNN-COMP asks for it, and write the result file
///
/// RESULT_FILE gets `unsat`, `timeout`, `unknown`, or `sat` and a witness. It is written whole
/// or not at all. The witness is in 32-bit floats where such a point violates exactly; otherwise
/// it is the exact one, in decimals (rounded to 60 digits where no finite decimal is exact).
/// On bad input RESULT_FILE gets `error`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The property: a VNN-LIB file
    #[arg(value_name = "SPEC")]
    property: PathBuf,
    /// The file to write
    #[arg(value_name = "RESULT_FILE")]
    result: PathBuf,
    /// Wall-clock limit in seconds
    #[arg(value_name = "TIMEOUT", value_parser = parse_seconds)]
    timeout: Duration,
    #[command(flatten)]
    search: SearchOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline vnncomp net.onnx prop.vnnlib result.txt 116

Exit codes:
  0 the result file is written, whatever the verdict    2 wrong usage
  4 bad input (the result file says `error`)    130 stopped by Ctrl-C (it says `unknown`)";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let loaded = network_and_property(
        &gzipped_or_not(arguments.network.clone()),
        &gzipped_or_not(arguments.property.clone()),
        &arguments.read.for_network(),
    );
    let (loaded, property) = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => return Err(write_error(&arguments.result, failure)),
    };
    let limit = Some(arguments.timeout);
    let found = search(&loaded.network, &property, &arguments.search, limit, start, &stop_flag());
    write_whole(&arguments.result, &result_text(&found))?;
    let stopped = found.outcome.verdict == Verdict::Undecided(Limit::Stopped);
    let exit = if stopped { Exit::Interrupted } else { Exit::Yes };
    let word = word(&found.outcome.verdict);
    let statistics = statistics_json(&found.outcome.statistics);
    let mut report = Report::new("vnncomp", word, exit, start, statistics);
    report.text = word.to_owned();
    Ok(report)
}

/// Notes bad input in the result file; the failure that ends the program is the first one.
fn write_error(result: &Path, failure: Failure) -> Failure {
    if let (Failure::Input(_), Err(also)) = (&failure, write_whole(result, "error\n")) {
        return Failure::Input(format!("{failure}\nfoldline: {also}"));
    }
    failure
}
