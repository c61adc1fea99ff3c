//! `foldline run INSTANCES.csv`: every instance of a benchmark, one row each in a resumable CSV.

mod instances;
mod results;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Args;
use foldline::{Verdict, Witness};
use serde_json::json;

use crate::describe::duration;
use crate::interrupt::stop_flag;
use crate::load::{gzipped_or_not, network_and_property};
use crate::options::{OutputOptions, ReadOptions, SearchOptions, TimeoutOption};
use crate::outputs::apart;
use crate::report::{Exit, Failure, Report, seconds};
use crate::search::{Found, search};
use crate::witness_file::{decimals, fractions, word, write_whole};
use instances::{Instance, read_instances};
use results::{Results, Row};

/// Decide every instance of a VNN-COMP benchmark
///
/// INSTANCES has rows `network,property,timeout`; paths are relative to its folder, and a
/// missing file is looked for with `.gz` behind its name. Each finished instance is one row of
/// the results file, written at once; instances that are there already are skipped, so a run
/// that was stopped goes on where it was. An instance with bad input gets an `error` row.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The benchmark: rows `network,property,timeout in seconds`
    #[arg(value_name = "INSTANCES")]
    instances: PathBuf,
    /// The results file
    #[arg(long, value_name = "FILE", default_value = "foldline-results.csv")]
    out: PathBuf,
    /// Folder for witnesses: NAME.counterexample in VNN-COMP's layout, NAME.exact in fractions
    #[arg(long, value_name = "DIR")]
    witnesses: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputOptions,
    /// Replaces the limit of every instance
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    search: SearchOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline run acasxu/instances.csv
  foldline run instances.csv --out results.csv --timeout 60 --witnesses witnesses

Exit codes:
  0 every instance has a row (undecided ones too)    2 wrong usage
  4 some rows are errors (counted on standard error), or the benchmark cannot be read
  130 stopped by Ctrl-C; the same command goes on where it was";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let instances = read_instances(&arguments.instances, arguments.timeout.timeout)?;
    let mut results = Results::open(&arguments.out)?;
    if let Some(folder) = &arguments.witnesses {
        std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    }
    let stop = stop_flag();
    let mut tally = Tally::default();
    for (index, instance) in instances.iter().enumerate() {
        if let Some(answer) = results.take(instance) {
            tally.skipped += 1;
            tally.add(&answer);
            continue;
        }
        let row = decide(arguments, instance, index, &stop);
        if stop.load(Ordering::SeqCst) && row.answer == "undecided" {
            return Ok(finish(arguments, &tally, instances.len(), Exit::Interrupted, start));
        }
        results.append(&row)?;
        tally.add(&row.answer);
        tally.cpu_seconds += row.cpu_seconds.unwrap_or(0.0);
        if !arguments.search.quiet {
            crate::say(&row.line(index + 1, instances.len()));
        }
    }
    if tally.errors > 0 {
        return Err(Failure::Input(format!(
            "{} of {} instances could not be decided because of errors; see {}",
            tally.errors,
            instances.len(),
            arguments.out.display()
        )));
    }
    Ok(finish(arguments, &tally, instances.len(), Exit::Yes, start))
}

/// How many rows say what.
#[derive(Debug, Default)]
struct Tally {
    skipped: usize,
    holds: usize,
    violated: usize,
    undecided: usize,
    errors: usize,
    cpu_seconds: f64,
}

impl Tally {
    fn add(&mut self, answer: &str) {
        *match answer {
            "holds" => &mut self.holds,
            "violated" => &mut self.violated,
            "undecided" => &mut self.undecided,
            _ => &mut self.errors,
        } += 1;
    }
}

