//! Rigorous bounds of the largest ratio h_A/h_B of two support functions, by cones of directions.
//!
//! On a cone h_A is below its linear interpolation from the rays, and h_B above the linear function
//! of any point of Z(B); the ratio of the two is largest at a ray.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::fan::{MOST_FAN_DIMENSIONS, between};
use super::floats::FloatGenerators;

/// Bounds of the largest ratio.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioBounds {
    /// The ratio in some direction is at least this.
    pub lower: f64,
    /// The ratio in every direction is at most this; infinite if it may be unbounded.
    pub upper: f64,
    /// Cones of directions looked at.
    pub cones: u64,
}

struct Ray {
    direction: Vec<f64>,
    /// An upper bound of h_A here.
    above: f64,
}

struct Node {
    rays: Vec<Arc<Ray>>,
    /// An upper bound of the ratio in this cone.
    bound: f64,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Node {}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

/// Bounds max h_A/h_B until `upper` ≤ (1 + tolerance)·`lower`, or `stop` says so.
///
/// `a` and `b` are the generators of zonotopes about 0 in the same space.
///
/// # Panics
/// If the dimensions differ.
pub fn largest_ratio(
    a: &FloatGenerators,
    b: &FloatGenerators,
    tolerance: f64,
    stop: &dyn Fn() -> bool,
) -> RatioBounds {
    assert_eq!(a.dimension, b.dimension, "zonotopes of different dimensions");
    let unknown = RatioBounds { lower: 0.0, upper: f64::INFINITY, cones: 0 };
    if a.count() == 0 {
        return RatioBounds { upper: 0.0, ..unknown };
    }
    let apart = a.shift - b.shift;
    if b.count() == 0 || a.dimension > MOST_FAN_DIMENSIONS || apart.abs() > 900 {
        return unknown;
    }
    let mut search = Search { a, b, bounds: RatioBounds { upper: 0.0, ..unknown } };
    let mut open: BinaryHeap<Node> = search.orthants().into();
    while let Some(node) = open.peek() {
        if node.bound <= search.bounds.lower * (1.0 + tolerance) || stop() {
            break;
        }
        let node = open.pop().expect("just seen");
        match search.halves(&node) {
            Some(halves) => open.extend(halves),
            None => search.bounds.upper = search.bounds.upper.max(node.bound),
        }
    }
    let left = open.peek().map_or(0.0, |node| node.bound);
    let scale = 2f64.powi(apart as i32);
    let upper = search.bounds.upper.max(left).max(search.bounds.lower);
    RatioBounds {
        lower: search.bounds.lower * scale,
        upper: upper * scale,
        cones: search.bounds.cones,
    }
}

struct Search<'a> {
    a: &'a FloatGenerators,
    b: &'a FloatGenerators,
    bounds: RatioBounds,
}

