//! `foldline interpolate DATA`: a network with at most N hidden nodes through N points.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::questions::interpolation::interpolate;
use foldline::training_certificates::interpolate_certified;
use serde_json::json;

use super::train::OutputNode;
use crate::certifying::{CertificateOption, Limits};
use crate::checkpoint::not_written;
use crate::describe::plural;
use crate::load::Inputs;
use crate::network_json::network_json;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};

/// Make a network that has every label of the data at its point, exactly
///
/// With N points it has at most N hidden nodes. The answer is `no` where no function can do it:
/// equal points with different labels, or, with `--output relu`, a negative label.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The data: CSV with a header, the last column being the label
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// What the output node is
    #[arg(long, value_enum, default_value_t = OutputNode::Relu)]
    output: OutputNode,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    pub form: OutputOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline interpolate data.csv --output linear --json
  foldline interpolate data.csv --certificate proof.gz

Exit codes:
  0 interpolated    1 no    2 wrong usage    4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { data, certificate, .. } = arguments;
    let mut inputs = Inputs::new(certificate.path().is_some());
    let sample = inputs.sample("data", data, None)?.sample;
    let name = display_name(data);
    let limits = Limits { start, timeout: None, stop: None };
    let certifying = certificate.prepare(&inputs, limits, false)?;
    let statistics = json!({"points": sample.len()});
    let relu = arguments.output == OutputNode::Relu;
    let found = match &certifying {
        Some(certifying) => interpolate_certified(&sample, relu, data, certifying.destination())
            .map_err(|error| not_written(None, error))?,
        None => interpolate(&sample, relu),
    };
    let mut report = match found {
        Ok(model) => {
            let statistics = json!({"points": sample.len(), "hidden_nodes": model.nodes.len()});
            let mut report =
                Report::new("interpolate", "interpolated", Exit::Yes, start, statistics);
            report.set("network", network_json(&model.network(sample.dimension)));
            report.text = format!(
                "data      {name} ({})\n\nINTERPOLATED by a network with {}; --json prints it.\n",
                plural(sample.len() as u64, "point"),
                plural(model.nodes.len() as u64, "hidden ReLU node")
            );
            report
        }
        Err(conflict) => {
            let mut report = Report::new("interpolate", "no", Exit::No, start, statistics);
            report.set("reason", conflict.to_string());
            report.text =
                format!("data      {name}\n\nNO: {conflict} (points are counted from 0).\n");
            report
        }
    };
    report.certify(certifying);
    Ok(report)
}
