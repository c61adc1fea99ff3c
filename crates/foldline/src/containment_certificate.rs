//! Certificates of zonotope containment, both ways.

use std::path::Path;

use foldline_geometry::zonotopes::{Segments, Span};
use foldline_kernel::{Integer, Rational, Zonotope};
use foldline_questions::containment::Verdict;
use foldline_questions::containment::proof::gauge_tree;

use crate::certificate::{CertificateError, header};
use crate::certificate_file::{CertificateFile, Destination};

/// The files that the statement is about.
#[derive(Debug, Clone, Copy)]
pub struct Paths<'a> {
    /// The outer zonotope's file.
    pub outer: &'a Path,
    /// The inner zonotope's file.
    pub inner: &'a Path,
}

/// How a proof of containment goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Whichever the checker should have less work with.
    #[default]
    Cheaper,
    /// The checker goes through all facet normals of OUTER: short, and long to check.
    Normals,
    /// A tree over the signs of INNER's generators: longer, and quick to check where they are few.
    Gauges,
}

/// More products than this are too many for a checker that goes through normals.
const MOST_PRODUCTS: f64 = 1e9;

/// More generators than this make a tree too large, if it is full.
const MOST_SIGNS: usize = 20;

/// Writes a certificate of the verdict to `target`; of an undecided one, none.
///
/// A tree of gauges is made on so many `threads`. `stop` is asked now and then; when it says so, no certificate is written. Returns whether one
/// was.
///
/// # Errors
/// If a file cannot be read or written.
pub fn write<'d>(
    outer: &Zonotope,
    inner: &Zonotope,
    verdict: &Verdict,
    paths: Paths<'_>,
    target: impl Into<Destination<'d>>,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Result<bool, CertificateError> {
    let claim = if *verdict == Verdict::Contained { "yes" } else { "no" };
    let Some(body) = body(outer, inner, verdict, Scheme::Cheaper, threads, stop) else {
        return Ok(false);
    };
    let files = [("outer", paths.outer), ("inner", paths.inner)];
    let target = target.into();
    let mut file = CertificateFile::create(target)?;
    file.text(&header("containment", claim, &files, target)?)?;
    file.text(&body)?;
    file.finish()?;
    Ok(true)
}

/// What comes after the lines of the files, `end` included.
///
/// There is none of an undecided verdict, none if `stop` says so, and no tree of gauges where
/// INNER is not contained.
pub fn body(
    outer: &Zonotope,
    inner: &Zonotope,
    verdict: &Verdict,
    scheme: Scheme,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<String> {
    let proof = match verdict {
        Verdict::Separated(separation) => {
            let coefficients = words(&separation.coefficients);
            format!("point{coefficients}\nnormal{}\n", words(&separation.normal))
        }
        Verdict::Contained => {
            let segments = Segments::new(outer);
            let span = Span::new(segments.dimension, &segments.directions);
            let gauges = match scheme {
                Scheme::Cheaper => prefers_gauges(&span, outer, inner),
                Scheme::Normals => false,
                Scheme::Gauges => true,
            };
            match gauges {
                true => format!("gauges\n{}", gauge_tree(outer, inner, threads, stop)?),
                false => normals(&span, outer.dimension()),
            }
        }
        Verdict::Undecided(_) => return None,
    };
    Some(proof + "end\n")
}

fn prefers_gauges(span: &Span, outer: &Zonotope, inner: &Zonotope) -> bool {
    let (m, n) = (outer.generators.len() as f64, inner.generators.len());
    let subsets = (1..span.rank()).fold(1.0, |count, k| count * (m - k as f64 + 1.0) / k as f64);
    subsets * (m + n as f64) * span.rank() as f64 > MOST_PRODUCTS && n <= MOST_SIGNS
}

/// Each value after a space.
fn words<T: ToString>(values: &[T]) -> String {
    values.iter().map(|value| format!(" {}", value.to_string())).collect()
}

/// The coordinates in which the checker goes through all facet normals of the outer zonotope, and
/// what the other coordinates are in terms of them.
fn normals(span: &Span, dimension: usize) -> String {
    let mut text = format!("normals{}\n", words(&span.coordinates));
    // The k-th equation has one entry outside of the span's coordinates: at the k-th of the others.
    let others = (0..dimension).filter(|index| !span.coordinates.contains(index));
    for (other, equation) in others.zip(&span.equations) {
        let own = Rational::from(equation[other].clone());
        let weight = |&index: &usize| -Rational::from(Integer::clone(&equation[index])) / &own;
        let weights: Vec<Rational> = span.coordinates.iter().map(weight).collect();
        text += &format!("equation{}\n", words(&weights));
    }
    text
}
