//! Enclosures of rational powers of rationals, in fixed-point integers.

use foldline_kernel::number::{BitTest, power_of_two};
use foldline_kernel::{Integer, Natural, Rational};

/// Fixed-point numbers with `bits` fraction bits.
struct Fixed {
    bits: usize,
}

/// Lower and upper bound, as numerators over 2^bits.
type Interval = (Integer, Integer);

fn floor(numerator: &Integer, denominator: &Integer) -> Integer {
    let quotient = numerator / denominator;
    if &quotient * denominator > *numerator { quotient - Integer::ONE } else { quotient }
}

fn ceiling(numerator: &Integer, denominator: &Integer) -> Integer {
    -floor(&-numerator, denominator)
}

impl Fixed {
    fn one(&self) -> Integer {
        Integer::ONE << self.bits
    }

    /// 2·artanh((m − 1)/(m + 1)) = ln m for 1 ≤ m ≤ 2, from both sides.
    fn logarithm_near_one(&self, m: &Integer) -> Interval {
        let one = self.one();
        let y_low = floor(&((m - &one) << self.bits), &(m + &one));
        let y_high = &y_low + Integer::ONE;
        let series = |y: &Integer, round: fn(&Integer, &Integer) -> Integer| {
            let square = round(&(y * y), &one);
            let (mut power, mut sum) = (y.clone(), y.clone());
            let mut odd = Integer::from(3);
            // Each step divides the power by at least 9.
            for _ in 0..self.bits / 3 + 2 {
                power = round(&(&power * &square), &one);
                sum += round(&power, &odd);
                odd += Integer::from(2);
            }
            sum * Integer::from(2)
        };
        // Beyond the last term there is less than one unit.
        (series(&y_low, floor), series(&y_high, ceiling) + Integer::from(4))
    }

    /// ln of a positive rational.
    fn logarithm(&self, value: &Rational) -> Interval {
        let size = |natural: &Natural| natural.bit_len() as i64;
        let mut exponent =
            size(&value.numerator().clone().into_parts().1) - size(value.denominator());
        if *value < power_of_two(exponent) {
            exponent -= 1;
        }
        let mantissa = value / power_of_two(exponent) * Rational::from(self.one());
        let denominator = Integer::from(mantissa.denominator().clone());
        let low = floor(mantissa.numerator(), &denominator);
        let high = ceiling(mantissa.numerator(), &denominator);
        let two = self.logarithm_near_one(&(Integer::from(2) << self.bits));
        let times = Integer::from(exponent);
        let (a, b) = (&two.0 * &times, &two.1 * &times);
        let (least, most) = if exponent >= 0 { (a, b) } else { (b, a) };
        (self.logarithm_near_one(&low).0 + least, self.logarithm_near_one(&high).1 + most)
    }

    /// e^t.
    fn exponential(&self, t: &Interval) -> (Rational, Rational) {
        let one = self.one();
        let two = self.logarithm_near_one(&(Integer::from(2) << self.bits));
        let side = |t: &Integer, round: fn(&Integer, &Integer) -> Integer, two: &Integer| {
            let doublings = floor(t, two);
            let rest = t - &doublings * two;
            let (mut term, mut sum) = (one.clone(), one.clone());
            for index in 1..self.bits + 8 {
                term = round(&(&term * &rest), &(&one * Integer::from(index)));
                sum += &term;
                if term <= Integer::ONE {
                    break;
                }
            }
            let doublings = i64::try_from(&doublings).unwrap_or(i64::MIN / 4);
            (sum, doublings)
        };
        // A larger ln 2 leaves less to the exponential, a smaller one more.
        let (low, low_doublings) =
            side(&t.0, floor, if t.0 >= Integer::ZERO { &two.1 } else { &two.0 });
        let (high, high_doublings) =
            side(&t.1, ceiling, if t.1 >= Integer::ZERO { &two.0 } else { &two.1 });
        let scaled = |value: Integer, doublings: i64| {
            Rational::from(value) * power_of_two(doublings - self.bits as i64)
        };
        let least = -4 * self.bits as i64;
        let lower = if low_doublings < least {
            Rational::ZERO
        } else {
            scaled(low - Integer::from(2), low_doublings)
        };
        // The tail of the series is less than the last term, which is at most one unit.
        (lower, scaled(high + Integer::from(4), high_doublings.max(least)))
    }
}

/// Bounds of base^exponent for base > 0 and exponent > 0, apart by about 2⁻¹⁰⁰ of it, or where it is
/// below 2⁻⁵⁰⁰ by that.
pub fn power(base: &Rational, exponent: &Rational) -> (Rational, Rational) {
    let size = exponent.numerator().clone().into_parts().1.bit_len();
    let fixed = Fixed { bits: 128 + size };
    let (low, high) = fixed.logarithm(base);
    let numerator = exponent.numerator().clone();
    let denominator = Integer::from(exponent.denominator().clone());
    let scaled =
        (floor(&(low * &numerator), &denominator), ceiling(&(high * &numerator), &denominator));
    fixed.exponential(&scaled)
}

/// Bounds of the square root of a rational ≥ 0.
pub fn square_root(value: &Rational) -> (Rational, Rational) {
    if value.is_zero() {
        return (Rational::ZERO, Rational::ZERO);
    }
    // Powers of four first: bounds of numbers far below 1 would only be close to 0.
    let size = |natural: &Natural| natural.bit_len() as i64;
    let numerator = value.numerator().clone().into_parts().1;
    let halved = (size(&numerator) - size(value.denominator())).div_euclid(2);
    let half = Rational::from_parts(Integer::ONE, Natural::from(2u8));
    let (low, high) = power(&(value / power_of_two(2 * halved)), &half);
    (low * power_of_two(halved), high * power_of_two(halved))
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    #[test]
    fn powers_are_enclosed() {
        let tokens = [
            ("2", "0.5"),
            ("4", "1/2"),
            ("1/3", "7/3"),
            ("1", "5"),
            ("12345.678", "1/3"),
            ("1e-30", "1.5"),
            ("1e30", "0.001"),
            ("0.9", "1000"),
            ("3", "1e-6"),
            ("0.5", "4000"),
        ];
        for (base, exponent) in tokens {
            let (x, e) = (parse_rational(base).unwrap(), parse_rational(exponent).unwrap());
            let (low, high) = power(&x, &e);
            assert!(low <= high, "{base}^{exponent}");
            let (low, high) = (low.to_f64().value(), high.to_f64().value());
            let float = x.to_f64().value().powf(e.to_f64().value());
            assert!(
                (low - float).abs() <= 1e-12 * float + 1e-30,
                "{base}^{exponent}: {low} {float}"
            );
            assert!(
                (high - float).abs() <= 1e-12 * float + 1e-30,
                "{base}^{exponent}: {high} {float}"
            );
        }
    }

    #[test]
    fn roots_enclose_exactly() {
        for token in ["2", "3/7", "1e-40", "1e40", "9", "1", "1e-400", "3e-801", "1e400"] {
            let value = parse_rational(token).unwrap();
            let (low, high) = square_root(&value);
            assert!(&low * &low <= value && value <= &high * &high, "{token}");
            assert!((&high - &low) <= &high * power_of_two(-90), "{token}");
        }
    }
}
