//! `foldline zero NET [--over REGION]`: is a network identically zero?

use std::time::Instant;

use clap::Args;
use foldline::question_certificates::{SubjectFiles, zero_certified};
use foldline::questions::zero_function::{Answer, zero_resumable};

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::point_table;
use crate::load::Inputs;
use crate::question::{OutputChoice, PerhapsOnRegion, QuestionOptions, Run, Subject};
use crate::report::{Exit, Failure, Report, witness_json};

/// Is the network identically zero, f(x) = 0 for every x?
///
/// Over all of R^d, or on a region; all outputs, or the one that `--output` names. With one
/// layer of ReLUs the time is polynomial. A witness is exact.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(flatten)]
    files: PerhapsOnRegion,
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
  foldline zero net.onnx
  foldline zero net.onnx --over box.json --json

Exit codes:
  0 yes    1 no    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { files, choice, certificate, checkpoint, question } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let subject = Subject::read(&mut inputs, &files.network, files.over.as_deref(), question)?;
    let outputs: Vec<usize> = match choice.output {
        Some(_) => vec![subject.chosen_output(choice.output)?],
        None => (0..subject.network.outputs()).collect(),
    };
    certificate.speaks_about(&question.read)?;
    let run = Run::new(start, question);
    let Subject { network, region, .. } = &subject;
    let checkpoint =
        checkpoint.open("zero", &inputs, Certificate::Kept(certificate.path()), |statement| {
            statement.option("physical", question.read.physical).option("output", choice.output)
        })?;
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let found = match &certifying {
        None => zero_resumable(network, region, &outputs, &run.options, keeper(&checkpoint))
            .map_err(|error| foreign(checkpoint.as_ref(), &error))?,
        Some(certifying) => {
            let region_file = files.over.as_deref();
            let named = SubjectFiles { network: &files.network, region: region_file };
            zero_certified(
                (network, region),
                choice.output,
                named,
                &run.options,
                certifying.destination(),
                keeper(&checkpoint),
            )
            .map_err(|error| not_written(checkpoint.as_ref(), error))?
        }
    };
    let statistics = &found.statistics;
    let heading = subject.heading("is the network 0 everywhere on the region?");
    let mut report = match found.answer {
        Answer::Yes => {
            let text = heading + "YES: it is 0 everywhere on the region.\n";
            run.report("zero", "yes", Exit::Yes, statistics, &text)
        }
        Answer::No(witness) => {
            let table = point_table(&[('X', &witness.input), ('Y', &witness.output)]);
            let text = format!("{heading}NO: it is not 0 at X.\n\n{table}");
            let mut report = run.report("zero", "no", Exit::No, statistics, &text);
            report.set("witness", witness_json(&witness.input, &witness.output));
            report
        }
        Answer::Undecided(limit) => {
            let text = heading + "UNDECIDED: the time limit ran out; only zeros were found.\n";
            run.undecided("zero", limit, statistics, &text)
        }
    };
    let finished = matches!(report.exit, Exit::Yes | Exit::No);
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, finished);
    Ok(report)
}
