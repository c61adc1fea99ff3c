//! Activations: what they are as ReLU neurons.

use super::arithmetic::{add, common_float, require_float, times_number};
use super::broadcast::{Broadcast, broadcast_shape};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Element, Elements, Tensor, show_shape};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Form, Program, Scalar};

const LEGACY_INPLACE: &[&str] = &["consumed_inputs"];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Relu", 1..=1, LEGACY_INPLACE, "exact: one neuron", Apply::One(relu)),
    Operator::new(
        "Abs",
        1..=1,
        LEGACY_INPLACE,
        "exact: [z]₊ + [−z]₊, two neurons",
        Apply::One(absolute),
    ),
    Operator::new(
        "LeakyRelu",
        1..=1,
        &["alpha", "consumed_inputs"],
        "exact: [z]₊ − alpha·[−z]₊, two neurons",
        Apply::One(leaky_relu),
    ),
    Operator::new(
        "PRelu",
        2..=2,
        LEGACY_INPLACE,
        "exact: [z]₊ − slope·[−z]₊, two neurons; the slope must be constant",
        Apply::One(parametric_relu),
    ),
    Operator::new(
        "Clip",
        1..=3,
        &["consumed_inputs", "max", "min"],
        "exact: min + [z − min]₊ − [z − max]₊, one neuron a bound; the bounds must be constant",
        Apply::One(clip),
    ),
    Operator::new(
        "HardSigmoid",
        1..=1,
        &["alpha", "beta", "consumed_inputs"],
        "exact: [u]₊ − [u − 1]₊ of u = alpha·z + beta, two neurons",
        Apply::One(hard_sigmoid),
    ),
    Operator::new(
        "Shrink",
        1..=1,
        &["bias", "lambd"],
        "exact: [z − lambd]₊ − [−z − lambd]₊, two neurons; bias = lambd ≥ 0, else it is not continuous",
        Apply::One(shrink),
    ),
];

/// The default 0.01 as the 32-bit float that the attribute is.
fn default_slope() -> Scalar {
    Scalar::dyadic(0x00a3_d70a, -30)
}

/// The default 0.2 as the 32-bit float that the attribute is.
fn default_steepness() -> Scalar {
    Scalar::dyadic(0x00cc_cccd, -26)
}

/// The activation of a fused operator.
pub(super) fn activated(
    operation: &Operation,
    tensor: &Tensor,
    program: &mut Program,
) -> Result<Tensor, String> {
    let number = |name: &str, default: Scalar| match operation.has(name) {
        true => operation.float(name, 0),
        false => Ok(default),
    };
    match operation.text("activation")?.unwrap_or_default() {
        b"" => Ok(tensor.clone()),
        b"Relu" => rectified(tensor, program),
        b"LeakyRelu" => {
            let slope = number("activation_alpha", default_slope())?;
            sloped(tensor, &vec![slope; tensor.len()], "LeakyRelu", program)
        }
        b"HardSigmoid" => {
            let alpha = number("activation_alpha", default_steepness())?;
            let beta = number("activation_beta", Scalar::dyadic(1, -1))?;
            steep(tensor, &alpha, &beta, program)
        }
        other => Err(format!("activation {:?} is not supported", String::from_utf8_lossy(other))),
    }
}

fn relu(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    rectified(operation.input(0)?, program)
}

/// max(0, x): one ReLU neuron an element.
fn rectified(tensor: &Tensor, program: &mut Program) -> Result<Tensor, String> {
    require_float(tensor)?;
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let positive = |(_, value): &&(usize, Scalar)| !value.is_negative();
            Elements::Constant(entries.iter().filter(positive).cloned().collect())
        }
        Elements::Computed(forms) => Elements::Computed(program.relu(forms)),
    };
    Ok(Tensor { shape: tensor.shape.clone(), element: tensor.element, elements })
}

/// |x| = max(0, x) + max(0, −x): two ReLU neurons an element, next to each other.
fn absolute(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    require_float(tensor)?;
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let magnitude = |value: &Scalar| {
                if value.is_negative() { value.negated() } else { value.clone() }
            };
            Elements::Constant(entries.iter().map(|(p, value)| (*p, magnitude(value))).collect())
        }
        Elements::Computed(forms) => {
            let minus_one = Scalar::ONE.negated();
            let both: Vec<Form> =
                forms.iter().flat_map(|form| [form.clone(), form.scaled(&minus_one)]).collect();
            let parts = program.relu(&both);
            program.note(format!(
                "Abs of {} values: two ReLU neurons each, |z| = [z]+ + [-z]+",
                forms.len()
            ));
            Elements::Computed(parts.as_chunks().0.iter().map(|[p, q]| p.plus(q)).collect())
        }
    };
    Ok(Tensor { shape: tensor.shape.clone(), element: tensor.element, elements })
}

