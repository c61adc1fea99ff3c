//! The gadget of [T, §4] by exhaustion: Lemma 4.7, Propositions 4.8 and 4.9, and how many dichotomies it has.

use foldline::geometry::ExactConstraint;
use foldline::geometry::exact_lp::feasible_point;
use foldline::reductions::separability::gadget;
use foldline::{LinearConstraint, Rational};

use crate::hard_sorting::{Labelled, all, terms};

/// The gadget's points: T1, the origin if `with_origin`, T0; and how many have label 1.
pub fn points(with_origin: bool) -> (Vec<Labelled>, usize) {
    let (inside, outside): (Vec<_>, Vec<_>) =
        gadget().into_iter().partition(|(_, is_inside)| *is_inside);
    let labelled = |(point, is_inside): ([Rational; 2], bool)| (point.to_vec(), is_inside);
    let mut all: Vec<Labelled> = inside.into_iter().map(labelled).collect();
    all.extend(with_origin.then(|| (vec![Rational::ZERO; 2], true)));
    let count = all.len();
    all.extend(outside.into_iter().map(labelled));
    (all, count)
}

/// All sets {x : a(x) > 0} for affine functions a that are 0 at no point, as masks.
fn dichotomies(points: &[Labelled]) -> Vec<u32> {
    let mut found = vec![(0u32, Vec::new())];
    for (index, (point, _)) in points.iter().enumerate() {
        let mut next = Vec::new();
        for (mask, constraints) in found {
            for sign in [-1i8, 1] {
                let mut constraints: Vec<LinearConstraint> = constraints.clone();
                constraints.push(LinearConstraint::new(
                    terms(0, point, -sign),
                    Rational::ZERO,
                    true,
                ));
                if feasible_point(3, &ExactConstraint::all(3, &constraints)).is_some() {
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

#[test]
fn lemma_4_7_and_propositions_4_8_and_4_9() {
    for with_origin in [true, false] {
        let (points, inside) = points(with_origin);
        // Proposition 4.9: signs other than −, − hard-sort nothing, origin or not.
        for w in [[1, 1], [1, -1]] {
            assert!(all(&points, w).is_empty(), "{w:?}");
        }
        let sortings = all(&points, [-1, -1]);
        assert!(!sortings.is_empty(), "Lemma 4.6: there are some");
        for states in &sortings {
            let off = |state: &[bool; 2]| *state == [false, false];
            // Proposition 4.8: some point of T1 is off; Lemma 4.7: all are, so c = 0.
            assert!(states[..8].iter().any(off));
            assert!(states[..inside].iter().all(off));
        }
    }
}
