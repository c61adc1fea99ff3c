//! `foldline reduce separability POINTS --to training`: a training set that two hidden nodes fit
//! exactly when two hyperplanes separate the points.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use foldline::formats::input::display_name;
use foldline::reduction_map::ReductionMap;
use foldline::reductions::separability::TrainingReduction;
use serde_json::json;

use crate::describe::plural;
use crate::load::Inputs;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_into;

/// Turn labelled points into a training set for two hidden ReLU nodes
///
/// POINTS is CSV with a header; the last column is the label, 0 or 1. Two hyperplanes separate the
/// points (label 1 above both, label 0 not) if and only if a network with two hidden ReLU nodes and a
/// ReLU output has loss zero on the written data, which have two more coordinates and 18 more points.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The points: CSV with a header, the last column being the label 0 or 1
    #[arg(value_name = "POINTS")]
    points: PathBuf,
    /// What to reduce to
    #[arg(long, value_name = "TARGET")]
    to: Word,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Outputs of the network: the others are 0 at every point, and are the data's last columns
    #[arg(long, value_name = "J", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    outputs: u16,
    #[command(flatten)]
    pub output: OutputOptions,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    Training,
}

const EXAMPLES: &str = "\
Examples:
  foldline reduce separability points.csv --to training --out hard
  foldline train hard/data.csv --hidden 2 --zero-loss --json > answer.json
  foldline recover hard/map.json answer.json

Exit codes:
  0 reduced    2 wrong usage    4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Word::Training = arguments.to;
    let name = display_name(&arguments.points);
    let sample = Inputs::new(false).sample("points", &arguments.points, None)?.sample;
    let reduction = TrainingReduction::new(&sample, usize::from(arguments.outputs))
        .map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    let rows = reduction.sample().len();
    let map = ReductionMap::Separability(reduction.clone());
    let (data, map) = (csv(&reduction), format!("{}\n", map.to_json()));
    let files = [("data.csv", data.as_bytes()), ("map.json", map.as_bytes())];
    let paths = write_into(&arguments.out, &[&arguments.points], &files)?;
    let statistics = json!({
        "points": sample.len(),
        "dimension": sample.dimension,
        "rows": rows,
        "columns": sample.dimension + 2 + usize::from(arguments.outputs),
    });
    let mut report = Report::new("reduce separability", "reduced", Exit::Yes, start, statistics);
    let [data, map] = [0, 1].map(|index| paths[index].display().to_string());
    report.text = format!(
        "points    {name} ({}, {})\ntarget    training: two hidden nodes with loss zero exactly when \
         two hyperplanes separate\ndata      {data} ({})\nmap       {map}\n",
        plural(sample.len() as u64, "point"),
        plural(sample.dimension as u64, "coordinate"),
        plural(rows as u64, "row"),
    );
    report.set("files", json!({"data": data, "map": map}));
    Ok(report)
}

/// The training set with a header; the labels come last, one column an output.
fn csv(reduction: &TrainingReduction) -> String {
    let sample = reduction.sample();
    let coordinates = (1..=sample.dimension).map(|index| format!("x{index}"));
    let labels = (1..=reduction.outputs()).map(|index| match reduction.outputs() {
        1 => "y".to_owned(),
        _ => format!("y{index}"),
    });
    let mut text = coordinates.chain(labels).collect::<Vec<_>>().join(",") + "\n";
    for (point, label) in sample.points.iter().zip(&sample.labels) {
        let mut row: Vec<String> = point.iter().map(ToString::to_string).collect();
        row.push(label.to_string());
        row.resize(sample.dimension + reduction.outputs(), "0".to_owned());
        let _ = writeln!(text, "{}", row.join(","));
    }
    text
}
