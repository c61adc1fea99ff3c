//! Writing the proofs of a certificate, one after another, and going on with them after a stop.
//!
//! A proof's records are kept in logs, one a thread, until its search is over; then they are written
//! in order. With a checkpoint the logs are files beside the certificate, `NAME.partial-0` and so on,
//! and the state says how long they were. What was written after that is cut off and found again.

use std::io::{self, Write};
use std::path::Path;

use foldline_engine::evidence::Evidence;
use foldline_engine::limits::Limits;
use foldline_kernel::{Network, Property};
use foldline_questions::checkpoint::{Keeper, Share, StateError};
use foldline_questions::verification::{
    EvidenceError, Limit, Options, Outcome, ProofError, Records, Statistics, Storage, Verdict,
    remove_logs, verify_with_proof,
};
use serde_json::{Value, json};

use crate::certificate::{CertificateError, precision};
use crate::certificate_file::{CertificateFile, Destination, Mark};
use crate::output_file::partial_name;
use crate::recorded::Recorded;
use crate::recorded::is_piece;

/// A thread's records that are kept in memory, in bytes, where no checkpoint needs them in a file.
const MEMORY: usize = 1 << 19;

/// Where the state of a certified answer is kept.
pub struct Kept<'k> {
    /// Keeps it.
    pub keeper: &'k dyn Keeper,
    /// What the searches before the proofs found, as their state.
    pub finished: Value,
}

/// The records of a tree that a search finds; or the limit that ended it.
pub type FoundTree = Result<Result<Evidence, Limit>, CertificateError>;

/// A search for the records of a tree: it goes on from the state that the keeper has.
pub type TreeSearch<'a> = dyn Fn(&Options, Storage, Option<&dyn Keeper>) -> FoundTree + 'a;

/// One proof of a certificate: records, perhaps a tree or cases which show that a property holds, and more records.
pub struct Proving<'a> {
    /// The records before the cases or the tree.
    pub before: String,
    /// The network and the property that it must have; without, no cases follow.
    pub holds: Option<(&'a Network, Property)>,
    /// The proof that an earlier search recorded, and its number there.
    pub recorded: Option<(&'a Recorded<'a>, usize)>,
    /// The search for a tree of another kind.
    pub tree: Option<Box<TreeSearch<'a>>>,
    /// The records after them.
    pub after: String,
}

impl<'a> Proving<'a> {
    /// A proof that has to be searched for. It ends with `end`.
    pub fn new(before: String, holds: Option<(&'a Network, Property)>) -> Self {
        Self { before, holds, recorded: None, tree: None, after: "end\n".to_owned() }
    }

    /// Fraction bits that checkers should use for this proof, if they need any.
    pub fn precision(&self) -> Option<u32> {
        self.holds.as_ref().map(|(network, property)| precision(network, property))
    }
}

/// How far an earlier run came: the number of the open proof, the certificate before it, and its state.
struct Position {
    number: usize,
    mark: Mark,
    open: Value,
}

impl Position {
    fn of(state: &Value) -> Option<Self> {
        let mark = Mark::of(state)?;
        let number = state.get("number")?.as_u64()? as usize;
        Some(Self { number, mark, open: state.get("open")?.clone() })
    }
}

/// Keeps the state of one proof as a part of the state of all.
struct ProofKeeper<'k> {
    kept: &'k Kept<'k>,
    position: Position,
    is_resumed: bool,
}

impl Keeper for ProofKeeper<'_> {
    fn resumed(&self) -> Option<&Value> {
        self.is_resumed.then_some(&self.position.open)
    }

    fn is_due(&self) -> bool {
        self.kept.keeper.is_due()
    }

    fn share(&self) -> &Share {
        self.kept.keeper.share()
    }

    fn save(&self, open: &Value) {
        let Kept { keeper, finished } = self.kept;
        let Position { number, mark: Mark { bytes, hash }, .. } = &self.position;
        let proof = json!({"bytes": bytes, "sha256": hash, "number": number, "open": open});
        keeper.save(&json!({"finished": finished, "open": null, "proof": proof}));
    }
}

/// Where the records of proofs are kept.
pub(crate) fn storage(target: Destination<'_>, is_kept: bool) -> Storage {
    let Some(path) = target.file() else {
        return Storage::Memory { limit: MEMORY, folder: std::env::temp_dir() };
    };
    if is_kept {
        return Storage::Files(partial_name(&path));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    Storage::Memory { limit: MEMORY, folder: folder.unwrap_or(Path::new(".")).to_owned() }
}

/// Writes a certificate that consists of `head` and these proofs, one search after another.
///
/// The answer is that of the last search: if its property does not hold, or a limit ended it,
/// there is no certificate. With `kept` the records so far stay where a limit ended the run.
///
/// # Errors
/// If writing fails, no proof can be written for a property, or the kept state is not one of these.
pub fn write_proofs<'k>(
    head: &str,
    proofs: &[Proving<'_>],
    precision: u32,
    options: &Options,
    target: Destination<'k>,
    kept: Option<&'k Kept<'k>>,
) -> Result<Option<Outcome>, CertificateError> {
    // Where nothing can be kept beside the certificate, a later run begins its proofs anew.
    let kept = kept.filter(|_| target.file().is_some());
    let state = kept.and_then(|kept| kept.keeper.resumed()?.get("proof"));
    if let Some(position) = state.and_then(Position::of) {
        if position.number >= proofs.len() {
            return Err(StateError("it names more proofs than there are".to_owned()).into());
        }
        if let Some(file) = CertificateFile::resume(target, &position.mark) {
            let written =
                Writer { proofs, precision, options, target, kept }.write(file, Some(position));
            if !matches!(
                written,
                Err(CertificateError::Proof(ProofError::Evidence(EvidenceError::Lost)))
            ) {
                return written;
            }
        }
        if is_piece(kept.map(|kept| kept.keeper)) {
            // A proof that began anew would not be that of the piece.
            return Err(ProofError::Evidence(EvidenceError::Lost).into());
        }
        target.lose();
    }
    let mut file = CertificateFile::create(target)?;
    file.text(head)?;
    Writer { proofs, precision, options, target, kept }.write(file, None)
}

/// What stays the same over all proofs of a certificate.
struct Writer<'a, 'k> {
    proofs: &'a [Proving<'a>],
    precision: u32,
    options: &'a Options,
    target: Destination<'k>,
    kept: Option<&'k Kept<'k>>,
}

