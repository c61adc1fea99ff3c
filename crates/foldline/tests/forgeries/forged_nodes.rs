//! Forged bounds, splits, signs and cases' heads.

use crate::files::Claim::Holds;
use crate::files::{Claim, check};
use foldline::{Activation, Network};

use crate::certified::ACCEPTED;
use crate::forging::{FIRST, count, fields, first, forge, forge_case, is_leaf, set_field};

/// The first record `bounds` that tells nothing.
fn plain_bounds(lines: &[String]) -> Option<usize> {
    let position = first(lines, "bounds")?;
    (lines[position] == "bounds").then_some(position)
}

#[test]
fn a_bound_that_does_not_follow() {
    for record in ["bounds 0>=1:18", "lower 0 1:18", "upper 0 -1:18"] {
        forge(Holds, "the bound does not follow", |lines| {
            let position = plain_bounds(lines)?;
            lines.insert(position, record.to_owned());
            Some(position)
        });
    }
    forge(Holds, "the bound does not follow", |lines| {
        let position = first(lines, "bounds ")?;
        let told = fields(&lines[position])[1].clone();
        let (neuron, _) = told.split_once(">=")?;
        set_field(lines, position, 1, &format!("{neuron}>=1:18"));
        Some(position)
    });
    forge(Holds, "is not bounded from this side", |lines| {
        let position = plain_bounds(lines)?;
        lines[position].push_str(" 0>=-1:18 0>=-1:18");
        Some(position)
    });
    forge(Holds, "there is no neuron", |lines| {
        let position = plain_bounds(lines)?;
        lines[position].push_str(" 1000000>=0");
        Some(position)
    });
}

#[test]
fn bounds_left_out() {
    let mut needed = 0;
    for (certified, lines) in ACCEPTED.iter().filter(|(_, lines)| lines.len() < 40) {
        for position in (FIRST..lines.len()).filter(|&at| lines[at].starts_with("bounds")) {
            let mut forged = lines.clone();
            forged.remove(position);
            let Err(rejection) = check(forged.join("\n").as_bytes(), &certified.files) else {
                continue;
            };
            assert!(rejection.line > position as u64, "{rejection}");
            needed += usize::from(rejection.reason.starts_with("an interval of neuron "));
        }
    }
    println!("{needed} records `bounds` needed");
    assert!(needed > 50, "only {needed} records `bounds` were needed");
}

#[test]
fn a_basis_left_out_or_changed() {
    let mut needed = 0;
    for (certified, lines) in ACCEPTED.iter().filter(|(_, lines)| lines.len() < 100) {
        let Some(position) = first(lines, "bases ") else { continue };
        let mut forged = lines.clone();
        forged.remove(position);
        let checked = check(forged.join("\n").as_bytes(), &certified.files);
        let follows = |rejection: &foldcheck::Rejection| !rejection.reason.contains("not follow");
        needed += usize::from(checked.is_err_and(|rejection| !follows(&rejection)));
    }
    println!("{needed} records `bases` needed");
    assert!(needed > 10, "only {needed} records `bases` were needed");
    for (basis, reason) in [("7000/0", "there is no row 7000"), ("0/7000", "there is no input")] {
        forge(Holds, reason, |lines| {
            let position = first(lines, "bases 0/")?;
            set_field(lines, position, 1, basis);
            Some(position)
        });
    }
    forge(Holds, "not as many rows as inputs", |lines| {
        let position = first(lines, "bases 0/")?;
        set_field(lines, position, 1, "0,0/0");
        Some(position)
    });
}

#[test]
fn not_a_number() {
    for token in ["NaN", "nan", "inf", "-inf", "1e5", "0.5", "0x10", "+1", "-0", "1:", ":1", ""] {
        forge(Holds, "expected a dyadic `m` or `m:e`", |lines| {
            let position = plain_bounds(lines)?;
            lines[position].push_str(&format!(" 0>={token}"));
            Some(position)
        });
        forge(Holds, "expected an integer", |lines| {
            let position = first(lines, "exact ")?;
            let end = lines[position].rfind('*')? + 1;
            lines[position].replace_range(end.., token);
            (token != "0").then_some(position)
        });
    }
    forge(Holds, "expected a dyadic `m` or `m:e`", |lines| {
        let position = plain_bounds(lines)?;
        lines[position].push_str(" 0>=9223372036854775808");
        Some(position)
    });
}

#[test]
fn an_unknown_record() {
    for word in ["lemma", "Clip", "clip\t", "", "case", "off", "witness"] {
        forge(Holds, &format!("there is no record `{word}` in a tree"), |lines| {
            let position = first(lines, "clip")?;
            word.clone_into(&mut lines[position]);
            Some(position)
        });
    }
    forge(Holds, "is superfluous", |lines| {
        let position = first(lines, "clip")?;
        lines[position].push_str(" 0");
        Some(position)
    });
}

/// The number of the layer that a ReLU neuron is in.
fn layer_of(network: &Network, neuron: usize) -> Option<usize> {
    let relu = network.layers().iter().filter(|layer| layer.activation == Activation::Relu);
    let widths: Vec<usize> = relu.map(|layer| layer.rows.len()).collect();
    (0..widths.len()).find(|&layer| neuron < widths[..=layer].iter().sum())
}

