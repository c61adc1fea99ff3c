//! The program `foldline`: asks questions about ReLU networks and prints exact answers.

mod checkpoint;
mod cli;
mod commands;
mod counting;
mod describe;
mod interrupt;
mod limits;
mod load;
mod network_json;
mod options;
mod progress;
mod question;
mod report;
mod search;
mod witness_file;

use std::panic;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;
use crate::report::{Exit, Failure, say};

fn main() -> ExitCode {
    panic::set_hook(Box::new(|info| {
        let message = format!("foldline: internal error: {info}\n");
        say(&format!(
            "{message}This is a bug in foldline; please report it with the command used."
        ));
    }));
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to standard output; a closed pipe there is no failure.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let json = cli.wants_json();
    let answered = panic::catch_unwind(|| -> Result<Exit, Failure> {
        let report = cli.run()?;
        for warning in &report.warnings {
            say(&format!("foldline: {warning}"));
        }
        report.print(json)?;
        if let Some(checkpoint) = &report.finished
            && let Err(error) = checkpoint.remove()
        {
            say(&format!("foldline: {}: not removed: {error}", checkpoint.path().display()));
        }
        Ok(report.exit)
    });
    match answered {
        Ok(Ok(exit)) => ExitCode::from(exit as u8),
        Ok(Err(failure)) => {
            say(&format!("foldline: {failure}"));
            ExitCode::from(failure.exit_code())
        }
        Err(_) => ExitCode::from(Failure::INPUT),
    }
}
