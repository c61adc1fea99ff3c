//! Passes from a reduced system to that of a smaller polytope: tighter bounds, fewer neurons.

use foldline_geometry::{Polytope, Tableau};
use foldline_kernel::interrupt;

use super::reduced::{Reduced, add_multiple, magnitude_of, padded, rounding_error};
use super::relaxation::Relaxation;
use super::unfold::{Empty, Known};

impl Reduced {
    /// The same system with only the columns that `keep` accepts; the others must be zero.
    pub fn packed(&self, keep: impl Fn(usize) -> bool) -> Reduced {
        let kept: Vec<usize> = (0..self.count()).filter(|&index| keep(index)).collect();
        let pick = |values: &[f64]| kept.iter().map(|&index| values[index]).collect::<Vec<_>>();
        let targets = self.count()..self.count() + self.targets;
        let sources: Vec<usize> = kept.iter().copied().chain(targets).collect();
        let mut starts = vec![0];
        let mut columns = Vec::with_capacity(sources.len());
        for &source in &sources {
            let width = kept.partition_point(|&column| column < self.columns[source]);
            columns.push(width);
            starts.push(starts[starts.len() - 1] + padded(self.head + width));
        }
        let mut rows = vec![0.0; starts[sources.len()]];
        for ((&source, &width), &start) in sources.iter().zip(&columns).zip(&starts) {
            let source = self.row(source);
            let row = &mut rows[start..start + self.head + width];
            row[..self.head].copy_from_slice(&source[..self.head]);
            for (value, &column) in row[self.head..].iter_mut().zip(&kept) {
                *value = source[self.head + column];
            }
        }
        Reduced {
            dimension: self.dimension,
            head: self.head,
            starts,
            columns,
            neurons: kept.iter().map(|&index| self.neurons[index]).collect(),
            layers: kept.iter().map(|&index| self.layers[index]).collect(),
            lower: pick(&self.lower),
            upper: pick(&self.upper),
            rows,
            errors: sources.iter().map(|&index| self.errors[index]).collect(),
            magnitudes: sources.iter().map(|&index| self.magnitudes[index]).collect(),
            targets: self.targets,
            complete: self.complete,
        }
    }

    /// Substitutes the neurons decided so far into row `index`: signs[q] = ±1 for q decided.
    #[inline(always)]
    pub(crate) fn eliminate<const FUSED: bool>(
        &mut self,
        index: usize,
        signs: &[i8],
        reach: &[f64],
    ) {
        let (head, dimension) = (self.head, self.dimension);
        let (before, rest) = self.rows.split_at_mut(self.starts[index]);
        let row = &mut rest[..self.starts[index + 1] - self.starts[index]];
        let mut error = self.errors[index];
        let mut magnitude = self.magnitudes[index];
        let mut steps = 0;
        interrupt::count(row.len());
        for neuron in (0..self.columns[index]).rev() {
            if signs[neuron] == 0 {
                continue;
            }
            let coefficient = std::mem::take(&mut row[head + neuron]);
            if coefficient == 0.0 || signs[neuron] < 0 {
                continue;
            }
            let source = &before[self.starts[neuron]..self.starts[neuron + 1]];
            add_multiple::<FUSED>(&mut row[..source.len()], coefficient, source);
            interrupt::count(source.len());
            steps += 1;
            error += coefficient.abs() * self.errors[neuron];
            magnitude += coefficient.abs() * self.magnitudes[neuron];
        }
        if steps > 0 {
            self.errors[index] = error * (1.0 + 1e-9) + rounding_error(2 * steps, magnitude);
            self.magnitudes[index] = magnitude_of(row, dimension, head, reach, &self.upper);
        }
    }

    /// The system on a sub-polytope: bounds every undecided neuron anew, in order, and
    /// eliminates those whose sign is known in `known` or gets decided (and enters it there).
    ///
    /// `work` is scratch space of the same kind.
    #[inline(always)]
    pub fn refine<const FUSED: bool>(
        &self,
        known: &mut [Known],
        polytope: &Polytope,
        tableau: &mut Tableau,
        relaxation: &mut Relaxation,
        work: &mut Reduced,
    ) -> Result<Reduced, Empty> {
        work.clone_from(self);
        let count = self.count();
        let mut signs = vec![0i8; count];
        for index in 0..count {
            let known = &mut known[self.neurons[index] as usize];
            work.eliminate::<FUSED>(index, &signs, polytope.reach());
            if known.sign == 0 {
                relaxation.tighten::<FUSED>(work, index, known, polytope, tableau)?;
                work.lower[index] = known.lower;
                work.upper[index] = known.upper;
            }
            signs[index] = known.sign;
        }
        for target in count..count + self.targets {
            work.eliminate::<FUSED>(target, &signs, polytope.reach());
        }
        Ok(work.packed(|index| signs[index] == 0))
    }
}
