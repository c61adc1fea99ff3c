//! `foldline train DATA --hidden K`: the network with the least squared error, proved to be the best.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use foldline::certificate::CertificateError;
use foldline::formats::input::display_name;
use foldline::questions::checkpoint::StateError;
use foldline::questions::training::statement::{
    Architecture, Model, TrainingCallback, TrainingOptions, TrainingOutcome, TrainingProgress,
    TrainingStatistics, ZeroLoss,
};
use foldline::questions::training::{MOST_HIDDEN, train_resumable, zero_loss_resumable};
use foldline::text::exact_for_people;
use foldline::training_certificates::{train_certified, zero_loss_certified};
use foldline::training_plot::figure;
use foldline::{Rational, Sample};
use serde_json::{Value, json};

use crate::certifying::{CertificateOption, Certifying, Limits};
use crate::checkpoint::{Certificate, CheckpointOption, foreign, keeper, not_written};
use crate::describe::{count, duration, plural};
use crate::interrupt::stop_flag;
use crate::load::{Inputs, LabelledPoints};
use crate::network_json::network_json;
use crate::options::{OutputOptions, TimeoutOption};
use crate::progress::ProgressLine;
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_whole;

/// Find the network with one hidden layer that fits the data best, with proof
///
/// DATA is CSV with a header; the last column is the label. Minimised is the sum of squared
/// errors over all networks [w0 + sum of w_j [a_j(x)]+]+ with K hidden ReLU nodes (`--output
/// relu`), or without the outer ReLU (`--output linear`). The answer is the global optimum,
/// exactly: `optimal`, or, if a limit ran out, `bounded` with the best network so far.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The data: CSV with a header, the last column being the label
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// The number of hidden ReLU nodes
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u8).range(1..=MOST_HIDDEN as i64))]
    hidden: u8,
    /// What the output node is
    #[arg(long, value_enum, default_value_t = OutputNode::Relu)]
    output: OutputNode,
    /// No bias at the output node: w0 = 0
    #[arg(long)]
    no_output_bias: bool,
    /// Only decide whether some network has no error at all
    #[arg(long)]
    zero_loss: bool,
    /// The number of outputs: 1, as there is no exact method for more
    #[arg(long, value_name = "J", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    outputs: u16,
    #[command(flatten)]
    certificate: CertificateOption,
    #[command(flatten)]
    checkpoint: CheckpointOption,
    /// Draw data, fit and hinges to this file (one or two coordinates)
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    #[command(flatten)]
    pub form: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
    /// Seed of the local searches
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// No progress line
    #[arg(long)]
    quiet: bool,
}

/// The output node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputNode {
    /// A ReLU, as in [T]
    Relu,
    /// Nothing but the weighted sum
    Linear,
}

const EXAMPLES: &str = "\
Examples:
  foldline train data.csv --hidden 1
  foldline train data.csv --hidden 2 --output linear --json --timeout 600
  foldline train data.csv --hidden 2 --zero-loss
  foldline train data.csv --hidden 3 --timeout 3600 --checkpoint state.json
  foldline train data.csv --hidden 1 --certificate proof.gz --plot fit.svg

Exit codes:
  0 optimal; yes    1 no    2 wrong usage    3 bounded: a limit ran out
  4 bad input    130 stopped by Ctrl-C";

/// Why several labels are refused [T, Cor 3.2].
const SEVERAL: &str = "networks with several outputs are not trained: that is as hard as the \
    existential theory of the reals, and the best weights can be irrational";

