//! Bounded patches that cover an unbounded domain: a box, and for each open end the cone outside it.

use std::sync::Arc;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Layer, LinearConstraint, Network, Rational};

use crate::verification::region::Bounds;

/// The points whose coordinate `axis` is the largest, beyond ±R: x = R·y/s with y_axis = ±1, in
/// coordinates (y without y_axis, s), s in (0, 1] and the other |y_j| ≤ 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cone {
    /// The coordinate of largest magnitude.
    pub axis: usize,
    /// Whether it is positive.
    pub positive: bool,
    /// The radius R, a power of two.
    pub radius: Rational,
}

/// One part of the cover, in coordinates of its own.
#[derive(Debug, Clone)]
pub struct Part {
    /// The network in these coordinates; on a cone s·f(R·y/s), which has the same signs.
    pub network: Arc<Network>,
    /// The part.
    pub constraints: Vec<LinearConstraint>,
    /// Whose coordinates they are; none for the domain's own.
    pub cone: Option<Cone>,
}

/// A sparse affine function in new coordinates: terms and constant.
type Terms = (Vec<(usize, Rational)>, Rational);

/// Covers {constraints}, whose coordinates have these bounds.
pub fn cover(
    network: &Arc<Network>,
    constraints: &[LinearConstraint],
    bounds: &[Bounds],
) -> Vec<Part> {
    let mut radius = power_of_two(1);
    for bound in bounds.iter().flat_map(|(low, high)| [low, high]).flatten() {
        let magnitude = if *bound < Rational::ZERO { -bound.clone() } else { bound.clone() };
        while radius <= magnitude {
            radius *= Rational::from(256);
        }
    }
    let mut parts = Vec::new();
    let mut inner =
        Part { network: network.clone(), constraints: constraints.to_vec(), cone: None };
    for (axis, (low, high)) in bounds.iter().enumerate() {
        for (side, positive) in [(high, true), (low, false)] {
            if side.is_none() {
                let terms = vec![(axis, Rational::from(if positive { 1 } else { -1 }))];
                inner.constraints.push(LinearConstraint::new(terms, radius.clone(), false));
                let cone = Cone { axis, positive, radius: radius.clone() };
                parts.push(cone.part(network, constraints));
            }
        }
    }
    parts.push(inner);
    parts
}

impl Cone {
    fn edge(&self) -> Rational {
        if self.positive { Rational::ONE } else { -Rational::ONE }
    }

    /// The domain's coordinates of a point.
    pub fn back(&self, point: &[Rational]) -> Vec<Rational> {
        let (s, y) = point.split_last().expect("s is the last coordinate");
        let mut old: Vec<Rational> = y.iter().map(|y| &self.radius * y / s).collect();
        old.insert(self.axis, &self.radius * self.edge() / s);
        old
    }

    /// a·x scaled by s, which is R·a·y.
    fn scaled(&self, terms: &[(usize, Rational)]) -> Terms {
        let mut constant = Rational::ZERO;
        let mut scaled = Vec::new();
        for (j, value) in terms {
            match j.cmp(&self.axis) {
                std::cmp::Ordering::Less => scaled.push((*j, value * &self.radius)),
                std::cmp::Ordering::Equal => constant = value * &self.radius * self.edge(),
                std::cmp::Ordering::Greater => scaled.push((j - 1, value * &self.radius)),
            }
        }
        (scaled, constant)
    }

    fn part(self, network: &Network, constraints: &[LinearConstraint]) -> Part {
        let last = network.inputs() - 1;
        let constraint = |old: &LinearConstraint| {
            let (mut terms, constant) = self.scaled(&old.coefficients);
            terms.push((last, -old.bound.clone()));
            LinearConstraint::new(terms, -constant, old.strict)
        };
        let mut own: Vec<LinearConstraint> = constraints.iter().map(constraint).collect();
        // Without variables 0 ≤ bound is left, which says nothing where it is true.
        own.retain(|constraint| !(constraint.coefficients.is_empty() && constraint.holds_at(&[])));
        let bound = |j: usize, factor: i8, bound: i8, strict: bool| {
            let terms = vec![(j, Rational::from(factor))];
            LinearConstraint::new(terms, Rational::from(bound), strict)
        };
        for j in 0..last {
            own.extend([bound(j, 1, 1, false), bound(j, -1, 1, false)]);
        }
        own.extend([bound(last, 1, 1, false), bound(last, -1, 0, true)]);
        Part { network: Arc::new(self.homogenized(network)), constraints: own, cone: Some(self) }
    }

    /// s·f(R·y/s): every layer but the last hands s on.
    fn homogenized(&self, network: &Network) -> Network {
        let dimension = network.inputs();
        let count = network.layers().len();
        let mut width = dimension;
        let mut layers = Vec::new();
        for (index, layer) in network.layers().iter().enumerate() {
            let s = if index == 0 { dimension - 1 } else { width };
            let homogeneous = |row: RationalRow| {
                let (mut weights, bias) = match index {
                    0 => self.scaled(&row.weights),
                    _ => (row.weights, Rational::ZERO),
                };
                weights.push((s, row.bias));
                RationalRow { weights, bias }
            };
            let mut rows: Vec<RationalRow> =
                layer.rational_rows().into_iter().map(homogeneous).collect();
            if index + 1 < count {
                let weights = vec![(s, Rational::ONE)];
                rows.push(RationalRow { weights, bias: Rational::ZERO });
            }
            let inputs = if index == 0 { dimension } else { width + 1 };
            layers.push(Layer::new(inputs, &rows, layer.activation));
            width = layer.rows.len();
        }
        Network::new(dimension, layers).expect("the layers still fit")
    }
}
