//! The driver under loom: small searches in every order in which two workers can run.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release -p foldline-engine --lib model`. Loom tries all interleavings with at most
//! two preemptions, and all values that a relaxed load may have. It also finds deadlocks: under it no wait times out.

use foldline_kernel::interrupt;
use loom::sync::Arc;
use serde_json::{Value, json};

use crate::checkpoint::StateError;
use crate::driver::{Ended, Order, Pool, Run};
use crate::evidence::{Evidence, Storage};
use crate::open_parts::{Given, OpenParts};
use crate::search::{Left, Search};
use crate::sync::{AtomicUsize, Mutex};

/// A search below a root; a part is its path.
struct Small {
    /// The paths of the parts that have parts below them, and how many.
    below: &'static [(&'static str, usize)],
    /// The part that ends the search.
    found: Option<&'static str>,
    visits: Mutex<Vec<String>>,
}

impl Small {
    fn below(&self, path: &str) -> Vec<String> {
        let count =
            self.below.iter().find(|(part, _)| *part == path).map_or(0, |(_, count)| *count);
        (0..count).map(|place| format!("{path}{place}")).collect()
    }

    fn preorder(&self) -> String {
        let (mut text, mut stack) = (String::new(), vec![String::new()]);
        while let Some(part) = stack.pop() {
            text += &format!("[{part}]");
            stack.extend(self.below(&part).into_iter().rev());
        }
        text
    }
}

impl Search for Small {
    type Part = String;
    type Workspace = ();
    type Found = String;

    fn workspace(&self) {}

    fn visit(&self, part: String, (): &mut (), left: &mut Left<String>) -> Option<String> {
        interrupt::count(1);
        self.visits.lock().unwrap().push(part.clone());
        left.records += &format!("[{part}]");
        left.parts = self.below(&part);
        (self.found == Some(part.as_str())).then_some(part)
    }

    fn outline(&self, part: &String) -> String {
        part.clone()
    }

    fn to_json(&self, part: &String) -> Value {
        json!(part)
    }

    fn restore(&self, _: &Value) -> Result<String, StateError> {
        unreachable!("nothing is resumed")
    }

    fn bound(&self, part: &String) -> f64 {
        -(part.len() as f64)
    }
}

/// Runs two workers in every order; `check` sees how the search ended and the parts that are left.
fn in_every_order(
    order: Order,
    small: fn() -> Small,
    looks: usize,
    check: fn(&Small, Option<Ended<String>>, Vec<String>, Evidence),
) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(2);
    model.check(move || {
        let search: &'static Small = Box::leak(Box::new(small()));
        let looked: &'static AtomicUsize = Box::leak(Box::new(AtomicUsize::new(0)));
        let stop = move || looked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= looks;
        let stop: &'static (dyn Fn() -> bool + Sync) = match looks {
            usize::MAX => &|| false,
            _ => Box::leak(Box::new(stop)),
        };
        let mut evidence = Evidence::new(Storage::in_memory(), 1);
        let rank = crate::driver::rank(search, &String::new());
        let given = vec![Given { part: String::new(), stretch: 1, rank }];
        let parts = OpenParts::new(given, order, Some(&mut evidence), 2, true).unwrap();
        let run = Run { threads: 2, stop, keeper: None };
        let pool = Arc::new(Pool::new(search, run, order, usize::MAX, parts, 1));
        let other = Arc::clone(&pool);
        let worker = loom::thread::spawn(move || other.work(1));
        // What a checkpoint would save is all that is not visited, at whatever moment.
        pool.work(0);
        worker.join().unwrap();
        let pool = Arc::try_unwrap(pool).ok().expect("the workers have ended");
        let ended = pool.ended.into_inner().unwrap();
        let mut left = Vec::new();
        pool.parts.to_json(search).unwrap()["open_parts"]
            .as_array()
            .unwrap()
            .iter()
            .for_each(|entry| left.push(entry[1].as_str().unwrap().to_owned()));
        pool.parts.return_to(&mut evidence);
        check(search, ended, left, evidence);
    });
}

fn tree() -> Small {
    Small { below: &[("", 2), ("0", 2), ("1", 1)], found: None, visits: Mutex::default() }
}

/// Every part was visited once, and the evidence is in preorder.
fn is_whole(
    search: &Small,
    ended: Option<Ended<String>>,
    left: Vec<String>,
    mut evidence: Evidence,
) {
    assert!(ended.is_none() && left.is_empty(), "{ended:?} {left:?}");
    let mut visits = search.visits.lock().unwrap().clone();
    visits.sort();
    assert_eq!(visits, ["", "0", "00", "01", "1", "10"]);
    let mut text = Vec::new();
    evidence.write(&mut text).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), search.preorder());
}

#[test]
fn depth_first_visits_every_part_once() {
    in_every_order(Order::DepthFirst, tree, usize::MAX, is_whole);
}

#[test]
fn best_first_visits_every_part_once() {
    let order = Order::BestFirst { most_bytes: usize::MAX, dive: 1 };
    in_every_order(order, tree, usize::MAX, is_whole);
}

#[test]
fn a_limit_leaves_what_was_not_visited() {
    in_every_order(Order::DepthFirst, tree, 3, |search, ended, left, _| {
        let visits = search.visits.lock().unwrap().clone();
        match ended {
            Some(Ended::Stopped { .. }) | None => {}
            other => panic!("{other:?}"),
        }
        // Every part was visited, or is open, or is below an open one.
        let all = ["", "0", "00", "01", "1", "10"];
        for part in all {
            let is_open = left.iter().any(|open| part.starts_with(open.as_str()));
            let is_visited = visits.iter().any(|visited| visited == part);
            assert!(is_open != is_visited, "{part}: {visits:?} {left:?}");
        }
    });
}

#[test]
fn what_is_found_ends_both_workers() {
    let small = || Small { found: Some("01"), ..tree() };
    in_every_order(Order::DepthFirst, small, usize::MAX, |_, ended, _, _| {
        assert!(matches!(ended, Some(Ended::Found(part)) if part == "01"));
    });
}
