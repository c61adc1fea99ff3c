//! Small certificates by hand, for every record: accepted as they are, rejected when bent.

mod by_hand;

use by_hand::{accepts, check, files, header, holds, rejects};
use foldcheck::Content;
use proptest::prelude::*;

/// f(x) = |x|, as two neurons of which the second is −1 times the first.
const MAGNITUDE: &str = r#"{"layers": [
    {"weights": [[1], [-1]], "bias": [0, 0], "activation": "relu"},
    {"weights": [[1, 1]], "bias": [0], "activation": "linear"}]}"#;

/// f(x) = max(0, x_0 + x_1 - 1/3) over two inputs.
const RAMP: &str = r#"{"layers": [{"weights": [[1, 1]], "bias": ["-1/3"], "activation": "relu"}]}"#;

/// f(x) = max(0, max(0, x) + max(0, 1 - x) - 1/4): a hat of depth two.
const DEEP: &str = r#"{"layers": [
    {"weights": [[1], [-1]], "bias": [0, 1], "activation": "relu"},
    {"weights": [["1/3", "1/3"], ["1/3", "1/3"]], "bias": ["-1/4", "1/2"], "activation": "linear"},
    {"weights": [[3, 0], [0, -5]], "bias": [0, 0], "activation": "relu"}]}"#;

fn magnitude(assertions: &str) -> [Content; 2] {
    files(MAGNITUDE, 1, 1, assertions)
}

/// |x| ≥ 3/2 on [−1, 1], which is false.
fn far() -> [Content; 2] {
    magnitude("(>= X_0 -1)\n(<= X_0 1)\n(>= Y_0 1.5)")
}

#[test]
fn a_linked_neuron_follows_its_first() {
    // −|x| + 3/2 = −2·max(0, x) + x + 3/2 ≥ −(x + 1) + x + 3/2 = 1/2.
    accepts(&far(), &["case 0", "lower 0 -1", "upper 0 1", "refute 0 0"]);
    rejects(&far(), &["case 0", "lower 0 -1", "refute 0 0"], 2, "an interval of neuron 0");
    rejects(&far(), &["case 0", "lower 1 -1"], 1, "neuron 1 is linked to neuron 0");
    let near = magnitude("(>= X_0 -1)\n(<= X_0 1)\n(>= Y_0 1)");
    let records = ["case 0", "lower 0 -1", "upper 0 1", "refute 0 0"];
    rejects(&near, &records, 3, "does not follow");
    let beyond = magnitude("(>= X_0 -1)\n(<= X_0 1)\n(> Y_0 1)");
    accepts(&beyond, &records);
}

#[test]
fn intervals_must_follow() {
    rejects(&far(), &["case 0", "lower 0 -1:-1"], 1, "does not follow");
    rejects(&far(), &["case 0", "upper 0 4503599627370495:-52"], 1, "does not follow");
    rejects(&far(), &["case 0", "upper 0 -1:1000"], 1, "does not follow");
    accepts(
        &far(),
        &["case 0", "lower 0 -1:20", "upper 0 5", "lower 0 -1", "upper 0 1", "refute 0 0"],
    );
    // Too large for short words: longer ones follow.
    let huge = ["case 0", "lower 0 -1:1000", "upper 0 5", "refute 0 0"];
    rejects(&far(), &huge, 3, "does not follow");
    rejects(&far(), &["case 0", "slope 0 2"], 1, "slope");
    rejects(&far(), &["case 0", "lower 2 0"], 1, "there is no neuron 2");
}

#[test]
fn splits_have_two_children() {
    accepts(&far(), &["case 0", "split 0", "refute 0 0", "refute 0 0"]);
    rejects(&far(), &["case 0", "split 0", "refute 0 0"], 3, "in a tree");
    rejects(&far(), &["case 0", "split 0", "split 0"], 2, "has a sign already");
    let split = ["case 0", "split 0", "exact 0 a0*1 u0*1", "exact 0 a0*1 l0*1"];
    accepts(&far(), &split);
    rejects(&far(), &["case 0", "split 0", "exact 0 a0*1 l0*1"], 2, "do not cancel");
    rejects(&far(), &["case 0", "exact 0 a0*1 l0*1"], 1, "no sign");
    rejects(&far(), &["case 0", "split 0", "exact 0 a0*1 u0*1 u0*1"], 2, "used twice");
    rejects(&far(), &["case 0", "split 0", "exact 0 a0*-1 u0*1"], 2, "not positive");
    let touching = magnitude("(>= X_0 -1)\n(<= X_0 1)\n(>= Y_0 1)");
    rejects(&touching, &split, 2, "do not contradict");
    let beyond = magnitude("(>= X_0 -1)\n(<= X_0 1)\n(> Y_0 1)");
    accepts(&beyond, &split);
}

