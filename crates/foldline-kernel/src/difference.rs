//! The difference of two networks as one network that has once what the two share.
//!
//! `docs/certificate-format.md` defines the construction step by step: search and checker use
//! this same exact operation.

use std::collections::HashMap;

use crate::interrupt::{self, EXACT};
use crate::linear::combine_terms;
use crate::network::{Activation, Layer, Network, NetworkError, RationalRow};
use crate::number::Rational;

/// The network x ↦ a(x) − b(x), of which `outputs` are kept, in this order.
///
/// Neurons that compute the same up to a positive factor from the same are one neuron of it,
/// wherever they stand; constant ones, those that change nothing and those that do not matter for
/// any output are none. So it has no neurons at all where b is a with its neurons permuted,
/// scaled or split, or with layers in between that pass activations on.
///
/// # Errors
/// If numbers of inputs or outputs differ, or nothing is kept.
///
/// # Panics
/// If there is no such output.
pub fn difference(a: &Network, b: &Network, outputs: &[usize]) -> Result<Network, NetworkError> {
    for (layer, expected, found) in
        [(0, a.inputs(), b.inputs()), (a.layers().len(), a.outputs(), b.outputs())]
    {
        if expected != found {
            return Err(NetworkError::Shape { layer, expected, found });
        }
    }
    if outputs.is_empty() {
        return Err(NetworkError::Empty);
    }
    let mut joint = Joint { inputs: a.inputs(), ..Joint::default() };
    let (of_a, of_b) = joint.both_outputs(a, b);
    let last: Vec<RationalRow> = outputs
        .iter()
        .map(|&output| joint.folded(sum(&of_a[output], &-Rational::ONE, &of_b[output])))
        .collect();
    joint.layered(&last)
}

/// Both networks as one set of neurons, each a row over *nodes*: the inputs, then the neurons
/// before it.
#[derive(Debug, Default)]
struct Joint {
    inputs: usize,
    /// The neurons' rows; neuron k is node `inputs` + k.
    rows: Vec<RationalRow>,
    /// For each neuron an earlier one whose row is a negative multiple of its own.
    opposites: Vec<Option<usize>>,
    /// Nodes by their rows divided by the size of the first weight.
    nodes: HashMap<Direction, usize>,
}

/// A row divided by the size of its first weight: weights and bias.
type Direction = (Vec<(usize, Rational)>, Rational);

/// left + factor·right, without zero weights.
fn sum(left: &RationalRow, factor: &Rational, right: &RationalRow) -> RationalRow {
    let scaled = right.weights.iter().map(|(node, weight)| (*node, weight * factor));
    let weights = combine_terms(left.weights.iter().cloned().chain(scaled).collect());
    RationalRow { weights, bias: &left.bias + factor * &right.bias }
}

/// The magnitude of the first weight, none if there is no weight.
fn size(row: &RationalRow) -> Option<Rational> {
    let (_, first) = row.weights.first()?;
    Some(if *first < Rational::ZERO { -first.clone() } else { first.clone() })
}

impl Joint {
    /// Both networks' outputs as rows over nodes; adds the neurons that are not there yet.
    fn both_outputs(&mut self, a: &Network, b: &Network) -> (Vec<RationalRow>, Vec<RationalRow>) {
        // What both networks begin with gives the same rows, and the same neurons, both times.
        let layers = a.layers().iter().zip(b.layers());
        let equal = layers.take_while(|(of_a, of_b)| of_a == of_b).count();
        let unit =
            |node| RationalRow { weights: vec![(node, Rational::ONE)], bias: Rational::ZERO };
        let inputs: Vec<RationalRow> = (0..self.inputs).map(unit).collect();
        if equal == a.layers().len() && equal == b.layers().len() {
            // Their differences are 0, whatever they are: they need no neurons.
            let none = RationalRow { weights: Vec::new(), bias: Rational::ZERO };
            let outputs = vec![none; a.outputs()];
            return (outputs.clone(), outputs);
        }
        let shared = self.after(&a.layers()[..equal], inputs);
        let of_a = self.after(&a.layers()[equal..], shared.clone());
        (of_a, self.after(&b.layers()[equal..], shared))
    }