/// Decides one instance; whatever goes wrong is told in its row.
fn decide(arguments: &Arguments, instance: &Instance, index: usize, stop: &Arc<AtomicBool>) -> Row {
    let (start, cpu) = (Instant::now(), cpu_time());
    let mut row = Row::new(instance);
    // A bug met in one instance must not cost the others their answers.
    match catch_unwind(AssertUnwindSafe(|| try_decide(arguments, instance, index, start, stop))) {
        Ok(Ok(found)) => row.set_outcome(&found),
        Ok(Err(failure)) => row.set_error(&failure.to_string()),
        Err(_) => row.set_error("internal error: this is a bug in foldline, please report it"),
    }
    row.seconds = start.elapsed().as_secs_f64();
    row.cpu_seconds = cpu.zip(cpu_time()).map(|(before, now)| (now - before).as_secs_f64());
    row
}

fn try_decide(
    arguments: &Arguments,
    instance: &Instance,
    index: usize,
    start: Instant,
    stop: &Arc<AtomicBool>,
) -> Result<Found, Failure> {
    let (loaded, property) = network_and_property(
        &gzipped_or_not(instance.network_path.clone()),
        &gzipped_or_not(instance.property_path.clone()),
        &arguments.read.for_network(),
    )?;
    let limit = Some(instance.timeout);
    let found = search(&loaded.network, &property, &arguments.search, limit, start, stop);
    if let (Some(folder), Verdict::Violated(witness)) =
        (&arguments.witnesses, &found.outcome.verdict)
    {
        let read = [&arguments.instances, &instance.network_path, &instance.property_path];
        let read = read.map(PathBuf::as_path);
        write_witness(&folder.join(instance.witness_name(index)), &read, witness, &found)?;
    }
    Ok(found)
}

/// Writes the witness in VNN-COMP's layout and, beside it, in fractions.
fn write_witness(
    stem: &Path,
    read: &[&Path],
    witness: &Witness,
    found: &Found,
) -> Result<(), Failure> {
    let file = |ending: &str| {
        let mut name = stem.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let (input, output) = match &found.rounded {
        Some(Ok(rounded)) => (&rounded.input, &rounded.output),
        _ => (&witness.input, &witness.output),
    };
    let [decimal, fraction] = [file(".counterexample"), file(".exact")];
    apart(read, &[("--witnesses", &decimal), ("--witnesses", &fraction)])?;
    let word = word(&found.outcome.verdict);
    write_whole(&decimal, &format!("{word}\n{}", decimals(input, output)))?;
    let exact = fractions(&witness.input, &witness.output);
    write_whole(&fraction, &format!("{word}\n{exact}"))
}

/// The closing answer.
fn finish(
    arguments: &Arguments,
    tally: &Tally,
    instances: usize,
    exit: Exit,
    start: Instant,
) -> Report {
    let answer = if exit == Exit::Yes { "finished" } else { "undecided" };
    let statistics = json!({
        "instances": instances,
        "skipped": tally.skipped,
        "holds": tally.holds,
        "violated": tally.violated,
        "undecided": tally.undecided,
        "errors": tally.errors,
        "cpu_seconds": seconds(tally.cpu_seconds),
    });
    let mut report = Report::new("run", answer, exit, start, statistics);
    report.set("results", arguments.out.display().to_string());
    let time = duration(start.elapsed().as_secs_f64());
    if exit == Exit::Interrupted {
        let done = tally.holds + tally.violated + tally.undecided + tally.errors;
        report.warnings.push(format!(
            "stopped by Ctrl-C with {done} of {instances} instances done; \
             the same command goes on from there"
        ));
        return report;
    }
    report.text = format!(
        "FINISHED: {} holds, {} violated, {} undecided, of {instances} instances\n\
         {} were in the results file already; {time}, {} of CPU time\nresults   {}",
        tally.holds,
        tally.violated,
        tally.undecided,
        tally.skipped,
        duration(tally.cpu_seconds),
        arguments.out.display()
    );
    report
}

/// CPU time of all threads of this process so far, where the system tells.
#[cfg(unix)]
fn cpu_time() -> Option<Duration> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;
    let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
    let total = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Some(Duration::from_micros(total.try_into().ok()?))
}

/// CPU time of all threads of this process so far, where the system tells.
#[cfg(not(unix))]
fn cpu_time() -> Option<Duration> {
    None
}
