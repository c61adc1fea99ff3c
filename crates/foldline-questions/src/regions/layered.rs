//! A network on a region as levels of hyperplanes for the walk.

use std::collections::HashMap;

use foldline_geometry::arrangements::{
    Arrangement, FloatRows, Numbers, PartialSums, RowSign, spanning_columns,
};
use foldline_geometry::directed::{UNIT_ROUNDOFF, nearest};
use foldline_geometry::integer::make_primitive;
use foldline_kernel::network::over_common_denominator;
use foldline_kernel::{Activation, Integer, Network, Polyhedron, Rational};

use super::hull::Hull;
use super::residues::ModularNetwork;
use super::stages::Stage;

/// The levels: constraints of the region with the first ReLU layer, then one ReLU layer each.
///
/// Coordinates are those of the region's affine hull, modulo directions along which neither a
/// constraint nor a first neuron changes.
#[derive(Debug)]
pub struct LayeredNetwork {
    width: usize,
    /// Level 0 as exact rows and as floats.
    first: Numbers,
    first_floats: FloatRows,
    /// How many rows of level 0 are constraints.
    constraints: usize,
    /// The inputs that are the walk's coordinates where the hull is everything.
    columns: Vec<usize>,
    /// For each constraint row the number of a constraint with its hyperplane, in its piece.
    constraint_of: Vec<usize>,
    /// For each piece its constraints: a row, and the sign it must have.
    pieces: Vec<Vec<(usize, RowSign)>>,
    /// The maps between ReLU layers.
    stages: Vec<Stage>,
    /// The positive factor of the neurons' rows at each level.
    scales: Vec<Integer>,
    /// The map from the last ReLU layer to the outputs.
    last: Stage,
    /// Number of neurons of each level.
    neurons: Vec<usize>,
    /// Whether the walk's coordinates are all of the hull: otherwise every cell is unbounded.
    pub spans: bool,
}

/// The affine maps between ReLU layers, and the one after the last; all outputs or one.
///
/// A network that ends in a ReLU layer gets the identity as its last map.
pub fn cut(network: &Network, output: Option<usize>) -> (Vec<Stage>, Stage) {
    let mut stages = Vec::new();
    let mut pending: Option<Stage> = None;
    let count = network.layers().len();
    for (index, layer) in network.layers().iter().enumerate() {
        let mut stage = Stage::new(layer);
        if let (Some(output), true) = (output, index + 1 == count) {
            stage = stage.only(output);
        }
        let stage = match pending.take() {
            Some(before) => stage.after(&before),
            None => stage,
        };
        match layer.activation {
            Activation::Relu => stages.push(stage),
            Activation::Linear => pending = Some(stage),
        }
    }
    let width = stages.last().map_or(network.inputs(), Stage::len);
    (stages, pending.unwrap_or_else(|| Stage::identity(width)))
}

impl LayeredNetwork {
    /// The network (or one of its outputs) on pieces that have interior points in `hull`.
    pub fn new(
        network: &Network,
        output: Option<usize>,
        hull: &Hull,
        pieces: &[&Polyhedron],
    ) -> Self {
        let (mut stages, last) = cut(network, output);
        let (mut rows, constraint_of, pieces) = constraint_rows(hull, pieces);
        let constraints = rows.len();
        let mut neurons = vec![0];
        let mut scales = vec![Integer::ONE];
        if !stages.is_empty() {
            let stage = stages.remove(0);
            let pulled: Vec<Vec<Rational>> = (0..stage.len())
                .map(|row| {
                    let (weights, bias) = stage.rational_row(row);
                    hull.pulled_back(&weights, &bias)
                })
                .collect();
            let flat: Vec<Rational> = pulled.iter().flatten().cloned().collect();
            let (flat, scale) = over_common_denominator(&flat);
            let width = hull.directions.len() + 1;
            rows.extend(flat.chunks_exact(width).map(<[Integer]>::to_vec));
            scales[0] = scale.into();
            neurons[0] = stage.len();
        }
        for stage in &stages {
            let scale = scales.last().expect("at least one") * stage.denominator.as_ibig();
            scales.push(scale);
            neurons.push(stage.len());
        }
        let linear: Vec<Vec<Integer>> = rows.iter().map(|row| row[1..].to_vec()).collect();
        let columns = spanning_columns(&linear, hull.directions.len());
        let kept = |row: &Vec<Integer>| {
            let coefficients = columns.iter().map(|&column| row[column + 1].clone());
            [row[0].clone()].into_iter().chain(coefficients).collect::<Vec<Integer>>()
        };
        let rows: Vec<Vec<Integer>> = rows.iter().map(kept).collect();
        Self {
            width: columns.len() + 1,
            first_floats: first_floats(&rows, constraints, &scales[0]),
            first: Numbers::new(rows.into_iter().flatten().collect()),
            constraints,
            pieces,
            stages,
            scales,
            last,
            neurons,
            spans: columns.len() == hull.directions.len(),
            columns,
            constraint_of,
        }
    }

