//! Multicolored Clique as a question about a network or a pair of zonotopes, and solutions both ways [Z, §3–6].
//!
//! A graph with k colors has a multicolored clique if and only if …
//!
//! | target | of the network f or h | |
//! | --- | --- | --- |
//! | maximum | max f = k + C(k, 2) (else at most one less) | [Z, Prop 3.1] |
//! | positivity | h > 0 somewhere, without biases | [Z, Thm 4.2] |
//! | surjectivity | h takes every value | [Z, Thm 4.5] |
//! | zero | \[h\]₊ is not the zero function | [Z, Cor 4.4] |
//! | zonotope | Z⁺ ⊄ Z⁻ with h = h_{Z⁺} − h_{Z⁻} | [Z, Thm 5.1] |
//! | Lipschitz | L_p(f) ≥ the threshold | corrected [Z, Thm 6.2], [Z, Cor 6.1] |
//!
//! Differs from the paper: [Z, Thm 4.5] fails for k = 1, as h(0, 1) = 0 there, so h gets the bias
//! −1/2 instead of 0; labels of edges are ω_r + ω_l.

mod solutions;
mod spikes;

use foldline_kernel::{Atom, ColoredGraph, Formula, Network, Property, Rational, Zonotope};

use crate::hidden_layer::HiddenLayer;
use crate::zonotope_pair::network_to_zonotopes;
pub use solutions::NoSolution;
use spikes::{Labels, spike_function, steepness, step_function, total};

/// The most vertices of a graph that is reduced: labels grow like their cube, and the time for them.
pub const MOST_VERTICES: usize = 500;

/// What a graph is reduced to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The maximum of a network with biases.
    Maximum,
    /// A positive value of a network without biases.
    Positivity,
    /// Every value of a network without biases.
    Surjectivity,
    /// A value of a network with two hidden layers that is not 0.
    Zero,
    /// A zonotope that is not contained in another.
    Zonotope,
    /// The Lipschitz constant.
    Lipschitz(LipschitzForm),
}

/// Which network has the Lipschitz constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LipschitzForm {
    /// One hidden layer, for every p in (0, ∞] at once.
    Steps,
    /// Two hidden layers: the constant is 0 without clique [Z, Cor 6.1].
    ThreeLayers,
    /// The network of [Z, Thm 6.2] as printed, which does not do what the theorem says: what
    /// separates yes from no is max |h| over the unit ball. Below p = 1 it depends on p.
    Printed {
        /// p, where it is in (0, 1).
        below_one: Option<Rational>,
    },
}

/// A reduced graph.
#[derive(Debug, Clone)]
pub struct Reduction {
    graph: ColoredGraph,
    target: Target,
    labels: Labels,
    function: HiddenLayer,
}

impl Reduction {
    /// Reduces a graph.
    ///
    /// # Panics
    /// If there are more than [`MOST_VERTICES`].
    pub fn new(graph: ColoredGraph, target: Target) -> Self {
        assert!(graph.vertices() <= MOST_VERTICES, "a graph that is too large");
        let labels = Labels::new(&graph);
        let spikes = || spike_function(&graph, &labels);
        let function = match &target {
            Target::Maximum => spikes(),
            Target::Lipschitz(LipschitzForm::Steps) => step_function(&graph, &labels),
            Target::Lipschitz(LipschitzForm::Printed { below_one }) => {
                let mut function = spikes().homogenization();
                let scale = printed_scale(graph.classes(), labels.largest(), below_one.as_ref());
                function.scale_input(graph.classes(), &scale);
                function
            }
            other => {
                let mut function = spikes();
                function.bias = offset(graph.classes(), other);
                function.homogenization()
            }
        };
        Self { graph, target, labels, function }
    }

    /// The graph.
    pub fn graph(&self) -> &ColoredGraph {
        &self.graph
    }

    /// What it is reduced to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The label ω of every vertex: where its color's input has its spike.
    pub fn labels(&self) -> &[u64] {
        &self.labels.0
    }

    /// The network.
    pub fn network(&self) -> Network {
        match self.target {
            Target::Zero | Target::Lipschitz(LipschitzForm::ThreeLayers) => {
                self.function.rectified_network()
            }
            _ => self.function.network(),
        }
    }

    /// Outer and inner zonotope: the inner one is not contained in the outer one if and only if
    /// there is a clique. `None` for the other targets.
    pub fn zonotopes(&self) -> Option<(Zonotope, Zonotope)> {
        (self.target == Target::Zonotope).then(|| {
            let pair = network_to_zonotopes(&self.function.network(), None);
            let (plus, minus) = pair.expect("one hidden layer without biases");
            (minus, plus)
        })
    }

