//! `foldline replay NET SPEC RESULT_FILE`: is another tool's counterexample one, exactly?

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use foldline::audit::{Failure as Miss, failures};
use foldline::formats::input::display_name;
use foldline::formats::vnncomp_result::{ClaimedWitness, WitnessNames, read_result};
use foldline::formats::vnnlib::{declared_tensors, parse_noted_property};
use foldline::kernel::number::Abs;
use foldline::text::{approximate, decimal, describe_atom, exact_for_people};
use foldline::{Network, Property, Rational};
use serde_json::{Map, Value, json};

use crate::describe::{self, plural, point_table, shorten};
use crate::load::{Inputs, at_most_one_stdin, told};
use crate::options::{OutputOptions, ReadOptions};
use crate::report::{Exit, Failure, Report, set_exact, witness_json};

/// Check another tool's VNN-COMP counterexample in exact arithmetic
///
/// The claimed input is taken exactly as the file states it, the network is evaluated exactly
/// at it, and every assertion of the property (the input box included) is compared without
/// tolerance. Each assertion that fails is listed with the amount by which it fails; of
/// alternatives (`or`), those of the closest one. The outputs that the file claims decide
/// nothing and may be missing; their distance from the exact ones is reported.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The property: a VNN-LIB file
    #[arg(value_name = "SPEC")]
    property: PathBuf,
    /// The other tool's result file: a witness, after `sat` or alone
    #[arg(value_name = "RESULT_FILE")]
    result: PathBuf,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Example:
  foldline replay net.onnx prop.vnnlib result.txt

Exit codes:
  0 not violated: the claimed point is no counterexample    1 violated: it is one
  2 wrong usage    4 bad input (also a result file without a witness)";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    at_most_one_stdin(&[&arguments.network, &arguments.property, &arguments.result])?;
    let (network, property, names) = read_question(arguments)?;
    let claim = read_claim(&arguments.result, &names)?;
    let output = network.evaluate(&claim.input).output;
    let misses = failures(&property.formula, &claim.input, &output);
    let (answer, exit) =
        if misses.is_empty() { ("violated", Exit::No) } else { ("not violated", Exit::Yes) };
    let statistics = json!({"failed_assertions": misses.len()});
    let mut report = Report::new("replay", answer, exit, start, statistics);
    report.set_point("input", &claim.input);
    report.set_point("output", &output);
    if misses.is_empty() {
        report.set("witness", witness_json(&claim.input, &output));
    }
    report.set("failures", misses.iter().map(miss_json).collect::<Vec<_>>());
    let error = largest_error(&claim.output, &output);
    if let Some((index, error)) = &error {
        let claimed = || (0..output.len()).map(|index| claim.output.get(&index));
        report.set(
            "claimed_output",
            claimed().map(|value| value.map(Rational::to_string)).collect::<Value>(),
        );
        report.set(
            "claimed_output_approx",
            claimed().map(|value| value.and_then(approximate)).collect::<Value>(),
        );
        report.set_exact("largest_output_error", error);
        report.set("largest_output_error_at", *index);
    }
    report.text = text(arguments, &network, &claim, &output, &misses, error.as_ref());
    Ok(report)
}

/// Reads the network and the property, and what a result file may call their variables.
fn read_question(arguments: &Arguments) -> Result<(Network, Property, WitnessNames), Failure> {
    let mut inputs = Inputs::new(false);
    let options = arguments.read.for_network();
    let loaded = inputs.network("network", &arguments.network, &options)?;
    let (d, m) = (loaded.network.inputs(), loaded.network.outputs());
    let file = inputs.read("property", &arguments.property)?;
    let (name, text) = (file.name(), file.text()?);
    let property = told(parse_noted_property(&name, text, d, m)?);
    let names = WitnessNames::of(&loaded, declared_tensors(&name, text, d, m)?);
    Ok((loaded.network, property, names))
}

/// Reads the result file, which must have a witness.
fn read_claim(path: &Path, names: &WitnessNames) -> Result<ClaimedWitness, Failure> {
    let result = read_result(path, names)?;
    result.witness.ok_or_else(|| {
        let name = display_name(path);
        let verdict = format!("{:?}", result.verdict).to_lowercase();
        Failure::Input(format!("{name}: says `{verdict}` without a witness, nothing to replay"))
    })
}

/// The largest distance of a claimed output from the exact one, and where it is.
fn largest_error(
    claimed: &BTreeMap<usize, Rational>,
    exact: &[Rational],
) -> Option<(usize, Rational)> {
    let mut largest: Option<(usize, Rational)> = None;
    for (&index, claimed) in claimed {
        let error = (claimed - &exact[index]).abs();
        if largest.as_ref().is_none_or(|(_, least)| error > *least) {
            largest = Some((index, error));
        }
    }
    largest
}

/// An assertion in words; a disjunction of nothing has no assertion to name.
fn describe_miss(miss: &Miss) -> String {
    miss.atom.as_ref().map_or_else(|| "an `or` without alternatives".to_owned(), describe_atom)
}

fn miss_json(miss: &Miss) -> Value {
    let mut object = Map::new();
    object.insert("assertion".to_owned(), describe_miss(miss).into());
    set_exact(&mut object, "excess", &miss.excess);
    object.insert("alternatives".to_owned(), miss.alternatives.into());
    Value::Object(object)
}

fn text(
    arguments: &Arguments,
    network: &Network,
    claim: &ClaimedWitness,
    output: &[Rational],
    misses: &[Miss],
    error: Option<&(usize, Rational)>,
) -> String {
    let mut text = format!(
        "network   {} ({})\nproperty  {}\nclaim     {}\n\n",
        display_name(&arguments.network),
        describe::network(network),
        display_name(&arguments.property),
        display_name(&arguments.result)
    );
    if misses.is_empty() {
        text.push_str("VIOLATED: the claimed input is a counterexample, exactly.\n");
    } else {
        let _ = writeln!(
            text,
            "NOT VIOLATED: the claimed input is no counterexample; {} fail{}:",
            plural(misses.len() as u64, "assertion"),
            if misses.len() == 1 { "s" } else { "" }
        );
        text.push_str(&misses_text(misses));
    }
    let table = point_table(&[('X', &claim.input), ('Y', output)]);
    let _ = write!(text, "\nthe claimed input and the network's output at it\n{table}");
    let missing = output.len() - claim.output.len();
    if error.is_some() && missing > 0 {
        let _ = writeln!(
            text,
            "\nthe claim lacks {} of {}",
            missing,
            plural(output.len() as u64, "output")
        );
    }
    match error {
        Some((_, error)) if error.is_zero() => text.push_str("\nthe claimed outputs are exact\n"),
        Some((index, error)) => {
            let error = decimal(error, 4);
            let _ = writeln!(text, "\nthe claimed outputs are off by at most {error} (Y_{index})");
        }
        None => {}
    }
    text
}

/// One line an assertion that fails.
fn misses_text(misses: &[Miss]) -> String {
    let mut text = String::new();
    for miss in misses {
        let amount = if miss.atom.is_none() {
            "is never true".to_owned()
        } else if miss.excess.is_zero() {
            "excludes equality, and both sides are equal".to_owned()
        } else {
            let exact = shorten(&exact_for_people(&miss.excess));
            format!("misses by {} (exactly {exact})", decimal(&miss.excess, 4))
        };
        let group = match miss.alternatives {
            0 | 1 => String::new(),
            many => format!("  [closest of {many} alternatives]"),
        };
        let _ = writeln!(text, "  {}  {amount}{group}", describe_miss(miss));
    }
    text
}
