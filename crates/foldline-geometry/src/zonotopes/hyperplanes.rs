//! The hyperplanes that directions span, one after another, each with its exact values at all vectors.

use std::ops::{ControlFlow, Range};

use super::entry::{Entry, combination_fits};
use super::pencils::{Columns, Pencil, PencilVisitor, Sets, visit_pencils};

/// Hyperplanes of a pencil from one pause to the next.
const PAUSE: usize = 256;

/// What an enumeration of hyperplanes is for.
pub trait HyperplaneVisitor {
    /// Looks at one hyperplane; `Break` ends the enumeration.
    ///
    /// `normal` has r coefficients without a sign convention and perhaps with a common divisor;
    /// `values` are its products with all vectors.
    fn hyperplane<T: Entry>(&mut self, normal: &[T], values: &[T]) -> ControlFlow<()>;

    /// Asked now and then; `Break` ends the enumeration.
    fn pause(&mut self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// Visits every hyperplane spanned by directions exactly once, or those whose lexicographically
/// first basis starts with a direction in `first` (for r ≤ 2: all).
pub fn visit_hyperplanes<V: HyperplaneVisitor>(
    columns: &Columns,
    first: Option<Range<usize>>,
    visitor: &mut V,
) -> ControlFlow<()> {
    visit_pencils(columns, Sets::Flats, first, &mut Each { visitor })
}

struct Each<'a, V> {
    visitor: &'a mut V,
}

impl<V: HyperplaneVisitor> PencilVisitor for Each<'_, V> {
    fn pencil<T: Entry>(&mut self, pencil: &Pencil<'_, T>) -> ControlFlow<()> {
        let (mut row, mut wide) = (Vec::new(), Vec::new());
        for (step, candidate) in pencil.candidates().enumerate() {
            if step % PAUSE == 0 {
                self.visitor.pause()?;
            }
            let [a, b] = pencil.selection(candidate);
            let pairs = pencil.rows[0].iter().zip(pencil.rows[1]);
            if combination_fits::<T>(a.bits(), pencil.bits[0], b.bits(), pencil.bits[1]) {
                row.clear();
                row.extend(pairs.map(|(x, y)| T::combine(&a, x, &b, y)));
                self.row(pencil, candidate, &row)?;
            } else if wide_fits::<T>(a.bits(), pencil.bits[0], b.bits(), pencil.bits[1]) {
                wide.clear();
                wide.extend(pairs.map(|(x, y)| T::combine_wide(&a, x, &b, y)));
                self.row(pencil, candidate, &wide)?;
            } else {
                type Widest<T> = <<T as Entry>::Wider as Entry>::Wider;
                let [a, b] = [a.widen(), b.widen()];
                let widest: Vec<Widest<T>> = pairs
                    .map(|(x, y)| Entry::combine_wide(&a, &x.widen(), &b, &y.widen()))
                    .collect();
                self.row(pencil, candidate, &widest)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl<V: HyperplaneVisitor> Each<'_, V> {
    /// Hands the hyperplane on, unless an earlier direction in it selects it already.
    fn row<T: Entry, U: Entry>(
        &mut self,
        pencil: &Pencil<'_, T>,
        candidate: usize,
        row: &[U],
    ) -> ControlFlow<()> {
        let (normal, values) = row.split_at(pencil.columns.rank);
        let before = values[..candidate].iter().zip(pencil.closed);
        if before.into_iter().any(|(value, closed)| value.is_zero() && !closed) {
            return ControlFlow::Continue(());
        }
        self.visitor.hyperplane(normal, values)
    }
}

/// Whether a·x − b·y fits into the next width.
fn wide_fits<T: Entry>(a: u32, x: u32, b: u32, y: u32) -> bool {
    combination_fits::<T::Wider>(a, x, b, y)
}
