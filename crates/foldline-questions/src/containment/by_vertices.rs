//! The greatest ratio over the vertices of the inner zonotope: branch and bound over their signs.
//!
//! The gauge of B is convex, so it is greatest on A at a vertex Σ ±a_i. With the signs of some a_i
//! fixed it is at most the gauge of their sum plus the gauges of the others.

use std::sync::atomic::Ordering;

use foldline_geometry::zonotopes::GaugeProgram;
use foldline_geometry::zonotopes::segments::product;
use foldline_kernel::number::Signed;
use foldline_kernel::{Integer, Rational};

use super::problem::{Best, Counters, Problem};

/// Looks at all sign vectors of A's generators that might beat the best; whether it finished.
pub fn search(
    problem: &Problem,
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
    let tree = Tree { problem, program, generators, rest, best, counters, stop };
    let start = tree.generators[0].clone(); // its sign may be chosen: A is symmetric
    tree.descend(1, &start, 1.0)
}

/// Improves the best ratio by steps between vertices of A and normals of B, from a few directions.
pub fn climb(problem: &Problem, best: &Best, counters: &Counters) {
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    for start in 0..problem.rank {
        let mut normal: Vec<Integer> =
            (0..problem.rank).map(|index| u8::from(index == start).into()).collect();
        for _ in 0..2 * problem.rank {
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

/// The sum of the gauges of A's generators, which no ratio exceeds.
pub fn sum_of_gauges(problem: &Problem, counters: &Counters) -> Rational {
    let program = problem.gauges();
    let (_, generators) = problem.generators();
    counters.gauges.fetch_add(generators.len() as u64, Ordering::Relaxed);
    generators.iter().fold(Rational::ZERO, |sum, point| sum + program.gauge(point).value)
}

struct Tree<'a> {
    problem: &'a Problem,
    program: GaugeProgram,
    generators: Vec<Vec<Integer>>,
    /// For each index the sum of the gauges from there on.
    rest: Vec<Rational>,
    best: &'a Best,
    counters: &'a Counters,
    stop: &'a (dyn Fn() -> bool + Sync),
}

impl Tree<'_> {
    /// Everything whose first `fixed` signs add up to `sum`.
    fn descend(&self, fixed: usize, sum: &[Integer], share: f64) -> bool {
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
        let generator = &self.generators[fixed];
        let plus: Vec<Integer> = sum.iter().zip(generator).map(|(s, g)| s + g).collect();
        let minus: Vec<Integer> = sum.iter().zip(generator).map(|(s, g)| s - g).collect();
        [plus, minus].iter().all(|sum| self.descend(fixed + 1, sum, share / 2.0))
    }
}
