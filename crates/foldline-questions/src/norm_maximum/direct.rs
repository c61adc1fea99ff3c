//! Norms whose maximum is a maximum of few support values: inf by 2d, 1 by 2^d, polytope norms by 2·rows.
//!
//! max ‖z‖ over Z is the maximum of h_Z(a) over the functionals a with ‖z‖ = max a·z. (As in
//! [Z, Prop 6.3], without its linear programs: on a zonotope h is a sum.)

use foldline_kernel::number::BitTest;
use foldline_kernel::{Integer, Rational, Zonotope};

/// A support value and its direction.
type Supported = (Rational, Vec<Rational>);

/// The direction among `directions` and their negatives in which the support function is largest.
///
/// If `stop` says so or there are no directions, the error is the best so far.
pub fn best_direction(
    zonotope: &Zonotope,
    directions: impl Iterator<Item = Vec<Rational>>,
    supports: &mut u64,
    stop: &dyn Fn() -> bool,
) -> Result<Supported, Option<Supported>> {
    let mut best: Option<Supported> = None;
    for direction in directions {
        if stop() {
            return Err(best);
        }
        *supports += 2;
        let (value, is_negative) = support_both_ways(zonotope, &direction);
        if best.as_ref().is_none_or(|(largest, _)| value > *largest) {
            let oriented = if is_negative { negated(&direction) } else { direction };
            best = Some((value, oriented));
        }
    }
    best.ok_or(None)
}

/// The larger of h(u) and h(−u), and whether it is the latter: they differ in the center's part.
fn support_both_ways(zonotope: &Zonotope, direction: &[Rational]) -> (Rational, bool) {
    let center = product(&zonotope.center, direction);
    let value = zonotope.support(direction);
    if center < Rational::ZERO {
        (value - Rational::from(2) * center, true)
    } else {
        (value, false)
    }
}

pub fn product(left: &[Rational], right: &[Rational]) -> Rational {
    let terms = left.iter().zip(right).filter(|(a, b)| !a.is_zero() && !b.is_zero());
    terms.fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
}

fn negated(vector: &[Rational]) -> Vec<Rational> {
    vector.iter().map(|value| -value.clone()).collect()
}

/// The signs of a vertex where `direction` is maximal: ties go to the first coordinate that is not 0,
/// as if the direction were turned a little towards the first axis, still less to the second, ….
pub fn vertex_signs(zonotope: &Zonotope, direction: &[Rational]) -> Vec<i8> {
    let sign = |generator: &Vec<Rational>| {
        let along = product(generator, direction);
        let decisive = if along.is_zero() {
            generator.iter().find(|value| !value.is_zero()).cloned().unwrap_or(Rational::ONE)
        } else {
            along
        };
        if decisive < Rational::ZERO { -1 } else { 1 }
    };
    zonotope.generators.iter().map(sign).collect()
}

/// center + Σ signs[i]·generators[i].
pub fn point(zonotope: &Zonotope, signs: &[i8]) -> Vec<Rational> {
    let mut point = zonotope.center.clone();
    for (generator, &sign) in zonotope.generators.iter().zip(signs) {
        for (sum, value) in point.iter_mut().zip(generator) {
            match sign {
                1 => *sum += value,
                _ => *sum -= value,
            }
        }
    }
    point
}

/// The unit vectors.
pub fn unit_vectors(dimension: usize) -> impl Iterator<Item = Vec<Rational>> {
    (0..dimension).map(move |coordinate| {
        let mut vector = vec![Rational::ZERO; dimension];
        vector[coordinate] = Rational::ONE;
        vector
    })
}

/// The sign vector u ∈ {±1}^d for which |c·u| + Σ |u·g| is largest, by Gray code with integers.
///
/// `vectors` are the generators and the center, over a common denominator.
pub fn best_sign_direction(
    vectors: &[Vec<Integer>],
    dimension: usize,
    supports: &mut u64,
    stop: &dyn Fn() -> bool,
) -> Result<Vec<i8>, Vec<i8>> {
    let bits = |vector: &Vec<Integer>| vector.iter().map(BitTest::bit_len).max().unwrap_or(0);
    let longest = vectors.iter().map(bits).max().unwrap_or(0) + dimension;
    if longest + vectors.len().ilog2() as usize + 1 < 120 {
        let narrow = |value: &Integer| i128::try_from(value.clone()).expect("few bits");
        let vectors: Vec<Vec<i128>> =
            vectors.iter().map(|vector| vector.iter().map(narrow).collect()).collect();
        let largest = |sums: &[i128]| sums.iter().map(|sum| sum.abs()).sum::<i128>();
        walk(&vectors, dimension, supports, stop, largest)
    } else {
        let magnitude = |sum: &Integer| if *sum < Integer::ZERO { -sum } else { sum.clone() };
        let total =
            |sums: &[Integer]| sums.iter().fold(Integer::ZERO, |all, sum| all + magnitude(sum));
        walk(vectors, dimension, supports, stop, total)
    }
}

/// Visits all u ∈ {±1}^d with u_1 = 1, one sign changing at a time.
fn walk<T>(
    vectors: &[Vec<T>],
    dimension: usize,
    supports: &mut u64,
    stop: &dyn Fn() -> bool,
    total: impl Fn(&[T]) -> T,
) -> Result<Vec<i8>, Vec<i8>>
where
    T: Clone + Ord + for<'a> std::ops::AddAssign<&'a T> + for<'a> std::ops::SubAssign<&'a T>,
{
    let mut direction = vec![1i8; dimension];
    let mut sums: Vec<T> = vectors
        .iter()
        .map(|vector| {
            let mut sum = vector[0].clone();
            vector[1..].iter().for_each(|value| sum += value);
            sum
        })
        .collect();
    let mut best = (total(&sums), direction.clone());
    for step in 1u64..1 << (dimension - 1) {
        if step.is_multiple_of(256) && stop() {
            return Err(best.1);
        }
        let changed = 1 + step.trailing_zeros() as usize;
        direction[changed] = -direction[changed];
        for (sum, vector) in sums.iter_mut().zip(vectors) {
            let value = &vector[changed];
            if direction[changed] > 0 {
                *sum += value;
                *sum += value;
            } else {
                *sum -= value;
                *sum -= value;
            }
        }
        let value = total(&sums);
        if value > best.0 {
            best = (value, direction.clone());
        }
    }
    *supports += 1 << dimension;
    Ok(best.1)
}
