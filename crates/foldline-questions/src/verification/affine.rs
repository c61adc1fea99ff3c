//! Exact affine functions that a network is on a part where neurons have signs.

use foldline_kernel::interrupt::{self, EXACT};
use foldline_kernel::number::Gcd;
use foldline_kernel::{Activation, Integer, Natural, Network, Rational};

/// Affine functions of the input with one common denominator: coefficients, then the constant.
pub struct AffineMap {
    /// One row a function.
    pub rows: Vec<Vec<Integer>>,
    /// The common denominator, positive.
    pub denominator: Natural,
}

impl AffineMap {
    fn identity(dimension: usize) -> Self {
        let row = |j: usize| {
            let mut row = vec![Integer::ZERO; dimension + 1];
            row[j] = Integer::ONE;
            row
        };
        Self { rows: (0..dimension).map(row).collect(), denominator: Natural::ONE }
    }

    /// The rational coefficients of one function.
    pub fn row(&self, index: usize) -> Vec<Rational> {
        let ratio = |value: &Integer| Rational::from_parts(value.clone(), self.denominator.clone());
        self.rows[index].iter().map(ratio).collect()
    }

    /// Divides out common factors of two and others.
    fn reduce(&mut self) {
        let mut common = self.denominator.clone();
        for value in self.rows.iter().flatten() {
            if common.is_one() {
                return;
            }
            if !value.is_zero() {
                interrupt::count(EXACT);
                common = (&common).gcd(value);
            }
        }
        let divisor = Integer::from(common.clone());
        self.rows.iter_mut().flatten().for_each(|value| *value = &*value / &divisor);
        self.denominator = &self.denominator / &common;
    }
}

/// One affine function: coefficients, then the constant, over a positive denominator.
#[derive(Debug, Clone, Default)]
pub struct AffineRow {
    /// Numerators.
    pub values: Vec<Integer>,
    /// The denominator.
    pub denominator: Natural,
}

/// The pre-activations of the `wanted` neurons (increasing) and the outputs as affine functions of
/// the input, given the sign of every ReLU neuron (> 0: active).
pub fn compose(
    network: &Network,
    signs: impl Fn(usize) -> i8,
    wanted: &[u32],
) -> (Vec<AffineRow>, AffineMap) {
    let dimension = network.inputs();
    let mut map = AffineMap::identity(dimension);
    let mut pre_activations = vec![AffineRow::default(); wanted.len()];
    let mut first = 0;
    for layer in network.layers() {
        let relu = layer.activation == Activation::Relu;
        let denominator = Integer::from(map.denominator.clone());
        let mut rows = Vec::with_capacity(layer.rows.len());
        for (position, row) in layer.rows.iter().enumerate() {
            let neuron = first + position;
            let place = wanted.binary_search(&(neuron as u32)).ok().filter(|_| relu);
            let off = relu && signs(neuron) <= 0;
            if off && place.is_none() {
                rows.push(Vec::new());
                continue;
            }
            let mut sum = vec![Integer::ZERO; dimension + 1];
            sum[dimension] = &row.bias * &denominator;
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                interrupt::count(EXACT * map.rows[column as usize].len());
                for (value, term) in sum.iter_mut().zip(&map.rows[column as usize]) {
                    *value += weight * term;
                }
            }
            if let Some(place) = place {
                let denominator = &map.denominator * &layer.denominator;
                pre_activations[place] = AffineRow { values: sum.clone(), denominator };
            }
            rows.push(if off { Vec::new() } else { sum });
        }
        map.rows = rows;
        map.denominator *= &layer.denominator;
        if relu {
            first += layer.rows.len();
        }
    }
    for row in &mut map.rows {
        row.resize(dimension + 1, Integer::ZERO);
    }
    map.reduce();
    (pre_activations, map)
}
