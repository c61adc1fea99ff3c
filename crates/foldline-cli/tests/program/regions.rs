//! `regions` and `arrangement cells`: counts, limits, checkpoints, certificates, bad input.

use std::process::Stdio;

use crate::support::{Folder, PAIR, RAMP, Run};

/// |x| + |y| as four neurons, of which two are the negatives of the others.
const DIAMOND: &str = r#"{"layers": [
  {"weights": [[1, 0], [-1, 0], [0, 1], [0, -1]], "bias": [0, 0, 0, 0], "activation": "relu"},
  {"weights": [[1, 1, 1, 1]], "bias": [-1], "activation": "linear"}]}"#;

/// Three lines through a point, one of them twice, and one more.
const LINES: &str = r#"{"normals": [[1, 0], [0, 1], [1, 1], [2, 2], [1, 0]],
  "offsets": [0, 0, 0, 0, "1/3"]}"#;

#[test]
fn all_counts_of_small_networks() {
    let folder = Folder::with(&[
        ("d.json", DIAMOND),
        ("r.json", RAMP),
        ("p.json", PAIR),
        ("box.json", r#"{"box": [[-1, 2], [0, 1]]}"#),
        ("flat.json", r#"{"box": [[0, 0], [-1, 1]]}"#),
        (
            "two.vnnlib",
            "(declare-const X_0 Real)\n(declare-const X_1 Real)\n\
          (assert (or (and (>= X_0 1) (<= X_0 2)) (and (<= X_0 -1) (>= X_0 -2))))\n",
        ),
        ("empty.json", r#"{"A": [[1, 0], [-1, 0]], "b": [0, -1]}"#),
    ]);
    let counts = |arguments: &[&str]| {
        let answer = folder.json(&[&["regions"], arguments].concat(), 0);
        assert_eq!(answer["answer"], "regions");
        ["cells", "bounded_cells", "linear_regions", "distinct_affine_maps"]
            .map(|key| answer[key].as_u64().unwrap())
    };
    assert_eq!(counts(&["d.json"]), [4, 0, 4, 4]);
    assert_eq!(counts(&["r.json"]), [2, 0, 2, 2]);
    assert_eq!(counts(&["p.json", "--output", "1"]), [4, 0, 4, 4]);
    assert_eq!(counts(&["d.json", "--over", "box.json"]), [2, 2, 2, 2]);
    assert_eq!(counts(&["d.json", "--over", "flat.json"]), [2, 2, 2, 2]);
    // Four cells, each in one of the two strips; y is free.
    assert_eq!(counts(&["d.json", "--over", "two.vnnlib"]), [4, 0, 4, 4]);
    assert_eq!(counts(&["d.json", "--over", "empty.json"]), [0, 0, 0, 0]);
    let run = folder.run(&["regions", "d.json", "--over", "empty.json"]);
    assert!(run.stderr.contains("warning: the region is empty"), "{}", run.stderr);
    let only = folder.json(&["regions", "d.json", "--count", "cells"], 0);
    assert_eq!((&only["cells"], only.get("linear_regions")), (&4.into(), None));
    let run = folder.run(&["regions", "d.json"]);
    assert!(run.stdout.contains("distinct affine maps"), "{}", run.stdout);
}

#[test]
fn arrangements_are_counted_in_both_ways() {
    let folder =
        Folder::with(&[("a.json", LINES), ("none.json", r#"{"normals":[],"offsets":[]}"#)]);
    for method in ["deletion", "enumerate"] {
        for (file, cells) in [("a.json", 9), ("none.json", 1)] {
            let run = folder.run(&["arrangement", "cells", file, "--method", method, "--json"]);
            let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(answer["command"], "arrangement cells");
            assert_eq!((&answer["answer"], &answer["cells"]), (&"cells".into(), &cells.into()));
        }
    }
}

#[test]
fn bad_input_and_wrong_usage() {
    let folder = Folder::with(&[
        ("d.json", DIAMOND),
        ("zero.json", r#"{"normals": [[1, 0], [0, 0]], "offsets": [0, 1]}"#),
        ("flat.json", r#"{"box": [[0, 0], [-1, 1]]}"#),
    ]);
    folder.refuses(&["arrangement", "cells", "zero.json"], 4, &["zero.json", "normals[1]"]);
    folder.refuses(&["arrangement", "cells", "no.json"], 4, &["no.json", "no such file"]);
    folder.refuses(&["regions", "d.json", "--output", "1"], 2, &["no output 1", "1 output"]);
    folder.refuses(&["regions", "d.json", "--checkpoint", "c"], 2, &["--count cells"]);
    folder.refuses(&["regions", "d.json", "--certificate", "c"], 2, &["--count cells"]);
    let flat =
        ["regions", "d.json", "--count", "cells", "--certificate", "c", "--over", "flat.json"];
    folder.refuses(&flat, 2, &["interior points"]);
    assert!(!folder.path("c").exists());
    let wrong = ["arrangement", "cells", "zero.json", "--checkpoint", "c"];
    folder.refuses(&wrong, 4, &["normals[1]"]);
}

#[test]
fn counts_are_certified() {
    let folder =
        Folder::with(&[("p.json", PAIR), ("box.json", r#"{"box": [[-1, 2], [null, 1]]}"#)]);
    let count = ["regions", "p.json", "--count", "cells", "--certificate", "c.gz"];
    assert_eq!(folder.json(&count, 0)["cells"], 4);
    let accepted = folder.json(&["check", "c.gz", "p.json"], 0);
    assert_eq!(accepted["statement"]["question"], "regions");
    assert_eq!(accepted["statement"]["answer"], "cells 4");
    folder.json(&["check", "c.gz", "box.json"], 1);
    let count = [&count[..], &["--over", "box.json"]].concat();
    assert_eq!(folder.json(&count, 0)["cells"], 4);
    folder.json(&["check", "c.gz", "p.json", "box.json"], 0);
    folder.json(&["check", "c.gz", "p.json"], 1);
}

/// A list of shared instances with known counts, if they are there.
fn shared(folder: &str) -> Vec<serde_json::Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data");
    let file = std::path::Path::new(path).join(folder).join("cells.json");
    let text = std::fs::read_to_string(file).unwrap_or_else(|_| "[]".to_owned());
    serde_json::from_str(&text).unwrap()
}

#[test]
fn shared_networks_have_the_counts_of_the_table_and_are_certified() {
    let folder = Folder::with(&[]);
    for case in shared("regions") {
        folder.write("n.json", case["network"].to_string().as_bytes());
        let answer = folder.json(&["regions", "n.json"], 0);
        for (key, name) in [
            ("activation_cells", "cells"),
            ("bounded_cells", "bounded_cells"),
            ("linear_regions", "linear_regions"),
            ("distinct_affine_maps", "distinct_affine_maps"),
        ] {
            if !case[key].is_null() {
                assert_eq!(answer[name], case[key], "{key} of {}", case["name"]);
            }
        }
        if answer["cells"].as_u64().unwrap() > 1_500 {
            continue;
        }
        let certify = ["regions", "n.json", "--count", "cells", "--certificate", "c"];
        assert_eq!(folder.json(&certify, 0)["cells"], answer["cells"]);
        folder.json(&["check", "c", "n.json"], 0);
    }
}

#[test]
fn shared_arrangements_have_the_counts_of_the_table() {
    let folder = Folder::with(&[]);
    for case in shared("arrangements") {
        let file = serde_json::json!({"normals": case["normals"], "offsets": case["offsets"]});
        folder.write("a.json", file.to_string().as_bytes());
        let count = ["arrangement", "cells", "a.json", "--method"];
        for method in ["deletion", "enumerate"] {
            if method == "deletion" || case["cells"].as_u64().unwrap() <= 20_000 {
                let answer = folder.json(&[&count[..], &[method]].concat(), 0);
                assert_eq!(answer["cells"], case["cells"], "{method} of {}", case["name"]);
            }
        }
    }
}

#[test]
fn pictures_of_cells() {
    let folder = Folder::with(&[
        ("d.json", DIAMOND),
        ("r.json", RAMP),
        ("box.json", r#"{"box": [[-1, 2], [0, 1]]}"#),
        (
            "three.json",
            r#"{"layers": [{"weights": [[1, 1, -1], [1, -1, 2]], "bias": [0, 0], "activation": "relu"}]}"#,
        ),
    ]);
    let draw = ["regions", "d.json", "--over", "box.json", "--plot", "cells.svg"];
    let answer = folder.json(&draw, 0);
    assert_eq!((&answer["cells"], &answer["plot"]), (&2.into(), &"cells.svg".into()));
    let svg = std::fs::read_to_string(folder.path("cells.svg")).unwrap();
    assert_eq!(svg.matches("<polygon").count(), 2);
    // y = |x_0| + |x_1| − 1 on the two halves of the box.
    assert!(svg.contains("y_0 = -1 + 1 x_0 + 1 x_1") && svg.contains("y_0 = -1 - 1 x_0 + 1 x_1"));
    let values = [&draw[..], &["--color", "output", "--count", "cells"]].concat();
    folder.json(&values, 0);
    assert!(std::fs::read_to_string(folder.path("cells.svg")).unwrap().contains(">y_0</text>"));
    // On x_2 = 1/2 the lines x_0 + x_1 = 1/2 and x_0 − x_1 = −1 cross: four cells, and no end.
    let slice = ["regions", "three.json", "--slice", "2=1/2", "--plot", "slice.svg"];
    assert_eq!(folder.json(&slice, 0)["cells"], 4);
    let svg = std::fs::read_to_string(folder.path("slice.svg")).unwrap();
    assert!(svg.contains("in this window; x_2 = 0.5"), "{svg}");
    for (wrong, words) in [
        (&["r.json", "--plot", "w.svg"][..], &["two inputs", "no plane"][..]),
        (&["three.json", "--plot", "w.svg"], &["3 of them vary", "--slice"]),
        (&["three.json", "--slice", "3=0"], &["no input 3", "3 inputs"]),
        (&["three.json", "--slice", "2=0,2=1"], &["input 2 twice"]),
        (&["three.json", "--slice", "2:0"], &["expected INPUT=VALUE"]),
        (&["three.json", "--slice", "2=0", "--plot", "w.svg", "--color", "output"], &["--output"]),
    ] {
        folder.refuses(&[&["regions"], wrong].concat(), 2, words);
    }
    let nowhere = ["regions", "d.json", "--plot", "no/such/folder.svg"];
    folder.refuses(&nowhere, 4, &["no/such/folder.svg"]);
    assert!(!folder.path("w.svg").exists());
}

/// Hyperplanes that take long to enumerate.
fn long_arrangement() -> String {
    let numbers =
        |t: u64| [t * t * t * 7 % 1009, t * t % 997, t, 1 + t * 31 % 103, t * t * 5 % 211];
    let row = |t: u64| format!("{:?}", numbers(t));
    let normals: Vec<String> = (1..300).map(row).collect();
    let offsets: Vec<String> = (1..300u64).map(|t| (t * t * 3 % 499).to_string()).collect();
    format!(r#"{{"normals": [{}], "offsets": [{}]}}"#, normals.join(","), offsets.join(","))
}

#[test]
fn limits_and_interrupts_keep_the_state() {
    let folder = Folder::with(&[("a.json", &long_arrangement()), ("b.json", LINES)]);
    let count = ["arrangement", "cells", "a.json", "--method", "enumerate", "--checkpoint", "c"];
    let run = folder.run(&[&count[..], &["--timeout", "0.5", "--json"]].concat());
    let answer: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &answer["answer"]), (Some(3), &"undecided".into()), "{}", run.stderr);
    assert_eq!(answer["limit"], "time");
    assert!(answer["cells_at_least"].is_u64());
    assert!(folder.path("c").exists() && run.stderr.contains("the same command goes on"));
    let other = ["arrangement", "cells", "b.json", "--method", "enumerate", "--checkpoint", "c"];
    folder.refuses(&other, 4, &["c:", "it belongs to another run"]);
    #[cfg(unix)]
    {
        let child = folder.command(&["arrangement", "cells", "a.json"]);
        let child = child_with_pipes(child);
        std::thread::sleep(std::time::Duration::from_millis(700));
        let pid = child.id().to_string();
        assert!(
            std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success()
        );
        let run = Run::of(child.wait_with_output().unwrap());
        assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
        assert!(run.stderr.contains("stopped by Ctrl-C"), "{}", run.stderr);
    }
}

#[cfg(unix)]
fn child_with_pipes(mut command: std::process::Command) -> std::process::Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
