//! Sound bounds of p-norms of float vectors, for rational p, without trusting the platform's `powf`.
//!
//! `powf` guesses roots; multiplication with error bounds shows that they are above or below.

use foldline_kernel::Rational;

/// One rounding, a little enlarged.
const UNIT: f64 = f64::EPSILON * 0.51;
/// Added where a product may have underflowed.
const TINY: f64 = 1e-300;
/// From this p on the norm lies between max |x_j| and (1 + d/p)·max |x_j|.
const HUGE_POWER: f64 = (1u64 << 40) as f64;
/// Beyond this, roundings would add up in a power; p is large then, and its fraction hardly matters.
const LARGEST_NUMERATOR: u64 = 1 << 44;

/// The exponent of a norm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Power {
    /// p = 1.
    One,
    /// p = 2.
    Two,
    /// p = numerator/denominator in lowest terms.
    Ratio(u64, u64),
    /// p at least this, which is at least [`HUGE_POWER`].
    Huge(f64),
}

impl Power {
    /// The exponent p ≥ 1 with a denominator that fits; checked by `Norm::check`.
    pub fn new(p: &Rational) -> Self {
        let word = |digits: String| digits.parse::<u64>().ok();
        let numerator = word(p.numerator().to_string());
        let denominator = word(p.denominator().to_string());
        match (numerator, denominator) {
            (Some(1), Some(1)) => Self::One,
            (Some(2), Some(1)) => Self::Two,
            (Some(a), Some(b)) if (a / b) < 1 << 40 => Self::Ratio(a, b),
            _ => Self::Huge(HUGE_POWER),
        }
    }

    /// About p.
    pub fn about(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Two => 2.0,
            Self::Ratio(a, b) => a as f64 / b as f64,
            Self::Huge(p) => p,
        }
    }

    /// At least the p-norm of every vector y with |y_j| ≤ |x_j|.
    pub fn norm_above(self, vector: &[f64]) -> f64 {
        let largest = vector.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        if largest == 0.0 || !largest.is_finite() {
            return largest;
        }
        let slack = 1.0 + (vector.len() + 8) as f64 * UNIT;
        let ratios = vector.iter().map(|value| value.abs() / largest * (1.0 + 2.0 * UNIT));
        match self {
            Self::One => vector.iter().map(|value| value.abs()).sum::<f64>() * slack,
            Self::Two if (1e-100..1e100).contains(&largest) => {
                let squares: f64 = vector.iter().map(|value| value * value).sum();
                (squares * slack + TINY).sqrt() * slack
            }
            Self::Two => {
                let squares: f64 = ratios.map(|ratio| ratio * ratio).sum();
                (squares * slack * slack + TINY).sqrt() * largest * slack
            }
            Self::Ratio(a, b) => {
                // The norm falls with p, so a smaller p is on the safe side.
                let (a, b) = if a < LARGEST_NUMERATOR { (a, b) } else { (a / b, 1) };
                let sum: f64 = ratios.map(|ratio| power_above(root_above(ratio, b), a)).sum();
                power_above(root_above(sum * slack, a), b) * largest * slack
            }
            Self::Huge(p) => largest * (1.0 + vector.len() as f64 / p) * slack,
        }
    }

    /// At most the p-norm of every vector y with |y_j| ≥ |x_j|.
    pub fn norm_below(self, vector: &[f64]) -> f64 {
        let largest = vector.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        if largest == 0.0 || !largest.is_finite() {
            return 0.0;
        }
        let slack = 1.0 - (vector.len() + 8) as f64 * UNIT;
        let ratios = vector.iter().map(|value| value.abs() / largest * (1.0 - 2.0 * UNIT));
        match self {
            Self::One => vector.iter().map(|value| value.abs()).sum::<f64>() * slack,
            Self::Two => {
                let squares: f64 = ratios.map(|ratio| ratio * ratio).sum();
                (squares * slack * slack - TINY).max(0.0).sqrt() * largest * slack
            }
            Self::Ratio(a, b) => {
                let (a, b) = if a < LARGEST_NUMERATOR { (a, b) } else { (a / b + 1, 1) };
                let sum: f64 = ratios.map(|ratio| power_below(root_below(ratio, b), a)).sum();
                power_below(root_below(sum * slack, a), b) * largest * slack
            }
            Self::Huge(_) => largest * slack,
        }
    }

    /// About the gradient of the norm at `point`, up to a positive factor.
    pub fn gradient(self, point: &[f64]) -> Vec<f64> {
        let largest = point.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
        if largest == 0.0 {
            return vec![1.0; point.len()];
        }
        let power = self.about() - 1.0;
        point.iter().map(|value| (value.abs() / largest).powf(power).copysign(*value)).collect()
    }
}

