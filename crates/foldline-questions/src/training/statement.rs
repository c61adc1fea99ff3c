//! What training asks and answers: the least squared loss of networks with one hidden ReLU layer of fixed width.

use foldline_kernel::network::RationalRow;
use foldline_kernel::{Activation, Layer, Network, Rational, Sample};

use crate::limits::{self, Callback};

/// The networks among which the best is sought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// The number K of hidden ReLU nodes, at least 1.
    pub hidden: usize,
    /// Whether the output goes through a ReLU too.
    pub output_relu: bool,
    /// Whether the output node has a bias w0.
    pub output_bias: bool,
}

/// A network w0 + Σ w_j [a_j·x + b_j]₊ with w_j ∈ {−1, 1}, or that under an output ReLU.
///
/// Every network of the architecture can be written so: [w·a]₊ = |w|·[sgn(w)·…]₊, see [T, Observation 1].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// a_j and, last, b_j, d + 1 numbers a hidden node.
    pub nodes: Vec<Vec<Rational>>,
    /// Whether w_j = 1 (else −1), one a hidden node.
    pub positive: Vec<bool>,
    /// w0.
    pub offset: Rational,
    /// Whether the output goes through a ReLU.
    pub output_relu: bool,
}

impl Model {
    /// The model's output at `point`.
    pub fn value(&self, point: &[Rational]) -> Rational {
        let mut sum = self.offset.clone();
        for (node, positive) in self.nodes.iter().zip(&self.positive) {
            let bias = node[point.len()].clone();
            let value = node.iter().zip(point).fold(bias, |sum, (a, x)| sum + a * x);
            if value > Rational::ZERO {
                sum = if *positive { sum + value } else { sum - value };
            }
        }
        if self.output_relu && sum < Rational::ZERO { Rational::ZERO } else { sum }
    }

    /// The sum of squared errors on `sample`.
    pub fn loss(&self, sample: &Sample) -> Rational {
        sample.points.iter().zip(&sample.labels).fold(Rational::ZERO, |sum, (point, label)| {
            let error = self.value(point) - label;
            sum + &error * &error
        })
    }

    /// The same function as a network of two layers.
    ///
    /// # Panics
    /// If a node does not have `dimension` + 1 numbers.
    pub fn network(&self, dimension: usize) -> Network {
        let sparse = |values: &[Rational]| -> Vec<(usize, Rational)> {
            let all = values.iter().cloned().enumerate();
            all.filter(|(_, value)| *value != Rational::ZERO).collect()
        };
        let hidden: Vec<RationalRow> = self
            .nodes
            .iter()
            .map(|node| RationalRow {
                weights: sparse(&node[..dimension]),
                bias: node[dimension].clone(),
            })
            .collect();
        let sign = |positive: &bool| if *positive { Rational::ONE } else { -Rational::ONE };
        let weights = self.positive.iter().map(sign).enumerate().collect();
        let output = RationalRow { weights, bias: self.offset.clone() };
        let activation = if self.output_relu { Activation::Relu } else { Activation::Linear };
        let layers = vec![
            Layer::new(dimension, &hidden, Activation::Relu),
            Layer::new(hidden.len(), &[output], activation),
        ];
        Network::new(dimension, layers).expect("layers that fit")
    }
}

/// What is called with a search's progress.
pub type TrainingCallback = Callback<TrainingProgress>;

/// How a search is run; the seed is that of the local searches.
pub type TrainingOptions = limits::Options<TrainingProgress>;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TrainingProgress {
    /// The search for the least loss.
    Search {
        /// The least loss found, about.
        loss: f64,
        /// Every network has at least this loss, about.
        lower_bound: f64,
        /// Partial patterns looked at.
        nodes: u64,
    },
    /// The search for a network without error.
    ZeroLoss {
        /// Partial patterns looked at.
        nodes: u64,
    },
    /// The search for a certificate.
    Proof {
        /// The leaves of its trees that are done.
        leaves: u64,
    },
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrainingStatistics {
    /// Partial activation patterns whose bound was computed.
    pub nodes: u64,
    /// Patterns finished or dropped in exact arithmetic.
    pub exact: u64,
    /// Patterns of the whole sample whose program was solved.
    pub patterns: u64,
    /// Local searches.
    pub local_searches: u64,
}

/// The answer.
#[derive(Debug, Clone)]
pub struct TrainingOutcome {
    /// The best network found.
    pub model: Model,
    /// Its sum of squared errors.
    pub loss: Rational,
    /// No network of the architecture has less; equal to `loss` if the optimum is proved.
    pub lower_bound: Rational,
    /// Counts.
    pub statistics: TrainingStatistics,
}

impl TrainingOutcome {
    /// Whether the network is proved to be optimal.
    pub fn is_optimal(&self) -> bool {
        self.loss == self.lower_bound
    }
}

/// Whether a network fits the sample without error.
#[derive(Debug, Clone)]
pub struct ZeroLoss {
    /// The network, or that there is none; `None` if the search was stopped.
    pub answer: Option<Option<Model>>,
    /// Why no network at all can, where that is plain from the labels.
    pub reason: Option<String>,
    /// Counts.
    pub statistics: TrainingStatistics,
}
