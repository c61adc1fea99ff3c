//! `equivalent`: answers, witnesses, certificates, and what it refuses.

use serde_json::Value;

use crate::support::{Folder, PAIR, strings};

/// `PAIR` with one weight changed: 1/2 relu(x) becomes 5/8 relu(x) in the second output.
fn changed() -> String {
    PAIR.replace("[0.5, 1]", "[0.625, 1]")
}

/// `PAIR` with its neurons exchanged, the first one doubled.
const EXCHANGED: &str = r#"{"layers": [
  {"weights": [["1/3", -1], [2, 0]], "bias": [0.1, 0], "activation": "relu"},
  {"weights": [[-2, 0.5], [1, 0.25]], "bias": [0, 0], "activation": "linear"}]}"#;

/// `PAIR` with x = relu(x) − relu(−x) and the same for y before it.
const DEEPER: &str = r#"{"layers": [
  {"weights": [[1, 0], [-1, 0], [0, 1], [0, -1]], "bias": [0, 0, 0, 0], "activation": "relu"},
  {"weights": [[1, -1, 0, 0], ["1/3", "-1/3", -1, 1]], "bias": [0, 0.1], "activation": "relu"},
  {"weights": [[1, -2], [0.5, 1]], "bias": [0, 0], "activation": "linear"}]}"#;

