//! Operators that move elements without computing: reshaping, transposing, selecting, joining.

use super::arithmetic::{Lookup, check_terms};
use super::operators::Operation;
use super::tensor::{
    Element, Elements, LARGEST_COMPUTED, LARGEST_CONSTANT, Tensor, count_within, show_shape,
};
use crate::lowering::Scalar;

/// The same elements in another shape.
fn reshaped(tensor: &Tensor, shape: Vec<usize>) -> Result<Tensor, String> {
    if count_within(&shape, LARGEST_CONSTANT) != Some(tensor.len()) {
        let (found, expected) = (show_shape(&tensor.shape), show_shape(&shape));
        return Err(format!("shape {found} cannot become {expected}"));
    }
    Ok(Tensor { shape, element: tensor.element, elements: tensor.elements.clone() })
}

/// An axis counted from the end where negative; `rank` itself is allowed where `inclusive`.
fn axis_of(axis: i64, rank: usize, inclusive: bool) -> Result<usize, String> {
    let from_front = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    let index = from_front.and_then(|axis| usize::try_from(axis).ok());
    index
        .filter(|&index| index < rank || inclusive && index == rank)
        .ok_or_else(|| format!("axis {axis} is out of range for {rank} dimensions"))
}

/// Flatten to a matrix.
pub(super) fn flatten(operation: &Operation) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let axis = axis_of(operation.integer("axis", 1)?, tensor.shape.len(), true)?;
    let (rows, columns) = tensor.shape.split_at(axis);
    reshaped(tensor, vec![rows.iter().product(), columns.iter().product()])
}

/// Reshape, with 0 for "as before" and −1 for "what is left".
pub(super) fn reshape(operation: &Operation) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let target = match operation.integer_input(1, "shape")? {
        Some(target) => target,
        None => operation.integers("shape")?.ok_or("its shape is missing")?,
    };
    let cannot = || format!("shape {} cannot become {target:?}", show_shape(&tensor.shape));
    let keeps_zeros = operation.integer("allowzero", 0)? != 0;
    let mut shape = Vec::new();
    let mut unknown = None;
    for (index, &size) in target.iter().enumerate() {
        shape.push(match size {
            -1 if unknown.is_none() => {
                unknown = Some(index);
                1
            }
            0 if !keeps_zeros => *tensor.shape.get(index).ok_or_else(cannot)?,
            size => usize::try_from(size).map_err(|_| cannot())?,
        });
    }
    if let Some(index) = unknown {
        let known = count_within(&shape, LARGEST_CONSTANT).filter(|&known| known > 0);
        let known = known.filter(|known| tensor.len().is_multiple_of(*known));
        shape[index] = tensor.len() / known.ok_or_else(cannot)?;
    }
    reshaped(tensor, shape)
}

/// The `axes` of Squeeze or Unsqueeze: an attribute before operator set 13, an input since.
fn axes(operation: &Operation) -> Result<Option<Vec<i64>>, String> {
    match operation.integer_input(1, "axes")? {
        Some(axes) => Ok(Some(axes)),
        None => operation.integers("axes"),
    }
}

pub(super) fn squeeze(operation: &Operation) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let rank = tensor.shape.len();
    let mut removed = vec![false; rank];
    match axes(operation)? {
        None => removed.iter_mut().zip(&tensor.shape).for_each(|(flag, &size)| *flag = size == 1),
        Some(axes) => {
            for axis in axes {
                let index = axis_of(axis, rank, false)?;
                if tensor.shape[index] != 1 {
                    return Err(format!(
                        "axis {axis} has size {}, expected 1",
                        tensor.shape[index]
                    ));
                }
                removed[index] = true;
            }
        }
    }
    let kept = tensor.shape.iter().zip(&removed).filter(|(_, removed)| !**removed);
    reshaped(tensor, kept.map(|(&size, _)| size).collect())
}

pub(super) fn unsqueeze(operation: &Operation) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let axes = axes(operation)?.ok_or("its axes are missing")?;
    let rank = tensor.shape.len() + axes.len();
    let mut inserted = vec![false; rank];
    for axis in axes {
        if std::mem::replace(&mut inserted[axis_of(axis, rank, false)?], true) {
            return Err(format!("axis {axis} occurs twice"));
        }
    }
    let mut old = tensor.shape.iter().copied();
    let shape = inserted.iter().map(|&new| if new { 1 } else { old.next().unwrap_or(1) });
    reshaped(tensor, shape.collect())
}

