//! The numbers that trees are checked with, whatever their size: what rounds, which way, and what may not fit.

use std::fmt::Debug;

use foldline_kernel::Rational;
use foldline_kernel::number::{Integer, power_of_two};

use crate::dyadic::Dyadic;

/// A number at 2^−F, F being called `bits` here, and its arithmetic; `None`: something does not fit.
///
/// Every rounding goes the way that is named, or loses at most what [`Self::loss`] says: so all
/// kinds of words are sound. Short ones are quick, long ones come closer, rationals are exact.
pub trait Word: Clone + Debug + Default + Ord + 'static {
    /// Products at 2^−2F and their sums; where it is said, numbers at 2^−3F.
    type Sum: Clone + Debug + Default + Ord;

    /// Whether what it finds is the exact value but for 2^(−F/2), if numbers are not too large.
    const IS_FINE: bool;
    /// Whether its arithmetic takes next to no time.
    const IS_QUICK: bool;

    /// The largest word ≤ `value`.
    fn floor(value: &Rational, bits: u32) -> Option<Self>;
    /// The largest word ≤ `value`.
    fn floor_dyadic(value: Dyadic, bits: u32) -> Option<Self>;
    /// The words next to a quotient, which are equal if it is one.
    fn bracket(numerator: &Integer, denominator: &Integer, bits: u32) -> Option<(Self, Self)>;
    /// The number 1.
    fn one(bits: u32) -> Self;
    /// The sum.
    fn plus(&self, other: &Self) -> Option<Self>;
    /// The difference.
    fn minus(&self, other: &Self) -> Option<Self>;
    /// How many bits the magnitude has as an integer.
    fn width(&self) -> u32;

    /// The largest sum ≤ `value`.
    fn sum_floor(value: &Rational, bits: u32) -> Option<Self::Sum>;
    /// The product.
    fn product(&self, other: &Self) -> Self::Sum;
    /// Adds to a sum.
    fn add(sum: &mut Self::Sum, other: &Self::Sum) -> Option<()>;
    /// Subtracts from a sum.
    fn subtract(sum: &mut Self::Sum, other: &Self::Sum) -> Option<()>;
    /// The same number as a sum.
    fn lift(&self, bits: u32) -> Self::Sum;
    /// The largest word ≤ `sum`.
    fn lower(sum: &Self::Sum, bits: u32) -> Option<Self>;
    /// What [`Self::lower`] drops, at 2^−2F.
    fn dropped(sum: &Self::Sum, bits: u32) -> Self;
    /// At most sum·2^shift.
    fn shifted(sum: &Self::Sum, shift: i64) -> Option<Self::Sum>;

    /// Adds `factor` times each of words of at most `width` bits, after at most `terms` such
    /// additions to zeros.
    fn add_weights(
        sums: &mut [Self::Sum],
        factor: &Self,
        words: &[Self],
        width: u32,
        terms: usize,
    ) -> Option<()>;

    /// What is lost at most where this, a magnitude, multiplies a number that was rounded in its
    /// last place: as an integer it is the magnitude, or 0 where nothing is ever rounded.
    fn loss(&self) -> Self::Sum;
    /// Adds `loss`, at 2^−2F, times |factor| to `slack`, at 2^−3F.
    fn add_loss(slack: &mut Self::Sum, loss: &Self::Sum, factor: &Self) -> Option<()>;
    /// A number at 2^−3F, rounded up to 2^−2F.
    fn settle(slack: &Self::Sum, bits: u32) -> Option<Self::Sum>;

    /// About part/whole, for 0 < part < whole; not above 1.
    fn ratio(part: &Self, whole: &Self, bits: u32) -> Option<Self>;
    /// About the product with a ratio, rounded down.
    fn times_ratio(&self, ratio: &Self, bits: u32) -> Option<Self>;

    /// The largest number of 7 bits that is ≤ `sum`.
    fn seven_bits(sum: &Self::Sum, bits: u32) -> Dyadic;
    /// Whether `sum` is ≥ `value`.
    fn at_least(sum: &Self::Sum, value: Dyadic, bits: u32) -> bool;
    /// What the exact value is below, as far as [`Self::IS_FINE`] says.
    fn above(sum: &Self::Sum, bits: u32) -> Self::Sum;

    /// A row's coefficient for the system of a basis; the row's largest one has `height` bits.
    fn entry(&self, height: u32, bits: u32) -> Option<Self>;
    /// The number 1 in such a system.
    fn entry_one(bits: u32) -> Self;
    /// About self/divisor in such a system.
    fn quotient(&self, divisor: &Self, bits: u32) -> Option<Self>;
    /// About self − factor·term in such a system.
    fn reduced(&self, factor: &Self, term: &Self, bits: u32) -> Option<Self>;
    /// Adds |cost| to the norm that [`Self::multiplier`] compares with.
    fn add_size(norm: &mut Self::Sum, cost: &Self);
    /// The multiplier of a row with `height` from Σ entry·cost; `norm` is Σ |cost|.
    fn multiplier(sum: &Self::Sum, norm: &Self::Sum, height: u32, bits: u32) -> Option<Self>;

    /// The smallest word ≥ `value`.
    fn ceiling(value: &Rational, bits: u32) -> Option<Self> {
        Self::floor(&-value.clone(), bits)?.negated()
    }

    /// The smallest word ≥ `value`.
    fn ceiling_dyadic(value: Dyadic, bits: u32) -> Option<Self> {
        Self::floor_dyadic(value.negated(), bits)?.negated()
    }

    /// The number with the other sign.
    #[inline]
    fn negated(&self) -> Option<Self> {
        Self::default().minus(self)
    }

    /// The magnitude.
    #[inline]
    fn magnitude(&self) -> Option<Self> {
        if *self < Self::default() { self.negated() } else { Some(self.clone()) }
    }

    /// Adds a product to a sum.
    #[inline]
    fn add_product(sum: &mut Self::Sum, left: &Self, right: &Self) -> Option<()> {
        Self::add(sum, &left.product(right))
    }
}

