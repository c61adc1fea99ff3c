//! Writes ONNX models byte by byte, for tests of the reader.

#![allow(dead_code)]

use std::path::PathBuf;

use foldline_formats::{FormatError, LoadedNetwork, NetworkOptions, parse_network};
use foldline_kernel::Rational;
use foldline_kernel::number::parse_rational;

/// Protobuf bytes under construction.
#[derive(Debug, Clone, Default)]
pub struct Writer(pub Vec<u8>);

impl Writer {
    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    pub fn varint(mut self, field: u64, value: i64) -> Self {
        self.raw_varint(field << 3);
        self.raw_varint(value as u64);
        self
    }

    pub fn bytes(mut self, field: u64, content: &[u8]) -> Self {
        self.raw_varint(field << 3 | 2);
        self.raw_varint(content.len() as u64);
        self.0.extend_from_slice(content);
        self
    }

    pub fn text(self, field: u64, content: &str) -> Self {
        self.bytes(field, content.as_bytes())
    }

    pub fn message(self, field: u64, content: Writer) -> Self {
        self.bytes(field, &content.0)
    }

    pub fn float(mut self, field: u64, value: f32) -> Self {
        self.raw_varint(field << 3 | 5);
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }
}

/// A FLOAT tensor with raw data.
pub fn floats(name: &str, shape: &[i64], values: &[f32]) -> Writer {
    let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    tensor(name, shape, 1).bytes(9, &raw)
}

/// An INT64 tensor with typed data.
pub fn integers(name: &str, values: &[i64]) -> Writer {
    let start = tensor(name, &[values.len() as i64], 7);
    values.iter().fold(start, |writer, &value| writer.varint(7, value))
}

/// A tensor without data.
pub fn tensor(name: &str, shape: &[i64], data_type: i64) -> Writer {
    let start = shape.iter().fold(Writer::default(), |writer, &size| writer.varint(1, size));
    start.varint(2, data_type).text(8, name)
}

/// A graph input or output; −1 stands for a symbolic dimension.
pub fn value(name: &str, data_type: i64, shape: &[i64]) -> Writer {
    let shape = shape.iter().fold(Writer::default(), |writer, &size| {
        let dimension = Writer::default();
        let dimension = if size < 0 { dimension.text(2, "n") } else { dimension.varint(1, size) };
        writer.message(1, dimension)
    });
    let tensor_type = Writer::default().varint(1, data_type).message(2, shape);
    Writer::default().text(1, name).message(2, Writer::default().message(1, tensor_type))
}

/// A node with one output.
pub fn node(operator: &str, inputs: &[&str], output: &str, attributes: &[Writer]) -> Writer {
    let start = inputs.iter().fold(Writer::default(), |writer, input| writer.text(1, input));
    let start = start.text(2, output).text(3, &format!("{output}_node")).text(4, operator);
    attributes.iter().fold(start, |writer, attribute| writer.message(5, attribute.clone()))
}

pub fn int_attribute(name: &str, value: i64) -> Writer {
    Writer::default().text(1, name).varint(3, value).varint(20, 2)
}

pub fn ints_attribute(name: &str, values: &[i64]) -> Writer {
    let start = Writer::default().text(1, name);
    values.iter().fold(start, |writer, &value| writer.varint(8, value)).varint(20, 7)
}

pub fn float_attribute(name: &str, value: f32) -> Writer {
    Writer::default().text(1, name).float(2, value).varint(20, 1)
}

pub fn floats_attribute(name: &str, values: &[f32]) -> Writer {
    let start = Writer::default().text(1, name);
    values.iter().fold(start, |writer, &value| writer.float(7, value)).varint(20, 6)
}

pub fn text_attribute(name: &str, value: &str) -> Writer {
    Writer::default().text(1, name).text(4, value).varint(20, 3)
}

pub fn tensor_attribute(name: &str, value: Writer) -> Writer {
    Writer::default().text(1, name).message(5, value).varint(20, 4)
}

/// A model under construction.
#[derive(Debug, Clone)]
pub struct Model {
    pub nodes: Vec<Writer>,
    pub initializers: Vec<Writer>,
    pub inputs: Vec<Writer>,
    pub outputs: Vec<Writer>,
    pub operator_sets: Vec<(&'static str, i64)>,
}

impl Model {
    /// A model from `x` to `y`, FLOAT, in operator set 13.
    pub fn new(input: &[i64], output: &[i64]) -> Self {
        Self {
            nodes: vec![],
            initializers: vec![],
            inputs: vec![value("x", 1, input)],
            outputs: vec![value("y", 1, output)],
            operator_sets: vec![("", 13)],
        }
    }

    pub fn node(self, operator: &str, inputs: &[&str], output: &str) -> Self {
        self.node_with(operator, inputs, output, &[])
    }

    pub fn node_with(
        mut self,
        operator: &str,
        inputs: &[&str],
        output: &str,
        attributes: &[Writer],
    ) -> Self {
        self.nodes.push(node(operator, inputs, output, attributes));
        self
    }