fn leaky_relu(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let slope = match operation.has("alpha") {
        true => operation.float("alpha", 0)?,
        false => default_slope(),
    };
    let tensor = operation.input(0)?;
    sloped(tensor, &vec![slope; tensor.len()], "LeakyRelu", program)
}

fn parametric_relu(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let (tensor, slope) = (operation.input(0)?, operation.input(1)?);
    let slopes = slope.values().ok_or("its slope must be constant")?;
    common_float(tensor, slope)?;
    let slopes = match slope.shape.as_slice() {
        // Before operator set 7 a slope a channel had no further dimensions.
        &[channels] if operation.operator_set < 7 && channels > 1 => {
            let inner: usize = tensor.shape.iter().skip(2).product();
            if tensor.shape.get(1) != Some(&channels) {
                return Err(format!("{channels} slopes do not fit {}", show_shape(&tensor.shape)));
            }
            (0..tensor.len()).map(|p| slopes[p / inner % channels].clone()).collect()
        }
        shape => {
            let fits = broadcast_shape(&tensor.shape, shape).is_ok_and(|s| s == tensor.shape);
            if !fits {
                let (slope, tensor) = (show_shape(shape), show_shape(&tensor.shape));
                return Err(format!("its slope {slope} does not broadcast to {tensor}"));
            }
            let broadcast = Broadcast::of(&[tensor, slope])?;
            broadcast.positions[1].iter().map(|&q| slopes[q].clone()).collect::<Vec<_>>()
        }
    };
    sloped(tensor, &slopes, "PRelu", program)
}

/// x where x ≥ 0, and slope · x elsewhere: [x]₊ − slope·[−x]₊.
fn sloped(
    tensor: &Tensor,
    slopes: &[Scalar],
    operator: &str,
    program: &mut Program,
) -> Result<Tensor, String> {
    require_float(tensor)?;
    let minus_one = Scalar::ONE.negated();
    // Next to each other [x]₊ and [−x]₊; where the slope is 1, x itself instead of both.
    let both: Vec<Form> = tensor
        .forms()
        .iter()
        .zip(slopes)
        .filter(|(_, slope)| !slope.is_one())
        .flat_map(|(form, slope)| {
            let below = if slope.is_zero() {
                Form::constant(Scalar::ZERO)
            } else {
                form.scaled(&minus_one)
            };
            [form.clone(), below]
        })
        .collect();
    let parts = program.positive_parts(&both);
    let mut parts = parts.as_chunks().0.iter();
    let join = |(form, slope): (&Form, &Scalar)| match slope.is_one() {
        true => Some(form.clone()),
        false => parts
            .next()
            .map(|[above, below]: &[Form; 2]| above.plus(&below.scaled(&slope.negated()))),
    };
    let forms: Vec<Form> = tensor.forms().iter().zip(slopes).filter_map(join).collect();
    if tensor.constant().is_none() {
        let count = forms.len();
        program.note(format!(
            "{operator} of {count} values: two ReLU neurons each, [z]+ - slope·[-z]+"
        ));
    }
    Ok(Tensor::from_forms(tensor.shape.clone(), tensor.element, forms))
}

fn clip(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let low = clip_bound(operation, tensor, 1, "min")?;
    let high = clip_bound(operation, tensor, 2, "max")?;
    clipped(tensor, low, high, program)
}

