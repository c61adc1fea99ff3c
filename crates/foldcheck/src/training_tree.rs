//! The tree of a training certificate: which hidden nodes, and whether the output, are on at which points.
//!
//! The parameters whose pre-activations are nowhere 0 on the sample lie dense, and the loss is
//! continuous: it is enough to bound it there. Each record `split` or `output` divides them in two.

use std::collections::{HashMap, HashSet};
use std::io::BufRead;

use foldline_kernel::{Integer, Rational};

use crate::certificate::Stop;
use crate::lines::{Fields, Lines, Reason, index, integer};
use crate::stationary::stationary;
use crate::training_groups::{Groups, Row, Term};

/// Deeper trees are refused.
const DEEPEST: usize = 10_000;

/// What must be shown at every leaf.
#[derive(Debug)]
pub enum Goal {
    /// The loss (of scaled labels) is at least this.
    AtLeast(Rational),
    /// It is not 0.
    Positive,
}

/// A constraint of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bit {
    /// The sign of a hidden node at a group.
    Hidden(usize, usize),
    /// The sign of the output at a group.
    Output(usize),
    /// The sign of w0.
    Offset,
}

/// The tree on the way through it.
pub struct Tree<'g> {
    groups: &'g Groups,
    positive: usize,
    goal: &'g Goal,
    /// For each group the signs of the hidden nodes and of the output.
    signs: Vec<Vec<Option<bool>>>,
    /// The sign of w0.
    offset: Option<bool>,
    /// What was decided on the way here, and whether this is the second side.
    path: Vec<(Bit, bool)>,
    /// Σ count·φφ' and Σ label_sum·φ over the groups whose output is on.
    hessian: Vec<Vec<Integer>>,
    linear: Vec<Integer>,
    /// What groups cost apart from that: the least loss where undecided.
    constant: Rational,
}

impl<'g> Tree<'g> {
    /// The tree for networks whose first `positive` output weights are 1, the others −1.
    pub fn new(groups: &'g Groups, positive: usize, goal: &'g Goal) -> Self {
        let n = groups.parameters();
        let least = (0..groups.len()).map(|group| groups.least(group));
        Self {
            groups,
            positive,
            goal,
            signs: vec![vec![None; groups.networks.hidden + 1]; groups.len()],
            offset: None,
            path: Vec::new(),
            hessian: vec![vec![Integer::ZERO; n]; n],
            linear: vec![Integer::ZERO; n],
            constant: least.fold(Rational::ZERO, |sum, value| sum + value),
        }
    }

    /// Nodes in preorder, the on-side first.
    pub fn check<R: BufRead>(mut self, lines: &mut Lines<'_, R>) -> Result<(), Stop> {
        loop {
            let mut fields = lines.next_fields()?;
            let word = fields.word()?;
            match word {
                "split" | "output" | "offset" => {
                    let bit = self.undecided(word, fields)?;
                    if self.path.len() >= DEEPEST {
                        return Err("the tree is too deep".into());
                    }
                    self.decide(bit, true);
                    self.path.push((bit, false));
                    continue;
                }
                "bound" => self.check_bound(fields)?,
                "none" => self.check_none(fields)?,
                "swap" => self.check_swap(fields)?,
                other => {
                    let expected = "`split`, `output`, `offset`, `bound`, `none` or `swap`";
                    return Err(format!("expected {expected}, found `{other}`").into());
                }
            }
            if !self.go_on() {
                return Ok(());
            }
        }
    }

    /// What `split G J`, `output G` or `offset` names.
    fn undecided(&self, word: &str, mut fields: Fields<'_>) -> Result<Bit, Reason> {
        let hidden = self.groups.networks.hidden;
        let bit = if word == "offset" {
            if !self.groups.networks.bias {
                return Err("the output has no bias".to_owned());
            }
            Bit::Offset
        } else if word == "split" {
            let group = fields.index(self.groups.len(), "group")?;
            Bit::Hidden(group, fields.index(hidden, "hidden node")?)
        } else {
            let group = fields.index(self.groups.len(), "group")?;
            if !self.groups.networks.relu {
                return Err("the output has no ReLU".to_owned());
            }
            if !self.knows_value(group) {
                return Err("not every hidden node is decided there".to_owned());
            }
            if self.value_row(group).iter().all(Integer::is_zero) {
                return Err("the output is 0 there".to_owned());
            }
            Bit::Output(group)
        };
        fields.finish()?;
        if self.sign(bit).is_some() {
            return Err("that is decided already".to_owned());
        }
        Ok(bit)
    }

