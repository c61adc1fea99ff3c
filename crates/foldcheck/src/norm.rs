//! The largest norm of a zonotope: a vertex that attains it, and a reason why no point has a larger one.

use std::io::BufRead;

use foldline_formats::matrix::parse_matrix;
use foldline_kernel::number::{Signed, least_common_multiple, magnitude};
use foldline_kernel::{Integer, Natural, Rational, Zonotope};

use crate::certificate::{Certificate, Stop};
use crate::clock::Clock;
use crate::lines::{Fields, index, rational};
use crate::norm_bound::{LARGEST_TERM, Longest, Power, at_least};
use crate::norm_cones;
use crate::signed_sums::all_fit;

/// More coordinates than this have too many sign vectors to be gone through.
const MOST_SIGNED_COORDINATES: usize = 40;

/// What is measured.
#[derive(Debug)]
enum Norm {
    Power(Power),
    Infinity,
    /// max |a·x| over rows a.
    Rows(Vec<Vec<Rational>>),
}

/// What is claimed of the largest norm.
#[derive(Debug)]
enum Claim {
    Value(Rational),
    Square(Rational),
    Between(Rational, Rational),
}

/// `norm P value V`, `norm 2 square V`, `norm P between L U`: the zonotope's file, perhaps that of a
/// matrix, the vertex, and one of `directions`, `signs`, `cones`.
pub fn check<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    mut fields: Fields<'_>,
) -> Result<String, Stop> {
    let words: Vec<&str> = fields.by_ref().collect();
    let said = words.join(" ");
    let claim = claim(&words)?;
    let zonotope = certificate.file("zonotope")?.zonotope()?;
    let norm = match words[0] {
        "inf" => Norm::Infinity,
        "matrix" => {
            let content = certificate.file("matrix")?;
            let matrix = parse_matrix(&content.name, &content.bytes)?;
            if matrix.columns != zonotope.dimension() || matrix.rows == 0 {
                return Err("the matrix does not fit the zonotope".into());
            }
            Norm::Rows((0..matrix.rows).map(|row| matrix.row(row).to_vec()).collect())
        }
        p => Norm::Power(power(p)?),
    };
    check_vertex(certificate, &zonotope, &norm, &claim)?;
    let mut fields = certificate.lines.next_fields()?;
    let scheme = fields.word()?.to_owned();
    fields.finish()?;
    match (scheme.as_str(), &norm, &claim) {
        ("directions", _, Claim::Value(value)) => {
            check_directions(&zonotope, &norm, value, certificate.lines.clock())?;
        }
        ("signs" | "cones", Norm::Power(power), claim) => {
            let largest = match claim {
                Claim::Value(value) | Claim::Square(value) | Claim::Between(_, value) => value,
            };
            let (vectors, common) = vectors(&zonotope);
            let longest = Longest::new(*power, largest, &common);
            let scale = longest.unit() / Integer::from(common);
            let scaled = |vector: &Vec<Integer>| vector.iter().map(|v| v * &scale).collect();
            let vectors: Vec<Vec<Integer>> = vectors.iter().map(scaled).collect();
            if scheme == "cones" {
                norm_cones::check(certificate, zonotope.dimension(), &vectors, &longest)?;
            } else {
                let zero = vec![Integer::ZERO; zonotope.dimension()];
                let free: Vec<&[Integer]> = vectors.iter().map(Vec::as_slice).collect();
                if !all_fit(&longest, &zero, &free, certificate.lines.clock()) {
                    return Err("a sum with signs has a larger norm".into());
                }
            }
        }
        ("directions" | "signs" | "cones", ..) => {
            return Err(format!("`{scheme}` is no proof of such a claim").into());
        }
        (other, ..) => {
            let expected = "expected `directions`, `signs` or `cones`";
            return Err(format!("{expected}, found `{other}`").into());
        }
    }
    certificate.end()?;
    Ok(said)
}

