//! Partial patterns in exact arithmetic: lower bounds from active constraints, optima of whole patterns.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_geometry::quadratic::{Stationary, dual_active_set, stationary};
use foldline_kernel::{Integer, LinearConstraint, Rational};

use super::pattern::{Label, Pattern};
use super::problem::Problem;

/// Multiples of the identity from 2^−64 down to 2^−4096 are tried for a bound.
const ROUNDS: usize = 64;

/// The program of a partial pattern: min θ'Hθ − 2c'θ + constant over Gθ ≥ 0.
pub struct Program {
    /// H, row by row.
    pub hessian: Vec<Integer>,
    /// c.
    pub linear: Vec<Integer>,
    /// What the decided groups add beyond their least loss, apart from θ.
    pub constant: Rational,
    /// The rows of G.
    pub rows: Vec<Vec<Integer>>,
    /// Their names.
    pub labels: Vec<Label>,
    /// The rows φ of the groups that are on: Σ count·φφ' = H.
    pub values: Vec<Vec<Integer>>,
    /// The groups where only the output's state is unknown.
    soft: Vec<Soft>,
}

/// A group where only the output's state is unknown; see [`super::program::FloatProgram`].
struct Soft {
    label: Label,
    /// φ.
    value: Vec<Integer>,
    count: Integer,
    label_sum: Integer,
    /// What its function adds to count·v² − 2·label_sum·v where it is quadratic.
    constant: Rational,
}

/// What a lower bound of a program with soft groups rests on.
#[derive(Debug, Clone)]
pub struct SoftBound {
    /// The bound.
    pub value: Rational,
    /// The constraints with multipliers above 0.
    pub rows: Vec<Label>,
    /// The soft groups at kinks, with multipliers above 0.
    pub kinks: Vec<Label>,
    /// The soft groups that count with their squares.
    pub curved: Vec<Label>,
}

/// A row that is held at 0 in a lower bound.
#[derive(Clone, Copy)]
enum Held {
    /// A constraint.
    Row(usize),
    /// The kink of a soft group.
    Kink(usize),
}

impl Program {
    /// The program of a partial pattern: of its known signs, and of the groups whose loss they fix.
    pub fn new(problem: &Problem, pattern: &Pattern) -> Self {
        Self::with(problem, pattern, |_| true)
    }

    /// The same with some of the constraints only.
    pub fn with(problem: &Problem, pattern: &Pattern, wanted: impl Fn(Label) -> bool) -> Self {
        let n = problem.parameters();
        let mut program = Self {
            hessian: vec![Integer::ZERO; n * n],
            linear: vec![Integer::ZERO; n],
            constant: Rational::ZERO,
            rows: Vec::new(),
            labels: Vec::new(),
            values: Vec::new(),
            soft: Vec::new(),
        };
        let negate = |value: &Integer| -value;
        for (index, group) in problem.groups.groups.iter().enumerate() {
            let row = &group.row;
            let value = pattern
                .has_value(problem, index)
                .then(|| pattern.value_row(problem, index, row, &Integer::ZERO, negate));
            let value_row = value.as_deref();
            let zero = &Integer::ZERO;
            let is_wanted = |bit| wanted((index as u32, bit));
            pattern.constraints(
                problem,
                index,
                row,
                value_row,
                zero,
                negate,
                is_wanted,
                |label, row| {
                    program.labels.push(label);
                    program.rows.push(row);
                },
            );
            match (pattern.output(problem, index), value) {
                (Some(true), Some(value)) => {
                    program.constant += &problem.on[index];
                    add(
                        &mut program.hessian,
                        &mut program.linear,
                        &value,
                        &group.count,
                        &group.label_sum,
                    );
                    program.values.push(value);
                }
                (Some(false), _) => program.constant += &problem.off[index],
                (None, Some(value)) => program.soft.push(Soft {
                    label: (index as u32, problem.architecture.hidden as u8),
                    value,
                    count: group.count.clone(),
                    label_sum: group.label_sum.clone(),
                    constant: problem.on[index].clone(),
                }),
                (None, None) | (Some(true), None) => {}
            }
        }
        let offset = pattern.offset_constraint(problem, &Integer::ONE, &Integer::ZERO, negate);
        if let Some((label, row)) = offset {
            program.labels.push(label);
            program.rows.push(row);
        }
        program
    }

    /// The constraints of these names.
    pub fn indices(&self, labels: &[Label]) -> Vec<usize> {
        let index = |label: &Label| self.labels.iter().position(|own| own == label);
        labels.iter().filter_map(index).collect()
    }

