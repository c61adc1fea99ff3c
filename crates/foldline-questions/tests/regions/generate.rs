//! Random small networks and regions, half of them degenerate.

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::from_f32_bits;
use foldline_kernel::{Activation, Layer, LinearConstraint, Network, Polyhedron, Rational, Region};

/// A small linear congruential generator: the same numbers everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % limit
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }
}

/// A weight: a small integer, or a float of 32 bits with all its digits.
fn weight(random: &mut Random, floats: bool) -> Rational {
    if !floats {
        return Rational::from(random.between(-2, 2));
    }
    // Exponents around 0, any sign and fraction.
    let exponent = 124 + random.below(5) as u32;
    let bits = exponent << 23 | random.below(1 << 23) as u32 | (random.below(2) as u32) << 31;
    from_f32_bits(bits).unwrap()
}

/// A network of at most 4 inputs, 3 hidden layers and `most` neurons.
pub fn network(random: &mut Random, most: usize) -> Network {
    let floats = random.below(2) == 0;
    let degenerate = random.below(2) == 0;
    let inputs = random.between(1, 4) as usize;
    let depth = random.between(1, 3) as usize;
    let relu_output = random.below(4) == 0;
    let outputs = random.between(1, 2) as usize;
    let mut left = most - if relu_output { outputs } else { 0 };
    let mut layers = Vec::new();
    let mut width = inputs;
    for layer in 0..depth {
        let reserve = depth - layer - 1;
        let size = random.between(1, (left - reserve).min(5) as i64) as usize;
        left -= size;
        layers.push(make_layer(random, width, size, floats, degenerate, Activation::Relu));
        width = size;
    }
    let last = if relu_output { Activation::Relu } else { Activation::Linear };
    layers.push(make_layer(random, width, outputs, floats, degenerate, last));
    Network::new(inputs, layers).unwrap()
}

pub fn make_layer(
    random: &mut Random,
    inputs: usize,
    size: usize,
    floats: bool,
    degenerate: bool,
    activation: Activation,
) -> Layer {
    // Concurrent hyperplanes: all through the origin.
    let central = degenerate && random.below(3) == 0;
    let mut rows: Vec<RationalRow> = Vec::new();
    for index in 0..size {
        let kind = if degenerate && index > 0 { random.below(6) } else { 5 };
        let fresh = |random: &mut Random| RationalRow {
            weights: (0..inputs).map(|j| (j, weight(random, floats))).collect(),
            bias: if central { Rational::ZERO } else { weight(random, floats) },
        };
        let mut row = if kind < 4 { rows[index - 1].clone() } else { fresh(random) };
        match kind {
            // The same neuron, a multiple, its opposite, a parallel one, a zero one.
            0 => {}
            1 => scale(&mut row, 3),
            2 => scale(&mut row, -1),
            3 => row.bias = weight(random, floats),
            4 => row.weights.iter_mut().for_each(|(_, value)| *value = Rational::ZERO),
            _ => {}
        }
        rows.push(row);
    }
    Layer::new(inputs, &rows, activation)
}

fn scale(row: &mut RationalRow, factor: i8) {
    let factor = Rational::from(factor);
    row.weights.iter_mut().for_each(|(_, value)| *value *= &factor);
    row.bias *= &factor;
}

/// All of R^d, a box, a polyhedron, a flat or empty one, or a union of boxes.
pub fn region(random: &mut Random, dimension: usize) -> Region {
    let kind = random.below(8);
    let pieces = match kind {
        0..3 => vec![Polyhedron { dimension, constraints: Vec::new() }],
        3 => vec![make_box(random, dimension, 3)],
        4 => vec![make_box(random, dimension, 0)],
        5 => vec![cut(random, dimension, false)],
        6 => vec![cut(random, dimension, true)],
        _ => (0..2).map(|_| make_box(random, dimension, 6)).collect(),
    };
    Region { dimension, pieces }
}

/// A box; one in `fixed` coordinates is fixed (0: none), some ends are open.
fn make_box(random: &mut Random, dimension: usize, fixed: u64) -> Polyhedron {
    let mut constraints = Vec::new();
    for coordinate in 0..dimension {
        let low = random.between(-3, 2);
        let is_fixed = fixed > 0 && random.below(fixed) == 0;
        let high = if is_fixed { low } else { random.between(low + 1, 4) };
        for (sign, bound) in [(1, high), (-1, -low)] {
            if is_fixed || random.below(5) > 0 {
                let terms = vec![(coordinate, Rational::from(sign))];
                constraints.push(LinearConstraint::new(terms, Rational::from(bound), false));
            }
        }
    }
    Polyhedron { dimension, constraints }
}

/// Random half-spaces, some of them strict; `flat` adds one with its opposite.
fn cut(random: &mut Random, dimension: usize, flat: bool) -> Polyhedron {
    let mut constraints = Vec::new();
    for index in 0..random.between(1, 4) {
        let terms: Vec<(usize, Rational)> =
            (0..dimension).map(|j| (j, Rational::from(random.between(-2, 2)))).collect();
        let bound = Rational::from(random.between(-1, 3));
        if flat && index == 0 {
            let opposite = terms.iter().map(|(j, a)| (*j, -a.clone())).collect();
            constraints.push(LinearConstraint::new(opposite, -bound.clone(), false));
            constraints.push(LinearConstraint::new(terms, bound, false));
        } else {
            let strict = random.below(4) == 0;
            constraints.push(LinearConstraint::new(terms, bound, strict));
        }
    }
    Polyhedron { dimension, constraints }
}
