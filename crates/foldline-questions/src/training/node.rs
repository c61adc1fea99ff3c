//! A node of the search: for every affine function of the network, the dichotomies it can still make.
//!
//! The functions are those of the hidden nodes and, under an output ReLU, for every set of
//! hidden nodes the one that the output is where just these are on. A function is branched on by
//! its sign at one group; all other groups where the cells left agree are decided with it.

use std::sync::Arc;

use super::cells::{Candidates, Cells};
use super::pattern::Pattern;
use super::problem::{Problem, State};

/// What a node is split by: the sign of a function at a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Branch {
    /// The group; 0 where the function is constant.
    pub group: usize,
    /// The function.
    pub function: Function,
}

/// An affine function of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// That of a hidden node; with it those of the next nodes that are alike.
    Hidden(usize),
    /// The value before the output ReLU where just these hidden nodes are on.
    Output(State),
}

/// One branch taken: how many of the functions that are alike are on, or whether the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub branch: Branch,
    /// How many are on.
    pub on: usize,
}

/// A part of the patterns of one sign pattern w.
#[derive(Debug, Clone)]
pub struct Node {
    /// How many output weights are 1; they come first.
    pub positive: usize,
    /// Bit j: hidden nodes j and j + 1 have the same sign and have been treated alike so far.
    pub alike: State,
    /// The dichotomies left to each hidden node.
    pub hidden: Vec<Arc<Candidates>>,
    /// Those left to output functions; what is not listed can make all.
    pub outputs: Vec<(State, Arc<Candidates>)>,
    /// The way here.
    pub decisions: Vec<Decision>,
    /// About a lower bound of the excess over the least loss.
    pub bound: f64,
    /// A lower bound of the excess that covers all roundings.
    pub sound: f64,
    /// What it is to be split by.
    pub branch: Option<Branch>,
}

impl Node {
    /// The node with all patterns of a sign pattern.
    pub fn root(problem: &Problem, cells: &Cells, positive: usize) -> Self {
        let hidden = problem.architecture.hidden;
        let same = |node: &usize| node + 1 < hidden && (*node >= positive || node + 1 < positive);
        let relu = problem.architecture.output_relu;
        // Without a bias w0 = 0, and the output is as good as off where nothing feeds it.
        let fixed = relu && !problem.architecture.output_bias;
        let all = cells.all();
        Self {
            positive,
            alike: (0..hidden).filter(same).map(|node| 1 << node).sum(),
            hidden: vec![all; hidden],
            outputs: if fixed { vec![(0, cells.constant(false))] } else { Vec::new() },
            decisions: Vec::new(),
            bound: 0.0,
            sound: 0.0,
            branch: (relu && !fixed).then_some(Branch { group: 0, function: Function::Output(0) }),
        }
    }

    /// A node of which nothing but its bounds is to be known.
    pub fn unknown(positive: usize) -> Self {
        Self {
            positive,
            alike: 0,
            hidden: Vec::new(),
            outputs: Vec::new(),
            decisions: Vec::new(),
            bound: 0.0,
            sound: 0.0,
            branch: None,
        }
    }

    /// About how many bytes it takes beyond what it shares with others: the last decision's lists.
    pub fn bytes(&self) -> usize {
        let own = match self.decisions.last().map(|decision| decision.branch.function) {
            Some(Function::Hidden(node)) => self.hidden.get(node).map(|list| list.bytes()),
            _ => self.outputs.last().map(|(_, list)| list.bytes()),
        };
        let length = self.decisions.len() + self.hidden.len() + self.outputs.len();
        size_of::<Self>() + size_of::<Decision>() * length + own.unwrap_or(0)
    }

    /// What the dichotomies left have in common.
    pub fn pattern(&self, problem: &Problem) -> Pattern {
        let count = problem.groups.len();
        let hidden = problem.output_bit() - 1;
        let offset = self.offset(problem);
        let mut known: Vec<State> = vec![0; count];
        let mut states: Vec<State> = vec![0; count];
        for group in 0..count {
            for (node, candidates) in self.hidden.iter().enumerate() {
                let Some(on) = candidates.state(group) else { continue };
                known[group] |= 1 << node;
                states[group] |= State::from(on) << node;
            }
            if !problem.architecture.output_relu || known[group] != hidden {
                continue;
            }
            let state = states[group];
            let own = self.outputs.iter().find(|(of, _)| *of == state);
            let on = own.and_then(|(_, candidates)| candidates.state(group));
            if let Some(on) = on.or_else(|| self.output_by_signs(problem, offset, state)) {
                known[group] |= problem.output_bit();
                states[group] |= if on { problem.output_bit() } else { 0 };
            }
        }
        let dropped = self.alike << 1;
        Pattern { positive: self.positive, dropped, offset, known, states }
    }

