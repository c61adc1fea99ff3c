//! Runs with panics, delays and limits at random moments: no wrong end, no evidence with gaps, no hang.
//!
//! `FOLDLINE_FAULTS=10000 cargo test --release -p foldline-engine faults` for many runs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use foldline_engine::checkpoint::{Memory, StateError};
use foldline_engine::{Ended, Evidence, Left, Open, Run, Search, Storage, best_first, depth_first};
use serde_json::Value;

use crate::tree::{Part, Tree, mixed};

/// A tree whose visits are slow now and then, and one of which panics.
struct Faulty {
    tree: Tree,
    random: u64,
    /// Visits until this one panics, if it is not 0.
    panic: u64,
    visits: AtomicU64,
}

impl Search for Faulty {
    type Part = Part;
    type Workspace = ();
    type Found = u64;

    fn workspace(&self) {}

    fn visit(&self, part: Part, (): &mut (), left: &mut Left<Part>) -> Option<u64> {
        let number = self.visits.fetch_add(1, Ordering::Relaxed) + 1;
        match mixed(self.random ^ part.path) % 40 {
            0 => std::thread::sleep(Duration::from_micros(300)),
            1..8 => std::thread::yield_now(),
            _ => {}
        }
        let found = self.tree.visit(part, &mut (), left);
        // Half of its work is done then.
        assert!(number != self.panic, "on purpose");
        found
    }

    fn outline(&self, part: &Part) -> Part {
        self.tree.outline(part)
    }

    fn to_json(&self, part: &Part) -> Value {
        self.tree.to_json(part)
    }

    fn restore(&self, state: &Value) -> Result<Part, StateError> {
        self.tree.restore(state)
    }

    fn bound(&self, part: &Part) -> f64 {
        self.tree.bound(part)
    }

    fn bytes(&self, _: &Part) -> usize {
        1
    }
}

/// What the runs came to.
#[derive(Default, Debug)]
struct Count {
    whole: u32,
    found: u32,
    stopped: u32,
    panicked: u32,
}

fn text(mut evidence: Evidence) -> String {
    let mut text = Vec::new();
    evidence.write(&mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// One run, and after a limit a second one to the end.
fn run(random: u64, count: &mut Count) {
    let chance = |salt: u64, end: u64| mixed(random ^ salt << 32) % end;
    let seed = chance(1, 500);
    let (expected, parts) = Tree::new(seed).preorder();
    let within = |salt| 1 + chance(salt, parts + parts / 4);
    let tree = Tree { find: if chance(2, 4) == 0 { within(3) } else { 0 }, ..Tree::new(seed) };
    let panic = if chance(4, 4) == 0 { within(5) } else { 0 };
    let search = Faulty { tree, random, panic, visits: AtomicU64::new(0) };
    let most = if chance(6, 3) == 0 { within(7) } else { u64::MAX };
    let folder = tempfile::tempdir().unwrap();
    let storage = Storage::Files(folder.path().join("log"));
    let memory = Memory::default();
    let looks = AtomicU64::new(0);
    let stop = || looks.fetch_add(1, Ordering::Relaxed) >= most;
    let threads = 1 + chance(8, 8) as usize;
    let with = Run { threads, stop: &stop, keeper: Some(&memory) };
    let open = Open::with_evidence(vec![search.tree.root()], storage.clone());
    let start = Instant::now();
    let ended = catch_unwind(AssertUnwindSafe(|| match chance(9, 2) {
        0 => depth_first(&search, open, with),
        _ => best_first(&search, open, with, chance(10, 30) as usize),
    }));
    assert!(start.elapsed() < Duration::from_secs(20), "{random}: a run of milliseconds");
    let Ok((ended, evidence)) = ended else {
        assert!(panic != 0, "{random}: only on purpose");
        return count.panicked += 1;
    };
    match ended {
        Ended::Exhausted => {
            assert!(text(evidence.unwrap()) == expected, "{random}");
            count.whole += 1;
        }
        Ended::Found(_) => {
            assert!(search.tree.find != 0, "{random}");
            count.found += 1;
        }
        Ended::Stopped { .. } => {
            assert!(most < u64::MAX, "{random}");
            drop(evidence);
            let state = memory.next().resumed.expect("a stopped run is saved");
            let tree = Tree::new(seed);
            let open = Open::with_evidence_from_json(&tree, &state, storage).unwrap();
            let on = Run { threads, stop: &|| false, keeper: None };
            let (ended, evidence) = depth_first(&tree, open, on);
            assert!(matches!(ended, Ended::Exhausted), "{random}");
            assert!(text(evidence.unwrap()) == expected, "{random}: goes on");
            count.stopped += 1;
        }
        Ended::Failed(error) => panic!("{random}: {error}"),
    }
}

#[test]
fn faults_at_random_moments() {
    let runs = std::env::var("FOLDLINE_FAULTS").ok().and_then(|text| text.parse().ok());
    let runs: u64 = runs.unwrap_or(300);
    let mut count = Count::default();
    (0..runs).for_each(|number| run(mixed(number), &mut count));
    println!("{count:?}");
    let Count { whole, found, stopped, panicked } = count;
    assert!([whole, found, stopped, panicked].iter().all(|&kind| u64::from(kind) > runs / 50));
}
