//! The affine operators of ai.onnx.ml, as scikit-learn's exports have them.

use super::arithmetic::{add, multiply};
use super::combination::{Rows, mapped};
use super::operators::{Apply, MACHINE_LEARNING, Operation, Operator};
use super::tensor::{Element, Tensor, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

const REGRESSOR: &[&str] = &["coefficients", "intercepts", "post_transform", "targets"];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Scaler", 1..=1, &["offset", "scale"], "exact", Apply::One(scaler))
        .of(MACHINE_LEARNING),
    Operator::new(
        "LinearRegressor",
        1..=1,
        REGRESSOR,
        "exact, without post_transform",
        Apply::One(linear_regressor),
    )
    .of(MACHINE_LEARNING),
];

/// What both operators take: float vectors, one a row, and what they make of them.
fn rows(tensor: &Tensor) -> Result<(usize, usize, Element), String> {
    let element = match tensor.element {
        double @ Element::Float(FloatFormat::DOUBLE) => double,
        Element::Float(_) => Element::Float(FloatFormat::SINGLE),
        other => return Err(format!("expected a float tensor, found {}", other.name())),
    };
    match *tensor.shape.as_slice() {
        [width] => Ok((1, width, element)),
        [count, width] => Ok((count, width, element)),
        _ => Err(format!("expected one vector a row, found shape {}", show_shape(&tensor.shape))),
    }
}

/// (x − offset) · scale.
fn scaler(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let (_, width, element) = rows(x)?;
    let vector = |name: &str, default: Scalar| {
        let values = operation.floats(name)?.unwrap_or_else(|| vec![default]);
        match values.len() {
            1 => Ok(Tensor::from_values(vec![], element, values)),
            count if count == width => Ok(Tensor::from_values(vec![width], element, values)),
            count => Err(format!("its {name} has {count} numbers, expected 1 or {width}")),
        }
    };
    let offset = vector("offset", Scalar::ZERO)?;
    let minus_offset =
        multiply(&offset, &Tensor::from_values(vec![], element, [Scalar::ONE.negated()]))?;
    let scaled = multiply(&add(x, &minus_offset)?, &vector("scale", Scalar::ONE)?)?;
    Ok(Tensor { element, ..scaled })
}

/// Σ coefficient · x + intercept, one result a target.
fn linear_regressor(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let (count, width, element) = rows(x)?;
    if !matches!(operation.text("post_transform")?.unwrap_or(b"NONE"), b"NONE" | b"") {
        return Err("its post_transform is not piecewise linear, expected NONE".to_owned());
    }
    let targets = operation.integer("targets", 1)?;
    let targets = usize::try_from(targets).ok().filter(|targets| (1..=1 << 20).contains(targets));
    let targets = targets.ok_or("its targets must be positive")?;
    let coefficients = operation.floats("coefficients")?.ok_or("its coefficients are missing")?;
    if coefficients.len() != targets * width {
        let found = coefficients.len();
        return Err(format!("its coefficients are {found} numbers, expected {targets}·{width}"));
    }
    let intercepts = operation.floats("intercepts")?.unwrap_or_default();
    if !intercepts.is_empty() && intercepts.len() != targets {
        return Err(format!("its intercepts are {} numbers, expected {targets}", intercepts.len()));
    }
    let row = |output: usize| {
        let (item, target) = (output / targets, output % targets);
        (0..width).map(|i| (item * width + i, coefficients[target * width + i].clone())).collect()
    };
    let map = Rows((0..count * targets).map(row).collect());
    let products = Tensor { element, ..mapped(x, &map, vec![count, targets], program)? };
    match intercepts.is_empty() {
        true => Ok(products),
        false => add(&products, &Tensor::from_values(vec![targets], element, intercepts)),
    }
}
