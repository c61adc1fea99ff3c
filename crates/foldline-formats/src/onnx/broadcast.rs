//! numpy's broadcasting: which elements of several tensors meet.

use super::tensor::{LARGEST_COMPUTED, Tensor, count_within, show_shape};

/// The most elements that an operator on constants may produce.
const LARGEST_FOLDED: usize = 1 << 24;

/// How the elements of several tensors meet: the result's shape and, for each tensor, the positions
/// of its elements in the result's order.
pub(super) struct Broadcast {
    pub shape: Vec<usize>,
    pub positions: Vec<Vec<usize>>,
}

impl Broadcast {
    pub fn of(tensors: &[&Tensor]) -> Result<Self, String> {
        let mut shape = Vec::new();
        for tensor in tensors {
            shape = broadcast_shape(&shape, &tensor.shape)?;
        }
        let is_constant = tensors.iter().all(|tensor| tensor.constant().is_some());
        let limit = if is_constant { LARGEST_FOLDED } else { LARGEST_COMPUTED };
        if count_within(&shape, limit).is_none() {
            return Err(format!(
                "its result {} has more than {limit} elements",
                show_shape(&shape)
            ));
        }
        let positions =
            tensors.iter().map(|tensor| broadcast_positions(&shape, &tensor.shape)).collect();
        Ok(Self { shape, positions })
    }

    /// The positions in the first two tensors of each element of the result.
    pub fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + Clone {
        self.positions[0].iter().copied().zip(self.positions[1].iter().copied())
    }
}

/// The shape that two shapes broadcast to.
pub(super) fn broadcast_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], index: usize| match (index + shape.len()).checked_sub(rank) {
        Some(index) => shape[index],
        None => 1,
    };
    let merge = |index| match (size(a, index), size(b, index)) {
        (p, q) if p == q => Ok(p),
        (1, size) | (size, 1) => Ok(size),
        _ => Err(format!("shapes {} and {} do not broadcast", show_shape(a), show_shape(b))),
    };
    (0..rank).map(merge).collect()
}

/// For each position of `shape`, row by row, the position in a tensor of shape `operand` that
/// broadcasts to it.
pub(super) fn broadcast_positions(shape: &[usize], operand: &[usize]) -> Vec<usize> {
    let mut positions = vec![0];
    let missing = shape.len() - operand.len();
    for (index, &size) in shape.iter().enumerate() {
        let own = if index < missing { 1 } else { operand[index - missing] };
        let step =
            |&start: &usize| (0..size).map(move |i| start * own + if own == 1 { 0 } else { i });
        positions = positions.iter().flat_map(step).collect();
    }
    positions
}
