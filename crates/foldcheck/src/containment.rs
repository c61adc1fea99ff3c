//! Zonotope containment: a point outside with its normal, all facet normals gone through, or a tree of gauges.

use std::io::BufRead;

use foldline_kernel::number::{least_common_multiple, magnitude};
use foldline_kernel::{Integer, Natural, Rational, Zonotope};

use crate::certificate::{Certificate, Stop};
use crate::gauge_tree;
use crate::hyperplanes::every_normal_fits;
use crate::lines::{Fields, Reason};

/// `containment yes` or `containment no`: OUTER's file, INNER's file, then the proof.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut fields: Fields<'_>,
) -> Result<String, Stop> {
    let claim = fields.word()?.to_owned();
    fields.finish()?;
    let outer = certificate.file("outer")?.zonotope()?;
    let inner = certificate.file("inner")?.zonotope()?;
    if outer.dimension() != inner.dimension() {
        return Err("the zonotopes have different dimensions".into());
    }
    match claim.as_str() {
        "no" => check_separation(certificate, &outer, &inner)?,
        "yes" => {
            let pair = Pair::new(&outer, &inner);
            let mut fields = certificate.lines.next_fields()?;
            match fields.word()? {
                "normals" => {
                    let coordinates = coordinates(fields, outer.dimension())?;
                    check_normals(certificate, &pair, &coordinates, outer.dimension())?;
                }
                "gauges" => {
                    fields.finish()?;
                    gauge_tree::check(certificate, &pair)?;
                }
                other => {
                    return Err(format!("expected `normals` or `gauges`, found `{other}`").into());
                }
            }
        }
        other => return Err(format!("expected `yes` or `no`, found `{other}`").into()),
    }
    certificate.end()?;
    Ok(claim)
}

/// The two zonotopes about OUTER's center, as integers over one denominator.
#[derive(Debug)]
pub struct Pair {
    /// OUTER's generators.
    pub outer: Vec<Vec<Integer>>,
    /// INNER's generators, then INNER's center minus OUTER's: OUTER − c is symmetric, so it holds
    /// INNER − c if and only if it holds all sums of these with coefficients in [−1, 1].
    pub inner: Vec<Vec<Integer>>,
}

impl Pair {
    fn new(outer: &Zonotope, inner: &Zonotope) -> Self {
        let shift = inner.center.iter().zip(&outer.center).map(|(a, b)| a - b).collect();
        let mut vectors = inner.generators.clone();
        vectors.push(shift);
        let numbers = outer.generators.iter().chain(&vectors).flatten();
        let common = numbers.fold(Natural::ONE, |common, value| {
            least_common_multiple(&common, value.denominator())
        });
        let scaled = |vector: &Vec<Rational>| -> Vec<Integer> {
            let factor = |value: &Rational| Integer::from(&common / value.denominator());
            vector.iter().map(|value| value.numerator() * factor(value)).collect()
        };
        Self {
            outer: outer.generators.iter().map(scaled).collect(),
            inner: vectors.iter().map(scaled).collect(),
        }
    }
}

/// u·v.
fn product(left: &[Rational], right: &[Rational]) -> Rational {
    left.iter().zip(right).fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
}

/// `point B_1 … B_n`, `normal U_1 … U_d`: c + Σ B_i g_i is beyond OUTER in the direction U.
fn check_separation<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    outer: &Zonotope,
    inner: &Zonotope,
) -> Result<(), Stop> {
    let coefficients = numbers(certificate, "point", inner.generators.len())?;
    let beyond = |value: &Rational| magnitude(value) > Rational::ONE;
    if coefficients.iter().any(beyond) {
        return Err("a coefficient of the point is not in [-1, 1]".into());
    }
    let mut point = inner.center.clone();
    for (coefficient, generator) in coefficients.iter().zip(&inner.generators) {
        for (coordinate, entry) in point.iter_mut().zip(generator) {
            *coordinate += coefficient * entry;
        }
    }
    let normal = numbers(certificate, "normal", outer.dimension())?;
    if product(&normal, &point) <= outer.support(&normal) {
        return Err("the normal does not separate the point from the outer zonotope".into());
    }
    Ok(())
}

/// A line of a word and so many rationals.
pub fn numbers<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    word: &str,
    count: usize,
) -> Result<Vec<Rational>, Reason> {
    let mut fields = certificate.lines.next_fields()?;
    fields.expect(word)?;
    rationals(fields, count)
}

/// The rest of a line as so many rationals.
pub fn rationals(mut fields: Fields<'_>, count: usize) -> Result<Vec<Rational>, Reason> {
    let values = (0..count).map(|_| fields.rational()).collect::<Result<Vec<_>, Reason>>()?;
    fields.finish()?;
    Ok(values)
}

/// The rest of a line as increasing coordinates.
fn coordinates(mut fields: Fields<'_>, dimension: usize) -> Result<Vec<usize>, Reason> {
    let mut coordinates: Vec<usize> = Vec::new();
    for field in fields.by_ref() {
        let index = crate::lines::index(field, dimension, "coordinate")?;
        if coordinates.last().is_some_and(|last| *last >= index) {
            return Err("the coordinates are not increasing".to_owned());
        }
        coordinates.push(index);
    }
    Ok(coordinates)
}

/// An `equation W_1 … W_r` for each other coordinate: on every vector it is Σ W_i x_i over the
/// listed ones. So everything lies in a subspace on which the listed coordinates are injective,
/// and containment is decided in them.
fn check_normals<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    pair: &Pair,
    coordinates: &[usize],
    dimension: usize,
) -> Result<(), Stop> {
    let pick = |vector: &Vec<Integer>| -> Vec<Integer> {
        coordinates.iter().map(|&index| vector[index].clone()).collect()
    };
    for other in (0..dimension).filter(|index| !coordinates.contains(index)) {
        let weights = numbers(certificate, "equation", coordinates.len())?;
        for vector in pair.outer.iter().chain(&pair.inner) {
            if certificate.lines.clock().ticks() {
                return Err("the time has run out".into());
            }
            let values: Vec<Rational> = pick(vector).into_iter().map(Rational::from).collect();
            if product(&weights, &values) != Rational::from(vector[other].clone()) {
                return Err(format!("the equation of coordinate {other} is violated").into());
            }
        }
    }
    if coordinates.is_empty() {
        return Ok(()); // both are the same point
    }
    let outer: Vec<Vec<Integer>> = pair.outer.iter().map(pick).collect();
    let inner: Vec<Vec<Integer>> = pair.inner.iter().map(pick).collect();
    Ok(every_normal_fits(&outer, &inner, certificate.lines.clock())?)
}
