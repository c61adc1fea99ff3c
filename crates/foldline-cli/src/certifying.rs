//! `--certificate FILE`: its place is claimed before the search, and what was written is checked before it takes its name.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::Args;
use foldcheck::{Content, check_until, within};
use foldline::certificate_file::{Destination, Judge, Prepared, Written};
use foldline::formats::input::InputFile;
use foldline::output_file::Place;

use crate::load::Inputs;
use crate::options::ReadOptions;
use crate::report::{Failure, Report};

/// Where a certificate goes.
#[derive(Debug, Clone, Args)]
pub struct CertificateOption {
    /// Write a certificate of the answer to this file (.gz: gzipped), and check it
    #[arg(long, value_name = "FILE")]
    pub certificate: Option<PathBuf>,
    /// Do not check the certificate that was written
    #[arg(long, requires = "certificate")]
    no_check: bool,
}

/// What ends a check early.
#[derive(Debug, Clone)]
pub struct Limits {
    /// When the command began.
    pub start: Instant,
    /// Its limit of time from then on.
    pub timeout: Option<Duration>,
    /// Raised by Ctrl-C.
    pub stop: Option<Arc<AtomicBool>>,
}

/// What became of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The checker accepted it.
    Checked,
    /// A limit ended the check.
    OutOfTime,
    /// No check was wanted.
    Unchecked,
}

/// A certificate that is to be written.
pub struct Certifying {
    prepared: Prepared<'static>,
    /// None as long as it is not written.
    outcome: Arc<Mutex<Option<Outcome>>>,
}

impl CertificateOption {
    /// The file.
    pub fn path(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// Refuses what no certificate can speak about.
    pub fn speaks_about(&self, read: &ReadOptions) -> Result<(), Failure> {
        if self.certificate.is_some() && read.physical {
            let message =
                "--certificate speaks about the stored network, not about --physical units";
            return Err(Failure::Usage(message.to_owned()));
        }
        Ok(())
    }

    /// Claims the file. `is_kept` says whether a checkpoint keeps it while it grows.
    pub fn prepare(
        &self,
        inputs: &Inputs,
        limits: Limits,
        is_kept: bool,
    ) -> Result<Option<Certifying>, Failure> {
        let Some(path) = &self.certificate else { return Ok(None) };
        let files: Vec<InputFile> = inputs.files().iter().map(|(_, file)| file.clone()).collect();
        if files.iter().any(|file| file.path == Path::new("-")) {
            let message = "a certificate needs its files by name, not standard input";
            return Err(Failure::Input(message.to_owned()));
        }
        let place = Place::claim(path, is_kept).map_err(|error| Failure::io(path, &error))?;
        if is_kept && place.file().is_none() {
            let message = "--checkpoint keeps a certificate in a regular file only";
            return Err(Failure::Usage(message.to_owned()));
        }
        let outcome = Arc::new(Mutex::new(None));
        let judge = judge(files.clone(), limits, !self.no_check, Arc::clone(&outcome));
        let (path, is_lost) = (path.clone(), AtomicBool::new(false));
        Ok(Some(Certifying { prepared: Prepared { path, place, files, judge, is_lost }, outcome }))
    }
}

/// Checks a certificate, if that is wanted, and notes what became of it.
fn judge(
    files: Vec<InputFile>,
    limits: Limits,
    is_checked: bool,
    outcome: Arc<Mutex<Option<Outcome>>>,
) -> Box<Judge<'static>> {
    Box::new(move |certificate: Written| {
        let found = match is_checked {
            true => check(&files, &limits, certificate)?,
            false => Outcome::Unchecked,
        };
        *outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Ok(())
    })
}

/// Runs the checker on what was written and what was read.
fn check(files: &[InputFile], limits: &Limits, certificate: Written) -> Result<Outcome, String> {
    let content = |file: &InputFile| Content::shared(&file.name(), Arc::clone(&file.bytes));
    let contents: Vec<Content> = files.iter().map(content).collect();
    let left = || limits.timeout.map(|limit| limit.saturating_sub(limits.start.elapsed()));
    let stop = limits.stop.clone();
    let stopped = move || stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
    let asked = stopped.clone();
    let answer = within(left(), move |is_over| {
        check_until(certificate, &contents, &|| is_over() || asked())
    });
    match answer {
        Some(Ok(_)) => Ok(Outcome::Checked),
        Some(Err(foldcheck::Failure::Stopped)) => Ok(Outcome::OutOfTime),
        Some(Err(foldcheck::Failure::Rejected(rejection))) => Err(rejection.to_string()),
        Some(Err(foldcheck::Failure::Input(error))) => Err(error.to_string()),
        None if left() == Some(Duration::ZERO) || stopped() => Ok(Outcome::OutOfTime),
        None => Err("the checker ended without an answer".to_owned()),
    }
}

