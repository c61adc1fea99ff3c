//! Certificates of ranges: for each end of each output's interval the point or the ray, and the proof that nothing is beyond.

use foldline_engine::limits::Limits;
use foldline_kernel::{Network, Rational, Region};
use foldline_questions::checkpoint::Keeper;
use foldline_questions::maximum::range::{End, Interval, RangeOutcome, range_by};
use foldline_questions::maximum::{Answer, Attained};
use foldline_questions::sequence::Sequence;
use foldline_questions::verification::{Limit, Options, Verdict};

use crate::certificate::CertificateError;
use crate::certificate_file::Destination;
use crate::proving::Proving;
use crate::question_certificates::{SubjectFiles, Writing, extreme, limit};
use crate::recorded::Recorded;

/// Like [`range`](foldline_questions::maximum::range::range_resumable) for all outputs, and writes
/// a certificate of the answer to `target`.
///
/// A proof is the tree of the search that found the end, or, where one search cannot give both, that of
/// a further one. If a limit ends that, the finite ends are undecided between two equal bounds, and
/// there is no certificate.
///
/// # Errors
/// If a file cannot be read or written, no proof can be written, or the keeper's state is not one
/// of this answer.
pub fn range_certified<'d>(
    network: &Network,
    region: &Region,
    files: SubjectFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<RangeOutcome, CertificateError> {
    let limits = Limits::new(options);
    let target = target.into();
    let recorded = Recorded::new(target, keeper);
    let keeper = recorded.keeper();
    let writing = Writing { kind: "range", files, target, keeper };
    let outputs: Vec<usize> = (0..network.outputs()).collect();
    let mut searches = Sequence::new(options, keeper, 2 * outputs.len())?;
    let mut numbers = 0..;
    let intervals = range_by(&outputs, |objective| {
        let asked = (numbers.next().unwrap_or_default(), network, region, objective);
        searches.next_saved(|options, keeper| recorded.maximum(asked, options, keeper))
    })?;
    let statistics = searches.statistics();
    let (claim, proofs) = match &intervals {
        None => {
            let (claim, proof) = extreme((network, region), (0, 1), &Answer::Empty);
            (claim, vec![proof])
        }
        Some(intervals) => match statement(network, region, intervals, &recorded) {
            Some(statement) => statement,
            None => {
                let intervals = Some(undecided(intervals, limit(options)));
                return Ok(RangeOutcome { intervals, statistics });
            }
        },
    };
    let rest = limits.rest();
    let last = writing.proofs(&claim, &proofs, searches.finished(), &rest)?;
    recorded.remove();
    let intervals = match last.map(|outcome| outcome.verdict) {
        None | Some(Verdict::Holds { .. }) => intervals,
        Some(Verdict::Undecided(limit)) => Some(undecided(&intervals.unwrap_or_default(), limit)),
        Some(Verdict::Violated(witness)) => return Err(CertificateError::found(&witness)),
    };
    Ok(RangeOutcome { intervals, statistics })
}

/// The claim and the proofs of all ends; none if one is not known.
fn statement<'n>(
    network: &'n Network,
    region: &Region,
    intervals: &[Interval],
    recorded: &'n Recorded<'n>,
) -> Option<(String, Vec<Proving<'n>>)> {
    let (mut claim, mut proofs) = (Vec::new(), Vec::new());
    for (output, Interval { minimum, maximum }) in intervals.iter().enumerate() {
        for (end, sign) in [(minimum, -1), (maximum, 1)] {
            let answer = answer(end, sign)?;
            let (words, mut proof) = extreme((network, region), (output, sign), &answer);
            proof.recorded = Some((recorded, proofs.len()));
            claim.push(words.trim_start_matches("value ").to_owned());
            proofs.push(proof);
        }
    }
    Some((claim.join(" "), proofs))
}

/// An end as the answer about the maximum of sign·output.
fn answer(end: &End, sign: i8) -> Option<Answer> {
    match end {
        End::Finite { extreme: Attained { value, point }, attained: attained @ Some(_) } => {
            let value = Rational::from(sign) * value;
            let maximum = Attained { value, point: point.clone() };
            Some(Answer::Maximum { maximum, attained: *attained })
        }
        End::Infinite { point, direction } => {
            Some(Answer::Unbounded { point: point.clone(), direction: direction.clone() })
        }
        End::Finite { .. } | End::Undecided { .. } => None,
    }
}

/// The same intervals without a proof: what was found is a bound.
fn undecided(intervals: &[Interval], limit: Limit) -> Vec<Interval> {
    let end = |end: &End| match end {
        End::Finite { extreme, .. } => {
            let bound = Some(extreme.value.clone());
            End::Undecided { limit, found: Some(extreme.clone()), bound }
        }
        other => other.clone(),
    };
    let both = |interval: &Interval| Interval {
        minimum: end(&interval.minimum),
        maximum: end(&interval.maximum),
    };
    intervals.iter().map(both).collect()
}
