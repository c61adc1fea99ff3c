//! Writes a network as an ONNX model of MatMul, Add and Relu with 32-bit floats, or not at all.

use foldline_kernel::number::{Rational, from_f32_bits};
use foldline_kernel::{Activation, Layer, Network};

use crate::error::FormatError;

/// ONNX's number for 32-bit floats.
const FLOAT: u64 = 1;

/// The version of ONNX's own format, and that of the operators; both old enough for every tool.
const IR_VERSION: u64 = 7;
const OPERATOR_SET: u64 = 13;

/// The bytes of an ONNX model `name` whose weights are exactly those of `network`.
///
/// Input `X` has shape [1, inputs], output `Y` has [1, outputs]. A layer is MatMul, Add (where
/// there is a bias) and Relu.
///
/// # Errors
/// If a number is not exactly a 32-bit float; the error names the first one.
pub fn write_onnx(name: &str, network: &Network) -> Result<Vec<u8>, FormatError> {
    let mut graph = Message::default();
    let mut tensors = Message::default();
    let mut value = "X".to_owned();
    let mut operators: Vec<(&str, Vec<String>, String)> = Vec::new();
    for (index, layer) in network.layers().iter().enumerate() {
        let place = |what: &str| format!("layers[{index}].{what}");
        let (weights, biases) = layer_bits(layer)
            .map_err(|(place_in, number)| inexact(name, &place(&place_in), &number))?;
        let (rows, columns) = (layer.inputs as u64, layer.rows.len() as u64);
        let mut step = |operator: &'static str, constant: Option<String>| {
            let inputs = [Some(value.clone()), constant].into_iter().flatten().collect();
            value = format!("{}_{index}", operator.to_lowercase());
            operators.push((operator, inputs, value.clone()));
        };
        step("MatMul", Some(format!("W{index}")));
        tensors.message(5, tensor(&format!("W{index}"), &[rows, columns], &weights));
        if biases.iter().any(|&bits| bits != 0) {
            step("Add", Some(format!("B{index}")));
            tensors.message(5, tensor(&format!("B{index}"), &[columns], &biases));
        }
        if layer.activation == Activation::Relu {
            step("Relu", None);
        }
    }
    if let Some(last) = operators.last_mut() {
        last.2 = "Y".to_owned();
    }
    for (operator, inputs, output) in &operators {
        graph.message(1, node(operator, inputs, output));
    }
    graph.text(2, "network");
    graph.0.extend(tensors.0);
    graph.message(11, tensor_value("X", network.inputs() as u64));
    graph.message(12, tensor_value("Y", network.outputs() as u64));
    Ok(model(graph))
}

/// The bits of the 32-bit float that is exactly `value`, if there is one.
fn exact_bits(value: &Rational) -> Option<u32> {
    let bits = value.to_f32().value().to_bits();
    (from_f32_bits(bits).as_ref() == Ok(value)).then_some(bits)
}

fn inexact(name: &str, place: &str, number: &Rational) -> FormatError {
    let mut number = number.to_string();
    if number.len() > 40 {
        number.truncate(40);
        number.push('…');
    }
    FormatError::new(name, place, format!("{number} is not exactly a 32-bit float"))
}

/// Weights (one row an input, as MatMul has them) and biases as bits; an inexact number with its
/// place in the layer otherwise.
fn layer_bits(layer: &Layer) -> Result<(Vec<u32>, Vec<u32>), (String, Rational)> {
    let outputs = layer.rows.len();
    let mut weights = vec![0; layer.inputs * outputs];
    let mut biases = Vec::with_capacity(outputs);
    for (output, row) in layer.rational_rows().into_iter().enumerate() {
        for (input, weight) in row.weights {
            let bits = exact_bits(&weight);
            weights[input * outputs + output] =
                bits.ok_or_else(|| (format!("weights[{output}][{input}]"), weight))?;
        }
        let bits = exact_bits(&row.bias);
        biases.push(bits.ok_or_else(|| (format!("bias[{output}]"), row.bias))?);
    }
    Ok((weights, biases))
}

