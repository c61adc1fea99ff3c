//! Containment by gauges: every sum of signed inner generators is shown to be a combination of outer ones.

use std::io::BufRead;

use foldline_kernel::number::magnitude;
use foldline_kernel::{Integer, Rational};

use crate::certificate::{Certificate, Stop};
use crate::containment::{Pair, rationals};
use crate::lines::{Fields, Reason};

/// Deeper trees are refused.
const DEEPEST: usize = 10_000;

/// `generator I A_1 … A_m` for every inner vector once, then a tree over their signs in that order.
///
/// The gauge of a sum of vectors is at most the sum of gauges. At a leaf below k fixed signs,
/// a combination of the fixed part and those of the other generators add up to at most 1.
pub fn check<R: BufRead>(certificate: &mut Certificate<'_, R>, pair: &Pair) -> Result<(), Stop> {
    let count = pair.inner.len();
    let mut named = vec![false; count];
    let mut order: Vec<&Vec<Integer>> = Vec::new();
    let mut gauges = Vec::new();
    for _ in 0..count {
        let mut fields = certificate.lines.next_fields()?;
        fields.expect("generator")?;
        let index = fields.index(count, "inner generator")?;
        if std::mem::replace(&mut named[index], true) {
            return Err(format!("inner generator {index} is named twice").into());
        }
        gauges.push(gauge(fields, pair, &pair.inner[index])?);
        order.push(&pair.inner[index]);
    }
    // rest[k] bounds the gauge of what the generators from the k-th on add.
    let mut rest = vec![Rational::ZERO];
    for gauge in gauges.iter().rev() {
        let sum = rest.last().expect("not empty") + gauge;
        rest.push(sum);
    }
    rest.reverse();
    let zero = vec![Integer::ZERO; order[0].len()];
    // Nodes still to be looked at: how many signs are fixed, and the sum that they give.
    let mut open = vec![(0, zero)];
    while let Some((fixed, sum)) = open.pop() {
        let mut fields = certificate.lines.next_fields()?;
        match fields.word()? {
            "leaf" => {
                if gauge(fields, pair, &sum)? + &rest[fixed] > Rational::ONE {
                    return Err("the gauges add up to more than 1".into());
                }
            }
            "split" => {
                fields.finish()?;
                if fixed == count || open.len() > DEEPEST {
                    return Err("there is nothing left to split".into());
                }
                let add = |sign: i8| {
                    let pairs = sum.iter().zip(order[fixed]);
                    pairs.map(|(s, g)| s + Integer::from(sign) * g).collect::<Vec<_>>()
                };
                // The opposite of a point is as good: the first sign may be taken as positive.
                if fixed > 0 {
                    open.push((fixed + 1, add(-1)));
                }
                open.push((fixed + 1, add(1)));
            }
            other => return Err(format!("expected `leaf` or `split`, found `{other}`").into()),
        }
    }
    Ok(())
}

/// Reads coefficients A with Σ A_j b_j = `target`; the largest magnitude bounds its gauge.
fn gauge(fields: Fields<'_>, pair: &Pair, target: &[Integer]) -> Result<Rational, Reason> {
    let coefficients = rationals(fields, pair.outer.len())?;
    let mut sum = vec![Rational::ZERO; target.len()];
    for (coefficient, vector) in coefficients.iter().zip(&pair.outer) {
        if coefficient.is_zero() {
            continue;
        }
        for (sum, entry) in sum.iter_mut().zip(vector) {
            *sum += coefficient * Rational::from(entry.clone());
        }
    }
    if sum.iter().zip(target).any(|(sum, entry)| *sum != Rational::from(entry.clone())) {
        return Err("the combination is not the vector".to_owned());
    }
    Ok(coefficients.iter().map(magnitude).max().unwrap_or(Rational::ZERO))
}
