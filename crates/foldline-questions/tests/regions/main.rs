//! Counts of cells, regions and maps against brute force.

mod generate;
mod oracle;

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
        let cells = count_cells(&network, None, Some(&region), &options(threads)).unwrap();
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
        let walked = enumerate_arrangement(&rows, &options(1)).unwrap();
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
        [enumerate_arrangement(&rows, &options).unwrap(), count_arrangement(&rows, &options)]
    {
        assert!(matches!(outcome, Outcome::Undecided { .. }), "{outcome:?}");
    }
}
