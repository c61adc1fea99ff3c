//! Searches that are stopped after a few steps, again and again, give the answer of one in peace.

use std::sync::atomic::{AtomicU64, Ordering};

use foldline_kernel::{Rational, Sample};
use serde_json::{Value, json};

use super::cells::Cells;
use super::local::Random;
use super::problem::Problem;
use super::search::{Descents, Found, search};
use super::statement::{Architecture, TrainingOptions};
use super::{train, train_resumable, zero_loss, zero_loss_resumable};
use crate::checkpoint::Memory;
use crate::checkpoint::StateError;

/// Small numbers, so that points coincide now and then.
fn sample(dimension: usize, count: usize, seed: u64) -> Sample {
    let mut random = Random::new(seed);
    let mut number = |limit: usize| Rational::from(random.below(limit) as i32);
    let mut point = |_| (0..dimension).map(|_| number(9)).collect::<Vec<_>>();
    let points: Vec<Vec<Rational>> = (0..count).map(&mut point).collect();
    let labels = (0..count).map(|_| number(7) - Rational::from(2)).collect();
    Sample { dimension, points, labels }
}

fn architectures() -> impl Iterator<Item = Architecture> {
    [1, 2].into_iter().flat_map(|hidden| {
        [false, true].map(|output_relu| Architecture { hidden, output_relu, output_bias: true })
    })
}

/// A search that is stopped when it has asked so often whether it is to stop.
fn stopped_after(
    steps: u64,
    sample: &Sample,
    architecture: Architecture,
    threads: usize,
    keeper: &Memory,
) -> (Problem, Found) {
    let problem = Problem::new(sample, architecture, super::order);
    let rows: Vec<&[_]> = problem.groups.groups.iter().map(|group| group.row.as_slice()).collect();
    let cells = Cells::new(&rows, &|| false).unwrap();
    let asked = AtomicU64::new(0);
    let stop = || asked.fetch_add(1, Ordering::Relaxed) >= steps;
    let run = foldline_engine::Run { threads, stop: &stop, keeper: Some(keeper) };
    let descents = Descents { count: 0, seed: 0 };
    let found = search(&problem, sample, Some(&cells), &descents, run, None);
    (problem, found.unwrap())
}

#[test]
fn stopped_searches_find_the_same_optimum() {
    let mut stops = 0;
    for (seed, architecture) in (1..=3).flat_map(|seed| architectures().map(move |a| (seed, a))) {
        let sample = sample(1 + seed as usize % 2, 6, seed);
        let peace = train(&sample, architecture, &TrainingOptions::default());
        let mut keeper = Memory::default();
        let mut bounds = Vec::new();
        let (loss, nodes) = loop {
            let threads = 1 + bounds.len() % 2;
            let (problem, found) = stopped_after(3, &sample, architecture, threads, &keeper);
            let best = found.incumbent;
            let is_whole = found.lower_bound == best.excess;
            bounds.push(found.lower_bound);
            if is_whole {
                assert_eq!(best.model.loss(&sample), peace.loss, "{architecture:?} {seed}");
                let loss = &problem.least + best.excess;
                break (problem.groups.loss(&loss), found.statistics.nodes);
            }
            keeper = keeper.next();
        };
        assert_eq!(loss, peace.loss, "{architecture:?} {seed}");
        assert!(bounds.windows(2).all(|pair| pair[0] <= pair[1]), "bounds fall: {bounds:?}");
        assert!(nodes as usize >= bounds.len());
        stops += bounds.len() - 1;
    }
    assert!(stops > 20, "only {stops} stops");
}

#[test]
fn stopped_decisions_give_the_same_answer() {
    let mut stops = 0;
    for (seed, architecture) in (1..=4).flat_map(|seed| architectures().map(move |a| (seed, a))) {
        let mut sample = sample(1, 6, seed);
        // Points of a function, so that the labels alone decide nothing.
        sample.labels = sample
            .points
            .iter()
            .map(|x| (&x[0] * &x[0] / Rational::from(8)).floor())
            .map(Into::into)
            .collect();
        let problem = Problem::new(&sample, architecture, super::order);
        let peace = zero_loss(&sample, architecture, &TrainingOptions::default()).answer.unwrap();
        let mut keeper = Memory::default();
        let answer = loop {
            let asked = AtomicU64::new(0);
            let stop = || asked.fetch_add(1, Ordering::Relaxed) >= 24;
            let run = foldline_engine::Run { threads: 1, stop: &stop, keeper: Some(&keeper) };
            let found = super::zero_loss::search(&problem, run, None).unwrap();
            if let (Some(answer), _) = found {
                break answer;
            }
            stops += 1;
            keeper = keeper.next();
        };
        assert_eq!(answer.is_some(), peace.is_some(), "{architecture:?} {seed}");
        assert!(answer.is_none_or(|model| model.loss(&sample) == Rational::ZERO));
    }
    assert!(stops > 10, "only {stops} stops");
}

#[test]
fn states_of_other_searches_are_refused() {
    let sample = sample(1, 4, 1);
    let architecture = Architecture { hidden: 1, output_relu: true, output_bias: true };
    let node =
        json!({"positive": 0, "decisions": [0, 0, 1, 1], "bounds": "0 0", "branch": [0, 0, 2]});
    let best = json!({"positive": 1, "numbers": "0 0 0"});
    let state = |open: Value, best: &Value| json!({"open": {"open_parts": [[0, open]]}, "best": best, "counts": [1, 2, 3, 4]});
    let try_state = |state: Value| -> Result<(), StateError> {
        let keeper = Memory { resumed: Some(state), ..Memory::default() };
        let options = TrainingOptions::default();
        train_resumable(&sample, architecture, &options, Some(&keeper)).map(drop)
    };
    assert_eq!(try_state(state(node.clone(), &best)), Ok(()));
    for (key, value) in [
        ("positive", json!(2)),
        ("decisions", json!([0, 0, 1])),
        ("decisions", json!([0, 0, 1, 7])),
        ("decisions", json!([0, 3, 1, 1])),
        ("decisions", json!([1, 2, 1, 1])),
        ("bounds", json!("0")),
        ("bounds", json!("NaN 0")),
        ("branch", json!([0, 0, 9])),
        ("branch", json!(null)),
    ] {
        let mut node = node.clone();
        node[key] = value;
        assert!(try_state(state(node, &best)).is_err(), "{key}");
    }
    for best in [
        json!(null),
        json!({"positive": 1, "numbers": "0 0"}),
        json!({"positive": 2, "numbers": "0 0 0"}),
    ] {
        assert!(try_state(state(node.clone(), &best)).is_err());
    }
    let open = |node: Value| json!({"open": {"open_parts": [[0, node]]}, "counts": [1, 1]});
    for state in [
        open(json!({"positive": 0, "decided": [[0, 4]], "possible": [null, null, null, null]})),
        open(json!({"positive": 0, "decided": [[9, 0]], "possible": [null, null, null, null]})),
        open(json!({"positive": 0, "decided": [], "possible": []})),
        json!({"open": {"open_parts": []}, "counts": [1]}),
        json!({}),
    ] {
        let keeper = Memory { resumed: Some(state), ..Memory::default() };
        let options = TrainingOptions::default();
        let mut sample = sample.clone();
        sample.labels = vec![Rational::ONE; sample.len()];
        assert!(zero_loss_resumable(&sample, architecture, &options, Some(&keeper)).is_err());
    }
}
