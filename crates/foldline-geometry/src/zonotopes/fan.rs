//! Simplicial cones that cover all directions, split until a bound on a support function suffices.
//!
//! A support function h is convex and positively homogeneous: over the cone of v_1, …, v_d it is
//! at most the linear function w·u with w·v_k ≥ h(v_k). Differs from the sign vector walk of
//! [Z, Thm 2.1] in that a cone meets many cells of the arrangement of the generators at once.

use std::sync::Arc;

use super::floats::FloatGenerators;
use crate::directed::UNIT_ROUNDOFF;

/// A direction with exact coordinates, and what is known about the generators there.
#[derive(Debug, Clone)]
pub struct Ray {
    /// The direction u; these floats are its exact coordinates, the largest in [1, 2).
    pub direction: Vec<f64>,
    /// The products u·g_i as floats.
    pub products: Vec<f64>,
    /// The exact signs of the products.
    pub signs: Vec<i8>,
    /// An upper bound of Σ |u·g_i|.
    pub support: f64,
}

impl Ray {
    /// The ray through `direction`, whose coordinates are at most 2.
    pub fn new(generators: &FloatGenerators, direction: Vec<f64>) -> Self {
        let products = generators.products(&direction);
        let signs = products.iter().enumerate();
        let signs =
            signs.map(|(index, &product)| generators.sign(index, &direction, product)).collect();
        let support = generators.support_above(&direction, &products);
        Self { direction, products, signs, support }
    }
}

/// The cone of d linearly independent rays.
#[derive(Debug, Clone)]
pub struct Cone {
    /// The rays.
    pub rays: Vec<Arc<Ray>>,
}

/// The edge that a split cuts: the new ray is the sum of the two, scaled by a power of two so that
/// its largest coordinate is in [1, 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// The places of the two rays in the cone.
    pub edge: [usize; 2],
}

/// The most dimensions in which a fan of orthants is made.
pub const MOST_FAN_DIMENSIONS: usize = 14;

/// The orthants with first coordinate ≥ 0: half of all directions, up to sign all of them.
///
/// # Panics
/// If there are more than [`MOST_FAN_DIMENSIONS`] dimensions.
pub fn half_fan(generators: &FloatGenerators) -> Vec<Cone> {
    let dimension = generators.dimension;
    assert!(dimension <= MOST_FAN_DIMENSIONS, "too many orthants");
    let ray = |coordinate: usize, sign: f64| {
        let mut direction = vec![0.0; dimension];
        direction[coordinate] = sign;
        Arc::new(Ray::new(generators, direction))
    };
    let positive: Vec<Arc<Ray>> = (0..dimension).map(|coordinate| ray(coordinate, 1.0)).collect();
    let negative: Vec<Arc<Ray>> = (0..dimension).map(|coordinate| ray(coordinate, -1.0)).collect();
    let orthant = |signs: u64| {
        let pick = |coordinate: usize| {
            let is_negative = coordinate > 0 && signs >> (coordinate - 1) & 1 == 1;
            let rays = if is_negative { &negative } else { &positive };
            Arc::clone(&rays[coordinate])
        };
        Cone { rays: (0..dimension).map(pick).collect() }
    };
    (0..1u64 << (dimension - 1)).map(orthant).collect()
}

impl Cone {
    /// For each generator its sign on the cone: 1 or −1 where it does not change, 0 where it does.
    ///
    /// A generator that is 0 on all rays gets 1.
    pub fn signs(&self) -> Vec<i8> {
        let count = self.rays.first().map_or(0, |ray| ray.signs.len());
        let sign = |index: usize| {
            let (mut positive, mut negative) = (false, false);
            for ray in &self.rays {
                positive |= ray.signs[index] > 0;
                negative |= ray.signs[index] < 0;
            }
            match (positive, negative) {
                (true, true) => 0,
                (false, true) => -1,
                _ => 1,
            }
        };
        (0..count).map(sign).collect()
    }

    /// A short vector w with w·v ≥ h(v) at every ray v, so that h(u) ≤ w·u on the whole cone, and
    /// the rays at which it is meant to be equal.
    ///
    /// Guessed in floats, then shown with error bounds; `None` where that fails.
    pub fn above(&self) -> Option<(Vec<f64>, Vec<usize>)> {
        self.shown(|values| self.shortest(values))
    }

