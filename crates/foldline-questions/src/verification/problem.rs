//! One bounded, full-dimensional input region with the clauses to refute on it.

use std::sync::Arc;

use foldline_geometry::directed::{UNIT_ROUNDOFF, nearest, round_down, round_up};
use foldline_geometry::{ExactConstraint, Polytope};
use foldline_kernel::{Atom, LinearConstraint, Network, Rational};

use super::case_problems::Piece;
use super::transform::{Transform, original};
use crate::bounds::FloatNetwork;

/// Is there an x in the region and a clause all of whose atoms hold at (x, f(x))?
#[derive(Debug)]
pub struct Problem {
    /// The network.
    pub network: Arc<Network>,
    /// Its weights in floats, with the atoms as targets.
    pub float: FloatNetwork,
    /// ReLU neurons with the same sign everywhere, and the signs.
    pub signs: Vec<(u32, i8)>,
    /// The region: every constraint, strict ones marked.
    pub region: Vec<ExactConstraint>,
    /// The exact bounding box.
    pub bounds: Vec<(Rational, Rational)>,
    /// Whether the box says something that does not follow from the region.
    pub own_box: bool,
    /// The region in floats, outward.
    pub polytope: Polytope,
    /// Number of half-spaces of `polytope`.
    pub half_spaces: usize,
    /// The distinct atoms.
    pub atoms: Vec<Atom>,
    /// Clauses as lists of atoms: a point violates the property if all atoms of one hold.
    pub clauses: Vec<Vec<usize>>,
    /// The clauses' numbers in the property; empty until a proof needs them.
    pub numbers: Vec<usize>,
    /// How to get back to the original inputs, last step first.
    pub transforms: Vec<Transform>,
}

impl Problem {
    /// Prepares the floats. `bounds` must enclose the piece's region.
    pub fn new(piece: Piece, bounds: Vec<(Rational, Rational)>) -> Self {
        let Piece { network, float, signs, constraints, clauses, transforms } = piece;
        let dimension = network.inputs();
        let mut atoms: Vec<Atom> = Vec::new();
        let mut number = |atom: &Atom| {
            atoms.iter().position(|other| other == atom).unwrap_or_else(|| {
                atoms.push(atom.clone());
                atoms.len() - 1
            })
        };
        let clauses =
            clauses.iter().map(|clause| clause.iter().map(&mut number).collect()).collect();
        let mut polytope = Polytope::new(
            bounds.iter().map(|(low, _)| round_down(low)).collect(),
            bounds.iter().map(|(_, high)| round_up(high)).collect(),
        );
        for constraint in constraints.iter().filter(|c| c.coefficients.len() > 1) {
            push_enclosing(&mut polytope, constraint);
        }
        let region = ExactConstraint::all(dimension, &constraints);
        let float = float.with_targets(&atoms);
        let half_spaces = polytope.half_spaces();
        Self {
            network,
            float,
            signs,
            region,
            bounds,
            own_box: false,
            polytope,
            half_spaces,
            atoms,
            clauses,
            numbers: Vec::new(),
            transforms,
        }
    }

    /// The input dimension.
    pub fn dimension(&self) -> usize {
        self.network.inputs()
    }

    /// A point in the coordinates of the original inputs.
    pub fn original(&self, point: &[Rational]) -> Vec<Rational> {
        original(&self.transforms, point)
    }

    /// Whether `point` is in the region and makes some clause true, exactly.
    pub fn is_violated_at(&self, point: &[Rational]) -> bool {
        if !self.region.iter().all(|constraint| constraint.holds_at(point)) {
            return false;
        }
        let output = self.network.evaluate(point).output;
        let holds = |&atom: &usize| self.atoms[atom].holds_at(point, &output);
        self.clauses.iter().any(|clause| clause.iter().all(holds))
    }
}

/// Adds a float half-space that contains every point of the box satisfying `constraint`.
pub fn push_enclosing(polytope: &mut Polytope, constraint: &LinearConstraint) {
    let mut normal = vec![0.0; polytope.dimension];
    for (coordinate, value) in &constraint.coefficients {
        normal[*coordinate] = nearest(value);
    }
    let reach = polytope.reach().iter();
    let magnitude: f64 = normal.iter().zip(reach).map(|(a, x)| a.abs() * x).sum();
    let bound = round_up(&constraint.bound) + 4.0 * UNIT_ROUNDOFF * magnitude;
    if bound.is_finite() && normal.iter().all(|value| value.is_finite()) {
        polytope.push(&normal, bound.next_up());
    }
}
