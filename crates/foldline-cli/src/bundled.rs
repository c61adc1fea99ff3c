//! The command line of a question that is cut into bundles: taken apart, and run for a share of its work.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use foldline::bundles;

use crate::cli::Cli;
use crate::interrupt::stop_flag;
use crate::options::WorkerOptions;
use crate::outputs::keep_apart;
use crate::report::{Exit, Failure, Report, say};

/// The questions whose search can be cut.
const QUESTIONS: [&[&str]; 10] = [
    &["verify"],
    &["equivalent"],
    &["maximum"],
    &["range"],
    &["positive"],
    &["surjective"],
    &["zero"],
    &["lipschitz"],
    &["zonotope", "norm"],
    &["train"],
];

/// A question's command line without the options that belong to one run of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question(pub Vec<String>);

impl Question {
    /// Refuses what is no question that can be cut.
    pub fn check(&self) -> Result<(), Failure> {
        let Self(arguments) = self;
        let begins = |words: &&[&str]| {
            arguments.iter().zip(*words).filter(|(a, b)| a == b).count() == words.len()
        };
        if QUESTIONS.iter().any(begins) {
            return Ok(());
        }
        let names: Vec<String> = QUESTIONS.iter().map(|words| words.join(" ")).collect();
        Err(Failure::Usage(format!(
            "split: expected a question that is searched in parts: {}",
            names.join(", ")
        )))
    }

    /// Takes an option with a value off; of several the last one.
    pub fn take(&mut self, option: &str) -> Result<Option<String>, Failure> {
        let Self(arguments) = self;
        let with_value = format!("{option}=");
        let mut found = None;
        while let Some(place) =
            arguments.iter().position(|word| word == option || word.starts_with(&with_value))
        {
            let word = arguments.remove(place);
            found = match word.strip_prefix(&with_value) {
                Some(value) => Some(value.to_owned()),
                None if place < arguments.len() => Some(arguments.remove(place)),
                None => return Err(Failure::Usage(format!("{option} needs a value"))),
            };
        }
        Ok(found)
    }

    /// Takes a flag off; whether it was there.
    pub fn take_flag(&mut self, flag: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|word| word != flag);
        self.0.len() < before
    }

    /// The file of the certificate, if one is asked for.
    pub fn certificate(&self) -> Result<Option<String>, Failure> {
        self.clone().take("--certificate")
    }

    /// The same question with the certificate where a run of this bundle writes it.
    pub fn beside(&self, bundle: &Path) -> Result<Self, Failure> {
        let mut question = self.clone();
        if let Some(target) = question.take("--certificate")? {
            let own = bundles::certificate(bundle, Path::new(&target));
            question = question.with("--certificate", own.display());
        }
        Ok(question)
    }

    /// The same with one more option.
    pub fn with(mut self, option: &str, value: impl ToString) -> Self {
        self.0.extend([option.to_owned(), value.to_string()]);
        self
    }

    /// The same with one more option, if there is a value for it.
    pub fn with_any(self, option: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(option, value),
            None => self,
        }
    }

    /// The same with one more flag.
    pub fn with_flag(mut self, flag: &str, is_set: bool) -> Self {
        self.0.extend(is_set.then(|| flag.to_owned()));
        self
    }

    /// The same on so many threads, with or without a progress line.
    pub fn on(self, workers: &WorkerOptions) -> Self {
        self.with_any("--threads", workers.threads).with_flag("--quiet", workers.quiet)
    }

    /// The same within so much wall-clock time.
    pub fn within(self, limit: Option<Duration>) -> Self {
        self.with_any("--timeout", limit.map(|limit| limit.as_secs_f64()))
    }

    /// Runs it as a command of its own. Only Ctrl-C interrupts it: that its share of the search is
    /// done leaves it undecided.
    pub fn run(self) -> Result<Report, Failure> {
        let is_interrupted = stop_flag();
        let words = std::iter::once("foldline".into()).chain(self.0.into_iter().map(Into::into));
        let usage = |error: clap::Error| {
            let text = error.render().to_string();
            Failure::Usage(text.trim().trim_start_matches("error: ").to_owned())
        };
        let (cli, matches) = Cli::read(&words.collect::<Vec<_>>()).map_err(usage)?;
        keep_apart(&matches)?;
        let mut report = cli.run()?;
        if report.exit == Exit::Interrupted && !is_interrupted.load(Ordering::Relaxed) {
            report.exit = Exit::Undecided;
        }
        Ok(report)
    }
}

/// The failure of a bundle's file.
pub fn input(error: impl std::fmt::Display) -> Failure {
    Failure::Input(error.to_string())
}

/// Removes what is of no more use in a folder of bundles, and the folder if nothing else is in it.
pub fn remove(folder: &Path) {
    let files = match bundles::files(folder) {
        Ok(files) => files,
        Err(error) => return say(&format!("foldline: {}: {error}", folder.display())),
    };
    for file in files {
        if let Err(error) = std::fs::remove_file(&file) {
            say(&format!("foldline: {}: not removed: {error}", file.display()));
        }
    }
    // Something of the user's may be in it.
    let _ = std::fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(line: &str) -> Question {
        Question(line.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn options_are_taken_off_wherever_they_are() {
        let mut line = question("verify a.onnx --pieces 7 p.vnnlib --out=x --json --pieces=9");
        assert_eq!(line.take("--pieces").unwrap().as_deref(), Some("9"));
        assert_eq!(line.take("--out").unwrap().as_deref(), Some("x"));
        assert_eq!(line.take("--timeout").unwrap(), None);
        assert!(line.take_flag("--json") && !line.take_flag("--json"));
        assert_eq!(line, question("verify a.onnx p.vnnlib"));
        assert!(question("verify --out").take("--out").is_err());
    }

    #[test]
    fn only_questions_with_a_search_are_cut() {
        assert!(question("zonotope norm z.json").check().is_ok());
        for other in ["zonotope contains a b", "eval n", "zonotope", "split verify"] {
            assert!(question(other).check().is_err(), "{other}");
        }
    }

    #[test]
    fn a_certificate_grows_beside_its_bundle() {
        let line = question("verify n p --certificate proofs/c.gz");
        let own = line.beside(Path::new("x/piece-3.json")).unwrap();
        assert_eq!(own, question("verify n p --certificate x/piece-3-c.gz"));
        assert_eq!(line.certificate().unwrap().as_deref(), Some("proofs/c.gz"));
    }
}
