//! Atoms that only touch: settled exactly as soon as no undecided neuron plays a part in them.
//!
//! Where an output is constant, all neurons before it being off, an atom may be touched on a
//! whole part. No float bound shows that it is not met there, and splitting the neurons that are
//! still undecided would change nothing: they do not reach the output.

use foldline_kernel::{Activation, Atom, Network};

use super::affine::compose;
use super::leaf::split_neurons;
use super::node::Node;
use super::part::{Part, composed_constraint};
use crate::bounds::Known;
use crate::bounds::reduced::Reduced;
use crate::proof::Term;

/// Bounds this close to zero, relative to the row, are worth exact arithmetic.
const NEARLY_ZERO: f64 = 1e-9;

/// Whether floats leave open whether a target without undecided neurons only touches zero, while
/// others are undecided (where none is, the leaf settles it).
///
/// `bound` is the target's lower bound, `slack` what rounding may have taken from it.
pub fn may_touch(reduced: &Reduced, target: usize, bound: f64, slack: f64) -> bool {
    let row = reduced.count() + target;
    reduced.count() > 0
        && -bound <= NEARLY_ZERO * reduced.magnitudes[row] + 8.0 * slack
        && reduced.is_affine(row)
}

/// Whether `atom` holds at no point of the node's part: exact, but false may mean nothing.
///
/// The signs are those of points where the node's clause holds, as for exact leaves.
pub fn is_out_of_reach(node: &mut Node, atom: &Atom, exact_lps: &mut u64) -> bool {
    let problem = node.problem.clone();
    problem.float.sign_multiples(&mut node.known);
    if depends_on_undecided(&problem.network, &node.known, atom) {
        return false;
    }
    let signs = |neuron: usize| node.known[neuron].sign;
    let neurons = split_neurons(node);
    let (rows, outputs) = compose(&problem.network, signs, &neurons);
    let mut part = Part::new(node);
    part.push_signs(&neurons, &rows, signs);
    part.push(Term::Beyond, composed_constraint(problem.dimension(), atom, &outputs));
    *exact_lps += 1;
    part.decide().is_err()
}

/// Whether some undecided neuron reaches the atom's outputs by nonzero weights through neurons
/// that are active.
fn depends_on_undecided(network: &Network, known: &[Known], atom: &Atom) -> bool {
    let mut needed = vec![false; network.outputs()];
    atom.output.iter().for_each(|&(output, _)| needed[output] = true);
    let mut first = network.neurons();
    for layer in network.layers().iter().rev() {
        let is_relu = layer.activation == Activation::Relu;
        if is_relu {
            first -= layer.rows.len();
        }
        let mut below = vec![false; layer.inputs];
        for (position, row) in layer.rows.iter().enumerate().filter(|(place, _)| needed[*place]) {
            match is_relu.then(|| known[first + position].sign) {
                Some(0) => return true,
                Some(-1) => {}
                _ => row.columns.iter().for_each(|&column| below[column as usize] = true),
            }
        }
        needed = below;
    }
    false
}
