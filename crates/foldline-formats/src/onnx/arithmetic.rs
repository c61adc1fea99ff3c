//! Element-by-element arithmetic with numpy's broadcasting.

use foldline_kernel::number::Rational;

use super::broadcast::{Broadcast, broadcast_shape};
use super::operators::{Apply, Operation, Operator};
use super::selection::gated;
use super::tensor::{
    Element, Elements, IntegerFormat, Lookup, Tensor, check_terms, show_position, show_shape,
};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

const LEGACY_BROADCAST: &[&str] = &["axis", "broadcast", "consumed_inputs"];
const LEGACY_INPLACE: &[&str] = &["consumed_inputs"];

const BINARY: &str = "exact; integers among constants, within their type";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Add", 2..=2, LEGACY_BROADCAST, BINARY, Apply::One(binary)),
    Operator::new("Sub", 2..=2, LEGACY_BROADCAST, BINARY, Apply::One(binary)),
    Operator::new(
        "Mul",
        2..=2,
        LEGACY_BROADCAST,
        "exact; one operand must be constant, or a comparison as the number 0 or 1 where the product is continuous; \
         integers among constants, within their type",
        Apply::One(binary),
    ),
    Operator::new(
        "Div",
        2..=2,
        LEGACY_BROADCAST,
        "exact; the divisor must be constant and without zeros; integers as in C",
        Apply::One(binary),
    ),
    Operator::new(
        "Mod",
        2..=2,
        &["fmod"],
        "of constant integers: the remainder has the sign of the divisor, with fmod that of the dividend",
        Apply::One(binary),
    ),
    Operator::new(
        "Reciprocal",
        1..=1,
        LEGACY_INPLACE,
        "exact, of constants without zeros",
        Apply::One(inverse),
    ),
    Operator::new("Sum", 1..=usize::MAX, LEGACY_INPLACE, "exact", Apply::One(sum)),
    Operator::new("Mean", 1..=usize::MAX, LEGACY_INPLACE, "exact", Apply::One(mean)),
    Operator::new("Neg", 1..=1, LEGACY_INPLACE, "exact", Apply::One(negative)),
    Operator::new(
        "Pow",
        2..=2,
        LEGACY_BROADCAST,
        "exact; to the power of 0 or 1, of constants also to other integers up to 64",
        Apply::One(power),
    ),
];

/// The largest exponent of a power of constants.
const LARGEST_EXPONENT: u128 = 64;

/// The float type of what two float tensors make: the wider one.
///
/// ONNX asks for one type. Files mix them all the same, and the numbers that they store are no less exact for it.
pub(super) fn common_float(a: &Tensor, b: &Tensor) -> Result<Element, String> {
    common_type(a.element, b.element)
}

/// The same from the types alone.
pub(super) fn common_type(a: Element, b: Element) -> Result<Element, String> {
    let (Element::Float(p), Element::Float(q)) = (a, b) else {
        return Err(format!("expected two float tensors, found {} and {}", a.name(), b.name()));
    };
    Ok(Element::Float(if p.contains(q) {
        p
    } else if q.contains(p) {
        q
    } else {
        FloatFormat::SINGLE
    }))
}

/// Add, Sub, Mul or Div.
fn binary(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let (a, b) = (operation.input(0)?, operation.input(1)?);
    if operation.operator_set < 7 {
        check_legacy_broadcast(operation, a, b)?;
    }
    let operator = operation.node.operator;
    if let (Element::Integer(format), true) = (a.element, a.element == b.element) {
        return integer_binary(operation, a, b, format);
    }
    if let (Element::Bool, "Mul") = (a.element, operator) {
        return gated(a, b, program);
    }
    match operator {
        "Add" => add(a, b),
        "Sub" => add(a, &negate(b)?),
        "Mul" if a.constant().is_some() => multiply(b, a),
        "Mul" => multiply(a, b),
        "Mod" => Err("expected integers of one type".to_owned()),
        _ => multiply(a, &reciprocal(b)?),
    }
}

/// Before operator set 7 the second operand was stretched only on demand.
fn check_legacy_broadcast(operation: &Operation, a: &Tensor, b: &Tensor) -> Result<(), String> {
    let stretches = operation.integer("broadcast", 0)? != 0;
    let aligned = !operation.has("axis")
        || operation.integer("axis", 0)?.checked_add(b.shape.len() as i64)
            == Some(a.shape.len() as i64);
    let fits = if stretches {
        aligned && broadcast_shape(&a.shape, &b.shape).is_ok_and(|shape| shape == a.shape)
    } else {
        a.shape == b.shape
    };
    if fits {
        return Ok(());
    }
    let (a, b) = (show_shape(&a.shape), show_shape(&b.shape));
    Err(format!("shapes {a} and {b} do not fit by the rules of operator sets before 7"))
}

