//! A proof that is stopped at its nodes and goes on, again and again, is accepted like one that was written in peace.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldcheck::Content;
use foldline::questions::checkpoint::Journal;
use foldline::{Options, Verdict, verify_with_proof};
use serde_json::{Value, json};

use crate::certifying::header;
use crate::files::{Claim, Files, check};

/// A proof in memory that stops the search after so many saves; what is written after the last
/// save is lost, as in a run that is killed.
#[derive(Default)]
struct Notes {
    text: Vec<u8>,
    resumed: Option<Value>,
    saved: Option<(usize, Value)>,
    saves: u64,
    stop: Arc<AtomicBool>,
}

impl Write for Notes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Journal for Notes {
    fn resumed(&self) -> Option<&Value> {
        self.resumed.as_ref()
    }

    fn is_due(&self) -> bool {
        true
    }

    fn save(&mut self, state: &Value) -> io::Result<()> {
        // As text, as in a file.
        let state = serde_json::from_str(&state.to_string()).expect("JSON");
        self.saved = Some((self.text.len(), state));
        self.saves = self.saves.saturating_sub(1);
        self.stop.store(self.saves == 0, Ordering::Relaxed);
        Ok(())
    }
}

/// The proof by runs of so many saves, and how many runs it took.
fn in_pieces(files: &Files, saves: u64) -> (String, usize) {
    let precision = foldline::certificate::precision(&files.network, &files.property);
    let (mut text, mut resumed) = (Vec::new(), None);
    for runs in 1..100_000 {
        let stop = Arc::new(AtomicBool::new(false));
        let mut notes = Notes { text, resumed, saved: None, saves, stop: stop.clone() };
        let options = Options { stop: Some(stop), ..Options::default() };
        let outcome =
            verify_with_proof(&files.network, &files.property, &options, precision, &mut notes);
        if let Verdict::Holds { .. } = outcome.expect("a proof").verdict {
            return (String::from_utf8(notes.text).expect("text"), runs);
        }
        let (length, state) = notes.saved.expect("a stopped run saves");
        notes.text.truncate(length);
        (text, resumed) = (notes.text, Some(state));
    }
    panic!("it does not end");
}

/// Random integer layers on a box, and the claim that the output stays below what is far enough.
fn question(seed: u64, box_: &[&str], bound: &str) -> Files {
    let mut state = seed;
    let mut number = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 33) % 7) as i64 - 3
    };
    let inputs = 3;
    let mut layer = |from: usize, to: usize, activation: &str| {
        let rows: Vec<Vec<i64>> = (0..to).map(|_| (0..from).map(|_| number()).collect()).collect();
        let bias: Vec<i64> = (0..to).map(|_| number()).collect();
        json!({"weights": rows, "bias": bias, "activation": activation})
    };
    let layers = [layer(inputs, 8, "relu"), layer(8, 8, "relu"), layer(8, 1, "linear")];
    let network = json!({"layers": layers}).to_string();
    let declared = ["X_0", "X_1", "X_2", "Y_0"].map(|name| format!("(declare-const {name} Real)"));
    let asserted: Vec<String> = box_.iter().map(|atom| format!("(assert {atom})")).collect();
    let text = format!("{}{}(assert {bound})", declared.concat(), asserted.concat());
    let network = Content::new("n.json", network.into_bytes());
    Files::new(network, Content::new("p.vnnlib", text.into_bytes())).expect("good files")
}

/// Whether the property holds; then its proofs in pieces are accepted, and took several runs.
fn holds_in_pieces(files: &Files) -> bool {
    let options = Options::default();
    if !matches!(
        foldline::verify(&files.network, &files.property, &options).verdict,
        Verdict::Holds { .. }
    ) {
        return false;
    }
    let (whole, _) = in_pieces(files, u64::MAX);
    for saves in [1, 3] {
        let (body, runs) = in_pieces(files, saves);
        let certificate = format!("{}{body}end\n", header(files, Claim::Holds));
        check(certificate.as_bytes(), files).unwrap_or_else(|rejection| panic!("{rejection}"));
        assert!(runs > 1 || whole.lines().count() < 20, "{runs} runs");
        // The same tree: a node bounded anew from the weights may differ by a rounding, seldom.
        let splits = |text: &str| text.lines().filter(|line| line.starts_with("split")).count();
        let (one, other) = (splits(&whole), splits(&body));
        assert!(one.abs_diff(other) <= 2 + one / 10, "{one} splits in one run, {other} in {runs}");
    }
    true
}

const CUBE: [&str; 6] =
    ["(>= X_0 -1)", "(<= X_0 1)", "(>= X_1 -1)", "(<= X_1 1)", "(>= X_2 -1)", "(<= X_2 1)"];

#[test]
fn boxes() {
    let mut proved = 0;
    for seed in 0..6 {
        for bound in ["(> Y_0 60)", "(> Y_0 120)", "(and (> Y_0 40) (< Y_0 50) (> X_0 X_1))"] {
            proved += usize::from(holds_in_pieces(&question(seed, &CUBE, bound)));
        }
    }
    println!("{proved} proofs in pieces");
    assert!(proved >= 6, "{proved}");
}

#[test]
fn several_cases_and_unbounded_regions() {
    let mut proved = 0;
    for seed in 0..6 {
        // Two cases, and a cone of which each face is a tree.
        let two = "(or (and (>= X_0 0) (> Y_0 90)) (and (<= X_1 0) (< Y_0 -90)))";
        proved += usize::from(holds_in_pieces(&question(seed, &CUBE, two)));
        let cone = ["(>= X_0 -1)", "(<= X_0 1)", "(>= X_1 0)", "(<= X_2 X_1)", "(>= X_2 0)"];
        for bound in ["(> Y_0 (+ 400 (* 200 X_1)))", "(< Y_0 (- 0 (+ 400 (* 200 X_1))))"] {
            proved += usize::from(holds_in_pieces(&question(seed, &cone, bound)));
        }
    }
    println!("{proved} proofs in pieces");
    assert!(proved >= 8, "{proved}");
}
