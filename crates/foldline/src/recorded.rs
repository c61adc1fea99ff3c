//! Proofs that searches record on their way, kept until all that comes before them is known.
//!
//! A certificate begins with its claim, and the claim of a range has the values of all ends. So the
//! proof of each maximum is copied behind those before it. With a checkpoint they are in a file beside
//! the certificate, `NAME.partial-proofs-0`, and the state says how long it was.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use foldline_kernel::{Network, Property, Region};
use foldline_questions::checkpoint::{Keeper, Share};
use foldline_questions::maximum::{
    Answer, Objective, Proved, maximum_resumable, maximum_with_proof,
};
use foldline_questions::verification::{
    EvidenceError, Log, Mark, Options, ProofError, Statistics, Storage, Verdict, remove_logs,
    verify_resumable, verify_with_proof,
};
use serde_json::{Value, json};

use crate::certificate::{CertificateError, precision};
use crate::certificate_file::Destination;
use crate::output_file::partial_name;
use crate::proving::storage;

/// A maximum that is asked for: the number of the search, the network, the region and the objective.
pub type Asked<'q> = (usize, &'q Network, &'q Region, &'q Objective);

/// The proofs recorded so far, and the keeper that saves where they are with every state.
pub struct Recorded<'a> {
    target: Destination<'a>,
    keeper: Option<&'a dyn Keeper>,
    proofs: Mutex<Proofs>,
}

/// One proof: the number of its search, its place, and the fraction bits that it is for.
#[derive(Debug, Clone, Copy)]
struct Place {
    number: usize,
    start: u64,
    end: u64,
    precision: u32,
}

/// The proofs one after another.
#[derive(Default)]
struct Proofs {
    log: Option<Log>,
    places: Vec<Place>,
    /// The log and the places as a part of the state.
    state: Value,
}

impl<'a> Recorded<'a> {
    /// No proofs yet, or those that the keeper's state names, if they are still there.
    pub fn new(target: Destination<'a>, keeper: Option<&'a dyn Keeper>) -> Self {
        let mut new = Self { target, keeper, proofs: Mutex::default() };
        let state = keeper.and_then(|keeper| keeper.resumed()?.get("recorded"));
        if let Some(state) = state.filter(|state| !state.is_null()) {
            match new.resume(state) {
                Some(proofs) => new.proofs = Mutex::new(proofs),
                None => target.lose(),
            }
        }
        new
    }

    fn resume(&self, state: &Value) -> Option<Proofs> {
        let bytes = state.get("bytes")?.as_u64()?;
        let sha256 = state.get("sha256")?.as_str()?.to_owned();
        let place = |place: &Value| {
            let entry = |index: usize| place.get(index)?.as_u64();
            let (number, precision) = (entry(0)? as usize, u32::try_from(entry(3)?).ok()?);
            let place = Place { number, start: entry(1)?, end: entry(2)?, precision };
            (place.start <= place.end && place.end <= bytes).then_some(place)
        };
        let places = state.get("places")?.as_array()?.iter().map(place).collect::<Option<_>>()?;
        let log = Log::resume(&self.storage_of_proofs(), 0, &Mark { bytes, sha256 }).ok()??;
        Some(Proofs { log: Some(log), places, state: state.clone() })
    }

    /// A keeper that saves with every state where the proofs are.
    pub fn keeper(&self) -> Option<&dyn Keeper> {
        self.keeper.map(|_| self as &dyn Keeper)
    }

