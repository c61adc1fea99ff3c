//! Operators that move elements without computing: reshaping, transposing, selecting, joining.

use super::arithmetic::common_type;
use super::operators::{Apply, Operation, Operator, integer};
use super::tensor::{
    Element, Elements, LARGEST_COMPUTED, LARGEST_CONSTANT, Tensor, count_within, show_shape,
};
use crate::lowering::{Program, Scalar};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Concat", 1..=usize::MAX, &["axis"], "exact", Apply::One(concat)),
    Operator::new("Split", 1..=2, &["axis", "num_outputs", "split"], "exact", Apply::Many(split)),
    Operator::new("Flatten", 1..=1, &["axis"], "exact", Apply::One(flatten)),
    Operator::new(
        "Reshape",
        1..=2,
        &["allowzero", "consumed_inputs", "shape"],
        "exact; the shape must be constant",
        Apply::One(reshape),
    ),
    Operator::new("Squeeze", 1..=2, &["axes"], "exact", Apply::One(squeeze)),
    Operator::new("Unsqueeze", 1..=2, &["axes"], "exact", Apply::One(unsqueeze)),
    Operator::new("Transpose", 1..=1, &["perm"], "exact", Apply::One(transpose)),
    Operator::new("Slice", 1..=5, &["axes", "ends", "starts"], "exact", Apply::One(slice)),
    Operator::new(
        "Shape",
        1..=1,
        &["end", "start"],
        "exact; a batch of unknown size is 1",
        Apply::One(shape),
    ),
    Operator::new("Size", 1..=1, &[], "exact; a batch of unknown size is 1", Apply::One(size)),
    Operator::new(
        "DepthToSpace",
        1..=1,
        &["blocksize", "mode"],
        "exact",
        Apply::One(depth_to_space),
    ),
    Operator::new("SpaceToDepth", 1..=1, &["blocksize"], "exact", Apply::One(space_to_depth)),
];

/// The same elements in another shape.
fn reshaped(tensor: &Tensor, shape: Vec<usize>) -> Result<Tensor, String> {
    if count_within(&shape, LARGEST_CONSTANT) != Some(tensor.len()) {
        let (found, expected) = (show_shape(&tensor.shape), show_shape(&shape));
        return Err(format!("shape {found} cannot become {expected}"));
    }
    Ok(Tensor { shape, element: tensor.element, elements: tensor.elements.clone() })
}

/// An axis counted from the end where negative; `rank` itself is allowed where `inclusive`.
pub(super) fn axis_of(axis: i64, rank: usize, inclusive: bool) -> Result<usize, String> {
    let from_front = if axis < 0 { axis.checked_add(rank as i64) } else { Some(axis) };
    let index = from_front.and_then(|axis| usize::try_from(axis).ok());
    index
        .filter(|&index| index < rank || inclusive && index == rank)
        .ok_or_else(|| format!("axis {axis} is out of range for {rank} dimensions"))
}

/// Flatten to a matrix.
fn flatten(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let axis = axis_of(operation.integer("axis", 1)?, tensor.shape.len(), true)?;
    let (rows, columns) = tensor.shape.split_at(axis);
    reshaped(tensor, vec![rows.iter().product(), columns.iter().product()])
}

