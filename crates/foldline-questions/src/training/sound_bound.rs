//! A lower bound of a pattern's program from floats, with every rounding covered.
//!
//! With multipliers λ ≥ 0 for the constraints, and slopes for the convex functions at kinks, the
//! program is at least the minimum of a quadratic function q. At the point p that the dual method
//! found its gradient ε is tiny, but q need not be bounded below. Let H̃ be the sum of weight·φφ'
//! over the rows φ of *all* pieces and ε = H̃y. Then ε·u = Σ weight·(φ·y)(φ·u): each piece takes
//! its share of ε, a quadratic one at a cost of at most weight·(φ·y)²/4, a constraint or kink by a
//! change of its multiplier by at most weight·|φ||y|, which must leave it within its range.

/// Half the distance from 1 to the next float.
const UNIT_ROUNDOFF: f64 = f64::EPSILON / 2.0;

/// A group where v = row·θ: count·v² − 2·label_sum·v, or what its shape makes of it.
#[derive(Debug, Clone)]
pub struct Term {
    /// Which group it is.
    pub group: u32,
    /// φ, whose entries are within a relative 2⁻⁵³ of the exact ones, as are the other numbers.
    pub row: Vec<f64>,
    /// How many points there are.
    pub count: f64,
    /// The sum of their labels.
    pub label_sum: f64,
}

impl Term {
    /// Up to which v the function of a group with unknown output is zero.
    pub fn kink(&self) -> f64 {
        (self.label_sum / self.count).max(0.0)
    }
}

