//! A lower bound of a pattern's program from floats, with every rounding covered.
//!
//! For multipliers λ ≥ 0 the program min θ'Hθ − 2c'θ over Gθ ≥ 0 is at least the minimum of
//! q(θ) = θ'Hθ − 2c'θ − 2λ'Gθ, and q(θ) ≥ q(p) − |∇q(p)|²·|H⁻¹|/4 for any point p. At the point
//! that the dual method found the gradient is tiny, so that a crude bound of |H⁻¹| will do.

use foldline_geometry::quadratic::Guess;

/// Half the distance from 1 to the next float.
const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;

/// A group that is on: count·v² − 2·label_sum·v with v = row·θ.
#[derive(Debug, Clone)]
pub struct Term {
    /// φ, whose entries are within a relative 2⁻⁵³ of the exact ones, as are the other numbers.
    pub row: Vec<f64>,
    /// How many points there are.
    pub count: f64,
    /// The sum of their labels.
    pub label_sum: f64,
}

/// An affine function slope·v + offset with v = row·θ that is nowhere above what a group adds,
/// whatever its state: a tangent of a convex function.
#[derive(Debug, Clone)]
pub struct Tangent {
    /// φ.
    pub row: Vec<f64>,
    /// The slope, and the sum of the magnitudes that it is a sum of.
    pub slope: (f64, f64),
    /// The offset, likewise.
    pub offset: (f64, f64),
}

/// A lower bound of the program made of `terms`, `tangents` and `constant` under the active
/// `rows`; the exact numbers are within a relative 2⁻⁵³ of these. −∞ where H is too near to singular.
pub fn sound_bound(
    terms: &[Term],
    tangents: &[Tangent],
    constant: (f64, usize),
    rows: &[Vec<f64>],
    guess: &Guess<f64>,
) -> f64 {
    let point = &guess.point;
    let n = point.len();
    // Every number below is a sum of at most this many products of rounded numbers.
    let summands = terms.len() + tangents.len() + constant.1 + guess.active.len();
    let roundings = (summands + 4 * n + 40) as f64;
    let unit = roundings * UNIT_ROUNDOFF * (1.0 + 1e-9);
    let mut value = constant.0;
    let mut size = constant.0.abs();
    let mut gradient = vec![0.0; n];
    let mut gradient_size = vec![0.0; n];
    for term in terms {
        let (at, reach) = products(&term.row, point);
        value += at * (term.count * at - 2.0 * term.label_sum);
        size += reach * (term.count * reach + 2.0 * term.label_sum.abs());
        let slope = 2.0 * (term.count * at - term.label_sum);
        let steep = 2.0 * (term.count * reach + term.label_sum.abs());
        for i in 0..n {
            gradient[i] += slope * term.row[i];
            gradient_size[i] += steep * term.row[i].abs();
        }
    }
    for tangent in tangents {
        let (at, reach) = products(&tangent.row, point);
        value += tangent.slope.0 * at + tangent.offset.0;
        size += tangent.slope.1 * reach + tangent.offset.1;
        for i in 0..n {
            gradient[i] += tangent.slope.0 * tangent.row[i];
            gradient_size[i] += tangent.slope.1 * tangent.row[i].abs();
        }
    }
    for (&index, &multiplier) in guess.active.iter().zip(&guess.multipliers) {
        let multiplier = 2.0 * multiplier.max(0.0);
        let (at, reach) = products(&rows[index], point);
        value -= multiplier * at;
        size += multiplier * reach;
        for i in 0..n {
            gradient[i] -= multiplier * rows[index][i];
            gradient_size[i] += multiplier * rows[index][i].abs();
        }
    }
    let used: Vec<usize> =
        (0..n).filter(|&i| terms.iter().any(|term| term.row[i] != 0.0)).collect();
    let mut square = 0.0;
    for i in 0..n {
        if used.contains(&i) {
            let entry = gradient[i].abs() + unit * gradient_size[i];
            square += entry * entry;
        } else if gradient_size[i] != 0.0 {
            return f64::NEG_INFINITY;
        }
    }
    let Some(inverse) = inverse_norm(terms, &used, unit) else {
        return f64::NEG_INFINITY;
    };
    let bound = value - unit * size - square * inverse * 0.26;
    // Underflow loses at most this; overflow gives no bound.
    if bound.is_finite() && size < 1e100 { bound - 1e-200 } else { f64::NEG_INFINITY }
}

