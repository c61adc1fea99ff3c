//! Certificates of the number of a network's cells.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline_kernel::{Network, Polyhedron, Rational, Region};
use foldline_questions::limits::Limits;
use foldline_questions::regions::proof::{Bound, Step, prove_cells};
use foldline_questions::regions::{CountError, Options, Outcome, Progress, count_cells};

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination};

/// Why no certificate was written.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The count could not be begun.
    #[error(transparent)]
    Count(#[from] CountError),
    /// The file could not be written.
    #[error(transparent)]
    File(#[from] CertificateError),
    /// Only full-dimensional polyhedra can be proved about.
    #[error("a certificate is for R^d or one polyhedron with interior points")]
    Region,
}

/// Counts the cells and writes a certificate of their number to `target`, on one thread.
///
/// The number is counted by the engine first; the proof, which goes its own way, must agree.
///
/// # Errors
/// If the region is not R^d or one polyhedron with interior points, writing fails, or the two
/// counts differ.
pub fn count_certified<'d>(
    network: &Network,
    region: Option<&Region>,
    files: &[(&str, &Path)],
    options: &Options,
    target: impl Into<Destination<'d>>,
) -> Result<Outcome<u64>, Failure> {
    let (limits, target) = (Limits::new(options), target.into());
    let everywhere = Polyhedron { dimension: network.inputs(), constraints: Vec::new() };
    let piece = match region.map(|region| region.pieces.as_slice()) {
        None => &everywhere,
        Some([piece]) => piece,
        Some(_) => return Err(Failure::Region),
    };
    let cells = match count_cells(network, None, region, options, None)? {
        Outcome::Counted(cells) => cells,
        undecided @ Outcome::Undecided { .. } => return Ok(undecided),
    };
    let mut out = CertificateFile::create(target)?;
    out.text(&header("regions", &format!("cells {cells}"), files, target)?)?;
    let written = AtomicU64::new(0);
    let mut say = |step: Step| {
        written.fetch_add(u64::from(matches!(step, Step::Cell(_))), Ordering::Relaxed);
        out.text(&line(&step))
    };
    let progress = |elapsed| Progress { cells: written.load(Ordering::Relaxed), elapsed };
    let prove = || prove_cells(network, piece, &|| !limits.reached(), &mut say);
    match limits.reporting(progress, prove)? {
        Some(proved) => {
            if proved != cells {
                let message = format!("it has {proved} cells, not {cells}");
                return Err(CertificateError::Contradiction(message).into());
            }
            out.text("end\n")?;
            out.finish()?;
            Ok(Outcome::Counted(cells))
        }
        None if limits.reached() => Ok(Outcome::Undecided { limit: limits.which(), cells }),
        None => Err(Failure::Region),
    }
}

fn line(step: &Step) -> String {
    match step {
        Step::Split(neuron) => format!("split {neuron}\n"),
        Step::Basis(bounds) => {
            let mut text = "basis".to_owned();
            for bound in bounds {
                text += &match bound {
                    Bound::Region(index) => format!(" r{index}"),
                    Bound::Neuron(neuron) => format!(" n{neuron}"),
                };
            }
            text + "\n"
        }
        Step::Cell(point) => {
            let point: Vec<String> = point.iter().map(Rational::to_string).collect();
            format!("cell {}\n", point.join(" "))
        }
    }
}
