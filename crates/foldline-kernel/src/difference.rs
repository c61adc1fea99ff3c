//! The difference of two networks as one network that has once what the two share.
//!
//! `docs/certificate-format.md` defines the construction step by step: search and checker use
//! this same exact operation.

use std::collections::HashMap;

use crate::network::{Activation, Layer, Network, NetworkError, RationalRow};
use crate::number::Rational;

/// Rows of an affine map: sparse weights, columns increasing, and a bias.
type Rows = Vec<RationalRow>;

/// A network as ReLU layers followed by one affine map: y = V·h_k + c, h_i = max(0, W_i·h_{i−1} + b_i).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stages {
    relu: Vec<Rows>,
    last: Rows,
}

/// What a neuron's activation is in terms of the joint network's layer.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// The same number everywhere.
    Constant(Rational),
    /// A positive multiple of a neuron's activation (of an input, before the first layer).
    Multiple(usize, Rational),
}

/// The network x ↦ a(x) − b(x).
///
/// Neurons that compute the same up to a positive factor from the same are one neuron of it,
/// constant ones and those that do not matter for any output are none. So it has no hidden
/// neurons at all where b is a with its neurons permuted or scaled.
///
/// # Errors
/// If numbers of inputs or outputs differ.
pub fn difference(a: &Network, b: &Network) -> Result<Network, NetworkError> {
    for (layer, expected, found) in
        [(0, a.inputs(), b.inputs()), (a.layers().len(), a.outputs(), b.outputs())]
    {
        if expected != found {
            return Err(NetworkError::Shape { layer, expected, found });
        }
    }
    let inputs = a.inputs();
    let (mut a, mut b) = (stages(a), stages(b));
    let depth = a.relu.len().max(b.relu.len());
    a.pad(depth, inputs);
    b.pad(depth, inputs);
    let start = (0..inputs).map(|input| Value::Multiple(input, Rational::ONE));
    let mut values_a: Vec<Value> = start.collect();
    let mut values_b = values_a.clone();
    let mut layers: Vec<Rows> = Vec::new();
    for (rows_a, rows_b) in a.relu.iter().zip(&b.relu) {
        let mut joint = Joint::default();
        values_a = rows_a.iter().map(|row| joint.value(&over(row, &values_a))).collect();
        values_b = rows_b.iter().map(|row| joint.value(&over(row, &values_b))).collect();
        layers.push(joint.rows);
    }
    let last = a.last.iter().zip(&b.last).map(|(row_a, row_b)| {
        let (row_a, row_b) = (over(row_a, &values_a), over(row_b, &values_b));
        sum(&row_a, &-Rational::ONE, &row_b)
    });
    let last: Rows = last.collect();
    Network::new(inputs, without_unused(inputs, layers, last))
}

/// Merges layers without ReLU into what follows them; a network that ends in a ReLU gets the identity.
fn stages(network: &Network) -> Stages {
    let mut relu = Vec::new();
    // The affine map since the last ReLU; none is the identity.
    let mut pending: Option<Rows> = None;
    let mut width = network.inputs();
    for layer in network.layers() {
        let rows = layer.rational_rows();
        let rows: Rows = match &pending {
            None => rows,
            Some(before) => rows.iter().map(|row| composed(row, before)).collect(),
        };
        width = rows.len();
        match layer.activation {
            Activation::Linear => pending = Some(rows),
            Activation::Relu => {
                pending = None;
                relu.push(rows);
            }
        }
    }
    let last = pending.unwrap_or_else(|| (0..width).map(|j| unit(j, Rational::ONE)).collect());
    Stages { relu, last }
}

/// The row `factor` times coordinate `column`.
fn unit(column: usize, factor: Rational) -> RationalRow {
    RationalRow { weights: vec![(column, factor)], bias: Rational::ZERO }
}

/// row applied after the affine map `before`.
fn composed(row: &RationalRow, before: &Rows) -> RationalRow {
    let start = RationalRow { weights: Vec::new(), bias: row.bias.clone() };
    row.weights.iter().fold(start, |result, (column, weight)| sum(&result, weight, &before[*column]))
}

/// left + factor·right, without zero weights.
fn sum(left: &RationalRow, factor: &Rational, right: &RationalRow) -> RationalRow {
    let scaled = right.weights.iter().map(|(column, weight)| (*column, weight * factor));
    let weights = left.weights.iter().cloned().chain(scaled).collect();
    let bias = &left.bias + factor * &right.bias;
    RationalRow { weights: crate::linear::combine_terms(weights), bias }
}

