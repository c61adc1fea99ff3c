//! `foldline eval NET --input x1,x2,…`: output, activation pattern and gradient at a point, exactly.

use std::fmt::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::derivative::{Derivative, derivative};
use foldline::formats::input::display_name;
use foldline::text::{decimal, exact_for_people};
use foldline::{Network, Rational};
use serde_json::{Value, json};

use crate::describe::{self, plural, point_table};
use crate::load::load_network;
use crate::options::{OutputOptions, ReadOptions, parse_numbers};
use crate::report::{Exit, Failure, Report};

/// Entries of a gradient, and neurons of a layer, that are printed for people at most.
const MOST_ENTRIES: usize = 64;

/// Evaluate a network at a point, exactly: output, activation pattern, gradient
///
/// Numbers are decimals or fractions and are taken exactly: 0.1 is 1/10.
/// The gradient is that of the affine map of the point's activation pattern; a neuron whose
/// pre-activation is exactly 0 counts as off (the network may have no gradient there, and
/// the answer says so).
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The point: one number an input, separated by commas
    #[arg(long, value_name = "X1,X2,…", allow_hyphen_values = true)]
    input: String,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline eval net.onnx --input 0.1,-2/3
  foldline eval net.json --input=1e-3 --json

Exit codes:
  0 computed    2 wrong usage (also a wrong number of coordinates)    4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let point = parse_numbers("--input", &arguments.input)?;
    let network = load_network(&arguments.network, &arguments.read.for_network())?.network;
    if point.len() != network.inputs() {
        return Err(Failure::Usage(format!(
            "--input has {}, but {} expects {}",
            plural(point.len() as u64, "number"),
            display_name(&arguments.network),
            network.inputs()
        )));
    }
    let evaluation = network.evaluate(&point);
    let derivative = derivative(&network, &point);
    let active: usize = evaluation.pattern.iter().flatten().filter(|&&active| active).count();
    let statistics = json!({"neurons": network.neurons(), "active_neurons": active});
    let mut report = Report::new("eval", "value", Exit::Yes, start, statistics);
    report.set_point("input", &point);
    report.set_point("output", &evaluation.output);
    let bits = |layer: &Vec<bool>| layer.iter().map(|&active| u8::from(active)).collect::<Vec<_>>();
    report.set("pattern", evaluation.pattern.iter().map(bits).collect::<Vec<_>>());
    add_gradient(&mut report, &derivative);
    report.text = text(arguments, &network, &evaluation.output, &evaluation.pattern, &derivative);
    Ok(report)
}

fn add_gradient(report: &mut Report, derivative: &Derivative) {
    let exact = |row: &Vec<Rational>| row.iter().map(Rational::to_string).collect::<Vec<_>>();
    let floats = |row: &Vec<Rational>| {
        row.iter().map(|value| Value::from(foldline::text::approximate(value))).collect::<Vec<_>>()
    };
    let rows = &derivative.jacobian;
    report.set("gradient", rows.iter().map(exact).collect::<Vec<_>>());
    report.set("gradient_approx", rows.iter().map(floats).collect::<Vec<_>>());
    let at_zero: Vec<Value> = derivative
        .at_zero
        .iter()
        .map(|(layer, neuron)| json!({"layer": layer, "neuron": neuron}))
        .collect();
    report.set("at_zero", at_zero);
}

fn text(
    arguments: &Arguments,
    network: &Network,
    output: &[Rational],
    pattern: &[Vec<bool>],
    derivative: &Derivative,
) -> String {
    let mut text = format!(
        "network   {} ({})\n\n{}",
        display_name(&arguments.network),
        describe::network(network),
        point_table(&[('Y', output)])
    );
    text.push_str("\ngradient of the cell, one row an output\n");
    let rows = &derivative.jacobian;
    if rows.len() * network.inputs() > MOST_ENTRIES {
        let _ = writeln!(text, "  {} × {} (--json has it)", rows.len(), network.inputs());
    } else {
        for (index, row) in rows.iter().enumerate() {
            let entries: Vec<String> =
                row.iter().map(|value| format!("{:<16}", brief(value))).collect();
            let _ = writeln!(text, "  Y_{index}  {}", entries.join(" ").trim_end());
        }
    }
    if !derivative.at_zero.is_empty() {
        let neurons = plural(derivative.at_zero.len() as u64, "neuron");
        let _ = writeln!(
            text,
            "  {neurons} with pre-activation exactly 0 counted as off: \
             the network may have no gradient here"
        );
    }
    text.push_str(&pattern_text(pattern));
    text
}

/// The number itself where it is short, else six digits of it.
fn brief(value: &Rational) -> String {
    let exact = exact_for_people(value);
    if exact.len() <= 12 { exact } else { format!("≈ {}", decimal(value, 6)) }
}

/// One line a ReLU layer: how many neurons are on, and which.
fn pattern_text(pattern: &[Vec<bool>]) -> String {
    if pattern.is_empty() {
        return "\nno ReLU layers: the network is affine\n".to_owned();
    }
    let mut text =
        "\nactivation pattern, 1 where a neuron's pre-activation is positive\n".to_owned();
    for (index, layer) in pattern.iter().enumerate() {
        let bit = |&active: &bool| if active { '1' } else { '0' };
        let mut bits: String = layer.iter().take(MOST_ENTRIES).map(bit).collect();
        if layer.len() > MOST_ENTRIES {
            bits.push_str("… (--json has all)");
        }
        let on = layer.iter().filter(|&&active| active).count();
        let _ = writeln!(text, "  ReLU layer {index}: {on:>3} of {} on  {bits}", layer.len());
    }
    text
}
