//! The exact Lipschitz constant of a network over a region, or everywhere.
//!
//! A network is affine on each cell of the arrangement that its neurons make of the inputs; the
//! constant is the largest operator norm of the Jacobian over the cells with interior [Z, Thm 2.2].
//! Differs from the paper: cells are not enumerated but searched by branch and bound. A node is a
//! polytope with the signs of some neurons; intervals of the Jacobian through the undecided ones
//! bound the norm, linear programs decide which neurons have one sign on the polytope, and
//! the largest norm shown so far closes what cannot beat it. Cells that remain are measured exactly, at
//! a point that satisfies all their inequalities strictly.

mod adjoint;
mod bound;
mod branch;
mod convex;
mod domain;
mod ellipsoid;
mod hamming;
mod incumbent;
mod leaf;
mod matrix;
mod node;
mod norm;
mod patches;
mod power;
pub mod proof;
mod ranges;
mod resume;
mod search;
pub mod statement;

use std::sync::Arc;

use foldline_engine::{Open, Run, depth_first};
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Network, Rational, Region};

use crate::bounds::FloatNetwork;
use crate::checkpoint::{Keeper, field};
use crate::verification::counters::Counters;
use crate::verification::{Limits, Options, with_progress};
use bound::FloatNorm;
use domain::Opened;
use incumbent::Incumbent;
use node::Node;
use power::square_root;
use search::CellSearch;
pub use statement::{Answer, Attained, Constant, Exponent, Outcome, Refused};

/// The Lipschitz constant of the given outputs of `network` for p ≥ 0, over `region` or over R^d.
///
/// # Errors
/// If the question has no answer here: see [`Refused`].
///
/// # Panics
/// If `outputs` is empty or names one that does not exist, or the region is of another dimension.
pub fn lipschitz(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    region: Option<&Region>,
    options: &Options,
) -> Result<Outcome, Refused> {
    lipschitz_resumable(network, outputs, p, region, options, None)
}

/// Like [`lipschitz`]; a keeper is given the open work now and then and when a limit ends the run,
/// and the run goes on from the work that the keeper has.
///
/// # Errors
/// As [`lipschitz`], and if the keeper's state is not one of this question.
///
/// # Panics
/// As [`lipschitz`].
pub fn lipschitz_resumable(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    region: Option<&Region>,
    options: &Options,
    keeper: Option<&dyn Keeper>,
) -> Result<Outcome, Refused> {
    assert!(!outputs.is_empty() && outputs.iter().all(|&output| output < network.outputs()));
    assert!(region.is_none_or(|region| region.dimension == network.inputs()));
    if matches!(p, Exponent::Finite(p) if *p < Rational::ZERO) {
        return Err(Refused::Negative);
    }
    if matches!(p, Exponent::Finite(p) if p.is_zero()) {
        return hamming::largest_jump(network, outputs, region, options, keeper);
    }
    let counters = Counters::default();
    let incumbent = Incumbent::new(is_enclosed(p, outputs.len()));
    let limits = Limits::new(options);
    let stop = || limits.reached();
    let open = with_progress(&limits, &counters, || {
        let roots = open(network, outputs, p, region, &counters, &incumbent)?;
        let seed = options.seed;
        let search = CellSearch { roots: &roots, incumbent: &incumbent, counters: &counters, seed };
        let nodes = match keeper.and_then(Keeper::resumed) {
            Some(state) => {
                resume::restore(state, &roots, &incumbent, &counters)?;
                Open::from_json(&search, field(state, "open")?)?
            }
            None => Open::new(roots.clone()),
        };
        let by_passes = region.is_none() && convex::measure(&roots[0].patch.domain, p, &incumbent);
        if by_passes {
            return Ok::<_, Refused>(None);
        }
        let run = Run { threads: options.workers(), stop: &stop, keeper };
        // Without records nothing fails.
        Ok(depth_first(&search, nodes, run).0.open_bound().unwrap_or(Some(f64::INFINITY)))
    });
    let open = open.unwrap_or(Ok(Some(f64::INFINITY)))?;
    Ok(Outcome { answer: answer(incumbent, open, &limits), statistics: counters.statistics() })
}

/// Whether this norm is enclosed rather than computed exactly.
fn is_enclosed(p: &Exponent, outputs: usize) -> bool {
    match p {
        Exponent::Infinite => false,
        Exponent::Finite(p) => *p > Rational::ONE && (outputs > 1 || *p != Rational::from(2)),
    }
}

/// The roots of the search. Single points are measured at once: their constant is 0.
fn open(
    network: &Network,
    outputs: &[usize],
    p: &Exponent,
    region: Option<&Region>,
    counters: &Counters,
    incumbent: &Incumbent,
) -> Result<Vec<Node>, Refused> {
    let original = Arc::new(network.clone());
    let float = FloatNetwork::new(network);
    let mut roots: Vec<Node> = Vec::new();
    let mut point = None;
    let polyhedra = domain::polyhedra(network, region);
    let share = 1.0 / polyhedra.len().max(1) as f64;
    for polyhedron in polyhedra.iter().enumerate() {
        match domain::open(&original, &float, outputs, polyhedron, p, counters)? {
            Opened::Empty => {}
            Opened::Point(found) => point = Some(found),
            Opened::Domain(domain, patches) => {
                let norm = Arc::new(FloatNorm::new(&domain.norm));
                let share = share / patches.len().max(1) as f64;
                counters.regions.add(patches.len() as u64);
                roots.extend(
                    patches.into_iter().map(|patch| Node::root(patch, norm.clone(), share)),
                );
            }
        }
    }
    roots.iter_mut().enumerate().for_each(|(place, root)| root.place = place);
    if let Some(point) = point {
        let zero = if is_enclosed(p, outputs.len()) {
            Constant::Between { lower: Rational::ZERO, upper: Rational::ZERO }
        } else if p.is_two() {
            Constant::Square(Rational::ZERO)
        } else {
            Constant::Exact(Rational::ZERO)
        };
        let jacobian = vec![vec![Rational::ZERO; network.inputs()]; outputs.len()];
        incumbent.offer(zero, || (Attained { jacobian, point }, None));
    }
    Ok(roots)
}

fn answer(incumbent: Incumbent, open: Option<f64>, limits: &Limits<'_>) -> Answer {
    let enclosed_above = exact(incumbent.threshold());
    let found = incumbent.into_inner();
    if let Some(open) = open {
        let (lower, above) = found.map_or((None, Rational::ZERO), |(size, _)| {
            let (lower, above) = ends(&size);
            (Some(lower), above)
        });
        let upper = open.is_finite().then(|| exact(open).max(above));
        return Answer::Undecided { limit: limits.which(), lower, upper };
    }
    match found {
        None => Answer::Empty,
        Some((Constant::Between { lower, upper }, attained)) => {
            // Parts were closed up to the threshold.
            let upper = upper.max(enclosed_above);
            Answer::Lipschitz(Constant::Between { lower, upper }, attained)
        }
        Some((size, attained)) => Answer::Lipschitz(size, attained),
    }
}

/// Lower and upper bound of a norm.
fn ends(size: &Constant) -> (Rational, Rational) {
    match size {
        Constant::Exact(value) => (value.clone(), value.clone()),
        Constant::Square(square) => square_root(square),
        Constant::Between { lower, upper } => (lower.clone(), upper.clone()),
    }
}

fn exact(value: f64) -> Rational {
    from_f64_bits(value.to_bits()).unwrap_or(Rational::ZERO)
}
