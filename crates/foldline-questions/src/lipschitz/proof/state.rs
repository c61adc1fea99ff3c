//! The open nodes of a proof's tree as JSON values, and back: what a checkpoint holds.
//!
//! Of a node are written its signs, the neurons that were split on, and its point. The rows of the splits are
//! composed anew: the row of a neuron depends on the signs of earlier layers only, all of which that
//! matter were decided before the neuron was split on.

use serde_json::{Value, json};

use super::tree::{Node, Tree, Work};
use crate::checkpoint::{
    StateError, expected, field, floats_text, list, numbers_text, read_floats, read_numbers,
};
use crate::lipschitz::leaf::strictly;
use crate::part_state::{read_signs, signs_text};

/// A part of the proof.
pub fn to_json(work: &Work) -> Value {
    match work {
        Work::Line(line, share) => json!({"line": line, "share": floats_text(&[*share])}),
        Work::Node(Node { signs, rows, point, share }) => {
            let signs = signs_text(signs.iter().copied());
            let splits: Vec<usize> = rows.iter().map(|(neuron, _)| *neuron).collect();
            let share = floats_text(&[*share]);
            json!({"signs": signs, "splits": splits, "point": numbers_text(point), "share": share})
        }
    }
}

/// The part of such a value.
///
/// # Errors
/// If it is no part of this tree.
pub fn restore(tree: &Tree<'_>, state: &Value) -> Result<Work, StateError> {
    let share = field(state, "share")?;
    let &[share] = &read_floats(share)?[..] else { return Err(expected("a share", share)) };
    if let Some(line) = state.get("line") {
        let line = line.as_str().ok_or_else(|| expected("a record", line))?;
        return Ok(Work::Line(line.to_owned(), share));
    }
    let signs = field(state, "signs")?;
    let read = read_signs(signs, tree.links.len());
    let read = read.ok_or_else(|| expected("a sign of each neuron", signs))?;
    let row = |split: &Value| {
        let neuron = split.as_u64().map(|neuron| neuron as usize);
        let neuron = neuron.filter(|&neuron| read.get(neuron).is_some_and(|&sign| sign != 0));
        let neuron = neuron.ok_or_else(|| expected("a neuron with a sign", split))?;
        Ok((neuron, strictly(&tree.row(&read, neuron), read[neuron] > 0)))
    };
    let rows = list(state, "splits")?.iter().map(row).collect::<Result<_, _>>()?;
    let point = field(state, "point")?;
    let inputs = tree.claim.network.inputs();
    let point = Some(read_numbers(point)?)
        .filter(|read| read.len() == inputs)
        .ok_or_else(|| expected("a point", point))?;
    Ok(Work::Node(Node { signs: read, rows, point, share }))
}
