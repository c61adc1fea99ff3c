//! Units: powers of two in which numbers too large for a checker's fixed point become moderate.

use std::collections::HashSet;
use std::fmt::Write;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::{BitTest, UnsignedAbs, magnitude, power_of_two};
use foldline_kernel::{
    Activation, Atom, Formula, Layer, LinearConstraint, Network, Property, Rational,
};

use super::cases::Case;
use super::counters::Counters;
use super::perspective::with_linear_end;
use super::region::{Extent, extent};
use super::transform::Transform;
use crate::bounds::float_network::FloatRow;

/// Fraction bits that a checker with fixed point numbers should use where nothing is large.
const PRECISION: u32 = 40;

/// The most of them that are given up for larger numbers.
const LEAST_PRECISION: u32 = 20;

/// The exponent of the unit of something that is always zero.
const OF_ZERO: i64 = -1000;

/// Exponents e of units 2^e for inputs and ReLU neurons: x_j = 2^e·x'_j, and so on.
pub struct Units {
    inputs: Vec<i64>,
    /// Of the rows of each layer, linear ones included; 0 for the outputs.
    layers: Vec<Vec<i64>>,
    /// Of the rows of the ReLU layers.
    neurons: Vec<i64>,
    /// Bounds of the outputs' magnitudes.
    outputs: Vec<Rational>,
}

/// The largest weight or bound that does without units other than 1.
const LARGEST_NUMBER: f64 = (1 << 20) as f64;

/// The weights of a row, and what they are multiplied by, may add up to this much, relative to
/// what comes out, before units other than 1 are needed: so often a rounding counts.
const MOST_ROUNDED: f64 = 256.0;

/// Fraction bits for a network and property, fewer where numbers would not fit into 64 bits; and
/// whether units other than 1 are needed, because no number of bits would do.
///
/// A guess from the sizes of weights and bounds and from the crudest bound of the activations.
pub fn precision(network: &Network, property: &Property) -> (u32, bool) {
    let float = |value: &Rational| value.to_f64().value().abs();
    let atoms = atoms(&property.formula);
    let mut size = 0.0f64;
    for atom in &atoms {
        let factors = atom.input.iter().chain(&atom.output).map(|(_, factor)| factor);
        size = factors.chain([&atom.bound]).map(float).fold(size, f64::max);
    }
    let mut reach = vec![crude_reach(&atoms, network.inputs()); network.inputs()];
    let mut is_lost = false;
    let mut combine =
        |terms: &mut dyn Iterator<Item = (usize, f64)>, constant: f64, reach: &[f64]| {
            let (mut sum, mut factors, mut values) = (constant, 0.0, 0.0);
            for (column, factor) in terms.filter(|&(_, factor)| factor != 0.0) {
                sum += factor * reach[column];
                factors += factor;
                values += reach[column];
            }
            is_lost |= values.max(factors) > MOST_ROUNDED * (1.0 + 64.0 * sum);
            sum
        };
    for atom in &atoms {
        let mut terms = atom.input.iter().map(|(input, factor)| (*input, float(factor)));
        combine(&mut terms, float(&atom.bound), &reach);
    }
    size = reach.iter().copied().fold(size, f64::max);
    for layer in network.layers() {
        let mut next = Vec::with_capacity(layer.rows.len());
        for row in (0..layer.rows.len()).map(|row| FloatRow::of(layer, row)) {
            size =
                row.values.iter().map(|value| value.abs()).fold(size.max(row.bias.abs()), f64::max);
            let columns = row.columns.iter().map(|&column| column as usize);
            let mut terms = columns.zip(row.values.iter().map(|value| value.abs()));
            next.push(combine(&mut terms, row.bias.abs(), &reach));
        }
        reach = next;
    }
    // Activations seldom come near their crudest bound, the less so the more layers there are,
    // and units would be made from that.
    let distance = (3 * network.layers().len()).clamp(10, 13) as f64;
    let largest = reach.into_iter().fold(0.0, f64::max);
    let excess = (largest.log2() - 22.0 - distance).ceil().max(0.0);
    if is_lost || size > LARGEST_NUMBER || excess > f64::from(PRECISION - LEAST_PRECISION) {
        return (PRECISION, true);
    }
    (PRECISION - excess as u32, false)
}

/// About how far a search goes in any input.
fn crude_reach(atoms: &[&Atom], inputs: usize) -> f64 {
    let mut reach = 1.0f64;
    let mut ends = vec![[false; 2]; inputs];
    for atom in atoms.iter().filter(|atom| atom.output.is_empty()) {
        for (input, factor) in &atom.input {
            reach = reach.max((&atom.bound / factor).to_f64().value().abs());
            ends[*input][usize::from(*factor > Rational::ZERO)] |= atom.input.len() == 1;
        }
    }
    let bounded = ends.iter().flatten().all(|&known| known);
    if bounded { reach } else { 256.0 * reach.max(2.0) }
}

