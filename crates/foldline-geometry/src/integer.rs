//! Exact integers that are fast while they are small: i128 that reports overflow, else big ones.
//!
//! An algorithm is written once over [`ExactInteger`]; it is run with `i128` first, and again
//! with [`Integer`] where that reports [`Overflow`]. Nothing ever wraps.

use std::cmp::Ordering;
use std::fmt::Debug;
use std::hash::Hash;

use foldline_kernel::Integer;
use foldline_kernel::number::Gcd;

/// A result did not fit in the fixed width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow;

/// Integers with exact arithmetic; a fixed-width type answers [`Overflow`] instead of wrapping.
pub trait ExactInteger: Clone + Eq + Ord + Hash + Debug + Sized {
    /// 0.
    fn zero() -> Self;
    /// 1.
    fn one() -> Self;
    /// The comparison with 0.
    fn sign(&self) -> Ordering;
    /// self · other.
    fn times(&self, other: &Self) -> Result<Self, Overflow>;
    /// self + other.
    fn plus(&self, other: &Self) -> Result<Self, Overflow>;
    /// self − other.
    fn minus(&self, other: &Self) -> Result<Self, Overflow>;
    /// −self.
    fn negated(&self) -> Result<Self, Overflow>;
    /// self / divisor, which must be exact and not by 0.
    fn divided_exactly(&self, divisor: &Self) -> Self;
    /// The greatest common divisor, not negative; 0 of two zeros.
    fn common_divisor(&self, other: &Self) -> Result<Self, Overflow>;
    /// The same number, if it fits.
    fn from_integer(value: &Integer) -> Result<Self, Overflow>;
    /// The same number.
    fn to_integer(&self) -> Integer;

    /// Whether it is 0.
    fn is_nil(&self) -> bool {
        self.sign() == Ordering::Equal
    }
}

impl ExactInteger for i128 {
    #[inline]
    fn zero() -> Self {
        0
    }
    #[inline]
    fn one() -> Self {
        1
    }
    #[inline]
    fn sign(&self) -> Ordering {
        self.cmp(&0)
    }
    #[inline]
    fn times(&self, other: &Self) -> Result<Self, Overflow> {
        // Two halves of 64 bits have a product of 128: one multiplication, no check.
        match (i64::try_from(*self), i64::try_from(*other)) {
            (Ok(a), Ok(b)) => Ok(i128::from(a) * i128::from(b)),
            _ => self.checked_mul(*other).ok_or(Overflow),
        }
    }
    #[inline]
    fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        self.checked_add(*other).ok_or(Overflow)
    }
    #[inline]
    fn minus(&self, other: &Self) -> Result<Self, Overflow> {
        self.checked_sub(*other).ok_or(Overflow)
    }
    #[inline]
    fn negated(&self) -> Result<Self, Overflow> {
        self.checked_neg().ok_or(Overflow)
    }
    #[inline]
    fn divided_exactly(&self, divisor: &Self) -> Self {
        match (i64::try_from(*self), i64::try_from(*divisor)) {
            (Ok(a), Ok(b)) if a != i64::MIN => i128::from(a / b),
            _ => self / divisor,
        }
    }
    fn common_divisor(&self, other: &Self) -> Result<Self, Overflow> {
        let (mut a, mut b) = (self.unsigned_abs(), other.unsigned_abs());
        while b != 0 {
            if let (Ok(a), Ok(b)) = (u64::try_from(a), u64::try_from(b)) {
                return Ok(i128::from(binary_gcd(a, b)));
            }
            (a, b) = (b, a % b);
        }
        i128::try_from(a).map_err(|_| Overflow)
    }
    fn from_integer(value: &Integer) -> Result<Self, Overflow> {
        i128::try_from(value).map_err(|_| Overflow)
    }
    fn to_integer(&self) -> Integer {
        Integer::from(*self)
    }
}

