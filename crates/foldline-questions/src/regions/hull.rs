//! The affine hull of a region, and the pieces that have interior points in it.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_geometry::integer::{eliminate, make_primitive};
use foldline_kernel::{Integer, LinearConstraint, Polyhedron, Rational, Region};

/// A k-dimensional flat {base + Σ t_j directions_j : t ∈ R^k}.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hull {
    /// The point at t = 0.
    pub base: Vec<Rational>,
    /// Independent integer vectors; the unit vectors for all of R^d.
    pub directions: Vec<Vec<Integer>>,
}

impl Hull {
    /// All of R^dimension.
    pub fn everything(dimension: usize) -> Self {
        let unit = |j: usize| (0..dimension).map(|i| Integer::from(u8::from(i == j))).collect();
        let directions = (0..dimension).map(unit).collect();
        Self { base: vec![Rational::ZERO; dimension], directions }
    }

    /// The function Σ coefficients·x + constant in the coordinates t: constant first.
    pub fn pulled_back(
        &self,
        coefficients: &[(usize, Rational)],
        constant: &Rational,
    ) -> Vec<Rational> {
        let at_base = foldline_kernel::linear::dot(coefficients, &self.base) + constant;
        let along = |direction: &Vec<Integer>| {
            coefficients.iter().fold(Rational::ZERO, |sum, (j, a)| {
                if direction[*j].is_zero() { sum } else { sum + a * &direction[*j] }
            })
        };
        [at_base].into_iter().chain(self.directions.iter().map(along)).collect()
    }
}

/// The hull of a region, and its pieces of the hull's dimension; none if the region is empty.
///
/// Pieces of a smaller dimension have no interior points in the hull, so no cell of theirs counts.
pub fn hull(region: &Region) -> Option<(Hull, Vec<&Polyhedron>)> {
    let mut flats = Vec::new();
    for piece in &region.pieces {
        if let Some((point, directions)) = flat(piece) {
            flats.push((piece, point, directions));
        }
    }
    let (_, base, _) = flats.first()?;
    let base = base.clone();
    let mut span = Span::default();
    for (_, point, directions) in &flats {
        directions.iter().for_each(|direction| span.add(direction.clone()));
        let apart: Vec<Rational> = point.iter().zip(&base).map(|(a, b)| a - b).collect();
        span.add(foldline_kernel::network::over_common_denominator(&apart).0);
    }
    let dimension = span.rows.len();
    let full = flats.iter().filter(|(_, _, directions)| directions.len() == dimension);
    let full = full.map(|(piece, _, _)| *piece).collect();
    if dimension == region.dimension {
        return Some((Hull::everything(dimension), full));
    }
    Some((Hull { base, directions: span.rows.into_iter().map(|(_, row)| row).collect() }, full))
}

/// A basis in echelon form.
#[derive(Default)]
struct Span {
    rows: Vec<(usize, Vec<Integer>)>,
}

impl Span {
    fn add(&mut self, mut row: Vec<Integer>) {
        for (column, pivot) in &self.rows {
            eliminate(&mut row, pivot, *column).expect("big integers do not overflow");
        }
        make_primitive(&mut row).expect("big integers do not overflow");
        if let Some(column) = row.iter().position(|value| !value.is_zero()) {
            self.rows.push((column, row));
        }
    }
}

