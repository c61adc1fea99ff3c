//! How large does a network get on a region? The exact maximum, by one search for values above
//! the best found so far.
//!
//! First the directions in which the region is unbounded are searched for growth without bound
//! (`recession.rs`): exactly if there is none, the maximum over the region's closure is attained.
//! Then the bounds, splits and leaves of verification refute "the objective is above the
//! incumbent" on one part after another, while the incumbent rises (`search.rs`); what bounds
//! refuted for a lower incumbent stays refuted. On a leaf the network is affine and an exact linear
//! program has the maximum [Z, Thm 2.2]. The tree of that search proves the answer (`proved.rs`).
//!
//! Differs from the paper: cells are reached only where bounds fail.

mod ascent;
mod exact;
mod goal;
mod incumbent;
mod pieces;
mod proved;
pub mod range;
pub(crate) mod recession;
mod resume;
mod search;
pub mod statement;
mod visit;

use std::sync::Arc;

use serde_json::Value;

use foldline_engine::{Open, Run as EngineRun};
use foldline_kernel::interrupt::Stopped;
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Atom, Formula, Network, Property, Rational, Region};

use crate::bounds::FloatNetwork;
use crate::checkpoint::{Keeper, StateError};
use crate::verification::case_problems::{Piece, prepare};
use crate::verification::counters::Counters;
use crate::verification::node::{Node, Place};
use crate::verification::problem::Problem;
use crate::verification::{
    Found, Limits, Options, ProofError, Records, Storage, find, precision, with_progress,
};
use incumbent::Incumbent;
use pieces::{ClosedPiece, closed_pieces};
use proved::ProvedSearch;
pub use proved::property_above;
use resume::{OpenChunk, Resumed, Within};
use search::{MaximumSearch, Part};
pub use statement::{Answer, Attained, Objective, Outcome};
use visit::Visitor;

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
    maximum_resumable(network, region, objectives, options, None)
        .expect("there is no state to read")
}

/// Like [`maximum`]; a keeper is given the open work now and then and when a limit ends the run,
/// and the run goes on from the work that the keeper has.
///
/// # Errors
/// If the keeper's state is not one of this question.
///
/// # Panics
/// If there is no objective, or the dimensions do not fit.
pub fn maximum_resumable(
    network: &Network,
    region: &Region,
    objectives: &[Objective],
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, StateError> {
    match answered(network, region, objectives, options, None, keeper) {
        Ok((outcome, _)) => Ok(outcome),
        Err(ProofError::State(error)) => Err(error),
        Err(other) => Err(StateError(other.to_string())),
    }
}

/// Like [`maximum_resumable`] for one objective, and records in `storage` why nothing is above the
/// maximum, if one search can do both: not on unbounded regions, and not for numbers that need other
/// units.
///
/// With a keeper the storage must be files, and a later run goes on with both. What an earlier run
/// left without records is gone on with without them.
///
/// # Errors
/// If records cannot be kept, there are too many cases, or the kept state is not one of this question.
///
/// # Panics
/// If the dimensions do not fit.
pub fn maximum_with_proof(
    network: &Network,
    region: &Region,
    objective: &Objective,
    options: &Options,
    storage: Storage,
    keeper: Option<&dyn Keeper>,
) -> Result<(Outcome, Option<Proved>), ProofError> {
    let objectives = std::slice::from_ref(objective);
    let (outcome, proved) = answered(network, region, objectives, options, Some(storage), keeper)?;
    let Answer::Maximum { maximum, attained: Some(_) } = &outcome.answer else {
        return Ok((outcome, None));
    };
    // A large maximum may need other units after all.
    let property = property_above(network, region, objective, &maximum.value);
    let fits = |proved: &Proved| precision(network, &property) == (proved.precision, false);
    Ok((outcome, proved.filter(fits)))
}

/// The answer, with its evidence if that is wanted and one search can give both.
fn answered(
    network: &Network,
    region: &Region,
    objectives: &[Objective],
    options: &Options,
    storage: Option<Storage>,
    keeper: Option<&dyn Keeper>,
) -> Result<(Outcome, Option<Proved>), ProofError> {
    assert_eq!(network.inputs(), region.dimension, "the region is in another space");
    assert!(!objectives.is_empty(), "something must be maximised");
    let outputs = objectives.iter().flatten().map(|&(output, _)| output);
    assert!(outputs.max().is_none_or(|most| most < network.outputs()), "no such output");
    let counters = Counters::default();
    let limits = Limits::new(options);
    let run =
        Run { network, region, objectives, options, counters: &counters, limits: &limits, keeper };
    let resumed = keeper.and_then(Keeper::resumed);
    let resumed =
        resumed.map(|state| Resumed::from_json(state, network.inputs(), &counters)).transpose()?;
    let incumbent = Incumbent::new(network, objectives);
    let mut proof = Proof { storage, proved: None };
    let answer = with_progress(&limits, &counters, || run.answer(&incumbent, resumed, &mut proof));
    let answer = answer.unwrap_or_else(|Stopped| Ok(run.undecided(&incumbent, None)))?;
    Ok((Outcome { answer, statistics: counters.statistics() }, proof.proved))
}

/// The evidence that nothing is above a maximum.
#[derive(Debug)]
pub struct Proved {
    /// The records.
    pub records: Records,
    /// Fraction bits of the checkers for whose rounding they leave room.
    pub precision: u32,
}

/// Where evidence is kept, if it is wanted, and what there is of it.
struct Proof {
    storage: Option<Storage>,
    proved: Option<Proved>,
}

struct Run<'a> {
    network: &'a Network,
    region: &'a Region,
    objectives: &'a [Objective],
    options: &'a Options,
    counters: &'a Counters,
    limits: &'a Limits<'a>,
    keeper: Option<&'a dyn Keeper>,
}

