//! Exact intervals of a network's derivatives where some neurons have a sign and the others any slope in [0, 1].

use std::collections::HashMap;

use foldline_kernel::{Activation, Integer, Natural, Network, Rational, Row};

use crate::clock::Clock;

/// A network's derivatives by the inputs, then by the activations of undecided neurons.
pub struct Slopes<'c> {
    inputs: usize,
    undecided: Vec<Vec<Rational>>,
    outputs: Vec<Vec<Rational>>,
    clock: &'c Clock<'c>,
}

/// An interval.
pub type Range = (Rational, Rational);

/// For each ReLU neuron the first of its layer with the same row (1) or the opposite one (−1).
pub fn originals(network: &Network) -> Vec<Option<(usize, i8)>> {
    let mut found = Vec::new();
    for layer in network.layers().iter().filter(|layer| layer.activation == Activation::Relu) {
        let mut seen: HashMap<Row, usize> = HashMap::new();
        for row in &layer.rows {
            let numerators = row.numerators.iter().map(|value| -value).collect();
            let opposite = Row { columns: row.columns.clone(), numerators, bias: -&row.bias };
            let original = seen.get(row).map(|&neuron| (neuron, 1));
            let original = original.or_else(|| seen.get(&opposite).map(|&neuron| (neuron, -1)));
            if original.is_none() {
                seen.insert(row.clone(), found.len());
            }
            found.push(original);
        }
    }
    found
}

fn scaled(interval: &Range, factor: &Rational) -> Range {
    let (a, b) = (&interval.0 * factor, &interval.1 * factor);
    if a <= b { (a, b) } else { (b, a) }
}

impl<'c> Slopes<'c> {
    /// Substitutes the neurons with a sign (1 on, −1 off, 0 undecided); an undecided one that
    /// repeats an original is written with that one's activation.
    pub fn new(
        network: &Network,
        originals: &[Option<(usize, i8)>],
        sign: impl Fn(usize) -> i8,
        clock: &'c Clock<'c>,
    ) -> Self {
        let inputs = network.inputs();
        let mut columns: HashMap<usize, usize> = HashMap::new();
        let mut undecided: Vec<Vec<Rational>> = Vec::new();
        let mut values: Vec<Vec<Integer>> = (0..inputs).map(|j| unit(j, &Natural::ONE)).collect();
        let (mut denominator, mut neuron) = (Natural::ONE, 0);
        for layer in network.layers() {
            let mut next = Vec::with_capacity(layer.rows.len());
            let after = &denominator * &layer.denominator;
            for row in &layer.rows {
                let width = inputs + undecided.len();
                let z = combined(row, &values, width, clock);
                if layer.activation == Activation::Linear {
                    next.push(z);
                    continue;
                }
                let original = originals[neuron]
                    .and_then(|(other, factor)| Some((*columns.get(&other)?, factor)));
                let value = match (sign(neuron), original) {
                    (1, _) => z,
                    (-1, _) => Vec::new(),
                    (_, Some((column, factor))) => {
                        let mut value = if factor < 0 { z } else { vec![Integer::ZERO; width] };
                        value[column] += Integer::from(after.clone());
                        value
                    }
                    (_, None) => {
                        columns.insert(neuron, width);
                        undecided.push(rational(&z, &after));
                        unit(width, &after)
                    }
                };
                next.push(value);
                neuron += 1;
            }
            (values, denominator) = (next, after);
        }
        let outputs = values.iter().map(|value| rational(value, &denominator)).collect();
        Self { inputs, undecided, outputs, clock }
    }

    /// The derivative of an output along each vector lies in its interval, whatever the slopes.
    pub fn ranges(&self, output: usize, vectors: &[Vec<Rational>]) -> Vec<Range> {
        let row = &self.outputs[output];
        let entry = |k: usize| row.get(self.inputs + k).cloned().unwrap_or(Rational::ZERO);
        let mut ranges: Vec<Range> =
            (0..self.undecided.len()).map(|k| (entry(k), entry(k))).collect();
        for k in (0..ranges.len()).rev() {
            if self.clock.strikes() {
                break;
            }
            let (low, high) = ranges[k].clone();
            let sloped = (low.min(Rational::ZERO), high.max(Rational::ZERO));
            for (i, factor) in self.undecided[k][self.inputs..].iter().enumerate() {
                let (low, high) = scaled(&sloped, factor);
                ranges[i].0 += low;
                ranges[i].1 += high;
            }
            ranges[k] = sloped;
        }
        let along = |row: &[Rational], vector: &Vec<Rational>| {
            let terms = row.iter().take(self.inputs).zip(vector);
            terms.fold(Rational::ZERO, |sum, (a, v)| sum + a * v)
        };
        let range = |vector: &Vec<Rational>| {
            let value = along(row, vector);
            let mut sum = (value.clone(), value);
            for (interval, row) in ranges.iter().zip(&self.undecided) {
                let (low, high) = scaled(interval, &along(row, vector));
                sum = (sum.0 + low, sum.1 + high);
            }
            sum
        };
        vectors.iter().map(range).collect()
    }
}

fn unit(place: usize, value: &Natural) -> Vec<Integer> {
    let mut row = vec![Integer::ZERO; place + 1];
    row[place] = Integer::from(value.clone());
    row
}

fn combined(row: &Row, values: &[Vec<Integer>], width: usize, clock: &Clock<'_>) -> Vec<Integer> {
    let mut sum = vec![Integer::ZERO; width];
    for (&column, weight) in row.columns.iter().zip(&row.numerators) {
        if clock.ticks() {
            break;
        }
        for (value, term) in sum.iter_mut().zip(&values[column as usize]) {
            *value += weight * term;
        }
    }
    sum
}

fn rational(row: &[Integer], denominator: &Natural) -> Vec<Rational> {
    row.iter().map(|value| Rational::from_parts(value.clone(), denominator.clone())).collect()
}
