//! Elimination modulo a prime, level by level and only on demand, to tell what is exactly zero.
//!
//! A number that is not 0 modulo p is not 0. A number that is, and of which floats say that its
//! magnitude is below p, is 0. So one prime decides most of what floats leave open.

use foldline_kernel::Integer;

use crate::modular::{combine, residue};

/// Linear functions by their values at the columns, and what is left of them when some columns
/// were made zero, one a level.
///
/// The functions of a level are those that Gaussian elimination leaves, all times one factor that is
/// not 0 modulo the prime.
#[derive(Debug, Clone)]
pub struct Residues {
    /// Level k has rank − k rows.
    levels: Vec<Vec<Vec<u64>>>,
    /// How many levels are up to date.
    known: usize,
    /// Which row made which column zero, one a level.
    pivots: Vec<(usize, usize)>,
}

impl Residues {
    /// The coordinate functions at `columns`, vectors of `rank` integers.
    pub fn new(rank: usize, columns: &[Vec<Integer>]) -> Self {
        let row = |coordinate| columns.iter().map(|vector| residue(&vector[coordinate])).collect();
        let root = (0..rank).map(row).collect();
        Self { levels: vec![root], known: 1, pivots: Vec::new() }
    }

    /// Makes level `place` + 1 what row `pivot` leaves of level `place` when `column` becomes zero.
    pub fn choose(&mut self, place: usize, pivot: usize, column: usize) {
        self.pivots.truncate(place);
        self.pivots.push((pivot, column));
        self.known = self.known.min(place + 1);
    }

    /// The rows of a level; `None` if a pivot is 0 modulo the prime.
    ///
    /// # Panics
    /// If the level has not been chosen.
    pub fn rows(&mut self, place: usize) -> Option<&[Vec<u64>]> {
        while self.known <= place {
            let (pivot, column) = self.pivots[self.known - 1];
            if self.levels.len() == self.known {
                self.levels.push(Vec::new());
            }
            let (done, rest) = self.levels.split_at_mut(self.known);
            let above = &done[self.known - 1];
            if above[pivot][column] == 0 {
                return None;
            }
            rest[0].resize(above.len() - 1, Vec::new());
            let others = (0..above.len()).filter(|&row| row != pivot);
            for (target, source) in rest[0].iter_mut().zip(others) {
                let (row, under) = (&above[source], &above[pivot]);
                let (a, b) = (under[column], row[column]);
                target.clear();
                target.extend(row.iter().zip(under).map(|(&x, &y)| combine(a, x, b, y)));
            }
            self.known += 1;
        }
        Some(&self.levels[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eliminated_rows_vanish_where_determinants_do() {
        let vectors = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [1, 0, 0], [5, 7, 9]];
        let vectors = vectors.map(|vector| vector.map(Integer::from).to_vec());
        let mut residues = Residues::new(3, &vectors);
        residues.choose(0, 1, 0);
        residues.choose(1, 0, 1);
        let last = &residues.rows(2).unwrap()[0];
        let zeros: Vec<bool> = last.iter().map(|&value| value == 0).collect();
        // Columns 2 and 4 are in the plane of columns 0 and 1.
        assert_eq!(zeros, [true, true, true, false, true]);
        residues.choose(1, 0, 3);
        let last = &residues.rows(2).unwrap()[0];
        assert!(last[0] == 0 && last[3] == 0 && last[1] != 0);
        residues.choose(0, 2, 3);
        assert_eq!(residues.rows(1), None, "a pivot that is 0");
    }
}
