//! All sums of vectors with signs: the checker goes through them, leaving out what the triangle inequality settles.

use std::ops::{AddAssign, SubAssign};

use foldline_kernel::Integer;

use crate::clock::Clock;
use crate::norm_bound::{Longest, Power, absolute};

/// Numbers below this are walked in machine integers.
const SMALL: i64 = 1 << 58;

/// Whether every sum of `start` and ± each vector of `free` has at most the norm claimed.
///
/// False once the clock strikes. Where `start` is zero, opposite sums are as long: one vector's sign is fixed then.
pub fn all_fit(
    longest: &Longest,
    start: &[Integer],
    free: &[&[Integer]],
    clock: &Clock<'_>,
) -> bool {
    let mut ordered: Vec<(Integer, &[Integer])> =
        free.iter().map(|vector| (longest.length(vector), *vector)).collect();
    ordered.sort_by(|left, right| right.0.cmp(&left.0));
    let mut start = start.to_vec();
    if start.iter().all(Integer::is_zero) && !ordered.is_empty() {
        start = ordered.remove(0).1.to_vec();
    }
    // rest[k] bounds the norm of what the vectors from the k-th on add.
    let mut rest = vec![Integer::ZERO];
    for (length, _) in ordered.iter().rev() {
        let sum = rest.last().expect("not empty") + length;
        rest.push(sum);
    }
    rest.reverse();
    let vectors: Vec<&[Integer]> = ordered.iter().map(|(_, vector)| *vector).collect();
    small_fit(longest, &start, &vectors, &rest, clock).unwrap_or_else(|| {
        let within = |sum: &[Integer], place: usize| {
            if place == vectors.len() {
                return longest.holds(sum);
            }
            let room = longest.norm() - &rest[place];
            crate::norm_bound::at_most(longest.power(), sum, &room)
        };
        descend(&vectors, 0, &mut start, &within, clock)
    })
}

/// The same in machine integers, for p = 1 and 2 and numbers that fit.
fn small_fit(
    longest: &Longest,
    start: &[Integer],
    vectors: &[&[Integer]],
    rest: &[Integer],
    clock: &Clock<'_>,
) -> Option<bool> {
    let all = || vectors.iter().copied().chain([start]);
    let reach: Integer = all().flatten().map(absolute).fold(Integer::ZERO, |sum, v| sum + v);
    let fits = reach < SMALL.into() && rest[0] < SMALL.into() && start.len() < 64;
    if !fits || *longest.norm() >= SMALL.into() {
        return None;
    }
    let narrow = |vector: &[Integer]| -> Vec<i128> {
        vector.iter().map(|value| i128::try_from(value).expect("small")).collect()
    };
    let limit = i128::try_from(longest.limit()).ok()?;
    let norm = i128::try_from(longest.norm()).ok()?;
    let rest: Vec<i128> = narrow(rest);
    let narrowed: Vec<Vec<i128>> = vectors.iter().map(|vector| narrow(vector)).collect();
    let slices: Vec<&[i128]> = narrowed.iter().map(Vec::as_slice).collect();
    let mut start = narrow(start);
    let within = |sum: &[i128], place: usize| {
        let room = norm - rest[place];
        match longest.power() {
            Power::One => sum.iter().map(|value| value.abs()).sum::<i128>() <= room,
            _ => {
                let square: i128 = sum.iter().map(|value| value * value).sum();
                let last = place == slices.len();
                if last { square <= limit } else { room >= 0 && square <= room * room }
            }
        }
    };
    match longest.power() {
        Power::Ratio(..) => None,
        _ => Some(descend(&slices, 0, &mut start, &within, clock)),
    }
}

/// Whether all completions of a partial sum are `within` what is claimed.
fn descend<T>(
    vectors: &[&[T]],
    place: usize,
    sum: &mut [T],
    within: &impl Fn(&[T], usize) -> bool,
    clock: &Clock<'_>,
) -> bool
where
    T: for<'a> AddAssign<&'a T> + for<'a> SubAssign<&'a T>,
{
    if within(sum, place) {
        return true;
    }
    let Some(vector) = vectors.get(place).filter(|_| !clock.ticks()) else { return false };
    let add = |sum: &mut [T]| sum.iter_mut().zip(*vector).for_each(|(s, v)| *s += v);
    let subtract = |sum: &mut [T]| sum.iter_mut().zip(*vector).for_each(|(s, v)| *s -= v);
    add(sum);
    let first = descend(vectors, place + 1, sum, within, clock);
    subtract(sum);
    if !first {
        return false;
    }
    subtract(sum);
    let second = descend(vectors, place + 1, sum, within, clock);
    add(sum);
    second
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::{Natural, Rational};

    fn vectors(scale: usize) -> Vec<Vec<Integer>> {
        let rows: [[i64; 2]; 4] = [[3, 1], [1, -2], [0, 2], [-1, 1]];
        rows.iter().map(|row| row.iter().map(|&v| Integer::from(v) << scale).collect()).collect()
    }

    #[test]
    fn the_longest_sum_is_the_limit() {
        // The longest is (3, 1) − (1, −2) − … : by hand, 16 sums.
        for (power, of) in [
            (Power::One, (|s: &[i64; 2]| s[0].abs() + s[1].abs()) as fn(&[i64; 2]) -> i64),
            (Power::Two, |s| s[0] * s[0] + s[1] * s[1]),
        ] {
            let rows: [[i64; 2]; 4] = [[3, 1], [1, -2], [0, 2], [-1, 1]];
            let sums = (0..16).map(|signs: i64| {
                let mut sum = [0, 0];
                for (index, row) in rows.iter().enumerate() {
                    let sign = if signs >> index & 1 == 1 { 1 } else { -1 };
                    sum[0] += sign * row[0];
                    sum[1] += sign * row[1];
                }
                of(&sum)
            });
            let largest = sums.max().unwrap();
            for scale in [0, 70] {
                let zero = vec![Integer::ZERO; 2];
                let claim = |value: i64| {
                    let factor = if power == Power::Two { 2 * scale } else { scale };
                    let claimed = Rational::from(Integer::from(value) << factor);
                    Longest::new(power, &claimed, &Natural::ONE)
                };
                let mut vectors = vectors(scale);
                for value in vectors.iter_mut().flatten() {
                    *value *= claim(largest).unit();
                }
                let free: Vec<&[Integer]> = vectors.iter().map(Vec::as_slice).collect();
                let clock = Clock::new(&|| false);
                assert!(all_fit(&claim(largest), &zero, &free, &clock), "{power:?} {scale}");
                assert!(!all_fit(&claim(largest - 1), &zero, &free, &clock), "{power:?} {scale}");
            }
        }
    }
}
