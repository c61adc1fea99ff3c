//! Lewis weights of generators: how much each one can matter to the support function in any direction.
//!
//! The weights w solve w_i² = g_iᵀ (Σ g gᵀ/w)⁻¹ g_i [Cohen and Peng 2015, for ℓ_1]; they add up to
//! the rank, and |u·g_i| ≤ w_i·Σ_k |u·g_k| for every u. Floats: they only steer a sampling.

use super::floats::FloatGenerators;

/// Rounds of the fixed point iteration, which halves the error of log w each time.
const ROUNDS: usize = 30;

/// The Lewis weights of generators that span the space; `None` where floats see them as flat.
pub fn lewis_weights(generators: &FloatGenerators) -> Option<Vec<f64>> {
    let (dimension, count) = (generators.dimension, generators.count());
    let mut weights = vec![dimension as f64 / count.max(1) as f64; count];
    for _ in 0..ROUNDS {
        let mut quadratic = vec![vec![0.0; dimension]; dimension];
        for (index, weight) in weights.iter().enumerate() {
            let vector = generators.vector(index);
            for (row, a) in quadratic.iter_mut().zip(vector) {
                row.iter_mut().zip(vector).for_each(|(sum, b)| *sum += a * b / weight.max(1e-300));
            }
        }
        let factor = cholesky(&quadratic)?;
        for (index, weight) in weights.iter_mut().enumerate() {
            *weight = forward_norm(&factor, generators.vector(index));
        }
    }
    weights.iter().all(|weight| weight.is_finite()).then_some(weights)
}

/// The lower triangular L with L Lᵀ = matrix; `None` if that is not clearly positive definite.
fn cholesky(matrix: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
    let size = matrix.len();
    let mut factor = vec![vec![0.0; size]; size];
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| factor[row][k] * factor[column][k]).sum();
            let rest = matrix[row][column] - known;
            if row == column {
                if rest <= 1e-13 * matrix[row][row] {
                    return None;
                }
                factor[row][row] = rest.sqrt();
            } else {
                factor[row][column] = rest / factor[column][column];
            }
        }
    }
    Some(factor)
}

/// |L⁻¹ v|.
fn forward_norm(factor: &[Vec<f64>], vector: &[f64]) -> f64 {
    let mut solved = Vec::with_capacity(vector.len());
    for (row, value) in factor.iter().zip(vector) {
        let known: f64 = row.iter().zip(&solved).map(|(a, b): (&f64, &f64)| a * b).sum();
        solved.push((value - known) / row[solved.len()]);
    }
    solved.iter().map(|value| value * value).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::Rational;

    #[test]
    fn weights_add_up_to_the_rank_and_bound_every_share() {
        let vectors: Vec<Vec<Rational>> = (0..40)
            .map(|i: i64| {
                (0..3)
                    .map(|j: i64| Rational::from((i * 7 + j * j * 5 * i + 3 * j) % 11 - 5))
                    .collect()
            })
            .filter(|vector: &Vec<Rational>| vector.iter().any(|value| !value.is_zero()))
            .collect();
        let generators = FloatGenerators::new(3, vectors);
        let weights = lewis_weights(&generators).unwrap();
        assert!((weights.iter().sum::<f64>() - 3.0).abs() < 1e-6);
        for direction in [[1.0, 0.0, 0.0], [0.3, -1.0, 0.7], [1.0, 1.0, 1.0], [0.0, 1.0, -1.9]] {
            let products = generators.products(&direction);
            let total: f64 = products.iter().map(|value| value.abs()).sum();
            for (product, weight) in products.iter().zip(&weights) {
                assert!(product.abs() <= weight * total * (1.0 + 1e-6));
            }
        }
    }
}