impl Search<'_> {
    fn ray(&mut self, direction: Vec<f64>) -> Arc<Ray> {
        let products = self.a.products(&direction);
        let above = self.a.support_above(&direction, &products);
        let below = self.a.support_below(&direction, &products);
        let products = self.b.products(&direction);
        let ratio = below / self.b.support_above(&direction, &products) * (1.0 - f64::EPSILON);
        self.bounds.lower = self.bounds.lower.max(ratio);
        Arc::new(Ray { direction, above })
    }

    /// Both functions are even: half of the orthants are all directions.
    fn orthants(&mut self) -> Vec<Node> {
        let dimension = self.a.dimension;
        let mut unit = |coordinate: usize, sign: f64| {
            let mut direction = vec![0.0; dimension];
            direction[coordinate] = sign;
            self.ray(direction)
        };
        let axes: Vec<[Arc<Ray>; 2]> = (0..dimension)
            .map(|coordinate| [unit(coordinate, 1.0), unit(coordinate, -1.0)])
            .collect();
        let orthant = |signs: u64| {
            let pick = |(coordinate, axis): (usize, &[Arc<Ray>; 2])| {
                let sign = if coordinate == 0 { 0 } else { signs >> (coordinate - 1) & 1 };
                Arc::clone(&axis[sign as usize])
            };
            axes.iter().enumerate().map(pick).collect()
        };
        (0..1u64 << (dimension - 1)).map(|signs| self.node(orthant(signs), f64::INFINITY)).collect()
    }

    /// A cone with its bound, which is at most that of the cone it is part of.
    fn node(&mut self, rays: Vec<Arc<Ray>>, parent: f64) -> Node {
        self.bounds.cones += 1;
        let dimension = self.b.dimension;
        let mut middle = vec![0.0; dimension];
        for ray in &rays {
            let length = ray.direction.iter().map(|value| value * value).sum::<f64>().sqrt();
            middle.iter_mut().zip(&ray.direction).for_each(|(sum, value)| *sum += value / length);
        }
        // The vertex of Z(B) that is extreme in the middle of the cone.
        let mut vertex = vec![0.0; dimension];
        for (index, product) in self.b.products(&middle).iter().enumerate() {
            let sign = if *product < 0.0 { -1.0 } else { 1.0 };
            let vector = self.b.vector(index);
            vertex.iter_mut().zip(vector).for_each(|(sum, value)| *sum += sign * value);
        }
        let ratio = |ray: &Arc<Ray>| {
            let product: f64 = vertex.iter().zip(&ray.direction).map(|(a, b)| a * b).sum();
            let below = product - 2.0 * self.b.support_error(&ray.direction);
            if below > 0.0 { ray.above / below * (1.0 + 2.0 * f64::EPSILON) } else { f64::INFINITY }
        };
        let bound = rays.iter().map(ratio).fold(0.0, f64::max).min(parent);
        Node { rays, bound }
    }

    /// The halves of a cone, cut through the middle of its widest edge; `None` where it is too narrow.
    fn halves(&mut self, node: &Node) -> Option<[Node; 2]> {
        let cosine = |a: &[f64], b: &[f64]| {
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
            dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
        };
        let mut widest = (f64::INFINITY, 0, 0);
        for (first, a) in node.rays.iter().enumerate() {
            for (second, b) in node.rays.iter().enumerate().skip(first + 1) {
                let cosine = cosine(&a.direction, &b.direction);
                if cosine < widest.0 {
                    widest = (cosine, first, second);
                }
            }
        }
        if widest.0 == f64::INFINITY {
            return None; // one dimension: the cone is a ray
        }
        let (_, first, second) = widest;
        let direction = between(&node.rays[first].direction, &node.rays[second].direction)?;
        let ray = self.ray(direction);
        Some([first, second].map(|replaced| {
            let mut rays = node.rays.clone();
            rays[replaced] = Arc::clone(&ray);
            self.node(rays, node.bound)
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::Rational;

    fn generators(vectors: &[[i32; 3]]) -> FloatGenerators {
        let vectors = vectors.iter().map(|v| v.iter().map(|&x| Rational::from(x)).collect());
        FloatGenerators::new(3, vectors.collect())
    }

    #[test]
    fn ratios_of_boxes_are_those_of_their_sides() {
        let a = generators(&[[3, 0, 0], [0, 5, 0], [0, 0, 70]]);
        let b = generators(&[[1, 0, 0], [0, 4, 0], [0, 0, 100]]);
        for (a, b, expected) in [(&a, &b, 3.0), (&b, &a, 100.0 / 70.0), (&a, &a, 1.0)] {
            let bounds = largest_ratio(a, b, 0.02, &|| false);
            assert!(bounds.lower <= expected && expected <= bounds.upper, "{bounds:?}");
            assert!(bounds.upper <= bounds.lower * 1.021, "{bounds:?}");
        }
        let flat = generators(&[[1, 0, 0], [0, 1, 0]]);
        let looked_at = std::cell::Cell::new(0);
        let stop = || {
            looked_at.set(looked_at.get() + 1);
            looked_at.get() > 500
        };
        assert!(largest_ratio(&a, &flat, 0.02, &stop).upper > 1e9);
    }

    #[test]
    fn sampled_directions_lie_below_the_bound() {
        let a = generators(&[[3, 1, -2], [0, 5, 1], [-4, 2, 7], [1, 1, 1]]);
        let b = generators(&[[2, 2, -1], [1, 4, 1], [-3, 1, 5], [0, 0, 3], [5, -1, 0]]);
        let bounds = largest_ratio(&a, &b, 0.01, &|| false);
        let mut largest = 0.0f64;
        for i in -20..=20 {
            for j in -20..=20 {
                let u = [1.0, f64::from(i) / 10.0, f64::from(j) / 10.0];
                let support =
                    |g: &FloatGenerators| g.products(&u).iter().map(|p| p.abs()).sum::<f64>();
                let scale = 2f64.powi((a.shift - b.shift) as i32);
                largest = largest.max(support(&a) / support(&b) * scale);
            }
        }
        assert!(
            largest <= bounds.upper && bounds.upper <= bounds.lower * 1.011,
            "{largest} {bounds:?}"
        );
    }
}
