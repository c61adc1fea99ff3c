//! A part of the parameters: the signs decided on the way to a node of the tree.

use foldline_geometry::quadratic::dual_active_set;
use foldline_kernel::Integer;

use super::signed;
use crate::training::problem::{Problem, State};

/// Added to the diagonal of H relative to its largest entry, so that guesses exist.
const REGULARISATION: f64 = 1e-10;

/// A sign to be decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bit {
    /// That of a hidden node at a group: (group, node).
    Hidden(usize, usize),
    /// That of the output at a group.
    Output(usize),
    /// That of w0.
    Offset,
}

/// A decision on the way to a node, with what was known before it.
#[derive(Debug, Clone)]
struct Decision {
    bit: Bit,
    on: bool,
    /// Its row g in floats: g·θ ≥ 0.
    row: Vec<f64>,
    /// Parameters that had all signs before strictly.
    witness: Option<Vec<f64>>,
}

/// The part that a node of the tree stands for.
pub struct Part<'a> {
    /// The problem, its groups in the order of their first points.
    pub problem: &'a Problem,
    /// How many output weights are 1.
    pub positive: usize,
    /// For each group the bits that are decided, and which of them are on.
    known: Vec<State>,
    on: Vec<State>,
    path: Vec<Decision>,
    /// Parameters that have all signs strictly, as far as floats can tell.
    pub witness: Option<Vec<f64>>,
}

/// How the loss of a group is known.
pub enum Known<T> {
    /// Not at all: it costs its least loss.
    Least,
    /// The output is 0.
    Zero,
    /// The network's value is this row times θ.
    Value(Vec<T>),
}

impl<'a> Part<'a> {
    /// All parameters.
    pub fn new(problem: &'a Problem, positive: usize) -> Self {
        let groups = problem.groups.len();
        Self {
            problem,
            positive,
            known: vec![0; groups],
            on: vec![0; groups],
            path: Vec::new(),
            witness: None,
        }
    }

    fn hidden_bits(&self) -> State {
        self.problem.output_bit() - 1
    }

    /// The constraint of this place on the way here.
    pub fn bit(&self, index: usize) -> Bit {
        self.path[index].bit
    }

    /// The rows of the constraints in floats, in the order in which they were decided.
    pub fn float_rows(&self) -> impl Iterator<Item = &Vec<f64>> + use<'_, 'a> {
        self.path.iter().map(|decision| &decision.row)
    }

    /// The rows of the constraints.
    pub fn exact_rows(&self) -> Vec<Vec<Integer>> {
        let of = |decision: &Decision| self.exact_row(decision.bit, decision.on);
        self.path.iter().map(of).collect()
    }

    fn exact_row(&self, bit: Bit, on: bool) -> Vec<Integer> {
        let zero = Integer::ZERO;
        let row = |group: usize| self.problem.groups.groups[group].row.as_slice();
        self.row(bit, on, row, &zero, &Integer::ONE, signed)
    }

    fn float_row(&self, bit: Bit, on: bool) -> Vec<f64> {
        let row = |group: usize| self.problem.float[group].row.as_slice();
        self.row(bit, on, row, &0.0, &1.0, |value, keep| if keep { *value } else { -value })
    }

    fn row<'p, T: Clone + 'p>(
        &self,
        bit: Bit,
        on: bool,
        point: impl Fn(usize) -> &'p [T],
        zero: &T,
        one: &T,
        signed: impl Fn(&T, bool) -> T,
    ) -> Vec<T> {
        let (block, hidden) = (self.problem.block(), self.problem.architecture.hidden);
        let mut values = vec![zero.clone(); self.problem.parameters()];
        match bit {
            Bit::Hidden(group, node) => {
                for (value, entry) in values[node * block..].iter_mut().zip(point(group)) {
                    *value = signed(entry, on);
                }
            }
            Bit::Output(group) => {
                let row = point(group);
                let state = self.on[group] & self.hidden_bits();
                let own =
                    self.problem.value_row(row, state, self.positive, zero, |a| signed(a, false));
                values = own.iter().map(|entry| signed(entry, on)).collect();
            }
            Bit::Offset => values[block * hidden] = signed(one, on),
        }
        values
    }

