//! The linear span of integer vectors: coordinates on which it is injective, and its equations.

use foldline_kernel::{Integer, Rational};

use super::segments::{make_primitive, product};

/// The span of some vectors of R^d.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The coordinates, r of them and increasing, on which the span is injective.
    pub coordinates: Vec<usize>,
    /// d − r primitive integer vectors u; the span is where all u·x = 0.
    pub equations: Vec<Vec<Integer>>,
}

impl Span {
    /// The span of `vectors`, by fraction-free elimination.
    pub fn new(dimension: usize, vectors: &[Vec<Integer>]) -> Self {
        let mut rows: Vec<(usize, Vec<Integer>)> = Vec::new();
        for vector in vectors {
            if rows.len() == dimension {
                break;
            }
            let mut vector = vector.clone();
            for (pivot, row) in &rows {
                eliminate(&mut vector, row, *pivot);
            }
            if make_primitive(&mut vector).is_none() {
                continue;
            }
            let pivot = vector.iter().position(|entry| !entry.is_zero()).expect("not zero");
            rows.iter_mut().for_each(|(_, row)| eliminate(row, &vector, pivot));
            rows.push((pivot, vector));
        }
        rows.sort_by_key(|(pivot, _)| *pivot);
        let coordinates: Vec<usize> = rows.iter().map(|(pivot, _)| *pivot).collect();
        let free = (0..dimension).filter(|index| !coordinates.contains(index));
        let equations = free.map(|index| equation(dimension, &rows, index)).collect();
        Self { coordinates, equations }
    }

    /// The dimension r of the span.
    pub fn rank(&self) -> usize {
        self.coordinates.len()
    }

    /// The first equation that the vector does not satisfy, if it is not in the span.
    pub fn violated(&self, vector: &[Integer]) -> Option<&Vec<Integer>> {
        self.equations.iter().find(|equation| !product(equation, vector).is_zero())
    }

    /// A linear function of the span's coordinates as one of all coordinates.
    pub fn extend(&self, dimension: usize, function: &[Integer]) -> Vec<Integer> {
        let mut extended = vec![Integer::ZERO; dimension];
        for (&index, value) in self.coordinates.iter().zip(function) {
            extended[index] = value.clone();
        }
        extended
    }
}

/// Makes `vector[pivot]` zero by a multiple of `row`, and the vector primitive.
fn eliminate(vector: &mut [Integer], row: &[Integer], pivot: usize) {
    if vector[pivot].is_zero() {
        return;
    }
    let factor = vector[pivot].clone();
    for (entry, other) in vector.iter_mut().zip(row) {
        *entry = &*entry * &row[pivot] - &factor * other;
    }
    make_primitive(vector);
}

/// The equation that expresses the free coordinate `index` by the pivot coordinates.
fn equation(dimension: usize, rows: &[(usize, Vec<Integer>)], index: usize) -> Vec<Integer> {
    let mut values = vec![Rational::ZERO; dimension];
    values[index] = Rational::ONE;
    for (pivot, row) in rows {
        let ratio = Rational::from(row[index].clone()) / Rational::from(row[*pivot].clone());
        values[*pivot] = -ratio;
    }
    super::segments::primitive(&values).expect("an entry is 1").0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(rows: &[&[i32]]) -> Vec<Vec<Integer>> {
        rows.iter().map(|row| row.iter().map(|&value| value.into()).collect()).collect()
    }

    #[test]
    fn a_plane_in_four_dimensions() {
        let plane = vectors(&[&[0, 2, 4, 2], &[0, 1, 2, 1], &[0, 3, 6, 4]]);
        let span = Span::new(4, &plane);
        assert_eq!(span.coordinates, [1, 3]);
        assert_eq!(span.equations, vectors(&[&[1, 0, 0, 0], &[0, 2, -1, 0]]));
        assert!(plane.iter().all(|vector| span.violated(vector).is_none()));
        assert!(span.violated(&vectors(&[&[0, 1, 1, 1]])[0]).is_some());
        assert_eq!(span.extend(4, &vectors(&[&[5, 6]])[0]), vectors(&[&[0, 5, 0, 6]])[0]);
    }

    #[test]
    fn nothing_and_everything() {
        let nothing = Span::new(2, &[]);
        assert_eq!((nothing.rank(), nothing.equations.len()), (0, 2));
        let everything = Span::new(2, &vectors(&[&[1, 1], &[1, 2], &[0, 7]]));
        assert_eq!((everything.rank(), everything.equations.len()), (2, 0));
    }
}
