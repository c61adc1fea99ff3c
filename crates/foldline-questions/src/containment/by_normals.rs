//! The greatest ratio over the facet normals of the outer zonotope: floats discard, a prime decides ties, integers the rest.
//!
//! h_A is convex and h_B linear on every cone of the arrangement of B's generators, so the greatest
//! ratio h_A/h_B is attained on a ray of it: at a normal of a hyperplane that generators span
//! [Z, Thm 2.1]. Differs from the paper: no linear program; A need not be enumerated.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use foldline_geometry::directed::{UNIT_ROUNDOFF, round_down};
use foldline_geometry::zonotopes::Span;
use foldline_geometry::zonotopes::float_pencils::{
    FloatColumns, FloatPencil, FloatPencilVisitor, PencilResidues, visit_float_pencils,
};
use foldline_kernel::Integer;
use foldline_kernel::number::power_of_two;
use serde_json::{Value, json};

use super::by_exact_normals;
use super::problem::{Problem, Walk};
use super::resume::Way;
use super::sums::{padded, sum_of_magnitudes};
use super::ties::Ties;
use super::weights::FloatWeights;
use crate::checkpoint::{Keeper, StateError, expected};

/// Normals of a pencil from one look at the limits to the next.
const PAUSE: u64 = 256;

/// Covers what underflow can hide in a sum.
const UNDERFLOW: f64 = 1e-280;

/// A walk over all facet normals of B. Its parts are the first generators of the sets that span them.
struct NormalSearch<'a> {
    walk: &'a Walk<'a>,
    columns: &'a FloatColumns<'a>,
    lengths: &'a Lengths,
}

/// Looks at all facet normals of B, or those that an earlier run left `open`; whether it went through
/// to the end.
///
/// # Errors
/// If `open` is none of this search.
pub fn search(
    walk: &Walk<'_>,
    threads: usize,
    open: Option<&Value>,
    keeper: Option<&dyn Keeper>,
) -> Result<bool, StateError> {
    let problem = walk.problem;
    if problem.rank == 1 {
        walk.counters.normals.fetch_add(1, Ordering::Relaxed);
        problem.consider(walk.best, &[Integer::ONE]);
        return Ok(true);
    }
    let columns = FloatColumns::new(&problem.columns);
    let lengths = Lengths::new(problem, &columns);
    let search = NormalSearch { walk, columns: &columns, lengths: &lengths };
    let open = match open {
        Some(open) => Open::from_json(&search, open)?,
        None => Open::new((0..search.parts()).collect()),
    };
    let threads = threads.min(problem.columns.directions);
    let run = Run { threads, stop: walk.stop, keeper };
    Ok(matches!(depth_first(&search, open, run).0, Ended::Exhausted))
}

impl NormalSearch<'_> {
    /// In two dimensions there is one set, the empty one.
    fn parts(&self) -> usize {
        let problem = self.walk.problem;
        if problem.rank == 2 { 1 } else { problem.columns.directions }
    }
}

impl<'a> Search for NormalSearch<'a> {
    type Part = usize;
    type Workspace = Worker<'a>;
    type Found = Infallible;

    fn workspace(&self) -> Worker<'a> {
        Worker::new(self.walk, self.lengths)
    }

    fn visit(
        &self,
        first: usize,
        worker: &mut Worker<'a>,
        left: &mut Left<usize>,
    ) -> Option<Infallible> {
        let problem = self.walk.problem;
        let range = (problem.rank > 2).then(|| first..first + 1);
        match visit_float_pencils(self.columns, range, worker) {
            ControlFlow::Break(()) => left.parts.push(first),
            ControlFlow::Continue(()) => {
                let share = share(problem.columns.directions, first, problem.rank);
                self.walk.counters.close(share);
            }
        }
        None
    }

    fn outline(&self, first: &usize) -> usize {
        *first
    }

    fn to_json(&self, first: &usize) -> Value {
        json!(first)
    }

    fn restore(&self, state: &Value) -> Result<usize, StateError> {
        let first = state.as_u64().map(|first| first as usize);
        first.filter(|&first| first < self.parts()).ok_or_else(|| expected("a generator", state))
    }

    fn state(&self, open: Value) -> Value {
        self.walk.state(Way::Normals, open)
    }
}

/// Which share of the (r−1)-subsets of n starts with this index.
fn share(count: usize, first: usize, rank: usize) -> f64 {
    // C(n−1−i, r−2) / C(n, r−1), as a product of ratios.
    let (rest, wanted) = (count - 1 - first, rank - 2);
    let factors = (0..wanted).map(|k| rest.saturating_sub(k) as f64 / (count - 1 - k) as f64);
    factors.product::<f64>() * (rank - 1) as f64 / count as f64
}

/// Lengths of the segments of B and A for values in floats.
#[derive(Debug)]
pub struct Lengths {
    /// Of B, then of A.
    pub sides: [FloatWeights; 2],
    /// A float ratio h_A/h_B is the ratio over 2 to this power.
    apart: i64,
}

impl Lengths {
    fn new(problem: &Problem, columns: &FloatColumns<'_>) -> Self {
        let (outer, inner) = columns.shifts.split_at(problem.columns.directions);
        let outer = FloatWeights::new(problem.outer.exact(), outer);
        let inner = FloatWeights::new(problem.inner.exact(), inner);
        let apart = inner.exponent - outer.exponent;
        Self { sides: [outer, inner], apart }
    }
}