fn binary_gcd(mut a: u64, mut b: u64) -> u64 {
    if a == 0 || b == 0 {
        return a | b;
    }
    let shift = (a | b).trailing_zeros();
    a >>= a.trailing_zeros();
    while b != 0 {
        b >>= b.trailing_zeros();
        (a, b) = (a.min(b), a.abs_diff(b));
    }
    a << shift
}

impl ExactInteger for Integer {
    fn zero() -> Self {
        Integer::ZERO
    }
    fn one() -> Self {
        Integer::ONE
    }
    fn sign(&self) -> Ordering {
        self.cmp(&Integer::ZERO)
    }
    fn times(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(self * other)
    }
    fn plus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(self + other)
    }
    fn minus(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(self - other)
    }
    fn negated(&self) -> Result<Self, Overflow> {
        Ok(-self)
    }
    fn divided_exactly(&self, divisor: &Self) -> Self {
        self / divisor
    }
    fn common_divisor(&self, other: &Self) -> Result<Self, Overflow> {
        Ok(if self.is_nil() && other.is_nil() { Integer::ZERO } else { self.gcd(other).into() })
    }
    fn from_integer(value: &Integer) -> Result<Self, Overflow> {
        Ok(value.clone())
    }
    fn to_integer(&self) -> Integer {
        self.clone()
    }
}

/// The same numbers in another type, if they all fit.
pub fn convert<T: ExactInteger>(values: &[Integer]) -> Result<Vec<T>, Overflow> {
    values.iter().map(T::from_integer).collect()
}

/// Σ a_i b_i.
#[inline]
pub fn dot<T: ExactInteger>(a: &[T], b: &[T]) -> Result<T, Overflow> {
    a.iter().zip(b).try_fold(T::zero(), |sum, (a, b)| sum.plus(&a.times(b)?))
}

/// Divides by the greatest common divisor, so that it becomes 1; zeros stay.
pub fn make_primitive<T: ExactInteger>(vector: &mut [T]) -> Result<(), Overflow> {
    let one = T::one();
    let mut divisor = T::zero();
    for value in vector.iter() {
        if !value.is_nil() {
            divisor = divisor.common_divisor(value)?;
            if divisor == one {
                return Ok(());
            }
        }
    }
    if !divisor.is_nil() {
        vector.iter_mut().for_each(|value| *value = value.divided_exactly(&divisor));
    }
    Ok(())
}

/// row ← row · pivot[column] − pivot · row[column], divided by its common divisor.
///
/// This makes `row[column]` 0 and turns the row around where `pivot[column]` is negative.
pub fn eliminate<T: ExactInteger>(
    row: &mut [T],
    pivot: &[T],
    column: usize,
) -> Result<(), Overflow> {
    if row[column].is_nil() {
        return Ok(());
    }
    let divisor = row[column].common_divisor(&pivot[column])?;
    let (mine, its) =
        (pivot[column].divided_exactly(&divisor), row[column].divided_exactly(&divisor));
    for (value, other) in row.iter_mut().zip(pivot) {
        *value = value.times(&mine)?.minus(&other.times(&its)?)?;
    }
    make_primitive(row)
}

