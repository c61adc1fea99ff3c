//! `eval`, `replay` and `inspect`: exact numbers on tiny networks.

use std::io::Write;

use serde_json::json;

use crate::support::{Folder, PAIR, RAMP, property, ramp_reaches, strings};

#[test]
fn eval_is_exact() {
    let folder = Folder::with(&[("pair.json", PAIR)]);
    let answer = folder.json(&["eval", "pair.json", "--input", "0.3,-1/7"], 0);
    assert_eq!(answer["answer"], "value");
    assert_eq!(strings(&answer["input"]), ["3/10", "-1/7"]);
    assert_eq!(strings(&answer["output"]), ["-27/70", "69/140"]);
    assert_eq!(answer["output_approx"], json!([-27.0 / 70.0, 69.0 / 140.0]));
    assert_eq!(answer["pattern"], json!([[1, 1]]));
    assert_eq!(answer["gradient"], json!([["1/3", "2"], ["5/6", "-1"]]));
    assert_eq!(answer["at_zero"], json!([]));
}

#[test]
fn a_pre_activation_of_zero_counts_as_off_and_is_told() {
    let folder = Folder::with(&[("ramp.json", RAMP)]);
    let answer = folder.json(&["eval", "ramp.json", "--input", "0.1"], 0);
    assert_eq!(answer["pattern"], json!([[0]]));
    assert_eq!(answer["gradient"], json!([["0"]]));
    assert_eq!(answer["at_zero"], json!([{"layer": 0, "neuron": 0}]));
    let text = folder.run(&["eval", "ramp.json", "--input", "0.1"]).stdout;
    assert!(text.contains("1 neuron with pre-activation exactly 0 counted as off"), "{text}");
    // One part in 10^40 beyond the kink the neuron is on.
    let point = "0.1000000000000000000000000000000000000001";
    let answer = folder.json(&["eval", "ramp.json", "--input", point], 0);
    assert_eq!(answer["gradient"], json!([["1"]]));
    assert_eq!(strings(&answer["output"]), [format!("1/1{}", "0".repeat(40))]);
}

#[test]
fn numbers_beyond_floats_have_no_approximation() {
    let folder = Folder::with(&[("ramp.json", RAMP)]);
    let answer = folder.json(&["eval", "ramp.json", "--input", "1e400"], 0);
    assert_eq!(answer["input_approx"], json!([null]));
    assert_eq!(answer["input"][0].as_str().unwrap().len(), 401);
}

#[test]
fn gzipped_files_are_read() {
    let folder = Folder::with(&[]);
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(RAMP.as_bytes()).unwrap();
    folder.write("ramp.json.gz", &encoder.finish().unwrap());
    let answer = folder.json(&["eval", "ramp.json.gz", "--input", "1"], 0);
    assert_eq!(strings(&answer["output"]), ["9/10"]);
}

#[test]
fn replay_accepts_what_violates_exactly() {
    let folder = Folder::with(&[
        ("n.json", RAMP),
        ("p.vnnlib", &ramp_reaches(">=", "0.9")),
        ("r.txt", "sat\n((X_0 1)\n (Y_0 0.9000001))\n"),
    ]);
    let answer = folder.json(&["replay", "n.json", "p.vnnlib", "r.txt"], 1);
    assert_eq!(answer["answer"], "violated");
    assert_eq!(strings(&answer["witness"]["output"]), ["9/10"]);
    assert_eq!(answer["failures"], json!([]));
    assert_eq!(answer["largest_output_error"], "1/10000000");
    let text = folder.run(&["replay", "n.json", "p.vnnlib", "r.txt"]).stdout;
    assert!(text.contains("VIOLATED: the claimed input is a counterexample"), "{text}");
}

