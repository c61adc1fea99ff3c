//! `run` and `vnncomp`: whole benchmarks, resumed and with errors, and the competition's words.

use std::io::Write;

use serde_json::json;

use crate::support::{Folder, RAMP, hard_instance, ramp_reaches};

/// A folder with a benchmark of a property that holds and one that is violated.
fn benchmark() -> Folder {
    Folder::with(&[
        ("bench/nets/n.json", RAMP),
        ("bench/holds.vnnlib", &ramp_reaches(">", "0.9")),
        ("bench/violated.vnnlib", &ramp_reaches(">=", "1/3")),
        ("bench/i.csv", "nets/n.json,holds.vnnlib,60\nnets/n.json,violated.vnnlib,60\n"),
    ])
}

/// The results file as records without its header.
fn records(folder: &Folder, name: &str) -> Vec<csv::StringRecord> {
    let text = folder.read(name);
    csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

#[test]
fn every_instance_gets_a_row_and_is_not_repeated() {
    let folder = benchmark();
    let answer = folder.json(&["run", "bench/i.csv", "--out", "r.csv"], 0);
    assert_eq!(answer["answer"], "finished");
    let statistics = &answer["statistics"];
    assert_eq!((&statistics["holds"], &statistics["violated"]), (&json!(1), &json!(1)));
    let rows = records(&folder, "r.csv");
    let words: Vec<(&str, &str)> = rows.iter().map(|row| (&row[2], &row[3])).collect();
    assert_eq!(words, [("holds", "unsat"), ("violated", "sat")]);
    for row in &rows {
        assert!(row[4].parse::<f64>().unwrap() > 0.0);
        assert!(!cfg!(unix) || row[5].parse::<f64>().unwrap() >= 0.0);
    }
    let before = folder.read("r.csv");
    let answer = folder.json(&["run", "bench/i.csv", "--out", "r.csv"], 0);
    assert_eq!(answer["statistics"]["skipped"], 2);
    assert_eq!(folder.read("r.csv"), before);
}

#[test]
fn a_run_goes_on_where_it_stopped() {
    let folder = benchmark();
    folder.json(&["run", "bench/i.csv", "--out", "r.csv"], 0);
    let whole = folder.read("r.csv");
    let first: String = whole.lines().take(2).map(|line| format!("{line}\n")).collect();
    folder.write("r.csv", format!("{first}nets/n.json,viol").as_bytes());
    let answer = folder.json(&["run", "bench/i.csv", "--out", "r.csv"], 0);
    assert_eq!(answer["statistics"]["skipped"], 1);
    let rows = records(&folder, "r.csv");
    assert_eq!((rows.len(), &rows[1][2]), (2, "violated"));
    assert!(folder.read("r.csv").starts_with(&first));
}

#[test]
fn an_instance_with_bad_input_does_not_stop_the_others() {
    let folder = benchmark();
    folder.write("bench/broken.vnnlib", b"(assert (<= X_0");
    let rows =
        "nets/no.onnx,holds.vnnlib,9\nnets/n.json,broken.vnnlib,9\nnets/n.json,holds.vnnlib,9\n";
    folder.write("bench/i.csv", rows.as_bytes());
    let run = folder.run(&["run", "bench/i.csv", "--json"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{}", run.stderr);
    assert!(run.stderr.contains("2 of 3 instances"), "{}", run.stderr);
    let rows = records(&folder, "foldline-results.csv");
    let answers: Vec<&str> = rows.iter().map(|row| &row[2]).collect();
    assert_eq!(answers, ["error", "error", "holds"]);
    assert!(rows[0][13].contains("no such file") && rows[1][13].contains("broken.vnnlib"));
}

#[test]
fn progress_is_one_line_an_instance_unless_quiet() {
    let folder = benchmark();
    let loud = folder.run(&["run", "bench/i.csv", "--out", "a.csv"]);
    assert_eq!(loud.stderr.lines().count(), 2, "{}", loud.stderr);
    assert!(loud.stderr.starts_with("[1/2] nets/n.json holds.vnnlib: holds in "));
    assert!(loud.stdout.contains("FINISHED: 1 holds, 1 violated, 0 undecided, of 2 instances"));
    let quiet = folder.run(&["run", "bench/i.csv", "--out", "b.csv", "--quiet"]);
    assert_eq!(quiet.stderr, "");
}

#[test]
fn witnesses_are_written_in_both_forms() {
    let folder = benchmark();
    folder.json(&["run", "bench/i.csv", "--witnesses", "w/deep"], 0);
    for ending in ["counterexample", "exact"] {
        let file = format!("w/deep/0002_n_violated.{ending}");
        assert!(folder.read(&file).starts_with("sat\n((X_0 "), "{file}");
        let arguments = ["replay", "bench/nets/n.json", "bench/violated.vnnlib", &file];
        let answer = folder.json(&arguments, 1);
        assert_eq!(answer["answer"], "violated");
        assert_eq!(answer["largest_output_error"], "0", "{file}");
    }
}

#[test]
fn missing_files_are_looked_for_gzipped() {
    let folder = benchmark();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(folder.read("bench/holds.vnnlib").as_bytes()).unwrap();
    folder.write("bench/holds.vnnlib.gz", &encoder.finish().unwrap());
    std::fs::remove_file(folder.path("bench/holds.vnnlib")).unwrap();
    folder.json(&["run", "bench/i.csv"], 0);
}

#[test]
fn limits_can_be_replaced() {
    let (network, property) = hard_instance();
    let folder = Folder::with(&[
        ("n.json", &network),
        ("p.vnnlib", &property),
        ("i.csv", "n.json,p.vnnlib,3600\n"),
    ]);
    let answer = folder.json(&["run", "i.csv", "--timeout", "0.2", "--threads", "1"], 0);
    assert_eq!(answer["statistics"]["undecided"], 1);
    assert_eq!(&records(&folder, "foldline-results.csv")[0][3], "timeout");
}

#[test]
fn bad_benchmarks_are_located() {
    let folder = benchmark();
    folder.write("bench/i.csv", b"nets/n.json,holds.vnnlib,60\nnets/n.json,holds.vnnlib,soon\n");
    folder.refuses(&["run", "bench/i.csv"], 4, &["i.csv", "line 2", "timeout"]);
    folder.write("bench/i.csv", b"nets/n.json\n");
    folder.refuses(&["run", "bench/i.csv"], 4, &["i.csv", "line 1"]);
    folder.write("notes.txt", b"mine\n");
    folder.write("bench/i.csv", b"nets/n.json,holds.vnnlib,60\n");
    folder.refuses(&["run", "bench/i.csv", "--out", "notes.txt"], 4, &["notes.txt", "--out"]);
    assert_eq!(folder.read("notes.txt"), "mine\n");
}

#[test]
fn vnncomp_writes_the_competition_words() {
    let folder = benchmark();
    let network = "bench/nets/n.json";
    let run = folder.run(&["vnncomp", network, "bench/holds.vnnlib", "r.txt", "60"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "unsat\n"));
    assert_eq!(folder.read("r.txt"), "unsat\n");
    let run = folder.run(&["vnncomp", network, "bench/violated.vnnlib", "r.txt", "60"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), "sat\n"));
    let text = folder.read("r.txt");
    assert!(text.starts_with("sat\n((X_0 ") && text.ends_with("))\n"), "{text}");
    assert!(!text.contains('/'), "decimals only: {text}");
    let replayed = folder.json(&["replay", network, "bench/violated.vnnlib", "r.txt"], 1);
    assert_eq!(replayed["answer"], "violated");
    let (network, property) = hard_instance();
    folder.write("hard.json", network.as_bytes());
    folder.write("hard.vnnlib", property.as_bytes());
    let run = folder.run(&["vnncomp", "hard.json", "hard.vnnlib", "r.txt", "0.2"]);
    assert_eq!((run.code, folder.read("r.txt").as_str()), (Some(0), "timeout\n"));
}

#[test]
fn vnncomp_needs_a_place_to_write() {
    let folder = benchmark();
    let arguments =
        ["vnncomp", "bench/nets/n.json", "bench/holds.vnnlib", "no/such/folder.txt", "60"];
    folder.refuses(&arguments, 4, &["no/such/folder.txt"]);
}
