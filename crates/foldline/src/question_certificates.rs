//! Certificates of the questions about a network on a region: maximum, positivity, surjectivity, zero.
//!
//! "No" and "at most" are statements that a formula has no point: the proof of a property. "Yes"
//! is a point. The format is described in `docs/certificate-format.md`.

use std::path::Path;
use std::sync::atomic::Ordering;

use foldline_engine::limits::Limits;
use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::linear::dot;
use foldline_kernel::{
    Atom, Formula, LinearConstraint, Network, Polyhedron, Property, Rational, Region,
};
use foldline_questions::checkpoint::Keeper;
use foldline_questions::maximum::{Answer, Attained, Objective, Outcome};
use foldline_questions::sequence::Sequence;
use foldline_questions::verification::{self, Limit, Options, Statistics, Verdict};
use foldline_questions::{positivity, surjectivity, zero_function};
use serde_json::{Value, json};

use crate::certificate::{CertificateError, header, precision};
use crate::certificate_file::{CertificateFile, Destination};
use crate::proving::{Kept, Proving, write_proofs};
use crate::recorded::Recorded;

/// Fraction bits named where nothing is rounded.
const PRECISION: u32 = 40;

/// The files of a statement.
#[derive(Debug, Clone, Copy)]
pub struct SubjectFiles<'a> {
    /// The network's file.
    pub network: &'a Path,
    /// The region's file; none for all of R^d.
    pub region: Option<&'a Path>,
}

impl SubjectFiles<'_> {
    /// The lines before the records of a certificate about these files.
    pub(crate) fn head(
        &self,
        kind: &str,
        claim: &str,
        precision: u32,
        target: Destination<'_>,
    ) -> Result<String, CertificateError> {
        let region = self.region.map(|region| ("region", region));
        let files: Vec<(&str, &Path)> =
            [("network", self.network)].into_iter().chain(region).collect();
        Ok(format!("{}precision {precision}\n", header(kind, claim, &files, target)?))
    }
}

/// What a certificate says and where it goes.
pub(crate) struct Writing<'a> {
    pub kind: &'a str,
    pub files: SubjectFiles<'a>,
    pub target: Destination<'a>,
    /// Keeps the state, and with it the certificate so far.
    pub keeper: Option<&'a dyn Keeper>,
}

impl Writing<'_> {
    fn head(&self, claim: &str, precision: u32) -> Result<String, CertificateError> {
        self.files.head(self.kind, claim, precision, self.target)
    }

    /// A whole certificate that consists of `body`.
    fn whole(&self, claim: &str, precision: u32, body: &str) -> Result<(), CertificateError> {
        let mut out = CertificateFile::create(self.target)?;
        out.text(&format!("{}{body}end\n", self.head(claim, precision)?))?;
        out.finish()
    }

    /// A certificate that consists of proofs, after what the `finished` searches found.
    pub fn proofs(
        &self,
        claim: &str,
        proofs: &[Proving<'_>],
        finished: Value,
        options: &Options,
    ) -> Result<Option<verification::Outcome>, CertificateError> {
        // More bits than a proof was made for might not fit into a checker's numbers.
        let precision = proofs.iter().filter_map(Proving::precision).min();
        let precision = precision.unwrap_or(PRECISION);
        let head = self.head(claim, precision)?;
        let kept = self.keeper.map(|keeper| Kept { keeper, finished });
        write_proofs(&head, proofs, precision, options, self.target, kept.as_ref())
    }

    /// Searches for a point of `property` and writes the proof that there is none, if so, after
    /// `before`; else hands back what was found.
    fn refute(
        &self,
        claim: &str,
        before: &str,
        (network, property): (&Network, &Property),
        finished: Value,
        options: &Options,
    ) -> Result<(Verdict, Statistics), CertificateError> {
        let holds = Some((network, property.clone()));
        let proof = Proving::new(before.to_owned(), holds);
        let outcome = self.proofs(claim, &[proof], finished, options)?;
        let outcome = outcome.expect("a property was to be proved");
        Ok((outcome.verdict, outcome.statistics))
    }
}

/// A record that consists of a word and a point.
pub(crate) fn words(word: &str, point: &[Rational]) -> String {
    let coordinates: Vec<String> = point.iter().map(ToString::to_string).collect();
    format!("{word} {}\n", coordinates.join(" "))
}

/// How far sign·f_output gets on a region: the words of the claim, and why they are true.
pub(crate) fn extreme<'n>(
    (network, region): (&'n Network, &Region),
    (output, sign): (usize, i8),
    answer: &Answer,
) -> (String, Proving<'n>) {
    let holds = |formula| {
        let (inputs, outputs) = (network.inputs(), network.outputs());
        Some((network, Property { inputs, outputs, formula }))
    };
    let sign = Rational::from(sign);
    match answer {
        Answer::Unbounded { point, direction } => {
            let before = words("point", point) + &words("direction", direction);
            ("unbounded".to_owned(), Proving::new(before, None))
        }
        Answer::Maximum { maximum: Attained { value, point }, .. } => {
            let inside = point_of_piece(region, point);
            let beyond = Atom::new(Vec::new(), vec![(output, -&sign)], -value.clone(), true);
            let formula = Formula::And(vec![region.formula(), Formula::Atom(beyond)]);
            let before = words("inside", &inside) + &words("point", point);
            (format!("value {}", sign * value), Proving::new(before, holds(formula)))
        }
        Answer::Undecided { .. } => unreachable!("nothing is claimed without an answer"),
        Answer::Empty => {
            let proof = Proving::new(String::new(), holds(region.formula()));
            ("empty".to_owned(), proof)
        }
    }
}

