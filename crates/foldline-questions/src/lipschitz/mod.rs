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
mod domain;
mod incumbent;
mod leaf;
mod matrix;
mod node;
mod norm;
mod power;
mod ranges;
mod search;
pub mod statement;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use foldline_geometry::directed::round_up;
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Network, Rational, Region};

use crate::bounds::FloatNetwork;
use crate::verification::counters::Counters;
use bound::FloatNorm;
use domain::Opened;
use incumbent::Incumbent;
use node::Node;
use power::square_root;
pub use statement::{
    Answer, Attained, Constant, Exponent, Limit, Options, Outcome, Progress, Refused, Statistics,
};

/// The Lipschitz constant of the given outputs of `network` for p > 0, over `region` or over R^d.
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
    assert!(!outputs.is_empty() && outputs.iter().all(|&output| output < network.outputs()));
    assert!(region.is_none_or(|region| region.dimension == network.inputs()));
    if matches!(p, Exponent::Finite(p) if *p < Rational::ZERO) {
        return Err(Refused::Negative);
    }
    let start = Instant::now();
    let counters = Counters::default();
    let enclosed = is_enclosed(p, outputs.len());
    let incumbent = Incumbent::new(enclosed);
    let limits = Limits { start, options, expired: AtomicBool::new(false) };
    let opened = open(network, outputs, p, region, &counters, &incumbent)?;
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(1, |count| count.get()),
        threads => threads,
    };
    let stop = || limits.reached();
    let open = with_progress(options, start, &counters, &incumbent, || {
        search::search(opened, threads, options.seed, &incumbent, &counters, &stop)
    });
    let statistics = statistics(&counters, &incumbent);
    Ok(Outcome { answer: answer(incumbent, open, &limits), statistics })
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
    for polyhedron in &polyhedra {
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
    if let Some(point) = point {
        let zero = if is_enclosed(p, outputs.len()) {
            Constant::Between { lower: Rational::ZERO, upper: Rational::ZERO }
        } else if p.is_two() {
            Constant::Square(Rational::ZERO)
        } else {
            Constant::Exact(Rational::ZERO)
        };
        let jacobian = vec![vec![Rational::ZERO; network.inputs()]; outputs.len()];
        incumbent.offer(zero, || Attained { jacobian, point });
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

fn statistics(counters: &Counters, incumbent: &Incumbent) -> Statistics {
    Statistics {
        pieces: counters.regions.get(),
        nodes: counters.nodes.get(),
        lps: counters.lps.get(),
        exact_leaves: counters.exact_leaves.get(),
        exact_lps: counters.exact_lps.get(),
        points: counters.attack_points.get(),
        fraction: counters.closed_share(),
        best: incumbent.size().map_or(0.0, |size| round_up(&ends(&size).1)),
    }
}

struct Limits<'a> {
    start: Instant,
    options: &'a Options,
    expired: AtomicBool,
}

impl Limits<'_> {
    fn stopped(&self) -> bool {
        self.options.stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    fn reached(&self) -> bool {
        if self.options.timeout.is_some_and(|timeout| self.start.elapsed() >= timeout) {
            self.expired.store(true, Ordering::Relaxed);
        }
        self.expired.load(Ordering::Relaxed) || self.stopped()
    }

    fn which(&self) -> Limit {
        if self.stopped() { Limit::Stopped } else { Limit::Time }
    }
}

/// Runs `body` while a thread reports progress, if that is wanted.
fn with_progress<T: Send>(
    options: &Options,
    start: Instant,
    counters: &Counters,
    incumbent: &Incumbent,
    body: impl FnOnce() -> T + Send,
) -> T {
    let Some(report) = &options.progress else {
        return body();
    };
    let finished = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reporter = scope.spawn(|| {
            while !finished.load(Ordering::Relaxed) {
                std::thread::park_timeout(Duration::from_millis(200));
                let statistics = statistics(counters, incumbent);
                report(&Progress { statistics, elapsed: start.elapsed() });
            }
        });
        let result = body();
        finished.store(true, Ordering::Relaxed);
        reporter.thread().unpark();
        result
    })
}
