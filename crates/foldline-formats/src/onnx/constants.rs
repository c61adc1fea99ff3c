//! Constants, conversions between types, and what passes its input on.

use super::messages::Attribute;
use super::operators::{Apply, Operation, Operator, integer};
use super::rounding::nearest;
use super::tensor::{Element, Tensor, count_within, show_position, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

const CONSTANT: &[&str] = &["value", "value_float", "value_floats", "value_int", "value_ints"];
const DROPOUT: &[&str] = &["consumed_inputs", "is_test", "ratio", "seed"];
const CAST: &[&str] = &["round_mode", "saturate", "to"];
const CONVERSION: &str = "exact: to the same or a wider float type; of constants to any type that has the number, \
                          from floats to integers towards zero";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "Constant",
        0..=0,
        CONSTANT,
        "exact; no strings, no sparse tensors",
        Apply::One(constant),
    ),
    Operator::new("ConstantOfShape", 1..=1, &["value"], "exact", Apply::One(constant_of_shape)),
    Operator::new("Range", 3..=3, &[], "exact, of constants", Apply::One(range)),
    Operator::new("Identity", 1..=1, &[], "exact", Apply::One(identity)),
    Operator::new(
        "Dropout",
        1..=3,
        DROPOUT,
        "exact, as in inference: nothing is dropped",
        Apply::One(dropout),
    ),
    Operator::new("Cast", 1..=1, CAST, CONVERSION, Apply::One(cast)),
    Operator::new(
        "CastLike",
        2..=2,
        &["round_mode", "saturate"],
        CONVERSION,
        Apply::One(cast_like),
    ),
];

/// The most elements that ConstantOfShape and Range make.
const LARGEST_MADE: usize = 1 << 20;

fn identity(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    operation.input(0).cloned()
}

/// Dropout as in inference: nothing is dropped.
fn dropout(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let is_training = match operation.optional(2) {
        Some(mode) => mode.integers().as_deref() != Some(&[0]),
        None => operation.operator_set < 7 && operation.integer("is_test", 0)? == 0,
    };
    if is_training {
        return Err("expected inference mode, found training mode".to_owned());
    }
    operation.input(0).cloned()
}

fn constant(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let [attribute] = operation.node.attributes.as_slice() else {
        return Err(format!(
            "expected one attribute with the value, found {}",
            operation.node.attributes.len()
        ));
    };
    let float = Element::Float(FloatFormat::SINGLE);
    Ok(match attribute.name {
        "value" => return stored(operation, attribute),
        "value_float" => Tensor::from_values(vec![], float, [operation.float("value_float", 0)?]),
        "value_floats" => {
            let values = operation.floats("value_floats")?.unwrap_or_default();
            Tensor::from_values(vec![values.len()], float, values)
        }
        "value_int" => Tensor::from_values(
            vec![],
            Element::INT64,
            [integer(operation.integer("value_int", 0)?)],
        ),
        _ => {
            let values = operation.integers(attribute.name)?.unwrap_or_default();
            let count = values.len();
            Tensor::from_values(vec![count], Element::INT64, values.into_iter().map(integer))
        }
    })
}

/// The tensor in an attribute.
fn stored(operation: &Operation, attribute: &Attribute) -> Result<Tensor, String> {
    let tensor = operation.typed(attribute.name, 4)?.and_then(|found| found.tensor.as_ref());
    Tensor::decode(tensor.ok_or("its value is missing")?, operation.folder)
}

fn constant_of_shape(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let sizes = operation.integer_input(0, "shape")?.unwrap_or_default();
    let shape: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = shape.filter(|shape| count_within(shape, LARGEST_MADE).is_some());
    let shape =
        shape.ok_or_else(|| format!("shape {sizes:?} is negative or has too many elements"))?;
    let value = match operation.node.attributes.first() {
        Some(attribute) => stored(operation, attribute)?,
        None => Tensor::from_values(vec![1], Element::Float(FloatFormat::SINGLE), [Scalar::ZERO]),
    };
    let number =
        value.values().filter(|values| values.len() == 1).and_then(|mut values| values.pop());
    let number = number.ok_or_else(|| {
        format!("its value has shape {}, expected one number", show_shape(&value.shape))
    })?;
    let count = count_within(&shape, LARGEST_MADE).unwrap_or(0);
    Ok(Tensor::from_values(shape, value.element, vec![number; count]))
}

/// The numbers from the first input to the second in steps of the third.
fn range(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let mut numbers = Vec::new();
    for index in 0..3 {
        let tensor = operation.input(index)?;
        let values = tensor.values().filter(|values| values.len() == 1);
        let value = values.and_then(|mut values| values.pop());
        numbers.push(value.ok_or_else(|| format!("input {index} must be one constant number"))?);
    }
    let element = operation.input(0)?.element;
    let [start, limit, step] = [0, 1, 2].map(|index: usize| numbers[index].to_rational());
    if step.is_zero() {
        return Err("its step is zero".to_owned());
    }
    let count = ((limit - start) / step).ceil().max(0.into());
    let count = usize::try_from(count).ok().filter(|&count| count <= LARGEST_MADE);
    let count = count.ok_or("its result has too many elements")?;
    let value = |index: usize| numbers[0].plus(&numbers[2].times(&integer(index as i64)));
    Ok(Tensor::from_values(vec![count], element, (0..count).map(value)))
}

fn cast(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    // Before operator set 6 the type was given by its name.
    let target = match operation.operator_set {
        ..6 => {
            let name = operation.text("to")?.unwrap_or_default();
            Element::from_name(name).ok_or_else(|| {
                format!("type {:?} is not supported", String::from_utf8_lossy(name))
            })?
        }
        _ => Element::from_code(operation.integer("to", 0)?)?,
    };
    converted(operation.input(0)?, target)
}

fn cast_like(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    converted(operation.input(0)?, operation.input(1)?.element)
}

/// The tensor in another type, if that changes no number; constants may become integers or truth values.
fn converted(tensor: &Tensor, target: Element) -> Result<Tensor, String> {
    let change = || format!("from {} to {}", tensor.element.name(), target.name());
    let keeps = match (tensor.element, target) {
        (Element::Float(from), Element::Float(to)) => to.contains(from),
        (from, to) => from == to,
    };
    if keeps {
        return Ok(Tensor { element: target, ..tensor.clone() });
    }
    let Some(values) = tensor.values() else {
        return Err(match tensor.element {
            Element::Bool => {
                "makes numbers of computed truth values, which is not continuous".to_owned()
            }
            _ => format!("changes computed values {}, expected a wider float type", change()),
        });
    };
    let convert = |(position, value): (usize, &Scalar)| {
        let result = match target {
            Element::Float(format) => {
                nearest(&value.to_rational(), format).filter(|rounded| *rounded == *value)
            }
            Element::Bool => Some(if value.is_zero() { Scalar::ZERO } else { Scalar::ONE }),
            Element::Integer(format) => {
                let whole = i128::try_from(value.to_rational().trunc()).ok();
                whole
                    .filter(|whole| format.range().contains(whole))
                    .map(|whole| Scalar::dyadic(whole, 0))
            }
        };
        result.ok_or_else(|| {
            let place = show_position(&tensor.shape, position);
            format!(
                "changes element {place} {}, which does not have the number {}",
                change(),
                value.to_rational()
            )
        })
    };
    let values: Result<Vec<Scalar>, String> = values.iter().enumerate().map(convert).collect();
    Ok(Tensor::from_values(tensor.shape.clone(), target, values?))
}
