//! `lipschitz`: constants of tiny networks, what is refused, and the shared networks with known truth.

use std::path::PathBuf;

use serde_json::json;

use crate::support::{Folder, PAIR, RAMP, strings};

/// relu(x) − relu(−x) = x: tools that count cells without interior say 2.
const IDENTITY: &str = r#"{"layers": [
  {"weights": [[1], [-1]], "bias": [0, 0], "activation": "relu"},
  {"weights": [[1, -1]], "bias": [0], "activation": "linear"}]}"#;

/// relu(3x − 4y) − relu(y).
const WEDGE: &str = r#"{"layers": [
  {"weights": [[3, -4], [0, 1]], "bias": [0, 0], "activation": "relu"},
  {"weights": [[1, -1]], "bias": [0], "activation": "linear"}]}"#;

#[test]
fn one_output() {
    let folder = Folder::with(&[
        ("identity.json", IDENTITY),
        ("wedge.json", WEDGE),
        ("box.json", r#"{"box": [[-1, 1], [-1, 1]]}"#),
        ("fixed.json", r#"{"box": [[-1, 1], ["1/2", 0.5]]}"#),
        ("line.json", r#"{"A": [[1, 1], [-1, -1]], "b": [1, -1]}"#),
        ("empty.json", r#"{"A": [[1, 1], [-1, -1]], "b": [1, -2]}"#),
        ("point.json", r#"{"box": [[1, 1], [2, 2]]}"#),
    ]);
    let answer = folder.json(&["lipschitz", "identity.json", "--p", "1"], 0);
    assert_eq!((&answer["answer"], &answer["value"]), (&json!("lipschitz"), &json!("1")));
    assert_eq!(strings(&answer["gradient"]), ["1"]);
    let ask = |p: &str, region: &str| {
        folder.json(&["lipschitz", "wedge.json", "--p", p, "--over", region], 0)
    };
    // The gradients are (0, 0), (3, −4), (0, −1) and (3, −5).
    assert_eq!(ask("1", "box.json")["value"], "5");
    assert_eq!(ask("0.5", "box.json")["value"], "5");
    assert_eq!(ask("inf", "box.json")["value"], "8");
    let answer = ask("2", "box.json");
    assert_eq!((&answer["value_squared"], answer.get("value")), (&json!("34"), None));
    assert_eq!(strings(&answer["gradient"]), ["3", "-5"]);
    // Between the two, ‖(3, 5)‖_{3/2} = (3^1.5 + 5^1.5)^(2/3).
    let answer = ask("3", "box.json");
    let expected = (3f64.powf(1.5) + 5f64.powf(1.5)).powf(2.0 / 3.0);
    let (lower, upper) = (&answer["lower_approx"], &answer["upper_approx"]);
    assert!(lower.as_f64().unwrap() <= expected * (1.0 + 1e-15));
    assert!(upper.as_f64().unwrap() >= expected * (1.0 - 1e-15));
    assert!(upper.as_f64().unwrap() - lower.as_f64().unwrap() <= 1e-9 * expected);
    // With y = 1/2 only ∂/∂x counts; on the line x + y = 1 directions are (1, −1).
    let answer = ask("inf", "fixed.json");
    assert_eq!((&answer["value"], strings(&answer["gradient"])), (&json!("3"), vec!["3", "0"]));
    assert_eq!(ask("1", "line.json")["value"], "4");
    assert_eq!(ask("2", "line.json")["value_squared"], "32");
    assert_eq!(ask("1", "empty.json")["answer"], "empty");
    let answer = ask("2", "point.json");
    assert_eq!(
        (&answer["value_squared"], strings(&answer["point"])),
        (&json!("0"), vec!["1", "2"])
    );
}

#[test]
fn several_outputs_by_operator_norms() {
    let folder = Folder::with(&[("pair.json", PAIR)]);
    // Both neurons on: the Jacobian is (1 − 2/3, 2), (1/2 + 1/3, −1).
    let answer = folder.json(&["lipschitz", "pair.json", "--p", "1"], 0);
    assert_eq!(answer["value"], "3");
    assert_eq!(answer["jacobian"].as_array().unwrap().len(), 2);
    assert_eq!(folder.json(&["lipschitz", "pair.json", "--p", "inf"], 0)["value"], "8/3");
    let one = folder.json(&["lipschitz", "pair.json", "--p", "inf", "--output", "1"], 0);
    assert_eq!(one["value"], "11/6");
    let answer = folder.json(&["lipschitz", "pair.json", "--p", "2"], 0);
    assert!(answer["lower_approx"].as_f64().unwrap() > 2.2);
}

#[test]
fn p_zero_is_the_largest_change_by_one_input() {
    let folder = Folder::with(&[
        ("ramp.json", RAMP),
        ("box.json", r#"{"box": [[-1, 1]]}"#),
        ("half.json", r#"{"A": [[1], [-1]], "b": [1, 1]}"#),
    ]);
    let answer = folder.json(&["lipschitz", "ramp.json", "--p", "0", "--over", "box.json"], 0);
    assert_eq!(answer["value"], "9/10");
    assert_eq!(answer["points"].as_array().unwrap().len(), 2);
    assert_eq!(folder.json(&["lipschitz", "ramp.json", "--p", "0"], 0)["answer"], "infinite");
    let answer = folder.json(&["lipschitz", "ramp.json", "--p", "0", "--over", "half.json"], 0);
    assert_eq!(answer["value"], "9/10");
}

#[test]
fn what_has_no_meaning_is_wrong_usage() {
    let folder = Folder::with(&[
        ("pair.json", PAIR),
        ("wedge.json", WEDGE),
        ("line.json", r#"{"A": [[1, 1], [-1, -1]], "b": [1, -1]}"#),
    ]);
    for arguments in [
        &["pair.json", "--p", "-1"][..],
        &["pair.json", "--p", "nan"],
        &["pair.json", "--p", "1/2"],
        &["pair.json", "--p", "3"],
        &["pair.json", "--p", "0"],
        &["pair.json", "--p", "1", "--output", "2"],
        &["wedge.json", "--p", "3", "--over", "line.json"],
        &["wedge.json", "--p", "0", "--over", "line.json"],
        &["wedge.json"],
    ] {
        let run = folder.run(&[&["lipschitz"], arguments].concat());
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", run.stderr);
    }
    let run = folder.run(&["lipschitz", "wedge.json", "--p", "1", "--over", "none.json"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{}", run.stderr);
}

#[test]
fn a_time_limit_leaves_bounds() {
    let folder = Folder::with(&[("wedge.json", WEDGE)]);
    let answer = folder.json(&["lipschitz", "wedge.json", "--p", "2", "--timeout", "0"], 3);
    assert_eq!((&answer["answer"], &answer["limit"]), (&json!("undecided"), &json!("time")));
    assert!(answer.get("lower").is_some() && answer.get("upper").is_some());
}

#[test]
fn the_shared_networks_have_the_constants_of_the_table() {
    let shared =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/lipschitz"));
    let Ok(table) = std::fs::read_to_string(shared.join("truth.csv")) else { return };
    let folder = Folder::with(&[]);
    for row in table.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        // net, domain, cells, L1, L2, Linf, L2_squared_exact: the small ones here.
        if cells[2].parse::<usize>().unwrap() > 600 {
            continue;
        }
        let path = shared.join(format!("{}.json", cells[0]));
        let network: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let inputs = network["layers"][0]["weights"][0].as_array().unwrap().len();
        folder.write("box.json", json!({"box": vec![[-1, 1]; inputs]}).to_string().as_bytes());
        let path = path.to_str().unwrap();
        let ask = |p: &str| {
            let over: &[&str] = if cells[1] == "box" { &["--over", "box.json"] } else { &[] };
            folder.json(&[&["lipschitz", path, "--p", p], over].concat(), 0)
        };
        let digits = |text: &str| text.parse::<f64>().unwrap();
        assert_eq!(ask("1")["value_approx"], digits(cells[3]), "{row}");
        assert_eq!(ask("inf")["value_approx"], digits(cells[5]), "{row}");
        assert_eq!(ask("2")["value_squared"], cells[6], "{row}");
    }
}
