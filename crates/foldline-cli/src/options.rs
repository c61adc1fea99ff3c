//! Options that several commands share, and the parsing of their values.

use std::time::Duration;

use clap::Args;
use foldline::{NetworkOptions, Rational, parse_rational};

use crate::report::Failure;

/// How the answer is printed.
#[derive(Debug, Clone, Args)]
pub struct OutputOptions {
    /// Print the answer as one JSON object
    #[arg(long)]
    pub json: bool,
}

/// How a network file is read.
#[derive(Debug, Clone, Args)]
pub struct ReadOptions {
    /// NNET only: physical units, (x - mean)/range before the network and its inverse after it
    #[arg(long)]
    pub physical: bool,
}

impl ReadOptions {
    /// The same for the readers.
    pub fn for_network(&self) -> NetworkOptions {
        NetworkOptions { physical: self.physical }
    }
}

/// How a search works.
#[derive(Debug, Clone, Args)]
pub struct SearchOptions {
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// Seed of the counterexample search
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// No progress line
    #[arg(long)]
    pub quiet: bool,
}

/// On how many threads a command works, and whether it shows how far it is.
#[derive(Debug, Clone, Args)]
pub struct WorkerOptions {
    /// Worker threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// No progress line
    #[arg(long)]
    pub quiet: bool,
}

/// The wall-clock limit of a search.
#[derive(Debug, Clone, Args)]
pub struct TimeoutOption {
    /// Give up after this many seconds of wall-clock time
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub timeout: Option<Duration>,
}

/// Reads the numbers, separated by commas, that `option` was given.
pub fn parse_numbers(option: &str, text: &str) -> Result<Vec<Rational>, Failure> {
    let number = |(index, token): (usize, &str)| {
        parse_rational(token.trim())
            .map_err(|error| Failure::Usage(format!("{option}, number {}: {error}", index + 1)))
    };
    text.split(',').enumerate().map(number).collect()
}

/// Reads a number of seconds that is finite and not negative.
pub fn parse_seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 =
        text.trim().parse().map_err(|_| "expected seconds, such as 60 or 0.5".to_owned())?;
    if !seconds.is_finite() || seconds < 0.0 {
        return Err("expected seconds that are finite and not negative".to_owned());
    }
    Ok(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_exact() {
        let point = parse_numbers("--input", "0.1, -2/3,1e2").unwrap();
        let text: Vec<String> = point.iter().map(Rational::to_string).collect();
        assert_eq!(text, ["1/10", "-2/3", "100"]);
        for bad in ["", "1,,2", "1,x", "nan", "1/0"] {
            assert!(matches!(parse_numbers("--input", bad), Err(Failure::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn seconds_are_finite_and_not_negative() {
        assert_eq!(parse_seconds("1.5"), Ok(Duration::from_millis(1500)));
        assert_eq!(parse_seconds("0"), Ok(Duration::ZERO));
        assert_eq!(parse_seconds("1e300"), Ok(Duration::MAX));
        for bad in ["-1", "nan", "inf", "", "1s"] {
            assert!(parse_seconds(bad).is_err(), "{bad}");
        }
    }
}
