//! `foldline zonotope volume Z`: the d-dimensional volume.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::formats::zonotope::read_zonotope;
use foldline::geometry::zonotopes::volume;
use serde_json::json;

use super::{describe, exact_and_decimal};
use crate::describe::duration;
use crate::limits::{LimitOptions, Limits};
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};

/// The volume of a zonotope, exactly; 0 if it is flat
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline zonotope volume z.json

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let zonotope = read_zonotope(&arguments.zonotope)?;
    let limits = Limits::new(start, &arguments.limits);
    let Some(value) = volume(&zonotope, &|| limits.reached()) else {
        return Ok(limits.undecided("zonotope volume"));
    };
    let statistics = json!({"generators": zonotope.generators.len()});
    let mut report = Report::new("zonotope volume", "volume", Exit::Yes, start, statistics);
    report.set_exact("volume", &value);
    report.text = format!(
        "zonotope  {} ({})\n\nvolume    {}\n\n{}\n",
        display_name(&arguments.zonotope),
        describe(&zonotope),
        exact_and_decimal(&value),
        duration(start.elapsed().as_secs_f64())
    );
    Ok(report)
}
