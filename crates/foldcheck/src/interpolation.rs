//! Interpolation: a network through all points of a sample, or two rows (or one) that no function fits.

use std::io::BufRead;

use foldline_kernel::{Rational, Sample};

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;
use crate::shallow::{Shallow, output_relu};
use crate::subject::one_of;

/// `interpolation relu|linear yes|no`: the data, then a network, or the rows in conflict.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut fields: Fields<'_>,
) -> Result<String, Stop> {
    let relu = output_relu(&mut fields)?;
    let claim = one_of(&mut fields, ["yes", "no"])?.to_owned();
    fields.finish()?;
    let sample = certificate.file("data")?.sample()?;
    if claim == "yes" {
        let network = Shallow::read(certificate, sample.dimension, relu, sample.len())?;
        if !network.loss(&sample).is_zero() {
            return Err("the network misses a label".into());
        }
    } else {
        check_conflict(certificate.lines.next_fields()?, &sample, relu)?;
    }
    certificate.end()?;
    Ok(format!("{} {claim}", if relu { "relu" } else { "linear" }))
}

/// `conflict I J`: equal points with different labels; `negative I`: a label below 0 under a ReLU.
fn check_conflict(mut fields: Fields<'_>, sample: &Sample, relu: bool) -> Result<(), Stop> {
    let word = fields.word()?.to_owned();
    let first = fields.index(sample.len(), "row")?;
    match word.as_str() {
        "conflict" => {
            let second = fields.index(sample.len(), "row")?;
            let equal = sample.points[first] == sample.points[second];
            if !equal || sample.labels[first] == sample.labels[second] {
                return Err("the rows are not in conflict".into());
            }
        }
        "negative" if relu => {
            if sample.labels[first] >= Rational::ZERO {
                return Err("the label is not negative".into());
            }
        }
        other => return Err(format!("`{other}` is no conflict of such networks").into()),
    }
    Ok(fields.finish()?)
}
