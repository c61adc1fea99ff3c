//! Feed-forward ReLU networks with exact weights, and their exact evaluation.

use crate::interrupt::{self, EXACT};
use crate::number::{Integer, Natural, Rational, UnsignedAbs, least_common_multiple};

/// What a layer applies to its pre-activations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// max(0, z).
    Relu,
    /// z itself.
    Linear,
}

/// One neuron's weights and bias, as numerators over the layer's common denominator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Row {
    /// Indices of the inputs with non-zero weight, increasing.
    pub columns: Vec<u32>,
    /// The weights' numerators, one a column.
    pub numerators: Vec<Integer>,
    /// The bias's numerator.
    pub bias: Integer,
}

/// A layer x ↦ activation(W x + b); weights are stored sparsely over one common denominator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// Number of inputs.
    pub inputs: usize,
    /// One row an output.
    pub rows: Vec<Row>,
    /// The positive denominator of all weights and biases.
    pub denominator: Natural,
    /// What is applied to W x + b.
    pub activation: Activation,
}

/// One neuron with rational weights, as a reader gives it: terms (input, weight), and the bias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RationalRow {
    /// Pairs (input, weight): inputs increasing; zero weights are dropped.
    pub weights: Vec<(usize, Rational)>,
    /// The bias.
    pub bias: Rational,
}

/// A feed-forward network f: R^inputs → R^outputs, layer after layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    inputs: usize,
    layers: Vec<Layer>,
}

/// Why layers do not make a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// No layers or no inputs.
    #[error("a network needs at least one layer, one input and one output")]
    Empty,
    /// A weight refers to an input that does not exist.
    #[error(
        "layer {layer}, row {row}: weight for input {column}, but the layer has {inputs} inputs"
    )]
    Column {
        /// Layer, from 0.
        layer: usize,
        /// Row, from 0.
        row: usize,
        /// The offending input.
        column: usize,
        /// Number of inputs of the layer.
        inputs: usize,
    },
    /// Consecutive layers do not fit.
    #[error("layer {layer} expects {expected} inputs, but {found} come in")]
    Shape {
        /// Layer, from 0.
        layer: usize,
        /// What the layer expects.
        expected: usize,
        /// What the layer before gives.
        found: usize,
    },
}

impl Layer {
    /// Builds a layer from rational rows, clearing denominators once.
    pub fn new(inputs: usize, rows: &[RationalRow], activation: Activation) -> Self {
        let mut denominator = Natural::ONE;
        for row in rows {
            for value in row.weights.iter().map(|(_, weight)| weight).chain([&row.bias]) {
                // Most values share the denominator so far: a division is cheaper than a gcd.
                if !(&denominator % value.denominator()).is_zero() {
                    denominator = least_common_multiple(&denominator, value.denominator());
                }
            }
        }
        let scaled = |value: &Rational| {
            value.numerator() * Integer::from(&denominator / value.denominator())
        };
        let rows = rows.iter().map(|row| {
            let terms = || row.weights.iter().filter(|(_, weight)| !weight.is_zero());
            Row {
                columns: terms().map(|&(column, _)| column as u32).collect(),
                numerators: terms().map(|(_, weight)| scaled(weight)).collect(),
                bias: scaled(&row.bias),
            }
        });
        Self { inputs, rows: rows.collect(), denominator, activation }
    }

    /// The weight of `row` for its `position`-th stored column.
    pub fn weight(&self, row: usize, position: usize) -> Rational {
        let numerator = self.rows[row].numerators[position].clone();
        Rational::from_parts(numerator, self.denominator.clone())
    }

    /// The bias of `row`.
    pub fn bias(&self, row: usize) -> Rational {
        Rational::from_parts(self.rows[row].bias.clone(), self.denominator.clone())
    }

    /// The layer's rows with rational weights.
    pub fn rational_rows(&self) -> Vec<RationalRow> {
        (0..self.rows.len()).map(|row| self.rational_row(row)).collect()
    }

    /// One row with rational weights.
    pub fn rational_row(&self, row: usize) -> RationalRow {
        let columns = &self.rows[row].columns;
        interrupt::count(EXACT * columns.len());
        let weight = |(k, &column): (usize, &u32)| (column as usize, self.weight(row, k));
        RationalRow {
            weights: columns.iter().enumerate().map(weight).collect(),
            bias: self.bias(row),
        }
    }

    /// Number of stored (non-zero) weights.
    pub fn nonzeros(&self) -> usize {
        self.rows.iter().map(|row| row.columns.len()).sum()
    }

    /// Pre-activations at `input / denominator`, as numerators over `denominator * self.denominator`.
    pub fn pre_activations(&self, input: &[Integer], denominator: &Natural) -> Vec<Integer> {
        let denominator = denominator.as_ibig();
        let value = |row: &Row| {
            interrupt::count(EXACT * row.columns.len());
            let start = &row.bias * denominator;
            let terms = row.columns.iter().zip(&row.numerators);
            terms.fold(start, |sum, (&column, weight)| sum + weight * &input[column as usize])
        };
        self.rows.iter().map(value).collect()
    }
}

