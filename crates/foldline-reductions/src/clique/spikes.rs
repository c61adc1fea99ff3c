//! The functions that count a multicolored clique: spikes at labels of vertices and edges [Z, Prop 3.1].

use foldline_kernel::number::power_of_two;
use foldline_kernel::{ColoredGraph, Rational};

use crate::hidden_layer::{HiddenLayer, Neuron};

/// Labels ω of the vertices: members of a Sidon set, so that a sum says which two were added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Labels(pub Vec<u64>);

impl Labels {
    /// The greedy Sidon set in the order of the vertices.
    pub fn new(graph: &ColoredGraph) -> Self {
        Self(crate::sidon::greedy_sidon_set(graph.vertices()))
    }

    /// ω of a vertex.
    pub fn of(&self, vertex: usize) -> Rational {
        Rational::from(self.0[vertex])
    }

    /// The largest label, 0 without vertices.
    pub fn largest(&self) -> u64 {
        self.0.iter().copied().max().unwrap_or(0)
    }
}

/// k + C(k, 2), the number of colors and of pairs of them.
pub(super) fn total(colors: usize) -> Rational {
    Rational::from(colors * (colors + 1) / 2)
}

/// A stripe: the inputs whose sum is compared with a label, the label, half the stripe's width.
struct Stripe {
    inputs: Vec<usize>,
    label: Rational,
    radius: Rational,
}

/// One stripe a vertex, of radius 1/8, and one an edge, of radius 1/4.
fn stripes(graph: &ColoredGraph, labels: &Labels) -> Vec<Stripe> {
    let vertices = (0..graph.vertices()).map(|vertex| Stripe {
        inputs: vec![graph.class(vertex)],
        label: labels.of(vertex),
        radius: power_of_two(-3),
    });
    let edges = graph.edges().iter().map(|&(u, v)| Stripe {
        inputs: vec![graph.class(u), graph.class(v)],
        label: labels.of(u) + labels.of(v),
        radius: power_of_two(-2),
    });
    vertices.chain(edges).collect()
}

/// f: R^k → [0, k + C(k, 2)] of [Z, Prop 3.1], with 3(n + m) neurons: a spike of height 1 for each
/// vertex, around x_c = ω, and for each edge, around x_r + x_l = ω + ω′.
///
/// Its maximum is k + C(k, 2) if the graph has a multicolored clique, else at most one less.
pub(super) fn spike_function(graph: &ColoredGraph, labels: &Labels) -> HiddenLayer {
    let mut neurons = Vec::new();
    for Stripe { inputs, label, radius } in stripes(graph, labels) {
        let slope = Rational::ONE / &radius;
        let twice = &slope + &slope;
        for (slope, shift, factor) in [
            (&slope, radius.clone(), Rational::ONE),
            (&twice, Rational::ZERO, -Rational::ONE),
            (&slope, -radius.clone(), Rational::ONE),
        ] {
            let weights = inputs.iter().map(|&input| (input, slope.clone())).collect();
            neurons.push(Neuron { weights, bias: slope * (shift - &label), factor });
        }
    }
    HiddenLayer { inputs: graph.classes(), neurons, bias: Rational::ZERO }
}

/// 1/K for K the least power of two above k(k + 1).
pub(super) fn steepness(colors: usize) -> Rational {
    let power = (colors * (colors + 1) + 1).next_power_of_two();
    Rational::ONE / Rational::from(power)
}

/// The function of R^(k+1) whose slope in its last input t counts stripes: with z_c = x_c/K + t,
/// Σ over vertices ([z_c − ω + 1/8]₊ − [z_c − ω − 1/8]₊)
/// + ½ Σ over edges ([z_r + z_l − ω_e + 1/4]₊ − [z_r + z_l − ω_e − 1/4]₊).
///
/// ∂f/∂t is k + C(k, 2) on some cell with interior if the graph has a multicolored clique, else at
/// most one less; the other derivatives have 1-norm < 1/2. So L_p ≥ k + C(k, 2), or less than
/// k + C(k, 2) − 1/2, for every p in (0, ∞].
///
/// Differs from [Z, Thm 6.2], whose construction does not prove its claim: there the derivatives
/// after x are 8 and more for every graph.
pub(super) fn step_function(graph: &ColoredGraph, labels: &Labels) -> HiddenLayer {
    let time = graph.classes();
    let steepness = steepness(graph.classes());
    let mut neurons = Vec::new();
    for Stripe { inputs, label, radius } in stripes(graph, labels) {
        let count = Rational::from(inputs.len());
        let mut weights: Vec<_> = inputs.iter().map(|&input| (input, steepness.clone())).collect();
        weights.push((time, count.clone()));
        for (shift, sign) in [(radius.clone(), Rational::ONE), (-radius, -Rational::ONE)] {
            neurons.push(Neuron {
                weights: weights.clone(),
                bias: shift - &label,
                factor: sign / &count,
            });
        }
    }
    HiddenLayer { inputs: time + 1, neurons, bias: Rational::ZERO }
}