    fn proofs(&self) -> MutexGuard<'_, Proofs> {
        self.proofs.lock().expect("no save panicked")
    }

    /// Where the proofs are copied to.
    fn storage_of_proofs(&self) -> Storage {
        match (self.keeper, self.target.file()) {
            (Some(_), Some(file)) => proofs_beside(&partial_name(&file)),
            _ => storage(self.target, false),
        }
    }

    /// The maximum; why nothing is above it is recorded, if one search can do both.
    ///
    /// # Errors
    /// If records cannot be kept, or the keeper's state is not one of this search.
    pub fn maximum(
        &self,
        (number, network, region, objective): Asked<'_>,
        options: &Options,
        keeper: Option<&dyn Keeper>,
    ) -> Result<(Answer, Statistics), CertificateError> {
        if !self.is_found_again(keeper) {
            let objectives = std::slice::from_ref(objective);
            let found = maximum_resumable(network, region, objectives, options, keeper)?;
            return Ok((found.answer, found.statistics));
        }
        let search = |storage: Storage, keeper: Option<&dyn Keeper>| {
            maximum_with_proof(network, region, objective, options, storage, keeper)
        };
        let outcome = self.record(number, keeper, search)?;
        Ok((outcome.answer, outcome.statistics))
    }

    /// Whether the property holds; if so, why is recorded.
    ///
    /// # Errors
    /// If records cannot be kept, or the keeper's state is not one of this search.
    pub fn verify(
        &self,
        (number, network, property): (usize, &Network, &Property),
        options: &Options,
        keeper: Option<&dyn Keeper>,
    ) -> Result<(Verdict, Statistics), CertificateError> {
        if !self.is_found_again(keeper) {
            let found = verify_resumable(network, property, options, keeper)?;
            return Ok((found.verdict, found.statistics));
        }
        let precision = precision(network, property);
        let search = |storage: Storage, keeper: Option<&dyn Keeper>| {
            verify_with_proof(network, property, options, precision, storage, keeper).map(
                |(outcome, records)| {
                    (outcome, records.map(|records| Proved { records, precision }))
                },
            )
        };
        let outcome = self.record(number, keeper, search)?;
        if let Verdict::Violated(_) = outcome.verdict {
            remove_logs(&storage(self.target, self.keeper.is_some()), 0);
        }
        Ok((outcome.verdict, outcome.statistics))
    }

    /// Whether a later run finds what this one records. Else records are of no use to it; its open work is.
    /// Where a limit ended the search before this one, a later run needs the logs of that.
    fn is_found_again(&self, keeper: Option<&dyn Keeper>) -> bool {
        self.keeper.is_none() || (keeper.is_some() && self.target.file().is_some())
    }

    /// What a search finds, with its proof behind the others.
    fn record<T>(
        &self,
        number: usize,
        keeper: Option<&dyn Keeper>,
        search: impl Fn(Storage, Option<&dyn Keeper>) -> Result<(T, Option<Proved>), ProofError>,
    ) -> Result<T, CertificateError> {
        let storage = storage(self.target, self.keeper.is_some());
        let found = match search(storage.clone(), keeper) {
            // A proof that began anew would not be that of a piece.
            Err(ProofError::Evidence(EvidenceError::Lost)) if !is_piece(keeper) => {
                self.target.lose();
                let anew = keeper.map(Anew);
                search(storage.clone(), anew.as_ref().map(|keeper| keeper as &dyn Keeper))
            }
            found => found,
        };
        let (outcome, proved) = found.inspect_err(|_| remove_logs(&storage, 0))?;
        if let Some(proved) = proved {
            self.add(number, proved).map_err(EvidenceError::Log).map_err(ProofError::Evidence)?;
        }
        Ok(outcome)
    }

    /// Copies a proof behind the others. Its logs go when the next search begins its own.
    fn add(&self, number: usize, proved: Proved) -> io::Result<()> {
        let Proved { mut records, precision } = proved;
        let mut proofs = self.proofs();
        let mut log = match proofs.log.take() {
            Some(log) => log,
            None => Log::new(&self.storage_of_proofs(), 0)?,
        };
        let start = log.length();
        records.write(&mut Appending(&mut log))?;
        proofs.places.push(Place { number, start, end: log.length(), precision });
        if self.keeper.is_some() {
            let Mark { bytes, sha256 } = log.mark()?;
            let entry =
                |place: &Place| json!([place.number, place.start, place.end, place.precision]);
            let places: Vec<Value> = proofs.places.iter().map(entry).collect();
            proofs.state = json!({"bytes": bytes, "sha256": sha256, "places": places});
        }
        proofs.log = Some(log);
        Ok(())
    }

    /// Writes the proof of a search, if there is one for checkers of this precision.
    ///
    /// # Errors
    /// If it cannot be read or written.
    pub fn write(&self, number: usize, precision: u32, out: &mut dyn Write) -> io::Result<bool> {
        let mut proofs = self.proofs();
        let fits = |place: &&Place| place.number == number && place.precision == precision;
        let Some(Place { start, end, .. }) = proofs.places.iter().rfind(fits).copied() else {
            return Ok(false);
        };
        let Some(log) = &mut proofs.log else { return Ok(false) };
        log.copy(start, end, out)?;
        Ok(true)
    }

    /// Removes the proofs' file.
    pub fn remove(&self) {
        self.proofs().log = None;
        remove_logs(&self.storage_of_proofs(), 0);
    }
}

impl Keeper for Recorded<'_> {
    fn resumed(&self) -> Option<&Value> {
        self.keeper?.resumed()
    }

    fn is_due(&self) -> bool {
        self.keeper.is_some_and(Keeper::is_due)
    }

    fn share(&self) -> &Share {
        self.keeper.map_or(&Share::Whole, Keeper::share)
    }

    fn save(&self, state: &Value) {
        let Some(keeper) = self.keeper else { return };
        let mut state = state.clone();
        let recorded = &self.proofs().state;
        if !recorded.is_null() {
            state["recorded"] = recorded.clone();
        }
        keeper.save(&state);
    }
}

/// The files of finished proofs beside a growing certificate.
pub(crate) fn proofs_beside(partial: &Path) -> Storage {
    let mut name = partial.as_os_str().to_owned();
    name.push("-proofs");
    Storage::Files(name.into())
}

/// A keeper whose state is of no use any more.
struct Anew<'k>(&'k dyn Keeper);

impl Keeper for Anew<'_> {
    fn resumed(&self) -> Option<&Value> {
        None
    }

    fn is_due(&self) -> bool {
        self.0.is_due()
    }

    fn share(&self) -> &Share {
        self.0.share()
    }

    fn save(&self, state: &Value) {
        self.0.save(state);
    }
}

/// Whether the run has only a piece of a search.
pub(crate) fn is_piece(keeper: Option<&dyn Keeper>) -> bool {
    keeper.is_some_and(|keeper| matches!(keeper.share(), Share::Piece(_)))
}

/// A log as what is written to.
struct Appending<'l>(&'l mut Log);

impl Write for Appending<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