#[test]
fn replay_lists_each_assertion_that_fails_and_by_how_much() {
    // 0.45 as a 32-bit float leaves the box; the second alternative is closer than the first.
    let assertions = ["(<= X_0 0.45)", "(or (>= Y_0 9) (and (>= Y_0 1) (> X_0 0)))", "(< X_0 0.5)"];
    let folder = Folder::with(&[
        ("n.json", RAMP),
        ("p.vnnlib", &property(1, 1, &assertions)),
        ("r.txt", "sat\n((X_0 0.5))\n"),
    ]);
    let answer = folder.json(&["replay", "n.json", "p.vnnlib", "r.txt"], 0);
    assert_eq!(answer["answer"], "not violated");
    assert!(answer.get("witness").is_none());
    let failures = answer["failures"].as_array().unwrap();
    let told: Vec<_> = failures
        .iter()
        .map(|failure| {
            let text = |key: &str| failure[key].as_str().unwrap().to_owned();
            (text("assertion"), text("excess"), failure["alternatives"].as_u64().unwrap())
        })
        .collect();
    let expect = |assertion: &str, excess: &str, alternatives| {
        (assertion.to_owned(), excess.to_owned(), alternatives)
    };
    assert_eq!(
        told,
        [
            expect("X_0 <= 0.45", "1/20", 1),
            expect("Y_0 >= 1", "3/5", 2),
            expect("X_0 < 0.5", "0", 1)
        ]
    );
    let text = folder.run(&["replay", "n.json", "p.vnnlib", "r.txt"]).stdout;
    for part in ["3 assertions fail", "misses by 0.05 (exactly 0.05)", "excludes equality"] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn replay_needs_a_witness_that_fits() {
    let folder = Folder::with(&[
        ("n.json", RAMP),
        ("p.vnnlib", &ramp_reaches(">=", "0.9")),
        ("unsat.txt", "unsat\n"),
        ("missing.txt", "((Y_0 1))"),
        ("tensor.txt", "sat\nX float32 [1,2]\n1\n1\nY float32 [1]\n1\n"),
        ("outputs.txt", "sat\nX float32 [1]\n1\nY float32 [2]\n1\n1\n"),
        ("long.txt", "sat\n((X_0 1) (X_1 1))"),
        ("y.txt", "sat\n((X_0 1) (Y_0 1) (Y_1 1))"),
    ]);
    let refuses = |file: &str, part: &str| {
        folder.refuses(&["replay", "n.json", "p.vnnlib", file], 4, &[file, part]);
    };
    refuses("unsat.txt", "`unsat` without a witness");
    refuses("long.txt", "line 2, column 11: `X_1` does not exist: the network has 1 input");
    refuses("y.txt", "line 2, column 19: `Y_1` does not exist: the network has 1 output");
    refuses("missing.txt", "no value of `X_0`");
    refuses("tensor.txt", "line 2, column 1: `X` has 2 entries, but the network has 1 input");
    refuses("outputs.txt", "line 4, column 1: `Y` has 2 entries, but the network has 1 output");
}

#[test]
fn replay_reads_what_archives_have() {
    let folder = Folder::with(&[
        ("n.json", PAIR),
        ("p.vnnlib", &property(2, 2, &["(<= X_0 3)", "(>= Y_0 3)"])),
        (
            "two.vnnlib",
            "(vnnlib-version <2.0>)
             (declare-network f (declare-input In float32 [1,2]) (declare-output Out float32 [2]))
             (assert (and (<= In[0,0] 3.0) (>= Out[0] 3.0)))",
        ),
        ("bare.txt", "((X_0 3)\n(X_1 2)\n(Y_1 1.25))\n"),
        ("brackets.txt", "sat\n( (X[0] 3) (X[1] 2) (Y[1] 1.25) )"),
        ("declared.txt", "((In[0,0] 3) (In [0, 1] 2) (Out[1] 1.25))"),
        ("tensors.txt", "sat\nIn float32 [1,2]\n3\n2\nOut float32 [2]\n3.0\n1.25\n"),
    ]);
    // At (3, 2): relu(3) and relu(1 − 2 + 1/10), so the outputs are 3 and 3/2.
    for (property, result) in [
        ("p.vnnlib", "bare.txt"),
        ("p.vnnlib", "brackets.txt"),
        ("two.vnnlib", "bare.txt"),
        ("two.vnnlib", "declared.txt"),
        ("two.vnnlib", "tensors.txt"),
    ] {
        let answer = folder.json(&["replay", "n.json", property, result], 1);
        assert_eq!(answer["answer"], "violated", "{result}");
        assert_eq!(strings(&answer["output"]), ["3", "3/2"], "{result}");
        let first = if result == "tensors.txt" { json!("3") } else { json!(null) };
        assert_eq!(answer["claimed_output"], json!([first, "5/4"]), "{result}");
        assert_eq!(answer["largest_output_error"], "1/4", "{result}");
        assert_eq!(answer["largest_output_error_at"], 1, "{result}");
    }
    let text = folder.run(&["replay", "n.json", "p.vnnlib", "bare.txt"]).stdout;
    assert!(text.contains("the claim lacks 1 of 2 outputs"), "{text}");
}

#[test]
fn inspect_writes_the_layers_as_they_are_computed() {
    let nnet = "2,2,1,2,\n2,2,1,\n0\n0\n0\n0\n0\n0.1,2,\n-1,1e-3\n0.5\n0\n1,-1,\n3,\n";
    let folder = Folder::with(&[
        ("n.nnet", nnet),
        ("p.vnnlib", &property(2, 1, &["(<= X_0 1)"])),
        ("pair.json", PAIR),
    ]);
    let answer = folder.json(&["inspect", "n.nnet", "--lowered", "n.json"], 0);
    assert_eq!(answer["files"]["lowered"], "n.json");
    let written = r#"{"layers":[
{"weights":[
["1/10","2"],
["-1","1/1000"]],
"bias":["1/2","0"],
"activation":"relu"},
{"weights":[
["1","-1"]],
"bias":["3"],
"activation":"linear"}]}
"#;
    assert_eq!(folder.read("n.json"), written);
    // What is written is the same network, and lowered again it is the same text.
    folder.json(&["inspect", "n.json", "--lowered", "again.json"], 0);
    assert_eq!(folder.read("again.json"), written);
    assert_eq!(folder.json(&["equivalent", "n.nnet", "n.json"], 0)["answer"], "yes");
    folder.refuses(
        &["inspect", "p.vnnlib", "--lowered", "l.json"],
        2,
        &["--lowered is for networks"],
    );
    assert!(!folder.path("l.json").exists());
}

