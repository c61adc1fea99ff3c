//! Networks with at most one layer of ReLUs: zero on a polyhedron exactly if their merged kinks vanish.
//!
//! With h₁, …, h_k the different hyperplanes of the neurons (scaled to one form each), every output
//! is ℓ(x) + Σ c_i·[h_i(x)]₊ with ℓ affine, since [g·h]₊ = g·[h]₊ for g > 0 and |g|·([h]₊ − h) for
//! g < 0. A hyperplane with c_i ≠ 0 that meets the interior of the region leaves a kink that no
//! other term cancels; all others are affine on the region, and then ℓ with those must be 0.

use std::collections::BTreeMap;
use std::sync::Arc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::interrupt::{self, EXACT};
use foldline_kernel::{Activation, LinearConstraint, Network, Polyhedron, Rational};

use super::generic::{beside_kink, step_inside};
use crate::bounds::FloatNetwork;
use crate::verification::case_problems::{Piece, Unflattened, unflattened};
use crate::verification::counters::Counters;
use crate::verification::transform::original;

/// An affine function: one coefficient an input, then the constant.
pub type Affine = Vec<Rational>;

/// A network with at most one layer of ReLUs, in the form of the page's first lines.
pub struct Shallow {
    /// ℓ of each output.
    pub affine: Vec<Affine>,
    /// The hyperplanes h, first nonzero coefficient 1, with each output's kink c.
    pub kinks: BTreeMap<Affine, Vec<Rational>>,
}

/// The value of an affine function.
pub fn value_at(function: &[Rational], point: &[Rational]) -> Rational {
    let (constant, coefficients) = function.split_last().expect("a constant");
    let terms = coefficients.iter().zip(point).map(|(a, x)| a * x);
    terms.fold(constant.clone(), |sum, term| sum + term)
}

fn add_multiple(sum: &mut Affine, factor: &Rational, function: &[Rational]) {
    interrupt::count(EXACT / 2 * function.len());
    sum.iter_mut().zip(function).for_each(|(value, term)| *value += factor * term);
}

impl Shallow {
    /// Whether the network has at most one layer of ReLUs.
    pub fn fits(network: &Network) -> bool {
        let relus = network.layers().iter().filter(|layer| layer.activation == Activation::Relu);
        relus.count() <= 1
    }

    /// None if the network has more than one layer of ReLUs.
    pub fn new(network: &Network) -> Option<Self> {
        let layers = network.layers();
        let is_relu = |index: &usize| layers[*index].activation == Activation::Relu;
        let relus: Vec<usize> = (0..layers.len()).filter(is_relu).collect();
        let dimension = network.inputs();
        let unit = |size: usize, j: usize| {
            interrupt::count(size);
            (0..=size).map(|i| Rational::from(u8::from(i == j))).collect::<Affine>()
        };
        let inputs: Vec<Affine> = (0..dimension).map(|j| unit(dimension, j)).collect();
        match relus[..] {
            [] => {
                let affine = composed(network, 0..layers.len(), inputs);
                Some(Self { affine, kinks: BTreeMap::new() })
            }
            [relu] => {
                let hidden = composed(network, 0..relu + 1, inputs);
                let width = hidden.len();
                let values: Vec<Affine> = (0..width).map(|j| unit(width, j)).collect();
                let outputs = composed(network, relu + 1..layers.len(), values);
                Some(Self::merged(dimension, &hidden, &outputs))
            }
            _ => None,
        }
    }

    fn merged(dimension: usize, hidden: &[Affine], outputs: &[Affine]) -> Self {
        let constant = |output: &Affine| {
            let mut affine = vec![Rational::ZERO; dimension + 1];
            affine[dimension] = output[hidden.len()].clone();
            affine
        };
        let mut affine: Vec<Affine> = outputs.iter().map(constant).collect();
        let mut kinks: BTreeMap<Affine, Vec<Rational>> = BTreeMap::new();
        for (neuron, row) in hidden.iter().enumerate() {
            let leading = row[..dimension].iter().find(|value| !value.is_zero());
            let weights = outputs.iter().map(|output| &output[neuron]);
            let Some(factor) = leading.cloned() else {
                if row[dimension] > Rational::ZERO {
                    affine.iter_mut().zip(weights).for_each(|(sum, w)| add_multiple(sum, w, row));
                }
                continue;
            };
            let plane: Affine = row.iter().map(|value| value / &factor).collect();
            let size = if factor < Rational::ZERO { -factor.clone() } else { factor.clone() };
            let sums = kinks.entry(plane).or_insert(vec![Rational::ZERO; outputs.len()]);
            for ((sum, kink), weight) in affine.iter_mut().zip(sums).zip(weights) {
                *kink += weight * &size;
                if factor < Rational::ZERO {
                    add_multiple(sum, weight, row);
                }
            }
        }
        Self { affine, kinks }
    }
}