#[test]
fn inputs_are_halved_strictly_inside() {
    let records = ["case 0", "halve 0 0", "upper 0 0", "refute 0 0", "lower 0 0", "refute 0 0"];
    accepts(&far(), &records);
    rejects(&far(), &["case 0", "halve 0 1"], 1, "not between");
    rejects(&far(), &["case 0", "halve 0 -3:-1"], 1, "not between");
    rejects(&far(), &["case 0", "halve 0 0", "lower 0 0"], 2, "does not follow");
    // A point box closes nothing, and an impossible interval closes a node.
    accepts(
        &far(),
        &[
            "case 0",
            "halve 0 0",
            "lower 0 -1",
            "upper 0 0",
            "refute 0 0",
            "lower 0 0",
            "refute 0 0",
        ],
    );
}

#[test]
fn signs_can_be_settled_exactly() {
    let half = magnitude("(>= X_0 0)\n(<= X_0 1)\n(>= Y_0 1.5)");
    accepts(&half, &["case 0", "side 0 + z*1 l0*1", "refute 0 0"]);
    accepts(&half, &["case 0", "side 0 + z*2 i0*2", "exact 0 a0*1 u0*1"]);
    rejects(&half, &["case 0", "side 0 - z*1 l0*1"], 1, "do not cancel");
    rejects(&half, &["case 0", "side 0 + l0*1"], 1, "do not cancel");
    rejects(&half, &["case 0", "side 0 + z*1 l0*1 a0*1"], 1, "for `exact` only");
    rejects(&half, &["case 0", "side 0 + z*1 n0*1"], 1, "has no sign");
    rejects(&far(), &["case 0", "side 0 + z*1 l0*1"], 1, "do not contradict");
    rejects(&half, &["case 0", "side 0 + z*1 l0*0"], 1, "not positive");
    rejects(&half, &["case 0", "side 0 + é*1"], 1, "expected a constraint");
}

#[test]
fn regions_have_rows_and_reach() {
    let row = "(>= X_0 0)\n(<= X_0 1)\n(>= X_1 0)\n(<= (+ X_0 X_1) 1)";
    let triangle = files(RAMP, 2, 1, &format!("{row}\n(>= Y_0 0.7)"));
    let reach = "reach 1 upper 1 1 0 0 1";
    let upper = "upper 0 3:-2 0*1"; // x_0 + x_1 − 1/3 ≤ 2/3 by the row
    accepts(
        &triangle,
        &[
            "case 0",
            reach,
            "lower 0 -1",
            upper,
            "lower 0 -3:-3",
            "upper 0 11:-4 0*1",
            "refute 0 0 0*21:-5",
        ],
    );
    rejects(&triangle, &["case 0", upper], 1, "input 1 has no upper bound");
    rejects(&triangle, &["case 0", "reach 1 upper 1/2 1 0 0 1"], 1, "the multipliers give 1");
    rejects(&triangle, &["case 0", "reach 1 upper 1 -1 0 0 1"], 1, "negative");
    rejects(&triangle, &["case 0", "reach 1 upper 1 0 0 0 1"], 1, "leave input 1 alone");
    rejects(&triangle, &["case 0", "reach 1 upper 1 1 0 0"], 1, "missing");
    rejects(&triangle, &["case 0", reach, reach], 2, "already");
    rejects(&triangle, &["case 0", reach, "upper 0 3:-2"], 2, "does not follow");
    rejects(&triangle, &["case 0", reach, "upper 0 3:-2 1*1"], 2, "there is no row 1");
    rejects(&triangle, &["case 0", reach, "upper 0 3:-2 0*-1"], 2, "negative");
    rejects(&triangle, &["case 0", reach, "upper 0 3:-2 -1*1"], 2, "no clip row");
    let empty =
        files(RAMP, 2, 1, "(>= X_0 0)\n(<= X_0 1)\n(>= X_1 0)\n(<= X_1 1)\n(<= (+ X_0 X_1) -1)");
    accepts(&empty, &["case 0", "empty 0*1"]);
    rejects(&empty, &["case 0", "empty"], 1, "do not contradict");
}

