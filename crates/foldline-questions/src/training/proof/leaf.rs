//! Leaves: a bound that reaches the goal, or signs that cancel; and which signs they rely on.

use foldline_kernel::{Integer, Rational};

use super::{NoProof, Prover, Subtree};
use crate::training::evaluation::NEAR;
use crate::training::exact::{Program, SoftBound};
use crate::training::impossible::cancelling;
use crate::training::pattern::{Label, Pattern};
use crate::training::problem::State;
use crate::training::program::{FloatProgram, Minimum};

impl Prover<'_> {
    /// A leaf if the minimum that floats found gives a bound, in exact arithmetic, that is enough.
    pub fn bound_leaf(&self, pattern: &Pattern, minimum: &Minimum) -> Option<Subtree> {
        let value = minimum.value.max(minimum.sound);
        let is_near = match self.goal {
            Some(_) => value >= self.threshold * (1.0 - NEAR) - 1e-12,
            None => value > 1e-13,
        };
        if !is_near {
            return None;
        }
        let exact = |minimum: &Minimum| -> Option<SoftBound> {
            let wanted = |label| minimum.active.contains(&label);
            let program = Program::with(self.problem, pattern, wanted);
            let bound = program.soft_bound(&minimum.active, &minimum.curved)?;
            self.reaches(&bound.value).then_some(bound)
        };
        let whole = || {
            // The minimum may have been left before its constraints were all right.
            let is_early = minimum.value >= self.threshold;
            let program = is_early.then(|| FloatProgram::new(self.problem, pattern));
            program?.minimise(f64::INFINITY)
        };
        let bound = exact(minimum).or_else(|| exact(&whole()?))?;
        Some(self.named_bound(pattern, &bound))
    }

    /// The leaf of a pattern with every sign decided.
    pub fn last_leaf(&self, pattern: &Pattern) -> Result<Subtree, NoProof> {
        let exact = Program::new(self.problem, pattern);
        let float = FloatProgram::new(self.problem, pattern);
        if let Some(terms) = cancelling(&float, &exact) {
            let mut leaf = self.leaf("none".to_owned());
            for (label, factor) in terms {
                for name in self.names(pattern, label, &mut leaf.needs) {
                    leaf.text += &format!(" {name}*{factor}");
                }
            }
            leaf.text.push('\n');
            return Ok(leaf);
        }
        match exact.dual_minimum(|value| self.reaches(value)) {
            Some(bound) if self.reaches(&bound.value) => Ok(self.named_bound(pattern, &bound)),
            found => {
                let excess = found.map_or(Rational::ZERO, |bound| bound.value);
                let loss = &self.problem.least + excess;
                Err(NoProof::Wrong(self.problem.groups.loss(&loss)))
            }
        }
    }

    /// `bound` with its constraints, kinks and curved groups.
    fn named_bound(&self, pattern: &Pattern, bound: &SoftBound) -> Subtree {
        let mut leaf = self.leaf("bound".to_owned());
        for &label in &bound.rows {
            for name in self.names(pattern, label, &mut leaf.needs) {
                leaf.text += &format!(" {name}");
            }
        }
        for (letter, labels) in [('k', &bound.kinks), ('c', &bound.curved)] {
            for &(group, _) in labels {
                leaf.needs[group as usize] |= self.hidden_bits();
                leaf.text += &format!(" {letter}{group}");
            }
        }
        leaf.text.push('\n');
        // The checker counts every group whose output is decided, and so does this bound.
        for group in 0..self.problem.groups.len() {
            if pattern.output(self.problem, group).is_some() {
                leaf.needs[group] |= self.hidden_bits() | self.output_record(pattern, group);
            }
        }
        leaf
    }

    /// A leaf where signs cancel: constraints by name, with their factors.
    pub fn none_leaf(&self, terms: &[(String, Integer)]) -> Subtree {
        let terms: String =
            terms.iter().map(|(name, factor)| format!(" {name}*{factor}")).collect();
        self.leaf(format!("none{terms}\n"))
    }

    /// A constraint's names: one for each hidden node that it stands for.
    fn names(&self, pattern: &Pattern, label: Label, needs: &mut [State]) -> Vec<String> {
        let (group, bit) = (label.0 as usize, usize::from(label.1));
        let hidden = self.problem.architecture.hidden;
        if group == self.problem.groups.len() {
            return vec!["w".to_owned()];
        }
        if bit == hidden {
            needs[group] |= self.hidden_bits() | self.problem.output_bit();
            return vec![format!("o{group}")];
        }
        let is_next = |node: &usize| *node == bit || pattern.dropped >> node & 1 == 1;
        let nodes: Vec<usize> = (bit..hidden).take_while(is_next).collect();
        nodes.iter().for_each(|node| needs[group] |= 1 << node);
        nodes.iter().map(|node| format!("h{group}.{node}")).collect()
    }

    /// The bits of all hidden nodes.
    pub fn hidden_bits(&self) -> State {
        self.problem.output_bit() - 1
    }

    /// The output's bit, if it is decided by a record: not where nothing feeds the output.
    pub fn output_record(&self, pattern: &Pattern, group: usize) -> State {
        let architecture = self.problem.architecture;
        let feeds = architecture.output_bias || pattern.states[group] & self.hidden_bits() != 0;
        if architecture.output_relu && feeds { self.problem.output_bit() } else { 0 }
    }
}
