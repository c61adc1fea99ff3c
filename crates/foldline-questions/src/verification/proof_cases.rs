//! A property's cases in the form in which a proof speaks about them, numbered and in its units.

use std::sync::Arc;

use foldline_engine::evidence::EvidenceError;
use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::{Atom, LinearConstraint, Network, Property, Rational};

use super::case_problems::Piece;
use super::cases::{Case, Numbered, numbered_cases};
use super::counters::Counters;
use super::perspective::{face_box, inner_box, open_ends, perspective, radius_beyond};
use super::problem::Problem;
use super::region::{Bounds, Extent, extent, shown_bound};
use super::transform::Transform;
use super::units::{Units, precision};
use crate::bounds::FloatNetwork;
use crate::checkpoint::StateError;
use crate::proof::{Proof, dyadic};

/// Why no proof can be written.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// Its records cannot be kept, or those of an earlier run are gone.
    #[error("the certificate's records: {0}")]
    Evidence(EvidenceError),
    /// The property is too large to number its clauses.
    #[error("the property has more than {} clauses", super::cases::MOST_CLAUSES)]
    TooManyClauses,
    /// The kept state is none of this proof.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<EvidenceError> for ProofError {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::State(error) => ProofError::State(error),
            other => ProofError::Evidence(other),
        }
    }
}

/// The cases of a property in the form in which a proof speaks about them.
pub struct ProofCases {
    /// The network, in the proof's units.
    network: Arc<Network>,
    float: FloatNetwork,
    cases: Vec<Case>,
    /// The way back to the user's units.
    transforms: Vec<Transform>,
    /// Fraction bits of checkers with fixed point numbers.
    precision: u32,
    /// The records before all cases.
    pub head: String,
}

/// A piece of a case's region: the record that comes before its tree, and what is searched.
pub type ProofPiece = (String, Problem);

impl ProofCases {
    /// The cases of a property, for checkers with so many fraction bits.
    ///
    /// # Errors
    /// If there are too many.
    pub fn new(
        network: &Network,
        property: &Property,
        bits: u32,
        counters: &Counters,
    ) -> Result<Self, ProofError> {
        let Numbered { mut cases, off } =
            numbered_cases(property).ok_or(ProofError::TooManyClauses)?;
        let mut network = network.clone();
        let mut transforms = Vec::new();
        let mut head = String::new();
        if precision(&network, property).1 {
            let units = Units::new(&network, &cases, counters);
            head += &units.records(property);
            cases = cases.iter().map(|case| units.case(case)).collect();
            network = units.network(&network);
            transforms.push(units.transform());
        }
        off.iter().for_each(|number| head += &format!("off {number}\n"));
        let float = FloatNetwork::new(&network);
        Ok(Self { network: Arc::new(network), float, cases, transforms, precision: bits, head })
    }

    /// Replaces the clause of each case by these, of which the first has that clause's number.
    /// False, and nothing is replaced, where a case has several: its region comes more than once.
    pub fn set_clauses(&mut self, clauses: &[Vec<Atom>]) -> bool {
        let fits = self.cases.iter().all(|case| case.clauses.len() == 1);
        if fits {
            self.cases.iter_mut().for_each(|case| case.clauses = clauses.to_vec());
        }
        fits
    }

    /// The number of cases.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// An empty proof.
    pub fn proof(&self) -> Proof {
        Proof::new(self.precision, &self.float, !self.transforms.is_empty())
    }

    /// Records where a case's region is, and gives its pieces; a violating point where there are no
    /// clauses to refute.
    pub fn open(
        &self,
        number: usize,
        proof: &mut Proof,
        counters: &Counters,
    ) -> Result<Vec<ProofPiece>, Vec<Rational>> {
        let case = &self.cases[number];
        let numbers: Vec<String> = case.numbers.iter().map(usize::to_string).collect();
        proof.record(&format!("case {}", numbers.join(" ")));
        let piece = Piece {
            transforms: self.transforms.clone(),
            ..Piece::whole(&self.network, &self.float, &case.region, &case.clauses)
        };
        let mut pieces = pieces(piece, proof, counters)?;
        pieces.iter_mut().for_each(|(_, problem)| problem.numbers.clone_from(&case.numbers));
        Ok(pieces)
    }
}

