//! The depth-first walk over partial sign vectors, with cells carried as vertices and rays.
//!
//! A node is a cell of the hyperplanes decided so far, with the hyperplanes of the current level
//! that cut it. It is split by one of them; a half inherits the others, and those that no longer
//! cut it are decided at once. So every node is alive, and only the path to it is in memory.

use super::cell::{Cell, Facet};
use super::generators::{GOOD_ERROR, Generators, LARGEST_ERROR};
use super::minors::orthogonal;
use super::rows::{FloatRows, Numbers, Row, RowSign};
use super::start::{Start, common_direction};
use crate::directed::UNIT_ROUNDOFF;
use foldline_kernel::Integer;

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
    /// The rows of a level in floats, d + 1 numbers each; `before` are those of the level before.
    fn float_rows(
        &self,
        level: usize,
        signs: &[Vec<RowSign>],
        before: Option<&FloatRows>,
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
type Slot = (Option<usize>, usize);

/// A node still to be visited, with the heights of all stacks at that node.
#[derive(Debug, Clone, Copy)]
struct Frame {
    level: usize,
    list: usize,
    list_end: usize,
    candidates: usize,
    candidates_end: usize,
    generators_end: usize,
    slots_end: usize,
    splits: u32,
    /// The row and sign that made it.
    decided: Option<(usize, RowSign)>,
}

struct Walk<'a, const W: usize, A: Arrangement> {
    arrangement: &'a A,
    generators: Generators<W>,
    lists: Vec<u32>,
    candidates: Vec<u32>,
    slots: Vec<Slot>,
    stack: Vec<Frame>,
    signs: Vec<Vec<RowSign>>,
    floats: Vec<FloatRows>,
    rows: Vec<Vec<Row<W>>>,
    exact: Vec<Option<Numbers>>,
    /// Values of the generators of the node at hand.
    values: Vec<(u32, i8, f64)>,
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
            floats: vec![FloatRows::default(); levels],
            rows: vec![Vec::new(); levels],
            exact: vec![None; levels],
            values: Vec::new(),
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
        for corner in 0..1usize << start.chosen.len() {
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
                decided: None,
            });
            if !self.descend(plan, &mut part, visitor) {
                return false;
            }
        }
        true
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
            let Some((frame, row)) = self.settle(frame) else { continue };
            let is_above = inside.is_none();
            match row {
                Some(row) => {
                    let last = frame.level + 1 == self.arrangement.levels();
                    let single = frame.candidates_end - frame.candidates == 1;
                    let is_boundary = frame.level == 0 && row < self.arrangement.boundary();
                    if last && single && !is_boundary && visitor.only_counts() {
                        Self::emit(is_above, part, visitor, |visitor| visitor.cells(2));
                    } else {
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
        for &index in &self.lists[frame.list..frame.list_end] {
            self.generators.keep_slots(index, frame.slots_end);
        }
        let signs = &mut self.signs[frame.level];
        for &row in &self.candidates[frame.candidates..] {
            signs[row as usize] = RowSign::Unknown;
        }
        if let Some((row, sign)) = frame.decided {
            signs[row] = sign;
        }
    }

    /// Decides rows that do not cut the cell, level after level, until one does (it is returned)
    /// or no level is left; none where the cell is outside the region.
    fn settle(&mut self, mut frame: Frame) -> Option<(Frame, Option<usize>)> {
        loop {
            let first = self.candidates.len();
            let mut best = (0, usize::MAX);
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
                    self.signs[frame.level][row] =
                        if above > 0 { RowSign::On } else { RowSign::Off };
                }
            }
            if boundary > 0 && !self.arrangement.can_be_inside(&self.signs[0][..boundary]) {
                return None;
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
            self.load(frame.level);
            let rows = self.arrangement.rows(frame.level) as u32;
            self.candidates.extend(0..rows);
            frame.candidates_end = self.candidates.len();
        }
    }

    /// How many generators of the cell are strictly on each side of a row's hyperplane.
    fn sides(&mut self, frame: &Frame, row: usize) -> (usize, usize) {
        let (mut above, mut below) = (0, 0);
        for position in frame.list..frame.list_end {
            let (sign, _) = self.sign(frame.level, row, self.lists[position]);
            above += usize::from(sign > 0);
            below += usize::from(sign < 0);
        }
        (above, below)
    }

    /// The exact sign of a row at a generator, and the float value.
    #[inline(always)]
    fn sign(&mut self, level: usize, row: usize, index: u32) -> (i8, f64) {
        let at = index as usize;
        let (value, error) =
            self.rows[level][row].at(&self.generators.points[at], self.generators.slacks[at]);
        if value > error {
            (1, value)
        } else if value < -error {
            (-1, value)
        } else {
            (self.exact_sign(level, row, index), value)
        }
    }

    #[cold]
    fn exact_sign(&mut self, level: usize, row: usize, index: u32) -> i8 {
        self.ensure_exact(level);
        self.ensure_point(index);
        let rows = self.exact[level].as_ref().expect("ensured");
        let point = self.generators.exact[index as usize].as_ref().expect("ensured");
        rows.sign_at(row, point, W) as i8
    }

    /// Cuts the cell in two by a row that has generators on both sides.
    fn split(&mut self, frame: &Frame, row: usize) {
        let mut values = std::mem::take(&mut self.values);
        values.clear();
        for position in frame.list..frame.list_end {
            let index = self.lists[position];
            let (sign, value) = self.sign(frame.level, row, index);
            values.push((index, sign, value));
        }
        // Positive ones first, then zeros, then negative ones.
        values.sort_unstable_by_key(|&(_, sign, _)| -sign);
        let slot = self.slots.len();
        self.slots.push((Some(frame.level), row));
        self.generators.widen(slot + 1);
        let zeros = values.iter().position(|entry| entry.1 <= 0).unwrap_or(values.len());
        let negatives = values.iter().position(|entry| entry.1 < 0).unwrap_or(values.len());
        for &(index, _, _) in &values[zeros..negatives] {
            self.generators.set_tight(index, slot);
        }
        let first_new = self.generators.len() as u32;
        for &(above, _, value_above) in &values[..zeros] {
            for &(below, _, value_below) in &values[negatives..] {
                let list = &self.lists[frame.list..frame.list_end];
                if self.generators.adjacent(above, below, list) {
                    let plane = (frame.level, row);
                    let new = self.crossing(plane, (above, value_above), (below, value_below));
                    self.generators.set_common(new, above, below);
                    self.generators.set_tight(new, slot);
                }
            }
        }
        let new = first_new..self.generators.len() as u32;
        // Of the halves at a boundary usually one is outside the region.
        let is_boundary = frame.level == 0 && row < self.arrangement.boundary();
        let splits = frame.splits + u32::from(!is_boundary);
        for (sign, range) in [(RowSign::Off, zeros..values.len()), (RowSign::On, 0..negatives)] {
            let list = self.lists.len();
            self.lists.extend(values[range].iter().map(|entry| entry.0));
            self.lists.extend(new.clone());
            self.stack.push(Frame {
                list,
                list_end: self.lists.len(),
                candidates_end: self.candidates.len(),
                generators_end: self.generators.len(),
                slots_end: self.slots.len(),
                splits,
                decided: Some((row, sign)),
                ..*frame
            });
        }
        self.values = values;
    }

    /// The generator where an edge crosses a row's hyperplane.
    fn crossing(&mut self, plane: (usize, usize), above: (u32, f64), below: (u32, f64)) -> u32 {
        let row = &self.rows[plane.0][plane.1];
        let (p, n) = (above.0 as usize, below.0 as usize);
        let (slack_p, slack_n) = (self.generators.slacks[p], self.generators.slacks[n]);
        let error = row.size * slack_p.max(slack_n) + row.error;
        if !(above.1 > error && -below.1 > error) {
            return self.exact_crossing(plane, above.0, below.0);
        }
        // The point is (b·p + a·n)/(a + b) with a = value at p, b = −value at n.
        let total = above.1 - below.1;
        let (weight_p, weight_n) = (-below.1 / total, above.1 / total);
        let (point_p, point_n) = (&self.generators.points[p], &self.generators.points[n]);
        let mut point = [0.0; W];
        let (mut largest, mut apart) = (0.0f64, 0.0f64);
        for i in 0..W {
            point[i] = weight_p * point_p[i] + weight_n * point_n[i];
            largest = largest.max(point[i].abs());
            apart = apart.max((point_p[i] - point_n[i]).abs());
        }
        // With a and b off by at most `error`, the weights are off by error/(exact a + b).
        let weight_error = error / (total - 2.0 * error);
        let moved = weight_error * (apart + slack_p + slack_n) + slack_p.max(slack_n);
        let scale = 1.0 / largest;
        let error = (moved * 1.001 + 16.0 * UNIT_ROUNDOFF) * scale * 1.001;
        point.iter_mut().for_each(|value| *value *= scale);
        if error < GOOD_ERROR {
            return self.generators.push_float(point, error);
        }
        if let Some(new) = self.sharper(plane, above.0, below.0, &point, error) {
            return new;
        }
        self.exact_crossing(plane, above.0, below.0)
    }

    /// The crossing from the rows themselves, free of the errors handed down from edge to edge.
    #[inline(never)]
    fn sharper(
        &mut self,
        plane: (usize, usize),
        above: u32,
        below: u32,
        point: &[f64; W],
        error: f64,
    ) -> Option<u32> {
        let at_infinity = Row::at_infinity();
        let mut rows = [&at_infinity; W];
        rows[0] = &self.rows[plane.0][plane.1];
        let mut count = 1;
        for slot in self.generators.common_slots(above, below) {
            if count + 1 == W {
                return None;
            }
            if let (Some(level), row) = self.slots[slot] {
                rows[count] = &self.rows[level][row];
            }
            count += 1;
        }
        // Any W − 1 rows with a non-zero minor are independent.
        let (mut sharp, sharp_error) = orthogonal(&rows[..W - 1])?;
        let largest = (0..W).find(|&i| point[i].abs() > 0.999)?;
        if sharp_error > LARGEST_ERROR || error > 0.5 {
            return None;
        }
        if (sharp[largest] < 0.0) != (point[largest] < 0.0) {
            sharp.iter_mut().for_each(|value| *value = -*value);
        }
        Some(self.generators.push_float(sharp, sharp_error))
    }

    #[cold]
    fn exact_crossing(&mut self, plane: (usize, usize), above: u32, below: u32) -> u32 {
        self.ensure_exact(plane.0);
        self.ensure_point(above);
        self.ensure_point(below);
        let row = self.exact[plane.0].as_ref().expect("ensured").integers(plane.1, W);
        let point = |index: u32| {
            self.generators.exact[index as usize].as_ref().expect("ensured").integers(0, W)
        };
        let (p, n) = (point(above), point(below));
        let dot = |point: &[Integer]| -> Integer {
            row.iter().zip(point).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
        };
        let (a, b) = (dot(&p), -dot(&n));
        let mut vector: Vec<Integer> = p.iter().zip(&n).map(|(p, n)| &b * p + &a * n).collect();
        crate::integer::make_primitive(&mut vector).expect("big integers do not overflow");
        self.generators.push_exact(Numbers::new(vector))
    }

    /// Computes a level's float rows from the signs of the levels before.
    fn load(&mut self, level: usize) {
        let (before, from) = self.floats.split_at_mut(level);
        let into = &mut from[0];
        into.clear();
        self.arrangement.float_rows(level, &self.signs, before.last(), into);
        self.rows[level].clear();
        let rows = into.coefficients.chunks_exact(W).zip(&into.errors);
        self.rows[level].extend(rows.map(|(row, &error)| Row::new(row, error)));
        self.exact[level] = None;
    }

    fn ensure_exact(&mut self, level: usize) {
        if self.exact[level].is_some() {
            return;
        }
        if level > 0 {
            self.ensure_exact(level - 1);
        }
        let before = level.checked_sub(1).and_then(|before| self.exact[before].as_ref());
        self.exact[level] = Some(self.arrangement.exact_rows(level, &self.signs, before));
    }

    /// Computes a generator exactly: the direction common to its tight hyperplanes.
    fn ensure_point(&mut self, index: u32) {
        if self.generators.exact[index as usize].is_some() {
            return;
        }
        let tight: Vec<Slot> = (0..self.slots.len())
            .filter(|&slot| self.generators.is_tight(index, slot))
            .map(|slot| self.slots[slot])
            .collect();
        for level in tight.iter().filter_map(|slot| slot.0) {
            self.ensure_exact(level);
        }
        let mut infinity = vec![0; W];
        infinity[0] = 1;
        let infinity = Numbers::Small(infinity);
        let rows: Vec<(&Numbers, usize)> = tight
            .iter()
            .map(|&(level, row)| match level {
                Some(level) => (self.exact[level].as_ref().expect("ensured"), row),
                None => (&infinity, 0),
            })
            .collect();
        let mut vector = common_direction(&rows, W);
        // The largest float has the right sign: it is 1 up to a small error.
        let point = &self.generators.points[index as usize];
        let largest = (0..W).max_by(|&i, &j| point[i].abs().total_cmp(&point[j].abs()));
        let largest = largest.unwrap_or(0);
        let is_negative = match &vector {
            Numbers::Small(values) => values[largest] < 0,
            Numbers::Wide(values) => values[largest] < Integer::ZERO,
        };
        if is_negative != (point[largest] < 0.0) {
            let negated = vector.integers(0, W).into_iter().map(|value| -value);
            vector = Numbers::new(negated.collect());
        }
        self.generators.exact[index as usize] = Some(Box::new(vector));
    }
}