    /// The maximum, or the least Lipschitz constant (for the printed form the least radial
    /// constant), of a graph with a clique.
    pub fn threshold(&self) -> Option<Rational> {
        let colors = self.graph.classes();
        match &self.target {
            Target::Maximum | Target::Lipschitz(LipschitzForm::Steps) => Some(total(colors)),
            // Beside the peak every spike rises: 8 of the vertex and 4 of each of k − 1 edges.
            Target::Lipschitz(LipschitzForm::ThreeLayers) => Some(Rational::from(4 * colors + 4)),
            Target::Lipschitz(LipschitzForm::Printed { .. }) => {
                Some((total(colors) - half()) * self.scale())
            }
            _ => None,
        }
    }

    /// A box that has a solution if there is a clique, so that the answer on it is that of all
    /// inputs: every spike, and for a network without biases the last input 1 (a Lipschitz constant
    /// needs a box with interior). `None` for zonotopes and the printed form.
    pub fn input_box(&self) -> Option<Vec<(Rational, Rational)>> {
        let colors = self.graph.classes();
        let top = Rational::from(self.labels.largest() + 1);
        let (side, last) = match &self.target {
            Target::Maximum => (top, None),
            Target::Positivity | Target::Surjectivity | Target::Zero => {
                (top, Some((Rational::ONE, Rational::ONE)))
            }
            Target::Lipschitz(LipschitzForm::Steps) => {
                (top / steepness(colors), Some((-Rational::ONE, Rational::ONE)))
            }
            Target::Lipschitz(LipschitzForm::ThreeLayers) => {
                (top * Rational::from(2), Some((half(), Rational::ONE + half())))
            }
            Target::Zonotope | Target::Lipschitz(LipschitzForm::Printed { .. }) => return None,
        };
        let mut sides = vec![(Rational::ZERO, side); colors];
        sides.extend(last);
        Some(sides)
    }

    /// The set that is reached if and only if there is a clique, half a unit away from where that
    /// changes; `None` where the question is none about single points.
    pub fn property(&self) -> Option<Property> {
        let colors = self.graph.classes();
        let peak = match &self.target {
            Target::Maximum => total(colors),
            Target::Positivity | Target::Surjectivity | Target::Zero => {
                total(colors) + offset(colors, &self.target)
            }
            Target::Zonotope | Target::Lipschitz(_) => return None,
        };
        let sides = self.input_box()?;
        let atom = |input, output, bound| Formula::Atom(Atom::new(input, output, bound, false));
        let mut parts = Vec::new();
        for (input, (lower, upper)) in sides.iter().enumerate() {
            parts.push(atom(vec![(input, -Rational::ONE)], vec![], -lower.clone()));
            parts.push(atom(vec![(input, Rational::ONE)], vec![], upper.clone()));
        }
        parts.push(atom(vec![], vec![(0, -Rational::ONE)], half() - peak));
        Some(Property { inputs: sides.len(), outputs: 1, formula: Formula::And(parts) })
    }

    /// ε of the printed form, else 1.
    fn scale(&self) -> Rational {
        match &self.target {
            Target::Lipschitz(LipschitzForm::Printed { below_one }) => {
                printed_scale(self.graph.classes(), self.labels.largest(), below_one.as_ref())
            }
            _ => Rational::ONE,
        }
    }
}

fn half() -> Rational {
    Rational::ONE / Rational::from(2)
}

/// The bias before homogenization: 1 − k − C(k, 2), so that only cliques are above 0.
fn offset(colors: usize, target: &Target) -> Rational {
    match target {
        Target::Surjectivity if colors == 1 => -half(),
        _ => Rational::ONE - total(colors),
    }
}

/// ε of [Z, B.7]: 1/(2k·a_n·(k + C(k, 2))), or for p < 1 with N = ⌈1/p⌉ the fraction
/// (p/(2(k + C(k, 2))))^N / (a_n·k^N).
fn printed_scale(colors: usize, largest: u64, below_one: Option<&Rational>) -> Rational {
    let two = Rational::from(2);
    let (k, a) = (Rational::from(colors), Rational::from(largest.max(1)));
    let double = two * total(colors);
    match below_one {
        None => Rational::ONE / (k * a * double),
        Some(p) => {
            let exponent = (Rational::ONE / p).ceil();
            let exponent = isize::try_from(exponent).expect("1/p of a size that can be used");
            ((p / double) / k).pow(exponent) / a
        }
    }
}
