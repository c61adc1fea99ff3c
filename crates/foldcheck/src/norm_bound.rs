//! What the norms of vectors are compared with: exactly for p = 1 and 2, rounded to the safe side for other p.

use foldline_kernel::number::{Signed, UnsignedAbs, magnitude};
use foldline_kernel::{Integer, Natural, Rational};

/// Fraction bits of rounded powers.
const FRACTION: usize = 96;

/// Fraction bits of the vectors: where lengths are rounded to integers, and where powers are.
const DIGITS_OF_LENGTHS: usize = 24;
const DIGITS_OF_POWERS: usize = 100;

/// The exponent of a norm (Σ |x_j|^p)^(1/p).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    One,
    Two,
    /// Numerator and denominator in lowest terms.
    Ratio(usize, usize),
}

/// The largest numerator and denominator of p.
pub const LARGEST_TERM: usize = 100;

/// The largest norm claimed, in units that make the zonotope's vectors integers.
#[derive(Debug)]
pub struct Longest {
    power: Power,
    /// A unit is one over this.
    unit: Integer,
    /// The norm; for p = 2 its square. What is no integer is rounded down.
    limit: Integer,
    /// The norm, rounded down.
    norm: Integer,
}

impl Longest {
    /// `claimed` is the norm, or for p = 2 its square; `common` a denominator of the vectors.
    pub fn new(power: Power, claimed: &Rational, common: &Natural) -> Self {
        let digits = match power {
            Power::One => 0,
            Power::Two => DIGITS_OF_LENGTHS,
            Power::Ratio(..) => DIGITS_OF_POWERS,
        };
        let unit = Integer::from(common.clone()) << digits;
        let scaled = match power {
            Power::Two => claimed * Rational::from(&unit * &unit),
            _ => claimed * Rational::from(unit.clone()),
        };
        let limit = scaled.floor();
        let norm = match power {
            Power::Two => limit.clone().unsigned_abs().nth_root(2).into(),
            _ => limit.clone(),
        };
        Self { power, unit, limit, norm }
    }

    /// The exponent.
    pub fn power(&self) -> Power {
        self.power
    }

    /// The norm in units, rounded down.
    pub fn norm(&self) -> &Integer {
        &self.norm
    }

    /// The norm in units, for p = 2 its square.
    pub fn limit(&self) -> &Integer {
        &self.limit
    }

    /// The magnitudes of a vector in units, rounded up where they are no integers.
    fn in_units(&self, vector: &[Rational]) -> Vec<Integer> {
        let scale = Rational::from(self.unit.clone());
        vector.iter().map(|value| (magnitude(value) * &scale).ceil()).collect()
    }

    /// The unit's denominator.
    pub fn unit(&self) -> &Integer {
        &self.unit
    }

    /// Whether the norm of a vector in units is at most the one claimed.
    pub fn holds(&self, vector: &[Integer]) -> bool {
        match self.power {
            Power::Two => square(vector) <= self.limit,
            _ => at_most(self.power, vector, &self.norm),
        }
    }

    /// Whether the norm of a rational vector is.
    pub fn holds_of(&self, vector: &[Rational]) -> bool {
        let squares = |sum: Rational, value: &Rational| sum + value * value;
        let scale = Rational::from(self.unit.clone());
        match self.power {
            Power::One => {
                let sum = vector.iter().map(magnitude).fold(Rational::ZERO, |sum, v| sum + v);
                sum * scale <= Rational::from(self.limit.clone())
            }
            Power::Two => {
                let sum = vector.iter().fold(Rational::ZERO, squares);
                sum * &scale * scale <= Rational::from(self.limit.clone())
            }
            Power::Ratio(..) => self.holds(&self.in_units(vector)),
        }
    }

    /// An integer that is at least the norm of a vector in units, and not much more.
    pub fn length(&self, vector: &[Integer]) -> Integer {
        let mut low = vector.iter().map(absolute).max().unwrap_or(Integer::ZERO);
        let mut high = vector.iter().map(absolute).fold(Integer::ZERO, |sum, v| sum + v);
        for _ in 0..16 {
            let middle = (&low + &high) >> 1;
            match at_most(self.power, vector, &middle) {
                true => high = middle,
                false => low = middle,
            }
        }
        high
    }
}

/// |value|.
pub fn absolute(value: &Integer) -> Integer {
    if value.is_negative() { -value } else { value.clone() }
}

fn square(vector: &[Integer]) -> Integer {
    vector.iter().fold(Integer::ZERO, |sum, value| sum + value * value)
}