pub(super) fn transpose(operation: &Operation) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let rank = tensor.shape.len();
    let order = match operation.integers("perm")? {
        None => (0..rank).rev().collect(),
        Some(order) => {
            let axes: Result<Vec<usize>, String> =
                order.iter().map(|&axis| axis_of(axis, rank, false)).collect();
            let axes = axes?;
            let mut sorted = axes.clone();
            sorted.sort_unstable();
            if !sorted.into_iter().eq(0..rank) {
                return Err(format!("{order:?} is no permutation of {rank} axes"));
            }
            axes
        }
    };
    Ok(transposed(tensor, &order))
}

/// Row-by-row strides of a shape.
fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for index in (1..shape.len()).rev() {
        strides[index - 1] = strides[index] * shape[index];
    }
    strides
}

/// The tensor with its axes in `order`, a permutation.
pub(super) fn transposed(tensor: &Tensor, order: &[usize]) -> Tensor {
    let shape: Vec<usize> = order.iter().map(|&axis| tensor.shape[axis]).collect();
    let (old, new) = (strides(&tensor.shape), strides(&shape));
    let target = |position: usize| {
        let index = |axis: usize| position / old[axis] % tensor.shape[axis];
        order.iter().zip(&new).map(|(&axis, stride)| index(axis) * stride).sum::<usize>()
    };
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let mut moved: Vec<_> = entries
                .iter()
                .map(|(position, value)| (target(*position), value.clone()))
                .collect();
            moved.sort_unstable_by_key(|&(position, _)| position);
            Elements::Constant(moved)
        }
        Elements::Computed(forms) => {
            let mut source = vec![0; forms.len()];
            (0..forms.len()).for_each(|position| source[target(position)] = position);
            Elements::Computed(source.into_iter().map(|position| forms[position].clone()).collect())
        }
    };
    Tensor { shape, element: tensor.element, elements }
}

/// Takes the given indices along one axis.
fn taken(tensor: &Tensor, axis: usize, indices: &[usize]) -> Result<Tensor, String> {
    let mut shape = tensor.shape.clone();
    shape[axis] = indices.len();
    if count_within(&shape, LARGEST_COMPUTED).is_none() {
        return Err(format!("its result {} has too many elements", show_shape(&shape)));
    }
    let inner: usize = tensor.shape[axis + 1..].iter().product();
    let outer: usize = tensor.shape[..axis].iter().product();
    let size = tensor.shape[axis];
    let positions: Vec<usize> = (0..outer)
        .flat_map(|o| indices.iter().map(move |&index| (o * size + index) * inner))
        .flat_map(|start| start..start + inner)
        .collect();
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let lookup = Lookup::new(entries, tensor.len());
            let values = positions.iter().map(|&position| lookup.at(position)).enumerate();
            Elements::Constant(values.filter(|(_, value)| !value.is_zero()).collect())
        }
        Elements::Computed(forms) => {
            check_terms(positions.iter().map(|&position| forms[position].terms.len()))?;
            Elements::Computed(positions.iter().map(|&p| forms[p].clone()).collect())
        }
    };
    Ok(Tensor { shape, element: tensor.element, elements })
}

pub(super) fn gather(operation: &Operation) -> Result<Tensor, String> {
    let (tensor, index_tensor) = (operation.input(0)?, operation.input(1)?);
    let axis = axis_of(operation.integer("axis", 0)?, tensor.shape.len(), false)?;
    let size = tensor.shape[axis];
    let mut indices = Vec::new();
    for index in operation.integer_input(1, "indices")?.unwrap_or_default() {
        let from_front = if index < 0 { index.checked_add(size as i64) } else { Some(index) };
        let valid = from_front.and_then(|i| usize::try_from(i).ok()).filter(|&i| i < size);
        indices
            .push(valid.ok_or_else(|| format!("index {index} is out of range for size {size}"))?);
    }
    let mut result = taken(tensor, axis, &indices)?;
    result.shape.splice(axis..=axis, index_tensor.shape.iter().copied());
    match count_within(&result.shape, LARGEST_CONSTANT) {
        Some(_) => Ok(result),
        None => Err(format!("its result {} has too many elements", show_shape(&result.shape))),
    }
}

