//! Certificates by hand about unbounded regions and in other units: accepted, and rejected when bent.

mod by_hand;

use by_hand::{accepts, files, rejects};
use foldcheck::Content;

/// f(x) = |x|, as two neurons of which the second is −1 times the first.
const MAGNITUDE: &str = r#"{"layers": [
    {"weights": [[1], [-1]], "bias": [0, 0], "activation": "relu"},
    {"weights": [[1, 1]], "bias": [0], "activation": "linear"}]}"#;

/// f(x) = max(0, x) − max(0, x − 1), which stays between 0 and 1.
const STEP: &str = r#"{"layers": [
    {"weights": [[1], [1]], "bias": [0, -1], "activation": "relu"},
    {"weights": [[1, -1]], "bias": [0], "activation": "linear"}]}"#;

/// f(x) = max(0, x_0 + x_1 - 1/3) over two inputs.
const RAMP: &str = r#"{"layers": [{"weights": [[1, 1]], "bias": ["-1/3"], "activation": "relu"}]}"#;

/// f(x) = max(0, 10^60 x).
const STEEP: &str = r#"{"layers": [{"weights": [["1e60"]], "bias": [0], "activation": "relu"}]}"#;

/// |x| < 0 anywhere, which is false.
const MAGNITUDE_RECORDS: [&str; 11] = [
    "case 0",
    "perspective 1",
    "split 0",
    "refute 0 0 0*1",
    "refute 0 0 0*1",
    "face 0 lower",
    "upper 0 -1",
    "refute 0 0",
    "face 0 upper",
    "lower 0 1",
    "refute 0 0",
];

/// The step is at least 2 somewhere on x ≥ 0, which is false, but only just at infinity.
const STEP_RECORDS: [&str; 9] = [
    "case 0",
    "perspective 1",
    "lower 0 0",
    "upper 1 0",
    "refute 0 0",
    "face 0 upper",
    "lower 0 1",
    "lower 1 0",
    "exact 0 a0*1 i1*1",
];

/// Only the faces 0 upper and 1 lower of x_0 = x_1 + 1 have points with s > 0.
const LINE_RECORDS: [&str; 11] = [
    "case 0",
    "perspective 1:1",
    "refute 0 0",
    "face 0 lower",
    "nowhere i1*1 l1*1 u0*1 i2*1",
    "face 0 upper",
    "refute 0 0",
    "face 1 lower",
    "refute 0 0",
    "face 1 upper",
    "nowhere i1*1 l1*1 u0*1 i2*1",
];

fn everywhere() -> [Content; 2] {
    files(MAGNITUDE, 1, 1, "(< Y_0 0)")
}

fn step(bound: &str) -> [Content; 2] {
    files(STEP, 1, 1, &format!("(>= X_0 0)\n({bound})"))
}

fn line() -> [Content; 2] {
    files(RAMP, 2, 1, "(= (- X_0 X_1) 1)\n(< Y_0 0)")
}

/// The records with the one at `position` replaced.
fn with<'a>(records: &[&'a str], position: usize, record: &'a str) -> Vec<&'a str> {
    let mut changed = records.to_vec();
    changed[position] = record;
    changed
}

/// The records without those at `positions`.
fn without<'a>(records: &[&'a str], positions: std::ops::Range<usize>) -> Vec<&'a str> {
    let mut changed = records.to_vec();
    changed.drain(positions);
    changed
}

#[test]
fn an_unbounded_input_has_faces() {
    let (files, records) = (everywhere(), MAGNITUDE_RECORDS);
    accepts(&files, &records);
    accepts(
        &files,
        &with(&records, 1, "perspective 3:-1")[..2]
            .iter()
            .copied()
            .chain([
                "split 0",
                "refute 0 0 0*1",
                "refute 0 0 0*1",
                "face 0 lower",
                "upper 0 -3:-1",
                "refute 0 0",
            ])
            .chain(["face 0 upper", "lower 0 3:-1", "refute 0 0"])
            .collect::<Vec<_>>(),
    );
    rejects(&files, &without(&records, 1..2), 1, "input 0 has no lower bound");
    rejects(&files, &without(&records, 5..8), 5, "expected `lower`, found `upper`");
    rejects(&files, &without(&records, 8..11), 8, "expected `face`, found `end`");
    rejects(&files, &without(&records, 2..5), 2, "no record `face` in a tree");
    rejects(&files, &with(&records, 5, "face 0 upper"), 5, "expected `lower`");
    rejects(&files, &with(&records, 5, "face 1 lower"), 5, "expected `0`, found `1`");
    rejects(&files, &with(&records, 5, "face 0 lower 0"), 5, "superfluous");
    rejects(&files, &with(&records, 6, "upper 0 -5:-2"), 6, "does not follow");
    // The neuron that hands on s has its sign from the start.
    rejects(&files, &with(&records, 6, "upper 2 1"), 6, "neuron 2 has a sign already");
    rejects(&files, &with(&records, 6, "upper 3 1"), 6, "there is no neuron 3");
    // It is there on faces only.
    rejects(&files, &with(&records, 2, "split 2"), 2, "there is no neuron 2");
}

