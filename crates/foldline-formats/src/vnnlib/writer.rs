//! Writes a property as VNN-LIB 1.0, the unsafe set, or not at all.

use std::fmt::Write as _;

use foldline_kernel::number::{Rational, exact_decimal};
use foldline_kernel::{Atom, Formula, Property};

use crate::error::FormatError;

/// The text of a VNN-LIB file `name` with `property`; `comment` comes first, a line each.
///
/// VNN-LIB 1.0 has no `<`, and readers of it expect decimals.
///
/// # Errors
/// If the property has a strict inequality, or a number without a finite decimal.
pub fn write_vnnlib(name: &str, property: &Property, comment: &str) -> Result<String, FormatError> {
    let mut text = String::new();
    comment.lines().for_each(|line| _ = writeln!(text, "; {line}"));
    for (letter, count) in [('X', property.inputs), ('Y', property.outputs)] {
        for index in 0..count {
            let _ = writeln!(text, "(declare-const {letter}_{index} Real)");
        }
    }
    let parts = match &property.formula {
        Formula::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for part in parts {
        let part = formula(part).map_err(|message| FormatError::whole(name, message))?;
        let _ = writeln!(text, "(assert {part})");
    }
    Ok(text)
}

fn formula(part: &Formula) -> Result<String, String> {
    let (word, parts) = match part {
        Formula::Atom(atom) => return inequality(atom),
        Formula::And(parts) => ("and", parts),
        Formula::Or(parts) => ("or", parts),
    };
    let parts = parts.iter().map(formula).collect::<Result<Vec<_>, _>>()?;
    Ok(format!("({word} {})", parts.join(" ")))
}

/// `(<= X_0 1)`, `(>= Y_0 2)` for one variable with coefficient 1 or −1, else a sum on the left.
fn inequality(atom: &Atom) -> Result<String, String> {
    if atom.strict {
        return Err("a strict inequality: VNN-LIB 1.0 has only <= and >=".to_owned());
    }
    let named = |letter: char| {
        move |(index, factor): &(usize, Rational)| (format!("{letter}_{index}"), factor.clone())
    };
    let terms = atom.input.iter().map(named('X')).chain(atom.output.iter().map(named('Y')));
    let terms: Vec<(String, Rational)> = terms.collect();
    let bound = decimal(&atom.bound)?;
    if let [(variable, factor)] = &terms[..] {
        if *factor == Rational::ONE {
            return Ok(format!("(<= {variable} {bound})"));
        }
        if *factor == -Rational::ONE {
            return Ok(format!("(>= {variable} {})", decimal(&-atom.bound.clone())?));
        }
    }
    let products = terms.iter().map(|(variable, factor)| {
        Ok(if *factor == Rational::ONE {
            variable.clone()
        } else {
            format!("(* {} {variable})", decimal(factor)?)
        })
    });
    let products = products.collect::<Result<Vec<_>, String>>()?;
    let sum = match &products[..] {
        [] => "0".to_owned(),
        [one] => one.clone(),
        several => format!("(+ {})", several.join(" ")),
    };
    Ok(format!("(<= {sum} {bound})"))
}

fn decimal(value: &Rational) -> Result<String, String> {
    exact_decimal(value).ok_or_else(|| format!("{value} has no finite decimal"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vnnlib::parse_property;

    fn atom(input: &[i32], output: &[i32], bound: Rational) -> Formula {
        let terms = |factors: &[i32]| {
            factors.iter().map(|&factor| factor.into()).enumerate().collect::<Vec<_>>()
        };
        Formula::Atom(Atom::new(terms(input), terms(output), bound, false))
    }

    #[test]
    fn what_is_written_is_read() {
        let half = Rational::ONE / Rational::from(2);
        let formula = Formula::And(vec![
            atom(&[1], &[], half.clone()),
            atom(&[-1], &[], Rational::from(3)),
            Formula::Or(vec![
                atom(&[], &[-1], -half.clone()),
                Formula::And(vec![atom(&[0, 2], &[1], half.clone()), atom(&[], &[-4], half)]),
            ]),
        ]);
        let property = Property { inputs: 2, outputs: 1, formula };
        let text = write_vnnlib("p.vnnlib", &property, "one\ntwo").unwrap();
        assert!(text.starts_with("; one\n; two\n(declare-const X_0 Real)\n"), "{text}");
        assert!(text.contains("(assert (<= X_0 0.5))\n(assert (>= X_0 -3))\n"), "{text}");
        assert_eq!(parse_property("p.vnnlib", &text, 2, 1).unwrap(), property);
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let third = Property {
            inputs: 1,
            outputs: 1,
            formula: atom(&[1], &[], Rational::ONE / Rational::from(3)),
        };
        assert!(write_vnnlib("p", &third, "").unwrap_err().message.contains("1/3"));
        let strict = Atom::new(vec![(0, Rational::ONE)], vec![], Rational::ONE, true);
        let strict = Property { inputs: 1, outputs: 1, formula: Formula::Atom(strict) };
        assert!(write_vnnlib("p", &strict, "").unwrap_err().message.contains("strict"));
    }
}
