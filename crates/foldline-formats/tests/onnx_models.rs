//! Models as exporters write them: several inputs and outputs, nodes out of order, functions, weights in other files.

mod support;

use std::fs;

use foldline_formats::{LoadedNetwork, NetworkOptions, read_network};
use support::*;

fn read(model: &Model) -> LoadedNetwork {
    model.read().unwrap_or_else(|error| panic!("{error}"))
}

/// y = [x·w]₊ with w = [[1, 2], [3, 4]].
fn simple() -> Model {
    Model::new(&[1, 2], &[1, 2])
        .constant(floats("w", &[2, 2], &[1., 2., 3., 4.]))
        .node("MatMul", &["x", "w"], "m")
        .node("Relu", &["m"], "y")
}

#[test]
fn several_tensors_are_numbered_in_a_row() {
    let mut model = Model::new(&[1, 2], &[1, 2]).node("Neg", &["u"], "v").node("Relu", &["x"], "y");
    model.inputs.insert(0, value("u", 1, &[3]));
    model.inputs.insert(1, value("unused", 1, &[1]));
    model.inputs.insert(2, value("training", 9, &[]));
    model.outputs.push(value("v", 1, &[3]));
    let loaded = read(&model);
    assert_eq!(evaluate(&loaded, &["1", "2", "3", "9", "-4", "5"]), ["0", "5", "-1", "-2", "-3"]);
    let shapes = |tensors: &[foldline_formats::network::NamedTensor]| -> Vec<(String, Vec<usize>)> {
        tensors.iter().map(|tensor| (tensor.name.clone(), tensor.shape.clone())).collect()
    };
    let named = |name: &str, shape: &[usize]| (name.to_owned(), shape.to_vec());
    assert_eq!(
        shapes(&loaded.input_tensors),
        [named("u", &[3]), named("unused", &[1]), named("x", &[1, 2])]
    );
    assert_eq!(shapes(&loaded.output_tensors), [named("y", &[1, 2]), named("v", &[3])]);
    assert_eq!((loaded.input_shape, loaded.output_shape), (vec![6], vec![5]));
    assert_eq!((loaded.input_name, loaded.output_name), (None, None));
    // What is no vector of floats is no variable, and must not be read.
    model.nodes.push(node("Identity", &["training"], "t", &[]));
    assert_error(model.read(), "graph input \"training\"", "expected a float tensor, found BOOL");
}

#[test]
fn nodes_out_of_order_are_sorted_with_a_warning() {
    let mut model = simple();
    model.nodes.swap(0, 1);
    let loaded = read(&model);
    assert_eq!(evaluate(&loaded, &["1", "-1/3"]), ["0", "2/3"]);
    let warning =
        "test.onnx: node 0 (Relu \"y_node\"): reads from the later node 1 (MatMul \"m_node\")";
    assert!(loaded.warnings[0].starts_with(warning), "{:?}", loaded.warnings);
    assert!(read(&simple()).warnings.is_empty());
}

#[test]
fn an_operator_set_may_be_listed_again() {
    let mut model = simple();
    model.operator_sets.push(("ai.onnx", 13));
    assert!(read(&model).warnings.is_empty());
    model.operator_sets.push(("", 12));
    assert!(read(&model).warnings[0].contains("[13, 13, 12] are listed, 12 is taken"));
}

#[test]
fn float_types_mix_into_the_wider_one() {
    let mut model = simple().node("Cast", &["y"], "z");
    model.nodes.pop();
    model.inputs = vec![value("x", 11, &[1, 2])];
    model.outputs = vec![value("y", 11, &[1, 2])];
    assert_eq!(evaluate(&read(&model), &["1/3", "1/3"]), ["4/3", "2"]);
}

/// A function of the domain "mine": scaled(x) = LeakyRelu(x, alpha) · factor, where alpha has a default.
fn function() -> Writer {
    let alpha = Writer::default().text(1, "alpha").varint(20, 1).text(21, "slope");
    let leaky = node("LeakyRelu", &["a"], "l", &[alpha]);
    let product = node("Mul", &["l", "factor"], "b", &[]);
    Writer::default()
        .text(1, "scaled")
        .text(4, "a")
        .text(4, "factor")
        .text(5, "b")
        .message(7, product)
        .message(7, leaky)
        .message(9, Writer::default().text(1, "").varint(2, 13))
        .text(10, "mine")
        .message(11, float_attribute("slope", 0.5))
}

