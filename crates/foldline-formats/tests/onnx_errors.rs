//! Bad ONNX models: each is refused with a message that names the place.

mod support;

use foldline_formats::{LoadedNetwork, NetworkOptions, parse_network};
use support::*;

fn simple() -> Model {
    Model::new(&[1, 2], &[1, 2])
        .constant(floats("w", &[2, 2], &[1., 2., 3., 4.]))
        .node("MatMul", &["x", "w"], "m")
        .node("Relu", &["m"], "y")
}

fn with_node(operator: &str, inputs: &[&str], attributes: &[Writer]) -> Model {
    Model::new(&[1, 2], &[1, 2])
        .constant(floats("w", &[2, 2], &[1., 2., 3., 4.]))
        .constant(floats("zero", &[2], &[1., 0.]))
        .constant(floats("b", &[3], &[1., 2., 3.]))
        .constant(floats("b2", &[2], &[1., 2.]))
        .constant(floats("two", &[], &[2.]))
        .constant(integers("i", &[1, 2]))
        .constant(integers("i3", &[1, 2, 3]))
        .constant(floats("minus", &[2], &[1., -1.]))
        .constant(integers("large", &[i64::MAX]))
        .node_with(operator, inputs, "y", attributes)
}

#[test]
fn operators_are_refused_by_node() {
    for (operator, inputs, attributes, message) in [
        ("LSTM", &["x", "w"][..], vec![], "operator LSTM is not supported: it is not piecewise"),
        ("Sign", &["x"], vec![], "operator Sign is not supported: it is not continuous"),
        ("Conv", &["x", "w"], vec![], "a kernel of shape [2, 2] does not fit input [1, 2]"),
        ("MaxPool", &["x"], vec![], "expected [batch, channels, …], found shape [1, 2]"),
        ("Pow", &["x", "two"], vec![], "2 is its exponent, expected 1"),
        ("Max", &["x", "i"], vec![], "found FLOAT and INT64"),
        ("Clip", &["x", "w"], vec![], "its min is FLOAT [2, 2], expected one number"),
        ("Clip", &["x", "x"], vec![], "its min is FLOAT [1, 2], expected one number"),
        ("PRelu", &["x", "x"], vec![], "its slope must be constant"),
        ("Cast", &["x"], vec![int_attribute("to", 7)], "from FLOAT to INT64"),
        ("Cast", &["x"], vec![int_attribute("to", 10)], "from FLOAT to FLOAT16"),
        ("Cast", &["x"], vec![int_attribute("to", 8)], "element type 8 is not supported"),
        ("Split", &["x"], vec![ints_attribute("split", &[3])], "do not fit axis 0 of size 1"),
        ("Pad", &["x", "i"], vec![], "its pads are [1, 2], expected 4 numbers"),
        ("Expand", &["x", "w"], vec![], "shape must be constant integers"),
        ("Tile", &["x", "i3"], vec![], "its repeats are [1, 2, 3], expected 2 integers"),
        ("ReduceSum", &["x"], vec![ints_attribute("axes", &[2])], "axis 2 is out of range"),
        ("ReduceProd", &["x"], vec![], "multiplies computed values"),
        ("Floor", &["x"], vec![], "it is not continuous"),
        ("Sqrt", &["x"], vec![], "it is not piecewise linear"),
        ("Sqrt", &["minus"], vec![], "element [1] is -1, expected a number ≥ 0"),
        ("Reciprocal", &["zero"], vec![], "element [1] of its divisor is zero"),
        ("Mod", &["x", "two"], vec![], "expected integers of one type"),
        ("Shrink", &["x"], vec![], "is not continuous, expected bias = lambd ≥ 0"),
        ("TopK", &["x", "i3"], vec![], "its k must be one constant integer"),
        ("TopK", &["x", "large"], vec![], "its k must be from 1 to 2"),
        ("Equal", &["x", "b2"], vec![], "compares computed values for equality"),
        ("QuantizeLinear", &["x", "two"], vec![], "which is not continuous"),
        ("DequantizeLinear", &["x", "two"], vec![], "expected constants"),
        ("Resize", &["x"], vec![], "expected a scale or a size for each of 2 axes"),
        (
            "Einsum",
            &["x", "x"],
            vec![text_attribute("equation", "ij,ij->i")],
            "two computed tensors",
        ),
        ("Einsum", &["x"], vec![text_attribute("equation", "ij->k")], "that no operand has"),
        ("If", &["x"], vec![], "must be one constant truth value"),
        ("Loop", &["x"], vec![], "operator Loop is not supported"),
        ("Relu", &["x", "w"], vec![], "expected 1 inputs, found 2"),
        ("Relu", &["nowhere"], vec![], "\"nowhere\" is not defined"),
        ("Relu", &["x"], vec![int_attribute("slope", 1)], "attribute \"slope\""),
        ("MatMul", &["x", "x"], vec![], "do not multiply"),
        ("MatMul", &["x", "b"], vec![], "shapes [1, 2] and [3] do not multiply"),
        ("MatMul", &["x", "i"], vec![], "found FLOAT and INT64"),
        ("Mul", &["x", "x"], vec![], "multiplies two computed tensors"),
        ("Div", &["w", "x"], vec![], "divides by a computed tensor"),
        ("Div", &["x", "zero"], vec![], "element [1] of its divisor is zero"),
        ("Add", &["x", "b"], vec![], "shapes [1, 2] and [3] do not broadcast"),
        ("Add", &["x", "i"], vec![], "found FLOAT and INT64"),
        ("Add", &["large", "large"], vec![], "is no number of type INT64"),
        ("Gemm", &["x", "b"], vec![], "input 1: expected a matrix, found shape [3]"),
        ("Gemm", &["x", "w", "b"], vec![], "shape [3] does not broadcast to [1, 2]"),
        ("Gemm", &["x", "w"], vec![int_attribute("alpha", 1)], "expected type 1, found type 2"),
        ("Gemm", &["x", "w"], vec![float_attribute("alpha", f32::NAN)], "NaN is not a finite"),
        ("Reshape", &["x", "w"], vec![], "shape must be constant integers"),
        ("Reshape", &["x", "i"], vec![int_attribute("allowzero", 1); 2], "occurs twice"),
        ("Flatten", &["x"], vec![int_attribute("axis", 3)], "axis 3 is out of range"),
        ("Squeeze", &["x", "i"], vec![], "axis 1 has size 2, expected 1"),
        ("Transpose", &["x"], vec![ints_attribute("perm", &[0, 0])], "is no permutation"),
        ("Gather", &["x", "i"], vec![], "index 1 is out of range for size 1"),
        ("Concat", &["x", "b"], vec![int_attribute("axis", 0)], "input 1 (FLOAT [3])"),
        ("Dropout", &["x", "", "w"], vec![], "training mode"),
        ("BatchNormalization", &["x", "b", "b", "b", "b"], vec![], "scale has shape [3]"),
        ("Constant", &[], vec![], "expected one attribute"),
    ] {
        let model = with_node(operator, inputs, &attributes);
        let place = format!("node 0 ({operator} \"y_node\")");
        assert_error(model.read(), &place, message);
    }
}