/// The values of a network at one point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// f(x).
    pub output: Vec<Rational>,
    /// For each ReLU layer in order, whether each pre-activation is > 0.
    pub pattern: Vec<Vec<bool>>,
}

impl Network {
    /// Checks that the layers fit together.
    pub fn new(inputs: usize, layers: Vec<Layer>) -> Result<Self, NetworkError> {
        if inputs == 0 || layers.is_empty() || layers.iter().any(|layer| layer.rows.is_empty()) {
            return Err(NetworkError::Empty);
        }
        let mut width = inputs;
        for (index, layer) in layers.iter().enumerate() {
            if layer.inputs != width {
                let (expected, found) = (layer.inputs, width);
                return Err(NetworkError::Shape { layer: index, expected, found });
            }
            for (row, content) in layer.rows.iter().enumerate() {
                if let Some(&column) = content.columns.iter().find(|&&c| c as usize >= width) {
                    let column = column as usize;
                    return Err(NetworkError::Column { layer: index, row, column, inputs: width });
                }
            }
            width = layer.rows.len();
        }
        Ok(Self { inputs, layers })
    }

    /// Number of inputs.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Number of outputs.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(self.inputs, |layer| layer.rows.len())
    }

    /// The layers, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Number of ReLU neurons, an output ReLU included.
    pub fn neurons(&self) -> usize {
        let relu = |layer: &&Layer| layer.activation == Activation::Relu;
        self.layers.iter().filter(relu).map(|layer| layer.rows.len()).sum()
    }

    /// The network with all biases 0. Along a direction r it is what f(x + t·r)/t tends to.
    pub fn without_biases(&self) -> Self {
        let mut layers = self.layers.clone();
        let rows = layers.iter_mut().flat_map(|layer| &mut layer.rows);
        rows.for_each(|row| row.bias = Integer::ZERO);
        Self { inputs: self.inputs, layers }
    }

    /// The exact output and activation pattern at `point`.
    ///
    /// # Panics
    /// If `point` does not have one coordinate an input.
    pub fn evaluate(&self, point: &[Rational]) -> Evaluation {
        assert_eq!(point.len(), self.inputs, "one coordinate an input");
        let (mut values, mut denominator) = over_common_denominator(point);
        let mut pattern = Vec::new();
        for layer in &self.layers {
            values = layer.pre_activations(&values, &denominator);
            denominator *= &layer.denominator;
            if layer.activation == Activation::Relu {
                pattern.push(values.iter().map(|value| *value > Integer::ZERO).collect());
                for value in &mut values {
                    if *value < Integer::ZERO {
                        *value = Integer::ZERO;
                    }
                }
            }
        }
        let ratio = |value| Rational::from_parts(value, denominator.clone());
        Evaluation { output: values.into_iter().map(ratio).collect(), pattern }
    }
}

/// Writes rationals as integers over their least common denominator.
pub fn over_common_denominator(values: &[Rational]) -> (Vec<Integer>, Natural) {
    let denominator = values
        .iter()
        .fold(Natural::ONE, |common, value| least_common_multiple(&common, value.denominator()));
    let scaled = values
        .iter()
        .map(|value| value.numerator() * Integer::from(&denominator / value.denominator()));
    (scaled.collect(), denominator)
}

/// The magnitude of an integer as a natural number.
pub fn magnitude(value: &Integer) -> Natural {
    value.clone().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::parse_rational;

    fn row(weights: &[&str], bias: &str) -> RationalRow {
        let parse = |token: &&str| parse_rational(token).unwrap();
        RationalRow { weights: weights.iter().map(parse).enumerate().collect(), bias: parse(&bias) }
    }

    #[test]
    fn evaluates_exactly() {
        let hidden = Layer::new(1, &[row(&["0.1"], "0"), row(&["-1/3"], "1/7")], Activation::Relu);
        let output = Layer::new(2, &[row(&["10", "-2"], "0.5")], Activation::Linear);
        let network = Network::new(1, vec![hidden, output]).unwrap();
        let at = |token| network.evaluate(&[parse_rational(token).unwrap()]);
        assert_eq!(at("3/7").output, [parse_rational("13/14").unwrap()]);
        assert_eq!(at("3/7").pattern, [[true, false]]);
        assert_eq!(at("0").output, [parse_rational("3/14").unwrap()]);
        assert_eq!(network.neurons(), 2);
        assert_eq!(network.layers()[0].nonzeros(), 2);
    }

    #[test]
    fn layers_must_fit() {
        let layer = |inputs| Layer::new(inputs, &[row(&["1", "1"], "0")], Activation::Relu);
        assert!(matches!(Network::new(1, vec![layer(1)]), Err(NetworkError::Column { .. })));
        assert!(matches!(
            Network::new(2, vec![layer(2), layer(2)]),
            Err(NetworkError::Shape { .. })
        ));
        assert!(matches!(Network::new(2, vec![]), Err(NetworkError::Empty)));
    }
}