#[test]
fn a_wrong_neuron_split() {
    forge(Holds, "has a sign already", |lines| {
        let one = first(lines, "split ")?;
        let next = &lines[one + 1..];
        let other = one + 1 + next.iter().position(|line| line.starts_with("split "))?;
        lines[one..other].iter().all(|line| !is_leaf(line)).then_some(())?;
        let neuron = fields(&lines[one])[1].clone();
        set_field(lines, other, 1, &neuron);
        Some(other)
    });
    forge_case(Holds, "a neuron of a layer before", |certified, lines| {
        let split = first(lines, "split ")?;
        let layer_of = |neuron: &str| layer_of(&certified.files.network, neuron.parse().ok()?);
        let own = layer_of(&fields(&lines[split])[1])?;
        // A neuron of a later layer that is undecided there.
        let neuron = (0usize..).take_while(|&neuron| layer_of(&neuron.to_string()).is_some());
        let mut later = neuron.map(|neuron| neuron.to_string()).filter(|neuron| {
            let mut forged = lines.clone();
            set_field(&mut forged, split, 1, neuron);
            let rejection = check(forged.join("\n").as_bytes(), &certified.files).err();
            layer_of(neuron).is_some_and(|layer| layer > own)
                && rejection.is_some_and(|rejection| {
                    rejection.line == split as u64 + 1 && rejection.reason.contains(" before ")
                })
        });
        let neuron = later.next()?;
        set_field(lines, split, 1, &neuron);
        Some(split)
    });
}

#[test]
fn a_sign_that_the_path_does_not_fix() {
    forge(Holds, "has no sign", |lines| {
        let position = first(lines, "side ")?;
        let neuron = fields(&lines[position])[1].clone();
        lines[position] = format!("{} n{neuron}*1", lines[position]);
        Some(position)
    });
}

#[test]
fn clipping_with_several_clauses() {
    forge(Holds, "clauses are left, not one", |lines| {
        (lines[FIRST] == "case 0 1").then_some(())?;
        let heads = ["reach", "void", "perspective"];
        heads.iter().all(|head| count(lines, head) == 0).then_some(())?;
        lines.insert(FIRST + 1, "clip".to_owned());
        Some(FIRST + 1)
    });
}

#[test]
fn a_bound_of_an_input_improved() {
    forge(Holds, "the multipliers give", |lines| {
        let position = lines
            .iter()
            .position(|line| line.starts_with("reach ") && fields(line)[2] == "upper")?;
        set_field(lines, position, 3, "-1000000");
        Some(position)
    });
    forge(Holds, "has this bound already", |lines| {
        let position = first(lines, "reach ")?;
        let copy = lines[position].clone();
        lines.insert(position, copy);
        Some(position + 1)
    });
    forge(Holds, "has no", |lines| {
        (count(lines, "perspective") == 0).then_some(())?;
        let start = first(lines, "reach ")?;
        let more = lines[start..].iter().take_while(|line| line.starts_with("reach ")).count();
        lines.remove(start + more - 1);
        Some(start + more - 1)
    });
}

/// A case's records under a halving of the first input: they prove both halves as well.
fn halved(lines: &[String], value: &str) -> Vec<String> {
    let tree = &lines[FIRST + 1..lines.len() - 1];
    let halve = [format!("halve 0 {value}")];
    let parts = [&lines[..=FIRST], &halve, tree, tree, &lines[lines.len() - 1..]];
    parts.concat()
}

#[test]
fn a_wrong_halving_value() {
    let mut tried = 0;
    for (certified, lines) in ACCEPTED.iter() {
        let simple = certified.truth == Claim::Holds
            && count(lines, "case") == 1
            && ["reach", "void", "perspective"].iter().all(|head| count(lines, head) == 0);
        let text = |value: &str| halved(lines, value).join("\n");
        let accepted = |value: &&str| check(text(value).as_bytes(), &certified.files).is_ok();
        let middle = ["0", "1:-1", "1:-3", "-1:-2", "1"].into_iter().find(accepted);
        let Some(middle) = middle.filter(|_| simple) else { continue };
        for outside in ["1:30", "-1:30"] {
            let rejection = check(text(outside).as_bytes(), &certified.files).expect_err("outside");
            assert!(rejection.reason.contains("is not between"), "{rejection}");
            assert_eq!(rejection.line, FIRST as u64 + 2);
        }
        let mut one_half = halved(lines, middle);
        let dropped = FIRST + 2 + (lines.len() - FIRST - 2);
        one_half.drain(dropped..one_half.len() - 1);
        let rejection = check(one_half.join("\n").as_bytes(), &certified.files);
        let rejection = rejection.expect_err("a half dropped");
        assert_eq!(rejection.reason, "there is no record `end` in a tree");
        assert_eq!(rejection.line as usize, one_half.len());
        tried += 1;
    }
    assert!(tried > 50, "only {tried} certificates halved");
}