    /// A lower bound of the program and the point it comes from: the minimum where only some of
    /// the constraints in `active` are kept, all of whose multipliers are ≥ 0.
    pub fn bound(&self, active: &[usize]) -> Option<(Rational, Stationary)> {
        let mut active = active.to_vec();
        loop {
            let rows: Vec<Vec<Integer>> =
                active.iter().map(|&index| self.rows[index].clone()).collect();
            let found = stationary(&self.hessian, &self.linear, &rows)?;
            let least =
                found.multipliers.iter().enumerate().min_by_key(|(_, value)| (*value).clone());
            match least {
                Some((index, value)) if *value < Integer::ZERO => {
                    active.remove(index);
                }
                _ => return Some((&self.constant + found.value(&self.linear), found)),
            }
        }
    }

    /// A lower bound that counts soft groups too: the minimum where the rows `active` are held and
    /// the groups `curved` are quadratic, after what does not fit the minimum is let go.
    pub fn soft_bound(&self, active: &[Label], curved: &[Label]) -> Option<SoftBound> {
        let soft = |label: &Label| self.soft.iter().position(|soft| soft.label == *label);
        let held = |label: &Label| {
            let row = self.labels.iter().position(|own| own == label).map(Held::Row);
            row.or_else(|| soft(label).map(Held::Kink))
        };
        let mut held: Vec<Held> = active.iter().filter_map(held).collect();
        let mut curved: Vec<usize> = curved.iter().filter_map(soft).collect();
        // Every round but the last lets something go or moves a group beyond its kink.
        for _ in 0..=2 * (held.len() + curved.len()) {
            let (mut hessian, mut linear) = (self.hessian.clone(), self.linear.clone());
            let mut constant = self.constant.clone();
            for soft in curved.iter().map(|&index| &self.soft[index]) {
                add(&mut hessian, &mut linear, &soft.value, &soft.count, &soft.label_sum);
                constant += &soft.constant;
            }
            let row = |held: &Held| match *held {
                Held::Row(index) => self.rows[index].clone(),
                Held::Kink(index) => self.soft[index].value.iter().map(|entry| -entry).collect(),
            };
            let rows: Vec<Vec<Integer>> = held.iter().map(row).collect();
            let found = stationary(&hessian, &linear, &rows)?;
            let fits_curved = |index: &usize| self.soft[*index].is_beyond_kink(&found);
            if let Some(wrong) = curved.iter().position(|index| !fits_curved(index)) {
                curved.swap_remove(wrong);
                continue;
            }
            let excess = |held: &Held, multiplier: &Integer| match *held {
                Held::Kink(index) => {
                    *multiplier > -(&self.soft[index].label_sum * &found.denominator)
                }
                Held::Row(_) => false,
            };
            let pairs = || held.iter().zip(&found.multipliers);
            let least = pairs().enumerate().min_by_key(|(_, (_, value))| (*value).clone());
            match least {
                Some((index, (_, value))) if *value < Integer::ZERO => {
                    held.remove(index);
                    continue;
                }
                _ => {}
            }
            match pairs().position(|(held, multiplier)| excess(held, multiplier)) {
                Some(index) => match held.remove(index) {
                    Held::Kink(soft) => curved.push(soft),
                    Held::Row(_) => {}
                },
                None => {
                    let value = constant + found.value(&linear);
                    let used: Vec<Held> = pairs()
                        .filter(|(_, multiplier)| !multiplier.is_zero())
                        .map(|(held, _)| *held)
                        .collect();
                    return Some(self.named(value, &used, &curved));
                }
            }
        }
        None
    }

    fn named(&self, value: Rational, held: &[Held], curved: &[usize]) -> SoftBound {
        let row = |held: &Held| match *held {
            Held::Row(index) => Some(self.labels[index]),
            Held::Kink(_) => None,
        };
        let kink = |held: &Held| match *held {
            Held::Row(_) => None,
            Held::Kink(index) => Some(self.soft[index].label),
        };
        SoftBound {
            value,
            rows: held.iter().filter_map(row).collect(),
            kinks: held.iter().filter_map(kink).collect(),
            curved: curved.iter().map(|&index| self.soft[index].label).collect(),
        }
    }

    /// The minimum and a point where it is attained, if the constraints in `active` suffice.
    pub fn optimum(&self, active: &[usize]) -> Option<(Rational, Vec<Rational>)> {
        let (value, found) = self.bound(active)?;
        if self.rows.iter().all(|row| product(row, &found.point) >= Integer::ZERO) {
            return Some((value, found.rationals()));
        }
        let singular = self.feasible_equivalent(&found)?;
        Some((value, singular))
    }

