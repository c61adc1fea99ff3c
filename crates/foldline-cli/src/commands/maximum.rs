//! `foldline maximum NET --over REGION`: how large does an output get on a region?

use std::time::Instant;

use clap::Args;
use foldline::Rational;
use foldline::question_certificates::{SubjectFiles, maximum_certified};
use foldline::questions::maximum::{Answer, Attained, maximum_resumable};
use foldline::text::{decimal, exact_for_people};

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::{point_table, shorten};
use crate::load::Inputs;
use crate::question::{OnRegion, OutputChoice, QuestionOptions, Run, Subject};
use crate::report::{Exit, Failure, Report, set_point};

/// The exact maximum of an output on a region, and where it is attained
///
/// The region may be a union of polyhedra, unbounded, flat or empty. The answer is `maximum` with
/// `value` and `argmax`, `unbounded` with a ray along which the output grows without limit, or
/// `empty`. With strict inequalities the value is the least upper bound; `attained` says whether
/// a point of the region takes it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    files: OnRegion,
    #[command(flatten)]
    choice: OutputChoice,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    pub question: QuestionOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline maximum net.onnx --over box.json
  foldline maximum net.onnx --over prop.vnnlib --output 2 --json --timeout 60

Exit codes:
  0 computed (maximum, unbounded, empty)    2 wrong usage    3 undecided within the limit
  4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { files, choice, certificate, checkpoint, question } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let subject = Subject::read(&mut inputs, &files.network, Some(&files.over), question)?;
    let output = subject.chosen_output(choice.output)?;
    certificate.speaks_about(&question.read)?;
    let run = Run::new(start, question);
    let Subject { network, region, .. } = &subject;
    let checkpoint = checkpoint.open(
        "maximum",
        &inputs,
        Certificate::Kept(certificate.path()),
        |statement| statement.option("physical", question.read.physical).option("output", output),
    )?;
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let found = match &certifying {
        None => {
            let objectives = [vec![(output, Rational::ONE)]];
            maximum_resumable(network, region, &objectives, &run.options, keeper(&checkpoint))
                .map_err(|error| foreign(checkpoint.as_ref(), &error))?
        }
        Some(certifying) => {
            let named = SubjectFiles { network: &files.network, region: Some(&files.over) };
            maximum_certified(
                (network, region),
                output,
                named,
                &run.options,
                certifying.destination(),
                keeper(&checkpoint),
            )
            .map_err(|error| not_written(checkpoint.as_ref(), error))?
        }
    };
    let statistics = &found.statistics;
    let heading = subject.heading(&format!("how large is output {output} on the region?"));
    let finished =
        !matches!(found.answer, Answer::Undecided { .. } | Answer::Maximum { attained: None, .. });
    let done = |run: Run, answer: &str, text: String| {
        run.report("maximum", answer, Exit::Yes, statistics, &(heading.clone() + &text))
    };
    let mut report = match found.answer {
        Answer::Maximum { maximum, attained } => {
            let Attained { value, point } = &maximum;
            let text = maximum_text(&subject, &maximum, attained);
            let mut report = done(run, "maximum", text);
            report.set_exact("value", value);
            report.set_point("argmax", point);
            report.set("attained", attained);
            report
        }
        Answer::Unbounded { point, direction } => {
            let text = format!(
                "UNBOUNDED: from the point X the output grows without limit in the direction D.\n\n{}",
                point_table(&[('X', &point), ('D', &direction)])
            );
            let mut report = done(run, "unbounded", text);
            let mut ray = serde_json::Map::new();
            set_point(&mut ray, "point", &point);
            set_point(&mut ray, "direction", &direction);
            report.set("ray", ray);
            report
        }
        Answer::Empty => done(run, "empty", "EMPTY: the region has no point.\n".to_owned()),
        Answer::Undecided { limit, lower, upper } => {
            let text = heading.clone() + &undecided_text(lower.as_ref(), upper.as_ref());
            let mut report = run.undecided("maximum", limit, statistics, &text);
            match &lower {
                Some(lower) => {
                    report.set_exact("lower", &lower.value);
                    report.set_point("lower_at", &lower.point);
                }
                None => report.set("lower", serde_json::Value::Null),
            }
            match &upper {
                Some(upper) => report.set_exact("upper", upper),
                None => report.set("upper", serde_json::Value::Null),
            }
            report
        }
    };
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, finished);
    Ok(report)
}

fn maximum_text(subject: &Subject, maximum: &Attained, attained: Option<bool>) -> String {
    let Attained { value, point } = maximum;
    let output = subject.network.evaluate(point).output;
    let where_it_is = match attained {
        Some(true) => "attained at X.",
        Some(false) => {
            "the least upper bound. It is not attained: X, where it would be, lies on the region's \
             boundary, which a strict inequality excludes."
        }
        None => "the least upper bound; time ran out before it was known whether it is attained.",
    };
    format!(
        "MAXIMUM {}, exactly {}, {where_it_is}\n\n{}",
        decimal(value, 10),
        shorten(&exact_for_people(value)),
        point_table(&[('X', point), ('Y', &output)])
    )
}

fn undecided_text(lower: Option<&Attained>, upper: Option<&Rational>) -> String {
    let lower = lower.map_or("−∞".to_owned(), |lower| decimal(&lower.value, 10));
    let upper = upper.map_or("+∞".to_owned(), |upper| decimal(upper, 10));
    format!(
        "UNDECIDED: the time limit ran out. The maximum is at least {lower} and at most {upper}.\n"
    )
}
