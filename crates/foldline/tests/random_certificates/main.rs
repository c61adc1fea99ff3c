//! Every certificate is accepted: random questions with numbers over 0, 10 and 60 orders of magnitude, on
//! empty, flat, unbounded and touched regions.
//!
//! A failure leaves the case's files and the certificate in a folder, and says which.

mod ask;
mod case;
#[path = "../support/random.rs"]
mod random;
mod source;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use case::{Case, QUESTIONS, Question, name};
use source::{Magnitude, Source};

const MAGNITUDES: [Magnitude; 3] = [Magnitude::Ordinary, Magnitude::Ten, Magnitude::Sixty];

/// How a case went.
enum Went {
    Accepted,
    /// No certificate, since the limit ran out or there are none of that kind of answer.
    Without(String),
    Failed(String),
}

/// Draws, asks and checks one case.
fn run(
    question: Question,
    magnitude: Magnitude,
    seed: u64,
    folder: &Path,
    limit: Duration,
) -> Went {
    let mut case = Case::new(folder);
    let mut source = Source::new(seed, magnitude);
    let asked =
        catch_unwind(AssertUnwindSafe(|| ask::ask(question, &mut source, &mut case, limit)));
    let said = match asked {
        Ok(Ok(())) => "no certificate".to_owned(),
        Ok(Err(message)) => message,
        Err(_) => return Went::Failed("the writer panics".to_owned()),
    };
    let Ok(certificate) = std::fs::read(case.target()) else { return Went::Without(said) };
    let checked = catch_unwind(|| foldcheck::check(&certificate[..], &case.files));
    match checked {
        Ok(Ok(_)) => Went::Accepted,
        Ok(Err(failure)) => Went::Failed(failure.to_string()),
        Err(_) => Went::Failed("the checker panics".to_owned()),
    }
}

/// Counts of one question and magnitude.
#[derive(Default)]
struct Counts {
    accepted: usize,
    without: BTreeMap<String, usize>,
    failed: usize,
}

/// Where cases are kept, for a checker that is another program.
struct Keep {
    folder: PathBuf,
    /// Of accepted ones every so many.
    every: u64,
}

/// Runs `rounds` cases of each question and magnitude; the names of those that failed.
fn run_all(first_seed: u64, rounds: u64, limit: Duration, keep: &Keep) -> Vec<String> {
    let mut table: BTreeMap<(Question, Magnitude), Counts> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in first_seed..first_seed + rounds {
        for question in QUESTIONS.into_iter().filter(is_wanted) {
            for magnitude in MAGNITUDES {
                let place = tempfile::tempdir().unwrap();
                let went = run(question, magnitude, seed, place.path(), limit);
                let counts = table.entry((question, magnitude)).or_default();
                let name = name(question, magnitude, seed);
                let is_failure = matches!(went, Went::Failed(_));
                match went {
                    Went::Accepted => counts.accepted += 1,
                    Went::Without(why) => *counts.without.entry(why).or_default() += 1,
                    Went::Failed(why) => {
                        counts.failed += 1;
                        failures.push(format!("{name}: {why}"));
                        eprintln!("{name}: {why}");
                    }
                }
                if is_failure || seed % keep.every == 0 {
                    let target = keep.folder.join(&name);
                    let _ = std::fs::remove_dir_all(&target);
                    std::fs::create_dir_all(&keep.folder).unwrap();
                    copy(place.path(), &target);
                }
            }
        }
    }
    for ((question, magnitude), counts) in &table {
        let Counts { accepted, without, failed } = counts;
        println!("{question:?} {magnitude:?}: {accepted} accepted, {failed} failed, {without:?}");
    }
    failures
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

fn keep(every: u64) -> Keep {
    let folder = std::env::var_os("FOLDLINE_KEEP").map(PathBuf::from);
    let default = || std::env::temp_dir().join("foldline-random-certificates");
    Keep { folder: folder.unwrap_or_else(default), every }
}

/// A number from the environment.
fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Whether the environment asks for this question: `FOLDLINE_ONLY` has names, such as `Maximum Range`.
fn is_wanted(question: &Question) -> bool {
    let name = format!("{question:?}");
    std::env::var("FOLDLINE_ONLY").map_or(true, |names| names.contains(&name))
}

fn none(failures: &[String], keep: &Keep) {
    let folder = keep.folder.display();
    assert!(failures.is_empty(), "files in {folder}:\n{}", failures.join("\n"));
}

#[test]
fn certificates_of_random_questions_are_accepted() {
    let keep = keep(u64::MAX);
    none(&run_all(1, 4, Duration::from_secs(20), &keep), &keep);
}

/// `FOLDLINE_ROUNDS` cases of each of 81 kinds from seed `FOLDLINE_SEED` on; files of failures and of every
/// hundredth round go to `FOLDLINE_KEEP`, where `scripts/check_kept.py` reads them.
#[test]
#[ignore = "hours"]
fn certificates_of_many_random_questions_are_accepted() {
    let keep = keep(100);
    let (seed, rounds) = (setting("FOLDLINE_SEED", 1_000), setting("FOLDLINE_ROUNDS", 250));
    let limit = Duration::from_secs(setting("FOLDLINE_LIMIT", 4));
    none(&run_all(seed, rounds, limit, &keep), &keep);
}
