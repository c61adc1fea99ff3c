//! Exact decisions on a node: which sides of a neuron its interior reaches, and a cell's point.

use foldline_geometry::exact_lp::feasible_point;
use foldline_geometry::{ExactConstraint, Polytope, Tableau};
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Integer, LinearConstraint, Rational};

use super::node::Node;
use super::ranges::Slopes;
use crate::verification::affine::{AffineRow, compose};

/// Where a neuron's pre-activation goes on the interior of a node's part.
pub enum Sides {
    /// It is a constant function, of this sign (0 counts as off): nothing to split.
    Constant(i8),
    /// Whether it is somewhere > 0, and whether somewhere < 0.
    Reached {
        /// Somewhere > 0.
        above: bool,
        /// Somewhere < 0.
        below: bool,
    },
}

/// row > 0 (`above`) or row < 0.
pub(super) fn strictly(row: &AffineRow, above: bool) -> ExactConstraint {
    let (constant, coefficients) = row.values.split_last().expect("a constant");
    let turn = |value: &Integer| if above { -value } else { value.clone() };
    ExactConstraint {
        coefficients: coefficients.iter().map(turn).collect(),
        bound: -turn(constant),
        strict: true,
        scale: row.denominator.clone(),
    }
}

pub(super) fn is_constant(row: &AffineRow) -> bool {
    let last = row.values.len() - 1;
    row.values[..last].iter().all(Integer::is_zero)
}

/// The interior of the part, and the exact pre-activation of a further neuron.
///
/// All neurons of earlier layers than any of these must have a sign. A split neuron whose
/// pre-activation is constant restricts nothing.
fn interior(node: &Node, further: Option<u32>) -> (Vec<ExactConstraint>, Option<AffineRow>) {
    let mut neurons: Vec<u32> =
        node.splits.iter().map(|&(neuron, _)| neuron).chain(further).collect();
    neurons.sort_unstable();
    neurons.dedup();
    let signs = |neuron: usize| node.known[neuron].sign;
    let (mut rows, _) = compose(&node.patch.network, signs, &neurons);
    let mut constraints = node.patch.interior.clone();
    constraints.extend(halved_box(node));
    for &(neuron, active) in &node.splits {
        let place = neurons.binary_search(&neuron).expect("it is one of them");
        if !is_constant(&rows[place]) {
            constraints.push(strictly(&rows[place], active));
        }
    }
    let place = further.and_then(|neuron| neurons.binary_search(&neuron).ok());
    (constraints, place.map(|place| rows.swap_remove(place)))
}

/// The sides of halved inputs.
fn halved_box(node: &Node) -> Vec<ExactConstraint> {
    if node.input_splits == 0 {
        return Vec::new();
    }
    let dimension = node.polytope.dimension;
    let (here, root) = (&node.polytope, &node.patch.polytope);
    let mut sides = Vec::new();
    for j in 0..dimension {
        for (value, original, sign) in
            [(here.lower[j], root.lower[j], -1i8), (here.upper[j], root.upper[j], 1)]
        {
            if value != original {
                let exact = from_f64_bits(value.to_bits()).expect("split values are finite");
                let bound = Rational::from(sign) * exact;
                let terms = vec![(j, Rational::from(sign))];
                let constraint = LinearConstraint::new(terms, bound, true);
                sides.push(ExactConstraint::new(dimension, &constraint));
            }
        }
    }
    sides
}

/// Which sides of `neuron`, of the earliest undecided layer, the part's interior reaches.
pub fn sides(node: &Node, neuron: u32, exact_lps: &mut u64) -> Sides {
    let (mut constraints, row) = interior(node, Some(neuron));
    let row = row.expect("the neuron was asked for");
    if is_constant(&row) {
        let positive = row.values.last().is_some_and(|constant| *constant > Integer::ZERO);
        return Sides::Constant(if positive { 1 } else { -1 });
    }
    let mut reached = |above: bool| {
        *exact_lps += 1;
        constraints.push(strictly(&row, above));
        let found = feasible_point(node.polytope.dimension, &constraints).is_some();
        constraints.pop();
        found
    };
    Sides::Reached { above: reached(true), below: reached(false) }
}

/// Whether exact intervals of the Jacobian show that no cell of the part is larger than `enough`,
/// which is ordered as keys are.
pub fn is_bounded_by(node: &Node, enough: &Rational) -> bool {
    let domain = &node.patch.domain;
    let sign = |neuron: usize| node.known[node.patch.neurons[neuron] as usize].sign;
    let slopes = Slopes::new(&domain.network, &domain.links, sign);
    let ranges = |&output: &usize| slopes.ranges(output, &domain.norm.functionals);
    let ranges: Vec<_> = domain.outputs.iter().map(ranges).collect();
    domain.norm.most(&ranges) <= *enough
}

/// A point of the interior of the cell that a node without undecided neurons is; none if the
/// hyperplanes leave it no interior.
pub fn interior_point(node: &Node, exact_lps: &mut u64) -> Option<Vec<Rational>> {
    let (constraints, _) = interior(node, None);
    let is_inside = |point: &Vec<Rational>| constraints.iter().all(|c| c.holds_at(point));
    let guess = middle(&node.polytope).filter(is_inside);
    guess.or_else(|| {
        *exact_lps += 1;
        feasible_point(node.polytope.dimension, &constraints)
    })
}

/// The mean of the vertices at which the coordinates are least and greatest: mostly an interior point.
fn middle(polytope: &Polytope) -> Option<Vec<Rational>> {
    let dimension = polytope.dimension;
    let (mut tableau, mut multipliers) = (Tableau::new(polytope), Vec::new());
    if !tableau.restore(&mut multipliers) {
        return None;
    }
    let (mut sum, mut vertex) = (vec![0.0; dimension], vec![0.0; dimension]);
    for (j, sign) in (0..dimension).flat_map(|j| [(j, 1.0), (j, -1.0)]) {
        let mut gradient = vec![0.0; dimension];
        gradient[j] = sign;
        tableau.minimize(&gradient, &mut multipliers);
        tableau.vertex(polytope, &mut vertex);
        sum.iter_mut().zip(&vertex).for_each(|(sum, value)| *sum += value);
    }
    let exact = |value: &f64| from_f64_bits((value / (2 * dimension) as f64).to_bits()).ok();
    sum.iter().map(exact).collect()
}
