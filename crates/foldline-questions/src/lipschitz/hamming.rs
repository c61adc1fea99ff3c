//! p = 0: how much f can change when one input changes, as a maximum of a network in d + 1 inputs.
//!
//! ‖x − y‖_0 counts the inputs in which x and y differ, so the constant is the largest of
//! f(y) − f(x) over pairs that differ in one input i: on a box, a chain of such pairs joins any two
//! points. That is the maximum of the network f(x with u for x_i) − f(x) in (x, u). On R^d it is
//! finite only if f is bounded. (It is not in [Z], which leaves p = 0 open.)

use foldline_kernel::jump::jump_network;
use foldline_kernel::{LinearConstraint, Network, Polyhedron, Rational, Region};

use super::statement::{Answer, Outcome, Refused};
use crate::checkpoint::Keeper;
use crate::maximum::{self, Objective, maximum_resumable};
use crate::sequence::Sequence;
use crate::verification::counters::Counters;
use crate::verification::region::{Bounds, Extent, extent};
use crate::verification::{Options, Statistics};

/// The largest change of one output by a change of one input, over R^d or a box.
pub fn largest_jump(
    network: &Network,
    outputs: &[usize],
    region: Option<&Region>,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, Refused> {
    let &[output] = outputs else { return Err(Refused::SeveralOutputs(Rational::ZERO)) };
    let everywhere = Region::everything(network.inputs());
    let region = region.unwrap_or(&everywhere);
    let is_on_one_input = |constraint: &LinearConstraint| constraint.coefficients.len() <= 1;
    let polyhedron = match &region.pieces[..] {
        [] => return Ok(Outcome { answer: Answer::Empty, statistics: Statistics::default() }),
        [polyhedron] if polyhedron.constraints.iter().all(is_on_one_input) => polyhedron,
        _ => return Err(Refused::NotABox),
    };
    let counters = Counters::default();
    let Extent::Box(bounds) = extent(network.inputs(), &polyhedron.constraints, &counters) else {
        return Ok(Outcome { answer: Answer::Empty, statistics: Statistics::default() });
    };
    let mut searches = Sequence::new(options, keeper, network.inputs())?;
    let mut best: Option<(Rational, [Vec<Rational>; 2])> = None;
    let (mut upper, mut undecided) = (Some(Rational::ZERO), None);
    for input in 0..network.inputs() {
        let jump = jump_network(network, output, input);
        let region = with_copy(polyhedron, &bounds, input);
        let objective: Objective = vec![(0, Rational::ONE), (1, -Rational::ONE)];
        let answer = searches.next(|options, keeper| {
            let found = maximum_resumable(&jump, &region, &[objective], options, keeper)?;
            Ok((found.answer, found.statistics))
        })?;
        let statistics = searches.statistics();
        let (found, above) = match answer {
            maximum::Answer::Unbounded { .. } => {
                return Ok(Outcome { answer: Answer::Infinite, statistics });
            }
            maximum::Answer::Empty => {
                return Ok(Outcome { answer: Answer::Empty, statistics });
            }
            maximum::Answer::Maximum { maximum, .. } => {
                let above = Some(maximum.value.clone());
                (Some(maximum), above)
            }
            maximum::Answer::Undecided { limit, lower, upper } => {
                undecided.get_or_insert(limit);
                (lower, upper)
            }
        };
        upper = upper.zip(above).map(|(a, b)| a.max(b));
        if let Some(found) = found
            && best.as_ref().is_none_or(|(value, _)| found.value > *value)
        {
            let mut x = found.point;
            let u = x.pop().expect("d + 1 inputs");
            let mut y = x.clone();
            y[input] = u;
            best = Some((found.value, [x, y]));
        }
    }
    let answer = match (best, undecided) {
        (best, Some(limit)) => {
            Answer::Undecided { limit, lower: best.map(|(value, _)| value), upper }
        }
        (best, None) => {
            let (value, points) = best.expect("a network has inputs");
            Answer::Jump { value, points }
        }
    };
    Ok(Outcome { answer, statistics: searches.statistics() })
}

/// The closed box with a further input between the bounds of `input`.
fn with_copy(polyhedron: &Polyhedron, bounds: &[Bounds], input: usize) -> Region {
    let dimension = polyhedron.dimension + 1;
    let mut constraints = Vec::new();
    for (j, (low, high)) in bounds.iter().chain([&bounds[input]]).enumerate() {
        let terms = |sign: i8| vec![(j, Rational::from(sign))];
        let low = low.iter().map(|low| LinearConstraint::new(terms(-1), -low.clone(), false));
        constraints.extend(low);
        let high = high.iter().map(|high| LinearConstraint::new(terms(1), high.clone(), false));
        constraints.extend(high);
    }
    Region { dimension, pieces: vec![Polyhedron { dimension, constraints }] }
}
