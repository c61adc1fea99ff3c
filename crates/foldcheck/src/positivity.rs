//! Statements about positivity: a point with a positive output, or cases that exclude one.

use std::io::BufRead;

use foldline_kernel::{Formula, Rational};

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;
use crate::subject::{Named, Subject, above, one_of};
use crate::verification::{check_cases, check_witness};

/// `positivity I yes` (output I is > 0 somewhere on the region) or `positivity I no`, about a
/// network and perhaps a region.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let output = claim.word()?;
    let answer = one_of(&mut claim, ["yes", "no"])?;
    claim.finish()?;
    let subject = Subject::read(certificate, Named::Perhaps)?;
    let positive = above(subject.output(output)?, 1, &Rational::ZERO);
    let Subject { network, region, precision } = subject;
    let formula = Formula::And(vec![region.formula(), positive]);
    if answer == "yes" {
        check_witness(certificate, &network, &formula)?;
    } else {
        check_cases(&mut certificate.lines, &network, &formula, precision)?;
    }
    Ok(format!("{output} {answer}"))
}
