//! Statements about the number of a network's cells: a tree of signs, bases that force the signs
//! that were not split on, and a point in each cell.

use std::io::BufRead;
use std::rc::Rc;

use foldline_formats::region::parse_region;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Basis, Integer, Layer, LinearConstraint, Rational};

use crate::certificate::{Certificate, Stop};
use crate::clock::Clock;
use crate::lines::{Fields, Reason, index};
use crate::stages::Stages;

/// `regions cells N`: so many sets {x : exactly these neurons are positive} have interior points,
/// on R^d or on one polyhedron.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut claim: Fields<'_>,
) -> Result<String, Stop> {
    claim.expect("cells")?;
    let claimed = index(claim.word()?, usize::MAX, "cell")?;
    claim.finish()?;
    let network = certificate.file("network")?.network()?;
    let mut region = Vec::new();
    if let Some(content) = certificate.optional_file("region")? {
        let found = parse_region(&content.name, content.text()?, network.inputs())?;
        let [piece] = found.pieces.as_slice() else {
            return Err("the region is not one polyhedron".into());
        };
        let bounds = piece.constraints.iter();
        region.extend(bounds.map(|constraint| bound_of(constraint, network.inputs())));
    }
    let stages = Stages::new(&network);
    let layers = Layers::new(&stages, network.inputs());
    let mut tree = Tree::new(&layers, region, certificate.lines.clock());
    loop {
        let mut fields = certificate.lines.next_fields()?;
        match fields.word()? {
            "basis" => tree.basis(fields)?,
            "split" => tree.split(fields)?,
            "cell" => {
                if tree.cell(fields)? {
                    break;
                }
            }
            other => {
                let message = format!("expected `basis`, `split` or `cell`, found `{other}`");
                return Err(message.into());
            }
        }
    }
    certificate.end()?;
    if tree.cells != claimed {
        return Err(format!("the tree has {} cells", tree.cells).into());
    }
    Ok(format!("cells {claimed}"))
}

/// The most bases that may be in force at once.
const MOST_BASES: usize = 100_000;

/// A positive multiple of an affine function of the inputs: d coefficients, then the constant.
type Function = Vec<Integer>;

/// b − a·x for the constraint a·x ≤ b.
fn bound_of(constraint: &LinearConstraint, dimension: usize) -> Function {
    let mut function = vec![Rational::ZERO; dimension];
    for (input, coefficient) in &constraint.coefficients {
        function[*input] = -coefficient.clone();
    }
    function.push(constraint.bound.clone());
    over_common_denominator(&function).0
}

/// The ReLU layers, ready to be composed neuron by neuron.
///
/// The pre-activations of layer l are functions over the product of the denominators up to l.
struct Layers {
    dimension: usize,
    /// The first layer.
    first: Vec<Function>,
    /// The layers after the first.
    later: Vec<Later>,
    /// The number of the first neuron of each layer, and the number of all neurons.
    starts: Vec<usize>,
}

/// A layer after the first.
struct Later {
    /// Its biases, as functions.
    biases: Vec<Function>,
    /// For each neuron before it the rows that use it, with their weights.
    columns: Vec<Vec<(usize, Integer)>>,
}

impl Layers {
    fn new(stages: &Stages, dimension: usize) -> Self {
        let constant = |value: Integer| {
            let mut function = vec![Integer::ZERO; dimension];
            function.push(value);
            function
        };
        let mut layers = stages.relu.iter();
        let mut scale = Integer::ONE;
        let first = layers.next().map_or_else(Vec::new, |layer| {
            scale *= layer.denominator.as_ibig();
            let row = |row: &foldline_kernel::Row| {
                let mut function = constant(row.bias.clone());
                for (&input, weight) in row.columns.iter().zip(&row.numerators) {
                    function[input as usize] = weight.clone();
                }
                function
            };
            layer.rows.iter().map(row).collect()
        });
        let later = layers.map(|layer: &Layer| {
            let biases = layer.rows.iter().map(|row| constant(&row.bias * &scale)).collect();
            let mut columns = vec![Vec::new(); layer.inputs];
            for (index, row) in layer.rows.iter().enumerate() {
                for (&column, weight) in row.columns.iter().zip(&row.numerators) {
                    columns[column as usize].push((index, weight.clone()));
                }
            }
            scale *= layer.denominator.as_ibig();
            Later { biases, columns }
        });
        Self { dimension, first, later: later.collect(), starts: stages.starts.clone() }
    }

    fn neurons(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }
}

/// One layer on the way down the tree.
#[derive(Clone)]
struct Level {
    /// Its place among the layers.
    layer: usize,
    functions: Rc<Vec<Function>>,
    /// Its neurons without a sign.
    undecided: Vec<usize>,
    /// The next layer, as far as the neurons that are on so far contribute to it.
    next: Vec<Function>,
}

impl Level {
    fn new(layers: &Layers, layer: usize, functions: Vec<Function>) -> Self {
        let undecided = (0..functions.len()).collect();
        let next = layers.later.get(layer).map_or_else(Vec::new, |later| later.biases.clone());
        Self { layer, functions: Rc::new(functions), undecided, next }
    }

    /// Adds what a neuron that is on contributes to the next layer.
    fn turn_on(&mut self, layers: &Layers, neuron: usize) {
        let Some(later) = layers.later.get(self.layer) else { return };
        let own = &self.functions[neuron];
        for (row, weight) in &later.columns[neuron] {
            for (sum, value) in self.next[*row].iter_mut().zip(own) {
                *sum += weight * value;
            }
        }
    }

