//! Incumbents: descents over patterns from random hyperplanes, each step one convex program.

use super::pattern::{Label, Pattern};
use super::problem::{Problem, State};
use super::program::FloatProgram;

/// A small generator of random numbers (xorshift64*).
pub struct Random(u64);

impl Random {
    /// A generator; different seeds give different numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D | 1)
    }

    /// The next number in [0, 1).
    pub fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }

    /// The next number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        ((self.unit() * limit as f64) as usize).min(limit.saturating_sub(1))
    }
}

/// A whole pattern with its program's value, about.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The states of all groups.
    pub states: Vec<State>,
    /// How many output weights are 1.
    pub positive: usize,
    /// The active constraints at the minimum.
    pub active: Vec<Label>,
    /// The excess over the least loss, about.
    pub value: f64,
    point: Vec<f64>,
}

/// Descends from a random start to a pattern that no change of one active constraint improves.
pub fn descend(problem: &Problem, positive: usize, random: &mut Random) -> Option<Candidate> {
    let states = random_states(problem, positive, random);
    improve(problem, solve(problem, positive, states)?)
}

/// Descends from the pattern of these parameters.
pub fn descend_from(problem: &Problem, positive: usize, point: &[f64]) -> Option<Candidate> {
    improve(problem, solve(problem, positive, states_at(problem, positive, point))?)
}

fn improve(problem: &Problem, mut best: Candidate) -> Option<Candidate> {
    loop {
        let moved = states_at(problem, best.positive, &best.point);
        let mut trials = vec![moved];
        trials.extend(neighbours(&best));
        let improved = trials.into_iter().filter_map(|states| {
            let found =
                (states != best.states).then(|| solve(problem, best.positive, states))??;
            (found.value < best.value * (1.0 - 1e-9) - 1e-13).then_some(found)
        });
        let Some(better) = improved.min_by(|a, b| a.value.total_cmp(&b.value)) else {
            return Some(best);
        };
        best = better;
    }
}

/// The program of a whole pattern in floats.
fn solve(problem: &Problem, positive: usize, states: Vec<State>) -> Option<Candidate> {
    let pattern = Pattern::whole(problem, states, positive);
    let program = FloatProgram::new(problem, &pattern);
    let found = program.minimise(f64::INFINITY)?;
    let (active, value, point) = (found.active, found.value, found.point);
    Some(Candidate { states: pattern.states, positive, active, value, point })
}

fn random_states(problem: &Problem, positive: usize, random: &mut Random) -> Vec<State> {
    let mut point = vec![0.0; problem.parameters()];
    let block = problem.block();
    for node in 0..problem.architecture.hidden {
        // A random direction, with the hyperplane through the middle of two random points.
        let own = &mut point[node * block..(node + 1) * block];
        own[..block - 1].iter_mut().for_each(|value| *value = random.unit() - 0.5);
        let count = problem.float.len();
        let (one, other) = (random.below(count), random.below(count));
        let at = |index: usize| -> f64 {
            own[..block - 1].iter().zip(&problem.float[index].row).map(|(a, x)| a * x).sum()
        };
        own[block - 1] = -(at(one) + at(other)) / 2.0 / problem.float[0].row[block - 1];
    }
    let mut states = states_at(problem, positive, &point);
    // The output's state is a matter of the labels at the start.
    for (state, group) in states.iter_mut().zip(&problem.float) {
        if group.label_sum > 0.0 {
            *state |= problem.output_bit();
        }
    }
    states
}

/// The pattern of a point of the parameter space.
fn states_at(problem: &Problem, positive: usize, point: &[f64]) -> Vec<State> {
    let state = |row: &[f64]| problem.float_value(row, point, positive).1;
    problem.float.iter().map(|group| state(&group.row)).collect()
}

/// The patterns behind the active constraints.
fn neighbours(best: &Candidate) -> Vec<Vec<State>> {
    let flip = |&(group, bit): &Label| {
        let mut states = best.states.clone();
        states[group as usize] ^= 1 << bit;
        states
    };
    best.active.iter().map(flip).collect()
}
