//! The depth-first walk over partial sign vectors, with cells carried as vertices and rays.
//!
//! A node is a cell of the hyperplanes decided so far, with the hyperplanes of the current level
//! that cut it. It is split by one of them; a half inherits the others, and those that no longer
//! cut it are decided at once. So every node is alive, and only the path to it is in memory.

use super::cell::{Cell, View};
use super::generators::Generators;
use super::reasons::{InForce, Reason};
use super::rows::{FloatRows, Numbers, PartialSums, Row, RowSign};
use super::start::Start;
use foldline_kernel::{Integer, interrupt};

/// The largest dimension that [`walk`] takes.
pub const MOST_DIMENSIONS: usize = 16;

/// Hyperplanes in levels: those of a level are fixed by the signs of all levels before.
///
/// The first level's coefficients must span R^dimension, so that cells have vertices.
pub trait Arrangement: Sync {
    /// Dimension d.
    fn dimension(&self) -> usize;
    /// Number of levels, at least 1.
    fn levels(&self) -> usize;
    /// Number of rows of a level.
    fn rows(&self, level: usize) -> usize;
    /// The first so many rows of level 0 bound the region; others split its cells.
    fn boundary(&self) -> usize {
        0
    }
    /// Whether cells with these signs of the boundary rows can be in the region.
    fn can_be_inside(&self, _boundary: &[RowSign]) -> bool {
        true
    }
    /// The rows of a level in floats, d + 1 numbers each; `before` are those of the level before,
    /// and `on` says which of them are on, in the order in which that was decided. In `partial`
    /// sums may be kept until other rows take the place of `before`.
    fn float_rows(
        &self,
        level: usize,
        on: &[u32],
        before: Option<&FloatRows>,
        partial: &mut PartialSums,
        into: &mut FloatRows,
    );
    /// The rows of a level as exact integers: positive multiples of the functions.
    fn exact_rows(&self, level: usize, signs: &[Vec<RowSign>], before: Option<&Numbers>)
    -> Numbers;
}

/// What the walk hands its cells to.
pub trait Visitor {
    /// Whether [`Visitor::cells`] is enough.
    fn only_counts(&self) -> bool {
        false
    }
    /// So many cells, where only their number matters.
    fn cells(&mut self, count: u64);
    /// One cell.
    fn cell(&mut self, cell: &mut dyn Cell);
    /// Whether [`Visitor::reason`] is to be told why every sign is what it is.
    fn wants_reasons(&self) -> bool {
        false
    }
    /// A split of the cell at hand, or a basis that forces signs in it.
    fn reason(&mut self, _reason: &Reason) {}
    /// Called at every node; false ends the walk.
    fn proceed(&mut self) -> bool {
        true
    }
    /// Whether the part with this number, in the order of the walk, is to be walked.
    fn enter(&mut self, _part: u64) -> bool {
        true
    }
    /// That part has been walked.
    fn leave(&mut self, _part: u64) {}
}

/// How a walk is divided in parts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plan {
    /// Parts are the subtrees below so many splits (and cells above).
    pub part_splits: u32,
}

/// Walks over all cells; false if the visitor ended it.
///
/// # Panics
/// If the dimension is above [`MOST_DIMENSIONS`], or the first level's rows do not span.
pub fn walk<A: Arrangement>(arrangement: &A, plan: Plan, visitor: &mut dyn Visitor) -> bool {
    macro_rules! dispatch {
        ($($width:literal)*) => {
            match arrangement.dimension() + 1 {
                $($width => Walk::<$width, A>::new(arrangement).run(plan, visitor),)*
                _ => panic!("more than {MOST_DIMENSIONS} dimensions"),
            }
        };
    }
    dispatch!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17)
}

/// A hyperplane of the path: the level (none: at infinity) and row.
pub(super) type Slot = (Option<usize>, usize);

