//! Partial patterns in exact arithmetic: lower bounds from active constraints, optima of whole patterns.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_geometry::quadratic::{Stationary, dual_active_set, stationary};
use foldline_kernel::{Integer, LinearConstraint, Rational};

use super::problem::{Problem, State};

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
    /// The rows φ of the groups that are on: Σ count·φφ' = H.
    pub values: Vec<Vec<Integer>>,
}

impl Program {
    /// The program of the pattern that treats the first groups by `states`, with the first
    /// `positive` output weights 1 and the others −1.
    pub fn new(problem: &Problem, states: &[State], positive: usize) -> Self {
        let n = problem.parameters();
        let mut program = Self {
            hessian: vec![Integer::ZERO; n * n],
            linear: vec![Integer::ZERO; n],
            constant: Rational::ZERO,
            rows: Vec::new(),
            values: Vec::new(),
        };
        for (index, &state) in states.iter().enumerate() {
            let group = &problem.groups.groups[index];
            let negate = |value: &Integer| -value;
            let value = problem.value_row(&group.row, state, positive, &Integer::ZERO, negate);
            let rows =
                problem.constraints(index, &group.row, state, &value, &Integer::ZERO, negate);
            program.rows.extend(rows);
            if problem.architecture.output_relu && state & problem.output_bit() == 0 {
                program.constant += &problem.off[index];
                continue;
            }
            program.constant += &problem.on[index];
            for (i, entry) in value.iter().enumerate().filter(|(_, entry)| !entry.is_zero()) {
                let weighted = entry * &group.count;
                program.linear[i] += entry * &group.label_sum;
                for (j, other) in value.iter().enumerate().filter(|(_, other)| !other.is_zero()) {
                    program.hessian[i * n + j] += &weighted * other;
                }
            }
            program.values.push(value);
        }
        program
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
        let n = self.linear.len();
        let rows: Vec<Vec<Rational>> = self.rows.iter().map(|row| rationals(row)).collect();
        let linear = rationals(&self.linear);
        let mut added = Rational::ONE;
        loop {
            added /= Rational::from(Integer::ONE << 64);
            let mut hessian = rationals(&self.hessian);
            (0..n).for_each(|i| hessian[i * n + i] += &added);
            let guess = dual_active_set(&hessian, &linear, &rows, |_| false);
            if let Some(found) = guess.and_then(|guess| self.optimum(&guess.active)) {
                return found;
            }
        }
    }
}

fn rationals(values: &[Integer]) -> Vec<Rational> {
    values.iter().map(|value| Rational::from(value.clone())).collect()
}

fn product(row: &[Integer], point: &[Integer]) -> Integer {
    row.iter().zip(point).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
}
