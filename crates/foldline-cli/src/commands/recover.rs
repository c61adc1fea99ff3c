//! `foldline recover MAP ANSWER`: what an answer about a reduced problem means for the original one.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::{display_name, read_text};
use foldline::recover::{Recovered, recover};
use foldline::reduction_map::ReductionMap;
use foldline::reductions::clique::Target;
use foldline::reductions::separability::OpenHalfSpace;
use foldline::text::exact_for_people;
use foldline::{Network, Rational};
use serde_json::{Map, Value, json};

use crate::describe::{plural, point_table};
use crate::load::at_most_one_stdin;
use crate::network_json::network_json;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report, set_exact, set_point, witness_json};

/// Map an answer about a reduced problem back to the original one, or a solution forward
///
/// MAP is the map.json of `foldline reduce`. ANSWER is a JSON answer of foldline about the reduced
/// problem, or for graphs a VNN-COMP result file of any tool: its point becomes a clique of the
/// graph, its network two hyperplanes. An ANSWER with `clique` or `hyperplanes` is mapped
/// forward, to the point or the network. Everything is checked exactly; what is no solution is
/// refused with the reason.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The map that `foldline reduce` wrote
    #[arg(value_name = "MAP")]
    map: PathBuf,
    /// A JSON answer, or a VNN-COMP result file
    #[arg(value_name = "ANSWER")]
    answer: PathBuf,
    #[command(flatten)]
    pub output: OutputOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline positive hard/network.json --json | foldline recover hard/map.json -
  foldline recover hard/map.json answer.json --json

Exit codes:
  0 recovered    1 no: no solution, or none exists if the answer is right    2 wrong usage
  4 bad input";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    at_most_one_stdin(&[&arguments.map, &arguments.answer])?;
    let map = ReductionMap::parse(&display_name(&arguments.map), &read_text(&arguments.map)?)?;
    let name = display_name(&arguments.answer);
    let found = recover(&map, &name, &read_text(&arguments.answer)?)?;
    let (answer, exit) = match &found {
        Recovered::None(_) | Recovered::Refused(_) => ("no", Exit::No),
        _ => ("recovered", Exit::Yes),
    };
    let mut report = Report::new("recover", answer, exit, start, json!({}));
    report.text = match &found {
        Recovered::Clique(clique) => clique_report(&mut report, &map, clique),
        Recovered::Hyperplanes(half_spaces) => {
            report.set("hyperplanes", half_spaces.iter().map(half_space_json).collect::<Vec<_>>());
            let lines: String = half_spaces.iter().map(half_space_text).collect();
            format!("HYPERPLANES: label 1 is where both hold, label 0 where one does not.\n{lines}")
        }
        Recovered::Solution(point) => solution_report(&mut report, &map, point),
        Recovered::Network(network) => network_report(&mut report, network),
        Recovered::None(reason) => {
            report.set("reason", reason.clone());
            report.set("solution_exists", false);
            format!("NO: {reason}.\n")
        }
        Recovered::Refused(reason) => {
            report.set("reason", reason.clone());
            report.set("solution_exists", Value::Null);
            format!("NO SOLUTION: {reason}.\n")
        }
    };
    Ok(report)
}

fn clique_report(report: &mut Report, map: &ReductionMap, clique: &[usize]) -> String {
    let first = match map {
        ReductionMap::Clique { first_vertex, .. } => *first_vertex,
        ReductionMap::Separability(_) => 0,
    };
    let vertices: Vec<usize> = clique.iter().map(|vertex| vertex + first).collect();
    let list: Vec<String> = vertices.iter().map(ToString::to_string).collect();
    report.set("clique", vertices);
    format!(
        "CLIQUE: the vertices {} (numbered from {first}), one of each color, are all adjacent.\n",
        list.join(", ")
    )
}

fn half_space_json(half: &OpenHalfSpace) -> Value {
    let mut object = Map::new();
    set_point(&mut object, "normal", &half.normal);
    set_exact(&mut object, "offset", &half.offset);
    object.into()
}

fn half_space_text(half: &OpenHalfSpace) -> String {
    let term = |(index, a): (usize, &Rational)| format!("{}·x{}", exact_for_people(a), index + 1);
    let terms: Vec<String> = half.normal.iter().enumerate().map(term).collect();
    format!("  {} > {}\n", terms.join(" + "), exact_for_people(&half.offset))
}

/// The solution that a clique means, under the key that an answer about the target has.
fn solution_report(report: &mut Report, map: &ReductionMap, point: &[Rational]) -> String {
    let ReductionMap::Clique { reduction, .. } = map else { unreachable!("a clique's solution") };
    let table = point_table(&[('X', point)]);
    if let Some((outer, inner)) = reduction.zonotopes() {
        report.set_point("point", &inner.support_point(point));
        report.set_point("normal", point);
        report.set_exact("offset", &outer.support(point));
        return format!("SOLUTION: the normal X separates a point of INNER from OUTER.\n\n{table}");
    }
    let value = reduction.network().evaluate(point).output;
    match reduction.target() {
        Target::Maximum => report.set_point("argmax", point),
        Target::Surjectivity => {
            report.set_point("positive_direction", point);
            let negative = reduction.negative_direction().expect("the target is surjectivity");
            report.set_point("negative_direction", &negative);
        }
        Target::Lipschitz(_) => report.set_point("point", point),
        _ => {}
    }
    report.set("witness", witness_json(point, &value));
    format!("SOLUTION: the point X, with output {}.\n\n{table}", exact_for_people(&value[0]))
}

fn network_report(report: &mut Report, network: &Network) -> String {
    report.set("network", network_json(network));
    let neurons = plural(network.neurons() as u64, "ReLU neuron");
    format!("NETWORK: loss zero with {neurons}; --json has its weights.\n")
}