    /// Whether w0 ≥ 0, or w0 ≤ 0, as far as decided.
    fn offset(&self, problem: &Problem) -> Option<bool> {
        let own = self.outputs.iter().find(|(of, _)| *of == 0);
        own.filter(|_| problem.architecture.output_bias).and_then(|(_, cells)| cells.state(0))
    }

    /// The output's state where w0 and all hidden nodes that are on have the same sign.
    fn output_by_signs(
        &self,
        problem: &Problem,
        offset: Option<bool>,
        state: State,
    ) -> Option<bool> {
        let biased = problem.architecture.output_bias;
        let first = (1 << self.positive) - 1;
        let (positive, negative) = (state & first != 0, state & !first != 0);
        if !negative && (!biased && positive || offset == Some(true)) {
            return Some(true);
        }
        (!positive && (!biased || offset == Some(false))).then_some(false)
    }

    /// How many functions the sign of this one is decided with: those that are alike.
    pub fn together(&self, function: Function) -> usize {
        match function {
            Function::Hidden(first) => 1 + (!(self.alike >> first)).trailing_zeros() as usize,
            Function::Output(_) => 1,
        }
    }

    /// The parts into which its branch splits it.
    pub fn children(&self, cells: &Cells) -> Vec<Self> {
        let Some(branch) = self.branch else { return Vec::new() };
        let child = |on: usize| self.child(cells, Decision { branch, on });
        (0..=self.together(branch.function)).filter_map(child).collect()
    }

    /// The part where of the functions that are alike so many are on; none if there is none.
    pub fn child(&self, cells: &Cells, decision: Decision) -> Option<Self> {
        let Decision { branch: Branch { group, function }, on } = decision;
        let most = self.together(function);
        let mut child = self.clone();
        child.branch = None;
        child.decisions.push(decision);
        match function {
            Function::Hidden(first) => {
                let side = |on: bool| self.hidden[first].restrict(cells, group, on);
                let above = if on > 0 { Some(side(true)?) } else { None };
                let below = if on < most { Some(side(false)?) } else { None };
                for index in 0..most {
                    let kept = if index < on { &above } else { &below };
                    child.hidden[first + index] = kept.clone().expect("some are on this side");
                }
                if 0 < on && on < most {
                    child.alike &= !(1 << (first + on - 1));
                }
            }
            Function::Output(state) => child.restrict_output(cells, state, group, on > 0)?,
        }
        Some(child)
    }

    /// Decides that an output function is on at a group.
    pub fn switch_on(&mut self, cells: &Cells, state: State, group: usize) -> Option<()> {
        let branch = Branch { group, function: Function::Output(state) };
        self.decisions.push(Decision { branch, on: 1 });
        self.restrict_output(cells, state, group, true)
    }

    /// Keeps the dichotomies of an output function that have a group in a state.
    fn restrict_output(
        &mut self,
        cells: &Cells,
        state: State,
        group: usize,
        on: bool,
    ) -> Option<()> {
        let index = self.outputs.iter().position(|(of, _)| *of == state);
        let all = match index {
            Some(index) => self.outputs[index].1.clone(),
            None if state == 0 => {
                self.outputs.push((0, cells.constant(on)));
                return Some(());
            }
            None => cells.all(),
        };
        let kept = all.restrict(cells, group, on)?;
        match index {
            Some(index) => self.outputs[index].1 = kept,
            None => self.outputs.push((state, kept)),
        }
        Some(())
    }

    /// Whether an affine function with these signs has this one at another group.
    pub fn implies(&self, cells: &Cells, signs: &[(usize, bool)], group: usize, on: bool) -> bool {
        let narrowed = signs
            .iter()
            .try_fold(cells.all(), |left, &(group, on)| left.restrict(cells, group, on));
        narrowed.is_none_or(|left| left.state(group) == Some(on))
    }

    /// Whether two hidden nodes of the same sign have the same dichotomy, not the empty one:
    /// one of them alone does as well. To be asked when all is decided.
    pub fn has_twins(&self, pattern: &Pattern) -> bool {
        let empty = |node: usize| pattern.states.iter().all(|state| state >> node & 1 == 0);
        (0..self.hidden.len()).any(|node| self.alike >> node & 1 == 1 && !empty(node))
    }
}
