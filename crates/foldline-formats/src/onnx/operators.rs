//! The operators that are read: which exist, with what inputs and attributes, and where each is done.

use std::rc::Rc;

use super::messages::{Attribute, Node};
use super::tensor::{Element, Elements, Tensor};
use super::{arithmetic, arrangement, normalization, product};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

/// An operator: its name, its least and largest number of inputs, and its attributes.
type Signature = (&'static str, usize, usize, &'static [&'static str]);

const LEGACY_BROADCAST: &[&str] = &["axis", "broadcast", "consumed_inputs"];
const LEGACY_INPLACE: &[&str] = &["consumed_inputs"];

const SIGNATURES: &[Signature] = &[
    ("Abs", 1, 1, LEGACY_INPLACE),
    ("Add", 2, 2, LEGACY_BROADCAST),
    (
        "BatchNormalization",
        5,
        5,
        &["consumed_inputs", "epsilon", "is_test", "momentum", "spatial", "training_mode"],
    ),
    ("Concat", 1, usize::MAX, &["axis"]),
    ("Constant", 0, 0, &["value", "value_float", "value_floats", "value_int", "value_ints"]),
    ("Div", 2, 2, LEGACY_BROADCAST),
    ("Dropout", 1, 3, &["consumed_inputs", "is_test", "ratio", "seed"]),
    ("Flatten", 1, 1, &["axis"]),
    ("Gather", 2, 2, &["axis"]),
    ("Gemm", 2, 3, &["alpha", "beta", "broadcast", "transA", "transB"]),
    ("Identity", 1, 1, &[]),
    ("MatMul", 2, 2, &[]),
    ("Mul", 2, 2, LEGACY_BROADCAST),
    ("Neg", 1, 1, LEGACY_INPLACE),
    ("Relu", 1, 1, LEGACY_INPLACE),
    ("Reshape", 1, 2, &["allowzero", "consumed_inputs", "shape"]),
    ("Shape", 1, 1, &["end", "start"]),
    ("Slice", 1, 5, &["axes", "ends", "starts"]),
    ("Squeeze", 1, 2, &["axes"]),
    ("Sub", 2, 2, LEGACY_BROADCAST),
    ("Sum", 1, usize::MAX, LEGACY_INPLACE),
    ("Transpose", 1, 1, &["perm"]),
    ("Unsqueeze", 1, 2, &["axes"]),
];

/// A node with the tensors that come in.
pub(super) struct Operation<'m> {
    pub node: &'m Node<'m>,
    pub operator_set: i64,
    pub inputs: Vec<Option<Rc<Tensor>>>,
}

/// Checks that the node's operator is known and has the inputs and attributes it may have.
pub(super) fn check_supported(node: &Node) -> Result<(), String> {
    let signature = SIGNATURES.iter().find(|signature| signature.0 == node.operator);
    let Some(&(_, least, most, attributes)) = signature else {
        let known: Vec<&str> = SIGNATURES.iter().map(|signature| signature.0).collect();
        return Err(format!("operator {} is not supported ({})", node.operator, known.join(", ")));
    };
    let found = node.inputs.len();
    if found < least || found > most {
        let expected =
            if least == most { format!("{least}") } else { format!("{least} to {most}") };
        return Err(format!("expected {expected} inputs, found {found}"));
    }
    for (index, attribute) in node.attributes.iter().enumerate() {
        if !attributes.contains(&attribute.name) {
            return Err(format!("attribute {:?} is not supported", attribute.name));
        }
        if node.attributes[..index].iter().any(|earlier| earlier.name == attribute.name) {
            return Err(format!("attribute {:?} occurs twice", attribute.name));
        }
    }
    Ok(())
}

/// What the node computes.
pub(super) fn apply(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    match operation.node.operator {
        "Add" | "Sub" | "Mul" | "Div" => arithmetic::binary(operation),
        "Sum" => arithmetic::sum(operation),
        "Neg" => arithmetic::negate(operation.input(0)?),
        "Relu" => arithmetic::relu(operation.input(0)?, program),
        "Abs" => arithmetic::absolute(operation.input(0)?, program),
        "BatchNormalization" => normalization::batch_normalization(operation, program),
        "MatMul" => product::matrix_product(operation.input(0)?, operation.input(1)?, program),
        "Gemm" => product::general_product(operation, program),
        "Identity" => operation.input(0).cloned(),
        "Dropout" => dropout(operation),
        "Constant" => constant(operation),
        "Concat" => arrangement::concat(operation),
        "Flatten" => arrangement::flatten(operation),
        "Gather" => arrangement::gather(operation),
        "Reshape" => arrangement::reshape(operation),
        "Shape" => arrangement::shape(operation),
        "Slice" => arrangement::slice(operation),
        "Squeeze" => arrangement::squeeze(operation),
        "Transpose" => arrangement::transpose(operation),
        "Unsqueeze" => arrangement::unsqueeze(operation),
        other => Err(format!("operator {other} is not supported")),
    }
}

/// Dropout as in inference: nothing is dropped.
fn dropout(operation: &Operation) -> Result<Tensor, String> {
    let is_training = match operation.optional(2) {
        Some(mode) => mode.integers().as_deref() != Some(&[0]),
        None => operation.operator_set < 7 && operation.integer("is_test", 0)? == 0,
    };
    if is_training {
        return Err("expected inference mode, found training mode".to_owned());
    }
    operation.input(0).cloned()
}

fn constant(operation: &Operation) -> Result<Tensor, String> {
    let [attribute] = operation.node.attributes.as_slice() else {
        return Err(format!(
            "expected one attribute with the value, found {}",
            operation.node.attributes.len()
        ));
    };
    let value = match attribute.name {
        "value" => {
            let tensor = operation.typed(attribute, 4)?.tensor.as_ref();
            return Tensor::decode(tensor.ok_or("its value is missing")?);
        }
        "value_float" => (vec![], vec![operation.float("value_float", 0)?]),
        "value_floats" => {
            let floats = &operation.typed(attribute, 6)?.floats;
            let values: Result<_, _> = floats.iter().map(|&bits| single(bits)).collect();
            (vec![floats.len()], values?)
        }
        "value_int" => (vec![], vec![integer(operation.integer("value_int", 0)?)]),
        _ => {
            let values = operation.integers(attribute.name)?.unwrap_or_default();
            (vec![values.len()], values.into_iter().map(integer).collect())
        }
    };
    let is_float = attribute.name.starts_with("value_float");
    let element = if is_float { Element::Float(FloatFormat::SINGLE) } else { Element::Int64 };
    let entries = value.1.into_iter().enumerate().filter(|(_, value)| !value.is_zero()).collect();
    Ok(Tensor { shape: value.0, element, elements: Elements::Constant(entries) })
}

/// The number that the bits of a 32-bit float denote.
fn single(bits: u32) -> Result<Scalar, String> {
    Scalar::from_float_bits(u64::from(bits), FloatFormat::SINGLE).map_err(|error| error.to_string())
}

fn integer(value: i64) -> Scalar {
    Scalar::dyadic(i128::from(value), 0)
}

impl Operation<'_> {
    /// The input at `index`, which must be there.
    pub fn input(&self, index: usize) -> Result<&Tensor, String> {
        self.optional(index).ok_or_else(|| format!("input {index} is missing"))
    }

    /// The input at `index`, if there is one.
    pub fn optional(&self, index: usize) -> Option<&Tensor> {
        self.inputs.get(index)?.as_deref()
    }

    /// The input at `index` as constant integers, if there is such an input.
    pub fn integer_input(&self, index: usize, role: &str) -> Result<Option<Vec<i64>>, String> {
        let Some(tensor) = self.optional(index) else { return Ok(None) };
        let values = tensor.integers();
        values.map(Some).ok_or_else(|| format!("its {role} must be constant integers"))
    }

    fn attribute(&self, name: &str) -> Option<&Attribute<'_>> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// Checks the attribute's declared type, which files of the first format version leave out.
    fn typed<'a>(
        &self,
        attribute: &'a Attribute<'a>,
        kind: i64,
    ) -> Result<&'a Attribute<'a>, String> {
        if attribute.kind != 0 && attribute.kind != kind {
            let (name, found) = (attribute.name, attribute.kind);
            return Err(format!("attribute {name:?}: expected type {kind}, found type {found}"));
        }
        Ok(attribute)
    }

    /// A float attribute; `default` is the integer it is otherwise.
    pub fn float(&self, name: &str, default: i64) -> Result<Scalar, String> {
        match self.attribute(name) {
            None => Ok(integer(default)),
            Some(attribute) => {
                let bits = self.typed(attribute, 1)?.float_bits.unwrap_or(0);
                single(bits).map_err(|reason| format!("attribute {name:?}: {reason}"))
            }
        }
    }

    /// An integer attribute.
    pub fn integer(&self, name: &str, default: i64) -> Result<i64, String> {
        match self.attribute(name) {
            None => Ok(default),
            Some(attribute) => Ok(self.typed(attribute, 2)?.integer.unwrap_or(0)),
        }
    }

    /// An attribute that is a list of integers, if there is one.
    pub fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, String> {
        match self.attribute(name) {
            None => Ok(None),
            Some(attribute) => Ok(Some(self.typed(attribute, 7)?.integers.clone())),
        }
    }

    /// Whether the node has the attribute.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}
