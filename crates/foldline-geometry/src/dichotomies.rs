//! All dichotomies that an affine function makes of ordered points, as a tree of partial ones.

use std::cmp::Ordering;

use foldline_kernel::Integer;
use foldline_kernel::number::UnsignedAbs;

/// No child: no affine function does that.
const NONE: u32 = u32::MAX;

/// A tree whose nodes at depth i are the dichotomies of the first i points.
///
/// A dichotomy is here a set of points where some affine function is positive, and negative at
/// the others: a cell of the central arrangement that the points (x, 1) have as normals. Their
/// closures cover all affine functions.
#[derive(Debug, Clone, Default)]
pub struct Dichotomies {
    children: Vec<[u32; 2]>,
}

/// A vertex of a cell within the cube [−1, 1]^n: coordinates and a positive denominator.
#[derive(Debug, Clone)]
struct Vertex {
    numbers: Vec<Integer>,
    /// The constraints that hold with equality.
    tight: Vec<u64>,
}

impl Dichotomies {
    /// The tree for points given as rows (x, 1), no two of them equal, at the first `forced` of
    /// which the affine function must be positive. `None` if `stop` said so.
    pub fn new(rows: &[&[Integer]], forced: usize, stop: &dyn Fn() -> bool) -> Option<Self> {
        let dimension = rows.first().map_or(1, |row| row.len());
        let mut tree = Self::default();
        let cube = cube(dimension, rows.len());
        let growth = Growth { rows, forced, n: dimension, stop };
        tree.grow(&growth, 0, cube)?;
        Some(tree)
    }

    /// The node before any point is decided.
    pub const ROOT: u32 = 0;

    /// The node after the next point is decided, if some affine function does that.
    pub fn child(&self, node: u32, on: bool) -> Option<u32> {
        let child = self.children[node as usize][usize::from(on)];
        (child != NONE).then_some(child)
    }

    fn grow(&mut self, growth: &Growth<'_>, depth: usize, cell: Vec<Vertex>) -> Option<u32> {
        let own = self.children.len() as u32;
        if own == NONE || (growth.stop)() {
            return None;
        }
        self.children.push([NONE; 2]);
        let Some(row) = growth.rows.get(depth) else {
            return Some(own);
        };
        let values: Vec<Integer> =
            cell.iter().map(|vertex| product(row, &vertex.numbers)).collect();
        let any = |side: Ordering| values.iter().any(|value| value.cmp(&Integer::ZERO) == side);
        let crosses = any(Ordering::Less) && any(Ordering::Greater);
        for (index, side) in [(0, Ordering::Less), (1, Ordering::Greater)] {
            if !any(side) || depth < growth.forced && side == Ordering::Less {
                continue;
            }
            let inside = if crosses {
                clip(&cell, &values, side, 2 * growth.n + depth, growth.n)
            } else {
                cell.clone()
            };
            let child = self.grow(growth, depth + 1, inside)?;
            self.children[own as usize][index] = child;
        }
        Some(own)
    }
}

/// What stays the same while a tree grows.
struct Growth<'a> {
    rows: &'a [&'a [Integer]],
    forced: usize,
    n: usize,
    stop: &'a dyn Fn() -> bool,
}

fn product(row: &[Integer], numbers: &[Integer]) -> Integer {
    row.iter().zip(numbers).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
}

/// The cube's vertices; constraint j is x_j ≤ 1, constraint n + j is −x_j ≤ 1.
fn cube(n: usize, points: usize) -> Vec<Vertex> {
    let words = (2 * n + points).div_ceil(64);
    (0..1usize << n)
        .map(|signs| {
            let mut tight = vec![0u64; words];
            let mut numbers = Vec::with_capacity(n + 1);
            for j in 0..n {
                let upper = signs >> j & 1 == 1;
                let constraint = if upper { j } else { n + j };
                tight[constraint / 64] |= 1 << (constraint % 64);
                numbers.push(if upper { Integer::ONE } else { -Integer::ONE });
            }
            numbers.push(Integer::ONE);
            Vertex { numbers, tight }
        })
        .collect()
}

