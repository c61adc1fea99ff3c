//! `foldline zonotope sum A B …` and `map Z --matrix M`: Minkowski sums and affine images.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::formats::matrix::read_matrix;
use foldline::formats::zonotope::{read_zonotope, write_zonotope, zonotope_to_json};
use foldline::{Rational, Zonotope};
use serde_json::json;

use super::describe;
use crate::describe::plural;
use crate::load::at_most_one_stdin;
use crate::options::{OutputOptions, parse_numbers};
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_whole_bytes;

/// The Minkowski sum of zonotopes
///
/// Centers are added, generators put together; nothing is merged or dropped.
#[derive(Debug, Args)]
#[command(after_help = SUM_EXAMPLES)]
pub struct SumArguments {
    /// The zonotopes: .json, .npy, .npz or .mat
    #[arg(value_name = "Z", required = true, num_args = 2..)]
    zonotopes: Vec<PathBuf>,
    /// Write the result to this file: .json, .mat, .npz or .npy; without it, it is printed as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputOptions,
}

const SUM_EXAMPLES: &str = "\
Examples:
  foldline zonotope sum a.json b.mat --out sum.json
  foldline zonotope sum a.json b.json | foldline zonotope volume -

Exit codes:
  0 computed    2 wrong usage    4 bad input";

/// The image {M z + t} of a zonotope under an affine map
#[derive(Debug, Args)]
#[command(after_help = MAP_EXAMPLES)]
pub struct MapArguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    /// The matrix M: .json (a list of rows), .npy, .npz or .mat
    #[arg(long, value_name = "FILE")]
    matrix: PathBuf,
    /// The offset t: one number a row of M, separated by commas [default: 0]
    #[arg(long, value_name = "T1,T2,…", allow_hyphen_values = true)]
    offset: Option<String>,
    /// Write the result to this file: .json, .mat, .npz or .npy; without it, it is printed as JSON
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputOptions,
}

const MAP_EXAMPLES: &str = "\
Examples:
  foldline zonotope map z.json --matrix rotation.npy --out turned.json
  foldline zonotope map z.mat --matrix m.json --offset 1,-1/2

Exit codes:
  0 computed    2 wrong usage    4 bad input";

/// Runs `sum`.
pub fn run_sum(arguments: &SumArguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let paths: Vec<_> = arguments.zonotopes.iter().map(PathBuf::as_path).collect();
    at_most_one_stdin(&paths)?;
    let (first, others) = paths.split_first().expect("at least two");
    let mut sum = read_zonotope(first)?;
    for path in others {
        let other = read_zonotope(path)?;
        if other.dimension() != sum.dimension() {
            return Err(Failure::Input(format!(
                "{} has {}, but {} has {}",
                display_name(path),
                plural(other.dimension() as u64, "dimension"),
                display_name(first),
                plural(sum.dimension() as u64, "dimension")
            )));
        }
        sum = sum.sum(&other);
    }
    report("zonotope sum", "sum", &sum, arguments.out.as_ref(), start)
}

/// Runs `map`.
pub fn run_map(arguments: &MapArguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let offset = arguments.offset.as_deref().map(|text| parse_numbers("--offset", text));
    let offset = offset.transpose()?;
    at_most_one_stdin(&[&arguments.zonotope, &arguments.matrix])?;
    let zonotope = read_zonotope(&arguments.zonotope)?;
    let matrix = read_matrix(&arguments.matrix)?;
    let name = display_name(&arguments.matrix);
    if matrix.columns != zonotope.dimension() || matrix.rows == 0 {
        return Err(Failure::Input(format!(
            "{name} is {} x {}, but {} has {}: expected as many columns, and a row at least",
            matrix.rows,
            matrix.columns,
            display_name(&arguments.zonotope),
            plural(zonotope.dimension() as u64, "dimension")
        )));
    }
    let offset = offset.unwrap_or_else(|| vec![Rational::ZERO; matrix.rows]);
    if offset.len() != matrix.rows {
        return Err(Failure::Usage(format!(
            "--offset has {}, but {name} has {}",
            plural(offset.len() as u64, "number"),
            plural(matrix.rows as u64, "row")
        )));
    }
    let rows: Vec<Vec<Rational>> = (0..matrix.rows).map(|row| matrix.row(row).to_vec()).collect();
    let image = zonotope.image(&rows, &offset);
    report("zonotope map", "mapped", &image, arguments.out.as_ref(), start)
}

/// Writes the result or prints it.
fn report(
    command: &'static str,
    answer: &'static str,
    zonotope: &Zonotope,
    out: Option<&PathBuf>,
    start: Instant,
) -> Result<Report, Failure> {
    let statistics = json!({"generators": zonotope.generators.len()});
    let mut report = Report::new(command, answer, Exit::Yes, start, statistics);
    let json = zonotope_to_json(zonotope);
    match out {
        Some(path) => {
            let content = write_zonotope(&path.display().to_string(), zonotope)?;
            write_whole_bytes(path, &content)?;
            report.text = format!("{}  ({})\n", path.display(), describe(zonotope));
            report.set("files", json!({"zonotope": path.display().to_string()}));
        }
        None => report.text = format!("{json}\n"),
    }
    report.set("zonotope", json);
    Ok(report)
}
