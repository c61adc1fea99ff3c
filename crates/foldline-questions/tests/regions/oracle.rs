//! Counting by brute force: an exact LP for every sign vector, nothing shared with the walk.

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::{ExactOutcome, feasible_point, maximize};
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{
    Activation, Integer, LinearConstraint, Network, Polyhedron, Rational, Region,
};
use foldline_questions::regions::Counts;

/// Coefficients, then the constant.
type Function = Vec<Rational>;

/// A cell in one piece of the region.
struct Part {
    pattern: u32,
    bounded: bool,
    outputs: Vec<Function>,
    closed: Vec<LinearConstraint>,
    piece: usize,
}

/// All counts, for a region of at most two pieces.
pub fn brute_force(network: &Network, region: &Region) -> Counts {
    let dimension = region.dimension;
    let is_there = |piece: &&Polyhedron| dimension_of(dimension, &piece.constraints).is_some();
    let pieces: Vec<&Polyhedron> = region.pieces.iter().filter(is_there).collect();
    // The hull's equations are those that both pieces satisfy.
    let equations: Vec<_> = pieces.iter().map(|p| equations(dimension, &p.constraints)).collect();
    let common = match equations.as_slice() {
        [] => 0,
        [one] => rank(one.clone()),
        [one, other] => {
            let both = one.iter().chain(other).cloned().collect();
            rank(one.clone()) + rank(other.clone()) - rank(both)
        }
        _ => panic!("at most two pieces"),
    };
    let hull = dimension - common;
    let is_full = |piece: &&Polyhedron| dimension_of(dimension, &piece.constraints) == Some(hull);
    let pieces: Vec<&Polyhedron> = pieces.into_iter().filter(is_full).collect();
    let mut parts = Vec::new();
    for (index, piece) in pieces.iter().enumerate() {
        parts_of(network, piece, hull, index, &mut parts);
    }
    count(dimension, &pieces, &parts)
}

fn parts_of(
    network: &Network,
    piece: &Polyhedron,
    own: usize,
    index: usize,
    parts: &mut Vec<Part>,
) {
    let dimension = piece.dimension;
    for pattern in 0..1u32 << network.neurons() {
        let (neurons, outputs) = functions(network, pattern);
        let mut closed = piece.constraints.clone();
        let mut possible = true;
        for (k, neuron) in neurons.iter().enumerate() {
            let on = pattern >> k & 1 == 1;
            let vanishes = is_zero_on(dimension, &piece.constraints, neuron);
            possible &= !(on && vanishes);
            if !vanishes {
                closed.push(side(neuron, on));
            }
        }
        if possible && dimension_of(dimension, &closed) == Some(own) {
            let bounded = is_bounded(dimension, &closed);
            parts.push(Part { pattern, bounded, outputs, closed, piece: index });
        }
    }
}

fn count(dimension: usize, pieces: &[&Polyhedron], parts: &[Part]) -> Counts {
    let same_map = |a: &Part, b: &Part| {
        a.outputs.iter().zip(&b.outputs).all(|(f, g)| {
            let difference: Function = f.iter().zip(g).map(|(a, b)| a - b).collect();
            is_zero_on(dimension, &pieces[a.piece].constraints, &difference)
        })
    };
    let mut patterns: Vec<(u32, bool)> = Vec::new();
    for part in parts {
        match patterns.iter_mut().find(|entry| entry.0 == part.pattern) {
            Some(entry) => entry.1 &= part.bounded,
            None => patterns.push((part.pattern, part.bounded)),
        }
    }
    let mut maps: Vec<&Part> = Vec::new();
    for part in parts {
        if !maps.iter().any(|other| same_map(part, other)) {
            maps.push(part);
        }
    }
    let own = parts.first().and_then(|part| dimension_of(dimension, &part.closed)).unwrap_or(0);
    let touches = |a: &Part, b: &Part| {
        let both: Vec<_> = a.closed.iter().chain(&b.closed).cloned().collect();
        dimension_of(dimension, &both).is_some_and(|shared| shared + 1 >= own)
    };
    let mut class: Vec<usize> = (0..parts.len()).collect();
    for a in 0..parts.len() {
        for b in 0..a {
            if class[a] != class[b]
                && same_map(&parts[a], &parts[b])
                && touches(&parts[a], &parts[b])
            {
                let (from, to) = (class[a], class[b]);
                class.iter_mut().filter(|c| **c == from).for_each(|c| *c = to);
            }
        }
    }
    class.sort_unstable();
    class.dedup();
    Counts {
        cells: patterns.len() as u64,
        bounded_cells: patterns.iter().filter(|entry| entry.1).count() as u64,
        linear_regions: class.len() as u64,
        distinct_affine_maps: maps.len() as u64,
    }
}