/// Fraction bits of chords' slopes.
const RATIO_BITS: u32 = 62;

/// Fraction bits of inverses; together with 13 bits before the point they fill an i64.
const BASIS_BITS: u32 = 50;

/// A solution below −2^−20 times the size of the right-hand side is no sign of an optimal basis.
const NEGATIVE_BITS: u32 = 20;

/// Sums of so many products of numbers whose bits add up to [`FEW_BITS`] are at most 2^126.
const MANY: usize = 1 << 16;
const FEW_BITS: u32 = 110;

/// The largest integer ≤ value·2^bits, if it fits.
fn narrow_floor(value: &Rational, bits: u32) -> Option<i128> {
    i128::try_from((value * power_of_two(i64::from(bits))).floor()).ok()
}

fn narrow(value: i128) -> Option<i64> {
    i64::try_from(value).ok()
}

impl Word for i64 {
    type Sum = i128;

    const IS_FINE: bool = false;
    const IS_QUICK: bool = true;

    #[inline]
    fn floor(value: &Rational, bits: u32) -> Option<Self> {
        narrow(narrow_floor(value, bits)?)
    }

    #[inline]
    fn floor_dyadic(value: Dyadic, bits: u32) -> Option<Self> {
        narrow(value.floor(bits)?)
    }

    #[inline]
    fn bracket(numerator: &Integer, denominator: &Integer, bits: u32) -> Option<(Self, Self)> {
        let (low, high) = Integer::bracket(numerator, denominator, bits)?;
        Some((low.try_into().ok()?, high.try_into().ok()?))
    }

    #[inline]
    fn one(bits: u32) -> Self {
        1 << bits
    }

    #[inline]
    fn plus(&self, other: &Self) -> Option<Self> {
        self.checked_add(*other)
    }

    #[inline]
    fn minus(&self, other: &Self) -> Option<Self> {
        self.checked_sub(*other)
    }

    #[inline]
    fn width(&self) -> u32 {
        u64::BITS - self.unsigned_abs().leading_zeros()
    }

    #[inline]
    fn sum_floor(value: &Rational, bits: u32) -> Option<i128> {
        narrow_floor(value, 2 * bits)
    }

    #[inline]
    fn product(&self, other: &Self) -> i128 {
        // A product of two i64 fits into i128.
        i128::from(*self) * i128::from(*other)
    }

    #[inline]
    fn add(sum: &mut i128, other: &i128) -> Option<()> {
        *sum = sum.checked_add(*other)?;
        Some(())
    }

