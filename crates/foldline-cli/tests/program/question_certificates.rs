//! Certificates of the questions are accepted; bent ones are rejected, for the right reason.

use crate::questions::{NOTHING, SADDLE, TENT};
use crate::support::{Folder, PAIR};

/// A command whose certificate is bent, and the files its statement is about.
struct Bending {
    folder: Folder,
    files: &'static [&'static str],
    lines: Vec<String>,
}

impl Bending {
    /// Runs the command, which must end with `code`; its certificate must be accepted.
    fn of(
        contents: &[(&str, &str)],
        command: &[&str],
        code: i32,
        files: &'static [&'static str],
    ) -> Self {
        let folder = Folder::with(contents);
        folder.json(&[command, &["--certificate", "c.txt"]].concat(), code);
        let lines = folder.read("c.txt").lines().map(str::to_owned).collect();
        let bending = Self { folder, files, lines };
        let answer = bending.check(&bending.lines, 0);
        assert_eq!(answer["answer"], "accepted");
        assert_eq!(answer["statement"]["network"]["file"], files[0]);
        bending
    }

    fn check(&self, lines: &[String], code: i32) -> serde_json::Value {
        self.folder.write("bent.txt", (lines.join("\n") + "\n").as_bytes());
        let arguments = [&["check", "bent.txt"], self.files].concat();
        self.folder.json(&arguments, code)
    }

    /// Replaces the line that begins with `start` and expects a rejection for `reason`.
    #[track_caller]
    fn rejects(&self, start: &str, line: &str, reason: &str) {
        let mut lines = self.lines.clone();
        let place = lines.iter().position(|line| line.starts_with(start)).expect("such a line");
        line.clone_into(&mut lines[place]);
        self.rejected(&lines, reason);
    }

    /// Leaves out the proof and expects a rejection because a clause is not excluded.
    #[track_caller]
    fn rejects_without_proof(&self) {
        let start = self.lines.iter().position(|line| line.starts_with("case ")).expect("a case");
        let mut lines = self.lines[..start].to_vec();
        lines.push("end".to_owned());
        self.rejected(&lines, "no record names clause 0");
    }

    #[track_caller]
    fn rejected(&self, lines: &[String], reason: &str) {
        let answer = self.check(lines, 1);
        let found = answer["reason"].as_str().unwrap();
        assert!(found.contains(reason), "{found} in {}", lines.join("\n"));
    }
}

