//! `foldline zonotope contains OUTER INNER`: containment, and the least scale that makes it hold.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use clap::Args;
use foldline::Zonotope;
use foldline::containment_certificate::{self, Paths};
use foldline::formats::input::display_name;
use foldline::formats::zonotope::parse_zonotope;
use foldline::questions::containment::{
    Limit, Options, Outcome, Progress, Scale, Separation, Verdict, contains_resumable,
};
use foldline::text::{decimal, exact_for_people};
use serde_json::{Value, json};

use super::{describe, exact_and_decimal};
use crate::certifying::{CertificateOption, Limits};
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::{count, duration, plural, point_table, shorten};
use crate::interrupt::stop_flag;
use crate::load::{Inputs, at_most_one_stdin};
use crate::options::{OutputOptions, TimeoutOption, WorkerOptions};
use crate::progress::ProgressLine;
use crate::report::{Exit, Failure, Report};

/// Is the zonotope INNER contained in the zonotope OUTER? Exactly, also where they touch
///
/// The scale is the least s with INNER inside of s·OUTER, scaled about OUTER's center.
/// If INNER is not contained, a point of it and a separating normal are given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope that may contain the other: .json, .npy, .npz or .mat
    #[arg(value_name = "OUTER")]
    outer: PathBuf,
    /// The zonotope that may be contained
    #[arg(value_name = "INNER")]
    inner: PathBuf,
    /// Stop as soon as yes or no is known, without the exact scale
    #[arg(long)]
    no_scale: bool,
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
  foldline zonotope contains outer.json inner.json
  foldline zonotope contains outer.npy inner.mat --json --timeout 60
  foldline zonotope contains outer.json inner.json --certificate proof.gz
  foldline zonotope contains outer.json inner.json --checkpoint contains.state --timeout 3600

Exit codes:
  0 contained    1 not contained    2 wrong usage    3 undecided within the limit
  4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    at_most_one_stdin(&[&arguments.outer, &arguments.inner])?;
    let Arguments { certificate, checkpoint, .. } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let mut read = |role, path| {
        let file = inputs.read(role, path)?;
        Ok::<_, Failure>(parse_zonotope(&file.name(), &file.bytes)?)
    };
    let (outer, inner) = (read("outer", &arguments.outer)?, read("inner", &arguments.inner)?);
    if outer.dimension() != inner.dimension() {
        return Err(Failure::Input(format!(
            "{} has {}, but {} has {}",
            display_name(&arguments.inner),
            plural(inner.dimension() as u64, "dimension"),
            display_name(&arguments.outer),
            plural(outer.dimension() as u64, "dimension")
        )));
    }
    let line = ProgressLine::new(arguments.workers.quiet);
    let stop = stop_flag();
    let options = Options {
        threads: arguments.workers.threads.map_or(0, usize::from),
        timeout: arguments.timeout.timeout.map(|limit| limit.saturating_sub(start.elapsed())),
        stop: Some(Arc::clone(&stop)),
        progress: line.callback_with(progress_text),
        verdict_only: arguments.no_scale,
        ..Options::default()
    };
    let after = Certificate::AfterSearch;
    let checkpoint = checkpoint.open("zonotope contains", &inputs, after, |statement| {
        statement.option("no_scale", arguments.no_scale)
    })?;
    let timeout = arguments.timeout.timeout;
    let limits = Limits { start, timeout, stop: Some(Arc::clone(&stop)) };
    let certifying = certificate.prepare(&inputs, limits, false)?;
    let outcome = contains_resumable(&outer, &inner, &options, keeper(&checkpoint))
        .map_err(|error| foreign(checkpoint.as_ref(), &error))?;
    drop(line);
    let mut missing = false;
    if let Some(certifying) = &certifying {
        let target = certifying.destination();
        let paths = Paths { outer: &arguments.outer, inner: &arguments.inner };
        let late = || arguments.timeout.timeout.is_some_and(|limit| start.elapsed() >= limit);
        let stop = || stop.load(Ordering::Relaxed) || late();
        let verdict = &outcome.verdict;
        let threads = foldline::questions::limits::workers(options.threads);
        missing =
            !containment_certificate::write(&outer, &inner, verdict, paths, target, threads, &stop)
                .map_err(|error| not_written(None, error))?;
    }
    let mut report = report(arguments, &outer, &inner, &outcome, start);
    let is_known = match outcome.scale {
        Scale::Bounds { .. } => {
            arguments.no_scale && !matches!(outcome.verdict, Verdict::Undecided(_))
        }
        Scale::Value(_) | Scale::Infinite => true,
    };
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, is_known && !missing);
    if missing {
        report.warnings.push("warning: no certificate was written: a limit was reached".to_owned());
    }
    Ok(report)
}

