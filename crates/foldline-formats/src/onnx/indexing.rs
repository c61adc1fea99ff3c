//! Choosing and replacing elements by constant indices, and running sums.

use super::arithmetic::{common_type, require_float};
use super::arrangement::{axis_of, strides, taken};
use super::combination::{Rows, mapped};
use super::operators::{Apply, MACHINE_LEARNING, Operation, Operator};
use super::tensor::{LARGEST_CONSTANT, Tensor, check_terms, count_within, show_shape};
use crate::lowering::{Form, Program, Scalar};

const CONSTANT_INDICES: &str = "exact; the indices must be constant";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Gather", 2..=2, &["axis"], CONSTANT_INDICES, Apply::One(gather)),
    Operator::new(
        "GatherElements",
        2..=2,
        &["axis"],
        CONSTANT_INDICES,
        Apply::One(gather_elements),
    ),
    Operator::new("GatherND", 2..=2, &["batch_dims"], CONSTANT_INDICES, Apply::One(gather_nd)),
    Operator::new(
        "ScatterElements",
        3..=3,
        &["axis", "reduction"],
        "exact; the indices must be constant; reduction none or add",
        Apply::One(scatter_elements),
    ),
    Operator::new(
        "ScatterND",
        3..=3,
        &["reduction"],
        "exact; the indices must be constant; reduction none or add",
        Apply::One(scatter_nd),
    ),
    Operator::new("Trilu", 1..=2, &["upper"], "exact", Apply::One(triangle)),
    Operator::new(
        "CumSum",
        2..=2,
        &["exclusive", "reverse"],
        "exact; the axis must be constant",
        Apply::One(running_sum),
    ),
    Operator::new("ArrayFeatureExtractor", 2..=2, &[], CONSTANT_INDICES, Apply::One(extract))
        .of(MACHINE_LEARNING),
];

/// An index counted from the end where negative.
fn index_of(index: i64, size: usize) -> Result<usize, String> {
    let from_front = if index < 0 { index.checked_add(size as i64) } else { Some(index) };
    let valid = from_front.and_then(|i| usize::try_from(i).ok()).filter(|&i| i < size);
    valid.ok_or_else(|| format!("index {index} is out of range for size {size}"))
}

/// The slices at some indices of an axis, in place of the axis the indices' own.
fn gather(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, index_tensor) = (operation.input(0)?, operation.input(1)?);
    let axis = axis_of(operation.integer("axis", 0)?, tensor.shape.len(), false)?;
    let size = tensor.shape[axis];
    let indices = operation.integer_input(1, "indices")?.unwrap_or_default();
    let indices: Result<Vec<usize>, String> =
        indices.into_iter().map(|index| index_of(index, size)).collect();
    let mut result = taken(tensor, axis, &indices?)?;
    result.shape.splice(axis..=axis, index_tensor.shape.iter().copied());
    match count_within(&result.shape, LARGEST_CONSTANT) {
        Some(_) => Ok(result),
        None => Err(format!("its result {} has too many elements", show_shape(&result.shape))),
    }
}

/// The positions in a tensor of shape `shape` that the elements of `indices` mean along `axis`, all else being equal.
fn positions_along(shape: &[usize], axis: usize, indices: &Tensor) -> Result<Vec<usize>, String> {
    let fits = indices.shape.len() == shape.len()
        && (0..shape.len()).all(|i| i == axis || indices.shape[i] <= shape[i]);
    if !fits {
        let (indices, data) = (show_shape(&indices.shape), show_shape(shape));
        return Err(format!("indices of shape {indices} do not fit {data}"));
    }
    let values = indices.integers().ok_or("its indices must be constant integers")?;
    let (own, steps) = (strides(&indices.shape), strides(shape));
    let position = |(place, &index): (usize, &i64)| {
        let mut position = 0;
        for i in 0..shape.len() {
            let along = if i == axis {
                index_of(index, shape[axis])?
            } else {
                place / own[i] % indices.shape[i]
            };
            position += along * steps[i];
        }
        Ok(position)
    };
    values.iter().enumerate().map(position).collect()
}

fn gather_elements(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, indices) = (operation.input(0)?, operation.input(1)?);
    let axis = axis_of(operation.integer("axis", 0)?, tensor.shape.len(), false)?;
    let sources = positions_along(&tensor.shape, axis, indices)?;
    let sources: Vec<Option<usize>> = sources.into_iter().map(Some).collect();
    tensor.picked(indices.shape.clone(), &sources, &Scalar::ZERO)
}

/// The first positions of the slices that the rows of `indices` name, and a slice's shape.
fn slices<'s>(shape: &'s [usize], indices: &Tensor) -> Result<(Vec<usize>, &'s [usize]), String> {
    let depth = indices.shape.last().copied().unwrap_or(0);
    if depth == 0 || depth > shape.len() {
        let (indices, data) = (show_shape(&indices.shape), show_shape(shape));
        return Err(format!("indices of shape {indices} do not fit {data}"));
    }
    let values = indices.integers().ok_or("its indices must be constant integers")?;
    let steps = strides(shape);
    let start = |row: &[i64]| {
        let mut start = 0;
        for (axis, &index) in row.iter().enumerate() {
            start += index_of(index, shape[axis])? * steps[axis];
        }
        Ok(start)
    };
    let starts: Result<Vec<usize>, String> = values.chunks(depth).map(start).collect();
    Ok((starts?, &shape[depth..]))
}

