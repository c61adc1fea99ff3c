//! A relaxation of a partial pattern with fewer parameters, where the full program is singular.
//!
//! A hidden node that is on at c ≤ d groups only can take any values there that some c of its
//! parameters give; and two nodes that are on at the same groups count there as one. What the
//! parameters left out did for the constraints is given up, which only lowers the minimum.

use foldline_geometry::quadratic::dual_active_set;

use super::pattern::Pattern;
use super::problem::{Problem, State};
use super::sound_bound::{Term, sound_bound};

/// How a hidden node enters the relaxation.
#[derive(Debug, Clone)]
struct Block {
    /// Which of its parameters are kept.
    columns: Vec<usize>,
    /// Whether its constraints hold for the parameters kept: at all groups, where it is on, or never.
    kept: Kept,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Everywhere,
    WhereOn,
    Nowhere,
}

/// A sound lower bound of the pattern's excess from the relaxation; −∞ if that is singular too.
pub fn reduced_bound(problem: &Problem, pattern: &Pattern, enough: f64) -> f64 {
    let blocks = blocks(problem, pattern);
    let width = problem.block();
    let mut columns = Vec::new();
    for (index, block) in blocks.iter().enumerate() {
        columns.extend(block.columns.iter().map(|column| index * width + column));
    }
    if problem.architecture.output_bias {
        columns.push(blocks.len() * width);
    }
    let select = |row: &[f64]| -> Vec<f64> { columns.iter().map(|&column| row[column]).collect() };
    let (mut rows, mut terms) = (Vec::new(), Vec::new());
    let mut constant = (0.0, 0);
    let output = problem.architecture.hidden as u8;
    let negate = |value: &f64| -value;
    for (index, group) in problem.float.iter().enumerate() {
        let value = pattern
            .has_value(problem, index)
            .then(|| pattern.value_row(problem, index, &group.row, &0.0, negate));
        let on = pattern.output(problem, index);
        let state = pattern.states[index] & !pattern.dropped;
        let whole = blocks.iter().enumerate().all(|(bit, block)| {
            state >> bit & 1 == 0 || block.columns.len() == width && block.kept == Kept::Everywhere
        });
        let value_row = value.as_deref();
        pattern.constraints(
            problem,
            index,
            &group.row,
            value_row,
            &0.0,
            negate,
            |(_, bit), row| {
                let keeps = if bit == output {
                    on == Some(true) || whole
                } else {
                    match blocks[usize::from(bit)].kept {
                        Kept::Everywhere => true,
                        Kept::WhereOn => on == Some(true) && state >> bit & 1 == 1,
                        Kept::Nowhere => false,
                    }
                };
                if keeps {
                    rows.push(select(&row));
                }
            },
        );
        let Some(on) = on else { continue };
        constant = (constant.0 + if on { group.on } else { group.off }, constant.1 + 1);
        if let Some(value) = value.filter(|_| on) {
            let (count, label_sum) = (group.count, group.label_sum);
            terms.push(Term { row: select(&value), count, label_sum });
        }
    }
    if let Some((_, row)) = pattern.offset_constraint(problem, &1.0, &0.0, negate) {
        rows.push(select(&row));
    }
    let n = columns.len();
    let (mut hessian, mut linear) = (vec![0.0; n * n], vec![0.0; n]);
    for term in &terms {
        for i in 0..n {
            linear[i] += term.row[i] * term.label_sum;
            (0..n).for_each(|j| hessian[i * n + j] += term.count * term.row[i] * term.row[j]);
        }
    }
    let value =
        |point: &[f64]| constant.0 - linear.iter().zip(point).map(|(c, x)| c * x).sum::<f64>();
    match dual_active_set(&hessian, &linear, &rows, |point| value(point) > enough) {
        Some(guess) => sound_bound(&terms, &[], constant, &rows, &guess),
        None => f64::NEG_INFINITY,
    }
}

/// How each hidden node enters.
fn blocks(problem: &Problem, pattern: &Pattern) -> Vec<Block> {
    let width = problem.block();
    let groups = 0..problem.groups.len();
    let terms: Vec<usize> =
        groups.clone().filter(|&group| pattern.output(problem, group) == Some(true)).collect();
    let on_groups = |bit: usize| -> Vec<usize> {
        let on = terms.iter().filter(|&&group| pattern.states[group] >> bit & 1 == 1);
        on.copied().collect()
    };
    let sets: Vec<Vec<usize>> = (0..problem.architecture.hidden).map(on_groups).collect();
    let is_dropped = |bit: usize| pattern.dropped >> bit & 1 == 1;
    let mut blocks: Vec<Block> = Vec::with_capacity(sets.len());
    for (bit, set) in sets.iter().enumerate() {
        let earlier = (0..bit).find(|&other| sets[other] == *set && !is_dropped(other));
        if is_dropped(bit) {
            blocks.push(Block { columns: Vec::new(), kept: Kept::Nowhere });
        } else if let Some(other) = earlier {
            // With equal signs the sum of the two has the constraints of both where they are alike.
            let same_sign = (bit < pattern.positive) == (other < pattern.positive);
            let agree = |word: State| (word >> bit ^ word >> other) & 1 == 0;
            let alike = groups
                .clone()
                .all(|group| agree(pattern.known[group]) && agree(pattern.states[group]));
            if !same_sign {
                blocks[other].kept = Kept::Nowhere;
            } else if !alike && blocks[other].kept == Kept::Everywhere {
                blocks[other].kept = Kept::WhereOn;
            }
            blocks.push(Block { columns: Vec::new(), kept: Kept::Nowhere });
        } else if set.len() < width {
            blocks.push(Block { columns: spread(problem, set), kept: Kept::WhereOn });
        } else {
            blocks.push(Block { columns: (0..width).collect(), kept: Kept::Everywhere });
        }
    }
    blocks
}

/// As many columns as there are groups, by elimination; any choice is sound, as a singular one
/// gives no bound.
fn spread(problem: &Problem, set: &[usize]) -> Vec<usize> {
    let width = problem.block();
    let mut rows: Vec<Vec<f64>> =
        set.iter().map(|&index| problem.float[index].row.clone()).collect();
    let mut columns: Vec<usize> = Vec::new();
    for step in 0..rows.len() {
        let largest = (0..width)
            .filter(|column| !columns.contains(column))
            .max_by(|&a, &b| rows[step][a].abs().total_cmp(&rows[step][b].abs()))
            .expect("fewer groups than columns");
        columns.push(largest);
        let pivot = rows[step].clone();
        if pivot[largest] == 0.0 {
            continue;
        }
        for row in &mut rows[step + 1..] {
            let factor = row[largest] / pivot[largest];
            row.iter_mut().zip(&pivot).for_each(|(value, above)| *value -= factor * above);
        }
    }
    columns.sort_unstable();
    columns
}
