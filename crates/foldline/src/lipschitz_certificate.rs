//! Certificates of Lipschitz constants: a cell that attains the constant, and a tree in which none is larger.
//!
//! The tree is found a second time, in exact arithmetic, with the constant known. The
//! format is described in `docs/certificate-format.md`.

use foldline_engine::limits::Limits;
use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::jump::{jump_network, jump_region};
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};
use foldline_questions::checkpoint::Keeper;
use foldline_questions::lipschitz::proof::{self, Claim, Lower, NoProof, Piece};
use foldline_questions::lipschitz::{
    Answer, Constant, Exponent, Outcome, Refused, lipschitz_resumable,
};
use foldline_questions::sequence::Sequence;
use foldline_questions::verification::{Limit, Options, ProofError, Verdict};

use crate::certificate::{CertificateError, precision};
use crate::certificate_file::Destination;
use crate::proving::{Kept, Proving, write_proofs};
use crate::question_certificates::{SubjectFiles, words};

/// Fraction bits named in the header; everything in this kind of certificate is exact.
const PRECISION: u32 = 40;

impl From<NoProof> for CertificateError {
    fn from(error: NoProof) -> Self {
        match error {
            NoProof::Unsupported(why) => CertificateError::Unsupported(why),
            NoProof::Evidence(error) => ProofError::from(error).into(),
        }
    }
}

/// What is asked: the network, the outputs that are measured, the exponent and the region.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The network.
    pub network: &'a Network,
    /// The outputs that are measured.
    pub outputs: &'a [usize],
    /// The exponent.
    pub p: &'a Exponent,
    /// The region; none for all of R^d.
    pub region: Option<&'a Region>,
}

/// Like [`lipschitz_resumable`], and writes a certificate of the answer to `target`.
///
/// If a limit ends the proof, the answer is undecided with both bounds equal, and there is no
/// certificate. With a keeper, a later run goes on in either search.
///
/// # Errors
/// If a file cannot be read or written, the keeper's state is not one of this answer, or answers of this kind
/// have no certificates: `infinite`, p with a
/// numerator above 64, several outputs but for p = 1, 2 and ∞, and for p = 1 some networks of several outputs on regions in an oblique
/// hyperplane. The inner error is that of [`lipschitz_resumable`].
pub fn lipschitz_certified<'d>(
    asked: Asked<'_>,
    files: SubjectFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<Result<Outcome, Refused>, CertificateError> {
    let Asked { network, outputs, p, region } = asked;
    let (limits, target) = (Limits::new(options), target.into());
    let mut searches = Sequence::new(options, keeper, 1)?;
    let answer = searches.next_saved(|options, keeper| {
        let found = lipschitz_resumable(network, outputs, p, region, options, keeper)?;
        Ok::<_, Refused>((found.answer, found.statistics))
    });
    let answer = match answer {
        Ok(answer) => answer,
        Err(refused) => return Ok(Err(refused)),
    };
    let outcome = Outcome { answer, statistics: searches.statistics() };
    let kept = keeper.map(|keeper| Kept { keeper, finished: searches.finished() });
    let writing = Writing { asked, files, options: &limits.rest(), target, kept };
    let ended = match &outcome.answer {
        Answer::Undecided { .. } => return Ok(Ok(outcome)),
        Answer::Infinite => {
            return Err(CertificateError::Unsupported("no number bounds the changes (p = 0)"));
        }
        Answer::Jump { value, points } => writing.jump(value, points)?,
        Answer::Empty => writing.cells(None)?,
        Answer::Lipschitz(constant, at) => {
            writing.cells(Some((constant, (&at.point, &at.jacobian))))?
        }
    };
    Ok(Ok(match ended {
        None => outcome,
        Some(limit) => undecided(outcome, limit),
    }))
}

/// A constant, and the point and the Jacobian that attain it.
type Attaining<'a> = (&'a Constant, (&'a [Rational], &'a [Vec<Rational>]));

/// What a certificate is about and where it goes.
struct Writing<'a> {
    asked: Asked<'a>,
    files: SubjectFiles<'a>,
    options: &'a Options,
    target: Destination<'a>,
    kept: Option<Kept<'a>>,
}

