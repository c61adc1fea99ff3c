//! Separation by several hyperplanes: is one set of points an intersection of K half-spaces away from another [T, Def 4.1]?
//!
//! Wanted are affine functions h_1, …, h_K that are all positive at every point with label 1,
//! and of which one is ≤ 0 at each point with label 0. Each function excludes some points with label 0; the sets that
//! one function can exclude are listed, and K of them must cover all.
//!
//! Differs from the paper: "< 0" and "≤ 0" at label 0 are the same question (shift the
//! hyperplane a little), and no points with label 1, or none with label 0, are ordinary (yes).

pub mod hard_sorting;
pub mod proof;

use foldline_geometry::Dichotomies;
use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{Feasibility, feasibility};
use foldline_kernel::{LinearConstraint, Rational};

use crate::training::groups::homogeneous_rows;

/// A hyperplane normal·x = offset, with a normal that is not zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hyperplane {
    /// The normal.
    pub normal: Vec<Rational>,
    /// The offset.
    pub offset: Rational,
}

impl Hyperplane {
    /// Whether normal·x > offset.
    pub fn has_above(&self, point: &[Rational]) -> bool {
        let value = self.normal.iter().zip(point).fold(Rational::ZERO, |sum, (a, x)| sum + a * x);
        value > self.offset
    }
}

/// Hyperplanes with every point of `inside` above all of them and every point of `outside` not
/// above one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Separation {
    /// There are.
    Yes(Vec<Hyperplane>),
    /// There are none.
    No,
    /// The search was stopped.
    Stopped,
}

/// Decides whether `planes` hyperplanes separate `inside` from `outside`, points of R^dimension.
///
/// # Panics
/// If `planes` or the dimension is 0, or a point has another dimension.
pub fn separate(
    dimension: usize,
    inside: &[Vec<Rational>],
    outside: &[Vec<Rational>],
    planes: usize,
    stop: &dyn Fn() -> bool,
) -> Separation {
    assert!(planes > 0 && dimension > 0, "no hyperplanes, or no space");
    let (mut inside, mut outside) = (inside.to_vec(), outside.to_vec());
    for points in [&mut inside, &mut outside] {
        points.sort();
        points.dedup();
    }
    if outside.iter().any(|point| inside.binary_search(point).is_ok()) {
        return Separation::No;
    }
    let all: Vec<Vec<Rational>> = inside.iter().chain(&outside).cloned().collect();
    let rows = homogeneous_rows(dimension, &all);
    let slices: Vec<&[_]> = rows.iter().map(Vec::as_slice).collect();
    let Some(tree) = Dichotomies::new(&slices, inside.len(), stop) else {
        return Separation::Stopped;
    };
    let sets = maximal(excluded_sets(&tree, inside.len(), outside.len()));
    let mut chosen = Vec::new();
    let covered = vec![0u64; outside.len().div_ceil(64)];
    match cover(&sets, &covered, outside.len(), planes, &mut chosen, stop) {
        Some(true) => {}
        Some(false) => return Separation::No,
        None => return Separation::Stopped,
    }
    chosen.resize(planes, None);
    let hyperplane = |set: Option<usize>| {
        let bit =
            |index: usize| set.is_some_and(|set| sets[set][index / 64] >> (index % 64) & 1 == 1);
        let excluded: Vec<&Vec<Rational>> =
            (0..outside.len()).filter(|&index| bit(index)).map(|index| &outside[index]).collect();
        between(dimension, &inside, &excluded)
    };
    Separation::Yes(chosen.into_iter().map(hyperplane).collect())
}

/// The sets of outside points, as bits, at which an affine function that is positive inside can be negative.
fn excluded_sets(tree: &Dichotomies, inside: usize, outside: usize) -> Vec<Vec<u64>> {
    let mut node = Dichotomies::ROOT;
    for _ in 0..inside {
        match tree.child(node, true) {
            Some(child) => node = child,
            None => return Vec::new(),
        }
    }
    let mut sets = Vec::new();
    let mut stack = vec![(node, 0, vec![0u64; outside.div_ceil(64)])];
    while let Some((node, depth, set)) = stack.pop() {
        if depth == outside {
            sets.push(set);
            continue;
        }
        if let Some(child) = tree.child(node, true) {
            stack.push((child, depth + 1, set.clone()));
        }
        if let Some(child) = tree.child(node, false) {
            let mut set = set;
            set[depth / 64] |= 1 << (depth % 64);
            stack.push((child, depth + 1, set));
        }
    }
    sets
}

/// The sets that no other one contains.
fn maximal(mut sets: Vec<Vec<u64>>) -> Vec<Vec<u64>> {
    let size = |set: &Vec<u64>| set.iter().map(|word| word.count_ones()).sum::<u32>();
    sets.sort_by_key(|set| std::cmp::Reverse(size(set)));
    let mut kept: Vec<Vec<u64>> = Vec::new();
    for set in sets {
        let contained = |other: &Vec<u64>| set.iter().zip(other).all(|(a, b)| a & !b == 0);
        if !kept.iter().any(contained) {
            kept.push(set);
        }
    }
    kept
}

