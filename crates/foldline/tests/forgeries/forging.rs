//! Forging: edit real certificates and see that each is rejected where and why it should be.

use crate::files::{Claim, check};

use crate::certified::{ACCEPTED, Certified};

/// How many certificates each kind of forgery is tried on.
const TRIES: usize = 8;

/// The position of the first record, which follows the header.
pub const FIRST: usize = 5;

/// Applies `edit` to accepted certificates of `claim` and expects a rejection for `reason`.
///
/// `edit` changes the lines and says at which the rejection is due, or `None` where the
/// certificate has nothing to forge in this way.
#[track_caller]
pub fn forge(claim: Claim, reason: &str, edit: impl Fn(&mut Vec<String>) -> Option<usize>) {
    forge_case(claim, reason, |_, lines| edit(lines));
}

/// The same for edits that need to know the files.
#[track_caller]
pub fn forge_case(
    claim: Claim,
    reason: &str,
    edit: impl Fn(&Certified, &mut Vec<String>) -> Option<usize>,
) {
    let mut tried = 0;
    for (certified, lines) in ACCEPTED.iter().filter(|(certified, _)| certified.truth == claim) {
        let mut forged = lines.clone();
        let Some(position) = edit(certified, &mut forged) else { continue };
        let text = forged.join("\n") + "\n";
        let name = &certified.name;
        let rejection = check(text.as_bytes(), &certified.files);
        let rejection = rejection.expect_err(&format!("{name}: accepted:\n{text}"));
        assert!(rejection.reason.contains(reason), "{name}: {rejection}\n{text}");
        assert_eq!(rejection.line, position as u64 + 1, "{name}: {rejection}\n{text}");
        tried += 1;
        if tried == TRIES {
            return;
        }
    }
    assert!(tried > 0, "no certificate to forge");
}

/// The position of the first line that starts with `start`.
pub fn first(lines: &[String], start: &str) -> Option<usize> {
    lines.iter().position(|line| line.starts_with(start))
}

/// The position of the first record `word` with a multiplier.
pub fn with_multiplier(lines: &[String], word: &str) -> Option<usize> {
    let start = format!("{word} ");
    lines.iter().position(|line| line.starts_with(&start) && line.contains('*'))
}

/// How many lines start with `start`.
pub fn count(lines: &[String], start: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(start)).count()
}

/// The fields of a line.
pub fn fields(line: &str) -> Vec<String> {
    line.split(' ').map(str::to_owned).collect()
}

/// Replaces a field of a line.
pub fn set_field(lines: &mut [String], position: usize, field: usize, text: &str) {
    let mut all = fields(&lines[position]);
    text.clone_into(&mut all[field]);
    lines[position] = all.join(" ");
}

/// Whether a record ends a node or refutes a clause.
pub fn is_leaf(line: &str) -> bool {
    ["exact ", "refute ", "joint ", "empty ", "void "].iter().any(|word| line.starts_with(word))
}
