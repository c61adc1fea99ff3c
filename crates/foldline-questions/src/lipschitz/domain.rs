//! From a region to full-dimensional domains with their norms, and to bounded patches of them.

use std::sync::Arc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::directed::nearest;
use foldline_kernel::{Activation, Atom, LinearConstraint, Network, Polyhedron, Rational, Region};

use super::matrix::Matrix;
use super::norm::Norm;
use super::ranges::{Link, links};
use super::statement::{Exponent, Refused};
use crate::bounds::FloatNetwork;
use crate::verification::case_problems::Piece;
use crate::verification::counters::Counters;
use crate::verification::problem::Problem;
use crate::verification::region::{Bounds, Extent, extent, implicit_equalities};
use crate::verification::transform::{Transform, onto_affine_hull, outside_box};

/// A polyhedron with interior, in coordinates of its affine hull.
#[derive(Debug)]
pub struct Domain {
    /// The network in the original coordinates.
    pub original: Arc<Network>,
    /// The outputs that are measured.
    pub outputs: Vec<usize>,
    /// The network in hull coordinates.
    pub network: Arc<Network>,
    /// Its floats, with one target an output measured.
    pub float: FloatNetwork,
    /// The polyhedron in hull coordinates, every constraint strict: its interior.
    pub interior: Vec<ExactConstraint>,
    /// How to measure a Jacobian.
    pub norm: Norm,
    /// Which of its neurons repeat earlier ones.
    pub links: Vec<Option<Link>>,
    transforms: Vec<Transform>,
}

/// A bounded part of a domain, possibly in other coordinates, in which the search works.
#[derive(Debug)]
pub struct Patch {
    /// The domain.
    pub domain: Arc<Domain>,
    /// The part with the transformed network; its targets are the outputs measured.
    pub problem: Problem,
    /// Its constraints, every one strict.
    pub interior: Vec<ExactConstraint>,
    /// The derivative by the i-th hull coordinate is `factor` times this column of a row.
    pub columns: Vec<(usize, f64)>,
    /// The neuron in the patch's network of each neuron of the domain's.
    pub neurons: Vec<u32>,
    /// From the patch's coordinates to the domain's.
    transform: Option<Transform>,
}

/// What a polyhedron of the region turns out to be.
pub enum Opened {
    /// No point.
    Empty,
    /// One point.
    Point(Vec<Rational>),
    /// The interior of this, and the patches that cover it.
    Domain(Arc<Domain>, Vec<Arc<Patch>>),
}

fn interior(dimension: usize, constraints: &[LinearConstraint]) -> Vec<ExactConstraint> {
    let proper = constraints.iter().filter(|constraint| !constraint.coefficients.is_empty());
    proper
        .map(|constraint| ExactConstraint {
            strict: true,
            ..ExactConstraint::new(dimension, constraint)
        })
        .collect()
}

/// The polyhedra of a region (none: all of R^d).
pub fn polyhedra(network: &Network, region: Option<&Region>) -> Vec<Polyhedron> {
    region.cloned().unwrap_or_else(|| Region::everything(network.inputs())).pieces
}

/// Opens one polyhedron.
pub fn open(
    network: &Arc<Network>,
    float: &FloatNetwork,
    outputs: &[usize],
    polyhedron: &Polyhedron,
    p: &Exponent,
    counters: &Counters,
) -> Result<Opened, Refused> {
    let target =
        |&output: &usize| Atom::new(vec![], vec![(output, Rational::ONE)], Rational::ZERO, false);
    let mut piece = Piece {
        network: network.clone(),
        float: float.clone(),
        constraints: polyhedron.constraints.clone(),
        clauses: vec![outputs.iter().map(target).collect()],
        transforms: Vec::new(),
    };
    let bounds = loop {
        let dimension = piece.network.inputs();
        let bounds = match extent(dimension, &piece.constraints, counters) {
            Extent::Empty => return Ok(Opened::Empty),
            Extent::Box(bounds) => bounds,
        };
        let equalities = implicit_equalities(dimension, &piece.constraints, &bounds, counters);
        if equalities.is_empty() {
            break bounds;
        }
        match onto_affine_hull(&piece, &equalities) {
            Some(smaller) => piece = smaller,
            None => {
                return Ok(Opened::Point(back(&piece.transforms, &only_point(&piece, counters))));
            }
        }
    };
    let dimension = piece.network.inputs();
    let directions = directions(&piece.transforms, dimension, network.inputs());
    let domain = Arc::new(Domain {
        original: network.clone(),
        outputs: outputs.to_vec(),
        network: piece.network.clone(),
        float: piece.float.with_targets(&piece.clauses[0]),
        interior: interior(dimension, &piece.constraints),
        norm: Norm::new(p, outputs.len(), directions)?,
        links: links(&piece.network),
        transforms: piece.transforms.clone(),
    });
    let patches = patches(&domain, piece, &bounds, counters);
    Ok(Opened::Domain(domain, patches))
}

/// A point of a piece that has only one.
fn only_point(piece: &Piece, counters: &Counters) -> Vec<Rational> {
    let dimension = piece.network.inputs();
    let exact: Vec<ExactConstraint> = piece
        .constraints
        .iter()
        .map(|constraint| ExactConstraint::new(dimension, constraint))
        .collect();
    counters.exact_lps.add(1);
    foldline_geometry::exact_lp::feasible_point(dimension, &exact).expect("the region has a point")
}

