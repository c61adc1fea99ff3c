//! Networks with one hidden layer and one output as plain sums Σ c·[a·x + b]₊ + B, and their homogenization.

use foldline_kernel::network::RationalRow;
use foldline_kernel::{Activation, Layer, Network, Rational};

/// A term c·[a·x + b]₊.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neuron {
    /// Pairs (input, weight a), inputs increasing.
    pub weights: Vec<(usize, Rational)>,
    /// b.
    pub bias: Rational,
    /// c.
    pub factor: Rational,
}

/// The function Σ c·[a·x + b]₊ + B of R^inputs: a 2-layer network in the words of the paper [Z, §2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HiddenLayer {
    /// The dimension of x.
    pub inputs: usize,
    /// The terms.
    pub neurons: Vec<Neuron>,
    /// B.
    pub bias: Rational,
}

impl HiddenLayer {
    /// The function of a network, if it has one hidden ReLU layer and one linear output.
    pub fn of_network(network: &Network) -> Option<Self> {
        let [hidden, last] = network.layers() else { return None };
        let is_expected = hidden.activation == Activation::Relu
            && last.activation == Activation::Linear
            && last.rows.len() == 1;
        if !is_expected {
            return None;
        }
        let output = last.rational_rows().pop()?;
        let mut factors = vec![Rational::ZERO; hidden.rows.len()];
        output.weights.into_iter().for_each(|(neuron, factor)| factors[neuron] = factor);
        let neurons = hidden.rational_rows().into_iter().zip(factors);
        let neurons =
            neurons.map(|(row, factor)| Neuron { weights: row.weights, bias: row.bias, factor });
        Some(Self { inputs: network.inputs(), neurons: neurons.collect(), bias: output.bias })
    }

    /// The network with this function; one without neurons gets one that is always 0.
    pub fn network(&self) -> Network {
        self.network_then(&[])
    }

    /// The network whose second hidden layer is one ReLU on this function [Z, Cor 4.4, 6.1].
    pub fn rectified_network(&self) -> Network {
        let one = || RationalRow { weights: vec![(0, Rational::ONE)], bias: Rational::ZERO };
        self.network_then(&[one()])
    }

    /// The network of this function, rectified first where a last linear layer is given.
    fn network_then(&self, last: &[RationalRow]) -> Network {
        let mut hidden: Vec<RationalRow> = self
            .neurons
            .iter()
            .map(|neuron| RationalRow {
                weights: neuron.weights.clone(),
                bias: neuron.bias.clone(),
            })
            .collect();
        if hidden.is_empty() {
            hidden.push(RationalRow { weights: Vec::new(), bias: Rational::ZERO });
        }
        let factors = self.neurons.iter().map(|neuron| neuron.factor.clone()).enumerate();
        let sum = RationalRow { weights: factors.collect(), bias: self.bias.clone() };
        let activation = if last.is_empty() { Activation::Linear } else { Activation::Relu };
        let mut layers = vec![
            Layer::new(self.inputs, &hidden, Activation::Relu),
            Layer::new(hidden.len(), &[sum], activation),
        ];
        if !last.is_empty() {
            layers.push(Layer::new(1, last, Activation::Linear));
        }
        Network::new(self.inputs, layers).expect("layers that fit together")
    }

    /// The homogenization [Z, Def 4.1]: with one more, last input y, biases b become b·y and B
    /// becomes B·|y|, by two more neurons where B is not 0.
    pub fn homogenization(&self) -> Self {
        let last = self.inputs;
        let homogeneous = |neuron: &Neuron| {
            let mut weights = neuron.weights.clone();
            if !neuron.bias.is_zero() {
                weights.push((last, neuron.bias.clone()));
            }
            Neuron { weights, bias: Rational::ZERO, factor: neuron.factor.clone() }
        };
        let mut neurons: Vec<Neuron> = self.neurons.iter().map(homogeneous).collect();
        if !self.bias.is_zero() {
            neurons.extend([Rational::ONE, -Rational::ONE].map(|sign| Neuron {
                weights: vec![(last, sign)],
                bias: Rational::ZERO,
                factor: self.bias.clone(),
            }));
        }
        Self { inputs: self.inputs + 1, neurons, bias: Rational::ZERO }
    }

