//! `foldline zonotope order-reduce Z …`: fewer generators, and how good the result is.

use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, ValueEnum};
use foldline::formats::input::display_name;
use foldline::formats::zonotope::{read_zonotope, write_zonotope, zonotope_to_json};
use foldline::questions::order_reduction::{Method, Options, Reduction, reduce};
use foldline::text::decimal;
use foldline::{Rational, Zonotope};
use serde_json::{Value, json};

use super::{describe, parse_epsilon};
use crate::describe::{count, duration};
use crate::interrupt::stop_flag;
use crate::options::{OutputOptions, TimeoutOption};
use crate::report::{Exit, Failure, Report};
use crate::witness_file::write_whole_bytes;

/// Approximate a zonotope by one with fewer generators, with a certified error
///
/// lewis: a random sample by Lewis weights, drawn again until the certified epsilon is at most E:
/// (1+e)^-1 Z0 ⊆ Z - c ⊆ (1+e) Z0, with Z0 the result moved to 0. girard and pca: outer
/// approximations with at most O times d generators; their epsilon is certified as well.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// The zonotope: .json, .npy, .npz or .mat
    #[arg(value_name = "Z")]
    zonotope: PathBuf,
    /// The method
    #[arg(long, value_enum, default_value_t = Choice::Lewis)]
    method: Choice,
    /// lewis: the relative error to reach, such as 0.1
    #[arg(long, value_name = "E")]
    epsilon: Option<String>,
    /// girard, pca: at most this many generators a dimension, such as 5, 2.5 or 7/3
    #[arg(long, value_name = "O")]
    order: Option<String>,
    /// Seed of the sample
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Write the result to this file: .json, .mat or .npz (floats only) or .npy (about 0 only)
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// No progress line
    #[arg(long)]
    quiet: bool,
    #[command(flatten)]
    pub output: OutputOptions,
    #[command(flatten)]
    timeout: TimeoutOption,
}

/// The methods.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Lewis,
    Girard,
    Pca,
}

const EXAMPLES: &str = "\
Examples:
  foldline zonotope order-reduce z.json --epsilon 0.1 --seed 1 --out small.json
  foldline zonotope order-reduce z.mat --method girard --order 5 --json

Exit codes:
  0 computed    2 wrong usage    4 bad input    130 stopped by Ctrl-C";

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let start = Instant::now();
    let epsilon = arguments.epsilon.as_deref().map(parse_epsilon).transpose()?;
    let order = arguments.order.as_deref().map(parse_order).transpose()?;
    let zonotope = read_zonotope(&arguments.zonotope)?;
    let most = order.map(|order| most_generators(&order, zonotope.dimension()));
    let method = match (arguments.method, epsilon, most) {
        (Choice::Lewis, Some(epsilon), None) => Method::Lewis(epsilon),
        (Choice::Girard, None, Some(most)) => Method::Girard(most),
        (Choice::Pca, None, Some(most)) => Method::Pca(most),
        (Choice::Lewis, _, _) => {
            return Err(Failure::Usage(
                "--method lewis needs --epsilon, and no --order".to_owned(),
            ));
        }
        _ => {
            let message = "--method girard and pca need --order, and no --epsilon";
            return Err(Failure::Usage(message.to_owned()));
        }
    };
    let stop = stop_flag();
    let options = Options {
        seed: arguments.seed,
        timeout: arguments.timeout.timeout.map(|limit| limit.saturating_sub(start.elapsed())),
        stop: Some(std::sync::Arc::clone(&stop)),
        ..Options::default()
    };
    let name = display_name(&arguments.zonotope);
    let Some(reduction) = reduce(&zonotope, method, &options) else {
        let message =
            format!("{name}: its generators are too close to flat for a reduction in floats");
        return Err(Failure::Input(message));
    };
    if let Some(path) = &arguments.out {
        let content = write_zonotope(&path.display().to_string(), &reduction.zonotope)?;
        write_whole_bytes(path, &content)?;
    }
    let stopped = stop.load(std::sync::atomic::Ordering::Relaxed);
    let mut report = report(arguments, &name, &zonotope, &reduction, epsilon, start);
    if stopped {
        report.exit = Exit::Interrupted;
        report.text = String::new();
        report
            .warnings
            .push("stopped by Ctrl-C: the certificate is weaker than it could be".to_owned());
    }
    Ok(report)
}

