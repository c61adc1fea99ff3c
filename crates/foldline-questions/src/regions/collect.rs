//! What is kept of the cells: distinct affine maps, distinct patterns, and who shares a facet.

use std::collections::HashMap;

use foldline_geometry::arrangements::{Cell, Numbers, RowSign};
use foldline_kernel::Integer;

use super::layered::LayeredNetwork;
use super::search::Collect;

/// Signs as bits.
pub type Pattern = Box<[u64]>;

fn pack(signs: impl Iterator<Item = RowSign>) -> Pattern {
    let mut words = Vec::new();
    for (index, sign) in signs.enumerate() {
        if index % 64 == 0 {
            words.push(0u64);
        }
        *words.last_mut().expect("just pushed") |= u64::from(sign == RowSign::On) << (index % 64);
    }
    words.into()
}

/// The signs of all neurons.
fn neurons(network: &LayeredNetwork, cell: &dyn Cell, levels: usize) -> Pattern {
    pack((0..levels).flat_map(|level| network.neuron_signs(level, cell.signs(level))).copied())
}

/// The function on a cell; equal for two cells if and only if their functions are.
pub fn map(network: &LayeredNetwork, cell: &mut dyn Cell, levels: usize) -> Numbers {
    let signs = cell.signs(levels - 1).to_vec();
    match network.map(&signs, cell.exact_rows(levels - 1)) {
        Numbers::Wide(values) => Numbers::new(values),
        small => small,
    }
}

/// First walk: cells, bounded cells, and how many cells each affine map has.
pub struct Maps<'n> {
    pub network: &'n LayeredNetwork,
    pub levels: usize,
    /// Whether the affine maps are wanted.
    pub wanted: bool,
    pub cells: u64,
    pub bounded: u64,
    /// Cells of each map.
    pub maps: HashMap<Numbers, u64>,
    /// For regions of several pieces: each pattern of the neurons, and whether its parts are all
    /// bounded.
    pub patterns: HashMap<Pattern, bool>,
}

impl Collect for Maps<'_> {
    fn only_counts(&self) -> bool {
        !self.wanted && self.network.pieces() <= 1
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        self.cells += 1;
        let bounded = self.network.spans && cell.is_bounded();
        self.bounded += u64::from(bounded);
        if self.network.pieces() > 1 {
            let pattern = neurons(self.network, cell, self.levels);
            *self.patterns.entry(pattern).or_insert(true) &= bounded;
        }
        if self.wanted {
            *self.maps.entry(map(self.network, cell, self.levels)).or_insert(0) += 1;
        }
    }
}

impl<'n> Maps<'n> {
    pub fn new(network: &'n LayeredNetwork, levels: usize, wanted: bool) -> Self {
        let (maps, patterns) = (HashMap::new(), HashMap::new());
        Self { network, levels, wanted, cells: 0, bounded: 0, maps, patterns }
    }

    /// Adds what another thread has collected.
    pub fn merge(&mut self, other: Self) {
        self.cells += other.cells;
        self.bounded += other.bounded;
        for (map, cells) in other.maps {
            *self.maps.entry(map).or_insert(0) += cells;
        }
        for (pattern, bounded) in other.patterns {
            *self.patterns.entry(pattern).or_insert(true) &= bounded;
        }
    }
}

/// Second walk: of the cells whose map others have too, those that continue beyond a facet.
pub struct Joins<'n> {
    pub network: &'n LayeredNetwork,
    pub levels: usize,
    pub maps: &'n HashMap<Numbers, u64>,
    /// The cells looked at.
    pub cells: Vec<Pattern>,
    /// A cell, by its number in `cells`, and the pattern of one beyond a facet with the same map.
    pub edges: Vec<(u32, Pattern)>,
}

impl Collect for Joins<'_> {
    fn only_counts(&self) -> bool {
        false
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        let map = map(self.network, cell, self.levels);
        if self.maps.get(&map) == Some(&1) {
            return;
        }
        let width = self.network.width();
        let own = pack((0..self.levels).flat_map(|level| cell.signs(level)).copied());
        let number = self.cells.len() as u32;
        let generators = cell.generators();
        let center = sum(generators.iter(), width);
        for facet in cell.facets() {
            let point = sum(facet.generators.iter().map(|&k| &generators[k]), width);
            let beyond = self.network.beyond(&point, &center);
            let pattern = pack(beyond.signs.into_iter());
            // Each pair of neighbours is found from both sides; one is enough.
            if own < pattern
                && beyond.outputs.is_none_or(|found| agrees(&map, &found, &point, &center))
            {
                self.edges.push((number, pattern));
            }
        }
        self.cells.push(own);
    }
}

fn sum<'v>(vectors: impl Iterator<Item = &'v Vec<Integer>>, width: usize) -> Vec<Integer> {
    let mut sum = vec![Integer::ZERO; width];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    sum
}

/// Whether the map has these values at the point, and changes like them in direction −center.
fn agrees(
    map: &Numbers,
    values: &[(Integer, Integer)],
    point: &[Integer],
    center: &[Integer],
) -> bool {
    let dot = |row: &[Integer], point: &[Integer]| -> Integer {
        row.iter().zip(point).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
    };
    values.iter().enumerate().all(|(index, (value, change))| {
        let row = map.integers(index, point.len());
        dot(&row, point) == *value && -dot(&row, center) == *change
    })
}

/// How many classes the cells fall into when cells that continue each other are joined.
pub fn components(all: Vec<Joins<'_>>) -> u64 {
    let mut numbers: HashMap<&Pattern, u32> = HashMap::new();
    for joins in &all {
        for cell in &joins.cells {
            let next = numbers.len() as u32;
            numbers.insert(cell, next);
        }
    }
    let mut parent: Vec<u32> = (0..numbers.len() as u32).collect();
    let mut count = numbers.len() as u64;
    for joins in &all {
        for (cell, neighbour) in &joins.edges {
            let Some(&neighbour) = numbers.get(neighbour) else { continue };
            let a = root(&mut parent, numbers[&joins.cells[*cell as usize]]);
            let b = root(&mut parent, neighbour);
            if a != b {
                parent[a as usize] = b;
                count -= 1;
            }
        }
    }
    count
}

fn root(parent: &mut [u32], mut of: u32) -> u32 {
    while parent[of as usize] != of {
        parent[of as usize] = parent[parent[of as usize] as usize];
        of = parent[of as usize];
    }
    of
}
