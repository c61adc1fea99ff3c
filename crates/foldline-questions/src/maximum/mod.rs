//! How large does a network get on a region? The exact maximum, by one search for values above
//! the best found so far.
//!
//! First the directions in which the region is unbounded are searched for growth without bound
//! (`recession.rs`): exactly if there is none, the maximum over the region's closure is attained.
//! Then the bounds, splits and leaves of verification refute "the objective is above the
//! incumbent" on one part after another, while the incumbent rises (`search.rs`); what bounds
//! refuted for a lower incumbent stays refuted. On a leaf the network is affine and an exact linear
//! program has the maximum [Z, Thm 2.2].
//!
//! Differs from the paper: cells are reached only where bounds fail.

mod ascent;
mod exact;
mod goal;
mod incumbent;
mod pieces;
pub mod range;
pub(crate) mod recession;
mod search;
pub mod statement;

use std::sync::Arc;

use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};

use crate::bounds::FloatNetwork;
use crate::verification::case_problems::{Piece, prepare};
use crate::verification::counters::Counters;
use crate::verification::node::Node;
use crate::verification::{Found, Limits, Options, find, with_progress};
use incumbent::Incumbent;
use pieces::{ClosedPiece, closed_pieces};
pub use statement::{Answer, Attained, Objective, Outcome};

/// Pieces of a region whose searches are open at the same time.
const CHUNK: usize = 64;

/// The exact least upper bound of the objectives on `region`, and where it is taken.
///
/// An objective is Σ coefficient · output. With several objectives the answer is about the
/// largest: max over x in the region and over the objectives. The region is a union of polyhedra:
/// unbounded, flat, with strict inequalities, or empty.
///
/// # Panics
/// If there is no objective, or the dimensions do not fit.
pub fn maximum(
    network: &Network,
    region: &Region,
    objectives: &[Objective],
    options: &Options,
) -> Outcome {
    assert_eq!(network.inputs(), region.dimension, "the region is in another space");
    assert!(!objectives.is_empty(), "something must be maximised");
    let outputs = objectives.iter().flatten().map(|&(output, _)| output);
    assert!(outputs.max().is_none_or(|most| most < network.outputs()), "no such output");
    let counters = Counters::default();
    let limits = Limits::new(options);
    let run = Run { network, region, objectives, options, counters: &counters, limits: &limits };
    let answer = with_progress(&limits, &counters, || run.answer());
    Outcome { answer, statistics: counters.statistics() }
}

struct Run<'a> {
    network: &'a Network,
    region: &'a Region,
    objectives: &'a [Objective],
    options: &'a Options,
    counters: &'a Counters,
    limits: &'a Limits<'a>,
}

impl Run<'_> {
    fn answer(&self) -> Answer {
        let incumbent = Incumbent::new(self.network, self.objectives);
        let stop = || self.limits.reached();
        let Some(pieces) = closed_pieces(self.region, self.counters, &stop) else {
            return self.undecided(&incumbent, None);
        };
        if pieces.is_empty() {
            return Answer::Empty;
        }
        pieces.iter().take(CHUNK).for_each(|piece| incumbent.offer(piece.point.clone()));
        match self.direction_of_growth(&pieces) {
            Found::Violation(direction) => {
                let (point, direction) =
                    recession::ray(self.network, &pieces, self.objectives, &direction);
                return Answer::Unbounded { point, direction };
            }
            Found::Stopped => return self.undecided(&incumbent, None),
            Found::Nothing => {}
        }
        match self.search(&pieces, &incumbent) {
            None => self.attained(incumbent.best().expect("a piece has a point")),
            Some(upper) => self.undecided(&incumbent, Some(upper)),
        }
    }

    fn undecided(&self, incumbent: &Incumbent, upper: Option<f64>) -> Answer {
        let lower = incumbent.best();
        // An upper bound below the incumbent is that of parts that were not looked at again.
        let upper = upper.and_then(|upper| from_f64_bits(upper.to_bits()).ok());
        let upper = upper.map(|upper| match &lower {
            Some(lower) => upper.max(lower.value.clone()),
            None => upper,
        });
        Answer::Undecided { limit: self.limits.which(), lower, upper }
    }

    fn direction_of_growth(&self, pieces: &[ClosedPiece]) -> Found {
        match recession::growth(self.network, pieces, self.objectives) {
            None => Found::Nothing,
            Some(property) => {
                let network = self.network.without_biases();
                let found = find(&network, &property, self.options, self.counters, self.limits);
                self.counters.reopen();
                found
            }
        }
    }

    /// Raises the incumbent to the maximum; an upper bound if told to stop before.
    fn search(&self, pieces: &[ClosedPiece], incumbent: &Incumbent) -> Option<f64> {
        let stop = || self.limits.reached();
        let float = FloatNetwork::new(self.network);
        let network = Arc::new(self.network.clone());
        let jobs: Vec<(&ClosedPiece, &Objective)> = pieces
            .iter()
            .flat_map(|piece| self.objectives.iter().map(move |objective| (piece, objective)))
            .collect();
        for chunk in jobs.chunks(CHUNK) {
            let mut roots = Vec::new();
            for (piece, objective) in chunk {
                if stop() {
                    return Some(f64::INFINITY);
                }
                let piece = Piece {
                    network: network.clone(),
                    float: float.clone(),
                    constraints: piece.constraints.clone(),
                    clauses: goal::targets(objective),
                    transforms: Vec::new(),
                };
                let mut problems = Vec::new();
                prepare(piece, &mut problems, self.counters);
                self.counters.regions.add(problems.len() as u64);
                let share = 1.0 / (jobs.len() * problems.len().max(1)) as f64;
                let root = |problem| Node::root(Arc::new(problem), share);
                roots.extend(problems.into_iter().map(root));
            }
            let threads = self.options.workers();
            let seed = self.options.seed;
            let left = search::search(roots, threads, seed, incumbent, self.counters, &stop);
            if let Some(upper) = left {
                let is_last = chunk.as_ptr_range().end == jobs.as_ptr_range().end;
                return Some(if is_last { upper } else { f64::INFINITY });
            }
        }
        None
    }

    /// Whether the maximum over the closure is taken in the region itself.
    fn attained(&self, maximum: Attained) -> Answer {
        let inside = |point: &[Rational]| self.region.pieces.iter().any(|p| p.contains(point));
        if inside(&maximum.point) {
            return Answer::Maximum { maximum, attained: Some(true) };
        }
        let reaches = |objective: &Objective| {
            let negated = objective.iter().map(|(output, factor)| (*output, -factor.clone()));
            let bound = -maximum.value.clone();
            Formula::Atom(Atom::new(Vec::new(), negated.collect(), bound, false))
        };
        let reaches = Formula::Or(self.objectives.iter().map(reaches).collect());
        let formula = Formula::And(vec![self.region.formula(), reaches]);
        let (inputs, outputs) = (self.network.inputs(), self.network.outputs());
        let property = Property { inputs, outputs, formula };
        self.counters.reopen();
        match find(self.network, &property, self.options, self.counters, self.limits) {
            Found::Violation(point) => {
                assert!(inside(&point), "a point of the region");
                Answer::Maximum { maximum: Attained { point, ..maximum }, attained: Some(true) }
            }
            Found::Nothing => Answer::Maximum { maximum, attained: Some(false) },
            Found::Stopped => Answer::Maximum { maximum, attained: None },
        }
    }
}
