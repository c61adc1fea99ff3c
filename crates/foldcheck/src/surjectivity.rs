//! Statements about surjectivity: two directions of the network without biases, or cases that exclude one.

use std::io::BufRead;

use foldline_kernel::{Formula, Network, Rational, Region};

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;
use crate::subject::{Named, Subject, above, one_of};
use crate::verification::check_cases;

/// `surjectivity I yes` (output I takes every real value) or `surjectivity I no`, about a network.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let field = claim.word()?;
    let answer = one_of(&mut claim, ["yes", "no"])?;
    claim.finish()?;
    let subject = Subject::read(certificate, Named::Never)?;
    let output = subject.output(field)?;
    let far_away = subject.network.without_biases();
    if answer == "yes" {
        check_direction(certificate, &far_away, output, "positive", 1)?;
        check_direction(certificate, &far_away, output, "negative", -1)?;
        certificate.end()?;
    } else {
        check_bounded(certificate, &far_away, output, subject.precision)?;
    }
    Ok(format!("{field} {answer}"))
}

/// `WORD R_1 … R_d`: a direction where the network without biases has that sign.
fn check_direction<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    far_away: &Network,
    output: usize,
    word: &str,
    sign: i8,
) -> Result<(), Stop> {
    let direction = certificate.point(word, far_away.inputs())?;
    let value = Rational::from(sign) * &far_away.evaluate(&direction).output[output];
    if value <= Rational::ZERO {
        return Err(format!("without biases the output is not {word} there").into());
    }
    Ok(())
}

/// `bounded above` (or `below`), then cases: on the surface of the cube the network without biases
/// is nowhere positive (negative).
fn check_bounded<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    far_away: &Network,
    output: usize,
    precision: u32,
) -> Result<(), Stop> {
    let mut fields = certificate.lines.next_fields()?;
    fields.expect("bounded")?;
    let sign = if one_of(&mut fields, ["above", "below"])? == "above" { 1 } else { -1 };
    fields.finish()?;
    let surface = Region::cube_surface(far_away.inputs()).formula();
    let formula = Formula::And(vec![surface, above(output, sign, &Rational::ZERO)]);
    Ok(check_cases(&mut certificate.lines, far_away, &formula, precision)?)
}
