//! What exporters write in many words, and what of a file is left out: choices as products, classifiers, sorted values.

mod support;

use foldline_formats::LoadedNetwork;
use support::*;

fn read(model: &Model) -> LoadedNetwork {
    model.read().unwrap_or_else(|error| panic!("{error}"))
}

/// A comparison with 1, its negation, and both as floats: `c` and `d`.
fn compared(operator: &str, input: &[i64]) -> Model {
    let to_float = [int_attribute("to", 1)];
    Model::new(input, input)
        .constant(floats("one", &[], &[1.]))
        .node(operator, &["x", "one"], "condition")
        .node("Not", &["condition"], "opposite")
        .node_with("Cast", &["condition"], "c", &to_float)
        .node_with("Cast", &["opposite"], "d", &to_float)
}

#[test]
fn a_sum_of_products_with_a_truth_value_is_a_choice() {
    // min(x, 1): neither product is continuous alone.
    let model = compared("Greater", &[1, 3])
        .node("Mul", &["one", "c"], "p")
        .node("Mul", &["d", "x"], "q")
        .node("Add", &["p", "q"], "y");
    assert_eq!(evaluate(&read(&model), &["3", "1", "-5/2"]), ["1", "1", "-5/2"]);
    // In the other order, and with comparisons that exclude each other in place of the negation.
    let mut model = compared("LessOrEqual", &[1, 3])
        .node("Mul", &["c", "x"], "p")
        .node("Greater", &["x", "one"], "g")
        .node_with("Cast", &["g"], "e", &[int_attribute("to", 1)])
        .node("Mul", &["one", "e"], "q")
        .node("Add", &["q", "p"], "y");
    assert_eq!(evaluate(&read(&model), &["3", "1", "-5/2"]), ["1", "1", "-5/2"]);
    // x < 1 does not exclude x ≤ 1: at 1 the sum would be 2.
    model.nodes[5] = node("Less", &["x", "one"], "g", &[]);
    assert_error(model.read(), "node 4 (Mul \"p_node\")", "do not meet");
}

#[test]
fn a_product_with_a_truth_value_must_be_continuous() {
    let shifted = |factor: &str| {
        compared("Greater", &[1, 3]).node("Sub", &["x", "one"], "z").node(
            "Mul",
            &["c", factor],
            "y",
        )
    };
    assert_eq!(evaluate(&read(&shifted("z")), &["3", "1", "-5/2"]), ["2", "0", "0"]);
    assert_error(shifted("x").read(), "node 5 (Mul \"y_node\")", "do not meet");
    let model = compared("Greater", &[1, 3]).node("Add", &["c", "x"], "y");
    assert_error(model.read(), "node 2 (Cast \"c_node\")", "which is not continuous");
}

#[test]
fn a_choice_may_bend_elsewhere() {
    // x − 1 above 1, else what is x + 1 below −1 and 0 above.
    let model = Model::new(&[1, 4], &[1, 4])
        .constant(floats("one", &[], &[1.]))
        .constant(floats("minus", &[], &[-1.]))
        .constant(floats("zero", &[], &[0.]))
        .node("Sub", &["x", "one"], "high")
        .node("Add", &["x", "one"], "low")
        .node("Less", &["x", "minus"], "is_low")
        .node("Where", &["is_low", "low", "zero"], "below")
        .node("Greater", &["x", "one"], "is_high")
        .node("Where", &["is_high", "high", "below"], "y");
    let expected = ["2", "0", "0", "-4"];
    assert_eq!(evaluate(&read(&model), &["3", "1", "-1/2", "-5"]), expected);
    let mut model = model;
    model.nodes[4] = node("LessOrEqual", &["x", "one"], "is_high", &[]);
    model.nodes[5] = node("Where", &["is_high", "below", "high"], "y", &[]);
    assert_eq!(evaluate(&read(&model), &["3", "1", "-1/2", "-5"]), expected);
    model.nodes[5] = node("Where", &["is_high", "low", "below"], "y", &[]);
    assert_error(model.read(), "node 5", "do not meet");
}

#[test]
fn real_numbers_are_neither_nan_nor_infinite() {
    let model = Model::new(&[1, 2], &[1, 2])
        .constant(floats("zero", &[], &[0.]))
        .node("IsNaN", &["x"], "n")
        .node("Where", &["n", "zero", "x"], "a")
        .node("IsInf", &["a"], "i")
        .node("Greater", &["a", "zero"], "g")
        .node("And", &["i", "g"], "b")
        .node("Where", &["b", "zero", "a"], "y");
    assert_eq!(evaluate(&read(&model), &["3", "-1/3"]), ["3", "-1/3"]);
    let mut model = model;
    model.nodes[4] = node("Or", &["i", "g"], "b", &[]);
    assert_eq!(evaluate(&read(&model), &["3", "-1/3"]), ["0", "-1/3"]);
    model.nodes[4] = node("And", &["g", "g"], "b", &[]);
    assert_error(model.read(), "node 4 (And", "connects two computed truth values");
}