    /// A point of the cone with the same values at all groups that are on.
    fn feasible_equivalent(&self, found: &Stationary) -> Option<Vec<Rational>> {
        let n = self.linear.len();
        let point = found.rationals();
        let constraint = |row: &[Integer], bound: Rational, sign: i8| {
            let factor = Rational::from(sign);
            let terms = row.iter().map(|a| &factor * Rational::from(a.clone())).enumerate();
            ExactConstraint::new(n, &LinearConstraint::new(terms.collect(), bound, false))
        };
        let mut constraints: Vec<ExactConstraint> =
            self.rows.iter().map(|row| constraint(row, Rational::ZERO, -1)).collect();
        for row in &self.values {
            let value = row
                .iter()
                .zip(&point)
                .fold(Rational::ZERO, |sum, (a, x)| sum + Rational::from(a.clone()) * x);
            constraints.push(constraint(row, value.clone(), 1));
            constraints.push(constraint(row, -value, -1));
        }
        match feasibility(n, &constraints) {
            Feasibility::Point(point) => Some(point),
            Feasibility::Contradiction(_) => None,
        }
    }

    /// The minimum and a point where it is attained, from a guess of the active constraints.
    ///
    /// Where the guess is wrong, the program with a small multiple of the identity added to H
    /// is solved in rationals; from some multiple on its active constraints are right.
    pub fn solve(&self, active: &[usize]) -> (Rational, Vec<Rational>) {
        if let Some(found) = self.optimum(active) {
            return found;
        }
        let rows: Vec<Vec<Rational>> = self.rows.iter().map(|row| rationals(row)).collect();
        for round in 1.. {
            let guess = self.rational_guess(&rows, round);
            if let Some(found) = guess.and_then(|active| self.optimum(&active)) {
                return found;
            }
        }
        unreachable!("some multiple of the identity is small enough")
    }

    /// The active constraints of the program with 2^(−64·round) times the identity added to H.
    fn rational_guess(&self, rows: &[Vec<Rational>], round: usize) -> Option<Vec<usize>> {
        let n = self.linear.len();
        let added = Rational::ONE / Rational::from(Integer::ONE << (64 * round));
        let mut hessian = rationals(&self.hessian);
        (0..n).for_each(|i| hessian[i * n + i] += &added);
        let guess = dual_active_set(&hessian, &rationals(&self.linear), rows, |_| false);
        guess.map(|guess| guess.active)
    }

    /// A lower bound that `is_enough`, of a program without soft groups; else the best one found.
    pub fn dual_minimum(&self, is_enough: impl Fn(&Rational) -> bool) -> Option<SoftBound> {
        let rows: Vec<Vec<Rational>> = self.rows.iter().map(|row| rationals(row)).collect();
        let mut best: Option<SoftBound> = None;
        for round in 1..=ROUNDS {
            let Some(active) = self.rational_guess(&rows, round) else { continue };
            let active: Vec<Label> = active.iter().map(|&index| self.labels[index]).collect();
            let Some(found) = self.soft_bound(&active, &[]) else { continue };
            if best.as_ref().is_none_or(|best| found.value > best.value) {
                best = Some(found);
            }
            if best.as_ref().is_some_and(|best| is_enough(&best.value)) {
                break;
            }
        }
        best
    }
}

impl Soft {
    /// Whether v is where the function is quadratic.
    fn is_beyond_kink(&self, found: &Stationary) -> bool {
        let at = product(&self.value, &found.point);
        if self.label_sum > Integer::ZERO {
            &at * &self.count >= &self.label_sum * &found.denominator
        } else {
            at >= Integer::ZERO
        }
    }
}

/// Adds a group that is on to H and c.
fn add(
    hessian: &mut [Integer],
    linear: &mut [Integer],
    value: &[Integer],
    count: &Integer,
    label_sum: &Integer,
) {
    let n = linear.len();
    for (i, entry) in value.iter().enumerate().filter(|(_, entry)| !entry.is_zero()) {
        let weighted = entry * count;
        linear[i] += entry * label_sum;
        for (j, other) in value.iter().enumerate().filter(|(_, other)| !other.is_zero()) {
            hessian[i * n + j] += &weighted * other;
        }
    }
}

fn rationals(values: &[Integer]) -> Vec<Rational> {
    values.iter().map(|value| Rational::from(value.clone())).collect()
}

fn product(row: &[Integer], point: &[Integer]) -> Integer {
    row.iter().zip(point).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
}