impl Writer<'_, '_> {
    fn write(
        &self,
        mut file: CertificateFile<'_>,
        mut position: Option<Position>,
    ) -> Result<Option<Outcome>, CertificateError> {
        let limits = Limits::new(self.options);
        let mut last = None;
        let first = position.as_ref().map_or(0, |position| position.number);
        for (number, proof) in self.proofs.iter().enumerate().skip(first) {
            let resumed = position.take().filter(|position| !position.open.is_null());
            if resumed.is_none() {
                file.text(&proof.before)?;
            }
            if self.is_recorded(proof, &mut file)? {
                last = None;
            } else if proof.holds.is_some() || proof.tree.is_some() {
                let outcome = self.prove(proof, &limits.rest(), number, resumed, &mut file)?;
                let holds = matches!(outcome.verdict, Verdict::Holds { .. });
                last = Some(outcome);
                if !holds {
                    return Ok(last);
                }
            }
            file.text(&proof.after)?;
            if number + 1 < self.proofs.len() {
                self.begin(number + 1, &mut file)?;
                self.remove_logs();
            }
        }
        file.finish()?;
        self.remove_logs();
        Ok(last)
    }

    /// Whether an earlier search recorded the proof, for checkers of this precision; then it is written.
    fn is_recorded(
        &self,
        proof: &Proving<'_>,
        file: &mut CertificateFile<'_>,
    ) -> Result<bool, CertificateError> {
        let Some((recorded, number)) = proof.recorded else { return Ok(false) };
        recorded.write(number, self.precision, file).map_err(|error| file.failed(error))
    }

    /// Notes that the proofs before this one are in the certificate, before their logs go.
    fn begin(&self, number: usize, file: &mut CertificateFile<'_>) -> Result<(), CertificateError> {
        let Some(kept) = self.kept else { return Ok(()) };
        let mark = file.mark().map_err(|error| file.failed(error))?;
        let position = Position { number, mark, open: Value::Null };
        ProofKeeper { kept, position, is_resumed: false }.save(&Value::Null);
        Ok(())
    }

    fn remove_logs(&self) {
        remove_logs(&storage(self.target, self.kept.is_some()), 0);
    }

    /// One proof, from where an earlier run left it. Its records stay until the certificate is safe.
    fn prove(
        &self,
        proof: &Proving<'_>,
        options: &Options,
        number: usize,
        resumed: Option<Position>,
        file: &mut CertificateFile<'_>,
    ) -> Result<Outcome, CertificateError> {
        let storage = storage(self.target, self.kept.is_some());
        let keeper = match (self.kept, resumed) {
            (None, _) => None,
            (Some(kept), Some(position)) => Some(ProofKeeper { kept, position, is_resumed: true }),
            (Some(kept), None) => {
                let mark = file.mark().map_err(|error| file.failed(error))?;
                let position = Position { number, mark, open: Value::Null };
                Some(ProofKeeper { kept, position, is_resumed: false })
            }
        };
        let keeping = keeper.as_ref().map(|keeper| keeper as &dyn Keeper);
        let proved = search(proof, options, self.precision, storage, keeping);
        let proved = proved.inspect_err(|error| {
            self.remove_logs();
            if matches!(error, CertificateError::Unsupported(_)) {
                file.discard();
            }
        });
        let (outcome, records) = proved?;
        if let Some(records) = records {
            records(file).map_err(|error| file.failed(error))?;
        }
        if let Verdict::Violated(_) = outcome.verdict {
            self.remove_logs();
        }
        Ok(outcome)
    }
}

/// What writes the records of a proof.
type Writes = Box<dyn FnOnce(&mut dyn Write) -> io::Result<()>>;

/// The search for one proof, and what writes its records if it is whole.
fn search(
    proof: &Proving<'_>,
    options: &Options,
    precision: u32,
    storage: Storage,
    keeper: Option<&dyn Keeper>,
) -> Result<(Outcome, Option<Writes>), CertificateError> {
    if let Some((network, property)) = &proof.holds {
        let (outcome, records) =
            verify_with_proof(network, property, options, precision, storage, keeper)?;
        let writes =
            |mut records: Records| Box::new(move |out: &mut dyn Write| records.write(out)) as _;
        return Ok((outcome, records.map(writes)));
    }
    let statistics = Statistics::default();
    let Some(tree) = &proof.tree else {
        return Ok((Outcome { verdict: Verdict::Holds { vacuous: false }, statistics }, None));
    };
    Ok(match tree(options, storage, keeper)? {
        Ok(mut evidence) => {
            let outcome = Outcome { verdict: Verdict::Holds { vacuous: false }, statistics };
            (outcome, Some(Box::new(move |out: &mut dyn Write| evidence.write(out))))
        }
        Err(limit) => (Outcome { verdict: Verdict::Undecided(limit), statistics }, None),
    })
}
