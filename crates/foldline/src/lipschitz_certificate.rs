//! Certificates of Lipschitz constants: a cell that attains the constant, and a tree in which none is larger.
//!
//! The tree is found a second time, in exact arithmetic and on one thread, with the constant known. The
//! format is described in `docs/certificate-format.md`.

use std::path::Path;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::jump::{jump_network, jump_region};
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};
use foldline_questions::limits::Limits;
use foldline_questions::lipschitz::proof::{Claim, Lower, NoProof, prove};
use foldline_questions::lipschitz::{Answer, Constant, Exponent, Outcome, Refused, lipschitz};
use foldline_questions::verification::{Limit, Options, Verdict};

use crate::certificate::{CertificateError, header, precision};
use crate::certificate_file::{CertificateFile, Destination};
use crate::proving::{Proving, write_proofs};
use crate::question_certificates::SubjectFiles;

/// Fraction bits named in the header; everything in this kind of certificate is exact.
const PRECISION: u32 = 40;

/// Like [`lipschitz`], and writes a certificate of the answer to `target`.
///
/// If a limit ends the proof, the answer is undecided with both bounds equal, and there is no
/// certificate.
///
/// # Errors
/// If a file cannot be read or written, or answers of this kind have no certificates: `infinite`, p with a
/// numerator above 64, several outputs but for p = 1, 2 and ∞, and for p = 1 some networks of several outputs on regions in an oblique
/// hyperplane. The inner error is that of [`lipschitz`].
pub fn lipschitz_certified<'d>(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    region: Option<&Region>,
    files: SubjectFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
) -> Result<Result<Outcome, Refused>, CertificateError> {
    let (limits, target) = (Limits::new(options), target.into());
    let outcome = match lipschitz(network, outputs, p, region, options) {
        Ok(outcome) => outcome,
        Err(refused) => return Ok(Err(refused)),
    };
    let is_known = |p: &Rational| *p == Rational::ONE || *p == Rational::from(2);
    let is_empty = matches!(outcome.answer, Answer::Empty);
    if outputs.len() > 1 && !is_empty && matches!(p, Exponent::Finite(p) if !is_known(p)) {
        let why = "certificates for several outputs are for p = 1, 2 and inf";
        return Err(CertificateError::Unsupported(why));
    }
    let ends = match &outcome.answer {
        Answer::Undecided { .. } => return Ok(Ok(outcome)),
        Answer::Empty => None,
        Answer::Lipschitz(Constant::Exact(value), at) => Some((value.clone(), value.clone(), at)),
        Answer::Lipschitz(Constant::Square(value), at) => Some((value.clone(), value.clone(), at)),
        Answer::Lipschitz(Constant::Between { lower, upper }, at) => {
            // With room for a checker's roots.
            let room = Rational::ONE + power_of_two(-40);
            Some((lower.clone(), upper * room, at))
        }
        Answer::Jump { value, points } => {
            let claim = format!("0 {} value {value}", outputs[0]);
            let jump = Jump { network, output: outputs[0], region, value, points };
            return match write_jump(&jump, &claim, files, &limits.rest(), target)? {
                None => Ok(Ok(outcome)),
                Some(limit) => Ok(Ok(undecided(outcome, limit))),
            };
        }
        Answer::Infinite => {
            return Err(CertificateError::Unsupported("no number bounds the changes (p = 0)"));
        }
    };
    let word = match &outcome.answer {
        Answer::Lipschitz(Constant::Exact(_), _) => "value",
        Answer::Lipschitz(Constant::Square(_), _) => "square",
        Answer::Lipschitz(..) => "between",
        _ => "empty",
    };
    let everywhere = Region::everything(network.inputs());
    let region = region.unwrap_or(&everywhere);
    let zero = Rational::ZERO;
    let upper = ends.as_ref().map_or(&zero, |(_, upper, _)| upper);
    let claim = Claim { network, outputs, p, upper };
    let attained = ends.as_ref().map(|(lower, _, at)| Lower {
        lower,
        point: &at.point,
        jacobian: &at.jacobian,
    });
    let stop = || limits.reached();
    let proof = match prove(&claim, attained.as_ref(), region, options.workers(), &stop) {
        Ok(proof) => proof,
        Err(NoProof::Unsupported(why)) => return Err(CertificateError::Unsupported(why)),
        Err(NoProof::Stopped) => {
            return Ok(Ok(undecided(outcome, limits.which())));
        }
    };
    let p = match p {
        Exponent::Finite(p) => p.to_string(),
        Exponent::Infinite => "inf".to_owned(),
    };
    let outputs: Vec<String> = outputs.iter().map(ToString::to_string).collect();
    let value = match &ends {
        Some((_, upper, _)) if word == "between" => {
            // What the direction in the certificate attains, not what the search enclosed.
            let lower = proof.lower.as_ref().unwrap_or(&zero);
            format!(" {lower} {upper}")
        }
        Some((_, upper, _)) => format!(" {upper}"),
        None => String::new(),
    };
    let claim = format!("{p} {} {word}{value}", outputs.join(","));
    let named = files.region.map(|region| ("region", region));
    let named: Vec<(&str, &Path)> = [("network", files.network)].into_iter().chain(named).collect();
    let mut out = CertificateFile::create(target)?;
    out.text(&format!("{}precision {PRECISION}\n", header("lipschitz", &claim, &named, target)?))?;
    out.text(&proof.text)?;
    out.text("end\n")?;
    out.finish()?;
    Ok(Ok(outcome))
}

