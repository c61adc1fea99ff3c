//! `foldline zonotope facets Z`: the zonotope as inequalities and equations.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::Rational;
use foldline::formats::input::display_name;
use foldline::formats::zonotope::read_zonotope;
use foldline::geometry::zonotopes::{Facet, Facets, count_facets, facets};
use foldline::text::exact_for_people;
use serde_json::{Map, Value, json};

use super::describe;
use crate::describe::{duration, plural, shorten};
use crate::limits::{LimitOptions, Limits};
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report, set_exact, set_point};

/// Rows that are printed for people at most.
const MOST_ROWS: usize = 24;

/// The facets of a zonotope as inequalities, exactly
///
/// Normals are integers without a common divisor. Of a flat zonotope the facets are those
/// relative to its affine hull, which the equations describe.
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
  foldline zonotope facets z.json --json
  foldline zonotope facets z.npy --count

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
        (count_facets(&zonotope, &stop), None)
    } else {
        let found = facets(&zonotope, &stop);
        (found.as_ref().map(|found| found.facets.len() as u64), found)
    };
    let Some(count) = count else {
        return Ok(limits.undecided("zonotope facets"));
    };
    let statistics = json!({"generators": zonotope.generators.len()});
    let mut report = Report::new("zonotope facets", "facets", Exit::Yes, start, statistics);
    report.set("count", count);
    let mut text = format!(
        "zonotope  {} ({})\n\n{}",
        display_name(&arguments.zonotope),
        describe(&zonotope),
        plural(count, "facet")
    );
    if let Some(Facets { equations, facets }) = &list {
        if arguments.output.json {
            report.set("facets", facets.iter().map(to_json).collect::<Vec<_>>());
            report.set("equations", equations.iter().map(to_json).collect::<Vec<_>>());
        }
        text += &table(equations, "=");
        text += &table(facets, "<=");
    }
    report.text = format!("{text}\n\n{}\n", duration(start.elapsed().as_secs_f64()));
    Ok(report)
}

fn to_json(facet: &Facet) -> Value {
    let mut object = Map::new();
    let normal: Vec<Rational> = facet.normal.iter().cloned().map(Rational::from).collect();
    set_point(&mut object, "normal", &normal);
    set_exact(&mut object, "offset", &facet.offset);
    Value::Object(object)
}

/// The first rows as `(normal)·x <= offset`.
fn table(faces: &[Facet], comparison: &str) -> String {
    let row = |face: &Facet| {
        let normal: Vec<String> =
            face.normal.iter().map(|entry| shorten(&entry.to_string())).collect();
        let offset = shorten(&exact_for_people(&face.offset));
        format!("\n  ({})·x {comparison} {offset}", normal.join(", "))
    };
    let mut text: String = faces.iter().take(MOST_ROWS).map(row).collect();
    if faces.len() > MOST_ROWS {
        text += &format!("\n  {} more (--json has all)", faces.len() - MOST_ROWS);
    }
    text
}