/// A node still to be visited, with the heights of all stacks at that node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub level: usize,
    pub list: usize,
    pub list_end: usize,
    pub candidates: usize,
    pub candidates_end: usize,
    pub generators_end: usize,
    pub slots_end: usize,
    pub splits: u32,
    /// Rows of the level that were on.
    pub on_end: usize,
    /// Bases in force.
    pub bases_end: usize,
    /// The row and sign that made it.
    pub decided: Option<(usize, RowSign)>,
}

pub(super) struct Walk<'a, const W: usize, A: Arrangement> {
    pub(super) arrangement: &'a A,
    pub(super) generators: Generators<W>,
    pub(super) lists: Vec<u32>,
    pub(super) candidates: Vec<u32>,
    pub(super) slots: Vec<Slot>,
    pub(super) stack: Vec<Frame>,
    pub(super) signs: Vec<Vec<RowSign>>,
    /// The rows of each level that are on, in the order in which that was decided.
    pub(super) on: Vec<Vec<u32>>,
    pub(super) partial: Vec<PartialSums>,
    pub(super) floats: Vec<FloatRows>,
    pub(super) rows: Vec<Vec<Row<W>>>,
    pub(super) exact: Vec<Option<Numbers>>,
    /// Values of the generators of the node at hand.
    pub(super) values: Vec<(u32, i8, f64)>,
    /// Room for minors.
    pub(super) minors: Vec<(f64, f64)>,
    /// Where reasons are wanted: the bases in force, and the rows of the level at hand that were
    /// decided at the node at hand.
    pub(super) bases: Vec<InForce<W>>,
    pub(super) decided: Vec<(usize, bool)>,
    reasons: bool,
}

impl<'a, const W: usize, A: Arrangement> Walk<'a, W, A> {
    fn new(arrangement: &'a A) -> Self {
        let levels = arrangement.levels();
        let unknown = |level| vec![RowSign::Unknown; arrangement.rows(level)];
        Self {
            arrangement,
            generators: Generators::new(),
            lists: Vec::new(),
            candidates: Vec::new(),
            slots: Vec::new(),
            stack: Vec::new(),
            signs: (0..levels).map(unknown).collect(),
            on: vec![Vec::new(); levels],
            partial: vec![PartialSums::default(); levels],
            floats: vec![FloatRows::default(); levels],
            rows: vec![Vec::new(); levels],
            exact: vec![None; levels],
            values: Vec::new(),
            minors: Vec::new(),
            bases: Vec::new(),
            decided: Vec::new(),
            reasons: false,
        }
    }

    fn run(&mut self, plan: Plan, visitor: &mut dyn Visitor) -> bool {
        self.load(0);
        self.ensure_exact(0);
        let exact = self.exact[0].as_ref().expect("just computed");
        let rows: Vec<Vec<Integer>> =
            (0..self.arrangement.rows(0)).map(|index| exact.integers(index, W)).collect();
        let start = Start::new(&rows, W);
        let rays = self.place(&start);
        let (generators_end, slots_end) = (self.generators.len(), self.slots.len());
        let mut part = 0;
        self.reasons = visitor.wants_reasons();
        let corners = if self.reasons {
            self.corners_with_splits(&start)
        } else {
            (0..1usize << start.chosen.len()).map(|corner| (corner, Vec::new())).collect()
        };
        for (corner, splits) in corners {
            splits.into_iter().for_each(|row| visitor.reason(&Reason::Split(0, row)));
            self.lists.clear();
            self.lists.push(0);
            self.lists.extend(rays.iter().enumerate().map(|(k, pair)| pair[corner >> k & 1]));
            self.candidates.clear();
            self.candidates.extend(0..self.arrangement.rows(0) as u32);
            self.stack.push(Frame {
                level: 0,
                list: 0,
                list_end: self.lists.len(),
                candidates: 0,
                candidates_end: self.candidates.len(),
                generators_end,
                slots_end,
                splits: 0,
                on_end: 0,
                bases_end: 0,
                decided: None,
            });
            if !self.descend(plan, &mut part, visitor) {
                return false;
            }
        }
        true
    }