/// Arithmetic of constant integers, as exporters write it for shapes; what leaves the type is refused.
fn integer_binary(
    operation: &Operation,
    a: &Tensor,
    b: &Tensor,
    format: IntegerFormat,
) -> Result<Tensor, String> {
    let broadcast = Broadcast::of(&[a, b])?;
    let (operator, is_truncated) = (operation.node.operator, operation.integer("fmod", 0)? != 0);
    let (Some(x), Some(y)) = (a.values(), b.values()) else {
        return Err("expected constant integers".to_owned());
    };
    let mut values = Vec::new();
    for (p, q) in broadcast.pairs() {
        let (Some(p), Some(q)) = (x[p].to_integer(), y[q].to_integer()) else {
            return Err("expected integers".to_owned());
        };
        let value = match operator {
            "Mod" if is_truncated => p.checked_rem(q),
            "Mod" => p.checked_rem(q).map(|rest| if rest * q < 0 { rest + q } else { rest }),
            "Add" => p.checked_add(q),
            "Sub" => p.checked_sub(q),
            "Mul" => p.checked_mul(q),
            _ => p.checked_div(q),
        };
        let value = value.filter(|value| format.range().contains(value));
        let value = value.ok_or_else(|| {
            format!("{operator} of {p} and {q} is no number of type {}", a.element.name())
        })?;
        values.push(Scalar::dyadic(value, 0));
    }
    Ok(Tensor::from_values(broadcast.shape, a.element, values))
}

/// Sum of any number of tensors.
fn sum(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let mut total = operation.input(0)?.clone();
    require_float(&total)?;
    for index in 1..operation.inputs.len() {
        total = add(&total, operation.input(index)?)?;
    }
    Ok(total)
}

/// Their sum divided by their number.
fn mean(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let total = sum(operation, program)?;
    times_number(&total, &one_over(operation.inputs.len()))
}

/// 1/count.
pub(super) fn one_over(count: usize) -> Scalar {
    Scalar::dyadic(count as i128, 0).inverse().unwrap_or(Scalar::ZERO)
}

/// The sum of two tensors.
pub(super) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor, String> {
    let element = common_float(a, b)?;
    let broadcast = Broadcast::of(&[a, b])?;
    let pairs = broadcast.pairs();
    if let (Some(x), Some(y)) = (a.constant(), b.constant()) {
        let (x, y) = (Lookup::new(x, a.len()), Lookup::new(y, b.len()));
        let values: Vec<Scalar> = pairs.map(|(p, q)| x.at(p).plus(&y.at(q))).collect();
        return Ok(Tensor::from_values(broadcast.shape, element, values));
    }
    let (x, y) = (a.forms(), b.forms());
    check_terms(pairs.clone().map(|(p, q)| x[p].terms.len() + y[q].terms.len()))?;
    let forms = pairs.map(|(p, q)| x[p].plus(&y[q])).collect();
    Ok(Tensor::from_forms(broadcast.shape, element, forms))
}

/// The product of a tensor with a constant one.
pub(super) fn multiply(tensor: &Tensor, factor: &Tensor) -> Result<Tensor, String> {
    let element = common_float(tensor, factor)?;
    let Some(factors) = factor.constant() else {
        return Err("multiplies two computed tensors, expected one to be constant".to_owned());
    };
    let broadcast = Broadcast::of(&[tensor, factor])?;
    let pairs = broadcast.pairs();
    let factors = Lookup::new(factors, factor.len());
    match &tensor.elements {
        Elements::Constant(entries) => {
            let values = Lookup::new(entries, tensor.len());
            let values: Vec<Scalar> =
                pairs.map(|(p, q)| values.at(p).times(&factors.at(q))).collect();
            Ok(Tensor::from_values(broadcast.shape, element, values))
        }
        Elements::Computed(forms) => {
            check_terms(broadcast.positions[0].iter().map(|&p| forms[p].terms.len()))?;
            let forms = pairs.map(|(p, q)| forms[p].scaled(&factors.at(q))).collect();
            Ok(Tensor::from_forms(broadcast.shape, element, forms))
        }
    }
}

