//! Forged radii, faces, empty faces and units.

use foldcheck::Rejection;

use crate::certified::ACCEPTED;
use crate::files::Claim::Holds;
use crate::files::check;
use crate::forging::{FIRST, count, fields, first, forge, set_field};

/// The position of the last record of a certificate with one case, whose last face starts there.
fn last_face(lines: &[String]) -> Option<usize> {
    (count(lines, "case ") == 1).then_some(())?;
    lines.iter().rposition(|line| line.starts_with("face "))
}

#[test]
fn a_face_dropped() {
    forge(Holds, "expected `face`, found `end`", |lines| {
        let face = last_face(lines)?;
        let end = lines.len() - 1;
        lines.drain(face..end);
        Some(face)
    });
    forge(Holds, "expected `", |lines| {
        let face = first(lines, "face ")?;
        let next = face + 1 + first(&lines[face + 1..], "face ")?;
        lines.drain(face..next);
        Some(face)
    });
    forge(Holds, "no record `face` in a tree", |lines| {
        let inside = first(lines, "perspective ")? + 1;
        let face = first(lines, "face ")?;
        lines.drain(inside..face);
        Some(inside)
    });
}

#[test]
fn a_face_exchanged() {
    forge(Holds, "expected `", |lines| {
        let face = first(lines, "face ")?;
        let other = if fields(&lines[face])[2] == "upper" { "lower" } else { "upper" };
        set_field(lines, face, 2, other);
        Some(face)
    });
    forge(Holds, "expected `", |lines| {
        let face = first(lines, "face ")?;
        set_field(lines, face, 1, "7");
        Some(face)
    });
}

#[test]
fn a_radius_that_is_none() {
    for (radius, reason) in [("0", "not positive"), ("-1", "not positive"), ("inf", "a dyadic")] {
        forge(Holds, reason, |lines| {
            let position = first(lines, "perspective ")?;
            set_field(lines, position, 1, radius);
            Some(position)
        });
    }
    forge(Holds, "bound", |lines| {
        let position = first(lines, "perspective ")?;
        lines.remove(position);
        Some(position)
    });
    forge(Holds, "every input has both bounds", |lines| {
        let heads = ["reach", "perspective", "void", "units", "off"];
        let is_plain = heads.iter().all(|head| count(lines, head) == 0);
        (is_plain && count(lines, "case ") == 1).then_some(())?;
        lines.insert(FIRST + 1, "perspective 1".to_owned());
        Some(FIRST + 1)
    });
}

#[test]
fn a_place_that_is_somewhere() {
    forge(Holds, "do not contradict", |lines| {
        let inside = first(lines, "perspective ")? + 1;
        lines.insert(inside, "nowhere".to_owned());
        Some(inside)
    });
    forge(Holds, "do not cancel", |lines| {
        let position = first(lines, "nowhere ")?;
        let kept = fields(&lines[position]).len() - 1;
        (kept > 1).then_some(())?;
        lines[position] = fields(&lines[position])[..kept].join(" ");
        Some(position)
    });
    forge(Holds, "are for `exact` only", |lines| {
        let position = first(lines, "nowhere ")?;
        lines[position].push_str(" a0*1");
        Some(position)
    });
}

/// What the checker says of every certificate with units after an edit.
fn with_units(edit: impl Fn(&mut Vec<String>, usize)) -> Vec<Result<(), Rejection>> {
    let has_units = ACCEPTED.iter().filter(|(_, lines)| lines[FIRST].starts_with("units "));
    let forged =
        has_units.filter(|(certified, _)| certified.truth == Holds).map(|(certified, lines)| {
            let mut lines = lines.clone();
            edit(&mut lines, FIRST);
            check((lines.join("\n") + "\n").as_bytes(), &certified.files).map(|_| ())
        });
    forged.collect()
}

#[test]
fn other_units() {
    for (reason, missing) in
        [("expected `inputs`", 0), ("expected `neurons`", 1), ("expected `units`", 2)]
    {
        forge(Holds, reason, |lines| {
            lines[FIRST].starts_with("units ").then_some(())?;
            lines.remove(FIRST + missing);
            Some(FIRST + missing)
        });
    }
    for token in ["NaN", "0.5", "1:1", "10001"] {
        forge(Holds, "expected an exponent", |lines| {
            lines[FIRST].starts_with("units ").then_some(())?;
            set_field(lines, FIRST, 2, token);
            Some(FIRST)
        });
    }
    forge(Holds, "superfluous", |lines| {
        lines[FIRST].starts_with("units ").then_some(())?;
        lines[FIRST + 1].push_str(" 0");
        Some(FIRST + 1)
    });
    // Smaller units make larger numbers, which the recorded bounds do not bound; where a proof
    // needs none it may hold in any units.
    let smaller = with_units(|lines, position| {
        let exponents: Vec<i64> = fields(&lines[position + 1])[2..]
            .iter()
            .map(|e| e.parse().expect("an exponent"))
            .collect();
        let smaller: Vec<String> = exponents.iter().map(|e| (e - 3).to_string()).collect();
        lines[position + 1] = format!("units neurons {}", smaller.join(" ")).trim_end().to_owned();
    });
    let rejected = smaller.iter().filter(|result| result.is_err()).count();
    println!("{rejected} of {} rejected with other units", smaller.len());
    assert!(2 * rejected > smaller.len(), "only {rejected} of {}", smaller.len());
}
