//! Fingerprints of affine maps: their value at one point modulo a prime, kept along the walk.
//!
//! A cell's map is taken over the field with 2⁶¹ − 1 elements, at a point of that field, and its
//! outputs are combined into one number. Maps with different fingerprints differ; maps with the
//! same one are yet to be compared exactly. So one number a neuron follows the walk instead of an
//! exact row, and hardly any two different maps have to be computed.

use foldline_geometry::arrangements::Cell;
use foldline_geometry::modular::{PRIME, plus_product, residue};
use foldline_kernel::Integer;

use super::stages::Stage;

/// Sums of more numbers than this are not kept from one cell to the next.
const MOST_KEPT: usize = 1 << 22;

/// Numbers of the field without a pattern: those of the SplitMix64 generator.
fn scattered(index: usize) -> u64 {
    let mut z = (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % PRIME
}

/// A network over the field, at one point.
#[derive(Debug)]
pub struct ModularNetwork {
    /// The pre-activations of the first level at the point.
    first: Vec<u64>,
    /// How many rows of the first level are constraints.
    constraints: usize,
    /// What follows each level: the next one's neurons, or in the end the outputs' combination.
    stages: Vec<ModularStage>,
}

#[derive(Debug)]
struct ModularStage {
    biases: Vec<u64>,
    /// For each neuron before, the rows with a weight for it, and these weights.
    columns: Vec<Vec<(u32, u64)>>,
}

impl ModularStage {
    /// A stage after values that are over `scale`.
    fn new(stage: &Stage, scale: &Integer) -> Self {
        let scale = residue(scale);
        let mut columns = vec![Vec::new(); stage.inputs()];
        let mut biases = Vec::with_capacity(stage.len());
        for (index, (inputs, numerators)) in stage.numerators().enumerate() {
            for (&column, weight) in inputs.iter().zip(numerators) {
                columns[column as usize].push((index as u32, residue(weight)));
            }
            biases.push(plus_product(0, residue(&numerators[inputs.len()]), scale));
        }
        Self { biases, columns }
    }

    /// The combination of its rows with scattered factors, as one row.
    fn combined(self) -> Self {
        let combine = |rows: &mut dyn Iterator<Item = (u32, u64)>| {
            rows.fold(0, |sum, (row, value)| plus_product(sum, value, scattered(row as usize)))
        };
        let column = |column: Vec<(u32, u64)>| vec![(0, combine(&mut column.into_iter()))];
        let biases = vec![combine(&mut (0..).zip(self.biases.iter().copied()))];
        Self { biases, columns: self.columns.into_iter().map(column).collect() }
    }

    /// Adds what a neuron with this value contributes.
    fn add(&self, neuron: usize, value: u64, sums: &mut [u64]) {
        for &(row, weight) in &self.columns[neuron] {
            let sum = &mut sums[row as usize];
            *sum = plus_product(*sum, weight, value);
        }
    }
}

impl ModularNetwork {
    /// Takes the rows of the first level (constants first), and each later stage with the scale of
    /// the values before it; the last one makes the outputs.
    pub fn new<'s>(
        first: impl Iterator<Item = Vec<Integer>>,
        constraints: usize,
        stages: impl Iterator<Item = (&'s Stage, &'s Integer)>,
    ) -> Self {
        let at_point = |row: Vec<Integer>| {
            let coordinate = |index: usize| if index == 0 { 1 } else { scattered(index << 32) };
            let terms = row.iter().enumerate();
            terms
                .fold(0, |sum, (index, value)| plus_product(sum, residue(value), coordinate(index)))
        };
        let first = first.skip(constraints).map(at_point).collect();
        let mut stages: Vec<ModularStage> =
            stages.map(|(stage, scale)| ModularStage::new(stage, scale)).collect();
        let outputs = stages.pop().expect("a last stage").combined();
        stages.push(outputs);
        Self { first, constraints, stages }
    }
}

/// The sums of one stage for the cell before: without neurons, then after each that is on.
#[derive(Debug, Default)]
struct Sums {
    added: Vec<u32>,
    values: Vec<u64>,
    /// Whether the sums are all there, and those for the rows before still hold.
    kept: bool,
}

/// Fingerprints of the cells of a walk, one after another.
#[derive(Debug)]
pub struct Fingerprints<'n> {
    network: &'n ModularNetwork,
    sums: Vec<Sums>,
}

impl<'n> Fingerprints<'n> {
    /// Before the first cell.
    pub fn new(network: &'n ModularNetwork) -> Self {
        Self { network, sums: network.stages.iter().map(|_| Sums::default()).collect() }
    }

    /// The fingerprint of the map on a cell: equal for equal maps.
    pub fn of(&mut self, cell: &dyn Cell) -> u64 {
        let mut changed = false;
        for (level, stage) in self.network.stages.iter().enumerate() {
            let (before, from) = self.sums.split_at_mut(level);
            let values = match before.last() {
                Some(sums) => sums.last(self.network.stages[level - 1].biases.len()),
                None => &self.network.first,
            };
            let offset = if level == 0 { self.network.constraints } else { 0 };
            from[0].kept &= !changed;
            changed |= from[0].follow(stage, values, cell.on(level), offset);
        }
        self.sums.last().expect("a last stage").values.last().copied().unwrap_or(0)
    }
}

impl Sums {
    fn last(&self, length: usize) -> &[u64] {
        &self.values[self.values.len() - length..]
    }

    /// Brings the sums to the neurons that are `on` (from number `offset`); whether they changed.
    fn follow(&mut self, stage: &ModularStage, values: &[u64], on: &[u32], offset: usize) -> bool {
        let length = stage.biases.len();
        let neurons = || on.iter().filter(|&&row| row as usize >= offset);
        let mut same = neurons().zip(&self.added).take_while(|(a, b)| a == b).count();
        if self.kept && same == self.added.len() && neurons().nth(same).is_none() {
            return false;
        }
        let keep = (on.len() + 1).saturating_mul(length) <= MOST_KEPT;
        if !(keep && self.kept) {
            same = 0;
            self.values.clone_from(&stage.biases);
        }
        self.kept = keep;
        self.added.truncate(same);
        self.values.truncate((same + 1) * length);
        for &row in neurons().skip(same) {
            if keep {
                self.values.extend_from_within(self.values.len() - length..);
                self.added.push(row);
            }
            let neuron = row as usize - offset;
            let start = self.values.len() - length;
            stage.add(neuron, values[neuron], &mut self.values[start..]);
        }
        true
    }
}