    /// The same for the vector w with w·v = h(v) at every ray, or a little more.
    ///
    /// It is the vertex itself where no generator changes sign; in other norms than the 2-norm it
    /// can be shorter than [`Self::above`].
    pub fn apex(&self) -> Option<Vec<f64>> {
        let directions = || self.rays.iter().map(|ray| &ray.direction);
        self.shown(|values| Some((solve(directions(), values)?, ()))).map(|(apex, ())| apex)
    }

    /// A guess for values a little above h, and what comes with it, if it is shown to be above h.
    fn shown<T>(&self, guess: impl Fn(&[f64]) -> Option<(Vec<f64>, T)>) -> Option<(Vec<f64>, T)> {
        let supports: Vec<f64> = self.rays.iter().map(|ray| ray.support).collect();
        let largest = supports.iter().fold(0.0f64, |largest, &value| largest.max(value));
        for inflation in [4e-15, 1e-12, 1e-9] {
            let raised: Vec<f64> =
                supports.iter().map(|value| value + inflation * largest + 1e-280).collect();
            let (vector, more) = guess(&raised)?;
            let is_above = |(ray, &value): (&Arc<Ray>, &f64)| product_below(&vector, ray) >= value;
            if self.rays.iter().zip(&supports).all(is_above) {
                return Some((vector, more));
            }
        }
        None
    }

    /// About the shortest w with w·v_k at least the k-th value: equal at the rays whose multipliers λ are
    /// positive, where w = Σ λ_k v_k (an active set method; its end is not proved, only checked).
    fn shortest(&self, values: &[f64]) -> Option<(Vec<f64>, Vec<usize>)> {
        let rays: Vec<&[f64]> = self.rays.iter().map(|ray| ray.direction.as_slice()).collect();
        let mut active: Vec<usize> = (0..rays.len()).collect();
        for _ in 0..3 * rays.len() {
            let gram =
                |&row: &usize| active.iter().map(|&column| dot(rays[row], rays[column])).collect();
            let matrix: Vec<Vec<f64>> = active.iter().map(gram).collect();
            let wanted: Vec<f64> = active.iter().map(|&index| values[index]).collect();
            let multipliers = solve(matrix.iter(), &wanted)?;
            let least =
                (0..active.len()).min_by(|&a, &b| multipliers[a].total_cmp(&multipliers[b]))?;
            if multipliers[least] < 0.0 && active.len() > 1 {
                active.remove(least);
                continue;
            }
            let mut vector = vec![0.0; rays[0].len()];
            for (&index, multiplier) in active.iter().zip(&multipliers) {
                vector
                    .iter_mut()
                    .zip(rays[index])
                    .for_each(|(sum, value)| *sum += multiplier * value);
            }
            let missing = |index: &usize| values[*index] - dot(&vector, rays[*index]);
            let outside = (0..rays.len()).filter(|index| !active.contains(index));
            let worst = outside.max_by(|a, b| missing(a).total_cmp(&missing(b)));
            match worst.filter(|index| missing(index) > 1e-13 * values[*index]) {
                None => return Some((vector, active)),
                Some(index) => active.push(index),
            }
        }
        let all = (0..rays.len()).collect();
        Some((solve(self.rays.iter().map(|ray| &ray.direction), values)?, all))
    }

    /// The two rays between which h bends most, and a ray between them; `None` where it would not
    /// be exact in floats or h does not bend.
    pub fn bisector(&self, generators: &FloatGenerators) -> Option<(Split, Ray)> {
        let mut best = None;
        let mut most = 0.0;
        for (first, a) in self.rays.iter().enumerate() {
            for (second, b) in self.rays.iter().enumerate().skip(first + 1) {
                let bend = bend(a, b);
                if bend > most {
                    most = bend;
                    best = Some([first, second]);
                }
            }
        }
        let edge = best?;
        let direction = between(&self.rays[edge[0]].direction, &self.rays[edge[1]].direction)?;
        Some((Split { edge }, Ray::new(generators, direction)))
    }

    /// The two cones that the new ray makes of this one.
    pub fn halves(&self, split: Split, ray: &Arc<Ray>) -> [Cone; 2] {
        split.edge.map(|replaced| {
            let mut rays = self.rays.clone();
            rays[replaced] = Arc::clone(ray);
            Cone { rays }
        })
    }
}