/// The pre-activations and the outputs as functions of the input, given who is on.
fn functions(network: &Network, pattern: u32) -> (Vec<Function>, Vec<Function>) {
    let dimension = network.inputs();
    let unit =
        |j: usize| (0..=dimension).map(|i| Rational::from(u8::from(i == j))).collect::<Function>();
    let mut values: Vec<Function> = (0..dimension).map(unit).collect();
    let mut neurons = Vec::new();
    for layer in network.layers() {
        let mut next: Vec<Function> = Vec::new();
        for row in layer.rational_rows() {
            let mut sum = vec![Rational::ZERO; dimension + 1];
            sum[dimension] = row.bias;
            for (input, weight) in row.weights {
                for (sum, value) in sum.iter_mut().zip(&values[input]) {
                    *sum += &weight * value;
                }
            }
            next.push(sum);
        }
        if layer.activation == Activation::Relu {
            for value in &mut next {
                neurons.push(value.clone());
                if pattern >> (neurons.len() - 1) & 1 == 0 {
                    value.fill(Rational::ZERO);
                }
            }
        }
        values = next;
    }
    (neurons, values)
}

/// The closed half-space where a function is ≥ 0 (on) or ≤ 0 (off).
fn side(function: &Function, on: bool) -> LinearConstraint {
    let (constant, coefficients) = function.split_last().unwrap();
    let sign = Rational::from(if on { -1 } else { 1 });
    let terms = coefficients.iter().enumerate().map(|(j, a)| (j, a * &sign)).collect();
    LinearConstraint::new(terms, -(constant * &sign), false)
}

fn exact(dimension: usize, constraints: &[LinearConstraint]) -> Vec<ExactConstraint> {
    constraints.iter().map(|constraint| ExactConstraint::new(dimension, constraint)).collect()
}

/// The dimension of a polyhedron, none if it is empty (strict constraints strictly).
fn dimension_of(dimension: usize, constraints: &[LinearConstraint]) -> Option<usize> {
    let all = exact(dimension, constraints);
    feasible_point(dimension, &all)?;
    let mut rows = equations(dimension, constraints);
    rows.iter_mut().for_each(|row| row.truncate(dimension));
    Some(dimension - rank(rows))
}

/// The constraints that hold with equality on all of a (non-empty) polyhedron: a, then b.
fn equations(dimension: usize, constraints: &[LinearConstraint]) -> Vec<Vec<Rational>> {
    let all = exact(dimension, constraints);
    let mut rows: Vec<Vec<Rational>> = Vec::new();
    for index in 0..all.len() {
        let mut strict = all.clone();
        strict[index].strict = true;
        if feasible_point(dimension, &strict).is_none() {
            let numbers = all[index].coefficients.iter().chain([&all[index].bound]);
            rows.push(numbers.cloned().map(Rational::from).collect());
        }
    }
    rows
}

fn rank(mut rows: Vec<Vec<Rational>>) -> usize {
    let mut rank = 0;
    let width = rows.first().map_or(0, Vec::len);
    for column in 0..width {
        let Some(found) = (rank..rows.len()).find(|&r| !rows[r][column].is_zero()) else {
            continue;
        };
        rows.swap(rank, found);
        for other in rank + 1..rows.len() {
            let factor = &rows[other][column] / &rows[rank][column];
            for k in 0..width {
                let change = &factor * &rows[rank][k];
                rows[other][k] -= change;
            }
        }
        rank += 1;
    }
    rank
}

/// Whether a function is 0 on a whole (non-empty) polyhedron.
fn is_zero_on(dimension: usize, constraints: &[LinearConstraint], function: &Function) -> bool {
    let (scaled, _) = over_common_denominator(function);
    if scaled.iter().all(|value| *value == Integer::ZERO) {
        return true;
    }
    let constraints = exact(dimension, constraints);
    [1, -1].into_iter().all(|sign| {
        let objective: Vec<Integer> =
            scaled[..dimension].iter().map(|value| value * sign).collect();
        let constant = Rational::from(&scaled[dimension] * sign);
        match maximize(dimension, &constraints, &objective) {
            ExactOutcome::Optimal { value, .. } => value + constant == Rational::ZERO,
            _ => false,
        }
    })
}

fn is_bounded(dimension: usize, constraints: &[LinearConstraint]) -> bool {
    let constraints = exact(dimension, constraints);
    (0..dimension).all(|coordinate| {
        [1, -1].into_iter().all(|sign| {
            let mut objective = vec![Integer::ZERO; dimension];
            objective[coordinate] = Integer::from(sign);
            let found = maximize(dimension, &constraints, &objective);
            !matches!(found, ExactOutcome::Unbounded { .. })
        })
    })
}