#[test]
fn atoms_are_refuted_together() {
    let region = "(>= X_0 1)\n(<= X_0 3)\n(>= X_1 0)\n(<= X_1 1)";
    let both = files(RAMP, 2, 1, &format!("{region}\n(>= Y_0 (+ X_1 2))\n(<= Y_0 X_1)"));
    accepts(&both, &["case 0", "lower 0 1:-1", "joint 0 1 1"]);
    accepts(&both, &["case 0", "lower 0 1:-1", "clip", "empty -1*1 -2*1"]);
    accepts(&both, &["case 0", "lower 0 1:-1", "clip", "refute 0 1 -1*1"]);
    rejects(&both, &["case 0", "lower 0 1:-1", "refute 0 0"], 2, "does not follow");
    rejects(&both, &["case 0", "lower 0 1:-1", "joint 0 1"], 2, "missing");
    rejects(&both, &["case 0", "lower 0 1:-1", "joint 0 1 -1"], 2, "negative");
    rejects(&both, &["case 0", "lower 0 1:-1", "joint 1 1 1"], 2, "there is no clause 1");
    rejects(&both, &["case 0", "lower 0 1:-1", "clip", "empty -0*1 -2*1"], 3, "no row -0");
    rejects(&both, &["case 0", "lower 0 1:-1", "joint 0 0 0"], 2, "does not follow");
}

#[test]
fn layers_are_followed_back() {
    let deep = files(DEEP, 1, 2, "(>= X_0 0)\n(<= X_0 1)\n(>= Y_0 0.3)");
    // On [0, 1] both first neurons are active, and the third is 3·(1/3 − 1/4) = 1/4.
    let upper = "upper 2 5:-4";
    accepts(&deep, &["case 0", "lower 0 0", "lower 1 0", "lower 2 1:-4", "refute 0 0"]);
    let decided = ["case 0", "lower 0 0", "lower 1 0", upper, "lower 2 1:-4"];
    accepts(&deep, &[&decided[..], &["refute 0 0"]].concat());
    accepts(&deep, &[&decided[..], &["upper 3 0", "exact 0 a0*1"]].concat());
    // Neuron 3 does not reach the output, so its sign plays no part; neuron 2 does.
    accepts(&deep, &[&decided[..], &["exact 0 a0*1"]].concat());
    rejects(
        &deep,
        &["case 0", "lower 0 0", "lower 1 0", "exact 0 a0*1"],
        3,
        "neuron 2 has no sign",
    );
    rejects(&deep, &["case 0", "split 2"], 1, "has no sign");
    rejects(&deep, &["case 0", "lower 0 0", "lower 1 0", "lower 2 5:-4"], 3, "does not follow");
}

#[test]
fn every_clause_is_named() {
    let either = magnitude("(>= X_0 -1)\n(<= X_0 1)\n(or (>= Y_0 1.5) (<= Y_0 -2) (> X_0 1))");
    let tree = ["lower 0 -1", "upper 0 1", "refute 1 0", "refute 0 0"];
    let all = |start: &str| [&[start], &tree[..], &["off 2"]].concat().join("\n");
    accepts(&either, &[&all("case 0 1")]);
    accepts(&either, &[&all("case 1 0")]);
    rejects(&either, &["off 2"], 1, "no record names clause 0");
    rejects(&either, &["off 0"], 0, "do not contradict");
    rejects(&either, &["off 3"], 0, "there is no clause 3");
    rejects(&either, &["case 0 2"], 0, "other atoms on inputs alone");
    rejects(&either, &["case 0 0"], 0, "named twice");
    rejects(&either, &["case"], 0, "missing");
    rejects(&either, &["case 0 1", "refute 2 0"], 1, "not left");
    rejects(&either, &["case 0 1", "lower 0 -1", "clip"], 2, "2 clauses are left");
}

