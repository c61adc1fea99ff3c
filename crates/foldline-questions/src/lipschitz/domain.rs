//! From a region to full-dimensional domains with their norms, and to bounded patches of them.

use std::sync::Arc;

use foldline_geometry::directed::{nearest, round_down, round_up};
use foldline_geometry::{ExactConstraint, Polytope};
use foldline_kernel::{Activation, Atom, LinearConstraint, Network, Polyhedron, Rational, Region};

use super::matrix::Matrix;
use super::norm::Norm;
use super::patches::{Cone, Part, cover};
use super::ranges::Link;
use super::statement::{Exponent, Refused};
use crate::bounds::FloatNetwork;
use crate::bounds::float_network::Multiple;
use crate::verification::case_problems::Piece;
use crate::verification::counters::Counters;
use crate::verification::problem::push_enclosing;
use crate::verification::region::{Bounds, Extent, extent, implicit_equalities};
use crate::verification::transform::{Transform, onto_affine_hull};

/// A polyhedron with interior, in coordinates of its affine hull.
#[derive(Debug)]
pub struct Domain {
    /// Which polyhedron of the region it is.
    pub number: usize,
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
    /// The network in the patch's coordinates.
    pub network: Arc<Network>,
    /// Its floats; the targets are the outputs measured.
    pub float: FloatNetwork,
    /// The part in floats, outward.
    pub polytope: Polytope,
    /// Its constraints, every one strict.
    pub interior: Vec<ExactConstraint>,
    /// The derivative by the i-th hull coordinate is `factor` times this column of a row.
    pub columns: Vec<(usize, f64)>,
    /// The neuron in the patch's network of each neuron of the domain's.
    pub neurons: Vec<u32>,
    /// Whose coordinates these are; none for the domain's own.
    cone: Option<Cone>,
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

/// For each ReLU neuron the neuron of its layer that it repeats, up to the sign.
fn links(float: &FloatNetwork) -> Vec<Option<Link>> {
    let mut links = Vec::with_capacity(float.neurons);
    for layer in float.layers.iter().filter(|layer| layer.relu) {
        let first = layer.first_neuron;
        let link = |multiple: &Option<Multiple>| {
            let Multiple { row, factor } =
                multiple.filter(|multiple| multiple.factor.abs() == 1.0)?;
            Some(Link { neuron: first + row as usize, opposite: factor < 0.0 })
        };
        links.extend(layer.multiples.iter().map(link));
    }
    links
}

/// Opens one polyhedron of the region, given with its number.
pub fn open(
    network: &Arc<Network>,
    float: &FloatNetwork,
    outputs: &[usize],
    (number, polyhedron): (usize, &Polyhedron),
    p: &Exponent,
    counters: &Counters,
) -> Result<Opened, Refused> {
    let target =
        |&output: &usize| Atom::new(vec![], vec![(output, Rational::ONE)], Rational::ZERO, false);
    let targets = [outputs.iter().map(target).collect()];
    let mut piece = Piece::whole(network, float, &polyhedron.constraints, &targets);
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
        match onto_affine_hull(&piece, &equalities, FloatNetwork::new) {
            Some(smaller) => piece = smaller,
            None => {
                return Ok(Opened::Point(back(&piece.transforms, &only_point(&piece, counters))));
            }
        }
    };
    let dimension = piece.network.inputs();
    let directions = directions(&piece.transforms, dimension, network.inputs());
    let domain = Arc::new(Domain {
        number,
        original: network.clone(),
        outputs: outputs.to_vec(),
        network: piece.network.clone(),
        float: piece.float.with_targets(&piece.clauses[0]),
        interior: interior(dimension, &piece.constraints),
        norm: Norm::new(p, outputs.len(), directions)?,
        links: links(&piece.float),
        transforms: piece.transforms.clone(),
    });
    let patches = patches(&domain, &piece, &bounds, counters);
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
    piece: &Piece,
    bounds: &[Bounds],
    counters: &Counters,
) -> Vec<Arc<Patch>> {
    let parts = cover(&piece.network, &piece.constraints, bounds);
    let patch = |part: Part| patch(domain, part, &piece.clauses[0], counters);
    parts.into_iter().filter_map(patch).map(Arc::new).collect()
}

/// One patch; none where it is empty or flat, so that other patches cover its interior.
fn patch(domain: &Arc<Domain>, part: Part, targets: &[Atom], counters: &Counters) -> Option<Patch> {
    let Part { network, constraints, cone } = part;
    let dimension = network.inputs();
    let Extent::Box(bounds) = extent(dimension, &constraints, counters) else {
        return None;
    };
    if !implicit_equalities(dimension, &constraints, &bounds, counters).is_empty() {
        return None;
    }
    let side = |end: Option<&Rational>, round: fn(&Rational) -> f64| {
        round(end.expect("patches are bounded"))
    };
    let mut polytope = Polytope::new(
        bounds.iter().map(|(low, _)| side(low.as_ref(), round_down)).collect(),
        bounds.iter().map(|(_, high)| side(high.as_ref(), round_up)).collect(),
    );
    constraints.iter().filter(|c| c.coefficients.len() > 1).for_each(|constraint| {
        push_enclosing(&mut polytope, constraint);
    });
    let float = match cone {
        Some(_) => FloatNetwork::new(&network).with_targets(targets),
        None => domain.float.clone(),
    };
    Some(Patch {
        domain: domain.clone(),
        float,
        polytope,
        interior: interior(dimension, &constraints),
        columns: columns(cone.as_ref(), dimension),
        neurons: neurons(&domain.network, &network),
        network,
        cone,
    })
}

/// Where the derivatives by hull coordinates stand in a row, and what they are multiplied with.
///
/// s·z(R·y/s) has the coefficient R·∂z/∂x_j at y_j and the constant ±R·∂z/∂x_axis.
fn columns(cone: Option<&Cone>, dimension: usize) -> Vec<(usize, f64)> {
    match cone {
        Some(Cone { axis, positive, radius }) => {
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
        None => (0..dimension).map(|j| (j, 1.0)).collect(),
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
        self.cone.as_ref().map_or_else(|| point.to_vec(), |cone| cone.back(point))
    }

    /// The same in floats; none outside the patch's reach.
    pub fn float_to_domain(&self, point: &[f64]) -> Option<Vec<f64>> {
        let Some(Cone { axis, positive, radius }) = &self.cone else {
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
