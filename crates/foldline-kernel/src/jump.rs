//! The change of a network by a change of one input, as a network with one input more.

use crate::linear::{LinearConstraint, Polyhedron};
use crate::network::{Layer, Network, RationalRow};

/// (f(x with u for x_input), f(x)) for one output f, as a network in (x, u).
///
/// Two copies of every layer side by side: the rows of the network as it is, then those of the copy
/// that sees u; only its last layer has the copy's row first.
///
/// # Panics
/// If there is no such input or output.
pub fn jump_network(network: &Network, output: usize, input: usize) -> Network {
    let inputs = network.inputs();
    assert!(input < inputs && output < network.outputs());
    let last = network.layers().len() - 1;
    let mut layers = Vec::new();
    for (index, layer) in network.layers().iter().enumerate() {
        let rows = layer.rational_rows();
        let rows = if index == last { vec![rows[output].clone()] } else { rows };
        let moved = |row: &RationalRow| {
            let place = |j: usize| match index {
                0 if j == input => inputs,
                0 => j,
                _ => j + layer.inputs,
            };
            let mut weights: Vec<_> =
                row.weights.iter().map(|(j, value)| (place(*j), value.clone())).collect();
            weights.sort_by_key(|&(j, _)| j);
            RationalRow { weights, bias: row.bias.clone() }
        };
        let both: Vec<RationalRow> = if index == last {
            rows.iter().map(moved).chain(rows.iter().cloned()).collect()
        } else {
            rows.iter().cloned().chain(rows.iter().map(moved)).collect()
        };
        let width = if index == 0 { inputs + 1 } else { 2 * layer.inputs };
        layers.push(Layer::new(width, &both, layer.activation));
    }
    Network::new(inputs + 1, layers).expect("the layers still fit")
}

/// The pairs (x, u) such that x and x with u for x_input are both in a polyhedron whose constraints
/// are on one input each: its constraints, then those on that input once more, for u.
pub fn jump_region(polyhedron: &Polyhedron, input: usize) -> Polyhedron {
    let dimension = polyhedron.dimension;
    let for_u = |constraint: &LinearConstraint| match &constraint.coefficients[..] {
        [(j, value)] if *j == input => {
            let coefficients = vec![(dimension, value.clone())];
            Some(LinearConstraint { coefficients, ..constraint.clone() })
        }
        _ => None,
    };
    let copied = polyhedron.constraints.iter().filter_map(for_u);
    let constraints = polyhedron.constraints.iter().cloned().chain(copied).collect();
    Polyhedron { dimension: dimension + 1, constraints }
}
