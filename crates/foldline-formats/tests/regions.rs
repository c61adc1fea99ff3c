//! Regions from JSON and VNN-LIB: their points, their pieces, and what is refused.

use foldline_formats::region::parse_region;
use foldline_kernel::Region;
use foldline_kernel::number::{Rational, parse_rational};

const DECLARATIONS: &str =
    "(declare-const X_0 Real) (declare-const X_1 Real) (declare-const Y_0 Real)\n";

fn json(text: &str) -> Region {
    parse_region("r.json", text, 2).unwrap_or_else(|error| panic!("{error}"))
}

fn vnnlib(assertions: &str) -> Region {
    let text = format!("{DECLARATIONS}{assertions}");
    parse_region("r.vnnlib", &text, 2).unwrap_or_else(|error| panic!("{error}"))
}

fn point(text: &str) -> Vec<Rational> {
    text.split_whitespace().map(|token| parse_rational(token).unwrap()).collect()
}

fn contains(region: &Region, text: &str) -> bool {
    region.pieces.iter().any(|piece| piece.contains(&point(text)))
}

#[test]
fn boxes_and_inequalities_are_exact() {
    let region = json(r#"{"box": [[-0.1, "1/3"], [null, 1e-1]]}"#);
    assert_eq!(region.pieces[0].constraints.len(), 3);
    assert!(contains(&region, "-1/10 1/10") && contains(&region, "1/3 -1e9"));
    assert!(!contains(&region, "-0.1000000000000000001 0"));
    assert!(!contains(&region, "1/3 0.1000000000000000001"));

    let region = json(r#"{"A": [[1, "-1/2"], [0.5, 0]], "b": [1, "2"]}"#);
    assert!(contains(&region, "4 6") && contains(&region, "1 0"));
    assert!(!contains(&region, "4 5.9") && !contains(&region, "4.1 9"));

    let both = json(r#" {"b": [1], "box": [[0, 1], [0, 1]], "A": [[1, 1]]}"#);
    assert!(contains(&both, "0.5 0.5") && !contains(&both, "0.6 0.5") && !contains(&both, "1 -1"));
}

#[test]
fn degenerate_regions_are_ordinary() {
    assert!(json(r#"{"box": [[null, null], [null, null]]}"#).pieces[0].constraints.is_empty());
    assert!(json(r#"{"A": [], "b": []}"#).pieces[0].constraints.is_empty());
    assert!(json(r#"{"A": [[0, 0]], "b": [0]}"#).pieces[0].constraints.is_empty());
    assert!(json(r#"{"A": [[0, 0]], "b": [-1]}"#).pieces.is_empty());
    assert_eq!(json(r#"{"A": [[1, 0], [-1, 0]], "b": [0, -1]}"#).pieces.len(), 1);
    assert!(contains(&json(r#"{"box": [[1, 1], [2, 2]]}"#), "1 2"));
}

#[test]
fn vnnlib_regions_are_unions_of_input_parts() {
    let region = vnnlib(
        "(assert (or (and (>= X_0 0) (<= X_0 1) (<= Y_0 3))
                     (and (>= X_0 2) (<= X_0 3) (or (>= Y_0 5) (<= Y_0 X_1)))
                     (and (<= X_0 1) (>= X_0 0) (>= Y_0 3))))
         (assert (<= (+ X_0 X_1) 4)) (assert (< X_1 2))",
    );
    assert_eq!(region.pieces.len(), 2, "equal input parts count once");
    assert!(contains(&region, "0 1") && contains(&region, "3 1") && !contains(&region, "1.5 0"));
    assert!(!contains(&region, "3 1.5") && !contains(&region, "0 2"));
}

#[test]
fn clauses_are_pruned_and_bounds_tightened() {
    let region = vnnlib(
        "(assert (or (<= X_0 0) (>= X_0 1))) (assert (or (<= X_0 -1) (>= X_0 2)))
         (assert (or (< X_1 0) (>= X_1 0)))",
    );
    assert_eq!(region.pieces.len(), 4, "X_0 ≤ 0 contradicts X_0 ≥ 2");
    assert!(region.pieces.iter().all(|piece| piece.constraints.len() == 2));
    assert_eq!(vnnlib("(assert (or (< X_0 0) (<= X_0 1)))").pieces.len(), 2);
    assert_eq!(vnnlib("(assert (<= X_0 1)) (assert (< X_0 1))").pieces[0].constraints.len(), 1);
    assert!(vnnlib("(assert (< X_0 1)) (assert (or (= X_0 1) (> X_0 1)))").pieces.is_empty());
    assert_eq!(vnnlib("(assert (or (<= X_0 1) (<= (* 2 X_0) 2)))").pieces.len(), 1);
    assert_eq!(vnnlib("(assert (or (<= Y_0 1) (<= X_0 2)))").pieces[0].constraints, []);
    assert!(vnnlib("(assert false)").pieces.is_empty());
    assert_eq!(vnnlib("").pieces.len(), 1);
    let undeclared_outputs = "(declare-const X_0 Real) (assert (<= X_0 1))";
    assert_eq!(parse_region("r", undeclared_outputs, 1).unwrap().pieces.len(), 1);
}

#[test]
fn too_many_pieces_are_refused() {
    let choice = |k: usize| format!("(assert (or (<= (+ X_0 (* {k} X_1)) 1) (>= X_1 {k})))");
    let choices: String = (1..=64).map(choice).collect();
    let error = parse_region("r", &format!("{DECLARATIONS}{choices}"), 2);
    // The bounds on X_1 absorb each other, the sums do not.
    assert!(error.unwrap_err().message.contains("more than 1000000 polyhedra"));
}

/// Checks the place and a part of the message for each text.
fn check(name: &str, cases: &[(&str, &str, &str)]) {
    for (text, place, message) in cases {
        let error = parse_region(name, text, 2).expect_err(text);
        assert_eq!(error.file, name);
        assert_eq!(error.place, *place, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn objects_that_mean_nothing() {
    check(
        "r.json",
        &[
            (r#"{}"#, "", "expected \"box\""),
            (r#"{"Box": []}"#, "", "unknown key `Box`"),
            (r#"{"box": [[0, 1], [0, 1]], "c": 1}"#, "", "unknown key `c`"),
            (r#"{"box": [[0, 1], [0, 1]], "box": [[0, 1], [0, 1]]}"#, "box", "stands twice"),
            (r#"{"A": [[1, 2]]}"#, "A", "expected \"b\""),
            (r#"{"b": [1]}"#, "b", "expected \"A\""),
            (r#"{"box": 3}"#, "box", "expected a list, found a number"),
            (r#"{"box": null}"#, "box", "expected a list, found null"),
            (r#"{"box": [[0, 1]]}"#, "box", "expected a list of 2, found 1"),
            (r#"{"box": [[0, 1], [0, 1], [0, 1]]}"#, "box", "expected a list of 2, found 3"),
            (r#"{"box": [[0, 1], [0]]}"#, "box[1]", "expected a list of 2, found 1"),
            (r#"{"box": [[0, 1], 5]}"#, "box[1]", "expected a list"),
            (r#"{"box": [[0, 1], [0, "NaN"]]}"#, "box[1][1]", "expected a number"),
            (r#"{"box": [[0, 1], ["-inf", 0]]}"#, "box[1][0]", "expected a number"),
            (r#"{"box": [[0, 1], [0, true]]}"#, "box[1][1]", "found a truth value"),
            (r#"{"box": [[0, 1], [0, {"a": 1}]]}"#, "box[1][1]", "found an object"),
            (r#"{"box": [[0, 1], [0, [1]]]}"#, "box[1][1]", "found a list"),
            (r#"{"box": [[0, 1], [0, "1/0"]]}"#, "box[1][1]", "denominator"),
            (r#"{"box": [[0, 1], [0, 1e999999]]}"#, "box[1][1]", "exponent"),
            (r#"{"A": [[1, 2], [3]], "b": [1, 2]}"#, "A[1]", "expected a list of 2, found 1"),
            (r#"{"A": [[1, 2], [3, 4, 5]], "b": [1, 2]}"#, "A[1]", "expected a list of 2, found 3"),
            (r#"{"A": [[1, 2], [3, null]], "b": [1, 2]}"#, "A[1][1]", "found null"),
            (r#"{"A": [[1, "x"]], "b": [1]}"#, "A[0][1]", "expected a number"),
            (r#"{"A": [[1, 2]], "b": [1, 2]}"#, "b", "expected a list of 1, found 2"),
            (r#"{"A": [[1, 2]], "b": [null]}"#, "b[0]", "found null"),
            (r#"{"A": {}, "b": []}"#, "A", "found an object"),
            (r#"{"A": [[1, 2]], "b": 1}"#, "b", "expected a list"),
        ],
    );
}

#[test]
fn texts_that_are_no_objects() {
    check(
        "r.json",
        &[
            ("", "line 1, column 1", "expected a JSON value"),
            ("[[0, 1], [0, 1]]", "", "found a list"),
            ("5", "", "expected an object such as {\"box\": …}, found a number"),
            ("{", "line 1, column 2", "expected a key in quotes"),
            ("{\"box\": [[0, 1],", "line 1, column 17", "end of the file"),
            ("{\"box\": [[0, 1],\n [0, NaN]]}", "line 2, column 6", "expected a JSON value"),
            ("{\"box\": [[0, 1], [-inf, 0]]}", "line 1, column 20", "expected a digit"),
            ("{\"box\": [[0, 1], [01, 2]]}", "line 1, column 20", "leading zero"),
            ("{\"box\": [[0, 1], [0, 1],]}", "line 1, column 25", "expected a JSON value"),
            ("{\"box\": [[0, 1], [0, 1]]} x", "line 1, column 27", "expected the end of the file"),
            ("{'box': []}", "line 1, column 2", "expected a key in quotes"),
            ("{\"box\": [[0, 1], [0, 1]]", "line 1, column 25", "end of the file"),
            ("(assert true)", "line 1, column 1", "expected"),
        ],
    );
    let deep = format!("{{\"box\": {}", "[".repeat(1_000_000));
    assert!(parse_region("r.json", &deep, 2).unwrap_err().message.contains("deep"));
    let good = r#"{"box": [[-1, 1], [0.5, null]], "A": [[1, 2]], "b": ["3/4"]}"#;
    json(good);
    for end in 0..good.len() {
        assert!(parse_region("r.json", &good[..end], 2).is_err());
    }
}

#[test]
fn vnnlib_regions_are_checked_like_properties() {
    let two = "(declare-const X_0 Real) (declare-const X_1 Real)\n";
    check(
        "r.vnnlib",
        &[
            ("(declare-const X_0 Real)", "line 1, column 16", "the network has 2 inputs"),
            (&format!("{two}(assert (<= X_2 1))"), "line 2, column 13", "not declared"),
            (
                &format!("{two}(assert (<= Y_0 1))"),
                "line 2, column 13",
                "not declared, expected no Y",
            ),
            (&format!("{two}(declare-const Y_1 Real)"), "line 2, column 16", "`Y_0` is not"),
            (&format!("{two}(assert (<= X_0 1)"), "line 2, column 1", "not closed"),
        ],
    );
}
