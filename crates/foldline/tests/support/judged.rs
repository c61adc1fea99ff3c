//! What the checker is expected to say of a certificate.

use foldcheck::{Content, Failure, check};

/// The certificate proves the statement, a kind and a claim.
pub fn accepts(certificate: &str, files: &[Content], statement: &str) {
    let accepted = check(certificate.as_bytes(), files);
    let accepted = accepted.unwrap_or_else(|error| panic!("{error}\n{certificate}"));
    let said = format!("{} {}", accepted.statement.kind, accepted.statement.claim);
    assert_eq!(said, statement);
}

/// The certificate is rejected with a reason that contains `reason`.
pub fn rejects(certificate: &str, files: &[Content], reason: &str) {
    match check(certificate.as_bytes(), files) {
        Err(Failure::Rejected(rejection)) => {
            assert!(rejection.reason.contains(reason), "{rejection}\n{certificate}");
        }
        other => panic!("{other:?}\n{certificate}"),
    }
}
