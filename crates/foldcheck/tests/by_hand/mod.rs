//! Certificates as lists of records, and what the checker says of them.

use foldcheck::{Accepted, Content, Failure, Rejection};

/// Reads a network of this size and a property given by its assertions.
pub fn files(network: &str, inputs: usize, outputs: usize, assertions: &str) -> [Content; 2] {
    let declare = |letter: char, count: usize| {
        (0..count).map(move |index| format!("(declare-const {letter}_{index} Real)\n"))
    };
    let declarations: String = declare('X', inputs).chain(declare('Y', outputs)).collect();
    let asserts: String = assertions.lines().map(|line| format!("(assert {line})\n")).collect();
    let property = format!("{declarations}{asserts}").into_bytes();
    [Content::new("n.json", network.into()), Content::new("p.vnnlib", property)]
}

/// What the checker says of a certificate about good files.
pub fn check(certificate: &[u8], files: &[Content; 2]) -> Result<Accepted, Rejection> {
    foldcheck::check(certificate, files).map_err(|failure| match failure {
        Failure::Rejected(rejection) => rejection,
        other => panic!("{other}"),
    })
}

/// The header for a claim about these files.
pub fn header([network, property]: &[Content; 2], claim: &str) -> String {
    format!(
        "foldline-certificate 1\nstatement verification {claim}\nnetwork n.json {}\n\
         property p.vnnlib {}\nprecision 40\n",
        network.hash, property.hash
    )
}

/// The certificate that the property holds with these records, given one a line.
pub fn holds(files: &[Content; 2], records: &[&str]) -> String {
    format!("{}{}\nend\n", header(files, "holds"), records.join("\n"))
}

#[track_caller]
pub fn accepts(files: &[Content; 2], records: &[&str]) {
    let text = holds(files, records);
    let accepted = check(text.as_bytes(), files).unwrap_or_else(|rejection| panic!("{rejection}"));
    assert_eq!(accepted.statement.claim, "holds");
    assert_eq!(accepted.statement.files[1].hash, files[1].hash);
    assert_eq!(accepted.lines as usize, text.lines().count());
}

/// The records are rejected at the one with this position, for a reason with these words.
#[track_caller]
pub fn rejects(files: &[Content; 2], records: &[&str], position: usize, reason: &str) {
    let rejection = check(holds(files, records).as_bytes(), files).expect_err("a rejection");
    assert!(rejection.reason.contains(reason), "{rejection}");
    assert_eq!(rejection.line as usize, 6 + position, "{rejection}");
}