#[test]
fn values_in_order_along_an_axis() {
    let top = |k: i64, largest: i64, output: &[i64]| {
        let attributes = [int_attribute("axis", 1), int_attribute("largest", largest)];
        let node = node("TopK", &["x", "k"], "y", &attributes).text(2, "indices");
        let mut model = Model::new(&[1, 4, 2], output).constant(integers("k", &[k]));
        model.nodes.push(node);
        model
    };
    let point = ["3", "-1", "1/2", "7", "5", "7", "-4", "0"];
    assert_eq!(evaluate(&read(&top(2, 1, &[1, 2, 2])), &point), ["5", "7", "3", "7"]);
    let all = ["-4", "-1", "1/2", "0", "3", "7", "5", "7"];
    assert_eq!(evaluate(&read(&top(4, 0, &[1, 4, 2])), &point), all);
    let mut model = top(1, 1, &[1, 1, 2]);
    model.nodes.push(node("Identity", &["indices"], "z", &[]));
    model.outputs.push(value("z", 1, &[1, 1, 2]));
    assert_error(model.read(), "node 1 (Identity", "\"indices\" is a result that is not read");
    model.nodes.pop();
    model.outputs[1] = value("indices", 1, &[1, 1, 2]);
    assert_error(model.read(), "output \"indices\"", "is a result that is not read");
}

#[test]
fn shrink_moves_towards_zero() {
    let attributes = [float_attribute("bias", 0.5), float_attribute("lambd", 0.5)];
    let model = Model::new(&[1, 3], &[1, 3]).node_with("Shrink", &["x"], "y", &attributes);
    assert_eq!(evaluate(&read(&model), &["2", "-1/4", "-1"]), ["3/2", "0", "-1/2"]);
}

#[test]
fn roots_remainders_and_reciprocals_of_constants() {
    let model = Model::new(&[1, 3], &[1, 3])
        .constant(floats("squares", &[3], &[0., 2.25, 2.]))
        .constant(floats("three", &[], &[3.]))
        .constant(integers("seven", &[-7, 7, -7]))
        .constant(integers("divisors", &[3, -3, 3]))
        .node("Sqrt", &["squares"], "roots")
        .node("Mul", &["x", "roots"], "a")
        .node("Reciprocal", &["three"], "third")
        .node("Mul", &["a", "third"], "b")
        .node("Mod", &["seven", "divisors"], "rest")
        .node_with("Cast", &["rest"], "r", &[int_attribute("to", 1)])
        .node("Add", &["b", "r"], "y");
    // √2 is the float 11863283/2^23; the remainders have the divisor's sign.
    assert_eq!(evaluate(&read(&model), &["5", "2", "3"]), ["2", "-1", "28640499/8388608"]);
    let mut model = model;
    let fmod = [int_attribute("fmod", 1)];
    model.nodes[4] = node("Mod", &["seven", "divisors"], "rest", &fmod);
    assert_eq!(evaluate(&read(&model), &["0", "0", "0"]), ["-1", "1", "-1"]);
}

/// scikit-learn's classifier: labels as integers, and the scores of two classes.
fn classifier(transform: &str) -> Model {
    let attributes = [
        ints_attribute("classlabels_ints", &[0, 1]),
        floats_attribute("coefficients", &[1., 2., -3., 0.5]),
        floats_attribute("intercepts", &[1., -1.]),
        text_attribute("post_transform", transform),
    ];
    let node = Writer::default().text(1, "x").text(2, "label").text(2, "scores");
    let node = node.text(3, "classifier").text(4, "LinearClassifier").text(7, "ai.onnx.ml");
    let node = attributes.iter().fold(node, |node, attribute| node.message(5, attribute.clone()));
    let mut model = Model::new(&[1, 2], &[1, 2]);
    model.nodes.push(node);
    model.outputs = vec![value("label", 7, &[1]), value("scores", 1, &[1, 2])];
    model
}

#[test]
fn a_classifier_is_its_scores() {
    let loaded = read(&classifier("NONE"));
    assert_eq!(evaluate(&loaded, &["1", "2"]), ["6", "-3"]);
    assert_eq!(loaded.output_shape, [1, 2]);
    let warning = "test.onnx: the output \"label\" is no tensor of floats: it is left out";
    assert_eq!(loaded.warnings, [warning]);
    let message = "its post_transform SOFTMAX is not piecewise linear, expected NONE";
    assert_error(classifier("SOFTMAX").read(), "node 0 (LinearClassifier", message);
    let mut model = classifier("NONE");
    model.outputs.pop();
    assert_error(model.read(), "output \"label\"", "is a result that is not read");
    // The dictionary of the scores, which has no type that is a tensor.
    let mut model = classifier("NONE");
    model.nodes.push(node("ZipMap", &["scores"], "map", &[]).text(7, "ai.onnx.ml"));
    model.outputs[1] = Writer::default().text(1, "map");
    assert_eq!(evaluate(&read(&model), &["1", "2"]), ["6", "-3"]);
}

