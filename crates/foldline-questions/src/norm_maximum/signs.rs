//! The depth-first walk over sign vectors [Z, Thm 2.1], with the triangle inequality as bound.

use std::sync::Mutex;
use std::sync::atomic::Ordering;

use super::incumbent::Problem;

/// Partial sign vectors (0: free) below which a walk has still to look, the next one last.
pub type OpenSigns = Mutex<Vec<Vec<i8>>>;

/// Visits every completion of `signs` (0: free) whose norm may exceed the threshold.
pub fn complete(problem: &Problem<'_>, signs: &[i8]) {
    walk(problem, signs, None);
}

/// Visits the completions of all `open` sign vectors in turn, of which afterwards those are left
/// that a limit left open.
pub fn complete_all(problem: &Problem<'_>, open: &OpenSigns) {
    let last = || open.lock().expect("no walk panicked").last().cloned();
    while let Some(signs) = last() {
        walk(problem, &signs, Some(open));
        if problem.was_stopped() {
            return;
        }
    }
}

/// Where all are free one of them is fixed: a sum and its negative have the same norm. With `open`,
/// whose last is `signs`, what is left to look at is there at any moment.
fn walk(problem: &Problem<'_>, signs: &[i8], open: Option<&OpenSigns>) {
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
    let mut walk = Walk { problem, free: &free, rest: &rest, sums, visited: 0, open };
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
    open: Option<&'a OpenSigns>,
}

impl Walk<'_> {
    /// Goes on below the partial vector that has decided the first `depth` free signs.
    ///
    /// It is the last of the open ones, and taken off them at the end, unless the walk is stopped.
    fn descend(&mut self, signs: &mut [i8], depth: usize) {
        self.visited += 1;
        if self.visited.is_multiple_of(4096) && self.problem.is_stopped() {
            return;
        }
        let bound = self.problem.power.norm_above(&self.sums[depth]) + self.rest[depth];
        let is_of_interest = bound * (1.0 + f64::EPSILON) > self.problem.threshold();
        if is_of_interest && depth == self.free.len() {
            self.problem.offer(signs);
        } else if is_of_interest {
            // The sign that makes the sum longer first.
            let vector = self.problem.generators.vector(self.free[depth].1);
            let along: f64 = vector.iter().zip(&self.sums[depth]).map(|(a, b)| a * b).sum();
            let first = if along < 0.0 { -1 } else { 1 };
            self.open_up(signs, depth, [-first, first]);
            self.step(signs, depth, first);
            if !self.problem.was_stopped() {
                self.step(signs, depth, -first);
            }
            return;
        }
        if let Some(open) = self.open {
            open.lock().expect("no walk panicked").pop();
        }
    }

    /// Puts these two in the place of the last open one: `signs` with the next one decided.
    fn open_up(&self, signs: &[i8], depth: usize, next: [i8; 2]) {
        let Some(open) = self.open else { return };
        let decided = next.map(|sign| {
            let mut signs = signs.to_vec();
            signs[self.free[depth].1] = sign;
            signs
        });
        let mut open = open.lock().expect("no walk panicked");
        open.pop();
        open.extend(decided);
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
