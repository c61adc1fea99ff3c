//! The messages of an ONNX file that foldline reads: model, graph, node, attribute, tensor, value.
//!
//! A field that may occur once must not occur twice, though protobuf would merge or overwrite it:
//! readers differ in what they make of that, so no believable file does it.

use std::collections::HashSet;

use super::wire::{Field, Message, WireError};

/// How deep graphs may be nested in each other's nodes.
const DEEPEST_GRAPH: usize = 16;

/// ModelProto.
#[derive(Debug, Default)]
pub(crate) struct Model<'a> {
    pub graph: Option<Graph<'a>>,
    /// Pairs (domain, version).
    pub operator_sets: Vec<(&'a str, i64)>,
    pub functions: Vec<Function<'a>>,
}

/// FunctionProto: an operator that the file itself defines.
#[derive(Debug, Default)]
pub(crate) struct Function<'a> {
    pub name: &'a str,
    pub domain: &'a str,
    /// Which overload it is; most files have none.
    pub overload: &'a str,
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    /// The attributes with defaults; those without need not be known.
    pub defaults: Vec<Attribute<'a>>,
    pub nodes: Vec<Node<'a>>,
    pub operator_sets: Vec<(&'a str, i64)>,
}

/// GraphProto.
#[derive(Debug, Default, Clone)]
pub(crate) struct Graph<'a> {
    pub nodes: Vec<Node<'a>>,
    pub initializers: Vec<Tensor<'a>>,
    pub inputs: Vec<Value<'a>>,
    pub outputs: Vec<Value<'a>>,
    pub sparse_initializers: usize,
}

/// NodeProto.
#[derive(Debug, Default, Clone)]
pub(crate) struct Node<'a> {
    pub inputs: Vec<&'a str>,
    pub outputs: Vec<&'a str>,
    pub name: &'a str,
    pub operator: &'a str,
    pub domain: &'a str,
    pub overload: &'a str,
    pub attributes: Vec<Attribute<'a>>,
    /// What its subgraphs read from around them.
    pub captured: Vec<&'a str>,
}

/// AttributeProto, with the field that holds its value.
#[derive(Debug, Default, Clone)]
pub(crate) struct Attribute<'a> {
    pub name: &'a str,
    /// The declared type, 0 where absent.
    pub kind: i64,
    pub float_bits: Option<u32>,
    pub integer: Option<i64>,
    pub text: Option<&'a [u8]>,
    pub tensor: Option<Tensor<'a>>,
    pub floats: Vec<u32>,
    pub integers: Vec<i64>,
    /// How many texts its list has.
    pub texts: usize,
    pub graph: Option<Graph<'a>>,
    /// Inside of a function: the function's attribute that this one is equal to.
    pub reference: Option<&'a str>,
}

/// TensorProto.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tensor<'a> {
    pub name: &'a str,
    pub dimensions: Vec<i64>,
    pub data_type: i64,
    pub raw: Option<&'a [u8]>,
    pub floats: Vec<u32>,
    pub doubles: Vec<u64>,
    pub int32s: Vec<i64>,
    pub int64s: Vec<i64>,
    /// Whether the data are in another file.
    pub is_external: bool,
    /// Where in which file: pairs of key and value.
    pub external: Vec<(&'a str, &'a str)>,
    /// Whether the data are in a segment or are strings or unsigned 64-bit integers.
    pub is_exotic: bool,
    /// Offset of the tensor in the file.
    pub offset: usize,
}

/// ValueInfoProto of a graph input or output.
#[derive(Debug, Default, Clone)]
pub(crate) struct Value<'a> {
    pub name: &'a str,
    /// The element type of its tensor type; 0 where absent.
    pub element_type: i64,
    /// The dimensions, where a shape is given.
    pub shape: Option<Vec<Dimension<'a>>>,
}

/// A dimension of a declared shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dimension<'a> {
    Fixed(i64),
    Symbolic(&'a str),
}

impl std::fmt::Display for Dimension<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Fixed(size) => write!(formatter, "{size}"),
            Self::Symbolic("") => write!(formatter, "?"),
            Self::Symbolic(name) => write!(formatter, "{name:?}"),
        }
    }
}

/// Sets a field that may occur once.
fn once<T>(slot: &mut Option<T>, field: &Field, value: T) -> Result<(), WireError> {
    if slot.replace(value).is_some() {
        let message = format!("field {} occurs twice, expected once", field.number);
        return Err(WireError { offset: field.offset, message });
    }
    Ok(())
}