    /// The values of the last of these layers as rows over nodes, from those before the first.
    fn after(&mut self, layers: &[Layer], values: Vec<RationalRow>) -> Vec<RationalRow> {
        layers.iter().fold(values, |values, layer| {
            let rows = (0..layer.rows.len()).map(|row| {
                let composed = self.composed(&layer.rational_row(row), &values);
                self.folded(composed)
            });
            match layer.activation {
                Activation::Linear => rows.collect(),
                Activation::Relu => {
                    let rows: Vec<RationalRow> = rows.collect();
                    rows.into_iter().map(|row| self.relu(row)).collect()
                }
            }
        })
    }

    /// A layer's row over nodes, where the layer's inputs are `values`.
    fn composed(&self, row: &RationalRow, values: &[RationalRow]) -> RationalRow {
        let scaled = row.weights.iter().flat_map(|(column, weight)| {
            let terms = &values[*column].weights;
            interrupt::count(EXACT * terms.len());
            terms.iter().map(move |(node, value)| (*node, weight * value))
        });
        let weights = combine_terms(scaled.collect());
        let biases = row.weights.iter().map(|(j, weight)| weight * &values[*j].bias);
        let bias = biases.fold(row.bias.clone(), |sum, term| sum + term);
        RationalRow { weights, bias }
    }

    /// The row with max(0, z) − max(0, −z) replaced by z, as often as that is possible.
    fn folded(&self, mut row: RationalRow) -> RationalRow {
        while let Some((one, other, factor)) = self.opposite_pair(&row) {
            let before = &self.rows[one - self.inputs];
            row.weights.retain(|(node, _)| *node != one && *node != other);
            row = sum(&row, &factor, before);
        }
        row
    }

    /// Two neurons of a row with opposite rows ρ and −t·ρ, t > 0, that together are a factor times
    /// ρ: the pair whose second neuron is the last.
    fn opposite_pair(&self, row: &RationalRow) -> Option<(usize, usize, Rational)> {
        for (other, weight) in row.weights.iter().rev() {
            let neuron = other.checked_sub(self.inputs);
            let Some(one) = neuron.and_then(|neuron| self.opposites[neuron]) else { continue };
            let Ok(place) = row.weights.binary_search_by_key(&one, |(node, _)| *node) else {
                continue;
            };
            let factor = &row.weights[place].1;
            let first_size = |node: usize| {
                size(&self.rows[node - self.inputs]).expect("a neuron's row has weights")
            };
            if factor * first_size(one) == -(weight * first_size(*other)) {
                return Some((one, *other, factor.clone()));
            }
        }
        None
    }

    /// max(0, row) as a row over nodes: of a new neuron, if it is nothing that is there.
    fn relu(&mut self, row: RationalRow) -> RationalRow {
        let Some(size) = size(&row) else {
            let bias = if row.bias > Rational::ZERO { row.bias } else { Rational::ZERO };
            return RationalRow { weights: Vec::new(), bias };
        };
        // Activations are not negative, so neither is a sum of them with positive weights.
        let is_kept =
            |(node, weight): &(usize, Rational)| *node >= self.inputs && *weight > Rational::ZERO;
        if row.bias >= Rational::ZERO && row.weights.iter().all(is_kept) {
            return row;
        }
        interrupt::count(EXACT * row.weights.len());
        let weights = row.weights.iter().map(|(node, weight)| (*node, weight / &size));
        let key: Direction = (weights.collect(), &row.bias / &size);
        let next = self.inputs + self.rows.len();
        let node = self.nodes.get(&key).copied().unwrap_or(next);
        let factor = match node == next {
            true => {
                let turned = key.0.iter().map(|(node, value)| (*node, -value));
                let opposite = self.nodes.get(&(turned.collect(), -&key.1)).copied();
                self.opposites.push(opposite);
                self.nodes.insert(key, node);
                self.rows.push(row);
                Rational::ONE
            }
            false => {
                let first = self::size(&self.rows[node - self.inputs]);
                size / first.expect("a neuron's row has weights")
            }
        };
        RationalRow { weights: vec![(node, factor)], bias: Rational::ZERO }
    }

