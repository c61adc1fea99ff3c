//! A sufficient test: the inner zonotope's generators as combinations of the outer one's, A = BΓ.
//!
//! Then h_A ≤ ‖Γ‖·h_B with the largest row sum of |Γ| as norm (Sadraddini and Tedrake 2019). Any Γ gives a
//! bound, so no linear program is solved: a good one is found in floats by reweighted least
//! squares, and what it leaves of A is bounded by gauges.

use foldline_geometry::directed::{UNIT_ROUNDOFF, round_up};
use foldline_geometry::zonotopes::floats::FloatGenerators;
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Integer, Rational};

use super::problem::Problem;

/// Rounds of weights; the first ones gain most.
const ROUNDS: usize = 24;

/// About how many nanoseconds the test takes.
pub fn cost(rank: f64, outer: f64, inner: f64, gauge: f64) -> f64 {
    ROUNDS as f64 * inner * rank * rank * (outer + rank) + rank * gauge
}

/// An upper bound of the greatest ratio; infinite if none was found.
///
/// `stop` ends the search for a better one.
pub fn upper_bound(problem: &Problem, stop: &dyn Fn() -> bool) -> f64 {
    let (outer, inner) = problem.generators();
    let floats = |vectors: Vec<Vec<Integer>>| {
        let exact = |vector: Vec<Integer>| vector.into_iter().map(Rational::from).collect();
        FloatGenerators::new(problem.rank, vectors.into_iter().map(exact).collect())
    };
    let (outer, inner) = (floats(outer), floats(inner));
    let apart = inner.shift - outer.shift;
    if apart.abs() > 900 {
        return f64::INFINITY;
    }
    let scale = 2f64.powi(apart as i32);
    let program = problem.gauges();
    let gauge = |coordinate: usize| {
        if stop() {
            return None;
        }
        let unit = |index| Integer::from(u8::from(index == coordinate));
        let unit: Vec<Integer> = (0..problem.rank).map(unit).collect();
        Some(round_up(&(program.gauge(&unit).value * power_of_two(outer.shift))))
    };
    let Some(gauges) = (0..problem.rank).map(gauge).collect::<Option<Vec<f64>>>() else {
        return f64::INFINITY;
    };
    let mut search = Combinations::new(&outer, &inner);
    let mut least = f64::INFINITY;
    for _ in 0..ROUNDS {
        if search.solve(stop).is_none() {
            break;
        }
        let bound = search.bound(&gauges) * scale * (1.0 + 4.0 * UNIT_ROUNDOFF);
        least = if bound < least { bound } else { least };
        if least <= 1.0 || stop() {
            break;
        }
        search.reweight();
    }
    least
}

struct Combinations<'a> {
    outer: &'a FloatGenerators,
    inner: &'a FloatGenerators,
    /// One a generator of B: what its row sum costs.
    prices: Vec<f64>,
    /// One list a generator of A: coefficients of B's generators.
    coefficients: Vec<Vec<f64>>,
}

impl<'a> Combinations<'a> {
    fn new(outer: &'a FloatGenerators, inner: &'a FloatGenerators) -> Self {
        let prices = vec![1.0; outer.count()];
        let coefficients = vec![vec![1.0; outer.count()]; inner.count()];
        Self { outer, inner, prices, coefficients }
    }

    /// For each generator a of A the γ with Bγ = a that makes Σ γ_i²·price_i/|γ_i before| least.
    ///
    /// `None` if there is none, or if it was stopped.
    fn solve(&mut self, stop: &dyn Fn() -> bool) -> Option<()> {
        let rank = self.outer.dimension;
        for (index, coefficients) in self.coefficients.iter_mut().enumerate() {
            if stop() {
                return None;
            }
            let largest = coefficients.iter().fold(0.0f64, |most, value| most.max(value.abs()));
            let weight = |(value, price): (&f64, &f64)| (value.abs() + 1e-4 * largest) / price;
            let weights: Vec<f64> = coefficients.iter().zip(&self.prices).map(weight).collect();
            // One more column: the right-hand side.
            let mut matrix = vec![vec![0.0; rank + 1]; rank];
            for (generator, weight) in weights.iter().enumerate() {
                let vector = self.outer.vector(generator);
                for (row, x) in matrix.iter_mut().zip(vector) {
                    let factor = weight * x;
                    row.iter_mut().zip(vector).for_each(|(sum, y)| *sum += factor * y);
                }
            }
            for (row, value) in matrix.iter_mut().zip(self.inner.vector(index)) {
                row[rank] = *value;
            }
            let multipliers = solve(matrix)?;
            for (generator, value) in coefficients.iter_mut().enumerate() {
                *value = weights[generator] * dot(self.outer.vector(generator), &multipliers);
            }
        }
        Some(())
    }

