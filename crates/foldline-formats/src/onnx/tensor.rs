//! Tensors while a graph is read: constants as their non-zero elements, computed ones as forms.

use std::borrow::Cow;

use super::messages;
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Form, Scalar};

/// The most elements a computed tensor may have.
pub(crate) const LARGEST_COMPUTED: usize = 1 << 20;
/// The most elements a constant may have.
pub(crate) const LARGEST_CONSTANT: usize = 1 << 28;

/// The element types read, by their ONNX names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Float(FloatFormat),
    Int32,
    Int64,
    Bool,
}

impl Element {
    /// The element type with ONNX's number `code`; else what is wrong with it.
    pub fn from_code(code: i64) -> Result<Self, String> {
        Ok(match code {
            1 => Self::Float(FloatFormat::SINGLE),
            10 => Self::Float(FloatFormat::HALF),
            11 => Self::Float(FloatFormat::DOUBLE),
            16 => Self::Float(FloatFormat::BRAIN),
            6 => Self::Int32,
            7 => Self::Int64,
            9 => Self::Bool,
            0 => return Err("the element type is missing".to_owned()),
            _ => {
                return Err(format!(
                    "element type {code} is not supported \
                     (expected FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT32, INT64 or BOOL)"
                ));
            }
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Float(FloatFormat::SINGLE) => "FLOAT",
            Self::Float(FloatFormat::DOUBLE) => "DOUBLE",
            Self::Float(FloatFormat::HALF) => "FLOAT16",
            Self::Float(_) => "BFLOAT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Bool => "BOOL",
        }
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// Bytes an element takes in `raw_data`.
    fn width(self) -> usize {
        match self {
            Self::Float(format) => (1 + format.exponent_bits + format.fraction_bits) as usize / 8,
            Self::Int32 => 4,
            Self::Int64 => 8,
            Self::Bool => 1,
        }
    }
}

/// A tensor's elements.
#[derive(Debug, Clone)]
pub(crate) enum Elements {
    /// The non-zero elements with their row-by-row positions, increasing.
    Constant(Vec<(usize, Scalar)>),
    /// An affine form an element, row by row.
    Computed(Vec<Form>),
}

/// A tensor of a graph.
#[derive(Debug, Clone)]
pub(crate) struct Tensor {
    pub shape: Vec<usize>,
    pub element: Element,
    pub elements: Elements,
}

/// The number of elements of a shape, if it is at most `limit`; sizes of zero are no licence for
/// the others to be huge.
pub(crate) fn count_within(shape: &[usize], limit: usize) -> Option<usize> {
    let count = shape.iter().try_fold(1usize, |count, &size| count.checked_mul(size.max(1)))?;
    (count <= limit).then_some(if shape.contains(&0) { 0 } else { count })
}

/// A shape as messages show it.
pub(crate) fn show_shape(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    format!("[{}]", sizes.join(", "))
}

impl Tensor {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match &self.elements {
            Elements::Computed(forms) => forms.len(),
            Elements::Constant(_) => self.shape.iter().product(),
        }
    }

    /// What the tensor takes in memory, in stored numbers.
    pub fn weight(&self) -> usize {
        match &self.elements {
            Elements::Constant(entries) => entries.len(),
            Elements::Computed(forms) => forms.iter().map(|form| 1 + form.terms.len()).sum(),
        }
    }

    /// The non-zero elements, if the tensor is a constant.
    pub fn constant(&self) -> Option<&[(usize, Scalar)]> {
        match &self.elements {
            Elements::Constant(entries) => Some(entries),
            Elements::Computed(_) => None,
        }
    }

    /// The elements as forms.
    pub fn forms(&self) -> Cow<'_, [Form]> {
        match &self.elements {
            Elements::Computed(forms) => Cow::Borrowed(forms),
            Elements::Constant(entries) => {
                let mut forms = vec![Form::constant(Scalar::ZERO); self.len()];
                for (position, value) in entries {
                    forms[*position].constant = value.clone();
                }
                Cow::Owned(forms)
            }
        }
    }

    /// The elements of a constant integer tensor.
    pub fn integers(&self) -> Option<Vec<i64>> {
        if !matches!(self.element, Element::Int32 | Element::Int64 | Element::Bool) {
            return None;
        }
        let mut values = vec![0; self.len()];
        for (position, value) in self.constant()? {
            let Scalar::Dyadic { significand, exponent } = value else { return None };
            let value = significand.checked_shl(exponent.unsigned_abs())?;
            values[*position] = i64::try_from(value).ok()?;
        }
        Some(values)
    }

