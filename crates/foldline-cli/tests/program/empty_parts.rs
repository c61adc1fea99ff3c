//! Boxes with lower > upper: empty parts, with a warning, in every question; and their certificates.

use crate::questions::TENT;
use crate::support::{Folder, strings};

const NAMES: &str = "(declare-const X_0 Real)(declare-const Y_0 Real)\n";

fn spec(assertions: &str) -> String {
    format!("{NAMES}{assertions}\n")
}

#[test]
fn one_inverted_disjunct_is_empty_and_the_others_count() {
    let inverted = "(and (>= X_0 1) (<= X_0 0))";
    let one = spec(&format!(
        "(assert (or {inverted} (and (<= X_0 5) (>= X_0 4))))(assert (<= Y_0 (- 3)))"
    ));
    let all = spec(&format!("(assert (or {inverted} {inverted}))(assert (<= Y_0 0))"));
    let folder = Folder::with(&[("n.json", TENT), ("one.vnnlib", &one), ("all.vnnlib", &all)]);
    for (file, code, word) in [("one.vnnlib", 1, "violated"), ("all.vnnlib", 0, "holds")] {
        let run = folder.run(&["verify", "n.json", file, "--json", "--certificate", "proof"]);
        assert_eq!(run.code, Some(code), "{}", run.stderr);
        assert!(run.stdout.contains(&format!("\"answer\":\"{word}\"")), "{}", run.stdout);
        let place = format!("foldline: warning: {file}: line 2, column ");
        assert!(run.stderr.contains(&place) && run.stderr.contains("inverted"), "{}", run.stderr);
        let check = folder.run(&["check", "proof", "n.json", file]);
        assert_eq!(check.code, Some(0), "{word}: {}{}", check.stdout, check.stderr);
    }
    assert!(folder.run(&["verify", "n.json", "all.vnnlib"]).stdout.contains("vacuously"));
    let inspected = folder.run(&["inspect", "one.vnnlib"]);
    assert!(inspected.code == Some(0) && inspected.stderr.contains("inverted"));
}

#[test]
fn inverted_regions_are_empty() {
    let region = spec("(assert (>= X_0 1))(assert (<= X_0 0))");
    let folder = Folder::with(&[
        ("n.json", TENT),
        ("r.vnnlib", &region),
        ("r.json", r#"{"box": [[1, 0]]}"#),
    ]);
    for file in ["r.vnnlib", "r.json"] {
        for (question, word, code) in [
            (&["maximum", "n.json"][..], "empty", 0),
            (&["range", "n.json"], "empty", 0),
            (&["lipschitz", "n.json", "--p", "1"], "empty", 0),
            (&["positive", "n.json"], "no", 1),
            (&["zero", "n.json"], "yes", 0),
            (&["equivalent", "n.json", "n.json"], "yes", 0),
        ] {
            let _ = std::fs::remove_file(folder.path("proof"));
            let more = ["--over", file, "--json", "--certificate", "proof"];
            let run = folder.run(&[question, &more].concat());
            assert_eq!(run.code, Some(code), "{question:?} {file}: {}", run.stderr);
            assert!(run.stdout.contains(&format!("\"answer\":\"{word}\"")), "{}", run.stdout);
            assert!(run.stderr.contains("warning: r."), "{}", run.stderr);
            let named: Vec<&str> = question.iter().copied().filter(|w| *w == "n.json").collect();
            let check = folder.run(&[&["check", "proof"], &named[..], &[file]].concat());
            assert_eq!(check.code, Some(0), "{question:?} {file}: {}", check.stdout);
        }
        let answer = folder.json(&["regions", "n.json", "--over", file], 0);
        assert_eq!(answer["cells"], 0);
    }
    let line = folder.run(&["maximum", "n.json", "--over", "r.json"]).stderr;
    assert!(line.contains("r.json: box[0]: lower bound 1 is above upper bound 0"), "{line}");
}

#[test]
fn columns_that_are_no_single_label_are_refused_or_warned_of() {
    let folder = Folder::with(&[
        ("two.csv", "x,y1,y2\n0,1,1\n1,0,0\n"),
        ("index.csv", ",x,y\n5,3,1\n1,2,0\n"),
    ]);
    for command in [
        &["separable", "two.csv"][..],
        &["interpolate", "two.csv"],
        &["train", "two.csv", "--hidden", "1"],
        &["reduce", "separability", "two.csv", "--to", "training", "--out", "made"],
    ] {
        let run = folder.run(command);
        assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{command:?}");
        let message = "two.csv: line 1: the columns `y1`, `y2` are 2 labels, expected one, `y`";
        assert!(run.stderr.contains(message), "{}", run.stderr);
    }
    for command in [&["separable", "index.csv"], &["interpolate", "index.csv"]] {
        let run = folder.run(command);
        let message =
            "warning: index.csv: line 1: column 1 has no name; it is read as a coordinate";
        assert!(run.code == Some(0) && run.stderr.contains(message), "{}", run.stderr);
    }
    for (name, header, said) in [
        ("pandas.csv", ",x,y", "column 1 has no name and counts 0 to 2, as the index does"),
        ("again.csv", "Unnamed: 0,x,y", "column 1 is called `Unnamed: 0` and counts 0 to 2"),
    ] {
        folder.write(name, format!("{header}\n0,1,0\n1,2,1\n2,3,1\n").as_bytes());
        for command in ["separable", "interpolate"] {
            let run = folder.run(&[command, name]);
            let message = format!("foldline: warning: {name}: line 1: {said}");
            assert!(run.code == Some(0) && run.stderr.contains(&message), "{}", run.stderr);
        }
    }
    let answer = folder.json(&["separable", "index.csv"], 0);
    assert_eq!(strings(&answer["hyperplanes"][0]["normal"]).len(), 2);
}
