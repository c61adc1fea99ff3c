//! The greatest ratio over the vertices of the inner zonotope: branch and bound over their signs.
//!
//! The gauge of B is convex, so it is greatest on A at a vertex Σ ±a_i. With the signs of some a_i
//! fixed it is at most the gauge of their sum plus the gauges of the others.

use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard};

use foldline_geometry::zonotopes::GaugeProgram;
use foldline_geometry::zonotopes::segments::product;
use foldline_kernel::number::Signed;
use foldline_kernel::{Integer, Rational};

use super::problem::{Best, Counters, Problem};

/// Looks at all sign vectors of A's generators that might beat the best; whether it finished.
///
/// Sign vectors before `path` are those that an earlier run looked at; afterwards it is where this
/// run is.
pub fn search(
    problem: &Problem,
    path: &Path,
    best: &Best,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
) -> bool {
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    let mut gauged: Vec<(Rational, Vec<Integer>)> = Vec::new();
    for generator in generators {
        if stop() {
            return false;
        }
        counters.gauges.fetch_add(1, Ordering::Relaxed);
        let gauge = program.gauge(&generator);
        problem.consider(best, &gauge.normal);
        gauged.push((gauge.value, generator));
    }
    gauged.sort_by(|(left, _), (right, _)| right.cmp(left));
    let mut rest = vec![Rational::ZERO];
    for (gauge, _) in gauged.iter().rev() {
        let sum = rest.last().expect("not empty") + gauge;
        rest.push(sum);
    }
    rest.reverse();
    let generators = gauged.into_iter().map(|(_, generator)| generator).collect();
    let earlier = path.restart();
    let tree = Tree { problem, program, generators, rest, path, best, counters, stop };
    let start = tree.generators[0].clone(); // its sign may be chosen: A is symmetric
    tree.descend(1, &start, 1.0, &earlier)
}

/// The signs on the way to where a search is: whether each is negative, of the second generator on.
///
/// Positive signs come first.
#[derive(Debug, Default)]
pub struct Path(Mutex<Place>);

#[derive(Debug, Default)]
struct Place {
    signs: Vec<bool>,
    /// From there on, where an earlier run was.
    ahead: Vec<bool>,
}

impl Path {
    /// The place where an earlier run was.
    pub fn new(signs: Vec<bool>) -> Self {
        Self(Mutex::new(Place { signs: Vec::new(), ahead: signs }))
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.0.lock().expect("no worker panicked")
    }

    /// The signs.
    pub fn signs(&self) -> Vec<bool> {
        let place = self.place();
        place.signs.iter().chain(&place.ahead).copied().collect()
    }

    /// The signs of the earlier run.
    fn restart(&self) -> Vec<bool> {
        self.place().ahead.clone()
    }

    fn push(&self, is_negative: bool, ahead: &[bool]) {
        let mut place = self.place();
        place.signs.push(is_negative);
        place.ahead = ahead.to_vec();
    }

    fn pop(&self) {
        self.place().signs.pop();
    }
}

/// Improves the best ratio by steps between vertices of A and normals of B, from a few directions.
pub fn climb(
    problem: &Problem,
    best: &Best,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
) {
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    for start in 0..problem.rank {
        let mut normal: Vec<Integer> =
            (0..problem.rank).map(|index| u8::from(index == start).into()).collect();
        for _ in 0..2 * problem.rank {
            if stop() {
                return;
            }
            let before = best.version();
            counters.gauges.fetch_add(1, Ordering::Relaxed);
            let mut vertex = vec![Integer::ZERO; problem.rank];
            for generator in &generators {
                let negative = product(generator, &normal).is_negative();
                for (sum, entry) in vertex.iter_mut().zip(generator) {
                    if negative { *sum -= entry } else { *sum += entry }
                }
            }
            normal = program.gauge(&vertex).normal;
            problem.consider(best, &normal);
            if best.version() == before {
                break;
            }
        }
    }
}

/// The sum of the gauges of A's generators, which no ratio exceeds; `None` if it was stopped.
pub fn sum_of_gauges(
    problem: &Problem,
    counters: &Counters,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<Rational> {
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    let mut sum = Rational::ZERO;
    for point in &generators {
        if stop() {
            return None;
        }
        counters.gauges.fetch_add(1, Ordering::Relaxed);
        sum += program.gauge(point).value;
    }
    Some(sum)
}

struct Tree<'a> {
    problem: &'a Problem,
    program: GaugeProgram,
    generators: Vec<Vec<Integer>>,
    /// For each index the sum of the gauges from there on.
    rest: Vec<Rational>,
    path: &'a Path,
    best: &'a Best,
    counters: &'a Counters,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl Tree<'_> {
    /// Everything whose first `fixed` signs add up to `sum`, from the signs `earlier` below it on.
    fn descend(&self, fixed: usize, sum: &[Integer], share: f64, earlier: &[bool]) -> bool {
        if (self.stop)() {
            return false;
        }
        self.counters.gauges.fetch_add(1, Ordering::Relaxed);
        let gauge = self.program.gauge(sum);
        // At a full sign vector this makes the best at least the vertex's gauge.
        self.problem.consider(self.best, &gauge.normal);
        let bound = gauge.value + &self.rest[fixed];
        if fixed == self.generators.len() || bound <= self.best.ratio() {
            self.counters.close(share);
            return true;
        }
        for is_negative in [false, true] {
            let earlier = match earlier.split_first() {
                Some((true, _)) if !is_negative => continue,
                Some((first, rest)) if *first == is_negative => rest,
                _ => &[],
            };
            let generator = self.generators[fixed].iter();
            let sum: Vec<Integer> = sum
                .iter()
                .zip(generator)
                .map(|(sum, entry)| if is_negative { sum - entry } else { sum + entry })
                .collect();
            self.path.push(is_negative, earlier);
            if !self.descend(fixed + 1, &sum, share / 2.0, earlier) {
                return false;
            }
            self.path.pop();
        }
        true
    }
}
