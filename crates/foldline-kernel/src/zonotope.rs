//! Zonotopes: the sums of a center and symmetric segments, Z = c + Σ [−1, 1]·g.

use crate::number::Rational;

/// The zonotope {c + Σ β_i g_i : β_i ∈ [−1, 1]} in R^d.
///
/// Generators may be zero, parallel, repeated or too few to span R^d.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zonotope {
    /// The center c, d numbers.
    pub center: Vec<Rational>,
    /// The generators g_i, d numbers each.
    pub generators: Vec<Vec<Rational>>,
}

impl Zonotope {
    /// The zonotope Σ conv{0, a}, as [Z, §2] writes it: center ½Σ a, generators ½a.
    ///
    /// # Panics
    /// If a segment has another dimension.
    pub fn from_segments(dimension: usize, segments: &[Vec<Rational>]) -> Self {
        let half = Rational::ONE / Rational::from(2u8);
        let mut center = vec![Rational::ZERO; dimension];
        let mut generators = Vec::with_capacity(segments.len());
        for segment in segments {
            assert_eq!(segment.len(), dimension, "a segment of another dimension");
            let generator: Vec<Rational> = segment.iter().map(|value| value * &half).collect();
            center.iter_mut().zip(&generator).for_each(|(sum, value)| *sum += value);
            generators.push(generator);
        }
        Self { center, generators }
    }

    /// The dimension d of the space.
    pub fn dimension(&self) -> usize {
        self.center.len()
    }

    /// The Minkowski sum {x + y : x ∈ Z, y ∈ other}: centers are added, generators put together.
    ///
    /// # Panics
    /// If the dimensions differ.
    pub fn sum(&self, other: &Self) -> Self {
        assert_eq!(self.dimension(), other.dimension(), "zonotopes of different dimensions");
        let center = self.center.iter().zip(&other.center).map(|(a, b)| a + b).collect();
        let generators = self.generators.iter().chain(&other.generators).cloned().collect();
        Self { center, generators }
    }

    /// The image {M z + t : z ∈ Z} under an affine map; M is given by its e rows of d numbers, the
    /// offset t has e numbers. Generators that become zero stay.
    ///
    /// # Panics
    /// If a row has another length than d, or the offset another than e.
    pub fn image(&self, rows: &[Vec<Rational>], offset: &[Rational]) -> Self {
        assert_eq!(rows.len(), offset.len(), "one number of the offset a row");
        let along = |row: &Vec<Rational>, vector: &Vec<Rational>| {
            assert_eq!(row.len(), vector.len(), "a row of another dimension");
            let terms = row.iter().zip(vector).filter(|(a, b)| !a.is_zero() && !b.is_zero());
            terms.fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
        };
        let map = |vector: &Vec<Rational>| -> Vec<Rational> {
            rows.iter().map(|row| along(row, vector)).collect()
        };
        let center = map(&self.center).iter().zip(offset).map(|(a, b)| a + b).collect();
        Self { center, generators: self.generators.iter().map(map).collect() }
    }

    /// A vertex or, where u is orthogonal to generators, another point z of Z with u·z = h(u).
    ///
    /// # Panics
    /// If `direction` has another dimension.
    pub fn support_point(&self, direction: &[Rational]) -> Vec<Rational> {
        assert_eq!(direction.len(), self.dimension(), "a direction of another dimension");
        let mut point = self.center.clone();
        for generator in &self.generators {
            let product = |sum, (a, b): (&Rational, &Rational)| sum + a * b;
            let value = generator.iter().zip(direction).fold(Rational::ZERO, product);
            for (coordinate, entry) in point.iter_mut().zip(generator) {
                if value > Rational::ZERO {
                    *coordinate += entry;
                } else if value < Rational::ZERO {
                    *coordinate -= entry;
                }
            }
        }
        point
    }

    /// The support function h(u) = max {u·z : z ∈ Z} = u·c + Σ |u·g_i|.
    ///
    /// # Panics
    /// If `direction` has another dimension.
    pub fn support(&self, direction: &[Rational]) -> Rational {
        assert_eq!(direction.len(), self.dimension(), "a direction of another dimension");
        let product = |vector: &[Rational]| -> Rational {
            vector.iter().zip(direction).fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
        };
        self.generators.iter().fold(product(&self.center), |sum, generator| {
            let value = product(generator);
            if value < Rational::ZERO { sum - value } else { sum + value }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_support_agree() {
        let numbers = |values: &[i32]| values.iter().map(|&value| value.into()).collect::<Vec<_>>();
        let zonotope = Zonotope::from_segments(2, &[numbers(&[2, 0]), numbers(&[1, -3])]);
        assert_eq!(zonotope.support(&numbers(&[1, 0])), Rational::from(3));
        assert_eq!(zonotope.support(&numbers(&[-1, 0])), Rational::ZERO);
        assert_eq!(zonotope.support(&numbers(&[0, -1])), Rational::from(3));
        assert_eq!(zonotope.support_point(&numbers(&[1, -1])), numbers(&[3, -3]));
    }

    #[test]
    fn support_functions_of_sums_and_images() {
        let numbers = |values: &[i32]| values.iter().map(|&value| value.into()).collect::<Vec<_>>();
        let a = Zonotope { center: numbers(&[1, 2]), generators: vec![numbers(&[3, -1])] };
        let b = Zonotope {
            center: numbers(&[0, -5]),
            generators: vec![numbers(&[1, 1]), numbers(&[0, 0])],
        };
        let rows = [numbers(&[1, 2]), numbers(&[0, -1]), numbers(&[4, 0])];
        let image = a.image(&rows, &numbers(&[7, 0, 1]));
        for u in [[1, 0], [-2, 3], [5, 5]] {
            let u = numbers(&u);
            assert_eq!(a.sum(&b).support(&u), a.support(&u) + b.support(&u));
        }
        for u in [[1, 0, 0], [1, -1, 1], [0, 2, -3]] {
            // h_{MZ + t}(u) = h_Z(Mᵀu) + u·t.
            let back = [u[0] + 4 * u[2], 2 * u[0] - u[1]];
            let expected = a.support(&numbers(&back)) + Rational::from(7 * u[0] + u[2]);
            assert_eq!(image.support(&numbers(&u)), expected);
        }
    }
}
