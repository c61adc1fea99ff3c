//! The depth-first walk over sign vectors [Z, Thm 2.1], with the triangle inequality as bound.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use serde_json::Value;

use super::incumbent::Problem;
use super::resume;
use crate::checkpoint::{Keeper, StateError};

/// With at most so many free signs all completions are visited at once.
const WALKED: usize = 14;

/// The walk over all sign vectors as the driver sees it; a part is a partial one (0: free).
struct SignSearch<'a>(&'a Problem<'a>);

/// Visits all sign vectors, or those below what an earlier run left `open`; whether a limit ended it.
pub fn search(
    problem: &Problem<'_>,
    open: Option<&Value>,
    threads: usize,
    keeper: Option<&dyn Keeper>,
) -> Result<bool, StateError> {
    let search = SignSearch(problem);
    let open = match open {
        Some(open) => Open::from_json(&search, open)?,
        None => Open::new(vec![vec![0; problem.generators.count()]]),
    };
    let stop = || problem.is_stopped();
    // What one visit does is not worth threads.
    let threads = if problem.generators.count() <= WALKED + 1 { 1 } else { threads };
    match depth_first(&search, open, Run { threads, stop: &stop, keeper }).0 {
        Ended::Exhausted => Ok(false),
        Ended::Stopped { .. } => Ok(true),
        Ended::Found(never) => match never {},
        Ended::Failed(error) => unreachable!("no records are kept: {error}"),
    }
}

impl Search for SignSearch<'_> {
    type Part = Vec<i8>;
    type Workspace = ();
    type Found = Infallible;

    fn workspace(&self) {}

    fn visit(&self, signs: Vec<i8>, (): &mut (), left: &mut Left<Vec<i8>>) -> Option<Infallible> {
        let Self(problem) = self;
        let order = FreeSigns::new(problem, &signs);
        let Some(&(_, next)) = order.free.first() else {
            problem.offer(&signs);
            return None;
        };
        let with = |sign| {
            let mut signs = signs.clone();
            signs[next] = sign;
            signs
        };
        if order.free.len() == signs.len() {
            // A sum and its negative have the same norm: one sign is fixed.
            left.parts.push(with(1));
        } else if order.free.len() <= WALKED {
            complete(problem, &signs);
            if problem.was_stopped() {
                left.parts.push(signs);
            }
        } else {
            problem.sign_nodes.fetch_add(1, Ordering::Relaxed);
            let sum = problem.float_sum(&signs);
            if problem.is_of_interest(&sum, order.rest[0]) {
                let first = longer(problem.generators.vector(next), &sum);
                left.parts.extend([with(first), with(-first)]);
            }
        }
        None
    }

    fn outline(&self, signs: &Vec<i8>) -> Vec<i8> {
        signs.clone()
    }

    fn to_json(&self, signs: &Vec<i8>) -> Value {
        resume::signs_text(signs).into()
    }

    fn restore(&self, state: &Value) -> Result<Vec<i8>, StateError> {
        resume::read_signs(state, self.0)
    }

    fn state(&self, open: Value) -> Value {
        resume::with_best("signs", open, self.0)
    }
}

/// The free signs in the order in which they are decided.
struct FreeSigns {
    /// How much each can add to the norm, and its place.
    free: Vec<(f64, usize)>,
    /// What the free vectors from the k-th on can add to the norm together.
    rest: Vec<f64>,
}

impl FreeSigns {
    fn new(problem: &Problem<'_>, signs: &[i8]) -> Self {
        let reach = |index: usize| problem.power.norm_above(problem.generators.vector(index));
        let is_free = |&index: &usize| signs[index] == 0;
        let mut free: Vec<(f64, usize)> =
            (0..signs.len()).filter(is_free).map(|index| (reach(index), index)).collect();
        free.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut rest = vec![problem.sum_error; free.len() + 1];
        for (place, (reach, _)) in free.iter().enumerate().rev() {
            rest[place] = (rest[place + 1] + reach) * (1.0 + f64::EPSILON);
        }
        Self { free, rest }
    }
}

/// The sign with which the vector makes the sum longer.
fn longer(vector: &[f64], sum: &[f64]) -> i8 {
    let along: f64 = vector.iter().zip(sum).map(|(a, b)| a * b).sum();
    if along < 0.0 { -1 } else { 1 }
}

/// Visits every completion of `signs` (0: free) whose norm may exceed the threshold.
pub fn complete(problem: &Problem<'_>, signs: &[i8]) {
    let FreeSigns { free, rest } = FreeSigns::new(problem, signs);
    let mut signs = signs.to_vec();
    let sums = vec![problem.float_sum(&signs); free.len() + 1];
    let mut walk = Walk { problem, free: &free, rest: &rest, sums, visited: 0 };
    if free.len() == signs.len() && !free.is_empty() {
        walk.step(&mut signs, 0, 1);
    } else {
        walk.descend(&mut signs, 0);
    }
    problem.sign_nodes.fetch_add(walk.visited, Ordering::Relaxed);
}

struct Walk<'a> {
    problem: &'a Problem<'a>,
    free: &'a [(f64, usize)],
    rest: &'a [f64],
    /// The partial sum at each depth.
    sums: Vec<Vec<f64>>,
    visited: u64,
}

impl Walk<'_> {
    /// Goes on below the partial vector that has decided the first `depth` free signs.
    fn descend(&mut self, signs: &mut [i8], depth: usize) {
        self.visited += 1;
        if self.visited.is_multiple_of(4096) && self.problem.is_stopped() {
            return;
        }
        if !self.problem.is_of_interest(&self.sums[depth], self.rest[depth]) {
            return;
        }
        if depth == self.free.len() {
            return self.problem.offer(signs);
        }
        let first = longer(self.problem.generators.vector(self.free[depth].1), &self.sums[depth]);
        self.step(signs, depth, first);
        if !self.problem.was_stopped() {
            self.step(signs, depth, -first);
        }
    }

    fn step(&mut self, signs: &mut [i8], depth: usize, sign: i8) {
        let index = self.free[depth].1;
        signs[index] = sign;
        let (before, after) = self.sums.split_at_mut(depth + 1);
        let vector = self.problem.generators.vector(index);
        for ((next, sum), value) in after[0].iter_mut().zip(&before[depth]).zip(vector) {
            *next = sum + f64::from(sign) * value;
        }
        self.descend(signs, depth + 1);
        signs[index] = 0;
    }
}
