//! Depth-first enumeration of the hyperplanes that vectors span, in pencils around (r−2)-dimensional flats.
//!
//! A node of the walk is a set of independent vectors. It carries a basis of the functions that
//! vanish on them, and the values of these functions at all vectors: choosing one more vector is
//! one elimination step. Two functions are left when r − 2 vectors are chosen: a *pencil*, in
//! which every further vector selects a hyperplane. A set that is not the lexicographically first
//! basis of the flat it spans is left out, with all that would come below it, so every hyperplane
//! is met exactly once.

use std::ops::{ControlFlow, Range};

use foldline_kernel::Integer;

use super::entry::{Entry, combination_fits};

/// The vectors of a walk.
#[derive(Debug, Clone)]
pub struct Columns {
    /// The rank r ≥ 1 of the directions, which is also the number of coordinates.
    pub rank: usize,
    /// How many of the vectors are directions: pairwise non-parallel, none zero, of rank r.
    pub directions: usize,
    /// The directions, then vectors whose values are wanted, too. No entry need be small.
    pub vectors: Vec<Vec<Integer>>,
}

/// Whether sets that span the same flat are one, or all are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sets {
    /// One set a flat: the lexicographically first basis.
    Flats,
    /// Every independent set. Functions are then minors: divided by `Pencil::divisor`, the
    /// determinant of two of them at two vectors is that of the chosen and these vectors.
    Bases,
}

/// All hyperplanes around an (r−2)-dimensional flat.
#[derive(Debug)]
pub struct Pencil<'a, T> {
    /// The vectors of the walk.
    pub columns: &'a Columns,
    /// Two functions that vanish on the flat: r coefficients, then the values at all vectors.
    /// For r = 1 the second is zero.
    pub rows: [&'a [T]; 2],
    /// The most bits of a number in each.
    pub bits: [u32; 2],
    /// Which directions lie in the flat.
    pub closed: &'a [bool],
    /// The chosen directions, increasing.
    pub chosen: &'a [usize],
    /// See [`Sets::Bases`].
    pub divisor: &'a T,
}

/// What a walk is for.
pub trait PencilVisitor {
    /// Looks at one pencil; `Break` ends the walk.
    fn pencil<T: Entry>(&mut self, pencil: &Pencil<'_, T>) -> ControlFlow<()>;
}

impl<T: Entry> Pencil<'_, T> {
    /// The directions that may complete the chosen ones to a basis of a hyperplane.
    pub fn candidates(&self) -> impl Iterator<Item = usize> + '_ {
        let first = self.chosen.last().map_or(0, |last| last + 1);
        (first..self.columns.directions).filter(|&index| !self.closed[index])
    }

    /// Coprime a and b such that a·(first function) − b·(second) vanishes on the hyperplane that
    /// the candidate `index` selects.
    pub fn selection(&self, index: usize) -> [T; 2] {
        let [first, second] = self.values(index);
        if self.columns.rank == 1 {
            return [self.divisor.clone(), second.clone()];
        }
        let divisor = first.gcd(second);
        [second.divide(&divisor), first.divide(&divisor)]
    }

    /// The values of the two functions at a vector.
    pub fn values(&self, index: usize) -> [&T; 2] {
        let place = self.columns.rank + index;
        [&self.rows[0][place], &self.rows[1][place]]
    }
}

/// One node of the walk: the functions that vanish on the chosen vectors.
#[derive(Debug, Clone)]
struct Level<T> {
    rows: Vec<Vec<T>>,
    bits: Vec<u32>,
    closed: Vec<bool>,
    divisor: T,
}

impl<T: Entry> Level<T> {
    fn root(columns: &Columns) -> Option<Self> {
        let (zero, one) = (T::from_integer(&Integer::ZERO)?, T::from_integer(&Integer::ONE)?);
        let row = |coordinate: usize| -> Option<Vec<T>> {
            let mut row = vec![zero.clone(); columns.rank];
            row[coordinate] = one.clone();
            for vector in &columns.vectors {
                row.push(T::from_integer(&vector[coordinate])?);
            }
            Some(row)
        };
        let rows = (0..columns.rank).map(row).collect::<Option<Vec<_>>>()?;
        let bits = rows.iter().map(|row| largest_bits(row)).collect();
        Some(Self { rows, bits, closed: vec![false; columns.directions], divisor: one })
    }

    fn widen(&self) -> Level<T::Wider> {
        let wide = |row: &Vec<T>| row.iter().map(T::widen).collect();
        Level {
            rows: self.rows.iter().map(wide).collect(),
            bits: self.bits.clone(),
            closed: self.closed.clone(),
            divisor: self.divisor.widen(),
        }
    }
}

