//! A partial activation pattern: for each group, which hidden nodes and whether the output are known to be on or off.

use super::problem::{Problem, State};

/// Where the signs of one sign pattern w are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    /// How many output weights are 1; they come first.
    pub positive: usize,
    /// Hidden nodes that stay at zero as an earlier one of the same sign does their part.
    pub dropped: State,
    /// Whether w0 ≥ 0, or w0 ≤ 0.
    pub offset: Option<bool>,
    /// The bits of each group's state that are known.
    pub known: Vec<State>,
    /// Those bits; the others are 0.
    pub states: Vec<State>,
}

/// A constraint's name: a group and the bit of its state that asks for it.
///
/// The sign of w0 has the number of groups in place of a group.
pub type Label = (u32, u8);

impl Pattern {
    /// The pattern of a whole sample.
    pub fn whole(problem: &Problem, states: Vec<State>, positive: usize) -> Self {
        let known = vec![problem.all_bits(); states.len()];
        Self { positive, dropped: 0, offset: None, known, states }
    }

    /// Whether all hidden nodes are known at a group.
    pub fn has_value(&self, problem: &Problem, group: usize) -> bool {
        let hidden = problem.output_bit() - 1;
        self.known[group] & hidden == hidden
    }

    /// The state of the output at a group, if it is known; on where there is no output ReLU.
    pub fn output(&self, problem: &Problem, group: usize) -> Option<bool> {
        if !self.has_value(problem, group) {
            return None;
        }
        let bit = problem.output_bit();
        let known = !problem.architecture.output_relu || self.known[group] & bit != 0;
        known.then(|| !problem.architecture.output_relu || self.states[group] & bit != 0)
    }

    /// The row φ with v = φ·θ for a group whose hidden nodes are known.
    pub fn value_row<T: Clone>(
        &self,
        problem: &Problem,
        group: usize,
        row: &[T],
        zero: &T,
        negate: impl Fn(&T) -> T,
    ) -> Vec<T> {
        problem.value_row(row, self.states[group] & !self.dropped, self.positive, zero, negate)
    }

    /// The rows g with g·θ ≥ 0 that a group's known signs ask for, by their labels, for the bits
    /// that are `wanted`; `value` is its value row, if it has one.
    #[allow(clippy::too_many_arguments)]
    pub fn constraints<T: Clone>(
        &self,
        problem: &Problem,
        group: usize,
        row: &[T],
        value: Option<&[T]>,
        zero: &T,
        negate: impl Fn(&T) -> T + Copy,
        wanted: impl Fn(u8) -> bool,
        mut take: impl FnMut(Label, Vec<T>),
    ) {
        let block = problem.block();
        let hidden = problem.architecture.hidden;
        for node in 0..hidden {
            if (self.known[group] & !self.dropped) >> node & 1 == 0 || !wanted(node as u8) {
                continue;
            }
            let on = self.states[group] >> node & 1 == 1;
            let mut values = vec![zero.clone(); problem.parameters()];
            for (value, entry) in values[node * block..].iter_mut().zip(row) {
                *value = if on { entry.clone() } else { negate(entry) };
            }
            take((group as u32, node as u8), values);
        }
        if !problem.architecture.output_relu || !wanted(hidden as u8) {
            return;
        }
        let label = (group as u32, hidden as u8);
        match (self.output(problem, group), value) {
            (Some(false), Some(value)) => take(label, value.iter().map(negate).collect()),
            (Some(true), Some(value)) if problem.needs_positive(group) => {
                take(label, value.to_vec());
            }
            _ => {}
        }
    }

    /// The constraint on the sign of w0, if there is one; `one` is 1.
    pub fn offset_constraint<T: Clone>(
        &self,
        problem: &Problem,
        one: &T,
        zero: &T,
        negate: impl Fn(&T) -> T,
    ) -> Option<(Label, Vec<T>)> {
        let on = self.offset.filter(|_| problem.architecture.output_bias)?;
        let mut row = vec![zero.clone(); problem.parameters()];
        row[problem.parameters() - 1] = if on { one.clone() } else { negate(one) };
        Some(((problem.groups.len() as u32, problem.architecture.hidden as u8), row))
    }
}
