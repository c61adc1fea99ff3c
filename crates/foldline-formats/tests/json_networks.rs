//! JSON networks: exact reading and writing, and messages that name the place.

mod support;

use foldline_formats::json_network::network_from_json;
use foldline_formats::network::{network_to_json, network_to_text};
use foldline_formats::{FormatError, LoadedNetwork, NetworkOptions, parse_network};
use support::{assert_error, evaluate};

const GOOD: &str = r#"{"layers": [
  {"weights": [[0.1, "-2/3"], [1e-1, 4]], "bias": ["0.5", -1], "activation": "relu"},
  {"weights": [[1, 1]], "bias": [0], "activation": "linear"}
]}"#;

fn read(text: &str) -> Result<LoadedNetwork, FormatError> {
    parse_network("test.json", text.as_bytes(), &NetworkOptions::default())
}

#[test]
fn numbers_are_exactly_their_text() {
    let loaded = read(GOOD).unwrap();
    // 0.1 − 2/3 + 0.5 < 0; 0.1 + 4 − 1.
    assert_eq!(evaluate(&loaded, &["1", "1"]), ["31/10"]);
    assert_eq!(evaluate(&loaded, &["3", "0"]), ["4/5"]);
    assert_eq!(loaded.operators, [("affine".to_owned(), 2), ("Relu".to_owned(), 1)]);
}

#[test]
fn what_is_written_is_read_again() {
    let network = read(GOOD).unwrap().network;
    let value = network_to_json(&network);
    assert_eq!(value["layers"][0]["weights"][0][1], "-2/3");
    assert_eq!(value["layers"][1]["bias"][0], "0");
    assert_eq!(network_from_json("again", &value).unwrap(), network);
    let text = network_to_text(&network);
    assert_eq!(read(&text).unwrap().network, network);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
}

#[test]
fn the_format_is_told_by_content() {
    let loaded = parse_network("standard input", GOOD.as_bytes(), &NetworkOptions::default());
    assert_eq!(loaded.unwrap().format, "json");
}

#[test]
fn semantic_errors_name_the_place() {
    for (from, to, place, message) in [
        ("4]", "4, 5]", "layers[0].weights[1]", "expected 2 weights, found 3"),
        ("4]", "null]", "layers[0].weights[1][1]", "found null"),
        ("4]", "true]", "layers[0].weights[1][1]", "found a truth value"),
        ("4]", "[4]]", "layers[0].weights[1][1]", "found a list"),
        ("4]", "\"four\"]", "layers[0].weights[1][1]", "found \"four\""),
        ("4]", "\"1/0\"]", "layers[0].weights[1][1]", "denominator"),
        ("4]", "1e999999]", "layers[0].weights[1][1]", "exponent"),
        ("4]", "\"NaN\"]", "layers[0].weights[1][1]", "expected a number"),
        ("\"-2/3\"], [1e-1, 4]", "1], []", "layers[0].weights[1]", "expected numbers, found none"),
        ("[[1, 1]]", "[[1]]", "layers[1].weights[0]", "expected 2 weights, found 1"),
        (
            "[[1, 1]]",
            "[1, 1]",
            "layers[1].weights[0]",
            "expected a list of numbers, found a number",
        ),
        ("[[1, 1]]", "[]", "layers[1].weights", "expected rows of weights, found none"),
        ("[[1, 1]]", "7", "layers[1].weights", "found a number"),
        ("[0]", "[0, 0]", "layers[1].bias", "expected one number a row of weights, 1, found 2"),
        ("[0]", "[]", "layers[1].bias", "expected numbers, found none"),
        ("[0]", "0", "layers[1].bias", "expected a list of numbers, found a number"),
        ("-1]", "{}]", "layers[0].bias[1]", "found an object"),
        ("\"linear\"", "\"tanh\"", "layers[1].activation", "found \"tanh\""),
        (
            "\"linear\"",
            "1",
            "layers[1].activation",
            "expected \"relu\" or \"linear\", found a number",
        ),
        ("\"activation\": \"linear\"", "\"name\": 1", "layers[1]", "unknown key \"name\""),
        (", \"activation\": \"linear\"", "", "layers[1]", "key \"activation\" is missing"),
        ("\"bias\": [0]", "\"weights\": [[1, 1]]", "layers[1]", "key \"weights\" occurs twice"),
        ("\"layers\"", "\"layer\"", "top level", "unknown key \"layer\", expected layers"),
    ] {
        assert_eq!(GOOD.matches(from).count(), 1, "{from}");
        assert_error(read(&GOOD.replace(from, to)), place, message);
    }
    assert_error(read("{}"), "top level", "key \"layers\" is missing");
    assert_error(read("[]"), "top level", "expected an object with layers, found a list");
    assert_error(read(r#"{"layers": []}"#), "layers", "found none");
    assert_error(read(r#"{"layers": [3]}"#), "layers[0]", "expected an object");
}

#[test]
fn corrupt_text_names_line_and_column() {
    for (text, place, message) in [
        ("", "line 1, column 1", "found the end of the file"),
        ("nonsense", "line 1, column 1", "expected a JSON value"),
        ("{\"layers\"", "line 1, column 10", "expected ':'"),
        ("{\"layers\": [", "line 1, column 13", "expected a JSON value"),
        ("{\"layers\": [{}", "line 1, column 15", "expected ',' or ']'"),
        ("{\"layers\": [{}]", "line 1, column 16", "expected ',' or '}'"),
        ("{\"lay", "line 1, column 6", "expected a closing quote"),
        ("{\n\"layers\": [01]}", "line 2, column 13", "leading zero"),
        ("{\n\"layers\": [.5]}", "line 2, column 12", "expected a JSON value, found '.'"),
        ("{\n\"layers\": [1.]}", "line 2, column 14", "expected a digit"),
        ("{\"layers\": [1e]}", "line 1, column 15", "expected a digit"),
        ("{\"layers\": [NaN]}", "line 1, column 13", "found 'N'"),
        ("{\"layers\": [1,]}", "line 1, column 15", "found ']'"),
        ("{layers: []}", "line 1, column 2", "expected a key in quotes"),
        ("{\"layers\": []} {}", "line 1, column 16", "expected the end of the file"),
        ("{\"layers\u{1}\": []}", "line 1, column 9", "no control character"),
    ] {
        assert_error(read(text), place, message);
    }
    let invalid = parse_network("test.json", b"{\"\xff\"}", &NetworkOptions::default());
    assert_error(invalid, "byte 2", "is not UTF-8 text");
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    assert_error(read(&deep), "line 1", "deep");
}

#[test]
fn every_truncation_is_an_error() {
    for end in 0..GOOD.len() {
        let error = read(&GOOD[..end]).unwrap_err();
        assert!(error.place.starts_with("line "), "{error}");
    }
}
