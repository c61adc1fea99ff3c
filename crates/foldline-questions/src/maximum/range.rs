//! The exact range of outputs on a region: the maximum of each and of its negation.

use foldline_kernel::{Network, Rational, Region};

use super::maximum_resumable;
use super::statement::{Answer, Attained, Objective};
use crate::checkpoint::{Keeper, StateError};
use crate::sequence::Sequence;
use crate::verification::{Limit, Options, Statistics};

/// One end of an output's range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The least or greatest value on the region's closure and where it is taken; `attained`: in
    /// the region itself, as in [`Answer::Maximum`].
    Finite {
        /// The value and the point.
        extreme: Attained,
        /// As in [`Answer::Maximum`].
        attained: Option<bool>,
    },
    /// Unbounded, increasingly far along a ray from `point`.
    Infinite {
        /// As in [`Answer::Unbounded`].
        point: Vec<Rational>,
        /// As in [`Answer::Unbounded`].
        direction: Vec<Rational>,
    },
    /// Not known: a limit ran out.
    Undecided {
        /// Which.
        limit: Limit,
        /// The most extreme value found.
        found: Option<Attained>,
        /// A proved bound.
        bound: Option<Rational>,
    },
}

/// The range of one output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// The lower end.
    pub minimum: End,
    /// The upper end.
    pub maximum: End,
}

/// The ranges, one an output asked for; none if the region is empty.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeOutcome {
    /// The ranges.
    pub intervals: Option<Vec<Interval>>,
    /// What it took.
    pub statistics: Statistics,
}

/// The exact range of each of `outputs` on `region`.
///
/// # Panics
/// If the dimensions do not fit or there is no such output.
pub fn range(
    network: &Network,
    region: &Region,
    outputs: &[usize],
    options: &Options,
) -> RangeOutcome {
    range_resumable(network, region, outputs, options, None).expect("there is no state to read")
}

/// Like [`range`]; a keeper is given the ends found and the open work now and then and when a
/// limit ends the run, and the run goes on from what the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this question.
///
/// # Panics
/// As [`range`].
pub fn range_resumable(
    network: &Network,
    region: &Region,
    outputs: &[usize],
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<RangeOutcome, StateError> {
    let mut searches = Sequence::new(options, keeper, 2 * outputs.len())?;
    let intervals = range_by(outputs, |objective| {
        searches.next(|options, keeper| {
            let objectives = std::slice::from_ref(objective);
            let found = maximum_resumable(network, region, objectives, options, keeper)?;
            Ok((found.answer, found.statistics))
        })
    })?;
    Ok(RangeOutcome { intervals, statistics: searches.statistics() })
}

/// The ranges by two maxima an output, first the one for its least value; none if the region
/// is empty.
///
/// # Errors
/// Those of the searches for the maxima.
pub fn range_by<E>(
    outputs: &[usize],
    mut maximum: impl FnMut(&Objective) -> Result<Answer, E>,
) -> Result<Option<Vec<Interval>>, E> {
    let mut intervals = Vec::new();
    for &output in outputs {
        let mut end = |sign: i8| Ok(one_end(maximum(&vec![(output, Rational::from(sign))])?, sign));
        let (Some(minimum), Some(maximum)) = (end(-1)?, end(1)?) else {
            return Ok(None);
        };
        intervals.push(Interval { minimum, maximum });
    }
    Ok(Some(intervals))
}

/// The answer about sign·output as an end of the output's range; none if the region is empty.
fn one_end(answer: Answer, sign: i8) -> Option<End> {
    let sign = Rational::from(sign);
    let turned = |found: Attained| Attained { value: &sign * found.value, ..found };
    Some(match answer {
        Answer::Empty => return None,
        Answer::Maximum { maximum, attained } => End::Finite { extreme: turned(maximum), attained },
        Answer::Unbounded { point, direction } => End::Infinite { point, direction },
        Answer::Undecided { limit, lower, upper } => {
            let bound = upper.map(|upper| &sign * upper);
            End::Undecided { limit, found: lower.map(turned), bound }
        }
    })
}