impl Certifying {
    /// Where the library writes it.
    pub fn destination(&self) -> Destination<'_> {
        Destination::Prepared(&self.prepared)
    }
}

impl Report {
    /// Says whether the command's certificate, if it was written, was checked.
    pub fn certify(&mut self, certifying: Option<Certifying>) {
        let Some(Certifying { prepared, outcome }) = certifying else { return };
        let path = prepared.path.display();
        if prepared.is_lost.load(Ordering::Relaxed) {
            self.warnings.push(format!(
                "warning: {path}.partial is not as it was left: the proof began anew"
            ));
        }
        let outcome = *outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(outcome) = outcome else { return };
        self.set("certificate_checked", outcome == Outcome::Checked);
        let words = match outcome {
            Outcome::Checked => "checked: accepted",
            Outcome::OutOfTime | Outcome::Unchecked => "not checked",
        };
        if !self.text.is_empty() {
            self.text = format!("{}\ncertificate in {path}, {words}\n", self.text.trim_end());
        }
        if outcome == Outcome::OutOfTime {
            self.warnings.push(format!(
                "warning: a limit ended the check of {path}; `foldline check` can finish it"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline::certificate::CertificateError;
    use foldline::certificate_file::CertificateFile;

    /// A folder with a sample, and a certificate about it with this line before the end.
    fn written(
        line: &str,
        timeout: Option<Duration>,
        name: &str,
    ) -> (tempfile::TempDir, Certifying, Result<(), CertificateError>) {
        let folder = tempfile::tempdir().unwrap();
        let (data, target) = (folder.path().join("d.csv"), folder.path().join(name));
        std::fs::write(&data, "x,y\n0,1\n0,2\n").unwrap();
        let mut inputs = Inputs::new(true);
        let hash = inputs.read("data", &data).unwrap().sha256().to_owned();
        let option = CertificateOption { certificate: Some(target), no_check: false };
        let limits = Limits { start: Instant::now(), timeout, stop: None };
        let certifying = option.prepare(&inputs, limits, false).unwrap().unwrap();
        let mut file = CertificateFile::create(certifying.destination()).unwrap();
        let head = "foldline-certificate 1\nstatement interpolation linear no\n";
        file.text(&format!("{head}data d.csv {hash}\n{line}\nend\n")).unwrap();
        let finished = file.finish();
        (folder, certifying, finished)
    }

    fn report() -> Report {
        let start = Instant::now();
        Report::new("interpolate", "no", crate::report::Exit::No, start, serde_json::json!({}))
    }

    #[test]
    fn what_is_accepted_takes_its_name() {
        for name in ["c", "c.gz"] {
            let (folder, certifying, finished) = written("conflict 0 1", None, name);
            finished.unwrap();
            assert!(folder.path().join(name).exists());
            let mut report = report();
            report.certify(Some(certifying));
            assert_eq!(report.json["certificate_checked"], true);
        }
    }

    #[test]
    fn what_is_rejected_never_appears() {
        let (folder, certifying, finished) = written("conflict 0 0", None, "c.gz");
        let error = finished.unwrap_err();
        assert!(error.is_internal() && error.to_string().contains("line 4"), "{error}");
        let failure = crate::checkpoint::not_written(None, error);
        assert_eq!(failure.exit_code(), 70);
        assert!(failure.to_string().contains("please report"), "{failure}");
        drop(certifying);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the sample");
    }

    #[test]
    fn without_time_the_answer_stands() {
        let (folder, certifying, finished) = written("conflict 0 1", Some(Duration::ZERO), "c");
        finished.unwrap();
        assert!(folder.path().join("c").exists());
        let mut report = report();
        report.certify(Some(certifying));
        assert_eq!(
            (&report.json["certificate_checked"], report.warnings.len()),
            (&false.into(), 1)
        );
    }
}