    /// Decides the on-side of a bit.
    pub fn decide(&mut self, bit: Bit) {
        let witness = self.witness.clone();
        self.push(bit, true, witness);
    }

    fn push(&mut self, bit: Bit, on: bool, witness: Option<Vec<f64>>) {
        let row = self.float_row(bit, on);
        if let Some((group, mask)) = self.mask(bit) {
            self.known[group] |= mask;
            self.on[group] |= if on { mask } else { 0 };
        }
        self.path.push(Decision { bit, on, row, witness });
    }

    fn mask(&self, bit: Bit) -> Option<(usize, State)> {
        match bit {
            Bit::Hidden(group, node) => Some((group, 1 << node)),
            Bit::Output(group) => Some((group, self.problem.output_bit())),
            Bit::Offset => None,
        }
    }

    /// Goes to the next open node; false if there is none.
    pub fn go_on(&mut self) -> bool {
        while let Some(decision) = self.path.pop() {
            if let Some((group, mask)) = self.mask(decision.bit) {
                self.known[group] &= !mask;
                self.on[group] &= !mask;
            }
            self.witness.clone_from(&decision.witness);
            if decision.on {
                self.push(decision.bit, false, decision.witness);
                return true;
            }
        }
        false
    }

    /// Whether exchanging two nodes gives a part that comes before: (group, node off, node on).
    pub fn swap(&self) -> Option<(usize, usize, usize)> {
        let last = self.path.last()?;
        let Bit::Hidden(group, second) = last.bit else { return None };
        if !last.on {
            return None;
        }
        let same_sign = |node: usize| (node < self.positive) == (second < self.positive);
        let hidden = self.problem.architecture.hidden;
        let is_alike = |&first: &usize| {
            let place = |decision: &Decision| decision.bit == Bit::Hidden(group, first);
            let Some(end) = self.path.iter().position(place) else { return false };
            let signs = |node: usize| -> Vec<(usize, bool)> {
                let of = |decision: &Decision| match decision.bit {
                    Bit::Hidden(at, other) if other == node => Some((at, decision.on)),
                    _ => None,
                };
                let mut signs: Vec<_> = self.path[..end].iter().filter_map(of).collect();
                signs.sort_unstable();
                signs
            };
            !self.path[end].on && signs(first) == signs(second)
        };
        let first = (0..hidden).filter(|&node| node != second && same_sign(node)).find(is_alike)?;
        Some((group, first, second))
    }

    /// How a group's loss is known, `row` being its point.
    pub fn known<T: Clone>(
        &self,
        group: usize,
        row: &[T],
        zero: &T,
        negate: impl Fn(&T) -> T,
    ) -> Known<T> {
        let hidden = self.hidden_bits();
        if self.known[group] & hidden != hidden {
            return Known::Least;
        }
        let relu = self.problem.architecture.output_relu;
        if self.has_no_value(group) {
            return Known::Zero;
        }
        let bit = self.problem.output_bit();
        if relu && self.known[group] & bit == 0 {
            return Known::Least;
        }
        if relu && self.on[group] & bit == 0 {
            return Known::Zero;
        }
        let state = self.on[group] & hidden;
        Known::Value(self.problem.value_row(row, state, self.positive, zero, negate))
    }

    /// Whether the output is 0 as nothing feeds it.
    fn has_no_value(&self, group: usize) -> bool {
        self.on[group] & self.hidden_bits() == 0 && !self.problem.architecture.output_bias
    }

