//! Whether some parameters have all decided signs strictly: a float guess, and Gordan's multipliers if none have.

use foldline_geometry::quadratic::dependence;
use foldline_geometry::{Polytope, Tableau};
use foldline_kernel::Integer;

use super::part::{Bit, Part};

/// A witness has every sign by at least this share of its row.
const CLEAR: f64 = 1e-7;

/// What is known about a part.
pub enum Strict {
    /// Some parameters may have its signs strictly.
    Perhaps,
    /// None have: these rows, with these factors > 0, add up to zero.
    Never(Vec<(Bit, Integer)>),
}

/// Looks for parameters that have all signs strictly, and remembers them.
pub fn strictly(part: &mut Part<'_>) -> Strict {
    let stays = part.witness.as_ref().is_some_and(|witness| {
        part.float_rows().all(|row| {
            let value: f64 = row.iter().zip(witness).map(|(a, x)| a * x).sum();
            value > CLEAR * size(row)
        })
    });
    if stays {
        return Strict::Perhaps;
    }
    match guess(part) {
        Ok(witness) => {
            part.witness = witness;
            Strict::Perhaps
        }
        Err(support) => {
            part.witness = None;
            let all = part.exact_rows();
            let rows: Vec<&Vec<Integer>> = support.iter().map(|&index| &all[index]).collect();
            match dependence(&rows) {
                Some(factors) => {
                    let named = support.iter().map(|&index| part.bit(index));
                    let terms = named.zip(factors).filter(|(_, factor)| !factor.is_zero());
                    Strict::Never(terms.collect())
                }
                None => Strict::Perhaps,
            }
        }
    }
}

fn size(row: &[f64]) -> f64 {
    row.iter().map(|a| a.abs()).sum()
}

/// A witness, if floats find one; or the rows that seem to cancel.
fn guess(part: &Part<'_>) -> Result<Option<Vec<f64>>, Vec<usize>> {
    let n = part.problem.parameters();
    // Variables: the parameters and a margin t; maximise t under g·θ ≥ t·|g|.
    let lower: Vec<f64> = (0..=n).map(|i| if i < n { -1.0 } else { 0.0 }).collect();
    let mut polytope = Polytope::new(lower, vec![1.0; n + 1]);
    for row in part.float_rows() {
        let size = size(row);
        let mut normal: Vec<f64> = row.iter().map(|a| -a / size).collect();
        normal.push(1.0);
        polytope.push(&normal, 0.0);
    }
    let mut tableau = Tableau::new(&polytope);
    let mut multipliers = Vec::new();
    if !tableau.restore(&mut multipliers) {
        return Ok(None);
    }
    let mut objective = vec![0.0; n + 1];
    objective[n] = -1.0;
    tableau.minimize(&objective, &mut multipliers);
    let mut vertex = vec![0.0; n + 1];
    tableau.vertex(&polytope, &mut vertex);
    if vertex[n] > CLEAR {
        vertex.truncate(n);
        return Ok(Some(vertex));
    }
    let largest = multipliers.iter().map(|&(_, value)| value).fold(0.0, f64::max);
    let relevant = multipliers.iter().filter(|&&(_, value)| value > 1e-9 * largest);
    let mut support: Vec<usize> = relevant.map(|&(index, _)| index as usize).collect();
    support.sort_unstable();
    support.dedup();
    Err(support)
}
