//! `foldline merge DIR`: the answer of a question whose search was split.

use std::path::{Path, PathBuf};

use clap::Args;
use foldline::bundles::{self, Joined};

use crate::bundled::{Question, input};
use crate::options::{OutputOptions, TimeoutOption, WorkerOptions};
use crate::report::{Failure, Report};

/// Put the pieces of a split search together, and answer the question
///
/// The answer is that of the question itself, in its form and with its exit code; its certificate goes
/// where the question's command line said. Work that is still open in the pieces is done here, as is
/// what follows the search that was cut; --timeout 0 only asks what is known. Once there is an
/// answer the bundles are removed.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The folder of the bundles
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    workers: WorkerOptions,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline merge bundles
  foldline merge bundles --timeout 60 --json

Exit codes:
  those of the question: 0 yes, holds, computed    1 no, violated
  2 wrong usage    3 undecided within the limit    4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let Arguments { folder, timeout, workers, .. } = arguments;
    let whole = bundles::read(&bundles::whole(folder)).map_err(input)?;
    let question = whole.arguments().map(Question);
    let question =
        question.ok_or_else(|| input(format!("{}: nothing was split here", folder.display())))?;
    let target = question.certificate()?.map(PathBuf::from);
    let merged = bundles::merged(folder);
    if !merged.exists()
        && let Joined::Answer(answer, bundle) =
            bundles::join(folder, target.as_deref()).map_err(input)?
    {
        let report = Report::from_json(&answer)
            .ok_or_else(|| input(format!("{}: its answer is none", bundle.display())))?;
        return told(report, &bundle, target.as_deref(), folder);
    }
    let run = question.with("--checkpoint", merged.display());
    let mut report = run.within(timeout.timeout).on(workers).run()?;
    if report.finished.is_some() {
        report.bundles = Some(folder.clone());
    }
    Ok(report)
}

/// The answer that the run of a bundle gave, with its certificate where the question asks for it.
fn told(
    mut report: Report,
    bundle: &Path,
    target: Option<&Path>,
    folder: &Path,
) -> Result<Report, Failure> {
    if let Some(target) = target {
        bundles::fetch_certificate(bundle, target).map_err(input)?;
        let own = bundles::certificate(bundle, target).display().to_string();
        let asked = target.display().to_string();
        report.text = report.text.replace(&own, &asked);
        report.warnings.iter_mut().for_each(|line| *line = line.replace(&own, &asked));
    }
    report.bundles = Some(folder.to_owned());
    Ok(report)
}
