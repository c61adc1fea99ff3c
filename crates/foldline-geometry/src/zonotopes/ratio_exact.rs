//! The largest ratio h_A/h_B of two support functions, exactly, in up to three dimensions.
//!
//! On each cone of the arrangement of B's generators h_B is linear and h_A convex: the ratio is
//! largest on a ray of that arrangement [Z, Thm 2.1]. With n generators in three dimensions these are
//! n(n−1) rays. Few of them are looked at: best first branch and bound over cones of directions, in
//! floats with bounds for every rounding, drops most. A cone carries the sums of the generators
//! whose sign is fixed in it and the list of the others, so that the work in it shrinks with it; where
//! few are left, the rays inside are evaluated in integers.

use std::collections::BinaryHeap;
use std::sync::Arc;

use foldline_kernel::number::{BitTest, Signed, least_common_multiple, power_of_two};
use foldline_kernel::{Integer, Natural, Rational};

use super::fan::between;
use super::floats::{FloatGenerators, exact_float};
use super::segments::{product, scaled};
use crate::directed::{nearest, round_down};

/// Cones in which at most this many generators of B change sign are finished exactly.
const FEW: usize = 20;

/// Where a cone is too narrow for floats, this many still are.
const MOST: usize = 12_000;

/// The most dimensions.
pub const MOST_DIMENSIONS: usize = 3;

/// A zonotope's generators in floats and, over a common denominator, in integers.
struct Side<'a> {
    floats: &'a FloatGenerators,
    vectors: Vec<Vec<Integer>>,
    denominator: Natural,
    /// A float entry is an integer one times this, about.
    scale: Rational,
}

impl<'a> Side<'a> {
    fn new(floats: &'a FloatGenerators) -> Self {
        let numbers = floats.exact.iter().flatten();
        let denominator = numbers.fold(Natural::ONE, |common, value| {
            least_common_multiple(&common, value.denominator())
        });
        let vectors = floats.exact.iter().map(|vector| scaled(vector, &denominator)).collect();
        let scale = power_of_two(-floats.shift) / Rational::from(denominator.clone());
        Self { floats, vectors, denominator, scale }
    }

    fn root(&self) -> Part {
        let count = self.floats.count() as u32;
        let sum = vec![Integer::ZERO; self.floats.dimension];
        Part { sum, free: (0..count).collect() }
    }

    /// The part of a cone inside of one with this part.
    fn narrowed(&self, part: &Part, rays: &[Arc<Ray>]) -> Part {
        let mut sum = part.sum.clone();
        let keep = |&index: &u32| {
            let index = index as usize;
            let sign = |ray: &Arc<Ray>| {
                let value = dot(self.floats.vector(index), &ray.direction);
                self.floats.certain_sign(index, value)
            };
            let first = sign(&rays[0]);
            let is_free = first == 0 || rays[1..].iter().any(|ray| sign(ray) != first);
            if !is_free {
                for (sum, entry) in sum.iter_mut().zip(&self.vectors[index]) {
                    if first > 0 { *sum += entry } else { *sum -= entry }
                }
            }
            is_free
        };
        let free = part.free.iter().copied().filter(keep).collect();
        Part { sum, free }
    }

    /// The sum of the fixed generators as scaled floats.
    fn float_sum(&self, part: &Part) -> Vec<f64> {
        part.sum.iter().map(|v| nearest(&(Rational::from(v.clone()) * &self.scale))).collect()
    }

    /// About h (scaled) at a direction of the part's cone, and how far it may be off.
    fn support(&self, part: &Part, sum: &[f64], direction: &[f64]) -> [f64; 2] {
        let free = part.free.iter().map(|&index| self.floats.vector(index as usize));
        let value = dot(sum, direction) + free.map(|v| dot(v, direction).abs()).sum::<f64>();
        [value, self.floats.support_error(direction)]
    }

    /// h at a direction of the part's cone, times the denominator.
    fn exact_support(&self, part: &Part, direction: &[Integer]) -> Integer {
        let free = part.free.iter().map(|&index| &self.vectors[index as usize]);
        free.fold(product(&part.sum, direction), |sum, vector| {
            let value = product(vector, direction);
            if value.is_negative() { sum - value } else { sum + value }
        })
    }
}

