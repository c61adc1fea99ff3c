//! The dichotomies that affine functions make of the groups, as bit sets; and what is left of them for one function.

use std::sync::Arc;

use foldline_geometry::Dichotomies;
use foldline_kernel::Integer;

/// All dichotomies of the groups: cells of the arrangement that the rows (x, 1) have as normals.
#[derive(Debug, Clone)]
pub struct Cells {
    words: usize,
    groups: usize,
    bits: Vec<u64>,
    /// All cells, and those of the constant functions −1 and 1.
    all: Arc<Candidates>,
    constants: [Arc<Candidates>; 2],
}

impl Cells {
    /// The cells of points given as rows (x, 1), no two of them equal. `None` if `stop` said so.
    pub fn new(rows: &[&[Integer]], stop: &dyn Fn() -> bool) -> Option<Self> {
        let tree = Dichotomies::new(rows, 0, stop)?;
        let words = rows.len().div_ceil(64);
        let none = Arc::new(Candidates { cells: Vec::new(), all: Vec::new(), any: Vec::new() });
        let constants = [Arc::clone(&none), Arc::clone(&none)];
        let mut cells = Self { words, groups: rows.len(), bits: Vec::new(), all: none, constants };
        cells.collect(&tree, Dichotomies::ROOT, 0, &mut vec![0; words]);
        let count = (cells.bits.len() / words) as u32;
        cells.all = Arc::new(Candidates::new(&cells, (0..count).collect()));
        cells.constants = [false, true].map(|on| {
            let is_constant =
                |&cell: &u32| (0..rows.len()).all(|group| cells.is_on(cell, group) == on);
            Arc::new(Candidates::new(&cells, (0..count).filter(is_constant).collect()))
        });
        Some(cells)
    }

    fn collect(&mut self, tree: &Dichotomies, node: u32, depth: usize, set: &mut Vec<u64>) {
        if depth == self.groups {
            self.bits.extend_from_slice(set);
            return;
        }
        for on in [false, true] {
            if let Some(child) = tree.child(node, on) {
                set[depth / 64] =
                    set[depth / 64] & !(1 << (depth % 64)) | u64::from(on) << (depth % 64);
                self.collect(tree, child, depth + 1, set);
            }
        }
        set[depth / 64] &= !(1 << (depth % 64));
    }

    /// The groups where the functions of a cell are positive.
    fn set(&self, cell: u32) -> &[u64] {
        &self.bits[cell as usize * self.words..(cell as usize + 1) * self.words]
    }

    /// Whether the functions of a cell are positive at a group.
    pub fn is_on(&self, cell: u32, group: usize) -> bool {
        bit(self.set(cell), group)
    }

    /// All cells.
    pub fn all(&self) -> Arc<Candidates> {
        Arc::clone(&self.all)
    }

    /// The cell of the constant function 1 (`on`) or −1.
    pub fn constant(&self, on: bool) -> Arc<Candidates> {
        Arc::clone(&self.constants[usize::from(on)])
    }
}

fn bit(set: &[u64], index: usize) -> bool {
    set[index / 64] >> (index % 64) & 1 == 1
}

/// The cells in whose closures a function can still lie.
#[derive(Debug, Clone)]
pub struct Candidates {
    cells: Vec<u32>,
    /// The groups that are on in all cells.
    all: Vec<u64>,
    /// The groups that are on in some cell.
    any: Vec<u64>,
}

impl Candidates {
    fn new(cells: &Cells, list: Vec<u32>) -> Self {
        let (mut all, mut any) = (vec![u64::MAX; cells.words], vec![0; cells.words]);
        for &cell in &list {
            for (word, set) in cells.set(cell).iter().enumerate() {
                all[word] &= set;
                any[word] |= set;
            }
        }
        Self { cells: list, all, any }
    }

    /// How many bytes its lists take.
    pub fn bytes(&self) -> usize {
        4 * self.cells.len() + 16 * self.all.len()
    }

    /// The state of a group that all cells have in common.
    pub fn state(&self, group: usize) -> Option<bool> {
        match (bit(&self.all, group), bit(&self.any, group)) {
            (true, _) => Some(true),
            (_, false) => Some(false),
            _ => None,
        }
    }

    /// The cells with the group in a state; none if there are none.
    pub fn restrict(&self, cells: &Cells, group: usize, on: bool) -> Option<Arc<Self>> {
        let kept = self.cells.iter().copied().filter(|&cell| cells.is_on(cell, group) == on);
        let list: Vec<u32> = kept.collect();
        (!list.is_empty()).then(|| Arc::new(Self::new(cells, list)))
    }

    /// About the share of the cells where the group is on.
    pub fn share(&self, cells: &Cells, group: usize) -> f64 {
        let step = self.cells.len().div_ceil(SAMPLE);
        let sample = self.cells.iter().step_by(step);
        let on = sample.clone().filter(|&&cell| cells.is_on(cell, group)).count();
        on as f64 / sample.count() as f64
    }
}

/// How many cells are looked at for a share.
const SAMPLE: usize = 64;
