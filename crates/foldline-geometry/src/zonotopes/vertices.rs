//! The vertices of a zonotope, one a cell of the arrangement of its generators.

use foldline_kernel::number::least_common_multiple;
use foldline_kernel::{Integer, Natural, Rational, Zonotope};

use super::cells::{Cells, IndexSet};
use super::entry::Entry;
use super::segments::{Segments, scaled};

/// All vertices, in no particular order but always the same; a vertex and its opposite alternate.
///
/// The vertex of a sign vector σ is c + Σ σ_i g_i [Z, §2]. A point (no generators but zero) is its
/// own vertex. `stop` is asked now and then; when it says so, there is no answer.
pub fn vertices(zonotope: &Zonotope, stop: &dyn Fn() -> bool) -> Option<Vec<Vec<Rational>>> {
    let segments = Segments::new(zonotope);
    if segments.directions.is_empty() {
        return Some(vec![segments.center]);
    }
    match segments.directions.len() {
        ..=64 => points::<u64>(&segments, stop),
        65..=128 => points::<u128>(&segments, stop),
        _ => points::<Vec<u64>>(&segments, stop),
    }
}

/// The number of vertices; see [`vertices`].
pub fn count_vertices(zonotope: &Zonotope, stop: &dyn Fn() -> bool) -> Option<u64> {
    let segments = Segments::new(zonotope);
    let directions = &segments.directions;
    let half = match directions.len() {
        0 => return Some(1),
        1..=64 => Cells::<u64>::new(directions, stop).half()?.len(),
        65..=128 => Cells::<u128>::new(directions, stop).half()?.len(),
        _ => Cells::<Vec<u64>>::new(directions, stop).half()?.len(),
    };
    Some(2 * half as u64)
}

fn points<S: IndexSet>(segments: &Segments, stop: &dyn Fn() -> bool) -> Option<Vec<Vec<Rational>>> {
    let half = Cells::<S>::new(&segments.directions, stop).half()?;
    let (lengths, common) = segments.integer_lengths();
    let common = segments
        .center
        .iter()
        .fold(common, |common, value| least_common_multiple(&common, value.denominator()));
    let center = scaled(&segments.center, &common);
    let factor = Integer::from(&common / segments.integer_lengths().1);
    let generators: Vec<Vec<Integer>> = segments
        .directions
        .iter()
        .zip(&lengths)
        .map(|(direction, length)| direction.iter().map(|p| p * length * &factor).collect())
        .collect();
    let mut found = Vec::with_capacity(2 * half.len());
    let largest = generators.iter().chain([&center]).flatten().map(Entry::bits).max().unwrap_or(0);
    let bits = largest.saturating_add(usize::BITS - generators.len().leading_zeros() + 1);
    if bits < <i64 as Entry>::LARGEST_BITS {
        let small = |vector: &Vec<Integer>| -> Vec<i64> {
            vector.iter().map(|entry| entry.small() as i64).collect()
        };
        let generators: Vec<Vec<i64>> = generators.iter().map(small).collect();
        let center = small(&center);
        for cell in &half {
            let mut arm = vec![0i64; center.len()];
            for (index, generator) in generators.iter().enumerate() {
                let sign = if cell.contains(index) { 1 } else { -1 };
                arm.iter_mut().zip(generator).for_each(|(sum, entry)| *sum += sign * entry);
            }
            for sign in [1, -1] {
                let point =
                    center.iter().zip(&arm).map(|(c, a)| ratio((c + sign * a).into(), &common));
                found.push(point.collect());
            }
        }
        return Some(found);
    }
    for cell in &half {
        let mut arm = vec![Integer::ZERO; center.len()];
        for (index, generator) in generators.iter().enumerate() {
            for (sum, entry) in arm.iter_mut().zip(generator) {
                if cell.contains(index) { *sum += entry } else { *sum -= entry }
            }
        }
        found.push(center.iter().zip(&arm).map(|(c, a)| ratio(c + a, &common)).collect());
        found.push(center.iter().zip(&arm).map(|(c, a)| ratio(c - a, &common)).collect());
    }
    Some(found)
}

fn ratio(numerator: Integer, denominator: &Natural) -> Rational {
    if *denominator == Natural::ONE {
        return numerator.into();
    }
    Rational::from_parts(numerator, denominator.clone())
}
