//! Why rows do not cut a cell: bases of hyperplanes that force their signs.
//!
//! Let f be a row with its sign, f ≥ 0 on a cell. At a vertex where f is smallest, with exactly d
//! hyperplanes B_j ≥ 0 through it, f = C + Σ M_j B_j with C, M_j ≥ 0: C is the value there and M_j
//! the slope along the edge on which only B_j grows. So a *corner*, a vertex with these d
//! directions, forces every row that is not negative at any of the d + 1, in the cell and in its
//! parts. Where floats do not tell, exact numbers do, and where a vertex has more hyperplanes, an
//! exact linear program chooses among them.

use foldline_kernel::{Basis, Integer, Natural, Rational};

use super::generators::slack;
use super::minors::orthogonal;
use super::rows::{Numbers, Row, RowSign};
use super::start::common_direction;
use super::walk::{Arrangement, Frame, Visitor, Walk};
use crate::exact_lp::{ExactConstraint, ExactOutcome, maximize};

/// What a visitor is told that wants reasons, in the order of the walk: on-sides come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A level and row that cuts the cell at hand, and that it is split by.
    Split(usize, usize),
    /// Levels and rows, bounding the cell at hand, that force the signs of rows in it.
    Basis(Vec<(usize, usize)>),
}

/// A basis in force.
#[derive(Debug)]
pub(super) enum InForce<const W: usize> {
    /// That of a corner.
    Corner(Box<Corner<W>>),
    /// Any other.
    Other(Basis),
}

#[derive(Debug)]
pub(super) struct Corner<const W: usize> {
    /// The hyperplanes.
    slots: Vec<usize>,
    /// The vertex, then for each hyperplane the direction along which only it grows; with slacks.
    generators: [([f64; W], f64); W],
}

/// What floats know.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Yes,
    No,
    Unknown,
}

impl<const W: usize> Corner<W> {
    /// Whether it forces a row to be positive (or negative).
    fn forces(&self, row: &Row<W>, on: bool) -> Known {
        let mut known = Known::Yes;
        for (point, slack) in &self.generators {
            let (value, error) = row.at(point, *slack);
            let value = if on { value } else { -value };
            if value < -error {
                return Known::No;
            }
            let is_certain = value > error;
            if !is_certain {
                known = Known::Unknown;
            }
        }
        known
    }
}