#[test]
fn an_imputer_replaces_nothing_but_nan() {
    let imputer = |replaced: f32| {
        let attributes = [
            floats_attribute("imputed_value_floats", &[1., 2.]),
            float_attribute("replaced_value_float", replaced),
        ];
        let mut model = Model::new(&[1, 2], &[1, 2]);
        model.nodes.push(node("Imputer", &["x"], "y", &attributes).text(7, "ai.onnx.ml"));
        model
    };
    assert_eq!(evaluate(&read(&imputer(f32::NAN)), &["1/3", "0"]), ["1/3", "0"]);
    assert_error(imputer(0.).read(), "node 0 (Imputer", "replaces a number");
}

#[test]
fn a_product_of_one_factor_is_that_factor() {
    let attributes = [ints_attribute("axes", &[1])];
    let model = Model::new(&[2, 1], &[2]);
    let model = model.node_with("ReduceProd", &["x"], "y", &attributes);
    assert_eq!(evaluate(&read(&model), &["1/3", "-2"]), ["1/3", "-2"]);
}

#[test]
fn another_declared_size_of_an_output_is_a_warning() {
    let mut model = Model::new(&[1, 2], &[1, 1]).node("Relu", &["x"], "y");
    let loaded = read(&model);
    assert_eq!(
        (evaluate(&loaded, &["1", "2"]), loaded.warnings.len()),
        (vec!["1".to_owned(), "2".to_owned()], 1)
    );
    assert!(loaded.warnings[0].ends_with("has shape [1, 2], though the file declares [1, 1]"));
    model.outputs = vec![value("y", 1, &[2])];
    assert!(read(&model).warnings.is_empty());
}

#[test]
fn cubic_weights_are_exact() {
    let resize = |attributes: &[Writer]| {
        let attributes = [&[text_attribute("mode", "cubic")], attributes].concat();
        Model::new(&[1, 1, 1, 3], &[1, 1, 1, 6])
            .constant(floats("scales", &[4], &[1., 1., 1., 2.]))
            .node_with("Resize", &["x", "", "scales"], "y", &attributes)
    };
    // The weights at the distances 1/4, 3/4 and 5/4 are 225/256, 67/256 and −27/256.
    let values = evaluate(&read(&resize(&[])), &["0", "256", "0"]);
    assert_eq!(values, ["-27", "67", "225", "225", "67", "-27"]);
    // The weights sum to 1, whatever the parameter is.
    let other = resize(&[float_attribute("cubic_coeff_a", -0.5)]);
    assert_eq!(evaluate(&read(&other), &["7", "7", "7"]), ["7"; 6]);
}

#[test]
fn nearest_elements_that_rounding_decides_are_refused() {
    let read = |mode: &str, from: i64, to: i64, scale: f32| {
        let attributes = [
            text_attribute("coordinate_transformation_mode", mode),
            text_attribute("nearest_mode", "floor"),
        ];
        let model = Model::new(&[from], &[to])
            .constant(floats("scales", &[1], &[scale]))
            .node_with("Resize", &["x", "", "scales"], "y", &attributes);
        model.read()
    };
    // Every operation on these positions is exact.
    let loaded = read("asymmetric", 2, 6, 3.0).unwrap();
    assert_eq!(evaluate(&loaded, &["1", "2"]), ["1", "1", "1", "2", "2", "2"]);
    let loaded = read("half_pixel_symmetric", 3, 6, 2.0).unwrap();
    assert_eq!(evaluate(&loaded, &["0", "1", "2"]), ["0", "0", "0", "1", "1", "2"]);
    // The middle of 5 elements for the middle one of 3: 1.5/0.6 − 0.5 is 2 or the float below it.
    for mode in ["half_pixel", "half_pixel_symmetric"] {
        let error = read(mode, 5, 3, 0.6).unwrap_err().to_string();
        assert!(error.contains("element 1 along an axis of size 3 is at"), "{error}");
        assert!(error.ends_with("where rounding decides which element is the nearest"), "{error}");
    }
    // 0.7 as a float is below 7/10, and ten times that rounds to 7.
    let error = read("asymmetric", 10, 7, 0.7).unwrap_err().to_string();
    assert!(error.contains("becomes 6 by its exact scale, but 7 in floats"), "{error}");
}
