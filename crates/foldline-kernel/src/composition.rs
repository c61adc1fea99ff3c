//! A layer after a linear one as one layer, in integers.

use crate::interrupt::{self, EXACT};
use crate::number::{Gcd, Integer, UnsignedAbs};
use crate::{Layer, Row};

impl Layer {
    /// The layer that computes this one after the linear layer `earlier`.
    pub fn after(&self, earlier: &Self) -> Self {
        let mut sums = Sums::new(earlier.inputs);
        let compose_row = |row: &Row| {
            let mut bias = &row.bias * earlier.denominator.as_ibig();
            for (&column, factor) in row.columns.iter().zip(&row.numerators) {
                let inner = &earlier.rows[column as usize];
                interrupt::count(EXACT * inner.columns.len());
                for (&input, weight) in inner.columns.iter().zip(&inner.numerators) {
                    sums.add(input, factor * weight);
                }
                bias += factor * &inner.bias;
            }
            let (columns, numerators) = sums.take();
            Row { columns, numerators, bias }
        };
        let rows = self.rows.iter().map(compose_row).collect();
        let denominator = &self.denominator * &earlier.denominator;
        let activation = self.activation;
        Self { inputs: earlier.inputs, rows, denominator, activation }.in_lowest_terms()
    }

    /// The same layer over the least denominator.
    fn in_lowest_terms(mut self) -> Self {
        let values = || self.rows.iter().flat_map(|row| row.numerators.iter().chain([&row.bias]));
        let zeros = values().filter_map(Integer::trailing_zeros).min();
        let twos = self.denominator.trailing_zeros().unwrap_or(0);
        let shift = zeros.unwrap_or(twos).min(twos);
        let mut odd = &self.denominator >> twos;
        for value in values() {
            // Denominators are powers of two nearly always: then nothing is left to divide by.
            if odd.is_one() {
                break;
            }
            odd = odd.gcd(value.unsigned_abs());
        }
        let common = odd << shift;
        if !common.is_one() {
            for row in &mut self.rows {
                for value in row.numerators.iter_mut().chain([&mut row.bias]) {
                    *value = &*value / common.as_ibig();
                }
            }
            self.denominator /= common;
        }
        self
    }
}

/// A sparse row under construction: sums by column, and which columns have one.
struct Sums {
    values: Vec<Integer>,
    is_set: Vec<bool>,
    columns: Vec<u32>,
}

impl Sums {
    fn new(inputs: usize) -> Self {
        let (values, is_set) = (vec![Integer::ZERO; inputs], vec![false; inputs]);
        Self { values, is_set, columns: Vec::new() }
    }

    fn add(&mut self, column: u32, term: Integer) {
        let index = column as usize;
        if !std::mem::replace(&mut self.is_set[index], true) {
            self.columns.push(column);
        }
        self.values[index] += term;
    }

    /// The columns whose sums are not zero, increasing, and these sums; nothing is left.
    fn take(&mut self) -> (Vec<u32>, Vec<Integer>) {
        self.columns.sort_unstable();
        let (mut columns, mut sums) = (Vec::new(), Vec::new());
        for column in self.columns.drain(..) {
            self.is_set[column as usize] = false;
            let sum = std::mem::take(&mut self.values[column as usize]);
            if !sum.is_zero() {
                columns.push(column);
                sums.push(sum);
            }
        }
        (columns, sums)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::RationalRow;
    use crate::{Activation, Rational};
    use proptest::prelude::*;

    /// Rows of weights and biases that are fractions of small numbers, many of them 0.
    fn layer(inputs: usize, outputs: usize) -> impl Strategy<Value = Layer> {
        let number = prop_oneof![
            2 => Just(Rational::ZERO),
            3 => (-6i64..7, 1u64..7).prop_map(|(p, q)| Rational::from_parts(p.into(), q.into())),
        ];
        let row = prop::collection::vec(number, inputs + 1).prop_map(|mut numbers| RationalRow {
            bias: numbers.pop().unwrap(),
            weights: numbers.into_iter().enumerate().collect(),
        });
        prop::collection::vec(row, outputs)
            .prop_map(move |rows| Layer::new(inputs, &rows, Activation::Linear))
    }

    proptest! {
        #[test]
        fn a_layer_after_another_is_their_product(first in layer(3, 4), second in layer(4, 2)) {
            let outer = second.rational_rows();
            let inner = first.rational_rows();
            let compose = |row: &RationalRow| {
                let mut weights = vec![Rational::ZERO; 3];
                let mut bias = row.bias.clone();
                for (column, factor) in &row.weights {
                    inner[*column].weights.iter().for_each(|(i, w)| weights[*i] += factor * w);
                    bias += factor * &inner[*column].bias;
                }
                RationalRow { weights: weights.into_iter().enumerate().collect(), bias }
            };
            let rows: Vec<RationalRow> = outer.iter().map(compose).collect();
            prop_assert_eq!(second.after(&first), Layer::new(3, &rows, Activation::Linear));
        }
    }
}
