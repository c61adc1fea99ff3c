//! A network with one hidden ReLU layer as a certificate writes it, evaluated exactly on a sample.

use std::io::BufRead;

use foldline_kernel::{Rational, Sample};

use crate::certificate::{Certificate, Stop};
use crate::lines::Fields;

/// w0 + Σ ±[a_j·x + b_j]₊, or that under an output ReLU.
#[derive(Debug)]
pub struct Shallow {
    offset: Rational,
    /// Whether the output weight is 1 (else −1); a_j, then b_j.
    nodes: Vec<(bool, Vec<Rational>)>,
    output_relu: bool,
}

impl Shallow {
    /// Reads `offset W0` and then lines `node + A_1 … A_d B` or `node - …`, at most `most`.
    pub fn read<R: BufRead>(
        certificate: &mut Certificate<'_, R>,
        dimension: usize,
        output_relu: bool,
        most: usize,
    ) -> Result<Self, Stop> {
        let offset = certificate.point("offset", 1)?.remove(0);
        let mut nodes = Vec::new();
        loop {
            let mut fields = certificate.lines.next_fields()?;
            if fields.word()? != "node" {
                certificate.lines.read_again();
                return Ok(Self { offset, nodes, output_relu });
            }
            if nodes.len() == most {
                return Err(format!("there may be at most {most} nodes").into());
            }
            let positive = match fields.word()? {
                "+" => true,
                "-" => false,
                other => return Err(format!("expected `+` or `-`, found `{other}`").into()),
            };
            nodes.push((positive, crate::containment::rationals(fields, dimension + 1)?));
        }
    }

    /// How many hidden nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// w0.
    pub fn offset(&self) -> &Rational {
        &self.offset
    }

    fn value(&self, point: &[Rational]) -> Rational {
        let mut sum = self.offset.clone();
        for (positive, node) in &self.nodes {
            let (bias, weights) = node.split_last().expect("d + 1 numbers");
            let value = weights.iter().zip(point).fold(bias.clone(), |sum, (a, x)| sum + a * x);
            if value > Rational::ZERO {
                sum = if *positive { sum + value } else { sum - value };
            }
        }
        if self.output_relu { sum.max(Rational::ZERO) } else { sum }
    }

    /// The sum of squared errors.
    pub fn loss(&self, sample: &Sample) -> Rational {
        sample.points.iter().zip(&sample.labels).fold(Rational::ZERO, |sum, (point, label)| {
            let error = self.value(point) - label;
            sum + &error * &error
        })
    }
}

/// Reads `relu` or `linear`: whether the output goes through a ReLU.
pub fn output_relu(fields: &mut Fields<'_>) -> Result<bool, Stop> {
    Ok(crate::subject::one_of(fields, ["relu", "linear"])? == "relu")
}
