//! Proofs that no K hyperplanes separate: a tree that gives the outside points to hyperplanes one after another.
//!
//! At a leaf the convex hull of some points given to one hyperplane meets that of the inside
//! points. Which sets of outside points one hyperplane can cut off is known from the dichotomies; the points where
//! hulls meet come from exact linear programs.

use std::io;

use foldline_geometry::Dichotomies;
use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::{Integer, LinearConstraint, Rational};

use super::{excluded_sets, maximal};
use crate::training::groups::homogeneous_rows;
use crate::training::proof::NoProof;

/// Writes the tree for `points`, of which `inside` says which have label 1.
///
/// # Errors
/// If it was stopped or the records cannot be written, or if the hyperplanes exist after all.
///
/// # Panics
/// If `planes` is 0.
pub fn prove(
    dimension: usize,
    points: &[Vec<Rational>],
    inside: &[bool],
    planes: usize,
    stop: &dyn Fn() -> bool,
    out: &mut dyn io::Write,
) -> Result<(), NoProof> {
    assert!(planes > 0, "no hyperplanes");
    let rows = homogeneous_rows(dimension, points);
    let of_label = |label: bool| -> Vec<usize> {
        let mut own: Vec<usize> = (0..points.len()).filter(|&row| inside[row] == label).collect();
        own.sort_by(|&a, &b| rows[a].cmp(&rows[b]).then(a.cmp(&b)));
        own.dedup_by(|b, a| rows[*a] == rows[*b]);
        own
    };
    let (above, below) = (of_label(true), of_label(false));
    let common = below.iter().find_map(|&row| {
        let same = above.iter().find(|&&other| rows[other] == rows[row])?;
        Some((row, *same))
    });
    if let Some((below, above)) = common {
        // One point can only be given to one hyperplane, a new one.
        writeln!(out, "assign {below}\nmeet {below}*1 {above}*1")?;
        return Ok(());
    }
    let all: Vec<&[Integer]> =
        above.iter().chain(&below).map(|&row| rows[row].as_slice()).collect();
    let tree = Dichotomies::new(&all, above.len(), stop).ok_or(NoProof::Stopped)?;
    let sets = maximal(excluded_sets(&tree, above.len(), below.len()));
    let mut walk = Walk { rows: &rows, above, below, planes, sets, known: Vec::new(), stop, out };
    let empty = Vec::new();
    walk.node(&empty, &vec![0; walk.below.len().div_ceil(64)])
}

/// A set of outside points, as bits.
type Set = Vec<u64>;

struct Walk<'a> {
    rows: &'a [Vec<Integer>],
    above: Vec<usize>,
    below: Vec<usize>,
    planes: usize,
    /// The largest sets that one hyperplane can cut off.
    sets: Vec<Set>,
    /// Sets that none can, with the terms that show it.
    known: Vec<(Set, String)>,
    stop: &'a dyn Fn() -> bool,
    out: &'a mut dyn io::Write,
}

fn is_subset(one: &Set, other: &Set) -> bool {
    one.iter().zip(other).all(|(a, b)| a & !b == 0)
}

fn has(set: &Set, point: usize) -> bool {
    set[point / 64] >> (point % 64) & 1 == 1
}

fn with(set: &Set, point: usize) -> Set {
    let mut set = set.clone();
    set[point / 64] |= 1 << (point % 64);
    set
}

impl Walk<'_> {
    fn is_possible(&self, set: &Set) -> bool {
        self.sets.iter().any(|largest| is_subset(set, largest))
    }

    /// What becomes of the hyperplanes' sets when a point is given to each, a new one last.
    fn choices(&self, given: &[Set], point: usize) -> Vec<Set> {
        let mut choices: Vec<Set> = given.iter().map(|set| with(set, point)).collect();
        if given.len() < self.planes {
            choices.push(with(&vec![0; self.below.len().div_ceil(64)], point));
        }
        choices
    }

    fn node(&mut self, given: &[Set], done: &Set) -> Result<(), NoProof> {
        if (self.stop)() {
            return Err(NoProof::Stopped);
        }
        let open = (0..self.below.len()).filter(|&point| !has(done, point));
        let possible = |&point: &usize| {
            self.choices(given, point).iter().filter(|set| self.is_possible(set)).count()
        };
        let Some(point) = open.min_by_key(possible) else {
            return Err(NoProof::Wrong(Rational::from(self.planes)));
        };
        writeln!(self.out, "assign {}", self.below[point])?;
        for (plane, set) in self.choices(given, point).into_iter().enumerate() {
            if !self.is_possible(&set) {
                let terms = self.meet(&set);
                writeln!(self.out, "meet{terms}")?;
                continue;
            }
            let mut next = given.to_vec();
            if plane == given.len() {
                next.push(set);
            } else {
                next[plane] = set;
            }
            self.node(&next, &with(done, point))?;
        }
        Ok(())
    }

    /// Terms of combinations of points of the set and of inside points that are equal.
    fn meet(&mut self, set: &Set) -> String {
        if let Some((_, terms)) = self.known.iter().find(|(known, _)| is_subset(known, set)) {
            return terms.clone();
        }
        let points: Vec<usize> = (0..self.below.len()).filter(|&point| has(set, point)).collect();
        let width = self.rows[0].len();
        let constraint = |row: usize, sign: i8| {
            let terms = self.rows[row].iter().map(|a| Rational::from(a * Integer::from(sign)));
            let terms = terms.enumerate().collect();
            ExactConstraint::new(width, &LinearConstraint::new(terms, -Rational::ONE, false))
        };
        let above = self.above.iter().map(|&row| (row, constraint(row, -1)));
        let below =
            points.iter().map(|&point| self.below[point]).map(|row| (row, constraint(row, 1)));
        let (named, constraints): (Vec<usize>, Vec<ExactConstraint>) = above.chain(below).unzip();
        let Feasibility::Contradiction(multipliers) = feasibility(width, &constraints) else {
            unreachable!("no affine function does that");
        };
        let values: Vec<Rational> = multipliers.iter().map(|(_, value)| value.clone()).collect();
        let (factors, _) = foldline_kernel::network::over_common_denominator(&values);
        let mut used = vec![0; set.len()];
        let mut text = String::new();
        for ((index, _), factor) in multipliers.iter().zip(factors) {
            text += &format!(" {}*{factor}", named[*index]);
            if *index >= self.above.len() {
                used = with(&used, points[index - self.above.len()]);
            }
        }
        self.known.push((used, text.clone()));
        text
    }
}
