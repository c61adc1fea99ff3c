//! The exact range of outputs on a region: the maximum of each and of its negation.

use std::sync::Arc;
use std::time::Instant;

use foldline_kernel::{Network, Rational, Region};

use super::maximum;
use super::statement::{Answer, Attained, Objective};
use crate::verification::{Limit, Options, Progress, Statistics};

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
    let start = Instant::now();
    let mut statistics = Statistics::default();
    let mut intervals = Vec::new();
    let ends = 2 * outputs.len().max(1);
    for (index, &output) in outputs.iter().enumerate() {
        let mut end = |sign: i8, place: usize| {
            let objective: Objective = vec![(output, Rational::from(sign))];
            let options = part_of(options, start, &statistics, 2 * index + place, ends);
            let found = maximum(network, region, &[objective], &options);
            statistics = sum(&statistics, &found.statistics);
            one_end(found.answer, sign)
        };
        let (Some(minimum), Some(maximum)) = (end(-1, 0), end(1, 1)) else {
            return RangeOutcome { intervals: None, statistics };
        };
        intervals.push(Interval { minimum, maximum });
    }
    statistics.fraction = 1.0;
    RangeOutcome { intervals: Some(intervals), statistics }
}

/// The options of one of several runs: what is left of the time, and progress of the whole.
fn part_of(
    options: &Options,
    start: Instant,
    before: &Statistics,
    done: usize,
    all: usize,
) -> Options {
    let before = *before;
    let progress = options.progress.clone().map(|report| {
        let shifted = move |progress: &Progress| {
            let mut statistics = sum(&before, &progress.statistics);
            statistics.fraction = (done as f64 + progress.statistics.fraction) / all as f64;
            report(&Progress { statistics, elapsed: start.elapsed() });
        };
        Arc::new(shifted) as crate::verification::statement::ProgressCallback
    });
    let timeout = options.timeout.map(|timeout| timeout.saturating_sub(start.elapsed()));
    Options { timeout, progress, ..options.clone() }
}

fn sum(a: &Statistics, b: &Statistics) -> Statistics {
    Statistics {
        regions: a.regions + b.regions,
        nodes: a.nodes + b.nodes,
        lps: a.lps + b.lps,
        exact_leaves: a.exact_leaves + b.exact_leaves,
        exact_lps: a.exact_lps + b.exact_lps,
        attack_points: a.attack_points + b.attack_points,
        fraction: b.fraction,
    }
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
