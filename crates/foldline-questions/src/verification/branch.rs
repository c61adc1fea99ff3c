//! How a node that bounds cannot close is divided: by a neuron's sign or an input coordinate.

use std::sync::Arc;

use super::leaf::{self, Reach};
use super::node::{Choice, Node, Step};
use crate::bounds::Empty;
use crate::bounds::reduced::Reduced;
use crate::proof::{Proof, dyadic};

/// With more undecided neurons than this, halving the region helps more than one neuron's sign.
const MANY_NEURONS: usize = 640;

/// Splits of input coordinates before only neurons are split, so that every search ends.
const MOST_INPUT_SPLITS: u32 = 200;

/// Bounds this close to zero, relative to the row, are settled exactly before a split.
const NEARLY_ZERO: f64 = 1e-9;

/// Divides a node. Neurons are split layer by layer, so each split is a half-space of the input;
/// inputs are split only where very many neurons are undecided.
pub fn split(
    mut node: Node,
    reduced: Reduced,
    choice: &Choice,
    exact_lps: &mut u64,
    proof: &mut Option<Proof>,
) -> Step {
    if reduced.complete && reduced.count() == 0 {
        node.problem.float.sign_multiples(&mut node.known);
        return Step::Leaf(Box::new(node));
    }
    let too_many = !reduced.complete || reduced.count() > MANY_NEURONS;
    if too_many
        && node.input_splits < MOST_INPUT_SPLITS
        && let Some((coordinate, middle)) = best_coordinate(&node, choice)
    {
        if let Some(proof) = proof {
            proof.record(&format!("halve {coordinate} {}", dyadic(middle)));
        }
        return split_input(node, reduced, coordinate, middle);
    }
    split_neuron(node, reduced, choice, exact_lps, proof)
}

/// The coordinate along which the hardest clause's bound varies most, with its range's middle.
fn best_coordinate(node: &Node, choice: &Choice) -> Option<(usize, f64)> {
    let mut best = (f64::NEG_INFINITY, None);
    for j in 0..node.polytope.dimension {
        let (low, high) = (node.polytope.lower[j], node.polytope.upper[j]);
        let middle = low + (high - low) / 2.0;
        if low < middle && middle < high {
            let score = choice.gradient[j].abs() * (high - low);
            if score > best.0 || best.1.is_none() {
                best = (score, Some((j, middle)));
            }
        }
    }
    best.1
}

fn split_input(node: Node, reduced: Reduced, coordinate: usize, middle: f64) -> Step {
    let mut low = node;
    low.reduced = Some(Arc::new(reduced));
    low.input_splits += 1;
    low.share /= 2.0;
    let mut high = low.clone();
    low.polytope.upper[coordinate] = middle;
    high.polytope.lower[coordinate] = middle;
    Step::Split(vec![low, high])
}

/// Splits on the sign of a neuron of the earliest undecided layer: the one with the largest gap.
fn split_neuron(
    mut node: Node,
    reduced: Reduced,
    choice: &Choice,
    exact_lps: &mut u64,
    proof: &mut Option<Proof>,
) -> Step {
    let first = reduced.layers.iter().take_while(|&&layer| layer == reduced.layers[0]).count();
    let gap = |&a: &usize, &b: &usize| choice.gaps[a].abs().total_cmp(&choice.gaps[b].abs());
    let index = (0..first).max_by(gap).unwrap_or(0);
    let neuron = reduced.neurons[index];
    node.problem.clone().float.sign_multiples(&mut node.known);
    let Ok(one_sided) = one_sided(&node, &reduced, index, exact_lps, proof) else {
        return Step::Closed;
    };
    if let Some(sign) = one_sided {
        node.known[neuron as usize].sign = sign;
        node.reduced = Some(Arc::new(reduced));
        return Step::Split(vec![node]);
    }
    if let Some(proof) = proof {
        proof.record(&format!("split {neuron}"));
    }
    node.share /= 2.0;
    let reduced = Arc::new(reduced);
    let inactive = with_sign(&node, &reduced, index, false);
    let active = with_sign(&node, &reduced, index, true);
    Step::Split(vec![active, inactive])
}

/// The only sign a neuron can have, settled exactly where its bounds are too close to zero, or
/// its row too inexact, for floats to say; an error where the node turns out to have no point.
fn one_sided(
    node: &Node,
    reduced: &Reduced,
    index: usize,
    exact_lps: &mut u64,
    proof: &mut Option<Proof>,
) -> Result<Option<i8>, Empty> {
    let neuron = reduced.neurons[index];
    let nearly_zero = NEARLY_ZERO * reduced.magnitudes[index] + 8.0 * reduced.errors[index];
    // Comparisons with NaN say nothing, so they must not count as clear.
    let is_clear = |distance: f64| distance > nearly_zero;
    let sides = [(true, -reduced.lower[index]), (false, reduced.upper[index])];
    for (below, distance) in sides {
        if is_clear(distance) {
            continue;
        }
        match leaf::reach(node, neuron, below, exact_lps, proof) {
            Reach::There => {}
            Reach::NotThere => return Ok(Some(if below { 1 } else { -1 })),
            Reach::Nowhere => return Err(Empty),
        }
    }
    Ok(None)
}

/// The part where an undecided neuron of the earliest layer is ≥ 0 (`active`) or ≤ 0.
fn with_sign(node: &Node, reduced: &Arc<Reduced>, index: usize, active: bool) -> Node {
    let neuron = reduced.neurons[index];
    let row = &reduced.row(index)[..reduced.dimension + 1];
    let sign = if active { -1.0 } else { 1.0 };
    let normal: Vec<f64> = row[..reduced.dimension].iter().map(|value| sign * value).collect();
    let bound = (reduced.errors[index] - sign * row[reduced.dimension]).next_up();
    let mut child = node.clone();
    if bound.is_finite() && normal.iter().all(|value| value.is_finite()) {
        child.polytope.truncate(node.permanent);
        child.polytope.push(&normal, bound);
        child.permanent += 1;
        for clip in node.permanent..node.polytope.half_spaces() {
            child.polytope.push(node.polytope.normal(clip), node.polytope.bounds[clip]);
        }
    }
    child.known[neuron as usize].sign = if active { 1 } else { -1 };
    child.splits.push((neuron, active));
    child.reduced = Some(reduced.clone());
    child
}
