//! A part's program in exact arithmetic: bounds from active constraints, and the minimum.

use foldline_geometry::quadratic::{Stationary, dual_active_set, stationary};
use foldline_kernel::{Integer, Rational};

use super::part::{Known, Part};

/// Multiples of the identity from 2^−64 down to 2^−4096 are tried.
const ROUNDS: usize = 64;

/// min θ'Hθ − 2c'θ + constant over rows·θ ≥ 0, the whole loss of scaled labels.
pub struct ExactProgram {
    hessian: Vec<Integer>,
    linear: Vec<Integer>,
    constant: Rational,
    rows: Vec<Vec<Integer>>,
}

impl ExactProgram {
    /// The program of a part.
    pub fn new(part: &Part<'_>) -> Self {
        let problem = part.problem;
        let n = problem.parameters();
        let mut program = Self {
            hessian: vec![Integer::ZERO; n * n],
            linear: vec![Integer::ZERO; n],
            constant: problem.least.clone(),
            rows: part.exact_rows(),
        };
        for (index, group) in problem.groups.groups.iter().enumerate() {
            match part.known(index, &group.row, &Integer::ZERO, |value| -value) {
                Known::Least => {}
                Known::Zero => program.constant += &problem.off[index],
                Known::Value(row) => {
                    program.constant += &problem.on[index];
                    for (i, entry) in row.iter().enumerate().filter(|(_, entry)| !entry.is_zero()) {
                        program.linear[i] += entry * &group.label_sum;
                        let weighted = entry * &group.count;
                        for (j, other) in row.iter().enumerate().filter(|(_, a)| !a.is_zero()) {
                            program.hessian[i * n + j] += &weighted * other;
                        }
                    }
                }
            }
        }
        program
    }

    /// A lower bound of the minimum, and the constraints that it comes from: some of the `active`
    /// ones, linearly independent, with multipliers > 0.
    pub fn bound(&self, active: &[usize]) -> (Rational, Vec<usize>) {
        let mut active = active.to_vec();
        loop {
            let rows: Vec<Vec<Integer>> =
                active.iter().map(|&index| self.rows[index].clone()).collect();
            let found: Stationary = stationary(&self.hessian, &self.linear, &rows)
                .expect("a least square has a least value");
            let multipliers = found.multipliers.iter().enumerate();
            let least = multipliers.min_by_key(|(_, value)| (*value).clone());
            match least {
                Some((index, value)) if *value < Integer::ZERO => {
                    active.remove(index);
                }
                _ => {
                    let value = &self.constant + found.value(&self.linear);
                    let used = active.iter().zip(&found.multipliers);
                    let used = used.filter(|(_, value)| !value.is_zero());
                    return (value, used.map(|(&index, _)| index).collect());
                }
            }
        }
    }

    /// The minimum with its active constraints, by the program with ever smaller multiples of the
    /// identity added to H: from some multiple on their active constraints are right. It ends
    /// early where `is_enough` says so, and where the bound is attained in the cone.
    pub fn minimum(&self, is_enough: impl Fn(&Rational) -> bool) -> (Rational, Vec<usize>) {
        let n = self.linear.len();
        let rational = |values: &[Integer]| -> Vec<Rational> {
            values.iter().map(|value| Rational::from(value.clone())).collect()
        };
        let rows: Vec<Vec<Rational>> = self.rows.iter().map(|row| rational(row)).collect();
        let linear = rational(&self.linear);
        let mut added = Rational::ONE;
        let mut best = self.bound(&[]);
        for _ in 0..ROUNDS {
            added /= Rational::from(Integer::ONE << 64);
            let mut hessian = rational(&self.hessian);
            (0..n).for_each(|i| hessian[i * n + i] += &added);
            let Some(guess) = dual_active_set(&hessian, &linear, &rows, |_| false) else {
                continue;
            };
            let found = self.bound(&guess.active);
            if found.0 > best.0 {
                best = found;
            }
            if is_enough(&best.0) {
                break;
            }
        }
        best
    }
}
