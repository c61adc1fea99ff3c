//! Certificates of cell counts by hand: accepted as they are, rejected when bent.

use foldcheck::{Accepted, Content, Failure, Rejection};

/// relu(x) − relu(x − y) over two inputs, then relu of that minus 1.
const NETWORK: &str = r#"{"layers": [
    {"weights": [[1, 0], [1, -1]], "bias": [0, 0], "activation": "relu"},
    {"weights": [[1, -1]], "bias": [-1], "activation": "relu"}]}"#;

/// On x > 0 > x − y the last neuron is x − 1; on x, x − y > 0 it is y − 1; else at most −1.
const PROOF: [&str; 12] = [
    "split 0",
    "split 1",
    "split 2",
    "cell 3 2",
    "cell 3 1/2",
    "split 2",
    "cell 2 3",
    "cell 1/2 3",
    "split 1",
    "basis n1",
    "cell -1 -2",
    "cell -1 1",
];

fn proof() -> Vec<String> {
    PROOF.map(str::to_owned).to_vec()
}

fn check(lines: &[String], claim: &str, region: Option<&str>) -> Result<Accepted, Rejection> {
    let mut files = vec![Content::new("n.json", NETWORK.into())];
    files.extend(region.map(|text| Content::new("r.json", text.into())));
    let mut text = format!("foldline-certificate 1\nstatement regions {claim}\n");
    for (role, file) in ["network", "region"].iter().zip(&files) {
        text += &format!("{role} {} {}\n", file.name, file.hash);
    }
    text += &(lines.join("\n") + "\nend\n");
    foldcheck::check(text.as_bytes(), &files).map_err(|failure| match failure {
        Failure::Rejected(rejection) => rejection,
        other => panic!("{other}"),
    })
}

/// The certificate with line `position` replaced is rejected there, or later, for this reason.
#[track_caller]
fn bent(position: usize, line: &str, reason: &str) {
    let mut lines = proof();
    lines[position] = line.to_owned();
    let rejection = check(&lines, "cells 6", None).expect_err("accepted");
    assert!(rejection.reason.contains(reason), "{rejection}");
}

#[test]
fn a_count_is_proved() {
    let accepted = check(&proof(), "cells 6", None).unwrap_or_else(|found| panic!("{found}"));
    assert_eq!((accepted.statement.kind.as_str(), accepted.lines), ("regions", 16));
    assert_eq!(accepted.statement.claim, "cells 6");
}

#[test]
fn splits_may_come_in_any_order_within_a_layer() {
    let lines: Vec<String> = [
        "split 1",
        "split 0",
        "split 2",
        "cell 3 2",
        "cell 3 1/2",
        "basis n1",
        "cell -1 -2",
        "split 0",
        "split 2",
        "cell 2 3",
        "cell 1/2 3",
        "cell -1 1",
    ]
    .map(str::to_owned)
    .to_vec();
    check(&lines, "cells 6", None).unwrap_or_else(|found| panic!("{found}"));
}

#[test]
fn bent_certificates_are_rejected() {
    for claim in ["cells 5", "cells 7"] {
        let rejection = check(&proof(), claim, None).expect_err("accepted");
        assert!(rejection.reason.contains("the tree has 6 cells"), "{rejection}");
    }
    bent(2, "split 1", "neuron 1 is none of this layer's");
    bent(1, "split 2", "neuron 2 is none of this layer's");
    bent(2, "split 3", "there is no neuron 3");
    bent(2, "basis n0", "not every neuron has a sign");
    bent(2, "cell 3 2", "not every neuron has a sign");
    bent(3, "cell 3 1", "not on the right side of neuron 2");
    bent(3, "cell 3 4", "not on the right side of neuron 1");
    bent(3, "cell -3 -4", "not on the right side of neuron 0");
    bent(9, "basis n0", "not every neuron has a sign");
    bent(9, "basis n1 n1", "depend on each other");
    bent(9, "basis n2", "was not split above");
    bent(9, "basis r0", "there is no constraint 0");
    bent(9, "basis x", "is no bound");
    bent(9, "split 2", "not on the right side of neuron 2");
    bent(11, "split 2", "neuron 2 is none of this layer's");
    bent(10, "on 2 1", "expected `basis`, `split` or `cell`");
    let mut short = proof();
    short.truncate(11);
    let rejection = check(&short, "cells 6", None).expect_err("accepted");
    assert!(rejection.reason.contains("found `end`"), "{rejection}");
    let mut long = proof();
    long.push("cell -1 1".to_owned());
    let rejection = check(&long, "cells 6", None).expect_err("accepted");
    assert!(rejection.reason.contains("expected `end`"), "{rejection}");
}

#[test]
fn regions_bound_the_cells() {
    // x ≥ 1: neuron 0 is on; y ≤ 1: with neuron 1 on, neuron 2 is off.
    let region = r#"{"box": [[1, null], [null, 1]]}"#;
    let lines = |last: &str| -> Vec<String> { ["basis r0 r1", last].map(str::to_owned).to_vec() };
    let accepted = check(&lines("cell 2 0"), "cells 1", Some(region));
    accepted.unwrap_or_else(|found| panic!("{found}"));
    for (last, reason) in [
        ("cell 1 0", "not inside constraint 0"),
        ("cell 2 1", "not inside constraint 1"),
        ("cell 2", "a field is missing"),
    ] {
        let rejection = check(&lines(last), "cells 1", Some(region)).expect_err("accepted");
        assert!(rejection.reason.contains(reason), "{rejection}");
    }
    let flat = r#"{"box": [[1, 1], [0, 1]]}"#;
    let rejection = check(&lines("cell 1 1/2"), "cells 1", Some(flat)).expect_err("accepted");
    assert!(!rejection.reason.is_empty());
}