/// What the generators are in a cone: the signed sum of those with one sign there, and the others.
struct Part {
    sum: Vec<Integer>,
    free: Vec<u32>,
}

struct Ray {
    direction: Vec<f64>,
    /// An upper bound of h_A (scaled).
    above: f64,
}

struct Cone {
    rays: Vec<Arc<Ray>>,
    /// An upper bound of the ratio (scaled) in it.
    bound: f64,
    a: Part,
    b: Part,
}

impl PartialEq for Cone {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cone {}

impl PartialOrd for Cone {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cone {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.bound.total_cmp(&other.bound)
    }
}

struct Search<'a> {
    a: Side<'a>,
    b: Side<'a>,
    /// The ratio (scaled) in some direction is at least this.
    lower: f64,
    /// The best ray's h_A and h_B, times their denominators, and a float below their ratio (scaled).
    best: Option<(Integer, Integer)>,
    direction: Vec<Integer>,
    best_below: f64,
    /// A float ratio is the ratio over 2 to this power.
    apart: i64,
}

/// The largest ratio of two support functions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LargestRatio {
    /// max h_A/h_B.
    pub ratio: Rational,
    /// Where it is attained.
    pub direction: Vec<Integer>,
    /// Cones of directions looked at.
    pub cones: u64,
}

/// max h_A/h_B; `None` if it is infinite, if there are more than [`MOST_DIMENSIONS`] dimensions, if more
/// cones than `most_cones` would be needed, or `stop` said so.
///
/// `a` and `b` are the generators of zonotopes about 0 in the same space; b's are pairwise non-parallel.
///
/// # Panics
/// If the dimensions differ.
pub fn largest_ratio_exactly(
    a: &FloatGenerators,
    b: &FloatGenerators,
    most_cones: u64,
    stop: &dyn Fn() -> bool,
) -> Option<LargestRatio> {
    assert_eq!(a.dimension, b.dimension, "zonotopes of different dimensions");
    let apart = a.shift - b.shift;
    if a.dimension == 0 || a.dimension > MOST_DIMENSIONS || b.count() == 0 || apart.abs() > 900 {
        return None;
    }
    let (a, b) = (Side::new(a), Side::new(b));
    let (best, direction) = (None, Vec::new());
    let mut search = Search { a, b, lower: 0.0, best, direction, best_below: 0.0, apart };
    let mut open: BinaryHeap<Cone> = search.orthants().into();
    let mut cones = open.len() as u64;
    while let Some(cone) = open.pop() {
        if cone.bound <= search.best_below || cone.bound < search.lower {
            break;
        }
        if cones > most_cones || stop() {
            return None;
        }
        let is_simple = cone.b.free.len() <= FEW || search.is_pencil(&cone);
        let halves = if is_simple { None } else { search.halves(&cone) };
        match halves {
            Some(halves) => {
                cones += 2;
                open.extend(halves);
            }
            None if cone.b.free.len() <= MOST => search.finish(&cone),
            None => return None,
        }
    }
    let ratio = search.ratio()?;
    Some(LargestRatio { ratio, direction: search.direction, cones })
}