/// Reads the claim, whose first word says the norm.
fn claim(words: &[&str]) -> Result<Claim, Stop> {
    let claim = match *words {
        ["1" | "inf" | "matrix", "value", value] => Claim::Value(rational(value)?),
        ["2", "square", value] => Claim::Square(rational(value)?),
        [p, "between", lower, upper] if !["1", "2", "inf", "matrix"].contains(&p) => {
            Claim::Between(rational(lower)?, rational(upper)?)
        }
        _ => return Err("there is no such claim about norms".into()),
    };
    let (Claim::Value(least) | Claim::Square(least) | Claim::Between(least, _)) = &claim;
    if least.is_negative() {
        return Err("a norm is not negative".into());
    }
    Ok(claim)
}

/// p = a/b ≥ 1 in lowest terms.
fn power(text: &str) -> Result<Power, Stop> {
    let p = rational(text)?;
    let limit = LARGEST_TERM + 1;
    let numerator = index(&p.numerator().to_string(), limit, "numerator of p")?;
    let denominator = index(&p.denominator().to_string(), limit, "denominator of p")?;
    match (numerator, denominator) {
        (1, 1) => Ok(Power::One),
        (2, 1) => Ok(Power::Two),
        (a, b) if a > b => Ok(Power::Ratio(a, b)),
        _ => Err("p is below 1".into()),
    }
}

/// `vertex S_1 … S_n`: the point c + Σ ±g_i has the norm, or at least the lower bound.
fn check_vertex<R: BufRead>(
    certificate: &mut Certificate<'_, R>,
    zonotope: &Zonotope,
    norm: &Norm,
    claim: &Claim,
) -> Result<(), Stop> {
    let mut fields = certificate.lines.next_fields()?;
    fields.expect("vertex")?;
    let mut point = zonotope.center.clone();
    for generator in &zonotope.generators {
        let is_positive = match fields.word()? {
            "+" => true,
            "-" => false,
            other => return Err(format!("expected `+` or `-`, found `{other}`").into()),
        };
        for (coordinate, entry) in point.iter_mut().zip(generator) {
            if is_positive { *coordinate += entry } else { *coordinate -= entry }
        }
    }
    fields.finish()?;
    let magnitudes = || point.iter().map(magnitude);
    let reached = match (norm, claim) {
        (Norm::Power(Power::Ratio(a, b)), Claim::Between(lower, _)) => {
            at_least(*a, *b, &point, lower)
        }
        (Norm::Power(Power::Two), Claim::Square(square)) => {
            point.iter().fold(Rational::ZERO, |sum, v| sum + v * v) == *square
        }
        (Norm::Power(Power::One), Claim::Value(value)) => {
            magnitudes().fold(Rational::ZERO, |sum, v| sum + v) == *value
        }
        (Norm::Infinity, Claim::Value(value)) => magnitudes().max().as_ref() == Some(value),
        (Norm::Rows(rows), Claim::Value(value)) => {
            let along = |row: &Vec<Rational>| magnitude(&product(row, &point));
            rows.iter().map(along).max().as_ref() == Some(value)
        }
        _ => false,
    };
    if reached { Ok(()) } else { Err("the norm of the vertex is another one".into()) }
}

fn product(left: &[Rational], right: &[Rational]) -> Rational {
    left.iter().zip(right).fold(Rational::ZERO, |sum, (a, b)| sum + a * b)
}

