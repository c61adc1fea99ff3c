//! Certificates of training, interpolation and separability: what is written is accepted, what is bent is rejected for its reason.

mod forged;
#[path = "../support/judged.rs"]
mod judged;
mod written;

use std::path::PathBuf;

use foldcheck::Content;
use foldline::formats::sample::read_sample;
use foldline::{Rational, Sample};
use judged::{accepts, rejects};

/// A sample in a file, and where certificates about it are written.
struct Case {
    folder: tempfile::TempDir,
    sample: Sample,
    data: Content,
}

impl Case {
    /// Rows of coordinates and, last, the label.
    fn new(rows: &[Vec<String>]) -> Self {
        let header: Vec<String> = (0..rows[0].len()).map(|index| format!("c{index}")).collect();
        let lines = std::iter::once(&header).chain(rows).map(|row| row.join(",") + "\n");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        std::fs::write(&path, lines.collect::<String>()).unwrap();
        let sample = read_sample(&path).unwrap();
        Self { sample, data: Content::read(&path).unwrap(), folder }
    }

    fn of(rows: &[&[&str]]) -> Self {
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(ToString::to_string).collect()).collect();
        Self::new(&rows)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data.csv")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("proof.cert")
    }

    /// What was written, and removed now.
    fn take(&self) -> String {
        let text = std::fs::read_to_string(self.target()).unwrap();
        std::fs::remove_file(self.target()).unwrap();
        text
    }

    fn text(&self, statement: &str, body: &str) -> String {
        let role = if statement.starts_with("separability") { "points" } else { "data" };
        format!(
            "foldline-certificate 1\nstatement {statement}\n{role} d {}\n{body}",
            self.data.hash
        )
    }

    fn accepts(&self, text: &str, statement: &str) {
        accepts(text, std::slice::from_ref(&self.data), statement);
    }

    fn rejects(&self, text: &str, reason: &str) {
        rejects(text, std::slice::from_ref(&self.data), reason);
    }
}

/// Small integers at random (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 20) as usize % limit
    }

    /// A sample with few different coordinates and labels: equal and collinear points are common.
    fn case(&mut self, dimension: usize, most: usize, labels: &[&str]) -> Case {
        let count = 1 + self.below(most);
        let spread = 2 + self.below(4);
        let mut row = || -> Vec<String> {
            let mut row: Vec<String> =
                (0..dimension).map(|_| (self.below(spread) as i64 - 1).to_string()).collect();
            row.push(labels[self.below(labels.len())].to_owned());
            row
        };
        let rows: Vec<Vec<String>> = (0..count).map(|_| row()).collect();
        Case::new(&rows)
    }
}

fn number(value: i32) -> Rational {
    value.into()
}