    /// How many pieces the region has.
    pub fn pieces(&self) -> usize {
        self.pieces.len()
    }

    /// Numbers in a row: 1 + the dimension of the walk.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The signs of a level's neurons among those of its rows.
    pub fn neuron_signs<'s>(&self, level: usize, signs: &'s [RowSign]) -> &'s [RowSign] {
        &signs[self.offset(level)..]
    }

    fn offset(&self, level: usize) -> usize {
        if level == 0 { self.constraints } else { 0 }
    }

    /// The outputs as functions on a cell, over one denominator that is the same for all cells;
    /// `signs` and `rows` are those of the last level. Without neurons nothing distinguishes cells.
    pub fn map(&self, signs: &[RowSign], rows: &Numbers) -> Numbers {
        let level = self.neurons.len() - 1;
        if self.neurons[level] == 0 {
            return Numbers::Small(Vec::new());
        }
        let signs = self.neuron_signs(level, signs);
        let scale = &self.scales[level];
        self.last.exact(rows, self.offset(level), signs, scale, self.width)
    }

    /// Whether there is a ReLU layer.
    pub fn has_neurons(&self) -> bool {
        self.neurons.iter().any(|&count| count > 0)
    }

    /// The same over a finite field, for fingerprints of the maps.
    pub fn modular(&self) -> ModularNetwork {
        let rows = 0..self.constraints + self.neurons[0];
        let rows = rows.map(|index| self.first.integers(index, self.width));
        let stages = self.stages.iter().chain([&self.last]).zip(&self.scales);
        ModularNetwork::new(rows, self.constraints, stages)
    }

    /// The number of a row among those of all levels.
    pub fn position(&self, level: usize, row: usize) -> usize {
        (0..level).map(|before| self.rows(before)).sum::<usize>() + row
    }

    /// The number of a neuron over all levels, given by its row.
    pub fn neuron(&self, level: usize, row: usize) -> usize {
        self.position(level, row) - self.constraints
    }

    /// The number of a constraint in its piece, given by its row; none for a neuron's row.
    pub fn constraint(&self, level: usize, row: usize) -> Option<usize> {
        self.constraint_of.get(row).copied().filter(|_| level == 0)
    }

    /// The input with these coordinates of the walk, where the hull is all of R^inputs: what
    /// changes nothing is 0.
    pub fn input(&self, point: &[Rational], inputs: usize) -> Vec<Rational> {
        let mut input = vec![Rational::ZERO; inputs];
        for (&column, value) in self.columns.iter().zip(point) {
            input[column] = value.clone();
        }
        input
    }

    /// The denominator of [`LayeredNetwork::map`].
    pub fn map_scale(&self) -> Integer {
        self.scales[self.scales.len() - 1].clone() * self.last.denominator.as_ibig()
    }

    /// The signs of all rows a little beyond `point` in direction `−center`, both homogeneous:
    /// level after level, constraints first. A value that is 0 also beyond counts as off.
    pub fn beyond(&self, point: &[Integer], center: &[Integer]) -> Vec<RowSign> {
        let dot = |row: &[Integer], point: &[Integer]| -> Integer {
            row.iter().zip(point).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
        };
        let rows = 0..self.constraints + self.neurons[0];
        let mut values: Vec<(Integer, Integer)> = rows
            .map(|index| {
                let row = self.first.integers(index, self.width);
                (dot(&row, point), -dot(&row, center))
            })
            .collect();
        let unit = (point[0].clone(), -center[0].clone());
        let mut signs = Vec::new();
        for level in 0..self.neurons.len() {
            if level > 0 {
                let scale = &self.scales[level - 1];
                values = self.stages[level - 1].lexicographic(&values, &unit, scale);
            }
            for value in &mut values {
                let zero = (Integer::ZERO, Integer::ZERO);
                let is_on = *value > zero;
                signs.push(if is_on { RowSign::On } else { RowSign::Off });
                if !is_on {
                    *value = zero;
                }
            }
            values.drain(..self.offset(level));
        }
        signs
    }
}

