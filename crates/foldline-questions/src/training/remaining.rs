//! The lower bound of a search that was stopped: the least over its open nodes, raised in exact arithmetic where floats lost much.

use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use foldline_kernel::Rational;

use super::exact::Program;
use super::node::Node;
use super::problem::Problem;
use super::program::FloatProgram;

/// No more time is spent than this.
const LIMIT: Duration = Duration::from_millis(500);

/// A node with a lower bound of its excess over the least loss.
struct Bounded<'a> {
    bound: Rational,
    is_raised: bool,
    node: &'a Node,
}

impl Ord for Bounded<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.bound.cmp(&self.bound)
    }
}

impl PartialOrd for Bounded<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Bounded<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Bounded<'_> {}

/// No open node has a network with less than this excess, nor with less than `known`.
pub fn least_bound<'a>(
    problem: &Problem,
    open: impl Iterator<Item = &'a Node>,
    known: Rational,
) -> Rational {
    let start = Instant::now();
    let exact = |value: f64| Rational::try_from(value).expect("a number");
    let unit = exact(problem.float_unit);
    let bounded = |node: &'a Node| {
        let bound = exact(node.sound.max(0.0)) * &unit;
        Bounded { bound, is_raised: false, node }
    };
    let mut open: BinaryHeap<Bounded<'_>> = open.map(bounded).collect();
    while let Some(least) = open.pop() {
        if least.bound >= known {
            break;
        }
        if least.is_raised || start.elapsed() > LIMIT {
            return least.bound;
        }
        let bound = exact_bound(problem, least.node)
            .map_or(least.bound.clone(), |bound| bound.max(least.bound));
        open.push(Bounded { bound, is_raised: true, node: least.node });
    }
    known
}

/// The bound of a node's program in exact arithmetic, if the floats' active constraints give one.
fn exact_bound(problem: &Problem, node: &Node) -> Option<Rational> {
    let pattern = node.pattern(problem);
    let minimum = FloatProgram::new(problem, &pattern).minimise(f64::INFINITY)?;
    let program = Program::with(problem, &pattern, |label| minimum.active.contains(&label));
    program.soft_bound(&minimum.active, &minimum.curved).map(|bound| bound.value)
}
