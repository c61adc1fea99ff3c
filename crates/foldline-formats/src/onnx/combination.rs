//! Linear maps of a tensor's elements with constant weights, merged into affine forms or kept apart.

use super::tensor::{LARGEST_COMPUTED, LARGEST_TERMS, Tensor, count_within, show_shape};
use crate::lowering::{Combiner, Form, Program, Scalar};

/// Merged forms may have this many weights whatever the parts have.
const ALWAYS_MERGED: usize = 256;

/// A linear map, one sum of weights · elements an output.
pub(super) trait LinearMap {
    /// The number of outputs.
    fn outputs(&self) -> usize;

    /// Shows each term of one output: the position of the element, and its weight.
    fn visit(&self, output: usize, term: &mut dyn FnMut(usize, &Scalar));
}

/// A linear map by its terms.
pub(super) struct Rows(pub Vec<Vec<(usize, Scalar)>>);

impl LinearMap for Rows {
    fn outputs(&self) -> usize {
        self.0.len()
    }

    fn visit(&self, output: usize, term: &mut dyn FnMut(usize, &Scalar)) {
        self.0[output].iter().for_each(|(position, weight)| term(*position, weight));
    }
}

/// The tensor of shape `shape` that `map` makes of `tensor`.
pub(super) fn mapped(
    tensor: &Tensor,
    map: &dyn LinearMap,
    shape: Vec<usize>,
    program: &mut Program,
) -> Result<Tensor, String> {
    check_shape(&shape)?;
    let forms = combine(&tensor.forms(), map, program)?;
    Ok(Tensor::from_forms(shape, tensor.element, forms))
}

/// Refuses a computed tensor without elements, or with too many, before anything is made of it.
pub(super) fn check_shape(shape: &[usize]) -> Result<(), String> {
    match count_within(shape, LARGEST_COMPUTED) {
        Some(1..) => Ok(()),
        _ => Err(format!("its result {} has no elements or too many", show_shape(shape))),
    }
}

/// The map's outputs as forms; where merging would make far more weights than the forms and the map
/// have together, the forms are kept as a linear layer of their own first.
fn combine(
    forms: &[Form],
    map: &dyn LinearMap,
    program: &mut Program,
) -> Result<Vec<Form>, String> {
    let mut weights = 0;
    for output in 0..map.outputs() {
        map.visit(output, &mut |_, _| weights += 1);
        if weights > LARGEST_TERMS {
            return Err(format!("its result has more than {LARGEST_TERMS} weights"));
        }
    }
    let terms: usize = forms.iter().map(|form| form.terms.len()).sum();
    let limit = 2 * (weights + terms) + ALWAYS_MERGED;
    if let Some(merged) = merge(forms, map, program.len(), limit) {
        return Ok(merged);
    }
    program.note(format!(
        "{} affine values are kept as a linear layer: merged with the next they would have more \
         than {limit} weights instead of {}",
        forms.len(),
        weights + terms
    ));
    let kept = program.keep(forms);
    merge(&kept, map, program.len(), limit)
        .ok_or_else(|| format!("its result has more than {limit} weights"))
}

/// The map's outputs as forms, if they have at most `limit` terms.
fn merge(forms: &[Form], map: &dyn LinearMap, variables: usize, limit: usize) -> Option<Vec<Form>> {
    let mut combiner = Combiner::new(variables);
    let mut count = 0;
    let mut merged = Vec::with_capacity(map.outputs());
    for output in 0..map.outputs() {
        map.visit(output, &mut |position, weight| combiner.add(&forms[position], weight));
        let form = combiner.finish();
        count += form.terms.len();
        if count > limit {
            return None;
        }
        merged.push(form);
    }
    Some(merged)
}
