//! `foldline zonotope …`: questions about zonotopes, one subcommand a file.

mod support;

use clap::{Args, Subcommand};
use foldline::Zonotope;

use crate::describe::plural;
use crate::report::{Failure, Report};

/// Zonotopes: containment, facets, vertices, volume, support function, exactly
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
  foldline zonotope support z.json --direction 1,-2,1/3

Exit codes:
  0 yes, computed    1 no    2 wrong usage    3 undecided within the limit
  4 bad input    130 stopped by Ctrl-C";

#[derive(Debug, Subcommand)]
enum Command {
    Support(support::Arguments),
}

impl Arguments {
    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Support(arguments) => arguments.output.json,
        }
    }
}

/// Runs the subcommand.
pub fn run(arguments: &Arguments) -> Result<Report, Failure> {
    match &arguments.command {
        Command::Support(arguments) => support::run(arguments),
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
