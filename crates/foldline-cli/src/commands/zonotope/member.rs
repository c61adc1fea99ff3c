//! `foldline zonotope member Z --point x1,x2,…`: is a point in the zonotope?

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::Zonotope;
use foldline::formats::input::display_name;
use foldline::formats::zonotope::read_zonotope;
use foldline::geometry::zonotopes::{Membership, membership};
use foldline::text::exact_for_people;
use serde_json::{Value, json};

use super::{describe, exact_and_decimal};
use crate::describe::{plural, point_table, shorten};
use crate::options::{OutputOptions, parse_numbers};
use crate::report::{Exit, Failure, Report};

/// Is a point in the zonotope? With coefficients or a separating normal, exactly
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    /// The point: one number a dimension, separated by commas
    #[arg(long, value_name = "X1,X2,…", allow_hyphen_values = true)]
    point: String,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline zonotope member z.json --point 1,-2,1/3

Exit codes:
  0 yes    1 no    2 wrong usage (also a wrong number of coordinates)    4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let point = parse_numbers("--point", &arguments.point)?;
    let zonotope = read_zonotope(&arguments.zonotope)?;
    if point.len() != zonotope.dimension() {
        return Err(Failure::Usage(format!(
            "--point has {}, but {} has {}",
            plural(point.len() as u64, "number"),
            display_name(&arguments.zonotope),
            plural(zonotope.dimension() as u64, "dimension")
        )));
    }
    let found = membership(&zonotope, &point);
    let (answer, exit) = if found.is_member() { ("yes", Exit::Yes) } else { ("no", Exit::No) };
    let statistics = json!({"generators": zonotope.generators.len()});
    let mut report = Report::new("zonotope member", answer, exit, start, statistics);
    report.text = format!(
        "zonotope  {} ({})\n\n{}",
        display_name(&arguments.zonotope),
        describe(&zonotope),
        add_evidence(&mut report, &zonotope, &found)
    );
    Ok(report)
}

/// The keys of the answer; returns it for people.
fn add_evidence(report: &mut Report, zonotope: &Zonotope, found: &Membership) -> String {
    let scale = match &found.scale {
        Some(scale) => {
            report.set_exact("scale", scale);
            format!("least scale of the zonotope: {}\n", exact_and_decimal(scale))
        }
        None => {
            report.set("scale", Value::Null);
            "No scale is enough: the point is outside of the affine hull.\n".to_owned()
        }
    };
    if found.is_member() {
        report.set_point("coefficients", &found.coefficients);
        return format!("YES: the point is in the zonotope.\n{scale}");
    }
    let offset = zonotope.support(&found.normal);
    report.set_point("normal", &found.normal);
    report.set_exact("offset", &offset);
    let table = point_table(&[('u', &found.normal)]);
    format!(
        "NO: u·x <= {} on the zonotope, and more at the point.\n\n{table}\n{scale}",
        shorten(&exact_for_people(&offset))
    )
}