/// The sample, with one label a point, and the names of its columns.
fn read(inputs: &mut Inputs, arguments: &Arguments) -> Result<LabelledPoints, Failure> {
    if arguments.outputs > 1 {
        return Err(Failure::Usage(format!("--outputs {}: {SEVERAL}", arguments.outputs)));
    }
    let data = inputs.sample("data", &arguments.data, Some(SEVERAL))?;
    let dimension = data.sample.dimension;
    if arguments.plot.is_some() && dimension > 2 {
        let message = format!("--plot shows one or two coordinates, not {dimension}");
        return Err(Failure::Usage(message));
    }
    Ok(data)
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let Arguments { certificate, checkpoint, .. } = arguments;
    let mut inputs = Inputs::kept_for(certificate, checkpoint);
    let LabelledPoints { sample, names } = read(&mut inputs, arguments)?;
    let architecture = Architecture {
        hidden: usize::from(arguments.hidden),
        output_relu: arguments.output == OutputNode::Relu,
        output_bias: !arguments.no_output_bias,
    };
    let kept = Certificate::Kept(certificate.path());
    let checkpoint = checkpoint.open("train", &inputs, kept, |statement| {
        statement
            .option("hidden", architecture.hidden)
            .option("output", if architecture.output_relu { "relu" } else { "linear" })
            .option("output bias", architecture.output_bias)
            .option("zero loss", arguments.zero_loss)
    })?;
    let stop = stop_flag();
    let timeout = arguments.timeout.timeout;
    let limits = Limits { start, timeout, stop: Some(Arc::clone(&stop)) };
    let certifying = certificate.prepare(&inputs, limits, checkpoint.is_some())?;
    let target = certifying.as_ref().map(Certifying::destination);
    let line = ProgressLine::new(arguments.quiet);
    let shown = line.writer().map(|write| {
        let callback = move |progress: &TrainingProgress| write(&progress_line(progress, start));
        Arc::new(callback) as TrainingCallback
    });
    let options = TrainingOptions {
        threads: arguments.threads.map_or(0, usize::from),
        timeout: timeout.map(|limit| limit.saturating_sub(start.elapsed())),
        stop: Some(Arc::clone(&stop)),
        progress: shown,
        seed: arguments.seed,
    };
    let stopped = || stop.load(std::sync::atomic::Ordering::Relaxed);
    let data = &arguments.data;
    let fail = |error: CertificateError| not_written(checkpoint.as_ref(), error);
    let keeper = keeper(&checkpoint);
    let wrong = |error: StateError| foreign(checkpoint.as_ref(), &error);
    let is_finished;
    let (mut report, model, is_written) = if arguments.zero_loss {
        let (found, is_written) = match target {
            Some(target) => {
                zero_loss_certified(&sample, architecture, &options, data, target, keeper)
                    .map(|certified| (certified.answer, certified.is_written))
                    .map_err(fail)?
            }
            None => {
                let found = zero_loss_resumable(&sample, architecture, &options, keeper);
                (found.map_err(wrong)?, true)
            }
        };
        drop(line);
        let model = found.answer.clone().flatten();
        is_finished = found.answer.is_some() && is_written;
        (decided(arguments, &sample, found, stopped(), start), model, is_written)
    } else {
        let (outcome, is_written) = match target {
            Some(target) => train_certified(&sample, architecture, &options, data, target, keeper)
                .map(|certified| (certified.answer, certified.is_written))
                .map_err(fail)?,
            None => {
                let outcome = train_resumable(&sample, architecture, &options, keeper);
                (outcome.map_err(wrong)?, true)
            }
        };
        drop(line);
        is_finished = outcome.is_optimal() && is_written;
        let report = trained(arguments, &sample, &outcome, stopped(), start);
        (report, Some(outcome.model), is_written)
    };
    report.certify(certifying);
    report.keep_checkpoint(checkpoint, is_finished);
    if !is_written {
        report.warnings.push("warning: no certificate was written: a limit was reached".to_owned());
    }
    if let (Some(target), Some(model)) = (&arguments.plot, &model)
        && let Some(mut figure) = figure(&sample, model, &names)
    {
        figure.title = display_name(data);
        figure.subtitle = format!("loss {:.6}", model.loss(&sample).to_f64().value());
        write_whole(target, &figure.to_svg())?;
        report.text += &format!("picture in {}\n", target.display());
        report.set("plot", target.display().to_string());
    }
    Ok(report)
}

/// The answer to --zero-loss.
fn decided(
    arguments: &Arguments,
    sample: &Sample,
    found: ZeroLoss,
    stopped: bool,
    start: Instant,
) -> Report {
    let statistics = statistics_json(&found.statistics);
    match found.answer {
        Some(Some(model)) => {
            let mut report = Report::new("train", "yes", Exit::Yes, start, statistics);
            report.set("network", network_json(&model.network(sample.dimension)));
            report.text = format!(
                "{}\nYES: this network has no error on the data.\n\n{}",
                head(arguments, sample),
                formula(&model, sample.dimension)
            );
            report
        }
        Some(None) => {
            let mut report = Report::new("train", "no", Exit::No, start, statistics);
            let reason = found.reason.map_or(String::new(), |reason| format!(": {reason}"));
            report.text = format!(
                "{}\nNO: every such network has an error on the data{reason}.\n",
                head(arguments, sample)
            );
            report
        }
        None => undecided(stopped, start, statistics),
    }
}

