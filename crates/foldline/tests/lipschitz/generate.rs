//! Random tiny networks and regions, half of them degenerate, from a seed.

use foldline::kernel::network::RationalRow;
use foldline::kernel::number::Abs;
use foldline::{
    Activation, Integer, Layer, LinearConstraint, Network, Polyhedron, Rational, Region,
};

use crate::random::Random;

impl Random {
    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn integer(&mut self, most: i64) -> Rational {
        Rational::from(self.below(2 * most as u64 + 1) as i64 - most)
    }

    /// A small integer, or a 32-bit float's value.
    fn weight(&mut self, integers: bool) -> Rational {
        if integers {
            return self.integer(2);
        }
        let float = (self.below(1 << 20) as f32 / (1 << 19) as f32 - 1.0) * 1.7;
        Rational::try_from(float).unwrap()
    }
}

/// A network with at most 4 inputs and 3 hidden layers.
pub fn network(random: &mut Random) -> Network {
    let inputs = 1 + random.below(4) as usize;
    let degenerate = random.one_in(2);
    let integers = degenerate || random.one_in(2);
    let hidden = 1 + random.below(3) as usize;
    let mut sizes: Vec<usize> = (0..hidden).map(|_| 1 + random.below(5) as usize).collect();
    sizes.push(1 + random.below(3) as usize / 2);
    let output_relu = random.one_in(6);
    let input_convex = random.one_in(5);
    let (mut width, mut layers) = (inputs, Vec::new());
    for (index, &size) in sizes.iter().enumerate() {
        let mut rows: Vec<RationalRow> = (0..size)
            .map(|_| RationalRow {
                weights: (0..width).map(|j| (j, random.weight(integers))).collect(),
                bias: random.weight(integers),
            })
            .collect();
        if degenerate {
            degrade(&mut rows, random);
        }
        if input_convex && index > 0 {
            let weights = rows.iter_mut().flat_map(|row| &mut row.weights);
            weights.for_each(|(_, value)| *value = std::mem::take(value).abs());
        }
        if random.one_in(20) {
            scale(&mut rows, random);
        }
        let is_relu = if index + 1 == sizes.len() { output_relu } else { !random.one_in(8) };
        let activation = if is_relu { Activation::Relu } else { Activation::Linear };
        layers.push(Layer::new(width, &rows, activation));
        width = size;
    }
    Network::new(inputs, layers).unwrap()
}

/// Multiplies a layer by a power of ten that floats round, lose or cannot hold.
fn scale(rows: &mut [RationalRow], random: &mut Random) {
    let power =
        Rational::from(Integer::from(10).pow([9, 30, 160, 310, 400][random.below(5) as usize]));
    let factor = if random.one_in(2) { power } else { Rational::ONE / power };
    for row in rows {
        row.bias *= &factor;
        row.weights.iter_mut().for_each(|(_, value)| *value *= &factor);
    }
}

/// Makes rows duplicate, opposite, zero or parallel, or all of them concurrent.
fn degrade(rows: &mut [RationalRow], random: &mut Random) {
    for _ in 0..random.below(3) {
        let (from, to) = (random.below(rows.len() as u64), random.below(rows.len() as u64));
        let factor = random.integer(2);
        let source = rows[from as usize].clone();
        let weights = source.weights.iter().map(|(j, value)| (*j, value * &factor)).collect();
        let own_bias = random.one_in(3);
        let target = &mut rows[to as usize];
        target.weights = weights;
        target.bias = if own_bias { target.bias.clone() } else { &source.bias * &factor };
    }
    if random.one_in(3) {
        rows.iter_mut().for_each(|row| row.bias = Rational::ZERO);
    }
}

/// No region, a box (with fixed or unbounded inputs), half-spaces, an equation, a union.
pub fn region(random: &mut Random, dimension: usize) -> Option<Region> {
    if random.one_in(3) {
        return None;
    }
    let count = if random.one_in(8) { 2 } else { 1 };
    let pieces = (0..count).map(|_| polyhedron(random, dimension)).collect();
    Some(Region { dimension, pieces })
}

fn polyhedron(random: &mut Random, dimension: usize) -> Polyhedron {
    let mut constraints = Vec::new();
    for j in 0..dimension {
        let middle = random.integer(2);
        let width =
            if random.one_in(6) { Rational::ZERO } else { Rational::from(1 + random.below(3)) };
        let strict = random.one_in(10) && !width.is_zero();
        if !random.one_in(6) {
            let terms = vec![(j, -Rational::ONE)];
            constraints.push(LinearConstraint::new(terms, -(&middle - &width), strict));
        }
        if !random.one_in(6) {
            constraints.push(LinearConstraint::new(
                vec![(j, Rational::ONE)],
                &middle + &width,
                strict,
            ));
        }
    }
    for _ in 0..random.below(5) / 2 {
        let terms: Vec<(usize, Rational)> =
            (0..dimension).map(|j| (j, random.integer(2))).collect();
        let bound = random.integer(2);
        let opposite = terms.iter().map(|(j, value)| (*j, -value.clone())).collect();
        if random.one_in(3) {
            constraints.push(LinearConstraint::new(opposite, -bound.clone(), false));
        }
        constraints.push(LinearConstraint::new(terms, bound, false));
    }
    // Constraints without variables are dropped by the readers, or make the region empty.
    constraints.retain(|constraint| !constraint.coefficients.is_empty());
    Polyhedron { dimension, constraints }
}
