//! The operators that are read: what they may have, how exact they are, and where each is done.

use std::ops::RangeInclusive;
use std::rc::Rc;

use super::external::Folder;
use super::messages::{Attribute, Node};
use super::tensor::Tensor;
use super::{
    activations, arithmetic, arrangement, constants, convolution, einsum, extrema, indexing,
    machine_learning, normalization, padding, pooling, product, quantization, reduction, resizing,
    selection, unary,
};
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Program, Scalar};

/// The domain of com.microsoft's operators.
pub(super) const MICROSOFT: &str = "com.microsoft";
/// The domain of the operators for classical machine learning.
pub(super) const MACHINE_LEARNING: &str = "ai.onnx.ml";

/// What computes an operator: its one result, or all of them.
#[derive(Clone, Copy)]
pub(super) enum Apply {
    One(fn(&Operation, &mut Program) -> Result<Tensor, String>),
    Many(fn(&Operation, &mut Program) -> Result<Vec<Tensor>, String>),
    /// Its second result alone; the first is none that is read.
    Second(fn(&Operation, &mut Program) -> Result<Tensor, String>),
    /// The walk itself: it runs other nodes.
    Walk,
}

/// An operator, as docs/formats.md lists it.
pub(super) struct Operator {
    pub domain: &'static str,
    pub name: &'static str,
    /// How many inputs it may have.
    pub inputs: RangeInclusive<usize>,
    pub attributes: &'static [&'static str],
    /// How exactly it is read, and within which limits.
    pub exactness: &'static str,
    pub apply: Apply,
}

impl Operator {
    /// An operator of the default domain.
    pub const fn new(
        name: &'static str,
        inputs: RangeInclusive<usize>,
        attributes: &'static [&'static str],
        exactness: &'static str,
        apply: Apply,
    ) -> Self {
        Self { domain: "", name, inputs, attributes, exactness, apply }
    }

    /// The same operator of another domain.
    pub const fn of(self, domain: &'static str) -> Self {
        Self { domain, ..self }
    }
}

const BRANCHES: &[Operator] = &[Operator::new(
    "If",
    1..=1,
    &["else_branch", "then_branch"],
    "exact; the condition must be constant",
    Apply::Walk,
)];

/// All operators, by family.
pub(super) const FAMILIES: [(&str, &[Operator]); 19] = [
    ("Arithmetic", arithmetic::OPERATORS),
    ("Activations", activations::OPERATORS),
    ("Matrix products", product::OPERATORS),
    ("Sums of products", einsum::OPERATORS),
    ("Convolutions", convolution::OPERATORS),
    ("Pooling", pooling::OPERATORS),
    ("Largest and least values", extrema::OPERATORS),
    ("Reductions", reduction::OPERATORS),
    ("Normalization", normalization::OPERATORS),
    ("Moving elements", arrangement::OPERATORS),
    ("Choosing elements", indexing::OPERATORS),
    ("Padding, repeating", padding::OPERATORS),
    ("Resizing", resizing::OPERATORS),
    ("Comparisons and choices", selection::OPERATORS),
    ("Branches", BRANCHES),
    ("Constants and types", constants::OPERATORS),
    ("Functions of constants", unary::OPERATORS),
    ("Quantized constants", quantization::OPERATORS),
    ("Classical machine learning", machine_learning::OPERATORS),
];

/// A node with the tensors that come in.
pub(super) struct Operation<'m> {
    pub node: &'m Node<'m>,
    pub operator_set: i64,
    /// Where external data are.
    pub folder: &'m Folder,
    pub inputs: Vec<Option<Rc<Tensor>>>,
}

/// Whether ONNX's own operators are meant.
pub(super) fn is_default_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// The node's operator, which must be known and have the inputs and attributes it may have.
pub(super) fn find(node: &Node) -> Result<&'static Operator, String> {
    let domain = if is_default_domain(node.domain) { "" } else { node.domain };
    let mut known = FAMILIES.iter().flat_map(|(_, operators)| operators.iter());
    let Some(operator) = known.find(|known| known.name == node.operator && known.domain == domain)
    else {
        return Err(unknown(node));
    };
    let found = node.inputs.len();
    if !operator.inputs.contains(&found) {
        let (least, most) = (operator.inputs.start(), operator.inputs.end());
        let expected =
            if least == most { format!("{least}") } else { format!("{least} to {most}") };
        return Err(format!("expected {expected} inputs, found {found}"));
    }
    for (index, attribute) in node.attributes.iter().enumerate() {
        if !operator.attributes.contains(&attribute.name) {
            return Err(format!("attribute {:?} is not supported", attribute.name));
        }
        if node.attributes[..index].iter().any(|earlier| earlier.name == attribute.name) {
            return Err(format!("attribute {:?} occurs twice", attribute.name));
        }
    }
    Ok(operator)
}

