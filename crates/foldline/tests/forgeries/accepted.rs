//! What the search writes is accepted, and shows the records that the forgeries need.

use std::collections::BTreeSet;

use crate::files::Claim;

use crate::certified::{ACCEPTED, ALL};

#[test]
fn every_certificate_is_accepted() {
    let mut complaints = Vec::new();
    let mut written = [0, 0];
    for certified in ALL.iter() {
        match certified.check() {
            Ok(accepted) => {
                assert_eq!(accepted.statement, certified.files.statement(certified.truth));
                written[usize::from(certified.truth == Claim::Violated)] += 1;
            }
            Err(rejection) => complaints.push(format!("{}: {rejection}", certified.name)),
        }
    }
    let [holds, violated] = written;
    println!("accepted: {holds} holds, {violated} violated");
    assert!(complaints.is_empty(), "{} rejected:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn every_record_of_the_search_occurs() {
    let words = ACCEPTED.iter().flat_map(|(_, lines)| lines[5..].iter());
    let found: BTreeSet<&str> = words.filter_map(|line| line.split(' ').next()).collect();
    for record in [
        "bases",
        "bounds",
        "case",
        "clip",
        "empty",
        "end",
        "exact",
        "face",
        "joint",
        "nowhere",
        "perspective",
        "reach",
        "refute",
        "side",
        "split",
        "units",
        "void",
        "witness",
    ] {
        assert!(found.contains(record), "no accepted certificate has `{record}`");
    }
}
