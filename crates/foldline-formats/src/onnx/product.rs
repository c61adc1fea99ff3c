//! Matrix products of a computed tensor with a constant one, merged into affine forms.

use super::activations::activated;
use super::arithmetic::{add, common_float, times_number};
use super::arrangement::transposed;
use super::broadcast::{broadcast_positions, broadcast_shape};
use super::combination::{LinearMap, check_shape, mapped};
use super::operators::{Apply, MICROSOFT, Operation, Operator};
use super::tensor::{Tensor, show_shape};
use crate::lowering::{Program, Scalar};

const GEMM: &[&str] = &["alpha", "beta", "broadcast", "transA", "transB"];
const FUSED_GEMM: &[&str] = &[
    "activation",
    "activation_alpha",
    "activation_beta",
    "activation_gamma",
    "alpha",
    "beta",
    "transA",
    "transB",
];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "MatMul",
        2..=2,
        &[],
        "exact; one operand must be constant",
        Apply::One(matrix_multiply),
    ),
    Operator::new(
        "Gemm",
        2..=3,
        GEMM,
        "exact; A or B must be constant",
        Apply::One(general_product),
    ),
    Operator::new(
        "FusedGemm",
        2..=3,
        FUSED_GEMM,
        "exact, as Gemm and then Relu, LeakyRelu, HardSigmoid or nothing",
        Apply::One(fused_product),
    )
    .of(MICROSOFT),
];

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

/// One matrix of the product is constant: the result is a linear map of the other's elements.
struct Product<'a> {
    layout: Layout,
    /// The constant matrices' non-zero elements: by column if they are on the right, else by row.
    weights: Vec<Vec<(usize, &'a Scalar)>>,
    is_right: bool,
}

impl LinearMap for Product<'_> {
    fn outputs(&self) -> usize {
        self.layout.left.len() * self.layout.rows * self.layout.columns
    }

    fn visit(&self, output: usize, term: &mut dyn FnMut(usize, &Scalar)) {
        let Layout { rows, inner, columns, left, right, .. } = &self.layout;
        let (i, j) = (output / columns % rows, output % columns);
        let (l, r) = (left[output / columns / rows], right[output / columns / rows]);
        if self.is_right {
            let start = (l * rows + i) * inner;
            self.weights[r * columns + j].iter().for_each(|(k, weight)| term(start + k, weight));
        } else {
            let start = r * inner * columns + j;
            self.weights[l * rows + i]
                .iter()
                .for_each(|(k, weight)| term(start + k * columns, weight));
        }
    }
}

/// MatMul.
pub(super) fn matrix_product(
    left: &Tensor,
    right: &Tensor,
    program: &mut Program,
) -> Result<Tensor, String> {
    let element = common_float(left, right)?;
    let layout = Layout::new(&left.shape, &right.shape)?;
    let shape = layout.shape.clone();
    let (tensor, weights, is_right) = match (left.constant(), right.constant()) {
        (None, None) => {
            return Err("multiplies two computed tensors, expected one to be constant".to_owned());
        }
        (_, Some(weights)) => (left, layout.by_column(weights), true),
        (Some(weights), None) => (right, layout.by_row(weights), false),
    };
    let product = Product { layout, weights, is_right };
    Ok(Tensor { element, ..mapped(tensor, &product, shape, program)? })
}

/// MatMul as an operator.
fn matrix_multiply(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    matrix_product(operation.input(0)?, operation.input(1)?, program)
}

/// Gemm: alpha · A · B + beta · C.
fn general_product(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
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

/// Gemm, and an activation after it.
fn fused_product(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let product = general_product(operation, program)?;
    activated(operation, &product, program)
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
        check_shape(&shape)?;
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
}
