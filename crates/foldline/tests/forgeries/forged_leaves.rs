//! Forged leaves: dropped, moved, or with numbers that no longer prove anything.

use crate::files::Claim::Holds;
use crate::files::check;

use crate::certified::ACCEPTED;
use crate::forging::{FIRST, count, fields, first, forge, is_leaf, set_field, with_multiplier};

/// Sets the first multiplier of a line to zero.
fn drop_multiplier(lines: &mut [String], position: usize) {
    let all = fields(&lines[position]);
    let Some(field) = all.iter().position(|field| field.contains('*')) else { return };
    let row = all[field].split('*').next().unwrap_or_default();
    set_field(lines, position, field, &format!("{row}*0"));
}

/// The position of an exact leaf with a term of this kind, and the term's field.
fn exact_term(lines: &[String], kind: char) -> Option<(usize, usize)> {
    let is_exact = |line: &&String| line.starts_with("exact ");
    lines.iter().filter(is_exact).find_map(|line| {
        let position = lines.iter().position(|other| other == line)?;
        let field = fields(line).iter().skip(2).position(|field| field.starts_with(kind))?;
        Some((position, field + 2))
    })
}

#[test]
fn a_leaf_dropped() {
    forge(Holds, "there is no record `end` in a tree", |lines| {
        let last = lines.len() - 2;
        (is_leaf(&lines[last]) && count(lines, "void") == 0).then_some(())?;
        lines.remove(last);
        Some(last)
    });
    forge(Holds, "there is no record `case` in a tree", |lines| {
        let second = first(lines, "case 1").filter(|&second| second > FIRST)?;
        is_leaf(&lines[second - 1]).then_some(())?;
        lines.remove(second - 1);
        Some(second - 1)
    });
}

#[test]
fn all_leaves_dropped() {
    forge(Holds, "there is no record `end` in a tree", |lines| {
        (count(lines, "split") == 0 && count(lines, "case") == 1).then_some(())?;
        (count(lines, "void") == 0).then_some(())?;
        lines.retain(|line| !is_leaf(line));
        Some(lines.len() - 1)
    });
}

#[test]
fn a_leaf_of_another_node() {
    // The leaf of the other side of a split may prove this one as well, but not always.
    let mut rejected = 0;
    for (certified, lines) in ACCEPTED.iter().filter(|(_, lines)| lines.len() < 100) {
        let Some(split) = first(lines, "split ") else { continue };
        let leaves: Vec<usize> =
            (split..lines.len()).filter(|&at| lines[at].starts_with("exact ")).take(2).collect();
        let [one, other] = leaves[..] else { continue };
        let mut forged = lines.clone();
        forged[one] = lines[other].clone();
        let Err(rejection) = check(forged.join("\n").as_bytes(), &certified.files) else {
            continue;
        };
        let is_due = rejection.line == one as u64 + 1;
        rejected += usize::from(is_due && rejection.reason.starts_with("the terms do not"));
    }
    println!("{rejected} exchanged leaves rejected");
    assert!(rejected >= 8, "only {rejected} exchanged leaves rejected");
    forge(Holds, "has no sign", |lines| {
        let split = first(lines, "split ")?;
        let leaf = first(lines, "exact ").filter(|&leaf| leaf > split)?;
        lines[leaf].contains(" n").then_some(())?;
        let copy = lines[leaf].clone();
        lines.insert(split, copy);
        Some(split)
    });
}

/// How many records `word` fail for `reason` once a multiplier is zero.
///
/// Not all need to: a part without a point, or a flat one, has bounds of many kinds.
fn needed_multipliers(word: &str, reason: &str) -> usize {
    let mut rejected = 0;
    for (certified, lines) in ACCEPTED.iter().filter(|(_, lines)| lines.len() < 60) {
        let Some(position) = with_multiplier(lines, word) else { continue };
        let mut forged = lines.clone();
        drop_multiplier(&mut forged, position);
        let checked = check(forged.join("\n").as_bytes(), &certified.files);
        let is_due = |rejection: &foldcheck::Rejection| {
            rejection.reason == reason && rejection.line == position as u64 + 1
        };
        rejected += usize::from(checked.is_err_and(|rejection| is_due(&rejection)));
    }
    println!("{rejected} records `{word}` without a multiplier rejected");
    rejected
}

