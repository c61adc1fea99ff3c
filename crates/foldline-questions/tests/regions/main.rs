//! Counts of cells, regions and maps against brute force.

mod generate;
mod oracle;
mod pictures;

use foldline_geometry::arrangements::deletion;
use foldline_kernel::{Integer, Network, Region};
use foldline_questions::regions::{
    Counts, Options, Outcome, count_arrangement, count_cells, count_regions, enumerate_arrangement,
};
use generate::Random;

fn options(threads: usize) -> Options {
    Options { threads, ..Options::default() }
}

fn counted(network: &Network, region: &Region, threads: usize) -> Counts {
    match count_regions(network, None, Some(region), &options(threads)).unwrap() {
        Outcome::Counted(counts) => counts,
        other => panic!("{other:?}"),
    }
}

/// Compares `count` random instances with brute force.
fn agree(seed: u64, count: usize, most: usize) {
    let mut random = Random(seed);
    for case in 0..count {
        let network = generate::network(&mut random, most);
        let region = generate::region(&mut random, network.inputs());
        let expected = oracle::brute_force(&network, &region);
        let threads = 1 + case % 2;
        let found = counted(&network, &region, threads);
        assert_eq!(found, expected, "case {case} of seed {seed}: {network:?} on {region:?}");
        let cells = count_cells(&network, None, Some(&region), &options(threads), None).unwrap();
        assert_eq!(cells, Outcome::Counted(expected.cells), "case {case} of seed {seed}");
    }
}

#[test]
fn networks_agree_with_brute_force() {
    agree(1, 120, 6);
}

/// The long run: `cargo test --release -p foldline-questions --test regions -- --ignored`.
#[test]
#[ignore = "minutes"]
fn many_networks_agree_with_brute_force() {
    agree(2, 2400, 7);
}

#[test]
fn arrangements_agree_in_both_ways() {
    let mut random = Random(3);
    for _ in 0..200 {
        let (width, count) = (2 + random.below(4) as usize, random.below(9) as usize);
        let mut rows: Vec<Vec<Integer>> = Vec::new();
        while rows.len() < count {
            let row: Vec<Integer> =
                (0..width).map(|_| Integer::from(random.below(5) as i64 - 2)).collect();
            if row[1..].iter().any(|value| *value != Integer::ZERO) {
                rows.push(row);
            }
        }
        let walked = enumerate_arrangement(&rows, &options(1), None).unwrap();
        assert_eq!(walked, count_arrangement(&rows, &options(1)), "{rows:?}");
        let all = deletion::count_cells(&rows, &mut || true);
        assert_eq!(Outcome::Counted(all.unwrap()), walked);
    }
}

#[test]
fn limits_end_a_count() {
    let rows: Vec<Vec<Integer>> = (1..200i64)
        .map(|t| {
            [t * t * t * 7 % 1009, t * t % 997, t, 1, t * 31 % 103].map(Integer::from).to_vec()
        })
        .collect();
    let options = Options { timeout: Some(std::time::Duration::from_millis(30)), ..options(2) };
    for outcome in
        [enumerate_arrangement(&rows, &options, None).unwrap(), count_arrangement(&rows, &options)]
    {
        assert!(matches!(outcome, Outcome::Undecided { .. }), "{outcome:?}");
    }
}

/// Ends the count after some time, and keeps the state.
struct Kept {
    resumed: Option<serde_json::Value>,
    saved: std::sync::Mutex<Option<serde_json::Value>>,
}

impl foldline_questions::checkpoint::Keeper for Kept {
    fn resumed(&self) -> Option<&serde_json::Value> {
        self.resumed.as_ref()
    }
    fn is_due(&self) -> bool {
        true
    }
    fn save(&self, state: &serde_json::Value) {
        *self.saved.lock().unwrap() = Some(state.clone());
    }
}

#[test]
fn a_count_goes_on_from_its_state() {
    let rows: Vec<Vec<Integer>> = (1..45i64)
        .map(|t| {
            [t * t * t * 7 % 1009, t * t % 997, t, 1, t * 31 % 103].map(Integer::from).to_vec()
        })
        .collect();
    let Outcome::Counted(expected) = count_arrangement(&rows, &options(1)) else { panic!() };
    let mut state: Option<serde_json::Value> = None;
    let mut runs = 0;
    loop {
        runs += 1;
        let kept = Kept { resumed: state.clone(), saved: std::sync::Mutex::new(None) };
        let limit = std::time::Duration::from_millis(20 * runs);
        let options = Options { timeout: Some(limit), ..options(2) };
        match enumerate_arrangement(&rows, &options, Some(&kept)).unwrap() {
            Outcome::Counted(cells) => {
                assert_eq!(cells, expected, "after {runs} runs");
                break;
            }
            Outcome::Undecided { cells, .. } => assert!(cells <= expected),
        }
        state = kept.saved.into_inner().unwrap();
    }
    assert!(runs > 1, "the first run should not have been enough");
    let kept = Kept { resumed: Some(serde_json::json!({"parts": 3})), saved: Default::default() };
    assert!(enumerate_arrangement(&rows, &options(1), Some(&kept)).is_err());
}
