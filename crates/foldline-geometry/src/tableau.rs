//! A dense float simplex dictionary for many related LPs over one polytope; it only guesses.
//!
//! Rows are slacks: x_j − lower_j, upper_j − x_j, and b_i − a_i·x. Each is kept as
//! constant + Σ coefficient × (one of the d nonbasic slacks). Its answers are multipliers,
//! which [`crate::Polytope::lower_bound`] turns into proofs; nothing here needs to be believed.

use foldline_kernel::interrupt;

use crate::polytope::Polytope;

const TOLERANCE: f64 = 1e-9;

/// How a minimisation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// At an optimal vertex, up to float noise.
    Optimal,
    /// After too many pivots, or at a point outside the polytope; the multipliers are still usable.
    Stalled,
}

/// The dictionary, at some vertex.
#[derive(Debug, Clone)]
pub struct Tableau {
    dimension: usize,
    stride: usize,
    /// `2·dimension + half-spaces` rows of `stride` numbers: coefficients, then the constant.
    rows: Vec<f64>,
    /// Which row is nonbasic in each column.
    nonbasic: Vec<u32>,
    /// Reduced costs and value of the last objective.
    costs: Vec<f64>,
    /// Pivots done since the dictionary was made from the original data.
    pub pivots: u32,
}

fn stride_of(dimension: usize) -> usize {
    (dimension + 1).next_multiple_of(if dimension < 4 { 4 } else { 8 })
}

impl Tableau {
    /// The dictionary of `polytope` at its least corner; half-spaces may be violated there.
    pub fn new(polytope: &Polytope) -> Self {
        let dimension = polytope.dimension;
        let stride = stride_of(dimension);
        let mut rows = vec![0.0; 2 * dimension * stride];
        for j in 0..dimension {
            rows[j * stride + j] = 1.0;
            rows[(dimension + j) * stride + j] = -1.0;
            rows[(dimension + j) * stride + dimension] = polytope.upper[j] - polytope.lower[j];
        }
        let nonbasic = (0..dimension as u32).collect();
        let costs = vec![0.0; stride];
        let mut tableau = Self { dimension, stride, rows, nonbasic, costs, pivots: 0 };
        for index in 0..polytope.half_spaces() {
            tableau.append(polytope, index);
        }
        tableau
    }

    /// The number of half-spaces in it.
    pub fn half_spaces(&self) -> usize {
        self.rows.len() / self.stride - 2 * self.dimension
    }

    /// Appends the row of half-space `index`, the next one not yet in the dictionary.
    pub fn append(&mut self, polytope: &Polytope, index: usize) {
        let (dimension, stride) = (self.dimension, self.stride);
        let start = self.rows.len();
        debug_assert_eq!(start, (2 * dimension + index) * stride);
        self.rows.resize(start + stride, 0.0);
        let (before, row) = self.rows.split_at_mut(start);
        row[dimension] = polytope.bounds[index];
        for (j, &a) in polytope.normal(index).iter().enumerate() {
            row[dimension] -= a * polytope.lower[j];
            for (value, slack) in row.iter_mut().zip(&before[j * stride..(j + 1) * stride]) {
                *value -= a * slack;
            }
        }
    }

    /// The half-spaces that are tight at the current vertex, and the inputs that are at no end of
    /// their range there: as many, and both increasing.
    pub fn basis(&self, rows: &mut Vec<u32>, inputs: &mut Vec<u32>) {
        let dimension = self.dimension as u32;
        rows.clear();
        inputs.clear();
        inputs.extend(0..dimension);
        for &slack in &self.nonbasic {
            match slack.checked_sub(2 * dimension) {
                Some(row) => rows.push(row),
                None => inputs.retain(|&input| input != slack % dimension),
            }
        }
        rows.sort_unstable();
    }

    /// The current vertex.
    pub fn vertex(&self, polytope: &Polytope, into: &mut [f64]) {
        for j in 0..self.dimension {
            let value = polytope.lower[j] + self.rows[j * self.stride + self.dimension];
            into[j] = value.clamp(polytope.lower[j], polytope.upper[j]);
        }
    }

    /// Expresses the objective `gradient·x` in the nonbasic slacks.
    #[inline(always)]
    fn price(&mut self, gradient: &[f64]) {
        let stride = self.stride;
        self.costs.fill(0.0);
        for j in 0..self.dimension {
            let g = gradient[j];
            for (cost, slack) in self.costs.iter_mut().zip(&self.rows[j * stride..(j + 1) * stride])
            {
                *cost += g * slack;
            }
        }
    }

    /// Exchanges the basic row `leaving` with the nonbasic slack of column `entering`.
    #[inline(always)]
    fn pivot(&mut self, leaving: usize, entering: usize) {
        interrupt::count(self.rows.len());
        let stride = self.stride;
        let mut pivot_row = [0.0; 32];
        let wide = stride > 32;
        let mut heap = Vec::new();
        let source = &self.rows[leaving * stride..(leaving + 1) * stride];
        let pivot_row: &[f64] = if wide {
            heap.extend_from_slice(source);
            &heap
        } else {
            pivot_row[..stride].copy_from_slice(source);
            &pivot_row[..stride]
        };
        let inverse = 1.0 / pivot_row[entering];
        for row in self.rows.chunks_exact_mut(stride).chain([&mut self.costs[..]]) {
            let factor = row[entering] * inverse;
            if factor != 0.0 {
                for (value, pivot) in row.iter_mut().zip(pivot_row) {
                    *value -= factor * pivot;
                }
                row[entering] = factor;
            }
        }
        self.nonbasic[entering] = leaving as u32;
        self.pivots += 1;
    }