#[test]
fn a_multiplier_changed() {
    let (word, reason) = ("empty", "the rows do not contradict each other");
    assert!(needed_multipliers(word, reason) >= 3, "`{word}` hardly needs its multipliers");
    forge(Holds, "a multiplier is negative", |lines| {
        let position = with_multiplier(lines, word)?;
        lines[position] = lines[position].replacen('*', "*-", 1);
        Some(position)
    });
    forge(Holds, "there is no", |lines| {
        let position = with_multiplier(lines, word)?;
        lines[position].push_str(" 7000*1");
        Some(position)
    });
    forge(Holds, "the rows do not contradict each other", |lines| {
        let position = first(lines, "empty ")?;
        "empty".clone_into(&mut lines[position]);
        Some(position)
    });
}

#[test]
fn a_joint_refutation_without_its_weights() {
    forge(Holds, "the refutation does not follow", |lines| {
        let position = first(lines, "joint ")?;
        for field in 2..fields(&lines[position]).len() {
            if !fields(&lines[position])[field].contains('*') {
                set_field(lines, position, field, "0");
            }
        }
        Some(position)
    });
}

#[test]
fn a_term_changed() {
    forge(Holds, "the terms do not cancel", |lines| {
        let (position, field) = exact_term(lines, 'i')?;
        let larger = format!("{}1", fields(&lines[position])[field]);
        set_field(lines, position, field, &larger);
        Some(position)
    });
    forge(Holds, "the terms do not cancel", |lines| {
        let (position, field) = exact_term(lines, 'i')?;
        let mut all = fields(&lines[position]);
        all.remove(field);
        lines[position] = all.join(" ");
        Some(position)
    });
    forge(Holds, "is not positive", |lines| {
        let (position, field) = exact_term(lines, 'a')?;
        let negative = fields(&lines[position])[field].replace('*', "*-");
        set_field(lines, position, field, &negative);
        Some(position)
    });
    forge(Holds, "is used twice", |lines| {
        let (position, field) = exact_term(lines, 'a')?;
        let again = fields(&lines[position])[field].clone();
        lines[position] = format!("{} {again}", lines[position]);
        Some(position)
    });
    forge(Holds, "`z` is for `side` only", |lines| {
        let (position, _) = exact_term(lines, 'a')?;
        lines[position].push_str(" z*1");
        Some(position)
    });
}

#[test]
fn a_sign_flipped() {
    forge(Holds, "the terms do not cancel", |lines| {
        // With `z` alone the neuron is zero everywhere, and either sign is right.
        let is_side = |line: &String| line.starts_with("side ") && fields(line).len() > 4;
        let position = lines.iter().position(is_side)?;
        let flipped = if fields(&lines[position])[2] == "+" { "-" } else { "+" };
        set_field(lines, position, 2, flipped);
        Some(position)
    });
    for [kind, other] in [['l', 'u'], ['u', 'l']] {
        forge(Holds, "the terms do not cancel", |lines| {
            let (position, field) = exact_term(lines, 'i')?;
            let term = fields(&lines[position])[field].clone();
            let swapped = format!("{kind}0{}", &term[term.find('*')?..]);
            let twice = format!("{other}0{}", &term[term.find('*')?..]);
            // An atom on an input cannot be replaced by two bounds of one input that cancel.
            set_field(lines, position, field, &format!("{swapped} {twice}"));
            Some(position)
        });
    }
}

#[test]
fn an_empty_region_that_is_not() {
    forge(Holds, "the multipliers do not cancel", |lines| {
        let position = first(lines, "void ")?;
        let all = fields(&lines[position]);
        let field = (1..all.len()).find(|&field| all[field] != "0")?;
        set_field(lines, position, field, "1234567");
        Some(position)
    });
    forge(Holds, "the multipliers give no contradiction", |lines| {
        let position = first(lines, "void ")?;
        let zeros = vec!["0"; fields(&lines[position]).len() - 1];
        lines[position] = format!("void {}", zeros.join(" "));
        Some(position)
    });
    forge(Holds, "there is no record `void` in a tree", |lines| {
        let position = first(lines, "clip")?;
        "void 0".clone_into(&mut lines[position]);
        Some(position)
    });
}
