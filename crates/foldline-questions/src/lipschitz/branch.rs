//! How a node that bounds cannot close is divided: by a neuron's sign, or an input coordinate.

use std::sync::Arc;

use super::bound::Influence;
use super::leaf;
use super::node::{Node, Step};
use crate::bounds::reduced::Reduced;

/// Bounds this close to zero, relative to the row, are settled exactly before a split.
const NEARLY_ZERO: f64 = 1e-9;

/// Divides a node by the sign of the neuron of its earliest undecided layer whose slope moves the
/// norm most. Such a neuron's sign is a half-space of the inputs. The side that promises more comes first.
pub fn split(
    mut node: Node,
    reduced: Reduced,
    influences: &[Influence],
    exact_lps: &mut u64,
) -> Step {
    node.patch.clone().float.sign_multiples(&mut node.known);
    if reduced.count() == 0 {
        return Step::Leaf(Box::new(node));
    }
    let first = reduced.layers.iter().take_while(|&&layer| layer == reduced.layers[0]).count();
    let index = (0..first)
        .max_by(|&a, &b| influences[a].width.total_cmp(&influences[b].width))
        .unwrap_or(0);
    let neuron = reduced.neurons[index];
    let nearly_zero = NEARLY_ZERO * reduced.magnitudes[index] + 8.0 * reduced.errors[index];
    // Comparisons with NaN say nothing, so they must not count as clear.
    let is_clear = |distance: f64| distance > nearly_zero && distance.is_finite();
    let mut sides = [true, true];
    if !is_clear(-reduced.lower[index]) || !is_clear(reduced.upper[index]) {
        match leaf::sides(&node, neuron, exact_lps) {
            leaf::Sides::Constant(sign) => {
                node.known[neuron as usize].sign = sign;
                node.reduced = Some(Arc::new(reduced));
                return Step::Split(vec![node]);
            }
            leaf::Sides::Reached { above, below } => sides = [above, below],
        }
    }
    let system = Arc::new(reduced);
    node.share /= sides.iter().filter(|&&side| side).count().max(1) as f64;
    let first = influences[index].active;
    let parts: Vec<Node> = [first, !first]
        .into_iter()
        .filter(|&active| sides[usize::from(!active)])
        .map(|active| with_sign(&node, &system, index, active))
        .collect();
    if parts.is_empty() { Step::Closed } else { Step::Split(parts) }
}

/// The part where an undecided neuron of the earliest layer is > 0 (`active`) or < 0.
fn with_sign(node: &Node, reduced: &Arc<Reduced>, index: usize, active: bool) -> Node {
    let neuron = reduced.neurons[index];
    let row = &reduced.row(index)[..reduced.dimension + 1];
    let sign = if active { -1.0 } else { 1.0 };
    let normal: Vec<f64> = row[..reduced.dimension].iter().map(|value| sign * value).collect();
    let bound = (reduced.errors[index] - sign * row[reduced.dimension]).next_up();
    let mut child = Node { reduced: Some(reduced.clone()), ..node.clone() };
    if bound.is_finite() && normal.iter().all(|value| value.is_finite()) {
        let value = |point: &Vec<f64>| normal.iter().zip(point).map(|(a, x)| a * x).sum::<f64>();
        child.points.retain(|point| value(point) <= bound);
        child.polytope.push(&normal, bound);
    }
    child.known[neuron as usize].sign = if active { 1 } else { -1 };
    child.splits.push((neuron, active));
    child
}

/// Input splits of a node after which all undecided neurons are kept, whatever it costs.
pub const MOST_INPUT_SPLITS: u32 = 200;

/// Halves the input coordinate along which the part is widest, relative to the patch.
pub fn halve(mut node: Node) -> Step {
    let (here, root) = (&node.polytope, &node.patch.polytope);
    let middle = |j: usize| here.lower[j] + (here.upper[j] - here.lower[j]) / 2.0;
    let relative = |j: usize| (here.upper[j] - here.lower[j]) / (root.upper[j] - root.lower[j]);
    let can = |&j: &usize| here.lower[j] < middle(j) && middle(j) < here.upper[j];
    let widest =
        (0..here.dimension).filter(can).max_by(|&a, &b| relative(a).total_cmp(&relative(b)));
    (node.reduced, node.tableau) = (None, None);
    let Some(coordinate) = widest else {
        node.input_splits = MOST_INPUT_SPLITS;
        return Step::Split(vec![node]);
    };
    let middle = middle(coordinate);
    let mut below = node;
    below.input_splits += 1;
    below.share /= 2.0;
    let mut above = below.clone();
    below.polytope.upper[coordinate] = middle;
    above.polytope.lower[coordinate] = middle;
    below.points.retain(|point| point[coordinate] <= middle);
    above.points.retain(|point| point[coordinate] >= middle);
    Step::Split(vec![below, above])
}
