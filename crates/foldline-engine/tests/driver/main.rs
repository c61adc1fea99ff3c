//! The driver on trees that are known beforehand: evidence in preorder whatever the threads, stops
//! and resumed runs; panics, failures and findings end it.

mod faults;
mod pieces;
mod tree;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldline_engine::checkpoint::{Keeper, Memory, StateError};
use foldline_engine::{
    Ended, Left, Open, Run, Search, Storage, best_first, best_first_with_dives, depth_first,
};
use serde_json::{Value, json};

use tree::{Part, Tree, mixed};

fn in_memory() -> Storage {
    Storage::Memory { limit: 1 << 12, folder: std::env::temp_dir() }
}

fn free(threads: usize) -> Run<'static> {
    Run { threads, stop: &|| false, keeper: None }
}

#[test]
fn evidence_is_in_preorder_whatever_the_threads() {
    for seed in 0..60 {
        let (expected, parts) = Tree::new(seed).preorder();
        for threads in [1, 2, 3, 8] {
            let tree = Tree::new(seed);
            let open = Open::with_evidence(vec![tree.root()], in_memory());
            let (ended, evidence) = depth_first(&tree, open, free(threads));
            assert!(matches!(ended, Ended::Exhausted));
            let mut text = Vec::new();
            evidence.unwrap().write(&mut text).unwrap();
            assert!(text == expected.as_bytes(), "seed {seed}, {threads} threads");
            assert_eq!(tree.visits.into_inner(), parts);
        }
    }
}

#[test]
fn best_first_gives_the_same_evidence() {
    for seed in 0..50 {
        let (expected, parts) = Tree::new(seed).preorder();
        let most = usize::MAX;
        for (threads, most_bytes, dive) in
            [(1, most, 1), (2, 0, 1), (2, 20, 1), (8, most, 1), (1, most, 5), (3, 20, 3)]
        {
            let tree = Tree::new(seed);
            let open = Open::with_evidence(vec![tree.root()], in_memory());
            let (ended, evidence) =
                best_first_with_dives(&tree, open, free(threads), most_bytes, dive);
            assert!(matches!(ended, Ended::Exhausted));
            let mut text = Vec::new();
            evidence.unwrap().write(&mut text).unwrap();
            assert!(text == expected.as_bytes(), "seed {seed}, {threads} threads, {most_bytes}");
            assert_eq!(tree.visits.into_inner(), parts);
        }
    }
}

/// Parts are numbers below their own, and their bounds.
#[derive(Default)]
struct Countdown {
    visited: Mutex<Vec<u64>>,
    /// The largest bounds that were reported.
    reported: Mutex<Vec<f64>>,
    /// What a limit left.
    left: Mutex<Vec<u64>>,
}

impl Search for Countdown {
    type Part = u64;
    type Workspace = ();
    type Found = ();

    const WANTS_OPEN: bool = true;

    fn workspace(&self) {}

    fn visit(&self, part: u64, (): &mut (), left: &mut Left<u64>) -> Option<()> {
        self.visited.lock().unwrap().push(part);
        left.parts = if part > 2 { vec![part / 2, part - part / 3] } else { Vec::new() };
        None
    }

    fn outline(&self, part: &u64) -> u64 {
        *part
    }

    fn to_json(&self, part: &u64) -> Value {
        json!(part)
    }

    fn restore(&self, state: &Value) -> Result<u64, StateError> {
        state.as_u64().ok_or_else(|| StateError("no number".to_owned()))
    }

    fn bound(&self, part: &u64) -> f64 {
        (*part % 1000) as f64
    }

    fn is_watched(&self) -> bool {
        true
    }

    fn report(&self, bound: f64) {
        self.reported.lock().unwrap().push(bound);
    }

    fn stopped(&self, open: &mut [&mut u64]) {
        // A change that the bound does not show, but the state that is saved.
        open.iter_mut().for_each(|part| **part += 1000);
        *self.left.lock().unwrap() = open.iter().map(|part| **part).collect();
    }
}

