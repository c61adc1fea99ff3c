//! Exact integers of three widths behind one interface, so that small numbers are fast and large ones right.

use std::cmp::Ordering;
use std::fmt::Debug;

use foldline_kernel::Integer;
use foldline_kernel::number::{BitTest, Gcd};

/// A signed integer of a certain width.
///
/// Callers see to it that no magnitude gets more than [`Entry::LARGEST_BITS`] bits, and go over to
/// [`Entry::Wider`] before it would.
pub trait Entry: Clone + Debug + PartialEq + Send + Sync {
    /// The next width; of the widest one, itself.
    type Wider: Entry;
    /// The most bits that a magnitude may have.
    const LARGEST_BITS: u32;

    /// The number if it fits.
    fn from_integer(value: &Integer) -> Option<Self>;
    /// The number as an arbitrary-precision integer.
    fn to_integer(&self) -> Integer;
    /// The number, which the caller knows to have at most 126 bits.
    fn small(&self) -> i128;
    /// A float next to the number: the relative error is at most 2⁻⁵² (infinite where too large).
    fn to_float(&self) -> f64;
    /// The number in the next width.
    fn widen(&self) -> Self::Wider;
    /// Bits of the magnitude.
    fn bits(&self) -> u32;
    /// Its sign, as its comparison with zero.
    fn sign(&self) -> Ordering;
    /// Whether it is zero.
    fn is_zero(&self) -> bool;
    /// The greatest common divisor, not negative.
    fn gcd(&self, other: &Self) -> Self;
    /// The quotient of a division without remainder.
    fn divide(&self, divisor: &Self) -> Self;
    /// a·x − b·y; the caller knows that it fits.
    fn combine(a: &Self, x: &Self, b: &Self, y: &Self) -> Self;
    /// a·x − b·y in the next width; the caller knows that it fits there.
    fn combine_wide(a: &Self, x: &Self, b: &Self, y: &Self) -> Self::Wider;
}

macro_rules! fixed_width {
    ($type:ty, $unsigned:ty, $wider:ty, $widen:expr) => {
        impl Entry for $type {
            type Wider = $wider;
            const LARGEST_BITS: u32 = <$type>::BITS - 2;

            fn from_integer(value: &Integer) -> Option<Self> {
                if value.bit_len() > Self::LARGEST_BITS as usize {
                    return None;
                }
                Self::try_from(value).ok()
            }
            fn to_integer(&self) -> Integer {
                Integer::from(*self)
            }
            #[inline(always)]
            fn small(&self) -> i128 {
                i128::from(*self)
            }
            #[inline(always)]
            fn to_float(&self) -> f64 {
                *self as f64
            }
            #[inline(always)]
            fn widen(&self) -> $wider {
                $widen(*self)
            }
            #[inline(always)]
            fn bits(&self) -> u32 {
                <$type>::BITS - self.unsigned_abs().leading_zeros()
            }
            #[inline(always)]
            fn sign(&self) -> Ordering {
                self.cmp(&0)
            }
            #[inline(always)]
            fn is_zero(&self) -> bool {
                *self == 0
            }
            fn gcd(&self, other: &Self) -> Self {
                let (mut a, mut b): ($unsigned, $unsigned) =
                    (self.unsigned_abs(), other.unsigned_abs());
                if a == 0 || b == 0 {
                    return (a | b) as Self;
                }
                let twos = (a | b).trailing_zeros();
                a >>= a.trailing_zeros();
                while b != 0 {
                    b >>= b.trailing_zeros();
                    (a, b) = (a.min(b), a.abs_diff(b));
                }
                (a << twos) as Self
            }
            #[inline(always)]
            fn divide(&self, divisor: &Self) -> Self {
                self / divisor
            }
            #[inline(always)]
            fn combine(a: &Self, x: &Self, b: &Self, y: &Self) -> Self {
                a * x - b * y
            }
            #[inline(always)]
            fn combine_wide(a: &Self, x: &Self, b: &Self, y: &Self) -> $wider {
                $widen(*a) * $widen(*x) - $widen(*b) * $widen(*y)
            }
        }
    };
}

fixed_width!(i64, u64, i128, i128::from);
fixed_width!(i128, u128, Integer, Integer::from);

impl Entry for Integer {
    type Wider = Integer;
    const LARGEST_BITS: u32 = u32::MAX;

    fn from_integer(value: &Integer) -> Option<Self> {
        Some(value.clone())
    }
    fn to_integer(&self) -> Integer {
        self.clone()
    }
    fn small(&self) -> i128 {
        i128::try_from(self).expect("at most 126 bits")
    }
    fn to_float(&self) -> f64 {
        self.to_f64().value()
    }
    fn widen(&self) -> Integer {
        self.clone()
    }
    fn bits(&self) -> u32 {
        u32::try_from(self.bit_len()).unwrap_or(u32::MAX)
    }
    fn sign(&self) -> Ordering {
        self.cmp(&Integer::ZERO)
    }
    fn is_zero(&self) -> bool {
        *self == Integer::ZERO
    }
    fn gcd(&self, other: &Self) -> Self {
        match (self.is_zero(), other.is_zero()) {
            (true, true) => Integer::ZERO,
            _ => Integer::from(Gcd::gcd(self, other)),
        }
    }
    fn divide(&self, divisor: &Self) -> Self {
        self / divisor
    }
    fn combine(a: &Self, x: &Self, b: &Self, y: &Self) -> Self {
        a * x - b * y
    }
    fn combine_wide(a: &Self, x: &Self, b: &Self, y: &Self) -> Integer {
        a * x - b * y
    }
}

/// Whether a·x − b·y fits into `T` for numbers of at most so many bits.
#[inline(always)]
pub fn combination_fits<T: Entry>(a: u32, x: u32, b: u32, y: u32) -> bool {
    a.saturating_add(x).max(b.saturating_add(y)) < T::LARGEST_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<T: Entry>(values: [i64; 4]) {
        let integers = values.map(Integer::from);
        let [a, x, b, y] = integers.clone().map(|value| T::from_integer(&value).unwrap());
        let expected = &integers[0] * &integers[1] - &integers[2] * &integers[3];
        assert_eq!(T::combine(&a, &x, &b, &y).to_integer(), expected);
        assert_eq!(T::combine_wide(&a, &x, &b, &y).to_integer(), expected);
        assert_eq!(a.gcd(&b).to_integer(), Entry::gcd(&integers[0], &integers[2]));
        assert_eq!((a.sign(), a.is_zero()), (Entry::sign(&integers[0]), values[0] == 0));
        assert_eq!(a.bits() as usize, integers[0].bit_len());
        assert_eq!(a.to_float(), values[0] as f64);
    }

    #[test]
    fn all_widths_agree() {
        for values in [[12, -35, 18, 7], [0, 5, -9, 0], [-6, 1, 0, 3], [0, 0, 0, 0]] {
            agrees::<i64>(values);
            agrees::<i128>(values);
            agrees::<Integer>(values);
        }
        assert!(i64::from_integer(&(Integer::ONE << 62)).is_none());
        assert!(combination_fits::<i64>(30, 31, 5, 5) && !combination_fits::<i64>(31, 31, 5, 5));
    }
}
