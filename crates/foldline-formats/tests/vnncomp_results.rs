//! VNN-COMP result files: what is read, exactly, and what is refused.

use foldline_formats::vnncomp_result::{Verdict, parse_result};
use foldline_kernel::number::{Rational, parse_rational};

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
    assert_eq!(witness.output, numbers("3 -5/2"));
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
    assert_eq!((witness.input, witness.output), (numbers("1 2/3"), vec![]));
}

#[test]
fn bad_results_are_refused() {
    for (text, place, message) in [
        ("", "line 1, column 1", "expected `sat`"),
        ("maybe", "line 1, column 1", "found `maybe`"),
        ("SAT", "line 1, column 1", "found `SAT`"),
        ("((X_0 1))", "line 1, column 1", "expected `sat`"),
        ("unsat\n((X_0 1))", "line 2, column 1", "expected nothing after `unsat`"),
        ("sat\n((X_0 1) (X_0 2))", "line 2, column 11", "second value of `X_0`"),
        ("sat\n((X_0 1) (X_2 2))", "line 2, column 11", "none of `X_1`"),
        ("sat\n((X_1 1))", "line 2, column 3", "none of `X_0`"),
        ("sat\n((Y_0 1))", "line 1, column 1", "no `X_0`"),
        ("sat\n((X_0 1) (Y_1 1))", "line 2, column 11", "none of `Y_0`"),
        ("sat\n((X_0 nan))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0 -inf))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0 1.0.0))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0 tensor[1]))", "line 2, column 7", "expected a number"),
        ("sat\n((X_0))", "line 2, column 2", "expected a pair"),
        ("sat\n((X_0 1 2))", "line 2, column 2", "expected a pair"),
        ("sat\n((Z_0 1))", "line 2, column 2", "expected a pair"),
        ("sat\n((X_01 1))", "line 2, column 2", "expected a pair"),
        ("sat\n((X_0 (- 1 2)))", "line 2, column 2", "expected a pair"),
        ("sat\n((X_0 1)", "line 2, column 1", "not closed"),
        ("sat\n((X_0 1)))", "line 2, column 10", "closes nothing"),
        ("sat\nX_0 1", "line 2, column 1", "expected a pair"),
        ("sat\n((X_18446744073709551615 1))", "line 2, column 3", "none of `X_0`"),
    ] {
        let error = parse_result("r", text).expect_err(text);
        assert_eq!((error.file.as_str(), error.place.as_str()), ("r", place), "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}