impl Run<'_> {
    fn answer(
        &self,
        incumbent: &Incumbent<'_>,
        resumed: Option<Resumed>,
        proof: &mut Proof,
    ) -> Result<Answer, ProofError> {
        let stop = || self.limits.reached();
        let Some(pieces) = closed_pieces(self.region, self.counters, &stop) else {
            return Ok(self.undecided(incumbent, None));
        };
        if pieces.is_empty() {
            return Ok(Answer::Empty);
        }
        pieces.iter().take(CHUNK).for_each(|piece| incumbent.offer(piece.point.clone()));
        let (growth, chunk) = match resumed {
            None => (self.direction_of_growth(&pieces, None)?, None),
            Some(Resumed::Growth(work)) => (self.direction_of_growth(&pieces, Some(work))?, None),
            Some(Resumed::Search(chunk)) => {
                for best in &chunk.best {
                    offer_earlier(&pieces, best, incumbent)?;
                }
                (Found::Nothing, Some(chunk))
            }
            Some(Resumed::Attained { best, work }) => {
                offer_earlier(&pieces, &best, incumbent)?;
                return Ok(self.attained(incumbent.best().expect("just offered"), Some(work))?);
            }
        };
        match growth {
            Found::Violation(direction) => {
                let (point, direction) =
                    recession::ray(self.network, &pieces, self.objectives, &direction);
                return Ok(Answer::Unbounded { point, direction });
            }
            Found::Stopped => return Ok(self.undecided(incumbent, None)),
            Found::Nothing => {}
        }
        let upper = match self.search_with_proof(&pieces, incumbent, &chunk, proof)? {
            Some(upper) => upper,
            None => self.search(&pieces, incumbent, chunk)?,
        };
        match upper {
            None => Ok(self.attained(incumbent.best().expect("a piece has a point"), None)?),
            Some(upper) => Ok(self.undecided(incumbent, Some(upper))),
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

    fn direction_of_growth(
        &self,
        pieces: &[ClosedPiece],
        open: Option<Value>,
    ) -> Result<Found, StateError> {
        let Some(property) = recession::growth(self.network, pieces, self.objectives) else {
            let foreign = StateError("it is about an unbounded region".to_owned());
            return if open.is_some() { Err(foreign) } else { Ok(Found::Nothing) };
        };
        let network = self.network.without_biases();
        let found = self.find(&network, &property, ("growth", None), open);
        self.counters.reopen();
        found
    }

    /// A verification of this run, whose state is kept under a name, with the best point.
    fn find(
        &self,
        network: &Network,
        property: &Property,
        (name, best): (&'static str, Option<&[Rational]>),
        open: Option<Value>,
    ) -> Result<Found, StateError> {
        let Self { options, counters, limits, .. } = self;
        let keeper = self.keeper.map(|keeper| Within { keeper, name, best, open });
        let keeper = keeper.as_ref().map(|keeper| keeper as &dyn Keeper);
        find(network, property, options, counters, limits, keeper)
    }

    /// Like [`Self::search`], with evidence; none where that is not wanted, or one search cannot
    /// give both.
    fn search_with_proof(
        &self,
        pieces: &[ClosedPiece],
        incumbent: &Incumbent,
        resumed: &Option<OpenChunk>,
        proof: &mut Proof,
    ) -> Result<Option<Option<f64>>, ProofError> {
        let Self { network, region, objectives, options, counters, .. } = *self;
        let open = resumed.as_ref().map(|chunk| &chunk.open);
        let has_evidence = open.is_none_or(|open| open.get("evidence").is_some());
        let Some(storage) = proof.storage.take().filter(|_| has_evidence) else {
            return Ok(None);
        };
        let cases = proved::cases(network, region, pieces, objectives, counters)?;
        let Some((cases, precision)) = cases else { return Ok(None) };
        let head = cases.head.clone();
        let search = ProvedSearch::new(cases, Visitor { incumbent, counters, seed: options.seed });
        let stop = || self.limits.reached();
        let run = EngineRun { threads: options.workers(), stop: &stop, keeper: self.keeper };
        let (upper, evidence) = search.run(open, storage, run)?;
        let evidence = evidence.filter(|_| upper.is_none());
        let records = evidence.map(|evidence| Records::above(head, evidence, incumbent.floor()));
        proof.proved = records.map(|records| Proved { records, precision });
        Ok(Some(upper))
    }

    /// Raises the incumbent to the maximum; an upper bound if told to stop before.
    fn search(
        &self,
        pieces: &[ClosedPiece],
        incumbent: &Incumbent,
        mut resumed: Option<OpenChunk>,
    ) -> Result<Option<f64>, StateError> {
        let stop = || self.limits.reached();
        let float = FloatNetwork::new(self.network);
        let network = Arc::new(self.network.clone());
        let jobs: Vec<(&ClosedPiece, &Objective)> = pieces
            .iter()
            .flat_map(|piece| self.objectives.iter().map(move |objective| (piece, objective)))
            .collect();
        let first = resumed.as_ref().map_or(0, |resumed| resumed.chunk);
        if first > 0 && first * CHUNK >= jobs.len() {
            return Err(StateError("it is about another region".to_owned()));
        }
        for (index, chunk) in jobs.chunks(CHUNK).enumerate().skip(first) {
            let mut problems: Vec<Vec<Arc<Problem>>> = Vec::new();
            for (piece, objective) in chunk {
                if stop() {
                    return Ok(Some(f64::INFINITY));
                }
                let targets = goal::targets(objective);
                let piece = Piece::whole(&network, &float, &piece.constraints, &targets);
                let mut of_job = Vec::new();
                prepare(piece, &mut of_job, self.counters);
                problems.push(of_job.into_iter().map(Arc::new).collect());
            }
            let (counters, seed) = (self.counters, self.options.seed);
            let visitor = Visitor { incumbent, counters, seed };
            let search = MaximumSearch { chunk: index, problems: &problems, visitor };
            let open = match resumed.take() {
                Some(resumed) => Open::from_json(&search, &resumed.open)?,
                None => {
                    let count: usize = problems.iter().map(Vec::len).sum();
                    self.counters.regions.add(count as u64);
                    Open::new(roots(&problems, jobs.len()))
                }
            };
            let threads = self.options.workers();
            let left = search.run(open, EngineRun { threads, stop: &stop, keeper: self.keeper });
            if let Some(upper) = left {
                let is_last = chunk.as_ptr_range().end == jobs.as_ptr_range().end;
                return Ok(Some(if is_last { upper } else { f64::INFINITY }));
            }
        }
        Ok(None)
    }

    /// Whether the maximum over the closure is taken in the region itself.
    fn attained(&self, maximum: Attained, open: Option<Value>) -> Result<Answer, StateError> {
        let inside = |point: &[Rational]| self.region.pieces.iter().any(|p| p.contains(point));
        if inside(&maximum.point) {
            return Ok(Answer::Maximum { maximum, attained: Some(true) });
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
        let found = self.find(self.network, &property, ("attained", Some(&maximum.point)), open)?;
        Ok(match found {
            Found::Violation(point) => {
                assert!(inside(&point), "a point of the region");
                Answer::Maximum { maximum: Attained { point, ..maximum }, attained: Some(true) }
            }
            Found::Nothing => Answer::Maximum { maximum, attained: Some(false) },
            Found::Stopped => Answer::Maximum { maximum, attained: None },
        })
    }
}

/// Raises the incumbent to what an earlier run found.
fn offer_earlier(
    pieces: &[ClosedPiece],
    best: &[Rational],
    incumbent: &Incumbent,
) -> Result<(), StateError> {
    let inside = |piece: &ClosedPiece| piece.constraints.iter().all(|c| c.holds_at(best));
    if !pieces.iter().any(inside) {
        return Err(StateError("it is about another region".to_owned()));
    }
    incumbent.offer(best.to_vec());
    Ok(())
}

/// The roots of the search trees of a chunk.
fn roots(problems: &[Vec<Arc<Problem>>], jobs: usize) -> Vec<Part> {
    let mut roots = Vec::new();
    for (case, of_job) in problems.iter().enumerate() {
        let share = 1.0 / (jobs * of_job.len().max(1)) as f64;
        for (piece, problem) in of_job.iter().enumerate() {
            let place = Place { case, piece };
            roots.push(Part::unbounded(Node { place, ..Node::root(problem.clone(), share) }));
        }
    }
    roots
}
