//! Running the program in a folder of its own, and the small files that the tests share.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// f(x) = max(0, x − 1/10): touches 9/10 from below at x = 1.
pub const RAMP: &str = r#"{"layers": [{"weights": [[1]], "bias": [-0.1], "activation": "relu"}]}"#;

/// (relu(x) − 2 relu(x/3 − y + 1/10), relu(x)/2 + relu(x/3 − y + 1/10)).
pub const PAIR: &str = r#"{"layers": [
  {"weights": [[1, 0], ["1/3", -1]], "bias": [0, 0.1], "activation": "relu"},
  {"weights": [[1, -2], [0.5, 1]], "bias": [0, 0], "activation": "linear"}]}"#;

/// A folder with files, gone when dropped.
pub struct Folder {
    folder: TempDir,
}

/// What a run of the program left behind.
pub struct Run {
    /// The exit code; `None` where a signal ended the program.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Folder {
    /// A new folder with these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let folder = Self { folder: tempfile::tempdir().unwrap() };
        for (name, content) in files {
            folder.write(name, content.as_bytes());
        }
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of all files, sorted.
    pub fn names(&self) -> Vec<String> {
        let name = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<String> =
            std::fs::read_dir(self.folder.path()).unwrap().map(name).collect();
        names.sort();
        names
    }

    /// The program, to be run in this folder with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_foldline"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs the program; in no case it may panic.
    pub fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap())
    }

    /// Runs the program with `--json` and returns its only JSON object.
    pub fn json(&self, arguments: &[&str], code: i32) -> Value {
        let run = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(run.code, Some(code), "{arguments:?}: {}{}", run.stdout, run.stderr);
        let mut objects = serde_json::Deserializer::from_str(&run.stdout).into_iter::<Value>();
        let object = objects.next().expect("an object").expect("valid JSON");
        assert!(objects.next().is_none(), "one object only: {}", run.stdout);
        assert_eq!(object["foldline"], env!("CARGO_PKG_VERSION"));
        // A group's commands are named with it, such as `zonotope norm`.
        let command = object["command"].as_str().expect("a string");
        let words: Vec<&str> = command.split(' ').collect();
        assert!(arguments.starts_with(&words), "{command}: {arguments:?}");
        assert!(object["seconds"].as_f64().unwrap() >= 0.0);
        assert!(object["statistics"].is_object());
        object
    }

    /// Runs the program, which must refuse its input with one message that has all of `parts`.
    pub fn refuses(&self, arguments: &[&str], code: i32, parts: &[&str]) {
        let run = self.run(arguments);
        assert_eq!(run.code, Some(code), "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert_eq!(run.stderr.trim_end().lines().count(), 1, "{arguments:?}: {}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "{arguments:?}: {part:?} in {}", run.stderr);
        }
    }
}

impl Run {
    pub fn of(output: Output) -> Self {
        let run = Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert!(!run.stderr.contains("internal error:"), "{}", run.stderr);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

/// A VNN-LIB property with these assertions.
pub fn property(inputs: usize, outputs: usize, assertions: &[&str]) -> String {
    let declare = |letter: char, count: usize| {
        (0..count).map(|i| format!("(declare-const {letter}_{i} Real)\n")).collect::<String>()
    };
    let assertions: String = assertions.iter().map(|a| format!("(assert {a})\n")).collect();
    declare('X', inputs) + &declare('Y', outputs) + &assertions
}

/// The property that `RAMP` reaches `bound` on [0, 1] (with `comparison` `>=` or `>`).
pub fn ramp_reaches(comparison: &str, bound: &str) -> String {
    property(1, 1, &["(>= X_0 0)", "(<= X_0 1)", &format!("({comparison} Y_0 {bound})")])
}

/// The strings of a JSON list.
pub fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap()).collect()
}

/// A network and a property of it that no search decides quickly.
pub fn hard_instance() -> (String, String) {
    let (inputs, width, layers) = (16, 60, 5);
    let mut state = 12345u64;
    let mut weight = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 2001) as i64 - 1000
    };
    let mut layer = |from: usize, to: usize, activation: &str| {
        let mut row = |count: usize| {
            let row: Vec<String> = (0..count).map(|_| format!("{}e-3", weight())).collect();
            format!("[{}]", row.join(","))
        };
        let rows: Vec<String> = (0..to).map(|_| row(from)).collect();
        let (rows, bias) = (rows.join(","), row(to));
        format!(r#"{{"weights": [{rows}], "bias": {bias}, "activation": "{activation}"}}"#)
    };
    let mut parts = vec![layer(inputs, width, "relu")];
    parts.extend((1..layers).map(|_| layer(width, width, "relu")));
    parts.push(layer(width, 1, "linear"));
    let network = format!(r#"{{"layers": [{}]}}"#, parts.join(","));
    let mut assertions: Vec<String> =
        (0..inputs).flat_map(|i| [format!("(>= X_{i} -1)"), format!("(<= X_{i} 1)")]).collect();
    assertions.push("(>= Y_0 4000)".to_owned());
    let assertions: Vec<&str> = assertions.iter().map(String::as_str).collect();
    (network, property(inputs, 1, &assertions))
}
