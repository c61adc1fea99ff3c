//! The results file of `run`: a CSV that grows by one row an instance and can be resumed.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use foldline::output_file::lock_alone;
use foldline::{Statistics, Verdict};

use super::instances::Instance;
use crate::describe::{duration, plural};
use crate::report::Failure;
use crate::search::Found;
use crate::witness_file::word;

/// The columns, in order.
const COLUMNS: [&str; 14] = [
    "network",
    "property",
    "answer",
    "vnncomp",
    "seconds",
    "cpu_seconds",
    "regions",
    "nodes",
    "lps",
    "exact_leaves",
    "exact_lps",
    "attack_points",
    "witness_f32",
    "message",
];

/// One row.
#[derive(Debug, Clone)]
pub struct Row {
    network: String,
    property: String,
    /// `holds`, `violated`, `undecided` or `error`.
    pub answer: String,
    vnncomp: &'static str,
    /// Wall-clock seconds.
    pub seconds: f64,
    /// CPU seconds of all threads, where known.
    pub cpu_seconds: Option<f64>,
    statistics: Statistics,
    /// `yes` or `no`: whether a witness in 32-bit floats was found.
    witness_f32: &'static str,
    message: String,
}

impl Row {
    /// A row about `instance` that has no answer yet.
    pub fn new(instance: &Instance) -> Self {
        Self {
            network: instance.network.clone(),
            property: instance.property.clone(),
            answer: String::new(),
            vnncomp: "",
            seconds: 0.0,
            cpu_seconds: None,
            statistics: Statistics::default(),
            witness_f32: "",
            message: String::new(),
        }
    }

    /// Fills in what a search found.
    pub fn set_outcome(&mut self, found: &Found) {
        self.statistics = found.outcome.statistics;
        self.vnncomp = word(&found.outcome.verdict);
        self.answer = match &found.outcome.verdict {
            Verdict::Holds { vacuous } => {
                if *vacuous {
                    self.message = "vacuous: the property's input part is empty".to_owned();
                }
                "holds"
            }
            Verdict::Violated(_) => "violated",
            Verdict::Undecided(_) => "undecided",
        }
        .to_owned();
        match &found.rounded {
            Some(Ok(_)) => self.witness_f32 = "yes",
            Some(Err(reason)) => (self.witness_f32, self.message) = ("no", reason.to_string()),
            None => {}
        }
    }

    /// Notes that there is no answer, and why.
    pub fn set_error(&mut self, message: &str) {
        (self.answer, self.vnncomp) = ("error".to_owned(), "error");
        self.message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    }

    /// A line about the row for people who watch.
    pub fn line(&self, number: usize, of: usize) -> String {
        let what = match self.answer.as_str() {
            "error" => self.message.clone(),
            _ => {
                let statistics = &self.statistics;
                format!("{}, {}", plural(statistics.nodes, "node"), plural(statistics.lps, "LP"))
            }
        };
        format!(
            "[{number}/{of}] {} {}: {} in {}, {what}",
            self.network,
            self.property,
            self.answer,
            duration(self.seconds)
        )
    }

    fn fields(&self) -> [String; COLUMNS.len()] {
        let s = &self.statistics;
        [
            self.network.clone(),
            self.property.clone(),
            self.answer.clone(),
            self.vnncomp.to_owned(),
            format!("{:.6}", self.seconds),
            self.cpu_seconds.map_or(String::new(), |seconds| format!("{seconds:.6}")),
            s.regions.to_string(),
            s.nodes.to_string(),
            s.lps.to_string(),
            s.exact_leaves.to_string(),
            s.exact_lps.to_string(),
            s.attack_points.to_string(),
            self.witness_f32.to_owned(),
            self.message.clone(),
        ]
    }
}

/// The open results file and the rows it had already.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    file: File,
    /// No other run writes the same results.
    _lock: File,
    /// Network, property and answer of rows that no instance has claimed yet.
    present: Vec<(String, String, String)>,
}

