//! Certificates that need more digits than the quick pass has, by hand: accepted, and rejected when bent.

mod by_hand;

use by_hand::{accepts, files, rejects};
use foldcheck::{Content, Failure, check};

/// f(x) = −10^8 max(0, x), whose weights are ordinary and whose bounds do not fit into 63 bits.
const STEEP_DOWN: &str = r#"{"layers": [
    {"weights": [["10000"]], "bias": [0], "activation": "relu"},
    {"weights": [["-10000"]], "bias": [0], "activation": "linear"}]}"#;

/// f(x) = max(0, (x − 1)/3).
const THIRD: &str =
    r#"{"layers": [{"weights": [["1/3"]], "bias": ["-1/3"], "activation": "relu"}]}"#;

/// f(x) = 10^10 max(0, 10^30 x).
const HUGE: &str = r#"{"layers": [
    {"weights": [["1e30"]], "bias": [0], "activation": "relu"},
    {"weights": [["1e10"]], "bias": [0], "activation": "linear"}]}"#;

fn with<'r>(records: &[&'r str], position: usize, record: &'r str) -> Vec<&'r str> {
    let mut records = records.to_vec();
    records[position] = record;
    records
}

#[test]
fn numbers_too_large_for_short_words() {
    let on = |last: &str| {
        let assertions = format!("(>= X_0 1/2)\n(<= X_0 1)\n({last})");
        files(STEEP_DOWN, 1, 1, &assertions)
    };
    let records = ["case 0", "bounds", "refute 0 0"];
    accepts(&on("> Y_0 1"), &records);
    // −5·10^7 is attained, and is not above itself.
    accepts(&on("> Y_0 -50000000"), &records);
    rejects(&on(">= Y_0 -50000000"), &records, 2, "the refutation does not follow");
    accepts(&on("> Y_0 1"), &["case 0", "lower 0 5000", "refute 0 0"]);
    // 5000·2^49 + 1: one unit in the last place too sharp.
    let sharp = ["case 0", "lower 0 2814749767106560001:-49", "refute 0 0"];
    rejects(&on("> Y_0 1"), &sharp, 1, "the bound does not follow");
    let joint = ["case 0", "bounds", "joint 0 1"];
    accepts(&on("> Y_0 -50000000"), &joint);
    rejects(&on("> Y_0 -50000001"), &joint, 2, "the refutation does not follow");
}

/// Where (x − 1)/3 touches 0 no binary fraction for 1/3 will do; the first child needs none.
const TOUCHING: [&str; 9] = [
    "case 0",
    "halve 0 0",
    "upper 0 -1:-2",
    "refute 0 0",
    "halve 0 1",
    "upper 0 0",
    "refute 0 0",
    "lower 0 0",
    "refute 0 0",
];

#[test]
fn only_exact_numbers_touch() {
    let files = |last: &str| {
        let assertions = format!("(>= X_0 -1)\n(<= X_0 2)\n({last})");
        files(THIRD, 1, 1, &assertions)
    };
    let beyond = files("> Y_0 1/3");
    accepts(&beyond, &TOUCHING);
    rejects(&files(">= Y_0 1/3"), &TOUCHING, 8, "the refutation does not follow");
    rejects(&beyond, &with(&TOUCHING, 5, "upper 0 -1:-1100"), 5, "the bound does not follow");
    rejects(&beyond, &with(&TOUCHING, 7, "lower 0 1:-1100"), 7, "the bound does not follow");
    rejects(&beyond, &with(&TOUCHING, 4, "halve 0 0"), 4, "not between");
    // The closed first child counts for that split alone.
    let mut records = TOUCHING.to_vec();
    records.drain(2..4);
    rejects(&beyond, &records, 2, "not between");
    let mut records = TOUCHING.to_vec();
    records.truncate(7);
    rejects(&beyond, &records, 7, "there is no record `end` in a tree");
}

#[test]
fn unrounded_bounds_at_a_number_of_seven_bits() {
    // The lower bound of z is 0 exactly, which makes the neuron active: its upper bound is not asked for.
    let beyond = files(THIRD, 1, 1, "(>= X_0 1)\n(<= X_0 2)\n(> Y_0 1/3)");
    accepts(&beyond, &["case 0", "bounds 0>=0", "refute 0 0"]);
    accepts(&beyond, &["case 0", "bounds", "refute 0 0"]);
    let told = ["case 0", "bounds 0<=1", "refute 0 0"];
    rejects(&beyond, &told, 2, "the refutation does not follow");
}

#[test]
fn atoms_have_units_in_the_order_of_the_formula() {
    let assertions = "(or (and (>= X_0 0) (<= X_0 1)) (and (>= X_0 2) (<= X_0 3)))\n(>= Y_0 4e40)";
    let files = files(HUGE, 1, 1, assertions);
    let records = [
        "units inputs 2",
        "units neurons 102",
        "units atoms 3 3 3 3 137",
        "case 0",
        "bounds 0>=-41:-21 0<=101:-9",
        "refute 0 0",
        "case 1",
        "bounds 0>=25:-6",
        "refute 1 0",
    ];
    accepts(&files, &records);
    rejects(&files, &with(&records, 2, "units atoms 3 3 3 137"), 2, "a field is missing");
    rejects(&files, &with(&records, 2, "units atoms 3 3 3 3 137 3"), 2, "superfluous");
    rejects(&files, &with(&records, 7, "bounds 0>=51:-7"), 7, "the bound does not follow");
}

#[test]
fn vanished_clauses_leave_their_atoms_units() {
    let region = "(declare-const X_0 Real)\n(assert (>= (* 2 X_0) 1))\n(assert (<= (* 2 X_0) 0))\n";
    let files = [Content::new("n.json", HUGE.into()), Content::new("r.vnnlib", region.into())];
    let certificate = |units: &str| {
        format!(
            "foldline-certificate 1\nstatement positivity 0 no\nnetwork n.json {}\n\
             region r.vnnlib {}\nprecision 40\nunits inputs 0\nunits neurons 100\n\
             units atoms{units}\nend\n",
            files[0].hash, files[1].hash
        )
    };
    assert!(check(certificate(" 130").as_bytes(), &files).is_ok());
    for (units, reason) in [("", "a field is missing"), (" 130 3", "superfluous")] {
        match check(certificate(units).as_bytes(), &files) {
            Err(Failure::Rejected(rejection)) => {
                assert!(rejection.reason.contains(reason), "{rejection}");
                assert_eq!(rejection.line, 8);
            }
            other => panic!("{other:?}"),
        }
    }
}