/// The part of a full-dimensional cell on one side of a hyperplane that cuts it.
fn clip(
    cell: &[Vertex],
    values: &[Integer],
    side: Ordering,
    constraint: usize,
    n: usize,
) -> Vec<Vertex> {
    let mut kept = Vec::with_capacity(cell.len() + 2);
    let sign = |index: usize| values[index].cmp(&Integer::ZERO);
    for (index, vertex) in cell.iter().enumerate() {
        if sign(index) != side.reverse() {
            let mut vertex = vertex.clone();
            if sign(index) == Ordering::Equal {
                vertex.tight[constraint / 64] |= 1 << (constraint % 64);
            }
            kept.push(vertex);
        }
    }
    for first in (0..cell.len()).filter(|&index| sign(index) == side) {
        for second in (0..cell.len()).filter(|&index| sign(index) == side.reverse()) {
            let common: Vec<u64> =
                cell[first].tight.iter().zip(&cell[second].tight).map(|(a, b)| a & b).collect();
            if is_edge(cell, first, second, &common, n) {
                kept.push(crossing(
                    (&cell[first], &values[first]),
                    (&cell[second], &values[second]),
                    common,
                    constraint,
                ));
            }
        }
    }
    kept
}

/// Whether no vertex but two has all the constraints tight that these have in common.
fn is_edge(cell: &[Vertex], first: usize, second: usize, common: &[u64], n: usize) -> bool {
    let count: u32 = common.iter().map(|word| word.count_ones()).sum();
    count as usize + 1 >= n
        && !cell.iter().enumerate().any(|(index, vertex)| {
            index != first
                && index != second
                && vertex.tight.iter().zip(common).all(|(own, word)| own & word == *word)
        })
}

/// The point of an edge where the value is 0.
fn crossing(
    (first, first_value): (&Vertex, &Integer),
    (second, second_value): (&Vertex, &Integer),
    mut tight: Vec<u64>,
    constraint: usize,
) -> Vertex {
    let mut numbers: Vec<Integer> = first
        .numbers
        .iter()
        .zip(&second.numbers)
        .map(|(a, b)| a * second_value - b * first_value)
        .collect();
    let mut divisor = foldline_kernel::Natural::ZERO;
    for value in &numbers {
        divisor = greatest_common_divisor(divisor, value.clone().unsigned_abs());
    }
    let mut divisor = Integer::from(divisor);
    if numbers.last().is_some_and(|last| *last < Integer::ZERO) {
        divisor = -divisor;
    }
    numbers.iter_mut().for_each(|value| *value = &*value / &divisor);
    tight[constraint / 64] |= 1 << (constraint % 64);
    Vertex { numbers, tight }
}

fn greatest_common_divisor(
    a: foldline_kernel::Natural,
    b: foldline_kernel::Natural,
) -> foldline_kernel::Natural {
    use foldline_kernel::number::Gcd;
    if a.is_zero() {
        b
    } else if b.is_zero() {
        a
    } else {
        a.gcd(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExactConstraint;
    use crate::exact_lp::{Feasibility, feasibility};
    use foldline_kernel::{LinearConstraint, Rational};
    use proptest::prelude::*;

    /// The leaves at full depth, as bits.
    fn leaves(tree: &Dichotomies, depth: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let mut stack = vec![(Dichotomies::ROOT, 0, 0u32)];
        while let Some((node, level, bits)) = stack.pop() {
            if level == depth {
                found.push(bits);
                continue;
            }
            for on in [false, true] {
                if let Some(child) = tree.child(node, on) {
                    stack.push((child, level + 1, bits | u32::from(on) << level));
                }
            }
        }
        found.sort_unstable();
        found
    }

    proptest! {
        #[test]
        fn the_leaves_are_the_separable_sets(
            points in proptest::collection::btree_set((-3i32..4, -3i32..4), 1..8),
            flat in any::<bool>(),
        ) {
            let rows: Vec<Vec<Integer>> = points
                .iter()
                .map(|&(x, y)| vec![x.into(), if flat { x.into() } else { y.into() }, 1.into()])
                .collect::<std::collections::BTreeSet<_>>()
                .into_iter()
                .collect();
            let slices: Vec<&[Integer]> = rows.iter().map(Vec::as_slice).collect();
            let tree = Dichotomies::new(&slices, 0, &|| false).unwrap();
            let separable = (0..1u32 << rows.len()).filter(|bits| {
                let constraints: Vec<ExactConstraint> = rows.iter().enumerate().map(|(index, row)| {
                    let sign = if bits >> index & 1 == 1 { -1 } else { 1 };
                    let terms = row.iter().map(|a| Rational::from(a * sign)).enumerate().collect();
                    ExactConstraint::new(3, &LinearConstraint::new(terms, -Rational::ONE, false))
                }).collect();
                matches!(feasibility(3, &constraints), Feasibility::Point(_))
            });
            prop_assert_eq!(leaves(&tree, rows.len()), separable.collect::<Vec<_>>());
        }
    }
}
