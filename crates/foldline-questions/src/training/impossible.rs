//! Whether some parameters have all signs of a pattern strictly: Gordan's multipliers if none have.

use foldline_geometry::quadratic::dependence;
use foldline_geometry::{Polytope, Tableau};
use foldline_kernel::Integer;

use super::exact::Program;
use super::pattern::Label;
use super::program::FloatProgram;

/// A witness has every sign by at least this share of its row.
const CLEAR: f64 = 1e-7;

/// Constraints of a pattern with factors > 0 that add up to zero, if floats find some; both
/// programs are of that pattern.
pub fn cancelling(float: &FloatProgram, exact: &Program) -> Option<Vec<(Label, Integer)>> {
    let support = guess(&float.rows)?;
    let rows: Vec<&Vec<Integer>> = support.iter().map(|&index| &exact.rows[index]).collect();
    let named = support.iter().map(|&index| exact.labels[index]).zip(dependence(&rows)?);
    Some(named.filter(|(_, factor)| !factor.is_zero()).collect())
}

fn size(row: &[f64]) -> f64 {
    row.iter().map(|a| a.abs()).sum()
}

/// The rows that seem to cancel, if there seems to be no point where all are positive.
fn guess(rows: &[Vec<f64>]) -> Option<Vec<usize>> {
    let n = rows.first()?.len();
    // Variables: the parameters and a margin t; maximise t under g·θ ≥ t·|g|.
    let lower: Vec<f64> = (0..=n).map(|i| if i < n { -1.0 } else { 0.0 }).collect();
    let mut polytope = Polytope::new(lower, vec![1.0; n + 1]);
    for row in rows {
        let size = size(row);
        // A row of zeros says nothing: it must not seem to be one that can never be positive.
        let divisor = if size > 0.0 { size } else { 1.0 };
        let mut normal: Vec<f64> = row.iter().map(|a| -a / divisor).collect();
        normal.push(if size > 0.0 { 1.0 } else { 0.0 });
        polytope.push(&normal, 0.0);
    }
    let mut tableau = Tableau::new(&polytope);
    let mut multipliers = Vec::new();
    if !tableau.restore(&mut multipliers) {
        return None;
    }
    let mut objective = vec![0.0; n + 1];
    objective[n] = -1.0;
    tableau.minimize(&objective, &mut multipliers);
    let mut vertex = vec![0.0; n + 1];
    tableau.vertex(&polytope, &mut vertex);
    if vertex[n] > CLEAR {
        return None;
    }
    let largest = multipliers.iter().map(|&(_, value)| value).fold(0.0, f64::max);
    let relevant = multipliers.iter().filter(|&&(_, value)| value > 1e-9 * largest);
    let mut support: Vec<usize> = relevant.map(|&(index, _)| index as usize).collect();
    support.sort_unstable();
    support.dedup();
    Some(support)
}
