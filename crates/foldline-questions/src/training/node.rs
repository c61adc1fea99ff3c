//! A partial pattern in floats: the state of the first groups, their program and its bound.

use foldline_geometry::quadratic::{Guess, dual_active_set};

use super::dichotomies::Dichotomies;
use super::problem::{Problem, State};
use super::realizable::Realizable;

/// Added to the diagonal of H relative to its largest entry, so that guesses always exist.
const REGULARISATION: f64 = 1e-10;

/// A partial pattern: the first `states.len()` groups are decided.
#[derive(Debug, Clone)]
pub struct Node {
    /// How many output weights are 1; they come first.
    pub positive: usize,
    /// The states of the decided groups.
    pub states: Vec<State>,
    /// Each hidden node's partial dichotomy.
    pub dichotomies: Vec<u32>,
    /// Bit j: hidden nodes j and j + 1 have the same sign and have been alike so far.
    pub alike: State,
    /// H in floats, row by row.
    pub hessian: Vec<f64>,
    /// c in floats.
    pub linear: Vec<f64>,
    /// What the decided groups add, apart from θ.
    pub constant: f64,
    /// About a lower bound of the excess over the least loss.
    pub bound: f64,
    /// The active constraints at the bound, numbered group by group.
    pub active: Vec<usize>,
    /// Parameters that have the pattern strictly, as far as floats can tell.
    pub witness: Option<Vec<f64>>,
}

impl Node {
    /// The pattern where nothing is decided.
    pub fn root(problem: &Problem, tree: &Dichotomies, positive: usize) -> Self {
        let (n, hidden) = (problem.parameters(), problem.architecture.hidden);
        let same = |node: &usize| node + 1 < hidden && (*node >= positive || node + 1 < positive);
        Self {
            positive,
            states: Vec::new(),
            dichotomies: vec![tree.root(); hidden],
            alike: (0..hidden).filter(same).map(|node| 1 << node).sum(),
            hessian: vec![0.0; n * n],
            linear: vec![0.0; n],
            constant: 0.0,
            bound: 0.0,
            active: Vec::new(),
            witness: None,
        }
    }

    /// The pattern with the next group in `state`, whose constraints are added to `rows`, its
    /// bound not yet computed; none if no affine functions do that, or if another order of the
    /// hidden nodes covers it.
    pub fn child(
        &self,
        problem: &Problem,
        tree: &Dichotomies,
        state: State,
        rows: &mut Vec<Vec<f64>>,
    ) -> Option<Self> {
        let hidden = problem.architecture.hidden;
        // Of nodes with the same sign the first has the lexicographically larger dichotomy.
        let smaller = !state & (state >> 1) & self.alike;
        if smaller != 0 {
            return None;
        }
        let alike = self.alike & !(state ^ (state >> 1));
        let follow = |node: usize| tree.child(self.dichotomies[node], state >> node & 1 == 1);
        let dichotomies = (0..hidden).map(follow).collect::<Option<Vec<u32>>>()?;
        let mut child = Self { alike, dichotomies, ..self.clone() };
        child.add(problem, state, rows);
        Some(child)
    }

    /// Decides the next group; its constraints are added to `rows`.
    pub fn add(&mut self, problem: &Problem, state: State, rows: &mut Vec<Vec<f64>>) {
        let index = self.states.len();
        self.states.push(state);
        let group = &problem.float[index];
        let value = problem.value_row(&group.row, state, self.positive, &0.0, |a| -a);
        rows.extend(problem.constraints(index, &group.row, state, &value, &0.0, |a| -a));
        if problem.architecture.output_relu && state & problem.output_bit() == 0 {
            self.constant += group.off;
            return;
        }
        self.constant += group.on;
        let n = value.len();
        for i in 0..n {
            self.linear[i] += value[i] * group.label_sum;
            for j in 0..n {
                self.hessian[i * n + j] += group.count * value[i] * value[j];
            }
        }
    }

    /// Whether two hidden nodes of the same sign have the same dichotomy, not the empty one:
    /// one of them alone does as well.
    pub fn has_twins(&self) -> bool {
        let empty = |node: usize| self.states.iter().all(|state| state >> node & 1 == 0);
        (0..State::BITS as usize).any(|node| self.alike >> node & 1 == 1 && !empty(node))
    }

    /// The constraints of the decided groups.
    pub fn rows(&self, problem: &Problem) -> Vec<Vec<f64>> {
        let mut rows = Vec::new();
        for (index, &state) in self.states.iter().enumerate() {
            let row = &problem.float[index].row;
            let value = problem.value_row(row, state, self.positive, &0.0, |a| -a);
            rows.extend(problem.constraints(index, row, state, &value, &0.0, |a| -a));
        }
        rows
    }

    /// Whether no parameters have the pattern strictly, which then need not be looked at.
    pub fn is_impossible(&mut self, problem: &Problem) -> bool {
        let stays = |witness: &Vec<f64>| problem.stays_inside(witness, &self.states, self.positive);
        if !problem.architecture.output_relu || self.witness.as_ref().is_some_and(stays) {
            return false;
        }
        let found = problem.realize(&self.states, self.positive);
        self.witness = match found {
            Realizable::Witness(ref witness) => Some(witness.clone()),
            Realizable::Unknown | Realizable::Impossible => None,
        };
        found == Realizable::Impossible
    }

    /// Computes the bound under `rows`, not beyond what is `enough`; returns the guess.
    pub fn compute_bound(&mut self, rows: &[Vec<f64>], enough: f64) -> Option<Guess<f64>> {
        let n = self.linear.len();
        let mut hessian = self.hessian.clone();
        let largest = (0..n).map(|i| hessian[i * n + i]).fold(1.0, f64::max);
        (0..n).for_each(|i| hessian[i * n + i] += REGULARISATION * largest);
        let value = |point: &[f64]| {
            self.constant - self.linear.iter().zip(point).map(|(c, x)| c * x).sum::<f64>()
        };
        let guess = dual_active_set(&hessian, &self.linear, rows, |point| value(point) > enough)?;
        self.bound = value(&guess.point).max(self.bound);
        self.active.clone_from(&guess.active);
        Some(guess)
    }
}
