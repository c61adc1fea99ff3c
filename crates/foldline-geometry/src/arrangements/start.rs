//! Where the walk starts: the 2^d cones that d independent hyperplanes cut R^d into.

use foldline_kernel::Integer;

use super::rows::Numbers;
use crate::integer::{ExactInteger, Overflow, convert, eliminate, null_vector};

/// The coordinates that a quotient by the common null space of the rows keeps, increasing.
///
/// Rows are the coefficients of linear functions on R^dimension. Any linear combination of them is
/// determined by its coefficients at these columns: setting the other coordinates to 0 meets
/// every coset of the null space in one point.
pub fn spanning_columns(rows: &[Vec<Integer>], dimension: usize) -> Vec<usize> {
    let mut columns: Vec<usize> = independent(rows, dimension).iter().map(|row| row.1).collect();
    columns.sort_unstable();
    columns
}

/// Rows that are a basis of the span, greedily from the first, each with a pivot column.
fn independent(rows: &[Vec<Integer>], dimension: usize) -> Vec<(usize, usize)> {
    let mut kept: Vec<(usize, Vec<Integer>)> = Vec::new();
    let mut chosen = Vec::new();
    for (index, row) in rows.iter().enumerate() {
        if kept.len() == dimension {
            break;
        }
        let mut row = row.clone();
        for (column, pivot) in &kept {
            eliminate(&mut row, pivot, *column).expect("big integers do not overflow");
        }
        if let Some(column) = row.iter().position(|value| !value.is_nil()) {
            chosen.push((index, column));
            kept.push((column, row));
        }
    }
    chosen
}

/// d independent hyperplanes, their common point and the lines along which all but one meet.
#[derive(Debug)]
pub(super) struct Start {
    /// Indices of the rows.
    pub chosen: Vec<usize>,
    /// Their common point, homogeneous.
    pub apex: Numbers,
    /// For each of them the direction along which it grows and the others stay 0.
    pub rays: Vec<Numbers>,
}

impl Start {
    /// Chooses among rows of `width` = d + 1 numbers, constants first, whose coefficients span R^d.
    pub fn new(rows: &[Vec<Integer>], width: usize) -> Self {
        let linear: Vec<Vec<Integer>> = rows.iter().map(|row| row[1..].to_vec()).collect();
        let chosen: Vec<usize> =
            independent(&linear, width - 1).into_iter().map(|(index, _)| index).collect();
        assert_eq!(chosen.len() + 1, width, "the first level's hyperplanes span the space");
        let planes: Vec<Vec<Integer>> = chosen.iter().map(|&index| rows[index].clone()).collect();
        let mut apex = vector(&planes, width);
        if apex[0] < Integer::ZERO {
            apex.iter_mut().for_each(|value| *value = -std::mem::take(value));
        }
        let mut infinity = vec![Integer::ZERO; width];
        infinity[0] = Integer::ONE;
        let ray = |k: usize| {
            let mut others = planes.clone();
            others[k] = infinity.clone();
            let mut ray = vector(&others, width);
            let grows = crate::integer::dot(&planes[k], &ray).is_ok_and(|v| v > Integer::ZERO);
            if !grows {
                ray.iter_mut().for_each(|value| *value = -std::mem::take(value));
            }
            Numbers::new(ray)
        };
        let rays = (0..chosen.len()).map(ray).collect();
        Self { chosen, apex: Numbers::new(apex), rays }
    }
}

/// The vector orthogonal to width − 1 independent rows.
fn vector(rows: &[Vec<Integer>], width: usize) -> Vec<Integer> {
    let found = null_vector(rows.iter().cloned(), width);
    found.expect("big integers do not overflow").expect("the rows are independent")
}

/// The primitive vector orthogonal to all rows, of which there is one up to its sign.
pub(super) fn common_direction(rows: &[(&Numbers, usize)], width: usize) -> Numbers {
    let all_small = || -> Result<Numbers, Overflow> {
        let small = rows.iter().map(|(numbers, index)| match numbers {
            Numbers::Small(values) => Ok(values[index * width..(index + 1) * width].to_vec()),
            Numbers::Wide(_) => convert(&numbers.integers(*index, width)),
        });
        let small: Vec<Vec<i128>> = small.collect::<Result<_, Overflow>>()?;
        let vector = null_vector(small.into_iter(), width)?;
        Ok(Numbers::Small(vector.expect("tight hyperplanes of a generator meet in a line")))
    };
    all_small().unwrap_or_else(|Overflow| {
        let wide: Vec<Vec<Integer>> =
            rows.iter().map(|(numbers, index)| numbers.integers(*index, width)).collect();
        Numbers::new(vector(&wide, width))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(values: &[[i64; 3]]) -> Vec<Vec<Integer>> {
        values.iter().map(|row| row.iter().map(|&x| Integer::from(x)).collect()).collect()
    }

    #[test]
    fn columns_of_a_quotient() {
        assert_eq!(spanning_columns(&rows(&[[0, 0, 2], [0, 0, 1], [0, 3, 1]]), 3), [1, 2]);
        assert_eq!(spanning_columns(&rows(&[[0, 0, 0]]), 3), Vec::<usize>::new());
    }

    #[test]
    fn the_start_is_where_independent_lines_meet() {
        // x = 2 (twice), x + y = 3: the point (2, 1).
        let start = Start::new(&rows(&[[-2, 1, 0], [-4, 2, 0], [-3, 1, 1]]), 3);
        assert_eq!(start.chosen, [0, 2]);
        assert_eq!(start.apex, Numbers::Small(vec![1, 2, 1]));
        assert_eq!(start.rays, [Numbers::Small(vec![0, 1, -1]), Numbers::Small(vec![0, 0, 1])]);
    }
}
