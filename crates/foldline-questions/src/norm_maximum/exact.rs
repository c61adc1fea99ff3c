//! Sums of signed vectors in exact arithmetic, with machine integers where they suffice.

use foldline_kernel::number::{BitTest, least_common_multiple};
use foldline_kernel::{Integer, Natural, Rational};

/// Vectors over one common denominator.
#[derive(Debug, Clone)]
pub struct IntegerVectors {
    dimension: usize,
    numerators: Numerators,
    denominator: Natural,
}

#[derive(Debug, Clone)]
enum Numerators {
    /// Any signed sum of the vectors fits in 62 bits a coordinate.
    Small(Vec<i64>),
    Big(Vec<Integer>),
}

impl IntegerVectors {
    /// The vectors, of `dimension` numbers each.
    pub fn new(dimension: usize, vectors: &[Vec<Rational>]) -> Self {
        let all = || vectors.iter().flatten();
        let denominator = all().fold(Natural::ONE, |common, value| {
            least_common_multiple(&common, value.denominator())
        });
        let scaled = |value: &Rational| {
            value.numerator() * Integer::from(&denominator / value.denominator())
        };
        let big: Vec<Integer> = all().map(scaled).collect();
        let longest = big.iter().map(BitTest::bit_len).max().unwrap_or(0);
        let count_bits = (usize::BITS - vectors.len().leading_zeros()) as usize;
        let fits = longest + count_bits < 61 - dimension.ilog2() as usize;
        let numerators = if fits {
            let small = big.iter().map(|value| i64::try_from(value.clone()).expect("few bits"));
            Numerators::Small(small.collect())
        } else {
            Numerators::Big(big)
        };
        Self { dimension, numerators, denominator }
    }

    /// The common denominator: the unit of [`Self::absolute`] is one over it.
    pub fn denominator(&self) -> &Natural {
        &self.denominator
    }

    /// Σ signs[i]·v_i.
    pub fn sum(&self, signs: &[i8]) -> Vec<Rational> {
        let divide =
            |value: Integer| Rational::from(value) / Rational::from(self.denominator.clone());
        match &self.numerators {
            Numerators::Small(values) => {
                self.small_sum(values, signs).into_iter().map(|v| divide(v.into())).collect()
            }
            Numerators::Big(values) => {
                self.big_sum(values, signs).into_iter().map(divide).collect()
            }
        }
    }

    /// The square of the 2-norm of Σ signs[i]·v_i, in units that are the same for all signs.
    pub fn square(&self, signs: &[i8]) -> Integer {
        match &self.numerators {
            Numerators::Small(values) => {
                let sum = self.small_sum(values, signs);
                Integer::from(sum.iter().map(|&v| i128::from(v) * i128::from(v)).sum::<i128>())
            }
            Numerators::Big(values) => {
                self.big_sum(values, signs).iter().fold(Integer::ZERO, |sum, v| sum + v * v)
            }
        }
    }

    /// The 1-norm of Σ signs[i]·v_i, in units that are the same for all signs.
    pub fn absolute(&self, signs: &[i8]) -> Integer {
        let magnitude = |v: Integer| if v < Integer::ZERO { -v } else { v };
        match &self.numerators {
            Numerators::Small(values) => {
                let sum = self.small_sum(values, signs);
                Integer::from(sum.iter().map(|&v| i128::from(v).abs()).sum::<i128>())
            }
            Numerators::Big(values) => {
                let sum = self.big_sum(values, signs);
                sum.into_iter().fold(Integer::ZERO, |sum, v| sum + magnitude(v))
            }
        }
    }

    fn small_sum(&self, values: &[i64], signs: &[i8]) -> Vec<i64> {
        let mut sum = vec![0; self.dimension];
        for (vector, &sign) in values.chunks_exact(self.dimension).zip(signs) {
            sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value * i64::from(sign));
        }
        sum
    }

    fn big_sum(&self, values: &[Integer], signs: &[i8]) -> Vec<Integer> {
        let mut sum = vec![Integer::ZERO; self.dimension];
        for (vector, &sign) in values.chunks_exact(self.dimension).zip(signs) {
            for (sum, value) in sum.iter_mut().zip(vector) {
                match sign {
                    1 => *sum += value,
                    _ => *sum -= value,
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    #[test]
    fn small_and_big_numbers_agree() {
        let vectors = |scale: &str| -> Vec<Vec<Rational>> {
            let scale = parse_rational(scale).unwrap();
            let number = |token: &str| parse_rational(token).unwrap() * &scale;
            vec![vec![number("1/2"), number("-3")], vec![number("2/3"), number("5")]]
        };
        let small = IntegerVectors::new(2, &vectors("1"));
        let big = IntegerVectors::new(2, &vectors("1e30"));
        assert!(matches!(small.numerators, Numerators::Small(_)));
        assert!(matches!(big.numerators, Numerators::Big(_)));
        for signs in [[1, 1], [1, -1], [-1, 1]] {
            let scaled: Vec<Rational> =
                small.sum(&signs).iter().map(|v| v * parse_rational("1e30").unwrap()).collect();
            assert_eq!(big.sum(&signs), scaled);
        }
        assert!(small.square(&[1, -1]) > small.square(&[1, 1]));
        assert!(big.square(&[1, -1]) > big.square(&[1, 1]));
        assert_eq!(small.absolute(&[1, 1]), Integer::from(7 + 12));
    }
}