#[test]
fn impossible_shapes_are_refused_by_node() {
    for (target, message) in [
        (&[3][..], "shape [1, 2] cannot become [3]"),
        (&[-1, -1], "cannot become [-1, -1]"),
        (&[-2], "cannot become [-2]"),
        (&[0, 0, 0], "cannot become [0, 0, 0]"),
        (&[-1, 3], "cannot become [-1, 3]"),
        (&[i64::MAX, i64::MAX], "cannot become"),
    ] {
        let model = Model::new(&[1, 2], &[1, 2]).constant(integers("shape", target)).node(
            "Reshape",
            &["x", "shape"],
            "y",
        );
        assert_error(model.read(), "node 0 (Reshape", message);
    }
}

#[test]
fn tensors_are_refused_by_name_and_element() {
    let external = tensor("w", &[2, 2], 1).message(13, Writer::default().text(1, "location"));
    let both = floats("w", &[2, 2], &[1.; 4]).float(4, 1.);
    for (constant, message) in [
        (
            floats("w", &[2, 2], &[1., 2., f32::NAN, 4.]),
            "element [1, 0]: NaN is not a finite number",
        ),
        (floats("w", &[2, 2], &[1., f32::NEG_INFINITY, 3., 4.]), "element [0, 1]: -inf"),
        (floats("w", &[2, 2], &[1., 2., 3.]), "expected 4 elements for shape [2, 2], found 3"),
        (floats("w", &[-2, 2], &[1.; 4]), "dimensions [-2, 2] are negative"),
        (floats("w", &[i64::MAX, 8], &[1.; 4]), "too many elements"),
        (tensor("w", &[2, 2], 1).bytes(9, &[0; 15]), "15 bytes of raw data"),
        (tensor("w", &[2, 2], 8), "element type 8 is not supported"),
        (tensor("w", &[2, 2], 0), "element type is missing"),
        (external, "expected a file in the model's folder"),
        (both, "not all in the field for FLOAT"),
        (tensor("w", &[1], 10).varint(5, 0x1_0000), "more than 16 bits"),
    ] {
        let mut model = simple();
        model.initializers = vec![constant];
        assert_error(model.read(), "node 0 (MatMul", message);
        assert_error(model.read(), "node 0 (MatMul", "initializer \"w\"");
    }
}