fn gather_nd(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, indices) = (operation.input(0)?, operation.input(1)?);
    if operation.integer("batch_dims", 0)? != 0 {
        return Err("its batch_dims must be 0".to_owned());
    }
    let (starts, slice) = slices(&tensor.shape, indices)?;
    let length: usize = slice.iter().product();
    check_terms([starts.len().saturating_mul(length)].into_iter())?;
    let sources: Vec<Option<usize>> =
        starts.iter().flat_map(|&start| start..start + length).map(Some).collect();
    let outer = &indices.shape[..indices.shape.len() - 1];
    tensor.picked([outer, slice].concat(), &sources, &Scalar::ZERO)
}

fn scatter_elements(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, indices) = (operation.input(0)?, operation.input(1)?);
    let axis = axis_of(operation.integer("axis", 0)?, tensor.shape.len(), false)?;
    let targets = positions_along(&tensor.shape, axis, indices)?;
    scattered(operation, &targets)
}

fn scatter_nd(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, indices) = (operation.input(0)?, operation.input(1)?);
    let (starts, slice) = slices(&tensor.shape, indices)?;
    let length: usize = slice.iter().product();
    check_terms([starts.len().saturating_mul(length)].into_iter())?;
    let targets: Vec<usize> = starts.iter().flat_map(|&start| start..start + length).collect();
    scattered(operation, &targets)
}

/// The first input with the third one's elements at `targets`, in place of what was there or added to it.
fn scattered(operation: &Operation, targets: &[usize]) -> Result<Tensor, String> {
    let (tensor, updates) = (operation.input(0)?, operation.input(2)?);
    let element = match tensor.element == updates.element {
        true => tensor.element,
        false => common_type(tensor.element, updates.element)?,
    };
    if updates.len() != targets.len() {
        return Err(format!(
            "its updates are {} elements, expected {}",
            updates.len(),
            targets.len()
        ));
    }
    let adds = match operation.text("reduction")?.unwrap_or(b"none") {
        b"none" => false,
        b"add" if element.is_float() => true,
        other => {
            return Err(format!("reduction {:?} is not supported", String::from_utf8_lossy(other)));
        }
    };
    let mut forms: Vec<Form> = tensor.forms().into_owned();
    let mut is_set = vec![false; forms.len()];
    for (&target, update) in targets.iter().zip(updates.forms().iter()) {
        // Which of two updates stays is not defined.
        if std::mem::replace(&mut is_set[target], true) && !adds {
            return Err("two updates have the same place".to_owned());
        }
        forms[target] = if adds { forms[target].plus(update) } else { update.clone() };
    }
    check_terms(forms.iter().map(|form| form.terms.len()))?;
    Ok(Tensor::from_forms(tensor.shape.clone(), element, forms))
}

/// The upper or lower triangle of matrices, zeros elsewhere.
fn triangle(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let &[.., rows, columns] = tensor.shape.as_slice() else {
        return Err(format!("expected matrices, found shape {}", show_shape(&tensor.shape)));
    };
    let diagonal =
        operation.integer_input(1, "k")?.and_then(|values| values.first().copied()).unwrap_or(0);
    let is_upper = operation.integer("upper", 1)? != 0;
    let kept = |position: &usize| {
        let (row, column) = (position / columns % rows, position % columns);
        let offset = (column as i64 - row as i64).saturating_sub(diagonal);
        if is_upper { offset >= 0 } else { offset <= 0 }
    };
    let sources: Vec<Option<usize>> = (0..tensor.len()).map(|p| Some(p).filter(kept)).collect();
    tensor.picked(tensor.shape.clone(), &sources, &Scalar::ZERO)
}

/// For each element the sum of those before it along an axis, itself included or not.
fn running_sum(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    require_float(tensor)?;
    let axis = operation.integer_input(1, "axis")?.and_then(|values| values.first().copied());
    let axis = axis_of(axis.ok_or("its axis is missing")?, tensor.shape.len(), false)?;
    let (size, step) = (tensor.shape[axis], strides(&tensor.shape)[axis]);
    let (is_exclusive, is_reverse) =
        (operation.integer("exclusive", 0)? != 0, operation.integer("reverse", 0)? != 0);
    check_terms([tensor.len().saturating_mul(size)].into_iter())?;
    let row = |position: usize| {
        let index = position / step % size;
        let start = position - index * step;
        let range = match (is_reverse, is_exclusive) {
            (false, _) => 0..index + usize::from(!is_exclusive),
            (true, _) => index + usize::from(is_exclusive)..size,
        };
        range.map(|other| (start + other * step, Scalar::ONE)).collect()
    };
    let rows = Rows((0..tensor.len()).map(row).collect());
    mapped(tensor, &rows, tensor.shape.clone(), program)
}

/// The elements at some places of the last axis.
fn extract(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let &[ref outer @ .., size] = tensor.shape.as_slice() else {
        return Err("expected vectors, found one number".to_owned());
    };
    let indices = operation.integer_input(1, "indices")?.unwrap_or_default();
    let indices: Result<Vec<usize>, String> =
        indices.iter().map(|&index| index_of(index, size)).collect();
    let indices = indices?;
    let shape =
        if outer.is_empty() { vec![1, indices.len()] } else { [outer, &[indices.len()]].concat() };
    let rows = tensor.len() / size.max(1);
    let sources: Vec<Option<usize>> = (0..rows)
        .flat_map(|row| indices.iter().map(move |index| Some(row * size + index)))
        .collect();
    tensor.picked(shape, &sources, &Scalar::ZERO)
}