    /// The cones that have a part in the region, and after which splits each comes.
    ///
    /// A tree that splits by the chosen rows that are no boundaries, on-sides first. Each cuts
    /// what is left of the region: the boundaries before them span all boundaries, and they are
    /// independent of these.
    fn corners_with_splits(&self, start: &Start) -> Vec<(usize, Vec<usize>)> {
        let boundary = self.arrangement.boundary();
        let fixed = start.chosen.iter().filter(|&&row| row < boundary).count();
        let free = start.chosen.len() - fixed;
        let side = |is_on: bool| if is_on { RowSign::On } else { RowSign::Off };
        let fits = |bits: &usize| {
            let mut signs = vec![RowSign::Unknown; boundary];
            for (k, &row) in start.chosen[..fixed].iter().enumerate() {
                signs[row] = side(bits >> k & 1 == 1);
            }
            self.arrangement.can_be_inside(&signs)
        };
        let mut corners = Vec::new();
        for base in (0..1usize << fixed).filter(fits) {
            for number in 0..1usize << free {
                // The first free row has the highest bit of the number, where 0 is on.
                let bits = (0..free).filter(|k| number >> (free - 1 - k) & 1 == 0);
                let corner = bits.fold(base, |corner, k| corner | 1 << (fixed + k));
                let new = (number.trailing_zeros() as usize).min(free);
                corners.push((corner, start.chosen[start.chosen.len() - new..].to_vec()));
            }
        }
        corners
    }

    /// Adds the apex and both directions of every ray; slot 0 is infinity.
    fn place(&mut self, start: &Start) -> Vec<[u32; 2]> {
        self.slots.push((None, 0));
        self.slots.extend(start.chosen.iter().map(|&row| (Some(0), row)));
        self.generators.widen(self.slots.len());
        let apex = self.generators.push_exact(start.apex.clone());
        for k in 0..start.chosen.len() {
            self.generators.set_tight(apex, k + 1);
        }
        let mut pairs = Vec::new();
        for (k, ray) in start.rays.iter().enumerate() {
            let negated = ray.integers(0, W).into_iter().map(|value| -value).collect();
            let pair = [Numbers::new(negated), ray.clone()].map(|ray| {
                let index = self.generators.push_exact(ray);
                for slot in (0..=start.chosen.len()).filter(|&slot| slot != k + 1) {
                    self.generators.set_tight(index, slot);
                }
                index
            });
            pairs.push(pair);
        }
        pairs
    }

    /// Visits everything on the stack; false if the visitor ended it.
    fn descend(&mut self, plan: Plan, part: &mut u64, visitor: &mut dyn Visitor) -> bool {
        let mut inside: Option<usize> = None;
        loop {
            if inside.is_some_and(|height| self.stack.len() == height) {
                inside = None;
                visitor.leave(*part - 1);
            }
            let Some(frame) = self.stack.pop() else { return true };
            if !visitor.proceed() {
                self.stack.clear();
                return false;
            }
            self.restore(&frame);
            if inside.is_none() && frame.splits >= plan.part_splits {
                *part += 1;
                if !visitor.enter(*part - 1) {
                    continue;
                }
                inside = Some(self.stack.len());
            }
            let Some((frame, row)) = self.settle(frame, visitor) else { continue };
            let is_above = inside.is_none();
            match row {
                Some(row) => {
                    let last = frame.level + 1 == self.arrangement.levels();
                    let single = frame.candidates_end - frame.candidates == 1;
                    let is_boundary = frame.level == 0 && row < self.arrangement.boundary();
                    if last && single && !is_boundary && visitor.only_counts() {
                        Self::emit(is_above, part, visitor, |visitor| visitor.cells(2));
                    } else {
                        if self.reasons && !is_boundary {
                            visitor.reason(&Reason::Split(frame.level, row));
                        }
                        self.split(&frame, row);
                    }
                }
                None if visitor.only_counts() => {
                    Self::emit(is_above, part, visitor, |visitor| visitor.cells(1));
                }
                None => Self::emit(is_above, part, visitor, |visitor| {
                    visitor.cell(&mut View { walk: self, frame: &frame });
                }),
            }
        }
    }