/// The cell at hand, as a visitor sees it.
struct View<'w, 'a, const W: usize, A: Arrangement> {
    walk: &'w mut Walk<'a, W, A>,
    frame: &'w Frame,
}

impl<const W: usize, A: Arrangement> View<'_, '_, W, A> {
    fn list(&self) -> &[u32] {
        &self.walk.lists[self.frame.list..self.frame.list_end]
    }
}

impl<const W: usize, A: Arrangement> Cell for View<'_, '_, W, A> {
    fn signs(&self, level: usize) -> &[RowSign] {
        &self.walk.signs[level]
    }

    fn is_bounded(&self) -> bool {
        // Slot 0 is infinity.
        self.list().iter().all(|&index| !self.walk.generators.is_tight(index, 0))
    }

    fn exact_rows(&mut self, level: usize) -> &Numbers {
        self.walk.ensure_exact(level);
        self.walk.exact[level].as_ref().expect("ensured")
    }

    fn generators(&mut self) -> Vec<Vec<Integer>> {
        let list = self.list().to_vec();
        let exact = |index: u32| {
            self.walk.ensure_point(index);
            let point = self.walk.generators.exact[index as usize].as_ref();
            point.expect("ensured").integers(0, W)
        };
        list.into_iter().map(exact).collect()
    }

