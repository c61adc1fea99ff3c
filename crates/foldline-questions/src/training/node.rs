//! A partial pattern in floats: the state of the first groups, their program and its bound.

use foldline_geometry::quadratic::{Guess, dual_active_set};

use super::dichotomies::Dichotomies;
use super::problem::{Problem, State};
use super::realizable::Realizable;
use super::sound_bound::{Term, sound_bound};

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
    pub fn root(problem: &Problem, positive: usize) -> Self {
        let (n, hidden) = (problem.parameters(), problem.architecture.hidden);
        let same = |node: &usize| node + 1 < hidden && (*node >= positive || node + 1 < positive);
        Self {
            positive,
            states: Vec::new(),
            dichotomies: vec![Dichotomies::ROOT; hidden],
            alike: (0..hidden).filter(same).map(|node| 1 << node).sum(),
            hessian: vec![0.0; n * n],
            linear: vec![0.0; n],
            constant: 0.0,
            bound: 0.0,
            active: Vec::new(),
            witness: None,
        }
    }

    /// The pattern with the next group in `state`, which is added to `content`, its bound
    /// not yet computed; none if no affine functions do that, or if another order of the
    /// hidden nodes covers it.
    pub fn child(
        &self,
        problem: &Problem,
        tree: &Dichotomies,
        state: State,
        content: &mut Content,
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
        child.add(problem, state, content);
        Some(child)
    }

    /// Decides the next group, which is added to `content`.
    pub fn add(&mut self, problem: &Problem, state: State, content: &mut Content) {
        let index = self.states.len();
        self.states.push(state);
        if !content.add(problem, index, state, self.positive) {
            self.constant += problem.float[index].off;
            return;
        }
        self.constant += problem.float[index].on;
        let Some(term) = content.terms.last() else { return };
        let n = term.row.len();
        for i in 0..n {
            self.linear[i] += term.row[i] * term.label_sum;
            for j in 0..n {
                self.hessian[i * n + j] += term.count * term.row[i] * term.row[j];
            }
        }
    }

    /// Whether two hidden nodes of the same sign have the same dichotomy, not the empty one:
    /// one of them alone does as well.
    pub fn has_twins(&self) -> bool {
        let empty = |node: usize| self.states.iter().all(|state| state >> node & 1 == 0);
        (0..State::BITS as usize).any(|node| self.alike >> node & 1 == 1 && !empty(node))
    }

    /// The constraints and the terms of the decided groups.
    pub fn content(&self, problem: &Problem) -> Content {
        let mut content = Content::default();
        for (index, &state) in self.states.iter().enumerate() {
            content.add(problem, index, state, self.positive);
        }
        content
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

    /// Computes the bound, not beyond what is `enough`; returns the guess.
    pub fn compute_bound(&mut self, content: &Content, enough: f64) -> Option<Guess<f64>> {
        let n = self.linear.len();
        let mut hessian = self.hessian.clone();
        let largest = (0..n).map(|i| hessian[i * n + i]).fold(1.0, f64::max);
        (0..n).for_each(|i| hessian[i * n + i] += REGULARISATION * largest);
        let value = |point: &[f64]| {
            self.constant - self.linear.iter().zip(point).map(|(c, x)| c * x).sum::<f64>()
        };
        let rows = &content.rows;
        let guess = dual_active_set(&hessian, &self.linear, rows, |point| value(point) > enough)?;
        self.bound = value(&guess.point).max(self.bound);
        self.active.clone_from(&guess.active);
        Some(guess)
    }

    /// A lower bound of the excess that covers all roundings.
    pub fn sound_bound(&self, content: &Content, guess: &Guess<f64>) -> f64 {
        let constant = (self.constant, self.states.len());
        sound_bound(&content.terms, constant, &content.rows, guess)
    }
}

/// The decided groups in floats.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The rows g of the constraints g·θ ≥ 0, one group after another.
    pub rows: Vec<Vec<f64>>,
    /// The groups that are on.
    pub terms: Vec<Term>,
}

impl Content {
    /// Adds a group in a state; false if it is off.
    fn add(&mut self, problem: &Problem, index: usize, state: State, positive: usize) -> bool {
        let group = &problem.float[index];
        let value = problem.value_row(&group.row, state, positive, &0.0, |a| -a);
        self.rows.extend(problem.constraints(index, &group.row, state, &value, &0.0, |a| -a));
        let on = !problem.architecture.output_relu || state & problem.output_bit() != 0;
        if on {
            let (count, label_sum) = (group.count, group.label_sum);
            self.terms.push(Term { row: value, count, label_sum });
        }
        on
    }

    /// Drops what was added after there were so many constraints and terms.
    pub fn truncate(&mut self, (rows, terms): (usize, usize)) {
        self.rows.truncate(rows);
        self.terms.truncate(terms);
    }
}
