//! A vector orthogonal to given float rows, with an error bound: the maximal minors, in intervals.

use super::rows::Row;
use crate::directed::UNIT_ROUNDOFF;

/// The widest rows that [`orthogonal`] takes: it needs 2^W steps.
const MOST_COLUMNS: usize = 9;

/// A vector orthogonal to W − 1 rows with largest magnitude 1, and the error of each coordinate.
///
/// The exact rows are anywhere within the errors of the float ones; the sign is arbitrary.
/// `None` where too little is known. `minors` is room to work in, whatever it holds.
pub(super) fn orthogonal<const W: usize>(
    rows: &[&Row<W>],
    minors: &mut Vec<(f64, f64)>,
) -> Option<([f64; W], f64)> {
    if W > MOST_COLUMNS {
        return None;
    }
    // Middle and radius of the minors of the first rows, one for each set of columns.
    minors.resize(1 << W, (0.0, 0.0));
    minors[0] = (1.0, 0.0);
    // Sets of k + 1 columns come after their subsets if all sets are gone through in order.
    for set in 1usize..(1 << W) - 1 {
        let row = rows[set.count_ones() as usize - 1];
        let (mut middle, mut radius, mut sign) = (0.0, 0.0, 1.0);
        let mut rest = set;
        while rest != 0 {
            let column = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let (value, error) = minors[set & !(1 << column)];
            let entry = row.coefficients[column];
            middle += sign * entry * value;
            radius += entry.abs() * error + row.error * (value.abs() + error);
            // Roundings of the product and of at most W sums.
            radius += (W + 3) as f64 * UNIT_ROUNDOFF * (entry * value).abs();
            sign = -sign;
        }
        minors[set] = (middle, radius * (1.0 + 1e-9) + 1e-300);
    }
    let all = (1 << W) - 1;
    let mut vector = [0.0; W];
    let (mut largest, mut error, mut sign) = (0.0f64, 0.0f64, 1.0);
    for column in 0..W {
        let (middle, radius) = minors[all & !(1 << column)];
        vector[column] = sign * middle;
        largest = largest.max(middle.abs());
        error = error.max(radius);
        sign = -sign;
    }
    let scale = 1.0 / largest;
    vector.iter_mut().for_each(|value| *value *= scale);
    let error = error * scale * 1.001 + 4.0 * UNIT_ROUNDOFF;
    (error < 1.0).then_some((vector, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrangements::rows::Numbers;
    use crate::integer::null_vector;
    use foldline_kernel::Integer;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn encloses_the_exact_vector(
            numbers in prop::collection::vec(prop::collection::vec(-9i64..10, 4), 3)
        ) {
            let floats: Vec<Row<4>> = numbers
                .iter()
                .map(|row| Row::new(&row.iter().map(|&x| x as f64).collect::<Vec<_>>(), 0.0))
                .collect();
            let rows: Vec<&Row<4>> = floats.iter().collect();
            let exact = numbers.iter().map(|row| row.iter().map(|&x| Integer::from(x)).collect());
            let exact = null_vector::<Integer>(exact, 4).unwrap();
            match (orthogonal(&rows, &mut Vec::new()), exact) {
                (Some((vector, error)), Some(exact)) => {
                    let mut expected = [0.0; 4];
                    Numbers::new(exact).to_floats(&mut expected);
                    let near = |sign: f64| {
                        (0..4).all(|i| (sign * vector[i] - expected[i]).abs() <= error + 1e-15)
                    };
                    prop_assert!(near(1.0) || near(-1.0), "{:?} {:?}", vector, expected);
                    prop_assert!(error < 1e-11);
                }
                (found, exact) => prop_assert!(found.is_none() && exact.is_none()),
            }
        }
    }
}
