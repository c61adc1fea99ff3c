//! Definitions taken literally: all sign vectors with an exact LP each, all subsets with elimination.

use std::collections::BTreeSet;

use foldline_geometry::exact_lp::{ExactConstraint, ExactOutcome, feasible_point, maximize};
use foldline_geometry::zonotopes::Span;
use foldline_geometry::zonotopes::segments::primitive;
use foldline_kernel::{Integer, Natural, Rational, Zonotope};

/// The points of all sign vectors that some u realises strictly at the generators that are not zero.
pub fn vertex_set(zonotope: &Zonotope) -> BTreeSet<Vec<Rational>> {
    let zero = |generator: &&Vec<Rational>| !generator.iter().all(Rational::is_zero);
    let generators: Vec<&Vec<Rational>> = zonotope.generators.iter().filter(zero).collect();
    let mut vertices = BTreeSet::new();
    for signs in 0..1u32 << generators.len() {
        let positive = |index: usize| signs >> index & 1 == 1;
        let constraint = |(index, generator): (usize, &&Vec<Rational>)| {
            let (direction, _) = primitive(generator).expect("not zero");
            let first = generator.iter().find(|value| !value.is_zero()).expect("not zero");
            let turned = positive(index) == (*first > Rational::ZERO);
            let coefficients = direction.iter().map(|p| if turned { -p } else { p.clone() });
            ExactConstraint {
                coefficients: coefficients.collect(),
                bound: Integer::ZERO,
                strict: true,
                scale: Natural::ONE,
            }
        };
        let constraints: Vec<_> = generators.iter().enumerate().map(constraint).collect();
        if feasible_point(zonotope.dimension(), &constraints).is_some() {
            let mut point = zonotope.center.clone();
            for (index, generator) in generators.iter().enumerate() {
                for (sum, value) in point.iter_mut().zip(*generator) {
                    if positive(index) { *sum += value } else { *sum -= value }
                }
            }
            vertices.insert(point);
        }
    }
    vertices
}

pub fn span(zonotope: &Zonotope) -> Span {
    let directions: Vec<Vec<Integer>> =
        zonotope.generators.iter().filter_map(|g| primitive(g).map(|(p, _)| p)).collect();
    Span::new(zonotope.dimension(), &directions)
}

/// All subsets of `count` indices of so many elements.
pub fn subsets(elements: usize, count: usize) -> Vec<Vec<usize>> {
    (0..1u32 << elements)
        .filter(|set| set.count_ones() as usize == count)
        .map(|set| (0..elements).filter(|index| set >> index & 1 == 1).collect())
        .collect()
}

/// Facets in the given coordinates: normals of all (r−1)-subsets of rank r−1, with supports.
pub fn facet_set(zonotope: &Zonotope, coordinates: &[usize]) -> BTreeSet<(Vec<Integer>, Rational)> {
    let rank = coordinates.len();
    let mut facets = BTreeSet::new();
    if rank == 0 {
        return facets;
    }
    let pick = |vector: &Vec<Rational>| coordinates.iter().map(|&i| vector[i].clone()).collect();
    let generators: Vec<Vec<Rational>> = zonotope.generators.iter().map(pick).collect();
    let restricted = Zonotope { center: pick(&zonotope.center), generators };
    for subset in subsets(restricted.generators.len(), rank - 1) {
        let vectors: Vec<Vec<Integer>> = subset
            .iter()
            .filter_map(|&index| primitive(&restricted.generators[index]).map(|(p, _)| p))
            .collect();
        let span = Span::new(rank, &vectors);
        if let [normal] = span.equations.as_slice() {
            let opposite: Vec<Integer> = normal.iter().map(|entry| -entry).collect();
            for normal in [normal.clone(), opposite] {
                let direction: Vec<Rational> = normal.iter().cloned().map(Rational::from).collect();
                facets.insert((normal, restricted.support(&direction)));
            }
        }
    }
    facets
}

/// 2^d Σ |det| over all d-subsets, by elimination.
pub fn determinant_sum(zonotope: &Zonotope) -> Rational {
    let dimension = zonotope.dimension();
    let mut sum = Rational::ZERO;
    for subset in subsets(zonotope.generators.len(), dimension) {
        let matrix = subset.iter().map(|&index| zonotope.generators[index].clone()).collect();
        let value = determinant(matrix);
        sum += if value < Rational::ZERO { -value } else { value };
    }
    sum * Rational::from(1u32 << dimension)
}

fn determinant(mut matrix: Vec<Vec<Rational>>) -> Rational {
    let mut value = Rational::ONE;
    for column in 0..matrix.len() {
        let Some(row) = (column..matrix.len()).find(|&row| !matrix[row][column].is_zero()) else {
            return Rational::ZERO;
        };
        if row != column {
            matrix.swap(row, column);
            value = -value;
        }
        value *= &matrix[column][column];
        for below in column + 1..matrix.len() {
            let factor = &matrix[below][column] / &matrix[column][column];
            for index in column..matrix.len() {
                let change = &factor * &matrix[column][index];
                matrix[below][index] -= change;
            }
        }
    }
    value
}

/// The least s with point = Σ β_i v_i and |β_i| ≤ s, as a linear program in β and s.
pub fn gauge_by_lp(vectors: &[Vec<Integer>], point: &[Integer]) -> Option<Rational> {
    let count = vectors.len();
    let row = |coefficients: Vec<Integer>, bound: Integer| ExactConstraint {
        coefficients,
        bound,
        strict: false,
        scale: Natural::ONE,
    };
    let mut constraints = Vec::new();
    for (coordinate, value) in point.iter().enumerate() {
        for sign in [1, -1] {
            let mut coefficients: Vec<Integer> =
                vectors.iter().map(|vector| &vector[coordinate] * sign).collect();
            coefficients.push(Integer::ZERO);
            constraints.push(row(coefficients, value * Integer::from(sign)));
        }
    }
    for index in 0..=count {
        for sign in [1, -1] {
            let mut coefficients = vec![Integer::ZERO; count + 1];
            coefficients[index] = Integer::from(if index < count { sign } else { 0 });
            coefficients[count] = Integer::from(-1);
            constraints.push(row(coefficients, Integer::ZERO));
        }
    }
    let mut objective = vec![Integer::ZERO; count + 1];
    objective[count] = Integer::from(-1);
    match maximize(count + 1, &constraints, &objective) {
        ExactOutcome::Optimal { value, .. } => Some(-value),
        _ => None,
    }
}
