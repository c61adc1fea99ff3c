//! `foldline range NET --over REGION`: the exact range of every output on a region.

use std::fmt::Write;
use std::time::Instant;

use clap::Args;
use foldline::question_certificates::SubjectFiles;
use foldline::questions::maximum::range::{End, Interval, range_resumable};
use foldline::range_certificate::range_certified;
use foldline::text::{decimal, exact_for_people};
use foldline::{Limit, Rational};
use serde_json::{Map, Value};

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::shorten;
use crate::load::Inputs;
use crate::question::{OnRegion, QuestionOptions, Run, Subject};
use crate::report::{Exit, Failure, Report, set_exact, set_point};

/// The exact range of every output on a region
///
/// Minimum and maximum of each output, with the points where they are attained; `null` where an
/// output is unbounded. With strict inequalities the ends are those of the region's closure.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    files: OnRegion,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    pub question: QuestionOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline range net.onnx --over box.json
  foldline range net.nnet --over prop.vnnlib --json --threads 4
  foldline range net.onnx --over box.json --certificate proof.gz
  foldline range net.onnx --over box.json --checkpoint range.state --timeout 3600

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { files, certificate, checkpoint, question } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let subject = Subject::read(&mut inputs, &files.network, Some(&files.over), question)?;
    certificate.speaks_about(&question.read)?;
    let run = Run::new(start, question);
    let outputs: Vec<usize> = (0..subject.network.outputs()).collect();
    let Subject { network, region, .. } = &subject;
    let checkpoint =
        checkpoint.open("range", &inputs, Certificate::Kept(certificate.path()), |statement| {
            statement.option("physical", question.read.physical)
        })?;
    let keeper = keeper(&checkpoint);
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let found = match &certifying {
        None => range_resumable(network, region, &outputs, &run.options, keeper)
            .map_err(|error| foreign(checkpoint.as_ref(), &error))?,
        Some(certifying) => {
            let named = SubjectFiles { network: &files.network, region: Some(&files.over) };
            range_certified(network, region, named, &run.options, certifying.destination(), keeper)
                .map_err(|error| not_written(checkpoint.as_ref(), error))?
        }
    };
    let statistics = &found.statistics;
    let heading = subject.heading("which values do the outputs take on the region?");
    let Some(intervals) = &found.intervals else {
        let text = heading + "EMPTY: the region has no point.\n";
        let mut report = run.report("range", "empty", Exit::Yes, statistics, &text);
        report.certify(certifying);
        report.keep_checkpoint(checkpoint, true);
        return Ok(report);
    };
    let text = heading + &table(intervals);
    let ends = intervals.iter().flat_map(|interval| [&interval.minimum, &interval.maximum]);
    let is_open = ends.clone().any(|end| matches!(end, End::Finite { attained: None, .. }));
    let limits: Vec<Limit> = ends.filter_map(limit).collect();
    let mut report = match limits.first() {
        None => run.report("range", "range", Exit::Yes, statistics, &text),
        Some(&limit) => run.undecided("range", limit, statistics, &text),
    };
    let objects: Vec<Value> = intervals.iter().map(|interval| json(interval).into()).collect();
    report.set("outputs", objects);
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, limits.is_empty() && !is_open);
    Ok(report)
}

fn limit(end: &End) -> Option<Limit> {
    match end {
        End::Undecided { limit, .. } => Some(*limit),
        _ => None,
    }
}

fn json(interval: &Interval) -> Map<String, Value> {
    let mut object = Map::new();
    let ends = [
        ("minimum", "argmin", &interval.minimum, false),
        ("maximum", "argmax", &interval.maximum, true),
    ];
    for (name, place, end, is_upper) in ends {
        match end {
            End::Finite { extreme, attained } => {
                set_exact(&mut object, name, &extreme.value);
                set_point(&mut object, place, &extreme.point);
                if *attained != Some(true) {
                    object.insert(format!("{name}_attained"), (*attained).into());
                }
            }
            End::Infinite { point, direction } => {
                object.insert(name.to_owned(), Value::Null);
                let mut ray = Map::new();
                set_point(&mut ray, "point", point);
                set_point(&mut ray, "direction", direction);
                object.insert(format!("{name}_ray"), ray.into());
            }
            End::Undecided { found, bound, .. } => {
                let found = found.as_ref().map(|found| &found.value);
                let (lower, upper) =
                    if is_upper { (found, bound.as_ref()) } else { (bound.as_ref(), found) };
                let mut between = Map::new();
                for (side, value) in [("lower", lower), ("upper", upper)] {
                    match value {
                        Some(value) => set_exact(&mut between, side, value),
                        None => drop(between.insert(side.to_owned(), Value::Null)),
                    }
                }
                object.insert(format!("{name}_between"), between.into());
            }
        }
    }
    object
}

fn table(intervals: &[Interval]) -> String {
    let mut text = format!("  {:<6}{:<18}{:<18}exactly\n", "", "minimum", "maximum");
    for (output, interval) in intervals.iter().enumerate() {
        let approximately = [&interval.minimum, &interval.maximum].map(|end| in_words(end, false));
        let exactly = [&interval.minimum, &interval.maximum].map(|end| in_words(end, true));
        let [low, high] = approximately;
        let _ = writeln!(
            text,
            "  {:<6}{low:<18}{high:<18}[{}, {}]",
            format!("Y_{output}"),
            exactly[0],
            exactly[1]
        );
    }
    text
}

fn in_words(end: &End, exactly: bool) -> String {
    let number = |value: &Rational| match exactly {
        true => shorten(&exact_for_people(value)),
        false => decimal(value, 10),
    };
    match end {
        End::Finite { extreme, .. } => number(&extreme.value),
        End::Infinite { .. } => "unbounded".to_owned(),
        End::Undecided { .. } => "undecided".to_owned(),
    }
}
