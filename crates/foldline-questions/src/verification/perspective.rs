//! Unbounded regions as bounded ones: a box, and for each open end the cone outside it.

use std::sync::Arc;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Activation, Atom, Layer, LinearConstraint, Network, Rational};

use super::case_problems::Piece;
use super::region::Bounds;
use super::transform::{Transform, onto_affine_hull};
use crate::bounds::FloatNetwork;

/// A power of two beyond the bound of every coordinate that is bounded at one end only.
pub fn radius_beyond(bounds: &[Bounds]) -> Rational {
    let mut radius = power_of_two(1);
    let open = bounds.iter().filter(|(low, high)| low.is_none() || high.is_none());
    for bound in open.flat_map(|(low, high)| [low, high]).flatten() {
        let magnitude = if *bound < Rational::ZERO { -bound.clone() } else { bound.clone() };
        while radius <= magnitude {
            radius *= Rational::from(256);
        }
    }
    radius
}

/// The unbounded ends: pairs of a coordinate and whether it is the upper end.
pub fn open_ends(bounds: &[Bounds]) -> Vec<(usize, bool)> {
    let ends = |(j, (low, high)): (usize, &Bounds)| {
        [(low.is_none(), (j, false)), (high.is_none(), (j, true))]
    };
    let ends = bounds.iter().enumerate().flat_map(ends);
    ends.filter_map(|(open, end)| open.then_some(end)).collect()
}

/// The box of side 2R where an end is open.
pub fn inner_box(bounds: &[Bounds], radius: &Rational) -> Vec<(Rational, Rational)> {
    let closed = |(low, high): &Bounds| {
        let low = low.clone().unwrap_or_else(|| -radius.clone());
        (low, high.clone().unwrap_or_else(|| radius.clone()))
    };
    bounds.iter().map(closed).collect()
}

/// The box of (y, s), x = y/s, for the points beyond R in the open end `axis` whose other
/// coordinates are nowhere further out in an open end: y_axis is ±R, and s = R/|x_axis| ≤ 1.
pub fn face_box(
    bounds: &[Bounds],
    (axis, is_upper): (usize, bool),
    radius: &Rational,
) -> Vec<(Rational, Rational)> {
    // y_j = s·x_j, so a bound of x_j is one of y_j together with 0.
    let with_zero = |(low, high): &Bounds| {
        let low = low.as_ref().map(|low| low.clone().min(Rational::ZERO));
        (low, high.as_ref().map(|high| high.clone().max(Rational::ZERO)))
    };
    let bounds: Vec<Bounds> = bounds.iter().map(with_zero).collect();
    let mut face = inner_box(&bounds, radius);
    let edge = if is_upper { radius.clone() } else { -radius.clone() };
    face[axis] = (edge.clone(), edge);
    face.push((Rational::ZERO, Rational::ONE));
    face
}

/// Covers a piece by its part in a box of side 2R and, for each unbounded end, the cone outside
/// where that coordinate is the largest, in coordinates (y, s) that are bounded there.
pub fn outside_box(piece: &Piece, bounds: &[Bounds]) -> Vec<Piece> {
    let radius = radius_beyond(bounds);
    let side = |j: usize, bound: &Rational, is_upper: bool| {
        let sign = Rational::from(if is_upper { 1 } else { -1 });
        LinearConstraint::new(vec![(j, sign.clone())], sign * bound, false)
    };
    let mut inner = piece.clone();
    let cone = perspective(piece);
    let mut parts = Vec::new();
    for (axis, is_upper) in open_ends(bounds) {
        let edge = if is_upper { radius.clone() } else { -radius.clone() };
        inner.constraints.push(side(axis, &edge, is_upper));
        let mut part = cone.clone();
        for (j, (low, high)) in face_box(bounds, (axis, is_upper), &radius).iter().enumerate() {
            if j != axis {
                part.constraints.extend([side(j, low, false), side(j, high, true)]);
            }
        }
        parts.extend(onto_affine_hull(&part, &[side(axis, &edge, true)], FloatNetwork::new));
    }
    parts.push(inner);
    parts
}

/// The piece's points x as (y, s) with s > 0 and x = y/s, everything multiplied by s.
///
/// Constraints and atoms become homogeneous; a last constraint says s > 0.
pub fn perspective(piece: &Piece) -> Piece {
    let s = piece.network.inputs();
    let homogeneous = |terms: &[(usize, Rational)], bound: &Rational| {
        let mut terms = terms.to_vec();
        terms.push((s, -bound.clone()));
        terms
    };
    let constraint = |old: &LinearConstraint| {
        let terms = homogeneous(&old.coefficients, &old.bound);
        LinearConstraint::new(terms, Rational::ZERO, old.strict)
    };
    let atom = |old: &Atom| {
        let terms = homogeneous(&old.input, &old.bound);
        Atom::new(terms, old.output.clone(), Rational::ZERO, old.strict)
    };
    let mut constraints: Vec<LinearConstraint> = piece.constraints.iter().map(constraint).collect();
    constraints.push(LinearConstraint::new(vec![(s, -Rational::ONE)], Rational::ZERO, true));
    let network = homogenized(&piece.network);
    let mut transforms = piece.transforms.clone();
    transforms.push(Transform::Perspective);
    let float = FloatNetwork::homogeneous(&network);
    Piece {
        signs: float.constants.clone(),
        float,
        network: Arc::new(network),
        constraints,
        clauses: piece.clauses.iter().map(|clause| clause.iter().map(atom).collect()).collect(),
        transforms,
    }
}

/// The layers of a network, an output ReLU followed by the identity.
pub fn with_linear_end(network: &Network) -> Vec<Layer> {
    let mut layers = network.layers().to_vec();
    if layers.last().is_some_and(|last| last.activation == Activation::Relu) {
        let width = network.outputs();
        let row = |j| RationalRow { weights: vec![(j, Rational::ONE)], bias: Rational::ZERO };
        layers.push(Layer::new(
            width,
            &(0..width).map(row).collect::<Vec<_>>(),
            Activation::Linear,
        ));
    }
    layers
}

/// s·f(y/s) as a network in (y, s): biases become weights of s, which every layer but the last
/// hands on as its last row.
fn homogenized(network: &Network) -> Network {
    let mut layers = with_linear_end(network);
    let count = layers.len();
    for (index, layer) in layers.iter_mut().enumerate() {
        let s = layer.inputs;
        let mut rows = layer.rational_rows();
        for row in &mut rows {
            row.weights.push((s, std::mem::take(&mut row.bias)));
        }
        if index + 1 < count {
            rows.push(RationalRow { weights: vec![(s, Rational::ONE)], bias: Rational::ZERO });
        }
        *layer = Layer::new(s + 1, &rows, layer.activation);
    }
    Network::new(network.inputs() + 1, layers).expect("the layers still fit")
}
