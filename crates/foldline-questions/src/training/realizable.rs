//! Which partial patterns some parameters have strictly: a float guess, and exact proof that none do.
//!
//! Under an output ReLU the output's states are tied to those of the hidden nodes. A pattern
//! that no parameters have with all its signs strict adds nothing to the others' closures.

use foldline_geometry::{Polytope, Tableau};
use foldline_kernel::Integer;

use super::problem::{Problem, State};

/// A witness has every sign by at least this share of its row.
const CLEAR: f64 = 1e-7;

/// What is known about the cone of a pattern.
#[derive(Debug, Clone, PartialEq)]
pub enum Realizable {
    /// These parameters seem to be in it.
    Witness(Vec<f64>),
    /// There may be some.
    Unknown,
    /// There are none: Gordan's multipliers show it.
    Impossible,
}

impl Problem {
    /// The rows that must be positive, rows of zeros left out.
    fn strict_rows<T: Clone + PartialEq>(
        &self,
        row: &[T],
        state: State,
        positive: usize,
        zero: &T,
        negate: impl Fn(&T) -> T + Copy,
    ) -> Vec<Vec<T>> {
        let value = self.value_row(row, state, positive, zero, negate);
        let mut rows = self.hidden_rows(row, state, zero, negate);
        if self.architecture.output_relu {
            let on = state & self.output_bit() != 0;
            rows.push(if on { value } else { value.iter().map(negate).collect() });
        }
        rows.retain(|row| row.iter().any(|entry| entry != zero));
        rows
    }

    fn float_rows(&self, group: usize, state: State, positive: usize) -> Vec<Vec<f64>> {
        self.strict_rows(&self.float[group].row, state, positive, &0.0, |a| -a)
    }

    /// Whether the witness of a pattern also has the last of `states`.
    pub fn stays_inside(&self, witness: &[f64], states: &[State], positive: usize) -> bool {
        let Some((&state, group)) = states.last().zip(states.len().checked_sub(1)) else {
            return true;
        };
        self.float_rows(group, state, positive).iter().all(|row| {
            let value: f64 = row.iter().zip(witness).map(|(a, x)| a * x).sum();
            let size: f64 = row.iter().map(|a| a.abs()).sum();
            value > CLEAR * size
        })
    }

    /// Looks for parameters that have the pattern `states` strictly.
    pub fn realize(&self, states: &[State], positive: usize) -> Realizable {
        let n = self.parameters();
        // Variables: the parameters and a margin t; maximise t under g·θ ≥ t·|g|.
        let lower: Vec<f64> = (0..=n).map(|i| if i < n { -1.0 } else { 0.0 }).collect();
        let mut polytope = Polytope::new(lower, vec![1.0; n + 1]);
        for (group, &state) in states.iter().enumerate() {
            for row in self.float_rows(group, state, positive) {
                let size: f64 = row.iter().map(|a| a.abs()).sum();
                let mut normal: Vec<f64> = row.iter().map(|a| -a / size).collect();
                normal.push(1.0);
                polytope.push(&normal, 0.0);
            }
        }
        let mut tableau = Tableau::new(&polytope);
        let mut multipliers = Vec::new();
        if !tableau.restore(&mut multipliers) {
            return Realizable::Unknown;
        }
        let mut objective = vec![0.0; n + 1];
        objective[n] = -1.0;
        tableau.minimize(&objective, &mut multipliers);
        let mut vertex = vec![0.0; n + 1];
        tableau.vertex(&polytope, &mut vertex);
        if vertex[n] > CLEAR {
            vertex.truncate(n);
            return Realizable::Witness(vertex);
        }
        let support = multipliers.iter().map(|&(index, _)| index as usize);
        if self.cancels(states, positive, &support.collect::<Vec<_>>()) {
            Realizable::Impossible
        } else {
            Realizable::Unknown
        }
    }

    /// Whether some combination of these strict rows, its factors ≥ 0 and not all 0, is zero.
    fn cancels(&self, states: &[State], positive: usize, support: &[usize]) -> bool {
        let mut all = Vec::new();
        for (group, &state) in self.groups.groups.iter().zip(states) {
            let negate = |value: &Integer| -value;
            all.extend(self.strict_rows(&group.row, state, positive, &Integer::ZERO, negate));
        }
        let rows: Vec<&Vec<Integer>> = support.iter().map(|&index| &all[index]).collect();
        foldline_geometry::quadratic::cancels(&rows)
    }
}