#[test]
fn witnesses_are_evaluated() {
    let near = magnitude("(>= X_0 -1)\n(<= X_0 1)\n(>= Y_0 1)");
    let with = |point: &str| format!("{}witness {point}\nend\n", header(&near, "violated"));
    let accepted = check(with("-1").as_bytes(), &near).expect("a counterexample");
    assert_eq!(accepted.statement.claim, "violated");
    for point in ["1/2", "-2", "2/2", "1.0", "1 1", "", "NaN", "1e0", "+1", "01"] {
        let rejection = check(with(point).as_bytes(), &near).expect_err(point);
        assert_eq!(rejection.line, 6, "{rejection}");
    }
}

#[test]
fn the_header_binds_the_files() {
    let files = far();
    let good = holds(&files, &["case 0", "lower 0 -1", "upper 0 1", "refute 0 0"]);
    let [network, property] = &files;
    for (from, to) in [
        ("certificate 1", "certificate 2"),
        ("holds", "violated"),
        ("verification", "training"),
        (&network.hash[..], &property.hash[..]),
        (&property.hash[..], &property.hash[1..]),
        ("precision 40", "precision 53"),
        ("precision 40", "precision 19"),
        ("precision 40", "precision 040"),
        ("lower 0 -1", "lower  0 -1"),
        ("lower 0 -1", "lower 0 -1 "),
        ("lower 0 -1", "lower 0 -1.0"),
        ("lower 0 -1", "lower 0 NaN"),
        ("lower 0 -1", "lower 0 -1:-99999"),
        ("lower 0 -1", "lower 00 -1"),
        ("lower 0 -1", "believe 0 -1"),
        ("lower 0 -1", "lower 0 -1\r"),
        ("end\n", ""),
        ("end\n", "end\n\n"),
        ("end\n", "end\nend\n"),
    ] {
        let bent = good.replacen(from, to, 1);
        assert_ne!(bent, good);
        assert!(check(bent.as_bytes(), &files).is_err(), "{from} → {to}");
    }
    for end in 0..good.len() - 1 {
        assert!(check(&good.as_bytes()[..end], &files).is_err(), "cut at {end}");
    }
}

#[test]
fn bounds_come_from_bases() {
    let row = "(>= X_0 0)\n(<= X_0 1)\n(>= X_1 0)\n(<= X_1 1)\n(<= (+ X_0 X_1) 1)";
    // The pre-activation x_0 + x_1 − 1/3 is ≤ 2/3 by the row, rounded up to 43/64.
    let triangle = files(RAMP, 2, 1, &format!("{row}\n(>= Y_0 0.7)"));
    accepts(&triangle, &["case 0", "bases 0/0", "bounds", "refute 0 0"]);
    accepts(&triangle, &["case 0", "bases -1/1 0/1", "bounds 0<=43:-6", "refute 0 0"]);
    accepts(&triangle, &["case 0", "bounds 0<=43:-6,0*1", "refute 0 0 0*21:-5"]);
    rejects(&triangle, &["case 0", "bounds", "refute 0 0"], 2, "does not follow");
    rejects(&triangle, &["case 0", "bases 0,0/0,1", "bounds", "refute 0 0"], 3, "not follow");
    rejects(&triangle, &["case 0", "bases 0/0", "bounds 0<=21:-5"], 2, "does not follow");
    rejects(&triangle, &["case 0", "bounds 0<=43:-6"], 1, "does not follow");
    rejects(&triangle, &["case 0", "bounds 0<=43:-6,1*1"], 1, "there is no row 1");
    rejects(&triangle, &["case 0", "bounds 0<=2 0>=-1"], 1, "is not bounded from this side");
    rejects(&triangle, &["case 0", "bounds 1<=2"], 1, "there is no neuron 1");
    rejects(&triangle, &["case 0", "bounds 0=2"], 1, "expected a bound");
    for (basis, reason) in [
        ("0", "expected a basis"),
        ("", "expected a basis"),
        ("/", "expected the number of a row"),
        ("0/", "expected the number of a input"),
        ("1/0", "there is no row 1"),
        ("0/2", "there is no input 2"),
        ("0,0/0", "not as many"),
        ("-0/0", "no row -0"),
    ] {
        rejects(&triangle, &["case 0", &format!("bases {basis}")], 1, reason);
    }
}