    /// The network with these outputs: each neuron in the first layer after those it is computed
    /// from; what later layers use is carried on to the last layer before its last use.
    fn layered(&self, outputs: &[RationalRow]) -> Result<Network, NetworkError> {
        let used = self.used(outputs);
        let mut level = vec![0; self.inputs + self.rows.len()];
        for (neuron, row) in self.rows.iter().enumerate() {
            let before = row.weights.iter().map(|(node, _)| level[*node]).max();
            level[self.inputs + neuron] = before.expect("a neuron's row has weights") + 1;
        }
        let neurons: Vec<usize> = (self.inputs..level.len()).filter(|&node| used[node]).collect();
        let depth = neurons.iter().map(|&node| level[node]).max().unwrap_or(0);
        let mut needed = vec![0; level.len()];
        let users = neurons.iter().map(|&node| (&self.rows[node - self.inputs], level[node] - 1));
        for (row, until) in users.chain(outputs.iter().map(|row| (row, depth))) {
            row.weights.iter().for_each(|(node, _)| needed[*node] = needed[*node].max(until));
        }
        let mut here = Places::inputs(self.inputs);
        let mut layers = Vec::new();
        for index in 1..=depth {
            let width = here.width;
            let mut next = Places::default();
            let mut rows = Vec::new();
            for &node in neurons.iter().filter(|&&node| level[node] == index) {
                rows.push(here.row(&self.rows[node - self.inputs]));
                next.add(node, 1);
            }
            for node in (0..level.len()).filter(|&n| level[n] < index && needed[n] >= index) {
                let sides = if node < self.inputs { 2 } else { 1 };
                rows.extend(here.carried(node, sides));
                next.add(node, sides);
            }
            layers.push(Layer::new(width, &rows, Activation::Relu));
            here = next;
        }
        let rows: Vec<RationalRow> = outputs.iter().map(|row| here.row(row)).collect();
        layers.push(Layer::new(here.width, &rows, Activation::Linear));
        Network::new(self.inputs, layers)
    }

    /// The nodes that the outputs depend on.
    fn used(&self, outputs: &[RationalRow]) -> Vec<bool> {
        let mut used = vec![false; self.inputs + self.rows.len()];
        outputs.iter().flat_map(|row| &row.weights).for_each(|(node, _)| used[*node] = true);
        for neuron in (0..self.rows.len()).rev() {
            if used[self.inputs + neuron] {
                self.rows[neuron].weights.iter().for_each(|(node, _)| used[*node] = true);
            }
        }
        used
    }
}

/// Where a layer has the nodes: in one place, or an input x as max(0, x) and max(0, −x) in two.
#[derive(Debug, Default)]
struct Places {
    /// The first place and the number of places.
    of: HashMap<usize, (usize, usize)>,
    width: usize,
}

impl Places {
    /// The inputs themselves.
    fn inputs(count: usize) -> Self {
        let mut places = Self::default();
        (0..count).for_each(|node| places.add(node, 1));
        places
    }

    fn add(&mut self, node: usize, places: usize) {
        self.of.insert(node, (self.width, places));
        self.width += places;
    }

    /// A row over nodes as one over places.
    fn row(&self, row: &RationalRow) -> RationalRow {
        interrupt::count(EXACT * row.weights.len());
        let terms = row.weights.iter().flat_map(|(node, weight)| {
            let (place, count) = self.of[node];
            let sides = [(place, weight.clone()), (place + 1, -weight.clone())];
            sides.into_iter().take(count)
        });
        RationalRow { weights: combine_terms(terms.collect()), bias: row.bias.clone() }
    }

    /// The rows that carry a node to `sides` places of the next layer.
    fn carried(&self, node: usize, sides: usize) -> Vec<RationalRow> {
        let (place, count) = self.of[&node];
        let unit = |place, sign: i8| RationalRow {
            weights: vec![(place, Rational::from(sign))],
            bias: Rational::ZERO,
        };
        match (count, sides) {
            (1, 2) => vec![unit(place, 1), unit(place, -1)],
            _ => (place..place + count).map(|place| unit(place, 1)).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
