//! Counters that the workers of a run share.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use super::statement::Statistics;
use crate::checkpoint::{StateError, expected};

/// One shared counter.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts `amount` more.
    pub fn add(&self, amount: u64) {
        self.0.fetch_add(amount, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a run counts.
#[derive(Debug, Default)]
pub struct Counters {
    /// Bounded regions searched.
    pub regions: Counter,
    /// Nodes processed.
    pub nodes: Counter,
    /// Float LPs.
    pub lps: Counter,
    /// Leaves decided exactly.
    pub exact_leaves: Counter,
    /// Exact LPs.
    pub exact_lps: Counter,
    /// Points tried by the counterexample search.
    pub attack_points: Counter,
    /// Closed share of the search space, in units of 2⁻⁶⁰.
    pub closed: Counter,
}

const SHARE_UNIT: f64 = (1u64 << 60) as f64;

impl Counters {
    /// Counts a share of the search space as closed.
    pub fn close(&self, share: f64) {
        self.closed.add((share * SHARE_UNIT) as u64);
    }

    /// The closed share of the search space, in [0, 1].
    pub fn closed_share(&self) -> f64 {
        (self.closed.get() as f64 / SHARE_UNIT).min(1.0)
    }

    fn all(&self) -> [&Counter; 7] {
        let Self { regions, nodes, lps, exact_leaves, exact_lps, attack_points, closed } = self;
        [regions, nodes, lps, exact_leaves, exact_lps, attack_points, closed]
    }

    /// Every count, for a checkpoint.
    pub fn values(&self) -> Vec<u64> {
        self.all().iter().map(|counter| counter.get()).collect()
    }

    /// Goes on from the counts of a checkpoint.
    pub fn resume(&self, state: &Value) -> Result<(), StateError> {
        let counts = state.as_array().map(|counts| counts.iter().filter_map(Value::as_u64));
        let counts: Vec<u64> = counts.map(Iterator::collect).unwrap_or_default();
        let all = self.all();
        if counts.len() != all.len() {
            return Err(expected(&format!("{} counts", all.len()), state));
        }
        all.iter().zip(counts).for_each(|(counter, count)| counter.add(count));
        Ok(())
    }

    /// Begins anew with every count.
    pub fn restart(&self) {
        self.all().iter().for_each(|counter| counter.0.store(0, Ordering::Relaxed));
    }

    /// Begins anew with the closed share, for a second search of the same run.
    pub fn reopen(&self) {
        self.closed.0.store(0, Ordering::Relaxed);
    }

    /// The counts as plain numbers.
    pub fn statistics(&self) -> Statistics {
        Statistics {
            regions: self.regions.get(),
            nodes: self.nodes.get(),
            lps: self.lps.get(),
            exact_leaves: self.exact_leaves.get(),
            exact_lps: self.exact_lps.get(),
            attack_points: self.attack_points.get(),
            fraction: self.closed_share(),
        }
    }
}