/// A record with small random numbers.
fn random_record() -> impl Strategy<Value = String> {
    let small = || (-4i32..5, -3i32..3).prop_map(|(m, e)| format!("{m}:{e}"));
    let factor = || (0i32..4, -2i32..2).prop_map(|(m, e)| format!("{m}:{e}"));
    let multipliers = || {
        proptest::collection::vec((-2i32..3, factor()), 0..3).prop_map(|list| {
            list.into_iter().map(|(row, factor)| format!(" {row}*{factor}")).collect::<String>()
        })
    };
    let terms = || {
        const NAMES: [&str; 12] =
            ["l0", "u0", "l1", "u1", "z", "a0", "n0", "n1", "n2", "n3", "i0", "i1"];
        proptest::collection::vec((proptest::sample::select(&NAMES[..]), 1i32..4), 0..4)
            .prop_map(|list| list.into_iter().map(|(w, y)| format!(" {w}*{y}")).collect::<String>())
    };
    let word = proptest::sample::select(&["lower", "upper"][..]);
    prop_oneof![
        8 => (word, 0..4, small(), multipliers()).prop_map(|(w, k, v, m)| format!("{w} {k} {v}{m}")),
        4 => (-1..3).prop_map(|row| format!("bases {row}/0")),
        4 => Just("bounds".to_owned()),
        2 => (0..4, small(), multipliers())
            .prop_map(|(k, v, m)| format!("bounds {k}>={v}{}", m.replace(' ', ","))),
        6 => multipliers().prop_map(|m| format!("refute 0 0{m}")),
        2 => (factor(), multipliers()).prop_map(|(f, m)| format!("joint 0 {f}{m}")),
        2 => multipliers().prop_map(|m| format!("empty{m}")),
        1 => Just("clip".to_owned()),
        4 => (0..4).prop_map(|k| format!("split {k}")),
        4 => small().prop_map(|v| format!("halve 0 {v}")),
        2 => (0..4, terms()).prop_map(|(k, t)| format!("side {k} +{t}")),
        2 => (0..4, terms()).prop_map(|(k, t)| format!("side {k} -{t}")),
        2 => terms().prop_map(|t| format!("exact 0{t}")),
        1 => terms().prop_map(|t| format!("nowhere{t}")),
        4 => prop_oneof![Just("face 0 lower".to_owned()), Just("face 0 upper".to_owned())],
    ]
}

/// Drops records that are rejected until the certificate is accepted or nothing is left to try.
fn greedy(files: &[Content; 2], head: &[&str], records: Vec<String>) -> Result<(), usize> {
    let mut kept: Vec<String> = head.iter().map(|record| (*record).to_owned()).collect();
    for record in records {
        kept.push(record);
        let text = holds(files, &kept.iter().map(String::as_str).collect::<Vec<_>>());
        match check(text.as_bytes(), files) {
            Ok(_) => return Ok(()),
            // The record itself is in order where only what follows is rejected.
            Err(rejection) if rejection.line as usize > 5 + kept.len() => {}
            Err(_) => {
                kept.pop();
            }
        }
    }
    Err(kept.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn false_statements_have_no_proof(
        records in proptest::collection::vec(random_record(), 1..120),
        network in 0..4,
    ) {
        let region = "(>= X_0 -1)\n(<= X_0 1)";
        let files = match network {
            0 => magnitude(&format!("{region}\n(>= Y_0 1)")),
            1 => files(DEEP, 1, 2, &format!("{region}\n(>= Y_0 1.25)")), // touched at x = −1
            2 => magnitude("(>= Y_0 5)"),
            _ => files(DEEP, 1, 2, "(<= X_0 1)\n(>= Y_0 4)"), // far below
        };
        let head = &["case 0", "perspective 1"][..if network < 2 { 1 } else { 2 }];
        prop_assert!(greedy(&files, head, records).is_err());
    }

    #[test]
    fn damaged_certificates_never_panic(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..6),
    ) {
        let files = far();
        let records = ["case 0", "halve 0 0", "lower 0 -1", "split 0", "exact 0 a0*1 u0*1",
            "refute 0 0 1*1", "lower 0 -1", "upper 0 1 0*1:-3", "bases 0/0",
            "bounds 1>=-1", "clip", "joint 0 1 -1*1"];
        let mut bytes = holds(&files, &records).into_bytes();
        for (place, byte, kind) in edits {
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => { bytes.remove(place); }
            }
        }
        if let Ok(accepted) = check(bytes.as_slice(), &files) {
            prop_assert_eq!(accepted.statement.claim, "holds");
        }
    }

    #[test]
    fn random_bytes_are_rejected(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(check(bytes.as_slice(), &far()).is_err());
    }
}