/// a·b, and the sum of the magnitudes.
fn products(a: &[f64], b: &[f64]) -> (f64, f64) {
    let (mut sum, mut size) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        sum += a * b;
        size += (a * b).abs();
    }
    (sum, size)
}

/// An upper bound of the norm of H⁻¹ for H = Σ count·φφ' over the coordinates `used`.
///
/// If R is any matrix and |I − RH| ≤ ρ < 1 in the row-sum norm, then |H⁻¹| ≤ |R|/(1 − ρ).
fn inverse_norm(terms: &[Term], used: &[usize], unit: f64) -> Option<f64> {
    let n = used.len();
    let mut matrix = vec![0.0; n * n];
    let mut sizes = vec![0.0; n * n];
    for term in terms {
        for (i, &a) in used.iter().enumerate() {
            let weighted = term.count * term.row[a];
            if weighted == 0.0 {
                continue;
            }
            for (j, &b) in used.iter().enumerate() {
                matrix[i * n + j] += weighted * term.row[b];
                sizes[i * n + j] += (weighted * term.row[b]).abs();
            }
        }
    }
    let inverse = foldline_geometry::quadratic::inverse(&matrix, n)?;
    let (mut deviation, mut norm) = (0.0f64, 0.0f64);
    for i in 0..n {
        let row = &inverse[i * n..(i + 1) * n];
        let mut line = 0.0;
        for j in 0..n {
            let (mut sum, mut size) = (0.0, 0.0);
            for k in 0..n {
                sum += row[k] * matrix[k * n + j];
                size += row[k].abs() * sizes[k * n + j];
            }
            let one = if i == j { 1.0 } else { 0.0 };
            line += (one - sum).abs() + unit * (size + one);
        }
        deviation = deviation.max(line);
        norm = norm.max(row.iter().map(|value| value.abs()).sum());
    }
    (deviation < 0.5).then_some(2.0 * norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_geometry::quadratic::{dual_active_set, stationary};
    use foldline_kernel::{Integer, Rational};
    use proptest::prelude::*;

    proptest! {
        /// The bound is never above the exact minimum over the active constraints' cone, and near it.
        #[test]
        fn the_bound_is_sound_and_near(
            data in proptest::collection::vec((-9i32..10, -9i32..10, -9i32..10, 1i32..4), 2..9),
            rows in proptest::collection::vec((-4i32..5, -4i32..5, -4i32..5), 0..4),
        ) {
            let float = |row: (i32, i32, i32)| vec![row.0.into(), row.1.into(), row.2.into()];
            let terms: Vec<Term> = data.iter().map(|&(a, b, label, count)| Term {
                row: float((a, b, 1)), count: count.into(), label_sum: label.into(),
            }).collect();
            let rows: Vec<Vec<f64>> = rows.into_iter().map(float).collect();
            let (mut hessian, mut linear) = (vec![0.0; 9], vec![0.0; 3]);
            for term in &terms {
                for i in 0..3 {
                    linear[i] += term.label_sum * term.row[i];
                    (0..3).for_each(|j| hessian[3 * i + j] += term.count * term.row[i] * term.row[j]);
                }
            }
            let mut shifted = hessian.clone();
            (0..3).for_each(|i| shifted[4 * i] += 1e-9);
            let Some(guess) = dual_active_set(&shifted, &linear, &rows, |_| false) else {
                return Ok(());
            };
            let integers = |values: &[f64]| -> Vec<Integer> {
                values.iter().map(|&value| Integer::from(value as i64)).collect()
            };
            let active: Vec<Vec<Integer>> =
                guess.active.iter().map(|&index| integers(&rows[index])).collect();
            let exact = stationary(&integers(&hessian), &integers(&linear), &active).unwrap();
            let value = exact.value(&integers(&linear));
            let bound = sound_bound(&terms, &[], (0.0, 0), &rows, &guess);
            if exact.multipliers.iter().all(|multiplier| *multiplier >= Integer::ZERO) {
                let float = |value: f64| Rational::try_from(value).unwrap();
                prop_assert!(bound == f64::NEG_INFINITY || float(bound) <= value);
                if bound.is_finite() {
                    prop_assert!(bound >= value.to_f64().value() - 1e-6 * (1.0 + bound.abs()));
                }
            }
        }
    }
}