#[test]
fn the_radius_is_a_positive_dyadic() {
    let (files, records) = (everywhere(), MAGNITUDE_RECORDS);
    for radius in ["perspective 0", "perspective -1"] {
        rejects(&files, &with(&records, 1, radius), 1, "not positive");
    }
    rejects(&files, &with(&records, 1, "perspective 1/2"), 1, "expected a dyadic");
    rejects(&files, &with(&records, 1, "perspective"), 1, "a field is missing");
    rejects(&files, &with(&records, 1, "perspective 1 1"), 1, "superfluous");
    // Beyond this radius the bounds are others.
    rejects(&files, &with(&records, 1, "perspective 1:-1"), 6, "does not follow");
    let bounded = by_hand::files(MAGNITUDE, 1, 1, "(>= X_0 0)\n(<= X_0 1)\n(< Y_0 0)");
    rejects(&bounded, &["case 0", "perspective 1"], 1, "every input has both bounds");
}

#[test]
fn what_touches_at_infinity_is_decided_by_s_above_zero() {
    accepts(&step(">= Y_0 2"), &STEP_RECORDS);
    let files = step(">= Y_0 2");
    rejects(&files, &with(&STEP_RECORDS, 8, "refute 0 0"), 8, "does not follow");
    // s ≥ 0 is not enough.
    rejects(&files, &with(&STEP_RECORDS, 8, "exact 0 a0*1 l1*1"), 8, "do not contradict");
    rejects(&files, &with(&STEP_RECORDS, 8, "exact 0 a0*1"), 8, "do not cancel");
    rejects(&files, &with(&STEP_RECORDS, 8, "exact 0 a0*1 i2*1"), 8, "there is no atom");
    // Inside there is no s.
    rejects(&files, &with(&STEP_RECORDS, 4, "nowhere i1*1"), 4, "there is no atom");
    // The lower end is bounded: no face there.
    rejects(&files, &with(&STEP_RECORDS, 5, "face 0 lower"), 5, "expected `upper`");
    // A step of height 1 is reached, so what is true of 2 is not of 1.
    rejects(&step(">= Y_0 1"), &STEP_RECORDS, 4, "does not follow");
    let cell = with(&STEP_RECORDS, 4, "exact 0 a0*1 u0*1");
    accepts(&step("> Y_0 1"), &with(&cell, 8, "exact 0 a0*1"));
    rejects(&step(">= Y_0 1"), &with(&cell, 8, "exact 0 a0*1"), 4, "do not contradict");
}

#[test]
fn a_face_may_be_empty() {
    let (files, records) = (line(), LINE_RECORDS);
    accepts(&files, &records);
    rejects(&files, &with(&records, 4, "nowhere i1*1 l1*1 u0*1"), 4, "do not cancel: input 2");
    rejects(&files, &with(&records, 4, "nowhere"), 4, "do not contradict");
    rejects(&files, &with(&records, 4, "nowhere i1*1 l1*1 u0*1 l2*1"), 4, "do not contradict");
    rejects(&files, &with(&records, 4, "nowhere a0*1"), 4, "for `exact` only");
    rejects(&files, &with(&records, 4, "nowhere z*1"), 4, "for `side` only");
    rejects(&files, &with(&records, 6, records[4]), 6, "do not contradict");
}

#[test]
fn numbers_of_any_size_in_their_units() {
    let files = by_hand::files(STEEP, 1, 1, "(>= X_0 0)\n(<= X_0 1e-60)\n(>= Y_0 2)");
    let units = ["units inputs -200", "units neurons 0", "units atoms -200 -200 0"];
    let tree = ["case 0", "lower 0 -1:-20", "upper 0 5:-2", "refute 0 0"];
    let records = [&units[..], &tree[..]].concat();
    accepts(&files, &records);
    // Without units, or with bad ones, short words do not suffice; longer ones do.
    accepts(&files, &tree);
    rejects(&files, &with(&records, 5, "upper 0 3:-2"), 5, "does not follow");
    for exponent in ["-100", "-201", "-300", "-9000"] {
        accepts(&files, &with(&records, 0, &format!("units inputs {exponent}")));
    }
    rejects(&files, &with(&records, 1, "units neurons -1"), 5, "does not follow");
    rejects(&files, &with(&records, 0, "units inputs"), 0, "a field is missing");
    rejects(&files, &with(&records, 0, "units inputs -200 0"), 0, "superfluous");
    for exponent in ["1:1", "-200.0", "10001", "-10001", "NaN", "-0", "1/2"] {
        let record = format!("units inputs {exponent}");
        rejects(&files, &with(&records, 0, &record), 0, "expected an exponent");
    }
    rejects(&files, &with(&records, 2, "units atoms -200 -200"), 2, "a field is missing");
    rejects(&files, &without(&records, 1..2), 1, "expected `neurons`, found `atoms`");
    rejects(&files, &without(&records, 2..3), 2, "expected `units`, found `case`");
    rejects(&files, &without(&records, 0..1), 0, "expected `inputs`, found `neurons`");
    let late = [&units[..], &tree[..], &units[..]].concat();
    rejects(&files, &late, 7, "expected `off`, `case` or `end`");
}

#[test]
fn links_follow_their_units() {
    let files = by_hand::files(MAGNITUDE, 1, 1, "(>= X_0 -1)\n(<= X_0 1)\n(>= Y_0 1.5)");
    let units = ["units inputs 1", "units neurons 3 -2", "units atoms 0 -1 1"];
    let tree = ["case 0", "lower 0 -1:-3", "upper 0 1:-3", "refute 0 0"];
    accepts(&files, &[&units[..], &tree[..]].concat());
    let linked = [&units[..], &["case 0", "lower 1 -4"]].concat();
    rejects(&files, &linked, 4, "neuron 1 is linked to neuron 0");
}