fn largest_bits<T: Entry>(row: &[T]) -> u32 {
    row.iter().map(T::bits).max().unwrap_or(0)
}

/// What came of choosing a vector.
enum Step {
    /// The next level is filled.
    Ready,
    /// The set is not the lexicographically first basis of its flat.
    Repeated,
    /// The numbers would not fit.
    TooWide,
}

struct Walk<'a, V> {
    columns: &'a Columns,
    sets: Sets,
    visitor: &'a mut V,
    chosen: Vec<usize>,
}

/// Visits every pencil whose first chosen direction is in `first`; all of them if that is `None`.
///
/// For r ≤ 2 there is one pencil; it has no chosen direction and belongs to every walk.
///
/// # Panics
/// If the rank is 0 or a vector has another number of coordinates.
pub fn visit_pencils<V: PencilVisitor>(
    columns: &Columns,
    sets: Sets,
    first: Option<Range<usize>>,
    visitor: &mut V,
) -> ControlFlow<()> {
    assert!(columns.rank > 0, "no hyperplanes in a space of dimension 0");
    assert!(columns.vectors.iter().all(|vector| vector.len() == columns.rank));
    let first = first.unwrap_or(0..columns.directions);
    let mut walk = Walk { columns, sets, visitor, chosen: Vec::new() };
    if let Some(root) = Level::<i64>::root(columns) {
        return walk.descend(&mut [root].into(), 0, first);
    }
    if let Some(root) = Level::<i128>::root(columns) {
        return walk.descend(&mut [root].into(), 0, first);
    }
    let root = Level::<Integer>::root(columns).expect("any integer fits");
    walk.descend(&mut [root].into(), 0, first)
}

/// Visits every pencil with these first chosen directions, increasing, one flat once.
///
/// # Panics
/// As [`visit_pencils`].
pub fn visit_pencils_below<V: PencilVisitor>(
    columns: &Columns,
    chosen: &[usize],
    visitor: &mut V,
) -> ControlFlow<()> {
    assert!(columns.rank > 0, "no hyperplanes in a space of dimension 0");
    let mut walk = Walk { columns, sets: Sets::Flats, visitor, chosen: Vec::new() };
    if let Some(root) = Level::<i64>::root(columns) {
        return walk.follow(root, chosen);
    }
    let root = Level::<Integer>::root(columns).expect("any integer fits");
    walk.follow(root, chosen)
}

