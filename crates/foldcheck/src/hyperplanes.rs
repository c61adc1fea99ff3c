//! All hyperplanes that vectors span, by plain depth-first elimination, and a test of each one's normal.

use foldline_kernel::Integer;
use foldline_kernel::number::{Gcd, Signed};

use crate::clock::Clock;
use crate::lines::Reason;

/// Vectors with a copy in 128 bits, if they fit.
struct Vectors {
    exact: Vec<Vec<Integer>>,
    small: Option<Vec<Vec<i128>>>,
}

impl Vectors {
    fn new(vectors: &[Vec<Integer>]) -> Self {
        let nonzero = vectors.iter().filter(|vector| !vector.iter().all(Integer::is_zero));
        let exact: Vec<Vec<Integer>> = nonzero.cloned().collect();
        let small = |vector: &Vec<Integer>| small(vector);
        Self { small: exact.iter().map(small).collect(), exact }
    }

    /// Σ |u·v|.
    fn width(&self, normal: &[Integer]) -> Integer {
        if let (Some(vectors), Some(normal)) = (&self.small, small(normal))
            && let Some(width) = small_width(vectors, &normal)
        {
            return width.into();
        }
        self.exact.iter().fold(Integer::ZERO, |sum, vector| {
            let value = product(vector, normal);
            if value.is_negative() { sum - value } else { sum + value }
        })
    }
}

fn small(vector: &[Integer]) -> Option<Vec<i128>> {
    vector.iter().map(|entry| i128::try_from(entry).ok()).collect()
}

/// Σ |u·v|, unless something does not fit.
fn small_width(vectors: &[Vec<i128>], normal: &[i128]) -> Option<i128> {
    vectors.iter().try_fold(0i128, |sum, vector| {
        let value = vector
            .iter()
            .zip(normal)
            .try_fold(0i128, |value, (a, b)| value.checked_add(a.checked_mul(*b)?))?;
        sum.checked_add(value.checked_abs()?)
    })
}

fn product(left: &[Integer], right: &[Integer]) -> Integer {
    left.iter().zip(right).fold(Integer::ZERO, |sum, (a, b)| sum + a * b)
}

/// Whether Σ |u·a| over `inner` is at most Σ |u·b| over `outer` for the normals u of all
/// hyperplanes that vectors of `outer` span, which must have full rank (at least 1).
pub fn every_normal_fits(
    outer: &[Vec<Integer>],
    inner: &[Vec<Integer>],
    clock: &Clock<'_>,
) -> Result<(), Reason> {
    let rank = outer.first().map_or(0, Vec::len);
    let unit = |index: usize| -> Vec<Integer> {
        (0..rank).map(|other| Integer::from(u8::from(other == index))).collect()
    };
    let mut walk =
        Walk { outer: Vectors::new(outer), inner: Vectors::new(inner), full: false, clock };
    walk.descend((0..rank).map(unit).collect(), 0)?;
    if walk.full {
        Ok(())
    } else {
        Err("the outer generators do not span the coordinates".to_owned())
    }
}

struct Walk<'c> {
    outer: Vectors,
    inner: Vectors,
    /// Whether some outer vector is outside of a hyperplane: then the rank is full.
    full: bool,
    clock: &'c Clock<'c>,
}

impl Walk<'_> {
    /// All ways to go on from the functions that vanish on the vectors chosen so far, a basis of
    /// the space of such functions, with vectors from `next` on.
    fn descend(&mut self, functions: Vec<Vec<Integer>>, next: usize) -> Result<(), Reason> {
        if let [normal] = functions.as_slice() {
            return self.test(normal);
        }
        for index in next..self.outer.exact.len() {
            if self.clock.strikes() {
                return Err("the time has run out".to_owned());
            }
            let vector = &self.outer.exact[index];
            let values: Vec<Integer> =
                functions.iter().map(|function| product(function, vector)).collect();
            let Some(pivot) = values.iter().position(|value| !value.is_zero()) else { continue };
            let others = (0..functions.len()).filter(|&other| other != pivot);
            let rest = others
                .map(|other| {
                    let pairs = functions[other].iter().zip(&functions[pivot]);
                    let combined = pairs.map(|(g, f)| &values[pivot] * g - &values[other] * f);
                    without_content(combined.collect())
                })
                .collect();
            self.descend(rest, index + 1)?;
        }
        Ok(())
    }

    fn test(&mut self, normal: &[Integer]) -> Result<(), Reason> {
        let outer = self.outer.width(normal);
        if self.inner.width(normal) > outer {
            let normal: Vec<String> = normal.iter().map(Integer::to_string).collect();
            return Err(format!("the inner zonotope is larger at the normal {}", normal.join(" ")));
        }
        self.full |= !outer.is_zero();
        Ok(())
    }
}

/// A vector that is not zero, divided by the greatest common divisor of its entries.
fn without_content(vector: Vec<Integer>) -> Vec<Integer> {
    let mut entries = vector.iter().filter(|entry| !entry.is_zero());
    let Some(first) = entries.next() else { return vector };
    let content = entries.fold(first.clone(), |content, entry| content.gcd(entry).into());
    vector.iter().map(|entry| entry / &content).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vectors(rows: &[&[i64]]) -> Vec<Vec<Integer>> {
        rows.iter().map(|row| row.iter().map(|&value| value.into()).collect()).collect()
    }

    fn fits(outer: &[Vec<Integer>], inner: &[Vec<Integer>]) -> Result<(), Reason> {
        every_normal_fits(outer, inner, &Clock::new(&|| false))
    }

    #[test]
    fn a_square_and_a_diamond() {
        let square = vectors(&[&[1, 0], &[0, 1], &[0, 0]]);
        let diamond = vectors(&[&[1, 1], &[1, -1]]);
        assert!(fits(&diamond, &square).is_ok());
        let error = fits(&square, &diamond).unwrap_err();
        assert!(error.contains("larger at the normal"), "{error}");
        let huge: Vec<Vec<Integer>> =
            diamond.iter().map(|v| v.iter().map(|entry| entry << 200).collect()).collect();
        assert!(fits(&huge, &diamond).is_ok());
        assert!(fits(&diamond, &huge).is_err());
    }

    #[test]
    fn too_few_generators_prove_nothing() {
        let line = vectors(&[&[1, 1, 0], &[2, 2, 0]]);
        assert!(fits(&line, &vectors(&[&[0, 0, 1]])).is_err());
        let plane = vectors(&[&[1, 1, 0], &[1, 2, 0]]);
        assert!(fits(&plane, &vectors(&[&[1, 0, 0]])).is_err());
    }
}
