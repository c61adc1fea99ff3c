//! `foldline zonotope norm Z --p P`: the largest norm of a point of a zonotope.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::formats::matrix::parse_matrix;
use foldline::formats::zonotope::parse_zonotope;
use foldline::norm_certificate::{self, NormCertificateError, Paths, maximize_norm_certified};
use foldline::questions::norm_maximum::{
    Limit, Maximum, Norm, NormError, Options, Outcome, Progress, Value, Verdict, maximize_norm,
    maximize_norm_resumable,
};
use foldline::text::decimal;
use foldline::{Rational, Zonotope, parse_rational};
use serde_json::json;

use super::{describe, exact_and_decimal, norm_estimate};
use crate::certifying::{CertificateOption, Limits};
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::{count, duration, point_table};
use crate::interrupt::stop_flag;
use crate::load::{Inputs, at_most_one_stdin};
use crate::options::{OutputOptions, TimeoutOption, WorkerOptions};
use crate::progress::ProgressLine;
use crate::report::{Exit, Failure, Report};

/// The largest norm of a point of a zonotope, exactly, and a vertex where it is attained
///
/// p = 1, inf and polytope norms: the value. p = 2: its square. Other p: rational bounds whose
/// relative gap is at most 1e-9. With --epsilon: bounds from random samples, each with what it
/// guarantees.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    /// The norm: a rational p ≥ 1, or inf
    #[arg(long, value_name = "P", required_unless_present = "matrix")]
    p: Option<String>,
    /// Instead of --p: the norm max |a_i·x| over the rows a_i of the matrix in this file
    #[arg(long, value_name = "FILE", conflicts_with = "p")]
    matrix: Option<PathBuf>,
    /// Sample: bounds that differ by a factor of about 1 + E
    #[arg(long, value_name = "E", conflicts_with = "certificate")]
    epsilon: Option<String>,
    /// Seed of the samples
    #[arg(long, value_name = "N", default_value_t = 0, requires = "epsilon")]
    seed: u64,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    workers: WorkerOptions,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
}

const EXAMPLES: &str = "\
Examples:
  foldline zonotope norm z.json --p 2
  foldline zonotope norm z.mat --p inf --json
  foldline zonotope norm z.npy --matrix rows.json
  foldline zonotope norm z.json --p 2 --certificate proof.gz
  foldline zonotope norm z.json --p 2 --checkpoint norm.state --timeout 3600
  foldline zonotope norm z.json --p 2 --epsilon 0.1 --seed 7

Exit codes:
  0 computed    2 wrong usage (also p < 1)    3 undecided within the limit
  4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let power = arguments.p.as_deref().map(parse_power).transpose()?;
    let epsilon = arguments.epsilon.as_deref().map(super::parse_epsilon).transpose()?;
    let mut paths = vec![arguments.zonotope.as_path()];
    paths.extend(arguments.matrix.as_deref());
    at_most_one_stdin(&paths)?;
    let Arguments { certificate, checkpoint, .. } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let file = inputs.read("zonotope", &arguments.zonotope)?;
    let zonotope = parse_zonotope(&file.name(), &file.bytes)?;
    let norm = match (power, &arguments.matrix) {
        (Some(norm), _) => norm,
        (None, Some(path)) => {
            let file = inputs.read("matrix", path)?;
            let matrix = parse_matrix(&file.name(), &file.bytes)?;
            Norm::Polytope((0..matrix.rows).map(|row| matrix.row(row).to_vec()).collect())
        }
        (None, None) => return Err(Failure::Usage("--p or --matrix is required".to_owned())),
    };
    norm.check(zonotope.dimension()).map_err(|error| match arguments.matrix.as_deref() {
        Some(path) => Failure::Input(format!("{}: {error}", display_name(path))),
        None => Failure::Usage(format!("--p: {error}")),
    })?;
    if certificate.path().is_some() && !norm_certificate::is_supported(&norm) {
        return Err(Failure::Usage(
            "--certificate: numerator and denominator of p may be at most 100".to_owned(),
        ));
    }
    let line = ProgressLine::new(arguments.workers.quiet);
    let options = Options {
        threads: arguments.workers.threads.map_or(0, usize::from),
        timeout: arguments.timeout.timeout.map(|limit| limit.saturating_sub(start.elapsed())),
        stop: Some(stop_flag()),
        progress: line.callback_with(progress_text),
        ..Options::default()
    };
    let name = display_name(&arguments.zonotope);
    if let Some(epsilon) = epsilon {
        if checkpoint.checkpoint.is_some() {
            return Err(Failure::Usage(
                "--checkpoint is for exact norms, without --epsilon".into(),
            ));
        }
        return norm_estimate::run(
            &name,
            &zonotope,
            &norm,
            epsilon,
            arguments.seed,
            &options,
            start,
        );
    }
    let kept = Certificate::Kept(certificate.path());
    let checkpoint = checkpoint.open("zonotope norm", &inputs, kept, |statement| {
        statement.option("p", arguments.p.clone())
    })?;
    let (timeout, stop) = (arguments.timeout.timeout, options.stop.clone());
    let limits = Limits { start, timeout, stop };
    let certifying = certificate.prepare(&inputs, limits, checkpoint.is_some())?;
    let refused = |error: NormError| Failure::Usage(error.to_string());
    let outcome = match (&certifying, &checkpoint) {
        (Some(certifying), _) => {
            let target = certifying.destination();
            let paths =
                Paths { zonotope: &arguments.zonotope, matrix: arguments.matrix.as_deref() };
            let kept = keeper(&checkpoint);
            maximize_norm_certified(&zonotope, &norm, &options, paths, target, kept).map_err(
                |error| match error {
                    NormCertificateError::Norm(error) => refused(error),
                    NormCertificateError::Certificate(error) => {
                        not_written(checkpoint.as_ref(), error)
                    }
                },
            )?
        }
        (None, Some(keeper)) => maximize_norm_resumable(&zonotope, &norm, &options, keeper)
            .map_err(refused)?
            .map_err(|error| foreign(checkpoint.as_ref(), &error))?,
        (None, None) => maximize_norm(&zonotope, &norm, &options).map_err(refused)?,
    };
    drop(line);
    let mut report = report(&name, &zonotope, &outcome, start);
    let finished = matches!(outcome.verdict, Verdict::Found(_));
    if certifying.is_some() && !finished {
        let warning = "warning: no certificate was written: a limit was reached";
        report.warnings.push(warning.to_owned());
    }
    report.keep_checkpoint(checkpoint, finished);
    report.certify(certifying);
    Ok(report)
}