    /// Gives a sign to every neuron on which one of the bases, the last ones first, forces it.
    fn decide(&mut self, layers: &Layers, bases: &[Basis], clock: &Clock<'_>) {
        let functions = Rc::clone(&self.functions);
        let mut on = Vec::new();
        self.undecided.retain(|&neuron| {
            let in_time = bases.iter().rev().take_while(|_| !clock.strikes());
            let mut signs = in_time.filter_map(|b| b.sign_of(&functions[neuron]));
            match signs.next() {
                Some(true) => on.push(neuron),
                Some(false) => {}
                None => return true,
            }
            false
        });
        on.into_iter().for_each(|neuron| self.turn_on(layers, neuron));
    }
}

/// A split whose other side is still to come.
struct Open {
    level: Level,
    bounds: usize,
    bases: usize,
}

struct Tree<'l> {
    layers: &'l Layers,
    clock: &'l Clock<'l>,
    region: Vec<Function>,
    level: Level,
    /// Neurons split on, with the function that is not negative on this side.
    bounds: Vec<(usize, Function)>,
    /// The bases in force; the first is the empty one.
    bases: Vec<Basis>,
    open: Vec<Open>,
    cells: usize,
}

impl<'l> Tree<'l> {
    fn new(layers: &'l Layers, region: Vec<Function>, clock: &'l Clock<'l>) -> Self {
        let level = Level::new(layers, 0, layers.first.clone());
        let bases = Basis::new(layers.dimension, &[]).into_iter().collect();
        let (bounds, open) = (Vec::new(), Vec::new());
        let mut tree = Self { layers, clock, region, level, bounds, bases, open, cells: 0 };
        tree.level.decide(layers, &tree.bases, clock);
        tree.descend();
        tree
    }

    /// Goes on to the next layer as long as every neuron has a sign.
    fn descend(&mut self) {
        while self.level.undecided.is_empty() && self.level.layer < self.layers.later.len() {
            let functions = std::mem::take(&mut self.level.next);
            self.level = Level::new(self.layers, self.level.layer + 1, functions);
            self.level.decide(self.layers, &self.bases, self.clock);
        }
    }

    /// `basis B …`: bounds with independent gradients, in force from here on.
    fn basis(&mut self, fields: Fields<'_>) -> Result<(), Reason> {
        if self.bases.len() > MOST_BASES {
            return Err(format!("more than {MOST_BASES} bases are in force"));
        }
        let named = fields.map(|name| self.bound(name)).collect::<Result<Vec<_>, Reason>>()?;
        let basis = Basis::new(self.layers.dimension, &named)
            .ok_or("the gradients of these bounds depend on each other")?;
        self.bases.push(basis);
        self.level.decide(self.layers, &self.bases[self.bases.len() - 1..], self.clock);
        self.descend();
        Ok(())
    }

    /// A bound by its name: `rI`, a constraint of the region, or `nK`, a split neuron.
    fn bound(&self, name: &str) -> Result<&[Integer], Reason> {
        if let Some(number) = name.strip_prefix('r') {
            return Ok(&self.region[index(number, self.region.len(), "constraint")?]);
        }
        let number = name.strip_prefix('n').ok_or_else(|| format!("`{name}` is no bound"))?;
        let number = index(number, self.layers.neurons(), "neuron")?;
        let found = self.bounds.iter().find(|bound| bound.0 == number);
        found.map(|bound| &*bound.1).ok_or_else(|| format!("neuron {number} was not split above"))
    }

    /// `split K`: what follows is the side where the neuron is on, then the other.
    fn split(&mut self, mut fields: Fields<'_>) -> Result<(), Reason> {
        let named = fields.index(self.layers.neurons(), "neuron")?;
        fields.finish()?;
        let row = named.checked_sub(self.layers.starts[self.level.layer]);
        let place = row.and_then(|row| self.level.undecided.binary_search(&row).ok());
        let Some(place) = place else {
            return Err(format!("neuron {named} is none of this layer's that have no sign"));
        };
        let row = self.level.undecided.remove(place);
        let (bounds, bases) = (self.bounds.len(), self.bases.len());
        self.open.push(Open { level: self.level.clone(), bounds, bases });
        self.bounds.push((named, self.level.functions[row].clone()));
        self.level.turn_on(self.layers, row);
        self.descend();
        Ok(())
    }

    /// `cell x_1 … x_d`: a point inside every bound; true if it was the last.
    fn cell(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        if !self.level.undecided.is_empty() {
            return Err("not every neuron has a sign yet".to_owned());
        }
        let dimension = self.layers.dimension;
        let point =
            (0..dimension).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()?;
        fields.finish()?;
        let (mut point, denominator) = over_common_denominator(&point);
        point.push(denominator.into());
        for (number, bound) in self.region.iter().enumerate() {
            let value = at(bound, &point);
            let is_constant = bound[..dimension].iter().all(Integer::is_zero);
            if value < Integer::ZERO || (value.is_zero() && !is_constant) {
                return Err(format!("the point is not inside constraint {number}"));
            }
        }
        if let Some((neuron, _)) = self.bounds.iter().find(|b| at(&b.1, &point) <= Integer::ZERO) {
            return Err(format!("the point is not on the right side of neuron {neuron}"));
        }
        self.cells += 1;
        let Some(open) = self.open.pop() else { return Ok(true) };
        self.level = open.level;
        self.bases.truncate(open.bases);
        self.bounds.truncate(open.bounds + 1);
        let bound = &mut self.bounds[open.bounds].1;
        bound.iter_mut().for_each(|value| *value = -std::mem::take(value));
        self.descend();
        Ok(false)
    }
}

fn at(function: &[Integer], point: &[Integer]) -> Integer {
    function.iter().zip(point).fold(Integer::ZERO, |sum, (a, x)| sum + a * x)
}
