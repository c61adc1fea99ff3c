//! Zonotopes with fewer generators: Lewis weight sampling, and the boxes of Girard and of PCA.

use foldline_kernel::number::Abs;
use foldline_kernel::{Rational, Zonotope};

use super::floats::{FloatGenerators, exact_float};
use super::lewis::lewis_weights;
use super::segments::Segments;
use super::span::Span;
use crate::directed::nearest;

/// Random numbers that follow from a seed (the SplitMix64 sequence).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The sequence of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Generators without zeros and parallels, on coordinates on which their span is injective.
#[derive(Debug, Clone)]
pub struct Spanning {
    /// The merged generators in the whole space.
    pub vectors: Vec<Vec<Rational>>,
    /// The coordinates.
    pub coordinates: Vec<usize>,
    /// The merged generators on these coordinates, as floats.
    pub floats: FloatGenerators,
}

impl Spanning {
    /// The generators of `zonotope`.
    pub fn new(zonotope: &Zonotope) -> Self {
        let segments = Segments::new(zonotope);
        let coordinates = Span::new(segments.dimension, &segments.directions).coordinates;
        let vector = |(direction, length): (&Vec<_>, &Rational)| -> Vec<Rational> {
            direction
                .iter()
                .map(|entry| length * Rational::from(foldline_kernel::Integer::clone(entry)))
                .collect()
        };
        let vectors: Vec<Vec<Rational>> =
            segments.directions.iter().zip(&segments.lengths).map(vector).collect();
        let floats = restricted(&vectors, &coordinates);
        Self { vectors, coordinates, floats }
    }

    /// Other generators in the same span, as floats on the same coordinates.
    pub fn others(&self, vectors: &[Vec<Rational>]) -> FloatGenerators {
        restricted(vectors, &self.coordinates)
    }
}

fn restricted(vectors: &[Vec<Rational>], coordinates: &[usize]) -> FloatGenerators {
    let pick =
        |vector: &Vec<Rational>| coordinates.iter().map(|&index| vector[index].clone()).collect();
    FloatGenerators::new(coordinates.len(), vectors.iter().map(pick).collect())
}

/// Draws `count` generators independently, generator i with probability w_i/Σw, and makes each
/// longer by 1/(count·probability) [Z, Thm 7.1]; generators drawn more than once are one.
///
/// `None` where floats cannot tell the weights: the generators are almost flat.
pub fn sample(
    spanning: &Spanning,
    count: usize,
    random: &mut Random,
) -> Option<Vec<Vec<Rational>>> {
    let weights = lewis_weights(&spanning.floats)?;
    let total: f64 = weights.iter().sum();
    let mut sums = Vec::with_capacity(weights.len());
    weights.iter().fold(0.0, |sum, weight| {
        sums.push(sum + weight);
        sum + weight
    });
    let mut drawn = vec![0u32; weights.len()];
    for _ in 0..count {
        let at = random.uniform() * total;
        drawn[sums.partition_point(|&sum| sum <= at).min(weights.len() - 1)] += 1;
    }
    let vectors =
        drawn.iter().enumerate().filter(|&(_, &times)| times > 0).map(|(index, &times)| {
            let factor = exact_float(f64::from(times) * total / (count as f64 * weights[index]));
            spanning.vectors[index].iter().map(|value| value * &factor).collect()
        });
    Some(vectors.collect())
}

/// Girard's reduction: the generators that are least like a box stay, the others become a box.
///
/// An outer approximation with at most `most` generators (at least d of them).
pub fn girard(vectors: &[Vec<Rational>], dimension: usize, most: usize) -> Vec<Vec<Rational>> {
    let (kept, rest) = split(vectors, most.saturating_sub(dimension));
    let unit = |coordinate: usize| {
        let sum = rest.iter().fold(Rational::ZERO, |sum, v| sum + v[coordinate].clone().abs());
        (0..dimension).map(|j| if j == coordinate { sum.clone() } else { Rational::ZERO }).collect()
    };
    let mut reduced = kept;
    reduced.extend((0..dimension).map(unit));
    reduced
}

