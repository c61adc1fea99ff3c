//! `foldline reduce clique GRAPH --to TARGET`: a question that is about the graph's multicolored clique.

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::{Args, ValueEnum};
use foldline::formats::graph::read_graph;
use foldline::formats::input::display_name;
use foldline::formats::network::network_to_json;
use foldline::formats::onnx::write_onnx;
use foldline::formats::vnnlib::write_vnnlib;
use foldline::formats::zonotope::write_zonotope;
use foldline::reduction_map::{ReductionMap, is_below_one, reduce_clique, target_word};
use foldline::reductions::clique::{LipschitzForm, Reduction, Target};
use foldline::{Rational, parse_rational};
use serde_json::{Map, Value, json};

use crate::describe::plural;
use crate::options::OutputOptions;
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_into;

/// Turn a colored graph into a question that is as hard as finding its multicolored clique
///
/// GRAPH has colored vertices: DIMACS (`p edge n m`, `n VERTEX COLOR`, `e U V`, from 1) or JSON
/// ({"colors": [...], "edges": [[u, v], ...]}, from 0). It has a multicolored clique, one vertex of each
/// of its k colors, each two adjacent, if and only if
///   maximum       the network's maximum is k + k(k-1)/2 (else at most one less)
///   positivity    the network is positive somewhere
///   surjectivity  the network takes every value
///   zero          the network is not the zero function
///   zonotope      `zonotope contains outer inner` is no
///   lipschitz     the Lipschitz constant is at least `threshold`, for every p in (0, inf]
#[derive(Debug, Args)]
#[command(verbatim_doc_comment, after_help = EXAMPLES)]
pub struct Arguments {
    /// The graph: DIMACS or JSON
    #[arg(value_name = "GRAPH")]
    graph: PathBuf,
    /// What to reduce to
    #[arg(long, value_name = "TARGET")]
    to: Word,
    /// The folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The number of colors, where it is more than the graph uses
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u16).range(1..=1000))]
    colors: Option<u16>,
    /// lipschitz: layers of the network, 2 or 3; with 3 the constant is 0 without a clique
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=3))]
    layers: Option<u8>,
    /// lipschitz: `printed` is the paper's construction, which does not prove its theorem
    #[arg(long, value_name = "VARIANT")]
    variant: Option<Variant>,
    /// lipschitz, `printed`: the exponent p, from 1/100 or inf [default: 1, the same for every p >= 1]
    #[arg(long, value_name = "P")]
    p: Option<String>,
    #[command(flatten)]
    pub output: OutputOptions,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Word {
    Maximum,
    Positivity,
    Surjectivity,
    Zero,
    Zonotope,
    Lipschitz,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Variant {
    /// The construction that works
    Corrected,
    /// [Z, Thm 6.2] as printed; the threshold is of max |h| over the unit ball
    Printed,
}

const EXAMPLES: &str = "\
Examples:
  foldline reduce clique graph.col --to maximum --out hard
  foldline reduce clique graph.json --to lipschitz --layers 3 --out hard --json

Writes network.json, network.onnx and property.vnnlib (for lipschitz region.json, a box with the same
constant's answer; for zonotope outer and inner as .json and .mat), and map.json for `foldline recover`. ONNX is written only where every weight is exactly a 32-bit float.

Exit codes:
  0 reduced    2 wrong usage    4 bad input";

impl Arguments {
    fn target(&self) -> Result<Target, Failure> {
        let usage = |message: &str| Err(Failure::Usage(message.to_owned()));
        let plain = match self.to {
            Word::Maximum => Target::Maximum,
            Word::Positivity => Target::Positivity,
            Word::Surjectivity => Target::Surjectivity,
            Word::Zero => Target::Zero,
            Word::Zonotope => Target::Zonotope,
            Word::Lipschitz => return Ok(Target::Lipschitz(self.form()?)),
        };
        if self.layers.is_some() || self.variant.is_some() || self.p.is_some() {
            return usage("--layers, --variant and --p are for --to lipschitz");
        }
        Ok(plain)
    }

    fn form(&self) -> Result<LipschitzForm, Failure> {
        let usage = |message: String| Err(Failure::Usage(message));
        let is_printed = self.variant == Some(Variant::Printed);
        if self.p.is_some() && !is_printed {
            return usage("--p is for --variant printed: the other networks serve every p".into());
        }
        if is_printed && self.layers == Some(3) {
            return usage("--variant printed has two layers".into());
        }
        let below_one = match self.p.as_deref().map(str::trim) {
            None | Some("inf") => None,
            Some(text) => match parse_rational(text) {
                Ok(p) if p >= Rational::ONE => None,
                Ok(p) if is_below_one(&p) => Some(p),
                Ok(_) => return usage(format!("--p {text}: expected a number from 1/100, or inf")),
                Err(error) => return usage(format!("--p: {error}")),
            },
        };
        Ok(match (is_printed, self.layers) {
            (true, _) => LipschitzForm::Printed { below_one },
            (false, Some(3)) => LipschitzForm::ThreeLayers,
            (false, _) => LipschitzForm::Steps,
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let target = arguments.target()?;
    let name = display_name(&arguments.graph);
    let file = read_graph(&arguments.graph, arguments.colors.map(usize::from))?;
    let map = reduce_clique(file, target)
        .map_err(|message| Failure::Input(format!("{name}: {message}")))?;
    let ReductionMap::Clique { reduction, .. } = &map else { unreachable!("a graph's map") };
    let (files, onnx_reason) = written(reduction, &map)?;
    let named: Vec<(&str, &[u8])> =
        files.iter().map(|(_, file, content)| (&file[..], &content[..])).collect();
    let mut paths = Map::new();
    let written = write_into(&arguments.out, &[&arguments.graph], &named)?;
    for ((role, ..), path) in files.iter().zip(written) {
        paths.insert((*role).to_owned(), path.display().to_string().into());
    }
    Ok(report(&name, reduction, paths, onnx_reason, start))
}

type File = (&'static str, &'static str, Vec<u8>);

/// All files with their roles, so that nothing is written where one of them cannot be; and why there
/// is no ONNX file, where a weight is no 32-bit float.
fn written(
    reduction: &Reduction,
    map: &ReductionMap,
) -> Result<(Vec<File>, Option<String>), Failure> {
    let line = |value: &Value| format!("{value}\n").into_bytes();
    let mut files: Vec<File> = Vec::new();
    let mut onnx_reason = None;
    if let Some((outer, inner)) = reduction.zonotopes() {
        for (role, file, zonotope) in [
            ("outer", "outer.json", &outer),
            ("inner", "inner.json", &inner),
            ("outer_mat", "outer.mat", &outer),
            ("inner_mat", "inner.mat", &inner),
        ] {
            files.push((role, file, write_zonotope(file, zonotope)?));
        }
    } else {
        let network = reduction.network();
        files.push(("network", "network.json", line(&network_to_json(&network))));
        match write_onnx("network.onnx", &network) {
            Ok(bytes) => files.push(("onnx", "network.onnx", bytes)),
            Err(error) => onnx_reason = Some(error.to_string()),
        }
    }
    if let Some(property) = reduction.property() {
        let comment =
            "Reached if and only if the graph has a multicolored clique, and else missed by 1/2.";
        let text = write_vnnlib("property.vnnlib", &property, comment)?;
        files.push(("property", "property.vnnlib", text.into_bytes()));
    }
    if let (Target::Lipschitz(_), Some(sides)) = (reduction.target(), reduction.input_box()) {
        let sides = sides.iter().map(|(low, high)| [low.to_string(), high.to_string()]);
        let region = json!({"box": sides.collect::<Vec<_>>()});
        files.push(("region", "region.json", line(&region)));
    }
    files.push(("map", "map.json", line(&map.to_json())));
    Ok((files, onnx_reason))
}

fn report(
    name: &str,
    reduction: &Reduction,
    paths: Map<String, Value>,
    onnx_reason: Option<String>,
    start: Instant,
) -> Report {
    let graph = reduction.graph();
    let network = reduction.network();
    let statistics = json!({
        "colors": graph.classes(),
        "vertices": graph.vertices(),
        "edges": graph.edges().len(),
        "inputs": network.inputs(),
        "neurons": network.neurons(),
    });
    let mut report = Report::new("reduce clique", "reduced", Exit::Yes, start, statistics);
    let mut text = format!(
        "graph     {name} ({}, {}, {} between different ones)\ntarget    {}\n",
        plural(graph.classes() as u64, "color"),
        plural(graph.vertices() as u64, "vertex").replace("vertexs", "vertices"),
        plural(graph.edges().len() as u64, "edge"),
        question(reduction)
    );
    for (role, path) in &paths {
        let path = Path::new(path.as_str().unwrap_or_default()).display();
        text += &format!("{:<9} {path}\n", role.replace('_', " "));
    }
    match reduction.threshold() {
        Some(threshold) => report.set_exact("threshold", &threshold),
        None => report.set("threshold", Value::Null),
    }
    if let Some(reason) = onnx_reason {
        report.warnings.push(format!("warning: no ONNX file: {reason}"));
        report.set("onnx_reason", reason);
    }
    report.set("target", target_word(reduction.target()));
    report.set("files", paths);
    report.text = text;
    report
}

/// What is asked, in words.
fn question(reduction: &Reduction) -> String {
    let threshold = reduction.threshold().map(|value| value.to_string()).unwrap_or_default();
    match reduction.target() {
        Target::Maximum => format!("maximum: {threshold} with a clique, else at most one less"),
        Target::Positivity => "positivity: yes with a clique, else no".to_owned(),
        Target::Surjectivity => "surjectivity: yes with a clique, else no".to_owned(),
        Target::Zero => "zero: no with a clique, else yes".to_owned(),
        Target::Zonotope => "zonotope: INNER is not in OUTER with a clique, else it is".to_owned(),
        Target::Lipschitz(LipschitzForm::Printed { .. }) => format!(
            "lipschitz as printed: max |h| over the unit ball is at least {threshold} with a clique, \
             else less; the Lipschitz constant says nothing"
        ),
        Target::Lipschitz(_) => {
            format!("lipschitz: at least {threshold} with a clique, else less")
        }
    }
}
