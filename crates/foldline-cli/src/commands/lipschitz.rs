//! `foldline lipschitz NET --p P`: the exact Lipschitz constant, over a region or everywhere.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use foldline::formats::input::display_name;
use foldline::formats::region::read_region;
use foldline::lipschitz::{
    self, Answer, Attained, Constant, Exponent, Outcome, Refused, Statistics,
};
use foldline::text::{decimal, exact_for_people};
use foldline::{Limit, Network, Rational, parse_rational};
use serde_json::{Value, json};

use crate::describe::{self, count, duration, plural, point_table, shorten};
use crate::interrupt::stop_flag;
use crate::load::{at_most_one_stdin, load_network};
use crate::options::{OutputOptions, ReadOptions, SearchOptions, TimeoutOption};
use crate::progress::ProgressLine;
use crate::report::{Exit, Failure, Report, set_point};

/// Compute a network's Lipschitz constant for a p-norm, exactly
///
/// The smallest L with |f(x) - f(y)| <= L |x - y| (p-norms on inputs and outputs) for all x, y of
/// the region, or of all inputs. Only cells with interior count. The answer comes with a point
/// inside a cell whose gradient attains it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The network: .onnx, .nnet or .json
    #[arg(value_name = "NET")]
    network: PathBuf,
    /// The exponent p of the norms: a rational > 0, or inf
    #[arg(long, value_name = "P", allow_hyphen_values = true, value_parser = parse_exponent)]
    p: Exponent,
    /// The region: VNN-LIB (its input part) or JSON [default: all inputs]
    #[arg(long, value_name = "REGION")]
    over: Option<PathBuf>,
    /// Measure this output alone, from 0 [default: all of them, by operator norms]
    #[arg(long = "output", value_name = "I")]
    output_index: Option<usize>,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
    #[command(flatten)]
    search: SearchOptions,
    #[command(flatten)]
    read: ReadOptions,
}

const EXAMPLES: &str = "\
Examples:
  foldline lipschitz net.onnx --p inf --over prop.vnnlib
  foldline lipschitz net.json --p 2 --output 0 --over box.json --json --timeout 60

Exit codes:
  0 computed    2 wrong usage    3 undecided within the limit    4 bad input
  130 stopped by Ctrl-C";

fn parse_exponent(text: &str) -> Result<Exponent, String> {
    match text.trim() {
        "inf" => Ok(Exponent::Infinite),
        text => match parse_rational(text) {
            Ok(p) if p >= Rational::ZERO => Ok(Exponent::Finite(p)),
            Ok(_) => Err("p must be at least 0, or inf".to_owned()),
            Err(error) => Err(format!("{error}, or inf")),
        },
    }
}

fn refused(error: &Refused) -> Failure {
    Failure::Usage(error.to_string())
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let over = arguments.over.as_deref();
    at_most_one_stdin(&[&[arguments.network.as_path()], over.as_slice()].concat())?;
    let network = load_network(&arguments.network, &arguments.read.for_network())?.network;
    let region = over.map(|path| read_region(path, network.inputs())).transpose()?;
    let outputs = match arguments.output_index {
        None => (0..network.outputs()).collect(),
        Some(output) if output < network.outputs() => vec![output],
        Some(output) => {
            let has = plural(network.outputs() as u64, "output");
            return Err(Failure::Usage(format!(
                "--output {output}: the network has {has}, from 0"
            )));
        }
    };
    let line = ProgressLine::new(arguments.search.quiet);
    let progress = line.callback_with(progress_line);
    let limit = arguments.timeout.timeout;
    let options = lipschitz::Options {
        threads: arguments.search.threads.map_or(0, usize::from),
        timeout: limit.map(|limit| limit.saturating_sub(start.elapsed())),
        stop: Some(stop_flag()),
        progress,
        seed: arguments.search.seed,
    };
    let outcome = lipschitz::lipschitz(&network, &outputs, &arguments.p, region.as_ref(), &options)
        .map_err(|error| refused(&error))?;
    drop(line);
    Ok(report(arguments, &network, &outputs, &outcome, start))
}

/// Less than 80 characters about a running search.
fn progress_line(progress: &lipschitz::Progress) -> String {
    let statistics = &progress.statistics;
    format!(
        "{:>8}  {} nodes  at least {:.9}  {:.1}% closed",
        duration(progress.elapsed.as_secs_f64()),
        count(statistics.nodes),
        statistics.best,
        100.0 * statistics.fraction.clamp(0.0, 1.0)
    )
}

fn statistics_json(statistics: &Statistics) -> Value {
    json!({
        "pieces": statistics.pieces,
        "nodes": statistics.nodes,
        "lps": statistics.lps,
        "exact_leaves": statistics.exact_leaves,
        "exact_lps": statistics.exact_lps,
        "points": statistics.points,
    })
}

