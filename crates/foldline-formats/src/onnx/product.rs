//! Matrix products of a computed tensor with a constant one, merged into affine forms.

use super::arithmetic::{add, broadcast_positions, broadcast_shape, multiply, require_float};
use super::arrangement::transposed;
use super::graph::LARGEST_TERMS;
use super::operators::Operation;
use super::tensor::{Elements, LARGEST_COMPUTED, Tensor, count_within, show_shape};
use crate::lowering::{Combiner, Form, Program, Scalar};

/// Merged forms may have this many weights whatever the parts have.
const ALWAYS_MERGED: usize = 256;

/// How the matrices of a product lie in their operands.
struct Layout {
    rows: usize,
    inner: usize,
    columns: usize,
    /// For each matrix of the result, which matrix of the left and of the right operand.
    left: Vec<usize>,
    right: Vec<usize>,
    shape: Vec<usize>,
}

/// A sum of `weights` · forms, the forms at `start`, `start + step`, ….
struct Sum<'a> {
    start: usize,
    step: usize,
    weights: &'a [(usize, &'a Scalar)],
}

/// MatMul.
pub(super) fn matrix_product(
    left: &Tensor,
    right: &Tensor,
    program: &mut Program,
) -> Result<Tensor, String> {
    require_float(left)?;
    if left.element != right.element {
        let (left, right) = (left.element.name(), right.element.name());
        return Err(format!("expected two tensors of one type, found {left} and {right}"));
    }
    let layout = Layout::new(&left.shape, &right.shape)?;
    let elements = match (left.constant(), right.constant()) {
        (None, None) => {
            return Err("multiplies two computed tensors, expected one to be constant".to_owned());
        }
        (_, Some(weights)) => {
            let forms = left.forms();
            let grouped = layout.by_column(weights);
            let sums = layout.sums(|l, r, i, j| Sum {
                start: (l * layout.rows + i) * layout.inner,
                step: 1,
                weights: &grouped[r * layout.columns + j],
            });
            combine(&forms, &sums, program)?
        }
        (Some(weights), None) => {
            let forms = right.forms();
            let grouped = layout.by_row(weights);
            let sums = layout.sums(|l, r, i, j| Sum {
                start: r * layout.inner * layout.columns + j,
                step: layout.columns,
                weights: &grouped[l * layout.rows + i],
            });
            combine(&forms, &sums, program)?
        }
    };
    let elements = match left.constant().and(right.constant()) {
        None => Elements::Computed(elements),
        Some(_) => {
            let values = elements.into_iter().map(|form| form.constant);
            Elements::Constant(values.enumerate().filter(|(_, value)| !value.is_zero()).collect())
        }
    };
    Ok(Tensor { shape: layout.shape, element: left.element, elements })
}

/// Gemm: alpha · A · B + beta · C.
pub(super) fn general_product(
    operation: &Operation,
    program: &mut Program,
) -> Result<Tensor, String> {
    let alpha = operation.float("alpha", 1)?;
    let beta = operation.float("beta", 1)?;
    let operand = |index: usize, flag: &str| {
        let tensor = operation.input(index)?;
        if tensor.shape.len() != 2 {
            let shape = show_shape(&tensor.shape);
            return Err(format!("input {index}: expected a matrix, found shape {shape}"));
        }
        Ok(match operation.integer(flag, 0)? {
            0 => tensor.clone(),
            _ => transposed(tensor, &[1, 0]),
        })
    };
    let (mut left, mut right) = (operand(0, "transA")?, operand(1, "transB")?);
    if !alpha.is_one() {
        let constant = if right.constant().is_some() { &mut right } else { &mut left };
        *constant = times_number(constant, &alpha)?;
    }
    let product = matrix_product(&left, &right, program)?;
    let Some(bias) = operation.optional(2) else { return Ok(product) };
    let fits = broadcast_shape(&product.shape, &bias.shape).is_ok_and(|s| s == product.shape);
    if !fits {
        let (bias, product) = (show_shape(&bias.shape), show_shape(&product.shape));
        return Err(format!("input 2: shape {bias} does not broadcast to {product}"));
    }
    if beta.is_one() { add(&product, bias) } else { add(&product, &times_number(bias, &beta)?) }
}

/// The tensor multiplied by one number.
fn times_number(tensor: &Tensor, number: &Scalar) -> Result<Tensor, String> {
    let entries = if number.is_zero() { vec![] } else { vec![(0, number.clone())] };
    let elements = Elements::Constant(entries);
    multiply(tensor, &Tensor { shape: vec![], element: tensor.element, elements })
}

