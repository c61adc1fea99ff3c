//! The largest norm found so far: exact points from float guesses, and a first search for good ones.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use foldline_geometry::directed::round_down;
use foldline_kernel::interrupt;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::number::from_f64_bits;
use foldline_kernel::{Activation, Integer, Rational};

use super::bound::FloatNorm;
use super::domain::{Domain, Patch};
use super::matrix::Matrix;
use super::norm::key;
use super::power::square_root;
use super::statement::{Attained, Constant};
use crate::verification::affine::compose;
use crate::verification::attack::Random;

/// How many gradients a search for a large one looks at.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// At random points of a patch.
    pub random_points: usize,
    /// On a walk that starts at the best of them.
    pub walk_steps: usize,
}

/// The largest norm shown so far, for all workers.
#[derive(Debug)]
pub struct Incumbent {
    /// Bits of a float that is at most the norm; NaN-free, at first −1.
    below: AtomicU64,
    /// Whether an enclosure is asked for, so that bounds within a part of its width may close parts.
    enclosed: bool,
    found: Mutex<Option<Found>>,
}

#[derive(Debug)]
struct Found {
    size: Constant,
    attained: Attained,
    /// The point in the coordinates of its domain; none for a region of one point.
    place: Option<Place>,
}

/// Where a Jacobian was measured.
#[derive(Debug, Clone)]
pub struct Place {
    /// The domain's number.
    pub domain: usize,
    /// The point in its coordinates.
    pub point: Vec<Rational>,
}

/// Of an enclosure's width 10⁻⁹ the part that closes parts of the search: 2⁻³².
const CLOSE_ENOUGH: f64 = 1.0 / 4_294_967_296.0;

impl Incumbent {
    /// Nothing is found yet.
    pub fn new(enclosed: bool) -> Self {
        let below = AtomicU64::new((-1.0f64).to_bits());
        Self { below, enclosed, found: Mutex::new(None) }
    }

    /// At most the norm found.
    pub fn below(&self) -> f64 {
        f64::from_bits(self.below.load(Ordering::Relaxed))
    }

    /// Parts whose norms are at most this need no further search.
    pub fn threshold(&self) -> f64 {
        let below = self.below();
        let close = below * (1.0 + CLOSE_ENOUGH);
        if self.enclosed && below > 0.0 && close.is_finite() { close } else { below }
    }

    /// What was found.
    pub fn into_inner(self) -> Option<(Constant, Attained)> {
        let found = self.found.into_inner().expect("no worker panicked");
        found.map(|found| (found.size, found.attained))
    }

    /// The key that parts must exceed to need a further search; none if nothing is found yet.
    pub fn enough(&self) -> Option<Rational> {
        let found = self.found.lock().expect("no worker panicked");
        let enough = key(&found.as_ref()?.size).clone();
        if !self.enclosed {
            return Some(enough);
        }
        let threshold = from_f64_bits(self.threshold().to_bits());
        Some(enough.max(threshold.unwrap_or(Rational::ZERO)))
    }

    /// Where it was found.
    pub fn place(&self) -> Option<Place> {
        self.found.lock().expect("no worker panicked").as_ref()?.place.clone()
    }

    /// Keeps a size if it is larger, with the Jacobian (hull coordinates) and the point (original
    /// coordinates) where it is attained.
    pub fn offer(&self, size: Constant, attained: impl FnOnce() -> (Attained, Option<Place>)) {
        let mut found = self.found.lock().expect("no worker panicked");
        if found.as_ref().is_some_and(|found| key(&found.size) >= key(&size)) {
            return;
        }
        let below = float_below(&size);
        let (attained, place) = interrupt::to_the_end(attained);
        *found = Some(Found { size, attained, place });
        self.below.store(below.to_bits(), Ordering::Relaxed);
    }
}

/// A float that is at most the norm.
fn float_below(size: &Constant) -> f64 {
    match size {
        Constant::Exact(value) => round_down(value),
        Constant::Square(square) => round_down(&square_root(square).0).max(0.0),
        Constant::Between { lower, .. } => round_down(lower),
    }
}

/// The Jacobian in hull coordinates at a point of the domain, if the point is interior to its cell
/// and to the domain: exact.
pub fn jacobian_at(domain: &Domain, point: &[Rational]) -> Option<Matrix> {
    if !domain.interior.iter().all(|constraint| constraint.holds_at(point)) {
        return None;
    }
    let (mut values, mut denominator) = over_common_denominator(point);
    let (mut signs, mut zeros) = (Vec::new(), Vec::new());
    for layer in domain.network.layers() {
        values = layer.pre_activations(&values, &denominator);
        denominator *= &layer.denominator;
        if layer.activation == Activation::Relu {
            for value in &mut values {
                if value.is_zero() {
                    zeros.push(signs.len() as u32);
                }
                signs.push(if *value > Integer::ZERO { 1i8 } else { -1 });
                if *value < Integer::ZERO {
                    *value = Integer::ZERO;
                }
            }
        }
    }
    let (rows, map) = compose(&domain.network, |neuron| signs[neuron], &zeros);
    let is_constant = |row: &Vec<Integer>| row[..point.len()].iter().all(Integer::is_zero);
    if !rows.iter().all(|row| is_constant(&row.values)) {
        return None;
    }
    let gradient = |&output: &usize| map.row(output)[..point.len()].to_vec();
    Some(domain.outputs.iter().map(gradient).collect())
}

