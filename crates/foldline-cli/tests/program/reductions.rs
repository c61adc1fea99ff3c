//! `reduce`, `recover` and `hard-instances`: from a graph to every question and back, and what is refused.

use serde_json::{Value, json};

use crate::support::Folder;

/// Colors 1, 1, 2, 3; the triangle 1, 3, 4, and vertex 2 with one edge.
const TRIANGLE: &str =
    "c a triangle\np edge 4 4\nn 1 1\nn 2 1\nn 3 2\nn 4 3\ne 1 3\ne 1 4\ne 3 4\ne 2 3\n";

/// Two colors with a vertex each and no edge, vertices from 0.
const APART: &str = r#"{"colors": [5, 9], "edges": []}"#;

/// For each target: the command about the reduced question in `out`, and its exit codes with and
/// without a clique.
const QUESTIONS: [(&str, &[&str], i32, i32); 6] = [
    ("maximum", &["maximum", "out/network.onnx", "--over", "out/property.vnnlib"], 0, 0),
    ("positivity", &["positive", "out/network.onnx"], 0, 1),
    ("surjectivity", &["surjective", "out/network.json"], 0, 1),
    ("zero", &["zero", "out/network.onnx"], 1, 0),
    ("zonotope", &["zonotope", "contains", "out/outer.mat", "out/inner.json"], 1, 0),
    ("lipschitz", &["lipschitz", "out/network.onnx", "--p", "1"], 0, 0),
];

fn reduce(folder: &Folder, graph: &str, to: &str) -> Value {
    folder.json(&["reduce", "clique", graph, "--to", to, "--out", "out"], 0)
}

#[test]
fn every_target_gives_the_clique_back() {
    for (to, command, code, _) in QUESTIONS {
        let folder = Folder::with(&[("g.col", TRIANGLE)]);
        let reduced = reduce(&folder, "g.col", to);
        assert_eq!(reduced["answer"], "reduced");
        assert_eq!(reduced["threshold"].is_string(), matches!(to, "maximum" | "lipschitz"));
        for path in reduced["files"].as_object().unwrap().values() {
            assert!(folder.path(path.as_str().unwrap()).is_file(), "{to}: {path}");
        }
        let answer = folder.json(command, code);
        folder.write("answer.json", answer.to_string().as_bytes());
        let recovered = folder.json(&["recover", "out/map.json", "answer.json"], 0);
        assert_eq!(recovered["answer"], "recovered", "{to}");
        assert_eq!(recovered["clique"], json!([1, 3, 4]), "{to}");
        // Forward, and back again.
        folder.write("clique.json", recovered.to_string().as_bytes());
        let solution = folder.json(&["recover", "out/map.json", "clique.json"], 0);
        folder.write("solution.json", solution.to_string().as_bytes());
        let again = folder.json(&["recover", "out/map.json", "solution.json"], 0);
        assert_eq!(again["clique"], recovered["clique"], "{to}");
    }
}

#[test]
fn without_a_clique_every_answer_is_the_other_one() {
    for (to, command, _, code) in QUESTIONS {
        let folder = Folder::with(&[("g.json", APART)]);
        let reduced = reduce(&folder, "g.json", to);
        let answer = folder.json(command, code);
        if let Some(threshold) = reduced["threshold"].as_str() {
            assert_ne!(answer["value"], threshold, "{to}");
        }
        folder.write("answer.json", answer.to_string().as_bytes());
        let recovered = folder.json(&["recover", "out/map.json", "answer.json"], 1);
        assert_eq!(recovered["answer"], "no", "{to}");
        assert_eq!(recovered["solution_exists"], false, "{to}");
        assert!(recovered["reason"].as_str().unwrap().contains("no multicolored clique"));
    }
}

