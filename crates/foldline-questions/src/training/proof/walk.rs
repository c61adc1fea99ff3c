//! The walk over the nodes of the search, whose records are put together from the leaves up.
//!
//! What dichotomies or bounds imply at a node is written there, around the records of what is
//! below, if these rely on it.

use std::sync::atomic::Ordering;
use std::thread;

use foldline_kernel::Integer;

use super::implied::{Decided, combination};
use super::{NoProof, Prover, Subtree, with_room};
use crate::training::evaluation::{bound, choose, costly_if_off};
use crate::training::node::{Branch, Function, Node};
use crate::training::pattern::Pattern;
use crate::training::problem::State;
use crate::training::program::Minimum;
use crate::workers::ReleaseOnPanic;

/// An output's sign that follows at a node.
enum Step {
    /// By the first so many decisions.
    Implied { group: usize, decisions: usize },
    /// As the loss reaches the goal where the output is off, which these records show.
    On { group: usize, off: Subtree },
}

/// Helping threads are started for nodes up to this depth.
const DEEPEST_HELP: usize = 24;

impl Prover<'_> {
    /// The records of a node, where the signs `before` are decided or will be if they are needed.
    pub fn prove(&self, node: Node, before: &[State]) -> Result<Subtree, NoProof> {
        self.finished.or_find(node, |node| self.find(node, before))
    }

    fn find(&self, mut node: Node, before: &[State]) -> Result<Subtree, NoProof> {
        if (self.run.stop)() || self.panicked.load(Ordering::Relaxed) {
            return Err(NoProof::Stopped);
        }
        let mut known = before.to_vec();
        let mut steps = Vec::new();
        let (tree, pattern) = loop {
            let pattern = node.pattern(self.problem);
            self.note_outputs(&node, &pattern, &mut known, &mut steps);
            let minimum = bound(self.problem, &mut node, &pattern, self.threshold);
            if let Some(found) = &minimum
                && let Some(leaf) = self.bound_leaf(&pattern, found)
            {
                break (leaf, pattern);
            }
            if let Some(found) = &minimum
                && self.problem.architecture.output_relu
            {
                let groups = self.worth_switching(&node, &pattern, found);
                if let Some(leaf) = self.switch_on(&mut node, &groups, &mut known, &mut steps)? {
                    break (leaf, pattern);
                }
                if !groups.is_empty() {
                    continue;
                }
            }
            let chosen = || choose(self.problem, self.cells, &node, &pattern, minimum.as_ref()).0;
            node.branch = node.branch.or_else(chosen);
            let tree = match node.branch {
                Some(branch) => self.split(&node, branch, &known)?,
                None => self.last_leaf(&pattern)?,
            };
            break (tree, pattern);
        };
        let tree = self.with_outputs(&node, tree, steps);
        Ok(self.with_hidden(&node, &pattern, before, tree))
    }

    /// Notes the outputs whose signs are known now, and what is known at all.
    fn note_outputs(
        &self,
        node: &Node,
        pattern: &Pattern,
        known: &mut [State],
        steps: &mut Vec<Step>,
    ) {
        let output = self.problem.output_bit();
        for (group, known) in known.iter_mut().enumerate() {
            let is_new = pattern.known[group] & !*known & output != 0;
            if is_new && self.output_record(pattern, group) != 0 {
                steps.push(Step::Implied { group, decisions: node.decisions.len() });
            }
            *known |= pattern.known[group];
        }
    }

    /// The groups whose output cannot be off, where saying so raises the bound.
    fn worth_switching(&self, node: &Node, pattern: &Pattern, minimum: &Minimum) -> Vec<usize> {
        let mut groups = costly_if_off(self.problem, node, pattern, self.threshold);
        groups.retain(|&group| {
            let float = &self.problem.float[group];
            let at = self.problem.float_value(&float.row, &minimum.point, node.positive).0;
            at < (1.0 - 1e-9) * float.label_sum / float.count
        });
        groups
    }

    /// Switches outputs on, each with the records that it cannot be off. A leaf if one cannot be on either.
    fn switch_on(
        &self,
        node: &mut Node,
        groups: &[usize],
        known: &mut [State],
        steps: &mut Vec<Step>,
    ) -> Result<Option<Subtree>, NoProof> {
        let output = self.problem.output_bit();
        for &group in groups {
            let pattern = node.pattern(self.problem);
            self.note_outputs(node, &pattern, known, steps);
            if known[group] & output != 0 {
                continue;
            }
            known[group] |= output;
            let state = pattern.states[group] & self.hidden_bits();
            let branch = Branch { group, function: Function::Output(state) };
            let mut off = node.clone();
            off.branch = Some(branch);
            let off = off.children(self.cells).into_iter().next().expect("an off-side");
            steps.push(Step::On { group, off: self.prove(off, known)? });
            if node.switch_on(self.cells, state, group).is_none() {
                return Ok(Some(self.contradiction(node, state)));
            }
        }
        Ok(None)
    }

    /// The leaf where the last sign of an output function contradicts the others.
    fn contradiction(&self, node: &Node, state: State) -> Subtree {
        let decided = self.decided(node, node.decisions.len());
        let place = decided.output(state).expect("a sign was decided");
        let (&(group, on), others) = decided.outputs[place].1.split_last().expect("a sign");
        let terms = combination(self.problem, others, group, !on);
        self.none_of_outputs(&terms)
    }

    /// A leaf where the outputs at these groups, all in one state, cancel.
    fn none_of_outputs(&self, terms: &[(usize, Integer)]) -> Subtree {
        let named: Vec<(String, Integer)> =
            terms.iter().map(|(group, factor)| (format!("o{group}"), factor.clone())).collect();
        let mut leaf = self.none_leaf(&named);
        for (group, _) in terms {
            leaf.needs[*group] |= self.hidden_bits() | self.problem.output_bit();
        }
        leaf
    }

    fn decided(&self, node: &Node, count: usize) -> Decided {
        Decided::new(&Node::root(self.problem, self.cells, node.positive), node, count)
    }

    /// The records of the parts into which a branch splits a node.
    fn split(&self, node: &Node, branch: Branch, known: &[State]) -> Result<Subtree, NoProof> {
        let Branch { group, function } = branch;
        let mut known = known.to_vec();
        let mask: State = match function {
            Function::Hidden(first) => ((1 << node.together(function)) - 1) << first,
            Function::Output(_) => self.problem.output_bit(),
        };
        let is_offset = function == Function::Output(0);
        if !is_offset {
            known[group] |= mask;
        }
        let mut branched = node.clone();
        branched.branch = Some(branch);
        let parts = branched.children(self.cells);
        assert_eq!(parts.len(), node.together(function) + 1, "an undecided sign has both sides");
        let parts = self.prove_all(parts, &known)?;
        let mut needs = vec![0; known.len()];
        for part in &parts {
            needs.iter_mut().zip(&part.needs).for_each(|(all, own)| *all |= own);
        }
        if !is_offset {
            needs[group] &= !mask;
        }
        let mut text = String::with_capacity(parts.iter().map(|part| part.text.len() + 64).sum());
        match function {
            Function::Hidden(first) => {
                let last = first + parts.len() - 1;
                // The nodes first … last − 1 are alike: the earlier ones are on first.
                (first..last).for_each(|on| text += &format!("split {group} {on}\n"));
                text += &parts[parts.len() - 1].text;
                for off in (first..last).rev() {
                    for later in off + 1..last {
                        text += &format!("split {group} {later}\nswap {group} {off} {later}\n");
                    }
                    text += &parts[off - first].text;
                }
            }
            Function::Output(_) => {
                text +=
                    &if is_offset { "offset\n".to_owned() } else { format!("output {group}\n") };
                text += &parts[1].text;
                text += &parts[0].text;
                if !is_offset {
                    needs[group] |= self.hidden_bits();
                }
            }
        }
        Ok(Subtree { text, needs })
    }

    /// The records of several nodes, some of them on threads of their own.
    fn prove_all(&self, nodes: Vec<Node>, known: &[State]) -> Result<Vec<Subtree>, NoProof> {
        let nodes = &nodes;
        thread::scope(|scope| {
            let last = nodes.len() - 1;
            let begin = |(index, node): (usize, &'_ Node)| {
                let may_help = index < last && node.decisions.len() <= DEEPEST_HELP;
                let take = |free: usize| free.checked_sub(1);
                let order = Ordering::Relaxed;
                if may_help && self.helpers.fetch_update(order, order, take).is_ok() {
                    // A helper that cannot start is not tried again.
                    let helper = with_room(scope, move || {
                        let _release = ReleaseOnPanic { done: &self.panicked, changed: None };
                        let found = self.prove(nodes[index].clone(), known);
                        self.helpers.fetch_add(1, order);
                        found
                    });
                    if let Some(helper) = helper {
                        return Err(helper);
                    }
                }
                Ok(self.prove(node.clone(), known))
            };
            let begun: Vec<_> = nodes.iter().enumerate().map(begin).collect();
            let join = |helper: thread::ScopedJoinHandle<'_, _>| {
                helper.join().expect("no thread panicked")
            };
            begun.into_iter().map(|found| found.unwrap_or_else(join)).collect()
        })
    }

    /// Records of outputs' signs around those of a node, the last steps innermost.
    fn with_outputs(&self, node: &Node, mut tree: Subtree, steps: Vec<Step>) -> Subtree {
        let pattern = node.pattern(self.problem);
        let output = self.problem.output_bit();
        for step in steps.into_iter().rev() {
            let group = match &step {
                Step::Implied { group, .. } | Step::On { group, .. } => *group,
            };
            if tree.needs[group] & output == 0 {
                continue;
            }
            let (other, on) = match step {
                Step::On { off, .. } => (off, true),
                Step::Implied { decisions, .. } => {
                    let on = pattern.states[group] & output != 0;
                    (self.why_output(node, &pattern, group, on, decisions), on)
                }
            };
            tree.needs[group] &= !output;
            let record = format!("output {group}\n");
            tree = around(record, on, tree, other);
            tree.needs[group] |= self.hidden_bits();
        }
        tree
    }

    /// The leaf where an output has the opposite of its implied sign.
    fn why_output(
        &self,
        node: &Node,
        pattern: &Pattern,
        group: usize,
        on: bool,
        decisions: usize,
    ) -> Subtree {
        let state = pattern.states[group] & self.hidden_bits();
        let decided = self.decided(node, decisions);
        if state != 0
            && let Some(place) = decided.output(state)
            && let signs = &decided.outputs[place].1
            && node.implies(self.cells, signs, group, on)
        {
            return self.none_of_outputs(&combination(self.problem, signs, group, on));
        }
        // All that feeds the output has one sign.
        let hidden = (0..self.problem.architecture.hidden).filter(|node| state >> node & 1 == 1);
        let mut names: Vec<String> = hidden.map(|node| format!("h{group}.{node}")).collect();
        names.push(format!("o{group}"));
        if self.problem.architecture.output_bias {
            names.push("w".to_owned());
        }
        let terms: Vec<_> = names.into_iter().map(|name| (name, Integer::ONE)).collect();
        let mut leaf = self.none_leaf(&terms);
        leaf.needs[group] |= self.hidden_bits() | self.problem.output_bit();
        leaf
    }

    /// Records of hidden nodes' implied signs around those of a node. Of nodes that are alike all
    /// have theirs written if one has, so that exchanging them changes nothing.
    fn with_hidden(
        &self,
        node: &Node,
        pattern: &Pattern,
        before: &[State],
        mut tree: Subtree,
    ) -> Subtree {
        let decided = self.decided(node, node.decisions.len());
        for group in 0..before.len() {
            let new = pattern.known[group] & !before[group] & self.hidden_bits();
            let needed = self.with_alike(node, tree.needs[group] & new);
            for hidden in (0..node.hidden.len()).filter(|hidden| needed >> hidden & 1 == 1) {
                let on = pattern.states[group] >> hidden & 1 == 1;
                let terms = combination(self.problem, &decided.hidden[hidden], group, on);
                let name = |(group, factor): &(usize, Integer)| {
                    (format!("h{group}.{hidden}"), factor.clone())
                };
                let mut other = self.none_leaf(&terms.iter().map(name).collect::<Vec<_>>());
                for (group, _) in &terms {
                    other.needs[*group] |= 1 << hidden;
                }
                other.needs[group] &= !(1 << hidden);
                tree.needs[group] &= !(1 << hidden);
                tree = around(format!("split {group} {hidden}\n"), on, tree, other);
            }
        }
        tree
    }

    /// These hidden nodes, and those that are alike to one of them.
    fn with_alike(&self, node: &Node, bits: State) -> State {
        let mut all = 0;
        let mut first = 0;
        while first < node.hidden.len() {
            let count = node.together(Function::Hidden(first));
            let class: State = ((1 << count) - 1) << first;
            if bits & class != 0 {
                all |= class;
            }
            first += count;
        }
        all
    }
}

/// A record that splits, the side `on` having the records of `tree`, the other those of `other`.
fn around(record: String, on: bool, tree: Subtree, other: Subtree) -> Subtree {
    let [first, second] = if on { [&tree, &other] } else { [&other, &tree] };
    let text = [record.as_str(), &first.text, &second.text].concat();
    let needs = tree.needs.iter().zip(&other.needs).map(|(a, b)| a | b).collect();
    Subtree { text, needs }
}
