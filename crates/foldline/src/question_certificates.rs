//! Certificates of the questions about a network on a region: maximum, positivity, surjectivity, zero.
//!
//! "No" and "at most" are statements that a formula has no point: the proof of a property. "Yes"
//! is a point. The format is described in `docs/certificate-format.md`.

use std::path::Path;
use std::time::Instant;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::linear::dot;
use foldline_kernel::{
    Atom, Formula, LinearConstraint, Network, Polyhedron, Property, Rational, Region,
};
use foldline_questions::maximum::{Answer, Attained, Outcome, maximum};
use foldline_questions::verification::{Limit, Options, Statistics, Verdict, verify_with_proof};
use foldline_questions::{positivity, surjectivity, zero_function};

use crate::certificate::{CertificateError, CertificateFile, header, precision};

/// The files of a statement.
#[derive(Debug, Clone, Copy)]
pub struct SubjectFiles<'a> {
    /// The network's file.
    pub network: &'a Path,
    /// The region's file; none for all of R^d.
    pub region: Option<&'a Path>,
}

/// What a certificate says and where it goes.
struct Writing<'a> {
    kind: &'a str,
    files: SubjectFiles<'a>,
    target: &'a Path,
}

impl Writing<'_> {
    /// A file with its header.
    fn begin(&self, claim: &str, precision: u32) -> Result<CertificateFile, CertificateError> {
        let region = self.files.region.map(|region| ("region", region));
        let files: Vec<(&str, &Path)> =
            [("network", self.files.network)].into_iter().chain(region).collect();
        let mut out = CertificateFile::create(self.target)?;
        out.text(&format!("{}precision {precision}\n", header(self.kind, claim, &files)?))?;
        Ok(out)
    }

    /// A whole certificate that consists of `body`.
    fn whole(&self, claim: &str, precision: u32, body: &str) -> Result<(), CertificateError> {
        let mut out = self.begin(claim, precision)?;
        out.text(&format!("{body}end\n"))?;
        out.finish()
    }

    /// Searches for a point of `property` and writes the proof that there is none, if so, after
    /// `before`; else hands back what was found.
    fn refute(
        &self,
        claim: &str,
        before: &str,
        network: &Network,
        property: &Property,
        options: &Options,
    ) -> Result<(Verdict, Statistics), CertificateError> {
        let precision = precision(network, property);
        let mut out = self.begin(claim, precision)?;
        out.text(before)?;
        let outcome = verify_with_proof(network, property, options, precision, &mut out)?;
        if let Verdict::Holds { .. } = outcome.verdict {
            out.text("end\n")?;
            out.finish()?;
        }
        Ok((outcome.verdict, outcome.statistics))
    }
}

fn words(word: &str, point: &[Rational]) -> String {
    let coordinates: Vec<String> = point.iter().map(ToString::to_string).collect();
    format!("{word} {}\n", coordinates.join(" "))
}

/// The options of a second run: what is left of the time.
fn rest(options: &Options, start: Instant) -> Options {
    let timeout = options.timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
    Options { timeout, ..options.clone() }
}

