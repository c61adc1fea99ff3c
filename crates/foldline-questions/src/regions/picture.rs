//! The cells of a network on a plane as polygons, to be looked at.
//!
//! The polygons are those of the exact walk; their corners are rounded to floats at the end.

use std::collections::HashMap;

use foldline_geometry::ExactConstraint;
use foldline_geometry::arrangements::{Arrangement, Cell, Numbers};
use foldline_geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline_kernel::{Integer, LinearConstraint, Network, Polyhedron, Rational, Region};

use super::collect::map;
use super::hull::{Hull, hull};
use super::layered::LayeredNetwork;
use super::search::{Collect, Done, Options, Shared, walk_all};
use super::{CountError, Outcome};

/// One cell in the picture.
#[derive(Debug, Clone, PartialEq)]
pub struct Polygon {
    /// Its corners in order.
    pub corners: Vec<[f64; 2]>,
    /// The number of its affine map.
    pub map: usize,
}

/// Cells of a network where two inputs vary.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    /// The inputs that vary: to the right, and upward.
    pub axes: [usize; 2],
    /// The values of the other inputs (and of these two somewhere).
    pub base: Vec<Rational>,
    /// What is shown, on each axis from where to where.
    pub window: [[Rational; 2]; 2],
    /// Whether the region goes on beyond the window.
    pub goes_on: bool,
    /// The cells, in an order that does not depend on the number of threads.
    pub cells: Vec<Polygon>,
    /// For each affine map and output: the constant, and the coefficients of the two inputs.
    pub maps: Vec<Vec<[f64; 3]>>,
}

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// No count could be begun.
    #[error(transparent)]
    Count(#[from] CountError),
    /// No interior points.
    #[error("the region is empty or has no interior points in its affine hull: nothing to draw")]
    Empty,
    /// Other than two inputs vary.
    #[error(
        "a picture is of two inputs, but {} of them vary: {}", .0.len(),
        if .0.len() > 2 { "fix all but two, as with --slice 2=0,3=1/2" } else { "there is no plane" }
    )]
    NoPlane(Vec<usize>),
    /// Two inputs vary, but not freely.
    #[error("the region lies on a line: there is no plane to draw")]
    Line,
    /// Too many polygons.
    #[error("there are more than {0} cells to draw: choose a smaller region")]
    TooMany(usize),
}

/// Draws the cells of the network (of all outputs, or one) on a region in which two inputs vary.
///
/// The others must be fixed by the region. Where it is unbounded, a window around the vertices is
/// shown. At most `most` cells are drawn.
///
/// # Errors
/// See [`PictureError`].
pub fn draw(
    network: &Network,
    output: Option<usize>,
    region: &Region,
    options: &Options,
    most: usize,
) -> Result<Outcome<Picture>, PictureError> {
    let (flat, pieces) =
        hull(region).filter(|found| !found.1.is_empty()).ok_or(PictureError::Empty)?;
    let axes = axes(&flat)?;
    let pieces: Vec<Polyhedron> = pieces.into_iter().cloned().collect();
    let ends = axes.map(|axis| ends(&pieces, axis));
    let goes_on = ends.iter().flatten().any(Option::is_none);
    let window = if goes_on {
        match vertices(network, output, (&flat, &pieces), options, most)? {
            Outcome::Counted(points) => {
                let inside = feasible_point(region.dimension, &closed(&pieces[0]));
                let inside = inside.expect("the piece has points");
                [0, 1].map(|k| around(&points, k, &inside[axes[k]], &ends[k]))
            }
            Outcome::Undecided { limit, cells } => return Ok(Outcome::Undecided { limit, cells }),
        }
    } else {
        ends.map(|ends| ends.map(|end| end.expect("bounded")))
    };
    let shown = Region {
        dimension: region.dimension,
        pieces: pieces.iter().map(|piece| cut_off(piece, axes, &window)).collect(),
    };
    let (flat, pieces) =
        hull(&shown).filter(|found| !found.1.is_empty()).ok_or(PictureError::Empty)?;
    let layered = LayeredNetwork::new(network, output, &flat, &pieces);
    let frame = Frame { axes, hull: &flat };
    let cells = match collect(&layered, options, most, |cell| frame.corners(cell))? {
        Outcome::Counted(cells) => cells,
        Outcome::Undecided { limit, cells } => return Ok(Outcome::Undecided { limit, cells }),
    };
    let mut picture = Picture {
        axes,
        base: flat.base.clone(),
        window,
        goes_on,
        cells: Vec::new(),
        maps: Vec::new(),
    };
    let mut numbers: HashMap<Numbers, usize> = HashMap::new();
    for (corners, function) in cells {
        let next = numbers.len();
        let number = *numbers.entry(function.clone()).or_insert(next);
        if number == next {
            picture.maps.push(match layered.has_neurons() {
                true => frame.coefficients(&function, &layered.map_scale()),
                false => frame.affine(network, output),
            });
        }
        picture.cells.push(Polygon { corners, map: number });
    }
    Ok(Outcome::Counted(picture))
}