impl Results {
    /// Opens or creates the file; a last row that was cut off while being written is dropped.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let content = read_results(path)?;
        let complete = content.rfind('\n').map_or(0, |end| end + 1);
        let present = read_rows(path, &content[..complete])?;
        let failed = |error| Failure::io(path, &error);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(failed)?;
        lock_alone(&file).map_err(failed)?;
        if complete < content.len() {
            file.set_len(complete as u64).map_err(failed)?;
        }
        let lock = file;
        let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
        let mut results = Self { path: path.to_owned(), file, _lock: lock, present };
        if complete == 0 {
            results.write(&COLUMNS.map(str::to_owned))?;
        }
        Ok(results)
    }

    /// The answer that the file has for `instance` already; each row stands for one instance.
    pub fn take(&mut self, instance: &Instance) -> Option<String> {
        let found = self.present.iter().position(|(network, property, _)| {
            *network == instance.network && *property == instance.property
        })?;
        Some(self.present.remove(found).2)
    }

    /// Appends a row, whole, and hands it to the system.
    pub fn append(&mut self, row: &Row) -> Result<(), Failure> {
        self.write(&row.fields())
    }

    fn write(&mut self, fields: &[String]) -> Result<(), Failure> {
        let failed = |error| Failure::io(&self.path, &error);
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(fields).map_err(|error| failed(error.into()))?;
        let line = writer.into_inner().map_err(|error| failed(error.into_error()))?;
        self.file.write_all(&line).and_then(|()| self.file.flush()).map_err(failed)
    }
}

/// The file's content, nothing if it is not there. A file that does not begin with the columns'
/// names, as far as it goes, is refused before the rest is read: it would be taken for a row cut off.
fn read_results(path: &Path) -> Result<String, Failure> {
    let failed = |error| Failure::io(path, &error);
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(failed(error)),
    };
    let columns = COLUMNS.join(",");
    let mut start = Vec::new();
    Read::by_ref(&mut file).take(columns.len() as u64).read_to_end(&mut start).map_err(failed)?;
    let Some(mut content) = String::from_utf8(start).ok().filter(|it| columns.starts_with(it))
    else {
        return Err(not_results(path));
    };
    file.read_to_string(&mut content).map_err(failed)?;
    Ok(content)
}

fn not_results(path: &Path) -> Failure {
    let message = "is not a results file of `foldline run`; choose another with --out";
    Failure::Input(format!("{}: {message}", path.display()))
}

/// Network, property and answer of each row.
fn read_rows(path: &Path, content: &str) -> Result<Vec<(String, String, String)>, Failure> {
    let bad = |message: &str| Failure::Input(format!("{}: {message}", path.display()));
    let mut reader = csv::Reader::from_reader(content.as_bytes());
    if !content.is_empty() && reader.headers().is_ok_and(|header| *header != COLUMNS[..]) {
        return Err(not_results(path));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(&error.to_string()))?;
        rows.push((record[0].to_owned(), record[1].to_owned(), record[2].to_owned()));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn instance(network: &str) -> Instance {
        Instance {
            network: network.to_owned(),
            property: "p".to_owned(),
            network_path: PathBuf::new(),
            property_path: PathBuf::new(),
            timeout: Duration::ZERO,
        }
    }

    fn error_row(network: &str) -> Row {
        let mut row = Row::new(&instance(network));
        row.set_error("a \"quoted\", comma\nand line");
        row
    }

    #[test]
    fn rows_survive_and_stand_for_one_instance_each() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        let mut results = Results::open(&path).unwrap();
        results.append(&error_row("a")).unwrap();
        results.append(&error_row("b")).unwrap();
        let other = Results::open(&path).unwrap_err().to_string();
        assert!(other.contains("another run is writing"), "{other}");
        drop(results);
        let mut results = Results::open(&path).unwrap();
        assert_eq!(results.take(&instance("a")).as_deref(), Some("error"));
        assert_eq!(results.take(&instance("a")), None);
        assert_eq!(results.take(&instance("c")), None);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("\"a \"\"quoted\"\", comma and line\""), "{text}");
        assert_eq!(text.lines().count(), 3);
    }

    #[test]
    fn a_row_that_was_cut_off_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.csv");
        Results::open(&path).unwrap().append(&error_row("a")).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{whole}b,p,hol")).unwrap();
        let mut results = Results::open(&path).unwrap();
        assert_eq!(results.take(&instance("b")), None);
        results.append(&error_row("b")).unwrap();
        drop(results);
        assert_eq!(Results::open(&path).unwrap().present.len(), 2);
        // The names of the columns may be what was cut off.
        std::fs::write(&path, &whole[..20]).unwrap();
        Results::open(&path).unwrap().append(&error_row("c")).unwrap();
        assert_eq!(Results::open(&path).unwrap().present.len(), 1);
    }

    #[test]
    fn other_files_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        for notes in ["my notes\n", "my notes", "network,property,time", "\n"] {
            std::fs::write(&path, notes).unwrap();
            assert!(Results::open(&path).unwrap_err().to_string().contains("--out"));
            assert_eq!(std::fs::read_to_string(&path).unwrap(), notes);
        }
    }
}
