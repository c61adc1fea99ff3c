//! `foldline positive NET [--over REGION]`: is an output positive anywhere?

use std::time::Instant;

use clap::Args;
use foldline::question_certificates::{SubjectFiles, positive_certified};
use foldline::questions::positivity::{Answer, positive_resumable};

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::point_table;
use crate::load::Inputs;
use crate::question::{OutputChoice, PerhapsOnRegion, QuestionOptions, Run, Subject};
use crate::report::{Exit, Failure, Report, witness_json};

/// Is an output positive somewhere: f(x) > 0 for some x?
///
/// Over all of R^d, or on a region. A witness is exact.
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
  foldline positive net.onnx
  foldline positive net.onnx --over box.json --output 1 --json

Exit codes:
  0 yes    1 no    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { files, choice, certificate, checkpoint, question } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let subject = Subject::read(&mut inputs, &files.network, files.over.as_deref(), question)?;
    let output = subject.chosen_output(choice.output)?;
    certificate.speaks_about(&question.read)?;
    let run = Run::new(start, question);
    let Subject { network, region, .. } = &subject;
    let checkpoint = checkpoint.open(
        "positive",
        &inputs,
        Certificate::Kept(certificate.path()),
        |statement| statement.option("physical", question.read.physical).option("output", output),
    )?;
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let found = match &certifying {
        None => positive_resumable(network, region, output, &run.options, keeper(&checkpoint))
            .map_err(|error| foreign(checkpoint.as_ref(), &error))?,
        Some(certifying) => {
            let region_file = files.over.as_deref();
            let named = SubjectFiles { network: &files.network, region: region_file };
            positive_certified(
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
    let heading = subject.heading(&format!("is output {output} positive somewhere on the region?"));
    let mut report = match found.answer {
        Answer::Yes(witness) => {
            let table = point_table(&[('X', &witness.input), ('Y', &witness.output)]);
            let text = format!("{heading}YES, at X, exactly.\n\n{table}");
            let mut report = run.report("positive", "yes", Exit::Yes, statistics, &text);
            report.set("witness", witness_json(&witness.input, &witness.output));
            report
        }
        Answer::No => {
            let text = heading + "NO: it is at most 0 everywhere on the region.\n";
            run.report("positive", "no", Exit::No, statistics, &text)
        }
        Answer::Undecided(limit) => {
            let text =
                heading + "UNDECIDED: the time limit ran out; no positive value was found.\n";
            run.undecided("positive", limit, statistics, &text)
        }
    };
    let finished = matches!(report.exit, Exit::Yes | Exit::No);
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, finished);
    Ok(report)
}
