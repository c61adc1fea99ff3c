//! Exact training of networks with one hidden ReLU layer: the global optimum of the squared loss [T, Thm 3.3].
//!
//! Every network is w0 + Σ w_j [a_j(x)]₊ with w_j ∈ {−1, 1}, or that under an output ReLU. An
//! activation pattern says where each hidden node, and the output, is on; for a given pattern
//! the loss is a convex quadratic function on a cone of parameters. The search splits the patterns by
//! the sign of one affine function at one group of equal points after another; the program of a
//! partial pattern bounds all patterns that complete it.
//!
//! Differs from the paper: the patterns are not listed beforehand but bounded and cut off early;
//! only the dichotomies of single affine functions are listed; of nodes that are alike only the
//! number that is on is chosen; points where the output is on and the labels' mean is positive
//! need no constraint, as (v − y)² is above the true loss y² for v < 0.

#[cfg(test)]
mod brute_force;
mod cells;
mod evaluation;
mod exact;
pub(crate) mod groups;
mod impossible;
mod local;
mod node;
mod pattern;
mod problem;
mod program;
pub mod proof;
mod remaining;
mod resume;
#[cfg(test)]
mod resume_tests;
mod search;
mod sound_bound;
pub mod statement;
mod zero_loss;

use foldline_kernel::Sample;

use crate::checkpoint::{Keeper, StateError};
use crate::limits::Limits;
use cells::Cells;
use foldline_engine::Run;
use groups::Group;
use problem::Problem;
use search::{Descents, Found};
use statement::{Architecture, TrainingOptions, TrainingOutcome, TrainingStatistics, ZeroLoss};

/// Local searches for each sign pattern before the search.
const DESCENTS: usize = 40;

/// The most hidden nodes: the states of a point are bits of a word.
pub const MOST_HIDDEN: usize = 12;

/// Finds the network with the least sum of squared errors on `sample`, with proof by exhaustion.
///
/// Cost: at most N^O(K(d+1)) programs in K(d+1) + 1 variables; in practice far fewer.
///
/// # Panics
/// If the sample is empty, or the number of hidden nodes is not in 1..=[`MOST_HIDDEN`].
pub fn train(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
) -> TrainingOutcome {
    train_resumable(sample, architecture, options, None).expect("there is no state to be wrong")
}

/// Like [`train`], with a keeper of the search's state: it goes on from the state that an earlier
/// run on the same sample and architecture left there, and saves now and then and when it is stopped.
///
/// # Errors
/// If the state is none of this search.
///
/// # Panics
/// As [`train`].
pub fn train_resumable(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
    keeper: Option<&dyn Keeper>,
) -> Result<TrainingOutcome, StateError> {
    let (problem, found) = run(sample, architecture, options, keeper)?;
    Ok(TrainingOutcome {
        loss: problem.groups.loss(&(&problem.least + found.incumbent.excess)),
        lower_bound: problem.groups.loss(&(&problem.least + found.lower_bound)),
        model: found.incumbent.model,
        statistics: found.statistics,
    })
}

/// Decides whether some network of the architecture has loss zero on `sample` [T, Def 2.1].
///
/// # Panics
/// As [`train`].
pub fn zero_loss(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
) -> ZeroLoss {
    zero_loss_resumable(sample, architecture, options, None).expect("there is no state to be wrong")
}

/// Like [`zero_loss`], with a keeper of the search's state, as [`train_resumable`].
///
/// # Errors
/// If the state is none of this search.
///
/// # Panics
/// As [`train`].
pub fn zero_loss_resumable(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
    keeper: Option<&dyn Keeper>,
) -> Result<ZeroLoss, StateError> {
    let groups = groups::Groups::new(sample);
    let least = groups.groups.iter().map(|group| group.least_loss(architecture.output_relu));
    if let Some(index) = least.into_iter().position(|loss| loss != foldline_kernel::Rational::ZERO)
    {
        return Ok(ZeroLoss {
            answer: Some(None),
            reason: Some(conflict(&groups, index)),
            statistics: TrainingStatistics::default(),
        });
    }
    assert!((1..=MOST_HIDDEN).contains(&architecture.hidden), "too few or too many hidden nodes");
    let limits = Limits::new(options);
    let stop = || limits.reached();
    let problem = Problem::new(sample, architecture, order);
    let run = Run { threads: options.workers(), stop: &stop, keeper };
    let (answer, statistics) = zero_loss::search(&problem, run, options.progress.as_ref())?;
    Ok(ZeroLoss { answer, reason: None, statistics })
}

