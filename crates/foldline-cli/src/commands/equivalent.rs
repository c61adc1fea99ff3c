//! `foldline equivalent A B`: are two networks the same function, or how far are they apart?

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use foldline::checkpoint::CheckpointFile;
use foldline::equivalence_certificate::{PairError, PairFiles, equivalent_certified};
use foldline::formats::input::display_name;
use foldline::questions::equivalence::{
    Comparison, Largest, Outcome, Question, Verdict, equivalent_resumable,
};
use foldline::text::{decimal, exact_for_people};
use foldline::{Network, Rational, Region, parse_rational};
use serde_json::{Map, Value};

use crate::certifying::CertificateOption;
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::{self, plural, point_table, shorten};
use crate::load::{Inputs, at_most_one_stdin};
use crate::question::{OutputChoice, QuestionOptions, Run};
use crate::report::{Exit, Failure, Report, set_point};

/// Are two networks the same function? The exact largest difference of their outputs
///
/// The answer is `yes` if |a_i(x) − b_i(x)| is at most E for every x and every output i (or the
/// one that `--output` names). Layers and neurons that the two share, up to order and positive
/// factors, are looked at once: copies with permuted or scaled neurons take no search.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The first network: .onnx, .nnet or .json
    #[arg(value_name = "A")]
    first: PathBuf,
    /// The second network, with as many inputs and outputs
    #[arg(value_name = "B")]
    second: PathBuf,
    /// The region: a VNN-LIB file, or JSON with "box" or "A" and "b" [default: everywhere]
    #[arg(long, value_name = "REGION")]
    over: Option<PathBuf>,
    /// The largest difference allowed, such as 0.01 or 1/3
    #[arg(long, value_name = "E", default_value = "0", value_parser = parse_within)]
    within: Rational,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    #[command(flatten)]
    choice: OutputChoice,
    #[command(flatten)]
    pub question: QuestionOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline equivalent net.onnx rewritten.onnx
  foldline equivalent net.onnx pruned.onnx --over box.json --within 0.01 --json

Exit codes:
  0 yes    1 no    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

fn parse_within(text: &str) -> Result<Rational, String> {
    let value = parse_rational(text).map_err(|error| error.to_string())?;
    if value < Rational::ZERO {
        return Err("expected a difference that is not negative".to_owned());
    }
    Ok(value)
}

/// The files, read.
struct Pair {
    networks: [Network; 2],
    region: Region,
    names: [String; 2],
    region_name: String,
}

impl Pair {
    fn read(inputs: &mut Inputs, arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments { first, second, over, question, .. } = arguments;
        let region = over.as_deref();
        let paths: Vec<&Path> = [first.as_path(), second].into_iter().chain(region).collect();
        at_most_one_stdin(&paths)?;
        let options = question.read.for_network();
        let a = inputs.network("first", first, &options)?;
        let b = inputs.network("second", second, &options)?;
        let [a, b] = [a.network, b.network];
        let names = [display_name(first), display_name(second)];
        for (what, left, right) in
            [("input", a.inputs(), b.inputs()), ("output", a.outputs(), b.outputs())]
        {
            if left != right {
                let (left, right) = (plural(left as u64, what), plural(right as u64, what));
                let [a, b] = &names;
                let message = format!("{b}: expected {left} as {a} has, found {right}");
                return Err(Failure::Input(message));
            }
        }
        let dimension = a.inputs();
        let (region, region_name) = match region {
            Some(path) => (inputs.region(path, dimension)?, display_name(path)),
            None => (Region::everything(dimension), format!("all of R^{dimension}")),
        };
        Ok(Self { networks: [a, b], region, names, region_name })
    }

    fn outputs(&self, asked: Option<usize>) -> Result<Vec<usize>, Failure> {
        let count = self.networks[0].outputs();
        match asked {
            None => Ok((0..count).collect()),
            Some(output) if output < count => Ok(vec![output]),
            Some(output) => Err(Failure::Usage(format!(
                "there is no output {output}: the networks have {}, counted from 0",
                plural(count as u64, "output")
            ))),
        }
    }

    fn heading(&self, within: &Rational) -> String {
        let [a, b] = &self.networks;
        let within = match within.is_zero() {
            true => "are they equal everywhere on the region?".to_owned(),
            false => format!("do they differ by at most {within} on the region?"),
        };
        format!(
            "networks  {} ({})\n          {} ({})\nregion    {}\nquestion  {within}\n\n",
            self.names[0],
            describe::network(a),
            self.names[1],
            describe::network(b),
            self.region_name
        )
    }
}

