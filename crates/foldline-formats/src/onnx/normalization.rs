//! BatchNormalization in inference: an affine map whose factor is correctly rounded once.

use super::arithmetic::{add, common_float, multiply, negate};
use super::operators::{Apply, Operation, Operator};
use super::rounding::over_square_root;
use super::tensor::{Element, Tensor, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

const BATCH_NORMALIZATION: &[&str] =
    &["consumed_inputs", "epsilon", "is_test", "momentum", "spatial", "training_mode"];

pub(super) const OPERATORS: &[Operator] = &[Operator::new(
    "BatchNormalization",
    5..=5,
    BATCH_NORMALIZATION,
    "the factor scale/√(variance + epsilon) is correctly rounded once to the tensor's type, the rest is exact; \
     as in inference, with constant parameters",
    Apply::One(batch_normalization),
)];

/// (x − mean) · factor + bias, factor = scale / √(variance + epsilon) rounded to the tensor's type.
fn batch_normalization(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let Element::Float(format) = x.element else {
        return Err(format!("expected a float tensor, found {}", x.element.name()));
    };
    let is_training = operation.integer("training_mode", 0)? != 0
        || operation.operator_set < 7 && operation.integer("is_test", 0)? == 0;
    if is_training || operation.integer("spatial", 1)? != 1 || has_more_outputs(operation) {
        return Err("expected inference mode over whole channels".to_owned());
    }
    let &[_, channels, ref rest @ ..] = x.shape.as_slice() else {
        return Err(format!("expected a batch of channels, found shape {}", show_shape(&x.shape)));
    };
    let mut parameters = Vec::new();
    for (index, name) in [(1, "scale"), (2, "bias"), (3, "mean"), (4, "variance")] {
        let tensor = operation.input(index)?;
        if tensor.constant().is_none()
            || tensor.shape != [channels]
            || common_float(x, tensor).is_err()
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

/// Whether a node asks for what only training computes.
fn has_more_outputs(operation: &Operation) -> bool {
    operation.node.outputs.iter().skip(1).any(|name| !name.is_empty())
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
    let (Some(scales), Some(variances)) = (scale.values(), variance.values()) else {
        return Err("its parameters must be constant".to_owned());
    };
    let mut factors = Vec::new();
    for channel in 0..count {
        let radicand = variances[channel].plus(epsilon).to_rational();
        let factor = over_square_root(&scales[channel].to_rational(), &radicand, format)
            .ok_or_else(|| {
                format!("channel {channel}: scale/sqrt(variance + epsilon) is no finite number")
            })?;
        factors.push(Scalar::from_rational(factor));
    }
    Ok(Tensor::from_values(scale.shape.clone(), Element::Float(format), factors))
}