/// The tensor multiplied by one number.
pub(super) fn times_number(tensor: &Tensor, number: &Scalar) -> Result<Tensor, String> {
    multiply(tensor, &Tensor::from_values(vec![], tensor.element, [number.clone()]))
}

/// 1/x of a constant without zeros.
fn reciprocal(divisor: &Tensor) -> Result<Tensor, String> {
    let Some(entries) = divisor.constant() else {
        return Err("divides by a computed tensor, expected a constant one".to_owned());
    };
    if !divisor.element.is_float() {
        return Err(format!("expected a float divisor, found {}", divisor.element.name()));
    }
    if entries.len() < divisor.len() {
        let zero = entries.iter().enumerate().find(|(index, (position, _))| index != position);
        let zero = zero.map_or(entries.len(), |(index, _)| index);
        return Err(format!(
            "element {} of its divisor is zero",
            show_position(&divisor.shape, zero)
        ));
    }
    let invert = |(position, value): &(usize, Scalar)| Some((*position, value.inverse()?));
    let inverted = entries.iter().filter_map(invert).collect();
    let (shape, element) = (divisor.shape.clone(), divisor.element);
    Ok(Tensor { shape, element, elements: Elements::Constant(inverted) })
}

/// 1/x.
fn inverse(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    reciprocal(operation.input(0)?)
}

/// −x.
fn negative(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    negate(operation.input(0)?)
}

/// −x.
pub(super) fn negate(tensor: &Tensor) -> Result<Tensor, String> {
    require_float(tensor)?;
    let minus_one = Scalar::ONE.negated();
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            Elements::Constant(entries.iter().map(|(p, value)| (*p, value.negated())).collect())
        }
        Elements::Computed(forms) => {
            Elements::Computed(forms.iter().map(|form| form.scaled(&minus_one)).collect())
        }
    };
    Ok(Tensor { shape: tensor.shape.clone(), element: tensor.element, elements })
}

/// x to the power of a constant.
fn power(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (base, exponent) = (operation.input(0)?, operation.input(1)?);
    if operation.operator_set < 7 {
        check_legacy_broadcast(operation, base, exponent)?;
    }
    require_float(base)?;
    let exponents = exponent.values().ok_or("expected a constant exponent")?;
    let broadcast = Broadcast::of(&[base, exponent])?;
    if let Some(values) = base.values() {
        let powers: Result<Vec<Scalar>, String> =
            broadcast.pairs().map(|(p, q)| constant_power(&values[p], &exponents[q])).collect();
        return Ok(Tensor::from_values(broadcast.shape, base.element, powers?));
    }
    let is_affine = |exponent: &Scalar| exponent.is_zero() || exponent.is_one();
    if let Some(other) = exponents.iter().find(|exponent| !is_affine(exponent)) {
        let other = other.to_rational();
        return Err(format!(
            "{other} is its exponent, expected 1: other powers are not piecewise linear"
        ));
    }
    // x⁰ = 1, also at x = 0.
    let kept = |exponent: &Scalar| if exponent.is_one() { Scalar::ONE } else { Scalar::ZERO };
    let element = base.element;
    let factor = Tensor::from_values(exponent.shape.clone(), element, exponents.iter().map(kept));
    let ones =
        exponents.iter().map(|exponent| if exponent.is_one() { Scalar::ZERO } else { Scalar::ONE });
    let constant = Tensor::from_values(exponent.shape.clone(), element, ones);
    add(&multiply(base, &factor)?, &constant)
}

/// A power of a number to a small integer.
fn constant_power(base: &Scalar, exponent: &Scalar) -> Result<Scalar, String> {
    let magnitude = exponent.to_integer().filter(|e| e.unsigned_abs() <= LARGEST_EXPONENT);
    let Some(exponent) = magnitude else {
        let exponent: Rational = exponent.to_rational();
        return Err(format!(
            "{exponent} is its exponent, expected an integer up to {LARGEST_EXPONENT}"
        ));
    };
    let power = (0..exponent.unsigned_abs()).fold(Scalar::ONE, |power, _| power.times(base));
    let power = if exponent < 0 { power.inverse() } else { Some(power) };
    power.ok_or_else(|| format!("0 to the power of {exponent} is no number"))
}

/// Refuses integer tensors, whose arithmetic is not that of the real numbers.
pub(super) fn require_float(tensor: &Tensor) -> Result<(), String> {
    match tensor.element.is_float() {
        true => Ok(()),
        false => Err(format!("expected a float tensor, found {}", tensor.element.name())),
    }
}