/// A function's values times the lengths, and the sum of their magnitudes.
#[derive(Default)]
struct Weighted {
    values: Vec<f64>,
    magnitude: f64,
}

impl Weighted {
    fn fill(&mut self, values: &[f64], weights: &[f64]) {
        self.values.clear();
        self.values.extend(values.iter().zip(weights).map(|(value, weight)| value * weight));
        self.magnitude = self.values.iter().map(|value| value.abs()).sum();
        self.values.resize(padded(values.len()), 0.0);
    }
}

/// A float and a bound of its error.
#[derive(Debug, Clone, Copy)]
pub struct Bounded {
    /// The float.
    pub value: f64,
    /// How far it may be off.
    pub error: f64,
}

struct Worker<'a> {
    walk: &'a Walk<'a>,
    lengths: &'a Lengths,
    /// For B, then A: the two functions of the pencil.
    weighted: [[Weighted; 2]; 2],
    ties: Ties<'a>,
    /// What is known of the best ratio: its version, and a float below it.
    version: Option<u64>,
    threshold: f64,
}

impl<'a> Worker<'a> {
    fn new(walk: &'a Walk<'a>, lengths: &'a Lengths) -> Self {
        let (weighted, ties) = (Default::default(), Ties::new(walk.problem, lengths));
        Self { walk, lengths, weighted, ties, version: None, threshold: 0.0 }
    }

    fn refresh(&mut self) {
        let version = self.walk.best.version();
        if self.version == Some(version) {
            return;
        }
        self.version = Some(version);
        let ratio = self.walk.best.ratio();
        self.threshold = round_down(&(&ratio * power_of_two(-self.lengths.apart)));
        self.ties.set_ratio(&ratio);
    }

    /// The sums of B (0) or A (1) for a·(first function) − b·(second), scaled.
    fn sum(&self, side: usize, pencil: &FloatPencil<'_>, [a, b]: [f64; 2]) -> Bounded {
        let [x, y] = &self.weighted[side];
        let value = sum_of_magnitudes(a, b, &x.values, &y.values);
        let roundings = (x.values.len() + 24) as f64;
        let [gap, other] = pencil.errors;
        let (a, b) = (a.abs(), b.abs());
        // Each value is off by its row's error, a by that of the second row, b by that of the first.
        let inherited = (a * gap + b * other + 2.0 * gap * other) * self.lengths.sides[side].total
            + other * x.magnitude
            + gap * y.magnitude;
        let rounded = roundings * UNIT_ROUNDOFF * (a * x.magnitude + b * y.magnitude);
        Bounded { value, error: 1.02 * (inherited + rounded) + UNDERFLOW }
    }

    fn candidate(
        &mut self,
        pencil: &FloatPencil<'_>,
        residues: &mut PencilResidues<'_>,
        index: usize,
    ) {
        let factors = [pencil.rows[1][index], pencil.rows[0][index]];
        let sums = [self.sum(0, pencil, factors), self.sum(1, pencil, factors)];
        let [outer, inner] = sums;
        let above = (inner.value + inner.error) * (1.0 + 8.0 * UNIT_ROUNDOFF);
        if above < self.threshold * (outer.value - outer.error) {
            return;
        }
        self.walk.counters.exact_normals.fetch_add(1, Ordering::Relaxed);
        if self.ties.is_tie(pencil, residues, index, sums) {
            return;
        }
        let problem = self.walk.problem;
        let vectors = &problem.columns.vectors;
        let members = pencil.chosen.iter().chain([&index]);
        let members: Vec<Vec<Integer>> = members.map(|&member| vectors[member].clone()).collect();
        // More than one equation: the candidate is in the flat and selects nothing.
        if let [normal] = &Span::new(problem.rank, &members).equations[..] {
            problem.consider(self.walk.best, normal);
        }
        self.refresh();
    }
}

impl FloatPencilVisitor for Worker<'_> {
    fn pencil(
        &mut self,
        pencil: &FloatPencil<'_>,
        residues: &mut PencilResidues<'_>,
    ) -> ControlFlow<()> {
        if (self.walk.stop)() {
            return ControlFlow::Break(());
        }
        let directions = self.walk.problem.columns.directions;
        for (function, row) in pencil.rows.iter().enumerate() {
            let (outer, inner) = row.split_at(directions);
            for (side, values) in [outer, inner].into_iter().enumerate() {
                self.weighted[side][function].fill(values, &self.lengths.sides[side].floats);
            }
        }
        self.refresh();
        self.ties.start_pencil();
        let mut normals = 0;
        for index in pencil.candidates() {
            self.candidate(pencil, residues, index);
            normals += 1;
            if normals % PAUSE == 0 && (self.walk.stop)() {
                return ControlFlow::Break(());
            }
        }
        self.walk.counters.normals.fetch_add(normals, Ordering::Relaxed);
        ControlFlow::Continue(())
    }

    fn too_close(&mut self, chosen: &[usize]) -> ControlFlow<()> {
        match by_exact_normals::search(self.walk, chosen) {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up() {
        for (count, rank) in [(5, 3), (9, 4), (12, 6)] {
            let sum: f64 = (0..count).map(|first| share(count, first, rank)).sum();
            assert!((sum - 1.0).abs() < 1e-12, "{count} {rank}: {sum}");
        }
    }
}
