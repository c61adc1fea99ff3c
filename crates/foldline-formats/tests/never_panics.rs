//! Whatever happens to the bytes of a good network file, reading ends with a value or an error.

mod support;

use foldline_formats::graph::parse_graph;
use foldline_formats::{NetworkOptions, parse_network};
use proptest::prelude::*;
use support::*;

/// One change to a file.
#[derive(Debug, Clone)]
enum Change {
    Set(usize, u8),
    Flip(usize, u8),
    Insert(usize, u8),
    Remove(usize, usize),
    Copy(usize, usize, usize),
    Cut(usize),
}

fn any_change() -> impl Strategy<Value = Change> {
    let at = || any::<usize>();
    prop_oneof![
        4 => (at(), any::<u8>()).prop_map(|(p, b)| Change::Set(p, b)),
        4 => (at(), 0u8..8).prop_map(|(p, b)| Change::Flip(p, b)),
        2 => (at(), any::<u8>()).prop_map(|(p, b)| Change::Insert(p, b)),
        2 => (at(), 1usize..9).prop_map(|(p, n)| Change::Remove(p, n)),
        2 => (at(), at(), 1usize..40).prop_map(|(p, q, n)| Change::Copy(p, q, n)),
        1 => at().prop_map(Change::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    let length = bytes.len();
    if length == 0 {
        return;
    }
    match *change {
        Change::Set(at, byte) => bytes[at % length] = byte,
        Change::Flip(at, bit) => bytes[at % length] ^= 1 << bit,
        Change::Insert(at, byte) => bytes.insert(at % length, byte),
        Change::Remove(at, count) => {
            let start = at % length;
            bytes.drain(start..(start + count).min(length));
        }
        Change::Copy(from, to, count) => {
            let start = from % length;
            let piece = bytes[start..(start + count).min(length)].to_vec();
            let at = to % length;
            bytes.splice(at..at, piece);
        }
        Change::Cut(at) => bytes.truncate(at % length),
    }
}

/// Reads the file after the changes; what is read must be fit to be evaluated.
fn survives(name: &str, content: &[u8], changes: &[Change], physical: bool) {
    let mut bytes = content.to_vec();
    changes.iter().for_each(|change| apply(&mut bytes, change));
    match parse_network(name, &bytes, &NetworkOptions { physical }) {
        Ok(loaded) => {
            let point = vec!["1/3"; loaded.network.inputs()];
            assert_eq!(evaluate(&loaded, &point).len(), loaded.network.outputs());
        }
        Err(error) => assert!(!error.message.is_empty() && error.file == name),
    }
}

const NNET: &str = "// c\n1,2,1,2,\n2,1,\n0,\n-1,-1,\n1,1,\n0,0,0,\n1,1,1,\n0.5,-1e-1,\n2,\n";
const JSON: &str = r#"{"layers":[{"weights":[[1,"-1/3"],[0.5,2]],"bias":[0,1e-1],"activation":"relu"},
{"weights":[[1,-1]],"bias":["0.25"],"activation":"linear"}]}"#;
const GRAPH: &str = "c g\np edge 3 2\nn 1 1\nn 2 2\nn 3 7\ne 1 2\ne 3 2\n";
const GRAPH_JSON: &str = r#"{"colors": [1, 2, 7], "edges": [[0, 1], [2, 1]]}"#;

#[test]
fn the_models_are_read() {
    for model in [rich_model(), window_model()] {
        model.read().unwrap_or_else(|error| panic!("{error}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn onnx(changes in prop::collection::vec(any_change(), 1..5)) {
        survives("a.onnx", &rich_model().bytes(), &changes, false);
    }

    #[test]
    fn onnx_with_windows(changes in prop::collection::vec(any_change(), 1..5)) {
        survives("a.onnx", &window_model().bytes(), &changes, false);
    }

    #[test]
    fn nnet(changes in prop::collection::vec(any_change(), 1..5), physical: bool) {
        survives("a.nnet", NNET.as_bytes(), &changes, physical);
    }

    #[test]
    fn json(changes in prop::collection::vec(any_change(), 1..5)) {
        survives("a.json", JSON.as_bytes(), &changes, false);
    }

    #[test]
    fn graphs(changes in prop::collection::vec(any_change(), 1..5), is_json: bool) {
        let content = if is_json { GRAPH_JSON } else { GRAPH };
        let mut bytes = content.as_bytes().to_vec();
        changes.iter().for_each(|change| apply(&mut bytes, change));
        if let Ok(text) = String::from_utf8(bytes) {
            match parse_graph("g", &text, None) {
                Ok(file) => assert!(file.graph.classes() > 0),
                Err(error) => assert!(!error.message.is_empty() && error.file == "g"),
            }
        }
    }

    #[test]
    fn anything(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for name in ["a.onnx", "a.nnet", "a.json", "a"] {
            survives(name, &bytes, &[], false);
        }
    }
}