/// Whether ‖vector‖ ≤ bound: exactly for p = 1 and 2; for other p a yes is right, and a no where the
/// two are within 2⁻⁶⁰ of each other, relatively, may be wrong.
pub fn at_most(power: Power, vector: &[Integer], bound: &Integer) -> bool {
    match power {
        _ if bound.is_negative() => false,
        Power::One => vector.iter().map(absolute).fold(Integer::ZERO, |sum, v| sum + v) <= *bound,
        Power::Two => square(vector) <= bound * bound,
        Power::Ratio(..) if bound.is_zero() => vector.iter().all(Integer::is_zero),
        Power::Ratio(a, b) => {
            let fits = |value: &Integer| absolute(value) <= *bound;
            vector.iter().all(fits) && {
                let powers = vector.iter().map(|value| ratio_power(value, bound, a, b, true));
                powers.fold(Natural::ZERO, |sum, power| sum + power) <= Natural::ONE << FRACTION
            }
        }
    }
}

/// Whether ‖vector‖ ≥ bound, for p = a/b; the same holds of a yes and a no.
pub fn at_least(a: usize, b: usize, vector: &[Rational], bound: &Rational) -> bool {
    if *bound <= Rational::ZERO || vector.iter().any(|value| magnitude(value) >= *bound) {
        return true;
    }
    let power = |value: &Rational| {
        let ratio = magnitude(value) / bound;
        let (numerator, denominator) = ratio.into_parts();
        ratio_power(&numerator, &denominator.into(), a, b, false)
    };
    let sum = vector.iter().map(power).fold(Natural::ZERO, |sum, power| sum + power);
    sum >= Natural::ONE << FRACTION
}

/// (|value|/bound)^(a/b)·2^96 for |value| ≤ bound, rounded up or down.
fn ratio_power(value: &Integer, bound: &Integer, a: usize, b: usize, up: bool) -> Natural {
    let (value, bound) = (value.clone().unsigned_abs(), bound.clone().unsigned_abs());
    let rounded = |numerator: Natural, denominator: &Natural| {
        let quotient = &numerator / denominator;
        if up && &quotient * denominator != numerator { quotient + 1u8 } else { quotient }
    };
    let scaled = rounded(value << (FRACTION * b), &bound);
    let mut root = scaled.nth_root(b);
    if up && root.pow(b) < scaled {
        root += 1u8;
    }
    let one = Natural::ONE << FRACTION;
    (1..a).fold(root.clone(), |product, _| rounded(product * &root, &one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vector(values: &[i64]) -> Vec<Integer> {
        values.iter().map(|&value| value.into()).collect()
    }

    #[test]
    fn exact_where_norms_are_integers() {
        let big = |value: i64| Integer::from(value) << 80;
        // 3³ + 4³ + 5³ = 6³, and 3² + 4² = 5².
        let cubes = [big(3), big(-4), big(5)];
        assert!(at_most(Power::Ratio(3, 1), &cubes, &(big(6) + Integer::from(1u64 << 30))));
        assert!(!at_most(Power::Ratio(3, 1), &cubes, &(big(6) - Integer::ONE)));
        assert!(at_most(Power::Two, &vector(&[3, -4]), &5.into()));
        assert!(!at_most(Power::Two, &vector(&[3, -4]), &4.into()));
        assert!(at_most(Power::One, &vector(&[3, -4]), &7.into()));
        assert!(!at_most(Power::One, &vector(&[3, -4]), &6.into()));
    }

    #[test]
    fn fractional_powers_are_enclosed() {
        // For p = 3/2: 1 + 4^(3/2) + 9^(3/2) = 36, and 36^(2/3) = 10.9027…
        let scale = |value: i64| Integer::from(value) * Integer::from(10u64.pow(12));
        let point = [scale(1), scale(4), scale(9)];
        let above = Integer::from(10_902_723_556_993u64);
        assert!(at_most(Power::Ratio(3, 2), &point, &above));
        assert!(!at_most(Power::Ratio(3, 2), &point, &(&above - Integer::ONE)));
        let rational: Vec<Rational> = point.iter().cloned().map(Rational::from).collect();
        let below = Rational::from(&above - Integer::ONE);
        assert!(at_least(3, 2, &rational, &below));
        assert!(!at_least(3, 2, &rational, &Rational::from(above)));
    }

    #[test]
    fn lengths_are_above_and_close() {
        let longest = Longest::new(Power::Two, &Rational::from(100), &Natural::ONE);
        assert_eq!(longest.norm(), &(Integer::from(10) << DIGITS_OF_LENGTHS));
        let length = longest.length(&vector(&[30_000, 40_000]));
        assert!(length >= 50_000.into() && length < 50_010.into());
        let scaled = |values: &[i64]| {
            let units = vector(values).into_iter().map(|value| value << DIGITS_OF_LENGTHS);
            units.collect::<Vec<_>>()
        };
        assert!(longest.holds(&scaled(&[6, 8])) && !longest.holds(&scaled(&[7, 8])));
        assert!(longest.holds_of(&[Rational::from(10)]));
        assert!(!longest.holds_of(&[Rational::from(10), Rational::ONE / Rational::from(1000)]));
    }
}
