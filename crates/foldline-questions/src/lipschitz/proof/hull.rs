//! The affine hull of a piece of the region: which inequalities are equalities, and directions in it.

use std::collections::BTreeSet;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::{Polyhedron, Rational};

use super::terms;
use crate::lipschitz::matrix::{Matrix, dot};

/// What a polyhedron turns out to be.
pub enum Opened {
    /// It has no point.
    Void,
    /// Its hull, and a point in its interior relative to that.
    Hull(Hull, Vec<Rational>),
}

/// An affine hull.
#[derive(Debug)]
pub struct Hull {
    /// The piece's constraints: equalities as they are, the others strict.
    pub interior: Vec<ExactConstraint>,
    /// Which are equalities.
    equalities: BTreeSet<usize>,
    /// An orthogonal basis of its directions; the axes where it is parallel to them.
    pub basis: Matrix,
    /// The squared lengths of the basis.
    pub lengths: Vec<Rational>,
    /// An orthogonal basis of the normals.
    pub normals: Matrix,
    /// The projections of the axes onto its directions.
    pub columns: Matrix,
}

impl Hull {
    /// Finds the hull of a polyhedron; the reasons go to `text`.
    pub fn open(polyhedron: &Polyhedron, text: &mut String) -> Opened {
        let dimension = polyhedron.dimension;
        let own = ExactConstraint::all(dimension, &polyhedron.constraints);
        let names: Vec<String> = (0..own.len()).map(|index| format!("c{index}")).collect();
        if let Feasibility::Contradiction(multipliers) = feasibility(dimension, &own) {
            terms(text, "void", &names, &own, &multipliers);
            return Opened::Void;
        }
        let mut equalities = BTreeSet::new();
        loop {
            let strict = |(index, constraint): (usize, &ExactConstraint)| ExactConstraint {
                strict: !equalities.contains(&index),
                ..constraint.clone()
            };
            let interior: Vec<ExactConstraint> = own.iter().enumerate().map(strict).collect();
            match feasibility(dimension, &interior) {
                Feasibility::Point(point) => {
                    return Opened::Hull(Self::new(dimension, interior, equalities), point);
                }
                // There is a point, so all that is added up here is an equality.
                Feasibility::Contradiction(multipliers) => {
                    terms(text, "hull", &names, &own, &multipliers);
                    equalities.extend(multipliers.iter().map(|&(index, _)| index));
                }
            }
        }
    }

    fn new(dimension: usize, interior: Vec<ExactConstraint>, equalities: BTreeSet<usize>) -> Self {
        let mut orthogonal: Matrix = Vec::new();
        let extend = |orthogonal: &mut Matrix, vector: Vec<Rational>| {
            let mut rest = vector.clone();
            for other in orthogonal.iter() {
                let factor = dot(&vector, other) / dot(other, other);
                rest.iter_mut().zip(other).for_each(|(value, x)| *value -= &factor * x);
            }
            if rest.iter().any(|value| !value.is_zero()) {
                orthogonal.push(rest);
            }
        };
        for &index in &equalities {
            let normal = interior[index].coefficients.iter().cloned().map(Rational::from);
            extend(&mut orthogonal, normal.collect());
        }
        let across = orthogonal.len();
        let unit = |i: usize| (0..dimension).map(|j| Rational::from(u8::from(i == j))).collect();
        (0..dimension).for_each(|i| extend(&mut orthogonal, unit(i)));
        let basis = orthogonal.split_off(across);
        let lengths: Vec<Rational> = basis.iter().map(|q| dot(q, q)).collect();
        let column = |j: usize| {
            let mut column = vec![Rational::ZERO; dimension];
            for (q, length) in basis.iter().zip(&lengths) {
                let factor = &q[j] / length;
                column.iter_mut().zip(q).for_each(|(sum, value)| *sum += &factor * value);
            }
            column
        };
        let columns = (0..dimension).map(column).collect();
        Self { interior, equalities, basis, lengths, normals: orthogonal, columns }
    }

    /// Whether it is parallel to the axes.
    pub fn is_aligned(&self) -> bool {
        let is_axis = |q: &Vec<Rational>| q.iter().filter(|value| !value.is_zero()).count() == 1;
        self.basis.iter().all(is_axis)
    }

    /// Whether a function with this gradient is constant on it.
    pub fn is_constant(&self, gradient: &[Rational]) -> bool {
        self.basis.iter().all(|q| dot(q, gradient).is_zero())
    }

    /// Whether a point is inside the piece, relative to the hull.
    pub fn has_inside(&self, point: &[Rational]) -> bool {
        let closed = |constraint: &ExactConstraint, strict: bool| {
            ExactConstraint { strict, ..constraint.clone() }.holds_at(point)
        };
        self.interior.iter().enumerate().all(|(index, constraint)| {
            let is_equality = self.equalities.contains(&index);
            closed(constraint, !is_equality) && !(is_equality && closed(constraint, true))
        })
    }
}
