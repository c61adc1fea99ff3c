//! A proof that is stopped at its nodes and goes on, again and again, is accepted like one that was written in peace.

use std::fs::{OpenOptions, read_dir};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use foldcheck::Content;
use foldline::questions::checkpoint::Memory;
use foldline::{Options, Storage, Verdict, verify_with_proof};
use serde_json::json;

use crate::certifying::{header, text_of};
use crate::files::{Claim, Files, check};

/// Adds to every log what a run that was killed wrote after its last save.
fn tear(folder: &Path) {
    for entry in read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let mut log = OpenOptions::new().append(true).open(path).expect("a log");
        log.write_all(b"split 1\nbounds 3").expect("it can be written");
    }
}

/// The proof by runs that are stopped after a while, each a little later, and their number.
fn in_pieces(files: &Files, while_: Option<Duration>, threads: usize) -> (String, u32) {
    let precision = foldline::certificate::precision(&files.network, &files.property);
    let folder = tempfile::tempdir().expect("a folder");
    let mut memory = Memory::default();
    for runs in 1..100_000 {
        let stop = Arc::new(AtomicBool::new(false));
        let options = Options { threads, stop: Some(stop.clone()), ..Options::default() };
        let storage = Storage::Files(folder.path().join("log"));
        let (network, property) = (&files.network, &files.property);
        let ended = AtomicBool::new(false);
        let proved = std::thread::scope(|scope| {
            if let Some(pause) = while_ {
                let (stop, ended) = (&stop, &ended);
                scope.spawn(move || {
                    std::thread::sleep(pause * runs);
                    stop.store(!ended.load(Ordering::Relaxed), Ordering::Relaxed);
                });
            }
            let keeper = Some(&memory as _);
            let proved = verify_with_proof(network, property, &options, precision, storage, keeper);
            ended.store(true, Ordering::Relaxed);
            proved
        });
        let (outcome, records) = proved.expect("a proof");
        if let Verdict::Holds { .. } = outcome.verdict {
            let text = text_of(records.expect("what holds has records"));
            assert_eq!(read_dir(folder.path()).expect("a folder").count(), 0, "no log stays");
            return (text, runs);
        }
        assert!(records.is_none());
        tear(folder.path());
        memory = memory.next();
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
    let (whole, _) = in_pieces(files, None, 1);
    for threads in [2, 8] {
        let (other, _) = in_pieces(files, None, threads);
        assert!(other == whole, "{threads} threads");
    }
    for (micros, threads) in [(50, 1), (150, 2)] {
        let (body, runs) = in_pieces(files, Some(Duration::from_micros(micros)), threads);
        let certificate = format!("{}{body}end\n", header(files, Claim::Holds));
        check(certificate.as_bytes(), files).unwrap_or_else(|rejection| panic!("{rejection}"));
        assert!(runs > 1 || whole.lines().count() < 200, "{runs} runs");
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