/// A point of a polyhedron, and the directions of its affine hull; none if it is empty.
fn flat(piece: &Polyhedron) -> Option<(Vec<Rational>, Vec<Vec<Integer>>)> {
    let dimension = piece.dimension;
    let exact: Vec<ExactConstraint> =
        piece.constraints.iter().map(|c| ExactConstraint::new(dimension, c)).collect();
    let strict_where = |strict: &dyn Fn(usize) -> bool| -> Vec<ExactConstraint> {
        let constraints = exact.iter().enumerate();
        let with = |(index, constraint): (usize, &ExactConstraint)| ExactConstraint {
            strict: constraint.strict || strict(index),
            ..constraint.clone()
        };
        constraints.map(with).collect()
    };
    let has_normal = |index: usize| !piece.constraints[index].coefficients.is_empty();
    if let Some(point) = feasible_point(dimension, &strict_where(&has_normal)) {
        return Some((point, Hull::everything(dimension).directions));
    }
    let point = feasible_point(dimension, &exact)?;
    let is_equality = |&index: &usize| {
        has_normal(index)
            && is_tight(&piece.constraints[index], &point)
            && feasible_point(dimension, &strict_where(&|other| other == index)).is_none()
    };
    let mut equalities = Span::default();
    for index in (0..exact.len()).filter(is_equality) {
        equalities.add(exact[index].coefficients.clone());
    }
    Some((point, null_space(&equalities.rows, dimension)))
}

fn is_tight(constraint: &LinearConstraint, point: &[Rational]) -> bool {
    foldline_kernel::linear::dot(&constraint.coefficients, point) == constraint.bound
}

/// A basis of the vectors orthogonal to echelon rows.
fn null_space(rows: &[(usize, Vec<Integer>)], dimension: usize) -> Vec<Vec<Integer>> {
    let mut reduced = rows.to_vec();
    for index in 0..reduced.len() {
        let (column, pivot) = reduced[index].clone();
        for (_, row) in reduced[..index].iter_mut() {
            eliminate(row, &pivot, column).expect("big integers do not overflow");
        }
    }
    let is_pivot = |column: &usize| reduced.iter().any(|(pivot, _)| pivot == column);
    let vector = |free: usize| {
        let mut vector = vec![Rational::ZERO; dimension];
        vector[free] = Rational::ONE;
        for (column, row) in &reduced {
            vector[*column] =
                -Rational::from(row[free].clone()) / Rational::from(row[*column].clone());
        }
        foldline_kernel::network::over_common_denominator(&vector).0
    };
    (0..dimension).filter(|column| !is_pivot(column)).map(vector).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(dimension: usize, constraints: &[(&[i32], i32)]) -> Polyhedron {
        let constraint = |(coefficients, bound): &(&[i32], i32)| {
            let terms = coefficients.iter().enumerate().map(|(j, &a)| (j, Rational::from(a)));
            LinearConstraint::new(terms.collect(), Rational::from(*bound), false)
        };
        Polyhedron { dimension, constraints: constraints.iter().map(constraint).collect() }
    }

    #[test]
    fn flat_pieces_span_a_hull() {
        // The segment from (0, 0) to (1, 1), and the point (2, 2).
        let segment = piece(2, &[(&[1, -1], 0), (&[-1, 1], 0), (&[1, 0], 1), (&[-1, 0], 0)]);
        let point = piece(2, &[(&[1, 0], 2), (&[-1, 0], -2), (&[0, 1], 2), (&[0, -1], -2)]);
        let nothing = piece(2, &[(&[1, 0], 0), (&[-1, 0], -1)]);
        let region = Region { dimension: 2, pieces: vec![nothing, segment, point] };
        let (found, pieces) = hull(&region).unwrap();
        assert_eq!((found.directions.len(), pieces.len()), (1, 1));
        assert_eq!(found.directions[0][0], found.directions[0][1]);
        let empty = Region { dimension: 2, pieces: region.pieces[..1].to_vec() };
        assert!(hull(&empty).is_none());
    }

    #[test]
    fn two_crossing_segments_have_no_interior_in_the_plane() {
        let across = piece(2, &[(&[0, 1], 0), (&[0, -1], 0)]);
        let up = piece(2, &[(&[1, 0], 0), (&[-1, 0], 0)]);
        let region = Region { dimension: 2, pieces: vec![across, up] };
        let (found, pieces) = hull(&region).unwrap();
        assert_eq!((found.directions.len(), pieces.len()), (2, 0));
    }
}