/// The norm is the largest a·x over few a: |a·c| + Σ |a·g_i| must be at most the value for each.
fn check_directions(
    zonotope: &Zonotope,
    norm: &Norm,
    value: &Rational,
    clock: &Clock<'_>,
) -> Result<(), Stop> {
    let dimension = zonotope.dimension();
    let reach = |direction: &[Rational]| {
        let vectors = zonotope.generators.iter().chain([&zonotope.center]);
        vectors.fold(Rational::ZERO, |sum, v| sum + magnitude(&product(v, direction)))
    };
    let larger = match norm {
        Norm::Rows(rows) => rows.iter().any(|row| clock.strikes() || reach(row) > *value),
        Norm::Infinity => (0..dimension).any(|coordinate| {
            let vectors = zonotope.generators.iter().chain([&zonotope.center]);
            clock.strikes()
                || vectors.fold(Rational::ZERO, |sum, v| sum + magnitude(&v[coordinate])) > *value
        }),
        Norm::Power(Power::One) => signed_coordinates_exceed(zonotope, value, clock)?,
        Norm::Power(_) => return Err("there are no such directions for this norm".into()),
    };
    if larger { Err("the norm is larger in some direction".into()) } else { Ok(()) }
}

/// Whether Σ |u·v| over the vectors is more than the value for some u ∈ {±1}^d, one sign changing
/// at a time; opposite ones say the same.
fn signed_coordinates_exceed(
    zonotope: &Zonotope,
    value: &Rational,
    clock: &Clock<'_>,
) -> Result<bool, Stop> {
    let dimension = zonotope.dimension();
    if dimension > MOST_SIGNED_COORDINATES {
        return Err("there are too many sign vectors of coordinates".into());
    }
    let (vectors, common) = vectors(zonotope);
    let limit = (value * Rational::from(common)).floor();
    let total = |sums: &[Integer]| {
        sums.iter().fold(Integer::ZERO, |total, sum| total + crate::norm_bound::absolute(sum))
    };
    let mut negative = vec![false; dimension];
    let mut sums: Vec<Integer> =
        vectors.iter().map(|vector| vector.iter().fold(Integer::ZERO, |s, v| s + v)).collect();
    for step in 1u64.. {
        if clock.ticks() || total(&sums) > limit {
            return Ok(true);
        }
        let changed = 1 + step.trailing_zeros() as usize;
        if changed >= dimension {
            break;
        }
        negative[changed] ^= true;
        for (sum, vector) in sums.iter_mut().zip(&vectors) {
            let twice = &vector[changed] << 1;
            if negative[changed] { *sum -= twice } else { *sum += twice }
        }
    }
    Ok(false)
}

/// The generators, parallel ones merged, and the center, as integers over a denominator.
///
/// The largest |sum| of vectors with signs stays the same if those that are multiples of each other
/// are replaced by one, the sum of them pointing one way.
fn vectors(zonotope: &Zonotope) -> (Vec<Vec<Integer>>, Natural) {
    let all = || zonotope.generators.iter().chain([&zonotope.center]);
    let common = all()
        .flatten()
        .fold(Natural::ONE, |common, value| least_common_multiple(&common, value.denominator()));
    let scaled = |vector: &Vec<Rational>| -> Vec<Integer> {
        let factor = |value: &Rational| Integer::from(&common / value.denominator());
        vector.iter().map(|value| value.numerator() * factor(value)).collect()
    };
    let mut merged: std::collections::HashMap<Vec<Rational>, usize> = Default::default();
    let mut vectors: Vec<Vec<Integer>> = Vec::new();
    for vector in all().map(scaled) {
        let Some(first) = vector.iter().find(|value| !value.is_zero()).cloned() else { continue };
        let along = |value: &Integer| Rational::from(value.clone()) / Rational::from(first.clone());
        let key: Vec<Rational> = vector.iter().map(along).collect();
        let place = *merged.entry(key).or_insert(vectors.len());
        let Some(earlier) = vectors.get_mut(place) else {
            vectors.push(vector);
            continue;
        };
        let leads = earlier.iter().find(|value| !value.is_zero()).expect("not zero");
        let same = leads.is_negative() == first.is_negative();
        for (sum, value) in earlier.iter_mut().zip(&vector) {
            if same { *sum += value } else { *sum -= value }
        }
    }
    (vectors, common)
}