impl<V: PencilVisitor> Walk<'_, V> {
    /// Makes these choices, then visits what is below.
    fn follow<T: Entry>(&mut self, level: Level<T>, choices: &[usize]) -> ControlFlow<()> {
        let Some((&index, rest)) = choices.split_first() else {
            let first = self.chosen.last().map_or(0, |last| last + 1);
            return self.descend(&mut vec![level], 0, first..self.columns.directions);
        };
        if level.closed[index] {
            return ControlFlow::Continue(());
        }
        let mut next = level.clone();
        match self.choose(&level, &mut next, index) {
            Step::Repeated => ControlFlow::Continue(()),
            Step::TooWide => self.follow(level.widen(), choices),
            Step::Ready => {
                self.chosen.push(index);
                let flow = self.follow(next, rest);
                self.chosen.pop();
                flow
            }
        }
    }

    /// Visits what is below the level at `place` with the next choice in `range`.
    fn descend<T: Entry>(
        &mut self,
        levels: &mut Vec<Level<T>>,
        place: usize,
        range: Range<usize>,
    ) -> ControlFlow<()> {
        if levels[place].rows.len() <= 2 {
            return self.visit(&levels[place]);
        }
        for index in range.clone() {
            if levels[place].closed[index] {
                continue;
            }
            if levels.len() == place + 1 {
                levels.push(levels[place].clone());
            }
            let (head, tail) = levels.split_at_mut(place + 1);
            match self.choose(&head[place], &mut tail[0], index) {
                Step::Repeated => {}
                Step::Ready => {
                    self.chosen.push(index);
                    let flow = self.descend(levels, place + 1, index + 1..self.columns.directions);
                    self.chosen.pop();
                    flow?;
                }
                // The rest of this level goes on in wider numbers.
                Step::TooWide => {
                    let wide = levels[place].widen();
                    return self.descend(&mut [wide].into(), 0, index..range.end);
                }
            }
        }
        ControlFlow::Continue(())
    }

    fn visit<T: Entry>(&mut self, level: &Level<T>) -> ControlFlow<()> {
        let one = &level.divisor;
        let zero; // for r = 1 only
        let second = match level.rows.get(1) {
            Some(row) => row,
            None => {
                zero = vec![T::combine(one, one, one, one); level.rows[0].len()];
                &zero
            }
        };
        self.visitor.pencil(&Pencil {
            columns: self.columns,
            rows: [&level.rows[0], second],
            bits: [level.bits[0], level.bits.get(1).copied().unwrap_or(0)],
            closed: &level.closed,
            chosen: &self.chosen,
            divisor: &level.divisor,
        })
    }

    /// Fills `next` with the functions of `level` that vanish on one more vector.
    fn choose<T: Entry>(&self, level: &Level<T>, next: &mut Level<T>, index: usize) -> Step {
        let column = self.columns.rank + index;
        // The smallest value that is not zero keeps the numbers small.
        let values = level.rows.iter().enumerate().filter(|(_, row)| !row[column].is_zero());
        let (pivot, _) = values
            .min_by_key(|(_, row)| row[column].bits())
            .expect("a vector outside the flat has a value that is not zero");
        next.rows.truncate(level.rows.len() - 1);
        next.bits.truncate(level.rows.len() - 1);
        let others = (0..level.rows.len()).filter(|&row| row != pivot);
        for (target, source) in others.enumerate() {
            let bits = [level.bits[source], level.bits[pivot]];
            let rows = [&level.rows[source][..], &level.rows[pivot][..]];
            let fitted = match self.sets {
                Sets::Flats => self.eliminate(rows, bits, column, &mut next.rows[target]),
                Sets::Bases => {
                    eliminate_minors(rows, bits, column, &level.divisor, &mut next.rows[target])
                }
            };
            if !fitted {
                return Step::TooWide;
            }
            next.bits[target] = largest_bits(&next.rows[target]);
        }
        next.divisor.clone_from(&level.rows[pivot][column]);
        self.close(level, next, index)
    }

    /// The combination of two functions that vanishes in `column`, with coprime coefficients.
    fn eliminate<T: Entry>(
        &self,
        rows: [&[T]; 2],
        bits: [u32; 2],
        column: usize,
        out: &mut Vec<T>,
    ) -> bool {
        let [value, pivot] = rows.map(|row| &row[column]);
        out.clear();
        if value.is_zero() {
            out.extend_from_slice(rows[0]);
            return true;
        }
        let divisor = pivot.gcd(value);
        let (a, b) = (pivot.divide(&divisor), value.divide(&divisor));
        if !combination_fits::<T>(a.bits(), bits[0], b.bits(), bits[1]) {
            return false;
        }
        out.extend(rows[0].iter().zip(rows[1]).map(|(x, y)| T::combine(&a, x, &b, y)));
        divide_by_content(out, self.columns.rank);
        true
    }

    /// Marks the directions that lie in the next flat; one before `index` that joins it repeats it.
    fn close<T: Entry>(&self, level: &Level<T>, next: &mut Level<T>, index: usize) -> Step {
        next.closed.clone_from(&level.closed);
        let rank = self.columns.rank;
        for (direction, closed) in next.closed.iter_mut().enumerate() {
            if !*closed && next.rows.iter().all(|row| row[rank + direction].is_zero()) {
                if direction < index && self.sets == Sets::Flats {
                    return Step::Repeated;
                }
                *closed = true;
            }
        }
        Step::Ready
    }
}

/// The same in minors: Bareiss' step, in which the division by the last pivot is exact.
fn eliminate_minors<T: Entry>(
    rows: [&[T]; 2],
    bits: [u32; 2],
    column: usize,
    divisor: &T,
    out: &mut Vec<T>,
) -> bool {
    let [value, pivot] = rows.map(|row| &row[column]);
    if !combination_fits::<T>(pivot.bits(), bits[0], value.bits(), bits[1]) {
        return false;
    }
    let pairs = rows[0].iter().zip(rows[1]);
    out.clear();
    out.extend(pairs.map(|(x, y)| T::combine(pivot, x, value, y).divide(divisor)));
    true
}

/// Divides a row by the greatest common divisor of its first `rank` entries.
fn divide_by_content<T: Entry>(row: &mut [T], rank: usize) {
    let mut content = row[0].gcd(&row[0]);
    for entry in &row[1..rank] {
        if content.bits() == 1 {
            return;
        }
        content = content.gcd(entry);
    }
    if content.bits() > 1 {
        row.iter_mut().for_each(|entry| *entry = entry.divide(&content));
    }
}