    #[inline]
    fn subtract(sum: &mut i128, other: &i128) -> Option<()> {
        *sum = sum.checked_sub(*other)?;
        Some(())
    }

    #[inline]
    fn lift(&self, bits: u32) -> i128 {
        i128::from(*self) << bits
    }

    #[inline]
    fn lower(sum: &i128, bits: u32) -> Option<Self> {
        narrow(sum >> bits)
    }

    #[inline]
    fn dropped(sum: &i128, bits: u32) -> Self {
        (sum & ((1 << bits) - 1)) as i64
    }

    #[inline]
    fn shifted(sum: &i128, shift: i64) -> Option<i128> {
        if shift <= 0 {
            return Some(sum >> shift.unsigned_abs().min(127));
        }
        let factor = 1i128.checked_shl(u32::try_from(shift).ok()?)?;
        sum.checked_mul(factor).filter(|_| factor > 0)
    }

    #[inline]
    fn add_weights(
        sums: &mut [i128],
        factor: &Self,
        words: &[Self],
        width: u32,
        terms: usize,
    ) -> Option<()> {
        let wide = i128::from(*factor);
        if width + factor.width() <= FEW_BITS && terms <= MANY {
            for (sum, &word) in sums.iter_mut().zip(words) {
                *sum = sum.wrapping_add(wide * i128::from(word));
            }
            return Some(());
        }
        for (sum, &word) in sums.iter_mut().zip(words) {
            *sum = sum
                .checked_add(wide * i128::from(word))
                .filter(|sum| sum.unsigned_abs() >> 125 == 0)?;
        }
        Some(())
    }

    #[inline]
    fn loss(&self) -> i128 {
        i128::from(*self)
    }

    #[inline]
    fn add_loss(slack: &mut i128, loss: &i128, factor: &Self) -> Option<()> {
        *slack = slack.checked_add(loss.checked_mul(i128::from(*factor).abs())?)?;
        Some(())
    }

    #[inline]
    fn settle(slack: &i128, bits: u32) -> Option<i128> {
        Some(slack.checked_add((1 << bits) - 1)? >> bits)
    }

    #[inline]
    fn ratio(part: &Self, whole: &Self, _: u32) -> Option<Self> {
        narrow((i128::from(*part) << RATIO_BITS).checked_div(i128::from(*whole))?)
    }

    #[inline]
    fn times_ratio(&self, ratio: &Self, _: u32) -> Option<Self> {
        narrow((i128::from(*self) * i128::from(*ratio)) >> RATIO_BITS)
    }

    #[inline]
    fn seven_bits(sum: &i128, bits: u32) -> Dyadic {
        Dyadic::rounded_down(*sum, -2 * bits as i32)
    }

    #[inline]
    fn at_least(sum: &i128, value: Dyadic, bits: u32) -> bool {
        match value.ceiling(2 * bits) {
            Some(value) => *sum >= value,
            // Beyond every fixed point number.
            None => value.is_negative(),
        }
    }

    #[inline]
    fn above(sum: &i128, _: u32) -> i128 {
        *sum
    }

    #[inline]
    fn entry(&self, height: u32, _: u32) -> Option<Self> {
        narrow((i128::from(*self) << BASIS_BITS) >> height)
    }

    #[inline]
    fn entry_one(_: u32) -> Self {
        1 << BASIS_BITS
    }

    #[inline]
    fn quotient(&self, divisor: &Self, _: u32) -> Option<Self> {
        narrow((i128::from(*self) << BASIS_BITS).checked_div(i128::from(*divisor))?)
    }

    #[inline]
    fn reduced(&self, factor: &Self, term: &Self, _: u32) -> Option<Self> {
        let product = (i128::from(*factor) * i128::from(*term)) >> BASIS_BITS;
        narrow(i128::from(*self) - product)
    }

    #[inline]
    fn add_size(norm: &mut i128, cost: &Self) {
        *norm += i128::from(*cost).abs();
    }

    #[inline]
    fn multiplier(sum: &i128, norm: &i128, height: u32, bits: u32) -> Option<Self> {
        if sum >> (BASIS_BITS - NEGATIVE_BITS) < -norm {
            return None;
        }
        narrow(sum >> (BASIS_BITS + height).checked_sub(bits)?)
    }
}
