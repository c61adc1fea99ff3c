//! Statements about a maximum: no point of the region is above it, and one of the closure is there.

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
    let number = value.map(rational).transpose()?;
    let subject = Subject::read(certificate, Named::Always)?;
    let index = subject.output(output)?;
    let Subject { network, region, precision } = &subject;
    match (&number, word) {
        (Some(number), _) => {
            check_taken(certificate, &subject, index, number)?;
            let formula = Formula::And(vec![region.formula(), above(index, 1, number)]);
            check_cases(&mut certificate.lines, network, &formula, *precision)?;
        }
        (None, "empty") => {
            check_cases(&mut certificate.lines, network, &region.formula(), *precision)?;
        }
        (None, _) => check_ray(certificate, &subject, index)?,
    }
    Ok([output, word].into_iter().chain(value).collect::<Vec<_>>().join(" "))
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
/// the network without biases has a positive output; then `end`.
fn check_ray<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    subject: &Subject,
    output: usize,
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
    if subject.network.without_biases().evaluate(&direction).output[output] <= Rational::ZERO {
        return Err("the output does not grow along the direction".into());
    }
    certificate.end()
}
