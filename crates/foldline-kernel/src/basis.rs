//! Independent affine functions, and which others are never negative where these are not.
//!
//! f = C + Σ M_j b_j with C, M_j ≥ 0 shows f ≥ 0 wherever every b_j ≥ 0 (Farkas). Where the gradients of
//! the b_j are independent there is at most one such sum, so that naming the b_j is enough.

use std::cmp::Ordering;

use crate::number::{Gcd, Integer};

/// Affine functions on R^d with independent gradients, and their inverse.
#[derive(Debug, Clone)]
pub struct Basis {
    dimension: usize,
    /// For each function the coordinate in which its row below is the only one that is not 0.
    pivots: Vec<usize>,
    /// The functions after Gauss-Jordan elimination: d coefficients, the constant, and how much of
    /// each function the row has; all of it times `determinant`.
    rows: Vec<Vec<Integer>>,
    /// Positive.
    determinant: Integer,
}

impl Basis {
    /// The functions as rows: d coefficients, then the constant. `None` where their gradients
    /// depend on each other.
    ///
    /// Fraction-free elimination: every division is exact.
    pub fn new(dimension: usize, functions: &[&[Integer]]) -> Option<Self> {
        let count = functions.len();
        let unit = |j: usize| (0..count).map(move |i| Integer::from(u8::from(i == j)));
        let with_unit = |(j, function): (usize, &&[Integer])| {
            primitive(function).chain(unit(j)).collect::<Vec<Integer>>()
        };
        let mut rows: Vec<Vec<Integer>> = functions.iter().enumerate().map(with_unit).collect();
        let mut pivots = Vec::with_capacity(count);
        let mut before = Integer::ONE;
        for index in 0..count {
            let column = (0..dimension).find(|&column| !rows[index][column].is_zero())?;
            let row = rows[index].clone();
            for (_, other) in rows.iter_mut().enumerate().filter(|(other, _)| *other != index) {
                let factor = other[column].clone();
                for (value, own) in other.iter_mut().zip(&row) {
                    *value = (&*value * &row[column] - &factor * own) / &before;
                }
            }
            pivots.push(column);
            before = row[column].clone();
        }
        if before < Integer::ZERO {
            before = -before;
            rows.iter_mut().flatten().for_each(|value| *value = -std::mem::take(value));
        }
        Some(Self { dimension, pivots, rows, determinant: before })
    }

    /// The sign that the functions' own signs force on another one, given as a row.
    ///
    /// `Some(true)`: it is a sum as above, and not 0 everywhere. `Some(false)`: its negative is
    /// such a sum, or it is 0 everywhere. `None`: neither.
    pub fn sign_of(&self, function: &[Integer]) -> Option<bool> {
        // The combination of the rows that has the function's values at the pivots.
        let sum = |column: usize| {
            let terms = self.pivots.iter().zip(&self.rows);
            terms.fold(Integer::ZERO, |sum, (&pivot, row)| sum + &function[pivot] * &row[column])
        };
        let mut sign = Ordering::Equal;
        let mut agrees = |value: Integer| match value.cmp(&Integer::ZERO) {
            Ordering::Equal => true,
            found if sign == Ordering::Equal || sign == found => {
                sign = found;
                true
            }
            _ => false,
        };
        let multipliers = self.dimension + 1..self.dimension + 1 + self.rows.len();
        for column in multipliers {
            if !agrees(sum(column)) {
                return None;
            }
        }
        let rest = |column: usize| &self.determinant * &function[column] - sum(column);
        if !agrees(rest(self.dimension)) {
            return None;
        }
        let mut others = (0..self.dimension).filter(|column| !self.pivots.contains(column));
        others.all(|column| rest(column).is_zero()).then_some(sign == Ordering::Greater)
    }
}