    pub fn constant(mut self, tensor: Writer) -> Self {
        self.initializers.push(tensor);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let add = |field: u64| {
            move |writer: Writer, content: &Writer| writer.message(field, content.clone())
        };
        let graph = self.nodes.iter().fold(Writer::default(), add(1)).text(2, "graph");
        let graph = self.initializers.iter().fold(graph, add(5));
        let graph = self.outputs.iter().fold(self.inputs.iter().fold(graph, add(11)), add(12));
        let model = Writer::default().varint(1, 8).text(2, "test").message(7, graph);
        let model = self.operator_sets.iter().fold(model, |writer, (domain, version)| {
            writer.message(8, Writer::default().text(1, domain).varint(2, *version))
        });
        model.0
    }

    pub fn read(&self) -> Result<LoadedNetwork, FormatError> {
        parse_network("test.onnx", &self.bytes(), &NetworkOptions::default())
    }
}

/// A model with most operators, for corruption tests: 4 inputs, a skip, two outputs.
pub fn rich_model() -> Model {
    let weights: Vec<f32> = (0..12).map(|i| i as f32 * 0.1 - 0.55).collect();
    let mut double = integers("shape", &[1, -1]);
    double = double.text(12, "documentation");
    Model::new(&[-1, 2, 2], &[-1, 2])
        .constant(floats("w", &[4, 3], &weights))
        .constant(floats("b", &[3], &[0.5, -0.5, 0.0]))
        .constant(floats("v", &[2, 3], &weights[..6]))
        .constant(floats("s", &[1], &[0.7]))
        .constant(double)
        .node("Reshape", &["x", "shape"], "flat")
        .node("MatMul", &["flat", "w"], "a")
        .node("Add", &["a", "b"], "z")
        .node("Relu", &["z"], "r")
        .node("Sub", &["r", "z"], "d")
        .node("Abs", &["d"], "p")
        .node_with(
            "Gemm",
            &["p", "v"],
            "g",
            &[int_attribute("transB", 1), float_attribute("alpha", 0.3)],
        )
        .node("Mul", &["g", "s"], "y")
}

/// A model with windows, choices and made constants, for corruption tests: 16 inputs, two outputs.
pub fn window_model() -> Model {
    let weights: Vec<f32> = (0..16).map(|i| i as f32 * 0.1 - 0.55).collect();
    let mut model = Model::new(&[1, 1, 4, 4], &[1, 6])
        .constant(floats("k", &[2, 1, 2, 2], &weights[..8]))
        .constant(integers("pads", &[0, 0, 0, 1, 0, 0, 0, 0]))
        .constant(integers("sizes", &[1, 2, 3, 3]))
        .constant(integers("wide", &[1, 2]))
        .constant(floats("w", &[18, 6], &[0.25; 108]))
        .constant(floats("low", &[], &[0.]))
        .node_with("Conv", &["x", "k"], "c", &[ints_attribute("strides", &[2, 1])])
        .node("Relu", &["c"], "r")
        .node("Pad", &["r", "pads"], "p")
        .node_with("MaxPool", &["p"], "m", &[ints_attribute("kernel_shape", &[2, 2])])
        .node_with(
            "AveragePool",
            &["p"],
            "a",
            &[ints_attribute("kernel_shape", &[2, 2]), int_attribute("count_include_pad", 1)],
        )
        .node("Max", &["m", "a"], "b")
        .node("Greater", &["b", "low"], "g")
        .node("Where", &["g", "b", "low"], "h")
        .node("Resize", &["h", "", "", "sizes"], "s")
        .node_with("Transpose", &["s"], "t", &[ints_attribute("perm", &[0, 2, 3, 1])])
        .node_with("Flatten", &["t"], "f", &[int_attribute("axis", 1)])
        .node_with("Einsum", &["f", "w"], "e", &[text_attribute("equation", "ij,jk->ik")])
        .node("Clip", &["e", "low"], "y")
        .node("ConstantOfShape", &["wide"], "z");
    let split = Writer::default().text(1, "e").text(2, "left").text(2, "right").text(4, "Split");
    model.nodes.push(split.message(5, int_attribute("axis", 1)));
    model.nodes.push(node("ReduceMean", &["left"], "v", &[ints_attribute("axes", &[1])]));
    model.nodes.push(node("Tile", &["v", "wide"], "tiled", &[]));
    model.nodes.push(node("Add", &["tiled", "z"], "u", &[]));
    model.outputs.push(value("u", 1, &[1, 2]));
    model
}

/// The exact value at a point, both as decimals or fractions.
pub fn evaluate(loaded: &LoadedNetwork, point: &[&str]) -> Vec<String> {
    let point: Vec<Rational> = point.iter().map(|token| parse_rational(token).unwrap()).collect();
    loaded.network.evaluate(&point).output.iter().map(Rational::to_string).collect()
}

/// The folder of shared test data beside the workspace, if it is there.
pub fn shared_data() -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    folder.is_dir().then_some(folder)
}

/// Asserts that reading failed, at a place and with a message that contain the given words.
pub fn assert_error(result: Result<LoadedNetwork, FormatError>, place: &str, message: &str) {
    match result {
        Ok(_) => panic!("read without error, expected {place:?}: {message:?}"),
        Err(error) => {
            assert!(error.place.contains(place), "place {place:?} expected in: {error}");
            assert!(error.message.contains(message), "message {message:?} expected in: {error}");
        }
    }
}
