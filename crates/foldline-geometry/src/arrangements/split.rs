//! Signs at the generators of a cell, and cutting it in two: floats where they suffice, else exactly.

use super::generators::{GOOD_ERROR, LARGEST_ERROR};
use super::minors::orthogonal;
use super::rows::{Numbers, Row, RowSign};
use super::start::common_direction;
use super::walk::{Arrangement, Frame, Slot, Walk};
use crate::directed::UNIT_ROUNDOFF;
use foldline_kernel::Integer;

impl<const W: usize, A: Arrangement> Walk<'_, W, A> {
    /// The exact sign of a row at a generator, and the float value.
    #[inline(always)]
    pub(super) fn sign(&mut self, level: usize, row: usize, index: u32) -> (i8, f64) {
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

    /// The sign of a row at a generator if floats decide it; it is not 0 then.
    pub(super) fn certain_sign(&self, level: usize, row: usize, index: u32) -> Option<bool> {
        let at = index as usize;
        let (value, error) =
            self.rows[level][row].at(&self.generators.points[at], self.generators.slacks[at]);
        (value.abs() > error).then_some(value > 0.0)
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
    pub(super) fn split(&mut self, frame: &Frame, row: usize) {
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
        let on_end = self.on[frame.level].len();
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
                on_end,
                bases_end: self.bases.len(),
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
        let mut places = rows[..W - 1].iter_mut();
        *places.next()? = &self.rows[plane.0][plane.1];
        for slot in self.generators.common_slots(above, below) {
            // More hyperplanes than needed: some depend on others.
            let place = places.next()?;
            if let (Some(level), row) = self.slots[slot] {
                *place = &self.rows[level][row];
            }
        }
        // Any W − 1 rows with a non-zero minor are independent.
        let (mut sharp, sharp_error) = orthogonal(&rows[..W - 1], &mut self.minors)?;
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
    pub(super) fn load(&mut self, level: usize) {
        let (before, from) = self.floats.split_at_mut(level);
        let into = &mut from[0];
        into.clear();
        let on = level.checked_sub(1).map_or(&[][..], |before| &self.on[before]);
        let partial = &mut self.partial[level];
        self.arrangement.float_rows(level, on, before.last(), partial, into);
        if let Some(next) = self.partial.get_mut(level + 1) {
            next.clear();
        }
        self.rows[level].clear();
        let rows = into.coefficients.chunks_exact(W).zip(&into.errors);
        self.rows[level].extend(rows.map(|(row, &error)| Row::new(row, error)));
        self.exact[level] = None;
    }

    pub(super) fn ensure_exact(&mut self, level: usize) {
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
    pub(super) fn ensure_point(&mut self, index: u32) {
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
