//! Exact affine functions: pre-activations as the signs of the neurons before them give them, and bounds of excesses.

use std::rc::Rc;

use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::{Integer, UnsignedAbs};
use foldline_kernel::{Atom, Layer, Rational};

use crate::clock::Clock;
use crate::lines::Reason;
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
    fn then<W>(&self, neurons: &[Neuron<W>], layer: &Layer, clock: &Clock<'_>) -> Self {
        let width = self.rows[0].len();
        let compose = |row: &foldline_kernel::Row| {
            let mut values = vec![Integer::ZERO; width];
            values[width - 1] = &row.bias * &self.denominator;
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                if neurons[column as usize].sign == Sign::Active && !clock.ticks() {
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

/// The exact map of a layer's pre-activations.
///
/// Every neuron of the layers before must have a sign. As signs never change on
/// the way down the tree, the map stays with the node and those below it.
pub fn exact_map<W>(
    node: &mut Node<W>,
    layer: usize,
    stages: &Stages,
    clock: &Clock<'_>,
) -> Rc<ExactMap> {
    while node.maps.len() <= layer {
        let next = node.maps.len();
        let map = match node.maps.last() {
            None => ExactMap::first(&stages.relu[next]),
            Some(before) => {
                let neurons = &node.neurons[stages.starts[next - 1]..stages.starts[next]];
                before.then(neurons, &stages.relu[next], clock)
            }
        };
        node.maps.push(Rc::new(map));
    }
    Rc::clone(&node.maps[layer])
}

/// An affine function of the inputs (coefficients, then the constant) that is at most the excess of
/// `atom`, and equal to it where every neuron that matters has a sign.
///
/// An active neuron's activation is replaced by its pre-activation, an inactive one's by 0, and an
/// undecided one's by 0 if its factor is not negative. With `is_sum`, so are those of active
/// neurons of the last layer with factors that are not negative.
pub fn excess_below<W>(
    atom: &Atom,
    node: &Node<W>,
    stages: &Stages,
    is_sum: bool,
    clock: &Clock<'_>,
) -> Result<Vec<Rational>, Reason> {
    let mut factors = vec![Rational::ZERO; stages.output.rows.len()];
    atom.output.iter().for_each(|(output, factor)| factors[*output] += factor);
    let (mut factors, denominator) = over_common_denominator(&factors);
    let (mut constant, mut denominator) = (Integer::ZERO, Integer::from(denominator));
    for index in (0..=stages.relu.len()).rev() {
        let layer = stages.relu.get(index).unwrap_or(&stages.output);
        let mut before = vec![Integer::ZERO; layer.inputs];
        constant *= Integer::from(layer.denominator.clone());
        for (position, (row, factor)) in layer.rows.iter().zip(&factors).enumerate() {
            if factor.is_zero() || clock.ticks() {
                continue;
            }
            if index < stages.relu.len() {
                let neuron = stages.starts[index] + position;
                let is_last = index + 1 == stages.relu.len();
                match node.neurons[neuron].sign {
                    Sign::Inactive => continue,
                    Sign::Active if !(is_sum && is_last && *factor > Integer::ZERO) => {}
                    Sign::Undecided if *factor < Integer::ZERO => {
                        return Err(format!("neuron {neuron} has no sign, and the atom needs it"));
                    }
                    _ => continue,
                }
            }
            constant += factor * &row.bias;
            for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                before[column as usize] += factor * weight;
            }
        }
        factors = before;
        denominator *= Integer::from(layer.denominator.clone());
    }
    let denominator = denominator.unsigned_abs();
    let ratio = |value: Integer| Rational::from_parts(value, denominator.clone());
    let mut function: Vec<Rational> = factors.into_iter().chain([constant]).map(ratio).collect();
    atom.input.iter().for_each(|(input, factor)| function[*input] += factor);
    *function.last_mut().expect("a constant") -= &atom.bound;
    Ok(function)
}