#[test]
fn what_is_no_solution_is_refused_with_a_reason() {
    let folder = Folder::with(&[
        ("g.col", TRIANGLE),
        ("point.json", r#"{"point": [1, 4, 9]}"#),
        ("short.json", r#"{"point": [1, 4]}"#),
        ("pair.json", r#"{"clique": [1, 3]}"#),
        ("colors.json", r#"{"clique": [1, 2, 4]}"#),
        ("edges.json", r#"{"clique": [2, 3, 4]}"#),
        ("vertex.json", r#"{"clique": [1, 3, 5]}"#),
        ("result.txt", "sat\n((X_0 1)\n (X_1 4)\n (X_2 8))\n"),
        ("unsat.txt", "unsat\n"),
    ]);
    reduce(&folder, "g.col", "maximum");
    for (file, reason) in [
        ("point.json", "the output is 3 there; more than 5 is needed"),
        ("short.json", "2 coordinates, expected 3"),
        ("pair.json", "2 vertices, but there are 3 colors"),
        ("colors.json", "vertices 1 and 2 have the same color"),
        ("edges.json", "no edge joins vertices 2 and 4"),
        ("vertex.json", "there is no vertex 5: they are 1 to 4"),
    ] {
        let answer = folder.json(&["recover", "out/map.json", file], 1);
        assert!(answer["reason"].as_str().unwrap().contains(reason), "{file}: {answer}");
        assert_eq!(answer["solution_exists"], Value::Null, "{file}");
    }
    let found = folder.json(&["recover", "out/map.json", "result.txt"], 0);
    assert_eq!(found["clique"], json!([1, 3, 4]));
    let none = folder.json(&["recover", "out/map.json", "unsat.txt"], 1);
    assert_eq!(none["solution_exists"], false);
}

#[test]
fn bad_input_and_wrong_usage() {
    let folder = Folder::with(&[
        ("g.col", TRIANGLE),
        ("bad.col", "p edge 1 0\nn 1 red\n"),
        ("points.csv", "x,label\n0,1\n1,2\n"),
        ("empty.json", "{}"),
        ("words.json", r#"{"argmax": ["a"]}"#),
        ("text.txt", "hello"),
    ]);
    let to = |graph, target| ["reduce", "clique", graph, "--to", target, "--out", "out"];
    folder.refuses(&to("bad.col", "zero"), 4, &["bad.col: line 2", "`red`"]);
    folder.refuses(&to("none.col", "zero"), 4, &["none.col: no such file"]);
    assert!(!folder.path("out").exists());
    let more = |options: &[&'static str]| [&to("g.col", "zero")[..], options].concat();
    folder.refuses(&more(&["--layers", "3"]), 2, &["--to lipschitz"]);
    folder.refuses(&more(&["--colors", "2"]), 4, &["3 colors, but 2 were asked for"]);
    let lipschitz = |options: &[&'static str]| [&to("g.col", "lipschitz")[..], options].concat();
    folder.refuses(&lipschitz(&["--p", "2"]), 2, &["--variant printed"]);
    folder.refuses(&lipschitz(&["--variant", "printed", "--p", "0"]), 2, &["from 1/100"]);
    let points = ["reduce", "separability", "points.csv", "--to", "training", "--out", "out"];
    folder.refuses(&points, 4, &["points.csv: point 2", "label 2"]);
    folder.json(&to("g.col", "maximum"), 0);
    for (map, answer, part) in [
        ("empty.json", "empty.json", "is this a map of `reduce`?"),
        ("out/map.json", "empty.json", "has no solution"),
        ("out/map.json", "words.json", "argmax: expected a list of numbers"),
        ("out/map.json", "text.txt", "expected `sat`"),
        ("text.txt", "empty.json", "is not JSON"),
    ] {
        folder.refuses(&["recover", map, answer], 4, &[part]);
    }
}

#[test]
fn lipschitz_forms_and_onnx_refusal() {
    let folder = Folder::with(&[("g.col", TRIANGLE)]);
    let three = ["reduce", "clique", "g.col", "--to", "lipschitz", "--layers", "3", "--out", "out"];
    assert_eq!(folder.json(&three, 0)["threshold"], "16");
    let answer = folder.json(&["lipschitz", "out/network.json", "--p", "inf"], 0);
    assert!(answer["value_approx"].as_f64().unwrap() >= 16.0);
    folder.write("answer.json", answer.to_string().as_bytes());
    let recovered = folder.json(&["recover", "out/map.json", "answer.json"], 0);
    assert_eq!(recovered["clique"], json!([1, 3, 4]));
    // ε = 1/(2·3·8·6) is no 32-bit float.
    let printed =
        ["reduce", "clique", "g.col", "--to", "lipschitz", "--variant", "printed", "--out", "p"];
    let reduced = folder.json(&printed, 0);
    assert_eq!(reduced["threshold"], "11/576");
    assert!(reduced["onnx_reason"].as_str().unwrap().contains("not exactly a 32-bit float"));
    assert!(reduced["files"].get("onnx").is_none() && !folder.path("p/network.onnx").exists());
}

#[test]
fn points_become_a_training_set_and_come_back() {
    let folder =
        Folder::with(&[("points.csv", "x,z,label\n0,0,0\n1,1/2,1\n2,0,0\n1,2,0\n1,1,1\n")]);
    let to = |outputs| {
        [
            "reduce",
            "separability",
            "points.csv",
            "--to",
            "training",
            "--outputs",
            outputs,
            "--out",
            "out",
        ]
    };
    let reduced = folder.json(&to("3"), 0);
    assert_eq!(
        (&reduced["statistics"]["rows"], &reduced["statistics"]["columns"]),
        (&json!(23), &json!(7))
    );
    let data = folder.read("out/data.csv");
    assert!(data.starts_with("x1,x2,x3,x4,y1,y2,y3\n-1,-1/2,0,0,0,0,0\n0,0,0,0,1,0,0\n"), "{data}");
    let separable = folder.json(&["separable", "points.csv", "--threads", "2", "--quiet"], 0);
    folder.write("separable.json", separable.to_string().as_bytes());
    for outputs in ["3", "1"] {
        folder.json(&to(outputs), 0);
        let network = folder.json(&["recover", "out/map.json", "separable.json"], 0);
        assert_eq!(
            network["network"]["layers"][1]["bias"].as_array().unwrap().len().to_string(),
            outputs
        );
        folder.write("network.json", network.to_string().as_bytes());
        let planes = folder.json(&["recover", "out/map.json", "network.json"], 0);
        assert_eq!(planes["hyperplanes"].as_array().unwrap().len(), 2);
        folder.write("planes.json", planes.to_string().as_bytes());
        folder.json(&["recover", "out/map.json", "planes.json"], 0);
    }
    folder.write("bad.json", br#"{"hyperplanes": [{"normal": [1, 0], "offset": 0}]}"#);
    let refused = folder.json(&["recover", "out/map.json", "bad.json"], 1);
    assert!(refused["reason"].as_str().unwrap().contains("point 3"), "{refused}");
}

#[test]
fn a_pack_is_solved_as_its_truth_says() {
    let folder = Folder::with(&[]);
    let pack =
        folder.json(&["hard-instances", "--out", "pack", "--sizes", "3:2", "--seed", "3"], 0);
    assert_eq!(pack["statistics"]["instances"], 6);
    folder.json(&["run", "pack/instances.csv", "--quiet"], 0);
    let truth = folder.read("pack/truth.csv");
    for line in truth.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let result = format!("{}.txt", fields[0]);
        let run = folder.run(&[
            "vnncomp",
            &format!("pack/{}", fields[1]),
            &format!("pack/{}", fields[2]),
            &result,
            "60",
        ]);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        assert!(folder.read(&result).starts_with(fields[3]), "{line}");
        let code = if fields[3] == "sat" { 0 } else { 1 };
        let map = format!("pack/maps/{}.json", fields[0]);
        let recovered = folder.json(&["recover", &map, &result], code);
        assert_eq!(recovered["clique"].is_array(), fields[3] == "sat");
        if fields[3] == "sat" {
            let witness = format!("pack/witnesses/{}.txt", fields[0]);
            let replay = [
                "replay",
                &format!("pack/{}", fields[1]),
                &format!("pack/{}", fields[2]),
                &witness,
            ];
            assert_eq!(folder.run(&replay).code, Some(1), "the hidden witness violates");
        }
    }
    folder.refuses(&["hard-instances", "--out", "pack/README.md"], 4, &["README.md"]);
}
