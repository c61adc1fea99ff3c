//! Good incumbents early: from cell to cell uphill in floats, then once exactly.

use foldline_geometry::{Polytope, Tableau};

use super::exact::{improve, offer_float};
use super::goal::{OBJECTIVE, SCALE};
use super::incumbent::Incumbent;
use crate::bounds::FloatRow;
use crate::verification::part::Part;
use crate::verification::problem::Problem;

/// Cells visited on one way up.
const MOST_CELLS: usize = 64;
/// Exact LPs spent on one ascent.
const MOST_EXACT_LPS: u64 = 8;
/// Larger linear programs than this many numbers are not tried.
const LARGEST_TABLEAU: usize = 300_000;
/// What counts as higher, relative to the value.
const NOTICEABLE: f64 = 1e-9;

/// The best vertex of a cell.
struct Best {
    /// Every neuron's sign.
    signs: Vec<i8>,
    /// F − floor·s at the vertex.
    value: f64,
    /// The neurons whose hyperplanes hold the vertex back.
    tight: Vec<u32>,
}

/// Whether the floats say that `point` is above the incumbent.
pub fn seems_above(problem: &Problem, point: &[f64], floor: f64) -> bool {
    let excesses = problem.float.excesses(point);
    -excesses[OBJECTIVE] > (floor + NOTICEABLE * (1.0 + floor.abs())) * excesses[SCALE]
}

/// Climbs from `start` to a cell with no better neighbour and raises the incumbent there.
pub fn ascend(problem: &Problem, start: &[f64], incumbent: &Incumbent, exact_lps: &mut u64) {
    let dimension = problem.dimension();
    let rows = 2 * dimension + problem.half_spaces + problem.float.neurons;
    if rows * (dimension + 1) > LARGEST_TABLEAU {
        return offer_float(problem, start, incumbent);
    }
    let floor = incumbent.floor();
    let Some(mut best) = best_of_cell(problem, signs_at(problem, start), floor) else {
        return offer_float(problem, start, incumbent);
    };
    for _ in 0..MOST_CELLS {
        let enough = best.value + NOTICEABLE * (1.0 + best.value.abs());
        let beyond = |&neuron: &u32| {
            let mut signs = best.signs.clone();
            signs[neuron as usize] = -signs[neuron as usize];
            best_of_cell(problem, signs, floor).filter(|next| next.value > enough)
        };
        match best.tight.iter().find_map(beyond) {
            Some(next) => best = next,
            None => break,
        }
    }
    if best.value > 0.0 || floor == f64::NEG_INFINITY {
        let signs = |neuron: usize| best.signs[neuron];
        let part = Part::region(problem);
        best.tight.sort_unstable();
        improve(problem, part, &best.tight, &signs, MOST_EXACT_LPS, incumbent, exact_lps);
    }
}

/// The signs of all ReLU neurons at a point, in floats.
fn signs_at(problem: &Problem, point: &[f64]) -> Vec<i8> {
    let mut signs = Vec::with_capacity(problem.float.neurons);
    let mut values = point.to_vec();
    for layer in problem.float.layers.iter() {
        values = layer.rows.iter().map(|row| row.at(&values)).collect();
        if layer.relu {
            for value in &mut values {
                signs.push(if *value > 0.0 { 1 } else { -1 });
                *value = value.max(0.0);
            }
        }
    }
    signs
}

/// row·values + bias, where values are affine functions: coefficients, then the constant.
fn composed(row: &FloatRow, values: &[Vec<f64>], dimension: usize) -> Vec<f64> {
    let mut sum = vec![0.0; dimension + 1];
    sum[dimension] = row.bias;
    for (&column, &weight) in row.columns.iter().zip(&row.values) {
        for (entry, term) in sum.iter_mut().zip(&values[column as usize]) {
            *entry += weight * term;
        }
    }
    sum
}

/// Maximises F − floor·s over the closed cell of these signs; none if floats find no point in it.
fn best_of_cell(problem: &Problem, signs: Vec<i8>, floor: f64) -> Option<Best> {
    let dimension = problem.dimension();
    let unit = |j: usize| {
        let mut row = vec![0.0; dimension + 1];
        row[j] = 1.0;
        row
    };
    let mut polytope = problem.polytope.clone();
    let mut values: Vec<Vec<f64>> = (0..dimension).map(unit).collect();
    let inputs = values.clone();
    let mut neuron_of_half_space = Vec::new();
    let mut neuron = 0;
    for layer in problem.float.layers.iter() {
        values = layer.rows.iter().map(|row| composed(row, &values, dimension)).collect();
        if layer.relu {
            for value in &mut values {
                push_sign(&mut polytope, value, signs[neuron], || {
                    neuron_of_half_space.push(neuron as u32);
                });
                if signs[neuron] <= 0 {
                    value.fill(0.0);
                }
                neuron += 1;
            }
        }
    }
    let target = |index: usize| {
        let (input, output) = &problem.float.targets[index];
        let mut row = composed(output, &values, dimension);
        let direct = composed(input, &inputs, dimension);
        row.iter_mut().zip(direct).for_each(|(entry, term)| *entry += term);
        row
    };
    let (objective, scale) = (target(OBJECTIVE), target(SCALE));
    let floor = floor.max(f64::MIN);
    let below: Vec<f64> = objective.iter().zip(&scale).map(|(f, s)| f + floor * s).collect();
    let vertex = minimum(&polytope, &below)?;
    let terms = below.iter().zip(&vertex.0).map(|(factor, x)| factor * x);
    let value = -(terms.sum::<f64>() + below[dimension]);
    let first = problem.half_spaces as u32;
    let tight = vertex.1.iter().filter(|&&index| index >= first);
    let tight = tight.map(|&index| neuron_of_half_space[(index - first) as usize]).collect();
    value.is_finite().then_some(Best { signs, value, tight })
}

/// Adds the half-space of a neuron's sign unless it says nothing.
fn push_sign(polytope: &mut Polytope, row: &[f64], sign: i8, pushed: impl FnOnce()) {
    let (constant, normal) = row.split_last().expect("a constant");
    if normal.iter().all(|value| *value == 0.0) || row.iter().any(|value| !value.is_finite()) {
        return;
    }
    let turn = if sign > 0 { -1.0 } else { 1.0 };
    let normal: Vec<f64> = normal.iter().map(|value| turn * value).collect();
    polytope.push(&normal, -turn * constant);
    pushed();
}

/// A minimising vertex and the half-spaces with multipliers there.
fn minimum(polytope: &Polytope, row: &[f64]) -> Option<(Vec<f64>, Vec<u32>)> {
    let mut tableau = Tableau::new(polytope);
    let mut multipliers = Vec::new();
    if !tableau.restore(&mut multipliers) {
        return None;
    }
    tableau.minimize(row, &mut multipliers);
    let mut vertex = vec![0.0; polytope.dimension];
    tableau.vertex(polytope, &mut vertex);
    let tight = multipliers.iter().filter(|(_, value)| *value > 0.0);
    Some((vertex, tight.map(|&(index, _)| index).collect()))
}