/// A lower bound of w·v in exact arithmetic.
fn product_below(vector: &[f64], ray: &Ray) -> f64 {
    let (mut sum, mut reach) = (0.0, 0.0);
    for (a, b) in vector.iter().zip(&ray.direction) {
        sum += a * b;
        reach += (a * b).abs();
    }
    sum - (vector.len() + 4) as f64 * UNIT_ROUNDOFF * 1.01 * reach - 1e-285
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// h(a) + h(b) − h(a + b), about, for rays a and b of lengths about 1.
fn bend(a: &Ray, b: &Ray) -> f64 {
    let terms = a.products.iter().zip(&b.products);
    terms.map(|(&p, &q)| if p * q < 0.0 { p.abs().min(q.abs()) } else { 0.0 }).sum()
}

/// a + b, scaled by a power of two so that its largest coordinate is in [1, 2), if that is exact.
pub fn between(a: &[f64], b: &[f64]) -> Option<Vec<f64>> {
    let mut sum = Vec::with_capacity(a.len());
    for (&x, &y) in a.iter().zip(b) {
        let value = x + y;
        let part = value - x;
        // What rounding lost of the sum, exactly.
        if (x - (value - part)) + (y - part) != 0.0 {
            return None;
        }
        sum.push(value);
    }
    let largest = sum.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 || sum.iter().any(|value| *value != 0.0 && value.abs() < 1e-200) {
        return None;
    }
    // The exponent from the bits: a logarithm is rounded.
    let exponent = (largest.to_bits() >> 52) as i32 - 1023;
    let scale = 2f64.powi(-exponent);
    sum.iter_mut().for_each(|value| *value *= scale);
    Some(sum)
}

/// Solves row·w = value for all rows by elimination with row pivoting; `None` if singular.
fn solve<'a>(rows: impl Iterator<Item = &'a Vec<f64>>, values: &[f64]) -> Option<Vec<f64>> {
    let mut system: Vec<Vec<f64>> = rows
        .zip(values)
        .map(|(row, &value)| row.iter().copied().chain([value]).collect())
        .collect();
    let size = system.len();
    for column in 0..size {
        let pivot = (column..size)
            .max_by(|&a, &b| system[a][column].abs().total_cmp(&system[b][column].abs()))?;
        if system[pivot][column].abs() < 1e-13 {
            return None;
        }
        system.swap(column, pivot);
        let (done, rest) = system.split_at_mut(column + 1);
        let pivot_row = &done[column];
        for row in rest {
            let factor = row[column] / pivot_row[column];
            if factor != 0.0 {
                for index in column..=size {
                    row[index] -= factor * pivot_row[index];
                }
            }
        }
    }
    let mut solution = vec![0.0; size];
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|index| system[row][index] * solution[index]).sum();
        solution[row] = (system[row][size] - known) / system[row][row];
    }
    solution.iter().all(|value| value.is_finite()).then_some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::Rational;

    #[test]
    fn bounds_lie_above_the_support_function() {
        let vectors: Vec<Vec<Rational>> = (0..7)
            .map(|i| (0..3).map(|j| Rational::from((i * 5 + j * 3 * i + j) % 7 - 3)).collect())
            .collect();
        let generators = FloatGenerators::new(3, vectors);
        let mut cones = half_fan(&generators);
        assert_eq!(cones.len(), 4);
        for _ in 0..40 {
            let cone = cones.remove(0);
            let (apex, _) = cone.above().unwrap();
            let inside: Vec<f64> = (0..3)
                .map(|j| {
                    cone.rays.iter().enumerate().map(|(k, r)| r.direction[j] * (k + 1) as f64).sum()
                })
                .collect();
            let products = generators.products(&inside);
            let support: f64 = products.iter().map(|value| value.abs()).sum();
            let above: f64 = apex.iter().zip(&inside).map(|(a, b)| a * b).sum();
            assert!(above >= support * (1.0 - 1e-12), "{above} {support}");
            if let Some((split, ray)) = cone.bisector(&generators) {
                cones.extend(cone.halves(split, &Arc::new(ray)));
            }
        }
    }

    #[test]
    fn sums_are_exact_or_refused() {
        assert_eq!(between(&[1.0, 0.0], &[0.0, 1.0]), Some(vec![1.0, 1.0]));
        assert_eq!(between(&[1.0, 1.5], &[1.0, -0.5]), Some(vec![1.0, 0.5]));
        assert_eq!(between(&[1.0, 1.0], &[1.0, 2f64.powi(-60)]), None);
        assert_eq!(between(&[1.0], &[-1.0]), None);
        // A logarithm of the largest would be rounded up to 2 here.
        let below = 2.0 - f64::EPSILON;
        assert_eq!(between(&[below, 0.0], &[below, 0.0]), Some(vec![below, 0.0]));
    }
}
