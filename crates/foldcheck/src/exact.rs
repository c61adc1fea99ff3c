//! Exact affine maps of the layers, as the signs of the neurons before them give them.

use std::rc::Rc;

use foldline_kernel::number::{Integer, UnsignedAbs};
use foldline_kernel::{Layer, Rational};

use crate::node::{Neuron, Node, Sign};
use crate::stages::Stages;

/// Affine functions of the inputs: numerators of coefficients and constant over one denominator.
#[derive(Debug)]
pub struct ExactMap {
    /// For each row the coefficients, then the constant.
    rows: Vec<Vec<Integer>>,
    denominator: Integer,
}

impl ExactMap {
    /// A layer of the inputs themselves.
    fn first(layer: &Layer) -> Self {
        let expand = |row: &foldline_kernel::Row| {
            let mut values = vec![Integer::ZERO; layer.inputs + 1];
            for (&column, value) in row.columns.iter().zip(&row.numerators) {
                values[column as usize] = value.clone();
            }
            values[layer.inputs] = row.bias.clone();
            values
        };
        let denominator = Integer::from(layer.denominator.clone());
        Self { rows: layer.rows.iter().map(expand).collect(), denominator }
    }

    /// A layer after this one, whose neurons all have a sign.
    fn then(&self, neurons: &[Neuron], layer: &Layer) -> Self {
        let width = self.rows[0].len();
        let compose = |row: &foldline_kernel::Row| {
            let mut values = vec![Integer::ZERO; width];
            values[width - 1] = &row.bias * &self.denominator;
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                if neurons[column as usize].sign == Sign::Active {
                    let earlier = &self.rows[column as usize];
                    for (value, coefficient) in values.iter_mut().zip(earlier) {
                        *value += weight * coefficient;
                    }
                }
            }
            values
        };
        let denominator = &self.denominator * Integer::from(layer.denominator.clone());
        Self { rows: layer.rows.iter().map(compose).collect(), denominator }
    }

    /// One row's coefficients, and its constant at the end.
    pub fn row(&self, index: usize) -> Vec<Rational> {
        let denominator = self.denominator.clone().unsigned_abs();
        let ratio = |value: &Integer| Rational::from_parts(value.clone(), denominator.clone());
        self.rows[index].iter().map(ratio).collect()
    }
}

/// The exact map of a layer, the outputs counted as the last one.
///
/// Every neuron of the layers before must have a sign. As signs never change on
/// the way down the tree, the map stays with the node and those below it.
pub fn exact_map(node: &mut Node, layer: usize, stages: &Stages) -> Rc<ExactMap> {
    while node.maps.len() <= layer {
        let next = node.maps.len();
        let own = stages.relu.get(next).unwrap_or(&stages.output);
        let map = match node.maps.last() {
            None => ExactMap::first(own),
            Some(before) => {
                let neurons = &node.neurons[stages.starts[next - 1]..stages.starts[next]];
                before.then(neurons, own)
            }
        };
        node.maps.push(Rc::new(map));
    }
    Rc::clone(&node.maps[layer])
}
