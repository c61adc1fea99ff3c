//! The obstacle controller against its copies: known answers, and runs that are stopped all the time.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use foldline::formats::region::read_region;
use foldline::questions::checkpoint::Keeper;
use foldline::questions::equivalence::{
    Largest, Outcome, Question, Verdict, equivalent, equivalent_resumable,
};
use foldline::{Network, NetworkOptions, Options, Rational, Region, read_network};
use serde_json::Value;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/examples/obstacle").join(name)
}

fn network(name: &str) -> Network {
    read_network(&example(name), &NetworkOptions::default()).unwrap().network
}

fn region() -> Region {
    read_region(&example("region.json"), 2).unwrap()
}

fn largest(outcome: &Outcome) -> &Rational {
    match &outcome.largest {
        Largest::Value { at, attained: Some(true) } => &at.difference,
        other => panic!("expected a largest difference, found {other:?}"),
    }
}

#[test]
fn a_permuted_and_scaled_copy_is_equal_everywhere() {
    let (a, b, zero) = (network("obstacle.onnx"), network("permuted.json"), Rational::ZERO);
    assert_ne!(a, b);
    for region in [region(), Region::everything(2)] {
        let question =
            Question { networks: [&a, &b], region: &region, outputs: &[0], within: &zero };
        let found = equivalent(&question, &Options::default()).unwrap();
        assert_eq!((found.verdict, found.neurons), (Verdict::Yes, 0));
    }
}

/// Keeps the state as text and stops the run as soon as one is saved.
struct Interrupter {
    resumed: Option<Value>,
    saved: Mutex<Option<String>>,
    stop: Arc<AtomicBool>,
}

impl Keeper for Interrupter {
    fn resumed(&self) -> Option<&Value> {
        self.resumed.as_ref()
    }
    fn is_due(&self) -> bool {
        true
    }
    fn save(&self, state: &Value) {
        *self.saved.lock().unwrap() = Some(state.to_string());
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The outcome, and how often the run was stopped before.
fn interrupted(question: &Question<'_>, threads: usize) -> (Outcome, u32) {
    let mut resumed = None;
    for stops in 0.. {
        let stop = Arc::new(AtomicBool::new(false));
        let keeper = Interrupter { resumed, saved: Mutex::new(None), stop: stop.clone() };
        let options = Options { threads, stop: Some(stop), ..Options::default() };
        let found = equivalent_resumable(question, &options, Some(&keeper)).unwrap().unwrap();
        if !matches!(found.largest, Largest::Between { .. }) {
            return (found, stops);
        }
        let saved = keeper.saved.into_inner().unwrap();
        resumed = saved.map(|text| serde_json::from_str(&text).unwrap()).or(keeper.resumed);
    }
    unreachable!("every run closes some parts")
}

#[test]
fn stopped_runs_find_the_same_largest_difference() {
    let (a, region, within) = (network("obstacle.onnx"), region(), Rational::ZERO);
    for (copy, threads) in [("rounded.json", 1), ("rounded.json", 2), ("pruned.json", 2)] {
        let b = network(copy);
        let question =
            Question { networks: [&a, &b], region: &region, outputs: &[0], within: &within };
        let expected = equivalent(&question, &Options::default()).unwrap();
        let (found, stops) = interrupted(&question, threads);
        assert_eq!(largest(&found), largest(&expected), "{copy}");
        assert!(stops > 0, "{copy}: never stopped");
        assert!(matches!(found.verdict, Verdict::No(_)));
    }
}

#[test]
fn the_answer_changes_exactly_at_the_largest_difference() {
    let (a, b, region) = (network("obstacle.onnx"), network("rounded.json"), region());
    let ask = |within: &Rational| {
        let question = Question { networks: [&a, &b], region: &region, outputs: &[0], within };
        equivalent(&question, &Options::default()).unwrap()
    };
    let most = largest(&ask(&Rational::ZERO)).clone();
    assert_eq!(most.to_string(), "2238811658383/29258625843200");
    assert_eq!(ask(&most).verdict, Verdict::Yes);
    let below = &most - Rational::from_parts(1.into(), 1_000_000_000_000u64.into());
    assert!(matches!(ask(&below).verdict, Verdict::No(_)));
}
