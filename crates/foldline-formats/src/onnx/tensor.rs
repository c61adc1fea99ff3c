//! Tensors while a graph is read: constants as their non-zero elements, computed ones as forms.

use std::borrow::Cow;

use super::external::Folder;
use super::messages;
use crate::lowering::scalar::FloatFormat;
use crate::lowering::{Form, Scalar};

/// The most elements a computed tensor may have.
pub(crate) const LARGEST_COMPUTED: usize = 1 << 20;
/// The most elements a constant may have.
pub(crate) const LARGEST_CONSTANT: usize = 1 << 28;
/// The most weights a tensor's forms may have together.
pub(crate) const LARGEST_TERMS: usize = 1 << 24;

/// The element types read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Element {
    Float(FloatFormat),
    Integer(IntegerFormat),
    Bool,
}

/// An integer type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IntegerFormat {
    pub bits: u32,
    pub is_signed: bool,
}

impl IntegerFormat {
    /// The numbers of the type, from the least to the largest.
    pub fn range(self) -> std::ops::RangeInclusive<i128> {
        match self.is_signed {
            true => -(1 << (self.bits - 1))..=(1 << (self.bits - 1)) - 1,
            false => 0..=(1 << self.bits) - 1,
        }
    }
}

/// An integer type of so many bits.
const fn integer_type(bits: u32, is_signed: bool) -> Element {
    Element::Integer(IntegerFormat { bits, is_signed })
}

/// ONNX's numbers and names of the types that are read.
const ELEMENTS: [(i64, &str, Element); 11] = [
    (1, "FLOAT", Element::Float(FloatFormat::SINGLE)),
    (11, "DOUBLE", Element::Float(FloatFormat::DOUBLE)),
    (10, "FLOAT16", Element::Float(FloatFormat::HALF)),
    (16, "BFLOAT16", Element::Float(FloatFormat::BRAIN)),
    (2, "UINT8", integer_type(8, false)),
    (3, "INT8", integer_type(8, true)),
    (4, "UINT16", integer_type(16, false)),
    (5, "INT16", integer_type(16, true)),
    (6, "INT32", integer_type(32, true)),
    (7, "INT64", Element::INT64),
    (9, "BOOL", Element::Bool),
];

impl Element {
    pub const INT64: Self = integer_type(64, true);

    /// The element type with ONNX's number `code`; else what is wrong with it.
    pub fn from_code(code: i64) -> Result<Self, String> {
        if code == 0 {
            return Err("the element type is missing".to_owned());
        }
        let known = ELEMENTS.iter().find(|(number, _, _)| *number == code);
        known.map(|&(_, _, element)| element).ok_or_else(|| {
            let names: Vec<&str> = ELEMENTS.iter().map(|&(_, name, _)| name).collect();
            format!("element type {code} is not supported (expected one of {})", names.join(", "))
        })
    }