impl<'a> Model<'a> {
    pub fn parse(message: Message<'a>) -> Result<Self, WireError> {
        let mut model = Self::default();
        let mut ir_version = None;
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => once(&mut ir_version, &field, field.integer()?)?,
                7 => once(&mut model.graph, &field, Graph::parse(field.message()?, 0)?)?,
                8 => model.operator_sets.push(parse_operator_set(field.message()?)?),
                25 => model.functions.push(Function::parse(field.message()?)?),
                _ => {}
            }
        }
        Ok(model)
    }
}

fn parse_operator_set<'a>(message: Message<'a>) -> Result<(&'a str, i64), WireError> {
    let (mut domain, mut version) = (None, None);
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => once(&mut domain, &field, field.text()?)?,
            2 => once(&mut version, &field, field.integer()?)?,
            _ => {}
        }
    }
    Ok((domain.unwrap_or_default(), version.unwrap_or_default()))
}

impl<'a> Function<'a> {
    fn parse(message: Message<'a>) -> Result<Self, WireError> {
        let mut function = Self::default();
        let (mut name, mut domain, mut overload) = (None, None, None);
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => once(&mut name, &field, field.text()?)?,
                4 => function.inputs.push(field.text()?),
                5 => function.outputs.push(field.text()?),
                7 => function.nodes.push(Node::parse(field.message()?, 0)?),
                9 => function.operator_sets.push(parse_operator_set(field.message()?)?),
                10 => once(&mut domain, &field, field.text()?)?,
                11 => function.defaults.push(Attribute::parse(field.message()?, 0)?),
                13 => once(&mut overload, &field, field.text()?)?,
                _ => {}
            }
        }
        function.name = name.unwrap_or_default();
        function.domain = domain.unwrap_or_default();
        function.overload = overload.unwrap_or_default();
        Ok(function)
    }
}

impl<'a> Graph<'a> {
    /// A graph that is nested in `depth` others.
    fn parse(message: Message<'a>, depth: usize) -> Result<Self, WireError> {
        // Each level of nesting is one of the stack, too.
        if depth > DEEPEST_GRAPH {
            let message_text = format!("graphs are nested more than {DEEPEST_GRAPH} deep");
            return Err(WireError { offset: message.offset, message: message_text });
        }
        let mut graph = Self::default();
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => graph.nodes.push(Node::parse(field.message()?, depth)?),
                5 => graph.initializers.push(Tensor::parse(field.message()?)?),
                11 => graph.inputs.push(Value::parse(field.message()?)?),
                12 => graph.outputs.push(Value::parse(field.message()?)?),
                15 => graph.sparse_initializers += 1,
                _ => {}
            }
        }
        Ok(graph)
    }
}

impl<'a> Graph<'a> {
    /// The names that it reads and does not define, its own inputs included.
    fn free_names(&self) -> impl Iterator<Item = &'a str> {
        let defined: HashSet<&str> = self
            .nodes
            .iter()
            .flat_map(|node| node.outputs.iter().copied())
            .chain(self.initializers.iter().map(|tensor| tensor.name))
            .collect();
        let read =
            self.nodes.iter().flat_map(|node| node.inputs.iter().chain(&node.captured).copied());
        let names: Vec<&str> = read.chain(self.outputs.iter().map(|output| output.name)).collect();
        names.into_iter().filter(move |name| !name.is_empty() && !defined.contains(name))
    }
}

impl<'a> Node<'a> {
    fn parse(message: Message<'a>, depth: usize) -> Result<Self, WireError> {
        let mut node = Self::default();
        let (mut name, mut operator, mut domain, mut overload) = (None, None, None, None);
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => node.inputs.push(field.text()?),
                2 => node.outputs.push(field.text()?),
                3 => once(&mut name, &field, field.text()?)?,
                4 => once(&mut operator, &field, field.text()?)?,
                5 => node.attributes.push(Attribute::parse(field.message()?, depth)?),
                7 => once(&mut domain, &field, field.text()?)?,
                8 => once(&mut overload, &field, field.text()?)?,
                _ => {}
            }
        }
        let graphs = node.attributes.iter().filter_map(|attribute| attribute.graph.as_ref());
        node.captured = graphs.flat_map(Graph::free_names).collect();
        node.overload = overload.unwrap_or_default();
        node.name = name.unwrap_or_default();
        node.operator = operator.unwrap_or_default();
        node.domain = domain.unwrap_or_default();
        Ok(node)
    }
}

