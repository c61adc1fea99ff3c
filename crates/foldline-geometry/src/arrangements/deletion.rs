//! The number of cells of a flat arrangement by deletion and restriction, without visiting one.
//!
//! A hyperplane H added to an arrangement cuts as many cells in two as it is itself cut into:
//! r(A) = r(A − H) + r(A restricted to H). Planes that become equal on H are merged there, which
//! makes degenerate arrangements the cheaper ones. In d dimensions that takes about C(n, d − 1)
//! eliminations, where an enumeration takes at least as many steps as there are cells.

use std::cmp::Ordering;

use foldline_kernel::Integer;

use crate::integer::{ExactInteger, Overflow, convert, eliminate, make_primitive};

/// Counts the cells of hyperplanes given as rows: constant, then coefficients, not all zero.
///
/// Equal hyperplanes count once. `proceed` is asked now and then; `None` if it says no.
///
/// # Panics
/// If a row has no coefficient that is not zero.
pub fn count_cells(rows: &[Vec<Integer>], proceed: &mut dyn FnMut() -> bool) -> Option<u64> {
    let Some(width) = rows.first().map(Vec::len) else { return Some(1) };
    let is_plane = |row: &Vec<Integer>| row[1..].iter().any(|value| !value.is_nil());
    assert!(rows.iter().all(is_plane), "a hyperplane has a normal that is not zero");
    let small = rows.iter().map(|row| convert::<i128>(row)).collect::<Result<Vec<_>, Overflow>>();
    let counted = small.and_then(|rows| Counter { proceed }.all(rows, width));
    let counted = match counted {
        Ok(count) => Ok(count),
        Err(Overflow) => Counter { proceed }.all(rows.to_vec(), width),
    };
    counted.expect("big integers do not overflow")
}

/// Planes, `width` numbers each: primitive, the first coefficient that is not zero positive,
/// sorted, none twice.
struct Planes<T> {
    width: usize,
    numbers: Vec<T>,
}

impl<T: ExactInteger> Planes<T> {
    fn new(width: usize) -> Self {
        Self { width, numbers: Vec::new() }
    }

    fn len(&self) -> usize {
        self.numbers.len() / self.width
    }

    fn row(&self, index: usize) -> &[T] {
        &self.numbers[index * self.width..(index + 1) * self.width]
    }

    /// Adds a plane in canonical form; one without coefficients does not meet the space.
    fn push(&mut self, row: &mut [T]) -> Result<(), Overflow> {
        make_primitive(row)?;
        match row[1..].iter().map(ExactInteger::sign).find(|&sign| sign != Ordering::Equal) {
            None => return Ok(()),
            Some(Ordering::Less) => {
                for value in row.iter_mut() {
                    *value = value.negated()?;
                }
            }
            Some(_) => {}
        }
        self.numbers.extend_from_slice(row);
        Ok(())
    }

    /// Leaves every plane once.
    fn merge_equal(&mut self) {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        order.sort_unstable_by(|&a, &b| self.row(a as usize).cmp(self.row(b as usize)));
        order.dedup_by(|a, b| self.row(*a as usize) == self.row(*b as usize));
        self.numbers = order.iter().flat_map(|&k| self.row(k as usize)).cloned().collect();
    }

    /// The first `count` planes on the plane `on`, in coordinates of that plane.
    fn restricted(&self, count: usize, on: &[T]) -> Result<Self, Overflow> {
        let is_nonzero = |&column: &usize| !on[column].is_nil();
        let pivot = (1..self.width).find(is_nonzero).expect("planes have a normal");
        let mut restricted = Self::new(self.width - 1);
        let mut row = Vec::with_capacity(self.width);
        for index in 0..count {
            row.clear();
            row.extend_from_slice(self.row(index));
            eliminate(&mut row, on, pivot)?;
            row.remove(pivot);
            restricted.push(&mut row)?;
        }
        restricted.merge_equal();
        Ok(restricted)
    }
}

struct Counter<'p> {
    proceed: &'p mut dyn FnMut() -> bool,
}

impl Counter<'_> {
    fn all<T: ExactInteger>(
        &mut self,
        rows: Vec<Vec<T>>,
        width: usize,
    ) -> Result<Option<u64>, Overflow> {
        let mut planes = Planes::new(width);
        for mut row in rows {
            planes.push(&mut row)?;
        }
        planes.merge_equal();
        let is_central = (0..planes.len()).all(|index| planes.row(index)[0].is_nil());
        if !is_central {
            return self.count(&planes);
        }
        // Through the origin: as many cells on either side of the first plane, and those on one
        // side are the cells on a parallel of that plane.
        let mut parallel = planes.row(0).to_vec();
        parallel[0] = T::one();
        let section = planes.restricted(planes.len(), &parallel)?;
        Ok(self.count(&section)?.map(|half| 2 * half))
    }

    fn count<T: ExactInteger>(&mut self, planes: &Planes<T>) -> Result<Option<u64>, Overflow> {
        if planes.width <= 2 {
            return Ok(Some(planes.len() as u64 + 1));
        }
        let mut total = 1u64;
        for index in 0..planes.len() {
            if !(self.proceed)() {
                return Ok(None);
            }
            let restricted = planes.restricted(index, planes.row(index))?;
            match self.count(&restricted)? {
                Some(count) => total += count,
                None => return Ok(None),
            }
        }
        Ok(Some(total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(rows: &[&[i64]]) -> u64 {
        let rows: Vec<Vec<Integer>> =
            rows.iter().map(|row| row.iter().map(|&x| Integer::from(x)).collect()).collect();
        count_cells(&rows, &mut || true).unwrap()
    }

    #[test]
    fn small_arrangements() {
        assert_eq!(count(&[]), 1);
        assert_eq!(count(&[&[0, 2], &[0, -3], &[1, 2]]), 3);
        assert_eq!(count(&[&[0, 1, 0], &[0, 0, 1]]), 4);
        assert_eq!(count(&[&[0, 1, 0], &[1, 1, 0], &[5, 2, 0]]), 4);
        assert_eq!(count(&[&[0, 1, 0], &[0, 0, 1], &[0, 1, 1]]), 6);
        assert_eq!(count(&[&[0, 1, 0], &[0, 0, 1], &[1, 1, 1]]), 7);
        assert_eq!(count(&[&[0, 1, 0, 0], &[0, 2, 0, 0], &[0, 0, 0, 7]]), 4);
    }

    #[test]
    fn generic_arrangements_follow_the_formula() {
        // Planes (t³, t², t, 1): any three are independent.
        let rows: Vec<Vec<Integer>> =
            (1..9i64).map(|t| [t * t * t, t * t, t, 1].map(Integer::from).to_vec()).collect();
        // 1 + 8 + C(8, 2) + C(8, 3).
        assert_eq!(count_cells(&rows, &mut || true), Some(1 + 8 + 28 + 56));
        let wide = |row: &Vec<Integer>| row.iter().map(|x| x * (Integer::ONE << 200) + 1).collect();
        let rows: Vec<Vec<Integer>> = rows.iter().map(wide).collect();
        assert_eq!(count_cells(&rows, &mut || true), Some(93));
        assert_eq!(count_cells(&rows, &mut || false), None);
    }
}
