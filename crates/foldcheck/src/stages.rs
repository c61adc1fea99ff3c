//! The network as ReLU layers only, linear layers merged exactly into the next, and its linked neurons.

use std::collections::HashMap;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::{Integer, power_of_two};
use foldline_kernel::{Activation, Layer, Network, Rational};

use crate::node::Sign;
use crate::units::Units;

/// That a neuron's weights and bias are ±2^shift times those of an earlier neuron of its layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The row of the earlier neuron.
    pub first: usize,
    /// Whether the factor is negative.
    pub negative: bool,
    /// The exponent of the factor's magnitude.
    pub shift: i64,
}

/// f as ReLU layers followed by one affine map.
#[derive(Debug)]
pub struct Stages {
    /// The ReLU layers; each is an affine map of the activations before it.
    pub relu: Vec<Layer>,
    /// The outputs as an affine map of the last activations (of the inputs where there are none).
    pub output: Layer,
    /// For each ReLU layer, each row's link.
    pub links: Vec<Vec<Option<Link>>>,
    /// For each ReLU layer, whether a row has no weights.
    pub constant: Vec<Vec<bool>>,
    /// The number of the first neuron of each ReLU layer, and the number of all neurons.
    pub starts: Vec<usize>,
}

impl Stages {
    /// Merges the linear layers of `network`.
    pub fn new(network: &Network) -> Self {
        let (mut relu, mut starts) = (Vec::new(), vec![0]);
        let (mut links, mut constant) = (Vec::new(), Vec::new());
        let mut width = network.inputs();
        let mut pending: Option<Layer> = None;
        for layer in network.layers() {
            let merged = match &pending {
                Some(earlier) => compose(layer, earlier),
                None => layer.clone(),
            };
            if layer.activation == Activation::Linear {
                pending = Some(merged);
                continue;
            }
            pending = None;
            width = merged.rows.len();
            starts.push(starts[starts.len() - 1] + width);
            links.push(find_links(layer));
            constant.push(layer.rows.iter().map(|row| row.columns.is_empty()).collect());
            relu.push(merged);
        }
        let output = pending.unwrap_or_else(|| identity(width));
        Self { relu, output, links, constant, starts }
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
        let (constant, starts) = (self.constant.clone(), self.starts.clone());
        Self { relu, output, links, constant, starts }
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
        let mut constant = self.constant.clone();
        constant.iter_mut().for_each(|constant| constant.push(true));
        let starts = self.starts.iter().enumerate().map(|(layer, start)| start + layer);
        Self {
            relu: self.relu.iter().map(|layer| lift(layer, true)).collect(),
            output: lift(&self.output, false),
            links,
            constant,
            starts: starts.collect(),
        }
    }

    /// In a homogeneous network, the neurons that are multiples of s ≥ 0, with their signs.
    pub fn signs_of_s(&self) -> Vec<(usize, Sign)> {
        let mut signs = Vec::new();
        for (layer, rows) in self.relu.iter().enumerate() {
            for (row, content) in rows.rows.iter().enumerate() {
                if self.constant[layer][row] {
                    let negative = content.numerators.iter().any(|factor| *factor < Integer::ZERO);
                    let sign = if negative { Sign::Inactive } else { Sign::Active };
                    signs.push((self.starts[layer] + row, sign));
                }
            }
        }
        signs
    }

    /// The layer and the row of a neuron.
    pub fn place(&self, neuron: usize) -> (usize, usize) {
        let layer = self.starts.partition_point(|&start| start <= neuron) - 1;
        (layer, neuron - self.starts[layer])
    }
}

/// The layer that computes `layer` after the linear layer `earlier`.
fn compose(layer: &Layer, earlier: &Layer) -> Layer {
    let earlier_rows = earlier.rational_rows();
    let compose_row = |row: &RationalRow| {
        let mut weights = vec![Rational::ZERO; earlier.inputs];
        let mut bias = row.bias.clone();
        for (column, factor) in &row.weights {
            for (input, weight) in &earlier_rows[*column].weights {
                weights[*input] += factor * weight;
            }
            bias += factor * &earlier_rows[*column].bias;
        }
        let weights = weights.into_iter().enumerate().filter(|(_, weight)| !weight.is_zero());
        RationalRow { weights: weights.collect(), bias }
    };
    let rows: Vec<RationalRow> = layer.rational_rows().iter().map(compose_row).collect();
    Layer::new(earlier.inputs, &rows, layer.activation)
}

fn identity(width: usize) -> Layer {
    let row = |index| RationalRow { weights: vec![(index, Rational::ONE)], bias: Rational::ZERO };
    Layer::new(width, &(0..width).map(row).collect::<Vec<_>>(), Activation::Linear)
}

/// A row's columns, and its weights and bias divided by ±2^n so that rows with a link agree.
type Normal<'a> = (&'a [u32], Vec<Integer>);

/// Each row's link to the first row that is ±2^n times it.
fn find_links(layer: &Layer) -> Vec<Option<Link>> {
    let mut seen: HashMap<Normal, (usize, bool, i64)> = HashMap::new();
    let mut links = Vec::with_capacity(layer.rows.len());
    for (index, row) in layer.rows.iter().enumerate() {
        let values = || row.numerators.iter().chain([&row.bias]);
        let Some(leading) = values().find(|value| !value.is_zero()) else {
            links.push(None);
            continue;
        };
        let negative = *leading < Integer::ZERO;
        let zeros = values().filter_map(Integer::trailing_zeros).min().unwrap_or(0);
        let normal = |value: &Integer| {
            let odd = value >> zeros;
            if negative { -odd } else { odd }
        };
        let key = (row.columns.as_slice(), values().map(normal).collect());
        let &mut (first, first_negative, first_zeros) =
            seen.entry(key).or_insert((index, negative, zeros as i64));
        links.push((first != index).then(|| Link {
            first,
            negative: negative != first_negative,
            shift: zeros as i64 - first_zeros,
        }));
    }
    links
}