/// The rows of a range of layers, ReLUs left out, composed with affine functions.
fn composed(network: &Network, layers: std::ops::Range<usize>, below: Vec<Affine>) -> Vec<Affine> {
    let length = below.first().map_or(1, Vec::len);
    network.layers()[layers].iter().fold(below, |values, layer| {
        let row = |row: &foldline_kernel::network::RationalRow| {
            let mut sum = vec![Rational::ZERO; length];
            sum[length - 1] = row.bias.clone();
            row.weights.iter().for_each(|(j, weight)| add_multiple(&mut sum, weight, &values[*j]));
            sum
        };
        layer.rational_rows().iter().map(row).collect()
    })
}

/// A point of the polyhedron where one of `outputs` is not 0, in polynomial time; none if all are
/// 0 on it.
///
/// # Panics
/// If the network has more than one layer of ReLUs.
pub fn nonzero_on(
    network: &Network,
    polyhedron: &Polyhedron,
    outputs: &[usize],
    counters: &Counters,
) -> Option<Vec<Rational>> {
    let (shared, float) = (Arc::new(network.clone()), FloatNetwork::new(network));
    let piece = Piece::whole(&shared, &float, &polyhedron.constraints, &[]);
    let differs = |piece: &Piece, point: &[Rational]| {
        let values = piece.network.evaluate(point).output;
        outputs.iter().any(|&output| values[output] != Rational::ZERO)
    };
    match unflattened(piece, counters) {
        Unflattened::Empty => None,
        Unflattened::Point(piece, point) => {
            differs(&piece, &point).then(|| original(&piece.transforms, &point))
        }
        Unflattened::Solid(piece, _) => {
            let shallow = Shallow::new(&piece.network).expect("at most one layer of ReLUs");
            let candidates = candidates(shallow, &piece, outputs, counters);
            let point = candidates.into_iter().find(|point| differs(&piece, point))?;
            Some(original(&piece.transforms, &point))
        }
    }
}

/// Points of the interior, one of which shows that the outputs are not all 0, unless they are.
fn candidates(
    shallow: Shallow,
    piece: &Piece,
    outputs: &[usize],
    counters: &Counters,
) -> Vec<Vec<Rational>> {
    let dimension = piece.network.inputs();
    let strict = |old: &LinearConstraint| {
        let constraint = LinearConstraint { strict: true, ..old.clone() };
        ExactConstraint::new(dimension, &constraint)
    };
    let has_terms = |constraint: &&LinearConstraint| !constraint.coefficients.is_empty();
    let constraints = piece.constraints.iter().filter(has_terms);
    let interior: Vec<ExactConstraint> = constraints.map(strict).collect();
    counters.exact_lps.add(1);
    let inner = feasible_point(dimension, &interior).expect("the piece has an interior");
    let Shallow { mut affine, kinks } = shallow;
    for &output in outputs {
        for (plane, kink) in kinks.iter().filter(|(_, kink)| !kink[output].is_zero()) {
            counters.exact_lps.add(1);
            if let Some(point) = feasible_point(dimension, &with_plane(&interior, plane)) {
                let bent =
                    |(plane, kink): (_, &Vec<Rational>)| (!kink[output].is_zero()).then_some(plane);
                let planes: Vec<&Affine> = kinks.iter().filter_map(bent).collect();
                return beside_kink(&interior, &planes, plane, point);
            }
            if value_at(plane, &inner) > Rational::ZERO {
                add_multiple(&mut affine[output], &kink[output], plane);
            }
        }
        if let Some(axis) = affine[output][..dimension].iter().position(|a| !a.is_zero()) {
            let mut direction = vec![Rational::ZERO; dimension];
            direction[axis] = Rational::ONE;
            return vec![step_inside(&interior, &[], &inner, &direction), inner];
        }
        if !affine[output][dimension].is_zero() {
            return vec![inner];
        }
    }
    Vec::new()
}

/// The interior's constraints and plane = 0.
fn with_plane(interior: &[ExactConstraint], plane: &[Rational]) -> Vec<ExactConstraint> {
    let (constant, coefficients) = plane.split_last().expect("a constant");
    let side = |sign: i8| {
        let sign = Rational::from(sign);
        let terms = coefficients.iter().map(|value| &sign * value).enumerate().collect();
        let constraint = LinearConstraint::new(terms, -(&sign * constant), false);
        ExactConstraint::new(coefficients.len(), &constraint)
    };
    interior.iter().cloned().chain([side(1), side(-1)]).collect()
}
