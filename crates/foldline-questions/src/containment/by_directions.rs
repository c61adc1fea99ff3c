//! What the directions that both zonotopes share say about the scale, without any search.
//!
//! If every direction of A is one of B, then h_A ≤ s·h_B, s being the greatest quotient of lengths; and that is
//! attained if some function vanishes on all directions whose quotient is less. So a zonotope
//! in a multiple of itself, which touches it with every facet, is settled at once.

use std::collections::HashMap;

use foldline_geometry::zonotopes::Span;
use foldline_kernel::{Integer, Rational};

use super::problem::{Best, Problem};

/// Whether no ratio is greater than the best, which may be improved.
pub fn settles(problem: &Problem, best: &Best) -> bool {
    let (outer, inner) = problem.columns.vectors.split_at(problem.columns.directions);
    let places: HashMap<&Vec<Integer>, usize> =
        outer.iter().enumerate().map(|(place, vector)| (vector, place)).collect();
    let mut quotients = vec![Rational::ZERO; outer.len()];
    for (vector, length) in inner.iter().zip(problem.inner.exact()) {
        let Some(&place) = places.get(vector) else { return false };
        let own = Rational::from(problem.outer.exact()[place].clone());
        quotients[place] = Rational::from(length.clone()) / own;
    }
    let Some(greatest) = quotients.iter().max() else { return false };
    let less = outer.iter().zip(&quotients).filter(|(_, quotient)| *quotient < greatest);
    let less: Vec<Vec<Integer>> = less.map(|(vector, _)| vector.clone()).collect();
    // A function that vanishes there but not everywhere: B has full rank.
    if let Some(normal) = Span::new(problem.rank, &less).equations.first() {
        problem.consider(best, normal);
    }
    *greatest <= best.ratio()
}