/// An answer for p = 0.
struct Jump<'a> {
    network: &'a Network,
    output: usize,
    region: Option<&'a Region>,
    value: &'a Rational,
    points: &'a [Vec<Rational>; 2],
}

/// For each input the proof that no change of it alone changes the output by more; the limit that ended it.
fn write_jump(
    jump: &Jump<'_>,
    claim: &str,
    files: SubjectFiles<'_>,
    options: &Options,
    target: Destination<'_>,
) -> Result<Option<Limit>, CertificateError> {
    let inputs = jump.network.inputs();
    let everywhere = Region::everything(inputs);
    let piece = &jump.region.unwrap_or(&everywhere).pieces[0];
    let question = |input: usize| {
        let pairs = Region { dimension: inputs + 1, pieces: vec![jump_region(piece, input)] };
        let terms = vec![(0, -Rational::ONE), (1, Rational::ONE)];
        let more = Formula::Atom(Atom::new(Vec::new(), terms, -jump.value.clone(), true));
        let formula = Formula::And(vec![pairs.formula(), more]);
        let network = jump_network(jump.network, jump.output, input);
        (network, Property { inputs: inputs + 1, outputs: 2, formula })
    };
    let questions: Vec<(Network, Property)> = (0..inputs).map(question).collect();
    let precisions = questions.iter().map(|(network, property)| precision(network, property));
    let precision = precisions.min().unwrap_or(PRECISION);
    let named = files.region.map(|region| ("region", region));
    let named: Vec<(&str, &Path)> = [("network", files.network)].into_iter().chain(named).collect();
    let mut head =
        format!("{}precision {precision}\n", header("lipschitz", claim, &named, target)?);
    let own = ExactConstraint::all(inputs, &piece.constraints);
    let inside = feasible_point(inputs, &own).expect("the region has a point");
    let [from, to] = jump.points;
    for (word, point) in [("inside", &inside), ("from", from), ("to", to)] {
        let coordinates: Vec<String> = point.iter().map(ToString::to_string).collect();
        head += &format!("{word} {}\n", coordinates.join(" "));
    }
    let proofs: Vec<Proving<'_>> = questions
        .iter()
        .map(|(network, property)| Proving::new(String::new(), Some((network, property.clone()))))
        .collect();
    let last = write_proofs(&head, &proofs, precision, options, target, None)?;
    match last.expect("there is an input").verdict {
        Verdict::Holds { .. } => Ok(None),
        Verdict::Violated(witness) => Err(CertificateError::found(&witness)),
        Verdict::Undecided(limit) => Ok(Some(limit)),
    }
}

/// What is left of an answer whose proof was not finished.
fn undecided(outcome: Outcome, limit: Limit) -> Outcome {
    let bounds = match &outcome.answer {
        Answer::Lipschitz(Constant::Exact(value), _) | Answer::Jump { value, .. } => {
            Some(value.clone())
        }
        _ => None,
    };
    let answer = Answer::Undecided { limit, lower: bounds.clone(), upper: bounds };
    Outcome { answer, ..outcome }
}
