//! `foldline zonotope to-network PLUS MINUS`: the network that is the difference of support functions.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::network::network_to_json;
use foldline::formats::zonotope::read_zonotope;
use foldline::reductions::zonotopes_to_network;
use serde_json::json;

use crate::describe::plural;
use crate::load::at_most_one_stdin;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_into;

/// Turn two zonotopes into the network h_PLUS(x) - h_MINUS(x), with one hidden layer and no biases
///
/// It is positive somewhere exactly when PLUS is not contained in MINUS. Writes network.json.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope whose support function is added: .json, .npy, .npz or .mat
    #[arg(value_name = "PLUS")]
    plus: PathBuf,
    /// The zonotope whose support function is subtracted
    #[arg(value_name = "MINUS")]
    minus: PathBuf,
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline zonotope to-network inner.json outer.json --out pair

Exit codes:
  0 converted    2 wrong usage    4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    at_most_one_stdin(&[&arguments.plus, &arguments.minus])?;
    let (plus, minus) = (read_zonotope(&arguments.plus)?, read_zonotope(&arguments.minus)?);
    let network = zonotopes_to_network(&plus, &minus)
        .map_err(|error| Failure::Input(format!("{}: {error}", arguments.minus.display())))?;
    let text = format!("{}\n", network_to_json(&network));
    let read = [arguments.plus.as_path(), &arguments.minus];
    let path = &write_into(&arguments.out, &read, &[("network.json", text.as_bytes())])?[0];
    let statistics = json!({"neurons": network.neurons()});
    let mut report = Report::new("zonotope to-network", "converted", Exit::Yes, start, statistics);
    let path = path.display().to_string();
    report.text =
        format!("network  {path} ({})\n", plural(network.neurons() as u64, "ReLU neuron"));
    report.set("files", json!({"network": path}));
    Ok(report)
}
