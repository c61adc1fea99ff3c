//! Random models over all operators have the values that an evaluator in another language found in exact fractions.
//!
//! tests/python/compare_readers.py made the models and their values, and compared them with onnxruntime's.

mod support;

use std::path::Path;

use foldline_formats::input::read_text;
use foldline_formats::{LoadedNetwork, NetworkOptions, parse_network};
use support::evaluate;

fn from_hexadecimal(digits: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).expect("two digits");
        u8::from_str_radix(pair, 16).expect("two digits")
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

#[test]
fn values_are_those_of_another_evaluator() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/onnx_models.txt.gz");
    let mut network: Option<LoadedNetwork> = None;
    let (mut models, mut values) = (0, 0);
    for line in read_text(&path).unwrap().lines() {
        if let Some(digits) = line.strip_prefix("model ") {
            models += 1;
            let name = format!("model{models}.onnx");
            let read = parse_network(&name, &from_hexadecimal(digits), &NetworkOptions::default());
            network = Some(read.unwrap_or_else(|error| panic!("{error}")));
        } else if let (Some(rest), Some(network)) = (line.strip_prefix("at "), &network) {
            let (point, expected) = rest.split_once(" is ").expect("a point and its values");
            let point: Vec<&str> = point.split(' ').collect();
            assert_eq!(evaluate(network, &point).join(" "), expected, "model {models}");
            values += 1;
        }
    }
    assert!(models >= 100 && values >= models, "{models} models, {values} points");
}
