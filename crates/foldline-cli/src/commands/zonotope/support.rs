//! `foldline zonotope support Z --direction u1,u2,…`: how far the zonotope reaches in a direction.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::formats::zonotope::read_zonotope;
use foldline::text::exact_for_people;
use serde_json::json;

use super::{describe, exact_and_decimal};
use crate::describe::plural;
use crate::options::{OutputOptions, parse_numbers};
use crate::report::{Exit, Failure, Report};

/// The support function h(u) = max {u·z : z in Z}, and a vertex where it is attained
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    /// The direction u: one number a dimension, separated by commas
    #[arg(long, value_name = "U1,U2,…", allow_hyphen_values = true)]
    direction: String,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline zonotope support z.json --direction 1,-2,1/3

Exit codes:
  0 computed    2 wrong usage (also a wrong number of coordinates)    4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let direction = parse_numbers("--direction", &arguments.direction)?;
    let zonotope = read_zonotope(&arguments.zonotope)?;
    if direction.len() != zonotope.dimension() {
        return Err(Failure::Usage(format!(
            "--direction has {}, but {} has {}",
            plural(direction.len() as u64, "number"),
            display_name(&arguments.zonotope),
            plural(zonotope.dimension() as u64, "dimension")
        )));
    }
    let value = zonotope.support(&direction);
    let point = zonotope.support_point(&direction);
    let statistics = json!({"generators": zonotope.generators.len()});
    let mut report = Report::new("zonotope support", "support", Exit::Yes, start, statistics);
    report.set_exact("value", &value);
    report.set_point("point", &point);
    report.text = format!(
        "zonotope  {} ({})\n\nsupport   {}\nat        ({})\n",
        display_name(&arguments.zonotope),
        describe(&zonotope),
        exact_and_decimal(&value),
        point.iter().map(exact_for_people).collect::<Vec<_>>().join(", ")
    );
    Ok(report)
}
