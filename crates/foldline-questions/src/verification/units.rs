//! Units: powers of two in which numbers too large for a checker's fixed point become moderate.

use std::fmt::Write;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::{BitTest, Sign, UnsignedAbs, power_of_two};
use foldline_kernel::{
    Activation, Atom, Formula, Layer, LinearConstraint, Network, Property, Rational,
};

use super::cases::Case;
use super::perspective::with_linear_end;
use super::transform::Transform;

/// Fraction bits that a checker with fixed point numbers should use where nothing is large.
const PRECISION: u32 = 40;

/// The most of them that are given up for larger numbers.
const LEAST_PRECISION: u32 = 20;

/// The exponent of the unit of something that is always zero.
const OF_ZERO: i64 = -1000;

/// Exponents e of units 2^e for inputs and ReLU neurons: x_j = 2^e·x'_j, and so on.
pub struct Units {
    inputs: Vec<i64>,
    neurons: Vec<i64>,
    /// Bounds of the outputs' magnitudes.
    outputs: Vec<Rational>,
}

/// Fraction bits for a network and property, fewer where numbers would not fit into 64 bits; and
/// whether units other than 1 are needed, because with no number of bits they would.
///
/// A guess from the sizes of weights and bounds and from the crudest bound of the activations.
pub fn precision(network: &Network, property: &Property) -> (u32, bool) {
    let largest = |values: &mut dyn Iterator<Item = Rational>| {
        values.map(|value| value.to_f64().value().abs()).fold(0.0, f64::max)
    };
    let atoms = atoms(&property.formula);
    let on_inputs = atoms.iter().filter(|atom| atom.output.is_empty());
    let bound = |atom: &&'_ Atom| -> Vec<Rational> {
        atom.input.iter().map(|(_, factor)| &atom.bound / factor).collect()
    };
    let mut reach = largest(&mut on_inputs.flat_map(|atom| bound(atom))).max(1.0);
    let coefficients = atoms.iter().flat_map(|atom| atom.input.iter().chain(&atom.output));
    let numbers = coefficients.map(|(_, value)| value.clone());
    let bounds = atoms.iter().map(|atom| atom.bound.clone());
    let mut size = largest(&mut numbers.chain(bounds)).max(reach);
    for layer in network.layers() {
        let mut next = 0.0f64;
        for row in layer.rational_rows() {
            let weights = row.weights.into_iter().map(|(_, weight)| weight);
            let weights: Vec<f64> = weights.map(|weight| weight.to_f64().value().abs()).collect();
            let bias = row.bias.to_f64().value().abs();
            size = weights.iter().copied().fold(size.max(bias), f64::max);
            next = next.max(weights.iter().sum::<f64>() * reach + bias);
        }
        reach = next;
    }
    // Stored numbers must fit for certain; activations seldom come near their crudest bound.
    let excess = (size.log2() - 20.0).max(reach.log2() - 32.0).ceil().max(0.0);
    if excess > f64::from(PRECISION - LEAST_PRECISION) {
        return (PRECISION, true);
    }
    (PRECISION - excess as u32, false)
}

/// The distinct atoms of a formula, in its order.
fn atoms(formula: &Formula) -> Vec<&Atom> {
    let mut found = Vec::new();
    let mut pending = vec![formula];
    while let Some(formula) = pending.pop() {
        match formula {
            Formula::Atom(atom) if !found.contains(&atom) => found.push(atom),
            Formula::Atom(_) => {}
            Formula::And(parts) | Formula::Or(parts) => pending.extend(parts.iter().rev()),
        }
    }
    found
}

fn magnitude(value: &Rational) -> Rational {
    if value.sign() == Sign::Negative { -value.clone() } else { value.clone() }
}

/// An exponent e with value ≤ 2^e, by less than a factor of 4.
fn exponent_above(value: &Rational) -> i64 {
    let bits = |natural: &foldline_kernel::Natural| i64::from(natural.bit_len() as u32);
    match value.is_zero() {
        true => OF_ZERO,
        false => bits(&value.numerator().clone().unsigned_abs()) - bits(value.denominator()) + 1,
    }
}

/// A bound of the magnitude of an input over all regions; of an input without bounds, of the
/// places where something happens.
fn reach_of_input(network: &Network, atoms: &[&Atom], input: usize) -> Rational {
    let on_inputs = || atoms.iter().filter(|atom| atom.output.is_empty());
    let mut reach = Rational::ZERO;
    let (mut below, mut above) = (false, false);
    let mut crossing = |factor: &Rational, bound: &Rational| {
        let value = magnitude(&(bound / factor));
        reach = reach.clone().max(value);
    };
    for atom in on_inputs() {
        if let [(coordinate, factor)] = &atom.input[..]
            && *coordinate == input
        {
            crossing(factor, &atom.bound);
            *(if *factor > Rational::ZERO { &mut above } else { &mut below }) = true;
        }
    }
    if above && below {
        return reach;
    }
    let mut rows: Vec<(Vec<(usize, Rational)>, Rational)> =
        on_inputs().map(|atom| (atom.input.clone(), atom.bound.clone())).collect();
    let first = network.layers()[0].rational_rows();
    rows.extend(first.into_iter().map(|row| (row.weights, row.bias)));
    for (terms, bound) in &rows {
        let own =
            terms.iter().find(|(coordinate, factor)| *coordinate == input && !factor.is_zero());
        if let Some((_, factor)) = own {
            crossing(factor, bound);
        }
    }
    if reach.is_zero() { Rational::ONE } else { reach }
}

