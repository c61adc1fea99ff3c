//! Small dense matrices of rationals: positive semidefiniteness, inverses, largest eigenvalues.

use foldline_geometry::directed::nearest;
use foldline_kernel::Rational;
use foldline_kernel::number::{from_f64_bits, magnitude};

/// Rows of a matrix.
pub type Matrix = Vec<Vec<Rational>>;

/// The sum of products.
pub fn dot(a: &[Rational], b: &[Rational]) -> Rational {
    a.iter().zip(b).fold(Rational::ZERO, |sum, (x, y)| sum + x * y)
}

/// A·Bᵀ, the matrix of products of rows.
pub fn row_products(a: &[Vec<Rational>], b: &[Vec<Rational>]) -> Matrix {
    a.iter().map(|x| b.iter().map(|y| dot(x, y)).collect()).collect()
}

/// The transpose; `columns` is the number of columns (there may be no row).
pub fn transposed(a: &[Vec<Rational>], columns: usize) -> Matrix {
    (0..columns).map(|j| a.iter().map(|row| row[j].clone()).collect()).collect()
}

/// Whether a symmetric matrix is positive semidefinite: elimination meets no negative pivot, and
/// a zero pivot only in a zero row.
pub fn is_positive_semidefinite(mut a: Matrix) -> bool {
    for k in 0..a.len() {
        if a[k][k] < Rational::ZERO {
            return false;
        }
        if a[k][k].is_zero() {
            if a[k][k + 1..].iter().any(|value| !value.is_zero()) {
                return false;
            }
            continue;
        }
        let pivot_row = a[k].clone();
        for i in k + 1..a.len() {
            let factor = &a[i][k] / &pivot_row[k];
            for j in k + 1..a.len() {
                let change = &factor * &pivot_row[j];
                a[i][j] -= change;
            }
        }
    }
    true
}

/// Makes a column 1 in row `pivot`, where it is not 0, and 0 in the others.
fn clear_column(rows: &mut Matrix, pivot: usize, column: usize) {
    let divisor = rows[pivot][column].clone();
    rows[pivot].iter_mut().for_each(|value| *value = &*value / &divisor);
    let pivot_row = rows[pivot].clone();
    for (_, row) in rows.iter_mut().enumerate().filter(|(place, _)| *place != pivot) {
        let factor = row[column].clone();
        row.iter_mut().zip(&pivot_row).for_each(|(value, term)| *value -= &factor * term);
    }
}

/// The inverse of a positive definite matrix.
///
/// # Panics
/// If a pivot is zero.
pub fn inverse(a: &[Vec<Rational>]) -> Matrix {
    let count = a.len();
    let unit = |i: usize| (0..count).map(move |j| Rational::from(u8::from(i == j)));
    let mut rows: Matrix =
        a.iter().enumerate().map(|(i, row)| row.iter().cloned().chain(unit(i)).collect()).collect();
    (0..count).for_each(|k| clear_column(&mut rows, k, k));
    rows.into_iter().map(|row| row[count..].to_vec()).collect()
}

/// A vector ≠ 0 of R^columns orthogonal to all rows, if it is unique up to a factor.
pub fn null_vector(mut rows: Matrix, columns: usize) -> Option<Vec<Rational>> {
    let mut pivots = Vec::new();
    for column in 0..columns {
        let done = pivots.len();
        let Some(found) = (done..rows.len()).find(|&i| !rows[i][column].is_zero()) else {
            continue;
        };
        rows.swap(done, found);
        clear_column(&mut rows, done, column);
        pivots.push(column);
    }
    if pivots.len() + 1 != columns {
        return None;
    }
    let free = (0..columns).find(|column| !pivots.contains(column))?;
    let mut vector = vec![Rational::ZERO; columns];
    vector[free] = Rational::ONE;
    for (row, &pivot) in rows.iter().zip(&pivots) {
        vector[pivot] = -row[free].clone();
    }
    Some(vector)
}