impl Search<'_> {
    fn ratio(&self) -> Option<Rational> {
        let (above, below) = self.best.as_ref()?;
        let ratio = Rational::from(above.clone()) / Rational::from(below.clone());
        let [a, b] = [&self.a, &self.b].map(|side| Rational::from(side.denominator.clone()));
        Some(ratio * b / a)
    }

    /// The orthants whose first coordinate is not negative: both functions are even.
    fn orthants(&mut self) -> Vec<Cone> {
        let dimension = self.a.floats.dimension;
        let (a, b) = (self.a.root(), self.b.root());
        let mut axis = |coordinate: usize, sign: f64| {
            let mut direction = vec![0.0; dimension];
            direction[coordinate] = sign;
            self.ray(&a, &b, direction)
        };
        let axes: Vec<[Arc<Ray>; 2]> =
            (0..dimension).map(|j| [axis(j, 1.0), axis(j, -1.0)]).collect();
        let orthant = |signs: usize| -> Vec<Arc<Ray>> {
            let side = |j: usize| if j == 0 { 0 } else { signs >> (j - 1) & 1 };
            (0..dimension).map(|j| Arc::clone(&axes[j][side(j)])).collect()
        };
        let orthants = (0..1usize << (dimension - 1)).map(orthant);
        orthants.map(|rays| self.cone(rays, &a, &b, f64::INFINITY)).collect()
    }

    /// A ray in a cone with these parts.
    fn ray(&mut self, a: &Part, b: &Part, direction: Vec<f64>) -> Arc<Ray> {
        let [above, error] = self.a.support(a, &self.a.float_sum(a), &direction);
        let [below, gap] = self.b.support(b, &self.b.float_sum(b), &direction);
        let ratio = (above - error) / (below + gap) * (1.0 - 4.0 * f64::EPSILON);
        self.lower = self.lower.max(ratio);
        Arc::new(Ray { direction, above: (above + error) * (1.0 + f64::EPSILON) })
    }

    /// A cone inside of one with these parts and this bound.
    fn cone(&self, rays: Vec<Arc<Ray>>, a: &Part, b: &Part, parent: f64) -> Cone {
        let (a, b) = (self.a.narrowed(a, &rays), self.b.narrowed(b, &rays));
        let dimension = self.b.floats.dimension;
        let mut middle = vec![0.0; dimension];
        for ray in &rays {
            let length = dot(&ray.direction, &ray.direction).sqrt();
            middle.iter_mut().zip(&ray.direction).for_each(|(sum, value)| *sum += value / length);
        }
        // The vertex of Z(B) that is extreme in the middle: a linear function below h_B.
        let mut vertex = self.b.float_sum(&b);
        for &index in &b.free {
            let vector = self.b.floats.vector(index as usize);
            let sign = if dot(vector, &middle) < 0.0 { -1.0 } else { 1.0 };
            vertex.iter_mut().zip(vector).for_each(|(sum, value)| *sum += sign * value);
        }
        let ratio = |ray: &Arc<Ray>| {
            let below = dot(&vertex, &ray.direction);
            let below = below - 2.0 * self.b.floats.support_error(&ray.direction);
            if below > 0.0 { ray.above / below * (1.0 + 2.0 * f64::EPSILON) } else { f64::INFINITY }
        };
        let bound = rays.iter().map(ratio).fold(0.0, f64::max).min(parent);
        Cone { rays, bound, a, b }
    }

    /// The halves of a cone, cut through its widest edge; `None` where it is too narrow.
    fn halves(&mut self, cone: &Cone) -> Option<[Cone; 2]> {
        let mut widest = (f64::INFINITY, 0, 0);
        for (first, a) in cone.rays.iter().enumerate() {
            for (second, b) in cone.rays.iter().enumerate().skip(first + 1) {
                let (a, b) = (&a.direction, &b.direction);
                let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
                if cosine < widest.0 {
                    widest = (cosine, first, second);
                }
            }
        }
        let (_, first, second) = widest;
        if first == second {
            return None; // one dimension: the cone is a ray
        }
        let direction = between(&cone.rays[first].direction, &cone.rays[second].direction)?;
        let ray = self.ray(&cone.a, &cone.b, direction);
        Some([first, second].map(|replaced| {
            let mut rays = cone.rays.clone();
            rays[replaced] = Arc::clone(&ray);
            self.cone(rays, &cone.a, &cone.b, cone.bound)
        }))
    }

    /// Whether the planes of the free generators of B share one line: then halving does not help.
    fn is_pencil(&self, cone: &Cone) -> bool {
        let mut vectors = cone.b.free.iter().map(|&index| &self.b.vectors[index as usize]);
        let (Some(first), Some(second)) = (vectors.next(), vectors.next()) else { return true };
        if first.len() != 3 {
            return false;
        }
        let normal = cross(first, second);
        vectors.all(|vector| product(vector, &normal).is_zero())
    }

    /// Evaluates the rays of B's arrangement in a cone exactly.
    fn finish(&mut self, cone: &Cone) {
        let vectors: Vec<&Vec<Integer>> =
            cone.b.free.iter().map(|&index| &self.b.vectors[index as usize]).collect();
        let inside = Inside::new(&cone.rays);
        let candidates = match self.b.floats.dimension {
            1 => vec![vec![Integer::ONE]],
            2 => vectors.iter().map(|g| vec![-g[1].clone(), g[0].clone()]).collect(),
            _ => normals(&vectors),
        };
        for candidate in candidates {
            if let Some(direction) = inside.oriented(candidate) {
                self.offer(cone, &direction);
            }
        }
    }

    fn offer(&mut self, cone: &Cone, direction: &[Integer]) {
        let above = self.a.exact_support(&cone.a, direction);
        let below = self.b.exact_support(&cone.b, direction);
        let is_better = match &self.best {
            Some((best_above, best_below)) => &above * best_below > best_above * &below,
            None => true,
        };
        // B may be flat: then the bounds are infinite, and the search does not end.
        if is_better && !below.is_zero() {
            self.best = Some((above, below));
            self.direction = direction.to_vec();
            let ratio = self.ratio().expect("just set") * power_of_two(-self.apart);
            self.best_below = round_down(&ratio);
        }
    }
}

