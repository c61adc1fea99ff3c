//! Networks with one hidden layer and no biases are differences of support functions [Z, §5].
//!
//! f(x) = Σ λ_i [w_i·x]₊ is h_{Z⁺} − h_{Z⁻} with Z⁺ the sum of the segments conv{0, λ_i w_i} over
//! λ_i > 0 and Z⁻ that of conv{0, −λ_i w_i} over λ_i < 0. So f > 0 somewhere if and only if
//! Z⁺ ⊄ Z⁻ [Z, Thm 5.1].

use foldline_kernel::network::RationalRow;
use foldline_kernel::{Activation, Layer, Network, Rational, Zonotope};

/// Why a network is no difference of support functions of zonotopes, or a pair no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// Another arrangement of layers.
    #[error("expected one hidden ReLU layer and a linear output layer, found {0}")]
    Layers(String),
    /// A bias.
    #[error("expected no biases, but layer {layer} has bias {bias} at node {node}")]
    Bias {
        /// The layer, from 0.
        layer: usize,
        /// The node in it, from 0.
        node: usize,
        /// Its bias.
        bias: String,
    },
    /// The output does not exist, or has to be chosen.
    #[error("the network has {outputs} outputs: choose one from 0 to {}", .outputs - 1)]
    Output {
        /// How many there are.
        outputs: usize,
    },
    /// Zonotopes in different spaces.
    #[error("the zonotopes have {0} and {1} dimensions")]
    Dimensions(usize, usize),
}

/// Z⁺ and Z⁻ of one output of a network.
///
/// # Errors
/// If the network has another shape, or biases.
pub fn network_to_zonotopes(
    network: &Network,
    output: Option<usize>,
) -> Result<(Zonotope, Zonotope), PairError> {
    let [hidden, last] = network.layers() else {
        return Err(PairError::Layers(format!("{} layers", network.layers().len())));
    };
    if (hidden.activation, last.activation) != (Activation::Relu, Activation::Linear) {
        return Err(PairError::Layers("other activations".to_owned()));
    }
    let outputs = network.outputs();
    let output = match output {
        None if outputs == 1 => 0,
        Some(output) if output < outputs => output,
        _ => return Err(PairError::Output { outputs }),
    };
    let hidden = rows_without_bias(0, hidden, None)?;
    let last = rows_without_bias(1, last, Some(output))?;
    let (mut plus, mut minus) = (Vec::new(), Vec::new());
    for (neuron, factor) in &last[output].weights {
        let is_positive = *factor > Rational::ZERO;
        let length = if is_positive { factor.clone() } else { -factor.clone() };
        let mut segment = vec![Rational::ZERO; network.inputs()];
        for (input, weight) in &hidden[*neuron].weights {
            segment[*input] = weight * &length;
        }
        if is_positive { plus.push(segment) } else { minus.push(segment) }
    }
    let dimension = network.inputs();
    Ok((Zonotope::from_segments(dimension, &plus), Zonotope::from_segments(dimension, &minus)))
}

/// The rows of a layer, whose biases (or that of the one node of interest) must be 0.
fn rows_without_bias(
    layer: usize,
    content: &Layer,
    only: Option<usize>,
) -> Result<Vec<RationalRow>, PairError> {
    let rows = content.rational_rows();
    let of_interest = |node: &usize| only.is_none_or(|only| only == *node);
    let biased = (0..rows.len()).filter(of_interest).find(|&node| !rows[node].bias.is_zero());
    match biased {
        None => Ok(rows),
        Some(node) => {
            let bias = rows[node].bias.to_string();
            Err(PairError::Bias { layer, node, bias })
        }
    }
}

/// The network h_{plus} − h_{minus}.
///
/// A generator g about a center c is the segment conv{0, 2g} from the corner c − Σ g; the difference
/// of the corners is linear, and takes two neurons where it is not 0.
///
/// # Errors
/// If the zonotopes lie in different spaces.
pub fn zonotopes_to_network(plus: &Zonotope, minus: &Zonotope) -> Result<Network, PairError> {
    let dimension = plus.dimension();
    if minus.dimension() != dimension {
        return Err(PairError::Dimensions(dimension, minus.dimension()));
    }
    let mut neurons: Vec<(Vec<Rational>, i8)> = Vec::new();
    let mut corner = vec![Rational::ZERO; dimension];
    for (zonotope, sign) in [(plus, 1i8), (minus, -1)] {
        let sign_exact = Rational::from(sign);
        corner
            .iter_mut()
            .zip(&zonotope.center)
            .for_each(|(sum, value)| *sum += value * &sign_exact);
        for generator in zonotope.generators.iter().filter(|vector| !is_zero(vector)) {
            corner.iter_mut().zip(generator).for_each(|(sum, value)| *sum -= value * &sign_exact);
            neurons.push((times(generator, 2), sign));
        }
    }
    if !is_zero(&corner) {
        neurons.push((times(&corner, -1), -1));
    }
    if !is_zero(&corner) || neurons.is_empty() {
        neurons.push((corner, 1)); // a layer needs a node
    }
    let row = |weights: Vec<(usize, Rational)>| RationalRow { weights, bias: Rational::ZERO };
    let hidden: Vec<RationalRow> = neurons
        .iter()
        .map(|(vector, _)| row(vector.iter().cloned().enumerate().collect()))
        .collect();
    let factors =
        neurons.iter().enumerate().map(|(index, (_, sign))| (index, Rational::from(*sign)));
    let last = [row(factors.collect())];
    let layers = vec![
        Layer::new(dimension, &hidden, Activation::Relu),
        Layer::new(hidden.len(), &last, Activation::Linear),
    ];
    Ok(Network::new(dimension, layers).expect("layers that fit together"))
}

fn is_zero(vector: &[Rational]) -> bool {
    vector.iter().all(Rational::is_zero)
}

fn times(vector: &[Rational], factor: i8) -> Vec<Rational> {
    vector.iter().map(|value| value * Rational::from(factor)).collect()
}
