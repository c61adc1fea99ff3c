//! Words of any length: fixed point with as many fraction bits as are wanted, where nothing is too large.

use foldline_kernel::Rational;
use foldline_kernel::number::{Abs, BitTest, Integer, power_of_two};

use crate::dyadic::Dyadic;
use crate::word::Word;

impl Word for Integer {
    type Sum = Integer;

    const IS_FINE: bool = true;
    const IS_QUICK: bool = false;

    fn floor(value: &Rational, bits: u32) -> Option<Self> {
        Some((value * power_of_two(i64::from(bits))).floor())
    }

    fn floor_dyadic(value: Dyadic, bits: u32) -> Option<Self> {
        Some(value.floor_integer(bits))
    }

    fn bracket(numerator: &Integer, denominator: &Integer, bits: u32) -> Option<(Self, Self)> {
        let scaled = numerator << bits as usize;
        let mut quotient = &scaled / denominator;
        let product = &quotient * denominator;
        if product > scaled {
            quotient -= Integer::ONE;
        }
        let above = &quotient + Integer::from(u8::from(product != scaled));
        Some((quotient, above))
    }

    fn one(bits: u32) -> Self {
        Integer::ONE << bits as usize
    }

    fn plus(&self, other: &Self) -> Option<Self> {
        Some(self + other)
    }

    fn minus(&self, other: &Self) -> Option<Self> {
        Some(self - other)
    }

    fn width(&self) -> u32 {
        self.bit_len() as u32
    }

    fn sum_floor(value: &Rational, bits: u32) -> Option<Integer> {
        Self::floor(value, 2 * bits)
    }

    fn product(&self, other: &Self) -> Integer {
        self * other
    }

    fn add(sum: &mut Integer, other: &Integer) -> Option<()> {
        *sum += other;
        Some(())
    }

    fn subtract(sum: &mut Integer, other: &Integer) -> Option<()> {
        *sum -= other;
        Some(())
    }

    fn lift(&self, bits: u32) -> Integer {
        self << bits as usize
    }

    fn lower(sum: &Integer, bits: u32) -> Option<Self> {
        Some(sum >> bits as usize)
    }

    fn dropped(sum: &Integer, bits: u32) -> Self {
        sum - ((sum >> bits as usize) << bits as usize)
    }

    fn shifted(sum: &Integer, shift: i64) -> Option<Integer> {
        let distance = shift.unsigned_abs() as usize;
        Some(if shift <= 0 { sum >> distance } else { sum << distance })
    }

    fn add_weights(
        sums: &mut [Integer],
        factor: &Self,
        words: &[Self],
        _: u32,
        _: usize,
    ) -> Option<()> {
        for (sum, word) in sums.iter_mut().zip(words).filter(|(_, word)| !word.is_zero()) {
            *sum += factor * word;
        }
        Some(())
    }

    fn loss(&self) -> Integer {
        self.clone()
    }

    fn add_loss(slack: &mut Integer, loss: &Integer, factor: &Self) -> Option<()> {
        *slack += loss * factor.abs();
        Some(())
    }

    fn settle(slack: &Integer, bits: u32) -> Option<Integer> {
        Some(-(-slack >> bits as usize))
    }

    fn ratio(part: &Self, whole: &Self, bits: u32) -> Option<Self> {
        Some((part << bits as usize) / whole)
    }

    fn times_ratio(&self, ratio: &Self, bits: u32) -> Option<Self> {
        Some((self * ratio) >> bits as usize)
    }

    fn seven_bits(sum: &Integer, bits: u32) -> Dyadic {
        let dropped = sum.bit_len().saturating_sub(7);
        let mantissa = i64::try_from(sum >> dropped).unwrap_or_default();
        Dyadic::new(mantissa, dropped as i32 - 2 * bits as i32)
    }

    fn at_least(sum: &Integer, value: Dyadic, bits: u32) -> bool {
        *sum >= -value.negated().floor_integer(2 * bits)
    }

    fn above(sum: &Integer, bits: u32) -> Integer {
        sum + (Integer::ONE << (2 * bits - bits / 2) as usize)
    }

    fn entry(&self, height: u32, bits: u32) -> Option<Self> {
        Some((self << bits as usize) >> height as usize)
    }

    fn entry_one(bits: u32) -> Self {
        Self::one(bits)
    }

    fn quotient(&self, divisor: &Self, bits: u32) -> Option<Self> {
        // What is so close to 0 may be nothing but rounding: then there is no solution.
        let is_tiny = divisor.bit_len() <= bits as usize / 2;
        (!is_tiny).then(|| (self << bits as usize) / divisor)
    }

    fn reduced(&self, factor: &Self, term: &Self, bits: u32) -> Option<Self> {
        Some(self - ((factor * term) >> bits as usize))
    }

    fn add_size(_: &mut Integer, _: &Self) {}

    fn multiplier(sum: &Integer, _: &Integer, height: u32, _: u32) -> Option<Self> {
        Some(sum >> height as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    /// Both kinds of words give the same.
    fn round(numerator: i32) -> (Integer, Integer) {
        let [numerator, three] = [numerator, 3].map(Integer::from);
        let wide = Integer::bracket(&numerator, &three, 1).unwrap();
        let narrow = i64::bracket(&numerator, &three, 1).unwrap();
        assert_eq!((Integer::from(narrow.0), Integer::from(narrow.1)), wide);
        wide
    }

    #[test]
    fn rounding_goes_down_and_up() {
        let third = parse_rational("-1/3").unwrap();
        assert_eq!((i64::floor(&third, 2), i64::ceiling(&third, 2)), (Some(-2), Some(-1)));
        assert_eq!(Integer::floor(&third, 2), Some((-2).into()));
        assert_eq!(Integer::ceiling(&third, 2), Some((-1).into()));
        assert_eq!(round(-1), ((-1).into(), 0.into()));
        assert_eq!(round(1), (0.into(), 1.into()));
        assert_eq!(round(-3), ((-2).into(), (-2).into()));
        assert_eq!(i64::floor(&power_of_two(200), 0), None);
        assert_eq!(i64::bracket(&Integer::from(1i128 << 60), &1.into(), 20), None);
    }

    #[test]
    fn shifts_round_down_and_slack_up() {
        let minus_five = Integer::from(-5);
        assert_eq!(Integer::lower(&minus_five, 1), Some((-3).into()));
        assert_eq!(Integer::dropped(&minus_five, 1), 1.into());
        assert_eq!(Integer::shifted(&minus_five, -1), Some((-3).into()));
        assert_eq!(Integer::settle(&5.into(), 1), Some(3.into()));
        assert_eq!(i64::settle(&5, 1), Some(3));
        for value in [0, 1, -127, -128, 255, -255, 1 << 40, -(1 << 40) - 1] {
            assert_eq!(Integer::seven_bits(&value.into(), 3), i64::seven_bits(&value, 3));
        }
    }
}
