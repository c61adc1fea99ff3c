//! The command line: the overview that `foldline --help` prints, and the way to each command.

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::commands::{
    arrangement, check, equivalent, eval, hard_instances, inspect, interpolate, lipschitz, maximum,
    merge, positive, range, recover, reduce, regions, replay, run, separable, split, surjective,
    train, verify, vnncomp, work, zero, zonotope,
};
use crate::report::{Failure, Report};

/// Exact answers about ReLU neural networks.
///
/// A network's weights are exactly the numbers in its file, decimals are exactly
/// themselves, and no tolerance decides an answer. Networks are .onnx, .nnet or .json
/// files, properties are VNN-LIB files that describe the unsafe set; any file may be
/// gzipped, or `-` for standard input.
#[derive(Debug, Parser)]
#[command(name = "foldline", version, propagate_version = true, after_help = OVERVIEW)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const OVERVIEW: &str = "\
Examples:
  foldline verify net.onnx prop.vnnlib           is the unsafe set out of reach?
  foldline eval net.onnx --input 0.1,-2/3        output and gradient, exactly
  foldline maximum net.onnx --over box.json      the exact maximum on a region
  foldline run instances.csv                     a whole VNN-COMP benchmark
  foldline split verify net.onnx prop.vnnlib --pieces 7 --out pieces
                                                 cut the search for several machines

Exit codes:
  0 yes, holds, computed    1 no, violated    2 wrong usage    3 undecided within the limit
  4 bad input (one message on standard error)    70 internal error (a mistake in foldline)
  130 stopped by Ctrl-C
  On 2, 4 and 70 nothing is printed on standard output.";

// A command's arguments are built where they are asked for: those of all commands take longer than a small question.
#[derive(Debug, Subcommand)]
#[command(defer = true)]
enum Command {
    Verify(verify::Arguments),
    Equivalent(equivalent::Arguments),
    Eval(eval::Arguments),
    Maximum(maximum::Arguments),
    Range(range::Arguments),
    Positive(positive::Arguments),
    Surjective(surjective::Arguments),
    Zero(zero::Arguments),
    Replay(replay::Arguments),
    Check(check::Arguments),
    Inspect(inspect::Arguments),
    Lipschitz(lipschitz::Arguments),
    Run(run::Arguments),
    Train(train::Arguments),
    Interpolate(interpolate::Arguments),
    Separable(separable::Arguments),
    Vnncomp(vnncomp::Arguments),
    Regions(regions::Arguments),
    Reduce(reduce::Arguments),
    Recover(recover::Arguments),
    HardInstances(hard_instances::Arguments),
    Arrangement(arrangement::Arguments),
    Zonotope(zonotope::Arguments),
    Split(split::Arguments),
    Work(work::Arguments),
    Merge(merge::Arguments),
}

impl Cli {
    /// What the words of a command line say, of which the first one is the program's name.
    pub fn read(words: &[OsString]) -> Result<(Self, ArgMatches), clap::Error> {
        let mut command = Self::command();
        let is_name = |name: &str| words.get(1).is_some_and(|word| word == name);
        if !command.get_subcommands().any(|known| is_name(known.get_name())) {
            // The overview has what each command is for.
            command.build();
        }
        let matches = command.try_get_matches_from(words)?;
        Ok((Self::from_arg_matches(&matches)?, matches))
    }

    /// Whether the answer is to be one JSON object.
    pub fn wants_json(&self) -> bool {
        match &self.command {
            Command::Verify(arguments) => arguments.output.json,
            Command::Equivalent(arguments) => arguments.question.output.json,
            Command::Eval(arguments) => arguments.output.json,
            Command::Maximum(arguments) => arguments.question.output.json,
            Command::Range(arguments) => arguments.question.output.json,
            Command::Positive(arguments) => arguments.question.output.json,
            Command::Surjective(arguments) => arguments.question.output.json,
            Command::Zero(arguments) => arguments.question.output.json,
            Command::Replay(arguments) => arguments.output.json,
            Command::Check(arguments) => arguments.output.json,
            Command::Inspect(arguments) => arguments.output.json,
            Command::Lipschitz(arguments) => arguments.question.output.json,
            Command::Run(arguments) => arguments.output.json,
            Command::Train(arguments) => arguments.form.json,
            Command::Interpolate(arguments) => arguments.form.json,
            Command::Separable(arguments) => arguments.form.json,
            Command::Vnncomp(_) => false,
            Command::Regions(arguments) => arguments.wants_json(),
            Command::Reduce(arguments) => arguments.wants_json(),
            Command::Recover(arguments) => arguments.output.json,
            Command::HardInstances(arguments) => arguments.output.json,
            Command::Arrangement(arguments) => arguments.wants_json(),
            Command::Zonotope(arguments) => arguments.wants_json(),
            Command::Split(arguments) => arguments.wants_json(),
            Command::Work(arguments) => arguments.output.json,
            Command::Merge(arguments) => arguments.output.json,
        }
    }

    /// Runs the command.
    pub fn run(&self) -> Result<Report, Failure> {
        match &self.command {
            Command::Verify(arguments) => verify::run(arguments),
            Command::Equivalent(arguments) => equivalent::run(arguments),
            Command::Eval(arguments) => eval::run(arguments),
            Command::Maximum(arguments) => maximum::run(arguments),
            Command::Range(arguments) => range::run(arguments),
            Command::Positive(arguments) => positive::run(arguments),
            Command::Surjective(arguments) => surjective::run(arguments),
            Command::Zero(arguments) => zero::run(arguments),
            Command::Replay(arguments) => replay::run(arguments),
            Command::Check(arguments) => check::run(arguments),
            Command::Inspect(arguments) => inspect::run(arguments),
            Command::Lipschitz(arguments) => lipschitz::run(arguments),
            Command::Run(arguments) => run::run(arguments),
            Command::Train(arguments) => train::run(arguments),
            Command::Interpolate(arguments) => interpolate::run(arguments),
            Command::Separable(arguments) => separable::run(arguments),
            Command::Vnncomp(arguments) => vnncomp::run(arguments),
            Command::Regions(arguments) => regions::run(arguments),
            Command::Reduce(arguments) => reduce::run(arguments),
            Command::Recover(arguments) => recover::run(arguments),
            Command::HardInstances(arguments) => hard_instances::run(arguments),
            Command::Arrangement(arguments) => arrangement::run(arguments),
            Command::Zonotope(arguments) => zonotope::run(arguments),
            Command::Split(arguments) => split::run(arguments),
            Command::Work(arguments) => work::run(arguments),
            Command::Merge(arguments) => merge::run(arguments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example_and_its_exit_codes() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands_mut().filter(|command| command.get_name() != "help") {
            let help = command.render_long_help().to_string();
            let name = command.get_name();
            assert!(help.contains("Example") && help.contains("Exit codes"), "{name}: {help}");
            assert!(help.contains(&format!("foldline {name} ")), "{name}: {help}");
        }
    }
}
