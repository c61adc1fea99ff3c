//! Why an affine function's sign at a point follows from its signs at others: a combination that adds up to zero.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_geometry::quadratic::dependence;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Integer, Natural, Rational};

use super::signed;
use crate::training::node::{Function, Node};
use crate::training::problem::{Problem, State};

/// Groups with a function's signs there.
pub type Signs = Vec<(usize, bool)>;

/// The signs decided on the way to a node.
pub struct Decided {
    /// Those of each hidden node.
    pub hidden: Vec<Signs>,
    /// Those of the output functions.
    pub outputs: Vec<(State, Signs)>,
}

impl Decided {
    /// The signs that the first `count` decisions of a node decide.
    pub fn new(root: &Node, node: &Node, count: usize) -> Self {
        let mut decided = Self { hidden: vec![Vec::new(); node.hidden.len()], outputs: Vec::new() };
        let mut alike = root.alike;
        for decision in &node.decisions[..count] {
            let (group, on) = (decision.branch.group, decision.on);
            match decision.branch.function {
                Function::Hidden(first) => {
                    let most = 1 + (!(alike >> first)).trailing_zeros() as usize;
                    for index in 0..most {
                        decided.hidden[first + index].push((group, index < on));
                    }
                    if 0 < on && on < most {
                        alike &= !(1 << (first + on - 1));
                    }
                }
                Function::Output(state) => match decided.output(state) {
                    Some(place) => decided.outputs[place].1.push((group, on > 0)),
                    None => decided.outputs.push((state, vec![(group, on > 0)])),
                },
            }
        }
        decided
    }

    /// The place of an output function.
    pub fn output(&self, state: State) -> Option<usize> {
        self.outputs.iter().position(|(of, _)| *of == state)
    }
}

/// Groups and factors > 0, the last one that of `group` itself, such that the signed rows (x, 1) add
/// up to zero when `group` has the opposite of its sign.
///
/// # Panics
/// If the signs do not imply that of `group`.
pub fn combination(
    problem: &Problem,
    signs: &[(usize, bool)],
    group: usize,
    on: bool,
) -> Vec<(usize, Integer)> {
    let row = |(group, on): (usize, bool)| -> Vec<Integer> {
        problem.groups.groups[group].row.iter().map(|entry| signed(entry, on)).collect()
    };
    let named = |support: &[(usize, bool)], factors: Vec<Integer>| {
        let all = support.iter().map(|(group, _)| *group).zip(factors);
        all.filter(|(_, factor)| !factor.is_zero()).collect()
    };
    if let Some(mut support) = basis(problem, signs, group, on) {
        support.push((group, !on));
        let rows: Vec<Vec<Integer>> = support.iter().map(|&sign| row(sign)).collect();
        if let Some(factors) = dependence(&rows.iter().collect::<Vec<_>>()) {
            return named(&support, factors);
        }
    }
    let all: Vec<(usize, bool)> = signs.iter().copied().chain([(group, !on)]).collect();
    let constraint = |&sign: &(usize, bool)| ExactConstraint {
        coefficients: row(sign).iter().map(|entry| -entry).collect(),
        bound: Integer::ZERO,
        strict: true,
        scale: Natural::ONE,
    };
    let constraints: Vec<ExactConstraint> = all.iter().map(constraint).collect();
    match feasibility(problem.block(), &constraints) {
        Feasibility::Contradiction(multipliers) => {
            let values: Vec<Rational> =
                multipliers.iter().map(|(_, value)| value.clone()).collect();
            let support: Vec<(usize, bool)> =
                multipliers.iter().map(|(index, _)| all[*index]).collect();
            named(&support, over_common_denominator(&values).0)
        }
        Feasibility::Point(_) => unreachable!("the sign is implied"),
    }
}

/// Signs, as many as a function has parameters, whose rows seem to have that of `group` in their
/// cone; those with a factor of zero left out. The latest come first.
fn basis(
    problem: &Problem,
    signs: &[(usize, bool)],
    group: usize,
    on: bool,
) -> Option<Vec<(usize, bool)>> {
    let n = problem.block();
    let row = |(group, on): (usize, bool)| -> Vec<f64> {
        let sign = if on { 1.0 } else { -1.0 };
        problem.float[group].row.iter().map(|entry| sign * entry).collect()
    };
    let rows: Vec<Vec<f64>> = signs.iter().map(|&sign| row(sign)).collect();
    let target = row((group, on));
    if rows.len() < n {
        return None;
    }
    let mut chosen: Vec<usize> = (0..n).collect();
    for _ in 0..MOST_BASES {
        let at = |place: usize| rows.len() - 1 - chosen[place];
        let factors = solve((0..n).map(|place| &rows[at(place)]).collect(), &target);
        if let Some(factors) = factors
            && factors.iter().all(|factor| *factor > -1e-9)
        {
            let used = factors.iter().enumerate().filter(|(_, factor)| **factor > 1e-9);
            return Some(used.map(|(place, _)| signs[at(place)]).collect());
        }
        // The next subset in lexicographic order.
        let place = (0..n).rev().find(|&place| chosen[place] < rows.len() - n + place)?;
        chosen[place] += 1;
        (place + 1..n).for_each(|later| chosen[later] = chosen[later - 1] + 1);
    }
    None
}

/// More subsets are not tried.
const MOST_BASES: usize = 3000;

/// Factors with which the columns add up to `target`, about.
fn solve(columns: Vec<&Vec<f64>>, target: &[f64]) -> Option<Vec<f64>> {
    let n = target.len();
    let mut system: Vec<Vec<f64>> = (0..n)
        .map(|i| columns.iter().map(|column| column[i]).chain([target[i]]).collect())
        .collect();
    for step in 0..n {
        let pivot =
            (step..n).max_by(|&a, &b| system[a][step].abs().total_cmp(&system[b][step].abs()))?;
        system.swap(step, pivot);
        if system[step][step].abs() < 1e-12 {
            return None;
        }
        for line in (0..n).filter(|&line| line != step) {
            let factor = system[line][step] / system[step][step];
            for column in step..=n {
                system[line][column] -= factor * system[step][column];
            }
        }
    }
    Some((0..n).map(|line| system[line][n] / system[line][line]).collect())
}
