//! Whether two ReLU nodes with given signs hard-sort points [T, Def 4.2], by exhaustion over what is on where.
//!
//! Wanted are affine a1, a2 and c with w1 [a1]₊ + w2 [a2]₊ equal to c at label 1 and below c at label 0. By
//! [T, Lemma 4.5] that is a network with loss zero under an output ReLU. The walk decides for one point after another
//! which nodes are on (a > 0), and goes on where an exact linear program has a solution: nothing is left out.

use foldline::geometry::ExactConstraint;
use foldline::geometry::exact_lp::feasible_point;
use foldline::{LinearConstraint, Rational};

/// Which of the two nodes are on at a point.
pub type State = [bool; 2];

/// A point with whether its label is 1.
pub type Labelled = (Vec<Rational>, bool);

const STATES: [State; 4] = [[false, false], [false, true], [true, false], [true, true]];

/// The terms of sign·a(x), where a's parameters begin at `first`.
pub fn terms(first: usize, point: &[Rational], sign: i8) -> Vec<(usize, Rational)> {
    let sign = Rational::from(sign);
    let slopes = point.iter().enumerate().map(|(index, x)| (first + index, x * &sign));
    slopes.chain([(first + point.len(), sign.clone())]).collect()
}

/// What a state at a point demands of the parameters of a1, of a2, and of c, the last one.
fn demands((point, is_inside): &Labelled, state: State, w: [i8; 2]) -> Vec<LinearConstraint> {
    let size = point.len() + 1;
    let mut demands = Vec::new();
    let mut sum = vec![(2 * size, -Rational::ONE)];
    for node in 0..2 {
        let sign = if state[node] { -1 } else { 1 };
        let on = terms(node * size, point, sign);
        demands.push(LinearConstraint::new(on, Rational::ZERO, state[node]));
        if state[node] {
            sum.extend(terms(node * size, point, w[node]));
        }
    }
    if *is_inside {
        let negated = sum.iter().map(|(index, factor)| (*index, -factor)).collect();
        demands.push(LinearConstraint::new(negated, Rational::ZERO, false));
    }
    demands.push(LinearConstraint::new(sum, Rational::ZERO, !is_inside));
    demands
}

fn is_feasible(dimension: usize, constraints: &[LinearConstraint]) -> bool {
    feasible_point(dimension, &ExactConstraint::all(dimension, constraints)).is_some()
}

/// Visits all hard-sortings of `points` that begin with `start`, until `visit` says true.
pub fn walk(
    points: &[Labelled],
    w: [i8; 2],
    start: &[State],
    visit: &mut dyn FnMut(&[State]) -> bool,
) -> bool {
    let constraints =
        points.iter().zip(start).flat_map(|(point, state)| demands(point, *state, w)).collect();
    go_on(points, w, &mut start.to_vec(), constraints, visit)
}

fn go_on(
    points: &[Labelled],
    w: [i8; 2],
    states: &mut Vec<State>,
    constraints: Vec<LinearConstraint>,
    visit: &mut dyn FnMut(&[State]) -> bool,
) -> bool {
    let Some(point) = points.get(states.len()) else { return visit(states) };
    for state in STATES {
        let mut constraints = constraints.clone();
        constraints.extend(demands(point, state, w));
        if is_feasible(2 * point.0.len() + 3, &constraints) {
            states.push(state);
            if go_on(points, w, states, constraints, visit) {
                return true;
            }
            states.pop();
        }
    }
    false
}

/// All hard-sortings.
pub fn all(points: &[Labelled], w: [i8; 2]) -> Vec<Vec<State>> {
    let mut found = Vec::new();
    walk(points, w, &[], &mut |states| {
        found.push(states.to_vec());
        false
    });
    found
}