/// The normals of the planes that pairs of vectors span, each once where vectors are many.
fn normals(vectors: &[&Vec<Integer>]) -> Vec<Vec<Integer>> {
    let count = vectors.len();
    let words = count.div_ceil(64);
    let mut done = vec![0u64; if count > FEW { count * words } else { 0 }];
    let mut normals = Vec::new();
    for i in 0..count {
        for j in i + 1..count {
            if count > FEW && done[i * words + j / 64] >> (j % 64) & 1 == 1 {
                continue;
            }
            let normal = cross(vectors[i], vectors[j]);
            if count > FEW {
                let lies = |k: &usize| product(vectors[*k], &normal).is_zero();
                let members: Vec<usize> = (0..count).filter(lies).collect();
                let mut mask = vec![0u64; words];
                members.iter().for_each(|k| mask[k / 64] |= 1 << (k % 64));
                for k in members {
                    let row = &mut done[k * words..(k + 1) * words];
                    row.iter_mut().zip(&mask).for_each(|(word, mask)| *word |= mask);
                }
            }
            normals.push(normal);
        }
    }
    normals
}

fn cross(a: &[Integer], b: &[Integer]) -> Vec<Integer> {
    [(1, 2), (2, 0), (0, 1)].map(|(i, j)| &a[i] * &b[j] - &a[j] * &b[i]).to_vec()
}

/// A cone by its inner normals, exactly.
struct Inside {
    normals: Vec<Vec<Integer>>,
}

impl Inside {
    fn new(rays: &[Arc<Ray>]) -> Self {
        let exact = |ray: &Arc<Ray>| -> Vec<Integer> {
            let values: Vec<Rational> =
                ray.direction.iter().map(|&value| exact_float(value)).collect();
            let bits = values.iter().map(|value| value.denominator().bit_len()).max().unwrap_or(0);
            scaled(&values, &(Natural::ONE << bits.saturating_sub(1)))
        };
        let rays: Vec<Vec<Integer>> = rays.iter().map(exact).collect();
        let normal = |index: usize| {
            let normal = match rays.len() {
                1 => vec![Integer::ONE],
                2 => vec![-rays[1 - index][1].clone(), rays[1 - index][0].clone()],
                _ => cross(&rays[(index + 1) % 3], &rays[(index + 2) % 3]),
            };
            match product(&normal, &rays[index]).is_negative() {
                true => normal.into_iter().map(|entry| -entry).collect(),
                false => normal,
            }
        };
        Self { normals: (0..rays.len()).map(normal).collect() }
    }

    /// The direction or its opposite, whichever is in the cone, if one is.
    fn oriented(&self, direction: Vec<Integer>) -> Option<Vec<Integer>> {
        let values: Vec<Integer> =
            self.normals.iter().map(|normal| product(normal, &direction)).collect();
        if values.iter().all(|value| !value.is_negative()) {
            return Some(direction);
        }
        let is_opposite = values.iter().all(|value| *value <= Integer::ZERO);
        is_opposite.then(|| direction.into_iter().map(|entry| -entry).collect())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generators(vectors: &[Vec<Rational>], dimension: usize) -> FloatGenerators {
        FloatGenerators::new(dimension, vectors.to_vec())
    }

    /// Both functions at all normals of pairs (d = 3), or of single vectors.
    fn by_brute_force(a: &[Vec<Rational>], b: &[Vec<Rational>], dimension: usize) -> Rational {
        let width = |vectors: &[Vec<Rational>], u: &[Rational]| {
            let along = |v: &Vec<Rational>| {
                let value = v.iter().zip(u).fold(Rational::ZERO, |sum, (a, b)| sum + a * b);
                if value.is_negative() { -value } else { value }
            };
            vectors.iter().map(along).fold(Rational::ZERO, |sum, value| sum + value)
        };
        let mut directions = Vec::new();
        for (index, g) in b.iter().enumerate() {
            match dimension {
                1 => directions.push(vec![Rational::ONE]),
                2 => directions.push(vec![-g[1].clone(), g[0].clone()]),
                _ => directions.extend(b[..index].iter().map(|f| {
                    [(1, 2), (2, 0), (0, 1)].map(|(i, j)| &f[i] * &g[j] - &f[j] * &g[i]).to_vec()
                })),
            }
        }
        let ratios = directions.iter().filter_map(|u| {
            let below = width(b, u);
            (!below.is_zero()).then(|| width(a, u) / below)
        });
        ratios.max().expect("b spans")
    }

    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: u64) -> i64 {
            self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            ((self.0 >> 33) % limit) as i64
        }