/// The primitive vector, up to its sign, that is orthogonal to all rows.
///
/// `None` where the rows do not have rank `dimension` − 1.
pub fn null_vector<T: ExactInteger>(
    rows: impl Iterator<Item = Vec<T>>,
    dimension: usize,
) -> Result<Option<Vec<T>>, Overflow> {
    // Reduced echelon form: each kept row is 0 in the pivot columns of the others.
    let mut kept: Vec<(usize, Vec<T>)> = Vec::with_capacity(dimension);
    for mut row in rows {
        for (column, pivot) in &kept {
            eliminate(&mut row, pivot, *column)?;
        }
        let Some(column) = row.iter().position(|value| !value.is_nil()) else { continue };
        for (_, other) in &mut kept {
            eliminate(other, &row, column)?;
        }
        kept.push((column, row));
        if kept.len() == dimension {
            return Ok(None);
        }
    }
    if kept.len() + 1 != dimension {
        return Ok(None);
    }
    let is_free = |&column: &usize| kept.iter().all(|(pivot, _)| *pivot != column);
    let free = (0..dimension).find(is_free).unwrap_or(0);
    // x_free = L, x_pivot = −L · row[free] / row[pivot], with L a common multiple.
    let mut multiple = T::one();
    for (column, row) in &kept {
        let divisor = multiple.common_divisor(&row[*column])?;
        multiple = multiple.times(&row[*column].divided_exactly(&divisor))?;
    }
    let mut vector = vec![T::zero(); dimension];
    for (column, row) in &kept {
        let share = multiple.divided_exactly(&row[*column]);
        vector[*column] = share.times(&row[free])?.negated()?;
    }
    vector[free] = multiple;
    make_primitive(&mut vector)?;
    Ok(Some(vector))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn overflow_is_reported_and_never_wraps() {
        assert_eq!(i128::MAX.times(&2), Err(Overflow));
        assert_eq!((1i128 << 63).times(&(1i128 << 63)), Ok(1i128 << 126));
        assert_eq!((1i128 << 64).times(&(1i128 << 63)), Err(Overflow));
        assert_eq!(i128::MAX.plus(&1), Err(Overflow));
        assert_eq!(i128::MIN.minus(&1), Err(Overflow));
        assert_eq!(i128::MIN.negated(), Err(Overflow));
        assert_eq!(i128::MIN.common_divisor(&0), Err(Overflow));
        assert_eq!(i128::MIN.common_divisor(&6), Ok(2));
        assert_eq!(i128::from(i64::MIN).divided_exactly(&-1), -i128::from(i64::MIN));
        assert_eq!(i128::from_integer(&(Integer::ONE << 127)), Err(Overflow));
    }

    #[test]
    fn null_vectors_need_the_right_rank() {
        let null = |rows: &[[i128; 3]]| null_vector(rows.iter().map(|row| row.to_vec()), 3);
        assert_eq!(null(&[[1, 0, 2], [2, 0, 4]]), Ok(None));
        assert_eq!(null(&[[1, 0, 0], [0, 1, 0], [0, 0, 1]]), Ok(None));
        let vector = null(&[[2, 0, 4], [0, 3, 9], [2, 3, 13]]).unwrap().unwrap();
        assert_eq!(vector.iter().map(|x| x * vector[2].signum()).collect::<Vec<_>>(), [-2, -3, 1]);
    }

    proptest! {
        #[test]
        fn null_vectors_are_orthogonal_and_agree_in_both_widths(
            rows in prop::collection::vec(prop::collection::vec(-4i128..5, 4), 2..6)
        ) {
            let big: Vec<Vec<Integer>> =
                rows.iter().map(|row| row.iter().map(|&x| Integer::from(x)).collect()).collect();
            let small = null_vector(rows.iter().cloned(), 4).unwrap();
            let wide = null_vector(big.into_iter(), 4).unwrap();
            let widened = small.clone().map(|v| v.iter().map(i128::to_integer).collect::<Vec<_>>());
            prop_assert_eq!(&widened, &wide);
            if let Some(vector) = small {
                prop_assert!(vector.iter().any(|&x| x != 0));
                for row in &rows {
                    prop_assert_eq!(dot(row, &vector).unwrap(), 0);
                }
            }
        }

        #[test]
        fn divisors_agree(a in any::<i128>(), b in any::<i128>(), c in 1i128..1000) {
            let (a, b) = (a / 2000 * c, b / 2000 * c);
            let wide = Integer::from(a).common_divisor(&Integer::from(b)).unwrap();
            prop_assert_eq!(a.common_divisor(&b).unwrap().to_integer(), wide);
        }
    }
}