/// The positive multiple whose numbers have no common divisor.
fn primitive(function: &[Integer]) -> impl Iterator<Item = Integer> {
    let mut divisor = Integer::ZERO;
    for value in function.iter().filter(|value| !value.is_zero()) {
        divisor =
            if divisor.is_zero() { value.clone() } else { Integer::from((&divisor).gcd(value)) };
    }
    if divisor < Integer::ZERO {
        divisor = -divisor;
    }
    let nothing = divisor.is_zero();
    function.iter().map(move |value| if nothing { Integer::ZERO } else { value / &divisor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rational;
    use proptest::prelude::*;

    fn row(values: &[i64]) -> Vec<Integer> {
        values.iter().map(|&value| Integer::from(value)).collect()
    }

    fn basis(functions: &[&[i64]]) -> Option<Basis> {
        let rows: Vec<Vec<Integer>> = functions.iter().map(|values| row(values)).collect();
        let rows: Vec<&[Integer]> = rows.iter().map(Vec::as_slice).collect();
        Basis::new(2, &rows)
    }

    #[test]
    fn signs_that_follow_and_signs_that_do_not() {
        // x − 1 ≥ 0 and y − x ≥ 0.
        let corner = basis(&[&[2, 0, -2], &[-1, 1, 0]]).unwrap();
        assert_eq!(corner.sign_of(&row(&[0, 1, -1])), Some(true));
        assert_eq!(corner.sign_of(&row(&[0, 1, -2])), None);
        assert_eq!(corner.sign_of(&row(&[0, -3, 3])), Some(false));
        assert_eq!(corner.sign_of(&row(&[1, -1, 0])), Some(false));
        assert_eq!(corner.sign_of(&row(&[2, -1, 0])), None);
        assert_eq!(corner.sign_of(&row(&[0, 0, 0])), Some(false));
        assert_eq!(corner.sign_of(&row(&[0, 0, 5])), Some(true));
    }

    #[test]
    fn fewer_functions_than_dimensions() {
        let one = basis(&[&[-3, 6, 9]]).unwrap();
        assert_eq!(one.sign_of(&row(&[-1, 2, 3])), Some(true));
        assert_eq!(one.sign_of(&row(&[-1, 2, 2])), None);
        assert_eq!(one.sign_of(&row(&[1, 2, 3])), None);
        let none = basis(&[]).unwrap();
        let signs = [[0, 0, 1], [0, 0, -1], [0, 0, 0]].map(|values| none.sign_of(&row(&values)));
        assert_eq!(signs, [Some(true), Some(false), Some(false)]);
        assert_eq!(none.sign_of(&row(&[1, 0, 1])), None);
    }

    #[test]
    fn dependent_gradients_are_no_basis() {
        assert!(basis(&[&[1, 2, 3], &[-2, -4, 0]]).is_none());
        assert!(basis(&[&[0, 0, 1]]).is_none());
        assert!(basis(&[&[1, 0, 0], &[0, 1, 0], &[1, 1, 0]]).is_none());
    }

    proptest! {
        /// A sum with known multipliers is recognised exactly if none is negative.
        #[test]
        fn sums_are_recognised(
            functions in prop::collection::vec(prop::collection::vec(-5i64..6, 4), 1..4),
            multipliers in prop::collection::vec(-2i64..4, 3),
            constant in -2i64..4,
        ) {
            let rows: Vec<Vec<Integer>> = functions.iter().map(|values| row(values)).collect();
            let slices: Vec<&[Integer]> = rows.iter().map(Vec::as_slice).collect();
            let Some(basis) = Basis::new(3, &slices) else { return Ok(()) };
            let mut sum = row(&[0, 0, 0, constant]);
            for (function, &multiplier) in rows.iter().zip(&multipliers) {
                for (sum, value) in sum.iter_mut().zip(function) {
                    *sum += Integer::from(multiplier) * value;
                }
            }
            let used = &multipliers[..rows.len()];
            let all = || used.iter().chain([&constant]);
            let expected = if all().all(|value| *value == 0) {
                Some(false)
            } else if all().all(|value| *value >= 0) {
                Some(true)
            } else if all().all(|value| *value <= 0) {
                Some(false)
            } else {
                None
            };
            prop_assert_eq!(basis.sign_of(&sum), expected);
        }

        /// Where a sign is found, no point contradicts it.
        #[test]
        fn signs_hold_at_points(
            functions in prop::collection::vec(prop::collection::vec(-3i64..4, 3), 1..3),
            other in prop::collection::vec(-3i64..4, 3),
            x in -9i64..10,
            y in -9i64..10,
        ) {
            let at = |values: &[i64]| Rational::from(values[0] * x + values[1] * y + 2 * values[2]);
            let slices: Vec<&[i64]> = functions.iter().map(Vec::as_slice).collect();
            let Some(basis) = basis(&slices) else { return Ok(()) };
            if functions.iter().all(|values| at(values) >= Rational::ZERO) {
                match basis.sign_of(&row(&other)) {
                    Some(true) => prop_assert!(at(&other) >= Rational::ZERO),
                    Some(false) => prop_assert!(at(&other) <= Rational::ZERO),
                    None => {}
                }
            }
        }
    }
}
