//! A zonotope in normal form: pairwise non-parallel primitive integer directions with positive lengths.

use std::collections::HashMap;

use foldline_kernel::number::{Gcd, Signed, least_common_multiple};
use foldline_kernel::{Integer, Natural, Rational, Zonotope};

/// The zonotope {c + Σ β_i l_i p_i : β_i ∈ [−1, 1]}, its segments merged.
///
/// Zero generators are dropped, parallel ones are one segment whose length is the sum of theirs
/// (a generator and its negative are the same segment), so directions are pairwise non-parallel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segments {
    /// The dimension d of the space.
    pub dimension: usize,
    /// The center c.
    pub center: Vec<Rational>,
    /// The directions p_i: integers without a common divisor, the first that is not 0 positive.
    pub directions: Vec<Vec<Integer>>,
    /// The lengths l_i > 0.
    pub lengths: Vec<Rational>,
}

impl Segments {
    /// The normal form of a zonotope.
    pub fn new(zonotope: &Zonotope) -> Self {
        let vectors = zonotope.generators.iter().map(Vec::as_slice);
        Self::from_vectors(zonotope.center.clone(), vectors)
    }

    /// The normal form of c + Σ [−1, 1]·v over the vectors v.
    pub fn from_vectors<'a>(
        center: Vec<Rational>,
        vectors: impl Iterator<Item = &'a [Rational]>,
    ) -> Self {
        let mut segments =
            Self { dimension: center.len(), center, directions: Vec::new(), lengths: Vec::new() };
        let mut places: HashMap<Vec<Integer>, usize> = HashMap::new();
        for vector in vectors {
            let Some((direction, length)) = primitive(vector) else { continue };
            match places.get(&direction) {
                Some(&place) => segments.lengths[place] += length,
                None => {
                    places.insert(direction.clone(), segments.directions.len());
                    segments.directions.push(direction);
                    segments.lengths.push(length);
                }
            }
        }
        segments
    }

    /// The same segments seen on some coordinates only, the center included.
    pub fn restrict(&self, coordinates: &[usize]) -> Self {
        let pick = |vector: &[Rational]| -> Vec<Rational> {
            coordinates.iter().map(|&index| vector[index].clone()).collect()
        };
        let vector = |(direction, length): (&Vec<Integer>, &Rational)| -> Vec<Rational> {
            let entry = |&index: &usize| length * Rational::from(direction[index].clone());
            coordinates.iter().map(entry).collect()
        };
        let vectors: Vec<Vec<Rational>> =
            self.directions.iter().zip(&self.lengths).map(vector).collect();
        Self::from_vectors(pick(&self.center), vectors.iter().map(Vec::as_slice))
    }

    /// Lengths as integers over one common denominator.
    pub fn integer_lengths(&self) -> (Vec<Integer>, Natural) {
        let common = self.lengths.iter().fold(Natural::ONE, |common, length| {
            least_common_multiple(&common, length.denominator())
        });
        (scaled(&self.lengths, &common), common)
    }

    /// The signs of the zonotope's own generators that say the same as `signs` of the segments;
    /// zero generators get 1.
    ///
    /// # Panics
    /// If `zonotope` is not the one that these are the segments of.
    pub fn signs_of(&self, zonotope: &Zonotope, signs: &[i8]) -> Vec<i8> {
        let places: HashMap<&Vec<Integer>, usize> =
            self.directions.iter().enumerate().map(|(place, vector)| (vector, place)).collect();
        let sign = |generator: &Vec<Rational>| {
            let Some((direction, _)) = primitive(generator) else { return 1 };
            let first = generator.iter().find(|value| !value.is_zero());
            let along = if first.is_some_and(|value| value.is_negative()) { -1 } else { 1 };
            along * signs[places[&direction]]
        };
        zonotope.generators.iter().map(sign).collect()
    }

    /// The support function of the segments without the center, Σ l_i |u·p_i|.
    pub fn width(&self, direction: &[Integer]) -> Rational {
        let terms = self.directions.iter().zip(&self.lengths);
        terms.fold(Rational::ZERO, |sum, (vector, length)| {
            let (_, magnitude) = product(vector, direction).into_parts();
            sum + length * Rational::from(magnitude)
        })
    }
}

/// Rationals times a common multiple of their denominators.
pub fn scaled(values: &[Rational], common: &Natural) -> Vec<Integer> {
    let scale = |value: &Rational| value.numerator() * Integer::from(common / value.denominator());
    values.iter().map(scale).collect()
}

/// u·v of integer vectors.
pub fn product(left: &[Integer], right: &[Integer]) -> Integer {
    left.iter().zip(right).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
}

/// The direction of a vector, primitive and with positive first entry, and |factor| to the vector;
/// none for the zero vector.
pub fn primitive(vector: &[Rational]) -> Option<(Vec<Integer>, Rational)> {
    let common = vector
        .iter()
        .fold(Natural::ONE, |common, value| least_common_multiple(&common, value.denominator()));
    let mut direction = scaled(vector, &common);
    let divisor = make_primitive(&mut direction)?;
    if direction.iter().find(|entry| !entry.is_zero())?.is_negative() {
        direction.iter_mut().for_each(|entry| *entry = -std::mem::take(entry));
    }
    Some((direction, Rational::from_parts(divisor.into(), common)))
}

/// Divides integers by their greatest common divisor, which is returned; none if all are zero.
pub fn make_primitive(vector: &mut [Integer]) -> Option<Natural> {
    let mut divisor: Option<Natural> = None;
    for entry in vector.iter().filter(|entry| !entry.is_zero()) {
        let (_, magnitude) = entry.clone().into_parts();
        divisor =
            Some(divisor.map_or_else(|| magnitude.clone(), |divisor| divisor.gcd(&magnitude)));
    }
    let divisor = divisor?;
    if divisor != Natural::ONE {
        let divisor = Integer::from(divisor.clone());
        vector.iter_mut().for_each(|entry| *entry /= &divisor);
    }
    Some(divisor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    fn vector(tokens: &[&str]) -> Vec<Rational> {
        tokens.iter().map(|token| parse_rational(token).unwrap()).collect()
    }

    #[test]
    fn parallel_and_zero_generators_merge() {
        let zonotope = Zonotope {
            center: vector(&["1", "0"]),
            generators: vec![
                vector(&["0", "0"]),
                vector(&["-1/2", "1/3"]),
                vector(&["3", "-2"]),
                vector(&["0", "-5"]),
            ],
        };
        let segments = Segments::new(&zonotope);
        let integers = |values: [i32; 2]| values.map(Integer::from).to_vec();
        assert_eq!(segments.directions, [integers([3, -2]), integers([0, 1])]);
        assert_eq!(segments.lengths, vector(&["7/6", "5"]));
        assert_eq!(segments.width(&integers([1, 1])), vector(&["37/6"])[0]);
        let (lengths, common) = segments.integer_lengths();
        assert_eq!((lengths, common), (integers([7, 30]), Natural::from(6u8)));
        assert_eq!(segments.restrict(&[1]).lengths, vector(&["22/3"]));
    }
}