    /// The function x ↦ f(x with coordinate `input` times `factor`).
    pub fn scale_input(&mut self, input: usize, factor: &Rational) {
        let weights = self.neurons.iter_mut().flat_map(|neuron| &mut neuron.weights);
        weights.filter(|(index, _)| *index == input).for_each(|(_, weight)| *weight *= factor);
    }

    /// The value at `point`.
    pub fn value(&self, point: &[Rational]) -> Rational {
        let mut sum = self.bias.clone();
        for neuron in &self.neurons {
            let start = neuron.bias.clone();
            let inside =
                neuron.weights.iter().fold(start, |sum, (index, a)| sum + a * &point[*index]);
            if inside > Rational::ZERO {
                sum += inside * &neuron.factor;
            }
        }
        sum
    }

    /// The gradient on the side of `point` where terms that are 0 there are off.
    pub fn gradient(&self, point: &[Rational]) -> Vec<Rational> {
        let mut gradient = vec![Rational::ZERO; self.inputs];
        for neuron in &self.neurons {
            let start = neuron.bias.clone();
            let inside =
                neuron.weights.iter().fold(start, |sum, (index, a)| sum + a * &point[*index]);
            if inside > Rational::ZERO {
                neuron.weights.iter().for_each(|(index, a)| gradient[*index] += a * &neuron.factor);
            }
        }
        gradient
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: i32) -> Rational {
        Rational::from(value)
    }

    /// max(0, 2x − 1) − max(0, 4x − 4) + max(0, 2x − 3) + 4, the example of [Z, Figure 3].
    fn example() -> HiddenLayer {
        let neuron = |a: i32, b: i32, c: i32| Neuron {
            weights: vec![(0, number(a))],
            bias: number(b),
            factor: number(c),
        };
        let neurons = vec![neuron(2, -1, 1), neuron(4, -4, -1), neuron(2, -3, 1)];
        HiddenLayer { inputs: 1, neurons, bias: number(4) }
    }

    #[test]
    fn homogenization_of_the_papers_example() {
        let (f, h) = (example(), example().homogenization());
        assert_eq!((h.inputs, h.neurons.len(), h.bias.clone()), (2, 5, Rational::ZERO));
        for x in -3..=6 {
            let at = |x: i32, y: i32| h.value(&[number(x), number(y)]);
            assert_eq!(at(x, 1), f.value(&[number(x)]));
            assert_eq!(at(5 * x, 5), number(5) * at(x, 1));
            assert_eq!(
                at(-x, -1),
                at(x, 1) - (number(2 * x - 1) - number(4 * x - 4) + number(2 * x - 3))
            );
            assert_eq!(h.network().evaluate(&[number(x), number(2)]).output, [at(x, 2)]);
        }
        assert!(
            h.network()
                .layers()
                .iter()
                .all(|layer| layer.rows.iter().all(|row| row.bias.is_zero()))
        );
    }

    #[test]
    fn networks_and_sums_are_the_same_functions() {
        let f = example();
        assert_eq!(HiddenLayer::of_network(&f.network()), Some(f.clone()));
        let mut scaled = f.clone();
        scaled.scale_input(0, &number(3));
        for x in -2..=3 {
            let value = f.value(&[number(x)]);
            assert_eq!(f.network().evaluate(&[number(x)]).output[0], value);
            assert_eq!(
                f.rectified_network().evaluate(&[number(x)]).output,
                [value.max(Rational::ZERO)]
            );
            assert_eq!(scaled.value(&[number(x)]), f.value(&[number(3 * x)]));
        }
        assert_eq!(f.gradient(&[number(1)]), [number(2)]);
        let none = HiddenLayer { inputs: 2, neurons: vec![], bias: number(7) };
        assert_eq!(none.network().evaluate(&[number(1), number(1)]).output, [number(7)]);
        assert_eq!(HiddenLayer::of_network(&f.rectified_network()), None);
    }
}
