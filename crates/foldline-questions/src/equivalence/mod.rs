//! Are two networks the same function, or how far are they apart? The maximum of their difference.
//!
//! The two become one network a − b that has once what they share (`foldline_kernel::difference`),
//! so that no pair of cells is looked at where they are equal; the exact maximum of ±(a − b)_i
//! on the region answers the rest [Z, §4].

pub mod statement;

use foldline_geometry::ExactConstraint;
use foldline_geometry::exact_lp::feasible_point;
use foldline_kernel::difference::difference;
use foldline_kernel::interrupt::Stopped;
use foldline_kernel::{LinearConstraint, Network, NetworkError, Rational};

use crate::checkpoint::{Keeper, StateError};
use crate::maximum::{self, Answer, Attained, Objective, maximum_resumable};
use crate::verification::{Limit, Limits, Options, Statistics};
pub use statement::{Comparison, Largest, Outcome, Question, Verdict, property};

/// Decides the question and computes the largest difference.
///
/// The answer is yes or no also where the largest difference is not known in time but the bounds
/// of it suffice.
///
/// # Errors
/// If the networks' numbers of inputs or outputs differ, or no output is compared.
///
/// # Panics
/// If the region is in another space, or there is no such output.
pub fn equivalent(question: &Question<'_>, options: &Options) -> Result<Outcome, NetworkError> {
    equivalent_resumable(question, options, None).map(|found| found.expect("no state is read"))
}

/// Like [`equivalent`]; a keeper is given the open work now and then and when a limit ends the run,
/// and the run goes on from the work that the keeper has.
///
/// # Errors
/// As [`equivalent`]; within that, if the keeper's state is not one of this question.
///
/// # Panics
/// As [`equivalent`].
pub fn equivalent_resumable(
    question: &Question<'_>,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Result<Outcome, StateError>, NetworkError> {
    let limits = Limits::new(options);
    let joint = match joint(question, options)? {
        Ok(joint) => joint,
        Err(limit) => return Ok(Ok(nothing_known(limit))),
    };
    let found = largest_difference(question, &joint, &limits.rest(), keeper);
    Ok(found.map(|outcome| conclude(question, &joint, outcome.answer, outcome.statistics)))
}

/// The largest value of a − b or b − a among the outputs that are compared, given [`joint`].
///
/// # Errors
/// If the keeper's state is not one of this search.
pub fn largest_difference(
    question: &Question<'_>,
    joint: &Network,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<maximum::Outcome, StateError> {
    let objective = |output, sign: i8| -> Objective { vec![(output, Rational::from(sign))] };
    let objectives: Vec<Objective> = (0..question.outputs.len())
        .flat_map(|output| [objective(output, 1), objective(output, -1)])
        .collect();
    maximum_resumable(joint, question.region, &objectives, options, keeper)
}

/// The outcome that follows from the [`largest_difference`].
pub fn conclude(
    question: &Question<'_>,
    joint: &Network,
    answer: Answer,
    statistics: Statistics,
) -> Outcome {
    let (verdict, largest) = verdict(question, answer);
    Outcome { verdict, largest, neurons: joint.neurons(), statistics }
}

/// The network a − b of the outputs that are compared, or which of the limits ended its making.
///
/// # Errors
/// If the networks' numbers of inputs or outputs differ, or no output is compared.
pub fn joint(
    question: &Question<'_>,
    options: &Options,
) -> Result<Result<Network, Limit>, NetworkError> {
    let [a, b] = question.networks;
    let limits = Limits::new(options);
    match limits.unless_reached(|| difference(a, b, question.outputs)) {
        Ok(joint) => joint.map(Ok),
        Err(Stopped) => Ok(Err(limits.which())),
    }
}

/// The outcome of a run that was ended before there was a difference network.
pub fn nothing_known(limit: Limit) -> Outcome {
    Outcome {
        verdict: Verdict::Undecided(limit),
        largest: Largest::Between { lower: None, upper: None },
        neurons: 0,
        statistics: Statistics::default(),
    }
}

fn verdict(question: &Question<'_>, answer: Answer) -> (Verdict, Largest) {
    match answer {
        Answer::Empty => (Verdict::Yes, Largest::Nothing),
        Answer::Unbounded { point, direction } => {
            let witness = along_ray(question, &point, &direction);
            (Verdict::No(witness), Largest::Infinite { point, direction })
        }
        Answer::Maximum { maximum, attained } => {
            let at = compared(question, maximum);
            let verdict = match at.difference > *question.within {
                true => Verdict::No(inside(question, at.clone())),
                false => Verdict::Yes,
            };
            (verdict, Largest::Value { at, attained })
        }
        Answer::Undecided { limit, lower, upper } => {
            let at = lower.map(|lower| compared(question, lower));
            let lower = at.as_ref().map(|at| at.difference.clone());
            let verdict = match at {
                Some(at) if at.difference > *question.within => Verdict::No(inside(question, at)),
                _ if upper.as_ref().is_some_and(|upper| upper <= question.within) => Verdict::Yes,
                _ => Verdict::Undecided(limit),
            };
            (verdict, Largest::Between { lower, upper })
        }
    }
}

/// Both networks where their difference has the value that its network has there.
fn compared(question: &Question<'_>, attained: Attained) -> Comparison {
    let comparison = question.compare(attained.point);
    assert_eq!(comparison.difference, attained.value, "the joint network is the difference");
    comparison
}

/// A point of the region, near one of its closure, where the difference is still too large.
fn inside(question: &Question<'_>, at: Comparison) -> Comparison {
    if question.is_witness(&at) {
        return at;
    }
    // From a point of the polyhedron itself, all of the segment but its end is in the polyhedron.
    let closed = |constraint: &LinearConstraint| {
        LinearConstraint { strict: false, ..constraint.clone() }.holds_at(&at.input)
    };
    let around = question.region.pieces.iter().filter(|p| p.constraints.iter().all(closed));
    let start = around.into_iter().find_map(|piece| {
        let exact = piece.constraints.iter();
        let exact = exact.map(|constraint| ExactConstraint::new(piece.dimension, constraint));
        feasible_point(piece.dimension, &exact.collect::<Vec<_>>())
    });
    let start = start.expect("the point is in the closure of a polyhedron with a point");
    let mut rest = Rational::ONE;
    loop {
        rest /= Rational::from(2);
        let steps = at.input.iter().zip(&start).map(|(end, start)| end + &rest * (start - end));
        let comparison = question.compare(steps.collect());
        if question.is_witness(&comparison) {
            return comparison;
        }
    }
}

/// A point of a ray, along which the difference grows without bound, where it is too large.
fn along_ray(question: &Question<'_>, point: &[Rational], direction: &[Rational]) -> Comparison {
    let mut length = Rational::ONE;
    loop {
        let steps = point.iter().zip(direction).map(|(start, step)| start + &length * step);
        let comparison = question.compare(steps.collect());
        if question.is_witness(&comparison) {
            return comparison;
        }
        length *= Rational::from(2);
    }
}
