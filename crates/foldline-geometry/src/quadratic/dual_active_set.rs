//! The dual method of Goldfarb and Idnani for strictly convex programs over a cone.
//!
//! It starts at the unconstrained minimum and adds one violated constraint after another, so its
//! value only rises and it can stop as soon as that is high enough. Systems are solved anew at
//! every step: with at most a dozen variables that is cheap, and errors do not add up.

use foldline_kernel::Rational;

/// The numbers that the method computes with.
pub trait Field: Clone + PartialOrd {
    /// Nought.
    fn zero() -> Self;
    /// One.
    fn one() -> Self;
    /// self + a·b.
    fn add_product(&self, a: &Self, b: &Self) -> Self;
    /// self − a·b.
    fn subtract_product(&self, a: &Self, b: &Self) -> Self;
    /// self / divisor.
    fn quotient(&self, divisor: &Self) -> Self;
    /// Whether it counts as negative beside numbers of the size of `scale`.
    fn below(&self, scale: &Self) -> bool;
    /// |self|.
    fn magnitude(&self) -> Self;
}

impl Field for f64 {
    fn zero() -> Self {
        0.0
    }
    fn one() -> Self {
        1.0
    }
    #[inline(always)]
    fn add_product(&self, a: &Self, b: &Self) -> Self {
        self + a * b
    }
    #[inline(always)]
    fn subtract_product(&self, a: &Self, b: &Self) -> Self {
        self - a * b
    }
    fn quotient(&self, divisor: &Self) -> Self {
        self / divisor
    }
    fn below(&self, scale: &Self) -> bool {
        *self < -1e-10 * scale
    }
    fn magnitude(&self) -> Self {
        self.abs()
    }
}

impl Field for Rational {
    fn zero() -> Self {
        Rational::ZERO
    }
    fn one() -> Self {
        Rational::ONE
    }
    fn add_product(&self, a: &Self, b: &Self) -> Self {
        self + a * b
    }
    fn subtract_product(&self, a: &Self, b: &Self) -> Self {
        self - a * b
    }
    fn quotient(&self, divisor: &Self) -> Self {
        self / divisor
    }
    fn below(&self, _: &Self) -> bool {
        *self < Rational::ZERO
    }
    fn magnitude(&self) -> Self {
        if *self < Rational::ZERO { -self.clone() } else { self.clone() }
    }
}

/// Where the method ended.
#[derive(Debug, Clone)]
pub struct Guess<T> {
    /// The point.
    pub point: Vec<T>,
    /// The active constraints; their rows are linearly independent.
    pub active: Vec<usize>,
    /// Their multipliers, ≥ 0: Hx − c = Σ multiplier·row.
    pub multipliers: Vec<T>,
    /// Whether all constraints hold; false where it stopped early.
    pub feasible: bool,
}

fn dot<T: Field>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).fold(T::zero(), |sum, (a, b)| sum.add_product(a, b))
}

/// The inverse of a positive definite n × n matrix, row by row; `None` if it seems not to be one.
pub fn inverse<T: Field>(matrix: &[T], n: usize) -> Option<Vec<T>> {
    let mut left = matrix.to_vec();
    let mut right = vec![T::zero(); n * n];
    (0..n).for_each(|i| right[i * n + i] = T::one());
    for pivot in 0..n {
        let value = left[pivot * n + pivot].clone();
        if value <= T::zero() || value.partial_cmp(&value).is_none() {
            return None;
        }
        for row in 0..n {
            if row == pivot {
                continue;
            }
            let factor = left[row * n + pivot].quotient(&value);
            for column in 0..n {
                let change = left[pivot * n + column].clone();
                left[row * n + column] = left[row * n + column].subtract_product(&factor, &change);
                let change = right[pivot * n + column].clone();
                right[row * n + column] =
                    right[row * n + column].subtract_product(&factor, &change);
            }
        }
    }
    for row in 0..n {
        let value = left[row * n + row].clone();
        (0..n).for_each(|i| right[row * n + i] = right[row * n + i].quotient(&value));
    }
    Some(right)
}