    /// Hands cells over; above the parts they are a part of their own.
    fn emit(
        above: bool,
        part: &mut u64,
        visitor: &mut dyn Visitor,
        hand_over: impl FnOnce(&mut dyn Visitor),
    ) {
        if !above {
            return hand_over(visitor);
        }
        *part += 1;
        if visitor.enter(*part - 1) {
            hand_over(visitor);
            visitor.leave(*part - 1);
        }
    }

    /// Brings all stacks back to the state in which the frame was pushed.
    fn restore(&mut self, frame: &Frame) {
        self.generators.truncate(frame.generators_end);
        self.lists.truncate(frame.list_end);
        self.candidates.truncate(frame.candidates_end);
        self.slots.truncate(frame.slots_end);
        self.bases.truncate(frame.bases_end);
        for &index in &self.lists[frame.list..frame.list_end] {
            self.generators.keep_slots(index, frame.slots_end);
        }
        let signs = &mut self.signs[frame.level];
        for &row in &self.candidates[frame.candidates..] {
            signs[row as usize] = RowSign::Unknown;
        }
        let on = &mut self.on[frame.level];
        on.truncate(frame.on_end);
        if let Some((row, sign)) = frame.decided {
            signs[row] = sign;
            if sign == RowSign::On {
                on.push(row as u32);
            }
        }
    }

    /// Decides rows that do not cut the cell, level after level, until one does (it is returned)
    /// or no level is left; none where the cell is outside the region.
    fn settle(
        &mut self,
        mut frame: Frame,
        visitor: &mut dyn Visitor,
    ) -> Option<(Frame, Option<usize>)> {
        loop {
            let first = self.candidates.len();
            let mut best = (0, usize::MAX);
            self.decided.clear();
            let boundary = if frame.level == 0 { self.arrangement.boundary() } else { 0 };
            for position in frame.candidates..frame.candidates_end {
                let row = self.candidates[position] as usize;
                if frame.decided.is_some_and(|(decided, _)| decided == row) {
                    continue;
                }
                let (above, below) = self.sides(&frame, row);
                if above > 0 && below > 0 {
                    self.candidates.push(row as u32);
                    let balance = if row < boundary { usize::MAX } else { above.min(below) };
                    if best.1 == usize::MAX || balance > best.0 {
                        best = (balance, row);
                    }
                } else {
                    self.decide(frame.level, row, above > 0);
                    if self.reasons && row >= boundary {
                        self.decided.push((row, above > 0));
                    }
                }
            }
            if boundary > 0 && !self.arrangement.can_be_inside(&self.signs[0][..boundary]) {
                return None;
            }
            if self.reasons {
                self.explain(&frame, visitor);
            }
            (frame.candidates, frame.candidates_end) = (first, self.candidates.len());
            if best.1 != usize::MAX {
                return Some((frame, Some(best.1)));
            }
            if frame.level + 1 == self.arrangement.levels() {
                return Some((frame, None));
            }
            frame.level += 1;
            frame.decided = None;
            self.on[frame.level].clear();
            self.load(frame.level);
            let rows = self.arrangement.rows(frame.level) as u32;
            self.candidates.extend(0..rows);
            frame.candidates_end = self.candidates.len();
        }
    }

    fn decide(&mut self, level: usize, row: usize, on: bool) {
        self.signs[level][row] = if on { RowSign::On } else { RowSign::Off };
        if on {
            self.on[level].push(row as u32);
        }
    }

    /// How many generators of the cell are strictly on each side of a row's hyperplane.
    fn sides(&mut self, frame: &Frame, row: usize) -> (usize, usize) {
        let (mut above, mut below) = (0, 0);
        interrupt::count(W * (frame.list_end - frame.list));
        for position in frame.list..frame.list_end {
            let (sign, _) = self.sign(frame.level, row, self.lists[position]);
            above += usize::from(sign > 0);
            below += usize::from(sign < 0);
        }
        (above, below)
    }
}