/// The distinct atoms of a formula, in its order.
fn atoms(formula: &Formula) -> Vec<&Atom> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut pending = vec![formula];
    while let Some(formula) = pending.pop() {
        match formula {
            Formula::Atom(atom) if seen.insert(atom) => found.push(atom),
            Formula::Atom(_) => {}
            Formula::And(parts) | Formula::Or(parts) => pending.extend(parts.iter().rev()),
        }
    }
    found
}

/// An exponent e with value ≤ 2^e, by less than a factor of 4.
fn exponent_above(value: &Rational) -> i64 {
    let bits = |natural: &foldline_kernel::Natural| i64::from(natural.bit_len() as u32);
    match value.is_zero() {
        true => OF_ZERO,
        false => bits(&value.numerator().clone().unsigned_abs()) - bits(value.denominator()) + 1,
    }
}

/// The tightest bound of an input by constraints on it alone: a checker's box has these, even where
/// other constraints leave much less of it.
fn stated_bound(region: &[LinearConstraint], input: usize, is_upper: bool) -> Option<Rational> {
    let ends = region.iter().filter_map(|constraint| match constraint.coefficients.as_slice() {
        [(own, factor)] if *own == input && (*factor > Rational::ZERO) == is_upper => {
            Some(&constraint.bound / factor)
        }
        _ => None,
    });
    if is_upper { ends.min() } else { ends.max() }
}

/// Bounds of the magnitudes of the inputs over the regions of all cases; where there are none, of
/// the places where something happens.
fn reach_of_inputs(network: &Network, cases: &[Case], counters: &Counters) -> Vec<Rational> {
    let inputs = network.inputs();
    let mut reach = vec![Rational::ZERO; inputs];
    let mut is_bounded = vec![true; inputs];
    let enter = |known: &mut Rational, value: Rational| *known = std::mem::take(known).max(value);
    for case in cases {
        let Extent::Box(bounds) = extent(inputs, &case.region, counters) else { continue };
        for (input, (low, high)) in bounds.iter().enumerate() {
            is_bounded[input] &= low.is_some() && high.is_some();
            low.iter().chain(high).for_each(|end| enter(&mut reach[input], magnitude(end)));
            let stated = [false, true].map(|is_upper| stated_bound(&case.region, input, is_upper));
            stated.into_iter().flatten().for_each(|end| enter(&mut reach[input], magnitude(&end)));
        }
    }
    let known = reach.clone();
    let constraints = cases.iter().flat_map(|case| &case.region);
    let constraints = constraints.map(|one| (one.coefficients.clone(), one.bound.clone()));
    let first = network.layers()[0].rational_rows().into_iter();
    for (terms, constant) in constraints.chain(first.map(|row| (row.weights, row.bias))) {
        let sizes = terms.iter().map(|(input, factor)| magnitude(factor) * &known[*input]);
        let size = sizes.fold(magnitude(&constant), |sum, term| sum + term);
        for (input, factor) in terms.iter().filter(|(_, factor)| !factor.is_zero()) {
            if !is_bounded[*input] {
                enter(&mut reach[*input], magnitude(&(&size / factor)));
            }
        }
    }
    for (value, is_bounded) in reach.iter_mut().zip(is_bounded) {
        if value.is_zero() && !is_bounded {
            *value = Rational::ONE;
        }
    }
    reach
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
    pub fn new(network: &Network, cases: &[Case], counters: &Counters) -> Self {
        let reach = reach_of_inputs(network, cases, counters);
        let inputs: Vec<i64> = reach.iter().map(exponent_above).collect();
        let (mut layers, mut neurons) = (Vec::new(), Vec::new());
        let mut outputs = Vec::new();
        let mut units = inputs.clone();
        for layer in with_linear_end(network) {
            let reach: Vec<Rational> = units.iter().map(|&unit| power_of_two(unit)).collect();
            outputs = magnitudes(&layer, &reach);
            units = outputs.iter().map(exponent_above).collect();
            if layer.activation == Activation::Relu {
                neurons.extend(&units);
            }
            layers.push(units.clone());
        }
        layers.last_mut().into_iter().flatten().for_each(|unit| *unit = 0);
        Self { inputs, layers, neurons, outputs }
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
        let mut units = &self.inputs;
        for (layer, own) in layers.iter_mut().zip(&self.layers) {
            let row = |(row, &unit): (RationalRow, &i64)| RationalRow {
                weights: in_units(&row.weights, units, unit),
                bias: row.bias * power_of_two(-unit),
            };
            let rows: Vec<RationalRow> =
                layer.rational_rows().into_iter().zip(own).map(row).collect();
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