#[test]
fn the_largest_bound_comes_first() {
    let search = Countdown::default();
    best_first(&search, Open::new(vec![7, 100, 3]), free(1), usize::MAX);
    let visited = search.visited.into_inner().unwrap();
    assert!(visited.is_sorted_by(|a, b| a >= b), "{visited:?}");
    assert_eq!(visited[0], 100);
    assert!(search.left.into_inner().unwrap().is_empty(), "no limit was reached");
}

#[test]
fn a_dive_goes_below_the_best_part_first() {
    let search = Countdown::default();
    best_first_with_dives(&search, Open::new(vec![40, 39]), free(1), usize::MAX, 4);
    let visited = search.visited.into_inner().unwrap();
    assert_eq!(visited[..4], [40, 20, 10, 5], "the first dive");
    assert_eq!(visited[4], 39, "the best of what waits then");
}

#[test]
fn what_a_limit_leaves_is_handed_back_before_it_is_saved() {
    for threads in [1, 3] {
        let (search, memory) = (Countdown::default(), Memory::default());
        let stop = || search.visited.lock().unwrap().len() >= 30;
        let run = Run { threads, stop: &stop, keeper: Some(&memory) };
        let (ended, _) = best_first_with_dives(&search, Open::new(vec![999]), run, usize::MAX, 6);
        let mut left = search.left.into_inner().unwrap();
        let Ended::Stopped { bound } = ended else { panic!("{ended:?}") };
        assert_eq!(Some(bound as u64), left.iter().map(|part| part - 1000).max());
        let state = memory.next().resumed.unwrap();
        let saved = state["open_parts"].as_array().unwrap().iter();
        let mut saved: Vec<u64> = saved.map(|entry| entry[1].as_u64().unwrap()).collect();
        left.sort_unstable();
        saved.sort_unstable();
        assert_eq!(left, saved);
        let reported = search.reported.into_inner().unwrap();
        assert!(reported.iter().all(|bound| *bound <= 1000.0), "{reported:?}");
    }
}

#[test]
fn several_roots_come_in_order() {
    let tree = Tree::new(1);
    let roots: Vec<Part> = (0..50).map(|path| Part { path, depth: 3 }).collect();
    let mut expected = String::new();
    for root in &roots {
        expected += &Tree { seed: root.path, ..Tree::new(0) }.preorder_below(root);
    }
    let open = Open::with_evidence(roots, in_memory());
    let (_, evidence) = depth_first(&tree, open, free(4));
    let mut text = Vec::new();
    evidence.unwrap().write(&mut text).unwrap();
    assert!(text == expected.as_bytes());
}

/// Saves at every look, so that a state is one of any moment; says stop after some looks.
struct Stopping {
    memory: Memory,
    looks: AtomicUsize,
}

impl Keeper for Stopping {
    fn resumed(&self) -> Option<&Value> {
        self.memory.resumed()
    }
    fn is_due(&self) -> bool {
        true
    }
    fn save(&self, state: &Value) {
        self.memory.save(state);
    }
}

