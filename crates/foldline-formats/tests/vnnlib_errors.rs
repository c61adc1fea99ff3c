//! Bad VNN-LIB files are refused with the place and what was expected.

use foldline_formats::FormatError;
use foldline_formats::vnnlib::{parse_property, read_property};

/// A good file about two inputs and one output; assertions follow from line 4 on.
const DECLARATIONS: &str = "(declare-const X_0 Real)
(declare-const X_1 Real)
(declare-const Y_0 Real)
";

fn refused(text: &str, inputs: usize, outputs: usize) -> FormatError {
    match parse_property("p.vnnlib", text, inputs, outputs) {
        Ok(property) => panic!("{text:?} was read as {property:?}"),
        Err(error) => error,
    }
}

/// Checks the place and a part of the message for each text.
fn check(prefix: &str, cases: &[(&str, &str, &str)]) {
    for (text, place, message) in cases {
        let error = refused(&format!("{prefix}{text}"), 2, 1);
        assert_eq!(error.file, "p.vnnlib");
        assert_eq!(error.place, *place, "{text}: {error}");
        assert!(error.message.contains(message), "{text}: {error}");
    }
}

#[test]
fn assertions_that_mean_nothing() {
    check(
        DECLARATIONS,
        &[
            (
                "(assert (<= X_2 1))",
                "line 4, column 13",
                "`X_2` is not declared, expected X_0 … X_1",
            ),
            ("(assert (<= X_01 1))", "line 4, column 13", "not declared"),
            ("(assert (<= X_-1 1))", "line 4, column 13", "not declared"),
            ("(assert (<= X_ 1))", "line 4, column 13", "not declared"),
            ("(assert (<= Y_1 1))", "line 4, column 13", "expected Y_0"),
            (
                "(assert (<= Z_0 1))",
                "line 4, column 13",
                "neither a number nor a declared variable",
            ),
            ("(assert (<= NaN 1))", "line 4, column 13", "neither a number"),
            ("(assert (<= X_0 inf))", "line 4, column 17", "neither a number"),
            ("(assert (<= X[0] 1))", "line 4, column 13", "neither a number"),
            ("(assert (<= (* X_0 Y_0) 1))", "line 4, column 20", "product of two terms"),
            ("(assert (<= (* 2 X_0 X_0) 1))", "line 4, column 22", "product of two terms"),
            ("(assert (<= (/ 1 X_0) 1))", "line 4, column 18", "division by a term"),
            ("(assert (<= (/ X_0 0.0) 1))", "line 4, column 20", "division by zero"),
            ("(assert (<= (/ X_0) 1))", "line 4, column 13", "at least 2 arguments"),
            ("(assert (<= (+) 1))", "line 4, column 13", "at least 1 argument"),
            ("(assert (<= X_0 1.2.3))", "line 4, column 17", "expected a number"),
            ("(assert (<= X_0 0x10))", "line 4, column 17", "expected a number"),
            ("(assert (<= X_0 -))", "line 4, column 17", "expected a number"),
            ("(assert (<= X_0 1/0))", "line 4, column 17", "denominator"),
            ("(assert (<= X_0 1e999999))", "line 4, column 17", "exponent"),
            ("(assert (<= X_0 1e-99999999999999999999))", "line 4, column 17", "exponent"),
            (
                "(assert (<= X_0 ()))",
                "line 4, column 17",
                "expected a number, a variable or a term",
            ),
            ("(assert (<= X_0 ((+ 1 2))))", "line 4, column 17", "expected a number, a variable"),
            ("(assert (<= (sin X_0) 1))", "line 4, column 13", "unknown function `sin`"),
            ("(assert (<= (<= X_0 1) 1))", "line 4, column 13", "unknown function `<=` in a term"),
            ("(assert (<= X_0))", "line 4, column 9", "at least 2 terms, found 1"),
            ("(assert (!= X_0 1 2))", "line 4, column 9", "takes 2 terms, found 3"),
            ("(assert (xor (<= X_0 1) true))", "line 4, column 9", "unknown function `xor`"),
            ("(assert (and))", "line 4, column 9", "needs at least 1 formula"),
            ("(assert (not true false))", "line 4, column 9", "`not` takes 1 formula"),
            ("(assert (=> true))", "line 4, column 9", "at least 2 formulas"),
            ("(assert X_0)", "line 4, column 9", "expected a formula"),
            ("(assert ())", "line 4, column 9", "expected a formula"),
            ("(assert (or (<= X_0 1) 5))", "line 4, column 24", "expected a formula"),
            ("(assert)", "line 4, column 1", "takes 1 formula, found 0"),
            ("(assert true\n(<= X_0 1))", "line 4, column 1", "takes 1 formula, found 2"),
            ("\n  (define-fun f () Real 1)", "line 5, column 3", "unknown command `define-fun`"),
            ("5", "line 4, column 1", "expected a command"),
            ("()", "line 4, column 1", "expected a command"),
            ("(vnnlib-version <3.0>)", "line 4, column 1", "vnnlib-version"),
            ("(vnnlib-version)", "line 4, column 1", "vnnlib-version"),
        ],
    );
}

