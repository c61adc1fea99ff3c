//! Norms, order reduction and pairs of zonotopes from the command line.

use serde_json::json;

use crate::support::{Folder, strings};

/// (1, 2) + [−1, 1]·(3, 0) + [−1, 1]·(0, 1/2) + a zero generator.
const Z: &str = r#"{"center": [1, 2], "generators": [[3, 0], [0, 0.5], [0, 0]]}"#;

fn folder() -> Folder {
    Folder::with(&[
        ("z.json", Z),
        ("rows.json", "[[1, 0], [1, 1]]"),
        ("narrow.json", "[[1], [2]]"),
        (
            "net.json",
            r#"{"layers": [
            {"weights": [[1, 0], [0, 1], [1, 1]], "bias": [0, 0, 0], "activation": "relu"},
            {"weights": [[1, 1, -1]], "bias": [0], "activation": "linear"}]}"#,
        ),
        (
            "biased.json",
            r#"{"layers": [
            {"weights": [[1, 0]], "bias": [1], "activation": "relu"},
            {"weights": [[1]], "bias": [0], "activation": "linear"}]}"#,
        ),
    ])
}

#[test]
fn certificates_of_norms_are_accepted() {
    let folder = folder();
    for norm in
        [["--p", "1"], ["--p", "2"], ["--p", "inf"], ["--p", "5/2"], ["--matrix", "rows.json"]]
    {
        let arguments = [&["zonotope", "norm", "z.json", "--certificate", "proof.gz"][..], &norm];
        folder.json(&arguments.concat(), 0);
        let files: &[&str] = if norm[0] == "--p" { &["z.json"] } else { &["z.json", "rows.json"] };
        let check = folder.run(&[&["check", "proof.gz"][..], files].concat());
        assert_eq!(check.code, Some(0), "{norm:?}: {}{}", check.stdout, check.stderr);
        assert!(check.stdout.contains("statement  norm"), "{}", check.stdout);
    }
    let certified = ["zonotope", "norm", "z.json", "--certificate", "proof"];
    folder.refuses(&[&certified[..], &["--p", "101/100"]].concat(), 2, &["at most 100"]);
    let sampled = [&certified[..], &["--p", "2", "--epsilon", "0.1"]].concat();
    assert_eq!(folder.run(&sampled).code, Some(2));
    assert!(!folder.path("proof").exists());
}

#[test]
fn norms_and_their_vertex() {
    let folder = folder();
    for (arguments, key, value) in [
        (["--p", "1"], "value", "13/2"),
        (["--p", "2"], "value_squared", "89/4"),
        (["--p", "inf"], "value", "4"),
        (["--matrix", "rows.json"], "value", "13/2"),
    ] {
        let json = folder.json(&[&["zonotope", "norm", "z.json"][..], &arguments].concat(), 0);
        assert_eq!((&json["answer"], &json[key]), (&json!("norm"), &json!(value)), "{arguments:?}");
        if arguments != ["--p", "inf"] {
            assert_eq!(strings(&json["vertex"]), ["4", "5/2"]);
            assert_eq!(json["signs"], json!([1, 1, 1]));
        }
    }
    let cubes = folder.json(&["zonotope", "norm", "z.json", "--p", "3"], 0);
    let bound = |key: &str| cubes[key].as_f64().unwrap().powi(3);
    assert!(bound("lower_approx") <= 79.625000001 && bound("upper_approx") >= 79.624999999);
    let sampled = ["zonotope", "norm", "z.json", "--p", "2", "--epsilon", "0.5", "--seed", "3"];
    let json = folder.json(&sampled, 0);
    assert!(json["lower_approx"].as_f64().unwrap() <= 4.716991 && json["probability"] == 1.0);
    assert!(json["upper_approx"].as_f64().unwrap() >= 4.716990);
}

