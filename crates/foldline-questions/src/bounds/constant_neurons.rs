//! Networks in which nothing reads a neuron that is constant: what it adds is in the biases.
//!
//! Where a property fixes most inputs, most neurons of a convolutional network are constant.

use foldline_kernel::interrupt::{self, EXACT};
use foldline_kernel::{Activation, Integer, Layer, Natural, Network, Row};

/// The same function with as many neurons, in which no row reads a row without weights.
pub fn with_constants_in_biases(network: &Network) -> Network {
    let mut layers = Vec::with_capacity(network.layers().len());
    // The constants among the values of the layer before, over one denominator.
    let mut constants: Vec<Option<Integer>> = vec![None; network.inputs()];
    let mut denominator = Natural::ONE;
    for layer in network.layers() {
        let layer = match constants.iter().any(Option::is_some) {
            true => without(layer, &constants, &denominator),
            false => layer.clone(),
        };
        constants = layer.rows.iter().map(|row| constant(row, layer.activation)).collect();
        denominator.clone_from(&layer.denominator);
        layers.push(layer);
    }
    Network::new(network.inputs(), layers).expect("the layers fit as before")
}

/// The value of a row without weights, over its layer's denominator.
fn constant(row: &Row, activation: Activation) -> Option<Integer> {
    let is_cut = activation == Activation::Relu && row.bias < Integer::ZERO;
    let value = || if is_cut { Integer::ZERO } else { row.bias.clone() };
    row.columns.is_empty().then(value)
}

/// The layer with the `constants` among its inputs in its biases.
fn without(layer: &Layer, constants: &[Option<Integer>], denominator: &Natural) -> Layer {
    let unit = denominator.as_ibig();
    let row = |row: &Row| {
        interrupt::count(EXACT * row.columns.len());
        let mut rest = Row { bias: &row.bias * unit, ..Row::default() };
        for (&column, weight) in row.columns.iter().zip(&row.numerators) {
            match &constants[column as usize] {
                Some(constant) => rest.bias += weight * constant,
                None => {
                    rest.columns.push(column);
                    rest.numerators.push(weight * unit);
                }
            }
        }
        rest
    };
    Layer {
        inputs: layer.inputs,
        rows: layer.rows.iter().map(row).collect(),
        denominator: &layer.denominator * denominator,
        activation: layer.activation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::Rational;
    use foldline_kernel::network::RationalRow;
    use proptest::prelude::*;

    /// Rows of small fractions, most of them without weights in the first layer.
    fn network() -> impl Strategy<Value = Network> {
        let number = |zeros: u32| {
            prop_oneof![
                zeros => Just(Rational::ZERO),
                2 => (-6i64..7, 1u64..5).prop_map(|(p, q)| Rational::from_parts(p.into(), q.into())),
            ]
        };
        let layer = move |inputs: usize, outputs: usize, zeros: u32, activation: Activation| {
            let row = (prop::collection::vec(number(zeros), inputs), number(1));
            let row = row.prop_map(|(weights, bias)| RationalRow {
                weights: weights.into_iter().enumerate().collect(),
                bias,
            });
            prop::collection::vec(row, outputs)
                .prop_map(move |rows| Layer::new(inputs, &rows, activation))
        };
        let layers = (
            layer(2, 5, 8, Activation::Relu),
            layer(5, 3, 1, Activation::Linear),
            layer(3, 4, 1, Activation::Relu),
            layer(4, 2, 1, Activation::Linear),
        );
        layers.prop_map(|(a, b, c, d)| Network::new(2, vec![a, b, c, d]).unwrap())
    }

    proptest! {
        #[test]
        fn constants_are_in_the_biases(network in network(), x in -9i64..10, y in -9i64..10) {
            let folded = with_constants_in_biases(&network);
            let half = |value: i64| Rational::from_parts(value.into(), 2u8.into());
            let point = [half(x), half(y)];
            prop_assert_eq!(network.evaluate(&point), folded.evaluate(&point));
            for layers in folded.layers().windows(2) {
                for &column in layers[1].rows.iter().flat_map(|row| &row.columns) {
                    prop_assert!(!layers[0].rows[column as usize].columns.is_empty());
                }
            }
        }
    }

    /// (x) ↦ (x + 1, 2, −3), and the sum of their ReLUs times (1, 1/2, 7).
    #[test]
    fn a_sum_of_constants_is_a_bias() {
        let row = |weights: &[(usize, Rational)], bias: i64| RationalRow {
            weights: weights.to_vec(),
            bias: bias.into(),
        };
        let first = [row(&[(0, Rational::ONE)], 1), row(&[], 2), row(&[], -3)];
        let half = Rational::from_parts(1.into(), 2u8.into());
        let second = [row(&[(0, Rational::ONE), (1, half), (2, 7.into())], 0)];
        let layers = vec![
            Layer::new(1, &first, Activation::Relu),
            Layer::new(3, &second, Activation::Linear),
        ];
        let folded = with_constants_in_biases(&Network::new(1, layers).unwrap());
        let last = folded.layers()[1].rational_rows();
        assert_eq!(last, [row(&[(0, Rational::ONE)], 1)]);
    }
}