#[test]
fn numbers_that_only_fill_the_memory() {
    let digits = "1".repeat(60_000);
    let tower = format!("(* {})", "1e20000 ".repeat(40));
    check(
        DECLARATIONS,
        &[
            (&format!("(assert (<= X_0 {digits}))"), "line 4, column 17", "50000 characters"),
            (&format!("(assert (<= X_0 {tower}))"), "line 4, column 140", "bits"),
        ],
    );
}

#[test]
fn declarations_that_do_not_fit() {
    check(
        "",
        &[
            ("", "line 1, column 1", "0 X variables are declared, but the network has 2 inputs"),
            ("(declare-const X_0 Real)", "line 1, column 16", "the network has 2 inputs"),
            (
                "(declare-const X_0 Real) (declare-const X_1 Real) (declare-const X_2 Real)",
                "line 1, column 66",
                "3 X variables are declared, but the network has 2 inputs",
            ),
            (
                "(declare-const X_0 Real) (declare-const X_1 Real)",
                "line 1, column 1",
                "0 Y variables are declared, but the network has 1 output",
            ),
            (
                "(declare-const X_0 Real)\n(declare-const X_2 Real)",
                "line 2, column 16",
                "`X_2` is declared, but `X_1` is not",
            ),
            ("(declare-const X_18446744073709551615 Real)", "line 1, column 16", "`X_0` is not"),
            ("(declare-const X_18446744073709551616 Real)", "line 1, column 16", "expected a name"),
            (
                "(declare-const X_0-0 Real) (declare-const X_0-1 Real) (declare-const X_1-0 Real)",
                "line 1, column 70",
                "`X_1-1` is not declared",
            ),
            (
                "(declare-const X_0 Real) (declare-const X_0-1 Real)",
                "line 1, column 41",
                "has 2 indices, expected 1",
            ),
            ("(declare-const X_0 Int)", "line 1, column 20", "expected the sort `Real`"),
            ("(declare-const X_0)", "line 1, column 1", "declare-const X_0 Real"),
            ("(declare-fun X_0 Real)", "line 1, column 1", "declare-fun X_0 () Real"),
            ("(declare-fun X_0 (Real) Real)", "line 1, column 1", "declare-fun X_0 () Real"),
            ("(declare-const Z_0 Real)", "line 1, column 16", "expected a name X_i or Y_i"),
            ("(declare-const X Real)", "line 1, column 16", "expected a name X_i or Y_i"),
            ("(declare-const X_00 Real)", "line 1, column 16", "expected a name X_i or Y_i"),
            ("(declare-const (X_0) Real)", "line 1, column 16", "expected a name X_i or Y_i"),
        ],
    );
    check(
        DECLARATIONS,
        &[
            ("(declare-const X_1 Real)", "line 4, column 16", "`X_1` is declared twice"),
            ("(declare-const Y_1 Real)", "line 4, column 16", "the network has 1 output"),
        ],
    );
}

