//! The same intervals of Jacobians as in floats, in exact arithmetic: for ties, and for certificates.

use std::collections::HashMap;

use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Activation, Integer, Natural, Network, Rational, Row};

/// An earlier neuron of the same layer with the same row, or the opposite one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The earlier neuron's index among all ReLU neurons.
    pub neuron: usize,
    /// Whether the row is the opposite.
    pub opposite: bool,
}

/// For each ReLU neuron the first neuron of its layer that it repeats, up to the sign.
pub fn links(network: &Network) -> Vec<Option<Link>> {
    let mut links = Vec::new();
    for layer in network.layers() {
        if layer.activation != Activation::Relu {
            continue;
        }
        let mut seen: HashMap<Row, usize> = HashMap::new();
        for row in &layer.rows {
            let neuron = links.len();
            let opposite = Row {
                columns: row.columns.clone(),
                numerators: row.numerators.iter().map(|value| -value).collect(),
                bias: -&row.bias,
            };
            let link = match (seen.get(row), seen.get(&opposite)) {
                (Some(&earlier), _) => Some(Link { neuron: earlier, opposite: false }),
                (None, Some(&earlier)) => Some(Link { neuron: earlier, opposite: true }),
                (None, None) => {
                    seen.insert(row.clone(), neuron);
                    None
                }
            };
            links.push(link);
        }
    }
    links
}

/// Derivatives by the inputs, then by activations of undecided neurons, over one denominator.
type Derivatives = Vec<Integer>;

/// A vector over a common denominator.
type Scaled = (Vec<Integer>, Natural);

/// A network with the signs of some neurons, as far as derivatives go.
pub struct Slopes {
    inputs: usize,
    /// The undecided neurons.
    pub neurons: Vec<usize>,
    /// The derivatives of each undecided neuron's pre-activation, and of each output.
    undecided: Vec<(Derivatives, Natural)>,
    outputs: Vec<Derivatives>,
    denominator: Natural,
}

