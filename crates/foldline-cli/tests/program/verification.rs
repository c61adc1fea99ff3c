//! `verify`: verdicts, witnesses, warnings and limits, as the command reports them.

use serde_json::{Value, json};

use crate::support::{Folder, PAIR, RAMP, hard_instance, property, ramp_reaches, strings};

#[test]
fn a_property_that_holds() {
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &ramp_reaches(">", "0.9"))]);
    let answer = folder.json(&["verify", "n.json", "p.vnnlib"], 0);
    assert_eq!(answer["answer"], "holds");
    assert!(answer.get("vacuous").is_none() && answer.get("witness").is_none());
    let run = folder.run(&["verify", "n.json", "p.vnnlib"]);
    assert!(run.stdout.contains("HOLDS: no input in the region reaches the unsafe set"));
    assert_eq!(run.stderr, "");
}

#[test]
fn a_property_that_is_touched_is_violated() {
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &ramp_reaches(">=", "0.9"))]);
    let answer = folder.json(&["verify", "n.json", "p.vnnlib"], 1);
    assert_eq!(answer["answer"], "violated");
    let expected = json!({
        "input": ["1"], "input_approx": [1.0], "output": ["9/10"], "output_approx": [0.9],
    });
    assert_eq!(answer["witness"], expected);
    assert_eq!(answer["witness_f32"]["violates"], true);
    assert_eq!(strings(&answer["witness_f32"]["input"]), ["1"]);
    let run = folder.run(&["verify", "n.json", "p.vnnlib"]);
    assert_eq!(run.code, Some(1));
    for part in ["VIOLATED: the input X", "X_0  1", "Y_0  0.9", "consists of 32-bit floats"] {
        assert!(run.stdout.contains(part), "{part:?} in {}", run.stdout);
    }
}

#[test]
fn a_witness_that_no_float_can_be() {
    let assertions = ["(<= X_0 0.1)", "(>= X_0 0.1)", "(<= Y_0 0)"];
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &property(1, 1, &assertions))]);
    let answer = folder.json(&["verify", "n.json", "p.vnnlib"], 1);
    assert_eq!(strings(&answer["witness"]["input"]), ["1/10"]);
    assert_eq!(answer["witness_f32"], Value::Null);
    let reason = answer["witness_f32_reason"].as_str().unwrap();
    assert!(reason.contains("lies in the input region"), "{reason}");
}

#[test]
fn witnesses_replay() {
    let assertions =
        ["(<= X_0 0.45)", "(>= X_0 -1)", "(<= X_1 2)", "(>= X_1 0)", "(>= Y_0 0.4499)"];
    let folder = Folder::with(&[("n.json", PAIR), ("p.vnnlib", &property(2, 2, &assertions))]);
    let answer = folder.json(&["verify", "n.json", "p.vnnlib"], 1);
    for witness in [&answer["witness"], &answer["witness_f32"]] {
        let input = strings(&witness["input"]);
        folder.write("r.txt", format!("sat ((X_0 {}) (X_1 {}))", input[0], input[1]).as_bytes());
        let replayed = folder.json(&["replay", "n.json", "p.vnnlib", "r.txt"], 1);
        assert_eq!(replayed["answer"], "violated");
        assert_eq!(replayed["output"], witness["output"]);
    }
}

#[test]
fn an_empty_input_part_holds_vacuously_with_a_warning() {
    // A contradiction of half-spaces; a box with lower > upper would be bad input.
    let assertions = ["(<= (+ X_0 X_1) 0)", "(>= (+ X_0 X_1) 1)", "(>= Y_0 0)"];
    let folder = Folder::with(&[("n.json", PAIR), ("p.vnnlib", &property(2, 2, &assertions))]);
    let answer = folder.json(&["verify", "n.json", "p.vnnlib"], 0);
    assert_eq!((&answer["answer"], &answer["vacuous"]), (&json!("holds"), &json!(true)));
    let run = folder.run(&["verify", "n.json", "p.vnnlib"]);
    assert!(run.stdout.contains("HOLDS, but vacuously"), "{}", run.stdout);
    assert!(run.stderr.contains("warning: the property's input part is empty"), "{}", run.stderr);
}

#[test]
fn without_output_assertions_any_input_violates() {
    let assertions = ["(<= X_0 -1/3)"];
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &property(1, 1, &assertions))]);
    let answer = folder.json(&["verify", "n.json", "p.vnnlib"], 1);
    assert_eq!(strings(&answer["witness"]["output"]), ["0"]);
}

#[test]
fn a_limit_that_runs_out_is_undecided() {
    let (network, property) = hard_instance();
    let folder = Folder::with(&[("n.json", &network), ("p.vnnlib", &property)]);
    let arguments = ["verify", "n.json", "p.vnnlib", "--timeout", "0.3", "--threads", "1"];
    let answer = folder.json(&arguments, 3);
    assert_eq!((&answer["answer"], &answer["limit"]), (&json!("undecided"), &json!("time")));
    let fraction = answer["fraction_done"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&fraction));
    assert!(answer["seconds"].as_f64().unwrap() < 10.0);
    let run = folder.run(&arguments);
    assert_eq!((run.code, run.stderr.as_str()), (Some(3), ""));
    assert!(run.stdout.contains("UNDECIDED: the time limit of 0.30 s ran out"), "{}", run.stdout);
}
