//! `foldline surjective NET`: does an output take every real value?

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::Rational;
use foldline::question_certificates::surjective_certified;
use foldline::questions::surjectivity::{Answer, surjective_resumable};
use serde_json::Value;

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::point_table;
use crate::load::Inputs;
use crate::question::{OutputChoice, QuestionOptions, Run, Subject};
use crate::report::{Exit, Failure, Report};

/// Does an output take every real value, as a function on R^d?
///
/// It does exactly if the network without biases is positive along one direction and negative
/// along another: then the output is unbounded from above and from below. Both are exact.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
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
  foldline surjective net.onnx
  foldline surjective net.json --output 1 --json

Exit codes:
  0 yes    1 no    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { network, choice, certificate, checkpoint, question } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let subject = Subject::read(&mut inputs, network, None, question)?;
    let output = subject.chosen_output(choice.output)?;
    certificate.speaks_about(&question.read)?;
    let run = Run::new(start, question);
    let checkpoint = checkpoint.open(
        "surjective",
        &inputs,
        Certificate::Kept(certificate.path()),
        |statement| statement.option("physical", question.read.physical).option("output", output),
    )?;
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let found = match &certifying {
        None => surjective_resumable(&subject.network, output, &run.options, keeper(&checkpoint))
            .map_err(|error| foreign(checkpoint.as_ref(), &error))?,
        Some(certifying) => surjective_certified(
            &subject.network,
            output,
            network,
            &run.options,
            certifying.destination(),
            keeper(&checkpoint),
        )
        .map_err(|error| not_written(checkpoint.as_ref(), error))?,
    };
    let statistics = &found.statistics;
    let heading = subject.heading(&format!("does output {output} take every real value?"));
    let (answer, exit, directions) = match found.answer {
        Answer::Yes { positive_direction, negative_direction } => {
            ("yes", Exit::Yes, [Some(positive_direction), Some(negative_direction)])
        }
        Answer::No { positive_direction, negative_direction } => {
            ("no", Exit::No, [positive_direction, negative_direction])
        }
        Answer::Undecided(limit) => {
            let text = heading + "UNDECIDED: the time limit ran out.\n";
            let mut report = run.undecided("surjective", limit, statistics, &text);
            report.certify(certifying);
            report.keep_checkpoint(checkpoint, false);
            return Ok(report);
        }
    };
    let text = heading + &text(&directions);
    let mut report = run.report("surjective", answer, exit, statistics, &text);
    for (name, direction) in ["positive_direction", "negative_direction"].iter().zip(&directions) {
        match direction {
            Some(direction) => report.set_point(name, direction),
            None => report.set(name, Value::Null),
        }
    }
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, true);
    Ok(report)
}

fn text([positive, negative]: &[Option<Vec<Rational>>; 2]) -> String {
    let bounded = match (positive, negative) {
        (Some(up), Some(down)) => {
            let table = point_table(&[('U', up), ('D', down)]);
            return format!(
                "YES: far out the output rises without limit along U and falls without limit along \
                 D.\n\n{table}"
            );
        }
        (None, Some(_)) => "from above",
        (Some(_), None) => "from below",
        (None, None) => "from above and from below",
    };
    format!("NO: the output is bounded {bounded}.\n")
}
