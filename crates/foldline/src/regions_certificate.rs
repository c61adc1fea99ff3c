//! Certificates of the number of a network's cells.
//!
//! With a checkpoint, the state says how many parts of the walk are in the certificate, and where these end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;

use foldline_kernel::{Network, Polyhedron, Region};
use foldline_questions::checkpoint::{Keeper, StateError, count, expected};
use foldline_questions::limits::Limits;
use foldline_questions::regions::proof::{Parts, prove_cells};
use foldline_questions::regions::{CountError, Done, Options, Outcome, count_cells};
use foldline_questions::sequence::WithEnd;
use serde_json::json;

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination, Mark};

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

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Failure::Count(error.into())
    }
}

/// Counts the cells and writes a certificate of their number to `target`.
///
/// The number is counted first, by a walk that visits few cells one by one; that of the proof must agree.
/// With a keeper, a later run goes on in the count or in the proof.
///
/// # Errors
/// If the region is not R^d or one polyhedron with interior points, writing fails, the two
/// counts differ, or the keeper's state is not one of this answer.
pub fn count_certified<'d>(
    network: &Network,
    region: Option<&Region>,
    files: &[(&str, &Path)],
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome<u64>, Failure> {
    let (limits, target) = (Limits::new(options), target.into());
    let everywhere = Polyhedron { dimension: network.inputs(), constraints: Vec::new() };
    let piece = match region.map(|region| region.pieces.as_slice()) {
        None => &everywhere,
        Some([piece]) => piece,
        Some(_) => return Err(Failure::Region),
    };
    let counting = keeper.map(WithEnd::new).transpose()?;
    let kept = counting.as_ref().map(|counting| counting as &dyn Keeper);
    let cells = match count_cells(network, None, region, options, kept)? {
        Outcome::Counted(cells) => cells,
        undecided @ Outcome::Undecided { .. } => return Ok(undecided),
    };
    let after = counting.as_ref().map(WithEnd::after);
    let keeper = after.as_ref().map(|after| after as &dyn Keeper);
    // Where nothing can be kept beside the certificate, a later run begins the proof anew.
    let keeper = keeper.filter(|_| target.file().is_some());
    let head = header("regions", &format!("cells {cells}"), files, target)?;
    let growing = Growing::new(&head, target, keeper)?;
    let done = Done { below: growing.next, cells: growing.cells, ..Done::default() };
    let writer = Writer { growing: Mutex::new(growing), keeper };
    let proved = prove_cells(network, piece, &limits.rest(), done, &writer);
    let mut growing = writer.growing.into_inner().expect("no thread panicked");
    if let Some(error) = growing.error {
        return Err(error.into());
    }
    match proved {
        None => Err(Failure::Region),
        Some(Outcome::Counted(proved)) => {
            if proved != cells || proved != growing.cells {
                let message = format!("it has {proved} cells, not {cells}");
                return Err(CertificateError::Contradiction(message).into());
            }
            growing.file.text("end\n")?;
            growing.file.finish()?;
            Ok(Outcome::Counted(cells))
        }
        Some(Outcome::Undecided { limit, .. }) => {
            if let Some(keeper) = keeper {
                growing.save(keeper)?;
            }
            Ok(Outcome::Undecided { limit, cells })
        }
    }
}

/// A certificate that has the records of all parts below the next one.
struct Growing<'a> {
    file: CertificateFile<'a>,
    next: u64,
    /// The cells of the parts that it has.
    cells: u64,
    /// Parts that came before their turn.
    waiting: BTreeMap<u64, (String, u64)>,
    /// Why writing failed.
    error: Option<CertificateError>,
}

impl<'a> Growing<'a> {
    /// A new certificate, or the one that an earlier run left.
    fn new(
        head: &str,
        target: Destination<'a>,
        keeper: Option<&dyn Keeper>,
    ) -> Result<Self, Failure> {
        let behind = |file, next, cells| {
            let (waiting, error) = (BTreeMap::new(), None);
            Self { file, next, cells, waiting, error }
        };
        if let Some(state) = keeper.and_then(Keeper::resumed) {
            let mark = Mark::of(state).ok_or_else(|| expected("a length and a hash", state))?;
            let (next, cells) = (count(state, "parts")?, count(state, "cells")?);
            if let Some(file) = CertificateFile::resume(target, &mark) {
                return Ok(behind(file, next, cells));
            }
            target.lose();
        }
        let mut file = CertificateFile::create(target)?;
        file.text(head)?;
        Ok(behind(file, 0, 0))
    }

    /// Writes what has its turn.
    fn write(&mut self) -> Result<(), CertificateError> {
        while let Some((records, cells)) = self.waiting.remove(&self.next) {
            self.file.text(&records)?;
            self.next += 1;
            self.cells += cells;
        }
        Ok(())
    }

    fn save(&mut self, keeper: &dyn Keeper) -> Result<(), CertificateError> {
        let mark = self.file.mark();
        let Mark { bytes, hash } = mark.map_err(|error| self.file.failed(error))?;
        let state =
            json!({"parts": self.next, "cells": self.cells, "bytes": bytes, "sha256": hash});
        keeper.save(&state);
        Ok(())
    }
}

/// Takes parts from all threads. What is ahead of a long part waits in memory.
struct Writer<'a, 'k> {
    growing: Mutex<Growing<'a>>,
    keeper: Option<&'k dyn Keeper>,
}

impl Parts for Writer<'_, '_> {
    fn add(&self, part: u64, records: String, cells: u64) -> bool {
        let mut growing = self.growing.lock().expect("no thread panicked");
        growing.waiting.insert(part, (records, cells));
        let mut written = growing.write();
        if written.is_ok()
            && let Some(keeper) = self.keeper.filter(|keeper| keeper.is_due())
        {
            written = growing.save(keeper);
        }
        if let Err(error) = written {
            growing.error.get_or_insert(error);
        }
        growing.error.is_none()
    }
}
