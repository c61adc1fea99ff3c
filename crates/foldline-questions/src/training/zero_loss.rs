//! The zero-loss decision [T, Def 2.1]: a walk over activation patterns, with one exact linear system a node.
//!
//! At loss zero every point is a linear condition once its state is known: the network's value
//! equals the label, or is at most 0 where the label is 0 under an output ReLU. So a partial
//! pattern is a system of equations and inequalities in the parameters, and a node without a
//! solution is closed. A solution is itself a network; if it fits the other points as well, the
//! answer is yes, otherwise the walk goes on at the misfit with the fewest states that are left.

use std::collections::HashSet;

use foldline_engine::{Ended, Left, Open, Run, Search, depth_first};
use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_geometry::integer::{dot, eliminate, make_primitive};
use foldline_kernel::{Integer, Natural, Rational};
use serde_json::{Value, json};

use super::problem::{Problem, State};
use super::resume::{read_counts, wrong};
use super::statement::{Model, TrainingCallback, TrainingProgress, TrainingStatistics};
use crate::checkpoint::{Keeper, StateError, count, field, list};
use crate::verification::counters::Counter;

/// The parameters (θ, τ) of a network are homogeneous: labels are multiplied by τ > 0.
#[derive(Debug, Clone)]
struct Node {
    /// How many of the hidden nodes have w_j = 1.
    positive: usize,
    /// The groups that have their states, with these, in the order in which they got them.
    decided: Vec<(usize, State)>,
    /// The parameters that satisfy the equations are the span of these, each followed by a 0.
    columns: Vec<Vec<Integer>>,
    /// Rows that must be ≥ 0 at the parameters.
    inequalities: Vec<Vec<Integer>>,
    /// Parameters that satisfy everything, with τ = 1.
    point: Vec<Rational>,
    /// The states that a group may have; none for a group that has its state.
    possible: Vec<Option<Vec<State>>>,
    /// Bit j: the hidden nodes j and j + 1 have the same sign and so far the same states.
    alike: State,
}

/// The walk over the patterns of all sign patterns.
struct Walk<'a> {
    problem: &'a Problem,
    stop: &'a (dyn Fn() -> bool + Sync),
    progress: Option<&'a TrainingCallback>,
    nodes: Counter,
    exact: Counter,
}

/// The search was stopped.
struct Stopped;

/// The answer, which is none if it was stopped: a network without error for the sample of
/// `problem`, or that there is none; and counts.
///
/// Every group's labels must be equal, and not negative under an output ReLU. With a keeper it goes
/// on from the state there, and open nodes are saved.
///
/// # Errors
/// If the keeper's state is none of this search.
pub fn search(
    problem: &Problem,
    run: Run<'_>,
    progress: Option<&TrainingCallback>,
) -> Result<(Option<Option<Model>>, TrainingStatistics), StateError> {
    let (nodes, exact) = (Counter::default(), Counter::default());
    let walk = Walk { problem, stop: run.stop, progress, nodes, exact };
    let open = match run.keeper.and_then(Keeper::resumed) {
        Some(state) => {
            let [nodes, exact] = read_counts(state)?;
            walk.nodes.add(nodes);
            walk.exact.add(exact);
            Open::from_json(&walk, field(state, "open")?)?
        }
        None => Open::new(
            (0..=problem.architecture.hidden).map(|positive| walk.root(positive)).collect(),
        ),
    };
    let answer = match depth_first(&walk, open, run).0 {
        Ended::Exhausted => Some(None),
        Ended::Found(model) => Some(Some(model)),
        Ended::Stopped { .. } => None,
        Ended::Failed(error) => unreachable!("no records are kept: {error}"),
    };
    Ok((answer, walk.statistics()))
}

impl Search for Walk<'_> {
    type Part = Node;
    type Workspace = ();
    type Found = Model;

    fn workspace(&self) {}

    fn visit(&self, mut node: Node, (): &mut (), left: &mut Left<Node>) -> Option<Model> {
        match self.open_up(&mut node, &mut left.parts) {
            Ok(None) => {}
            Ok(Some(point)) => {
                let theta = &point[..self.problem.parameters()];
                return Some(self.problem.model(theta, node.positive));
            }
            // What was found of it counts: fewer states may be possible.
            Err(Stopped) => left.parts = vec![node],
        }
        None
    }

    /// The node without its linear system.
    fn outline(&self, node: &Node) -> Node {
        Node {
            positive: node.positive,
            decided: node.decided.clone(),
            columns: Vec::new(),
            inequalities: Vec::new(),
            point: Vec::new(),
            possible: node.possible.clone(),
            alike: node.alike,
        }
    }

    /// A node as the states on the way to it and those that are left to other groups.
    fn to_json(&self, node: &Node) -> Value {
        let Node { positive, decided, possible, .. } = node;
        json!({"positive": positive, "decided": decided, "possible": possible})
    }

    fn restore(&self, state: &Value) -> Result<Node, StateError> {
        self.restored(state)
    }

    fn is_watched(&self) -> bool {
        self.progress.is_some()
    }

    fn report(&self, _: f64) {
        let progress = TrainingProgress::ZeroLoss { nodes: self.nodes.get() };
        self.progress.iter().for_each(|callback| callback(&progress));
    }

    fn state(&self, open: Value) -> Value {
        json!({"open": open, "counts": [self.nodes.get(), self.exact.get()]})
    }
}

