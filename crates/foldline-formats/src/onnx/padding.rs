//! Operators that repeat elements or put others around them: Pad, Expand, Tile.

use super::arrangement::axis_of;
use super::broadcast::{broadcast_positions, broadcast_shape};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{LARGEST_COMPUTED, Tensor, count_within, show_shape};
use super::windows::sizes;
use crate::lowering::{Program, Scalar};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new(
        "Pad",
        1..=4,
        &["mode", "paddings", "pads", "value"],
        "exact; all modes; the pads must be constant",
        Apply::One(pad),
    ),
    Operator::new("Expand", 2..=2, &[], "exact; the shape must be constant", Apply::One(expand)),
    Operator::new("Tile", 2..=3, &[], "exact; the repeats must be constant", Apply::One(tile)),
];

/// Pads further than this are no believable ones.
const LARGEST_PAD: i64 = 1 << 30;

fn pad(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let pads = pads(operation, tensor.shape.len())?;
    let mode = operation.text("mode")?.unwrap_or(b"constant");
    let fill = match (operation.has("value"), operation.optional(2)) {
        (true, _) => operation.float("value", 0)?,
        (false, None) => Scalar::ZERO,
        (false, Some(value)) => {
            let values = value.values().filter(|values| values.len() == 1);
            let value = values.and_then(|mut values| values.pop());
            value.ok_or("its constant_value must be one constant number")?
        }
    };
    let mut shape = Vec::new();
    for (&size, &(begin, end)) in tensor.shape.iter().zip(&pads) {
        let padded = size as i64 + begin + end;
        shape.push(usize::try_from(padded).map_err(|_| format!("pads {pads:?} leave nothing"))?);
    }
    if count_within(&shape, LARGEST_COMPUTED).is_none() {
        return Err(format!("its result {} has too many elements", show_shape(&shape)));
    }
    let mut sources = vec![Some(0)];
    for ((&size, &padded), &(begin, _)) in tensor.shape.iter().zip(&shape).zip(&pads) {
        let along: Result<Vec<Option<usize>>, String> =
            (0..padded as i64).map(|index| padded_index(index - begin, size, mode)).collect();
        let along = along?;
        let join = |outer: &Option<usize>| {
            let outer = *outer;
            along.iter().map(move |inner| Some(outer? * size + (*inner)?))
        };
        sources = sources.iter().flat_map(join).collect();
    }
    tensor.picked(shape, &sources, &fill)
}

/// How much is put before and after each axis; less than nothing cuts off.
fn pads(operation: &Operation, rank: usize) -> Result<Vec<(i64, i64)>, String> {
    let name = if operation.has("paddings") { "paddings" } else { "pads" };
    let pads = operation.integers_of(1, name)?.ok_or("its pads are missing")?;
    let axes = match operation.integer_input(3, "axes")? {
        Some(axes) => {
            axes.into_iter().map(|axis| axis_of(axis, rank, false)).collect::<Result<_, _>>()?
        }
        None => (0..rank).collect::<Vec<usize>>(),
    };
    let is_possible = |pad: &i64| (-LARGEST_PAD..=LARGEST_PAD).contains(pad);
    if pads.len() != 2 * axes.len() || !pads.iter().all(is_possible) {
        return Err(format!("its pads are {pads:?}, expected {} numbers", 2 * axes.len()));
    }
    let mut all = vec![(0, 0); rank];
    for (index, &axis) in axes.iter().enumerate() {
        all[axis] = (pads[index], pads[axes.len() + index]);
    }
    Ok(all)
}

/// Which element stands at `index`, counted from the axis's first one; none where the fill does.
fn padded_index(index: i64, size: usize, mode: &[u8]) -> Result<Option<usize>, String> {
    let length = size as i64;
    if (0..length).contains(&index) {
        return Ok(usize::try_from(index).ok());
    }
    let index = match mode {
        b"constant" => return Ok(None),
        _ if size == 0 => return Err("an axis without elements has none to repeat".to_owned()),
        b"edge" => index.clamp(0, length - 1),
        b"wrap" => index.rem_euclid(length),
        b"reflect" if size == 1 => 0,
        b"reflect" => {
            let folded = index.rem_euclid(2 * (length - 1));
            folded.min(2 * (length - 1) - folded)
        }
        other => return Err(format!("mode {:?} is not known", String::from_utf8_lossy(other))),
    };
    Ok(usize::try_from(index).ok())
}

/// The elements at their places in a larger shape, by numpy's broadcasting.
fn expand(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let target = operation.integer_input(1, "shape")?.unwrap_or_default();
    let target = sizes("shape", &target, target.len(), 0)?;
    let shape = broadcast_shape(&tensor.shape, &target)?;
    if count_within(&shape, LARGEST_COMPUTED).is_none() {
        return Err(format!("its result {} has too many elements", show_shape(&shape)));
    }
    let sources: Vec<Option<usize>> =
        broadcast_positions(&shape, &tensor.shape).into_iter().map(Some).collect();
    tensor.picked(shape, &sources, &Scalar::ZERO)
}

/// The tensor again and again along its axes; in operator set 1 along one of them.
fn tile(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let rank = tensor.shape.len();
    let repeats = operation.integer_input(1, "repeats")?.unwrap_or_default();
    let repeats = match (operation.operator_set, operation.integer_input(2, "axis")?) {
        (..6, Some(axis)) => {
            let (Some(&axis), Some(&tiles)) = (axis.first(), repeats.first()) else {
                return Err("its tiles or axis are missing".to_owned());
            };
            let axis = axis_of(axis, rank, false)?;
            (0..rank).map(|index| if index == axis { tiles } else { 1 }).collect()
        }
        (..6, None) => return Err("its axis is missing".to_owned()),
        (_, Some(_)) => return Err("expected 2 inputs, found 3".to_owned()),
        (_, None) => repeats,
    };
    let repeats = sizes("repeats", &repeats, rank, 0)?;
    let shape: Vec<usize> =
        tensor.shape.iter().zip(&repeats).map(|(size, times)| size * times).collect();
    if count_within(&shape, LARGEST_COMPUTED).is_none() {
        return Err(format!("its result {} has too many elements", show_shape(&shape)));
    }
    let mut sources = vec![0];
    for (&size, &length) in tensor.shape.iter().zip(&shape) {
        let along = |start: &usize| {
            let start = *start;
            (0..length).map(move |index| start * size + index % size)
        };
        sources = sources.iter().flat_map(along).collect();
    }
    let sources: Vec<Option<usize>> = sources.into_iter().map(Some).collect();
    tensor.picked(shape, &sources, &Scalar::ZERO)
}
