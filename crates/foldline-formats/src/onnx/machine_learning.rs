//! The affine operators of ai.onnx.ml, as scikit-learn's exports have them.

use super::arithmetic::{add, multiply};
use super::combination::{Rows, mapped};
use super::operators::{Apply, MACHINE_LEARNING, Operation, Operator};
use super::tensor::{Element, Tensor, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

const CLASSIFIER: &[&str] = &[
    "classlabels_ints",
    "classlabels_strings",
    "coefficients",
    "intercepts",
    "multi_class",
    "post_transform",
];
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
    Operator::new(
        "LinearClassifier",
        1..=1,
        CLASSIFIER,
        "the scores exactly, one coefficient vector a class, without post_transform; not the labels",
        Apply::Second(linear_classifier),
    )
    .of(MACHINE_LEARNING),
    Operator::new(
        "ZipMap",
        1..=1,
        &["classlabels_int64s", "classlabels_strings"],
        "exact: the scores in the order of the classes",
        Apply::One(scores),
    )
    .of(MACHINE_LEARNING),
    Operator::new(
        "Imputer",
        1..=1,
        &["imputed_value_floats", "imputed_value_int64s", "replaced_value_float", "replaced_value_int64"],
        "exact: nothing is replaced, since a real number is not NaN",
        Apply::One(imputer),
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
    let targets = operation.integer("targets", 1)?;
    let targets = usize::try_from(targets).ok().filter(|targets| (1..=1 << 20).contains(targets));
    affine(operation, targets.ok_or("its targets must be positive")?, program)
}

/// The scores of the classes; of two classes that share one vector it is not said which scores are meant.
fn linear_classifier(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let labels = operation.integers("classlabels_ints")?.map_or(0, |labels| labels.len());
    let labels = labels.max(operation.texts("classlabels_strings")?);
    affine(operation, labels.max(1), program)
}

/// Σ coefficient · x + intercept, `targets` results a row.
fn affine(operation: &Operation, targets: usize, program: &mut Program) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let (count, width, element) = rows(x)?;
    let transform = operation.text("post_transform")?.unwrap_or(b"NONE");
    if !matches!(transform, b"NONE" | b"") {
        let transform = String::from_utf8_lossy(transform);
        return Err(format!(
            "its post_transform {transform} is not piecewise linear, expected NONE"
        ));
    }
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

/// The scores that a dictionary by class has.
fn scores(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    operation.input(0).cloned()
}

/// What replaces NaN replaces nothing; what replaces a number is not continuous.
fn imputer(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let (_, _, element) = rows(tensor)?;
    if !operation.is_nan("replaced_value_float") {
        return Err("replaces a number, which is not continuous, expected NaN".to_owned());
    }
    Ok(Tensor { element, ..tensor.clone() })
}
