//! `foldline zonotope from-network NET`: the zonotopes whose support functions differ by the network.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::FormatError;
use foldline::formats::input::display_name;
use foldline::formats::zonotope::write_zonotope;
use foldline::reductions::network_to_zonotopes;
use serde_json::json;

use super::describe;
use crate::load::load_network;
use crate::options::{OutputOptions, ReadOptions};
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_into;

/// Turn a network with one hidden layer and no biases into a pair of zonotopes
///
/// f(x) = h_PLUS(x) - h_MINUS(x) with support functions h. So f > 0 somewhere exactly when PLUS is
/// not contained in MINUS. Writes plus.json and minus.json.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json, one hidden ReLU layer, a linear output, no biases
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The output, from 0; needed where there are several
    #[arg(long, value_name = "I")]
    output_index: Option<usize>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline zonotope from-network net.onnx --out pair
  foldline zonotope contains pair/minus.json pair/plus.json

Exit codes:
  0 converted    2 wrong usage    4 bad input (also biases or more layers)";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let network = load_network(&arguments.network, &arguments.read.for_network())?.network;
    let name = display_name(&arguments.network);
    let (plus, minus) = network_to_zonotopes(&network, arguments.output_index)
        .map_err(|error| Failure::Input(format!("{name}: {error}")))?;
    let files = [("plus.json", &plus), ("minus.json", &minus)]
        .map(|(file, zonotope)| Ok((file, write_zonotope(file, zonotope)?)));
    let files = files.into_iter().collect::<Result<Vec<(&str, Vec<u8>)>, FormatError>>()?;
    let files: Vec<(&str, &[u8])> = files.iter().map(|(file, text)| (*file, &text[..])).collect();
    let paths = write_into(&arguments.out, &[&arguments.network], &files)?;
    let statistics = json!({
        "plus_generators": plus.generators.len(),
        "minus_generators": minus.generators.len(),
    });
    let mut report =
        Report::new("zonotope from-network", "converted", Exit::Yes, start, statistics);
    let [plus_path, minus_path] = [0, 1].map(|index| paths[index].display().to_string());
    report.text = format!(
        "network  {name}\nplus     {plus_path} ({})\nminus    {minus_path} ({})\n",
        describe(&plus),
        describe(&minus)
    );
    report.set("files", json!({"plus": plus_path, "minus": minus_path}));
    Ok(report)
}