#[test]
fn norms_without_meaning_are_refused() {
    let folder = folder();
    let norm = |rest: &[&'static str]| [&["zonotope", "norm", "z.json"][..], rest].concat();
    folder.refuses(&norm(&["--p", "1/2"]), 2, &["--p", "at least 1"]);
    folder.refuses(&norm(&["--p", "two"]), 2, &["--p", "expected a number"]);
    folder.refuses(&norm(&["--p", "2", "--epsilon", "0"]), 2, &["--epsilon 0"]);
    folder.refuses(&norm(&["--matrix", "narrow.json"]), 4, &["narrow.json", "row 0"]);
    folder.refuses(&norm(&["--matrix", "none.json"]), 4, &["none.json: no such file"]);
    folder.refuses(&["zonotope", "norm", "net.json", "--p", "2"], 4, &["net.json", "layers"]);
}

#[test]
fn reductions_are_written_and_certified() {
    let folder = folder();
    let generators: Vec<[i64; 2]> =
        (1..200).map(|k| [k * 37 % 101 - 50, k * 53 % 97 - 48]).collect();
    folder.write("many.json", json!({"generators": generators}).to_string().as_bytes());
    let arguments = ["zonotope", "order-reduce", "many.json", "--epsilon", "0.3", "--seed", "1"];
    let json = folder.json(&[&arguments[..], &["--out", "few.json"]].concat(), 0);
    assert_eq!(json["answer"], "reduced");
    assert!(json["certified_epsilon_approx"].as_f64().unwrap() <= 0.3);
    assert!(json["guarantee"]["probability"].as_f64().unwrap() == 1.0);
    let count = json["zonotope"]["generators"].as_array().unwrap().len();
    assert!(count <= 30, "{count}");
    let inspected = folder.json(&["inspect", "few.json"], 0);
    assert_eq!(inspected["generators"], count);
    let outer = [
        "zonotope",
        "order-reduce",
        "many.json",
        "--method",
        "girard",
        "--order",
        "3",
        "--out",
        "box.json",
    ];
    assert_eq!(folder.json(&outer, 0)["guarantee"]["outer"], true);
    assert_eq!(folder.json(&["zonotope", "contains", "box.json", "many.json"], 0)["answer"], "yes");
    // In two dimensions an order of 2.5 is 5 generators, one of 2.4 is 4.
    for (order, count) in [("2.5", 5), ("12/5", 4), ("1", 2)] {
        let outer =
            ["zonotope", "order-reduce", "many.json", "--method", "girard", "--order", order];
        let reduced = folder.json(&outer, 0);
        assert_eq!(reduced["zonotope"]["generators"].as_array().unwrap().len(), count, "{order}");
    }
    for order in ["0.9", "-1", "x"] {
        let outer = ["zonotope", "order-reduce", "many.json", "--method", "pca"];
        let order = format!("--order={order}");
        folder.refuses(&[&outer[..], &[&order]].concat(), 2, &["--order"]);
    }
    folder.refuses(&["zonotope", "order-reduce", "many.json"], 2, &["--epsilon"]);
    folder.refuses(
        &["zonotope", "order-reduce", "many.json", "--method", "pca", "--epsilon", "0.1"],
        2,
        &["--order"],
    );
}

#[test]
fn networks_become_pairs_and_back() {
    let folder = folder();
    let json = folder.json(&["zonotope", "from-network", "net.json", "--out", "pair"], 0);
    assert_eq!(
        (&json["answer"], &json["files"]["plus"]),
        (&json!("converted"), &json!("pair/plus.json"))
    );
    // x₊ + y₊ − (x + y)₊ is positive at (1, −1).
    let contains = ["zonotope", "contains", "pair/minus.json", "pair/plus.json"];
    assert_eq!(folder.json(&contains, 1)["answer"], "no");
    let back = ["zonotope", "to-network", "pair/plus.json", "pair/minus.json", "--out", "back"];
    assert_eq!(folder.json(&back, 0)["files"]["network"], "back/network.json");
    let value = folder.json(&["eval", "back/network.json", "--input", "3,-2"], 0);
    assert_eq!(strings(&value["output"]), ["2"]);
    folder.refuses(
        &["zonotope", "from-network", "biased.json", "--out", "pair"],
        4,
        &["biased.json", "layer 0", "bias 1"],
    );
}
