//! What is kept of the cells: distinct affine maps, distinct patterns, and who shares a facet.

use std::collections::HashMap;

use foldline_geometry::arrangements::{Cell, Facet, Numbers, RowSign};
use foldline_kernel::Integer;

use super::layered::LayeredNetwork;
use super::residues::{Fingerprints, ModularNetwork};
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

/// First walk: cells, bounded cells, and the fingerprints of their affine maps.
pub struct Maps<'n> {
    pub network: &'n LayeredNetwork,
    pub levels: usize,
    /// None where the affine maps are not wanted.
    fingerprints: Option<Fingerprints<'n>>,
    pub cells: u64,
    pub bounded: u64,
    /// Of each fingerprint whether several cells have it.
    pub shared: HashMap<u64, bool>,
    /// For regions of several pieces: each pattern of the neurons, and whether its parts are all
    /// bounded.
    pub patterns: HashMap<Pattern, bool>,
}

impl Collect for Maps<'_> {
    fn only_counts(&self) -> bool {
        self.fingerprints.is_none() && self.network.pieces() <= 1
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        self.cells += 1;
        let bounded = self.network.spans && cell.is_bounded();
        self.bounded += u64::from(bounded);
        if self.network.pieces() > 1 {
            let pattern = neurons(self.network, cell, self.levels);
            *self.patterns.entry(pattern).or_insert(true) &= bounded;
        }
        if let Some(fingerprints) = &mut self.fingerprints {
            let fingerprint = fingerprints.of(cell);
            self.shared.entry(fingerprint).and_modify(|shared| *shared = true).or_insert(false);
        }
    }
}

impl<'n> Maps<'n> {
    pub fn new(
        network: &'n LayeredNetwork,
        levels: usize,
        modular: Option<&'n ModularNetwork>,
    ) -> Self {
        let (shared, patterns) = (HashMap::new(), HashMap::new());
        let fingerprints = modular.map(Fingerprints::new);
        Self { network, levels, fingerprints, cells: 0, bounded: 0, shared, patterns }
    }

    /// Adds what another thread has collected.
    pub fn merge(&mut self, other: Self) {
        self.cells += other.cells;
        self.bounded += other.bounded;
        for (fingerprint, shared) in other.shared {
            let own = self.shared.entry(fingerprint);
            own.and_modify(|own| *own = true).or_insert(shared);
        }
        for (pattern, bounded) in other.patterns {
            *self.patterns.entry(pattern).or_insert(true) &= bounded;
        }
    }
}

/// Second walk: the exact maps of the cells with a fingerprint that others have too, and which
/// cells are beyond their facets.
pub struct Joins<'n> {
    network: &'n LayeredNetwork,
    levels: usize,
    fingerprints: Fingerprints<'n>,
    shared: &'n HashMap<u64, bool>,
    /// The different maps, numbered.
    maps: HashMap<Numbers, u32>,
    /// The cells looked at, each with the number of its map.
    cells: Vec<(Pattern, u32)>,
    /// A cell, by its number in `cells`, and the pattern of one beyond a facet.
    edges: Vec<(u32, Pattern)>,
}

impl Collect for Joins<'_> {
    fn only_counts(&self) -> bool {
        false
    }

    fn cell(&mut self, cell: &mut dyn Cell) {
        if !self.shared[&self.fingerprints.of(cell)] {
            return;
        }
        let next = self.maps.len() as u32;
        let map = *self.maps.entry(map(self.network, cell, self.levels)).or_insert(next);
        let own = pack((0..self.levels).flat_map(|level| cell.signs(level)).copied());
        let number = self.cells.len() as u32;
        for facet in cell.facets() {
            let pattern = self.beyond(cell, &facet, &own);
            // Each pair of neighbours is found from both sides; one is enough.
            if own < pattern {
                self.edges.push((number, pattern));
            }
        }
        self.cells.push((own, map));
    }
}

impl<'n> Joins<'n> {
    pub fn new(
        network: &'n LayeredNetwork,
        levels: usize,
        modular: &'n ModularNetwork,
        shared: &'n HashMap<u64, bool>,
    ) -> Self {
        let fingerprints = Fingerprints::new(modular);
        let (maps, cells, edges) = (HashMap::new(), Vec::new(), Vec::new());
        Self { network, levels, fingerprints, shared, maps, cells, edges }
    }

    /// The pattern of the cell beyond a facet.
    ///
    /// Rows that do not vanish on the facet keep their sign; so if only the facet's own vanishes,
    /// it is the same function on both sides and alone changes its sign.
    fn beyond(&self, cell: &mut dyn Cell, facet: &Facet, own: &Pattern) -> Pattern {
        if cell.vanishing(facet) == [(facet.level, facet.row)] {
            let position = self.network.position(facet.level, facet.row);
            let mut pattern = own.clone();
            pattern[position / 64] ^= 1 << (position % 64);
            return pattern;
        }
        let width = self.network.width();
        let generators = cell.generators();
        let center = sum(generators.iter(), width);
        let point = sum(facet.generators.iter().map(|&k| &generators[k]), width);
        pack(self.network.beyond(&point, &center).into_iter())
    }
}

fn sum<'v>(vectors: impl Iterator<Item = &'v Vec<Integer>>, width: usize) -> Vec<Integer> {
    let mut sum = vec![Integer::ZERO; width];
    for vector in vectors {
        sum.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    sum
}

/// How many different maps the cells of the second walk have, and how many classes they fall into
/// when cells that continue each other with the same map are joined.
pub fn components(all: Vec<Joins<'_>>) -> (u64, u64) {
    let mut maps: HashMap<&Numbers, u32> = HashMap::new();
    let mut numbers: HashMap<&Pattern, (u32, u32)> = HashMap::new();
    for joins in &all {
        let mut names = vec![0; joins.maps.len()];
        for (map, &own) in &joins.maps {
            let next = maps.len() as u32;
            names[own as usize] = *maps.entry(map).or_insert(next);
        }
        for (cell, map) in &joins.cells {
            let next = numbers.len() as u32;
            numbers.insert(cell, (next, names[*map as usize]));
        }
    }
    let mut parent: Vec<u32> = (0..numbers.len() as u32).collect();
    let mut count = numbers.len() as u64;
    for joins in &all {
        for (cell, neighbour) in &joins.edges {
            let Some(&(neighbour, map)) = numbers.get(neighbour) else { continue };
            let (cell, own) = numbers[&joins.cells[*cell as usize].0];
            let (a, b) = (root(&mut parent, cell), root(&mut parent, neighbour));
            if own == map && a != b {
                parent[a as usize] = b;
                count -= 1;
            }
        }
    }
    (maps.len() as u64, count)
}

fn root(parent: &mut [u32], mut of: u32) -> u32 {
    while parent[of as usize] != of {
        parent[of as usize] = parent[parent[of as usize] as usize];
        of = parent[of as usize];
    }
    of
}