fn back(transforms: &[Transform], point: &[Rational]) -> Vec<Rational> {
    transforms.iter().rev().fold(point.to_vec(), |point, step| step.back(&point))
}

/// The images of the unit vectors of hull coordinates under the linear part of `transforms`.
fn directions(transforms: &[Transform], dimension: usize, inputs: usize) -> Matrix {
    let origin = back(transforms, &vec![Rational::ZERO; dimension]);
    let image = |k: usize| {
        let mut unit = vec![Rational::ZERO; dimension];
        unit[k] = Rational::ONE;
        back(transforms, &unit).iter().zip(&origin).map(|(x, o)| x - o).collect::<Vec<_>>()
    };
    let directions: Matrix = (0..dimension).map(image).collect();
    debug_assert!(directions.iter().all(|direction| direction.len() == inputs));
    directions
}

/// Bounded patches with interior that cover the domain.
fn patches(
    domain: &Arc<Domain>,
    piece: Piece,
    bounds: &[Bounds],
    counters: &Counters,
) -> Vec<Arc<Patch>> {
    let is_bounded = bounds.iter().all(|(low, high)| low.is_some() && high.is_some());
    let parts = if is_bounded { vec![piece] } else { outside_box(&piece, bounds) };
    parts.into_iter().filter_map(|part| patch(domain, part, counters)).map(Arc::new).collect()
}

/// One patch; none where it is empty or flat, so that other patches cover its interior.
fn patch(domain: &Arc<Domain>, part: Piece, counters: &Counters) -> Option<Patch> {
    let dimension = part.network.inputs();
    let Extent::Box(bounds) = extent(dimension, &part.constraints, counters) else {
        return None;
    };
    if !implicit_equalities(dimension, &part.constraints, &bounds, counters).is_empty() {
        return None;
    }
    let bounds: Vec<(Rational, Rational)> =
        bounds.into_iter().filter_map(|(low, high)| Some((low?, high?))).collect();
    assert_eq!(bounds.len(), dimension, "patches are bounded");
    let extra = part.transforms.len() - domain.transforms.len();
    let transform = (extra > 0).then(|| part.transforms[part.transforms.len() - 1].clone());
    let columns = columns(transform.as_ref(), dimension);
    let interior = interior(dimension, &part.constraints);
    let neurons = neurons(&domain.network, &part.network);
    let Piece { network, float, constraints, clauses, transforms } = part;
    let problem =
        Problem::new(network, &float, &constraints, bounds, &clauses, Vec::new(), transforms);
    Some(Patch { domain: domain.clone(), problem, interior, columns, neurons, transform })
}

/// Where the derivatives by hull coordinates stand in a row, and what they are multiplied with.
///
/// s·z(R·y/s) has the coefficient R·∂z/∂x_j at y_j and the constant ±R·∂z/∂x_axis.
fn columns(transform: Option<&Transform>, dimension: usize) -> Vec<(usize, f64)> {
    match transform {
        Some(Transform::Perspective { axis, positive, radius }) => {
            // A radius beyond the floats makes every bound infinite.
            let factor = 1.0 / nearest(radius);
            let factor = if factor.is_normal() { factor } else { f64::NAN };
            let column = |j: usize| match j.cmp(axis) {
                std::cmp::Ordering::Less => (j, factor),
                std::cmp::Ordering::Equal => (dimension, if *positive { factor } else { -factor }),
                std::cmp::Ordering::Greater => (j - 1, factor),
            };
            (0..dimension).map(column).collect()
        }
        _ => (0..dimension).map(|j| (j, 1.0)).collect(),
    }
}

/// The neurons of `patch` that are those of `domain`, which may have fewer a layer.
fn neurons(domain: &Network, patch: &Network) -> Vec<u32> {
    let mut neurons = Vec::new();
    let mut first = 0;
    for (ours, theirs) in domain.layers().iter().zip(patch.layers()) {
        if ours.activation == Activation::Relu {
            neurons.extend((0..ours.rows.len()).map(|row| (first + row) as u32));
            first += theirs.rows.len();
        }
    }
    neurons
}

impl Patch {
    /// A point in the domain's coordinates.
    pub fn to_domain(&self, point: &[Rational]) -> Vec<Rational> {
        self.transform.as_ref().map_or_else(|| point.to_vec(), |step| step.back(point))
    }

    /// The same in floats; none outside the patch's reach.
    pub fn float_to_domain(&self, point: &[f64]) -> Option<Vec<f64>> {
        let Some(Transform::Perspective { axis, positive, radius }) = &self.transform else {
            return Some(point.to_vec());
        };
        let (&s, y) = point.split_last()?;
        let scale = nearest(radius) / s;
        let mut result: Vec<f64> = y.iter().map(|value| value * scale).collect();
        result.insert(*axis, if *positive { scale } else { -scale });
        result.iter().all(|value| value.is_finite()).then_some(result)
    }
}

impl Domain {
    /// A point in the original coordinates.
    pub fn to_original(&self, point: &[Rational]) -> Vec<Rational> {
        back(&self.transforms, point)
    }
}