const BOX: (&str, &str) = ("r.json", r#"{"box": [["1/3", 2]]}"#);

#[test]
fn maxima() {
    let command = ["maximum", "n.json", "--over", "r.json"];
    let files = &["n.json", "r.json"];
    let bent = Bending::of(&[("n.json", TENT), BOX], &command, 0, files);
    bent.rejects("statement", "statement maximum 0 value 3/4", "another value there");
    bent.rejects("statement", "statement maximum 1 value 2/3", "there is no output 1");
    bent.rejects("statement", "statement maximum 0 value", "a field is missing");
    bent.rejects("statement", "statement maximum 0 empty", "expected `off`, `case` or `end`");
    bent.rejects("inside", "inside 3", "not in the region");
    bent.rejects("point", "point 1/4", "not in the closure");
    bent.rejects("point", "point 1/2", "another value there");
    bent.rejects_without_proof();
    // The proof that nothing is above 2/3 does not show that nothing is above 1/2.
    let mut lower = bent.lines.clone();
    for (start, line) in [("statement", "statement maximum 0 value 1/2"), ("point", "point 1/2")] {
        let place = lower.iter().position(|line| line.starts_with(start)).unwrap();
        line.clone_into(&mut lower[place]);
    }
    assert_eq!(bent.check(&lower, 1)["answer"], "rejected");
}

#[test]
fn unbounded_and_empty_maxima() {
    let command = ["maximum", "n.json", "--over", "r.json"];
    let files = &["n.json", "r.json"];
    let strip = ("r.json", r#"{"box": [[null, 7], ["-1/2", 4]]}"#);
    let bent = Bending::of(&[("n.json", SADDLE), strip], &command, 0, files);
    bent.rejects("point", "point 8 0", "not in the region");
    bent.rejects("direction", "direction 1 0", "the ray leaves");
    bent.rejects("direction", "direction 0 0", "does not grow");
    bent.rejects("statement", "statement maximum 0 empty", "expected `off`");
    let none = ("r.json", r#"{"A": [[1], [-1]], "b": [0, -1]}"#);
    let bent = Bending::of(&[("n.json", TENT), none], &command, 0, files);
    bent.rejects("off", "off 1", "there is no clause 1");
    bent.rejects("statement", "statement maximum 0 unbounded", "expected `point`");
    bent.rejects("region", &format!("region r.json {}", "0".repeat(64)), "another region");
}

#[test]
fn ranges() {
    let command = ["range", "n.json", "--over", "r.json"];
    let files = &["n.json", "r.json"];
    let bent = Bending::of(&[("n.json", TENT), BOX], &command, 0, files);
    assert_eq!(bent.lines[1], "statement range -1 2/3");
    bent.rejects("statement", "statement range 2/3 -1", "another value there");
    bent.rejects("statement", "statement range -2 2/3", "another value there");
    bent.rejects("statement", "statement range -1/2 2/3", "another value there");
    bent.rejects("statement", "statement range -1", "expected 2 ends, two an output, found 1");
    bent.rejects("statement", "statement range -1 2/3 0 0", "expected 2 ends");
    bent.rejects("statement", "statement range empty", "expected `off`, `case` or `end`");
    bent.rejects("statement", "statement range unbounded 2/3", "expected `point`");
    bent.rejects("inside", "inside 3", "not in the region");
    bent.rejects("point", "point 3", "not in the closure");
    bent.rejects("network", &format!("network n.json {}", "0".repeat(64)), "another network");
    bent.rejects_without_proof();
    // The proofs of both ends in the wrong order, and one of them alone.
    let end = bent.lines.iter().position(|line| line == "end").unwrap();
    let (head, [first, second]) =
        (&bent.lines[..5], [&bent.lines[5..=end], &bent.lines[end + 1..]]);
    bent.rejected(&[head, second, first].concat(), "another value there");
    bent.rejected(&[head, first].concat(), "ends too early");
    // A narrower range, with a point that takes its end: the proof that nothing is below −1 is none.
    let mut narrow = bent.lines.clone();
    "statement range -1/2 2/3".clone_into(&mut narrow[1]);
    "point 3/2".clone_into(&mut narrow[6]);
    assert_eq!(bent.check(&narrow, 1)["answer"], "rejected");
}

#[test]
fn unbounded_and_empty_ranges() {
    let command = ["range", "n.json", "--over", "r.json"];
    let files = &["n.json", "r.json"];
    let strip = ("r.json", r#"{"box": [[null, 7], ["-1/2", 4]]}"#);
    let bent = Bending::of(&[("n.json", SADDLE), strip], &command, 0, files);
    assert_eq!(bent.lines[1], "statement range -3 unbounded");
    bent.rejects("direction", "direction 1 0", "the ray leaves");
    bent.rejects("direction", "direction 0 0", "does not grow");
    bent.rejects("statement", "statement range unbounded -3", "expected `point`");
    let whole = ("r.json", r#"{"box": [[null, null], [null, null]]}"#);
    let bent = Bending::of(&[("n.json", SADDLE), whole], &command, 0, files);
    assert_eq!(bent.lines[1], "statement range unbounded unbounded");
    bent.rejects("direction", "direction 0 0", "does not fall");
    bent.rejects("direction", "direction 1 0", "does not fall");
    let none = ("r.json", r#"{"A": [[1], [-1]], "b": [0, -1]}"#);
    let bent = Bending::of(&[("n.json", TENT), none], &command, 0, files);
    assert_eq!(bent.lines[1], "statement range empty");
    bent.rejects("statement", "statement range 0 0", "expected `inside`");
}

#[test]
fn open_ranges() {
    let spec = crate::support::property(1, 1, &["(> X_0 0)", "(<= X_0 1/2)"]);
    let contents = [("n.json", TENT), ("r.vnnlib", &spec)];
    let command = ["range", "n.json", "--over", "r.vnnlib"];
    let bent = Bending::of(&contents, &command, 0, &["n.json", "r.vnnlib"]);
    assert_eq!(bent.lines[1], "statement range 1/2 1");
    let inside = bent.lines.iter().rposition(|line| line.starts_with("inside")).unwrap();
    let mut lines = bent.lines.clone();
    "inside 0".clone_into(&mut lines[inside]);
    bent.rejected(&lines, "not in the region");
}

#[test]
fn positivity() {
    let command = ["positive", "n.json", "--over", "r.json"];
    let files = &["n.json", "r.json"];
    let bent = Bending::of(&[("n.json", TENT), BOX], &command, 0, files);
    bent.rejects("witness", "witness 1", "the formula is false there");
    bent.rejects("witness", "witness 1/4", "the formula is false there");
    bent.rejects("statement", "statement positivity 0 no", "expected `off`");
    let far = ("r.json", r#"{"box": [[1, 2]]}"#);
    let bent = Bending::of(&[("n.json", TENT), far], &command, 1, files);
    bent.rejects("statement", "statement positivity 0 maybe", "expected `yes` or `no`");
    bent.rejects("statement", "statement positivity 2 no", "there is no output 2");
    bent.rejects("region", "precision 40", "expected `off`");
    bent.rejects_without_proof();
}

#[test]
fn zero() {
    let command = ["zero", "n.json", "--over", "r.json"];
    let files = &["n.json", "r.json"];
    let around = ("r.json", r#"{"box": [[-1, 2]]}"#);
    let bent = Bending::of(&[("n.json", NOTHING), around], &command, 0, files);
    bent.rejects("statement", "statement zero 1 yes", "there is no output 1");
    bent.rejects("statement", "statement zero all no", "expected `witness`");
    bent.rejects_without_proof();
    let bent = Bending::of(&[("n.json", TENT)], &["zero", "n.json"], 1, &["n.json"]);
    bent.rejects("witness", "witness 1", "the formula is false there");
    bent.rejects("statement", "statement zero some no", "expected the number of a output");
    bent.rejects("network", "network n.json 00", "another network");
}

#[test]
fn surjectivity() {
    let command = ["surjective", "n.json"];
    let bent = Bending::of(&[("n.json", SADDLE)], &command, 0, &["n.json"]);
    bent.rejects("positive", "positive 0 1", "the output is not positive there");
    bent.rejects("negative", "negative 1 1", "the output is not negative there");
    bent.rejects("negative", "negative 1", "a field is missing");
    let bent = Bending::of(&[("n.json", TENT)], &command, 1, &["n.json"]);
    bent.rejects("bounded", "bounded somewhere", "expected `above` or `below`");
    bent.rejects("statement", "statement surjectivity 0 yes", "expected `positive`");
    bent.rejects_without_proof();
    let mut lines = bent.lines.clone();
    let place = lines.iter().position(|line| line == "bounded above").unwrap();
    "bounded below".clone_into(&mut lines[place]);
    assert_eq!(bent.check(&lines, 1)["answer"], "rejected");
}

#[test]
fn certificates_need_files_and_stored_units() {
    let folder = Folder::with(&[("pair.json", PAIR)]);
    let arguments = ["zero", "pair.json", "--physical", "--certificate", "c.txt"];
    assert_eq!(folder.run(&arguments).code, Some(2));
    assert_eq!(folder.names(), ["pair.json"]);
}