/// The pieces of a case's region, bounded ones, with all but the first behind a `face`.
fn pieces(
    piece: Piece,
    proof: &mut Proof,
    counters: &Counters,
) -> Result<Vec<ProofPiece>, Vec<Rational>> {
    let dimension = piece.network.inputs();
    let exact = ExactConstraint::all(dimension, &piece.constraints);
    let point = match feasibility(dimension, &exact) {
        Feasibility::Point(point) => point,
        Feasibility::Contradiction(multipliers) => {
            empty_region(&exact, &multipliers, proof);
            return Ok(Vec::new());
        }
    };
    if piece.clauses.iter().any(Vec::is_empty) {
        let back = |point: Vec<Rational>, step: &Transform| step.back(&point);
        return Err(piece.transforms.iter().rev().fold(point, back));
    }
    let bounds = bounds(&piece.constraints, dimension, proof, counters);
    let ends = open_ends(&bounds);
    let radius = radius_beyond(&bounds);
    let inside = inner_box(&bounds, &radius);
    if ends.is_empty() {
        return Ok(vec![(String::new(), Problem::new(piece, inside))]);
    }
    proof.record(&format!("perspective {}", dyadic(radius.to_f64().value())));
    let cone = perspective(&piece);
    let boxed = |piece: Piece, bounds| Problem { own_box: true, ..Problem::new(piece, bounds) };
    let mut parts = vec![(String::new(), boxed(piece, inside))];
    for end in ends {
        let head = format!("face {} {}\n", end.0, side_word(end.1));
        parts.push((head, boxed(cone.clone(), face_box(&bounds, end, &radius))));
    }
    Ok(parts)
}

/// The box of a case's region; bounds that no single atom gives are recorded with a proof.
fn bounds(
    region: &[LinearConstraint],
    dimension: usize,
    proof: &mut Proof,
    counters: &Counters,
) -> Vec<Bounds> {
    let mut bounds = single_bounds(region, dimension, counters);
    for (coordinate, (low, high)) in bounds.iter_mut().enumerate() {
        for (end, is_upper) in [(low, false), (high, true)] {
            let sign = if is_upper { 1 } else { -1 };
            if end.is_none()
                && let Some((value, multipliers)) = shown_bound(dimension, region, coordinate, sign)
            {
                let value = if is_upper { value } else { -value };
                let multipliers = joined(&multipliers);
                let side = side_word(is_upper);
                proof.record(&format!("reach {coordinate} {side} {value} {multipliers}"));
                *end = Some(value);
            }
        }
    }
    bounds
}

fn side_word(is_upper: bool) -> &'static str {
    if is_upper { "upper" } else { "lower" }
}

fn joined(values: &[Rational]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Bounds that single atoms give.
fn single_bounds(
    region: &[LinearConstraint],
    dimension: usize,
    counters: &Counters,
) -> Vec<Bounds> {
    let singles = region.iter().filter(|constraint| constraint.coefficients.len() == 1);
    let closed = singles.map(|single| LinearConstraint { strict: false, ..single.clone() });
    match extent(dimension, &closed.collect::<Vec<_>>(), counters) {
        Extent::Box(bounds) => bounds,
        Extent::Empty => vec![(None, None); dimension],
    }
}

/// Records the contradiction between the atoms on inputs of a case.
fn empty_region(exact: &[ExactConstraint], multipliers: &[(usize, Rational)], proof: &mut Proof) {
    let mut values = vec![Rational::ZERO; exact.len()];
    for (index, value) in multipliers {
        values[*index] += value * Rational::from(exact[*index].scale.clone());
    }
    proof.record(format!("void {}", joined(&values)).trim_end());
}
