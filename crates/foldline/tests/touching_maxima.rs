//! The networks of `data/cases/touching.json.gz` have the maximum 0 over their regions, by construction.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use foldline::formats::json_network::network_from_json;
use foldline::formats::region::parse_region;
use foldline::questions::maximum::{Answer, maximum};
use foldline::{Options, Rational};
use serde_json::Value;

/// What running into this limit shows is a failure; no case should need a tenth of it.
const LIMIT: Duration = Duration::from_secs(60);

/// The fault in the answer about one case; nothing where all is well.
fn fault(case: &Value) -> Option<String> {
    let text = |key: &str| case[key].as_str().expect("a text");
    let network = network_from_json(text("name"), &case["network"]).expect("a network");
    let region = parse_region("r.vnnlib", text("property"), network.inputs()).expect("a region");
    let options = Options { threads: 2, timeout: Some(LIMIT), ..Options::default() };
    match maximum(&network, &region, &[vec![(0, Rational::ONE)]], &options).answer {
        Answer::Maximum { maximum, attained: Some(true) } if maximum.value.is_zero() => {
            assert!(network.evaluate(&maximum.point).output[0].is_zero());
            None
        }
        other => Some(format!("{}: {other:?}", text("name"))),
    }
}

#[test]
fn touching_networks_have_the_maximum_zero() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cases/touching.json.gz");
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the cases");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzipped text");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let cases = document["cases"].as_array().expect("a list");
    // Each network stands twice; the second time its property is "above 0", which holds.
    let once: Vec<&Value> = cases.iter().filter(|case| case["verdict"] == "violated").collect();
    assert!(once.len() >= 300, "only {} cases", once.len());
    let faults: Vec<String> = once.into_iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
