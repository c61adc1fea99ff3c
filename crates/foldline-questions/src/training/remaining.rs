//! The open nodes of a search that was stopped: their least bounds are raised in exact arithmetic, where floats lost much.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use super::exact::Program;
use super::node::Node;
use super::problem::Problem;
use super::program::FloatProgram;

/// No more time is spent than this.
const LIMIT: Duration = Duration::from_millis(500);

/// A node's place and its bound, the least one greatest.
struct Entry {
    sound: f64,
    place: usize,
    is_raised: bool,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        other.sound.total_cmp(&self.sound)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}

/// Raises the least bounds, until the least one is as good as it gets or is at least `enough`.
pub fn raise_bounds(problem: &Problem, nodes: &mut [&mut Node], enough: f64) {
    let start = Instant::now();
    let entry =
        |(place, node): (usize, &&mut Node)| Entry { sound: node.sound, place, is_raised: false };
    let mut entries: BinaryHeap<Entry> = nodes.iter().enumerate().map(entry).collect();
    while let Some(Entry { sound, place, is_raised }) = entries.pop() {
        if is_raised || sound >= enough || start.elapsed() > LIMIT {
            return;
        }
        let node = &mut *nodes[place];
        node.sound = sound.max(exact_bound(problem, node).unwrap_or(sound));
        entries.push(Entry { sound: node.sound, place, is_raised: true });
    }
}

/// The bound of a node's program in exact arithmetic, rounded down, if the floats' active
/// constraints give one.
fn exact_bound(problem: &Problem, node: &Node) -> Option<f64> {
    let pattern = node.pattern(problem);
    let minimum = FloatProgram::new(problem, &pattern).minimise(f64::INFINITY)?;
    let program = Program::with(problem, &pattern, |label| minimum.active.contains(&label));
    let bound = program.soft_bound(&minimum.active, &minimum.curved)?;
    let excess = bound.value.to_f64().value() / problem.float_unit;
    // Division by a power of two is exact, and half an ulp is less than a step down.
    (excess.is_finite() && excess > 0.0).then(|| excess.next_down().max(0.0))
}
