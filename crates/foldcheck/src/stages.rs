//! The network as ReLU layers only, linear layers merged exactly into the next, and its linked neurons.

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::power_of_two;
use foldline_kernel::repeats::{Multiple, Repeat, repeats};
use foldline_kernel::{Activation, Layer, Network, Rational};

use crate::node::Sign;
use crate::units::Units;

/// f as ReLU layers followed by one affine map.
#[derive(Debug)]
pub struct Stages {
    /// The ReLU layers; each is an affine map of the activations before it.
    pub relu: Vec<Layer>,
    /// The outputs as an affine map of the last activations (of the inputs where there are none).
    pub output: Layer,
    /// For each ReLU layer, each row's link.
    pub links: Vec<Vec<Option<Multiple>>>,
    /// The neurons whose pre-activations are constant (or multiples of s), with their signs.
    pub constants: Vec<(usize, Sign)>,
    /// The number of the first neuron of each ReLU layer, and the number of all neurons.
    pub starts: Vec<usize>,
}

impl Stages {
    /// Merges the linear layers of `network`.
    pub fn new(network: &Network) -> Self {
        let (mut relu, mut starts) = (Vec::new(), vec![0]);
        let mut width = network.inputs();
        let mut pending: Option<Layer> = None;
        for layer in network.layers() {
            let merged = match &pending {
                Some(earlier) => layer.after(earlier),
                None => layer.clone(),
            };
            if layer.activation == Activation::Linear {
                pending = Some(merged);
                continue;
            }
            pending = None;
            width = merged.rows.len();
            starts.push(starts[starts.len() - 1] + width);
            relu.push(merged);
        }
        let output = pending.unwrap_or_else(|| identity(width));
        let (mut links, mut constants) = (Vec::new(), Vec::new());
        for (repeats, start) in repeats(&relu, false).into_iter().zip(&starts) {
            for (row, repeat) in repeats.iter().enumerate() {
                if let Repeat::Constant { positive } = *repeat {
                    let sign = if positive { Sign::Active } else { Sign::Inactive };
                    constants.push((start + row, sign));
                }
            }
            let link = |repeat| match repeat {
                Repeat::Multiple(multiple) => Some(multiple),
                _ => None,
            };
            links.push(repeats.into_iter().map(link).collect());
        }
        Self { relu, output, links, constants, starts }
    }

    /// The number of ReLU neurons.
    pub fn neurons(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// The network whose inputs, pre-activations and activations are counted in `units`.
    ///
    /// The outputs stay as they are.
    pub fn in_units(&self, units: &Units) -> Self {
        let unit = |neuron: usize| units.neurons[neuron];
        let scale = |layer: &Layer, own: &[i64], before: &[i64]| {
            let mut rows = layer.rational_rows();
            for (index, row) in rows.iter_mut().enumerate() {
                let own = own.get(index).copied().unwrap_or(0);
                row.bias *= power_of_two(-own);
                for (column, weight) in &mut row.weights {
                    *weight *= power_of_two(before[*column] - own);
                }
            }
            Layer::new(layer.inputs, &rows, layer.activation)
        };
        let mut before = units.inputs.as_slice();
        let mut relu = Vec::with_capacity(self.relu.len());
        for (layer, ends) in self.relu.iter().zip(self.starts.windows(2)) {
            let own = &units.neurons[ends[0]..ends[1]];
            relu.push(scale(layer, own, before));
            before = own;
        }
        let output = scale(&self.output, &[], before);
        let mut links = self.links.clone();
        for (layer, links) in links.iter_mut().enumerate() {
            let start = self.starts[layer];
            for (row, link) in links.iter_mut().enumerate() {
                if let Some(link) = link {
                    link.shift += unit(start + link.first) - unit(start + row);
                }
            }
        }
        let (constants, starts) = (self.constants.clone(), self.starts.clone());
        Self { relu, output, links, constants, starts }
    }

    /// s·f(y/s) in the inputs (y, s): biases become weights of s, which one more neuron in each
    /// ReLU layer, its last, hands on. What was constant is a multiple of s.
    pub fn homogeneous(&self) -> Self {
        let lift = |layer: &Layer, hands_on: bool| {
            let s = layer.inputs;
            let mut rows = layer.rational_rows();
            for row in &mut rows {
                row.weights.push((s, std::mem::take(&mut row.bias)));
            }
            if hands_on {
                rows.push(RationalRow { weights: vec![(s, Rational::ONE)], bias: Rational::ZERO });
            }
            Layer::new(s + 1, &rows, layer.activation)
        };
        let mut links = self.links.clone();
        links.iter_mut().for_each(|links| links.push(None));
        let starts: Vec<usize> =
            self.starts.iter().enumerate().map(|(layer, start)| start + layer).collect();
        let renumbered = |&(neuron, sign): &(usize, Sign)| (neuron + self.place(neuron).0, sign);
        let hands_on = starts[1..].iter().map(|end| (end - 1, Sign::Active));
        let constants = self.constants.iter().map(renumbered).chain(hands_on).collect();
        Self {
            relu: self.relu.iter().map(|layer| lift(layer, true)).collect(),
            output: lift(&self.output, false),
            links,
            constants,
            starts,
        }
    }

    /// The layer and the row of a neuron.
    pub fn place(&self, neuron: usize) -> (usize, usize) {
        let layer = self.starts.partition_point(|&start| start <= neuron) - 1;
        (layer, neuron - self.starts[layer])
    }
}

fn identity(width: usize) -> Layer {
    let row = |index| RationalRow { weights: vec![(index, Rational::ONE)], bias: Rational::ZERO };
    Layer::new(width, &(0..width).map(row).collect::<Vec<_>>(), Activation::Linear)
}
