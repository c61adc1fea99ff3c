//! Random tiny questions: degenerate networks, regions and formulas of every shape, shrinkable.

use std::fmt;

use foldline::formats::network::network_to_json;
use foldline::kernel::network::RationalRow;
use foldline::kernel::number::from_f32_bits;
use foldline::{
    Activation, Atom, Formula, Integer, Layer, Natural, Network, Polyhedron, Property, Rational,
    Region,
};
use proptest::prelude::*;

use crate::enumerate::{conjunctions, input_part, least};

/// What is asked of the engine and of the oracle.
#[derive(Clone)]
pub struct Question {
    pub network: Network,
    pub property: Property,
}

/// How a row of weights is made degenerate: it becomes a multiple of another one.
type Edit = (usize, usize, usize, i8, bool);

/// The numbers a network is made of.
#[derive(Debug, Clone)]
pub struct RandomNetwork {
    inputs: usize,
    /// Sizes of the hidden layers.
    widths: Vec<usize>,
    outputs: usize,
    /// Weights and biases, row by row; more than are needed.
    numbers: Vec<i8>,
    /// What the weights of each layer are divided by.
    divisors: Vec<u8>,
    /// Powers of ten that they are multiplied by.
    exponents: Vec<i16>,
    /// Layers without biases: their hyperplanes meet in one point.
    concurrent: Vec<bool>,
    edits: Vec<Edit>,
    output_relu: bool,
    /// A layer without ReLU, if there are that many.
    linear: Option<usize>,
    /// Whether columns are scaled so that the weights are 32-bit floats without a short form.
    floats: bool,
}

/// One side of an interval: numerator, denominator, and whether the end is left out.
type End = Option<(i8, u8, bool)>;

/// Linear terms over inputs and outputs, a bound with its denominator, and strictness.
type RandomAtom = (Vec<i8>, Vec<i8>, i8, u8, bool);

/// The parts of a property's region that hold for all of it or for one disjunct.
#[derive(Debug, Clone)]
pub struct RandomRegion {
    /// Ends of each input's interval; a width of 0 makes the region flat.
    sides: Vec<(End, End)>,
    /// The power of ten that the ends are multiplied by.
    exponent: i16,
    /// Half-spaces over several inputs, as equations where the flag is set.
    half_spaces: Vec<(RandomAtom, bool)>,
}

/// What a property is made of.
#[derive(Debug, Clone)]
pub struct RandomProperty {
    region: RandomRegion,
    disjuncts: Vec<(Option<RandomRegion>, Vec<Vec<RandomAtom>>)>,
    /// For one output atom after the other: moves its bound to its least value over the region,
    /// so that it is just touched, plus that many thousandths.
    touching: Vec<Option<i8>>,
}

fn weight() -> impl Strategy<Value = i8> {
    prop_oneof![2 => Just(0i8), 3 => Just(1i8), 5 => -3i8..=3]
}

fn denominator() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(1u8), 1 => Just(2u8), 1 => Just(3u8), 1 => Just(10u8)]
}

/// Mostly ordinary numbers, sometimes some that floats round, lose or cannot hold.
fn exponent() -> impl Strategy<Value = i16> {
    let extreme = vec![-400i16, -310, -160, -30, -9, 9, 30, 160, 310, 400];
    prop_oneof![12 => Just(0i16), 1 => prop::sample::select(extreme)]
}

/// Networks with at most so many inputs, hidden layers and neurons a layer.
pub fn any_network(
    most_inputs: usize,
    most_hidden: usize,
    most_width: usize,
) -> impl Strategy<Value = RandomNetwork> {
    let widths = prop::collection::vec(1..=most_width, 0..=most_hidden);
    let layers = most_hidden + 1;
    let most = layers * (most_width + 1) * most_width.max(most_inputs);
    let edit = (0..layers, 0..most_width, 0..most_width, -2i8..=2, any::<bool>());
    let parts = (
        (1..=most_inputs, widths, 1usize..=2),
        prop::collection::vec(weight(), most),
        prop::collection::vec((denominator(), exponent()), layers),
        prop::collection::vec(prop::bool::weighted(0.3), layers),
        prop::collection::vec(edit, 0..4),
        prop::bool::weighted(0.2),
        prop::option::weighted(0.1, 0usize..2),
        prop::bool::weighted(0.4),
    );
    parts.prop_map(|((inputs, widths, outputs), numbers, scales, concurrent, edits, o, l, f)| {
        let (output_relu, linear, floats) = (o, l, f);
        let (divisors, exponents) = scales.into_iter().unzip();
        RandomNetwork {
            inputs,
            widths,
            outputs,
            numbers,
            divisors,
            exponents,
            concurrent,
            edits,
            output_relu,
            linear,
            floats,
        }
    })
}