/// The two inputs that vary on a hull.
fn axes(hull: &Hull) -> Result<[usize; 2], PictureError> {
    let varies = |&j: &usize| hull.directions.iter().any(|direction| !direction[j].is_zero());
    let varying: Vec<usize> = (0..hull.base.len()).filter(varies).collect();
    match (varying.as_slice(), hull.directions.len()) {
        (&[first, second], 2) => Ok([first, second]),
        ([_, _], _) => Err(PictureError::Line),
        _ => Err(PictureError::NoPlane(varying)),
    }
}

fn closed(piece: &Polyhedron) -> Vec<ExactConstraint> {
    let closed = |constraint| ExactConstraint {
        strict: false,
        ..ExactConstraint::new(piece.dimension, constraint)
    };
    piece.constraints.iter().map(closed).collect()
}

/// How far the pieces reach along an axis, down and up; none without an end.
fn ends(pieces: &[Polyhedron], axis: usize) -> [Option<Rational>; 2] {
    let end = |sign: i32| {
        let farthest = |piece: &Polyhedron| {
            let mut objective = vec![Integer::ZERO; piece.dimension];
            objective[axis] = sign.into();
            match maximize(piece.dimension, &closed(piece), &objective) {
                ExactOutcome::Optimal { value, .. } => Some(value),
                _ => None,
            }
        };
        let all: Option<Vec<Rational>> = pieces.iter().map(farthest).collect();
        all.and_then(|all| all.into_iter().max()).map(|value| value * Rational::from(sign))
    };
    [end(-1), end(1)]
}

/// The vertices of all cells.
fn vertices(
    network: &Network,
    output: Option<usize>,
    (hull, pieces): (&Hull, &[Polyhedron]),
    options: &Options,
    most: usize,
) -> Result<Outcome<Vec<[f64; 2]>>, PictureError> {
    let pieces: Vec<&Polyhedron> = pieces.iter().collect();
    let layered = LayeredNetwork::new(network, output, hull, &pieces);
    if !layered.spans {
        return Ok(Outcome::Counted(Vec::new()));
    }
    let frame = Frame { axes: axes(hull)?, hull };
    let found = collect(&layered, options, most, |cell| frame.corners(cell))?;
    Ok(match found {
        Outcome::Counted(cells) => {
            Outcome::Counted(cells.into_iter().flat_map(|(corners, _)| corners).collect())
        }
        Outcome::Undecided { limit, cells } => Outcome::Undecided { limit, cells },
    })
}

