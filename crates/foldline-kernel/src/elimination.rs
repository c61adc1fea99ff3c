//! Gauss–Jordan elimination of integer systems without fractions.

use crate::number::Integer;

/// Eliminates the first `columns` columns; the pivots' columns, and the common denominator.
///
/// Afterwards line i has the denominator, which may be negative, in the column of the i-th pivot,
/// and the other lines have 0 there; lines beyond the pivots are 0 in all these columns. Every
/// division is exact \[Bareiss\].
pub fn eliminate(system: &mut [Vec<Integer>], columns: usize) -> (Vec<usize>, Integer) {
    let mut pivots = Vec::new();
    let mut last = Integer::ONE;
    for column in 0..columns {
        let rank = pivots.len();
        let Some(found) = (rank..system.len()).find(|&line| !system[line][column].is_zero()) else {
            continue;
        };
        system.swap(rank, found);
        let pivot_line = std::mem::take(&mut system[rank]);
        let pivot = pivot_line[column].clone();
        for line in system.iter_mut().filter(|line| !line.is_empty()) {
            let factor = line[column].clone();
            for (value, above) in line.iter_mut().zip(&pivot_line) {
                if value.is_zero() && (factor.is_zero() || above.is_zero()) {
                    continue;
                }
                *value = (&*value * &pivot - &factor * above) / &last;
            }
        }
        system[rank] = pivot_line;
        last = pivot;
        pivots.push(column);
    }
    (pivots, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_denominator_at_their_pivots() {
        let lines = [[2, 4, 1, 3], [1, 2, 0, 1], [3, 6, 1, 4]];
        let integers = |line: [i64; 4]| line.into_iter().map(Integer::from).collect();
        let mut system: Vec<Vec<Integer>> = lines.into_iter().map(integers).collect();
        let (pivots, denominator) = eliminate(&mut system, 3);
        assert_eq!(pivots, [0, 2]);
        for (line, &pivot) in pivots.iter().enumerate() {
            for (other, values) in system.iter().enumerate() {
                let expected = if other == line { denominator.clone() } else { Integer::ZERO };
                assert_eq!(values[pivot], expected);
            }
        }
        // x + 2y = 1 and z = 1; the third line is the sum of the others.
        assert!(system[2].iter().all(Integer::is_zero));
        assert_eq!([&system[0][3], &system[1][3]], [&denominator, &denominator]);
    }
}
