//! Certificates of equivalence: a point where two networks are too far apart, or a proof that their
//! difference network never is.

use std::path::Path;

use foldline_engine::limits::Limits;
use foldline_kernel::NetworkError;
use foldline_questions::checkpoint::Keeper;
use foldline_questions::equivalence::{
    Outcome, Question, Verdict, conclude, joint, largest_difference, nothing_known, property,
};
use foldline_questions::sequence::Sequence;
use foldline_questions::verification::{self, Options};

use crate::certificate::{CertificateError, header, precision};
use crate::certificate_file::{CertificateFile, Destination};
use crate::proving::{Kept, Proving, write_proofs};
use crate::question_certificates::limit;

/// The files of a statement about two networks.
#[derive(Debug, Clone, Copy)]
pub struct PairFiles<'a> {
    /// The networks' files.
    pub networks: [&'a Path; 2],
    /// The region's file; none for all of R^d.
    pub region: Option<&'a Path>,
}

/// Why there is no certified answer.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// The networks cannot be compared.
    #[error(transparent)]
    Networks(#[from] NetworkError),
    /// No certificate was written.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// Like [`foldline_questions::equivalence::equivalent_resumable`], and writes a certificate of the
/// answer to `target`. `output` is the only output compared, none for all.
///
/// The proof of a `yes` is a second search. If a limit ends that, the answer is
/// undecided and there is no certificate. With a keeper, a later run goes on in either search.
///
/// # Errors
/// If the networks cannot be compared, a file cannot be read or written, no proof can be written, or
/// the keeper's state is not one of this answer.
pub fn equivalent_certified<'d>(
    question: &Question<'_>,
    output: Option<usize>,
    files: PairFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, PairError> {
    let (limits, target) = (Limits::new(options), target.into());
    let joint = match joint(question, options)? {
        Ok(joint) => joint,
        Err(limit) => return Ok(nothing_known(limit)),
    };
    let within = limits.rest();
    let mut searches = Sequence::new(&within, keeper, 1).map_err(CertificateError::from)?;
    let answer = searches.next(|options, keeper| {
        let found = largest_difference(question, &joint, options, keeper)?;
        Ok((found.answer, found.statistics))
    });
    let answer = answer.map_err(CertificateError::from)?;
    let found = conclude(question, &joint, answer, searches.statistics());
    if keeper.is_some() && found.verdict == Verdict::Yes && found.largest.is_open() {
        // There is no time for a proof, and the state is that of the first search.
        return Ok(Outcome { verdict: Verdict::Undecided(limit(options)), ..found });
    }
    let property = property(&joint, question.region, question.within);
    let precision = precision(&joint, &property);
    let head = |answer: &str| {
        let which = output.map_or("all".to_owned(), |output| output.to_string());
        let claim = format!("{which} {} {answer}", question.within);
        let [first, second] = files.networks;
        let region = files.region.map(|region| ("region", region));
        let named = [("first", first), ("second", second)].into_iter().chain(region);
        let named: Vec<(&str, &Path)> = named.collect();
        header("equivalence", &claim, &named, target)
            .map(|head| format!("{head}precision {precision}\n"))
    };
    match &found.verdict {
        Verdict::Undecided(_) => {}
        Verdict::No(witness) => {
            let point: Vec<String> = witness.input.iter().map(ToString::to_string).collect();
            let mut out = CertificateFile::create(target)?;
            out.text(&format!("{}witness {}\nend\n", head("no")?, point.join(" ")))?;
            out.finish()?;
        }
        Verdict::Yes => {
            let rest = limits.rest();
            let proof = Proving::new(String::new(), Some((&joint, property)));
            let kept = keeper.map(|keeper| Kept { keeper, finished: searches.finished() });
            let proved =
                write_proofs(&head("yes")?, &[proof], precision, &rest, target, kept.as_ref())?;
            match proved.expect("a property was to be proved").verdict {
                verification::Verdict::Holds { .. } => {}
                verification::Verdict::Undecided(limit) => {
                    return Ok(Outcome { verdict: Verdict::Undecided(limit), ..found });
                }
                verification::Verdict::Violated(witness) => {
                    return Err(CertificateError::found(&witness).into());
                }
            }
        }
    }
    Ok(found)
}
