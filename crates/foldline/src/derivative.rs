//! The exact Jacobian of the cell a point lies in.

use foldline_kernel::{Activation, Integer, Layer, Natural, Network, Rational};

use foldline_kernel::network::over_common_denominator;

/// The derivative of the affine map that a network's activation pattern at a point selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivative {
    /// One row an output, one entry an input.
    pub jacobian: Vec<Vec<Rational>>,
    /// ReLU neurons (layer, neuron, both from 0) whose pre-activation is exactly 0: they count
    /// as off. Where there are any, the network may not be differentiable at the point.
    pub at_zero: Vec<(usize, usize)>,
}

/// Differentiates `network` at `point`, exactly; a pre-activation of 0 counts as off.
///
/// # Panics
/// If `point` does not have one coordinate an input.
pub fn derivative(network: &Network, point: &[Rational]) -> Derivative {
    assert_eq!(point.len(), network.inputs(), "one coordinate an input");
    let (active, at_zero) = activity(network, point);
    let gradient = |output| output_gradient(network, &active, output);
    Derivative { jacobian: (0..network.outputs()).map(gradient).collect(), at_zero }
}

/// For every layer which neurons pass their value on, and which ReLUs sit at 0.
fn activity(network: &Network, point: &[Rational]) -> (Vec<Vec<bool>>, Vec<(usize, usize)>) {
    let (mut values, mut denominator) = over_common_denominator(point);
    let (mut active, mut at_zero) = (Vec::new(), Vec::new());
    for (index, layer) in network.layers().iter().enumerate() {
        values = layer.pre_activations(&values, &denominator);
        denominator *= &layer.denominator;
        if layer.activation == Activation::Linear {
            active.push(vec![true; values.len()]);
            continue;
        }
        let zeros = values.iter().enumerate().filter(|(_, value)| value.is_zero());
        at_zero.extend(zeros.map(|(neuron, _)| (index, neuron)));
        active.push(values.iter().map(|value| *value > Integer::ZERO).collect());
        for value in values.iter_mut().filter(|value| **value < Integer::ZERO) {
            *value = Integer::ZERO;
        }
    }
    (active, at_zero)
}

/// One row of the Jacobian, pulled back from the output through the layers.
fn output_gradient(network: &Network, active: &[Vec<bool>], output: usize) -> Vec<Rational> {
    let mut gradient = vec![Integer::ZERO; network.outputs()];
    gradient[output] = Integer::ONE;
    let mut denominator = Natural::ONE;
    for (layer, active) in network.layers().iter().zip(active).rev() {
        gradient = pull_back(layer, active, &gradient);
        denominator *= &layer.denominator;
    }
    gradient.into_iter().map(|value| Rational::from_parts(value, denominator.clone())).collect()
}

/// `gradient`, masked by `active`, times the numerators of the layer's weights.
fn pull_back(layer: &Layer, active: &[bool], gradient: &[Integer]) -> Vec<Integer> {
    let mut result = vec![Integer::ZERO; layer.inputs];
    for ((row, &active), factor) in layer.rows.iter().zip(active).zip(gradient) {
        if !active || factor.is_zero() {
            continue;
        }
        for (&column, weight) in row.columns.iter().zip(&row.numerators) {
            result[column as usize] += weight * factor;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::network::RationalRow;
    use foldline_kernel::number::parse_rational;

    fn row(weights: &[&str], bias: &str) -> RationalRow {
        let parse = |token: &&str| parse_rational(token).unwrap();
        RationalRow { weights: weights.iter().map(parse).enumerate().collect(), bias: parse(&bias) }
    }

    /// (2·relu(x/3 + y) − relu(y)/2, relu(x/3 + y)).
    fn network() -> Network {
        let hidden =
            Layer::new(2, &[row(&["1/3", "1"], "0"), row(&["0", "1"], "0")], Activation::Relu);
        let output =
            Layer::new(2, &[row(&["2", "-1/2"], "5"), row(&["1", "0"], "0")], Activation::Linear);
        Network::new(2, vec![hidden, output]).unwrap()
    }

    fn at(x: &str, y: &str) -> (Vec<String>, Vec<(usize, usize)>) {
        let point = [parse_rational(x).unwrap(), parse_rational(y).unwrap()];
        let derivative = derivative(&network(), &point);
        let text =
            |row: &Vec<Rational>| row.iter().map(Rational::to_string).collect::<Vec<_>>().join(" ");
        (derivative.jacobian.iter().map(text).collect(), derivative.at_zero)
    }

    #[test]
    fn differentiates_the_cell() {
        assert_eq!(at("0", "1"), (vec!["2/3 3/2".into(), "1/3 1".into()], vec![]));
        assert_eq!(at("6", "-1"), (vec!["2/3 2".into(), "1/3 1".into()], vec![]));
        assert_eq!(at("-9", "-1"), (vec!["0 0".into(), "0 0".into()], vec![]));
    }

    #[test]
    fn zero_counts_as_off_and_is_reported() {
        assert_eq!(at("3", "0"), (vec!["2/3 2".into(), "1/3 1".into()], vec![(0, 1)]));
        assert_eq!(at("0", "0"), (vec!["0 0".into(), "0 0".into()], vec![(0, 0), (0, 1)]));
    }
}