/// Minimises x'Hx − 2c'x over {x : rows·x ≥ 0} with H positive definite (`hessian`, row by row).
///
/// `enough(x)` is asked at every point; where it says yes the method stops there. The points'
/// values rise. `None` if H is not positive definite as far as the numbers can tell, or if
/// rounding keeps the method from ending.
pub fn dual_active_set<T: Field>(
    hessian: &[T],
    linear: &[T],
    rows: &[Vec<T>],
    mut enough: impl FnMut(&[T]) -> bool,
) -> Option<Guess<T>> {
    let n = linear.len();
    let inverse_hessian = inverse(hessian, n)?;
    let image = |vector: &[T]| -> Vec<T> {
        (0..n).map(|i| dot(&inverse_hessian[i * n..(i + 1) * n], vector)).collect()
    };
    let mut guess =
        Guess { point: image(linear), active: vec![], multipliers: vec![], feasible: false };
    let limit = 50 * (n + 4);
    let mut steps = 0;
    while !enough(&guess.point) {
        let Some(entering) = most_violated(&guess, rows) else {
            guess.feasible = true;
            break;
        };
        let mut multiplier = T::zero();
        // Partial steps drop constraints until the entering one can be satisfied.
        loop {
            steps += 1;
            if steps > limit {
                return None;
            }
            let (direction, rates) = directions(&guess, rows, entering, n, &image)?;
            let curvature = dot(&direction, &rows[entering]);
            let value = dot(&guess.point, &rows[entering]);
            let scale = dot(&image(&rows[entering]), &rows[entering]);
            let moves = !curvature.below(&T::zero()) && is_relevant(&curvature, &scale);
            let full =
                moves.then(|| T::zero().subtract_product(&value, &T::one()).quotient(&curvature));
            let blocking = blocking(&guess, &rates);
            let (step, leaving) = match (full, blocking) {
                (None, None) => return None,
                (Some(full), Some((ratio, index))) if ratio < full => (ratio, Some(index)),
                (Some(full), _) => (full, None),
                (None, Some((ratio, index))) => (ratio, Some(index)),
            };
            if moves {
                for (value, change) in guess.point.iter_mut().zip(&direction) {
                    *value = value.add_product(&step, change);
                }
            }
            for (value, rate) in guess.multipliers.iter_mut().zip(&rates) {
                *value = value.subtract_product(&step, rate);
            }
            multiplier = multiplier.add_product(&step, &T::one());
            match leaving {
                Some(index) => {
                    guess.active.remove(index);
                    guess.multipliers.remove(index);
                }
                None => {
                    guess.active.push(entering);
                    guess.multipliers.push(multiplier);
                    break;
                }
            }
        }
    }
    Some(guess)
}

/// Whether a curvature is more than what rounding leaves of zero.
fn is_relevant<T: Field>(curvature: &T, scale: &T) -> bool {
    // below(s) asks for < −1e-10·s in floats and < 0 in exact numbers.
    T::zero().subtract_product(curvature, &T::one()).below(scale)
}

/// The constraint that is violated most.
fn most_violated<T: Field>(guess: &Guess<T>, rows: &[Vec<T>]) -> Option<usize> {
    let mut worst: Option<(T, usize)> = None;
    for (index, row) in rows.iter().enumerate() {
        let value = dot(row, &guess.point);
        if value >= T::zero() || guess.active.contains(&index) {
            continue;
        }
        let scale = row
            .iter()
            .zip(&guess.point)
            .fold(T::zero(), |sum, (a, x)| sum.add_product(&a.magnitude(), &x.magnitude()));
        if value.below(&scale) && worst.as_ref().is_none_or(|(least, _)| value < *least) {
            worst = Some((value, index));
        }
    }
    worst.map(|(_, index)| index)
}

/// The direction of the point, and the rates at which the active multipliers fall, when the
/// multiplier of `entering` grows.
fn directions<T: Field>(
    guess: &Guess<T>,
    rows: &[Vec<T>],
    entering: usize,
    n: usize,
    image: &impl Fn(&[T]) -> Vec<T>,
) -> Option<(Vec<T>, Vec<T>)> {
    let mut direction = image(&rows[entering]);
    let count = guess.active.len();
    if count == 0 {
        return Some((direction, Vec::new()));
    }
    let images: Vec<Vec<T>> = guess.active.iter().map(|&index| image(&rows[index])).collect();
    let mut gram = Vec::with_capacity(count * count);
    for &index in &guess.active {
        gram.extend(images.iter().map(|other| dot(&rows[index], other)));
    }
    let gram = inverse(&gram, count)?;
    let products: Vec<T> = images.iter().map(|one| dot(one, &rows[entering])).collect();
    let rates: Vec<T> =
        (0..count).map(|i| dot(&gram[i * count..(i + 1) * count], &products)).collect();
    for (one, rate) in images.iter().zip(&rates) {
        for i in 0..n {
            direction[i] = direction[i].subtract_product(rate, &one[i]);
        }
    }
    Some((direction, rates))
}

/// The active constraint whose multiplier reaches zero first.
fn blocking<T: Field>(guess: &Guess<T>, rates: &[T]) -> Option<(T, usize)> {
    let mut least: Option<(T, usize)> = None;
    for (index, (value, rate)) in guess.multipliers.iter().zip(rates).enumerate() {
        if *rate > T::zero() {
            let ratio = value.quotient(rate);
            if least.as_ref().is_none_or(|(known, _)| ratio < *known) {
                least = Some((ratio, index));
            }
        }
    }
    least
}