/// Measures the cell around a point of the domain; false if the point is in no cell's interior.
pub fn offer_point(domain: &Domain, point: &[Rational], incumbent: &Incumbent) -> bool {
    let Some(jacobian) = jacobian_at(domain, point) else {
        return false;
    };
    incumbent.offer(domain.norm.measure(&jacobian), || {
        let jacobian = domain.norm.projected(&jacobian, domain.original.inputs());
        let place = Place { domain: domain.number, point: point.to_vec() };
        (Attained { jacobian, point: domain.to_original(point) }, Some(place))
    });
    true
}

/// Gradients in floats, unproved, with scratch space.
#[derive(Debug, Default)]
pub struct Gradients {
    values: Vec<Vec<f64>>,
    adjoint: Vec<f64>,
    below: Vec<f64>,
    sizes: Vec<Vec<f64>>,
    /// Points tried.
    pub count: u64,
}

impl Gradients {
    /// The norm of the Jacobian at a point of the domain, roughly.
    pub fn norm_at(&mut self, domain: &Domain, norm: &FloatNorm, point: &[f64]) -> f64 {
        self.count += 1;
        let layers = &domain.float.layers;
        self.values.resize(layers.len() + 1, Vec::new());
        self.values[0].clear();
        self.values[0].extend_from_slice(point);
        for (index, layer) in layers.iter().enumerate() {
            let (before, after) = self.values.split_at_mut(index + 1);
            let relu = |value: f64| if layer.relu { value.max(0.0) } else { value };
            after[0].clear();
            after[0].extend(layer.rows.iter().map(|row| relu(row.at(&before[index]))));
        }
        self.sizes.resize(domain.outputs.len(), Vec::new());
        for (&output, sizes) in domain.outputs.iter().zip(&mut self.sizes) {
            let adjoint = &mut self.adjoint;
            adjoint.clear();
            adjoint.resize(self.values[layers.len()].len(), 0.0);
            adjoint[output] = 1.0;
            for (index, layer) in layers.iter().enumerate().rev() {
                self.below.clear();
                self.below.resize(self.values[index].len(), 0.0);
                for (position, row) in layer.rows.iter().enumerate() {
                    let amount = adjoint[position];
                    if amount == 0.0 || layer.relu && self.values[index + 1][position] <= 0.0 {
                        continue;
                    }
                    interrupt::count(row.columns.len());
                    for (&column, &weight) in row.columns.iter().zip(&row.values) {
                        self.below[column as usize] += weight * amount;
                    }
                }
                std::mem::swap(adjoint, &mut self.below);
            }
            let size =
                |v: &Vec<f64>| v.iter().zip(&*adjoint).map(|(a, b)| a * b).sum::<f64>().abs();
            sizes.clear();
            sizes.extend(norm.functionals.iter().map(size));
        }
        norm.of(&self.sizes)
    }

    /// Offers a float point (patch coordinates) if its norm seems larger than the incumbent's.
    pub fn offer(&mut self, patch: &Patch, norm: &FloatNorm, point: &[f64], incumbent: &Incumbent) {
        let Some(float) = patch.float_to_domain(point) else { return };
        let size = self.norm_at(&patch.domain, norm, &float);
        let below = incumbent.below();
        // Floats do not tell norms apart that are smaller than they can be.
        let is_lost = size.max(below) <= f64::MIN_POSITIVE;
        if size > below * (1.0 + 1e-9) || is_lost {
            let exact = |value: &f64| from_f64_bits(value.to_bits()).ok();
            if let Some(point) = point.iter().map(exact).collect::<Option<Vec<Rational>>>() {
                let is_inside = patch.interior.iter().all(|constraint| constraint.holds_at(&point));
                if is_inside {
                    offer_point(&patch.domain, &patch.to_domain(&point), incumbent);
                }
            }
        }
    }

    /// Looks at random points of a patch and walks on from the best ones.
    pub fn explore(
        &mut self,
        patch: &Patch,
        norm: &FloatNorm,
        seed: u64,
        effort: Effort,
        incumbent: &Incumbent,
    ) {
        let Effort { random_points, walk_steps } = effort;
        let polytope = &patch.polytope;
        let (lower, upper) = (&polytope.lower, &polytope.upper);
        let dimension = lower.len();
        let mut random = Random::new(seed ^ 0x4C69_7073);
        let inside = |point: &[f64]| {
            (0..polytope.half_spaces()).all(|index| {
                let value: f64 = polytope.normal(index).iter().zip(point).map(|(a, x)| a * x).sum();
                value < polytope.bounds[index]
            })
        };
        let mut best: (f64, Vec<f64>) = (f64::NEG_INFINITY, Vec::new());
        let mut tries = 0;
        let total = random_points + walk_steps;
        while tries < total {
            let walking = tries >= random_points && !best.1.is_empty();
            let progress = (tries.saturating_sub(random_points)) as f64 / walk_steps as f64;
            let radius = 0.3 * (1.0 - progress).powi(4);
            let coordinate = |j: usize| {
                let width = upper[j] - lower[j];
                let value = if walking {
                    best.1[j] + radius * width * (2.0 * random.unit() - 1.0)
                } else {
                    lower[j] + width * random.unit()
                };
                value.clamp(lower[j], upper[j])
            };
            let point: Vec<f64> = (0..dimension).map(coordinate).collect();
            tries += 1;
            if !inside(&point) {
                continue;
            }
            let Some(float) = patch.float_to_domain(&point) else { continue };
            let size = self.norm_at(&patch.domain, norm, &float);
            if size > best.0 || walking && size >= best.0 {
                best = (size, point);
            }
        }
        if !best.1.is_empty() {
            self.offer(patch, norm, &best.1, incumbent);
        }
    }
}
