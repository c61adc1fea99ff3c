//! A network's weights rounded to nearest floats, for searching and bounding.
//!
//! Each float stands for an exact weight within one relative rounding of it; every error bound
//! computed from these floats counts that rounding too.

use std::sync::Arc;

use foldline_geometry::directed::{nearest, nearest_ratio};
use foldline_kernel::interrupt::{self, EXACT};
use foldline_kernel::number::power_of_two;
use foldline_kernel::repeats::{self, Repeat, repeats};
use foldline_kernel::{Activation, Atom, Layer, Network, Rational, Row};

use super::constant_neurons::with_constants_in_biases;
use super::unfold::Known;

/// A sparse affine function in floats.
#[derive(Debug, Clone)]
pub struct FloatRow {
    /// Indices of the inputs, increasing.
    pub columns: Vec<u32>,
    /// Their weights.
    pub values: Vec<f64>,
    /// The constant.
    pub bias: f64,
}

/// One layer.
#[derive(Debug, Clone)]
pub struct FloatLayer {
    /// One row a neuron.
    pub rows: Vec<FloatRow>,
    /// Whether a ReLU follows.
    pub relu: bool,
    /// For a ReLU layer, the number of ReLU neurons before it: its first neuron's index.
    pub first_neuron: usize,
    /// For each row of a ReLU layer, an earlier row of which it is an exact multiple.
    pub multiples: Vec<Option<Multiple>>,
    /// Which rows later rows are multiples of.
    pub repeated: Vec<bool>,
}

/// A pre-activation that is exactly `factor` times that of `row` in the same layer: then max(0, c·z)
/// is c·max(0, z) for c > 0 and |c|·(max(0, z) − z) for c < 0, so such neurons need no relaxation
/// of their own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multiple {
    /// The earlier row.
    pub row: u32,
    /// The factor, exact: a nonzero power of two times ±1.
    pub factor: f64,
}

impl Multiple {
    /// None where the factor is beyond the range of floats.
    fn of(repeat: &Repeat) -> Option<Self> {
        let Repeat::Multiple(repeats::Multiple { first, negative, shift }) = *repeat else {
            return None;
        };
        let sign = if negative { -1.0 } else { 1.0 };
        let factor = sign * nearest(&power_of_two(shift));
        factor.is_normal().then_some(Self { row: first as u32, factor })
    }
}

/// The network, with the atoms of a property as further affine functions of (x, y).
#[derive(Debug, Clone)]
pub struct FloatNetwork {
    /// Number of inputs.
    pub inputs: usize,
    /// The layers, shared between the regions of a property.
    pub layers: Arc<Vec<FloatLayer>>,
    /// Number of ReLU neurons.
    pub neurons: usize,
    /// ReLU neurons whose pre-activations are constant, with their signs.
    pub constants: Vec<(u32, i8)>,
    /// The atoms' excess functions: input part and output part with the constant.
    pub targets: Vec<(FloatRow, FloatRow)>,
}

fn sparse(terms: &[(usize, Rational)], bias: &Rational) -> FloatRow {
    FloatRow {
        columns: terms.iter().map(|&(column, _)| column as u32).collect(),
        values: terms.iter().map(|(_, value)| nearest(value)).collect(),
        bias: nearest(bias),
    }
}

impl FloatNetwork {
    /// Rounds the weights of `network`.
    pub fn new(network: &Network) -> Self {
        Self::with_repeats(network, &repeats(network.layers(), false))
    }

    /// The same with what constant neurons add in the biases: of each only its sign is left.
    ///
    /// Neurons whose weights differ for constant ones alone are multiples of each other then, which a checker of
    /// the network as it is may not know.
    pub fn without_constants(network: &Network) -> Self {
        Self::new(&with_constants_in_biases(network))
    }

    /// The same for a network whose biases are weights of an input s ≥ 0, each layer's last.
    pub fn homogeneous(network: &Network) -> Self {
        Self::with_repeats(network, &repeats(network.layers(), true))
    }

