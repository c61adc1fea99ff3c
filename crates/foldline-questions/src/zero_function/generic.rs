//! Points in general position: off all hyperplanes but one, and steps that cross none.

use foldline_geometry::ExactConstraint;
use foldline_kernel::Rational;

use super::one_hidden_layer::{Affine, value_at};

/// `point` moved along `direction`, by so little that it stays inside the strict constraints and
/// on its side of every plane that it is not on.
pub fn step_inside(
    interior: &[ExactConstraint],
    planes: &[&Affine],
    point: &[Rational],
    direction: &[Rational],
) -> Vec<Rational> {
    let constraint = |constraint: &ExactConstraint| {
        let turned = constraint.coefficients.iter().map(|value| Rational::from(-value));
        turned.chain([Rational::from(constraint.bound.clone())]).collect::<Affine>()
    };
    let sides: Vec<Affine> = interior.iter().map(constraint).collect();
    let mut step = Rational::from(2);
    for function in sides.iter().chain(planes.iter().copied()) {
        let (value, slope) = (value_at(function, point), slope_along(function, direction));
        if value.is_zero() || slope.is_zero() {
            continue;
        }
        let crossing = -(value / slope);
        if crossing > Rational::ZERO && crossing < step {
            step = crossing;
        }
    }
    step /= Rational::from(2);
    point.iter().zip(direction).map(|(x, r)| x + &step * r).collect()
}

fn slope_along(function: &[Rational], direction: &[Rational]) -> Rational {
    let terms = function.iter().zip(direction).map(|(a, r)| a * r);
    terms.fold(Rational::ZERO, |sum, term| sum + term)
}

/// Three points around a point of `plane`'s kink that is on no other plane: a function with a kink
/// at this plane, affine between the planes, is not 0 at all of them.
///
/// `point` is a point of the plane in the interior; `planes` are all planes with a kink.
pub fn beside_kink(
    interior: &[ExactConstraint],
    planes: &[&Affine],
    plane: &Affine,
    point: Vec<Rational>,
) -> Vec<Vec<Rational>> {
    let others: Vec<&Affine> = planes.iter().copied().filter(|other| *other != plane).collect();
    let on_kink = off_planes(interior, &others, plane, point);
    let normal = &plane[..plane.len() - 1];
    let opposite: Vec<Rational> = normal.iter().map(|value| -value.clone()).collect();
    let beside = step_inside(interior, &others, &on_kink, normal);
    let other_side = step_inside(interior, &others, &on_kink, &opposite);
    vec![on_kink, beside, other_side]
}

/// A point of the plane near `point` that is on none of the others.
fn off_planes(
    interior: &[ExactConstraint],
    others: &[&Affine],
    plane: &Affine,
    point: Vec<Rational>,
) -> Vec<Rational> {
    let through: Vec<&Affine> =
        others.iter().copied().filter(|other| value_at(other, &point).is_zero()).collect();
    if through.is_empty() {
        return point;
    }
    // Directions in the plane along a moment curve: each other plane contains finitely many.
    let lead = plane.iter().position(|value| !value.is_zero()).expect("a normal");
    let dimension = point.len();
    let along = |parameter: u32| {
        let mut power = Rational::ONE;
        let mut direction = vec![Rational::ZERO; dimension];
        for j in (0..dimension).filter(|&j| j != lead) {
            direction[j] = power.clone();
            power *= Rational::from(parameter);
        }
        let rest = slope_along(plane, &direction);
        direction[lead] = -(rest / &plane[lead]);
        direction
    };
    let leaves_all = |direction: &Vec<Rational>| {
        through.iter().all(|other| !slope_along(other, direction).is_zero())
    };
    let direction = (1..).map(along).find(leaves_all).expect("finitely many are bad");
    step_inside(interior, others, &point, &direction)
}