/// Why no network at all fits the labels of a group.
fn conflict(groups: &groups::Groups, index: usize) -> String {
    let group = &groups.groups[index];
    let point: Vec<String> = group
        .row
        .iter()
        .zip(&groups.scales)
        .map(|(value, scale)| {
            foldline_kernel::Rational::from_parts(value.clone(), scale.clone()).to_string()
        })
        .collect();
    let point = point.join(", ");
    if group.count > foldline_kernel::Integer::ONE {
        format!("the point ({point}) has several labels, or a negative one")
    } else {
        format!("the point ({point}) has a negative label, which no output ReLU gives")
    }
}

fn run(
    sample: &Sample,
    architecture: Architecture,
    options: &TrainingOptions,
    keeper: Option<&dyn Keeper>,
) -> Result<(Problem, Found), StateError> {
    assert!(!sample.is_empty(), "a sample without points");
    assert!((1..=MOST_HIDDEN).contains(&architecture.hidden), "too few or too many hidden nodes");
    let limits = Limits::new(options);
    let stop = || limits.reached();
    let problem = Problem::new(sample, architecture, order);
    let rows: Vec<&[_]> = problem.groups.groups.iter().map(|group| group.row.as_slice()).collect();
    let cells = Cells::new(&rows, &stop);
    let run = Run { threads: options.workers(), stop: &stop, keeper };
    let descents = Descents { count: DESCENTS, seed: options.seed };
    let progress = options.progress.as_ref();
    let found = search::search(&problem, sample, cells.as_ref(), &descents, run, progress)?;
    Ok((problem, found))
}

/// The order in which groups are decided: far apart in points and labels first.
fn order(groups: &[Group]) -> Vec<usize> {
    let float = |value: &foldline_kernel::Integer| {
        foldline_kernel::Rational::from(value.clone()).to_f64().value()
    };
    let mut vectors: Vec<Vec<f64>> = groups
        .iter()
        .map(|group| {
            let mut vector: Vec<f64> = group.row[..group.row.len() - 1].iter().map(float).collect();
            vector.push(float(&group.label_sum) / float(&group.count));
            vector
        })
        .collect();
    standardise(&mut vectors);
    let distance =
        |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum() };
    let origin = vec![0.0; vectors[0].len()];
    let mut nearest: Vec<f64> = vectors.iter().map(|vector| distance(vector, &origin)).collect();
    let mut chosen = Vec::with_capacity(groups.len());
    let mut left: Vec<usize> = (0..groups.len()).collect();
    while !left.is_empty() {
        let best = (0..left.len())
            .max_by(|&a, &b| nearest[left[a]].total_cmp(&nearest[left[b]]))
            .expect("some are left");
        let next = left.swap_remove(best);
        let first = chosen.is_empty();
        chosen.push(next);
        for &other in &left {
            let own = distance(&vectors[other], &vectors[next]);
            nearest[other] = if first { own } else { nearest[other].min(own) };
        }
    }
    chosen
}

/// Mean 0 and standard deviation 1 in every coordinate.
fn standardise(vectors: &mut [Vec<f64>]) {
    let count = vectors.len() as f64;
    for column in 0..vectors[0].len() {
        let mean = vectors.iter().map(|vector| vector[column]).sum::<f64>() / count;
        let square = |vector: &Vec<f64>| (vector[column] - mean).powi(2);
        let deviation = (vectors.iter().map(square).sum::<f64>() / count).sqrt();
        let divisor = if deviation > 0.0 { deviation } else { 1.0 };
        vectors.iter_mut().for_each(|vector| vector[column] = (vector[column] - mean) / divisor);
    }
}
