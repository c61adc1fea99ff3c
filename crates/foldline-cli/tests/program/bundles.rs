//! Searches in pieces: `split`, `work`, `merge`; what is mixed up is refused.

use std::fs;

use serde_json::Value;

use crate::support::{Folder, Run, hard_instance, property};

/// A network with two hidden layers: some hundred parts on the cube.
fn network() -> String {
    let mut state = 1u64;
    let mut number = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((state >> 40) % 65) as i64 - 32
    };
    let mut layer = |inputs: usize, outputs: usize, activation: &str| {
        let mut row = |length: usize| {
            let numbers: Vec<String> =
                (0..length).map(|_| format!("\"{}/16\"", number())).collect();
            format!("[{}]", numbers.join(", "))
        };
        let bias = row(outputs);
        let rows: Vec<String> = (0..outputs).map(|_| row(inputs)).collect();
        let rows = rows.join(", ");
        format!(r#"{{"weights": [{rows}], "bias": {bias}, "activation": "{activation}"}}"#)
    };
    let layers = [layer(5, 24, "relu"), layer(24, 24, "relu"), layer(24, 1, "linear")];
    format!(r#"{{"layers": [{}]}}"#, layers.join(", "))
}

fn folder(bound: &str) -> Folder {
    let mut assertions: Vec<String> =
        (0..5).flat_map(|i| [format!("(>= X_{i} -1)"), format!("(<= X_{i} 1)")]).collect();
    assertions.push(format!("(>= Y_0 {bound})"));
    let assertions: Vec<&str> = assertions.iter().map(String::as_str).collect();
    let spec = property(5, 1, &assertions);
    let region = r#"{"box": [[-1, 1], [-1, 1], [-1, 1], [-1, 1], [-1, 1]]}"#;
    let small = region.replace('1', "0.125");
    let files = [("n.json", &*network()), ("p.vnnlib", &spec), ("box.json", region)];
    Folder::with(&[&files[..], &[("small.json", &small)]].concat())
}

fn json(run: &Run, code: i32) -> Value {
    assert_eq!(run.code, Some(code), "{}{}", run.stdout, run.stderr);
    serde_json::from_str(&run.stdout).unwrap()
}

/// The answer without times and counts.
fn answer(run: &Run, code: i32) -> Value {
    let mut answer = json(run, code);
    for key in ["seconds", "statistics"] {
        answer.as_object_mut().unwrap().remove(key);
    }
    answer
}

fn split(folder: &Folder, question: &[&str], pieces: &str) -> Vec<String> {
    let run =
        folder.run(&[&["split"], question, &["--pieces", pieces, "--out", "b", "--json"]].concat());
    let bundles = json(&run, 0)["bundles"].as_array().unwrap().clone();
    bundles.iter().map(|bundle| bundle.as_str().unwrap().to_owned()).collect()
}

/// The value that the network takes at most.
fn maximum() -> (Folder, f64) {
    let folder = folder("0");
    let run = folder.run(&["maximum", "n.json", "--over", "box.json", "--json"]);
    let value = json(&run, 0)["value_approx"].as_f64().unwrap();
    (folder, value)
}

#[test]
fn questions_in_pieces_have_the_same_answers() {
    let (there, value) = maximum();
    let held = folder(&format!("{:.6}", value + 0.001));
    let questions: [(&Folder, &[&str], i32); 6] = [
        (&held, &["verify", "n.json", "p.vnnlib", "--certificate", "c"], 0),
        (&there, &["maximum", "n.json", "--over", "box.json", "--certificate", "c.gz"], 0),
        (&there, &["range", "n.json", "--over", "box.json", "--certificate", "c"], 0),
        (&there, &["lipschitz", "n.json", "--over", "box.json", "--p", "1"], 0),
        (
            &there,
            &["lipschitz", "n.json", "--over", "small.json", "--p", "1", "--certificate", "c"],
            0,
        ),
        (&there, &["zero", "n.json", "--over", "box.json"], 1),
    ];
    for (folder, question, code) in questions {
        let expected = answer(&folder.run(&[question, &["--json"]].concat()), code);
        let is_certified =
            ["c", "c.gz"].iter().any(|name| fs::remove_file(folder.path(name)).is_ok());
        let bundles = split(folder, question, "5");
        for bundle in &bundles {
            let run = folder.run(&["work", bundle, "--seconds", "60", "--json"]);
            assert!(matches!(run.code, Some(0 | 1)), "{question:?}: {}", run.stderr);
        }
        let merged = answer(&folder.run(&["merge", "b", "--json"]), code);
        for key in ["answer", "value", "minimum", "maximum", "ranges"] {
            assert_eq!(merged.get(key), expected.get(key), "{question:?} {key}");
        }
        assert!(!folder.path("b").exists(), "the bundles go with the answer");
        if is_certified {
            assert_eq!(merged["certificate_checked"], true, "{question:?}");
        }
        for name in ["c", "c.gz"] {
            let _ = fs::remove_file(folder.path(name));
        }
        assert_eq!(
            folder.names(),
            ["box.json", "n.json", "p.vnnlib", "small.json"],
            "{question:?}"
        );
    }
}

#[test]
fn what_is_not_worked_on_is_done_by_merge() {
    let (there, _) = maximum();
    let question = ["maximum", "n.json", "--over", "box.json"];
    let expected = json(&there.run(&[&question[..], &["--json"]].concat()), 0);
    let bundles = split(&there, &question, "2");
    assert_eq!(bundles.len(), 2, "there is enough to split");
    let run = there.run(&["work", &bundles[1], "--seconds", "0", "--json"]);
    assert_eq!(json(&run, 3)["piece"], "open");
    assert!(json(&there.run(&["work", &bundles[1], "--json"]), 0)["open_parts"] == 0);
    let merged = json(&there.run(&["merge", "b", "--json"]), 0);
    assert_eq!(merged["value"], expected["value"]);
}

#[test]
fn a_witness_in_a_piece_decides() {
    let (_, value) = maximum();
    let there = folder(&format!("{:.6}", value - 0.00001));
    let question = ["verify", "n.json", "p.vnnlib", "--certificate", "c"];
    let bundles = split(&there, &question, "4");
    let decided = bundles.iter().any(|bundle| there.run(&["work", bundle]).code == Some(1));
    assert!(decided || bundles.is_empty());
    let merged = json(&there.run(&["merge", "b", "--json"]), 1);
    assert_eq!(merged["answer"], "violated");
    assert!(merged["witness"]["input"].is_array());
    assert!(!there.path("b").exists());
}

#[test]
fn pieces_that_are_mixed_up_are_refused() {
    let (there, value) = maximum();
    let held = folder(&format!("{:.6}", value + 0.001));
    let question = ["verify", "n.json", "p.vnnlib"];
    let bundles = split(&held, &question, "3");
    assert_eq!(bundles.len(), 3, "there is enough to split");
    let refused = |folder: &Folder, arguments: &[&str], said: &str| {
        let run = folder.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{said}: {}", run.stderr);
        assert!(run.stderr.contains(said), "{said}: {}", run.stderr);
    };
    let third = fs::read(held.path(&bundles[2])).unwrap();
    let first = fs::read(held.path(&bundles[0])).unwrap();
    held.write(&bundles[2], &first);
    refused(&held, &["merge", "b"], "it is not piece 3");
    fs::remove_file(held.path(&bundles[2])).unwrap();
    refused(&held, &["merge", "b"], "there is no such file");
    held.write(&bundles[2], &third[..third.len() / 2]);
    refused(&held, &["merge", "b"], "damaged");
    refused(&held, &["work", &bundles[2]], "damaged");
    // A piece of another split of the same question.
    held.write("other/keep", b"");
    fs::rename(held.path("b"), held.path("first")).unwrap();
    let again = split(&held, &["verify", "n.json", "p.vnnlib", "--seed", "7"], "3");
    let mixed = fs::read(held.path("first/piece-1.json")).unwrap();
    if fs::read(held.path(&again[0])).unwrap() != mixed {
        held.write(&again[0], &mixed);
        refused(&held, &["merge", "b"], "it is not piece 1");
    }
    // Another network under the same name.
    held.write("n.json", there.read("n.json").replace("\"-2/16\"", "\"-3/16\"").as_bytes());
    refused(&held, &["work", &again[1]], "its network is");
    refused(&held, &["work", "n.json"], "not a checkpoint");
    refused(&held, &["merge", "other"], "there is no such file");
}

#[test]
fn wrong_usage_is_told() {
    let (there, _) = maximum();
    for (arguments, code) in [
        (&["split", "verify", "n.json", "p.vnnlib", "--out", "b"][..], 2),
        (&["split", "verify", "n.json", "p.vnnlib", "--pieces", "2"], 2),
        (&["split", "verify", "n.json", "p.vnnlib", "--pieces", "0", "--out", "b"], 2),
        (&["split", "eval", "n.json", "--input", "1,1,1,1,1", "--pieces", "2", "--out", "b"], 2),
        (&["split", "verify", "n.json", "--pieces", "2", "--out", "b"], 2),
        (&["split", "verify", "no.json", "p.vnnlib", "--pieces", "2", "--out", "b"], 4),
        (&["split", "maximum", "n.json", "--over", "box.json", "--pieces", "2", "--out", "."], 4),
        (&["split"], 2),
    ] {
        let run = there.run(arguments);
        assert_eq!(
            (run.code, run.stdout.as_str()),
            (Some(code), ""),
            "{arguments:?}: {}",
            run.stderr
        );
        assert_eq!(
            there.names(),
            ["box.json", "n.json", "p.vnnlib", "small.json"],
            "{arguments:?}"
        );
    }
}

#[test]
fn what_a_run_left_is_split_with_its_certificate() {
    let (_, value) = maximum();
    let held = folder(&format!("{:.6}", value + 0.00001));
    let question = ["verify", "n.json", "p.vnnlib", "--certificate", "c", "--checkpoint", "state"];
    let is_left = |seconds: &&str| {
        let run = held.run(&[&question[..], &["--timeout", seconds]].concat());
        run.code == Some(3) && held.path("state").exists()
    };
    let left = ["0.02", "0.04", "0.08", "0.16", "0.32", "0.64"].into_iter().find(is_left);
    assert!(left.is_some(), "some run is stopped in its search");
    let bundles = split(&held, &question, "2");
    for bundle in &bundles {
        assert_eq!(held.run(&["work", bundle]).code, Some(0));
    }
    let merged = json(&held.run(&["merge", "b", "--json"]), 0);
    assert_eq!(
        (&merged["answer"], &merged["certificate_checked"]),
        (&"holds".into(), &true.into())
    );
}

#[cfg(unix)]
#[test]
fn ctrl_c_in_a_piece_keeps_its_work() {
    let (network, property) = hard_instance();
    let folder = Folder::with(&[("n.json", &network), ("p.vnnlib", &property)]);
    let bundles = split(&folder, &["verify", "n.json", "p.vnnlib"], "2");
    let run = crate::interrupts::interrupted(&folder, &["work", &bundles[0]]);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    let merged = folder.run(&["merge", "b", "--timeout", "0.3", "--json"]);
    assert_eq!(json(&merged, 3)["answer"], "undecided");
    assert!(folder.path("b/merged.json").exists(), "the same command goes on");
    let late = folder.run(&["work", &bundles[0]]);
    assert_eq!(late.code, Some(4));
    assert!(late.stderr.contains("merged already"), "{}", late.stderr);
}