/// The limit that ended a run.
pub(crate) fn limit(options: &Options) -> Limit {
    let is_stopped = options.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed));
    if is_stopped { Limit::Stopped } else { Limit::Time }
}

/// Like [`foldline_questions::maximum::maximum_resumable`] for one output, and writes a certificate of the answer to `target`.
///
/// The proof is the tree of the search for the maximum, or, where one search cannot give both, that of a
/// second one. If a limit ends that, the answer is undecided with both bounds equal, and
/// there is no certificate.
///
/// # Errors
/// If a file cannot be read or written, no proof can be written, or the keeper's state is not one
/// of this answer.
pub fn maximum_certified<'d>(
    (network, region): (&Network, &Region),
    output: usize,
    files: SubjectFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&'d dyn Keeper>,
) -> Result<Outcome, CertificateError> {
    let limits = Limits::new(options);
    let target = target.into();
    let recorded = Recorded::new(target, keeper);
    let keeper = recorded.keeper();
    let writing = Writing { kind: "maximum", files, target, keeper };
    let mut searches = Sequence::new(options, keeper, 1)?;
    let objective: Objective = vec![(output, Rational::ONE)];
    let asked = (0, network, region, &objective);
    let answer: Answer =
        searches.next_saved(|options, keeper| recorded.maximum(asked, options, keeper))?;
    let statistics = searches.statistics();
    let undecided = |limit: Limit, answer: Answer| {
        let lower = match answer {
            Answer::Maximum { maximum, .. } => Some(maximum),
            _ => None,
        };
        let upper = lower.as_ref().map(|lower| lower.value.clone());
        Ok(Outcome { answer: Answer::Undecided { limit, lower, upper }, statistics })
    };
    match &answer {
        Answer::Undecided { .. } => return Ok(Outcome { answer, statistics }),
        Answer::Maximum { attained: None, .. } => return undecided(limit(options), answer),
        _ => {}
    }
    let (words, mut proof) = extreme((network, region), (output, 1), &answer);
    if proof.holds.is_none() {
        let everything = region.formula();
        let (inputs, outputs) = (network.inputs(), network.outputs());
        let property = Property { inputs, outputs, formula: everything };
        let body = std::mem::take(&mut proof.before);
        writing.whole(&format!("{output} {words}"), precision(network, &property), &body)?;
        return Ok(Outcome { answer, statistics });
    }
    let claim = format!("{output} {words}");
    let rest = limits.rest();
    proof.recorded = Some((&recorded, 0));
    let proved = writing.proofs(&claim, &[proof], searches.finished(), &rest)?;
    match proved.map(|outcome| outcome.verdict) {
        None | Some(Verdict::Holds { .. }) => recorded.remove(),
        Some(Verdict::Violated(witness)) => return Err(CertificateError::found(&witness)),
        Some(Verdict::Undecided(limit)) => return undecided(limit, answer),
    }
    Ok(Outcome { answer, statistics })
}

/// A point of a piece in whose closure `point` is.
fn point_of_piece(region: &Region, point: &[Rational]) -> Vec<Rational> {
    if region.pieces.iter().any(|piece| piece.contains(point)) {
        return point.to_vec();
    }
    let closed = |c: &LinearConstraint| dot(&c.coefficients, point) <= c.bound;
    let beside = |piece: &&Polyhedron| piece.constraints.iter().all(closed);
    let inside = |piece: &Polyhedron| {
        let exact = |constraint| ExactConstraint::new(piece.dimension, constraint);
        let exact: Vec<ExactConstraint> = piece.constraints.iter().map(exact).collect();
        feasible_point(piece.dimension, &exact)
    };
    let found = region.pieces.iter().filter(beside).find_map(inside);
    found.expect("the point is in the closure of a piece")
}

/// Like [`positivity::positive`], and writes a certificate of the answer to `target`.
///
/// # Errors
/// If a file cannot be read or written, no proof can be written, or the keeper's state is not one
/// of this proof.
pub fn positive_certified<'d>(
    (network, region): (&Network, &Region),
    output: usize,
    files: SubjectFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<positivity::Outcome, CertificateError> {
    let writing = Writing { kind: "positivity", files, target: target.into(), keeper };
    let property = positivity::property(network, region, output);
    let claim = format!("{output} no");
    let (verdict, statistics) =
        writing.refute(&claim, "", (network, &property), json!([]), options)?;
    let answer = match verdict {
        Verdict::Holds { .. } => positivity::Answer::No,
        Verdict::Undecided(limit) => positivity::Answer::Undecided(limit),
        Verdict::Violated(witness) => {
            let precision = precision(network, &property);
            let body = words("witness", &witness.input);
            writing.whole(&format!("{output} yes"), precision, &body)?;
            positivity::Answer::Yes(witness)
        }
    };
    Ok(positivity::Outcome { answer, statistics })
}