/// A window on an axis that has most points, with round ends; given ends stay.
fn around(
    points: &[[f64; 2]],
    axis: usize,
    inside: &Rational,
    ends: &[Option<Rational>; 2],
) -> [Rational; 2] {
    let mut values: Vec<f64> = points.iter().map(|point| point[axis]).collect();
    values.sort_by(f64::total_cmp);
    // Vertices far out, of nearly parallel lines, would make the rest too small to see.
    let rare = values.len() / 10;
    let middle = inside.to_f64().value();
    let (low, high) = match (values.get(rare), values.get(values.len().saturating_sub(rare + 1))) {
        (Some(&low), Some(&high)) => (low.min(middle), high.max(middle)),
        _ => (middle, middle),
    };
    let room = if high > low { 0.5 * (high - low) } else { 1.0 + low.abs() };
    let step = (room.log10().floor() as i32).clamp(-250, 250);
    let round = |value: f64, up: bool| {
        let steps = value / 10f64.powi(step);
        let steps = (if up { steps.ceil() } else { steps.floor() }).clamp(-1e15, 1e15) as i64;
        let power = Rational::from(Integer::from(10).pow(step.unsigned_abs() as usize));
        if step < 0 { Rational::from(steps) / power } else { Rational::from(steps) * power }
    };
    let ends = [
        ends[0].clone().unwrap_or_else(|| round(low - room, false)),
        ends[1].clone().unwrap_or_else(|| round(high + room, true)),
    ];
    if ends[0] < ends[1] {
        return ends;
    }
    [inside - Rational::ONE, inside + Rational::ONE]
}

/// The part of a piece inside the window.
fn cut_off(piece: &Polyhedron, axes: [usize; 2], window: &[[Rational; 2]; 2]) -> Polyhedron {
    let mut constraints = piece.constraints.clone();
    for (axis, [low, high]) in axes.into_iter().zip(window) {
        let side = |sign: i32, bound: Rational| {
            LinearConstraint::new(vec![(axis, Rational::from(sign))], bound, false)
        };
        constraints.push(side(-1, -low.clone()));
        constraints.push(side(1, high.clone()));
    }
    Polyhedron { dimension: piece.dimension, constraints }
}

type Drawn = (Vec<[f64; 2]>, Numbers);

/// All cells with their corners and maps, sorted.
fn collect(
    layered: &LayeredNetwork,
    options: &Options,
    most: usize,
    corners: impl Fn(&mut dyn Cell) -> Vec<[f64; 2]> + Sync,
) -> Result<Outcome<Vec<Drawn>>, PictureError> {
    let shared = Shared::new(options, Done::default());
    let (found, limit) = walk_all(layered, &shared, || Corners {
        layered,
        corners: &corners,
        most,
        shared: &shared,
        cells: Vec::new(),
    });
    let mut cells: Vec<Drawn> = found.into_iter().flat_map(|corners| corners.cells).collect();
    if cells.len() > most {
        return Err(PictureError::TooMany(most));
    }
    if let Some(limit) = limit {
        return Ok(Outcome::Undecided { limit, cells: shared.cells() });
    }
    // Neighbours may share their first corner: only all corners make the order that of one thread.
    cells.sort_by(|(a, _), (b, _)| {
        let pairs = a.iter().flatten().zip(b.iter().flatten());
        let first = pairs.map(|(a, b)| a.total_cmp(b)).find(|order| order.is_ne());
        first.unwrap_or(a.len().cmp(&b.len()))
    });
    Ok(Outcome::Counted(cells))
}

struct Corners<'c, 'o, F> {
    layered: &'c LayeredNetwork,
    corners: &'c F,
    most: usize,
    shared: &'c Shared<'o>,
    cells: Vec<Drawn>,
}

impl<F: Fn(&mut dyn Cell) -> Vec<[f64; 2]> + Sync> Collect for Corners<'_, '_, F> {
    fn only_counts(&self) -> bool {
        false
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        if self.cells.len() > self.most {
            self.shared.end();
            return;
        }
        let function = map(self.layered, cell, self.layered.levels());
        self.cells.push(((self.corners)(cell), function));
    }
}

