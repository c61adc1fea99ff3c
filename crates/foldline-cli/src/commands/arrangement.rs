//! `foldline arrangement cells FILE`: into how many cells do hyperplanes cut the space?

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Subcommand, ValueEnum};
use foldline::formats::arrangement::parse_arrangement;
use foldline::formats::input::display_name;
use foldline::kernel::Arrangement;
use foldline::kernel::network::over_common_denominator;
use foldline::questions::regions::{Outcome, count_arrangement, enumerate_arrangement};
use foldline::{Integer, Rational};

use crate::checkpoint::{Certificate, CheckpointOption};
use crate::counting::{Counting, CountingOptions, not_begun};
use crate::describe::plural;
use crate::load::Inputs;
use crate::report::{Exit, Failure, Report};

/// Arrangements of hyperplanes: the number of cells, exactly
///
/// A file is {"normals": [[…], …], "offsets": […]}: the hyperplanes a·x = b. Equal hyperplanes
/// count once; a normal that is zero is bad input.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  foldline arrangement cells planes.json
  foldline arrangement cells planes.json --method enumerate --json

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

#[derive(Debug, Subcommand)]
enum Command {
    Cells(Cells),
}

/// Count the cells of an arrangement: the connected components of the space without the planes
///
/// By deletion and restriction, which visits no cell; or by enumeration, which visits each.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
struct Cells {
    /// The arrangement: a .json file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How to count
    #[arg(long, value_enum, default_value_t = Method::Deletion)]
    method: Method,
    #[command(flatten)]
    counting: CountingOptions,
    #[command(flatten)]
    checkpoint: CheckpointOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Deletion and restriction, on one thread
    Deletion,
    /// A walk over all cells
    Enumerate,
}

impl Arguments {
    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        let Command::Cells(cells) = &self.command;
        cells.counting.output.json
    }
}

/// The command's name in answers and checkpoints.
const NAME: &str = "arrangement cells";

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let Command::Cells(arguments) = &arguments.command;
    let start = Instant::now();
    let mut inputs = Inputs::new(arguments.checkpoint.checkpoint.is_some());
    let file = inputs.read("arrangement", &arguments.file)?;
    let arrangement = parse_arrangement(&file.name(), file.text()?)?;
    let rows = integer_rows(&arrangement);
    if arguments.method == Method::Deletion && arguments.checkpoint.checkpoint.is_some() {
        let message = "--checkpoint is for --method enumerate";
        return Err(Failure::Usage(message.to_owned()));
    }
    let after = Certificate::AfterSearch;
    let checkpoint = arguments.checkpoint.open(NAME, &inputs, after, |statement| statement)?;
    let counting = Counting::new(start, &arguments.counting);
    let outcome = match arguments.method {
        Method::Deletion => count_arrangement(&rows, &counting.options),
        Method::Enumerate => {
            let keeper = checkpoint.as_ref().map(|file| file as _);
            enumerate_arrangement(&rows, &counting.options, keeper).map_err(not_begun)?
        }
    };
    let heading = format!(
        "arrangement  {} ({}, {})\n\n",
        display_name(&arguments.file),
        plural(arrangement.dimension as u64, "dimension"),
        plural(arrangement.hyperplanes.len() as u64, "hyperplane"),
    );
    let mut report = match outcome {
        Outcome::Counted(cells) => {
            let text = heading + &plural(cells, "cell");
            let mut report = counting.report(NAME, "cells", cells, &text);
            report.set("cells", cells);
            report
        }
        Outcome::Undecided { limit, cells } => counting.undecided(NAME, limit, cells, &heading),
    };
    let finished = report.exit == Exit::Yes;
    report.keep_checkpoint(checkpoint, finished);
    Ok(report)
}

/// Each hyperplane a·x = b as integers −b, a.
fn integer_rows(arrangement: &Arrangement) -> Vec<Vec<Integer>> {
    let row = |plane: &foldline::kernel::Hyperplane| {
        let constant = [-plane.offset.clone()];
        let row: Vec<Rational> = constant.into_iter().chain(plane.normal.iter().cloned()).collect();
        over_common_denominator(&row).0
    };
    arrangement.hyperplanes.iter().map(row).collect()
}
