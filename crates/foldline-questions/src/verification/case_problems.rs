//! From a case to bounded, full-dimensional problems: emptiness, affine hull, unbounded ends.

use std::sync::Arc;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::{Atom, LinearConstraint, Network, Rational};

use super::cases::Case;
use super::counters::Counters;
use super::node::{Node, Place};
use super::perspective::outside_box;
use super::problem::Problem;
use super::region::{Bounds, Extent, extent, implicit_equalities, opposite};
use super::transform::{Transform, onto_affine_hull};
use crate::bounds::FloatNetwork;

/// All cases of a property on a network, opened one after another.
pub struct Opening<'a> {
    network: Arc<Network>,
    float: FloatNetwork,
    cases: &'a [Case],
}

/// What the opening of a case gives.
pub enum Entry {
    /// The roots of its search trees; none if the region is empty.
    Nodes(Vec<Node>),
    /// A violating point, found at once.
    Violation(Vec<Rational>),
}

/// A region in transformed coordinates, on its way to becoming problems.
#[derive(Clone)]
pub struct Piece {
    /// The network in these coordinates.
    pub network: Arc<Network>,
    /// Its floats.
    pub float: FloatNetwork,
    /// ReLU neurons with the same sign everywhere, and the signs.
    pub signs: Vec<(u32, i8)>,
    /// The region.
    pub constraints: Vec<LinearConstraint>,
    /// The clauses.
    pub clauses: Vec<Vec<Atom>>,
    /// How to get back to the original inputs, last step first.
    pub transforms: Vec<Transform>,
}

impl Piece {
    /// A case's region, in the original inputs.
    pub fn whole(
        network: &Arc<Network>,
        float: &FloatNetwork,
        region: &[LinearConstraint],
        clauses: &[Vec<Atom>],
    ) -> Self {
        Self {
            network: network.clone(),
            float: float.clone(),
            signs: float.constants.clone(),
            constraints: region.to_vec(),
            clauses: clauses.to_vec(),
            transforms: Vec::new(),
        }
    }
}

impl<'a> Opening<'a> {
    /// Prepares to open `cases` of a property of `network`.
    pub fn new(network: &Network, cases: &'a [Case]) -> Self {
        let float = FloatNetwork::new(network);
        Self { network: Arc::new(network.clone()), float, cases }
    }

    /// Number of cases.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Opens one case.
    pub fn open(&self, index: usize, counters: &Counters) -> Entry {
        let piece = self.whole(index);
        if piece.clauses.iter().any(Vec::is_empty) {
            return match region_point(&piece, counters) {
                Some(point) => Entry::Violation(point),
                None => Entry::Nodes(Vec::new()),
            };
        }
        let mut problems = Vec::new();
        prepare(piece, &mut problems, counters);
        let share = 1.0 / (self.cases.len() * problems.len().max(1)) as f64;
        let mut nodes = Vec::new();
        for (piece, problem) in problems.into_iter().enumerate() {
            counters.regions.add(1);
            let place = Place { case: index, piece };
            nodes.push(Node { place, ..Node::root(Arc::new(problem), share) });
        }
        Entry::Nodes(nodes)
    }

    /// The problems of a case that was opened by an earlier run: the same ones, nothing counted.
    pub fn problems(&self, index: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        prepare(self.whole(index), &mut problems, &Counters::default());
        problems
    }

    fn whole(&self, index: usize) -> Piece {
        let case = &self.cases[index];
        Piece::whole(&self.network, &self.float, &case.region, &case.clauses)
    }

    /// Whether no case has a point in its input region.
    pub fn is_vacuous(&self, counters: &Counters) -> bool {
        self.cases.iter().all(|case| {
            let piece = Piece::whole(&self.network, &self.float, &case.region, &[]);
            region_point(&piece, counters).is_none()
        })
    }
}

fn region_point(piece: &Piece, counters: &Counters) -> Option<Vec<Rational>> {
    counters.exact_lps.add(1);
    let dimension = piece.network.inputs();
    feasible_point(dimension, &ExactConstraint::all(dimension, &piece.constraints))
}

/// A region in coordinates in which it is not flat.
pub enum Unflattened {
    /// No point.
    Empty,
    /// One point: the piece in its last coordinates, and the point there.
    Point(Piece, Vec<Rational>),
    /// With interior: the piece in coordinates of its affine hull, and its bounding box.
    Solid(Piece, Vec<Bounds>),
}

/// Expresses a piece in coordinates of its affine hull.
pub fn unflattened(piece: Piece, counters: &Counters) -> Unflattened {
    let dimension = piece.network.inputs();
    let bounds = match extent(dimension, &piece.constraints, counters) {
        Extent::Empty => return Unflattened::Empty,
        Extent::Box(bounds) => bounds,
    };
    let equalities = implicit_equalities(dimension, &piece.constraints, &bounds, counters);
    if equalities.is_empty() {
        return Unflattened::Solid(piece, bounds);
    }
    match onto_affine_hull(&piece, &equalities, FloatNetwork::without_constants) {
        Some(piece) => unflattened(piece, counters),
        None => match single_point(dimension, &equalities) {
            Some(point) => Unflattened::Point(piece, point),
            None => Unflattened::Empty,
        },
    }
}

/// Splits a piece into problems: bounded and with interior. An empty piece gives none.
pub fn prepare(piece: Piece, problems: &mut Vec<Problem>, counters: &Counters) {
    let (piece, bounds) = match unflattened(piece, counters) {
        Unflattened::Empty => return,
        Unflattened::Solid(piece, bounds) => (piece, bounds),
        // One point stays in its own coordinates: its box has no width.
        Unflattened::Point(piece, point) => {
            let side = |value: Rational| (Some(value.clone()), Some(value));
            (piece, point.into_iter().map(side).collect())
        }
    };
    if bounds.iter().any(|(low, high)| low.is_none() || high.is_none()) {
        for part in outside_box(&piece, &bounds) {
            prepare(part, problems, counters);
        }
        return;
    }
    let bounds = bounds.into_iter().filter_map(|(low, high)| Some((low?, high?))).collect();
    problems.push(Problem::new(piece, bounds));
}

/// The solution of equations that have just one.
fn single_point(dimension: usize, equalities: &[LinearConstraint]) -> Option<Vec<Rational>> {
    let both = |equality: &LinearConstraint| [equality.clone(), opposite(equality)];
    let sides: Vec<LinearConstraint> = equalities.iter().flat_map(both).collect();
    feasible_point(dimension, &ExactConstraint::all(dimension, &sides))
}
