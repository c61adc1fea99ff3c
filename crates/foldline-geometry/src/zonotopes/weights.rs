//! Weighted sums of magnitudes, in 128 bits where they surely fit.

use foldline_kernel::Integer;
use foldline_kernel::number::Signed;

use super::entry::Entry;

/// Integer weights w_i ≥ 0.
#[derive(Debug, Clone)]
pub struct Weights {
    exact: Vec<Integer>,
    /// The same, if they have few bits.
    small: Option<Vec<i128>>,
    /// Bits that a sum has at most besides those of the largest value.
    bits: u32,
}

impl Weights {
    /// The weights.
    pub fn new(exact: Vec<Integer>) -> Self {
        let largest = exact.iter().map(Entry::bits).max().unwrap_or(0);
        let bits = largest.saturating_add(usize::BITS - exact.len().leading_zeros());
        let small = (bits < 126).then(|| exact.iter().map(Entry::small).collect());
        Self { exact, small, bits }
    }

    /// The weights as they are.
    pub fn exact(&self) -> &[Integer] {
        &self.exact
    }

    /// Σ w_i |v_i|.
    pub fn sum<T: Entry>(&self, values: &[T]) -> Integer {
        if let Some(small) = &self.small {
            let bits = values.iter().map(T::bits).max().unwrap_or(0);
            if self.bits.saturating_add(bits) < 126 {
                let terms = small.iter().zip(values);
                return Integer::from(terms.map(|(w, v)| w * v.small().abs()).sum::<i128>());
            }
        }
        self.exact.iter().zip(values).fold(Integer::ZERO, |sum, (weight, value)| {
            let value = value.to_integer();
            if value.is_negative() { sum - weight * value } else { sum + weight * value }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_sums_agree() {
        let weights = |shift: usize| {
            Weights::new([3u8, 0, 5].map(|value| Integer::from(value) << shift).to_vec())
        };
        assert_eq!(weights(0).sum(&[-2i64, 7, 1]), Integer::from(11));
        assert_eq!(weights(70).sum(&[-2i64 << 60, 7, 1 << 60]), Integer::from(11) << 130);
        assert_eq!(weights(200).sum(&[-2i64, 7, 1]), Integer::from(11) << 200);
    }
}
