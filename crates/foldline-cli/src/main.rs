//! The program `foldline`: asks questions about ReLU networks and prints exact answers.

mod bundled;
mod certifying;
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
mod outputs;
mod progress;
mod question;
mod report;
mod search;
mod witness_file;

use std::env;
use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::Cli;
use crate::outputs::keep_apart;
use crate::report::{Exit, Failure, say};

fn main() -> ExitCode {
    let is_told = AtomicBool::new(false);
    panic::set_hook(Box::new(move |info| {
        // One message is enough: after the first panic other threads may fail as well.
        if !is_told.swap(true, Ordering::SeqCst) {
            let place = info.location().map_or(String::new(), |place| format!(" ({place})"));
            let message = info.payload_as_str().unwrap_or("panic");
            say(&format!("foldline: {}", Failure::Internal(format!("{message}{place}"))));
        }
    }));
    let (cli, matches) = match Cli::read(&env::args_os().collect::<Vec<_>>()) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version go to standard output; a closed pipe there is no failure.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let json = cli.wants_json();
    let answer = || -> Result<Exit, Failure> {
        keep_apart(&matches)?;
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
        if let Some(folder) = &report.bundles {
            bundled::remove(folder);
        }
        Ok(report.exit)
    };
    ExitCode::from(exit_code(answer))
}

/// The exit code of a run; what is wrong is said, of a panic by the hook.
fn exit_code(answer: impl FnOnce() -> Result<Exit, Failure>) -> u8 {
    match panic::catch_unwind(panic::AssertUnwindSafe(answer)) {
        Ok(Ok(exit)) => exit as u8,
        Ok(Err(failure)) => {
            say(&format!("foldline: {failure}"));
            failure.exit_code()
        }
        Err(_) => Failure::INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_in_foldline_is_told_from_bad_input() {
        assert_eq!(exit_code(|| panic!("on purpose")), 70);
        // A worker's panic arrives on the thread that waits for it.
        let worker = || std::thread::spawn(|| panic!("on purpose")).join().expect("no panic");
        assert_eq!(exit_code(worker), 70);
        assert_eq!(exit_code(|| Err(Failure::Internal(String::new()))), 70);
        assert_eq!(exit_code(|| Err(Failure::Input(String::new()))), 4);
        assert_eq!(exit_code(|| Ok(Exit::No)), 1);
    }
}