/// The plane of the picture.
struct Frame<'h> {
    axes: [usize; 2],
    hull: &'h Hull,
}

impl Frame<'_> {
    /// The vertices of a cell in order around it, from the least one on.
    fn corners(&self, cell: &mut dyn Cell) -> Vec<[f64; 2]> {
        let generators = cell.generators();
        let finite = generators.iter().filter(|generator| generator[0] > Integer::ZERO);
        let mut corners: Vec<[f64; 2]> = finite.map(|generator| self.place(generator)).collect();
        let count = corners.len() as f64;
        let middle = [0, 1].map(|k| corners.iter().map(|corner| corner[k] / count).sum::<f64>());
        let angle = |corner: &[f64; 2]| (corner[1] - middle[1]).atan2(corner[0] - middle[0]);
        corners.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
        let first = (0..corners.len()).min_by(|&a, &b| {
            corners[a][0].total_cmp(&corners[b][0]).then(corners[a][1].total_cmp(&corners[b][1]))
        });
        corners.rotate_left(first.unwrap_or(0));
        corners
    }

    /// The two inputs at a vertex of the walk.
    fn place(&self, vertex: &[Integer]) -> [f64; 2] {
        self.axes.map(|axis| {
            let terms = self.hull.directions.iter().zip(&vertex[1..]);
            let moved = terms.fold(Integer::ZERO, |sum, (direction, t)| sum + &direction[axis] * t);
            let moved = Rational::from(moved) / Rational::from(vertex[0].clone());
            (&self.hull.base[axis] + moved).to_f64().value()
        })
    }

    /// A map of the walk: each output as constant and coefficients of the two inputs.
    fn coefficients(&self, map: &Numbers, scale: &Integer) -> Vec<[f64; 3]> {
        let numbers = match map {
            Numbers::Small(values) => values.len(),
            Numbers::Wide(values) => values.len(),
        };
        let scale = Rational::from(scale.clone());
        let rows = (0..numbers / 3).map(|output| {
            let row = map.integers(output, 3);
            self.in_inputs([0, 1, 2].map(|k| Rational::from(row[k].clone()) / &scale))
        });
        rows.collect()
    }

    /// The same for a network without neurons, from three of its values.
    fn affine(&self, network: &Network, output: Option<usize>) -> Vec<[f64; 3]> {
        let at = |moved: Option<&Vec<Integer>>| {
            let base = self.hull.base.iter().enumerate();
            let point: Vec<Rational> = base
                .map(|(j, x)| moved.map_or(x.clone(), |v| x + Rational::from(v[j].clone())))
                .collect();
            network.evaluate(&point).output
        };
        let [base, first, second] =
            [at(None), at(self.hull.directions.first()), at(self.hull.directions.last())];
        let outputs = output.map_or(0..base.len(), |output| output..output + 1);
        let row = |k: usize| [base[k].clone(), &first[k] - &base[k], &second[k] - &base[k]];
        outputs.map(|k| self.in_inputs(row(k))).collect()
    }

    /// A function of the hull's coordinates as one of the two inputs.
    fn in_inputs(&self, [constant, first, second]: [Rational; 3]) -> [f64; 3] {
        // The derivatives in t are those in x along the two directions: Cramer's rule.
        let [a, b] = [0, 1]
            .map(|i| self.axes.map(|axis| Rational::from(self.hull.directions[i][axis].clone())));
        let determinant = &a[0] * &b[1] - &a[1] * &b[0];
        let x = (&first * &b[1] - &second * &a[1]) / &determinant;
        let y = (&second * &a[0] - &first * &b[0]) / &determinant;
        let [base_x, base_y] = self.axes.map(|axis| &self.hull.base[axis]);
        let constant = constant - &x * base_x - &y * base_y;
        [constant, x, y].map(|value| value.to_f64().value())
    }
}
