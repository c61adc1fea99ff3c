//! What becomes of a node: its bound closes it, or it is split where the bound's network does worst.

use super::cells::Cells;
use super::node::{Branch, Function, Node};
use super::pattern::Pattern;
use super::problem::Problem;
use super::program::{FloatProgram, Minimum};

/// Bounds this close to the incumbent, relatively, are decided in exact arithmetic.
pub const NEAR: f64 = 1e-7;

/// What was found out about a node.
pub enum Evaluation {
    /// Its sound bound is at least the threshold.
    Closed,
    /// It is to be split.
    Open {
        /// The node, with its bound and its branch.
        node: Box<Node>,
        /// Its pattern.
        pattern: Pattern,
        /// The bound's program at its minimum.
        minimum: Option<Minimum>,
        /// About the excess of the network there.
        excess: f64,
    },
}

/// Bounds a node and chooses its branch, which is none if all is decided.
pub fn evaluate(problem: &Problem, cells: &Cells, mut node: Node, threshold: f64) -> Evaluation {
    loop {
        let pattern = node.pattern(problem);
        let found = bound(problem, &mut node, &pattern, threshold);
        if found.is_some() && node.sound >= threshold {
            return Evaluation::Closed;
        }
        if found.is_some() && problem.architecture.output_relu {
            match fix_outputs(problem, cells, &mut node, &pattern, threshold) {
                Fixed::Impossible => return Evaluation::Closed,
                Fixed::Some => continue,
                Fixed::None => {}
            }
        }
        let (branch, excess) = choose(problem, cells, &node, &pattern, found.as_ref());
        node.branch = branch;
        let node = Box::new(node);
        return Evaluation::Open { node, pattern, minimum: found, excess };
    }
}

/// The minimum of a node's program, which raises its bounds; none where floats fail.
pub fn bound(
    problem: &Problem,
    node: &mut Node,
    pattern: &Pattern,
    threshold: f64,
) -> Option<Minimum> {
    let program = FloatProgram::new(problem, pattern);
    let found = program.minimise(threshold * (1.0 + NEAR))?;
    // A point on the way may not show yet what the minimum does.
    let shows = found.value < threshold || found.sound >= threshold;
    let found = if shows { found } else { program.minimise(f64::INFINITY).unwrap_or(found) };
    node.bound = node.bound.max(found.value);
    node.sound = node.sound.max(found.sound);
    Some(found)
}

/// What to split a node by, if anything is undecided, and about the excess of the network that is
/// best for its bound.
pub fn choose(
    problem: &Problem,
    cells: &Cells,
    node: &Node,
    pattern: &Pattern,
    minimum: Option<&Minimum>,
) -> (Option<Branch>, f64) {
    let Some(found) = minimum else {
        return (most_promising(problem, cells, node, pattern, |_| 0.0), f64::INFINITY);
    };
    let missed: Vec<(f64, f64)> = (0..problem.float.len())
        .map(|group| missed(problem, pattern, group, &found.point))
        .collect();
    let excess = found.value + missed.iter().map(|(missed, _)| missed).sum::<f64>();
    let branch = most_promising(problem, cells, node, pattern, |group| {
        let (missed, counted) = missed[group];
        missed + 1e-6 * counted
    });
    (branch, excess)
}

/// What a group adds to the loss at these parameters and the bound does not count; and what it
/// counts although the group's output is unknown.
fn missed(problem: &Problem, pattern: &Pattern, group: usize, point: &[f64]) -> (f64, f64) {
    if pattern.output(problem, group).is_some() {
        return (0.0, 0.0);
    }
    let float = &problem.float[group];
    let (at, _) = problem.float_value(&float.row, point, pattern.positive);
    let excess = problem.float_excess(group, at);
    if !pattern.has_value(problem, group) {
        return (excess, 0.0);
    }
    let counted = if at > (float.label_sum / float.count).max(0.0) { excess } else { 0.0 };
    (excess - counted, counted)
}

enum Fixed {
    None,
    Some,
    Impossible,
}

/// Switches the output on where off would cost too much: being off adds its full cost to the bound.
fn fix_outputs(
    problem: &Problem,
    cells: &Cells,
    node: &mut Node,
    pattern: &Pattern,
    threshold: f64,
) -> Fixed {
    let mut fixed = Fixed::None;
    for group in costly_if_off(problem, node, pattern, threshold) {
        if node.switch_on(cells, pattern.states[group], group).is_none() {
            return Fixed::Impossible;
        }
        fixed = Fixed::Some;
    }
    fixed
}

/// The groups with an unknown output that would raise the bound to the threshold if it were off.
pub fn costly_if_off(
    problem: &Problem,
    node: &Node,
    pattern: &Pattern,
    threshold: f64,
) -> Vec<usize> {
    let is_costly = |&group: &usize| {
        let open = pattern.has_value(problem, group) && pattern.output(problem, group).is_none();
        // Half an ulp for the sum; the bound itself covers its roundings.
        let off = problem.float[group].off * (1.0 - 1e-15);
        open && (node.sound + off).next_down() >= threshold
    };
    (0..problem.float.len()).filter(is_costly).collect()
}

/// The function and group to split a node by; `missed` is what a group may add to the bound.
fn most_promising(
    problem: &Problem,
    cells: &Cells,
    node: &Node,
    pattern: &Pattern,
    missed: impl Fn(usize) -> f64,
) -> Option<Branch> {
    let mut best: Option<(f64, Branch)> = None;
    let all = problem.all_bits();
    for group in (0..problem.groups.len()).filter(|&group| pattern.known[group] != all) {
        let missed = missed(group);
        let mut offer = |score: f64, branch: Branch| {
            if best.as_ref().is_none_or(|(known, _)| score > *known) {
                best = Some((score, branch));
            }
        };
        if pattern.has_value(problem, group) {
            let function = Function::Output(pattern.states[group]);
            offer(missed, Branch { group, function });
            continue;
        }
        for (index, candidates) in node.hidden.iter().enumerate() {
            if (pattern.known[group] | pattern.dropped) >> index & 1 == 1 {
                continue;
            }
            let share = candidates.share(cells, group);
            let balance = share.min(1.0 - share);
            offer(missed * (0.05 + balance), Branch { group, function: Function::Hidden(index) });
        }
    }
    best.map(|(_, branch)| branch)
}