impl Walk<'_> {
    fn statistics(&self) -> TrainingStatistics {
        let (nodes, exact) = (self.nodes.get(), self.exact.get());
        TrainingStatistics { nodes, exact, ..TrainingStatistics::default() }
    }

    /// The node that a checkpoint describes; its linear system is solved anew.
    fn restored(&self, state: &Value) -> Result<Node, StateError> {
        let positive = count(state, "positive")? as usize;
        if positive > self.problem.architecture.hidden {
            return Err(wrong("positive"));
        }
        let states = |value: &Value| -> Option<Vec<State>> {
            value.as_array()?.iter().map(|state| self.state(state)).collect()
        };
        let possible: Vec<Option<Vec<State>>> =
            list(state, "possible")?.iter().map(states).collect();
        let mut node = self.root(positive);
        for decision in list(state, "decided")? {
            let read = || {
                let [group, state] = decision.as_array()?.as_slice() else { return None };
                Some((group.as_u64()? as usize, self.state(state)?))
            };
            let (group, state) = read()
                .filter(|(group, _)| *group < self.problem.groups.len())
                .ok_or_else(|| wrong("decided"))?;
            node = self.decide(&node, group, state);
        }
        node.point = solution(&node.columns, &node.inequalities).ok_or_else(|| wrong("decided"))?;
        if possible.len() != self.problem.groups.len() {
            return Err(wrong("possible"));
        }
        node.possible = possible;
        Ok(node)
    }

    fn state(&self, value: &Value) -> Option<State> {
        let state = State::try_from(value.as_u64()?).ok()?;
        (state < self.problem.output_bit()).then_some(state)
    }

    fn root(&self, positive: usize) -> Node {
        let count = self.problem.parameters() + 1;
        let unit = |place| {
            let mut column = vec![Integer::ZERO; count + 1];
            column[place] = Integer::ONE;
            column
        };
        let mut point = vec![Rational::ZERO; count];
        point[count - 1] = Rational::ONE;
        let hidden = self.problem.architecture.hidden;
        let states: Vec<State> = (0..1 << hidden).collect();
        let same_sign = |j: &usize| (*j < positive) == (*j + 1 < positive);
        Node {
            positive,
            decided: Vec::new(),
            columns: (0..count).map(unit).collect(),
            inequalities: Vec::new(),
            point,
            possible: vec![Some(states); self.problem.groups.len()],
            alike: (0..hidden - 1).filter(same_sign).fold(0, |bits, j| bits | 1 << j),
        }
    }

    /// Opens a node's children; the parameters if the node's own point fits all groups.
    fn open_up(
        &self,
        node: &mut Node,
        open: &mut Vec<Node>,
    ) -> Result<Option<Vec<Rational>>, Stopped> {
        self.nodes.add(1);
        let misfit = |&group: &usize| node.possible[group].is_some() && !self.fits(node, group);
        let misfits: Vec<usize> = (0..node.possible.len()).filter(misfit).collect();
        let mut best: Option<(usize, Vec<Node>)> = None;
        for &group in &misfits {
            let children = self.children(node, group)?;
            let count = children.len();
            if best.as_ref().is_none_or(|(_, fewest)| count < fewest.len()) {
                best = Some((group, children));
            }
            if count <= 1 {
                break;
            }
        }
        let Some((group, children)) = best else { return Ok(Some(node.point.clone())) };
        node.possible[group] = None;
        // The last state is tried first.
        for mut child in children.into_iter().rev() {
            child.possible.clone_from(&node.possible);
            open.push(child);
        }
        Ok(None)
    }

    /// The children for each state of a group that has a solution; the other states are not
    /// possible any more.
    fn children(&self, node: &mut Node, group: usize) -> Result<Vec<Node>, Stopped> {
        let states = node.possible[group].clone().unwrap_or_default();
        let mut left = Vec::with_capacity(states.len());
        let mut children = Vec::new();
        for state in states {
            // Of nodes that are alike so far, the earlier one is on first.
            if !state & state >> 1 & node.alike != 0 {
                left.push(state);
                continue;
            }
            if (self.stop)() {
                return Err(Stopped);
            }
            if let Some(child) = self.child(node, group, state) {
                left.push(state);
                children.push(child);
            }
        }
        node.possible[group] = Some(left);
        Ok(children)
    }

    /// Whether the node's point, as a network, fits a group.
    fn fits(&self, node: &Node, group: usize) -> bool {
        let content = &self.problem.groups.groups[group];
        let block = self.problem.block();
        let hidden = self.problem.architecture.hidden;
        let mut value = match self.problem.architecture.output_bias {
            true => node.point[block * hidden].clone(),
            false => Rational::ZERO,
        };
        for (j, own) in node.point.chunks_exact(block).take(hidden).enumerate() {
            let terms = own.iter().zip(&content.row);
            let at = terms.fold(Rational::ZERO, |sum, (a, x)| sum + a * Rational::from(x.clone()));
            if at > Rational::ZERO {
                value = if j < node.positive { value + at } else { value - at };
            }
        }
        if self.problem.architecture.output_relu {
            value = value.max(Rational::ZERO);
        }
        value * Rational::from(content.count.clone()) == Rational::from(content.label_sum.clone())
    }

    /// The node where the group has this state, if that has a solution.
    fn child(&self, node: &Node, group: usize, state: State) -> Option<Node> {
        let mut child = self.decide(node, group, state);
        self.exact.add(1);
        child.point = solution(&child.columns, &child.inequalities)?;
        Some(child)
    }

    /// The node where the group has this state, with the point of `node`; what is possible at the
    /// other groups is the caller's business.
    fn decide(&self, node: &Node, group: usize, state: State) -> Node {
        let content = &self.problem.groups.groups[group];
        let block = self.problem.block();
        let hidden = self.problem.architecture.hidden;
        let mut columns = node.columns.clone();
        let mut inequalities = node.inequalities.clone();
        let (zero, negate) = (Integer::ZERO, |entry: &Integer| -entry);
        for j in 0..hidden {
            let is_on = state >> j & 1 == 1;
            let mut row = vec![zero.clone(); self.problem.parameters() + 1];
            for (place, entry) in content.row.iter().enumerate() {
                row[j * block + place] = if is_on { entry.clone() } else { negate(entry) };
            }
            inequalities.push(row);
        }
        let value = self.problem.value_row(&content.row, state, node.positive, &zero, negate);
        let mut value: Vec<Integer> =
            value.into_iter().map(|entry| entry * &content.count).collect();
        value.push(zero);
        let is_off = self.problem.architecture.output_relu && content.label_sum.is_zero();
        if is_off {
            inequalities.push(value.iter().map(|entry| -entry).collect());
        } else {
            let last = value.len() - 1;
            value[last] = -content.label_sum.clone();
            restrict(&mut columns, &value);
        }
        let alike = node.alike & !(state ^ state >> 1);
        let (positive, point) = (node.positive, node.point.clone());
        let mut decided = node.decided.clone();
        decided.push((group, state));
        let possible = Vec::new();
        Node { positive, decided, columns, inequalities, point, possible, alike }
    }
}