    /// The element type of that name, as the first operator sets give it.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        ELEMENTS.iter().find(|known| known.1.as_bytes() == name).map(|&(_, _, element)| element)
    }

    pub fn name(self) -> &'static str {
        ELEMENTS.iter().find(|(_, _, element)| *element == self).map_or("?", |&(_, name, _)| name)
    }

    pub fn is_float(self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// Bytes an element takes in `raw_data`.
    fn width(self) -> usize {
        match self {
            Self::Float(format) => (1 + format.exponent_bits + format.fraction_bits) as usize / 8,
            Self::Integer(format) => format.bits as usize / 8,
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
    ///
    /// Of type BOOL an element stands for `form > 0`. Where its form is no constant, what it is at `form = 0` is not
    /// known: only what does not depend on it may be made of it.
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

    /// A constant from all its elements, row by row.
    pub fn from_values(
        shape: Vec<usize>,
        element: Element,
        values: impl IntoIterator<Item = Scalar>,
    ) -> Self {
        let entries = values.into_iter().enumerate().filter(|(_, value)| !value.is_zero());
        Self { shape, element, elements: Elements::Constant(entries.collect()) }
    }

    /// A computed tensor; a constant where no form depends on the inputs.
    pub fn from_forms(shape: Vec<usize>, element: Element, forms: Vec<Form>) -> Self {
        if forms.iter().any(|form| !form.terms.is_empty()) {
            return Self { shape, element, elements: Elements::Computed(forms) };
        }
        let value = |form: Form| match element {
            Element::Bool if form.constant.is_negative() => Scalar::ZERO,
            Element::Bool if !form.constant.is_zero() => Scalar::ONE,
            _ => form.constant,
        };
        Self::from_values(shape, element, forms.into_iter().map(value))
    }

    /// All elements of a constant, row by row.
    pub fn values(&self) -> Option<Vec<Scalar>> {
        let mut values = vec![Scalar::ZERO; self.len()];
        for (position, value) in self.constant()? {
            values[*position] = value.clone();
        }
        Some(values)
    }

    /// The tensor whose elements are those at `sources`, and `fill` where there is none.
    pub fn picked(
        &self,
        shape: Vec<usize>,
        sources: &[Option<usize>],
        fill: &Scalar,
    ) -> Result<Self, String> {
        if count_within(&shape, LARGEST_COMPUTED).is_none() {
            return Err(format!("its result {} has too many elements", show_shape(&shape)));
        }
        match &self.elements {
            Elements::Constant(entries) => {
                let lookup = Lookup::new(entries, self.len());
                let value = |source: &Option<usize>| source.map_or(fill.clone(), |p| lookup.at(p));
                Ok(Self::from_values(shape, self.element, sources.iter().map(value)))
            }
            Elements::Computed(forms) => {
                check_terms(sources.iter().flatten().map(|&p| forms[p].terms.len()))?;
                let fill = Form::constant(fill.clone());
                let form = |source: &Option<usize>| source.map_or(&fill, |p| &forms[p]).clone();
                Ok(Self::from_forms(shape, self.element, sources.iter().map(form).collect()))
            }
        }
    }

    /// The elements of a constant integer tensor.
    pub fn integers(&self) -> Option<Vec<i64>> {
        if self.element.is_float() {
            return None;
        }
        self.values()?.iter().map(|value| i64::try_from(value.to_integer()?).ok()).collect()
    }

    /// Decodes a tensor stored in the file; the error names the element where there is one.
    pub fn decode(stored: &messages::Tensor, folder: &Folder) -> Result<Self, String> {
        let element = Element::from_code(stored.data_type)?;
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
        let external = match stored.is_external {
            true => Some(folder.read(&stored.external, count * element.width())?),
            false => None,
        };
        let bits = stored_bits(stored, external.as_deref(), element)?;
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
fn stored_bits<'a>(
    stored: &'a messages::Tensor,
    external: Option<&'a [u8]>,
    element: Element,
) -> Result<Bits<'a>, String> {
    let typed = match element {
        Element::Float(FloatFormat::SINGLE) => Bits::Floats(&stored.floats),
        Element::Float(FloatFormat::DOUBLE) => Bits::Doubles(&stored.doubles),
        Element::INT64 => Bits::Integers(&stored.int64s),
        _ => Bits::Integers(&stored.int32s),
    };
    let all_typed =
        stored.floats.len() + stored.doubles.len() + stored.int32s.len() + stored.int64s.len();
    let raw = external.or(stored.raw);
    let is_twice = external.is_some() && stored.raw.is_some_and(|raw| !raw.is_empty());
    if is_twice
        || all_typed != typed.len()
        || raw.is_some_and(|raw| !raw.is_empty() && all_typed > 0)
    {
        return Err(format!("its data are not all in the field for {}", element.name()));
    }
    match raw {
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
        // Raw data hold so many bits, the typed field a varint that is sign-extended to 64.
        Element::Integer(format) => {
            let unused = 64 - format.bits;
            let value = match format.is_signed {
                true => (bits << unused) as i64 >> unused,
                false => (bits << unused >> unused) as i64,
            };
            if value as u64 != bits && bits << unused >> unused != bits {
                return Err(format!("{} is no number of type {}", bits as i64, element.name()));
            }
            Ok(integer(value))
        }
        Element::Bool => Ok(integer(i64::from(bits != 0))),
    }
}

/// Finds elements of a constant by position.
pub(crate) struct Lookup<'a> {
    entries: &'a [(usize, Scalar)],
    is_dense: bool,
}

impl<'a> Lookup<'a> {
    pub fn new(entries: &'a [(usize, Scalar)], count: usize) -> Self {
        Self { entries, is_dense: entries.len() == count }
    }

    pub fn at(&self, position: usize) -> Scalar {
        let found = if self.is_dense {
            Ok(position)
        } else {
            self.entries.binary_search_by_key(&position, |&(position, _)| position)
        };
        found.map_or(Scalar::ZERO, |index| self.entries[index].1.clone())
    }
}

/// Refuses to produce more weights than a network may have.
pub(crate) fn check_terms(counts: impl Iterator<Item = usize>) -> Result<(), String> {
    let total = counts.fold(0usize, usize::saturating_add);
    if total > LARGEST_TERMS {
        return Err(format!("its result has more than {LARGEST_TERMS} weights"));
    }
    Ok(())
}
