//! The gadget of [T, §4] by exhaustion: Lemma 4.7, Propositions 4.8 and 4.9, and how many dichotomies it has.

use foldline::geometry::ExactConstraint;
use foldline::geometry::exact_lp::feasible_point;
use foldline::reductions::separability::gadget;
use foldline::{LinearConstraint, Rational};

/// The gadget's points: T1, the origin if `with_origin`, T0; and how many have label 1.
fn points(with_origin: bool) -> (Vec<[Rational; 2]>, usize) {
    let (inside, outside): (Vec<_>, Vec<_>) =
        gadget().into_iter().partition(|(_, is_inside)| *is_inside);
    let mut all: Vec<[Rational; 2]> = inside.into_iter().map(|(point, _)| point).collect();
    all.extend(with_origin.then_some([Rational::ZERO, Rational::ZERO]));
    let count = all.len();
    all.extend(outside.into_iter().map(|(point, _)| point));
    (all, count)
}

/// The terms of sign·a(x), where a's three parameters begin at `first`.
fn terms(first: usize, [x, y]: &[Rational; 2], sign: i8) -> Vec<(usize, Rational)> {
    let sign = Rational::from(sign);
    vec![(first, x * &sign), (first + 1, y * &sign), (first + 2, sign)]
}

fn is_feasible(dimension: usize, constraints: &[LinearConstraint]) -> bool {
    feasible_point(dimension, &ExactConstraint::all(dimension, constraints)).is_some()
}

/// All sets {x : a(x) > 0} for affine functions a that are 0 at no point, as masks.
fn dichotomies(points: &[[Rational; 2]]) -> Vec<u32> {
    let mut found = vec![(0u32, Vec::new())];
    for (index, point) in points.iter().enumerate() {
        let mut next = Vec::new();
        for (mask, constraints) in found {
            for sign in [-1i8, 1] {
                let mut constraints: Vec<LinearConstraint> = constraints.clone();
                constraints.push(LinearConstraint::new(
                    terms(0, point, -sign),
                    Rational::ZERO,
                    true,
                ));
                if is_feasible(3, &constraints) {
                    next.push((mask | u32::from(sign > 0) << index, constraints));
                }
            }
        }
        found = next;
    }
    found.into_iter().map(|(mask, _)| mask).collect()
}

#[test]
fn how_many_dichotomies_there_are() {
    let (all, inside) = points(true);
    let masks = dichotomies(&all);
    assert_eq!(masks.len(), 280);
    assert_eq!(dichotomies(&points(false).0).len(), 252);
    let inside_off: Vec<u32> =
        masks.into_iter().filter(|mask| mask & ((1 << inside) - 1) == 0).collect();
    assert_eq!(inside_off.len(), 28);
    let outside = ((1u32 << all.len()) - 1) & !((1 << inside) - 1);
    let pairs = inside_off
        .iter()
        .enumerate()
        .flat_map(|(i, a)| inside_off[i + 1..].iter().map(move |b| a | b));
    assert_eq!(pairs.filter(|covered| *covered == outside).count(), 6);
    assert!(!inside_off.contains(&outside), "no single line does");
}

/// Every way in which two nodes with signs `w` can hard-sort the points: for each point, which
/// nodes are on there (a > 0). The walk adds a point at a time and keeps what has a solution,
/// so that nothing is left out: 7 parameters, those of a1 and a2, and c.
fn hard_sortings(points: &[[Rational; 2]], inside: usize, w: [i8; 2]) -> Vec<Vec<[bool; 2]>> {
    let mut found: Vec<(Vec<[bool; 2]>, Vec<LinearConstraint>)> = vec![(vec![], vec![])];
    for (index, point) in points.iter().enumerate() {
        let mut next = Vec::new();
        for (states, constraints) in &found {
            for state in [[false, false], [false, true], [true, false], [true, true]] {
                let mut constraints = constraints.clone();
                // The sum of w·a over the nodes that are on, minus c.
                let mut sum = vec![(6, -Rational::ONE)];
                for node in 0..2 {
                    let sign = if state[node] { -1 } else { 1 };
                    let on = terms(3 * node, point, sign);
                    constraints.push(LinearConstraint::new(on, Rational::ZERO, state[node]));
                    if state[node] {
                        sum.extend(terms(3 * node, point, w[node]));
                    }
                }
                let negated = sum.iter().map(|(index, factor)| (*index, -factor)).collect();
                constraints.push(LinearConstraint::new(sum, Rational::ZERO, index >= inside));
                if index < inside {
                    constraints.push(LinearConstraint::new(negated, Rational::ZERO, false));
                }
                if is_feasible(7, &constraints) {
                    let mut states = states.clone();
                    states.push(state);
                    next.push((states, constraints));
                }
            }
        }
        found = next;
    }
    found.into_iter().map(|(states, _)| states).collect()
}

#[test]
fn lemma_4_7_and_propositions_4_8_and_4_9() {
    for with_origin in [true, false] {
        let (points, inside) = points(with_origin);
        // Proposition 4.9: signs other than −, − hard-sort nothing, origin or not.
        for w in [[1, 1], [1, -1]] {
            assert!(hard_sortings(&points, inside, w).is_empty(), "{w:?}");
        }
        let sortings = hard_sortings(&points, inside, [-1, -1]);
        assert!(!sortings.is_empty(), "Lemma 4.6: there are some");
        for states in &sortings {
            let off = |state: &[bool; 2]| *state == [false, false];
            // Proposition 4.8: some point of T1 is off; Lemma 4.7: all are, so c = 0.
            assert!(states[..8].iter().any(off));
            assert!(states[..inside].iter().all(off));
        }
    }
}
