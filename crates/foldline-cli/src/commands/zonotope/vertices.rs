//! `foldline zonotope vertices Z`: the vertices, one a cell of the generators' arrangement.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::Rational;
use foldline::formats::input::display_name;
use foldline::formats::zonotope::read_zonotope;
use foldline::geometry::zonotopes::{count_vertices, vertices};
use foldline::text::{approximate, exact_for_people};
use serde_json::json;

use super::describe;
use crate::describe::{duration, plural, shorten};
use crate::limits::{LimitOptions, Limits};
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};

/// Rows that are printed for people at most.
const MOST_ROWS: usize = 24;

/// The vertices of a zonotope, exactly
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    /// Count only
    #[arg(long)]
    count: bool,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline zonotope vertices z.json --json
  foldline zonotope vertices z.npy --count

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let zonotope = read_zonotope(&arguments.zonotope)?;
    let limits = Limits::new(start, &arguments.limits);
    let stop = || limits.reached();
    let (count, list) = if arguments.count {
        (count_vertices(&zonotope, &stop), None)
    } else {
        let found = vertices(&zonotope, &stop);
        (found.as_ref().map(|found| found.len() as u64), found)
    };
    let Some(count) = count else {
        return Ok(limits.undecided("zonotope vertices"));
    };
    let statistics = json!({"generators": zonotope.generators.len()});
    let mut report = Report::new("zonotope vertices", "vertices", Exit::Yes, start, statistics);
    report.set("count", count);
    let noun = if count == 1 { "1 vertex".to_owned() } else { plural(count, "vertice") };
    let mut text = format!(
        "zonotope  {} ({})\n\n{noun}",
        display_name(&arguments.zonotope),
        describe(&zonotope)
    );
    if let Some(list) = &list {
        if arguments.output.json {
            let exact = |point: &Vec<Rational>| -> Vec<String> {
                point.iter().map(Rational::to_string).collect()
            };
            let floats = |point: &Vec<Rational>| -> Vec<Option<f64>> {
                point.iter().map(approximate).collect()
            };
            report.set("vertices", list.iter().map(exact).collect::<Vec<_>>());
            report.set("vertices_approx", list.iter().map(floats).collect::<Vec<_>>());
        }
        for point in list.iter().take(MOST_ROWS) {
            let point: Vec<String> =
                point.iter().map(|value| shorten(&exact_for_people(value))).collect();
            text += &format!("\n  ({})", point.join(", "));
        }
        if list.len() > MOST_ROWS {
            text += &format!("\n  {} more (--json has all)", list.len() - MOST_ROWS);
        }
    }
    report.text = format!("{text}\n\n{}\n", duration(start.elapsed().as_secs_f64()));
    Ok(report)
}
