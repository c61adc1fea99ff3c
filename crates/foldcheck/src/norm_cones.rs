//! Norms bounded by cones of directions: a tree that splits the orthants, with a linear function or all signs at each leaf.

use std::io::BufRead;
use std::rc::Rc;

use foldline_kernel::number::{BitTest, Signed};
use foldline_kernel::{Integer, Rational};

use crate::certificate::{Certificate, Stop};
use crate::clock::Clock;
use crate::containment::rationals;
use crate::lines::{Fields, Reason};
use crate::norm_bound::{Longest, absolute};
use crate::signed_sums::all_fit;

/// More dimensions have too many orthants.
const MOST_DIMENSIONS: usize = 20;

/// Deeper trees are refused.
const DEEPEST: usize = 10_000;

/// A direction, with what the vectors are there.
struct Ray {
    direction: Vec<Integer>,
    /// The signs of the products with the vectors.
    signs: Vec<i8>,
    /// h = Σ |u·v| over the vectors, in the units of the norm.
    support: Integer,
}

impl Ray {
    fn new(vectors: &[Vec<Integer>], direction: Vec<Integer>) -> Rc<Self> {
        let small = |vector: &[Integer]| -> Option<Vec<i128>> {
            vector.iter().map(|v| i64::try_from(v).ok().map(i128::from)).collect()
        };
        let narrow = small(&direction);
        let mut signs = Vec::with_capacity(vectors.len());
        let mut support = Integer::ZERO;
        for vector in vectors {
            let product: Integer = match (&narrow, small(vector)) {
                (Some(a), Some(b)) => a.iter().zip(&b).map(|(a, b)| Integer::from(a * b)).sum(),
                _ => vector.iter().zip(&direction).map(|(a, b)| a * b).sum(),
            };
            signs.push(i8::from(product > Integer::ZERO) - i8::from(product.is_negative()));
            support += absolute(&product);
        }
        Rc::new(Self { direction, signs, support })
    }

    /// How many bits the largest coordinate has.
    fn bits(&self) -> usize {
        self.direction.iter().map(BitTest::bit_len).max().unwrap_or(0)
    }
}

type Cone = Vec<Rc<Ray>>;

/// The trees of all orthants whose first coordinate is not negative, one after another.
///
/// h is even and at most the linear function of w on a cone where it is on the rays; so a point of
/// the zonotope that has norm u·z, with u of dual norm 1 in this cone, has at most the norm of w.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    dimension: usize,
    vectors: &[Vec<Integer>],
    longest: &Longest,
) -> Result<(), Stop> {
    if dimension > MOST_DIMENSIONS {
        return Err("there are too many orthants".into());
    }
    let axis = |coordinate: usize, sign: i8| {
        let entry = |other| Integer::from(if other == coordinate { sign } else { 0 });
        Ray::new(vectors, (0..dimension).map(entry).collect())
    };
    let positive: Cone = (0..dimension).map(|coordinate| axis(coordinate, 1)).collect();
    let negative: Cone = (0..dimension).map(|coordinate| axis(coordinate, -1)).collect();
    for orthant in 0..1usize << (dimension - 1) {
        let pick = |coordinate: usize| {
            let is_negative = coordinate > 0 && orthant >> (coordinate - 1) & 1 == 1;
            Rc::clone(if is_negative { &negative[coordinate] } else { &positive[coordinate] })
        };
        let mut open: Vec<Cone> = vec![(0..dimension).map(pick).collect()];
        while let Some(cone) = open.pop() {
            let mut fields = certificate.lines.next_fields()?;
            match fields.word()? {
                "split" if open.len() < DEEPEST => open.extend(halves(fields, &cone, vectors)?),
                "above" => check_above(fields, &cone, longest)?,
                "signs" => {
                    fields.finish()?;
                    check_signs(&cone, vectors, longest, certificate.lines.clock())?;
                }
                other => {
                    let expected = "expected `split`, `above` or `signs`";
                    return Err(format!("{expected}, found `{other}`").into());
                }
            }
        }
    }
    Ok(())
}

/// `split I J`: the new ray is the sum of two, each scaled so that its largest coordinate is in [1, 2).
fn halves(
    mut fields: Fields<'_>,
    cone: &Cone,
    vectors: &[Vec<Integer>],
) -> Result<[Cone; 2], Reason> {
    let first = fields.index(cone.len(), "ray")?;
    let second = fields.index(cone.len(), "ray")?;
    fields.finish()?;
    if first == second {
        return Err("an edge has two rays".to_owned());
    }
    let (a, b) = (&cone[first], &cone[second]);
    let most = a.bits().max(b.bits());
    let (left, right) = (most - a.bits(), most - b.bits());
    let pairs = a.direction.iter().zip(&b.direction);
    let mut sum: Vec<Integer> = pairs.map(|(x, y)| (x << left) + (y << right)).collect();
    let zeros = sum.iter().filter_map(Integer::trailing_zeros).min().unwrap_or(0);
    sum.iter_mut().for_each(|value| *value >>= zeros);
    let ray = Ray::new(vectors, sum);
    let with = |replaced: usize| {
        let mut cone = cone.clone();
        cone[replaced] = Rc::clone(&ray);
        cone
    };
    Ok([with(second), with(first)]) // the last one is looked at first
}

/// `above W_1 … W_d`: W·v ≥ h(v) at every ray, and the norm of W is at most the largest.
fn check_above(fields: Fields<'_>, cone: &Cone, longest: &Longest) -> Result<(), Reason> {
    let vector = rationals(fields, cone.len())?;
    let unit = Rational::from(longest.unit().clone());
    for ray in cone {
        let pairs = vector.iter().zip(&ray.direction);
        let value = pairs.fold(Rational::ZERO, |sum, (w, v)| sum + w * Rational::from(v.clone()));
        if value * &unit < Rational::from(ray.support.clone()) {
            return Err("the vector is not above the support function at a ray".to_owned());
        }
    }
    if longest.holds_of(&vector) { Ok(()) } else { Err("the vector has a larger norm".to_owned()) }
}

/// `signs`: every sum of the vectors whose signs agree with those on the rays is short enough.
fn check_signs(
    cone: &Cone,
    vectors: &[Vec<Integer>],
    longest: &Longest,
    clock: &Clock<'_>,
) -> Result<(), Reason> {
    let mut start = vec![Integer::ZERO; cone.len()];
    let mut free: Vec<&[Integer]> = Vec::new();
    for (index, vector) in vectors.iter().enumerate() {
        let any = |sign: i8| cone.iter().any(|ray| ray.signs[index] == sign);
        let pairs = start.iter_mut().zip(vector);
        match (any(1), any(-1)) {
            (true, true) => free.push(vector),
            (false, true) => pairs.for_each(|(sum, value)| *sum -= value),
            _ => pairs.for_each(|(sum, value)| *sum += value),
        }
    }
    if all_fit(longest, &start, &free, clock) {
        Ok(())
    } else {
        Err("a sum with these signs has a larger norm".to_owned())
    }
}
