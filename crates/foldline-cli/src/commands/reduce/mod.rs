//! `foldline reduce …`: one problem as an instance of another, with a map for the way back.

mod clique;
mod separability;

use clap::{Args, Subcommand};

use crate::report::{Failure, Report};

/// Turn a graph or labelled points into an instance of a hard question, with known truth
///
/// `reduce clique` makes networks or zonotopes of which a question has the answer yes exactly when
/// the graph has a multicolored clique, `reduce separability` a training set that two hidden nodes
/// fit exactly when two hyperplanes separate the points. `foldline recover` takes solutions back.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  foldline reduce clique graph.col --to maximum --out hard
  foldline maximum hard/network.json --over hard/property.vnnlib --json > answer.json
  foldline recover hard/map.json answer.json
  foldline reduce separability points.csv --to training --out hard

Exit codes:
  0 reduced    2 wrong usage    4 bad input";

#[derive(Debug, Subcommand)]
enum Command {
    Clique(clique::Arguments),
    Separability(separability::Arguments),
}

impl Arguments {
    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Clique(arguments) => arguments.output.json,
            Command::Separability(arguments) => arguments.output.json,
        }
    }
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    match &arguments.command {
        Command::Clique(arguments) => clique::run(arguments),
        Command::Separability(arguments) => separability::run(arguments),
    }
}