/// Bounds of the magnitudes of a layer's pre-activations, from those of its inputs.
fn magnitudes(layer: &Layer, reach: &[Rational]) -> Vec<Rational> {
    let row = |row: RationalRow| {
        let terms = row.weights.iter().map(|(column, weight)| magnitude(weight) * &reach[*column]);
        terms.fold(magnitude(&row.bias), |sum, term| sum + term)
    };
    layer.rational_rows().into_iter().map(row).collect()
}

/// The terms in units of 2^`whole`, their variables in the units given.
fn in_units(terms: &[(usize, Rational)], units: &[i64], whole: i64) -> Vec<(usize, Rational)> {
    let scaled = |(j, value): &(usize, Rational)| (*j, value * power_of_two(units[*j] - whole));
    terms.iter().map(scaled).collect()
}

impl Units {
    /// Units in which inputs, pre-activations and activations are at most 1.
    pub fn new(network: &Network, property: &Property) -> Self {
        let atoms = atoms(&property.formula);
        let reach = |input| exponent_above(&reach_of_input(network, &atoms, input));
        let inputs: Vec<i64> = (0..network.inputs()).map(reach).collect();
        let mut neurons = Vec::new();
        let mut values: Vec<Rational> = inputs.iter().map(|&unit| power_of_two(unit)).collect();
        for layer in with_linear_end(network) {
            values = magnitudes(&layer, &values);
            if layer.activation == Activation::Relu {
                let own: Vec<i64> = values.iter().map(exponent_above).collect();
                values = own.iter().map(|&unit| power_of_two(unit)).collect();
                neurons.extend(own);
            }
        }
        Self { inputs, neurons, outputs: values }
    }

    /// The unit of an atom's two sides.
    fn of_atom(&self, atom: &Atom) -> i64 {
        let inputs =
            atom.input.iter().map(|(j, value)| magnitude(value) * power_of_two(self.inputs[*j]));
        let outputs = atom.output.iter().map(|(k, value)| magnitude(value) * &self.outputs[*k]);
        let sum = inputs.chain(outputs).fold(magnitude(&atom.bound), |sum, term| sum + term);
        if sum.is_zero() { 0 } else { exponent_above(&sum) }
    }

    /// The records that tell a checker.
    pub fn records(&self, property: &Property) -> String {
        let atoms = atoms(&property.formula);
        let of_atoms: Vec<i64> = atoms.iter().map(|atom| self.of_atom(atom)).collect();
        let mut text = String::new();
        let all = [("inputs", &self.inputs), ("neurons", &self.neurons), ("atoms", &of_atoms)];
        for (kind, exponents) in all {
            text.push_str("units ");
            text.push_str(kind);
            exponents.iter().for_each(|exponent| write!(text, " {exponent}").expect("a string"));
            text.push('\n');
        }
        text
    }

    /// The network between the new units; its outputs stay as they are.
    pub fn network(&self, network: &Network) -> Network {
        let mut layers = with_linear_end(network);
        let mut units = self.inputs.clone();
        let mut neurons = self.neurons.as_slice();
        for layer in &mut layers {
            let own = match layer.activation {
                Activation::Linear => vec![0; layer.rows.len()],
                Activation::Relu => {
                    let (own, later) = neurons.split_at(layer.rows.len());
                    neurons = later;
                    own.to_vec()
                }
            };
            let row = |(row, &unit): (RationalRow, &i64)| RationalRow {
                weights: in_units(&row.weights, &units, unit),
                bias: row.bias * power_of_two(-unit),
            };
            let rows: Vec<RationalRow> =
                layer.rational_rows().into_iter().zip(&own).map(row).collect();
            *layer = Layer::new(layer.inputs, &rows, layer.activation);
            units = own;
        }
        Network::new(network.inputs(), layers).expect("the layers still fit")
    }

    /// A case in the new units.
    pub fn case(&self, case: &Case) -> Case {
        let atom = |atom: &Atom| {
            let unit = self.of_atom(atom);
            let factor = power_of_two(-unit);
            let output = atom.output.iter().map(|(k, value)| (*k, value * &factor)).collect();
            let input = in_units(&atom.input, &self.inputs, unit);
            Atom::new(input, output, &atom.bound * &factor, atom.strict)
        };
        let constraint = |old: &LinearConstraint| {
            let (terms, bound) = (old.coefficients.clone(), old.bound.clone());
            let Atom { input, bound, strict, .. } =
                atom(&Atom::new(terms, vec![], bound, old.strict));
            LinearConstraint::new(input, bound, strict)
        };
        Case {
            region: case.region.iter().map(constraint).collect(),
            clauses: case.clauses.iter().map(|clause| clause.iter().map(atom).collect()).collect(),
            numbers: case.numbers.clone(),
        }
    }

    /// The way back to the old units.
    pub fn transform(&self) -> Transform {
        let width = self.inputs.len();
        let direction = |(j, &unit): (usize, &i64)| {
            let mut direction = vec![Rational::ZERO; width];
            direction[j] = power_of_two(unit);
            direction
        };
        let directions = self.inputs.iter().enumerate().map(direction).collect();
        Transform::Affine { base: vec![Rational::ZERO; width], directions }
    }
}
