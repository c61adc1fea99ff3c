//! BatchNormalization in inference: an affine map whose factor is correctly rounded once.

use std::cmp::Ordering;

use foldline_kernel::Integer;
use foldline_kernel::number::{BitTest, Rational, Sign, power_of_two};

use super::arithmetic::{Lookup, add, multiply, negate};
use super::operators::Operation;
use super::tensor::{Element, Elements, Tensor, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

/// (x − mean) · factor + bias, factor = scale / √(variance + epsilon) rounded to the tensor's type.
pub(super) fn batch_normalization(
    operation: &Operation,
    program: &mut Program,
) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let Element::Float(format) = x.element else {
        return Err(format!("expected a float tensor, found {}", x.element.name()));
    };
    let is_training = operation.integer("training_mode", 0)? != 0
        || operation.operator_set < 7 && operation.integer("is_test", 0)? == 0;
    if is_training || operation.integer("spatial", 1)? != 1 || operation.node.outputs.len() > 1 {
        return Err("expected inference mode over whole channels".to_owned());
    }
    let &[_, channels, ref rest @ ..] = x.shape.as_slice() else {
        return Err(format!("expected a batch of channels, found shape {}", show_shape(&x.shape)));
    };
    let mut parameters = Vec::new();
    for (index, name) in [(1, "scale"), (2, "bias"), (3, "mean"), (4, "variance")] {
        let tensor = operation.input(index)?;
        if tensor.constant().is_none() || tensor.shape != [channels] || tensor.element != x.element
        {
            let (name_of_type, shape) = (x.element.name(), show_shape(&tensor.shape));
            return Err(format!(
                "its {name} has shape {shape}, expected a constant {name_of_type} [{channels}]"
            ));
        }
        // One parameter a channel: the channel axis is followed by axes of size 1.
        let shape = std::iter::once(channels).chain(rest.iter().map(|_| 1)).collect();
        parameters.push(Tensor { shape, ..tensor.clone() });
    }
    let [scale, bias, mean, variance] = parameters.as_slice() else {
        return Err("expected four parameters".to_owned());
    };
    let epsilon = match operation.has("epsilon") {
        true => operation.float("epsilon", 0)?,
        false => default_epsilon(),
    };
    let factor = factors(scale, variance, &epsilon, format)?;
    program.note(format!(
        "BatchNormalization: scale/sqrt(variance + epsilon) is correctly rounded to {}, the rest is exact",
        x.element.name()
    ));
    add(&multiply(&add(x, &negate(mean)?)?, &factor)?, bias)
}

/// The default 1e-5 as the 32-bit float that the attribute is.
fn default_epsilon() -> Scalar {
    Scalar::dyadic(0x00a7_c5ac, -40)
}

fn factors(
    scale: &Tensor,
    variance: &Tensor,
    epsilon: &Scalar,
    format: FloatFormat,
) -> Result<Tensor, String> {
    let count = scale.len();
    let (Some(scales), Some(variances)) = (scale.constant(), variance.constant()) else {
        return Err("its parameters must be constant".to_owned());
    };
    let (scales, variances) = (Lookup::new(scales, count), Lookup::new(variances, count));
    let mut entries = Vec::new();
    for channel in 0..count {
        let radicand = variances.at(channel).plus(epsilon).to_rational();
        let factor = over_square_root(&scales.at(channel).to_rational(), &radicand, format)
            .ok_or_else(|| {
                format!("channel {channel}: scale/sqrt(variance + epsilon) is no finite number")
            })?;
        let factor = Scalar::from_rational(factor);
        if !factor.is_zero() {
            entries.push((channel, factor));
        }
    }
    let (shape, element) = (scale.shape.clone(), scale.element);
    Ok(Tensor { shape, element, elements: Elements::Constant(entries) })
}

/// `numerator`/√`radicand` rounded to the nearest number of `format`, ties to even; none where the
/// radicand is not positive or the result overflows.
pub(super) fn over_square_root(
    numerator: &Rational,
    radicand: &Rational,
    format: FloatFormat,
) -> Option<Rational> {
    if *radicand <= Rational::ZERO {
        return None;
    }
    if numerator.is_zero() {
        return Some(Rational::ZERO);
    }
    let square = numerator * numerator / radicand;
    let precision = i64::from(format.fraction_bits) + 1;
    let exponent =
        (root_exponent(&square) + 1 - precision).max(i64::from(format.smallest_exponent()));
    let magnitude = integer(rounded_root(&square, exponent)) * power_of_two(exponent);
    if magnitude >= power_of_two(i64::from(format.overflow_exponent())) {
        return None;
    }
    Some(if numerator.sign() == Sign::Negative { -magnitude } else { magnitude })
}

fn integer(value: u64) -> Rational {
    Rational::from(Integer::from(value))
}

/// The k with 2^k ≤ √square < 2^(k + 1).
fn root_exponent(square: &Rational) -> i64 {
    let bits = |length: usize| length as i64;
    let estimate = bits(square.numerator().bit_len()) - bits(square.denominator().bit_len());
    let mut exponent = (estimate - 1).div_euclid(2);
    while power_of_two(2 * (exponent + 1)) <= *square {
        exponent += 1;
    }
    exponent
}

/// √square / 2^exponent rounded to the nearest integer, ties to even; it must be below 2^54.
fn rounded_root(square: &Rational, exponent: i64) -> u64 {
    let scaled = square * power_of_two(-2 * exponent);
    let mut root = 0u64;
    for bit in (0..54).rev() {
        let candidate = root | 1 << bit;
        if integer(candidate) * integer(candidate) <= scaled {
            root = candidate;
        }
    }
    let middle = integer(2 * root + 1);
    match (integer(4) * scaled).cmp(&(&middle * &middle)) {
        Ordering::Less => root,
        Ordering::Equal => root + root % 2,
        Ordering::Greater => root + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::number::{from_f32_bits, parse_rational};

    fn single(numerator: &str, radicand: &str) -> Option<Rational> {
        let parse = |token| parse_rational(token).unwrap();
        over_square_root(&parse(numerator), &parse(radicand), FloatFormat::SINGLE)
    }

    #[test]
    fn factors_are_correctly_rounded() {
        let bits = |value: f32| Some(from_f32_bits(value.to_bits()).unwrap());
        assert_eq!(single("1", "4"), bits(0.5));
        assert_eq!(single("-3", "9"), bits(-1.0));
        assert_eq!(single("1", "2"), bits((0.5f64).sqrt() as f32));
        assert_eq!(single("1", "3"), bits((1.0f64 / 3.0).sqrt() as f32));
        assert_eq!(single("1e-30", "1e30"), bits(1e-45));
        assert_eq!(single("1", "1e-80"), None);
        assert_eq!(single("1", "0"), None);
        assert_eq!(single("0", "7"), Some(Rational::ZERO));
        // 1 + 2^-24 lies between two floats: the even one is 1.
        let tie = parse_rational("1").unwrap() + power_of_two(-24);
        let rounded = over_square_root(&tie, &integer(1), FloatFormat::SINGLE);
        assert_eq!(rounded, bits(1.0));
    }
}
