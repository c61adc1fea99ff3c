//! The zero-loss decision [T, Def 2.1]: a walk over activation patterns, with one exact linear system a node.
//!
//! At loss zero every point is a linear condition once its state is known: the network's value
//! equals the label, or is at most 0 where the label is 0 under an output ReLU. So a partial
//! pattern is a system of equations and inequalities in the parameters, and a node without a
//! solution is closed. A solution is itself a network; if it fits the other points as well, the
//! answer is yes, otherwise the walk goes on at the misfit with the fewest states that are left.

use std::collections::HashSet;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_geometry::integer::{dot, eliminate, make_primitive};
use foldline_kernel::{Integer, Natural, Rational};

use super::problem::{Problem, State};
use super::statement::{Model, TrainingStatistics};

/// The parameters (θ, τ) of a network are homogeneous: labels are multiplied by τ > 0.
#[derive(Debug, Clone)]
struct Node {
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

/// The walk for one sign pattern.
struct Walk<'a> {
    problem: &'a Problem,
    /// How many of the hidden nodes have w_j = 1.
    positive: usize,
    stop: &'a dyn Fn() -> bool,
    statistics: &'a mut TrainingStatistics,
}

/// The search was stopped.
struct Stopped;

/// A network without error for the sample of `problem`, or that there is none; none if stopped.
///
/// Every group's labels must be equal, and not negative under an output ReLU. `node_done` is called
/// after each node.
pub fn search(
    problem: &Problem,
    stop: &dyn Fn() -> bool,
    statistics: &mut TrainingStatistics,
    node_done: &dyn Fn(&TrainingStatistics),
) -> Option<Option<Model>> {
    for positive in 0..=problem.architecture.hidden {
        let mut walk = Walk { problem, positive, stop, statistics };
        let mut open = vec![walk.root()];
        while let Some(node) = open.pop() {
            match walk.visit(node, &mut open) {
                Err(Stopped) => return None,
                Ok(Some(point)) => {
                    let theta = &point[..problem.parameters()];
                    return Some(Some(problem.model(theta, positive)));
                }
                Ok(None) => node_done(walk.statistics),
            }
        }
    }
    Some(None)
}

impl Walk<'_> {
    fn root(&self) -> Node {
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
        let same_sign = |j: &usize| (*j < self.positive) == (*j + 1 < self.positive);
        Node {
            columns: (0..count).map(unit).collect(),
            inequalities: Vec::new(),
            point,
            possible: vec![Some(states); self.problem.groups.len()],
            alike: (0..hidden - 1).filter(same_sign).fold(0, |bits, j| bits | 1 << j),
        }
    }

    /// Opens a node's children; the parameters if the node's own point fits all groups.
    fn visit(
        &mut self,
        mut node: Node,
        open: &mut Vec<Node>,
    ) -> Result<Option<Vec<Rational>>, Stopped> {
        self.statistics.nodes += 1;
        let misfit = |&group: &usize| node.possible[group].is_some() && !self.fits(&node, group);
        let misfits: Vec<usize> = (0..node.possible.len()).filter(misfit).collect();
        let mut best: Option<(usize, Vec<Node>)> = None;
        for &group in &misfits {
            let children = self.children(&mut node, group)?;
            let count = children.len();
            if best.as_ref().is_none_or(|(_, fewest)| count < fewest.len()) {
                best = Some((group, children));
            }
            if count <= 1 {
                break;
            }
        }
        let Some((group, children)) = best else { return Ok(Some(node.point)) };
        node.possible[group] = None;
        for mut child in children {
            child.possible.clone_from(&node.possible);
            open.push(child);
        }
        Ok(None)
    }

    /// The children for each state of a group that has a solution; the other states are not
    /// possible any more.
    fn children(&mut self, node: &mut Node, group: usize) -> Result<Vec<Node>, Stopped> {
        let states = node.possible[group].take().unwrap_or_default();
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
                value = if j < self.positive { value + at } else { value - at };
            }
        }
        if self.problem.architecture.output_relu {
            value = value.max(Rational::ZERO);
        }
        value * Rational::from(content.count.clone()) == Rational::from(content.label_sum.clone())
    }

    /// The node where the group has this state, if that has a solution.
    fn child(&mut self, node: &Node, group: usize, state: State) -> Option<Node> {
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
        let value = self.problem.value_row(&content.row, state, self.positive, &zero, negate);
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
        self.statistics.exact += 1;
        let point = solution(&columns, &inequalities)?;
        Some(Node { columns, inequalities, point, possible: Vec::new(), alike })
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