/// For each piece the constraints: a row, and the sign it must have.
type Pieces = Vec<Vec<(usize, RowSign)>>;

/// The hyperplanes of all constraints in the hull's coordinates, each once, and who needs what.
///
/// In between, for each the number of a constraint with this hyperplane in its piece.
fn constraint_rows(hull: &Hull, pieces: &[&Polyhedron]) -> (Vec<Vec<Integer>>, Vec<usize>, Pieces) {
    let mut rows: Vec<Vec<Integer>> = Vec::new();
    let mut numbers: HashMap<Vec<Integer>, usize> = HashMap::new();
    let (mut constraint_of, mut all) = (Vec::new(), Vec::new());
    for piece in pieces {
        let mut needed = Vec::new();
        for (index, constraint) in piece.constraints.iter().enumerate() {
            let pulled = hull.pulled_back(&constraint.coefficients, &-constraint.bound.clone());
            let (mut row, _) = over_common_denominator(&pulled);
            make_primitive(&mut row).expect("big integers do not overflow");
            // Constraints that hold on all of the hull bound nothing in it.
            let Some(leading) = row[1..].iter().find(|value| !value.is_zero()) else { continue };
            // The constraint says row ≤ 0; the row kept has a positive leading coefficient.
            let turned = *leading < Integer::ZERO;
            if turned {
                row.iter_mut().for_each(|value| *value = -std::mem::take(value));
            }
            let next = rows.len();
            let number = *numbers.entry(row.clone()).or_insert(next);
            if number == next {
                rows.push(row);
                constraint_of.push(index);
            }
            let entry = (number, if turned { RowSign::On } else { RowSign::Off });
            if !needed.contains(&entry) {
                needed.push(entry);
            }
        }
        all.push(needed);
    }
    (rows, constraint_of, all)
}

/// Level 0 in floats: constraints at any scale, neurons with their true values.
fn first_floats(rows: &[Vec<Integer>], constraints: usize, scale: &Integer) -> FloatRows {
    let mut floats = FloatRows::default();
    for (index, row) in rows.iter().enumerate() {
        let largest = row.iter().map(|v| if *v < Integer::ZERO { -v } else { v.clone() }).max();
        let divisor = match largest {
            Some(largest) if index < constraints && largest > Integer::ZERO => largest,
            _ => scale.clone(),
        };
        let divisor = Rational::from(divisor);
        let start = floats.coefficients.len();
        floats
            .coefficients
            .extend(row.iter().map(|value| nearest(&(Rational::from(value.clone()) / &divisor))));
        let row = &floats.coefficients[start..];
        let magnitude = row.iter().fold(0.0f64, |a, b| a.max(b.abs()));
        floats.errors.push(2.0 * UNIT_ROUNDOFF * magnitude + 1e-300);
    }
    floats
}

impl Arrangement for LayeredNetwork {
    fn dimension(&self) -> usize {
        self.width - 1
    }

    fn levels(&self) -> usize {
        self.neurons.len()
    }

    fn rows(&self, level: usize) -> usize {
        self.offset(level) + self.neurons[level]
    }

    fn boundary(&self) -> usize {
        self.constraints
    }

    fn can_be_inside(&self, boundary: &[RowSign]) -> bool {
        let fits = |&(row, sign): &(usize, RowSign)| {
            boundary[row] == sign || boundary[row] == RowSign::Unknown
        };
        self.pieces.iter().any(|piece| piece.iter().all(fits))
    }

    fn float_rows(
        &self,
        level: usize,
        on: &[u32],
        before: Option<&FloatRows>,
        partial: &mut PartialSums,
        into: &mut FloatRows,
    ) {
        match (level.checked_sub(1), before) {
            (Some(last), Some(before)) => {
                let stage = &self.stages[last];
                stage.floats(before, self.offset(last), on, self.width, partial, into);
            }
            _ => into.clone_from(&self.first_floats),
        }
    }

    fn exact_rows(
        &self,
        level: usize,
        signs: &[Vec<RowSign>],
        before: Option<&Numbers>,
    ) -> Numbers {
        match (level.checked_sub(1), before) {
            (Some(last), Some(before)) => {
                let on = self.neuron_signs(last, &signs[last]);
                let scale = &self.scales[last];
                self.stages[last].exact(before, self.offset(last), on, scale, self.width)
            }
            _ => self.first.clone(),
        }
    }
}
