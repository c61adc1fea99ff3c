//! Searches that are stopped after a few steps, again and again, give the answer of one in peace.

use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline_formats::json_network::network_from_json;
use foldline_formats::vnnlib::parse_property;
use foldline_kernel::{Network, Property};
use serde_json::{Value, json};

use super::attack::Random;
use super::counters::Counters;
use super::{Found, search_chunks};
use crate::checkpoint::{Keeper, Memory, StateError};
use crate::verification::Options;

/// A network and a property with their verdict.
struct Case {
    name: String,
    network: Network,
    property: Property,
    violated: bool,
}

fn cases(file: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cases").join(file);
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("a file of cases");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzipped text");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let read = |case: &Value| {
        let name = case["name"].as_str().unwrap();
        let network = network_from_json(name, &case["network"]).unwrap();
        let text = case["property"].as_str().unwrap();
        let property = parse_property(name, text, network.inputs(), network.outputs()).unwrap();
        let violated = case["verdict"] == "violated";
        Case { name: name.to_owned(), network, property, violated }
    };
    document["cases"].as_array().unwrap().iter().map(read).collect()
}

/// One run that `stop` ends after `steps` questions whether it is time; the state it leaves.
fn run(case: &Case, steps: u64, threads: usize, state: Option<Value>) -> (Found, Option<Value>) {
    let (network, property) = (&case.network, &case.property);
    let counters = Counters::default();
    let memory = Memory { resumed: state, ..Memory::default() };
    let asked = AtomicU64::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= steps;
    let options = Options { threads, ..Options::default() };
    let left = memory.resumed();
    let found = search_chunks(network, property, &options, left, &counters, Some(&memory), &stop);
    let saved = memory.saved.into_inner().unwrap();
    let state = saved.map(|text| serde_json::from_str(&text).unwrap()).or(memory.resumed);
    (found.unwrap(), state)
}

/// The number of runs it took, if the answer is right.
fn runs_until_answered(case: &Case, random: &mut Random) -> u64 {
    let (mut state, mut runs) = (None, 0);
    loop {
        runs += 1;
        // Ever more steps: a run that is stopped while it opens the first case makes no progress.
        let steps = 1 + runs / 4 + random.next() % 6;
        let (found, next) = run(case, steps, 1 + (random.next() % 2) as usize, state);
        state = next;
        match found {
            Found::Stopped => {}
            Found::Nothing => assert!(!case.violated, "{}: a violation is lost", case.name),
            Found::Violation(ref point) => {
                let output = case.network.evaluate(point).output;
                assert!(case.property.formula.holds_at(point, &output), "{}", case.name);
                assert!(case.violated, "{}", case.name);
            }
        }
        if found != Found::Stopped {
            return runs;
        }
    }
}

#[test]
fn stopped_again_and_again() {
    let mut random = Random::new(7);
    let (mut interrupted, mut runs) = (0, 0);
    for file in ["random_small.json.gz", "touching.json.gz"] {
        for case in cases(file).iter().step_by(3) {
            let taken = runs_until_answered(case, &mut random);
            interrupted += u64::from(taken > 2);
            runs += taken;
        }
    }
    assert!(interrupted > 40, "only {interrupted} cases were interrupted, {runs} runs");
}

#[test]
fn states_of_other_searches_are_refused() {
    let cases = cases("random_small.json.gz");
    // A state whose first part is a node, not cases to be opened.
    let with_nodes = |case: &Case| {
        let (found, state) = run(case, 5, 1, None);
        let state = state.filter(|state| state["open"]["open_parts"][0][1]["lower"].is_string());
        (found == Found::Stopped).then_some(state).flatten()
    };
    let case = cases.iter().find(|case| with_nodes(case).is_some()).expect("a longer search");
    let state = with_nodes(case).unwrap();
    let reason = |change: &dyn Fn(&mut Value)| -> Option<StateError> {
        let mut state = state.clone();
        change(&mut state);
        let counters = Counters::default();
        let (network, property) = (&case.network, &case.property);
        let options = Options::default();
        search_chunks(network, property, &options, Some(&state), &counters, None, &|| false).err()
    };
    assert_eq!(reason(&|_| ()), None);
    let node = |key: &'static str, value: Value| {
        reason(&move |state| state["open"]["open_parts"][0][1][key] = value.clone())
    };
    for (key, value) in [
        ("case", json!(10_000)),
        ("piece", json!(100)),
        ("lower", json!("0 0 0 0 0 0 0 0 0")),
        ("upper", json!("NaN")),
        ("rows", json!("1")),
        ("signs", json!("+")),
        ("signs", json!(null)),
        ("splits", json!([[9999, true]])),
        ("splits", json!([1])),
        ("clauses", json!([9999])),
        ("share", json!("x")),
    ] {
        assert!(node(key, value.clone()).is_some(), "{key}: {value}");
    }
    for (key, value) in [
        ("open", json!({"open_parts": [[0, {"from_case": 0, "to_case": 10_000}]]})),
        ("open", json!({"open_parts": [[1, {"from_case": 0, "to_case": 1}]]})),
        ("open", json!({"open_parts": 3})),
        ("counters", json!([1])),
        ("chunk", json!(-1)),
    ] {
        let change = |state: &mut Value| state[key] = value.clone();
        assert!(reason(&change).is_some(), "{key}: {value}");
    }
}
