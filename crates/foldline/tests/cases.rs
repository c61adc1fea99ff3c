//! Every case and example of known truth in `data/` gets its verdict, with a witness that is one.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use foldline::formats::json_network::network_from_json;
use foldline::formats::vnnlib::{parse_property, read_property};
use foldline::{
    Network, NetworkOptions, Options, Property, Rational, Verdict, parse_rational, read_network,
    verify,
};
use serde_json::Value;

/// What running into this limit shows is a failure; no case should need a tenth of it.
const LIMIT: Duration = Duration::from_secs(60);

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(name)
}

/// What is wrong with the answer about one network and property; nothing where all is well.
fn fault(network: &Network, property: &Property, expected: &str) -> Option<String> {
    let options = Options { threads: 2, timeout: Some(LIMIT), ..Options::default() };
    let answer = catch_unwind(AssertUnwindSafe(|| verify(network, property, &options)));
    let Ok(outcome) = answer else {
        return Some("a panic".to_owned());
    };
    match outcome.verdict {
        Verdict::Undecided(limit) => Some(format!("undecided ({limit:?})")),
        Verdict::Holds { .. } if expected == "holds" => None,
        Verdict::Violated(witness) if expected == "violated" => {
            let output = network.evaluate(&witness.input).output;
            let is_witness = property.formula.holds_at(&witness.input, &output);
            (!is_witness || output != witness.output).then(|| format!("no witness: {witness:?}"))
        }
        other => Some(format!("expected {expected}, found {other:?}")),
    }
}

/// The cases of one file of `data/cases`.
fn cases(name: &str) -> Vec<Value> {
    let file = std::fs::File::open(data("cases").join(name)).expect("a file of cases");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzipped text");
    let mut document: Value = serde_json::from_str(&text).expect("JSON");
    match document["cases"].take() {
        Value::Array(cases) => cases,
        other => panic!("no list of cases: {other}"),
    }
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_else(|| panic!("{key} of {}", case["name"]))
}

fn case_fault(case: &Value) -> Option<String> {
    let name = text(case, "name");
    let network = network_from_json(name, &case["network"]).expect("a network");
    let (inputs, outputs) = (network.inputs(), network.outputs());
    let property = parse_property(name, text(case, "property"), inputs, outputs);
    let property = property.expect("a property");
    if let Value::Array(tokens) = &case["witness"] {
        let number = |token: &Value| parse_rational(token.as_str().expect("a string")).unwrap();
        let input: Vec<Rational> = tokens.iter().map(number).collect();
        let output = network.evaluate(&input).output;
        assert!(property.formula.holds_at(&input, &output), "the witness of {name}");
    }
    let fault = fault(&network, &property, text(case, "verdict"))?;
    Some(format!("{name}: {fault}"))
}

fn assert_none(faults: &[String], of: usize) {
    assert!(faults.is_empty(), "{} of {of} cases:\n{}", faults.len(), faults.join("\n"));
}

fn check(name: &str, least: usize) {
    let cases = cases(name);
    assert!(cases.len() >= least, "only {} cases in {name}", cases.len());
    let faults: Vec<String> = cases.iter().filter_map(case_fault).collect();
    assert_none(&faults, cases.len());
}

#[test]
fn touching() {
    check("touching.json.gz", 2 * 200);
}

#[test]
fn float_traps() {
    check("float_traps.json.gz", 500);
}

#[test]
fn random_small() {
    check("random_small.json.gz", 400);
}

#[test]
fn examples() {
    let folder = data("examples");
    let list = std::fs::read_to_string(folder.join("instances.csv")).expect("instances.csv");
    let mut faults = Vec::new();
    for row in list.lines() {
        let [network, claim, _] = row.split(',').collect::<Vec<_>>()[..] else {
            panic!("three columns: {row}");
        };
        let options = NetworkOptions::default();
        let network = read_network(&folder.join(network), &options).unwrap().network;
        let (inputs, outputs) = (network.inputs(), network.outputs());
        let property = read_property(&folder.join(claim), inputs, outputs).unwrap();
        let stem = claim.trim_end_matches(".vnnlib");
        let expected = stem.rsplit('_').next().expect("a verdict in the name");
        faults.extend(fault(&network, &property, expected).map(|text| format!("{claim}: {text}")));
    }
    assert_none(&faults, list.lines().count());
}