    fn approximate(&self) -> Vec<Vec<f64>> {
        let point = |&index: &u32| self.walk.generators.points[index as usize].to_vec();
        self.list().iter().map(point).collect()
    }

    fn facets(&self) -> Vec<Facet> {
        let generators = &self.walk.generators;
        let on = |slot: usize| -> Vec<usize> {
            let list = self.list().iter().enumerate();
            list.filter(|(_, index)| generators.is_tight(**index, slot)).map(|(k, _)| k).collect()
        };
        let faces: Vec<Vec<usize>> = (0..self.walk.slots.len()).map(on).collect();
        let contains =
            |a: &Vec<usize>, b: &Vec<usize>| b.iter().all(|k| a.binary_search(k).is_ok());
        let mut facets = Vec::new();
        for (slot, face) in faces.iter().enumerate() {
            // A facet is a largest face; of slots with the same face the first counts.
            let inside = |(other, larger): (usize, &Vec<usize>)| {
                other != slot
                    && contains(larger, face)
                    && (larger.len() > face.len() || other < slot)
            };
            let (level, row) = self.walk.slots[slot];
            if let Some(level) = level
                && !faces.iter().enumerate().any(inside)
            {
                facets.push(Facet { level, row, generators: face.clone() });
            }
        }
        facets
    }
}
