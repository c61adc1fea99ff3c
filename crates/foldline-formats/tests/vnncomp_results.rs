//! VNN-COMP result files: what is read, exactly, and what is refused.

use std::collections::BTreeMap;

use foldline_formats::vnncomp_result::{CompetitionResult, Verdict, WitnessNames};
use foldline_formats::{FormatError, vnncomp_result};
use foldline_kernel::number::{Rational, parse_rational};

fn parse_result(name: &str, text: &str) -> Result<CompetitionResult, FormatError> {
    vnncomp_result::parse_result(name, text, &WitnessNames::default())
}

/// The outputs by number.
fn outputs(text: &str) -> BTreeMap<usize, Rational> {
    numbers(text).into_iter().enumerate().collect()
}

fn numbers(text: &str) -> Vec<Rational> {
    text.split_whitespace().map(|token| parse_rational(token).unwrap()).collect()
}

#[test]
fn counterexamples_are_read_exactly() {
    let text = "sat\n((X_0  0.1)\n(X_1 -1.5e-07)\n (Y_1 (- 2.5)) (Y_0 3))\n";
    let result = parse_result("r", text).unwrap();
    assert_eq!(result.verdict, Verdict::Sat);
    let witness = result.witness.unwrap();
    assert_eq!(witness.input, numbers("1/10 -15/100000000"));
    assert_eq!(witness.output, outputs("3 -5/2"));
}

#[test]
fn other_spellings_are_understood() {
    let verdict = |text: &str| parse_result("r", text).unwrap().verdict;
    assert_eq!(verdict("unsat\n"), Verdict::Unsat);
    assert_eq!(verdict("holds"), Verdict::Unsat);
    assert_eq!(verdict("violated"), Verdict::Sat);
    assert_eq!(verdict(" timeout "), Verdict::Timeout);
    assert_eq!(verdict("unknown"), Verdict::Unknown);
    assert_eq!(verdict("error"), Verdict::Error);
    assert_eq!(parse_result("r", "sat").unwrap().witness, None);
    assert_eq!(parse_result("r", "sat ()").unwrap().witness, None);
    let witness = parse_result("r", "sat\r\n(X_0 1)\r\n(X_1 2/3)").unwrap().witness.unwrap();
    assert_eq!((witness.input, witness.output), (numbers("1 2/3"), outputs("")));
}

#[test]
fn archives_lack_the_verdict_and_some_outputs() {
    let result = parse_result("r", "( (X_0 1)\n (X_1 2)\n (Y_2 3))").unwrap();
    assert_eq!(result.verdict, Verdict::Sat);
    let witness = result.witness.unwrap();
    assert_eq!(witness.input, numbers("1 2"));
    assert_eq!(witness.output, BTreeMap::from([(2, Rational::from(3))]));
    for text in ["((X[1] 2) (X[0] 1) (Y[2] 3))", "X real [2]\n1\n2\n(Y_2 3)"] {
        assert_eq!(parse_result("r", text).unwrap().witness.as_ref(), Some(&witness), "{text}");
    }
    let tensors = "sat\nX float32 [1,2]\n1\n2\nY float32 [3]\n0\n0\n3\n";
    let witness = parse_result("r", tensors).unwrap().witness.unwrap();
    assert_eq!((witness.input, witness.output), (numbers("1 2"), outputs("0 0 3")));
}

#[test]
fn bad_results_are_refused() {
    for (text, place, message) in [
        ("", "line 1, column 1", "expected `sat`"),
        ("maybe", "line 1, column 1", "found `maybe`"),
        ("SAT", "line 1, column 1", "found `SAT`"),
        ("unsat\n((X_0 1))", "line 2, column 1", "expected nothing after `unsat`"),
        ("sat\n((X_0 1) (X_0 2))", "line 2, column 11", "second value of `X_0`"),
        ("sat\n((X_0 1) (X_2 2))", "line 2, column 11", "no value of `X_1`"),
        ("sat\n((X_1 1))", "line 2, column 3", "no value of `X_0`"),
        ("sat\n((Y_0 1))", "line 1, column 1", "no value of `X_0`"),
        ("((Y_0 1))", "line 1, column 1", "no value of `X_0`"),
        ("sat\n((X_0 nan))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0 -inf))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0 1.0.0))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0 tensor[1]))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0))", "line 2, column 2", "expected a pair"),
        ("sat\n((X_0 1 2))", "line 2, column 2", "expected a pair"),
        ("sat\n((Z_0 1))", "line 2, column 3", "a name such as"),
        ("sat\n((X_01 1))", "line 2, column 3", "a name such as"),
        ("sat\n((X 1))", "line 2, column 3", "a name such as"),
        ("sat\n((X[ 1))", "line 2, column 4", "not closed"),
        ("sat\n((X_0-0 1))", "line 2, column 3", "several indices"),
        ("sat\n((X[0,0] 1))", "line 2, column 3", "several indices"),
        ("((1 2))", "line 1, column 3", "a name such as"),
        ("X 1 2", "line 1, column 1", "a type and a shape"),
        ("X real [-1] 1", "line 1, column 1", "a type and a shape"),
        ("X real [2] 1", "line 1, column 1", "expected 2 numbers after `X`, found 1"),
        ("X real [1] one", "line 1, column 12", "expected a number"),
        ("X real [1] 1 2", "line 1, column 14", "expected a pair"),
        ("X real [99999999999,99999999999] 1", "line 1, column 1", "a type and a shape"),
        ("sat\n((X_0 (- 1 2)))", "line 2, column 2", "expected a pair"),
        ("sat\n((X_0 1)", "line 2, column 1", "not closed"),
        ("sat\n((X_0 1)))", "line 2, column 10", "closes nothing"),
        ("sat\nX_0 1", "line 2, column 1", "expected a pair"),
        ("sat\n((X_18446744073709551615 1))", "line 2, column 3", "no value of `X_0`"),
    ] {
        let error = parse_result("r", text).expect_err(text);
        assert_eq!((error.file.as_str(), error.place.as_str()), ("r", place), "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}
