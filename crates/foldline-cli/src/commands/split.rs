//! `foldline split QUESTION … --pieces N --out DIR`: cuts a search into pieces for several runs or machines.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use foldline::bundles;
use foldline::checkpoint::Content;
use serde_json::json;

use crate::bundled::{self, Question, input};
use crate::report::{Exit, Failure, Report};

/// Cut the search of a question into pieces that are worked on apart
///
/// The search begins here, until there is enough open work; then its parts are dealt out to
/// N files in the folder DIR, the bundles. `foldline work` works on one of them, on this or on another
/// machine that has the same network and property files under the same names. When all are done,
/// `foldline merge DIR` has the question's answer, and its certificate. QUESTION is one of
/// verify, equivalent, maximum, range, positive, surjective, zero, lipschitz, train, zonotope norm, with its
/// files and options. With --checkpoint FILE what an earlier run left in FILE is cut.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, override_usage = "foldline split QUESTION … --pieces N --out DIR")]
pub struct Arguments {
    /// The question's command line, --pieces N and --out DIR
    #[arg(
        value_name = "QUESTION",
        required = true,
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    words: Vec<String>,
}

const EXAMPLES: &str = "\
Options:
      --pieces <N>   Into how many pieces at most
      --out <DIR>    The folder of the bundles: a new or an empty one

Examples:
  foldline split verify net.onnx prop.vnnlib --certificate proof --pieces 2 --out bundles
  foldline work bundles/piece-1.json --seconds 3600
  foldline work bundles/piece-2.json --seconds 3600
  foldline merge bundles

Exit codes:
  0 split    2 wrong usage    3 the time limit came before there was a search to cut
  4 bad input    130 stopped by Ctrl-C";

/// Open parts for each piece: they take different times, and each piece gets some of all sorts.
const PARTS: usize = 16;

impl Arguments {
    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        self.words.iter().any(|word| word == "--json")
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let mut question = Question(arguments.words.clone());
    let needed = |option: &str| Failure::Usage(format!("split: {option} is missing"));
    let pieces = question.take("--pieces")?.ok_or_else(|| needed("--pieces N"))?;
    let pieces = pieces.parse().ok().filter(|&pieces: &usize| (1..=100_000).contains(&pieces));
    let pieces = pieces
        .ok_or_else(|| Failure::Usage("--pieces: expected a number from 1 to 100000".to_owned()))?;
    let folder = PathBuf::from(question.take("--out")?.ok_or_else(|| needed("--out DIR"))?);
    question.take_flag("--json");
    question.check()?;
    let earlier = question.take("--checkpoint")?;
    let timeout = question.take("--timeout")?;
    let threads = question.take("--threads")?;
    let is_quiet = question.take_flag("--quiet");
    let is_new = !folder.exists();
    fs::create_dir_all(&folder).map_err(|error| Failure::io(&folder, &error))?;
    if fs::read_dir(&folder).map_err(|error| Failure::io(&folder, &error))?.next().is_some() {
        return Err(input(format!("{}: expected a new or an empty folder", folder.display())));
    }
    let begin = || {
        if let Some(earlier) = earlier {
            copy_checkpoint(Path::new(&earlier), &folder, &question)?;
        }
        let bundle = bundles::whole(&folder);
        let run = question.beside(&bundle)?.with("--checkpoint", bundle.display());
        let run = run.with("--beginning", pieces * PARTS).with_any("--timeout", timeout);
        let report = run.with_any("--threads", threads).with_flag("--quiet", is_quiet).run()?;
        cut(&folder, pieces, &question, report, start)
    };
    let report = begin();
    if !matches!(report, Ok(Report { exit: Exit::Yes, .. })) {
        bundled::remove(&folder);
        if !is_new {
            let _ = fs::create_dir(&folder);
        }
    }
    report
}

/// What an earlier run left, with the records of its certificate, in the folder.
fn copy_checkpoint(earlier: &Path, folder: &Path, question: &Question) -> Result<(), Failure> {
    let mut content = bundles::read(earlier).map_err(input)?;
    let bundle = bundles::whole(folder);
    if let Some(target) = question.certificate()? {
        content.statement.insert("certificate".to_owned(), true.into());
        bundles::copy_certificate(&content, Path::new(&target), &bundle).map_err(input)?;
    }
    content.write(&bundle).map_err(input)
}

/// Deals out what the search left open.
fn cut(
    folder: &Path,
    pieces: usize,
    question: &Question,
    report: Report,
    start: Instant,
) -> Result<Report, Failure> {
    if report.exit == Exit::Interrupted {
        return Ok(report);
    }
    let answer = report.to_json();
    let bundle = bundles::whole(folder);
    if let Some(finished) = report.finished {
        finished.settle(answer).map_err(input)?;
    } else if Content::read(&bundle).map_err(input)?.is_none() {
        let mut report = Report::new("split", "undecided", Exit::Undecided, start, json!({}));
        report.set("limit", "time");
        report.text = "UNDECIDED: the time limit came before there was a search to cut.\n".into();
        return Ok(report);
    }
    let target = question.certificate()?.map(PathBuf::from);
    let paths = bundles::cut(folder, pieces, &question.0, target.as_deref()).map_err(input)?;
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let mut report = Report::new("split", "split", Exit::Yes, start, json!({}));
    report.set("pieces", names.len());
    report.set("bundles", names.clone());
    report.text = match (names.first(), names.last()) {
        (Some(first), Some(last)) => format!(
            "SPLIT into {}: {first} to {last}.\nNow `foldline work BUNDLE --seconds S` for each \
             of them, then `foldline merge {}`.\n",
            crate::describe::plural(names.len() as u64, "piece"),
            folder.display()
        ),
        _ => format!(
            "The question was answered before there was anything to split: `foldline merge {}` \
             says how.\n",
            folder.display()
        ),
    };
    Ok(report)
}