fn undecided(stopped: bool, start: Instant, statistics: Value) -> Report {
    let exit = if stopped { Exit::Interrupted } else { Exit::Undecided };
    let mut report = Report::new("train", "undecided", exit, start, statistics);
    report.text = "UNDECIDED: the limit ran out.\n".to_owned();
    report
}

/// The answer of a training run.
fn trained(
    arguments: &Arguments,
    sample: &Sample,
    outcome: &TrainingOutcome,
    stopped: bool,
    start: Instant,
) -> Report {
    let statistics = statistics_json(&outcome.statistics);
    let (answer, exit) = match (outcome.is_optimal(), stopped) {
        (true, _) => ("optimal", Exit::Yes),
        (false, true) => ("bounded", Exit::Interrupted),
        (false, false) => ("bounded", Exit::Undecided),
    };
    let mut report = Report::new("train", answer, exit, start, statistics);
    report.set_exact("loss", &outcome.loss);
    report.set_exact("lower_bound", &outcome.lower_bound);
    report.set("network", network_json(&outcome.model.network(sample.dimension)));
    let verdict = if outcome.is_optimal() {
        format!(
            "OPTIMAL: no such network has a smaller sum of squared errors than\n  {}\n",
            exact_for_people(&outcome.loss)
        )
    } else {
        format!(
            "BOUNDED: a limit ran out. The best network so far has the sum of squared errors\n  \
             {}\nand every such network has at least\n  {}\n",
            exact_for_people(&outcome.loss),
            exact_for_people(&outcome.lower_bound)
        )
    };
    let statistics = outcome.statistics;
    report.text = format!(
        "{}\n{verdict}\n{}\n{}, {}, {} in exact arithmetic, {}\n",
        head(arguments, sample),
        formula(&outcome.model, sample.dimension),
        duration(start.elapsed().as_secs_f64()),
        plural(statistics.nodes, "partial pattern"),
        count(statistics.exact),
        plural(statistics.local_searches, "descent"),
    );
    report
}

fn head(arguments: &Arguments, sample: &Sample) -> String {
    let output = match (arguments.output, arguments.no_output_bias) {
        (OutputNode::Relu, false) => "a ReLU output with bias",
        (OutputNode::Relu, true) => "a ReLU output without bias",
        (OutputNode::Linear, false) => "a linear output with bias",
        (OutputNode::Linear, true) => "a linear output without bias",
    };
    format!(
        "data      {} ({}, {})\nnetworks  {} and {output}\n",
        display_name(&arguments.data),
        plural(sample.len() as u64, "point"),
        plural(sample.dimension as u64, "coordinate"),
        plural(u64::from(arguments.hidden), "hidden ReLU node"),
    )
}

/// The network as a formula, rounded for people.
fn formula(model: &Model, dimension: usize) -> String {
    let short = |value: &Rational| format!("{:.6}", value.to_f64().value());
    let mut text = format!("  w0 = {}\n", short(&model.offset));
    for (node, positive) in model.nodes.iter().zip(&model.positive) {
        let sign = if *positive { '+' } else { '-' };
        let terms: Vec<String> = node[..dimension]
            .iter()
            .enumerate()
            .map(|(index, a)| format!("{}·x{}", short(a), index + 1))
            .collect();
        text += &format!("  {sign} [{} + {}]+\n", terms.join(" + "), short(&node[dimension]));
    }
    text + "(rounded; --json gives the exact numbers)\n"
}

fn statistics_json(statistics: &TrainingStatistics) -> Value {
    json!({
        "nodes": statistics.nodes,
        "exact": statistics.exact,
        "patterns": statistics.patterns,
        "local_searches": statistics.local_searches,
    })
}

/// Less than 80 characters about a running search.
fn progress_line(progress: &TrainingProgress, start: Instant) -> String {
    let elapsed = duration(start.elapsed().as_secs_f64());
    match *progress {
        TrainingProgress::Search { loss, lower_bound, nodes } => {
            let nodes = count(nodes);
            format!("{elapsed:>8}  {nodes} patterns  loss {loss:.6}  bound {lower_bound:.6}")
        }
        TrainingProgress::ZeroLoss { nodes } => format!("{elapsed:>8}  {} patterns", count(nodes)),
        TrainingProgress::Proof { leaves } => {
            format!("{elapsed:>8}  certificate: {} leaves", count(leaves))
        }
    }
}
