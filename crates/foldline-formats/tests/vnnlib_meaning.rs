//! What VNN-LIB formulas mean, shown by evaluating them at points.

use foldline_formats::vnnlib::parse_property;
use foldline_kernel::number::{Rational, parse_rational};
use foldline_kernel::{Formula, Property};

const DECLARATIONS: &str = "(declare-const X_0 Real) (declare-fun X_1 () Real)
(declare-const Y_0 Real) (declare-const Y_1 Real)\n";

fn property(assertions: &str) -> Property {
    parse_property("test", &format!("{DECLARATIONS}{assertions}"), 2, 2)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn point(text: &str) -> Vec<Rational> {
    text.split_whitespace().map(|token| parse_rational(token).unwrap()).collect()
}

/// Checks where a formula holds; points are `x_0 x_1 y_0 y_1`.
fn check(formula: &str, inside: &[&str], outside: &[&str]) {
    let formula = property(&format!("(assert {formula})")).formula;
    for (points, expected) in [(inside, true), (outside, false)] {
        for text in points {
            let point = point(text);
            assert_eq!(
                formula.holds_at(&point[..2], &point[2..]),
                expected,
                "{formula:?} at {text}"
            );
        }
    }
}

#[test]
fn comparisons_are_exact() {
    check("(<= X_0 0.1)", &["1/10 0 0 0"], &["0.10000000000000001 0 0 0"]);
    check("(< X_0 0.1)", &["0.09 0 0 0"], &["1/10 0 0 0"]);
    check("(>= X_0 -1e-3)", &["-0.001 0 0 0"], &["-0.0011 0 0 0"]);
    check("(> Y_1 1/3)", &["0 0 0 0.34"], &["0 0 0 1/3"]);
    check("(= X_0 0.5)", &["1/2 0 0 0"], &["0.49 0 0 0", "0.51 0 0 0"]);
    check("(== X_0 0.5)", &["1/2 0 0 0"], &["0.49 0 0 0"]);
    check("(!= X_0 0.5)", &["0.49 0 0 0", "0.51 0 0 0"], &["1/2 0 0 0"]);
    check("(distinct X_0 Y_0)", &["0 0 1 0"], &["1 0 1 0"]);
}

#[test]
fn comparisons_chain() {
    check("(<= 0 X_0 X_1 1)", &["0 0 0 0", "0.5 1 0 0"], &["-1 0 0 0", "1 0 0 0", "0 2 0 0"]);
    check("(< 0 X_0 X_1)", &["1 2 0 0"], &["0 1 0 0", "1 1 0 0"]);
    check("(= X_0 X_1 Y_0)", &["3 3 3 0"], &["3 3 2 0", "3 2 3 0"]);
    check("(not (<= 0 X_0 1))", &["-1 0 0 0", "2 0 0 0"], &["0 0 0 0", "1 0 0 0"]);
}

#[test]
fn terms_are_linear() {
    check("(<= (+ X_0 X_1 1 Y_0) (- Y_1 2))", &["0 0 -3 0"], &["0 0 -2.9 0"]);
    check("(= (- X_0) (- 0.5))", &["0.5 0 0 0"], &["-0.5 0 0 0"]);
    check("(= (- X_0 X_1 Y_0 1) 0)", &["6 2 3 0"], &["6 2 3.5 0"]);
    check("(= (* 2 X_0 (/ 1 4)) 1)", &["2 0 0 0"], &["1 0 0 0"]);
    check("(= (/ X_0 2 5) 1)", &["10 0 0 0"], &["1 0 0 0"]);
    check("(= (* (+ X_0 1) -2) (* -4 X_1))", &["3 2 0 0"], &["3 -2 0 0"]);
    check("(>= (+ X_0) (* Y_0))", &["1 0 1 0"], &["0 0 1 0"]);
    check("(<= (- X_0 X_0) 0)", &["5 0 0 0"], &[]);
    check("(= |X_0| +.5)", &["1/2 0 0 0"], &["0 0 0 0"]);
}

#[test]
fn connectives_nest_and_negation_moves_inward() {
    check("(and true (or false (<= X_0 0)))", &["0 0 0 0"], &["1 0 0 0"]);
    check("(not true)", &[], &["0 0 0 0"]);
    check("(not (not (< X_0 0)))", &["-1 0 0 0"], &["0 0 0 0"]);
    check("(not (= X_0 1))", &["0 0 0 0", "2 0 0 0"], &["1 0 0 0"]);
    check("(not (!= X_0 1))", &["1 0 0 0"], &["0 0 0 0"]);
    check("(not (or (< X_0 0) (> X_0 1)))", &["0 0 0 0", "1 0 0 0"], &["-1 0 0 0", "2 0 0 0"]);
    check("(not (and (>= X_0 0) (>= X_1 0)))", &["-1 0 0 0", "0 -1 0 0"], &["0 0 0 0"]);
    check("(=> (>= X_0 0) (>= Y_0 0))", &["-1 0 -1 0", "0 0 0 0"], &["0 0 -1 0"]);
    check("(=> (>= X_0 0) (>= X_1 0) (>= Y_0 0))", &["0 -1 -1 0", "0 0 1 0"], &["0 0 -1 0"]);
    check("(not (=> (>= X_0 0) (>= Y_0 0)))", &["0 0 -1 0"], &["-1 0 -1 0", "0 0 0 0"]);
    check(
        "(or (and (<= X_0 0) (or (<= Y_0 0) (and (<= Y_1 0) (<= X_1 0)))) (> X_0 5))",
        &["0 9 0 9", "0 0 9 0", "6 9 9 9"],
        &["0 1 1 0", "5 0 0 0"],
    );
}

#[test]
fn constants_and_nested_connectives_fold() {
    assert_eq!(property("").formula, Formula::And(vec![]));
    assert_eq!(property("(assert (<= 1 2))").formula, Formula::And(vec![]));
    assert_eq!(property("(assert (and (<= X_0 1) (< 1 1)))").formula, Formula::Or(vec![]));
    assert_eq!(property("(assert (or (<= X_0 1) (< 0 1)))").formula, Formula::And(vec![]));
    assert_eq!(property("(assert (<= X_0 X_0))").formula, Formula::And(vec![]));
    let flat = property("(assert (and (<= X_0 1) (and (<= X_1 1)))) (assert (<= Y_0 1))");
    assert!(matches!(flat.formula, Formula::And(parts) if parts.len() == 3));
    let flat = property("(assert (or (<= X_0 1) (or (<= X_1 1) (<= Y_0 1))))");
    assert!(matches!(flat.formula, Formula::Or(parts) if parts.len() == 3));
}

#[test]
fn commands_without_meaning_are_passed_over() {
    property(
        "; a comment (with parentheses\n(set-logic QF_LRA) (set-info :source |a ( b|)
         (set-option :produce-models true) (set-info :status \"x ) y\")
         (vnnlib-version <1.0>) (check-sat) (get-model) (exit)\r\n",
    );
}

#[test]
fn declarations_in_any_order_and_with_several_indices() {
    let text = "(declare-const Y_0 Real) (declare-const X_1-0 Real) (declare-const X_0-1 Real)
        (assert (<= X_1-2 5)) (declare-const X_0-2 Real) (declare-const X_1-1 Real)
        (declare-const X_1-2 Real) (declare-const X_0-0 Real)";
    let formula = parse_property("test", text, 6, 1).unwrap().formula;
    let Formula::Atom(atom) = formula else { panic!("one atom") };
    assert_eq!(atom.input, [(5, Rational::ONE)], "row by row");
}

#[test]
fn version_two_indexes_tensors() {
    let text = "(vnnlib-version <2.0>)
        (declare-network f
            (declare-input  image float32 [2, 3])
            (declare-output score Real []))
        (assert (and (>= image[1,0] 0.5) (<= image [0, 2] 1)))
        (assert (or (== score -3.0) (!= score 0.0)))";
    let formula = parse_property("test", text, 6, 1).unwrap().formula;
    let holds = |x: &str, y: &str| formula.holds_at(&point(x), &point(y));
    assert!(holds("0 0 1 0.5 0 0", "-3"));
    assert!(!holds("0 0 1.1 0.5 0 0", "-3"));
    assert!(!holds("0 0 1 0.4 0 0", "-3"));
    assert!(!holds("0 0 1 0.5 0 0", "0"));
}

#[test]
fn contradictions_are_ordinary() {
    for assertions in [
        "(assert (<= (+ X_0 X_1) 0)) (assert (>= (+ X_0 X_1) 1))",
        "(assert (< X_0 0)) (assert (> X_0 0))",
        "(assert (<= Y_0 0)) (assert (>= Y_0 1))",
        "(assert (<= (* 2 X_0) 0)) (assert (>= X_0 1))",
        "(assert (<= X_0 0)) (assert (>= X_0 1))",
        "(assert (<= X_0 0)) (assert (or (>= X_0 1) (>= X_0 2)))",
        "(assert (<= X_0 0)) (assert (or (and (>= X_0 1) (<= X_0 2)) (<= X_1 0)))",
        "(assert (not (or (> X_0 0) (< X_0 1))))",
        "(assert false)",
    ] {
        let formula = property(assertions).formula;
        assert!(!formula.holds_at(&point("1/2 0"), &point("0 0")) || assertions.contains("X_1"));
    }
}

#[test]
fn deep_nesting_is_read_up_to_the_limit() {
    let nested = |open: &str, close: &str, depth: usize| {
        let (open, close) = (open.repeat(depth), close.repeat(depth));
        let text = format!("{DECLARATIONS}(assert {open}(<= X_0 1){close})");
        parse_property("test", &text, 2, 2)
    };
    assert!(nested("(not ", ")", 998).is_ok());
    assert!(nested("(and (<= X_1 1) (or (<= Y_0 1) ", "))", 499).is_ok());
    assert!(nested("(not ", ")", 999).unwrap_err().message.contains("deeper than 1000"));
    let sum = format!("(<= {}X_0{} 1)", "(+ 1 ".repeat(997), ")".repeat(997));
    check(&sum, &["-996 0 0 0"], &["-995 0 0 0"]);
}

#[test]
fn floods_of_parentheses_are_refused() {
    for flood in ["(", ")", "()", "(assert ", "[", "|", "\"", ";", "(and ", "(- "] {
        let text = flood.repeat(5_000_000 / flood.len());
        assert!(parse_property("test", &text, 2, 2).is_err(), "{flood}");
    }
}