/// The same with the box along the principal axes of the generators that go into it.
///
/// The axes are rounded; the box encloses exactly whatever they are. `None` if they are dependent.
pub fn pca(vectors: &[Vec<Rational>], dimension: usize, most: usize) -> Option<Vec<Vec<Rational>>> {
    let (kept, rest) = split(vectors, most.saturating_sub(dimension));
    let floats = FloatGenerators::new(dimension, rest.clone());
    let axes = principal_axes(&floats);
    let exact: Vec<Vec<Rational>> = axes
        .iter()
        .map(|axis| {
            axis.iter().map(|&value| exact_float((value * 1048576.0).round() / 1048576.0)).collect()
        })
        .collect();
    let inverse = inverse_of_columns(&exact)?;
    let mut lengths = vec![Rational::ZERO; dimension];
    for vector in &rest {
        for (length, row) in lengths.iter_mut().zip(&inverse) {
            let terms = row.iter().zip(vector);
            *length += terms.fold(Rational::ZERO, |sum, (a, b)| sum + a * b).abs();
        }
    }
    let mut reduced = kept;
    reduced.extend(
        exact
            .iter()
            .zip(&lengths)
            .map(|(axis, length)| axis.iter().map(|value| value * length).collect::<Vec<_>>()),
    );
    Some(reduced)
}

/// The `count` generators with the largest |g|_1 − |g|_inf, and the others.
fn split(vectors: &[Vec<Rational>], count: usize) -> (Vec<Vec<Rational>>, Vec<Vec<Rational>>) {
    let score = |vector: &Vec<Rational>| -> Rational {
        let magnitudes = || vector.iter().map(|value| value.clone().abs());
        let sum = magnitudes().fold(Rational::ZERO, |sum, value| sum + value);
        sum - magnitudes().max().unwrap_or(Rational::ZERO)
    };
    let mut ordered: Vec<(Rational, usize)> =
        vectors.iter().enumerate().map(|(index, vector)| (score(vector), index)).collect();
    ordered.sort_by(|a, b| b.cmp(a));
    let mut pick = ordered.into_iter().map(|(_, index)| vectors[index].clone());
    let kept: Vec<_> = pick.by_ref().take(count).collect();
    (kept, pick.collect())
}

/// Orthonormal eigenvectors of Σ g gᵀ, by Jacobi rotations in floats.
fn principal_axes(generators: &FloatGenerators) -> Vec<Vec<f64>> {
    let size = generators.dimension;
    let mut matrix = vec![vec![0.0; size]; size];
    for index in 0..generators.count() {
        let vector = generators.vector(index);
        for (row, a) in matrix.iter_mut().zip(vector) {
            row.iter_mut().zip(vector).for_each(|(sum, b)| *sum += a * b);
        }
    }
    let mut axes: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect();
    for _ in 0..30 {
        for p in 0..size {
            for q in p + 1..size {
                if matrix[p][q].abs() <= 1e-15 * (matrix[p][p] * matrix[q][q]).abs().sqrt() {
                    continue;
                }
                let angle = 0.5 * (2.0 * matrix[p][q]).atan2(matrix[q][q] - matrix[p][p]);
                let (sine, cosine) = angle.sin_cos();
                for row in &mut matrix {
                    (row[p], row[q]) =
                        (cosine * row[p] - sine * row[q], sine * row[p] + cosine * row[q]);
                }
                for column in 0..size {
                    let (x, y) = (matrix[p][column], matrix[q][column]);
                    matrix[p][column] = cosine * x - sine * y;
                    matrix[q][column] = sine * x + cosine * y;
                    let (x, y) = (axes[p][column], axes[q][column]);
                    axes[p][column] = cosine * x - sine * y;
                    axes[q][column] = sine * x + cosine * y;
                }
            }
        }
    }
    axes
}

/// The inverse of the matrix whose columns are given; `None` if it is singular.
fn inverse_of_columns(columns: &[Vec<Rational>]) -> Option<Vec<Vec<Rational>>> {
    let size = columns.len();
    let mut rows: Vec<Vec<Rational>> = (0..size)
        .map(|i| {
            let unit = (0..size).map(|j| if i == j { Rational::ONE } else { Rational::ZERO });
            columns.iter().map(|column| column[i].clone()).chain(unit).collect()
        })
        .collect();
    for column in 0..size {
        let pivot =
            (column..size).filter(|&row| !rows[row][column].is_zero()).max_by(|&a, &b| {
                nearest(&rows[a][column]).abs().total_cmp(&nearest(&rows[b][column]).abs())
            })?;
        rows.swap(column, pivot);
        let divisor = rows[column][column].clone();
        rows[column].iter_mut().for_each(|value| *value /= &divisor);
        let pivot_row = rows[column].clone();
        for (index, row) in rows.iter_mut().enumerate() {
            if index != column && !row[column].is_zero() {
                let factor = row[column].clone();
                row.iter_mut().zip(&pivot_row).for_each(|(value, pivot)| *value -= &factor * pivot);
            }
        }
    }
    Some(rows.into_iter().map(|row| row[size..].to_vec()).collect())
}
