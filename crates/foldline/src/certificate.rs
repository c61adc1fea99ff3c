//! Writing certificates: the header, and the proof or the witness of a property.

use std::io;
use std::path::{Path, PathBuf};

use foldline_formats::FormatError;
use foldline_kernel::{Network, Property};
use foldline_questions::checkpoint::{Keeper, StateError};
use foldline_questions::verification::{Options, Outcome, ProofError, Verdict, Witness};
use serde_json::json;

use crate::certificate_file::{CertificateFile, Destination};
use crate::proving::{Kept, Proving, write_proofs};

/// Fraction bits that the header advises to checkers with fixed point numbers.
pub fn precision(network: &Network, property: &Property) -> u32 {
    foldline_questions::verification::precision(network, property).0
}

/// Why no certificate was written.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file of the statement cannot be read.
    #[error(transparent)]
    Input(#[from] FormatError),
    /// Standard input cannot be read twice.
    #[error("a certificate needs its files by name, not standard input")]
    StandardInput,
    /// The certificate's file cannot be written.
    #[error("{path}: {error}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The search cannot prove this kind of property.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// The state of an earlier run is none of this answer.
    #[error(transparent)]
    State(#[from] StateError),
    /// The check of the certificate found something wrong.
    #[error("{path}: the certificate is rejected: {reason}")]
    Rejected {
        /// Where it was to be written.
        path: PathBuf,
        /// The record that is wrong, and why.
        reason: String,
    },
    /// The search for the proof found the opposite of the answer.
    #[error("the proof contradicts the answer: {0}")]
    Contradiction(String),
    /// There are no certificates of this kind of answer.
    #[error("no certificate can be written: {0}")]
    Unsupported(&'static str),
}

/// The files that a statement is about.
#[derive(Debug, Clone, Copy)]
pub struct StatementFiles<'a> {
    /// The network's file.
    pub network: &'a Path,
    /// The property's file.
    pub property: &'a Path,
}

impl CertificateError {
    /// A point that a proof of its absence found.
    pub(crate) fn found(witness: &Witness) -> Self {
        let point: Vec<String> = witness.input.iter().map(ToString::to_string).collect();
        CertificateError::Contradiction(format!("it finds the point {}", point.join(" ")))
    }

    /// Whether this can only be a mistake in foldline.
    pub fn is_internal(&self) -> bool {
        matches!(self, CertificateError::Rejected { .. } | CertificateError::Contradiction(_))
    }
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    name.replace(|character: char| character.is_whitespace() || character.is_control(), "_")
}

/// The first lines of a certificate: `statement KIND CLAIM`, then a line for each file with its
/// role, its name and its hash.
///
/// # Errors
/// If a file cannot be read, or is standard input.
pub fn header(
    kind: &str,
    claim: &str,
    files: &[(&str, &Path)],
    destination: Destination<'_>,
) -> Result<String, CertificateError> {
    let mut text = format!("foldline-certificate 1\nstatement {kind} {claim}\n");
    for &(role, path) in files {
        text += &format!("{role} {} {}\n", name(path), destination.hash(path)?);
    }
    Ok(text)
}

fn verification_header(
    files: StatementFiles<'_>,
    answer: &str,
    precision: u32,
    destination: Destination<'_>,
) -> Result<String, CertificateError> {
    let files = [("network", files.network), ("property", files.property)];
    Ok(format!("{}precision {precision}\n", header("verification", answer, &files, destination)?))
}

/// Decides the property and writes a certificate of the answer to `target`.
///
/// The file appears under its name only when it is complete; if the answer is undecided, no file
/// is left. A name that ends in `.gz` gives a gzipped file. The format is described in
/// `docs/certificate-format.md`.
///
/// A keeper is given the open work now and then; then the certificate so far is kept beside
/// `target`, and a later run goes on with both.
///
/// # Errors
/// If a file cannot be read or written, if the property has too many clauses, or if the keeper's
/// state is not one of this proof.
pub fn verify_certified<'d>(
    network: &Network,
    property: &Property,
    files: StatementFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, CertificateError> {
    let (target, precision) = (target.into(), precision(network, property));
    let head = verification_header(files, "holds", precision, target)?;
    let proof = Proving::new(String::new(), Some((network, property.clone())));
    let kept = keeper.map(|keeper| Kept { keeper, finished: json!([]) });
    let outcome = write_proofs(&head, &[proof], precision, options, target, kept.as_ref())?;
    let outcome = outcome.expect("a property was to be proved");
    if let Verdict::Violated(witness) = &outcome.verdict {
        let mut out = CertificateFile::create(target)?;
        out.text(&verification_header(files, "violated", precision, target)?)?;
        let coordinates: Vec<String> = witness.input.iter().map(ToString::to_string).collect();
        out.text(&format!("witness {}\nend\n", coordinates.join(" ")))?;
        out.finish()?;
    }
    Ok(outcome)
}