#[test]
fn version_two_files_that_do_not_fit() {
    let network =
        "(declare-network f\n (declare-input X Real [1,2])\n (declare-output Y Real [1]))\n";
    check(
        network,
        &[
            ("(assert (<= X[0,2] 1))", "line 4, column 13", "expected X[0,0] … X[0,1]"),
            ("(assert (<= X[0] 1))", "line 4, column 13", "expected X[0,0] … X[0,1]"),
            ("(assert (<= X[0,0,0] 1))", "line 4, column 13", "expected X[0,0] … X[0,1]"),
            ("(assert (<= X 1))", "line 4, column 13", "expected X[0,0] … X[0,1]"),
            ("(assert (<= X[] 1))", "line 4, column 13", "expected X[0,0] … X[0,1]"),
            ("(assert (<= Y[-1] 1))", "line 4, column 13", "expected Y[0]"),
            ("(assert (<= X_0 1))", "line 4, column 13", "neither a number"),
            ("(assert (<= X[0,0 1))", "line 4, column 14", "bracket is not closed"),
            ("(declare-network g)", "line 4, column 1", "second network"),
            ("(declare-const X_0 Real)", "line 4, column 16", "VNN-LIB 1.0"),
        ],
    );
    check(
        "(declare-network f ",
        &[
            ("(declare-input X Real [2]))", "line 1, column 1", "no `(declare-output"),
            ("(declare-output X Real [2]))", "line 1, column 1", "no `(declare-input"),
            (
                "(declare-input X Real [2]) (declare-input Z Real [2]))",
                "line 1, column 47",
                "second tensor",
            ),
            ("(declare-hidden Z Real [2] \"h\"))", "line 1, column 20", "not supported"),
            ("(isomorphic-to g))", "line 1, column 20", "not supported"),
            (
                "(declare-input X Real))",
                "line 1, column 20",
                "such as `(declare-input X Real [1,5])`",
            ),
            ("(declare-input X))", "line 1, column 20", "such as"),
            ("(declare-input X Real [2] 5))", "line 1, column 20", "such as"),
            ("(declare-input X int8 [2]))", "line 1, column 37", "floating-point type"),
            ("(declare-input X Real [0,2]))", "line 1, column 37", "expected a shape"),
            ("(declare-input X Real [2 2]))", "line 1, column 37", "expected a shape"),
            (
                "(declare-input X Real [3]) (declare-output Y Real []))",
                "line 1, column 1",
                "2 inputs",
            ),
            (
                "(declare-input X Real [2]) (declare-output Y Real [2]))",
                "line 1, column 1",
                "1 output",
            ),
            (
                "(declare-input X Real [4294967296,4294967296]) (declare-output Y Real []))",
                "line 1, column 1",
                "too large",
            ),
            (
                "(declare-input X Real [2]) (declare-output X Real [1]))",
                "line 1, column 1",
                "twice",
            ),
            ("5)", "line 1, column 20", "expected `(declare-input"),
        ],
    );
    check("", &[("(declare-network)", "line 1, column 1", "expected a name")]);
}

#[test]
fn truncations_and_corruptions() {
    let good = format!("{DECLARATIONS}(assert (or (and (<= X_0 1) (>= Y_0 0.5))\n(<= X_1 2)))\n");
    assert!(parse_property("p", &good, 2, 1).is_ok());
    for end in 0..good.trim_end().len() {
        // A text that ends between commands lacks declarations or is complete.
        if let Err(error) = parse_property("p", &good[..end], 2, 1) {
            assert!(error.place.starts_with("line "), "{error}");
        } else {
            assert!(good[..end].trim_end().ends_with("Real)"), "{}", &good[..end]);
        }
    }
    check(
        "",
        &[
            (&good[..good.len() - 2], "line 4, column 1", "not closed"),
            (&good[..good.len() - 3], "line 4, column 9", "not closed"),
            (&good.replace("X_0 1)", "X_0 1"), "line 4, column 1", "not closed"),
            (&good.replace("X_0 1)", "X_0 1))"), "line 5, column 12", "closes nothing"),
            (&good.replace("(assert", "assert"), "line 5, column 12", "closes nothing"),
            (&good.replace("0.5", "0..5"), "line 4, column 37", "expected a number"),
            (&good.replace("0.5", "0,5"), "line 4, column 37", "expected a number"),
            (&good.replace("0.5", "٥"), "line 4, column 37", "neither a number"),
            (&good.replace("0.5", "\0"), "line 4, column 37", "neither a number"),
            (&good.replace("0.5", "\"0.5\""), "line 4, column 37", "neither a number"),
            (&good.replace("0.5", "\"0.5"), "line 4, column 37", "is not closed"),
            (&good.replace("<= X_1", "=< X_1"), "line 5, column 1", "unknown function `=<`"),
            (&good.replace("(or ", "(OR "), "line 4, column 9", "unknown function `OR`"),
            (&good.replace("Y_0 Real", "y_0 Real"), "line 3, column 16", "expected a name"),
            (&good.replacen("declare", "declared", 1), "line 1, column 1", "unknown command"),
            (&good.replace('\n', ";"), "line 1, column 16", "the network has 2 inputs"),
        ],
    );
}

#[test]
fn files_that_are_no_text() {
    let folder = std::env::temp_dir().join(format!("foldline-property-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("p.vnnlib");
    std::fs::write(&path, b"(declare-const X_0 Real)\xff").unwrap();
    let error = read_property(&path, 1, 1).unwrap_err();
    assert_eq!(error.place, "byte 24");
    let missing = read_property(&folder.join("none.vnnlib"), 1, 1).unwrap_err();
    assert!(missing.to_string().ends_with("none.vnnlib: no such file"), "{missing}");
    std::fs::remove_dir_all(&folder).unwrap();
}
