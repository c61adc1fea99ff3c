//! A network's weights rounded to nearest floats, for searching and bounding.
//!
//! Each float stands for an exact weight within one relative rounding of it; every error bound
//! computed from these floats counts that rounding too.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use foldline_geometry::directed::nearest;
use foldline_kernel::network::magnitude;
use foldline_kernel::number::Gcd;
use foldline_kernel::{Activation, Atom, Integer, Layer, Natural, Network, Rational, Row};

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

/// A pre-activation that is exactly `factor` times that of `row` in the same layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multiple {
    /// The earlier row.
    pub row: u32,
    /// The factor, exact: a nonzero power of two times ±1.
    pub factor: f64,
}

/// A row up to ± a power of two: columns, weights and bias without common factor, odd part of that.
type Direction = (Vec<u32>, Vec<Integer>, Natural);

/// Finds the rows that are ±2^k times an earlier row. Then [c·z]₊ is c·[z]₊ for c > 0 and
/// |c|·([z]₊ − z) for c < 0, so such neurons need no relaxation of their own.
fn multiples(layer: &Layer) -> Vec<Option<Multiple>> {
    // Rows with the same key are multiples of each other by ± a power of two.
    let mut seen: HashMap<Direction, (u32, Integer)> = HashMap::new();
    let of_row = |(index, row): (usize, &Row)| {
        let values = || row.numerators.iter().chain([&row.bias]);
        let leading = values().find(|value| !value.is_zero()).cloned()?;
        let common = values().fold(Natural::ZERO, |common, value| match value.is_zero() {
            true => common,
            false if common.is_zero() => magnitude(value),
            false => (&common).gcd(value),
        });
        let divisor = match leading < Integer::ZERO {
            true => -Integer::from(common),
            false => Integer::from(common),
        };
        let direction = values().map(|value| value / &divisor).collect();
        let size = magnitude(&divisor);
        let odd_part = &size >> size.trailing_zeros().unwrap_or(0);
        match seen.entry((row.columns.clone(), direction, odd_part)) {
            Entry::Vacant(place) => {
                place.insert((index as u32, divisor));
                None
            }
            Entry::Occupied(place) => {
                let (earlier, other) = place.get();
                let factor = nearest(&Rational::from_parts_signed(divisor, other.clone()));
                factor.is_normal().then_some(Multiple { row: *earlier, factor })
            }
        }
    };
    layer.rows.iter().enumerate().map(of_row).collect()
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
        let mut neurons = 0;
        let mut layers = Vec::new();
        for layer in network.layers() {
            let relu = layer.activation == Activation::Relu;
            let rows = layer.rational_rows();
            let rows: Vec<_> = rows.iter().map(|row| sparse(&row.weights, &row.bias)).collect();
            let width = rows.len();
            let multiples = if relu { multiples(layer) } else { vec![None; width] };
            let mut repeated = vec![false; width];
            multiples.iter().flatten().for_each(|multiple| repeated[multiple.row as usize] = true);
            layers.push(FloatLayer { rows, relu, first_neuron: neurons, multiples, repeated });
            neurons += if relu { width } else { 0 };
        }
        let layers = Arc::new(layers);
        Self { inputs: network.inputs(), layers, neurons, targets: Vec::new() }
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
    /// Its value at `point`.
    pub fn at(&self, point: &[f64]) -> f64 {
        let terms = self.columns.iter().zip(&self.values);
        terms.fold(self.bias, |sum, (&column, &value)| sum + value * point[column as usize])
    }
}
