//! Certificates of the largest norm of a zonotope: the vertex, and why no point has a larger norm.

use std::io;
use std::path::Path;

use foldline_kernel::Zonotope;
use foldline_questions::checkpoint::Keeper;
use foldline_questions::norm_maximum::proof::Record;
use foldline_questions::norm_maximum::{
    Maximum, Norm, NormError, Options, Outcome, Value, Verdict, maximize_norm_with_proof,
};
use foldline_questions::verification::{ProofError, remove_logs};

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination};
use crate::proving::storage;

/// The largest numerator and denominator of p of which there are certificates.
pub const LARGEST_TERM: u8 = 100;

/// The files that the statement is about.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a> {
    /// The zonotope's file.
    pub zonotope: &'a Path,
    /// The file of a polytope norm's matrix.
    pub matrix: Option<&'a Path>,
}

/// Whether there are certificates of maxima of this norm: of p = a/b only with a, b ≤
/// [`LARGEST_TERM`], since a checker has to compute powers with these exponents.
pub fn is_supported(norm: &Norm) -> bool {
    match norm {
        Norm::Power(p) => {
            *p.numerator() <= LARGEST_TERM.into() && *p.denominator() <= LARGEST_TERM.into()
        }
        Norm::Infinity | Norm::Polytope(_) => true,
    }
}

/// Why there is no certified answer.
#[derive(Debug, thiserror::Error)]
pub enum NormCertificateError {
    /// The norm has no meaning here.
    #[error(transparent)]
    Norm(#[from] NormError),
    /// No certificate was written.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The largest norm, and a certificate of it at `target`; of an undecided answer, none.
///
/// A keeper is given the open work now and then; then the records so far are kept beside `target`,
/// and a later run goes on with both.
///
/// # Errors
/// If the norm has no meaning here, there are no certificates of it, a file cannot be read or
/// written, or the keeper's state is not one of this question.
pub fn maximize_norm_certified<'d>(
    zonotope: &Zonotope,
    norm: &Norm,
    options: &Options,
    paths: Paths<'_>,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, NormCertificateError> {
    if !is_supported(norm) {
        let why = "numerator and denominator of p may be at most 100";
        return Err(CertificateError::Unsupported(why).into());
    }
    let target = target.into();
    let keeper = keeper.filter(|_| target.file().is_some());
    let storage = storage(target, keeper.is_some());
    let found = maximize_norm_with_proof(zonotope, norm, options, storage.clone(), keeper)?;
    let found = found.map_err(ProofError::from).map_err(CertificateError::from);
    let (outcome, mut record) = found.inspect_err(|_| remove_logs(&storage, 0))?;
    if let Verdict::Found(maximum) = &outcome.verdict {
        let mut files = vec![("zonotope", paths.zonotope)];
        files.extend(paths.matrix.map(|path| ("matrix", path)));
        let mut file = CertificateFile::create(target)?;
        file.text(&header("norm", &claim(norm, &maximum.value), &files, target)?)?;
        write_body(maximum, &mut record, &mut file).map_err(|error| file.failed(error))?;
        file.finish()?;
        remove_logs(&storage, 0);
    }
    Ok(outcome)
}

/// What is claimed: `P value V`, `2 square V` or `P between L U`.
pub fn claim(norm: &Norm, value: &Value) -> String {
    let name = match norm {
        Norm::Power(p) => p.to_string(),
        Norm::Infinity => "inf".to_owned(),
        Norm::Polytope(_) => "matrix".to_owned(),
    };
    match value {
        Value::Exact(value) => format!("{name} value {value}"),
        Value::Squared(square) => format!("{name} square {square}"),
        Value::Between { lower, upper } => format!("{name} between {lower} {upper}"),
    }
}

/// Writes what comes after the lines of the files, `end` included.
///
/// # Errors
/// If the records cannot be read, or `out` fails.
pub fn write_body(
    maximum: &Maximum,
    record: &mut Record,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let signs: Vec<&str> =
        maximum.signs.iter().map(|&sign| if sign > 0 { " +" } else { " -" }).collect();
    writeln!(out, "vertex{}", signs.concat())?;
    match record {
        Record::Directions => out.write_all(b"directions\n")?,
        Record::Signs => out.write_all(b"signs\n")?,
        Record::Cones(evidence) => {
            out.write_all(b"cones\n")?;
            evidence.write(out)?;
        }
    }
    out.write_all(b"end\n")
}