impl Writing<'_> {
    fn head(&self, claim: &str, precision: u32) -> Result<String, CertificateError> {
        self.files.head("lipschitz", claim, precision, self.target)
    }

    /// Writes head and proofs; the limit that ended them.
    fn proofs(
        &self,
        head: &str,
        proofs: &[Proving<'_>],
        precision: u32,
    ) -> Result<Option<Limit>, CertificateError> {
        let kept = self.kept.as_ref();
        let last = write_proofs(head, proofs, precision, self.options, self.target, kept)?;
        match last.map(|outcome| outcome.verdict) {
            None | Some(Verdict::Holds { .. }) => Ok(None),
            Some(Verdict::Violated(witness)) => Err(CertificateError::found(&witness)),
            Some(Verdict::Undecided(limit)) => Ok(Some(limit)),
        }
    }

    /// The trees of p > 0, in which no cell is larger than what is attained; none: the region is empty.
    fn cells(&self, attained: Option<Attaining<'_>>) -> Result<Option<Limit>, CertificateError> {
        let Asked { network, outputs, p, region } = self.asked;
        let is_known = |p: &Rational| *p == Rational::ONE || *p == Rational::from(2);
        if outputs.len() > 1
            && attained.is_some()
            && matches!(p, Exponent::Finite(p) if !is_known(p))
        {
            let why = "certificates for several outputs are for p = 1, 2 and inf";
            return Err(CertificateError::Unsupported(why));
        }
        let (lower, upper) = match attained {
            None => (Rational::ZERO, Rational::ZERO),
            Some((Constant::Exact(value) | Constant::Square(value), _)) => {
                (value.clone(), value.clone())
            }
            // With room for a checker's roots.
            Some((Constant::Between { lower, upper }, _)) => {
                (lower.clone(), upper * (Rational::ONE + power_of_two(-40)))
            }
        };
        let everywhere = Region::everything(network.inputs());
        let claim = Claim { network, outputs, p, upper: &upper };
        let at = attained.map(|(_, (point, jacobian))| Lower { lower: &lower, point, jacobian });
        let proof = proof::open(claim, at.as_ref(), region.unwrap_or(&everywhere))?;
        let words = match attained.map(|(constant, _)| constant) {
            None => "empty".to_owned(),
            Some(Constant::Exact(_)) => format!("value {upper}"),
            Some(Constant::Square(_)) => format!("square {upper}"),
            Some(Constant::Between { .. }) => {
                // What the direction in the certificate attains, not what the search enclosed.
                let lower = proof.lower.clone().unwrap_or(Rational::ZERO);
                format!("between {lower} {upper}")
            }
        };
        let p = match p {
            Exponent::Finite(p) => p.to_string(),
            Exponent::Infinite => "inf".to_owned(),
        };
        let outputs: Vec<String> = outputs.iter().map(ToString::to_string).collect();
        let head = self.head(&format!("{p} {} {words}", outputs.join(",")), PRECISION)?;
        let proofs = pieces(&proof.pieces, &proof.attained);
        self.proofs(&head, &proofs, PRECISION)
    }

    /// For p = 0 and each input the proof that no change of it alone changes the output by more than `value`.
    fn jump(
        &self,
        value: &Rational,
        [from, to]: &[Vec<Rational>; 2],
    ) -> Result<Option<Limit>, CertificateError> {
        let Asked { network, outputs, region, .. } = self.asked;
        let inputs = network.inputs();
        let everywhere = Region::everything(inputs);
        let piece = &region.unwrap_or(&everywhere).pieces[0];
        let question = |input: usize| {
            let pairs = Region { dimension: inputs + 1, pieces: vec![jump_region(piece, input)] };
            let terms = vec![(0, -Rational::ONE), (1, Rational::ONE)];
            let more = Formula::Atom(Atom::new(Vec::new(), terms, -value.clone(), true));
            let formula = Formula::And(vec![pairs.formula(), more]);
            let network = jump_network(network, outputs[0], input);
            (network, Property { inputs: inputs + 1, outputs: 2, formula })
        };
        let questions: Vec<(Network, Property)> = (0..inputs).map(question).collect();
        let precisions = questions.iter().map(|(network, property)| precision(network, property));
        let precision = precisions.min().unwrap_or(PRECISION);
        let mut head = self.head(&format!("0 {} value {value}", outputs[0]), precision)?;
        let own = ExactConstraint::all(inputs, &piece.constraints);
        let inside = feasible_point(inputs, &own).expect("the region has a point");
        for (word, point) in [("inside", &inside), ("from", from), ("to", to)] {
            head += &words(word, point);
        }
        let proofs: Vec<Proving<'_>> = questions
            .iter()
            .map(|(network, property)| {
                Proving::new(String::new(), Some((network, property.clone())))
            })
            .collect();
        self.proofs(&head, &proofs, precision)
    }
}

/// The proofs of a region's polyhedra, one after another, and after them the point that attains the constant.
fn pieces<'a>(pieces: &'a [Piece<'a>], attained: &str) -> Vec<Proving<'a>> {
    let proving = |piece: &'a Piece<'a>| {
        let mut proving = Proving::new(piece.before.clone(), None);
        if let Some(tree) = &piece.tree {
            proving.tree = Some(Box::new(move |options, storage, keeper| {
                Ok(tree.search(options, storage, keeper)?)
            }));
        }
        proving.after = String::new();
        proving
    };
    let mut proofs: Vec<Proving<'_>> = pieces.iter().map(proving).collect();
    proofs.push(Proving::new(attained.to_owned(), None));
    proofs
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