    fn row_sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.outer.count()];
        for coefficients in &self.coefficients {
            sums.iter_mut().zip(coefficients).for_each(|(sum, value)| *sum += value.abs());
        }
        sums
    }

    /// Rows with large sums become dear.
    fn reweight(&mut self) {
        let sums = self.row_sums();
        let largest = sums.iter().fold(0.0f64, |most, sum| most.max(*sum));
        for (price, sum) in self.prices.iter_mut().zip(&sums) {
            *price *= (sum / largest).max(0.25);
        }
        let dearest = self.prices.iter().fold(0.0f64, |most, price| most.max(*price));
        self.prices.iter_mut().for_each(|price| *price = (*price / dearest).max(1e-6));
    }

    /// A bound of the greatest ratio (scaled) with the coefficients as they are: the largest row sum, and the
    /// gauge of what is left of A, `gauges` being those of the unit vectors (scaled).
    fn bound(&self, gauges: &[f64]) -> f64 {
        let counts = (self.outer.count() + self.inner.count() + 16) as f64;
        let growth = 1.0 + 2.0 * counts * UNIT_ROUNDOFF;
        let largest = self.row_sums().into_iter().fold(0.0, f64::max) * growth;
        let mut left = vec![0.0; gauges.len()];
        for (index, coefficients) in self.coefficients.iter().enumerate() {
            for (coordinate, left) in left.iter_mut().enumerate() {
                let (mut value, mut reach) = (-self.inner.vector(index)[coordinate], 1.0);
                for (generator, coefficient) in coefficients.iter().enumerate() {
                    let term = coefficient * self.outer.vector(generator)[coordinate];
                    value += term;
                    reach += term.abs() + coefficient.abs();
                }
                // The generators are rounded, too: absolutely by less than 2⁻⁵³.
                *left += value.abs() + counts * UNIT_ROUNDOFF * reach + 1e-290;
            }
        }
        let rest: f64 = left.iter().zip(gauges).map(|(left, gauge)| left * gauge).sum();
        let bound = (largest + rest * growth) * growth;
        if bound.is_nan() { f64::INFINITY } else { bound }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves a positive definite system, its right-hand side as the last column.
fn solve(mut system: Vec<Vec<f64>>) -> Option<Vec<f64>> {
    let size = system.len();
    for column in 0..size {
        let (done, rest) = system.split_at_mut(column + 1);
        let pivot = &done[column];
        if pivot[column].is_nan() || pivot[column] <= 0.0 {
            return None;
        }
        for row in rest {
            let factor = row[column] / pivot[column];
            row[column..].iter_mut().zip(&pivot[column..]).for_each(|(x, y)| *x -= factor * y);
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known = dot(&system[row][row + 1..size], &solution[row + 1..]);
        solution[row] = (system[row][size] - known) / system[row][row];
    }
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_geometry::zonotopes::Segments;
    use foldline_kernel::Zonotope;

    fn segments(generators: &[[i32; 2]]) -> Segments {
        let generators = generators.iter().map(|v| v.map(Rational::from).to_vec()).collect();
        Segments::new(&Zonotope { center: vec![Rational::ZERO; 2], generators })
    }

    #[test]
    fn bounds_are_close_above_the_scale() {
        // The square in the diamond of twice its area: the scale is 1.
        let square = segments(&[[1, 0], [0, 1]]);
        let diamond = segments(&[[1, 1], [1, -1]]);
        let bound = |outer, inner| upper_bound(&Problem::new(2, outer, inner), &|| false);
        let value = bound(&diamond, &square);
        assert!((1.0..1.0 + 1e-9).contains(&value), "{value}");
        let value = bound(&square, &diamond);
        assert!((2.0..2.0 + 1e-9).contains(&value), "{value}");
        // A generator more than is needed: the best combination uses it.
        let value = bound(&segments(&[[1, 0], [0, 1], [1, 1]]), &segments(&[[3, 3]]));
        assert!((1.5..1.51).contains(&value), "{value}");
    }
}
