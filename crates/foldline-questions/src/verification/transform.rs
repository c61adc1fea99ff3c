//! Changes of coordinates, and the one onto a flat region's affine hull.

use std::sync::Arc;

use foldline_kernel::network::RationalRow;
use foldline_kernel::{Atom, Layer, LinearConstraint, Network, Rational};

use super::case_problems::Piece;
use super::region::holds_trivially;
use crate::bounds::FloatNetwork;

/// How a point in new coordinates maps back to the old ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transform {
    /// x = base + Σ t_k · directions_k.
    Affine {
        /// The point at t = 0.
        base: Vec<Rational>,
        /// One vector a new coordinate.
        directions: Vec<Vec<Rational>>,
    },
    /// New coordinates (y, s) with s > 0: x = y / s.
    Perspective,
}

impl Transform {
    /// The old coordinates of a point.
    pub fn back(&self, point: &[Rational]) -> Vec<Rational> {
        match self {
            Transform::Affine { base, directions } => {
                let mut old = base.clone();
                for (direction, t) in directions.iter().zip(point) {
                    for (value, step) in old.iter_mut().zip(direction) {
                        *value += t * step;
                    }
                }
                old
            }
            Transform::Perspective => {
                let (s, y) = point.split_last().expect("s is the last coordinate");
                y.iter().map(|y| y / s).collect()
            }
        }
    }
}

/// A point after all changes of coordinates, given first to last, in the original ones.
pub fn original(transforms: &[Transform], point: &[Rational]) -> Vec<Rational> {
    transforms.iter().rev().fold(point.to_vec(), |point, step| step.back(&point))
}

/// A sparse affine function of old coordinates written in new ones: terms and constant.
type Terms = (Vec<(usize, Rational)>, Rational);

/// The piece in coordinates of the affine hull {equalities}, its network rounded by `floats`; none if the hull is one
/// point.
pub fn onto_affine_hull(
    piece: &Piece,
    equalities: &[LinearConstraint],
    floats: fn(&Network) -> FloatNetwork,
) -> Option<Piece> {
    let dimension = piece.network.inputs();
    let (base, directions) = solve(dimension, equalities);
    if directions.is_empty() {
        return None;
    }
    let substitute = |terms: &[(usize, Rational)]| -> Terms {
        let constant = foldline_kernel::linear::dot(terms, &base);
        let coefficient =
            |direction: &Vec<Rational>| foldline_kernel::linear::dot(terms, direction);
        (directions.iter().map(coefficient).enumerate().collect(), constant)
    };
    let first = &piece.network.layers()[0];
    let rows: Vec<RationalRow> = first
        .rational_rows()
        .iter()
        .map(|row| {
            let (weights, constant) = substitute(&row.weights);
            RationalRow { weights, bias: constant + &row.bias }
        })
        .collect();
    let mut layers = vec![Layer::new(directions.len(), &rows, first.activation)];
    layers.extend(piece.network.layers()[1..].iter().cloned());
    let network = Network::new(directions.len(), layers).expect("the layers still fit");
    let constraint = |old: &LinearConstraint| {
        let (terms, constant) = substitute(&old.coefficients);
        LinearConstraint::new(terms, &old.bound - constant, old.strict)
    };
    let atom = |old: &Atom| {
        let (terms, constant) = substitute(&old.input);
        Atom::new(terms, old.output.clone(), &old.bound - constant, old.strict)
    };
    let constraints = piece.constraints.iter().map(constraint);
    let constraints = constraints.filter(|constraint| !holds_trivially(constraint));
    let mut transforms = piece.transforms.clone();
    transforms.push(Transform::Affine { base: base.clone(), directions: directions.clone() });
    let float = floats(&network);
    Some(Piece {
        signs: piece.signs.iter().chain(&float.constants).copied().collect(),
        float,
        network: Arc::new(network),
        constraints: constraints.collect(),
        clauses: piece.clauses.iter().map(|clause| clause.iter().map(atom).collect()).collect(),
        transforms,
    })
}

/// A solution of consistent equations and a basis of the homogeneous solutions.
fn solve(dimension: usize, equations: &[LinearConstraint]) -> (Vec<Rational>, Vec<Vec<Rational>>) {
    let mut rows: Vec<Vec<Rational>> = Vec::new();
    let mut pivots: Vec<usize> = Vec::new();
    for equation in equations {
        let mut row = vec![Rational::ZERO; dimension + 1];
        for (j, value) in &equation.coefficients {
            row[*j] = value.clone();
        }
        row[dimension] = equation.bound.clone();
        for (other, &pivot) in rows.iter().zip(&pivots) {
            subtract_multiple(&mut row, other, pivot);
        }
        let Some(pivot) = (0..dimension).find(|&j| !row[j].is_zero()) else {
            continue;
        };
        let scale = row[pivot].clone();
        row.iter_mut().for_each(|value| *value = &*value / &scale);
        rows.iter_mut().for_each(|other| subtract_multiple(other, &row, pivot));
        rows.push(row);
        pivots.push(pivot);
    }
    let mut base = vec![Rational::ZERO; dimension];
    for (row, &pivot) in rows.iter().zip(&pivots) {
        base[pivot] = row[dimension].clone();
    }
    let free = (0..dimension).filter(|j| !pivots.contains(j));
    let directions = free.map(|j| {
        let mut direction = vec![Rational::ZERO; dimension];
        direction[j] = Rational::ONE;
        for (row, &pivot) in rows.iter().zip(&pivots) {
            direction[pivot] = -row[j].clone();
        }
        direction
    });
    (base, directions.collect())
}

fn subtract_multiple(row: &mut [Rational], other: &[Rational], pivot: usize) {
    let factor = row[pivot].clone();
    if !factor.is_zero() {
        row.iter_mut().zip(other).for_each(|(value, term)| *value -= &factor * term);
    }
}