/// A bound of Clip, if there is one. ONNX's default is the end of the type, where exporters write that or infinity
/// they mean none.
fn clip_bound(
    operation: &Operation,
    tensor: &Tensor,
    index: usize,
    name: &str,
) -> Result<Option<Scalar>, String> {
    let value = if operation.is_infinite(name) {
        None
    } else if operation.has(name) {
        Some(operation.float(name, 0)?)
    } else if let Some(bound) = operation.optional(index) {
        if bound.element.is_float() != tensor.element.is_float() || bound.len() != 1 {
            let (found, shape) = (bound.element.name(), show_shape(&bound.shape));
            return Err(format!("its {name} is {found} {shape}, expected one number"));
        }
        let values = bound.values().ok_or_else(|| format!("its {name} must be constant"))?;
        values.into_iter().next()
    } else {
        None
    };
    let is_end = |value: &Scalar| {
        let magnitude = if value.is_negative() { value.negated() } else { value.clone() };
        let formats =
            [FloatFormat::HALF, FloatFormat::BRAIN, FloatFormat::SINGLE, FloatFormat::DOUBLE];
        let is_type = |format: &FloatFormat| tensor.element == Element::Float(*format);
        let narrower = |format: &FloatFormat| is_type(format) || *format == FloatFormat::SINGLE;
        value.is_negative() == (name == "min")
            && formats.iter().any(|format| narrower(format) && format.largest() == magnitude)
    };
    Ok(value.filter(|value| !is_end(value)))
}

/// min(max(x, low), high).
fn clipped(
    tensor: &Tensor,
    low: Option<Scalar>,
    high: Option<Scalar>,
    program: &mut Program,
) -> Result<Tensor, String> {
    require_float(tensor)?;
    let forms = tensor.forms();
    let minus_one = Scalar::ONE.negated();
    let shifted = |form: &Form, by: &Scalar| form.plus(&Form::constant(by.negated()));
    let plus = |part: &Form, constant: &Scalar| part.plus(&Form::constant(constant.clone()));
    let clipped: Vec<Form> = match (low, high) {
        (None, None) => forms.to_vec(),
        (Some(low), None) => {
            let parts: Vec<Form> = forms.iter().map(|form| shifted(form, &low)).collect();
            program.positive_parts(&parts).iter().map(|part| plus(part, &low)).collect()
        }
        (None, Some(high)) => {
            let parts: Vec<Form> =
                forms.iter().map(|form| shifted(form, &high).scaled(&minus_one)).collect();
            let parts = program.positive_parts(&parts);
            parts.iter().map(|part| plus(&part.scaled(&minus_one), &high)).collect()
        }
        // As ONNX says, all is `high` where the bounds are the wrong way round.
        (Some(low), Some(high)) if !high.plus(&low.negated()).is_positive() => {
            vec![Form::constant(high); forms.len()]
        }
        (Some(low), Some(high)) => {
            let both: Vec<Form> =
                forms.iter().flat_map(|form| [shifted(form, &low), shifted(form, &high)]).collect();
            let parts = program.positive_parts(&both);
            let join = |[p, q]: &[Form; 2]| plus(&p.plus(&q.scaled(&minus_one)), &low);
            parts.as_chunks().0.iter().map(join).collect()
        }
    };
    Ok(Tensor::from_forms(tensor.shape.clone(), tensor.element, clipped))
}

fn hard_sigmoid(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let number = |name: &str, default: Scalar| match operation.has(name) {
        true => operation.float(name, 0),
        false => Ok(default),
    };
    let alpha = number("alpha", default_steepness())?;
    let beta = number("beta", Scalar::dyadic(1, -1))?;
    steep(operation.input(0)?, &alpha, &beta, program)
}

/// alpha · x + beta between 0 and 1.
fn steep(
    tensor: &Tensor,
    alpha: &Scalar,
    beta: &Scalar,
    program: &mut Program,
) -> Result<Tensor, String> {
    let constant = Tensor::from_values(vec![], tensor.element, [beta.clone()]);
    let inner = add(&times_number(tensor, alpha)?, &constant)?;
    clipped(&inner, Some(Scalar::ZERO), Some(Scalar::ONE), program)
}

/// x moved by lambd towards 0, and 0 on the way.
fn shrink(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    require_float(tensor)?;
    let half = Scalar::dyadic(1, -1);
    let lambd = if operation.has("lambd") { operation.float("lambd", 0)? } else { half };
    if lambd.is_negative() || lambd != operation.float("bias", 0)? {
        return Err("is not continuous, expected bias = lambd ≥ 0".to_owned());
    }
    let (below, minus_one) = (Form::constant(lambd.negated()), Scalar::ONE.negated());
    let both = |form: &Form| [form.plus(&below), form.scaled(&minus_one).plus(&below)];
    let both: Vec<Form> = tensor.forms().iter().flat_map(both).collect();
    let parts = program.positive_parts(&both);
    let join = |[above, below]: &[Form; 2]| above.plus(&below.scaled(&minus_one));
    let forms = parts.as_chunks().0.iter().map(join).collect();
    Ok(Tensor::from_forms(tensor.shape.clone(), tensor.element, forms))
}