fn any_end() -> impl Strategy<Value = (i8, u8, bool)> {
    (-6i8..=6, denominator(), prop::bool::weighted(0.25))
}

fn any_interval() -> impl Strategy<Value = (End, End)> {
    let between = |((low, denominator), width, open): ((i8, u8), i8, (bool, bool))| {
        let high = low + width * denominator as i8;
        (Some((low, denominator, open.0)), Some((high, denominator, open.1)))
    };
    let low = || (-4i8..=4, denominator());
    let open = || (prop::bool::weighted(0.2), prop::bool::weighted(0.2));
    prop_oneof![
        12 => (low(), 1i8..=4, open()).prop_map(between),
        2 => (low(), Just(0), Just((false, false))).prop_map(between),
        6 => (prop::option::of(any_end()), Just(None)),
        6 => (Just(None), prop::option::of(any_end())),
        1 => (prop::option::of(any_end()), prop::option::of(any_end())),
    ]
}

fn any_atom(on_outputs: bool) -> impl Strategy<Value = RandomAtom> {
    let inputs = prop::collection::vec(weight(), 4);
    let outputs = prop::collection::vec(weight(), if on_outputs { 2 } else { 0 });
    let mixed = prop::bool::weighted(0.25);
    (inputs, outputs, mixed, (-6i8..=6, denominator(), any::<bool>())).prop_map(
        move |(inputs, outputs, mixed, (bound, denominator, strict))| {
            let inputs = if on_outputs && !mixed { vec![] } else { inputs };
            (inputs, outputs, bound, denominator, strict)
        },
    )
}

pub fn any_region() -> impl Strategy<Value = RandomRegion> {
    let half_space = (any_atom(false), prop::bool::weighted(0.2));
    let half_spaces = prop_oneof![
        3 => Just(vec![]),
        1 => prop::collection::vec(half_space, 1..3)
    ];
    (prop::collection::vec(any_interval(), 4), exponent(), half_spaces)
        .prop_map(|(sides, exponent, half_spaces)| RandomRegion { sides, exponent, half_spaces })
}

pub fn any_property() -> impl Strategy<Value = RandomProperty> {
    let atoms = || prop::collection::vec(any_atom(true), 1..=3);
    let clause = prop_oneof![20 => atoms(), 1 => Just(vec![])];
    let disjunct = (prop::option::weighted(0.2, any_region()), prop::collection::vec(clause, 1..3));
    let disjuncts = prop::collection::vec(disjunct, 1..3);
    let offset = prop_oneof![6 => Just(0i8), 1 => Just(-1i8), 1 => Just(1i8)];
    let touching = prop::collection::vec(prop::option::weighted(0.7, offset), 8);
    (any_region(), disjuncts, touching).prop_map(|(region, disjuncts, touching)| RandomProperty {
        region,
        disjuncts,
        touching,
    })
}

fn ratio(numerator: i8, denominator: u8) -> Rational {
    Rational::from_parts(numerator.into(), Natural::from(denominator))
}

fn power_of_ten(exponent: i16) -> Rational {
    let power = Rational::from(Integer::from(10).pow(exponent.unsigned_abs().into()));
    if exponent < 0 { Rational::ONE / power } else { power }
}

impl RandomNetwork {
    /// The network with its edits.
    pub fn build(&self) -> Network {
        let mut numbers = self.numbers.iter().copied().cycle();
        let mut inputs = self.inputs;
        let mut layers = Vec::new();
        let sizes: Vec<usize> = self.widths.iter().copied().chain([self.outputs]).collect();
        for (index, &size) in sizes.iter().enumerate() {
            let mut rows: Vec<Vec<i8>> =
                (0..size).map(|_| numbers.by_ref().take(inputs + 1).collect()).collect();
            self.degenerate(index, &mut rows);
            let row = |numbers: &Vec<i8>| {
                let scale = power_of_ten(self.exponents[index]);
                let values = numbers.iter().map(|&value| ratio(value, self.divisors[index]));
                let values: Vec<Rational> = values.map(|value| value * &scale).collect();
                let (bias, weights) = values.split_last().expect("a bias");
                let weights = weights.iter().enumerate();
                let weights = weights.map(|(j, value)| (j, self.column(j) * value)).collect();
                RationalRow { weights, bias: bias.clone() }
            };
            let rows: Vec<RationalRow> = rows.iter().map(row).collect();
            let is_last = index + 1 == sizes.len();
            let is_relu = if is_last { self.output_relu } else { self.linear != Some(index) };
            let activation = if is_relu { Activation::Relu } else { Activation::Linear };
            layers.push(Layer::new(inputs, &rows, activation));
            inputs = size;
        }
        Network::new(self.inputs, layers).expect("layers that fit")
    }