/// Whether `left` more sets cover what is not covered; they are added to `chosen`.
fn cover(
    sets: &[Vec<u64>],
    covered: &[u64],
    count: usize,
    left: usize,
    chosen: &mut Vec<Option<usize>>,
    stop: &dyn Fn() -> bool,
) -> Option<bool> {
    if stop() {
        return None;
    }
    let open = |index: &usize| covered[index / 64] >> (index % 64) & 1 == 0;
    let contains = |set: &[u64], index: usize| set[index / 64] >> (index % 64) & 1 == 1;
    let choices = |index: &usize| sets.iter().filter(|set| contains(set, *index)).count();
    let Some(point) = (0..count).filter(open).min_by_key(choices) else {
        return Some(true);
    };
    if left == 0 {
        return Some(false);
    }
    for (number, set) in sets.iter().enumerate().filter(|(_, set)| contains(set, point)) {
        let next: Vec<u64> = covered.iter().zip(set).map(|(a, b)| a | b).collect();
        chosen.push(Some(number));
        if cover(sets, &next, count, left - 1, chosen, stop)? {
            return Some(true);
        }
        chosen.pop();
    }
    Some(false)
}

/// A hyperplane with `inside` strictly above it and `excluded` strictly below.
fn between(dimension: usize, inside: &[Vec<Rational>], excluded: &[&Vec<Rational>]) -> Hyperplane {
    // Variables: the normal, then the offset.
    let constraint = |point: &[Rational], sign: i8| {
        let sign = Rational::from(sign);
        let mut terms: Vec<(usize, Rational)> =
            point.iter().map(|x| x * &sign).enumerate().collect();
        terms.push((dimension, -sign));
        ExactConstraint::new(dimension + 1, &LinearConstraint::new(terms, -Rational::ONE, false))
    };
    let above = inside.iter().map(|point| constraint(point, -1));
    let below = excluded.iter().map(|point| constraint(point, 1));
    let constraints: Vec<ExactConstraint> = above.chain(below).collect();
    let Feasibility::Point(mut point) = feasibility(dimension + 1, &constraints) else {
        unreachable!("the dichotomy is realised by some affine function");
    };
    let offset = point.pop().expect("an offset");
    let mut hyperplane = Hyperplane { normal: point, offset };
    if hyperplane.normal.iter().all(|value| *value == Rational::ZERO) {
        // All points are on one side: a hyperplane beyond the first coordinates does it too.
        hyperplane.normal[0] = Rational::ONE;
        let first = inside.iter().chain(excluded.iter().copied()).map(|point| point[0].clone());
        hyperplane.offset = if excluded.is_empty() {
            first.min().unwrap_or(Rational::ZERO) - Rational::ONE
        } else {
            first.max().unwrap_or(Rational::ZERO) + Rational::ONE
        };
    }
    hyperplane
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rational(values: &[i32]) -> Vec<Rational> {
        values.iter().map(|&value| value.into()).collect()
    }

    /// Whether one hyperplane has `inside` above and the outside points in `set` below.
    fn one_does(inside: &[Vec<Rational>], outside: &[Vec<Rational>], set: u32) -> bool {
        let constraint = |point: &Vec<Rational>, sign: i8| {
            let sign = Rational::from(sign);
            let mut terms: Vec<_> = point.iter().map(|x| x * &sign).enumerate().collect();
            terms.push((2, -sign));
            ExactConstraint::new(3, &LinearConstraint::new(terms, -Rational::ONE, false))
        };
        let mut all: Vec<ExactConstraint> =
            inside.iter().map(|point| constraint(point, -1)).collect();
        let chosen = outside.iter().enumerate().filter(|(index, _)| set >> index & 1 == 1);
        all.extend(chosen.map(|(_, point)| constraint(point, 1)));
        matches!(feasibility(3, &all), Feasibility::Point(_))
    }

    proptest! {
        #[test]
        fn two_planes_against_all_splits(
            inside in proptest::collection::vec(proptest::collection::vec(-3i32..4, 2), 0..5),
            outside in proptest::collection::vec(proptest::collection::vec(-3i32..4, 2), 0..6),
            planes in 1usize..3,
        ) {
            let inside: Vec<_> = inside.iter().map(|point| rational(point)).collect();
            let outside: Vec<_> = outside.iter().map(|point| rational(point)).collect();
            let all = (1u32 << outside.len()) - 1;
            let works = |set: u32| one_does(&inside, &outside, set);
            let expected = if planes == 1 {
                works(all)
            } else {
                (0..=all).any(|set| works(set) && works(all & !set))
            };
            match separate(2, &inside, &outside, planes, &|| false) {
                Separation::Yes(found) => {
                    prop_assert!(expected && found.len() == planes);
                    for plane in &found {
                        prop_assert!(plane.normal.iter().any(|value| *value != Rational::ZERO));
                        prop_assert!(inside.iter().all(|point| plane.has_above(point)));
                    }
                    let beaten = |point: &Vec<Rational>| found.iter().any(|plane| !plane.has_above(point));
                    prop_assert!(outside.iter().all(beaten));
                }
                Separation::No => prop_assert!(!expected),
                Separation::Stopped => prop_assert!(false),
            }
        }
    }
}
