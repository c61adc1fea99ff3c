//! Linear constraints with exact coefficients, polyhedra and unions of them.

use crate::number::Rational;
use crate::property::{Atom, Formula};

/// The constraint `coefficients · x ≤ bound`, or `<` where `strict`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LinearConstraint {
    /// Pairs (coordinate, coefficient): coordinates increasing, no coefficient zero.
    pub coefficients: Vec<(usize, Rational)>,
    /// The right-hand side.
    pub bound: Rational,
    /// Whether equality is excluded.
    pub strict: bool,
}

impl LinearConstraint {
    /// Builds a constraint from terms in any order; repeated coordinates add up, zeros vanish.
    pub fn new(terms: Vec<(usize, Rational)>, bound: Rational, strict: bool) -> Self {
        Self { coefficients: combine_terms(terms), bound, strict }
    }

    /// Whether `point` satisfies the constraint, exactly.
    pub fn holds_at(&self, point: &[Rational]) -> bool {
        let value = dot(&self.coefficients, point);
        if self.strict { value < self.bound } else { value <= self.bound }
    }
}

/// Sorts terms by coordinate, adds up repeated ones and drops zeros.
pub fn combine_terms(mut terms: Vec<(usize, Rational)>) -> Vec<(usize, Rational)> {
    terms.sort_by_key(|&(coordinate, _)| coordinate);
    let mut combined: Vec<(usize, Rational)> = Vec::with_capacity(terms.len());
    for (coordinate, value) in terms {
        match combined.last_mut() {
            Some((last, sum)) if *last == coordinate => *sum += value,
            _ => combined.push((coordinate, value)),
        }
    }
    combined.retain(|(_, value)| !value.is_zero());
    combined
}

/// The sum of coefficient times coordinate.
pub fn dot(coefficients: &[(usize, Rational)], point: &[Rational]) -> Rational {
    coefficients
        .iter()
        .fold(Rational::ZERO, |sum, (coordinate, value)| sum + value * &point[*coordinate])
}

/// A polyhedron {x ∈ R^dimension : every constraint holds}; no constraint means all of R^dimension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polyhedron {
    /// The dimension of the ambient space.
    pub dimension: usize,
    /// Its constraints, strict ones allowed.
    pub constraints: Vec<LinearConstraint>,
}

impl Polyhedron {
    /// Whether `point` satisfies every constraint, exactly.
    pub fn contains(&self, point: &[Rational]) -> bool {
        self.constraints.iter().all(|constraint| constraint.holds_at(point))
    }
}

/// A region of the input space: the union of finitely many polyhedra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// The dimension of the ambient space.
    pub dimension: usize,
    /// The polyhedra; none means the empty region.
    pub pieces: Vec<Polyhedron>,
}

impl Region {
    /// The region as a formula over inputs: an *or* of the pieces, each an *and* of its constraints.
    pub fn formula(&self) -> Formula {
        let atom = |constraint: &LinearConstraint| {
            let LinearConstraint { coefficients, bound, strict } = constraint.clone();
            Formula::Atom(Atom { input: coefficients, output: Vec::new(), bound, strict })
        };
        let piece = |piece: &Polyhedron| Formula::And(piece.constraints.iter().map(atom).collect());
        Formula::Or(self.pieces.iter().map(piece).collect())
    }

    /// All of R^dimension.
    pub fn everything(dimension: usize) -> Self {
        Self { dimension, pieces: vec![Polyhedron { dimension, constraints: Vec::new() }] }
    }

    /// The surface of the cube [−1, 1]^dimension: its faces x_j = 1 and x_j = −1 for j = 0, 1, …
    ///
    /// Each face has the constraints x_k ≤ 1 and −x_k ≤ 1 for every k in turn, where that of
    /// x_j = ±1 has the right-hand sides ±1 and ∓1.
    pub fn cube_surface(dimension: usize) -> Self {
        let face = |(axis, sign): (usize, i8)| {
            let bound = |(k, side): (usize, i8)| {
                let bound = if k == axis { sign * side } else { 1 };
                LinearConstraint::new(vec![(k, Rational::from(side))], Rational::from(bound), false)
            };
            let sides = (0..dimension).flat_map(|k| [(k, 1), (k, -1)]);
            Polyhedron { dimension, constraints: sides.map(bound).collect() }
        };
        let faces = (0..dimension).flat_map(|axis| [(axis, 1), (axis, -1)]);
        Self { dimension, pieces: faces.map(face).collect() }
    }
}