/// Like [`maximum`] for one output, and writes a certificate of the answer to `target`.
///
/// The proof is a second search, on one thread. If a limit ends it, the answer is undecided with
/// both bounds equal, and there is no certificate.
///
/// # Errors
/// If a file cannot be read or written, or no proof can be written (a finite maximum on an
/// unbounded region).
pub fn maximum_certified(
    network: &Network,
    region: &Region,
    output: usize,
    files: SubjectFiles<'_>,
    options: &Options,
    target: &Path,
) -> Result<Outcome, CertificateError> {
    let start = Instant::now();
    let writing = Writing { kind: "maximum", files, target };
    let found = maximum(network, region, &[vec![(output, Rational::ONE)]], options);
    let rest = rest(options, start);
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let (claim, before, formula, value) = match &found.answer {
        Answer::Undecided { .. } => return Ok(found),
        Answer::Unbounded { point, direction } => {
            let body = words("point", point) + &words("direction", direction);
            let everything = Property { inputs, outputs, formula: region.formula() };
            let precision = precision(network, &everything);
            writing.whole(&format!("{output} unbounded"), precision, &body)?;
            return Ok(found);
        }
        Answer::Empty => (format!("{output} empty"), String::new(), region.formula(), None),
        Answer::Maximum { maximum, .. } => {
            let Attained { value, point } = maximum;
            let inside = point_of_piece(region, point);
            let above = vec![(output, -Rational::ONE)];
            let above = Atom::new(Vec::new(), above, -value.clone(), true);
            let formula = Formula::And(vec![region.formula(), Formula::Atom(above)]);
            let before = words("inside", &inside) + &words("point", point);
            (format!("{output} value {value}"), before, formula, Some(maximum.clone()))
        }
    };
    let property = Property { inputs, outputs, formula };
    match writing.refute(&claim, &before, network, &property, &rest)? {
        (Verdict::Holds { .. }, _) => Ok(found),
        (Verdict::Violated(witness), _) => panic!("the proof contradicts the answer: {witness:?}"),
        (Verdict::Undecided(limit), _) => {
            let upper = value.as_ref().map(|value| value.value.clone());
            Ok(Outcome { answer: Answer::Undecided { limit, lower: value, upper }, ..found })
        }
    }
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

/// Like [`positivity::positive`], on one thread, and writes a certificate of the answer to `target`.
///
/// # Errors
/// If a file cannot be read or written, or no proof can be written (`no` on an unbounded region).
pub fn positive_certified(
    network: &Network,
    region: &Region,
    output: usize,
    files: SubjectFiles<'_>,
    options: &Options,
    target: &Path,
) -> Result<positivity::Outcome, CertificateError> {
    let writing = Writing { kind: "positivity", files, target };
    let property = positivity::property(network, region, output);
    let claim = format!("{output} no");
    let (verdict, statistics) = writing.refute(&claim, "", network, &property, options)?;
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

/// Like [`zero_function::zero`], and writes a certificate of the answer to `target`; `output` is
/// none for all outputs. A `yes` is proved by a search on one thread.
///
/// # Errors
/// If a file cannot be read or written, or no proof can be written (`yes` on an unbounded region).
pub fn zero_certified(
    network: &Network,
    region: &Region,
    output: Option<usize>,
    files: SubjectFiles<'_>,
    options: &Options,
    target: &Path,
) -> Result<zero_function::Outcome, CertificateError> {
    let start = Instant::now();
    let writing = Writing { kind: "zero", files, target };
    let outputs = output.map_or((0..network.outputs()).collect(), |output| vec![output]);
    let name = output.map_or("all".to_owned(), |output| output.to_string());
    let property = zero_function::property(network, region, &outputs);
    let found = zero_function::zero(network, region, &outputs, options);
    match &found.answer {
        zero_function::Answer::Undecided(_) => {}
        zero_function::Answer::No(witness) => {
            let precision = precision(network, &property);
            let body = words("witness", &witness.input);
            writing.whole(&format!("{name} no"), precision, &body)?;
        }
        zero_function::Answer::Yes => {
            let (claim, rest) = (format!("{name} yes"), rest(options, start));
            match writing.refute(&claim, "", network, &property, &rest)?.0 {
                Verdict::Holds { .. } => {}
                Verdict::Violated(witness) => panic!("the proof contradicts it: {witness:?}"),
                Verdict::Undecided(limit) => return Ok(undecided_zero(limit, found.statistics)),
            }
        }
    }
    Ok(found)
}

fn undecided_zero(limit: Limit, statistics: Statistics) -> zero_function::Outcome {
    zero_function::Outcome { answer: zero_function::Answer::Undecided(limit), statistics }
}

/// Like [`surjectivity::surjective`], and writes a certificate of the answer to `target`.
///
/// # Errors
/// If a file cannot be read or written.
pub fn surjective_certified(
    network: &Network,
    output: usize,
    file: &Path,
    options: &Options,
    target: &Path,
) -> Result<surjectivity::Outcome, CertificateError> {
    let start = Instant::now();
    let files = SubjectFiles { network: file, region: None };
    let writing = Writing { kind: "surjectivity", files, target };
    let found = surjectivity::surjective(network, output, options);
    match &found.answer {
        surjectivity::Answer::Undecided(_) => {}
        surjectivity::Answer::Yes { positive_direction, negative_direction } => {
            let precision = precision(network, &surjectivity::property(network, output, 1));
            let body =
                words("positive", positive_direction) + &words("negative", negative_direction);
            writing.whole(&format!("{output} yes"), precision, &body)?;
        }
        surjectivity::Answer::No { positive_direction, .. } => {
            let (side, sign) =
                if positive_direction.is_none() { ("above", 1) } else { ("below", -1) };
            let property = surjectivity::property(network, output, sign);
            let (claim, before) = (format!("{output} no"), format!("bounded {side}\n"));
            let far_away = network.without_biases();
            let rest = rest(options, start);
            match writing.refute(&claim, &before, &far_away, &property, &rest)?.0 {
                Verdict::Holds { .. } => {}
                Verdict::Violated(witness) => panic!("the proof contradicts it: {witness:?}"),
                Verdict::Undecided(limit) => {
                    let answer = surjectivity::Answer::Undecided(limit);
                    return Ok(surjectivity::Outcome { answer, statistics: found.statistics });
                }
            }
        }
    }
    Ok(found)
}
