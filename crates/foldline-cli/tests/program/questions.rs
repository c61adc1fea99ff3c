//! `maximum`, `range`, `positive`, `surjective`, `zero`: exact answers on tiny networks.

use serde_json::{Value, json};

use crate::support::{Folder, PAIR, RAMP, hard_instance, strings};

/// f(x) = 1 − |x|.
pub const TENT: &str = r#"{"layers": [
  {"weights": [[1], [-1]], "bias": [0, 0], "activation": "relu"},
  {"weights": [[-1, -1]], "bias": [1], "activation": "linear"}]}"#;

/// f(x, y) = |x| − |y| + 1.
pub const SADDLE: &str = r#"{"layers": [
  {"weights": [[1, 0], [-1, 0], [0, 1], [0, -1]], "bias": [0, 0, 0, 0], "activation": "relu"},
  {"weights": [[1, 1, -1, -1]], "bias": [1], "activation": "linear"}]}"#;

/// f(x) = [x]₊ − ½[2x]₊ = 0.
pub const NOTHING: &str = r#"{"layers": [
  {"weights": [[1], [2]], "bias": [0, 0], "activation": "relu"},
  {"weights": [[1, -0.5]], "bias": [0], "activation": "linear"}]}"#;

#[test]
fn a_maximum_and_where_it_is() {
    let folder = Folder::with(&[
        ("tent.json", TENT),
        ("box.json", r#"{"box": [["1/3", 2]]}"#),
        ("half.json", r#"{"box": [[null, "-1/7"]]}"#),
        ("none.json", r#"{"A": [[1], [-1]], "b": [0, -1]}"#),
    ]);
    let answer = folder.json(&["maximum", "tent.json", "--over", "box.json"], 0);
    assert_eq!(answer["answer"], "maximum");
    assert_eq!((answer["value"].as_str(), &answer["attained"]), (Some("2/3"), &json!(true)));
    assert_eq!(strings(&answer["argmax"]), ["1/3"]);
    assert!(answer["value_approx"].is_number() && answer["argmax_approx"].is_array());
    let answer = folder.json(&["maximum", "tent.json", "--over", "half.json"], 0);
    assert_eq!((answer["value"].as_str(), &answer["argmax"]), (Some("6/7"), &json!(["-1/7"])));
    let answer = folder.json(&["maximum", "tent.json", "--over", "none.json"], 0);
    assert_eq!(answer["answer"], "empty");
    let text = folder.run(&["maximum", "tent.json", "--over", "box.json"]).stdout;
    assert!(text.contains("MAXIMUM 0.6666666667, exactly 2/3, attained at X."), "{text}");
}

#[test]
fn a_strict_inequality_may_exclude_the_maximum() {
    let region = "(declare-const X_0 Real)(declare-const Y_0 Real)\n\
                  (assert (> X_0 0.5))(assert (<= X_0 3))";
    let folder = Folder::with(&[("tent.json", TENT), ("r.vnnlib", region)]);
    let answer = folder.json(&["maximum", "tent.json", "--over", "r.vnnlib"], 0);
    assert_eq!((answer["value"].as_str(), &answer["attained"]), (Some("1/2"), &json!(false)));
    assert_eq!(strings(&answer["argmax"]), ["1/2"]);
}

#[test]
fn an_unbounded_maximum_has_a_ray() {
    let strip = r#"{"box": [[null, null], ["-1/2", 4]]}"#;
    let folder = Folder::with(&[("saddle.json", SADDLE), ("strip.json", strip)]);
    let answer = folder.json(&["maximum", "saddle.json", "--over", "strip.json"], 0);
    assert_eq!(answer["answer"], "unbounded");
    let ray = &answer["ray"];
    assert_eq!(strings(&ray["direction"])[1], "0");
    assert_ne!(strings(&ray["direction"])[0], "0");
    assert_eq!(strings(&ray["point"]).len(), 2);
}

#[test]
fn ranges_of_all_outputs() {
    let folder = Folder::with(&[
        ("pair.json", PAIR),
        ("saddle.json", SADDLE),
        ("box.json", r#"{"box": [[0, 3], [0, 1]]}"#),
        ("plane.json", r#"{"box": [[null, null], [null, null]]}"#),
        ("none.json", r#"{"A": [[1, 0], [-1, 0]], "b": [0, -1]}"#),
    ]);
    let answer = folder.json(&["range", "pair.json", "--over", "box.json"], 0);
    assert_eq!(answer["answer"], "range");
    let ends = |output: &Value| [output["minimum"].clone(), output["maximum"].clone()];
    assert_eq!(ends(&answer["outputs"][0]), ["-1/5", "14/5"].map(|end| json!(end)));
    assert_eq!(ends(&answer["outputs"][1]), ["0", "13/5"].map(|end| json!(end)));
    let answer = folder.json(&["range", "saddle.json", "--over", "plane.json"], 0);
    assert_eq!(ends(&answer["outputs"][0]), [Value::Null, Value::Null]);
    assert!(answer["outputs"][0]["minimum_ray"].is_object());
    let answer = folder.json(&["range", "pair.json", "--over", "none.json"], 0);
    assert_eq!(answer["answer"], "empty");
}

#[test]
fn signs() {
    let folder = Folder::with(&[
        ("tent.json", TENT),
        ("saddle.json", SADDLE),
        ("ramp.json", RAMP),
        ("nothing.json", NOTHING),
        ("far.json", r#"{"box": [[1, 3]]}"#),
        ("left.json", r#"{"box": [[null, 0.1]]}"#),
    ]);
    let yes = folder.json(&["positive", "tent.json"], 0);
    assert!(yes["answer"] == "yes" && yes["witness"]["input"].is_array());
    let no = folder.json(&["positive", "tent.json", "--over", "far.json"], 1);
    assert!(no["answer"] == "no" && no.get("witness").is_none());
    let yes = folder.json(&["surjective", "saddle.json"], 0);
    assert!(yes["answer"] == "yes" && strings(&yes["negative_direction"]).len() == 2);
    let no = folder.json(&["surjective", "tent.json"], 1);
    assert_eq!((&no["answer"], &no["positive_direction"]), (&json!("no"), &Value::Null));
    assert_eq!(folder.json(&["zero", "nothing.json"], 0)["answer"], "yes");
    assert_eq!(folder.json(&["zero", "ramp.json", "--over", "left.json"], 0)["answer"], "yes");
    let no = folder.json(&["zero", "ramp.json"], 1);
    assert_ne!(strings(&no["witness"]["output"]), ["0"]);
}

#[test]
fn several_outputs_need_a_choice() {
    let folder = Folder::with(&[("pair.json", PAIR), ("box.json", r#"{"box": [[0, 3], [0, 1]]}"#)]);
    let choose = ["2 outputs", "--output I"];
    folder.refuses(&["maximum", "pair.json", "--over", "box.json"], 2, &choose);
    folder.refuses(&["positive", "pair.json"], 2, &choose);
    folder.refuses(&["surjective", "pair.json"], 2, &choose);
    folder.refuses(&["positive", "pair.json", "--output", "2"], 2, &["no output 2"]);
    let answer = folder.json(&["maximum", "pair.json", "--over", "box.json", "--output", "1"], 0);
    assert_eq!(answer["value"], "13/5");
    assert_eq!(folder.json(&["zero", "pair.json"], 1)["answer"], "no");
    let wrong = r#"{"box": [[0, 3]]}"#;
    folder.write("wrong.json", wrong.as_bytes());
    folder.refuses(&["range", "pair.json", "--over", "wrong.json"], 4, &["wrong.json", "2"]);
    folder.refuses(&["range", "pair.json", "--over", "missing.json"], 4, &["missing.json"]);
}

#[test]
fn both_bounds_are_told_when_time_runs_out() {
    let (network, property) = hard_instance();
    let region = property.replace("(assert (>= Y_0 4000))\n", "");
    let folder = Folder::with(&[("n.json", &network), ("r.vnnlib", &region)]);
    let arguments = ["maximum", "n.json", "--over", "r.vnnlib", "--timeout", "2"];
    let answer = folder.json(&arguments, 3);
    assert_eq!((&answer["answer"], &answer["limit"]), (&json!("undecided"), &json!("time")));
    let number = |key: &str| answer[format!("{key}_approx")].as_f64();
    let lower = number("lower").expect("a lower bound");
    assert!(number("upper").is_none_or(|upper| lower < upper), "{answer}");
    let answer = folder.json(&["range", "n.json", "--over", "r.vnnlib", "--timeout", "0"], 3);
    assert!(answer["outputs"][0]["maximum_between"].is_object(), "{answer}");
}