/// Bounds of the largest λ with B v = λ·G v, where B is positive semidefinite and G positive
/// definite: below by a Rayleigh quotient, above by the semidefiniteness of λG − B.
pub fn largest_eigenvalue(b: &[Vec<Rational>], g: &[Vec<Rational>]) -> (Rational, Rational) {
    let zero = b.iter().flatten().all(Rational::is_zero);
    if zero {
        return (Rational::ZERO, Rational::ZERO);
    }
    let vector = dominant_vector(b, g);
    let product = |m: &[Vec<Rational>]| {
        let image: Vec<Rational> = m.iter().map(|row| dot(row, &vector)).collect();
        dot(&vector, &image)
    };
    let lower = product(b) / product(g);
    let mut slack = Rational::ONE / Rational::from(1u64 << 42);
    let trace = b.iter().enumerate().fold(Rational::ZERO, |sum, (i, row)| sum + &row[i]);
    loop {
        let candidate =
            if lower.is_zero() { &trace * &slack } else { &lower * (Rational::ONE + &slack) };
        let difference = |i: usize, j: usize| &candidate * &g[i][j] - &b[i][j];
        let count = b.len();
        let matrix = (0..count).map(|i| (0..count).map(|j| difference(i, j)).collect()).collect();
        if is_positive_semidefinite(matrix) {
            return (lower, candidate);
        }
        slack *= Rational::from(8);
    }
}

/// An unproved eigenvector of G⁻¹B, by repeated squaring in floats; never zero.
pub fn dominant_vector(b: &[Vec<Rational>], g: &[Vec<Rational>]) -> Vec<Rational> {
    let count = b.len();
    let exact = row_products(&inverse(g), b);
    let largest = exact.iter().flatten().map(magnitude).max().unwrap_or(Rational::ONE);
    let mut power: Vec<Vec<f64>> = exact
        .iter()
        .map(|row| row.iter().map(|value| nearest(&(value / &largest))).collect())
        .collect();
    for _ in 0..40 {
        let product =
            |i: usize, j: usize| (0..count).map(|k| power[i][k] * power[k][j]).sum::<f64>();
        let square: Vec<Vec<f64>> =
            (0..count).map(|i| (0..count).map(|j| product(i, j)).collect()).collect();
        let scale = square.iter().flatten().fold(0.0f64, |most, value| most.max(value.abs()));
        if scale.is_nan() || scale <= 0.0 {
            break;
        }
        power = square.iter().map(|row| row.iter().map(|value| value / scale).collect()).collect();
    }
    let size = |j: usize| power.iter().map(|row| row[j].abs()).sum::<f64>();
    let column = (0..count).max_by(|&i, &j| size(i).total_cmp(&size(j))).unwrap_or(0);
    let vector: Vec<Rational> = power
        .iter()
        .map(|row| from_f64_bits(row[column].to_bits()).unwrap_or(Rational::ONE))
        .collect();
    if vector.iter().all(Rational::is_zero) { vec![Rational::ONE; count] } else { vector }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: &[&[i64]]) -> Matrix {
        rows.iter().map(|row| row.iter().map(|&value| Rational::from(value)).collect()).collect()
    }

    #[test]
    fn semidefiniteness_is_exact() {
        assert!(is_positive_semidefinite(matrix(&[&[1, 1], &[1, 1]])));
        assert!(!is_positive_semidefinite(matrix(&[&[0, 1], &[1, 5]])));
        assert!(!is_positive_semidefinite(matrix(&[&[1, 2], &[2, 3]])));
        assert!(is_positive_semidefinite(matrix(&[&[0, 0], &[0, 5]])));
    }

    #[test]
    fn eigenvalues_are_enclosed() {
        // The largest eigenvalue of [[2, 1], [1, 3]] is (5 + √5)/2.
        let (lower, upper) =
            largest_eigenvalue(&matrix(&[&[2, 1], &[1, 3]]), &matrix(&[&[1, 0], &[0, 1]]));
        let expected = (5.0 + 5f64.sqrt()) / 2.0;
        assert!(
            (nearest(&lower) - expected).abs() < 1e-11
                && (nearest(&upper) - expected).abs() < 1e-11
        );
        assert!(lower <= upper && (&upper - &lower) < Rational::ONE / Rational::from(1u64 << 40));
        let (lower, upper) = largest_eigenvalue(&matrix(&[&[9]]), &matrix(&[&[4]]));
        let nine_fourths = Rational::from(9) / Rational::from(4);
        assert!(lower <= nine_fourths && nine_fourths <= upper);
    }

    #[test]
    fn inverses_multiply_to_one() {
        let a = matrix(&[&[2, 1, 0], &[1, 3, 1], &[0, 1, 4]]);
        let unit = matrix(&[&[1, 0, 0], &[0, 1, 0], &[0, 0, 1]]);
        assert_eq!(row_products(&a, &transposed(&inverse(&a), 3)), unit);
    }
}