    /// Decodes a tensor stored in the file; the error names the element where there is one.
    pub fn decode(stored: &messages::Tensor) -> Result<Self, String> {
        let element = Element::from_code(stored.data_type)?;
        if stored.is_external {
            return Err(
                "its data are in another file: save the model with its weights inside".into()
            );
        }
        if stored.is_exotic {
            return Err("its data are segmented or of a type that does not fit".to_owned());
        }
        let shape: Option<Vec<usize>> =
            stored.dimensions.iter().map(|&size| usize::try_from(size).ok()).collect();
        let count = shape.as_ref().and_then(|shape| count_within(shape, LARGEST_CONSTANT));
        let (Some(shape), Some(count)) = (shape, count) else {
            let message = "are negative or have too many elements";
            return Err(format!("its dimensions {:?} {message}", stored.dimensions));
        };
        let bits = stored_bits(stored, element)?;
        if bits.len() != count {
            let shape = show_shape(&shape);
            return Err(format!(
                "expected {count} elements for shape {shape}, found {}",
                bits.len()
            ));
        }
        let mut entries = Vec::new();
        for (position, bits) in bits.iter().enumerate() {
            let value = element_value(bits, element).map_err(|reason| {
                format!("element {}: {reason}", show_position(&shape, position))
            })?;
            if !value.is_zero() {
                entries.push((position, value));
            }
        }
        Ok(Self { shape, element, elements: Elements::Constant(entries) })
    }
}

/// The multi-index of a row-by-row position, as messages show it.
pub(crate) fn show_position(shape: &[usize], mut position: usize) -> String {
    let mut indices = vec![0; shape.len()];
    for (index, &size) in indices.iter_mut().zip(shape).rev() {
        *index = position % size.max(1);
        position /= size.max(1);
    }
    show_shape(&indices)
}

/// The stored elements' bits, wherever the tensor keeps them.
enum Bits<'a> {
    Raw(&'a [u8], usize),
    Floats(&'a [u32]),
    Doubles(&'a [u64]),
    Integers(&'a [i64]),
}

impl Bits<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Raw(bytes, width) => bytes.len() / width,
            Self::Floats(values) => values.len(),
            Self::Doubles(values) => values.len(),
            Self::Integers(values) => values.len(),
        }
    }

    /// The elements; raw ones are little-endian and filled up with zero bits.
    fn iter(&self) -> Box<dyn Iterator<Item = u64> + '_> {
        match self {
            Self::Raw(bytes, width) => Box::new(bytes.chunks_exact(*width).map(|chunk| {
                chunk.iter().rev().fold(0, |bits, &byte| bits << 8 | u64::from(byte))
            })),
            Self::Floats(values) => Box::new(values.iter().map(|&bits| u64::from(bits))),
            Self::Doubles(values) => Box::new(values.iter().copied()),
            Self::Integers(values) => Box::new(values.iter().map(|&value| value as u64)),
        }
    }
}

/// Finds the one field that holds the data.
fn stored_bits<'a>(stored: &'a messages::Tensor, element: Element) -> Result<Bits<'a>, String> {
    let typed = match element {
        Element::Float(FloatFormat::SINGLE) => Bits::Floats(&stored.floats),
        Element::Float(FloatFormat::DOUBLE) => Bits::Doubles(&stored.doubles),
        Element::Int64 => Bits::Integers(&stored.int64s),
        _ => Bits::Integers(&stored.int32s),
    };
    let all_typed =
        stored.floats.len() + stored.doubles.len() + stored.int32s.len() + stored.int64s.len();
    if all_typed != typed.len() || stored.raw.is_some_and(|raw| !raw.is_empty() && all_typed > 0) {
        return Err(format!("its data are not all in the field for {}", element.name()));
    }
    match stored.raw {
        Some(raw) if all_typed == 0 => {
            if !raw.len().is_multiple_of(element.width()) {
                let (found, width) = (raw.len(), element.width());
                return Err(format!("{found} bytes of raw data are no multiple of {width}"));
            }
            Ok(Bits::Raw(raw, element.width()))
        }
        _ => Ok(typed),
    }
}

/// The number that an element's stored bits denote.
fn element_value(bits: u64, element: Element) -> Result<Scalar, String> {
    let integer = |value: i64| Scalar::dyadic(i128::from(value), 0);
    match element {
        Element::Float(format) => {
            let width = 1 + format.exponent_bits + format.fraction_bits;
            if width < 64 && bits >> width != 0 {
                return Err(format!("{bits:#x} has more than {width} bits"));
            }
            Scalar::from_float_bits(bits, format).map_err(|error| error.to_string())
        }
        Element::Int64 => Ok(integer(bits as i64)),
        // Raw data hold 32 bits, the typed field a sign-extended 64-bit varint.
        Element::Int32 => Ok(integer(i64::from(bits as u32 as i32))),
        Element::Bool => Ok(integer(i64::from(bits != 0))),
    }
}