/// At least base^exponent, for base ≥ 0.
fn power_above(base: f64, exponent: u64) -> f64 {
    raise(base, exponent) * (1.0 + 2.2 * exponent as f64 * UNIT) + TINY
}

/// At most base^exponent, for base ≥ 0.
fn power_below(base: f64, exponent: u64) -> f64 {
    (raise(base, exponent) * (1.0 - 2.2 * exponent as f64 * UNIT) - TINY).max(0.0)
}

/// base^exponent by squaring: at most 2·exponent relative roundings enter the result.
fn raise(base: f64, mut exponent: u64) -> f64 {
    let (mut result, mut square) = (1.0, base);
    while exponent > 0 {
        if exponent & 1 == 1 {
            result *= square;
        }
        square *= square;
        exponent >>= 1;
    }
    result
}

/// At least value^(1/degree), for value ≥ 0.
fn root_above(value: f64, degree: u64) -> f64 {
    if degree == 1 || value == 0.0 {
        return value;
    }
    let mut root = value.powf(1.0 / degree as f64);
    let mut step = 4.0 * UNIT;
    while power_below(root, degree) < value {
        root *= 1.0 + step;
        step *= 2.0;
        if value < 1e-290 {
            return root.max(1e-290f64.powf(1.0 / degree as f64) * 1.1).min(1.0);
        }
    }
    root
}

/// At most value^(1/degree), for value ≥ 0.
fn root_below(value: f64, degree: u64) -> f64 {
    if degree == 1 || value == 0.0 {
        return value;
    }
    let mut root = value.powf(1.0 / degree as f64);
    let mut step = 4.0 * UNIT;
    while power_above(root, degree) > value {
        if value < 1e-290 {
            return 0.0;
        }
        root *= 1.0 - step.min(0.5);
        step *= 2.0;
    }
    root
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::parse_rational;

    #[test]
    fn bounds_enclose_and_are_close() {
        let vectors: [&[f64]; 4] =
            [&[3.0, -4.0], &[1e-200, 2.0, -1e-9], &[0.0], &[0.1, 0.2, -0.7, 1e-3, 5.5]];
        for token in
            ["1", "2", "3", "7/3", "101/100", "99999/100000", "1234567/1000", "1e12", "1e13"]
        {
            let p = parse_rational(token).unwrap();
            if p < Rational::ONE {
                continue;
            }
            let power = Power::new(&p);
            for vector in vectors {
                let (low, high) = (power.norm_below(vector), power.norm_above(vector));
                assert!(
                    low <= high && high <= low * (1.0 + 3e-10),
                    "{token} {vector:?} {low} {high}"
                );
                let largest = vector.iter().fold(0.0f64, |a, b| a.max(b.abs()));
                let about = power.about();
                let sum: f64 =
                    vector.iter().map(|x| (x.abs() / largest.max(1e-9)).powf(about)).sum();
                let norm = largest * sum.powf(1.0 / about);
                assert!((low - norm).abs() <= 1e-9 * norm, "{token} {vector:?} {low} {norm}");
            }
        }
        assert_eq!(Power::new(&Rational::from(2)).norm_below(&[3.0, 4.0]).round(), 5.0);
    }

    #[test]
    fn integer_powers_are_exact_up_to_rounding() {
        // 27 + 64 + 125 = 216 = 6³.
        let power = Power::Ratio(3, 1);
        let (low, high) = (power.norm_below(&[3.0, 4.0, 5.0]), power.norm_above(&[3.0, 4.0, 5.0]));
        assert!(low <= 6.0 && 6.0 <= high && high - low < 1e-13, "{low} {high}");
    }
}
