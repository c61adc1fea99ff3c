//! Certificates of the number of a network's cells.

use std::path::Path;
use std::time::Instant;

use foldline_kernel::{Network, Polyhedron, Rational, Region};
use foldline_questions::regions::proof::{Bound, Step, prove_cells};
use foldline_questions::regions::{CountError, Limit, Options, Outcome, Progress, count_cells};

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination};

/// Cells between two reports of progress.
const CELLS_A_REPORT: u64 = 256;

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
    let (start, target) = (Instant::now(), target.into());
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
    let limit = || {
        let stopped =
            |stop: &std::sync::atomic::AtomicBool| stop.load(std::sync::atomic::Ordering::Relaxed);
        if options.stop.as_deref().is_some_and(stopped) {
            return Some(Limit::Stopped);
        }
        options.timeout.is_some_and(|limit| start.elapsed() >= limit).then_some(Limit::Time)
    };
    let mut written = 0u64;
    let mut say = |step: Step| {
        if let Step::Cell(_) = step {
            written += 1;
            if let (Some(progress), 0) = (&options.progress, written % CELLS_A_REPORT) {
                progress(&Progress { cells: written, elapsed: start.elapsed() });
            }
        }
        out.text(&line(&step))
    };
    match prove_cells(network, piece, &|| limit().is_none(), &mut say)? {
        Some(proved) => {
            if proved != cells {
                let message = format!("it has {proved} cells, not {cells}");
                return Err(CertificateError::Contradiction(message).into());
            }
            out.text("end\n")?;
            out.finish()?;
            Ok(Outcome::Counted(cells))
        }
        None => match limit() {
            Some(limit) => Ok(Outcome::Undecided { limit, cells }),
            None => Err(Failure::Region),
        },
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
