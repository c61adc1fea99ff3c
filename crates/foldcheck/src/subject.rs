//! A network and a region of its inputs: what statements about questions are about.

use std::io::BufRead;

use foldline_formats::region::parse_region;
use foldline_kernel::{Atom, Formula, Network, Rational, Region};

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;

/// The network, the region and the precision of a statement.
pub struct Subject {
    /// The network.
    pub network: Network,
    /// The region; all of R^d where the statement names none.
    pub region: Region,
    /// Fraction bits for fixed point numbers.
    pub precision: u32,
}

/// Whether a statement names a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// It must.
    Always,
    /// It may; if not it is about all of R^d.
    Perhaps,
    /// It is about all of R^d.
    Never,
}

impl Subject {
    /// Reads the lines `network`, perhaps `region`, and `precision`, and the files they name.
    pub fn read<R: BufRead>(
        certificate: &mut Certificate<'_, R>,
        named: Named,
    ) -> Result<Self, Stop> {
        let network = certificate.file("network")?;
        let region = match named {
            Named::Always => Some(certificate.file("region")?),
            Named::Perhaps => certificate.optional_file("region")?,
            Named::Never => None,
        };
        let precision = certificate.precision()?;
        let network = network.network()?;
        let dimension = network.inputs();
        let region = match region {
            Some(content) => parse_region(&content.name, content.text()?, dimension)?,
            None => Region::everything(dimension),
        };
        Ok(Self { network, region, precision })
    }

    /// Reads the number of one of its outputs.
    pub fn output(&self, field: &str) -> Result<usize, Stop> {
        Ok(crate::lines::index(field, self.network.outputs(), "output")?)
    }
}

/// Reads one of the words `allowed`.
pub fn one_of<'l>(fields: &mut Fields<'l>, allowed: [&str; 2]) -> Result<&'l str, Stop> {
    let word = fields.word()?;
    if !allowed.contains(&word) {
        let [first, second] = allowed;
        return Err(format!("expected `{first}` or `{second}`, found `{word}`").into());
    }
    Ok(word)
}

/// The atom sign·y_output > bound.
pub fn above(output: usize, sign: i8, bound: &Rational) -> Formula {
    let sign = Rational::from(sign);
    let terms = vec![(output, -sign)];
    Formula::Atom(Atom::new(Vec::new(), terms, -bound.clone(), true))
}