/// What is wrong with an operator that is not read; for common ones, why.
fn unknown(node: &Node) -> String {
    let reason = match node.operator {
        "Sigmoid" | "Softmax" | "LogSoftmax" => {
            ": it is not piecewise linear (if it comes last, what it reads can be exported instead)"
        }
        "Tanh"
        | "Elu"
        | "Selu"
        | "Celu"
        | "Gelu"
        | "Softplus"
        | "Erf"
        | "Exp"
        | "Log"
        | "Mish"
        | "Softsign"
        | "HardSwish"
        | "Swish"
        | "QuickGelu"
        | "LayerNormalization"
        | "Sin"
        | "Cos"
        | "InstanceNormalization"
        | "GroupNormalization"
        | "RMSNormalization"
        | "MeanVarianceNormalization"
        | "LpNormalization"
        | "LRN"
        | "Normalizer"
        | "Attention"
        | "ReduceL2"
        | "ReduceSumSquare"
        | "ReduceLogSum"
        | "ReduceLogSumExp"
        | "LSTM"
        | "GRU"
        | "RNN" => ": it is not piecewise linear",
        "Sign"
        | "ArgMax"
        | "ArgMin"
        | "ThresholdedRelu"
        | "Round"
        | "Hardmax"
        | "Binarizer"
        | "NonZero"
        | "TreeEnsemble"
        | "TreeEnsembleClassifier"
        | "TreeEnsembleRegressor" => ": it is not continuous",
        _ => " (docs/formats.md lists those that are)",
    };
    let name = node.operator;
    match is_default_domain(node.domain) {
        true => format!("operator {name} is not supported{reason}"),
        false => format!("operator {name} of domain {:?} is not supported{reason}", node.domain),
    }
}

/// What the node computes; none for a result that is not read.
pub(super) fn apply(
    operator: &Operator,
    operation: &Operation,
    program: &mut Program,
) -> Result<Vec<Option<Tensor>>, String> {
    match operator.apply {
        Apply::One(compute) => Ok(vec![Some(compute(operation, program)?)]),
        Apply::Many(compute) => Ok(compute(operation, program)?.into_iter().map(Some).collect()),
        Apply::Second(compute) => Ok(vec![None, Some(compute(operation, program)?)]),
        Apply::Walk => Err(format!("operator {} is not supported here", operator.name)),
    }
}

/// The number that the bits of a 32-bit float denote.
pub(super) fn single(bits: u32) -> Result<Scalar, String> {
    Scalar::from_float_bits(u64::from(bits), FloatFormat::SINGLE).map_err(|error| error.to_string())
}

pub(super) fn integer(value: i64) -> Scalar {
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

    /// Integers that are an input in later operator sets and were an attribute before.
    pub fn integers_of(&self, index: usize, name: &str) -> Result<Option<Vec<i64>>, String> {
        match self.integer_input(index, name)? {
            Some(values) => Ok(Some(values)),
            None => self.integers(name),
        }
    }

    fn attribute(&self, name: &str) -> Option<&Attribute<'_>> {
        self.node.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The attribute, once its declared type is right, which files of the first format version leave out.
    pub fn typed(&self, name: &str, kind: i64) -> Result<Option<&Attribute<'_>>, String> {
        let Some(attribute) = self.attribute(name) else { return Ok(None) };
        if attribute.kind != 0 && attribute.kind != kind {
            let found = attribute.kind;
            return Err(format!("attribute {name:?}: expected type {kind}, found type {found}"));
        }
        Ok(Some(attribute))
    }

    /// A float attribute; `default` is the integer it is otherwise.
    pub fn float(&self, name: &str, default: i64) -> Result<Scalar, String> {
        match self.typed(name, 1)? {
            None => Ok(integer(default)),
            Some(attribute) => single(attribute.float_bits.unwrap_or(0))
                .map_err(|reason| format!("attribute {name:?}: {reason}")),
        }
    }

    /// Whether a float attribute is plus or minus infinity.
    pub fn is_infinite(&self, name: &str) -> bool {
        let bits = self.attribute(name).and_then(|attribute| attribute.float_bits);
        bits.is_some_and(|bits| bits & 0x7fff_ffff == 0x7f80_0000)
    }

    /// Whether a float attribute is there and NaN.
    pub fn is_nan(&self, name: &str) -> bool {
        let bits = self.attribute(name).and_then(|attribute| attribute.float_bits);
        bits.is_some_and(|bits| bits & 0x7fff_ffff > 0x7f80_0000)
    }

    /// An attribute that is a list of floats, if there is one.
    pub fn floats(&self, name: &str) -> Result<Option<Vec<Scalar>>, String> {
        let Some(attribute) = self.typed(name, 6)? else { return Ok(None) };
        let values: Result<_, String> = attribute.floats.iter().map(|&bits| single(bits)).collect();
        values.map(Some).map_err(|reason| format!("attribute {name:?}: {reason}"))
    }

    /// An integer attribute.
    pub fn integer(&self, name: &str, default: i64) -> Result<i64, String> {
        Ok(self.typed(name, 2)?.map_or(default, |attribute| attribute.integer.unwrap_or(0)))
    }

    /// An attribute that is a list of integers, if there is one.
    pub fn integers(&self, name: &str) -> Result<Option<Vec<i64>>, String> {
        Ok(self.typed(name, 7)?.map(|attribute| attribute.integers.clone()))
    }

    /// An attribute that is text, if there is one.
    pub fn text(&self, name: &str) -> Result<Option<&[u8]>, String> {
        Ok(self.typed(name, 3)?.map(|attribute| attribute.text.unwrap_or_default()))
    }

    /// The length of an attribute that is a list of texts; 0 where there is none.
    pub fn texts(&self, name: &str) -> Result<usize, String> {
        Ok(self.typed(name, 8)?.map_or(0, |attribute| attribute.texts))
    }

    /// Whether the node has the attribute.
    pub fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }
}