impl Layout {
    /// The layout of numpy's matmul: vectors become matrices, leading dimensions broadcast.
    fn new(left: &[usize], right: &[usize]) -> Result<Self, String> {
        let mismatch = || {
            let (left, right) = (show_shape(left), show_shape(right));
            format!("shapes {left} and {right} do not multiply")
        };
        let (rows, inner, left_batch) = match left {
            [] => return Err(mismatch()),
            [inner] => (1, *inner, &[][..]),
            [batch @ .., rows, inner] => (*rows, *inner, batch),
        };
        let (right_inner, columns, right_batch) = match right {
            [] => return Err(mismatch()),
            [inner] => (*inner, 1, &[][..]),
            [batch @ .., inner, columns] => (*inner, *columns, batch),
        };
        if inner != right_inner {
            return Err(mismatch());
        }
        let batch = broadcast_shape(left_batch, right_batch).map_err(|_| mismatch())?;
        let mut shape = batch.clone();
        shape.extend((left.len() > 1).then_some(rows));
        shape.extend((right.len() > 1).then_some(columns));
        if count_within(&shape, LARGEST_COMPUTED).is_none_or(|count| count == 0) {
            let shape = show_shape(&shape);
            return Err(format!("its result {shape} has no elements or too many"));
        }
        let left = broadcast_positions(&batch, left_batch);
        let right = broadcast_positions(&batch, right_batch);
        Ok(Self { rows, inner, columns, left, right, shape })
    }

    /// The right operand's non-zero elements by matrix and column: pairs (row, weight).
    fn by_column<'a>(&self, entries: &'a [(usize, Scalar)]) -> Vec<Vec<(usize, &'a Scalar)>> {
        let matrices = self.right.iter().max().map_or(0, |last| last + 1);
        let mut grouped = vec![Vec::new(); matrices * self.columns];
        for (position, weight) in entries {
            let (row, column) = (position / self.columns, position % self.columns);
            let (matrix, row) = (row / self.inner, row % self.inner);
            grouped[matrix * self.columns + column].push((row, weight));
        }
        grouped
    }

    /// The left operand's non-zero elements by matrix and row: pairs (column, weight).
    fn by_row<'a>(&self, entries: &'a [(usize, Scalar)]) -> Vec<Vec<(usize, &'a Scalar)>> {
        let matrices = self.left.iter().max().map_or(0, |last| last + 1);
        let mut grouped = vec![Vec::new(); matrices * self.rows];
        for (position, weight) in entries {
            grouped[position / self.inner].push((position % self.inner, weight));
        }
        grouped
    }

    /// One sum an element of the result: `sum(left matrix, right matrix, row, column)`.
    fn sums<'a>(&self, sum: impl Fn(usize, usize, usize, usize) -> Sum<'a>) -> Vec<Sum<'a>> {
        let mut sums = Vec::new();
        for (&l, &r) in self.left.iter().zip(&self.right) {
            for i in 0..self.rows {
                sums.extend((0..self.columns).map(|j| sum(l, r, i, j)));
            }
        }
        sums
    }
}

/// The sums as forms; where merging would make far more weights than the forms and the matrix have
/// together, the forms are kept as a linear layer of their own first.
fn combine(forms: &[Form], sums: &[Sum], program: &mut Program) -> Result<Vec<Form>, String> {
    let weights: usize = sums.iter().map(|sum| sum.weights.len()).sum();
    if weights > LARGEST_TERMS {
        return Err(format!("its result has more than {LARGEST_TERMS} weights"));
    }
    let terms: usize = forms.iter().map(|form| form.terms.len()).sum();
    let limit = 2 * (weights + terms) + ALWAYS_MERGED;
    if let Some(merged) = merge(forms, sums, program.len(), limit) {
        return Ok(merged);
    }
    program.note(format!(
        "{} affine values are kept as a linear layer: merged with the next they would have more \
         than {limit} weights instead of {}",
        forms.len(),
        weights + terms
    ));
    let kept = program.keep(forms);
    merge(&kept, sums, program.len(), limit)
        .ok_or_else(|| format!("its result has more than {limit} weights"))
}

/// The sums as forms, if they have at most `limit` terms.
fn merge(forms: &[Form], sums: &[Sum], variables: usize, limit: usize) -> Option<Vec<Form>> {
    let mut combiner = Combiner::new(variables);
    let mut count = 0;
    let mut merged = Vec::with_capacity(sums.len());
    for sum in sums {
        for &(index, weight) in sum.weights {
            combiner.add(&forms[sum.start + index * sum.step], weight);
        }
        let form = combiner.finish();
        count += form.terms.len();
        if count > limit {
            return None;
        }
        merged.push(form);
    }
    Some(merged)
}