fn progress_text(progress: &Progress) -> String {
    let statistics = &progress.statistics;
    let verdict = match progress.contained {
        Some(true) => "  contained",
        Some(false) => "  not contained",
        None => "",
    };
    format!(
        "{:>8}  {} normals  {} points  {:.1}% looked at{verdict}",
        duration(progress.elapsed.as_secs_f64()),
        count(statistics.normals),
        count(statistics.gauges),
        100.0 * statistics.fraction
    )
}

fn report(
    arguments: &Arguments,
    outer: &Zonotope,
    inner: &Zonotope,
    outcome: &Outcome,
    start: Instant,
) -> Report {
    let (answer, exit) = match &outcome.verdict {
        Verdict::Contained => ("yes", Exit::Yes),
        Verdict::Separated(_) => ("no", Exit::No),
        Verdict::Undecided(Limit::Time) => ("undecided", Exit::Undecided),
        Verdict::Undecided(Limit::Stopped) => ("undecided", Exit::Interrupted),
    };
    let statistics = json!({
        "normals": outcome.statistics.normals,
        "exact_normals": outcome.statistics.exact_normals,
        "gauges": outcome.statistics.gauges,
    });
    let mut report = Report::new("zonotope contains", answer, exit, start, statistics);
    let mut text = format!(
        "outer     {} ({})\ninner     {} ({})\n\n",
        display_name(&arguments.outer),
        describe(outer),
        display_name(&arguments.inner),
        describe(inner)
    );
    match &outcome.verdict {
        Verdict::Contained => text += "YES: every point of INNER is one of OUTER.\n",
        Verdict::Separated(separation) => {
            set_separation(&mut report, separation);
            text += &separation_text(separation);
        }
        Verdict::Undecided(limit) => {
            report.set("limit", if *limit == Limit::Time { "time" } else { "stopped" });
            report.set("fraction_done", outcome.statistics.fraction);
            text += "UNDECIDED: the time limit ran out.\n";
        }
    }
    match &outcome.scale {
        Scale::Value(scale) => {
            report.set_exact("scale", scale);
            text += &format!("least scale of OUTER: {}\n", exact_and_decimal(scale));
        }
        Scale::Infinite => {
            report.set("scale", Value::Null);
            text += "No scale of OUTER is enough: INNER leaves its affine hull.\n";
        }
        Scale::Bounds { lower, upper } => {
            report.set_exact("scale_at_least", lower);
            text += &format!("The least scale of OUTER is at least {}", decimal(lower, 10));
            if let Some(upper) = upper {
                report.set_exact("scale_at_most", upper);
                text += &format!(", and at most {}", decimal(upper, 10));
            }
            text += ".\n";
        }
    }
    let time = duration(start.elapsed().as_secs_f64());
    if outcome.verdict == Verdict::Undecided(Limit::Stopped) {
        report.warnings.push(format!("undecided, stopped by Ctrl-C after {time}"));
    } else {
        let normals = plural(outcome.statistics.normals, "normal");
        report.text =
            format!("{text}\n{time}, {normals}, {}\n", plural(outcome.statistics.gauges, "gauge"));
    }
    report
}

/// The keys of a separation, `coefficients` of INNER's generators among them.
pub fn set_separation(report: &mut Report, separation: &Separation) {
    report.set_point("point", &separation.point);
    report.set("coefficients", separation.coefficients.clone());
    report.set_point("normal", &separation.normal);
    report.set_exact("offset", &separation.offset);
}

fn separation_text(separation: &Separation) -> String {
    format!(
        "NO: the point P of INNER is outside: u·P > {} >= u·x for every x of OUTER.\n\n{}\n",
        shorten(&exact_for_people(&separation.offset)),
        point_table(&[('P', &separation.point), ('u', &separation.normal)])
    )
}