    /// The next bit to decide, at parameters that are best for what is decided; none if all is.
    ///
    /// A group that is begun is finished first; then comes the one whose loss exceeds its least
    /// loss most at these parameters.
    pub fn next(&self, point: &[f64]) -> Option<Bit> {
        let architecture = self.problem.architecture;
        if architecture.output_relu && architecture.output_bias && self.path.is_empty() {
            return Some(Bit::Offset);
        }
        let begun = self.path.last().and_then(|decision| match decision.bit {
            Bit::Hidden(group, _) => self.undecided(group),
            Bit::Output(_) | Bit::Offset => None,
        });
        let worst = || {
            let open = (0..self.problem.groups.len())
                .filter_map(|group| Some((self.excess(group, point), self.undecided(group)?)));
            open.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, bit)| bit)
        };
        begun.or_else(worst)
    }

    /// The first undecided bit at a group.
    fn undecided(&self, group: usize) -> Option<Bit> {
        let hidden = self.problem.architecture.hidden;
        let node = (0..hidden).find(|node| self.known[group] >> node & 1 == 0);
        if let Some(node) = node {
            return Some(Bit::Hidden(group, node));
        }
        let output = self.problem.architecture.output_relu
            && self.known[group] & self.problem.output_bit() == 0
            && !self.has_no_value(group);
        output.then_some(Bit::Output(group))
    }

    /// By how much the network with these parameters exceeds the least loss at a group, about.
    fn excess(&self, index: usize, point: &[f64]) -> f64 {
        let (block, hidden) = (self.problem.block(), self.problem.architecture.hidden);
        let group = &self.problem.float[index];
        let mut value = point.get(block * hidden).map_or(0.0, |w0| w0 * group.row[block - 1]);
        for node in 0..hidden {
            let own = &point[node * block..(node + 1) * block];
            let at: f64 = own.iter().zip(&group.row).map(|(a, x)| a * x).sum();
            if at > 0.0 {
                value += if node < self.positive { at } else { -at };
            }
        }
        if self.problem.architecture.output_relu && value <= 0.0 {
            group.off
        } else {
            group.on + value * (group.count * value - 2.0 * group.label_sum)
        }
    }

    /// The part's program in floats.
    pub fn float_program(&self) -> FloatProgram {
        let n = self.problem.parameters();
        let mut program = FloatProgram {
            hessian: vec![0.0; n * n],
            linear: vec![0.0; n],
            constant: 0.0,
            rows: Vec::new(),
        };
        for (index, group) in self.problem.float.iter().enumerate() {
            match self.known(index, &group.row, &0.0, |value| -value) {
                Known::Least => {}
                Known::Zero => program.constant += group.off,
                Known::Value(row) => {
                    program.constant += group.on;
                    for i in 0..n {
                        program.linear[i] += group.label_sum * row[i];
                        let weighted = group.count * row[i];
                        (0..n).for_each(|j| program.hessian[i * n + j] += weighted * row[j]);
                    }
                }
            }
        }
        program.rows = self.float_rows().cloned().collect();
        program
    }
}

/// min θ'Hθ − 2c'θ + constant over rows·θ ≥ 0.
pub struct FloatProgram {
    hessian: Vec<f64>,
    linear: Vec<f64>,
    constant: f64,
    rows: Vec<Vec<f64>>,
}

impl FloatProgram {
    /// About the minimum, its active constraints and where it is; −∞ where floats fail.
    pub fn solve(&self) -> (f64, Vec<usize>, Vec<f64>) {
        let n = self.linear.len();
        let mut hessian = self.hessian.clone();
        let largest = (0..n).map(|i| hessian[i * n + i]).fold(1.0, f64::max);
        (0..n).for_each(|i| hessian[i * n + i] += REGULARISATION * largest);
        let Some(guess) = dual_active_set(&hessian, &self.linear, &self.rows, |_| false) else {
            return (f64::NEG_INFINITY, Vec::new(), vec![0.0; n]);
        };
        let product: f64 = self.linear.iter().zip(&guess.point).map(|(c, x)| c * x).sum();
        (self.constant - product, guess.active, guess.point)
    }
}
