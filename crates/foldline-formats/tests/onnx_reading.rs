//! What ONNX models become: exact values, and the layers they are lowered to.

mod support;

use foldline_formats::LoadedNetwork;
use foldline_formats::network::{NetworkOptions, network_to_json, parse_network};
use foldline_kernel::Activation;
use support::*;

/// Activations with widths, such as "relu 3, linear 1".
fn layers(loaded: &LoadedNetwork) -> String {
    let describe = |layer: &foldline_kernel::Layer| {
        let activation = if layer.activation == Activation::Relu { "relu" } else { "linear" };
        format!("{activation} {}", layer.rows.len())
    };
    loaded.network.layers().iter().map(describe).collect::<Vec<_>>().join(", ")
}

fn read(model: &Model) -> LoadedNetwork {
    model.read().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn weights_on_the_left_of_a_vector() {
    let model = Model::new(&[2], &[3])
        .constant(floats("w", &[3, 2], &[1., 2., 3., 4., 5., 6.]))
        .constant(floats("b", &[3], &[0.1, 0., 0.]))
        .node("MatMul", &["w", "x"], "m")
        .node("Add", &["m", "b"], "y");
    let loaded = read(&model);
    // 0.1 is the float next to it.
    assert_eq!(evaluate(&loaded, &["1", "-1"]), ["-120795955/134217728", "-1", "-1"]);
    assert_eq!(layers(&loaded), "linear 3");
    assert_eq!(loaded.output_shape, [3]);
    assert_eq!(loaded.operators, [("MatMul".to_owned(), 1), ("Add".to_owned(), 1)]);
}

#[test]
fn gemm_flags_and_factors_multiply_exactly() {
    let model = Model::new(&[1, 2], &[1, 2])
        .constant(floats("w", &[2, 2], &[1., 2., 3., 4.]))
        .constant(floats("c", &[2], &[1., -1.]))
        .node_with(
            "Gemm",
            &["x", "w", "c"],
            "y",
            &[
                float_attribute("alpha", 0.1),
                float_attribute("beta", 0.5),
                int_attribute("transB", 1),
            ],
        );
    let loaded = read(&model);
    // alpha = 13421773/2^27; rows (1, 2) and (3, 4) at (1, 1).
    assert_eq!(evaluate(&loaded, &["1", "1"]), ["107374183/134217728", "26843547/134217728"]);
}

#[test]
fn an_output_relu_is_the_last_layer() {
    let model = Model::new(&[1, 2], &[1, 2])
        .constant(floats("w", &[2, 2], &[1., 0., 0., 1.]))
        .node("MatMul", &["x", "w"], "m")
        .node("Relu", &["m"], "y");
    let loaded = read(&model);
    assert_eq!(layers(&loaded), "relu 2");
    assert_eq!(evaluate(&loaded, &["-3", "0.25"]), ["0", "1/4"]);
    let transposed = Model::new(&[1, 2], &[2, 1]).node("Relu", &["x"], "r").node_with(
        "Transpose",
        &["r"],
        "y",
        &[ints_attribute("perm", &[1, 0])],
    );
    assert_eq!(layers(&read(&transposed)), "relu 2");
}

#[test]
fn an_absolute_value_is_two_neurons() {
    let loaded = read(&Model::new(&[1, 2], &[1, 2]).node("Abs", &["x"], "y"));
    assert_eq!(layers(&loaded), "relu 4, linear 2");
    assert_eq!(evaluate(&loaded, &["-3", "0.25"]), ["3", "1/4"]);
    assert!(loaded.notes.iter().any(|note| note.contains("Abs")));
}

#[test]
fn a_skip_past_a_relu_carries_its_values() {
    let weights = [1., -1., 2., 0.5];
    let model = Model::new(&[1, 2], &[1, 2])
        .constant(floats("w", &[2, 2], &weights))
        .node("MatMul", &["x", "w"], "a")
        .node("Relu", &["a"], "r")
        .node("MatMul", &["r", "w"], "b")
        .node("Relu", &["b"], "s")
        .node("Add", &["s", "r"], "t")
        .node("Sub", &["t", "x"], "y");
    let loaded = read(&model);
    // r goes past the second layer by one neuron a value, x past both by two.
    assert_eq!(layers(&loaded), "relu 6, relu 8, linear 2");
    assert_eq!(evaluate(&loaded, &["1", "1"]), ["5", "-1"]);
    assert_eq!(evaluate(&loaded, &["-1", "-1/2"]), ["5/2", "13/8"]);
    assert!(loaded.notes.iter().any(|note| note.contains("carries")), "{:?}", loaded.notes);
}

#[test]
fn a_bottleneck_stays_a_linear_layer() {
    let numbers: Vec<f32> = (0..100).map(|i| (i as f32 * 0.37).sin()).collect();
    let model = Model::new(&[1, 50], &[1, 50])
        .constant(floats("down", &[50, 2], &numbers))
        .constant(floats("up", &[2, 50], &numbers))
        .node("MatMul", &["x", "down"], "a")
        .node("MatMul", &["a", "up"], "b")
        .node("Relu", &["b"], "y");
    let loaded = read(&model);
    assert_eq!(layers(&loaded), "linear 2, relu 50");
    // With a skip of the input past both, as pairs past the ReLU layer only.
    let mut skipped = model.node("Add", &["y", "x"], "z");
    skipped.outputs = vec![value("z", 1, &[1, 50])];
    let with_skip = read(&skipped);
    assert_eq!(layers(&with_skip), "linear 52, relu 150, linear 50");
    let point: Vec<String> = (0..50).map(|i| format!("{}/8", i - 20)).collect();
    let point: Vec<&str> = point.iter().map(String::as_str).collect();
    let parse = |token: &String| foldline_kernel::number::parse_rational(token).unwrap();
    let (plain, sums) = (evaluate(&loaded, &point), evaluate(&with_skip, &point));
    for i in 0..50 {
        assert_eq!(parse(&plain[i]) + parse(&point[i].to_owned()), parse(&sums[i]));
    }
}

#[test]
fn constants_without_an_effect_leave_the_identity() {
    let loaded = read(&Model::new(&[-1, 2], &[-1, 2]).node("Identity", &["x"], "y"));
    assert_eq!(layers(&loaded), "linear 2");
    assert_eq!(evaluate(&loaded, &["1/3", "-7"]), ["1/3", "-7"]);
    assert!(loaded.notes[0].contains("batch"), "{:?}", loaded.notes);
}

#[test]
fn a_division_may_leave_the_dyadic_numbers() {
    let model = Model::new(&[1, 2], &[1, 2])
        .constant(floats("three", &[], &[3.]))
        .constant(floats("w", &[2, 2], &[1., 1., 0.5, 0.]))
        .node("Div", &["x", "three"], "d")
        .node("MatMul", &["d", "w"], "y");
    assert_eq!(evaluate(&read(&model), &["1", "1"]), ["1/2", "1/3"]);
}

#[test]
fn every_storage_of_numbers_is_read() {
    let half = tensor("h", &[2], 10).varint(5, 0x3c00).varint(5, 0xc000);
    let brain = tensor("b", &[1], 16).bytes(9, &0x3f80u16.to_le_bytes());
    let double = tensor("d", &[1], 11).bytes(10, &1.5f64.to_le_bytes());
    let packed: Vec<u8> = [2f32, 4f32].iter().flat_map(|value| value.to_le_bytes()).collect();
    let single = tensor("s", &[2], 1).bytes(4, &packed);
    for (data_type, constant, name, expected) in [
        (10, half, "h", ["2", "-1"]),
        (16, brain, "b", ["2", "2"]),
        (11, double, "d", ["5/2", "5/2"]),
        (1, single, "s", ["3", "5"]),
    ] {
        let mut model =
            Model::new(&[1, 2], &[1, 2]).constant(constant).node("Add", &["x", name], "y");
        model.inputs = vec![value("x", data_type, &[1, 2])];
        assert_eq!(evaluate(&read(&model), &["1", "1"]), expected, "type {data_type}");
    }
}

#[test]
fn initializers_may_be_listed_as_inputs() {
    let mut model = Model::new(&[1, 1], &[1, 1]).constant(floats("c", &[1], &[2.])).node(
        "Mul",
        &["c", "x"],
        "y",
    );
    model.inputs.insert(0, value("c", 1, &[1]));
    let loaded = read(&model);
    assert_eq!(loaded.input_name.as_deref(), Some("x"));
    assert_eq!(evaluate(&loaded, &["0.1"]), ["1/5"]);
}

#[test]
fn batch_normalization_rounds_its_factor_once() {
    let model = Model::new(&[1, 1], &[1, 1])
        .constant(floats("scale", &[1], &[1.]))
        .constant(floats("bias", &[1], &[0.5]))
        .constant(floats("mean", &[1], &[1.]))
        .constant(floats("variance", &[1], &[2.]))
        .node_with(
            "BatchNormalization",
            &["x", "scale", "bias", "mean", "variance"],
            "y",
            &[float_attribute("epsilon", 0.)],
        );
    let loaded = read(&model);
    // 1/sqrt(2) rounded to a float is 11863283/2^24.
    assert_eq!(evaluate(&loaded, &["2"]), ["20251891/16777216"]);
    assert!(loaded.notes.iter().any(|note| note.contains("correctly rounded")));
}

#[test]
fn lowered_networks_survive_json() {
    let loaded = read(&rich_model());
    let text = network_to_json(&loaded.network).to_string();
    let again = parse_network("again.json", text.as_bytes(), &NetworkOptions::default()).unwrap();
    assert_eq!(again.network, loaded.network);
}