/// Runs a tree with stops until it is exhausted. Where `killed`, a run goes on from a state that
/// was saved in its midst, not from its last one. The evidence, and the number of runs.
fn with_stops(seed: u64, killed: bool) -> (Vec<u8>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::Files(folder.path().join("records"));
    let mut state: Option<Value> = None;
    for run in 1.. {
        let tree = Tree::new(seed);
        let open = match &state {
            Some(state) => Open::with_evidence_from_json(&tree, state, storage.clone()).unwrap(),
            None => Open::with_evidence(vec![tree.root()], storage.clone()),
        };
        let memory = Memory { resumed: state.take(), ..Memory::default() };
        let keeper = Stopping { memory, looks: AtomicUsize::new(0) };
        let most = 1 + (mixed(seed ^ run) % 60) as usize;
        let early = Mutex::new(None);
        let stop = || {
            let looks = keeper.looks.fetch_add(1, Ordering::Relaxed);
            if killed && looks == most / 2 {
                *early.lock().unwrap() = keeper.memory.saved.lock().unwrap().clone();
            }
            looks >= most
        };
        let threads = 1 + (mixed(seed ^ run ^ 99) % 4) as usize;
        let run_with = Run { threads, stop: &stop, keeper: Some(&keeper) };
        let (ended, evidence) = depth_first(&tree, open, run_with);
        match ended {
            Ended::Exhausted => {
                let mut evidence = evidence.unwrap();
                let mut text = Vec::new();
                evidence.write(&mut text).unwrap();
                evidence.remove();
                let left = std::fs::read_dir(folder.path()).unwrap().count();
                assert_eq!(left, 0, "no log stays");
                return (text, run as usize);
            }
            Ended::Stopped { bound } => assert!((0.0..=13.0).contains(&bound), "{bound}"),
            other => panic!("{other:?}"),
        }
        let early = early.into_inner().unwrap();
        state = match early {
            Some(text) if run % 2 == 0 => serde_json::from_str(&text).ok(),
            _ => keeper.memory.next().resumed,
        };
    }
    unreachable!("some run ends")
}

#[test]
fn stopped_and_killed_runs_give_the_same_evidence() {
    let mut runs = 0;
    for seed in 0..12 {
        let (expected, _) = Tree::new(seed).preorder();
        for killed in [false, true] {
            let (text, count) = with_stops(seed, killed);
            assert!(text == expected.as_bytes(), "seed {seed}, killed {killed}");
            runs += count;
        }
    }
    assert!(runs > 60, "most were stopped several times: {runs} runs");
}

#[test]
fn what_is_found_ends_the_search() {
    for threads in [1, 4] {
        let tree = Tree { find: 40, ..Tree::new(5) };
        let (ended, _) = depth_first(&tree, Open::new(vec![tree.root()]), free(threads));
        assert!(matches!(ended, Ended::Found(_)));
    }
}

#[test]
fn a_panic_is_seen_and_nothing_hangs() {
    for seed in 0..100 {
        let run = || {
            let tree = Tree { panic: 1 + seed % 30, ..Tree::new(seed) };
            let open = Open::with_evidence(vec![tree.root()], in_memory());
            let _ = depth_first(&tree, open, free(1 + seed as usize % 8));
            tree.visits.into_inner()
        };
        let visits = std::panic::catch_unwind(run);
        let parts = Tree::new(seed).preorder().1;
        match visits {
            Ok(_) => assert!(parts < 1 + seed % 30),
            Err(_) => assert!(parts > seed % 30),
        }
    }
}

#[test]
fn a_state_of_another_search_is_refused() {
    let tree = Tree::new(3);
    let resumed = |state: &Value| Open::with_evidence_from_json(&tree, state, in_memory());
    let bad = [
        json!(null),
        json!({"open_parts": 3}),
        json!({"open_parts": [[0, 1]]}),
        json!({"open_parts": [[1, [1, 2]]]}),
        json!({"open_parts": [[-1, [1, 2]]]}),
    ];
    for state in &bad {
        assert!(Open::from_json(&tree, state).is_err(), "{state}");
    }
    let good = json!({"open_parts": [[0, [1, 2]]]});
    assert!(Open::from_json(&tree, &good).is_ok());
    assert!(resumed(&good).is_err(), "it has no evidence");
    let log = json!({"bytes": 1, "sha256": ""});
    let lost = json!({"open_parts": [], "evidence": {"logs": [log], "stretches": []}});
    assert!(resumed(&lost).is_err(), "its log is lost");
    let beyond = json!({"open_parts": [], "evidence": {"logs": [], "stretches": [[0, 0, 5, []]]}});
    assert!(resumed(&beyond).is_err(), "a stretch beyond its log");
}
