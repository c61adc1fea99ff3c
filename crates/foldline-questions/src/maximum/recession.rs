//! Unboundedness: the objective far away is that of the network without biases.
//!
//! On a polyhedron P with recession cone C the supremum is infinite if and only if the network
//! without biases, f∞(r) = lim f(x + t·r)/t, has a direction r in C with objective(f∞(r)) > 0:
//! there are finitely many cells, and on one of them, where f is affine, the objective must grow
//! along a recession direction of cell ∩ P. (For P = R^d that is the surjectivity test of [Z, App. B].)

use foldline_kernel::linear::dot;
use foldline_kernel::network::{RationalRow, magnitude, over_common_denominator};
use foldline_kernel::number::{Gcd, power_of_two};
use foldline_kernel::{
    Activation, Atom, Formula, LinearConstraint, Natural, Network, Property, Rational, Region,
};

use super::pieces::ClosedPiece;
use super::statement::Objective;

/// The property of the network without biases that is violated exactly by the directions, scaled
/// to the surface of the unit cube, along which some objective grows without bound.
///
/// None if no piece reaches infinitely far.
pub fn growth(
    network: &Network,
    pieces: &[ClosedPiece],
    objectives: &[Objective],
) -> Option<Property> {
    let dimension = network.inputs();
    let grows = |objective: &Objective| {
        let negated = objective.iter().map(|(output, value)| (*output, -value.clone()));
        Formula::Atom(Atom::new(Vec::new(), negated.collect(), Rational::ZERO, true))
    };
    let grows = Formula::Or(objectives.iter().map(grows).collect());
    let mut faces = Vec::new();
    for piece in pieces {
        for (axis, (low, high)) in piece.bounds.iter().enumerate() {
            for (end, sign) in [(high, 1), (low, -1)] {
                if end.is_none() {
                    faces.push(face(piece, dimension, axis, sign));
                }
            }
        }
    }
    let formula = Formula::And(vec![Formula::Or(faces), grows]);
    let unbounded = pieces.iter().any(ClosedPiece::is_unbounded);
    unbounded.then_some(Property { inputs: dimension, outputs: network.outputs(), formula })
}

/// The face r_axis = sign of the unit cube, as far as it is in the recession cone.
fn face(piece: &ClosedPiece, dimension: usize, axis: usize, sign: i8) -> Formula {
    let faces = Region::cube_surface(dimension).pieces;
    let place = 2 * axis + usize::from(sign < 0);
    let mut face = faces.into_iter().nth(place).expect("two faces an axis");
    face.constraints.extend(
        piece
            .constraints
            .iter()
            .map(|constraint| LinearConstraint { bound: Rational::ZERO, ..constraint.clone() }),
    );
    Region { dimension, pieces: vec![face] }.formula()
}

/// Fraction bits that are tried before a direction is left as it is.
const MOST_BITS: i64 = 40;

/// A direction like this one in integers, as small as will do.
pub fn simplified(direction: &[Rational], will_do: impl Fn(&[Rational]) -> bool) -> Vec<Rational> {
    let rounded = |bits: i64| {
        let unit = power_of_two(bits);
        let round = |value: &Rational| Rational::from((value * &unit).round());
        direction.iter().map(round).collect::<Vec<_>>()
    };
    let short = (0..MOST_BITS).step_by(2).map(rounded).find(|rounded| will_do(rounded));
    primitive(&short.unwrap_or_else(|| direction.to_vec()))
}

/// The direction in integers without a common factor.
fn primitive(direction: &[Rational]) -> Vec<Rational> {
    let (integers, _) = over_common_denominator(direction);
    let values = integers.iter().filter(|value| !value.is_zero());
    let common = values.fold(Natural::ZERO, |common, value| match common.is_zero() {
        true => magnitude(value),
        false => (&common).gcd(value),
    });
    if common.is_zero() {
        return direction.to_vec();
    }
    integers.into_iter().map(|value| Rational::from_parts(value, common.clone())).collect()
}

/// The first point of a ray from which on the network is affine along it, t rounded up to an
/// integer, and the outputs' slopes there.
pub fn affine_end(
    network: &Network,
    point: &[Rational],
    direction: &[Rational],
) -> (Vec<Rational>, Vec<Rational>) {
    // Values as functions start + t·slope, true for all t from `reached` on.
    let mut values: Vec<(Rational, Rational)> =
        point.iter().cloned().zip(direction.iter().cloned()).collect();
    let mut reached = Rational::ZERO;
    for layer in network.layers() {
        let along = |row: &RationalRow| {
            let start = (row.bias.clone(), Rational::ZERO);
            row.weights.iter().fold(start, |(start, slope), (j, weight)| {
                (start + weight * &values[*j].0, slope + weight * &values[*j].1)
            })
        };
        let mut next: Vec<_> = layer.rational_rows().iter().map(along).collect();
        if layer.activation == Activation::Relu {
            for (start, slope) in &mut next {
                if !slope.is_zero() {
                    let crossing = -(&*start / &*slope);
                    reached = reached.max(crossing);
                }
                let deciding = if slope.is_zero() { &*start } else { &*slope };
                if *deciding <= Rational::ZERO {
                    (*start, *slope) = (Rational::ZERO, Rational::ZERO);
                }
            }
        }
        values = next;
    }
    let reached = Rational::from(reached.ceil());
    let moved = point.iter().zip(direction).map(|(x, r)| x + &reached * r).collect();
    (moved, values.into_iter().map(|(_, slope)| slope).collect())
}

/// The ray for a direction of growth: from a point of a piece that recedes along it.
pub fn ray(
    network: &Network,
    pieces: &[ClosedPiece],
    objectives: &[Objective],
    direction: &[Rational],
) -> (Vec<Rational>, Vec<Rational>) {
    let far_away = network.without_biases();
    let piece = pieces.iter().find(|piece| piece.recedes_along(direction));
    let piece = piece.expect("the direction is one of a piece");
    let grow = |slopes: &[Rational]| {
        objectives.iter().any(|objective| dot(objective, slopes) > Rational::ZERO)
    };
    let direction = simplified(direction, |direction| {
        piece.recedes_along(direction) && grow(&far_away.evaluate(direction).output)
    });
    let (point, slopes) = affine_end(network, &piece.point, &direction);
    assert!(grow(&slopes), "the direction is not one of growth");
    (point, direction)
}