pub(super) fn slice(operation: &Operation) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let rank = tensor.shape.len();
    let list = |index: usize, name: &str| match operation.integer_input(index, name)? {
        Some(values) => Ok(Some(values)),
        None => operation.integers(name),
    };
    let starts = list(1, "starts")?.ok_or("its starts are missing")?;
    let ends = list(2, "ends")?.ok_or("its ends are missing")?;
    let axes = list(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = operation.integer_input(4, "steps")?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()] != [starts.len(); 3] {
        return Err("its starts, ends, axes and steps differ in number".to_owned());
    }
    let mut result = tensor.clone();
    let mut seen = vec![false; rank];
    for index in 0..starts.len() {
        let axis = axis_of(axes[index], rank, false)?;
        if std::mem::replace(&mut seen[axis], true) {
            return Err(format!("axis {axis} occurs twice"));
        }
        let indices = range(starts[index], ends[index], steps[index], result.shape[axis])?;
        result = taken(&result, axis, &indices)?;
    }
    Ok(result)
}

/// The indices from `start` to `end` in `step`s, clamped as numpy does.
fn range(start: i64, end: i64, step: i64, size: usize) -> Result<Vec<usize>, String> {
    let size = size as i64;
    let (lowest, highest) = match step {
        0 => return Err("its step is zero".to_owned()),
        1.. => (0, size),
        _ => (-1, size - 1),
    };
    let clamp = |value: i64| {
        let from_front = if value < 0 { value.saturating_add(size) } else { value };
        from_front.clamp(lowest.min(highest), highest)
    };
    let (mut index, end) = (clamp(start), clamp(end));
    let mut indices = Vec::new();
    while if step > 0 { index < end } else { index > end } {
        indices.extend(usize::try_from(index).ok());
        index = index.saturating_add(step);
    }
    Ok(indices)
}

pub(super) fn concat(operation: &Operation) -> Result<Tensor, String> {
    let first = operation.input(0)?;
    if !operation.has("axis") && operation.operator_set >= 4 {
        return Err("its axis is missing".to_owned());
    }
    let axis = axis_of(operation.integer("axis", 1)?, first.shape.len(), false)?;
    let mut shape = first.shape.clone();
    shape[axis] = 0;
    let mut parts = Vec::new();
    for index in 0..operation.inputs.len() {
        let part = operation.input(index)?;
        let fits = part.element == first.element
            && part.shape.len() == shape.len()
            && (0..shape.len()).all(|i| i == axis || part.shape[i] == shape[i]);
        if !fits {
            let (found, name) = (show_shape(&part.shape), part.element.name());
            return Err(format!("input {index} ({name} {found}) does not fit the first"));
        }
        shape[axis] = shape[axis].saturating_add(part.shape[axis]);
        parts.push(part);
    }
    joined(&parts, axis, shape)
}

/// The parts one after the other along `axis`.
fn joined(parts: &[&Tensor], axis: usize, shape: Vec<usize>) -> Result<Tensor, String> {
    let is_constant = parts.iter().all(|part| part.constant().is_some());
    if count_within(&shape, LARGEST_COMPUTED).is_none() {
        return Err(format!("its result {} has too many elements", show_shape(&shape)));
    }
    let outer: usize = shape[..axis].iter().product();
    let forms: Vec<_> = parts.iter().map(|part| part.forms()).collect();
    let mut elements = Vec::new();
    for block in 0..outer {
        for (part, forms) in parts.iter().zip(&forms) {
            let length: usize = part.shape[axis..].iter().product();
            elements.extend_from_slice(&forms[block * length..(block + 1) * length]);
        }
    }
    let elements = if is_constant {
        let values = elements.into_iter().map(|form| form.constant).enumerate();
        Elements::Constant(values.filter(|(_, value)| !value.is_zero()).collect())
    } else {
        Elements::Computed(elements)
    };
    Ok(Tensor { shape, element: parts[0].element, elements })
}

/// The shape of a tensor as a constant; a batch of unknown size counts as 1.
pub(super) fn shape(operation: &Operation) -> Result<Tensor, String> {
    let sizes = &operation.input(0)?.shape;
    let rank = sizes.len() as i64;
    let (start, end) = (operation.integer("start", 0)?, operation.integer("end", rank)?);
    let indices = range(start, end, 1, sizes.len())?;
    let value = |index: &usize| Scalar::dyadic(sizes[*index] as i128, 0);
    let entries = indices.iter().map(value).enumerate().filter(|(_, size)| !size.is_zero());
    let elements = Elements::Constant(entries.collect());
    Ok(Tensor { shape: vec![indices.len()], element: Element::Int64, elements })
}
