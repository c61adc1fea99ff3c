//! The volume of a zonotope: the sum of |determinants| over all bases, the last two summed by angle.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use foldline_kernel::number::Signed;
use foldline_kernel::{Integer, Rational, Zonotope};

use super::entry::{Entry, combination_fits};
use super::facets::columns;
use super::pencils::{Pencil, PencilVisitor, Sets, visit_pencils};
use super::segments::Segments;
use super::span::Span;

/// The d-dimensional volume of Z = c + Σ [−1, 1]·g: 2^d Σ |det(g_i : i ∈ I)| over all d-subsets I.
///
/// The d − 2 first vectors are chosen depth-first; what the others contribute is the area of a
/// polygon in two functions that vanish on the chosen ones, summed in the order of angles. That
/// makes about C(n, d−2)·n·log n steps. A flat zonotope has volume 0.
/// `stop` is asked now and then; when it says so, there is no answer.
pub fn volume(zonotope: &Zonotope, stop: &dyn Fn() -> bool) -> Option<Rational> {
    let segments = Segments::new(zonotope);
    let span = Span::new(segments.dimension, &segments.directions);
    if span.rank() < segments.dimension || segments.dimension == 0 {
        let nothing_to_span = segments.dimension == 0;
        return Some(if nothing_to_span { Rational::ONE } else { Rational::ZERO });
    }
    let (lengths, common) = segments.integer_lengths();
    let mut sum = Sum { lengths: &lengths, total: Integer::ZERO, stop };
    if visit_pencils(&columns(&segments, &span), Sets::Bases, None, &mut sum).is_break() {
        return None;
    }
    let scale = common.pow(segments.dimension);
    Some(Rational::from_parts(sum.total << segments.dimension, scale))
}

struct Sum<'a> {
    lengths: &'a [Integer],
    total: Integer,
    stop: &'a dyn Fn() -> bool,
}

impl PencilVisitor for Sum<'_> {
    fn pencil<T: Entry>(&mut self, pencil: &Pencil<'_, T>) -> ControlFlow<()> {
        if (self.stop)() {
            return ControlFlow::Break(());
        }
        let chosen = pencil.chosen.iter().map(|&index| &self.lengths[index]);
        let product = chosen.fold(Integer::ONE, |product, length| product * length);
        if pencil.columns.rank == 1 {
            let lengths = pencil.candidates().map(|index| &self.lengths[index]);
            self.total += lengths.fold(Integer::ZERO, |sum, length| sum + length);
            return ControlFlow::Continue(());
        }
        let area = if combination_fits::<T>(
            pencil.bits[0],
            pencil.bits[1],
            pencil.bits[0],
            pencil.bits[1],
        ) {
            self.area(pencil.candidates().map(|index| (index, pencil.values(index).map(T::clone))))
        } else {
            self.area(
                pencil.candidates().map(|index| (index, pencil.values(index).map(T::to_integer))),
            )
        };
        let (_, divisor) = pencil.divisor.to_integer().into_parts();
        self.total += product * area / Integer::from(divisor);
        ControlFlow::Continue(())
    }
}

impl Sum<'_> {
    /// Σ over pairs of l_j l_k |det(v_j, v_k)|, for vectors of the plane with their indices.
    fn area<T: Entry>(&self, vectors: impl Iterator<Item = (usize, [T; 2])>) -> Integer {
        let mut vectors: Vec<(usize, [T; 2], bool)> = vectors
            .map(|(index, [x, y])| {
                let upper = y.sign().then(x.sign()).is_gt();
                (index, [x, y], upper)
            })
            .collect();
        // Turned into the upper half-plane, sorted by angle.
        vectors.sort_unstable_by(|(_, left, left_upper), (_, right, right_upper)| {
            let turn = T::combine(&left[0], &right[1], &left[1], &right[0]).sign();
            if left_upper == right_upper { turn.reverse() } else { turn }
        });
        let mut total = Integer::ZERO;
        let mut before = [Integer::ZERO, Integer::ZERO];
        for (index, vector, upper) in vectors {
            let scaled = vector.map(|entry| {
                let entry = entry.to_integer() * &self.lengths[index];
                if upper { entry } else { -entry }
            });
            total += &before[0] * &scaled[1] - &before[1] * &scaled[0];
            before.iter_mut().zip(scaled).for_each(|(sum, entry)| *sum += entry);
        }
        debug_assert!(!total.is_negative() && total.cmp(&Integer::ZERO) != Ordering::Less);
        total
    }
}