        /// Pairwise non-parallel vectors that span; small entries make many of them coplanar.
        fn vectors(&mut self, dimension: usize, count: usize, size: i64) -> Vec<Vec<Rational>> {
            let mut zonotope = foldline_kernel::Zonotope {
                center: vec![Rational::ZERO; dimension],
                generators: Vec::new(),
            };
            for coordinate in 0..dimension {
                let unit = |j| Rational::from(u8::from(j == coordinate));
                zonotope.generators.push((0..dimension).map(unit).collect());
            }
            for _ in 0..count {
                let entry = |numbers: &mut Self| {
                    let value = numbers.below(2 * size as u64 + 1) - size;
                    Rational::from(value) / Rational::from(1 + numbers.below(3))
                };
                zonotope.generators.push((0..dimension).map(|_| entry(self)).collect());
            }
            super::super::reduction::Spanning::new(&zonotope).vectors
        }
    }

    #[test]
    fn the_largest_ratio_is_that_of_all_rays() {
        let mut numbers = Numbers(3);
        for case in 0..60 {
            let dimension = 1 + case % 3;
            let size = [1, 2, 50][case / 3 % 3];
            let counts = [numbers.below(12) as usize, numbers.below(60) as usize];
            let a = numbers.vectors(dimension, counts[0], size);
            let b = numbers.vectors(dimension, counts[1], size);
            let expected = by_brute_force(&a, &b, dimension);
            let (floats_a, floats_b) = (generators(&a, dimension), generators(&b, dimension));
            let found = largest_ratio_exactly(&floats_a, &floats_b, 1 << 20, &|| false).unwrap();
            assert_eq!(found.ratio, expected, "{a:?} {b:?}");
            let itself = largest_ratio_exactly(&floats_b, &floats_b, 1 << 20, &|| false).unwrap();
            assert_eq!(itself.ratio, Rational::ONE, "{b:?}");
        }
    }

    #[test]
    fn many_coplanar_generators_are_one_pencil() {
        // 400 generators in a plane and one outside: their planes all have one normal.
        let mut b: Vec<Vec<Rational>> =
            (0..400).map(|k| [1, k, 0].map(Rational::from).to_vec()).collect();
        b.push([0, 0, 1].map(Rational::from).to_vec());
        let a = vec![[0, 0, 3].map(Rational::from).to_vec(), b[7].clone()];
        let (floats_a, floats_b) = (generators(&a, 3), generators(&b, 3));
        let found = largest_ratio_exactly(&floats_a, &floats_b, 1 << 20, &|| false).unwrap();
        assert_eq!(found.ratio, Rational::from(3));
    }

    #[test]
    fn flat_ones_and_limits_have_no_ratio() {
        let flat = generators(&[[1, 0, 0], [0, 1, 0]].map(|v| v.map(Rational::from).to_vec()), 3);
        let full = generators(
            &[[1, 0, 0], [0, 1, 0], [0, 0, 1]].map(|v| v.map(Rational::from).to_vec()),
            3,
        );
        assert_eq!(largest_ratio_exactly(&full, &flat, 2000, &|| false), None);
        assert_eq!(largest_ratio_exactly(&full, &full, 1 << 20, &|| true), None);
        let four = generators(&[vec![Rational::ONE; 4]], 4);
        assert_eq!(largest_ratio_exactly(&four, &four, 1 << 20, &|| false), None);
    }
}