/// Like [`zero_function::zero_resumable`], and writes a certificate of the answer to `target`;
/// `output` is none for all outputs.
///
/// The proof of a `yes` is the tree of the search, or, where no search was needed, that of one. If a limit
/// ends that, the answer is undecided.
///
/// # Errors
/// If a file cannot be read or written, no proof can be written, or the keeper's state is not one
/// of this answer.
pub fn zero_certified<'d>(
    (network, region): (&Network, &Region),
    output: Option<usize>,
    files: SubjectFiles<'_>,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<zero_function::Outcome, CertificateError> {
    let limits = Limits::new(options);
    let writing = Writing { kind: "zero", files, target: target.into(), keeper };
    let outputs = output.map_or((0..network.outputs()).collect(), |output| vec![output]);
    let name = output.map_or("all".to_owned(), |output| output.to_string());
    let property = zero_function::property(network, region, &outputs);
    let mut searches = Sequence::new(options, keeper, 1)?;
    let is_searched = zero_function::is_searched(network, region);
    let mut answer = zero_function::Answer::Yes;
    if !is_searched {
        answer = searches.next(|options, keeper| {
            let found = zero_function::zero_resumable(network, region, &outputs, options, keeper)?;
            Ok((found.answer, found.statistics))
        })?;
    }
    let mut statistics = searches.statistics();
    if let zero_function::Answer::Yes = answer {
        let (claim, rest) = (format!("{name} yes"), limits.rest());
        let statement = (network, &property);
        let (verdict, proof) = writing.refute(&claim, "", statement, searches.finished(), &rest)?;
        answer = match verdict {
            Verdict::Holds { .. } => zero_function::Answer::Yes,
            Verdict::Violated(witness) if is_searched => zero_function::Answer::No(witness),
            Verdict::Violated(witness) => return Err(CertificateError::found(&witness)),
            Verdict::Undecided(limit) => zero_function::Answer::Undecided(limit),
        };
        if is_searched {
            statistics = proof;
        }
    }
    if let zero_function::Answer::No(witness) = &answer {
        let precision = precision(network, &property);
        let body = words("witness", &witness.input);
        writing.whole(&format!("{name} no"), precision, &body)?;
    }
    Ok(zero_function::Outcome { answer, statistics })
}

/// Like [`surjectivity::surjective_resumable`], and writes a certificate of the answer to `target`.
///
/// The proof of a `no` is the tree of the search that found no direction.
///
/// # Errors
/// If a file cannot be read or written, or the keeper's state is not one of this answer.
pub fn surjective_certified<'d>(
    network: &Network,
    output: usize,
    file: &Path,
    options: &Options,
    target: impl Into<Destination<'d>>,
    keeper: Option<&dyn Keeper>,
) -> Result<surjectivity::Outcome, CertificateError> {
    let limits = Limits::new(options);
    let files = SubjectFiles { network: file, region: None };
    let target = target.into();
    let recorded = Recorded::new(target, keeper);
    let keeper = recorded.keeper();
    let writing = Writing { kind: "surjectivity", files, target, keeper };
    let far_away = network.without_biases();
    let (mut searches, mut numbers) = (Sequence::new(options, keeper, 2)?, 0..);
    let mut answer = surjectivity::directions(&far_away, output, |property| {
        let asked = (numbers.next().unwrap_or_default(), &far_away, property);
        searches.next_saved(|options, keeper| recorded.verify(asked, options, keeper))
    })?;
    match &answer {
        surjectivity::Answer::Undecided(_) => {}
        surjectivity::Answer::Yes { positive_direction, negative_direction } => {
            let precision = precision(network, &surjectivity::property(network, output, 1));
            let body =
                words("positive", positive_direction) + &words("negative", negative_direction);
            writing.whole(&format!("{output} yes"), precision, &body)?;
        }
        surjectivity::Answer::No { positive_direction, .. } => {
            let (number, side, sign) =
                if positive_direction.is_none() { (0, "above", 1) } else { (1, "below", -1) };
            let holds = Some((&far_away, surjectivity::property(network, output, sign)));
            let mut proof = Proving::new(format!("bounded {side}\n"), holds);
            proof.recorded = Some((&recorded, number));
            let (claim, rest) = (format!("{output} no"), limits.rest());
            let proved = writing.proofs(&claim, &[proof], searches.finished(), &rest)?;
            match proved.map(|outcome| outcome.verdict) {
                None | Some(Verdict::Holds { .. }) => recorded.remove(),
                Some(Verdict::Violated(witness)) => return Err(CertificateError::found(&witness)),
                Some(Verdict::Undecided(limit)) => answer = surjectivity::Answer::Undecided(limit),
            }
        }
    }
    Ok(surjectivity::Outcome { answer, statistics: searches.statistics() })
}