    fn with_repeats(network: &Network, repeats: &[Vec<Repeat>]) -> Self {
        let mut neurons = 0;
        let mut constants = Vec::new();
        let mut layers = Vec::new();
        for (layer, repeats) in network.layers().iter().zip(repeats) {
            let relu = layer.activation == Activation::Relu;
            let rows: Vec<_> = (0..layer.rows.len()).map(|row| FloatRow::of(layer, row)).collect();
            for (row, repeat) in repeats.iter().enumerate() {
                if let Repeat::Constant { positive } = repeat {
                    constants.push(((neurons + row) as u32, if *positive { 1 } else { -1 }));
                }
            }
            let multiples: Vec<_> = repeats.iter().map(Multiple::of).collect();
            let width = rows.len();
            let mut repeated = vec![false; width];
            multiples.iter().flatten().for_each(|multiple| repeated[multiple.row as usize] = true);
            layers.push(FloatLayer { rows, relu, first_neuron: neurons, multiples, repeated });
            neurons += if relu { width } else { 0 };
        }
        let layers = Arc::new(layers);
        Self { inputs: network.inputs(), layers, neurons, constants, targets: Vec::new() }
    }

    /// The same network with the coefficients of `atoms`, rounded, as targets.
    pub fn with_targets(&self, atoms: &[Atom]) -> Self {
        let targets = atoms.iter().map(|atom| {
            let output = sparse(&atom.output, &-atom.bound.clone());
            (sparse(&atom.input, &Rational::ZERO), output)
        });
        Self { targets: targets.collect(), ..self.clone() }
    }

    /// Gives rows that are multiples of rows with a sign their own.
    pub fn sign_multiples(&self, known: &mut [Known]) {
        for layer in self.layers.iter() {
            for (index, multiple) in layer.multiples.iter().enumerate() {
                let Some(Multiple { row, factor }) = *multiple else { continue };
                let sign = known[layer.first_neuron + row as usize].sign;
                let here = &mut known[layer.first_neuron + index];
                if here.sign == 0 {
                    here.sign = if factor > 0.0 { sign } else { -sign };
                }
            }
        }
    }

    /// The number of weights, those of the targets included.
    pub fn weights(&self) -> usize {
        let rows = self.layers.iter().flat_map(|layer| &layer.rows);
        let targets = self.targets.iter().flat_map(|(input, output)| [input, output]);
        rows.chain(targets).map(|row| row.columns.len()).sum()
    }

    /// The outputs at `point` in floats, unproved.
    pub fn evaluate(&self, point: &[f64]) -> Vec<f64> {
        let mut values = point.to_vec();
        for layer in self.layers.iter() {
            let value = |row: &FloatRow| {
                let value = row.at(&values);
                if layer.relu { value.max(0.0) } else { value }
            };
            values = layer.rows.iter().map(value).collect();
        }
        values
    }

    /// The excess of every target at `point` in floats, unproved; ≤ 0 where the atom holds.
    pub fn excesses(&self, point: &[f64]) -> Vec<f64> {
        let outputs = self.evaluate(point);
        self.targets.iter().map(|(input, output)| input.at(point) + output.at(&outputs)).collect()
    }
}

impl FloatRow {
    /// A layer's row, its weights rounded.
    pub fn of(layer: &Layer, row: usize) -> Self {
        let Row { columns, numerators, bias } = &layer.rows[row];
        interrupt::count(EXACT * columns.len());
        let rounded = |numerator| nearest_ratio(numerator, &layer.denominator);
        Self {
            columns: columns.clone(),
            values: numerators.iter().map(rounded).collect(),
            bias: rounded(bias),
        }
    }

    /// Its value at `point`.
    pub fn at(&self, point: &[f64]) -> f64 {
        interrupt::count(self.columns.len());
        let terms = self.columns.iter().zip(&self.values);
        terms.fold(self.bias, |sum, (&column, &value)| sum + value * point[column as usize])
    }
}
