//! The open work of a search for the least loss as a JSON value, and back: what a checkpoint holds.
//!
//! A node is written as the decisions on the way to it, with its bounds and its branch; the
//! dichotomies that are left to it are found anew. The incumbent is written as a network and
//! measured anew.

use foldline_kernel::Sample;
use serde_json::{Value, json};

use super::cells::Cells;
use super::node::{Branch, Decision, Function, Node};
use super::problem::{Problem, State};
use super::search::Incumbent;
use super::statement::{Model, TrainingStatistics};
use crate::checkpoint::{
    StateError, count, field, floats_text, list, numbers_text, read_floats, read_numbers,
};

/// The state of a search.
pub fn to_json(open: Value, best: Option<&Incumbent>, statistics: &TrainingStatistics) -> Value {
    let TrainingStatistics { nodes, exact, patterns, local_searches } = *statistics;
    let best = best.map(|best| model_to_json(&best.model));
    json!({"open": open, "best": best, "counts": [nodes, exact, patterns, local_searches]})
}

/// An open node.
pub fn node_to_json(node: &Node) -> Value {
    let decisions = decisions_to_numbers(&node.decisions);
    let bounds = floats_text(&[node.bound, node.sound]);
    let branch = node.branch.map(branch_to_numbers);
    json!({"positive": node.positive, "decisions": decisions, "bounds": bounds, "branch": branch})
}

/// Decisions, four numbers each.
pub fn decisions_to_numbers(decisions: &[Decision]) -> Vec<usize> {
    let numbers = |decision: &Decision| {
        let [kind, function, group] = branch_to_numbers(decision.branch);
        [kind, function, group, decision.on]
    };
    decisions.iter().flat_map(numbers).collect()
}

fn branch_to_numbers(branch: Branch) -> [usize; 3] {
    match branch.function {
        Function::Hidden(node) => [0, node, branch.group],
        Function::Output(state) => [1, usize::from(state), branch.group],
    }
}

fn model_to_json(model: &Model) -> Value {
    let positive = model.positive.iter().filter(|positive| **positive).count();
    let mut numbers = model.nodes.concat();
    numbers.push(model.offset.clone());
    json!({"positive": positive, "numbers": numbers_text(&numbers)})
}

/// The incumbent of a state.
pub fn read_best(
    state: &Value,
    problem: &Problem,
    sample: &Sample,
) -> Result<Incumbent, StateError> {
    let model = model(field(state, "best")?, problem)?;
    Ok(Incumbent { excess: problem.excess(&model.loss(sample)), model })
}

/// The counts of a state: partial patterns, exact ones, whole ones, local searches.
pub fn read_counts<const N: usize>(state: &Value) -> Result<[u64; N], StateError> {
    let counts: Vec<u64> = list(state, "counts")?.iter().filter_map(Value::as_u64).collect();
    counts.try_into().map_err(|_| wrong("counts"))
}

fn model(state: &Value, problem: &Problem) -> Result<Model, StateError> {
    let (hidden, block) = (problem.architecture.hidden, problem.block());
    let positive = count(state, "positive")? as usize;
    let mut numbers = read_numbers(field(state, "numbers")?)?;
    let offset = numbers.pop().filter(|_| numbers.len() == hidden * block);
    let offset = offset.filter(|_| positive <= hidden).ok_or_else(|| wrong("best"))?;
    Ok(Model {
        nodes: numbers.chunks_exact(block).map(<[_]>::to_vec).collect(),
        positive: (0..hidden).map(|node| node < positive).collect(),
        offset,
        output_relu: problem.architecture.output_relu,
    })
}

/// An open node. Without cells, for which there was no time, nothing is known of it but its bounds.
pub fn read_node(
    state: &Value,
    problem: &Problem,
    cells: Option<&Cells>,
) -> Result<Node, StateError> {
    let positive = count(state, "positive")? as usize;
    if positive > problem.architecture.hidden {
        return Err(wrong("positive"));
    }
    let mut node = match cells {
        Some(cells) => replay(state, problem, cells, positive)?,
        None => Node::unknown(positive),
    };
    match read_floats(field(state, "bounds")?)?[..] {
        [bound, sound] => (node.bound, node.sound) = (bound, sound),
        _ => return Err(wrong("bounds")),
    }
    let branch = numbers(field(state, "branch")?)?;
    node.branch = Some(branch_of(&branch, problem)?);
    Ok(node)
}

/// The node that the decisions lead to.
fn replay(
    state: &Value,
    problem: &Problem,
    cells: &Cells,
    positive: usize,
) -> Result<Node, StateError> {
    let mut node = Node::root(problem, cells, positive);
    for decision in numbers(field(state, "decisions")?)?.chunks(4) {
        let (branch, on) = decision.split_at(decision.len().min(3));
        let branch = branch_of(branch, problem)?;
        let on = on.first().copied().filter(|on| *on <= node.together(branch.function));
        let decision = Decision { branch, on: on.ok_or_else(|| wrong("decisions"))? };
        node = node.child(cells, decision).ok_or_else(|| wrong("decisions"))?;
    }
    Ok(node)
}

fn branch_of(numbers: &[usize], problem: &Problem) -> Result<Branch, StateError> {
    let &[kind, function, group] = numbers else { return Err(wrong("branch")) };
    let hidden = problem.architecture.hidden;
    let function = match kind {
        0 if function < hidden => Function::Hidden(function),
        1 if function < 1 << hidden => Function::Output(function as State),
        _ => return Err(wrong("branch")),
    };
    if group < problem.groups.len() { Ok(Branch { group, function }) } else { Err(wrong("branch")) }
}

fn numbers(value: &Value) -> Result<Vec<usize>, StateError> {
    let items = value.as_array().ok_or_else(|| wrong("decisions"))?;
    let number = |item: &Value| item.as_u64().map(|number| number as usize);
    items.iter().map(|item| number(item).ok_or_else(|| wrong("decisions"))).collect()
}

/// The message that a value is none of this search.
pub fn wrong(key: &str) -> StateError {
    StateError(format!("`{key}` does not fit the data and the networks"))
}