impl Arguments {
    fn open_checkpoint(&self, inputs: &Inputs) -> Result<Option<CheckpointFile>, Failure> {
        let physical = self.question.read.physical;
        self.certificate.speaks_about(&self.question.read)?;
        let certificate = Certificate::Kept(self.certificate.path());
        self.checkpoint.open("equivalent", inputs, certificate, |statement| {
            let statement = statement.option("physical", physical);
            let statement = statement.option("output", self.choice.output);
            // The largest difference serves any bound, a proof only its own.
            match self.certificate.path() {
                Some(_) => statement.option("within", self.within.to_string()),
                None => statement,
            }
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { certificate, checkpoint, .. } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let pair = Pair::read(&mut inputs, arguments)?;
    let outputs = pair.outputs(arguments.choice.output)?;
    let run = Run::new(start, &arguments.question);
    let Pair { networks: [a, b], region, .. } = &pair;
    let within = &arguments.within;
    let question = Question { networks: [a, b], region, outputs: &outputs, within };
    let checkpoint = arguments.open_checkpoint(&inputs)?;
    let certifying = certificate.prepare(&inputs, run.limits.clone(), checkpoint.is_some())?;
    let found = match &certifying {
        None => equivalent_resumable(&question, &run.options, keeper(&checkpoint))
            .map_err(|error| Failure::Input(format!("{}: {error}", pair.names[1])))?
            .map_err(|error| foreign(checkpoint.as_ref(), &error))?,
        Some(certifying) => {
            let networks = [arguments.first.as_path(), &arguments.second];
            let files = PairFiles { networks, region: arguments.over.as_deref() };
            let output = arguments.choice.output;
            let target = certifying.destination();
            let keeper = keeper(&checkpoint);
            equivalent_certified(&question, output, files, &run.options, target, keeper).map_err(
                |error| match error {
                    PairError::Certificate(error) => not_written(checkpoint.as_ref(), error),
                    PairError::Networks(error) => Failure::Input(error.to_string()),
                },
            )?
        }
    };
    let statistics = &found.statistics;
    let text = pair.heading(within) + &text(&found, within);
    let mut report = match &found.verdict {
        Verdict::Yes => run.report("equivalent", "yes", Exit::Yes, statistics, &text),
        Verdict::No(_) => run.report("equivalent", "no", Exit::No, statistics, &text),
        Verdict::Undecided(limit) => run.undecided("equivalent", *limit, statistics, &text),
    };
    add_evidence(&mut report, &found);
    if found.largest == Largest::Nothing {
        report.set("vacuous", true);
        let message = "warning: the region is empty, so any two networks are equal there";
        report.warnings.push(message.to_owned());
    }
    // An answer that bounds gave in time leaves the largest difference open.
    let is_open = found.largest.is_open();
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, !is_open);
    Ok(report)
}

/// A point with the outputs of both networks.
fn comparison_json(comparison: &Comparison) -> Map<String, Value> {
    let mut object = Map::new();
    set_point(&mut object, "input", &comparison.input);
    let exact = comparison
        .outputs
        .each_ref()
        .map(|output| Value::from(output.iter().map(Rational::to_string).collect::<Vec<_>>()));
    let floats = comparison.outputs.each_ref().map(|output| {
        Value::from(output.iter().map(foldline::text::approximate).collect::<Vec<_>>())
    });
    object.insert("outputs".to_owned(), Value::from(exact.to_vec()));
    object.insert("outputs_approx".to_owned(), Value::from(floats.to_vec()));
    object
}

/// The keys beside the answer.
fn add_evidence(report: &mut Report, found: &Outcome) {
    if let Verdict::No(witness) = &found.verdict {
        report.set("witness", comparison_json(witness));
    }
    match &found.largest {
        Largest::Value { at, attained } => {
            report.set_exact("largest_difference", &at.difference);
            report.set_point("argmax", &at.input);
            report.set("attained", *attained);
        }
        Largest::Infinite { point, direction } => {
            report.set("largest_difference", Value::Null);
            report.set("unbounded", true);
            let mut ray = Map::new();
            set_point(&mut ray, "point", point);
            set_point(&mut ray, "direction", direction);
            report.set("ray", ray);
        }
        Largest::Nothing => report.set("largest_difference", Value::Null),
        Largest::Between { lower, upper } => {
            report.set("largest_difference", Value::Null);
            for (key, value) in [("lower", lower), ("upper", upper)] {
                match value {
                    Some(value) => report.set_exact(key, value),
                    None => report.set(key, Value::Null),
                }
            }
        }
    }
    report.set("difference_neurons", found.neurons);
}

fn text(found: &Outcome, within: &Rational) -> String {
    let largest = match &found.largest {
        Largest::Nothing => "The region has no point.".to_owned(),
        Largest::Infinite { .. } => "The difference grows without bound.".to_owned(),
        Largest::Value { at, .. } if at.difference.is_zero() => {
            "The networks are equal everywhere on the region.".to_owned()
        }
        Largest::Value { at, attained } => format!(
            "The largest difference is {}, exactly {}{}.",
            decimal(&at.difference, 10),
            shorten(&exact_for_people(&at.difference)),
            if *attained == Some(false) { " (a least upper bound, not attained)" } else { "" }
        ),
        Largest::Between { lower, upper } => {
            let side = |value: &Option<Rational>, infinite: &str| {
                value.as_ref().map_or(infinite.to_owned(), |value| decimal(value, 10))
            };
            let (lower, upper) = (side(lower, "0"), side(upper, "+∞"));
            format!("The largest difference is at least {lower} and at most {upper}.")
        }
    };
    match &found.verdict {
        Verdict::Yes => format!("YES. {largest}\n"),
        Verdict::No(witness) => {
            let [a, b] = &witness.outputs;
            let table = point_table(&[('X', &witness.input), ('A', a), ('B', b)]);
            let apart = decimal(&witness.difference, 10);
            let than = if within.is_zero() { "" } else { ", more than allowed" };
            format!("NO: at X the outputs A and B differ by {apart}{than}. {largest}\n\n{table}\n")
        }
        Verdict::Undecided(_) => format!("UNDECIDED: a limit ran out. {largest}\n"),
    }
}