#[test]
fn inspect_describes_networks() {
    let folder = Folder::with(&[("pair.json", PAIR)]);
    let answer = folder.json(&["inspect", "pair.json"], 0);
    assert_eq!(answer["answer"], "network");
    assert_eq!((&answer["inputs"], &answer["outputs"]), (&json!(2), &json!(2)));
    assert_eq!((&answer["neurons"], &answer["format"]), (&json!(2), &json!("json")));
    let layers = answer["layers"].as_array().unwrap();
    assert_eq!(layers.len(), 2);
    assert_eq!(layers[0]["nonzero_weights"], 3);
    assert_eq!(layers[0]["largest_bias_magnitude"], "1/10");
    assert_eq!(
        (&layers[1]["smallest_weight"], &layers[1]["largest_weight"]),
        (&json!("-2"), &json!("1"))
    );
    let text = folder.run(&["inspect", "pair.json"]).stdout;
    assert!(text.contains("2 inputs, 2 ReLU neurons, 2 outputs"), "{text}");
}

#[test]
fn inspect_describes_properties() {
    let assertions = [
        "(or (and (>= X_0 0) (<= X_0 1)) (and (>= X_0 3) (<= X_0 7/2)))",
        "(or (> Y_0 1) (< Y_0 -1) (<= Y_0 X_0))",
    ];
    let folder = Folder::with(&[("p.vnnlib", &property(1, 1, &assertions))]);
    let answer = folder.json(&["inspect", "p.vnnlib"], 0);
    assert_eq!(answer["answer"], "property");
    let counts = ["inputs", "outputs", "input_assertions", "output_assertions", "mixed_assertions"];
    assert_eq!(counts.map(|key| answer[key].as_u64().unwrap()), [1, 1, 4, 2, 1]);
    assert_eq!((&answer["clauses"], &answer["input_regions"]), (&json!(6), &json!(2)));
    assert_eq!(answer["input_box"], json!([["0", "7/2"]]));
}

#[test]
fn inspect_describes_regions() {
    let content = r#"{"box": [[0, 1], [null, 2]], "A": [[1, 1]], "b": ["1/3"]}"#;
    let folder = Folder::with(&[("r.json", content)]);
    let answer = folder.json(&["inspect", "r.json"], 0);
    assert_eq!(answer["answer"], "region");
    assert_eq!((&answer["dimension"], &answer["pieces"]), (&json!(2), &json!(1)));
    assert_eq!(answer["constraints"], 4);
}
