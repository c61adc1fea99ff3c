//! The facets of a zonotope: one pair a hyperplane that its generators span.

use std::ops::ControlFlow;

use foldline_kernel::{Integer, Rational, Zonotope};

use super::entry::Entry;
use super::hyperplanes::{HyperplaneVisitor, visit_hyperplanes};
use super::pencils::Columns;
use super::segments::{Segments, make_primitive};
use super::span::Span;
use super::weights::Weights;

/// The zonotope as equations and inequalities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// normal·x = offset on all of Z: d − r of them, r being the rank of the generators.
    pub equations: Vec<Facet>,
    /// normal·x ≤ offset on Z, with equality on a face of dimension r − 1. Normals of a flat
    /// zonotope have entries in the span's coordinates only.
    pub facets: Vec<Facet>,
}

/// A face given by its normal and the value of the normal on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facet {
    /// Integers without a common divisor.
    pub normal: Vec<Integer>,
    /// The value of normal·x on the face.
    pub offset: Rational,
}

/// The directions of segments in the coordinates of their span.
pub fn columns(segments: &Segments, span: &Span) -> Columns {
    let restrict = |direction: &Vec<Integer>| {
        span.coordinates.iter().map(|&index| direction[index].clone()).collect()
    };
    let vectors: Vec<Vec<Integer>> = segments.directions.iter().map(restrict).collect();
    Columns { rank: span.rank(), directions: vectors.len(), vectors }
}

/// All facets of a zonotope, each with its opposite after it, and the equations of a flat one.
///
/// `stop` is asked now and then; when it says so, there is no answer.
pub fn facets(zonotope: &Zonotope, stop: &dyn Fn() -> bool) -> Option<Facets> {
    let segments = Segments::new(zonotope);
    let span = Span::new(segments.dimension, &segments.directions);
    let center = &segments.center;
    let at_center = |normal: &[Integer]| -> Rational {
        let terms = normal.iter().zip(center);
        terms.fold(Rational::ZERO, |sum, (u, c)| sum + Rational::from(u.clone()) * c)
    };
    let equation =
        |normal: &Vec<Integer>| Facet { normal: normal.clone(), offset: at_center(normal) };
    let mut facets =
        Facets { equations: span.equations.iter().map(equation).collect(), facets: Vec::new() };
    if span.rank() == 0 {
        return Some(facets);
    }
    let (lengths, common) = segments.integer_lengths();
    let mut list = List { weights: Weights::new(lengths), found: Vec::new(), stop };
    if visit_hyperplanes(&columns(&segments, &span), None, &mut list).is_break() {
        return None;
    }
    facets.facets.reserve(2 * list.found.len());
    for (normal, width) in list.found {
        let normal = span.extend(segments.dimension, &normal);
        let width = Rational::from_parts(width, common.clone());
        let middle = at_center(&normal);
        let opposite = normal.iter().map(|entry| -entry).collect();
        facets.facets.push(Facet { normal, offset: &middle + &width });
        facets.facets.push(Facet { normal: opposite, offset: width - middle });
    }
    Some(facets)
}

/// The number of facets; see [`facets`].
pub fn count_facets(zonotope: &Zonotope, stop: &dyn Fn() -> bool) -> Option<u64> {
    let segments = Segments::new(zonotope);
    let span = Span::new(segments.dimension, &segments.directions);
    if span.rank() == 0 {
        return Some(0);
    }
    let mut count = Count { found: 0, stop };
    let flow = visit_hyperplanes(&columns(&segments, &span), None, &mut count);
    flow.is_continue().then_some(2 * count.found)
}

struct List<'a> {
    weights: Weights,
    found: Vec<(Vec<Integer>, Integer)>,
    stop: &'a dyn Fn() -> bool,
}

impl HyperplaneVisitor for List<'_> {
    fn hyperplane<T: Entry>(&mut self, normal: &[T], values: &[T]) -> ControlFlow<()> {
        let mut normal: Vec<Integer> = normal.iter().map(T::to_integer).collect();
        let mut width = self.weights.sum(values);
        let content = make_primitive(&mut normal).expect("a normal is not zero");
        width /= Integer::from(content);
        self.found.push((normal, width));
        ControlFlow::Continue(())
    }

    fn pause(&mut self) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

struct Count<'a> {
    found: u64,
    stop: &'a dyn Fn() -> bool,
}

impl HyperplaneVisitor for Count<'_> {
    fn hyperplane<T: Entry>(&mut self, _: &[T], _: &[T]) -> ControlFlow<()> {
        self.found += 1;
        ControlFlow::Continue(())
    }

    fn pause(&mut self) -> ControlFlow<()> {
        if (self.stop)() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