/// A rational of at least 1, or `inf`.
fn parse_power(text: &str) -> Result<Norm, Failure> {
    if matches!(text, "inf" | "Inf" | "infinity") {
        return Ok(Norm::Infinity);
    }
    let power =
        parse_rational(text).map_err(|error| Failure::Usage(format!("--p: {error}, or inf")))?;
    Ok(Norm::Power(power))
}

fn progress_text(progress: &Progress) -> String {
    format!(
        "{:>8}  {} cones  norm at least {:.9}",
        duration(progress.elapsed.as_secs_f64()),
        count(progress.cones),
        progress.lower
    )
}

/// The counts of a search as JSON.
pub fn statistics_json(outcome: &Outcome) -> serde_json::Value {
    let statistics = &outcome.statistics;
    json!({
        "supports": statistics.supports,
        "cones": statistics.cones,
        "sign_nodes": statistics.sign_nodes,
        "exact_points": statistics.exact_points,
    })
}

fn report(name: &str, zonotope: &Zonotope, outcome: &Outcome, start: Instant) -> Report {
    let (answer, exit) = match &outcome.verdict {
        Verdict::Found(_) => ("norm", Exit::Yes),
        Verdict::Undecided { limit: Limit::Time, .. } => ("undecided", Exit::Undecided),
        Verdict::Undecided { limit: Limit::Stopped, .. } => ("undecided", Exit::Interrupted),
    };
    let mut report = Report::new("zonotope norm", answer, exit, start, statistics_json(outcome));
    let mut text = format!("zonotope  {name} ({})\n\n", describe(zonotope));
    let best = match &outcome.verdict {
        Verdict::Found(maximum) => {
            text += &set_value(&mut report, maximum);
            maximum
        }
        Verdict::Undecided { best, lower, upper, limit } => {
            report.set("limit", if *limit == Limit::Time { "time" } else { "stopped" });
            text += &set_bounds(&mut report, lower, upper.as_ref());
            if *limit == Limit::Stopped {
                let time = duration(start.elapsed().as_secs_f64());
                report.warnings.push(format!("undecided, stopped by Ctrl-C after {time}"));
            }
            best
        }
    };
    report.set_point("vertex", &best.vertex);
    report.set("signs", best.signs.clone());
    text += &format!("at the vertex\n{}\n", point_table(&[('z', &best.vertex)]));
    text += &format!(
        "{}, {} cones, {} partial sign vectors\n",
        duration(start.elapsed().as_secs_f64()),
        count(outcome.statistics.cones),
        count(outcome.statistics.sign_nodes)
    );
    if exit != Exit::Interrupted {
        report.text = text;
    }
    report
}

/// The keys of a maximum, and the same in words.
fn set_value(report: &mut Report, maximum: &Maximum) -> String {
    match &maximum.value {
        Value::Exact(value) => {
            report.set_exact("value", value);
            format!("largest norm    {}\n", exact_and_decimal(value))
        }
        Value::Squared(square) => {
            report.set_exact("value_squared", square);
            format!("largest norm²   {}\n", exact_and_decimal(square))
        }
        Value::Between { lower, upper } => {
            report.set_exact("lower", lower);
            report.set_exact("upper", upper);
            format!("largest norm    {} to {}\n", decimal(lower, 12), decimal(upper, 12))
        }
    }
}

/// What is known of a norm whose search was cut short.
fn set_bounds(report: &mut Report, lower: &Rational, upper: Option<&Rational>) -> String {
    report.set_exact("lower", lower);
    match upper {
        Some(upper) => report.set_exact("upper", upper),
        None => report.set("upper", serde_json::Value::Null),
    }
    let upper = upper.map_or("an unknown number".to_owned(), |upper| decimal(upper, 9));
    let lower = decimal(lower, 9);
    format!("UNDECIDED: a limit ran out. The largest norm is between {lower} and {upper}.\n")
}