/// Reshape, with 0 for "as before" and −1 for "what is left".
fn reshape(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
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

fn squeeze(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let rank = tensor.shape.len();
    let mut removed = vec![false; rank];
    match operation.integers_of(1, "axes")? {
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

fn unsqueeze(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let axes = operation.integers_of(1, "axes")?.ok_or("its axes are missing")?;
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

fn transpose(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
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
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
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
pub(super) fn taken(tensor: &Tensor, axis: usize, indices: &[usize]) -> Result<Tensor, String> {
    let mut shape = tensor.shape.clone();
    shape[axis] = indices.len();
    if count_within(&shape, LARGEST_COMPUTED).is_none() {
        return Err(format!("its result {} has too many elements", show_shape(&shape)));
    }
    let inner: usize = tensor.shape[axis + 1..].iter().product();
    let outer: usize = tensor.shape[..axis].iter().product();
    let size = tensor.shape[axis];
    let sources: Vec<Option<usize>> = (0..outer)
        .flat_map(|o| indices.iter().map(move |&index| (o * size + index) * inner))
        .flat_map(|start| (start..start + inner).map(Some))
        .collect();
    tensor.picked(shape, &sources, &Scalar::ZERO)
}

fn slice(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let rank = tensor.shape.len();
    let starts = operation.integers_of(1, "starts")?.ok_or("its starts are missing")?;
    let ends = operation.integers_of(2, "ends")?.ok_or("its ends are missing")?;
    let axes =
        operation.integers_of(3, "axes")?.unwrap_or_else(|| (0..starts.len() as i64).collect());
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

fn concat(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let first = operation.input(0)?;
    if !operation.has("axis") && operation.operator_set >= 4 {
        return Err("its axis is missing".to_owned());
    }
    let axis = axis_of(operation.integer("axis", 1)?, first.shape.len(), false)?;
    let mut shape = first.shape.clone();
    shape[axis] = 0;
    let mut element = first.element;
    let mut parts = Vec::new();
    for index in 0..operation.inputs.len() {
        let part = operation.input(index)?;
        let joint = match part.element == element {
            true => Ok(element),
            false => common_type(element, part.element),
        };
        let fits = joint.is_ok()
            && part.shape.len() == shape.len()
            && (0..shape.len()).all(|i| i == axis || part.shape[i] == shape[i]);
        if !fits {
            let (found, name) = (show_shape(&part.shape), part.element.name());
            return Err(format!("input {index} ({name} {found}) does not fit the first"));
        }
        element = joint?;
        shape[axis] = shape[axis].saturating_add(part.shape[axis]);
        parts.push(part);
    }
    joined(&parts, axis, shape, element)
}

/// The parts one after the other along `axis`.
fn joined(
    parts: &[&Tensor],
    axis: usize,
    shape: Vec<usize>,
    element: Element,
) -> Result<Tensor, String> {
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
    Ok(Tensor::from_forms(shape, element, elements))
}

/// The parts of a tensor along an axis: of given sizes, or equal ones.
fn split(operation: &Operation, _: &mut Program) -> Result<Vec<Tensor>, String> {
    let tensor = operation.input(0)?;
    let axis = axis_of(operation.integer("axis", 0)?, tensor.shape.len(), false)?;
    let size = tensor.shape[axis];
    let lengths = match operation.integers_of(1, "split")? {
        Some(lengths) => {
            let lengths: Option<Vec<usize>> = lengths
                .iter()
                .map(|&length| usize::try_from(length).ok().filter(|&l| l <= size))
                .collect();
            lengths.filter(|lengths| lengths.iter().sum::<usize>() == size)
        }
        None => equal_parts(operation, size)?,
    };
    let lengths =
        lengths.ok_or_else(|| format!("its parts do not fit axis {axis} of size {size}"))?;
    if lengths.len() < operation.node.outputs.len() {
        return Err(format!(
            "has {} parts for {} outputs",
            lengths.len(),
            operation.node.outputs.len()
        ));
    }
    let mut start = 0;
    let mut parts = Vec::new();
    for length in lengths {
        let indices: Vec<usize> = (start..start + length).collect();
        parts.push(taken(tensor, axis, &indices)?);
        start += length;
    }
    Ok(parts)
}

/// The sizes of equal parts, of which since operator set 18 the last may be smaller.
fn equal_parts(operation: &Operation, size: usize) -> Result<Option<Vec<usize>>, String> {
    let outputs = operation.node.outputs.len();
    let is_even = operation.operator_set < 18;
    let count = match is_even {
        true => outputs,
        false => usize::try_from(operation.integer("num_outputs", outputs as i64)?).unwrap_or(0),
    };
    if count == 0 || count > size || is_even && !size.is_multiple_of(count) {
        return Ok(None);
    }
    let length = size.div_ceil(count);
    let lengths = (0..count).map(|part| length.min(size.saturating_sub(part * length)));
    Ok(Some(lengths.collect()))
}

/// The blocks' elements, which are channels, become space.
fn depth_to_space(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, block) = (operation.input(0)?, block_size(operation)?);
    let &[batch, channels, height, width] = tensor.shape.as_slice() else {
        return Err(format!(
            "expected [batch, channels, height, width], found {}",
            show_shape(&tensor.shape)
        ));
    };
    let depth = channels / (block * block);
    if depth * block * block != channels {
        return Err(format!("{channels} channels are no multiple of {block}·{block}"));
    }
    let (split, order) = match operation.text("mode")?.unwrap_or(b"DCR") {
        b"CRD" => (vec![batch, depth, block, block, height, width], [0, 1, 4, 2, 5, 3]),
        b"DCR" => (vec![batch, block, block, depth, height, width], [0, 3, 4, 1, 5, 2]),
        other => return Err(format!("mode {:?} is not known", String::from_utf8_lossy(other))),
    };
    let moved = transposed(&reshaped(tensor, split)?, &order);
    reshaped(&moved, vec![batch, depth, height * block, width * block])
}

/// The blocks' elements, which are space, become channels.
fn space_to_depth(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (tensor, block) = (operation.input(0)?, block_size(operation)?);
    let &[batch, channels, height, width] = tensor.shape.as_slice() else {
        return Err(format!(
            "expected [batch, channels, height, width], found {}",
            show_shape(&tensor.shape)
        ));
    };
    if !height.is_multiple_of(block) || !width.is_multiple_of(block) {
        return Err(format!("{height}×{width} is not made of blocks of {block}×{block}"));
    }
    let split = vec![batch, channels, height / block, block, width / block, block];
    let moved = transposed(&reshaped(tensor, split)?, &[0, 3, 5, 1, 2, 4]);
    reshaped(&moved, vec![batch, channels * block * block, height / block, width / block])
}

fn block_size(operation: &Operation) -> Result<usize, String> {
    let block = operation.integer("blocksize", 0)?;
    let block = usize::try_from(block).ok().filter(|block| (1..=1 << 15).contains(block));
    block.ok_or_else(|| "its blocksize must be positive".to_owned())
}

/// The number of elements as a constant; a batch of unknown size counts as 1.
fn size(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let count = operation.input(0)?.len();
    Ok(Tensor::from_values(vec![], Element::INT64, [integer(count as i64)]))
}

/// The shape of a tensor as a constant; a batch of unknown size counts as 1.
fn shape(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let sizes = &operation.input(0)?.shape;
    let rank = sizes.len() as i64;
    let (start, end) = (operation.integer("start", 0)?, operation.integer("end", rank)?);
    let indices = range(start, end, 1, sizes.len())?;
    let values = indices.iter().map(|&index| integer(sizes[index] as i64));
    Ok(Tensor::from_values(vec![indices.len()], Element::INT64, values))
}