    fn sign(&self, bit: Bit) -> Option<bool> {
        match bit {
            Bit::Hidden(group, node) => self.signs[group][node],
            Bit::Output(group) => self.signs[group][self.groups.networks.hidden],
            Bit::Offset => self.offset,
        }
    }

    fn set(&mut self, bit: Bit, sign: Option<bool>) {
        match bit {
            Bit::Hidden(group, node) => self.signs[group][node] = sign,
            Bit::Output(group) => self.signs[group][self.groups.networks.hidden] = sign,
            Bit::Offset => self.offset = sign,
        }
    }

    /// Whether all hidden nodes are decided at a group.
    fn knows_value(&self, group: usize) -> bool {
        self.signs[group][..self.groups.networks.hidden].iter().all(Option::is_some)
    }

    fn value_row(&self, group: usize) -> Row {
        self.groups.value_row(group, self.positive, |node| self.signs[group][node] == Some(true))
    }

    fn decide(&mut self, bit: Bit, on: bool) {
        self.set(bit, Some(on));
        self.count(bit, 1);
    }

    /// The next open node; false if there is none.
    fn go_on(&mut self) -> bool {
        while let Some((bit, second)) = self.path.pop() {
            self.count(bit, -1);
            self.set(bit, None);
            if !second {
                self.decide(bit, false);
                self.path.push((bit, true));
                return true;
            }
        }
        false
    }

    /// Counts the loss of a group that is decided by a sign, in place of its least loss; or takes it back.
    fn count(&mut self, bit: Bit, times: i8) {
        let group = match bit {
            Bit::Hidden(group, _) | Bit::Output(group) => group,
            Bit::Offset => return,
        };
        if !self.knows_value(group) {
            return;
        }
        let row = self.value_row(group);
        let is_zero = row.iter().all(Integer::is_zero);
        let output = self.signs[group][self.groups.networks.hidden];
        if self.groups.networks.relu && output.is_none() && !is_zero {
            return;
        }
        let times = Integer::from(times);
        let more = self.groups.at_zero(group) - self.groups.least(group);
        self.constant += more * Rational::from(times.clone());
        if output == Some(false) || is_zero {
            return;
        }
        let term = self.groups.term(group, row);
        add(&mut self.hessian, &mut self.linear, &term, &times);
    }

    /// The row of a decided constraint `hG.J`, `oG` or `w`, which is not negative.
    fn constraint(&self, text: &str) -> Result<Row, Reason> {
        let unknown = || format!("`{text}` is no constraint of that part");
        let groups = self.groups.len();
        let hidden = self.groups.networks.hidden;
        if text == "w" {
            return Ok(self.groups.offset_row(self.offset.ok_or_else(unknown)?));
        }
        if let Some(numbers) = text.strip_prefix('h') {
            let (group, node) = numbers.split_once('.').ok_or_else(unknown)?;
            let group = index(group, groups, "group")?;
            let node = index(node, hidden, "hidden node")?;
            let on = self.signs[group][node].ok_or_else(unknown)?;
            return Ok(self.groups.hidden_row(group, node, on));
        }
        let group = index(text.strip_prefix('o').ok_or_else(unknown)?, groups, "group")?;
        let on = self.signs[group][hidden].ok_or_else(unknown)?;
        let row = self.value_row(group);
        Ok(if on { row } else { row.iter().map(|value| -value).collect() })
    }

    /// `bound F …`: with these constraints active the loss reaches its goal.
    fn check_bound(&self, fields: Fields<'_>) -> Result<(), Reason> {
        let (mut rows, mut kinks, mut curved) = (Vec::new(), Vec::new(), Vec::new());
        let mut convex = HashSet::new();
        for field in fields {
            let is_curved = field.starts_with('c');
            if is_curved || field.starts_with('k') {
                let group = self.half_known(&field[1..])?;
                if !convex.insert(group) {
                    return Err(format!("group {group} comes twice"));
                }
                if is_curved {
                    curved.push(group);
                } else {
                    kinks.push((rows.len(), group));
                    rows.push(self.value_row(group).iter().map(|value| -value).collect());
                }
            } else {
                rows.push(self.constraint(field)?);
            }
        }
        if rows.len() > self.linear.len() {
            return Err("there are more constraints than parameters".to_owned());
        }
        let (mut hessian, mut linear) = (self.hessian.clone(), self.linear.clone());
        let mut constant = self.constant.clone();
        for &group in &curved {
            let term = self.groups.term(group, self.value_row(group));
            add(&mut hessian, &mut linear, &term, &Integer::ONE);
            constant += self.groups.at_zero(group) - self.groups.least(group);
        }
        let Some(found) = stationary(&hessian, &linear, &rows) else {
            return Err("the constraints are not linearly independent".to_owned());
        };
        if found.multipliers.iter().any(|multiplier| *multiplier < Integer::ZERO) {
            return Err("a multiplier is negative".to_owned());
        }
        for (place, group) in kinks {
            let slope = -self.groups.label_sum(group) * &found.denominator;
            if found.multipliers[place] > slope {
                return Err(format!("the multiplier at the kink of group {group} is too large"));
            }
        }
        for group in curved {
            let value = found.product(&self.value_row(group));
            let (count, sum) = (self.groups.count(group), self.groups.label_sum(group));
            if value < Integer::ZERO || &value * count < sum * &found.denominator {
                return Err(format!("group {group} is not curved there"));
            }
        }
        let bound = constant + found.value(&linear);
        let reached = match self.goal {
            Goal::AtLeast(loss) => bound >= *loss,
            Goal::Positive => bound > Rational::ZERO,
        };
        if reached { Ok(()) } else { Err("the loss may be smaller there".to_owned()) }
    }