/// A summand of the lower bound.
#[derive(Debug, Clone)]
pub enum Piece<'a> {
    /// count·v² − 2·label_sum·v.
    Square(&'a Term),
    /// The convex function that is 0 up to the term's kink and then count·(v − kink)² or, where
    /// label_sum ≤ 0, count·v² − 2·label_sum·v.
    Curved(&'a Term),
    /// The same with label_sum < 0 at its kink 0, where half its slope is about this multiplier.
    Kink(&'a Term, f64),
    /// A constraint row·θ ≥ 0 that a group asks for, and half its multiplier.
    Constraint(&'a [f64], u32, f64),
}

/// A piece as a function of v: its value, slope and curvature at p.
struct Local<'a> {
    group: u32,
    row: &'a [f64],
    value: f64,
    /// The sum of the magnitudes of what `value` is a sum of.
    size: f64,
    slope: f64,
    slope_size: f64,
    weight: f64,
    /// By how much the slope may change; not limited where there is curvature all along.
    room: f64,
    /// Whether a change of the slope by β costs β²/(4·weight); else |β·v|.
    curved: bool,
    /// |v| at p, with its rounding.
    reach: f64,
}

/// A lower bound of `constant` and the minimum of the sum of `pieces`; the constant is a sum of so
/// many numbers, and exact numbers are within a relative 2⁻⁵³ of these. The hidden nodes' `width`
/// parameters each come first in every row. −∞ where the pieces do not determine their minimum.
pub fn sound_bound(
    pieces: &[Piece<'_>],
    constant: (f64, usize),
    point: &[f64],
    width: usize,
) -> f64 {
    let n = point.len();
    // Every number below is a sum of at most this many products of rounded numbers.
    let roundings = (pieces.len() + constant.1 + 4 * n + 60) as f64;
    let unit = roundings * UNIT_ROUNDOFF * (1.0 + 1e-9);
    let pieces: Vec<Local<'_>> =
        pieces.iter().filter_map(|piece| localise(piece, point, unit)).collect();
    let mut value = constant.0;
    let mut size = constant.0.abs();
    let mut gradient = vec![0.0; n];
    let mut gradient_size = vec![0.0; n];
    for piece in &pieces {
        value += piece.value;
        size += piece.size;
        for i in 0..n {
            gradient[i] += piece.slope * piece.row[i];
            gradient_size[i] += piece.slope_size * piece.row[i].abs();
        }
    }
    let used = used_columns(&pieces, width, n);
    let entry = |&i: &usize| gradient[i].abs() + unit * gradient_size[i];
    let square: f64 = used.iter().map(|i| entry(i) * entry(i)).sum();
    let Some(inverse) = inverse_norm(&pieces, &used, unit) else {
        return f64::NEG_INFINITY;
    };
    let move_size = 1.01 * inverse * square.sqrt();
    let mut cost = square * inverse * 0.26;
    for piece in &pieces {
        let length = piece.row.iter().map(|entry| entry * entry).sum::<f64>().sqrt();
        let change = 1.01 * piece.weight * length * move_size;
        if change.is_nan() || change > piece.room {
            return f64::NEG_INFINITY;
        }
        if !piece.curved {
            cost += 1.01 * change * piece.reach;
        }
    }
    let bound = value - unit * size - cost;
    // Underflow loses at most this; overflow gives no bound.
    if bound.is_finite() && size < 1e100 { bound - 1e-200 } else { f64::NEG_INFINITY }
}

/// A piece at a point; none where it is best left out.
fn localise<'a>(piece: &Piece<'a>, point: &[f64], unit: f64) -> Option<Local<'a>> {
    let (row, group): (&'a [f64], u32) = match piece {
        Piece::Square(term) | Piece::Curved(term) | Piece::Kink(term, _) => (&term.row, term.group),
        Piece::Constraint(row, group, _) => (row, *group),
    };
    let (at, reach) = products(row, point);
    let square = |term: &Term| {
        let (count, sum) = (term.count, term.label_sum);
        Local {
            group,
            row,
            value: at * (count * at - 2.0 * sum),
            size: reach * (count * reach + 2.0 * sum.abs()),
            slope: 2.0 * (count * at - sum),
            slope_size: 2.0 * (count * reach + sum.abs()),
            weight: count,
            room: f64::INFINITY,
            curved: true,
            reach,
        }
    };
    let linear = |slope: f64, room: f64| Local {
        group,
        row,
        value: slope * at,
        size: slope.abs() * reach,
        slope,
        slope_size: slope.abs(),
        weight: 1.0,
        room,
        curved: false,
        reach: at.abs() + unit * reach,
    };
    match piece {
        Piece::Square(term) => Some(square(term)),
        Piece::Curved(term) => {
            let margin = at - term.kink() - unit * (reach + term.kink());
            let offset = term.kink() * term.label_sum;
            let local = square(term);
            let (value, size) = (local.value + offset, local.size + offset);
            let room = 1.9 * term.count * margin;
            (margin > 0.0).then_some(Local { value, size, room, ..local })
        }
        Piece::Kink(term, multiplier) => {
            // Both ends of the range are sums of rounded labels.
            let most = -2.0 * term.label_sum * (1.0 - 1e-14);
            let slope = (2.0 * multiplier).clamp(0.0, most);
            (slope > 0.0).then(|| linear(slope, slope.min(most - slope)))
        }
        Piece::Constraint(_, _, multiplier) => {
            (*multiplier > 0.0).then(|| linear(-2.0 * multiplier, 2.0 * multiplier))
        }
    }
}

/// a·b, and the sum of the magnitudes.
fn products(a: &[f64], b: &[f64]) -> (f64, f64) {
    let (mut sum, mut size) = (0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        sum += a * b;
        size += (a * b).abs();
    }
    (sum, size)
}

/// Columns whose parameters give the pieces all the values that all parameters do, if the matrix
/// over these columns is regular.
///
/// A hidden node that the pieces see at fewer groups than it has parameters needs only so many;
/// one that they see just as an earlier one, or not at all, needs none.
fn used_columns(pieces: &[Local<'_>], width: usize, n: usize) -> Vec<usize> {
    let mut used: Vec<usize> = Vec::with_capacity(n);
    for first in (0..n / width).map(|node| node * width) {
        let own = |piece: &Local<'_>| piece.row[first..first + width].iter().any(|a| *a != 0.0);
        let is_like = |earlier: usize, sign: f64| {
            pieces.iter().all(|piece| {
                (0..width).all(|i| piece.row[first + i] == sign * piece.row[earlier + i])
            })
        };
        let repeats = (0..first / width)
            .any(|node| is_like(node * width, 1.0) || is_like(node * width, -1.0));
        if repeats {
            continue;
        }
        let rows = pieces.iter().filter(|piece| own(piece));
        let rows = rows.map(|piece| (piece.group, &piece.row[first..first + width]));
        let seen = different(rows, width);
        if seen.len() == width {
            used.extend(first..first + width);
        } else {
            used.extend(spread(seen, width).into_iter().map(|column| first + column));
        }
    }
    let offset = n / width * width;
    if offset < n && !repeats_biases(pieces, width, offset) {
        used.push(offset);
    }
    // So it is with all parameters together.
    let seen = different(pieces.iter().map(|piece| (piece.group, piece.row)), used.len());
    if seen.len() < used.len() {
        let select = |row: Vec<f64>| used.iter().map(|&column| row[column]).collect();
        let columns = spread(seen.into_iter().map(select).collect(), used.len());
        used = columns.into_iter().map(|column| used[column]).collect();
    }
    used
}

/// Whether the column of w0 is zero or a sum of hidden nodes' bias columns, each with a factor −1, 0 or 1.
fn repeats_biases(pieces: &[Local<'_>], width: usize, offset: usize) -> bool {
    let nodes = offset / width;
    // Three factors a node.
    (0..3usize.pow(nodes.min(6) as u32)).any(|mut number| {
        let mut factors = Vec::with_capacity(nodes);
        for _ in 0..nodes {
            factors.push([0.0, 1.0, -1.0][number % 3]);
            number /= 3;
        }
        pieces.iter().all(|piece| {
            let bias = |(node, factor): (usize, &f64)| factor * piece.row[node * width + width - 1];
            let sum: f64 = factors.iter().enumerate().map(bias).sum();
            sum == piece.row[offset]
        })
    })
}

/// The first rows that differ by more than sign, at most so many. Rows of different groups do
/// even where their floats are equal.
fn different<'a>(rows: impl Iterator<Item = (u32, &'a [f64])>, most: usize) -> Vec<Vec<f64>> {
    let mut seen: Vec<(u32, &[f64])> = Vec::with_capacity(most);
    for (group, row) in rows {
        let is_same = |(other, known): &(u32, &[f64])| {
            *other == group && (*known == row || known.iter().zip(row).all(|(a, b)| *a == -*b))
        };
        if seen.len() == most {
            break;
        }
        if !seen.iter().any(is_same) {
            seen.push((group, row));
        }
    }
    seen.into_iter().map(|(_, row)| row.to_vec()).collect()
}

/// As many columns as there are rows, by elimination; any choice is sound, as a singular one
/// gives no bound.
fn spread(mut rows: Vec<Vec<f64>>, width: usize) -> Vec<usize> {
    let mut columns: Vec<usize> = Vec::new();
    for step in 0..rows.len() {
        let largest = (0..width)
            .filter(|column| !columns.contains(column))
            .max_by(|&a, &b| rows[step][a].abs().total_cmp(&rows[step][b].abs()))
            .expect("fewer rows than columns");
        columns.push(largest);
        let pivot = rows[step].clone();
        if pivot[largest] == 0.0 {
            continue;
        }
        for row in &mut rows[step + 1..] {
            let factor = row[largest] / pivot[largest];
            row.iter_mut().zip(&pivot).for_each(|(value, above)| *value -= factor * above);
        }
    }
    columns.sort_unstable();
    columns
}

/// An upper bound of the norm of H̃⁻¹ for H̃ = Σ weight·φφ' over the coordinates `used`.
///
/// If R is any matrix and |I − RH̃| ≤ ρ < 1 in the row-sum norm, then |H̃⁻¹| ≤ |R|/(1 − ρ).
fn inverse_norm(pieces: &[Local<'_>], used: &[usize], unit: f64) -> Option<f64> {
    let n = used.len();
    let mut matrix = vec![0.0; n * n];
    let mut sizes = vec![0.0; n * n];
    for piece in pieces {
        for (i, &a) in used.iter().enumerate() {
            let weighted = piece.weight * piece.row[a];
            if weighted == 0.0 {
                continue;
            }
            for (j, &b) in used.iter().enumerate() {
                matrix[i * n + j] += weighted * piece.row[b];
                sizes[i * n + j] += (weighted * piece.row[b]).abs();
            }
        }
    }
    let inverse = foldline_geometry::quadratic::inverse(&matrix, n)?;
    let (mut deviation, mut norm) = (0.0f64, 0.0f64);
    for i in 0..n {
        let row = &inverse[i * n..(i + 1) * n];
        let mut line = 0.0;
        for j in 0..n {
            let (mut sum, mut size) = (0.0, 0.0);
            for k in 0..n {
                sum += row[k] * matrix[k * n + j];
                size += row[k].abs() * sizes[k * n + j];
            }
            let one = if i == j { 1.0 } else { 0.0 };
            line += (one - sum).abs() + unit * (size + one);
        }
        deviation = deviation.max(line);
        norm = norm.max(row.iter().map(|value| value.abs()).sum());
    }
    (deviation < 0.5).then_some(2.0 * norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_geometry::quadratic::{dual_active_set, stationary};
    use foldline_kernel::{Integer, Rational};
    use proptest::prelude::*;

    proptest! {
        /// The bound is never above the exact minimum over the active constraints' cone, and near it.
        #[test]
        fn the_bound_is_sound_and_near(
            data in proptest::collection::vec((-9i32..10, -9i32..10, -9i32..10, 1i32..4), 2..9),
            rows in proptest::collection::vec((-4i32..5, -4i32..5, -4i32..5), 0..4),
        ) {
            let float = |row: (i32, i32, i32)| vec![row.0.into(), row.1.into(), row.2.into()];
            let terms: Vec<Term> = data.iter().zip(0..).map(|(&(a, b, label, count), group)| Term {
                group, row: float((a, b, 1)), count: count.into(), label_sum: label.into(),
            }).collect();
            let rows: Vec<Vec<f64>> = rows.into_iter().map(float).collect();
            let (mut hessian, mut linear) = (vec![0.0; 9], vec![0.0; 3]);
            for term in &terms {
                for i in 0..3 {
                    linear[i] += term.label_sum * term.row[i];
                    (0..3).for_each(|j| hessian[3 * i + j] += term.count * term.row[i] * term.row[j]);
                }
            }
            let mut shifted = hessian.clone();
            (0..3).for_each(|i| shifted[4 * i] += 1e-9);
            let Some(guess) = dual_active_set(&shifted, &linear, &rows, |_| false) else {
                return Ok(());
            };
            let integers = |values: &[f64]| -> Vec<Integer> {
                values.iter().map(|&value| Integer::from(value as i64)).collect()
            };
            let active: Vec<Vec<Integer>> =
                guess.active.iter().map(|&index| integers(&rows[index])).collect();
            let exact = stationary(&integers(&hessian), &integers(&linear), &active).unwrap();
            let value = exact.value(&integers(&linear));
            let mut pieces: Vec<Piece<'_>> = terms.iter().map(Piece::Square).collect();
            let active_rows = guess.active.iter().zip(&guess.multipliers);
            pieces.extend(active_rows.map(|(&row, &by)| Piece::Constraint(&rows[row], 9 + row as u32, by)));
            let bound = sound_bound(&pieces, (0.0, 0), &guess.point, 2);
            if exact.multipliers.iter().all(|multiplier| *multiplier >= Integer::ZERO) {
                let float = |value: f64| Rational::try_from(value).unwrap();
                prop_assert!(bound == f64::NEG_INFINITY || float(bound) <= value);
                // Where the squares are singular, the shift moves the guess.
                let [a, b, c, _, d, e, _, _, f] = hessian[..] else { unreachable!() };
                let determinant = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d);
                if bound.is_finite() && determinant > 0.5 {
                    prop_assert!(bound >= value.to_f64().value() - 1e-6 * (1.0 + bound.abs()));
                }
            }
        }
    }
}
