//! A box with lower > upper is the empty set, with a warning that says where.

use foldline_formats::region::parse_noted_region;
use foldline_formats::vnnlib::parse_noted_property;
use foldline_kernel::Rational;

const DECLARATIONS: &str =
    "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n";

fn warnings(assertions: &str) -> Vec<String> {
    let text = format!("{DECLARATIONS}{assertions}");
    let property = parse_noted_property("p", &text, 2, 1).unwrap();
    let region = parse_noted_region("p", &text, 2).unwrap();
    assert_eq!(region.warnings, property.warnings, "{assertions}");
    property.warnings
}

#[test]
fn inverted_bounds_are_warned_of_where_they_stand() {
    for (assertions, place, message) in [
        (
            "(assert (<= X_0 1))\n(assert (>= X_0 2))",
            "line 5, column 9",
            "input 0 has lower bound 2",
        ),
        ("(assert (>= X_1 2))\n(assert (< X_1 1.5))", "line 5, column 9", "upper bound 3/2"),
        ("(assert (<= 2 X_0 1))", "line 4, column 9", "inverted"),
        ("(assert (and (<= 2 X_0)\n(<= X_0 1)))", "line 5, column 1", "inverted"),
        ("(assert (<= 2 X_0)) (assert (and (<= X_0 1)))", "line 4, column 34", "inverted"),
        ("(assert (or (and (> X_0 2) (< X_0 (- 1)) (< Y_0 0))))", "line 4, column 28", "inverted"),
        ("(assert (= X_0 2))\n(assert (= X_0 (/ 1 2)))", "line 5, column 9", "inverted"),
    ] {
        let found = warnings(assertions);
        let [warning] = &found[..] else { panic!("{assertions}: {found:?}") };
        assert!(warning.starts_with(&format!("p: {place}: ")), "{warning}");
        assert!(warning.contains(message), "{warning}");
    }
}

#[test]
fn one_word_for_all_of_them() {
    let disjunct = "(and (>= X_0 1) (<= X_0 0) (<= X_0 (- 1)))";
    let two = warnings(&format!("(assert (or {disjunct} (<= X_0 4) {disjunct}))"));
    assert!(two.len() == 1 && two[0].ends_with("; and 1 more"), "{two:?}");
    // The bounds of different conjunctions may exclude each other: a case that does not occur.
    for ordinary in [
        "(assert (<= X_0 0)) (assert (or (>= X_0 1) (>= X_0 2)))",
        "(assert (< X_0 0)) (assert (> X_0 0))",
        "(assert (<= Y_0 0)) (assert (>= Y_0 1))",
    ] {
        assert!(warnings(ordinary).is_empty(), "{ordinary}");
    }
}

#[test]
fn only_that_part_is_empty() {
    let text = format!(
        "{DECLARATIONS}(assert (or (and (>= X_0 1) (<= X_0 0)) (and (<= X_0 5) (>= X_0 4))))"
    );
    let region = parse_noted_region("p", &text, 2).unwrap().value;
    let at = |x: u8| [Rational::from(x), Rational::ZERO];
    let contains = |x: u8| region.pieces.iter().any(|piece| piece.contains(&at(x)));
    assert!(contains(4) && contains(5) && !contains(0) && !contains(1));
    let formula = parse_noted_property("p", &text, 2, 1).unwrap().value.formula;
    assert!(formula.holds_at(&at(4), &[Rational::ZERO]));
    assert!(!formula.holds_at(&at(1), &[Rational::ZERO]));
}

#[test]
fn json_boxes_too() {
    let region = parse_noted_region("r.json", r#"{"box": [[0, 1], [2, "3/2"]]}"#, 2).unwrap();
    let message = "r.json: box[1]: lower bound 2 is above upper bound 3/2, so the region is empty";
    assert_eq!(region.warnings, [message]);
    // As it is written: a certificate's records name all of its inequalities.
    assert_eq!(region.value.pieces[0].constraints.len(), 4);
    let flat = parse_noted_region("r.json", r#"{"box": [[0, 1], [2, 2]]}"#, 2).unwrap();
    assert!(flat.warnings.is_empty());
}