impl<'a> Attribute<'a> {
    fn parse(message: Message<'a>, depth: usize) -> Result<Self, WireError> {
        let mut attribute = Self::default();
        let (mut name, mut kind) = (None, None);
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => once(&mut name, &field, field.text()?)?,
                2 => once(&mut attribute.float_bits, &field, field.float_bits()?)?,
                3 => once(&mut attribute.integer, &field, field.integer()?)?,
                4 => once(&mut attribute.text, &field, field.message()?.bytes)?,
                5 => once(&mut attribute.tensor, &field, Tensor::parse(field.message()?)?)?,
                6 => {
                    once(&mut attribute.graph, &field, Graph::parse(field.message()?, depth + 1)?)?
                }
                7 => field.floats(&mut attribute.floats)?,
                8 => field.integers(&mut attribute.integers)?,
                9 => attribute.texts += usize::from(field.message().is_ok()),
                20 => once(&mut kind, &field, field.integer()?)?,
                21 => once(&mut attribute.reference, &field, field.text()?)?,
                _ => {}
            }
        }
        attribute.name = name.unwrap_or_default();
        attribute.kind = kind.unwrap_or_default();
        Ok(attribute)
    }
}

impl<'a> Tensor<'a> {
    fn parse(message: Message<'a>) -> Result<Self, WireError> {
        let mut tensor = Self { offset: message.offset, ..Self::default() };
        let (mut name, mut data_type, mut location) = (None, None, None);
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => field.integers(&mut tensor.dimensions)?,
                2 => once(&mut data_type, &field, field.integer()?)?,
                4 => field.floats(&mut tensor.floats)?,
                5 => field.integers(&mut tensor.int32s)?,
                7 => field.integers(&mut tensor.int64s)?,
                8 => once(&mut name, &field, field.text()?)?,
                9 => once(&mut tensor.raw, &field, field.message()?.bytes)?,
                10 => field.doubles(&mut tensor.doubles)?,
                13 => {
                    tensor.is_external = true;
                    tensor.external.push(parse_entry(field.message()?)?);
                }
                14 => once(&mut location, &field, field.integer()?)?,
                3 | 6 | 11 => tensor.is_exotic = true,
                _ => {}
            }
        }
        tensor.name = name.unwrap_or_default();
        tensor.data_type = data_type.unwrap_or_default();
        tensor.is_external |= location.unwrap_or_default() != 0;
        Ok(tensor)
    }
}

/// StringStringEntryProto: a key and its value.
fn parse_entry<'a>(message: Message<'a>) -> Result<(&'a str, &'a str), WireError> {
    let (mut key, mut value) = (None, None);
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => once(&mut key, &field, field.text()?)?,
            2 => once(&mut value, &field, field.text()?)?,
            _ => {}
        }
    }
    Ok((key.unwrap_or_default(), value.unwrap_or_default()))
}

impl<'a> Value<'a> {
    fn parse(message: Message<'a>) -> Result<Self, WireError> {
        let mut value = Self::default();
        let (mut name, mut kind) = (None, None);
        for field in message.fields() {
            let field = field?;
            match field.number {
                1 => once(&mut name, &field, field.text()?)?,
                2 => once(&mut kind, &field, field.message()?)?,
                _ => {}
            }
        }
        value.name = name.unwrap_or_default();
        if let Some(kind) = kind {
            value.parse_type(kind)?;
        }
        Ok(value)
    }

    /// TypeProto, of which only a tensor type (field 1) is read.
    fn parse_type(&mut self, message: Message<'a>) -> Result<(), WireError> {
        let mut tensor_type = None;
        for field in message.fields() {
            let field = field?;
            if field.number == 1 {
                once(&mut tensor_type, &field, field.message()?)?;
            }
        }
        let (mut element_type, mut shape) = (None, None);
        for field in tensor_type.iter().flat_map(|message| message.fields()) {
            let field = field?;
            match field.number {
                1 => once(&mut element_type, &field, field.integer()?)?,
                2 => once(&mut shape, &field, parse_shape(field.message()?)?)?,
                _ => {}
            }
        }
        self.element_type = element_type.unwrap_or_default();
        self.shape = shape;
        Ok(())
    }
}

/// TensorShapeProto.
fn parse_shape<'a>(message: Message<'a>) -> Result<Vec<Dimension<'a>>, WireError> {
    let mut shape = Vec::new();
    for field in message.fields() {
        let field = field?;
        if field.number == 1 {
            shape.push(parse_dimension(field.message()?)?);
        }
    }
    Ok(shape)
}

/// A dimension: a number, a name, or neither, which is as good as a name.
fn parse_dimension<'a>(message: Message<'a>) -> Result<Dimension<'a>, WireError> {
    let mut dimension = None;
    for field in message.fields() {
        let field = field?;
        match field.number {
            1 => once(&mut dimension, &field, Dimension::Fixed(field.integer()?))?,
            2 => once(&mut dimension, &field, Dimension::Symbolic(field.text()?))?,
            _ => {}
        }
    }
    Ok(dimension.unwrap_or(Dimension::Symbolic("")))
}
