//! What the search writes is accepted, and shows the records that the forgeries need.

use std::collections::BTreeSet;

use crate::files::Claim;

use crate::certified::{ACCEPTED, ALL};

/// Cases whose regions are unbounded; no certificate is written for them.
const MOST_UNBOUNDED: usize = 250;

/// Cases with numbers that do not fit into the checker's fixed point.
const MOST_TOO_LARGE: usize = 89;

#[test]
fn every_certificate_is_accepted() {
    let mut complaints = Vec::new();
    let (mut written, mut too_large) = ([0, 0], 0);
    for certified in ALL.iter() {
        match certified.check() {
            None => {}
            Some(Ok(accepted)) => {
                assert_eq!(accepted.statement, certified.files.statement(certified.truth));
                written[usize::from(certified.truth == Claim::Violated)] += 1;
            }
            Some(Err(rejection)) if rejection.reason.contains("too large") => too_large += 1,
            Some(Err(rejection)) => complaints.push(format!("{}: {rejection}", certified.name)),
        }
    }
    let unbounded = ALL.iter().filter(|certified| certified.text.is_none()).count();
    let [holds, violated] = written;
    println!(
        "accepted: {holds} holds, {violated} violated; {unbounded} unbounded, {too_large} large"
    );
    assert!(too_large <= MOST_TOO_LARGE, "{too_large} cases with too large numbers");
    assert!(unbounded <= MOST_UNBOUNDED, "{unbounded} unbounded regions");
    assert!(complaints.is_empty(), "{} rejected:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn every_record_of_the_search_occurs() {
    let words = ACCEPTED.iter().flat_map(|(_, lines)| lines[5..].iter());
    let found: BTreeSet<&str> = words.filter_map(|line| line.split(' ').next()).collect();
    for record in [
        "case", "clip", "empty", "end", "exact", "joint", "lower", "reach", "refute", "side",
        "split", "upper", "void", "witness",
    ] {
        assert!(found.contains(record), "no accepted certificate has `{record}`");
    }
}
