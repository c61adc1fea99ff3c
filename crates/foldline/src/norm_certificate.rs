//! Certificates of the largest norm of a zonotope: the vertex, and why no point has a larger norm.

use std::fmt::Write;
use std::path::Path;

use foldline_kernel::Rational;
use foldline_questions::norm_maximum::proof::{ConeRecord, Record, Scheme};
use foldline_questions::norm_maximum::{Maximum, Norm, Outcome, Value, Verdict};

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination};

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

/// Writes a certificate of what `maximize_norm_with_proof` answered and recorded to `target`; of an
/// undecided answer, none. Returns whether one was written.
///
/// # Errors
/// If a file cannot be read or written, or there are no certificates of this norm.
pub fn write<'d>(
    norm: &Norm,
    outcome: &Outcome,
    record: &Record,
    paths: Paths<'_>,
    target: impl Into<Destination<'d>>,
) -> Result<bool, CertificateError> {
    if !is_supported(norm) {
        let why = "numerator and denominator of p may be at most 100";
        return Err(CertificateError::Unsupported(why));
    }
    let Verdict::Found(maximum) = &outcome.verdict else { return Ok(false) };
    let mut files = vec![("zonotope", paths.zonotope)];
    files.extend(paths.matrix.map(|path| ("matrix", path)));
    let target = target.into();
    let mut file = CertificateFile::create(target)?;
    file.text(&header("norm", &claim(norm, &maximum.value), &files, target)?)?;
    file.text(&body(maximum, record))?;
    file.finish()?;
    Ok(true)
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

/// What comes after the lines of the files, `end` included.
pub fn body(maximum: &Maximum, record: &Record) -> String {
    let mut text = "vertex".to_owned();
    for &sign in &maximum.signs {
        text += if sign > 0 { " +" } else { " -" };
    }
    text += match record.scheme {
        Scheme::Directions => "\ndirections\n",
        Scheme::Signs => "\nsigns\n",
        Scheme::Cones => "\ncones\n",
    };
    for node in &record.nodes {
        match node {
            ConeRecord::Split([first, second]) => {
                writeln!(text, "split {first} {second}").expect("a string takes all");
            }
            ConeRecord::Above(vector) => {
                let words = |vector: &[Rational]| -> String {
                    vector.iter().map(|value| format!(" {value}")).collect()
                };
                writeln!(text, "above{}", words(vector)).expect("a string takes all");
            }
            ConeRecord::Signs => text += "signs\n",
        }
    }
    text + "end\n"
}