/// Protobuf bytes under construction.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn raw_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    fn varint(&mut self, field: u64, value: u64) {
        self.raw_varint(field << 3);
        self.raw_varint(value);
    }

    fn bytes(&mut self, field: u64, content: &[u8]) {
        self.raw_varint(field << 3 | 2);
        self.raw_varint(content.len() as u64);
        self.0.extend_from_slice(content);
    }

    fn text(&mut self, field: u64, content: &str) {
        self.bytes(field, content.as_bytes());
    }

    fn message(&mut self, field: u64, content: Message) {
        self.bytes(field, &content.0);
    }
}

/// TensorProto with raw data.
fn tensor(name: &str, shape: &[u64], values: &[u32]) -> Message {
    let mut message = Message::default();
    shape.iter().for_each(|&size| message.varint(1, size));
    message.varint(2, FLOAT);
    message.text(8, name);
    let raw: Vec<u8> = values.iter().flat_map(|bits| bits.to_le_bytes()).collect();
    message.bytes(9, &raw);
    message
}

/// NodeProto with one output, by which it is called.
fn node(operator: &str, inputs: &[String], output: &str) -> Message {
    let mut message = Message::default();
    inputs.iter().for_each(|input| message.text(1, input));
    message.text(2, output);
    message.text(3, output);
    message.text(4, operator);
    message
}

/// ValueInfoProto of a FLOAT tensor of shape [1, size].
fn tensor_value(name: &str, size: u64) -> Message {
    let mut shape = Message::default();
    for extent in [1, size] {
        let mut dimension = Message::default();
        dimension.varint(1, extent);
        shape.message(1, dimension);
    }
    let (mut tensor_type, mut kind) = (Message::default(), Message::default());
    tensor_type.varint(1, FLOAT);
    tensor_type.message(2, shape);
    kind.message(1, tensor_type);
    let mut message = Message::default();
    message.text(1, name);
    message.message(2, kind);
    message
}

/// ModelProto.
fn model(graph: Message) -> Vec<u8> {
    let (mut model, mut operator_set) = (Message::default(), Message::default());
    operator_set.text(1, "");
    operator_set.varint(2, OPERATOR_SET);
    model.varint(1, IR_VERSION);
    model.text(2, "foldline");
    model.message(7, graph);
    model.message(8, operator_set);
    model.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{NetworkOptions, parse_network};

    fn read(name: &str, bytes: &[u8]) -> Network {
        parse_network(name, bytes, &NetworkOptions::default()).unwrap().network
    }

    #[test]
    fn what_is_written_is_read() {
        let text = r#"{"layers": [
            {"weights": [[1, 0.5], [-3, 0], ["1/1024", 16777215]], "bias": [0, 0.75, -1e10],
             "activation": "relu"},
            {"weights": [[2, 0, -1], [0, 0, 4]], "bias": [0, 0], "activation": "relu"},
            {"weights": [[1, -1]], "bias": [5], "activation": "linear"}]}"#;
        let network = read("n.json", text.as_bytes());
        let written = write_onnx("n.onnx", &network).unwrap();
        let again = read("n.onnx", &written);
        assert_eq!((again.inputs(), again.outputs()), (2, 1));
        for point in [[0, 0], [1, -2], [-5, 7], [100, 1]] {
            let point = point.map(Rational::from);
            assert_eq!(again.evaluate(&point), network.evaluate(&point));
        }
    }

    #[test]
    fn inexact_numbers_are_refused_by_name() {
        let text = r#"{"layers": [{"weights": [[1, 2], [1, 0.1]], "bias": [0, 0],
                       "activation": "linear"}]}"#;
        let error = write_onnx("n.onnx", &read("n.json", text.as_bytes())).unwrap_err();
        assert_eq!(
            error.to_string(),
            "n.onnx: layers[0].weights[1][1]: 1/10 is not exactly a 32-bit float"
        );
        for (number, exact) in
            [("16777216", true), ("16777217", false), ("1e39", false), ("1e-60", false)]
        {
            let text = format!(
                r#"{{"layers": [{{"weights": [[1]], "bias": [{number}], "activation": "linear"}}]}}"#
            );
            let written = write_onnx("n.onnx", &read("n.json", text.as_bytes()));
            assert_eq!(written.is_ok(), exact, "{number}");
        }
    }
}
