//! Functions of one number that are read of constants, and tests that no real number passes.

use foldline_kernel::number::Rational;

use super::operators::{Apply, Operation, Operator};
use super::rounding::over_square_root;
use super::tensor::{Element, Tensor, show_position};
use crate::lowering::{Program, Scalar};

const NEVER: &str = "exact: false, as a real number is neither NaN nor infinite";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "Sqrt",
        1..=1,
        &["consumed_inputs"],
        "of constants, correctly rounded to the tensor's type",
        Apply::One(square_root),
    ),
    Operator::new("Floor", 1..=1, &["consumed_inputs"], "exact, of constants", Apply::One(whole)),
    Operator::new("Ceil", 1..=1, &["consumed_inputs"], "exact, of constants", Apply::One(whole)),
    Operator::new("IsNaN", 1..=1, &[], NEVER, Apply::One(never)),
    Operator::new(
        "IsInf",
        1..=1,
        &["detect_negative", "detect_positive"],
        NEVER,
        Apply::One(never),
    ),
];

/// The numbers of a constant; else why the operator is not read.
fn numbers(operation: &Operation, otherwise: &str) -> Result<Vec<Scalar>, String> {
    let tensor = operation.input(0)?;
    if !tensor.element.is_float() {
        return Err(format!("expected a float tensor, found {}", tensor.element.name()));
    }
    let operator = operation.node.operator;
    tensor.values().ok_or_else(|| {
        format!("operator {operator} of a computed tensor is not supported: it is not {otherwise}")
    })
}

/// √x of constants: the nearest number of the tensor's type, ties to even, as IEEE 754 has it.
fn square_root(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let values = numbers(operation, "piecewise linear")?;
    let tensor = operation.input(0)?;
    let Element::Float(format) = tensor.element else {
        return Err(format!("expected a float tensor, found {}", tensor.element.name()));
    };
    let root = |(position, value): (usize, &Scalar)| {
        if value.is_zero() {
            return Ok(Scalar::ZERO);
        }
        let number = value.to_rational();
        over_square_root(&number, &number, format).map(Scalar::from_rational).ok_or_else(|| {
            let place = show_position(&tensor.shape, position);
            format!("element {place} is {number}, expected a number ≥ 0")
        })
    };
    let roots: Result<Vec<Scalar>, String> = values.iter().enumerate().map(root).collect();
    let (count, name) = (values.len(), tensor.element.name());
    program.note(format!("Sqrt of {count} constants is correctly rounded to {name}"));
    Ok(Tensor::from_values(tensor.shape.clone(), tensor.element, roots?))
}

/// Floor or Ceil of constants, as exporters write it for sizes.
fn whole(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let values = numbers(operation, "continuous")?;
    let tensor = operation.input(0)?;
    let is_floor = operation.node.operator == "Floor";
    let value = |value: Scalar| {
        let value = value.to_rational();
        let whole = if is_floor { value.floor() } else { value.ceil() };
        Scalar::from_rational(Rational::from(whole))
    };
    Ok(Tensor::from_values(tensor.shape.clone(), tensor.element, values.into_iter().map(value)))
}

/// IsNaN or IsInf.
fn never(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let values = vec![Scalar::ZERO; tensor.len()];
    Ok(Tensor::from_values(tensor.shape.clone(), Element::Bool, values))
}