#[test]
fn graphs_are_refused_as_a_whole() {
    let refuse = |change: fn(&mut Model), place: &str, message: &str| {
        let mut model = simple();
        change(&mut model);
        assert_error(model.read(), place, message);
    };
    refuse(|m| m.inputs.push(value("x", 1, &[1])), "graph input \"x\"", "is declared twice");
    refuse(|m| m.inputs.clear(), "", "expected a graph input, found none");
    refuse(|m| m.outputs.clear(), "", "expected a graph output, found none");
    refuse(|m| m.outputs = vec![value("q", 1, &[1])], "graph output \"q\"", "not computed");
    refuse(|m| m.inputs = vec![value("x", 7, &[1, 2])], "graph input \"x\"", "found INT64");
    refuse(
        |m| m.inputs = vec![value("x", 1, &[1, -1])],
        "graph input \"x\"",
        "dimension 1 is \"n\"",
    );
    refuse(|m| m.inputs = vec![value("x", 1, &[1 << 40, 1 << 40])], "graph input", "too many");
    refuse(|m| m.inputs = vec![Writer::default().text(1, "x")], "graph input", "missing");
    refuse(|m| m.operator_sets.clear(), "", "a default operator set, found none");
    refuse(|m| m.operator_sets = vec![("", 99)], "", "operator set 99 is not known");
    refuse(|m| drop(m.nodes.remove(0)), "node 0 (Relu", "\"m\" is not defined by any node");
    refuse(|m| m.nodes[0] = node("Relu", &["y"], "m", &[]), "node 0 (Relu", "its own output");
    refuse(|m| m.nodes.push(m.nodes[0].clone()), "node 2 (MatMul", "\"m\" is defined twice");
    refuse(|m| m.initializers.push(floats("w", &[1], &[1.])), "initializer \"w\"", "defined twice");
    refuse(
        |m| m.nodes[1] = m.nodes[1].clone().text(7, "com.microsoft"),
        "node 1 (Relu",
        "domain \"com.microsoft\"",
    );
}

fn read(bytes: &[u8]) -> Result<LoadedNetwork, foldline_formats::FormatError> {
    parse_network("test.onnx", bytes, &NetworkOptions::default())
}

#[test]
fn corrupt_bytes_are_refused_by_offset() {
    for (bytes, place, message) in [
        (&b""[..], "", "is empty"),
        (b"\x08", "byte 1", "cut off"),
        (b"\x08\x80\x80", "byte 1", "cut off"),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", "byte 1", "longer than 64 bits"),
        (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "byte 1", "longer than 64 bits"),
        (b"\x08\x08\x3a\x05\x0a", "byte 3", "a field of 5 bytes, but only 1 are left"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "byte 1", "but only 0 are left"),
        (b"\x08\x08\x3b", "byte 2", "wire type 3"),
        (b"\x08\x08\x04", "byte 2", "0 is not a protobuf field number"),
        (b"\x0d\x00\x00", "byte 1", "expected 4 bytes, found 2"),
        (b"\x09\x00\x00\x00", "byte 1", "expected 8 bytes, found 3"),
        (b"\x0a\x01\x00", "byte 0", "field 1: expected an integer"),
        (b"\x38\x01", "byte 0", "field 7: expected a length-delimited field, found a varint"),
        (b"\x3a\x04\x0a\x02\x0a\x09", "byte 5", "a field of 9 bytes"),
        (b"\x3a\x05\x12\x03\xff\xfe\xfd", "", "expected a default operator set"),
        (b"\x42\x05\x0a\x03\x41\xfe\xfd", "byte 5", "expected a UTF-8 string"),
        (b"\x3a\x00\x3a\x00", "byte 2", "field 7 occurs twice"),
        (b"\x42\x04\x0a\x00\x10\x0d", "", "has no graph"),
        (b"PK\x03\x04 not a model", "byte 0", "field 10"),
    ] {
        if message == "field 10" {
            assert!(read(bytes).is_err());
        } else {
            assert_error(read(bytes), place, message);
        }
    }
}

#[test]
fn every_truncation_is_an_error_or_a_smaller_model() {
    let bytes = rich_model().bytes();
    for end in 0..bytes.len() {
        // Cutting between top-level fields leaves a well-formed message without operator sets.
        let error = read(&bytes[..end]).unwrap_err();
        assert!(error.to_string().starts_with("test.onnx: "), "{error}");
        assert!(!error.message.is_empty());
    }
    assert!(read(&bytes).is_ok());
}

#[test]
fn numbers_and_sizes_are_bounded() {
    // Squaring a constant forty times over would need 2^40 bits.
    let mut model = Model::new(&[1, 1], &[1, 1]).constant(floats("c0", &[], &[3.]));
    for step in 0..40 {
        let (from, to) = (format!("c{step}"), format!("c{}", step + 1));
        model = model.node("Mul", &[&from, &from], &to);
    }
    assert_error(model.node("Mul", &["x", "c40"], "y").read(), "(Mul", "bits");
    let wide = Model::new(&[1024, 1, 1024], &[1])
        .constant(floats("ones", &[1024, 1], &[1.; 1024]))
        .node("Add", &["x", "ones"], "y");
    assert_error(wide.read(), "node 0 (Add", "more than 1048576 elements");
}

#[test]
fn small_files_cannot_fill_the_memory() {
    let model = Model::new(&[1024, 1024], &[1024, 64])
        .constant(floats("w", &[1024, 64], &[1.; 1024 * 64]))
        .node("MatMul", &["x", "w"], "y");
    assert_error(model.read(), "node 0 (MatMul", "more than 16777216 weights");
}
