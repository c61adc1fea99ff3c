//! A cone's bound in exact arithmetic, where floats cannot tell it from the best norm.

use foldline_geometry::zonotopes::fan::{Cone, Ray};
use foldline_geometry::zonotopes::floats::{FloatGenerators, exact_float};
use foldline_kernel::Rational;
use foldline_kernel::number::Abs;

use super::direct::product;
use super::incumbent::Problem;

/// The vector w = Σ λ_k v_k over the active rays with w·v_k = h(v_k) there, if w·v ≥ h(v) at all
/// rays and its norm is at most that of the best vertex.
pub fn short_enough(problem: &Problem<'_>, cone: &Cone, active: &[usize]) -> Option<Vec<Rational>> {
    let rays: Vec<Vec<Rational>> = cone.rays.iter().map(|ray| exact_direction(ray)).collect();
    let supports: Vec<Rational> = rays.iter().map(|ray| support(problem.generators, ray)).collect();
    let row = |&row: &usize| {
        let products = active.iter().map(|&column| product(&rays[row], &rays[column]));
        products.chain([supports[row].clone()]).collect()
    };
    let multipliers = solve(active.iter().map(row).collect())?;
    let mut vector = vec![Rational::ZERO; problem.generators.dimension];
    for (&index, multiplier) in active.iter().zip(&multipliers) {
        for (sum, value) in vector.iter_mut().zip(&rays[index]) {
            *sum += multiplier * value;
        }
    }
    let is_above =
        rays.iter().zip(&supports).all(|(ray, support)| product(&vector, ray) >= *support);
    (is_above && problem.is_at_most_best(&vector)?).then_some(vector)
}

fn exact_direction(ray: &Ray) -> Vec<Rational> {
    ray.direction.iter().map(|&value| exact_float(value)).collect()
}

fn support(generators: &FloatGenerators, direction: &[Rational]) -> Rational {
    let products = generators.exact.iter().map(|vector| product(vector, direction).abs());
    products.fold(Rational::ZERO, |sum, value| sum + value)
}

/// Solves a square system, each row with its right-hand side at the end; `None` if it is singular.
fn solve(mut rows: Vec<Vec<Rational>>) -> Option<Vec<Rational>> {
    let size = rows.len();
    for column in 0..size {
        let pivot = (column..size).find(|&row| !rows[row][column].is_zero())?;
        rows.swap(column, pivot);
        let pivot_row = rows[column].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index == column || row[column].is_zero() {
                continue;
            }
            let factor = &row[column] / &pivot_row[column];
            for place in column..=size {
                row[place] -= &factor * &pivot_row[place];
            }
        }
    }
    Some(rows.into_iter().enumerate().map(|(index, row)| &row[size] / &row[index]).collect())
}