fn report(
    arguments: &Arguments,
    network: &Network,
    outputs: &[usize],
    outcome: &Outcome,
    start: Instant,
) -> Report {
    let (answer, exit) = match &outcome.answer {
        Answer::Lipschitz(..) => ("lipschitz", Exit::Yes),
        Answer::Empty => ("empty", Exit::Yes),
        Answer::Undecided { limit: Limit::Time, .. } => ("undecided", Exit::Undecided),
        Answer::Undecided { limit: Limit::Stopped, .. } => ("undecided", Exit::Interrupted),
    };
    let statistics = &outcome.statistics;
    let mut report = Report::new("lipschitz", answer, exit, start, statistics_json(statistics));
    match &outcome.answer {
        Answer::Lipschitz(constant, attained) => {
            set_constant(&mut report, constant);
            set_attained(&mut report, attained);
        }
        Answer::Empty => {}
        Answer::Undecided { limit, lower, upper } => {
            report.set("limit", if *limit == Limit::Time { "time" } else { "stopped" });
            set_bound(&mut report, "lower", lower.as_ref());
            set_bound(&mut report, "upper", upper.as_ref());
        }
    }
    if exit == Exit::Interrupted {
        let time = duration(start.elapsed().as_secs_f64());
        report.warnings.push(format!("undecided, stopped by Ctrl-C after {time}"));
    } else {
        report.text = text(arguments, network, outputs, outcome, start);
    }
    report
}

fn set_bound(report: &mut Report, key: &str, bound: Option<&Rational>) {
    match bound {
        Some(bound) => report.set_exact(key, bound),
        None => report.set(key, Value::Null),
    }
}

fn set_constant(report: &mut Report, constant: &Constant) {
    match constant {
        Constant::Exact(value) => report.set_exact("value", value),
        Constant::Square(square) => report.set_exact("value_squared", square),
        Constant::Between { lower, upper } => {
            report.set_exact("lower", lower);
            report.set_exact("upper", upper);
        }
    }
}

fn set_attained(report: &mut Report, attained: &Attained) {
    if let [gradient] = &attained.jacobian[..] {
        report.set_point("gradient", gradient);
    } else {
        let row = |row: &Vec<Rational>| {
            let mut object = serde_json::Map::new();
            set_point(&mut object, "row", row);
            (object["row"].clone(), object["row_approx"].clone())
        };
        let (exact, floats): (Vec<Value>, Vec<Value>) = attained.jacobian.iter().map(row).unzip();
        report.set("jacobian", exact);
        report.set("jacobian_approx", floats);
    }
    report.set_point("point", &attained.point);
}

/// The whole answer for people.
fn text(
    arguments: &Arguments,
    network: &Network,
    outputs: &[usize],
    outcome: &Outcome,
    start: Instant,
) -> String {
    let p = match &arguments.p {
        Exponent::Finite(p) => p.to_string(),
        Exponent::Infinite => "inf".to_owned(),
    };
    let over = arguments.over.as_ref().map_or("all inputs".to_owned(), |path| display_name(path));
    let measured = match outputs {
        [output] if network.outputs() > 1 => format!(" of output {output}"),
        _ => String::new(),
    };
    let answer = match &outcome.answer {
        Answer::Lipschitz(constant, attained) => lipschitz_text(constant, attained),
        Answer::Empty => "EMPTY: the region has no point.\n".to_owned(),
        Answer::Undecided { lower, upper, .. } => {
            let limit = arguments.timeout.timeout.map_or(0.0, |limit| limit.as_secs_f64());
            let number =
                |value: &Option<Rational>| value.as_ref().map_or("?".into(), |v| decimal(v, 12));
            format!(
                "UNDECIDED: the time limit of {} ran out.\nThe constant is at least {} and at \
                 most {}.\n",
                duration(limit),
                number(lower),
                number(upper)
            )
        }
    };
    let statistics = &outcome.statistics;
    format!(
        "network   {} ({})\nregion    {over}\nquestion  the Lipschitz constant{measured} for p = \
         {p}\n\n{answer}\n{}, {}, {} ({} exact), {} measured in exact arithmetic\n",
        display_name(&arguments.network),
        describe::network(network),
        duration(start.elapsed().as_secs_f64()),
        plural(statistics.nodes, "node"),
        plural(statistics.lps + statistics.exact_lps, "linear program"),
        count(statistics.exact_lps),
        plural(statistics.exact_leaves, "cell"),
    )
}

fn lipschitz_text(constant: &Constant, attained: &Attained) -> String {
    let exactly = |value: &Rational| shorten(&exact_for_people(value));
    let value = match constant {
        Constant::Exact(value) => {
            format!("LIPSCHITZ CONSTANT: {}, exactly {}.\n", decimal(value, 12), exactly(value))
        }
        Constant::Square(square) => {
            let root = foldline::text::approximate(square).unwrap_or(f64::INFINITY).sqrt();
            format!("LIPSCHITZ CONSTANT: {root:.12}, its square is exactly {}.\n", exactly(square))
        }
        Constant::Between { lower, upper } => format!(
            "LIPSCHITZ CONSTANT: at least {}, at most {}.\n",
            decimal(lower, 16),
            decimal(upper, 16)
        ),
    };
    let place = point_table(&[('X', &attained.point)]);
    let gradients: String =
        attained.jacobian.iter().map(|gradient| point_table(&[('G', gradient)])).collect();
    format!(
        "{value}\nAttained in the cell around the point X, where the gradient is G:\n\n{place}\n{gradients}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponents_are_rationals_or_inf() {
        assert_eq!(parse_exponent("inf"), Ok(Exponent::Infinite));
        assert_eq!(parse_exponent("0.5"), parse_exponent("1/2"));
        for bad in ["-1", "infinity", "nan", "", "two"] {
            assert!(parse_exponent(bad).is_err(), "{bad}");
        }
    }
}
