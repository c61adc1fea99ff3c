//! Proofs that no cell is larger: a tree of neuron splits in exact arithmetic, after the search.
//!
//! The records are those of `docs/certificate-format.md`.

mod attained;
mod hull;
mod measure;
mod state;
mod tree;

use std::fmt::Write;

use foldline_engine::evidence::EvidenceError;
use foldline_geometry::ExactConstraint;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Integer, Network, Rational, Region};

use super::statement::Exponent;
use crate::checkpoint::StateError;
use hull::{Hull, Opened};
use measure::Measure;
pub use tree::Tree;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum NoProof {
    /// This kind of statement has no certificates yet.
    #[error("no certificate can be written: {0}")]
    Unsupported(&'static str),
    /// Its records cannot be kept, or the state of an earlier run is none of this proof.
    #[error("the certificate's records: {0}")]
    Evidence(#[from] EvidenceError),
}

impl From<StateError> for NoProof {
    fn from(error: StateError) -> Self {
        NoProof::Evidence(error.into())
    }
}

/// What a Lipschitz certificate claims about the upper side.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// The network.
    pub network: &'a Network,
    /// The outputs that are measured.
    pub outputs: &'a [usize],
    /// The exponent.
    pub p: &'a Exponent,
    /// The constant is at most this (its square for p = 2 and one output).
    pub upper: &'a Rational,
}

/// What is to be attained.
#[derive(Debug)]
pub struct Lower<'a> {
    /// The constant is at least this (its square for p = 2 and one output).
    pub lower: &'a Rational,
    /// A point inside a cell and a piece.
    pub point: &'a [Rational],
    /// The Jacobian there, projected onto the piece's hull.
    pub jacobian: &'a [Vec<Rational>],
}

/// What is to be written.
#[derive(Debug)]
pub struct Proof<'a> {
    /// For every polyhedron of the region its records, and perhaps a tree that is still to be found.
    pub pieces: Vec<Piece<'a>>,
    /// The record of the point that attains the constant: it comes after all pieces.
    pub attained: String,
    /// What the written direction attains: what was to be attained, or for `between` a little less.
    pub lower: Option<Rational>,
}

/// The records of one polyhedron.
#[derive(Debug)]
pub struct Piece<'a> {
    /// Its affine hull and a point inside, or why it has no point.
    pub before: String,
    /// The cells of a polyhedron that has points.
    pub tree: Option<Tree<'a>>,
}

/// The records for every polyhedron of the region, and for the point that attains the constant.
///
/// # Errors
/// If the statement is of a kind without certificates.
pub fn open<'a>(
    claim: Claim<'a>,
    attained: Option<&Lower<'_>>,
    region: &Region,
) -> Result<Proof<'a>, NoProof> {
    let measure = Measure::new(claim.p, claim.outputs.len())?;
    let (mut pieces, mut record) = (Vec::new(), None);
    for polyhedron in &region.pieces {
        let mut before = String::new();
        let Opened::Hull(hull, point) = Hull::open(polyhedron, &mut before) else {
            pieces.push(Piece { before, tree: None });
            continue;
        };
        let _ = writeln!(before, "interior{}", words(&point));
        if let Some(attained) = attained
            && hull.has_inside(attained.point)
            && record.is_none()
        {
            let (along, lower) = measure.along(attained.lower, &hull, attained.jacobian);
            let along = along.map_or(String::new(), |along| format!(" along{}", words(&along)));
            record = Some((format!("attained{}{along}\n", words(attained.point)), lower));
        }
        pieces.push(Piece { before, tree: Some(Tree::new(claim, measure, hull, point)) });
    }
    let Some((attained, lower)) = record else {
        return match attained {
            None => Ok(Proof { pieces, attained: String::new(), lower: None }),
            Some(_) => Err(NoProof::Unsupported("the point is on the boundary of its piece")),
        };
    };
    Ok(Proof { pieces, attained, lower: Some(lower) })
}

fn words(values: &[Rational]) -> String {
    values.iter().map(|value| format!(" {value}")).collect()
}

/// One record that ends in terms: positive integers times named constraints.
fn terms(
    text: &mut String,
    word: &str,
    names: &[String],
    constraints: &[ExactConstraint],
    multipliers: &[(usize, Rational)],
) {
    let scaled = |(index, value): &(usize, Rational)| {
        value * Rational::from(constraints[*index].scale.clone())
    };
    let values: Vec<Rational> = multipliers.iter().map(scaled).collect();
    let (integers, _) = over_common_denominator(&values);
    text.push_str(word);
    for ((index, _), value) in multipliers.iter().zip(integers) {
        debug_assert!(value > Integer::ZERO);
        let _ = write!(text, " {}*{value}", names[*index]);
    }
    text.push('\n');
}
