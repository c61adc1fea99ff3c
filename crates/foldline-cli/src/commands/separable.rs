//! `foldline separable POINTS`: do K hyperplanes separate the points with label 1 from those with label 0?

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::questions::separability::{Hyperplane, Separation, separate};
use foldline::text::exact_for_people;
use foldline::training_certificates::write_separation;
use foldline::{Rational, Sample};
use serde_json::{Map, Value, json};

use crate::certifying::CertificateOption;
use crate::checkpoint::not_written;
use crate::describe::plural;
use crate::limits::{LimitOptions, Limits};
use crate::load::Inputs;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report, set_exact, set_point};

/// Decide whether hyperplanes separate two sets of points, exactly
///
/// POINTS is CSV with a header; the last column is the label, 0 or 1. The answer is `yes` if
/// there are K hyperplanes (two by default) such that every point with label 1 lies strictly
/// above all of them, normal·x > offset, and no point with label 0 does.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The points: CSV with a header, the last column being the label 0 or 1
    #[arg(value_name = "POINTS")]
    points: PathBuf,
    /// How many hyperplanes
    #[arg(long, value_name = "K", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..))]
    planes: u16,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    pub form: OutputOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline separable points.csv
  foldline separable points.csv --planes 3 --json
  foldline separable points.csv --certificate proof.gz

Exit codes:
  0 yes    1 no    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { points, certificate, .. } = arguments;
    let mut inputs = Inputs::new(certificate.path().is_some());
    let sample = inputs.sample("points", points, None)?.sample;
    let name = display_name(points);
    let (inside, outside) = by_label(&sample, &name)?;
    let limits = Limits::new(start, &arguments.limits);
    let ended = || limits.reached();
    let certifying = certificate.prepare(&inputs, limits.of_check(), false)?;
    let planes = usize::from(arguments.planes);
    let found = separate(sample.dimension, &inside, &outside, planes, &ended);
    let mut is_written = true;
    if let Some(certifying) = &certifying {
        let target = certifying.destination();
        is_written = write_separation(&sample, planes, &found, points, &ended, target)
            .map_err(|error| not_written(None, error))?;
    }
    let statistics = json!({"label_1": inside.len(), "label_0": outside.len()});
    let (answer, exit) = match &found {
        Separation::Yes(_) => ("yes", Exit::Yes),
        Separation::No => ("no", Exit::No),
        Separation::Stopped if limits.stopped() => ("undecided", Exit::Interrupted),
        Separation::Stopped => ("undecided", Exit::Undecided),
    };
    let mut report = Report::new("separable", answer, exit, start, statistics);
    let planes = plural(u64::from(arguments.planes), "hyperplane");
    let verdict = match &found {
        Separation::Yes(hyperplanes) => {
            let list: Vec<Value> = hyperplanes.iter().map(hyperplane_json).collect();
            report.set("hyperplanes", list);
            let lines: String = hyperplanes.iter().map(hyperplane_text).collect();
            format!("YES: label 1 is where all of these hold, label 0 where one does not.\n{lines}")
        }
        Separation::No => "NO: none can.\n".to_owned(),
        Separation::Stopped => "UNDECIDED: the limit ran out.\n".to_owned(),
    };
    report.text = format!(
        "points    {name} ({} with label 1, {} with label 0)\nquestion  can {planes} separate \
         them?\n\n{verdict}",
        inside.len(),
        outside.len()
    );
    report.certify(certifying);
    if !is_written {
        report.warnings.push("warning: no certificate was written: a limit was reached".to_owned());
    }
    Ok(report)
}

/// The points with label 1, and those with label 0.
#[expect(clippy::type_complexity, reason = "two lists of points")]
fn by_label(
    sample: &Sample,
    name: &str,
) -> Result<(Vec<Vec<Rational>>, Vec<Vec<Rational>>), Failure> {
    let (mut inside, mut outside) = (Vec::new(), Vec::new());
    for (index, (point, label)) in sample.points.iter().zip(&sample.labels).enumerate() {
        if *label == Rational::ONE {
            inside.push(point.clone());
        } else if *label == Rational::ZERO {
            outside.push(point.clone());
        } else {
            return Err(Failure::Input(format!(
                "{name}: row {} after the header: expected the label 0 or 1, found {label}",
                index + 1
            )));
        }
    }
    Ok((inside, outside))
}

fn hyperplane_json(hyperplane: &Hyperplane) -> Value {
    let mut object = Map::new();
    set_point(&mut object, "normal", &hyperplane.normal);
    set_exact(&mut object, "offset", &hyperplane.offset);
    object.into()
}

fn hyperplane_text(hyperplane: &Hyperplane) -> String {
    let terms: Vec<String> = hyperplane
        .normal
        .iter()
        .enumerate()
        .map(|(index, a)| format!("{}·x{}", exact_for_people(a), index + 1))
        .collect();
    format!("  {} > {}\n", terms.join(" + "), exact_for_people(&hyperplane.offset))
}