    /// What the weights of an input are multiplied by: rows that are parallel stay so.
    fn column(&self, index: usize) -> Rational {
        let factors = [0.37f32, 1.13, -0.71, 1.91];
        match self.floats {
            true => from_f32_bits(factors[index % 4].to_bits()).expect("a finite number"),
            false => Rational::ONE,
        }
    }

    /// The network with its last hidden layer two or four times, scaled so that the copies cancel
    /// in the outputs: identically zero, but for one changed bias.
    ///
    /// The change may matter on a region or not.
    pub fn cancelling(&self, negative: bool, change: Option<(usize, i8)>) -> Network {
        let network = self.build();
        let mut layers = network.layers().to_vec();
        let output = layers.pop().expect("an output layer");
        let Some(last) = layers.pop() else { return network };
        let rows = last.rational_rows();
        let scaled = |factor: i8| {
            let factor = Rational::from(factor);
            let row = move |row: &RationalRow| RationalRow {
                weights: row.weights.iter().map(|(j, value)| (*j, value * &factor)).collect(),
                bias: &row.bias * &factor,
            };
            rows.iter().map(row).collect::<Vec<_>>()
        };
        // [z]₊ − ½[2z]₊ = 0, and [z]₊ − ½[−2z]₊ − ⅓[3z]₊ + ¼[−4z]₊ = 0.
        let (factors, shares): (Vec<i8>, Vec<(i8, u8)>) = match negative {
            false => (vec![1, 2], vec![(1, 1), (-1, 2)]),
            true => (vec![1, -2, 3, -4], vec![(1, 1), (-1, 2), (-1, 3), (1, 4)]),
        };
        let mut hidden: Vec<RationalRow> = factors.iter().flat_map(|&f| scaled(f)).collect();
        if let Some((neuron, amount)) = change {
            let neuron = neuron % hidden.len();
            hidden[neuron].bias += Rational::from(amount);
        }
        let width = rows.len();
        let outputs = output.rational_rows();
        let outputs = outputs.iter().map(|row| {
            let copies = shares.iter().enumerate().flat_map(|(copy, &(numerator, denominator))| {
                let share = ratio(numerator, denominator);
                row.weights.iter().map(move |(j, value)| (copy * width + j, value * &share))
            });
            RationalRow { weights: copies.collect(), bias: Rational::ZERO }
        });
        let outputs: Vec<RationalRow> = outputs.collect();
        layers.push(Layer::new(last.inputs, &hidden, last.activation));
        layers.push(Layer::new(hidden.len(), &outputs, output.activation));
        Network::new(network.inputs(), layers).expect("layers that fit")
    }

    /// Copies, negates and zeroes rows of a layer, and drops its biases, as drawn.
    fn degenerate(&self, layer: usize, rows: &mut [Vec<i8>]) {
        for &(_, from, to, factor, bias_too) in self.edits.iter().filter(|edit| edit.0 == layer) {
            let (from, to) = (from % rows.len(), to % rows.len());
            let source = rows[from].clone();
            let count = source.len() - usize::from(!bias_too);
            for (value, other) in rows[to].iter_mut().zip(&source[..count]) {
                *value = other * factor;
            }
        }
        if self.concurrent[layer] {
            rows.iter_mut().for_each(|row| *row.last_mut().expect("a bias") = 0);
        }
    }
}

/// An atom over the first inputs and outputs, those that exist.
fn build_atom(network: &Network, atom: &RandomAtom, sign: i8) -> Atom {
    let (input, output, bound, denominator, strict) = atom;
    let terms = |factors: &[i8], count: usize| {
        let factors = factors.iter().take(count).enumerate();
        factors.map(|(index, &factor)| (index, Rational::from(sign * factor))).collect()
    };
    let bound = ratio(sign * bound, *denominator);
    Atom::new(terms(input, network.inputs()), terms(output, network.outputs()), bound, *strict)
}

