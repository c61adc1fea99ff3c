//! Forged headers, statements, witnesses and ends.

use crate::files::Claim::{Holds, Violated};
use crate::files::check;

use crate::certified::{ACCEPTED, header, sibling};
use crate::forging::{FIRST, count, fields, first, forge, forge_case, set_field};

/// Certificates whose every prefix is tried.
const CUT: usize = 12;

#[test]
fn another_version() {
    forge(Holds, "expected `1`, found `2`", |lines| {
        lines[0] = "foldline-certificate 2".to_owned();
        Some(0)
    });
}

#[test]
fn a_changed_statement() {
    forge(Holds, "expected `witness`, found `", |lines| {
        set_field(lines, 1, 2, "violated");
        Some(FIRST)
    });
    forge(Violated, "expected `off`, `case` or `end`, found `witness`", |lines| {
        set_field(lines, 1, 2, "holds");
        Some(FIRST)
    });
    forge(Violated, "no record names clause 0", |lines| {
        set_field(lines, 1, 2, "holds");
        lines.remove(FIRST);
        Some(FIRST)
    });
    forge(Holds, "expected `holds` or `violated`, found `true`", |lines| {
        set_field(lines, 1, 2, "true");
        Some(1)
    });
}

#[test]
fn another_network_or_property_by_hash() {
    let last = header(&ACCEPTED[ACCEPTED.len() - 1].0.files, Holds);
    let other: Vec<&str> = last.lines().collect();
    forge(Holds, "it is about another network", |lines| {
        other[2].clone_into(&mut lines[2]);
        Some(2)
    });
    forge_case(Holds, "it is about another property", |certified, lines| {
        let other = sibling(certified)?;
        set_field(lines, 3, 2, other.files.property_hash());
        Some(3)
    });
    let mut pairs = 0;
    for (certified, lines) in ACCEPTED.iter() {
        let Some(other) = sibling(certified) else { continue };
        let rejection = check(lines.join("\n").as_bytes(), &other.files).expect_err("a rejection");
        assert!(rejection.reason.contains("another property"), "{rejection}");
        // The other's header before these records: then the records have to fail.
        let own = header(&other.files, certified.truth);
        let forged = format!("{own}{}\n", lines[FIRST..].join("\n"));
        let rejection = check(forged.as_bytes(), &other.files).expect_err(&forged);
        assert!(rejection.line > FIRST as u64, "{}: {rejection}", certified.name);
        pairs += 1;
    }
    assert!(pairs > 500, "only {pairs} pairs");
}

#[test]
fn a_precision_out_of_range() {
    forge(Holds, "there is no precision 53", |lines| {
        "precision 53".clone_into(&mut lines[4]);
        Some(4)
    });
    forge(Holds, "the precision is below 20", |lines| {
        "precision 19".clone_into(&mut lines[4]);
        Some(4)
    });
}

#[test]
fn truncation() {
    let short = ACCEPTED.iter().filter(|(_, lines)| lines.len() < 60);
    for (certified, lines) in short.step_by(25).take(CUT) {
        let text = lines.join("\n");
        for (place, _) in text.char_indices() {
            check(&text.as_bytes()[..place], &certified.files).expect_err("a cut is accepted");
        }
        for kept in 0..lines.len() {
            let cut: String = lines[..kept].iter().map(|line| format!("{line}\n")).collect();
            let rejection = check(cut.as_bytes(), &certified.files).expect_err("a rejection");
            assert_eq!(rejection.reason, "the certificate ends too early", "{}", certified.name);
            assert_eq!(rejection.line, kept as u64 + 1);
        }
    }
}

#[test]
fn trailing_garbage() {
    for garbage in ["end", "", "case 0", "\u{0}"] {
        for claim in [Holds, Violated] {
            forge(claim, "nothing may come after the end", |lines| {
                lines.push(garbage.to_owned());
                Some(lines.len() - 1)
            });
        }
    }
    forge(Holds, "the field `` is superfluous", |lines| {
        let last = lines.len() - 1;
        lines[last].push(' ');
        Some(last)
    });
}

#[test]
fn a_witness_moved_outside() {
    forge_case(Violated, "the formula is false there", |certified, lines| {
        certified.name.starts_with("float_traps").then_some(())?;
        let input = fields(&lines[FIRST]).len() - 1;
        set_field(lines, FIRST, input, "123456789123456789/2");
        Some(FIRST)
    });
    forge(Violated, "a field is missing", |lines| {
        let all = fields(&lines[FIRST]);
        lines[FIRST] = all[..all.len() - 1].join(" ");
        Some(FIRST)
    });
    forge(Violated, "is superfluous", |lines| {
        lines[FIRST].push_str(" 0");
        Some(FIRST)
    });
    for bad in ["NaN", "inf", "0.5", "1e3", "-0", "", "2/4"] {
        forge(Violated, "", |lines| {
            set_field(lines, FIRST, 1, bad);
            Some(FIRST)
        });
    }
}

#[test]
fn a_missing_case() {
    forge(Holds, "no record names clause", |lines| {
        if count(lines, "case ") < 2 {
            return None;
        }
        let last = lines.iter().rposition(|line| line.starts_with("case "))?;
        lines.drain(last..lines.len() - 1);
        Some(lines.len() - 1)
    });
    forge(Holds, "no record names clause 0", |lines| {
        lines.drain(FIRST..lines.len() - 1);
        Some(FIRST)
    });
    forge(Holds, "the clause's bounds do not contradict each other", |lines| {
        let case = first(lines, "case 0")?;
        first(lines, "void").is_none().then_some(())?;
        lines.insert(case, "off 0".to_owned());
        Some(case)
    });
    forge(Holds, "there is no clause", |lines| {
        lines[FIRST].push_str(" 1000000");
        Some(FIRST)
    });
    forge(Holds, "is named twice", |lines| {
        let case = first(lines, "case 0")?;
        lines[case].push_str(" 0");
        Some(case)
    });
    forge(Holds, "has other atoms on inputs alone than clause", |lines| {
        let case = first(lines, "case ")?;
        let second = lines.iter().rposition(|line| line.starts_with("case "))?;
        let other = fields(&lines[second])[1].clone();
        (case < second).then(|| lines[case] += &format!(" {other}"))?;
        Some(case)
    });
}