impl Stages {
    /// Adds ReLU layers that change nothing until there are `depth`: activations are not
    /// negative, and inputs go through the first of them as x = max(0, x) − max(0, −x).
    fn pad(&mut self, depth: usize, inputs: usize) {
        if self.relu.is_empty() && depth > 0 {
            let one = || Rational::ONE;
            let sides = (0..inputs).flat_map(|j| [unit(j, one()), unit(j, -one())]);
            self.relu.push(sides.collect());
            for row in &mut self.last {
                let sides = row.weights.iter().flat_map(|(column, weight)| {
                    [(2 * column, weight.clone()), (2 * column + 1, -weight.clone())]
                });
                row.weights = sides.collect();
            }
        }
        while self.relu.len() < depth {
            let width = self.relu.last().map_or(inputs, Vec::len);
            self.relu.push((0..width).map(|j| unit(j, Rational::ONE)).collect());
        }
    }
}

/// A row over a network's own activations as a row over the joint layer.
fn over(row: &RationalRow, values: &[Value]) -> RationalRow {
    let mut bias = row.bias.clone();
    let mut weights = Vec::new();
    for (column, weight) in &row.weights {
        match &values[*column] {
            Value::Constant(value) => bias += weight * value,
            Value::Multiple(neuron, factor) => weights.push((*neuron, weight * factor)),
        }
    }
    RationalRow { weights: crate::linear::combine_terms(weights), bias }
}

/// One layer of the joint network while it is built.
#[derive(Default)]
struct Joint {
    rows: Rows,
    /// Neurons by their rows divided by the size of the first weight.
    neurons: HashMap<(Vec<(usize, Rational)>, Rational), usize>,
}

impl Joint {
    /// The activation of a neuron with this row: of a new neuron, if none is a positive multiple.
    fn value(&mut self, row: &RationalRow) -> Value {
        let Some(size) = size(row) else {
            let value = if row.bias > Rational::ZERO { row.bias.clone() } else { Rational::ZERO };
            return Value::Constant(value);
        };
        let weights = row.weights.iter().map(|(column, weight)| (*column, weight / &size));
        let key = (weights.collect(), &row.bias / &size);
        let next = self.rows.len();
        let neuron = *self.neurons.entry(key).or_insert(next);
        if neuron == next {
            self.rows.push(row.clone());
            return Value::Multiple(neuron, Rational::ONE);
        }
        let first = self::size(&self.rows[neuron]).expect("its row is not constant");
        Value::Multiple(neuron, size / first)
    }
}

/// The magnitude of the first weight, none if there is no weight.
fn size(row: &RationalRow) -> Option<Rational> {
    let (_, first) = row.weights.first()?;
    Some(if *first < Rational::ZERO { -first.clone() } else { first.clone() })
}

/// The layers without the neurons that no later one uses, last layer first. If a layer has none
/// left nothing depends on the inputs, and the affine map is all there is.
fn without_unused(inputs: usize, mut layers: Vec<Rows>, mut last: Rows) -> Vec<Layer> {
    for index in (0..layers.len()).rev() {
        let after = layers.get(index + 1).unwrap_or(&last);
        let mut place = vec![None; layers[index].len()];
        for (column, _) in after.iter().flat_map(|row| &row.weights) {
            place[*column] = Some(0);
        }
        let used = place.iter_mut().flatten();
        used.enumerate().for_each(|(position, place)| *place = position);
        let after = layers.get_mut(index + 1).unwrap_or(&mut last);
        for (column, _) in after.iter_mut().flat_map(|row| &mut row.weights) {
            *column = place[*column].expect("a used neuron");
        }
        let mut kept = place.iter();
        layers[index].retain(|_| kept.next().is_some_and(Option::is_some));
    }
    if layers.iter().any(Vec::is_empty) {
        layers.clear();
    }
    let mut width = inputs;
    let mut finished = Vec::new();
    for (rows, activation) in layers
        .iter()
        .map(|rows| (rows, Activation::Relu))
        .chain([(&last, Activation::Linear)])
    {
        finished.push(Layer::new(width, rows, activation));
        width = rows.len();
    }
    finished
}
