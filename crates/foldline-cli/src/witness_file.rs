//! Result files in VNN-COMP's words, written whole or not at all.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use foldline::output_file::Place;
use foldline::text::decimal_for_tools;
use foldline::{Limit, Rational, Verdict};

use crate::outputs::apart;
use crate::report::Failure;
use crate::search::Found;

/// Significant digits of a number that has no finite decimal.
const DIGITS: usize = 60;

/// VNN-COMP's word for a verdict.
pub fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Holds { .. } => "unsat",
        Verdict::Violated(_) => "sat",
        Verdict::Undecided(Limit::Time) => "timeout",
        Verdict::Undecided(Limit::Stopped) => "unknown",
    }
}

/// The content of a VNN-COMP result file: the word and, for `sat`, a witness.
///
/// The witness in 32-bit floats is preferred, since that is what other tools replay.
pub fn result_text(found: &Found) -> String {
    let word = word(&found.outcome.verdict);
    match (&found.outcome.verdict, &found.rounded) {
        (Verdict::Violated(_), Some(Ok(rounded))) => {
            format!("{word}\n{}", decimals(&rounded.input, &rounded.output))
        }
        (Verdict::Violated(witness), _) => {
            format!("{word}\n{}", decimals(&witness.input, &witness.output))
        }
        _ => format!("{word}\n"),
    }
}

/// A witness in VNN-COMP's layout, as decimals: exact where they are finite.
pub fn decimals(input: &[Rational], output: &[Rational]) -> String {
    assignment(input, output, |value| decimal_for_tools(value, DIGITS))
}

/// A witness in VNN-COMP's layout, every number exactly, as p/q where that is needed.
pub fn fractions(input: &[Rational], output: &[Rational]) -> String {
    assignment(input, output, Rational::to_string)
}

/// `((X_0 v)` and so on, one variable a line.
fn assignment(
    input: &[Rational],
    output: &[Rational],
    text: impl Fn(&Rational) -> String,
) -> String {
    let named = |letter: char, values: &[Rational]| {
        let entry = |(i, value): (usize, &Rational)| format!("({letter}_{i} {})", text(value));
        values.iter().enumerate().map(entry).collect::<Vec<_>>()
    };
    let entries = [named('X', input), named('Y', output)].concat();
    let mut lines = String::from("(");
    for (index, entry) in entries.iter().enumerate() {
        let _ = write!(lines, "{}{entry}", if index == 0 { "" } else { "\n " });
    }
    lines + ")\n"
}

/// Writes `content` to the file at `path`: all of it or nothing.
pub fn write_whole(path: &Path, content: &str) -> Result<(), Failure> {
    write_whole_bytes(path, content.as_bytes())
}

/// The same for bytes.
pub fn write_whole_bytes(path: &Path, content: &[u8]) -> Result<(), Failure> {
    Place::write(path, content).map_err(|error| Failure::io(path, &error))
}

/// Writes files into the folder that `--out` names, made where it is missing; never over one of
/// those that were `read`. Returns their paths.
pub fn write_into(
    folder: &Path,
    read: &[&Path],
    files: &[(&str, &[u8])],
) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::io(folder, &error))?;
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.join(name)).collect();
    let written: Vec<(&str, &Path)> = paths.iter().map(|path| ("--out", path.as_path())).collect();
    apart(read, &written)?;
    for (path, (_, content)) in paths.iter().zip(files) {
        write_whole_bytes(path, content)?;
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline::parse_rational;
    use std::fs;

    fn numbers(tokens: &[&str]) -> Vec<Rational> {
        tokens.iter().map(|token| parse_rational(token).unwrap()).collect()
    }

    #[test]
    fn witnesses_follow_the_competition_layout() {
        let (input, output) = (numbers(&["0.5", "-3/16"]), numbers(&["2/3"]));
        let sixty = format!("0.{}7", "6".repeat(59));
        assert_eq!(
            decimals(&input, &output),
            format!("((X_0 0.5)\n (X_1 -0.1875)\n (Y_0 {sixty}))\n")
        );
        assert_eq!(fractions(&input, &output), "((X_0 1/2)\n (X_1 -3/16)\n (Y_0 2/3))\n");
    }

    #[test]
    fn files_appear_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("result.txt");
        write_whole(&path, "unsat\n").unwrap();
        write_whole(&path, "sat\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "sat\n");
        assert!(write_whole(folder.path(), "x").is_err());
        assert!(write_whole(&folder.path().join("no/such/folder.txt"), "x").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
