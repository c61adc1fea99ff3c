//! The exact point where a quadratic function is stationary on the span of some active constraints.

use foldline_kernel::elimination::eliminate;
use foldline_kernel::number::{Gcd, UnsignedAbs};
use foldline_kernel::{Integer, Natural, Rational};

/// A solution of Hx − Σ λ_i g_i = c, g_i·x = 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stationary {
    /// x, numerators over `denominator`.
    pub point: Vec<Integer>,
    /// λ, numerators over `denominator`.
    pub multipliers: Vec<Integer>,
    /// Positive.
    pub denominator: Integer,
}

impl Stationary {
    /// The value x'Hx − 2c'x = −c·x there.
    pub fn value(&self, linear: &[Integer]) -> Rational {
        let product = linear.iter().zip(&self.point).fold(Integer::ZERO, |sum, (c, x)| sum - c * x);
        Rational::from_parts(product, self.denominator.clone().unsigned_abs())
    }

    /// The point as rationals.
    pub fn rationals(&self) -> Vec<Rational> {
        let denominator = self.denominator.clone().unsigned_abs();
        let rational = |value: &Integer| Rational::from_parts(value.clone(), denominator.clone());
        self.point.iter().map(rational).collect()
    }
}

/// Solves the stationarity conditions of min x'Hx − 2c'x under g·x = 0 for the `rows` g exactly.
///
/// Where the system is singular its free variables are set to zero. `None` if it has no
/// solution, which cannot happen if c is in the range of H.
pub fn stationary(
    hessian: &[Integer],
    linear: &[Integer],
    rows: &[Vec<Integer>],
) -> Option<Stationary> {
    let n = linear.len();
    let size = n + rows.len();
    let mut system: Vec<Vec<Integer>> = Vec::with_capacity(size);
    for i in 0..n {
        let mut line = hessian[i * n..(i + 1) * n].to_vec();
        line.extend(rows.iter().map(|row| -&row[i]));
        line.push(linear[i].clone());
        system.push(line);
    }
    for row in rows {
        let mut line = row.clone();
        line.resize(size + 1, Integer::ZERO);
        system.push(line);
    }
    let (pivots, denominator) = eliminate(&mut system, size);
    let solved = pivots.len();
    if system[solved..].iter().any(|line| !line[size].is_zero()) {
        return None;
    }
    let mut solution = vec![Integer::ZERO; size];
    for (line, &column) in system.iter_mut().zip(&pivots) {
        solution[column] = std::mem::take(&mut line[size]);
    }
    let mut denominator = denominator;
    if denominator < Integer::ZERO {
        denominator = -denominator;
        solution.iter_mut().for_each(|value| *value = -std::mem::take(value));
    }
    let multipliers = solution.split_off(n);
    Some(Stationary { point: solution, multipliers, denominator })
}

/// Numbers y ≥ 0, not all 0, with Σ y_i·row_i = 0; the rows' dependence must be unique.
///
/// `None` if there are none or if the rows have more than one dependence: a minimal set is asked for.
pub fn dependence(rows: &[&Vec<Integer>]) -> Option<Vec<Integer>> {
    let width = rows.first().map_or(0, |row| row.len());
    let mut system: Vec<Vec<Integer>> =
        (0..width).map(|column| rows.iter().map(|row| row[column].clone()).collect()).collect();
    let (pivots, denominator) = eliminate(&mut system, rows.len());
    let free = (0..rows.len()).find(|column| !pivots.contains(column))?;
    if pivots.len() + 1 != rows.len() {
        return None;
    }
    // y of the free column is the denominator, of the others minus their entry in that column.
    let mut factors = vec![Integer::ZERO; rows.len()];
    factors[free] = denominator;
    for (line, &column) in system.iter().zip(&pivots) {
        factors[column] = -&line[free];
    }
    if factors[free] < Integer::ZERO {
        factors.iter_mut().for_each(|value| *value = -std::mem::take(value));
    }
    let divisor = factors.iter().fold(Natural::ZERO, |divisor, value| {
        let value = value.clone().unsigned_abs();
        if divisor.is_zero() {
            value
        } else if value.is_zero() {
            divisor
        } else {
            divisor.gcd(value)
        }
    });
    let divisor = Integer::from(divisor);
    factors.iter_mut().for_each(|value| *value = &*value / &divisor);
    factors.iter().all(|value| *value >= Integer::ZERO).then_some(factors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quadratic::dual_active_set;
    use proptest::prelude::*;

    fn integers(values: &[i32]) -> Vec<Integer> {
        values.iter().map(|&value| value.into()).collect()
    }

    #[test]
    fn a_projection_onto_a_half_plane() {
        // min (x − 1)² + (y + 2)² over y ≥ 0 is at (1, 0), with the multiplier 2.
        let (hessian, linear) = (integers(&[1, 0, 0, 1]), integers(&[1, -2]));
        let found = stationary(&hessian, &linear, &[integers(&[0, 1])]).unwrap();
        assert_eq!(found.rationals(), [Rational::ONE, Rational::ZERO]);
        assert_eq!(found.multipliers, [Integer::from(2) * &found.denominator]);
        assert_eq!(found.value(&linear), -Rational::ONE);
    }

    #[test]
    fn singular_systems_have_solutions() {
        // (x + y − 3)²: any x + y = 3 will do.
        let found = stationary(&integers(&[1, 1, 1, 1]), &integers(&[3, 3]), &[]).unwrap();
        assert_eq!(found.value(&integers(&[3, 3])), Rational::from(-9));
    }

    proptest! {
        #[test]
        fn the_dual_method_finds_what_is_optimal(
            data in proptest::collection::vec((-5i32..6, -5i32..6, -5i32..6, -9i32..10), 3..8),
            rows in proptest::collection::vec(proptest::collection::vec(-4i32..5, 3), 0..6),
        ) {
            let mut hessian = vec![Rational::ZERO; 9];
            let mut linear = vec![Rational::ZERO; 3];
            for &(a, b, c, label) in &data {
                let row = [a, b, c];
                for i in 0..3 {
                    linear[i] += Rational::from(row[i] * label);
                    for j in 0..3 {
                        hessian[3 * i + j] += Rational::from(row[i] * row[j]);
                    }
                }
            }
            (0..3).for_each(|i| hessian[4 * i] += Rational::ONE);
            let rows: Vec<Vec<Rational>> =
                rows.iter().map(|row| row.iter().map(|&a| a.into()).collect()).collect();
            let guess = dual_active_set(&hessian, &linear, &rows, |_| false).unwrap();
            prop_assert!(guess.feasible);
            let product = |a: &[Rational], b: &[Rational]| {
                a.iter().zip(b).fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
            };
            prop_assert!(rows.iter().all(|row| product(row, &guess.point) >= Rational::ZERO));
            prop_assert!(guess.multipliers.iter().all(|value| *value >= Rational::ZERO));
            for i in 0..3 {
                let mut gradient = product(&hessian[3 * i..3 * i + 3], &guess.point) - &linear[i];
                for (&index, multiplier) in guess.active.iter().zip(&guess.multipliers) {
                    gradient -= multiplier * &rows[index][i];
                }
                prop_assert_eq!(gradient, Rational::ZERO);
            }
            for &index in &guess.active {
                prop_assert_eq!(product(&rows[index], &guess.point), Rational::ZERO);
            }
        }
    }
}
