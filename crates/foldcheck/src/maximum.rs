//! Statements about a maximum or a range: no point of the region is beyond it, and one of the closure is there.

use std::io::BufRead;

use foldline_kernel::linear::dot;
use foldline_kernel::{Formula, LinearConstraint, Polyhedron, Rational};

use crate::certificate::{Certificate, Stop};
use crate::lines::{Fields, rational};
use crate::subject::{Named, Subject, above};
use crate::verification::check_cases;

/// `maximum I value V` (the least upper bound of output I on the region is V), `maximum I unbounded`
/// or `maximum I empty`, about a network and a region.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let (output, word) = (claim.word()?, claim.word()?);
    let value = match word {
        "value" => Some(claim.word()?),
        "unbounded" | "empty" => None,
        other => {
            let message = format!("expected `value`, `unbounded` or `empty`, found `{other}`");
            return Err(message.into());
        }
    };
    claim.finish()?;
    let subject = Subject::read(certificate, Named::Always)?;
    let end = (subject.output(output)?, 1);
    match value {
        Some(value) => check_value(certificate, &subject, end, &rational(value)?)?,
        None if word == "empty" => check_empty(certificate, &subject)?,
        None => check_ray(certificate, &subject, end)?,
    }
    Ok([output, word].into_iter().chain(value).collect::<Vec<_>>().join(" "))
}

/// `range V_0 W_0 V_1 W_1 …` (on the region V_I is the greatest lower bound of output I and W_I its
/// least upper bound, `unbounded` where there is none) or `range empty`, about a network and a region.
pub fn check_range<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    claim: Fields<'_>,
) -> Result<String, Stop> {
    let ends: Vec<&str> = claim.collect();
    let subject = Subject::read(certificate, Named::Always)?;
    if ends == ["empty"] {
        check_empty(certificate, &subject)?;
        return Ok("empty".to_owned());
    }
    if ends.len() != 2 * subject.network.outputs() {
        let count = 2 * subject.network.outputs();
        return Err(format!("expected {count} ends, two an output, found {}", ends.len()).into());
    }
    for (place, &end) in ends.iter().enumerate() {
        let side = (place / 2, if place % 2 == 0 { -1 } else { 1 });
        match end {
            "unbounded" => check_ray(certificate, &subject, side)?,
            value => check_value(certificate, &subject, side, &rational(value)?)?,
        }
    }
    Ok(ends.join(" "))
}

/// Cases which show that the region has no point.
fn check_empty<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    subject: &Subject,
) -> Result<(), Stop> {
    let Subject { network, region, precision } = subject;
    Ok(check_cases(&mut certificate.lines, network, &region.formula(), *precision)?)
}

/// Points where an output has this value, then cases: it is nowhere above (below, for the sign −1).
fn check_value<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    subject: &Subject,
    (output, sign): (usize, i8),
    value: &Rational,
) -> Result<(), Stop> {
    let Subject { network, region, precision } = subject;
    check_taken(certificate, subject, output, value)?;
    let bound = Rational::from(sign) * value;
    let formula = Formula::And(vec![region.formula(), above(output, sign, &bound)]);
    Ok(check_cases(&mut certificate.lines, network, &formula, *precision)?)
}

/// `inside R_1 … R_d`, a point of a piece of the region, and `point R_1 … R_d`, a point of the same
/// piece's closure where the output is the value: the points between them are in the piece.
fn check_taken<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    subject: &Subject,
    output: usize,
    value: &Rational,
) -> Result<(), Stop> {
    let dimension = subject.network.inputs();
    let inside = certificate.point("inside", dimension)?;
    let pieces: Vec<&Polyhedron> =
        subject.region.pieces.iter().filter(|piece| piece.contains(&inside)).collect();
    if pieces.is_empty() {
        return Err("the point is not in the region".into());
    }
    let point = certificate.point("point", dimension)?;
    let closed =
        |constraint: &LinearConstraint| dot(&constraint.coefficients, &point) <= constraint.bound;
    if !pieces.iter().any(|piece| piece.constraints.iter().all(closed)) {
        return Err("the point is not in the closure of that piece of the region".into());
    }
    if subject.network.evaluate(&point).output[output] != *value {
        return Err("the output has another value there".into());
    }
    Ok(())
}

/// `point R_1 … R_d` of a piece and `direction R_1 … R_d`, along which the piece is unbounded and
/// the network without biases has an output above 0 (below, for the sign −1); then `end`.
fn check_ray<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    subject: &Subject,
    (output, sign): (usize, i8),
) -> Result<(), Stop> {
    let dimension = subject.network.inputs();
    let point = certificate.point("point", dimension)?;
    let pieces: Vec<&Polyhedron> =
        subject.region.pieces.iter().filter(|piece| piece.contains(&point)).collect();
    if pieces.is_empty() {
        return Err("the point is not in the region".into());
    }
    let direction = certificate.point("direction", dimension)?;
    let recedes =
        |constraint: &LinearConstraint| dot(&constraint.coefficients, &direction) <= Rational::ZERO;
    if !pieces.iter().any(|piece| piece.constraints.iter().all(recedes)) {
        return Err("the ray leaves that piece of the region".into());
    }
    let growth = subject.network.without_biases().evaluate(&direction).output.swap_remove(output);
    if Rational::from(sign) * growth <= Rational::ZERO {
        let word = if sign > 0 { "grow" } else { "fall" };
        return Err(format!("the output does not {word} along the direction").into());
    }
    certificate.end()
}
