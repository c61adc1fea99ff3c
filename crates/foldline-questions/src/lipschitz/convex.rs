//! Input-convex networks without a region, p ≤ 1 or p = ∞: forward passes instead of a search.
//!
//! Where all weights after the first layer are ≥ 0, the network f is convex, and f′, the network
//! without biases, is the support function of the polytope of f's gradients [Z, Prop 6.3]. So the
//! largest ∂f/∂x_i is f′(e_i) and the least is −f′(−e_i); the largest Σ ±∂f/∂x_i is f′ at the signs.
//! Differs from the paper: no linear program, and both signs are tried.

use foldline_kernel::number::power_of_two;
use foldline_kernel::{Integer, Network, Rational};

use super::domain::Domain;
use super::incumbent::{Incumbent, jacobian_at, offer_point};
use super::norm::key;
use super::statement::Exponent;

/// Inputs up to which all sign vectors are evaluated.
const MOST_INPUTS: usize = 16;
/// How close to the best direction a cell is looked for, in halvings.
const MOST_HALVINGS: i64 = 64;

/// Whether every weight that can reach `output` after the first layer is ≥ 0.
fn is_input_convex(network: &Network, output: usize) -> bool {
    let last = network.layers().len() - 1;
    network.layers().iter().enumerate().skip(1).all(|(index, layer)| {
        let rows = layer.rows.iter().enumerate().filter(|(row, _)| index < last || *row == output);
        let mut weights = rows.flat_map(|(_, row)| &row.numerators);
        weights.all(|weight| *weight >= Integer::ZERO)
    })
}

/// The directions in which f′ is evaluated.
fn directions(inputs: usize, p: &Exponent) -> Vec<Vec<Rational>> {
    let signed = |negative: bool| if negative { -Rational::ONE } else { Rational::ONE };
    if *p == Exponent::Infinite {
        let vector = |signs: u32| (0..inputs).map(|j| signed(signs >> j & 1 == 1)).collect();
        return (0..1 << inputs).map(vector).collect();
    }
    let unit = |place: usize| {
        let entry = |j: usize| if j == place / 2 { signed(place % 2 == 1) } else { Rational::ZERO };
        (0..inputs).map(entry).collect()
    };
    (0..2 * inputs).map(unit).collect()
}

/// Measures the network by forward passes and offers the answer; false where this does not apply.
pub fn measure(domain: &Domain, p: &Exponent, incumbent: &Incumbent) -> bool {
    let inputs = domain.network.inputs();
    let &[output] = &domain.outputs[..] else { return false };
    let applies = p.is_at_most_one() || *p == Exponent::Infinite && inputs <= MOST_INPUTS;
    if !applies || !is_input_convex(&domain.network, output) {
        return false;
    }
    let recession = domain.network.without_biases();
    let value = |direction: &Vec<Rational>| recession.evaluate(direction).output[output].clone();
    let valued = directions(inputs, p).into_iter().map(|direction| (value(&direction), direction));
    let Some((value, direction)) = valued.max_by(|(a, _), (b, _)| a.cmp(b)) else { return false };
    let Some(point) = point_of_cell(domain, &value, &direction) else { return false };
    offer_point(domain, &point, incumbent)
}

/// A point whose cell's gradient has the norm `value`: far out, close to `direction`, in general
/// position beside it. None if it was not found within some dozens of tries.
fn point_of_cell(
    domain: &Domain,
    value: &Rational,
    direction: &[Rational],
) -> Option<Vec<Rational>> {
    (2..MOST_HALVINGS).find_map(|halvings| {
        let aside = |j: usize| {
            power_of_two(-halvings) / Rational::from(3 * j as u64 + 2 + halvings as u64 % 7)
        };
        let far = power_of_two(2 * halvings);
        let coordinate = |(j, x): (usize, &Rational)| (x + aside(j)) * &far;
        let point: Vec<Rational> = direction.iter().enumerate().map(coordinate).collect();
        let jacobian = jacobian_at(domain, &point)?;
        (key(&domain.norm.measure(&jacobian)) == value).then_some(point)
    })
}