fn folder() -> Folder {
    Folder::with(&[
        ("a.json", PAIR),
        ("b.json", &changed()),
        ("exchanged.json", EXCHANGED),
        ("deeper.json", DEEPER),
        ("box.json", r#"{"box": [[-1, 2], [-1, 1]]}"#),
    ])
}

#[test]
fn copies_are_equal_everywhere() {
    let folder = folder();
    for copy in ["a.json", "exchanged.json", "deeper.json"] {
        let answer = folder.json(&["equivalent", "a.json", copy], 0);
        assert_eq!(
            (&answer["answer"], &answer["largest_difference"]),
            (&"yes".into(), &"0".into())
        );
        assert_eq!(answer.get("witness"), None);
    }
    let same = folder.json(&["equivalent", "a.json", "exchanged.json"], 0);
    assert_eq!(same["difference_neurons"], 0);
}

#[test]
fn the_largest_difference_and_its_witness() {
    let folder = folder();
    let asked = ["equivalent", "a.json", "b.json", "--over", "box.json"];
    let answer = folder.json(&asked, 1);
    assert_eq!((&answer["answer"], &answer["largest_difference"]), (&"no".into(), &"1/4".into()));
    assert_eq!(answer["largest_difference_approx"], 0.25);
    let witness = &answer["witness"];
    assert_eq!(strings(&witness["input"])[0], "2");
    let [a, b] = [0, 1].map(|index| strings(&witness["outputs"][index]));
    assert_eq!(a[0], b[0]);
    assert_ne!(a[1], b[1]);
    let within = |bound: &str, code: i32| {
        folder.json(&[&asked[..], &["--within", bound]].concat(), code)["answer"].clone()
    };
    assert_eq!([within("0.25", 0), within("0.2499", 1)], ["yes", "no"]);
    let first = folder.json(&[&asked[..], &["--output", "0"]].concat(), 0);
    assert_eq!(first["largest_difference"], "0");
}

#[test]
fn without_a_region_the_difference_may_have_no_bound() {
    let answer = folder().json(&["equivalent", "a.json", "b.json", "--within", "1000"], 1);
    assert_eq!((&answer["answer"], &answer["unbounded"]), (&"no".into(), &true.into()));
    assert_eq!(answer["largest_difference"], Value::Null);
    assert!(answer["ray"]["direction"].is_array() && answer["witness"]["outputs"].is_array());
}

#[test]
fn an_empty_region_is_vacuous() {
    let folder = folder();
    folder.write("empty.json", br#"{"A": [[1, 0], [-1, 0]], "b": [0, -1]}"#);
    let answer = folder.json(&["equivalent", "a.json", "b.json", "--over", "empty.json"], 0);
    assert_eq!((&answer["answer"], &answer["vacuous"]), (&"yes".into(), &true.into()));
    assert_eq!(answer["largest_difference"], Value::Null);
}

#[test]
fn what_has_no_meaning_is_refused() {
    let folder = folder();
    folder.write(
        "one.json",
        br#"{"layers": [{"weights": [[1]], "bias": [0], "activation": "linear"}]}"#,
    );
    folder.refuses(&["equivalent", "a.json", "one.json"], 4, &["one.json", "expected 2 inputs"]);
    folder.refuses(&["equivalent", "a.json", "b.json", "--output", "2"], 2, &["no output 2"]);
    let negative = folder.run(&["equivalent", "a.json", "b.json", "--within=-1"]);
    assert_eq!((negative.code, negative.stdout.as_str()), (Some(2), ""));
}

#[test]
fn a_checkpoint_is_bound_to_the_pair() {
    let folder = folder();
    let asked = ["equivalent", "a.json", "b.json", "--over", "box.json", "--checkpoint", "c"];
    assert_eq!(folder.json(&asked, 1)["largest_difference"], "1/4");
    assert!(!folder.names().contains(&"c".to_owned()));
}

/// Files of a certificate, in its order.
const FILES: [&str; 3] = ["a.json", "b.json", "box.json"];

fn certified(folder: &Folder, within: &str, code: i32) -> String {
    let asked = ["equivalent", "a.json", "b.json", "--over", "box.json", "--within", within];
    folder.json(&[&asked[..], &["--certificate", "proof"]].concat(), code);
    folder.read("proof")
}

fn check(folder: &Folder, text: &str, files: &[&str], code: i32) -> Value {
    folder.write("proof", text.as_bytes());
    folder.json(&[&["check", "proof"], files].concat(), code)
}

#[test]
fn certificates_of_both_answers_are_accepted() {
    let folder = folder();
    for (within, code) in [("1/4", 0), ("1/2", 0), ("1/5", 1), ("0", 1)] {
        let text = certified(&folder, within, code);
        let answer = check(&folder, &text, &FILES, 0);
        let claim = if code == 0 { "yes" } else { "no" };
        assert_eq!(answer["statement"]["question"], "equivalence");
        assert_eq!(answer["statement"]["answer"], format!("all {within} {claim}"));
        assert_eq!(answer["statement"]["second"]["file"], "b.json");
    }
}

#[test]
fn bent_certificates_are_rejected() {
    let folder = folder();
    let yes = certified(&folder, "3/10", 0);
    let no = certified(&folder, "1/5", 1);
    let witness = no.lines().find(|line| line.starts_with("witness")).unwrap();
    for (text, reason) in [
        (yes.replace("all 3/10 yes", "all 1/5 yes"), ""),
        (yes.replace("all 3/10 yes", "all 3/10 no"), "expected `witness`"),
        (yes.replace("all 3/10 yes", "all -3/10 yes"), "negative"),
        (yes.replace("all 3/10 yes", "2 3/10 yes"), "output"),
        (yes.replace("first", "second"), "expected `first`"),
        (yes.replace("\nend", ""), ""),
        (no.replace("all 1/5 no", "all 1/4 no"), "the networks do not differ by more there"),
        (no.replace("all 1/5 no", "0 1/5 no"), "the networks do not differ by more there"),
        (no.replace("all 1/5 no", "all 1/5 yes"), "expected `off`, `case` or `end`"),
        (no.replace(witness, "witness 3 0"), "the point is not in the region"),
        (no.replace(witness, "witness 0 0"), "the networks do not differ by more there"),
    ] {
        assert!(text != yes && text != no, "{reason}");
        let answer = check(&folder, &text, &FILES, 1);
        let found = answer["reason"].as_str().unwrap();
        assert!(found.contains(reason), "expected {reason}, found {found}");
    }
    let swapped = check(&folder, &yes, &["b.json", "a.json", "box.json"], 1);
    assert!(swapped["reason"].as_str().unwrap().contains("it is about another first"));
    let region = yes.lines().filter(|line| !line.starts_with("region")).collect::<Vec<_>>();
    check(&folder, &(region.join("\n") + "\n"), &FILES[..2], 1);
}
