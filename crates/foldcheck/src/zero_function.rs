//! Statements about the zero function: a point where it is not 0, or cases that exclude one.

use std::io::BufRead;

use foldline_kernel::{Formula, Rational};

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;
use crate::subject::{Named, Subject, above, one_of};
use crate::verification::{check_cases, check_witness};

/// `zero I yes` (output I is 0 on the whole region) or `zero I no`, about a network and perhaps a
/// region; `all` instead of I means all outputs.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let which = claim.word()?;
    let answer = one_of(&mut claim, ["yes", "no"])?;
    claim.finish()?;
    let subject = Subject::read(certificate, Named::Perhaps)?;
    let outputs: Vec<usize> = match which {
        "all" => (0..subject.network.outputs()).collect(),
        index => vec![subject.output(index)?],
    };
    let sides = |&output: &usize| [1, -1].map(|sign| above(output, sign, &Rational::ZERO));
    let differs = Formula::Or(outputs.iter().flat_map(sides).collect());
    let Subject { network, region, precision } = subject;
    let formula = Formula::And(vec![region.formula(), differs]);
    if answer == "no" {
        check_witness(certificate, &network, &formula)?;
    } else {
        check_cases(&mut certificate.lines, &network, &formula, precision)?;
    }
    Ok(format!("{which} {answer}"))
}
