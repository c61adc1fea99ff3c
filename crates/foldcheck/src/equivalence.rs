//! Statements about two networks: a point where they are too far apart, or cases that exclude one.

use std::io::BufRead;

use foldline_formats::region::parse_region;
use foldline_kernel::difference::difference;
use foldline_kernel::{Formula, Network, Rational, Region};

use crate::certificate::{Certificate, Stop};
use crate::lines::{Fields, index};
use crate::subject::{above, one_of};
use crate::verification::check_cases;

/// `equivalence I E yes` (|a_I − b_I| is at most E on the whole region) or `equivalence I E no`,
/// about a first and a second network and perhaps a region; `all` instead of I means all outputs.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    let which = claim.word()?;
    let within = claim.rational()?;
    let answer = one_of(&mut claim, ["yes", "no"])?;
    claim.finish()?;
    if within < Rational::ZERO {
        return Err("the difference allowed is negative".into());
    }
    let files = [certificate.file("first")?, certificate.file("second")?];
    let region = certificate.optional_file("region")?;
    let precision = certificate.precision()?;
    let (a, b) = (files[0].network()?, files[1].network()?);
    let dimension = a.inputs();
    let outputs: Vec<usize> = match which {
        "all" => (0..a.outputs()).collect(),
        field => vec![index(field, a.outputs(), "output")?],
    };
    let joint = difference(&a, &b, &outputs).map_err(|error| error.to_string())?;
    let region = match region {
        Some(content) => parse_region(&content.name, content.text()?, dimension)?,
        None => Region::everything(dimension),
    };
    if answer == "no" {
        check_witness(certificate, [&a, &b], &outputs, &region, &within)?;
    } else {
        let sides =
            (0..outputs.len()).flat_map(|output| [1, -1].map(|sign| above(output, sign, &within)));
        let formula = Formula::And(vec![region.formula(), Formula::Or(sides.collect())]);
        check_cases(&mut certificate.lines, &joint, &formula, precision)?;
    }
    Ok(format!("{which} {within} {answer}"))
}

/// `witness R_1 … R_d`, a point of the region where some output differs by more, then `end`.
fn check_witness<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    networks: [&Network; 2],
    outputs: &[usize],
    region: &Region,
    within: &Rational,
) -> Result<(), Stop> {
    let point = certificate.point("witness", region.dimension)?;
    if !region.pieces.iter().any(|piece| piece.contains(&point)) {
        return Err("the point is not in the region".into());
    }
    let [a, b] = networks.map(|network| network.evaluate(&point).output);
    let is_apart =
        |&output: &usize| &a[output] - &b[output] > *within || &b[output] - &a[output] > *within;
    if !outputs.iter().any(is_apart) {
        return Err("the networks do not differ by more there".into());
    }
    certificate.end()
}
