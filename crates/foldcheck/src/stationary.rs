//! The least value of a convex quadratic function where some rows are zero, and those rows' multipliers, exactly.

use foldline_kernel::elimination::eliminate;
use foldline_kernel::number::UnsignedAbs;
use foldline_kernel::{Integer, Rational};

/// A solution of Hθ − Σ λ_i g_i = c, g_i·θ = 0, all numbers over one denominator.
#[derive(Debug)]
pub struct Stationary {
    /// θ times the denominator.
    pub point: Vec<Integer>,
    /// λ times the denominator.
    pub multipliers: Vec<Integer>,
    /// The denominator, above 0.
    pub denominator: Integer,
}

impl Stationary {
    /// row·θ times the denominator.
    pub fn product(&self, row: &[Integer]) -> Integer {
        row.iter().zip(&self.point).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
    }

    /// θ'Hθ − 2c'θ, which is −c'θ.
    pub fn value(&self, linear: &[Integer]) -> Rational {
        let denominator = self.denominator.clone().unsigned_abs();
        Rational::from_parts(-self.product(linear), denominator)
    }
}

/// Solves the system; `None` if the rows are not linearly independent, or there is no solution.
///
/// Hθ, c'θ and λ do not depend on which solution is taken: the difference of two has Hδ = Σ μ_i g_i
/// with g_i·δ = 0, so δ'Hδ = 0, Hδ = 0 and μ = 0. With Hδ = 0 also φ·δ = 0 for each square (φ·θ)² in H.
pub fn stationary(
    hessian: &[Vec<Integer>],
    linear: &[Integer],
    rows: &[Vec<Integer>],
) -> Option<Stationary> {
    let (n, count) = (linear.len(), rows.len());
    // The unknowns are λ, then θ; so all λ are pivots if and only if the rows are independent.
    let mut system: Vec<Vec<Integer>> = Vec::with_capacity(n + count);
    for i in 0..n {
        let mut line: Vec<Integer> = rows.iter().map(|row| -&row[i]).collect();
        line.extend(hessian[i].iter().cloned());
        line.push(linear[i].clone());
        system.push(line);
    }
    for row in rows {
        let mut line = vec![Integer::ZERO; count];
        line.extend(row.iter().cloned());
        line.push(Integer::ZERO);
        system.push(line);
    }
    let (pivots, denominator) = eliminate(&mut system, n + count);
    let consistent = system[pivots.len()..].iter().all(|line| line[n + count].is_zero());
    if !consistent || pivots.iter().take(count).ne((0..count).collect::<Vec<_>>().iter()) {
        return None;
    }
    let is_negative = denominator < Integer::ZERO;
    let at = |line: usize| {
        let value = &system[line][n + count];
        if is_negative { -value } else { value.clone() }
    };
    let multipliers = (0..count).map(at).collect();
    let mut point = vec![Integer::ZERO; n];
    (count..pivots.len()).for_each(|line| point[pivots[line] - count] = at(line));
    let denominator = if is_negative { -denominator } else { denominator };
    Some(Stationary { point, multipliers, denominator })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integers(values: &[i32]) -> Vec<Integer> {
        values.iter().map(|&value| value.into()).collect()
    }

    #[test]
    fn values_and_multipliers() {
        // (x − 1)² + (y + 2)² − 5 on y = 0 is −1 at (1, 0), with multiplier 2; on x = 0 the multiplier is −1.
        let hessian = [integers(&[1, 0]), integers(&[0, 1])];
        let linear = integers(&[1, -2]);
        let at = |rows: &[Vec<Integer>]| stationary(&hessian, &linear, rows);
        let on = at(&[integers(&[0, 1])]).unwrap();
        assert_eq!(on.value(&linear), Rational::from(-1));
        assert_eq!(on.multipliers, [Integer::from(2) * &on.denominator]);
        assert_eq!(on.product(&integers(&[3, 5])), Integer::from(3) * &on.denominator);
        let wrong = at(&[integers(&[1, 0])]).unwrap();
        assert!(wrong.multipliers[0] < Integer::ZERO && wrong.value(&linear) == Rational::from(-4));
        assert_eq!(at(&[]).unwrap().value(&linear), Rational::from(-5));
        assert!(at(&[integers(&[0, 1]), integers(&[0, 2])]).is_none(), "dependent rows");
        assert!(at(&[integers(&[0, 0])]).is_none(), "a zero row");
    }

    #[test]
    fn singular_functions() {
        // (x + y − 3)² − 9 does not depend on x − y.
        let hessian = [integers(&[1, 1]), integers(&[1, 1])];
        let free = stationary(&hessian, &integers(&[3, 3]), &[]).unwrap();
        assert_eq!(free.value(&integers(&[3, 3])), Rational::from(-9));
        assert!(stationary(&hessian, &integers(&[3, 2]), &[]).is_none(), "no least value");
    }
}
