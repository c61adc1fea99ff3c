//! The depth-first walk over sign vectors [Z, Thm 2.1], with the triangle inequality as bound.

use std::convert::Infallible;
use std::sync::atomic::Ordering;

use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use serde_json::Value;

use super::incumbent::Problem;
use super::resume::{read_signs, with_best};
use crate::checkpoint::{Keeper, StateError};
use crate::part_state::signs_text;

/// Partial sign vectors that one walk visits: about a millisecond.
const VISITS: u64 = 1 << 14;

/// The search over sign vectors: a part is a partial one (0: free), a visit goes through many below it.
struct SignSearch<'a> {
    problem: &'a Problem<'a>,
}

/// Visits every sign vector whose norm may exceed the threshold, or those below what an earlier run
/// left `open`; whether a limit came before the end.
///
/// # Errors
/// If `open` is none of this search.
pub fn search(
    problem: &Problem<'_>,
    open: Option<&Value>,
    threads: usize,
    keeper: Option<&dyn Keeper>,
) -> Result<bool, StateError> {
    let search = SignSearch { problem };
    let open = match open {
        Some(open) => Open::from_json(&search, open)?,
        None => Open::new(vec![vec![0; problem.generators.count()]]),
    };
    let stop = || problem.is_stopped();
    let ended = depth_first(&search, open, Run { threads, stop: &stop, keeper }).0;
    Ok(!matches!(ended, Ended::Exhausted))
}

impl Search for SignSearch<'_> {
    type Part = Vec<i8>;
    type Workspace = ();
    type Found = Infallible;

    fn workspace(&self) {}

    fn visit(&self, signs: Vec<i8>, (): &mut (), left: &mut Left<Vec<i8>>) -> Option<Infallible> {
        walk(self.problem, &signs, &mut left.parts);
        None
    }

    fn outline(&self, signs: &Vec<i8>) -> Vec<i8> {
        signs.clone()
    }

    fn to_json(&self, signs: &Vec<i8>) -> Value {
        signs_text(signs.iter().copied()).into()
    }

    fn restore(&self, state: &Value) -> Result<Vec<i8>, StateError> {
        read_signs(state, self.problem)
    }

    fn state(&self, open: Value) -> Value {
        with_best("signs", open, self.problem)
    }
}

/// Visits every completion of `signs` (0: free) whose norm may exceed the threshold; whether it got to
/// the end before a limit.
pub fn complete(problem: &Problem<'_>, signs: &[i8]) -> bool {
    let (mut open, mut left) = (vec![signs.to_vec()], Vec::new());
    while let Some(signs) = open.pop() {
        walk(problem, &signs, &mut left);
        open.extend(left.drain(..).rev());
        if !open.is_empty() && problem.is_stopped() {
            return false;
        }
    }
    true
}

/// Visits so many partial sign vectors below `signs`; those that were not reached are `left`.
///
/// Where all are free one of them is fixed: a sum and its negative have the same norm.
fn walk(problem: &Problem<'_>, signs: &[i8], left: &mut Vec<Vec<i8>>) {
    let generators = problem.generators;
    let reach = |index: usize| problem.power.norm_above(generators.vector(index));
    let mut free: Vec<(f64, usize)> = (0..signs.len())
        .filter(|&index| signs[index] == 0)
        .map(|index| (reach(index), index))
        .collect();
    free.sort_by(|a, b| b.0.total_cmp(&a.0));
    // rest[k] bounds what the free vectors from the k-th on can add to the norm.
    let mut rest = vec![problem.sum_error; free.len() + 1];
    for (place, (reach, _)) in free.iter().enumerate().rev() {
        rest[place] = (rest[place + 1] + reach) * (1.0 + f64::EPSILON);
    }
    let mut signs = signs.to_vec();
    let start = problem.float_sum(&signs);
    let sums = vec![start; free.len() + 1];
    let mut walk = Walk { problem, free: &free, rest: &rest, sums, visited: 0, left };
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
    left: &'a mut Vec<Vec<i8>>,
}

impl Walk<'_> {
    /// Goes on below the partial vector that has decided the first `depth` free signs.
    fn descend(&mut self, signs: &mut [i8], depth: usize) {
        if self.visited == VISITS {
            self.left.push(signs.to_vec());
            return;
        }
        self.visited += 1;
        let bound = self.problem.power.norm_above(&self.sums[depth]) + self.rest[depth];
        let is_of_interest = bound * (1.0 + f64::EPSILON) > self.problem.threshold();
        if is_of_interest && depth == self.free.len() {
            self.problem.offer(signs);
        } else if is_of_interest {
            // The sign that makes the sum longer first.
            let vector = self.problem.generators.vector(self.free[depth].1);
            let along: f64 = vector.iter().zip(&self.sums[depth]).map(|(a, b)| a * b).sum();
            let first = if along < 0.0 { -1 } else { 1 };
            self.step(signs, depth, first);
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
