//! Writing the proofs of a certificate, one after another, and going on with them after a stop.
//!
//! With a checkpoint the certificate grows beside its place, and the state says how far it is and
//! which nodes are open there. What was written after that is cut off and written again.

use std::io::{self, Write};
use std::time::Instant;

use foldline_kernel::{Network, Property};
use foldline_questions::checkpoint::{Journal, Keeper, StateError};
use foldline_questions::verification::{Options, Outcome, Verdict, verify_with_proof};
use serde_json::{Value, json};

use crate::certificate::{CertificateError, precision};
use crate::certificate_file::{CertificateFile, Destination, Mark};

/// A save is followed by at least this many times its duration without one.
const REST: u32 = 50;

/// Where the state of a certified answer is kept.
pub struct Kept<'k> {
    /// Keeps it.
    pub keeper: &'k dyn Keeper,
    /// What the searches before the proofs found, as their state.
    pub finished: Value,
}

/// One proof of a certificate: records, and perhaps cases which show that a property holds; `end`.
pub struct Proving<'a> {
    /// The records before the cases.
    pub before: String,
    /// The network and the property that it must have; without, no cases follow.
    pub holds: Option<(&'a Network, Property)>,
}

impl Proving<'_> {
    /// Fraction bits that checkers should use for this proof, if they need any.
    pub fn precision(&self) -> Option<u32> {
        self.holds.as_ref().map(|(network, property)| precision(network, property))
    }
}

/// The certificate and where its state is kept.
struct ProofFile<'k> {
    file: CertificateFile<'k>,
    kept: Option<&'k Kept<'k>>,
    /// The number of the proof that is being written.
    number: usize,
    resumed: Option<Value>,
    /// No save before this moment.
    rested: Instant,
}

impl<'k> ProofFile<'k> {
    /// Goes on with the certificate of an earlier run, or begins it with `head`.
    fn open(
        head: &str,
        target: Destination<'k>,
        kept: Option<&'k Kept<'k>>,
    ) -> Result<Self, CertificateError> {
        let state = kept.and_then(|kept| kept.keeper.resumed()?.get("proof"));
        if let Some((number, mark, open)) = state.and_then(position) {
            if let Some(file) = CertificateFile::resume(target, &mark) {
                return Ok(Self {
                    file,
                    kept,
                    number,
                    resumed: Some(open),
                    rested: Instant::now(),
                });
            }
            target.lose();
        }
        let mut file = CertificateFile::create(target)?;
        file.text(head)?;
        Ok(Self { file, kept, number: 0, resumed: None, rested: Instant::now() })
    }
}

/// The number of the open proof, where the certificate was then, and the proof's open work.
fn position(state: &Value) -> Option<(usize, Mark, Value)> {
    let mark = Mark {
        bytes: state.get("bytes")?.as_u64()?,
        hash: state.get("sha256")?.as_str()?.to_owned(),
    };
    Some((state.get("number")?.as_u64()? as usize, mark, state.get("open")?.clone()))
}

impl Write for ProofFile<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Journal for ProofFile<'_> {
    fn resumed(&self) -> Option<&Value> {
        self.resumed.as_ref()
    }

    fn is_due(&self) -> bool {
        self.kept.is_some_and(|kept| kept.keeper.is_due()) && Instant::now() >= self.rested
    }

    fn save(&mut self, open: &Value) -> io::Result<()> {
        let Some(Kept { keeper, finished }) = self.kept else { return Ok(()) };
        let start = Instant::now();
        let Mark { bytes, hash } = self.file.mark()?;
        let proof = json!({"bytes": bytes, "sha256": hash, "number": self.number, "open": open});
        keeper.save(&json!({"finished": finished, "open": null, "proof": proof}));
        self.rested = Instant::now() + start.elapsed() * REST;
        Ok(())
    }
}

/// Writes a certificate that consists of `head` and these proofs, each a search on one thread.
///
/// The answer is that of the last search: if its property does not hold, or a limit ended it,
/// there is no certificate. With `kept` the certificate so far stays where a limit ended the run.
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
    let start = Instant::now();
    let mut out = ProofFile::open(head, target, kept)?;
    let mut last = None;
    if out.number >= proofs.len() {
        return Err(StateError("it names more proofs than there are".to_owned()).into());
    }
    for (number, proof) in proofs.iter().enumerate().skip(out.number) {
        out.number = number;
        if out.resumed.is_none() {
            out.file.text(&proof.before)?;
        }
        if let Some((network, property)) = &proof.holds {
            let rest = rest(options, start);
            let outcome = verify_with_proof(network, property, &rest, precision, &mut out)?;
            let holds = matches!(outcome.verdict, Verdict::Holds { .. });
            last = Some(outcome);
            if !holds {
                return Ok(last);
            }
        }
        out.resumed = None;
        out.file.text("end\n")?;
    }
    out.file.finish()?;
    Ok(last)
}

/// The options of a further run: what is left of the time.
pub fn rest(options: &Options, start: Instant) -> Options {
    let timeout = options.timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
    Options { timeout, ..options.clone() }
}
