//! Directions that attain a norm, and what they attain: the lower side of a Lipschitz certificate.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, maximize};
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::{BitTest, magnitude, power_of_two};
use foldline_kernel::{Integer, LinearConstraint, Natural, Rational};

use super::hull::Hull;
use super::measure::{Measure, root_above, sum};
use crate::lipschitz::matrix::{Matrix, dominant_vector, dot, row_products, transposed};
use crate::lipschitz::power::{power, square_root};

impl Measure {
    /// A direction along which the norm of the Jacobian (projected onto the hull) is at least what is
    /// returned with it, `lower` or a little less; none where a checker needs none.
    pub fn along(
        self,
        lower: &Rational,
        hull: &Hull,
        jacobian: &[Vec<Rational>],
    ) -> (Option<Vec<Rational>>, Rational) {
        match self {
            Measure::Squares => (None, lower.clone()),
            Measure::Columns | Measure::Rows if hull.is_aligned() => (None, lower.clone()),
            Measure::Columns | Measure::Rows => {
                (Some(self.steepest(hull, jacobian)), lower.clone())
            }
            Measure::Singular | Measure::Power { .. } if lower.is_zero() => (None, lower.clone()),
            Measure::Singular => {
                let inputs = hull.columns.len();
                let columns = transposed(jacobian, inputs);
                let square = row_products(&columns, &columns);
                let vector = dominant_vector(&square, &hull_units(inputs));
                // One exact step more, which also leads into the hull.
                let direction: Vec<Rational> = square.iter().map(|row| dot(row, &vector)).collect();
                let image: Vec<Rational> =
                    jacobian.iter().map(|row| dot(row, &direction)).collect();
                let ratio = dot(&image, &image) / dot(&direction, &direction);
                stated(lower, &square_root(&ratio).0, direction)
            }
            Measure::Power { a, b } => {
                let (roots, reached) = power_direction(&jacobian[0], a, b);
                stated(lower, &reached, roots)
            }
        }
    }

    /// The direction of an oblique hull that the Jacobian changes most, for p = 1 or ∞: exact LPs.
    fn steepest(self, hull: &Hull, jacobian: &[Vec<Rational>]) -> Vec<Rational> {
        let inputs = hull.columns.len();
        // v, and magnitudes of its entries for p = 1.
        let dimension = if self == Measure::Columns { 2 * inputs } else { inputs };
        let mut constraints = Vec::new();
        let mut push = |terms: Vec<(usize, Rational)>, bound: Rational| {
            let constraint = LinearConstraint::new(terms, bound, false);
            constraints.push(ExactConstraint::new(dimension, &constraint));
        };
        let one = || Rational::ONE;
        for normal in &hull.normals {
            push(normal.iter().cloned().enumerate().collect(), Rational::ZERO);
            push(normal.iter().map(|value| -value).enumerate().collect(), Rational::ZERO);
        }
        for j in 0..inputs {
            for sign in [one(), -one()] {
                if self == Measure::Columns {
                    push(vec![(j, sign), (inputs + j, -one())], Rational::ZERO);
                } else {
                    push(vec![(j, sign)], one());
                }
            }
        }
        let mut objectives = jacobian.to_vec();
        if self == Measure::Columns {
            push((inputs..2 * inputs).map(|j| (j, one())).collect(), one());
            // ‖J v‖_1 is the largest of the sums with signs.
            objectives = vec![jacobian[0].clone()];
            for row in &jacobian[1..] {
                let sums = |sign: Rational| {
                    let with = move |sum: &Vec<Rational>| -> Vec<Rational> {
                        sum.iter().zip(row).map(|(a, b)| a + &sign * b).collect()
                    };
                    objectives.iter().map(with).collect::<Matrix>()
                };
                objectives = sums(one()).into_iter().chain(sums(-one())).collect();
            }
        }
        let mut best: (Rational, Vec<Rational>) = (Rational::ZERO, hull.basis[0].clone());
        for objective in objectives {
            let (mut integers, _) = over_common_denominator(&objective);
            integers.resize(dimension, Integer::ZERO);
            if let ExactOutcome::Optimal { point, .. } =
                maximize(dimension, &constraints, &integers)
            {
                let value = dot(&objective, &point[..inputs]);
                if value > best.0 {
                    best = (value, point[..inputs].to_vec());
                }
            }
        }
        best.1
    }
}

/// A direction with a short number that is at most `lower` and at most what the direction attains.
///
/// A direction is rounded, so it may fall short of the best one. What is claimed is what it attains.
fn stated(
    lower: &Rational,
    attained: &Rational,
    direction: Vec<Rational>,
) -> (Option<Vec<Rational>>, Rational) {
    let claimed = rounded_down(lower.min(attained));
    // A claim of 0 needs no direction, and a checker takes none.
    let direction = (!claimed.is_zero()).then_some(direction);
    (direction, claimed)
}

/// At most a positive value, by less than 2⁻⁵² of it, with 53 bits.
fn rounded_down(value: &Rational) -> Rational {
    if *value <= Rational::ZERO {
        return Rational::ZERO;
    }
    let bits = |natural: &Natural| natural.bit_len() as i64;
    let size = bits(&value.numerator().clone().into_parts().1) - bits(value.denominator());
    let unit = power_of_two(size - 53);
    Rational::from((value / &unit).floor()) * unit
}

/// b-th roots of a direction that a gradient's dual norm is about attained in for p = a/b, rounded,
/// and at most what it attains.
fn power_direction(gradient: &[Rational], a: i64, b: i64) -> (Vec<Rational>, Rational) {
    let largest = gradient.iter().map(magnitude).max().unwrap_or(Rational::ZERO);
    if largest.is_zero() {
        return (gradient.to_vec(), Rational::ZERO);
    }
    let ratios: Vec<Rational> = gradient.iter().map(|value| magnitude(value) / &largest).collect();
    let sizes: Vec<Rational> = ratios.iter().map(|ratio| root_above(ratio, a - b)).collect();
    // J·v and ‖v‖_p for v_j = ±root^b, both over the largest entry: a number between 1 and d.
    let image = sum(ratios.iter().zip(&sizes).map(|(ratio, root)| ratio * root.pow(b as isize)));
    let length = sum(sizes.iter().map(|root| root.pow(a as isize)));
    let ratio = image.pow(a as isize) / length.pow(b as isize);
    let reached = power(&ratio, &(Rational::ONE / Rational::from(a))).0 * &largest;
    let signed = |(value, root): (&Rational, Rational)| {
        if *value < Rational::ZERO { -root } else { root }
    };
    (gradient.iter().zip(sizes).map(signed).collect(), reached)
}

fn hull_units(inputs: usize) -> Matrix {
    let unit = |i: usize| (0..inputs).map(|j| Rational::from(u8::from(i == j))).collect();
    (0..inputs).map(unit).collect()
}
