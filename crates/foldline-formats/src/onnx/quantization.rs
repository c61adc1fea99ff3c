//! Constants that are stored as small integers with a scale.

use foldline_kernel::Integer;

use super::arrangement::axis_of;
use super::operators::{Apply, Operation, Operator};
use super::rounding::{nearest, nearest_integer};
use super::tensor::{Element, Tensor, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "DequantizeLinear",
        2..=3,
        &["axis", "output_dtype"],
        "exact, (x − zero point)·scale, of constants; one scale, or one a slice of an axis",
        Apply::One(dequantize),
    ),
    Operator::new(
        "QuantizeLinear",
        2..=3,
        &["axis", "output_dtype", "saturate"],
        "of constants, as ONNX defines it: x/scale is correctly rounded to the tensor's type, then to an integer",
        Apply::One(quantize),
    ),
];

/// Scale and zero point of every element.
struct Parameters {
    scales: Vec<Scalar>,
    zero_points: Vec<Scalar>,
    /// The types of scale and zero point.
    scale_type: Element,
    zero_type: Option<Element>,
}

impl Parameters {
    fn new(operation: &Operation, x: &Tensor) -> Result<Self, String> {
        let scale = operation.input(1)?;
        let scales = scale.values().ok_or("its scale must be constant")?;
        if !scale.element.is_float() {
            return Err(format!("its scale is {}, expected floats", scale.element.name()));
        }
        let zero = operation.optional(2);
        let zeros = match zero {
            Some(zero) if zero.shape == scale.shape || zero.len() == 1 && scale.len() == 1 => {
                zero.values().ok_or("its zero point must be constant")?
            }
            Some(zero) => {
                let (zero, scale) = (show_shape(&zero.shape), show_shape(&scale.shape));
                return Err(format!("its zero point has shape {zero}, its scale {scale}"));
            }
            None => vec![Scalar::ZERO; scales.len()],
        };
        let slice = Self::slices(operation, x, scale)?;
        Ok(Self {
            scales: slice.iter().map(|&index| scales[index].clone()).collect(),
            zero_points: slice.iter().map(|&index| zeros[index].clone()).collect(),
            scale_type: scale.element,
            zero_type: zero.map(|zero| zero.element),
        })
    }

    /// Which scale each element of `x` has.
    fn slices(operation: &Operation, x: &Tensor, scale: &Tensor) -> Result<Vec<usize>, String> {
        if scale.len() == 1 && scale.shape.len() <= 1 {
            return Ok(vec![0; x.len()]);
        }
        let axis = axis_of(operation.integer("axis", 1)?, x.shape.len(), false)?;
        if scale.shape != [x.shape[axis]] {
            let (scale, x) = (show_shape(&scale.shape), show_shape(&x.shape));
            return Err(format!(
                "its scale has shape {scale}, expected one number a slice of axis {axis} of {x}"
            ));
        }
        let inner: usize = x.shape[axis + 1..].iter().product();
        Ok((0..x.len()).map(|position| position / inner % x.shape[axis]).collect())
    }
}

/// (x − zero point) · scale.
fn dequantize(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let values = x.values().ok_or("dequantizes computed values, expected constants")?;
    let parameters = Parameters::new(operation, x)?;
    let element = match operation.integer("output_dtype", 0)? {
        0 => parameters.scale_type,
        code => Element::from_code(code)?,
    };
    let terms = values.iter().zip(&parameters.zero_points).zip(&parameters.scales);
    let numbers = terms.map(|((value, zero), scale)| value.plus(&zero.negated()).times(scale));
    Ok(Tensor::from_values(x.shape.clone(), element, numbers))
}

/// x / scale rounded to an integer, ties to even, plus the zero point, within the integers' type.
fn quantize(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let x = operation.input(0)?;
    let values = x
        .values()
        .ok_or("quantizes computed values, which is not continuous; expected constants")?;
    let parameters = Parameters::new(operation, x)?;
    let element = match (operation.integer("output_dtype", 0)?, parameters.zero_type) {
        (0, Some(element)) => element,
        (0, None) => Element::from_code(2)?,
        (code, _) => Element::from_code(code)?,
    };
    let (Element::Integer(target), Element::Float(source)) = (element, x.element) else {
        let (from, to) = (x.element.name(), element.name());
        return Err(format!("from {from} to {to}, expected from floats to integers"));
    };
    let mut integers = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let (scale, zero) = (&parameters.scales[index], &parameters.zero_points[index]);
        let level = level(value, scale, source).ok_or("its scale is zero or too small")?;
        let (least, largest) =
            (Integer::from(*target.range().start()), Integer::from(*target.range().end()));
        let level = (level + Integer::from(zero.to_integer().unwrap_or(0))).clamp(least, largest);
        integers.push(Scalar::dyadic(i128::try_from(level).map_err(|error| error.to_string())?, 0));
    }
    Ok(Tensor::from_values(x.shape.clone(), element, integers))
}

/// x / scale as a float of the type, rounded to an integer.
fn level(value: &Scalar, scale: &Scalar, format: FloatFormat) -> Option<Integer> {
    let quotient = value.times(&scale.inverse()?).to_rational();
    Some(nearest_integer(&nearest(&quotient, format)?.to_rational()))
}