#[test]
fn functions_of_the_file_are_run() {
    let model = |attributes: &[Writer]| {
        let mut model = Model::new(&[1, 2], &[1, 2]).constant(floats("k", &[], &[4.]));
        model.nodes.push(node("scaled", &["x", "k"], "y", attributes).text(7, "mine"));
        let mut bytes = Writer(model.bytes());
        bytes = bytes.message(25, function());
        foldline_formats::parse_network("test.onnx", &bytes.0, &NetworkOptions::default())
    };
    let loaded = model(&[]).unwrap();
    assert_eq!(evaluate(&loaded, &["-3", "1/4"]), ["-6", "1"]);
    let loaded = model(&[float_attribute("slope", 0.25)]).unwrap();
    assert_eq!(evaluate(&loaded, &["-3", "1/4"]), ["-3", "1"]);
    let error = model(&[int_attribute("slope", 1)]).unwrap_err();
    assert_eq!(error.place, "node 0 (scaled \"y_node\"): node 1 (LeakyRelu \"l_node\")");
}

#[test]
fn a_function_that_calls_itself_ends() {
    let body = node("again", &["a"], "b", &[]).text(7, "mine");
    let function = Writer::default()
        .text(1, "again")
        .text(4, "a")
        .text(5, "b")
        .message(7, body)
        .text(10, "mine");
    let mut model = Model::new(&[1, 2], &[1, 2]);
    model.nodes.push(node("again", &["x"], "y", &[]).text(7, "mine"));
    let bytes = Writer(model.bytes()).message(25, function).0;
    let read = foldline_formats::parse_network("test.onnx", &bytes, &NetworkOptions::default());
    assert_error(read, "node 0 (again", "call each other");
}

#[test]
fn weights_are_read_from_the_file_beside_the_model() {
    let folder = std::env::temp_dir().join(format!("foldline-external-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let entry = |key: &str, value: &str| Writer::default().text(1, key).text(2, value);
    let weights: Vec<u8> =
        [9f32, 1., 2., 3., 4.].iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(folder.join("w.data"), &weights).unwrap();
    let read = |location: &str, length: &str| {
        let mut model = simple();
        model.initializers = vec![
            tensor("w", &[2, 2], 1)
                .message(13, entry("location", location))
                .message(13, entry("offset", "4"))
                .message(13, entry("length", length))
                .varint(14, 1),
        ];
        let path = folder.join("model.onnx");
        fs::write(&path, model.bytes()).unwrap();
        read_network(&path, &NetworkOptions::default())
    };
    let loaded = read("w.data", "16").unwrap();
    assert_eq!(evaluate(&loaded, &["1", "-1/3"]), ["0", "2/3"]);
    assert!(loaded.notes[0].contains("\"w.data\""), "{:?}", loaded.notes);
    assert_error(read("w.data", "20"), "node 0 (MatMul", "expected 20 bytes from 4 on, found 16");
    assert_error(read("w.data", "12"), "node 0 (MatMul", "expected 16 bytes for its shape");
    assert_error(read("none.data", "16"), "node 0 (MatMul", "no such file");
    assert_error(read("../w.data", "16"), "node 0 (MatMul", "in the model's folder");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/hostname", folder.join("link.data")).unwrap();
        assert_error(read("link.data", "16"), "node 0 (MatMul", "in the model's folder");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// A graph that computes `output` from what is around it.
fn branch(node: Writer, output: &str) -> Writer {
    Writer::default().message(1, node).text(2, "branch").message(12, value(output, 1, &[1, 2]))
}

#[test]
fn a_constant_condition_chooses_a_branch() {
    let graph =
        |name: &str, graph: Writer| Writer::default().text(1, name).message(6, graph).varint(20, 5);
    let model = |condition: &str| {
        let mut model = Model::new(&[1, 2], &[1, 2])
            .constant(tensor("yes", &[], 9).varint(5, 1))
            .node("Not", &["yes"], "no");
        model = model.node("Neg", &["x"], "minus").node("Exp", &["x"], "unread");
        let branches = [
            graph("then_branch", branch(node("Relu", &["minus"], "a", &[]), "a")),
            graph("else_branch", branch(node("Relu", &["x"], "b", &[]), "b")),
        ];
        model.node_with("If", &[condition], "y", &branches).read()
    };
    assert_eq!(evaluate(&model("yes").unwrap(), &["-3", "2"]), ["3", "0"]);
    assert_eq!(evaluate(&model("no").unwrap(), &["-3", "2"]), ["0", "2"]);
    assert_error(model("x"), "(If", "must be one constant truth value");
}

#[test]
fn graphs_are_nested_within_limits() {
    let mut body = Writer::default();
    for _ in 0..100 {
        let attribute = Writer::default().text(1, "then_branch").message(6, body);
        body = Writer::default().message(1, node("If", &["c"], "y", &[attribute]));
    }
    let bytes = Writer::default().message(7, body).0;
    let error = foldline_formats::parse_network("test.onnx", &bytes, &NetworkOptions::default())
        .unwrap_err();
    assert!(error.message.contains("nested more than 16 deep"), "{error}");
}
