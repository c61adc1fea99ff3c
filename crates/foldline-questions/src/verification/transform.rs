//! Changes of coordinates: onto a flat region's affine hull, and of unbounded ends to boxes.

use std::sync::Arc;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Activation, Atom, Layer, LinearConstraint, Network, Rational};

use super::case_problems::Piece;
use super::region::Bounds;
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
    /// New coordinates (y without y_axis, s), y_axis = ±1: x = radius · y / s.
    Perspective {
        /// The coordinate of largest magnitude.
        axis: usize,
        /// Whether it is positive.
        positive: bool,
        /// The radius.
        radius: Rational,
    },
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
            Transform::Perspective { axis, positive, radius } => {
                let (s, y) = point.split_last().expect("s is the last coordinate");
                let mut old: Vec<Rational> = y.iter().map(|y| radius * y / s).collect();
                let edge = radius / s;
                old.insert(*axis, if *positive { edge } else { -edge });
                old
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

/// The piece in coordinates of the affine hull {equalities}; none if the hull is one point.
pub fn onto_affine_hull(piece: &Piece, equalities: &[LinearConstraint]) -> Option<Piece> {
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
    let constraints =
        constraints.filter(|constraint| !constraint.coefficients.is_empty() || constraint.strict);
    let mut transforms = piece.transforms.clone();
    transforms.push(Transform::Affine { base: base.clone(), directions: directions.clone() });
    Some(Piece {
        float: FloatNetwork::new(&network),
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

/// Covers a piece by its part in a box of side 2R and, for each unbounded end, the cone outside
/// where that coordinate is the largest: x = R·y/s with s ∈ (0, 1] and the other |y_j| ≤ 1.
///
/// The network with biases times s has the same signs there, so every part is bounded.
pub fn outside_box(piece: &Piece, bounds: &[Bounds]) -> Vec<Piece> {
    let dimension = bounds.len();
    let mut radius = power_of_two(1);
    for bound in bounds.iter().flat_map(|(low, high)| [low, high]).flatten() {
        let magnitude = if *bound < Rational::ZERO { -bound.clone() } else { bound.clone() };
        while radius <= magnitude {
            radius *= Rational::from(256);
        }
    }
    let mut parts = Vec::new();
    let mut inner = piece.clone();
    for (j, (low, high)) in bounds.iter().enumerate() {
        for (side, sign) in [(high, 1), (low, -1)] {
            if side.is_none() {
                let terms = vec![(j, Rational::from(sign))];
                inner.constraints.push(LinearConstraint::new(terms, radius.clone(), false));
                parts.push(perspective(piece, j, sign > 0, &radius));
            }
        }
    }
    debug_assert_eq!(inner.network.inputs(), dimension);
    parts.push(inner);
    parts
}

fn perspective(piece: &Piece, axis: usize, positive: bool, radius: &Rational) -> Piece {
    let dimension = piece.network.inputs();
    let last = dimension - 1;
    let edge = if positive { Rational::ONE } else { -Rational::ONE };
    // a·x scaled by s is R·a·y; a constant b becomes b·s.
    let scale = |terms: &[(usize, Rational)]| -> Terms {
        let mut constant = Rational::ZERO;
        let mut scaled = Vec::new();
        for (j, value) in terms {
            match j.cmp(&axis) {
                std::cmp::Ordering::Less => scaled.push((*j, value * radius)),
                std::cmp::Ordering::Equal => constant = value * radius * &edge,
                std::cmp::Ordering::Greater => scaled.push((j - 1, value * radius)),
            }
        }
        (scaled, constant)
    };
    let constraint = |old: &LinearConstraint| {
        let (mut terms, constant) = scale(&old.coefficients);
        terms.push((last, -old.bound.clone()));
        LinearConstraint::new(terms, -constant, old.strict)
    };
    let atom = |old: &Atom| {
        let (mut terms, constant) = scale(&old.input);
        terms.push((last, -old.bound.clone()));
        Atom::new(terms, old.output.clone(), -constant, old.strict)
    };
    let mut constraints: Vec<LinearConstraint> = piece.constraints.iter().map(constraint).collect();
    constraints.retain(|constraint| !constraint.coefficients.is_empty() || constraint.strict);
    let bound = |j: usize, factor: i8, bound: i8, strict: bool| {
        let terms = vec![(j, Rational::from(factor))];
        LinearConstraint::new(terms, Rational::from(bound), strict)
    };
    for j in 0..last {
        constraints.extend([bound(j, 1, 1, false), bound(j, -1, 1, false)]);
    }
    constraints.extend([bound(last, 1, 1, false), bound(last, -1, 0, true)]);
    let network = homogenized(&piece.network, scale);
    let mut transforms = piece.transforms.clone();
    transforms.push(Transform::Perspective { axis, positive, radius: radius.clone() });
    Piece {
        float: FloatNetwork::new(&network),
        network: Arc::new(network),
        constraints,
        clauses: piece.clauses.iter().map(|clause| clause.iter().map(atom).collect()).collect(),
        transforms,
    }
}

/// s·f(R·y/s) as a network in (y without the axis, s): every layer but the last hands s on.
fn homogenized(network: &Network, scale: impl Fn(&[(usize, Rational)]) -> Terms) -> Network {
    let dimension = network.inputs();
    let count = network.layers().len();
    let mut width = dimension;
    let mut layers = Vec::new();
    for (index, layer) in network.layers().iter().enumerate() {
        let s = if index == 0 { dimension - 1 } else { width };
        let mut rows: Vec<RationalRow> = layer
            .rational_rows()
            .into_iter()
            .map(|row| {
                let (mut weights, bias) =
                    if index == 0 { scale(&row.weights) } else { (row.weights, Rational::ZERO) };
                weights.push((s, row.bias));
                RationalRow { weights, bias }
            })
            .collect();
        if index + 1 < count {
            rows.push(RationalRow { weights: vec![(s, Rational::ONE)], bias: Rational::ZERO });
        }
        let inputs = if index == 0 { dimension } else { width + 1 };
        let activation = layer.activation;
        debug_assert!(matches!(activation, Activation::Relu | Activation::Linear));
        layers.push(Layer::new(inputs, &rows, activation));
        width = layer.rows.len();
    }
    Network::new(dimension, layers).expect("the layers still fit")
}