impl<const W: usize, A: Arrangement> Walk<'_, W, A> {
    /// Names bases for the rows of a level that have just been decided on a cell.
    pub(super) fn explain(&mut self, frame: &Frame, visitor: &mut dyn Visitor) {
        let decided = std::mem::take(&mut self.decided);
        for &(row, on) in &decided {
            // On a point every function is constant, and the empty basis forces its sign.
            if W == 1 {
                continue;
            }
            let is_start = frame.level == 0 && self.slots.contains(&(Some(0), row));
            // A basis that was in force when the row cut the cell does not force it.
            let from = if frame.decided.is_some() { frame.bases_end } else { 0 };
            if is_start || self.is_forced(from, (frame.level, row), on) {
                continue;
            }
            let vertex = self.smallest(frame, row, on);
            if self.corner_forces(vertex, (frame.level, row), on, visitor) {
                continue;
            }
            self.other_forces(vertex, (frame.level, row), on, visitor);
        }
        self.decided = decided;
        self.decided.clear();
    }

    /// Whether floats show that one of the bases in force, but for the first `from`, forces the sign.
    fn is_forced(&self, from: usize, (level, row): (usize, usize), on: bool) -> bool {
        let row = &self.rows[level][row];
        let forces = |basis: &InForce<W>| match basis {
            InForce::Corner(corner) => corner.forces(row, on) == Known::Yes,
            InForce::Other(_) => false,
        };
        self.bases[from..].iter().rev().any(forces)
    }

    /// The vertex of the cell where the row with this sign seems smallest.
    fn smallest(&self, frame: &Frame, row: usize, on: bool) -> u32 {
        let list = &self.lists[frame.list..frame.list_end];
        let value = |index: u32| {
            let point = &self.generators.points[index as usize];
            let (value, _) = self.rows[frame.level][row].at(point, 0.0);
            (if on { value } else { -value }) / point[0]
        };
        let vertices = list.iter().copied().filter(|&index| !self.generators.is_tight(index, 0));
        let least = vertices.min_by(|&a, &b| value(a).total_cmp(&value(b)));
        least.expect("the first level spans the space, so cells have vertices")
    }

    /// Whether the vertex has a corner that forces the sign; its basis is then in force.
    fn corner_forces(
        &mut self,
        vertex: u32,
        (level, row): (usize, usize),
        on: bool,
        visitor: &mut dyn Visitor,
    ) -> bool {
        let slots = self.tight_slots(vertex);
        if slots.len() != W - 1 {
            return false;
        }
        let same = |basis: &InForce<W>| matches!(basis, InForce::Corner(c) if c.slots == slots);
        let known = self.bases.iter().any(same);
        let Some(corner) = self.corner(vertex, slots) else { return false };
        match corner.forces(&self.rows[level][row], on) {
            Known::No => return false,
            Known::Yes => {}
            Known::Unknown => {
                if self.is_constant(level, row) {
                    // The empty basis, which is always in force, forces it.
                    return true;
                }
                if !self.forces_exactly(vertex, &corner.slots, (level, row), on) {
                    return false;
                }
            }
        }
        if !known {
            visitor.reason(&Reason::Basis(self.names(&corner.slots)));
            self.bases.push(InForce::Corner(Box::new(corner)));
        }
        true
    }

    fn tight_slots(&self, vertex: u32) -> Vec<usize> {
        (1..self.slots.len()).filter(|&slot| self.generators.is_tight(vertex, slot)).collect()
    }

    /// The corner in floats, if they are good enough to know the directions.
    fn corner(&mut self, vertex: u32, slots: Vec<usize>) -> Option<Corner<W>> {
        let at = vertex as usize;
        let mut generators = [(self.generators.points[at], self.generators.slacks[at]); W];
        let at_infinity = Row::at_infinity();
        let mut minors = std::mem::take(&mut self.minors);
        for (place, &slot) in slots.iter().enumerate() {
            let mut rows = [&at_infinity; W];
            let others = slots.iter().filter(|&&other| other != slot);
            for (row, &other) in rows[1..].iter_mut().zip(others) {
                *row = self.row_of(other);
            }
            let (mut direction, error) = orthogonal(&rows[..W - 1], &mut minors)?;
            let (value, bound) = self.row_of(slot).at(&direction, slack::<W>(error));
            if value.abs() <= bound || !value.is_finite() {
                return None;
            }
            if (value > 0.0) != self.is_on(slot) {
                direction.iter_mut().for_each(|value| *value = -*value);
            }
            generators[place + 1] = (direction, slack::<W>(error));
        }
        self.minors = minors;
        Some(Corner { slots, generators })
    }

    /// Whether the sign's function is not negative at the vertex and along the corner's directions.
    fn forces_exactly(
        &mut self,
        vertex: u32,
        slots: &[usize],
        (level, row): (usize, usize),
        on: bool,
    ) -> bool {
        self.ensure_exact(level);
        self.ensure_point(vertex);
        for &slot in slots {
            self.ensure_exact(self.slots[slot].0.expect("finite"));
        }
        let exact = |slot: usize| {
            let (level, row) = self.slots[slot];
            (self.exact[level.expect("finite")].as_ref().expect("ensured"), row)
        };
        let function = self.exact[level].as_ref().expect("ensured");
        // As a number: positive if the function is positive there.
        let sign = |point: &Numbers| function.sign_at(row, point, W) as i8;
        let wanted = if on { 1 } else { -1 };
        let point = self.generators.exact[vertex as usize].as_ref().expect("ensured");
        let mut unit = vec![0; W];
        unit[0] = 1;
        let infinity = Numbers::Small(unit);
        sign(point) * wanted >= 0
            && slots.iter().all(|&slot| {
                let others = slots.iter().filter(|&&other| other != slot);
                let rows: Vec<(&Numbers, usize)> =
                    [(&infinity, 0)].into_iter().chain(others.map(|&other| exact(other))).collect();
                let direction = common_direction(&rows, W);
                let (own, row) = exact(slot);
                let grows = own.sign_at(row, &direction, W) as i8;
                let grows = if self.is_on(slot) { grows } else { -grows };
                sign(&direction) * grows * wanted >= 0
            })
    }

    fn is_constant(&mut self, level: usize, row: usize) -> bool {
        self.ensure_exact(level);
        let row = self.exact[level].as_ref().expect("ensured").integers(row, W);
        row[1..].iter().all(Integer::is_zero)
    }

    /// Puts a basis in force that forces the sign, found exactly.
    fn other_forces(
        &mut self,
        vertex: u32,
        (level, row): (usize, usize),
        on: bool,
        visitor: &mut dyn Visitor,
    ) {
        self.ensure_exact(level);
        let row = self.exact[level].as_ref().expect("ensured").integers(row, W);
        let function = coefficients_first(row, on);
        if function[..W - 1].iter().all(Integer::is_zero) {
            return;
        }
        let forces = |basis: &InForce<W>| match basis {
            InForce::Corner(_) => false,
            // The function is not 0, so one sign is forced.
            InForce::Other(basis) => basis.sign_of(&function) == Some(true),
        };
        if self.bases.iter().any(forces) {
            return;
        }
        let near = self.tight_slots(vertex);
        let (slots, bounds) = self.cheapest_basis(&function, near).unwrap_or_else(|| {
            let all = (1..self.slots.len()).collect();
            self.cheapest_basis(&function, all).expect("it is not negative on the cell")
        });
        visitor.reason(&Reason::Basis(self.names(&slots)));
        let bounds: Vec<&[Integer]> = bounds.iter().map(Vec::as_slice).collect();
        let basis = Basis::new(W - 1, &bounds).expect("an optimal basis is independent");
        self.bases.push(InForce::Other(basis));
    }

    /// Of these hyperplanes those of an optimal basis, if they force the function to be positive.
    fn cheapest_basis(
        &mut self,
        function: &[Integer],
        slots: Vec<usize>,
    ) -> Option<(Vec<usize>, Vec<Vec<Integer>>)> {
        let bounds: Vec<Vec<Integer>> = slots.iter().map(|&slot| self.bound(slot)).collect();
        let constraint = |bound: &Vec<Integer>| ExactConstraint {
            coefficients: bound[..W - 1].iter().map(|value| -value.clone()).collect(),
            bound: bound[W - 1].clone(),
            strict: false,
            scale: Natural::ONE,
        };
        let constraints: Vec<ExactConstraint> = bounds.iter().map(constraint).collect();
        let objective: Vec<Integer> =
            function[..W - 1].iter().map(|value| -value.clone()).collect();
        let ExactOutcome::Optimal { value, multipliers, .. } =
            maximize(W - 1, &constraints, &objective)
        else {
            return None;
        };
        if value > Rational::from(function[W - 1].clone()) {
            return None;
        }
        let (chosen, bounds) =
            multipliers.into_iter().map(|(index, _)| (slots[index], bounds[index].clone())).unzip();
        Some((chosen, bounds))
    }

    /// The exact function that a hyperplane bounds the cell by: coefficients, then the constant.
    pub(super) fn bound(&mut self, slot: usize) -> Vec<Integer> {
        let (level, row) = self.slots[slot];
        let level = level.expect("finite");
        self.ensure_exact(level);
        let row = self.exact[level].as_ref().expect("ensured").integers(row, W);
        coefficients_first(row, self.is_on(slot))
    }

    fn names(&self, slots: &[usize]) -> Vec<(usize, usize)> {
        let name = |&slot: &usize| {
            let (level, row) = self.slots[slot];
            (level.expect("finite"), row)
        };
        slots.iter().map(name).collect()
    }

    pub(super) fn row_of(&self, slot: usize) -> &Row<W> {
        let (level, row) = self.slots[slot];
        &self.rows[level.expect("finite")][row]
    }

    /// On which side of a hyperplane of its path the cell is.
    pub(super) fn is_on(&self, slot: usize) -> bool {
        let (level, row) = self.slots[slot];
        self.signs[level.expect("finite")][row] == RowSign::On
    }
}

fn coefficients_first(mut row: Vec<Integer>, on: bool) -> Vec<Integer> {
    row.rotate_left(1);
    if !on {
        row.iter_mut().for_each(|value| *value = -std::mem::take(value));
    }
    row
}