    /// A group where every hidden node is decided, and the output is not.
    fn half_known(&self, text: &str) -> Result<usize, Reason> {
        let group = index(text, self.groups.len(), "group")?;
        let output = self.signs[group][self.groups.networks.hidden];
        let is_half = self.groups.networks.relu && self.knows_value(group) && output.is_none();
        if !is_half || self.value_row(group).iter().all(Integer::is_zero) {
            return Err(format!("it is not only the output that is undecided at group {group}"));
        }
        Ok(group)
    }

    /// `none F*Y …`: the constraints cannot all be strict, as Σ Y·F = 0.
    fn check_none(&self, fields: Fields<'_>) -> Result<(), Reason> {
        let mut sum = vec![Integer::ZERO; self.linear.len()];
        let mut empty = true;
        for field in fields {
            let Some((constraint, factor)) = field.split_once('*') else {
                return Err(format!("expected a term `F*Y`, found `{field}`"));
            };
            let factor = integer(factor)?;
            if factor <= Integer::ZERO {
                return Err(format!("the multiplier of `{field}` is not positive"));
            }
            for (sum, entry) in sum.iter_mut().zip(self.constraint(constraint)?) {
                *sum += entry * &factor;
            }
            empty = false;
        }
        if empty || sum.iter().any(|value| !value.is_zero()) {
            return Err("the constraints do not cancel".to_owned());
        }
        Ok(())
    }

    /// `swap G I J`: with nodes I and J exchanged these networks are in a part that was looked at
    /// before. When I was decided at G, nothing told the two apart; I is off there and J is on.
    fn check_swap(&self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let hidden = self.groups.networks.hidden;
        let group = fields.index(self.groups.len(), "group")?;
        let first = fields.index(hidden, "hidden node")?;
        let second = fields.index(hidden, "hidden node")?;
        fields.finish()?;
        if (first < self.positive) != (second < self.positive) {
            return Err("the two nodes have different signs".to_owned());
        }
        if (self.signs[group][first], self.signs[group][second]) != (Some(false), Some(true)) {
            return Err("the nodes are not off and on there".to_owned());
        }
        // The signs of the two nodes before I was decided at G. Where the output was decided, both
        // nodes were, and if they are alike its row does not change when they are exchanged.
        let mut before: HashMap<usize, [Option<bool>; 2]> = HashMap::new();
        for &(bit, is_second) in &self.path {
            match bit {
                Bit::Hidden(at, node) if (at, node) == (group, first) => break,
                Bit::Hidden(at, node) if node == first => {
                    before.entry(at).or_default()[0] = Some(!is_second);
                }
                Bit::Hidden(at, node) if node == second => {
                    before.entry(at).or_default()[1] = Some(!is_second);
                }
                Bit::Hidden(..) | Bit::Output(_) | Bit::Offset => {}
            }
        }
        if before.values().any(|[one, other]| one != other) {
            return Err("something told the two nodes apart before".to_owned());
        }
        Ok(())
    }
}

/// Adds a group's count·φφ' and label_sum·φ so many times.
fn add(hessian: &mut [Vec<Integer>], linear: &mut [Integer], term: &Term<'_>, times: &Integer) {
    let Term { row, count, label_sum } = term;
    for (i, entry) in row.iter().enumerate().filter(|(_, entry)| !entry.is_zero()) {
        let signed = entry * times;
        linear[i] += &signed * *label_sum;
        let weighted = signed * *count;
        for (j, other) in row.iter().enumerate().filter(|(_, other)| !other.is_zero()) {
            hessian[i][j] += &weighted * other;
        }
    }
}