impl RandomRegion {
    fn build(&self, network: &Network) -> Vec<Formula> {
        let mut atoms = Vec::new();
        for (input, sides) in self.sides.iter().take(network.inputs()).enumerate() {
            for (end, sign) in [(sides.0, -1i8), (sides.1, 1)] {
                let Some((numerator, denominator, strict)) = end else { continue };
                let terms = vec![(input, Rational::from(sign))];
                let bound = ratio(sign * numerator, denominator) * power_of_ten(self.exponent);
                atoms.push(Atom::new(terms, vec![], bound, strict));
            }
        }
        for (half_space, is_equation) in &self.half_spaces {
            let mut half_space = half_space.clone();
            half_space.4 &= !is_equation;
            atoms.push(build_atom(network, &half_space, 1));
            atoms.extend(is_equation.then(|| build_atom(network, &half_space, -1)));
        }
        atoms.into_iter().map(Formula::Atom).collect()
    }
}

/// The union of some random polyhedra.
pub fn union(network: &Network, regions: &[RandomRegion]) -> Region {
    let dimension = network.inputs();
    let piece = |region: &RandomRegion| {
        let parts = region.build(network);
        Polyhedron { dimension, constraints: input_part(&conjunctions(&Formula::And(parts))[0]) }
    };
    Region { dimension, pieces: regions.iter().map(piece).collect() }
}

impl RandomProperty {
    /// The question whether `network` has this property.
    pub fn ask(&self, network: Network) -> Question {
        let mut parts = self.region.build(&network);
        let disjunct = |(region, clauses): &(Option<RandomRegion>, Vec<Vec<RandomAtom>>)| {
            let clause = |atoms: &Vec<RandomAtom>| {
                let atoms = atoms.iter().map(|atom| build_atom(&network, atom, 1));
                Formula::And(atoms.map(Formula::Atom).collect())
            };
            let mut parts = region.as_ref().map_or(vec![], |region| region.build(&network));
            parts.push(Formula::Or(clauses.iter().map(clause).collect()));
            Formula::And(parts)
        };
        parts.push(Formula::Or(self.disjuncts.iter().map(disjunct).collect()));
        let mut formula = Formula::And(parts);
        touch(&network, &mut formula, &self.touching);
        let (inputs, outputs) = (network.inputs(), network.outputs());
        Question { network, property: Property { inputs, outputs, formula } }
    }
}

/// Moves the bounds of output atoms to their least values over their regions, as drawn.
fn touch(network: &Network, formula: &mut Formula, offsets: &[Option<i8>]) {
    let mut seen: Vec<Atom> = Vec::new();
    for atoms in conjunctions(formula) {
        for atom in atoms.iter().filter(|atom| !atom.output.is_empty()) {
            let offset = offsets.get(seen.len()).copied().flatten();
            if seen.contains(atom) {
                continue;
            }
            seen.push(atom.clone());
            if let Some(offset) = offset
                && let Some(value) = least(network, atom, &input_part(&atoms))
            {
                let offset = Rational::from(offset) / Rational::from(1000);
                replace_bound(formula, atom, &(value + offset));
            }
        }
    }
}

fn replace_bound(formula: &mut Formula, wanted: &Atom, bound: &Rational) {
    match formula {
        Formula::Atom(atom) if atom == wanted => atom.bound = bound.clone(),
        Formula::Atom(_) => {}
        Formula::And(parts) | Formula::Or(parts) => {
            parts.iter_mut().for_each(|part| replace_bound(part, wanted, bound));
        }
    }
}

/// The question as files of the program: a JSON network, then VNN-LIB.
impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}", network_to_json(&self.network))?;
        for (letter, count) in [('X', self.property.inputs), ('Y', self.property.outputs)] {
            (0..count).try_for_each(|i| writeln!(f, "(declare-const {letter}_{i} Real)"))?;
        }
        match &self.property.formula {
            Formula::And(parts) => {
                parts.iter().try_for_each(|part| writeln!(f, "(assert {})", vnnlib(part)))
            }
            other => writeln!(f, "(assert {})", vnnlib(other)),
        }
    }
}

fn vnnlib(formula: &Formula) -> String {
    let joined = |word: &str, parts: &[Formula]| {
        let parts: String = parts.iter().map(|part| format!(" {}", vnnlib(part))).collect();
        format!("({word}{parts})")
    };
    match formula {
        Formula::And(parts) if parts.is_empty() => "true".to_owned(),
        Formula::And(parts) => joined("and", parts),
        Formula::Or(parts) => joined("or", parts),
        Formula::Atom(atom) => {
            let named = [('X', &atom.input), ('Y', &atom.output)];
            let terms = named.into_iter().flat_map(|(letter, terms)| {
                terms.iter().map(move |(i, factor)| format!(" (* {factor} {letter}_{i})"))
            });
            let terms: String = terms.collect();
            let left = if terms.is_empty() { "0".to_owned() } else { format!("(+{terms})") };
            format!("({} {left} {})", if atom.strict { "<" } else { "<=" }, atom.bound)
        }
    }
}
