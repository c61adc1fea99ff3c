//! Certificates of Lipschitz constants: a cell that attains the constant, and a tree in which none is larger.
//!
//! The tree is found a second time, in exact arithmetic and on one thread, with the constant known. The
//! format is described in `docs/certificate-format.md`.

use std::path::Path;
use std::time::Instant;

use foldline_kernel::{Network, Rational, Region};
use foldline_questions::lipschitz::proof::{Claim, NoProof, prove};
use foldline_questions::lipschitz::{Answer, Constant, Exponent, Outcome, Refused, lipschitz};
use foldline_questions::verification::{Limit, Options};

use crate::certificate::{CertificateError, CertificateFile, header};
use crate::question_certificates::SubjectFiles;

/// Fraction bits named in the header; everything in this kind of certificate is exact.
const PRECISION: u32 = 40;

/// Like [`lipschitz`], and writes a certificate of the answer to `target`.
///
/// If a limit ends the proof, the answer is undecided with both bounds equal, and there is no
/// certificate.
///
/// # Errors
/// If a file cannot be read or written, or answers of this kind have no certificates: enclosures,
/// p = 0, and regions with parts without interior. The inner error is that of [`lipschitz`].
pub fn lipschitz_certified(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    region: Option<&Region>,
    files: SubjectFiles<'_>,
    options: &Options,
    target: &Path,
) -> Result<Result<Outcome, Refused>, CertificateError> {
    let start = Instant::now();
    let outcome = match lipschitz(network, outputs, p, region, options) {
        Ok(outcome) => outcome,
        Err(refused) => return Ok(Err(refused)),
    };
    let (word, key, point) = match &outcome.answer {
        Answer::Undecided { .. } => return Ok(Ok(outcome)),
        Answer::Empty => ("empty", None, None),
        Answer::Lipschitz(Constant::Exact(value), at) => ("value", Some(value), Some(&at.point)),
        Answer::Lipschitz(Constant::Square(value), at) => ("square", Some(value), Some(&at.point)),
        Answer::Lipschitz(Constant::Between { .. }, _) => {
            return Err(CertificateError::Unsupported("the constant is only enclosed"));
        }
        Answer::Jump { .. } | Answer::Infinite => {
            return Err(CertificateError::Unsupported("p = 0 has no certificates"));
        }
    };
    let everywhere = Region::everything(network.inputs());
    let region = region.unwrap_or(&everywhere);
    let stopped = || {
        options.stop.as_ref().is_some_and(|stop| stop.load(std::sync::atomic::Ordering::Relaxed))
    };
    let late = || options.timeout.is_some_and(|timeout| start.elapsed() >= timeout);
    let zero = Rational::ZERO;
    let claim = Claim { network, outputs, p, key: key.unwrap_or(&zero) };
    let proof = match prove(&claim, region, &|| stopped() || late()) {
        Ok(proof) => proof,
        Err(NoProof::Unsupported(why)) => return Err(CertificateError::Unsupported(why)),
        Err(NoProof::Stopped) => {
            let limit = if stopped() { Limit::Stopped } else { Limit::Time };
            return Ok(Ok(undecided(outcome, limit)));
        }
    };
    let p = match p {
        Exponent::Finite(p) => p.to_string(),
        Exponent::Infinite => "inf".to_owned(),
    };
    let outputs: Vec<String> = outputs.iter().map(ToString::to_string).collect();
    let value = key.map_or(String::new(), |key| format!(" {key}"));
    let claim = format!("{p} {} {word}{value}", outputs.join(","));
    let named = files.region.map(|region| ("region", region));
    let named: Vec<(&str, &Path)> = [("network", files.network)].into_iter().chain(named).collect();
    let mut out = CertificateFile::create(target)?;
    out.text(&format!("{}precision {PRECISION}\n", header("lipschitz", &claim, &named)?))?;
    if let Some(point) = point {
        let coordinates: Vec<String> = point.iter().map(ToString::to_string).collect();
        out.text(&format!("attained {}\n", coordinates.join(" ")))?;
    }
    out.text(&proof)?;
    out.text("end\n")?;
    out.finish()?;
    Ok(Ok(outcome))
}

/// What is left of an answer whose proof was not finished.
fn undecided(outcome: Outcome, limit: Limit) -> Outcome {
    let bounds = match &outcome.answer {
        Answer::Lipschitz(Constant::Exact(value), _) => Some(value.clone()),
        _ => None,
    };
    let answer = Answer::Undecided { limit, lower: bounds.clone(), upper: bounds };
    Outcome { answer, ..outcome }
}