/// Restricts the span to where `row` is 0.
fn restrict(columns: &mut Vec<Vec<Integer>>, row: &[Integer]) {
    let last = row.len();
    for column in columns.iter_mut() {
        column[last] = dot(row, column).expect("big integers do not overflow");
    }
    let nonzero = (0..columns.len()).filter(|&place| !columns[place][last].is_zero());
    let size = |&place: &usize| foldline_kernel::network::magnitude(&columns[place][last]);
    let Some(pivot) = nonzero.min_by_key(size) else { return };
    let pivot = columns.swap_remove(pivot);
    for column in columns {
        eliminate(column, &pivot, last).expect("big integers do not overflow");
    }
}

/// A point (θ, 1) of the span where the rows are ≥ 0.
fn solution(columns: &[Vec<Integer>], inequalities: &[Vec<Integer>]) -> Option<Vec<Rational>> {
    let dimension = columns.len();
    let in_span = |row: &[Integer]| -> Vec<Integer> {
        let value = |column: &Vec<Integer>| dot(row, column).expect("big integers");
        let mut row: Vec<Integer> = columns.iter().map(value).collect();
        make_primitive(&mut row).expect("big integers do not overflow");
        row
    };
    let constraint = |row: &[Integer], strict| ExactConstraint {
        coefficients: row.iter().map(|value| -value).collect(),
        bound: Integer::ZERO,
        strict,
        scale: Natural::ONE,
    };
    let count = columns.first()?.len() - 1;
    let mut tau = vec![Integer::ZERO; count];
    tau[count - 1] = Integer::ONE;
    let tau = in_span(&tau);
    let mut seen = HashSet::new();
    let mut constraints = vec![constraint(&tau, true)];
    for row in inequalities {
        let row = in_span(row);
        if row.iter().any(|value| !value.is_zero()) && seen.insert(row.clone()) {
            constraints.push(constraint(&row, false));
        }
    }
    let weights = feasible_point(dimension, &constraints)?;
    let parameter = |place: usize| {
        let terms = columns.iter().zip(&weights);
        terms.fold(Rational::ZERO, |sum, (column, weight)| {
            sum + Rational::from(column[place].clone()) * weight
        })
    };
    let tau = parameter(count - 1);
    Some((0..count).map(|place| parameter(place) / &tau).collect())
}