impl Slopes {
    /// Substitutes the neurons with a sign (1 on, −1 off, 0 undecided).
    pub fn new(network: &Network, links: &[Option<Link>], sign: impl Fn(usize) -> i8) -> Self {
        let inputs = network.inputs();
        let unit = |place: usize, value: &Natural| {
            let mut row = vec![Integer::ZERO; place + 1];
            row[place] = Integer::from(value.clone());
            row
        };
        let mut undecided: Vec<(Derivatives, Natural)> = Vec::new();
        let mut neurons = Vec::new();
        let mut column_of: HashMap<usize, usize> = HashMap::new();
        let mut values: Vec<Derivatives> = (0..inputs).map(|j| unit(j, &Natural::ONE)).collect();
        let mut denominator = Natural::ONE;
        let mut neuron = 0;
        for layer in network.layers() {
            let next_denominator = &denominator * &layer.denominator;
            let mut next = Vec::with_capacity(layer.rows.len());
            for row in &layer.rows {
                let mut sum = vec![Integer::ZERO; inputs + undecided.len()];
                for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                    for (value, term) in sum.iter_mut().zip(&values[column as usize]) {
                        *value += weight * term;
                    }
                }
                if layer.activation == Activation::Linear {
                    next.push(sum);
                    continue;
                }
                next.push(match (sign(neuron), links[neuron]) {
                    (1, _) => sum,
                    (-1, _) => Vec::new(),
                    (_, Some(link)) if column_of.contains_key(&link.neuron) => {
                        // [z]₊ is the earlier activation, or that plus z where the row is opposite.
                        let mut value = unit(inputs + column_of[&link.neuron], &next_denominator);
                        if link.opposite {
                            value.resize(value.len().max(sum.len()), Integer::ZERO);
                            value.iter_mut().zip(&sum).for_each(|(value, z)| *value += z);
                        }
                        value
                    }
                    _ => {
                        column_of.insert(neuron, undecided.len());
                        neurons.push(neuron);
                        let value = unit(inputs + undecided.len(), &next_denominator);
                        undecided.push((sum, next_denominator.clone()));
                        value
                    }
                });
                neuron += 1;
            }
            values = next;
            denominator = next_denominator;
        }
        Self { inputs, neurons, undecided, outputs: values, denominator }
    }

    /// Intervals of the derivative of `output` by each undecided neuron's pre-activation: the slope,
    /// in [0, 1], is included.
    fn adjoints(&self, output: usize) -> Vec<(Rational, Rational)> {
        let count = self.undecided.len();
        let ratio = |value: &Integer, denominator: &Natural| {
            Rational::from_parts(value.clone(), denominator.clone())
        };
        let start = |k: usize| {
            let entry = self.outputs[output].get(self.inputs + k);
            let value = entry.map_or(Rational::ZERO, |value| ratio(value, &self.denominator));
            (value.clone(), value)
        };
        let mut ranges: Vec<(Rational, Rational)> = (0..count).map(start).collect();
        for k in (0..count).rev() {
            let (low, high) = ranges[k].clone();
            let slope = (low.min(Rational::ZERO), high.max(Rational::ZERO));
            ranges[k] = slope.clone();
            if slope.0.is_zero() && slope.1.is_zero() {
                continue;
            }
            let (row, denominator) = &self.undecided[k];
            for (i, value) in row[self.inputs..].iter().enumerate() {
                if !value.is_zero() {
                    let c = ratio(value, denominator);
                    let (a, b) = (&slope.0 * &c, &slope.1 * &c);
                    let (least, most) = if a <= b { (a, b) } else { (b, a) };
                    ranges[i].0 += least;
                    ranges[i].1 += most;
                }
            }
        }
        ranges
    }

    /// The value of a functional, given over a common denominator.
    fn product(&self, row: &Derivatives, denominator: &Natural, v: &Scaled) -> Rational {
        let terms = row.iter().take(self.inputs).zip(&v.0);
        let sum = terms.fold(Integer::ZERO, |sum, (a, x)| sum + a * x);
        Rational::from_parts(sum, denominator * &v.1)
    }

    /// The range of each functional v of the derivative of `output`.
    pub fn ranges(
        &self,
        output: usize,
        functionals: &[Vec<Rational>],
    ) -> Vec<(Rational, Rational)> {
        let adjoints = self.adjoints(output);
        let range = |v: &Vec<Rational>| {
            let v = over_common_denominator(v);
            let value = self.product(&self.outputs[output], &self.denominator, &v);
            let sum = |(low, high): (Rational, Rational), (a, b)| (low + a, high + b);
            let is_moved = |&k: &usize| !(adjoints[k].0.is_zero() && adjoints[k].1.is_zero());
            (0..self.undecided.len())
                .filter(is_moved)
                .map(|k| self.part(&adjoints, k, &v))
                .fold((value.clone(), value), sum)
        };
        functionals.iter().map(range).collect()
    }

    /// What undecided neuron `k` contributes to the functional v.
    fn part(
        &self,
        adjoints: &[(Rational, Rational)],
        k: usize,
        v: &Scaled,
    ) -> (Rational, Rational) {
        let (row, denominator) = &self.undecided[k];
        let w = self.product(row, denominator, v);
        let (a, b) = (&adjoints[k].0 * &w, &adjoints[k].1 * &w);
        if a <= b { (a, b) } else { (b, a) }
    }

    /// How much the slope of each undecided neuron can change the functional v of `output`.
    pub fn widths(&self, output: usize, v: &[Rational]) -> Vec<Rational> {
        let adjoints = self.adjoints(output);
        let v = over_common_denominator(v);
        let width = |k: usize| {
            let (low, high) = self.part(&adjoints, k, &v);
            high - low
        };
        (0..self.undecided.len()).map(width).collect()
    }
}
