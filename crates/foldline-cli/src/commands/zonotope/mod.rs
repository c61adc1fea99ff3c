//! `foldline zonotope …`: questions about zonotopes, one subcommand a file.

mod combine;
mod contains;
mod facets;
mod from_network;
mod member;
mod norm;
mod norm_estimate;
mod order_reduce;
mod plot;
mod support;
mod to_network;
mod vertices;
mod volume;

use clap::{Args, Subcommand};
use foldline::text::{decimal, exact_for_people};
use foldline::{Rational, Zonotope};

use crate::describe::{plural, shorten};
use crate::report::{Failure, Report};

/// Zonotopes: containment, norms, facets, vertices, volume, sums, images, pictures, exactly
///
/// A zonotope is c + Σ β_i g_i with β_i in [-1, 1]. Files are .json ({"center": …,
/// "generators": …}, one list a generator, or {"segments": …}), .npy, .npz or .mat (one column
/// a generator). Generators may be zero, parallel, repeated or too few to span the space.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  foldline zonotope contains outer.json inner.json
  foldline zonotope member z.json --point 0,1/2,-3
  foldline zonotope norm z.mat --p 2
  foldline zonotope order-reduce z.json --epsilon 0.1 --seed 1
  foldline zonotope facets z.npy --json
  foldline zonotope support z.json --direction 1,-2,1/3
  foldline zonotope sum a.json b.json --out sum.json
  foldline zonotope plot outer.json inner.json --axes 0,2 --output picture.svg

Exit codes:
  0 yes, computed    1 no    2 wrong usage    3 undecided within the limit
  4 bad input    130 stopped by Ctrl-C";

#[derive(Debug, Subcommand)]
enum Command {
    Contains(contains::Arguments),
    Member(member::Arguments),
    Norm(norm::Arguments),
    ToNetwork(to_network::Arguments),
    FromNetwork(from_network::Arguments),
    OrderReduce(order_reduce::Arguments),
    Facets(facets::Arguments),
    Vertices(vertices::Arguments),
    Volume(volume::Arguments),
    Support(support::Arguments),
    Sum(combine::SumArguments),
    Map(combine::MapArguments),
    Plot(plot::Arguments),
}

impl Arguments {
    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Contains(arguments) => arguments.output.json,
            Command::Member(arguments) => arguments.output.json,
            Command::Norm(arguments) => arguments.output.json,
            Command::ToNetwork(arguments) => arguments.output.json,
            Command::FromNetwork(arguments) => arguments.output.json,
            Command::OrderReduce(arguments) => arguments.output.json,
            Command::Facets(arguments) => arguments.output.json,
            Command::Vertices(arguments) => arguments.output.json,
            Command::Volume(arguments) => arguments.output.json,
            Command::Support(arguments) => arguments.output.json,
            Command::Sum(arguments) => arguments.output.json,
            Command::Map(arguments) => arguments.output.json,
            Command::Plot(arguments) => arguments.output.json,
        }
    }
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    match &arguments.command {
        Command::Contains(arguments) => contains::run(arguments),
        Command::Member(arguments) => member::run(arguments),
        Command::Norm(arguments) => norm::run(arguments),
        Command::ToNetwork(arguments) => to_network::run(arguments),
        Command::FromNetwork(arguments) => from_network::run(arguments),
        Command::OrderReduce(arguments) => order_reduce::run(arguments),
        Command::Facets(arguments) => facets::run(arguments),
        Command::Vertices(arguments) => vertices::run(arguments),
        Command::Volume(arguments) => volume::run(arguments),
        Command::Support(arguments) => support::run(arguments),
        Command::Sum(arguments) => combine::run_sum(arguments),
        Command::Map(arguments) => combine::run_map(arguments),
        Command::Plot(arguments) => plot::run(arguments),
    }
}

/// `3 dimensions, 10 generators`.
fn describe(zonotope: &Zonotope) -> String {
    format!(
        "{}, {}",
        plural(zonotope.dimension() as u64, "dimension"),
        plural(zonotope.generators.len() as u64, "generator")
    )
}

/// The relative error of a sample: more than 0 and at most 1.
fn parse_epsilon(text: &str) -> Result<f64, Failure> {
    let value = foldline::parse_rational(text)
        .map_err(|error| Failure::Usage(format!("--epsilon: {error}")))?;
    let float = foldline::text::approximate(&value).unwrap_or(f64::INFINITY);
    if float <= 0.0 || float > 1.0 {
        return Err(Failure::Usage(format!("--epsilon {text}: expected a number in (0, 1]")));
    }
    Ok(float)
}

/// The number, and a decimal beside it where it is a fraction or long.
fn exact_and_decimal(value: &Rational) -> String {
    let exact = shorten(&exact_for_people(value));
    if exact.contains('/') || exact.contains('…') {
        return format!("{exact} ≈ {}", decimal(value, 10));
    }
    exact
}