/// An order of at least 1: the boxes of both methods take one generator a dimension.
fn parse_order(text: &str) -> Result<Rational, Failure> {
    let order = foldline::parse_rational(text)
        .map_err(|error| Failure::Usage(format!("--order: {error}")))?;
    if order < Rational::ONE {
        return Err(Failure::Usage(format!("--order {text}: expected a number of at least 1")));
    }
    Ok(order)
}

/// order · dimension, rounded down as in CORA: a fraction of a generator is none.
fn most_generators(order: &Rational, dimension: usize) -> usize {
    (order * Rational::from(dimension)).floor().try_into().unwrap_or(usize::MAX)
}

fn report(
    arguments: &Arguments,
    name: &str,
    zonotope: &Zonotope,
    reduction: &Reduction,
    epsilon: Option<f64>,
    start: Instant,
) -> Report {
    let cones = reduction.outward.cones + reduction.inward.cones;
    let statistics = json!({
        "generators": zonotope.generators.len(),
        "reduced_generators": reduction.zonotope.generators.len(),
        "samples": reduction.samples,
        "tries": reduction.tries,
        "cones": cones,
    });
    let mut report = Report::new("zonotope order-reduce", "reduced", Exit::Yes, start, statistics);
    report.set("zonotope", zonotope_to_json(&reduction.zonotope));
    let certified = reduction.certified_epsilon();
    let is_reached = match (&certified, epsilon) {
        (Some(certified), Some(epsilon)) => {
            foldline::geometry::directed::round_up(certified) <= epsilon
        }
        _ => false,
    };
    let guarantee = match arguments.method {
        Choice::Lewis if is_reached => "(1+e)^-1 Z0 <= Z - c <= (1+e) Z0, certified",
        Choice::Lewis => "(1+e)^-1 Z0 <= Z - c <= (1+e) Z0, with the probability given",
        Choice::Girard | Choice::Pca => "outer approximation: Z <= result",
    };
    let probability = if is_reached { 1.0 } else { reduction.probability };
    let outer = arguments.method != Choice::Lewis;
    report.set(
        "guarantee",
        json!({
            "statement": guarantee,
            "epsilon": epsilon,
            "probability": if outer { 1.0 } else { probability },
            "outer": outer,
        }),
    );
    match &certified {
        Some(certified) => {
            report.set_exact("certified_epsilon", certified);
            let gap = certified - reduction.least_epsilon();
            report.set_exact("certified_gap", &gap);
            report.set("certified_exactly", reduction.exact.is_some());
        }
        None => report.set("certified_epsilon", Value::Null),
    }
    report.set("seed", arguments.seed);
    report.text = format!(
        "zonotope   {name} ({})\nreduced    {}\nguarantee  {guarantee}\ncertified  {}\n{}, {} cones of \
         directions\n",
        describe(zonotope),
        describe(&reduction.zonotope),
        certified.map_or("no epsilon".to_owned(), |certified| format!(
            "epsilon = {} ({})",
            decimal(&certified, 6),
            match reduction.exact {
                Some(_) => "the least one, exactly".to_owned(),
                None =>
                    format!("the least one is at least {}", decimal(&reduction.least_epsilon(), 6)),
            }
        )),
        duration(start.elapsed().as_secs_f64()),
        count(cones)
    );
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_a_number_of_at_least_one() {
        let most = |text: &str, dimension| {
            parse_order(text).map(|order| most_generators(&order, dimension)).ok()
        };
        assert_eq!(most("1", 3), Some(3));
        assert_eq!(most("2.5", 3), Some(7));
        assert_eq!(most("7/3", 3), Some(7));
        assert_eq!(most("2.333333333", 3), Some(6));
        assert_eq!(most("1e300", 3), Some(usize::MAX));
        for bad in ["0", "0.999", "-2", "1/0", "nan", ""] {
            assert_eq!(most(bad, 3), None, "{bad}");
        }
    }
}