    /// Dual simplex steps until every row is non-negative; false if that seems impossible.
    ///
    /// On false, `multipliers` holds the half-spaces' share of a Farkas proof to be checked
    /// with [`Polytope::lower_bound`] and a zero objective.
    #[inline(always)]
    pub fn restore(&mut self, multipliers: &mut Vec<(u32, f64)>) -> bool {
        let (dimension, stride) = (self.dimension, self.stride);
        let limit = 20 + 6 * dimension + self.rows.len() / stride;
        for step in 0..limit {
            let mut worst = (-TOLERANCE, usize::MAX);
            for (index, row) in self.rows.chunks_exact(stride).enumerate() {
                if row[dimension] < worst.0 {
                    worst = (row[dimension], index);
                    if step > limit / 2 {
                        break;
                    }
                }
            }
            let leaving = worst.1;
            if leaving == usize::MAX {
                return true;
            }
            let row = &self.rows[leaving * stride..leaving * stride + dimension];
            let largest = row.iter().fold(0.0f64, |a, &b| a.max(b));
            let mut best = (f64::INFINITY, 0.0, usize::MAX);
            for (k, &coefficient) in row.iter().enumerate() {
                if coefficient > TOLERANCE.max(1e-7 * largest) {
                    let ratio = self.costs[k].max(0.0) / coefficient;
                    if ratio < best.0 || ratio == best.0 && coefficient > best.1 {
                        best = (ratio, coefficient, k);
                    }
                }
            }
            if best.2 == usize::MAX {
                self.farkas(leaving, multipliers);
                return false;
            }
            self.pivot(leaving, best.2);
        }
        multipliers.clear();
        true
    }

    /// Whether the current vertex satisfies every row, up to float noise.
    fn is_feasible(&self) -> bool {
        let mut rows = self.rows.chunks_exact(self.stride);
        rows.all(|row| row[self.dimension] >= -TOLERANCE)
    }

    fn farkas(&self, row: usize, multipliers: &mut Vec<(u32, f64)>) {
        multipliers.clear();
        let first = 2 * self.dimension;
        if row >= first {
            multipliers.push(((row - first) as u32, 1.0));
        }
        for (k, &slack) in self.nonbasic.iter().enumerate() {
            let multiplier = -self.rows[row * self.stride + k];
            if slack as usize >= first && multiplier > 0.0 {
                multipliers.push((slack - first as u32, multiplier));
            }
        }
    }

    /// Minimises `gradient·x` by primal simplex steps from the current vertex.
    ///
    /// `multipliers` receives the half-spaces' multipliers of the final basis.
    #[inline(always)]
    pub fn minimize(&mut self, gradient: &[f64], multipliers: &mut Vec<(u32, f64)>) -> Ended {
        let (dimension, stride) = (self.dimension, self.stride);
        self.price(gradient);
        let scale = gradient[..dimension].iter().fold(0.0f64, |a, &b| a.max(b.abs()));
        let threshold = -TOLERANCE * scale;
        let limit = 30 + 10 * dimension;
        let mut ended = Ended::Stalled;
        for _ in 0..limit {
            let mut entering = (threshold, usize::MAX);
            for (k, &cost) in self.costs[..dimension].iter().enumerate() {
                if cost < entering.0 {
                    entering = (cost, k);
                }
            }
            let k = entering.1;
            if k == usize::MAX {
                if self.is_feasible() {
                    ended = Ended::Optimal;
                }
                break;
            }
            let mut best = (f64::INFINITY, 0.0, usize::MAX);
            for (index, row) in self.rows.chunks_exact(stride).enumerate() {
                let coefficient = row[k];
                if coefficient < -TOLERANCE {
                    let ratio = row[dimension].max(0.0) / -coefficient;
                    if ratio < best.0 || ratio == best.0 && coefficient < best.1 {
                        best = (ratio, coefficient, index);
                    }
                }
            }
            if best.2 == usize::MAX {
                break;
            }
            self.pivot(best.2, k);
        }
        multipliers.clear();
        let first = 2 * dimension as u32;
        for (k, &slack) in self.nonbasic.iter().enumerate() {
            if slack >= first && self.costs[k] > 0.0 {
                multipliers.push((slack - first, self.costs[k]));
            }
        }
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minimises_over_a_cut_square() {
        let mut polytope = Polytope::new(vec![0.0, 0.0], vec![1.0, 1.0]);
        polytope.push(&[-1.0, -1.0], -1.5); // x + y ≥ 1.5
        let mut tableau = Tableau::new(&polytope);
        let mut multipliers = Vec::new();
        assert!(tableau.restore(&mut multipliers));
        tableau.minimize(&[2.0, 1.0], &mut multipliers);
        let mut vertex = [0.0; 2];
        tableau.vertex(&polytope, &mut vertex);
        assert!((vertex[0] - 0.5).abs() < 1e-12 && (vertex[1] - 1.0).abs() < 1e-12);
        let bound = polytope.lower_bound(&[2.0, 1.0], 0.0, &multipliers, &mut [0.0; 2]);
        assert!(bound <= 2.0 && bound > 2.0 - 1e-12);
    }

    #[test]
    fn an_empty_polytope_is_proved_empty() {
        let mut polytope = Polytope::new(vec![0.0, 0.0], vec![1.0, 1.0]);
        polytope.push(&[-1.0, -1.0], -1.5);
        polytope.push(&[1.0, 2.0], 1.0);
        let mut tableau = Tableau::new(&polytope);
        let mut multipliers = Vec::new();
        assert!(!tableau.restore(&mut multipliers));
        assert!(polytope.lower_bound(&[0.0, 0.0], 0.0, &multipliers, &mut [0.0; 2]) > 0.0);
    }
}
