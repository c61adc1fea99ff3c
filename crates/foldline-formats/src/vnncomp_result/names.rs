//! How a result file names the entries of the input and the output tensor.

use crate::network::LoadedNetwork;
use crate::vnnlib::{DeclaredTensors, Side, count, parse_index};

/// What the names in a result file may mean.
///
/// Files of different tools write the same entry as `X_7`, `X_1-2`, `X[7]` or `X[0,1,2]`. One index
/// counts the entries row by row; several are those of a tensor of that many dimensions, as the
/// property declares it or else as the network has it.
#[derive(Debug, Clone, Default)]
pub struct WitnessNames {
    input: TensorNames,
    output: TensorNames,
}

/// The same for one tensor.
#[derive(Debug, Clone, Default)]
struct TensorNames {
    /// What the property calls it; without a property it is X or Y.
    declared: Option<String>,
    /// The shapes that it may be given, the first that fits first.
    shapes: Vec<Vec<usize>>,
    /// How many entries it has, where that is known.
    size: Option<usize>,
}

impl WitnessNames {
    /// The names of a network's inputs and outputs, and those that a property of it declares.
    pub fn of(loaded: &LoadedNetwork, declared: DeclaredTensors) -> Self {
        let network = &loaded.network;
        let [input, output] = declared.0;
        let tensor = |(name, shape), own: &[usize], size| TensorNames {
            declared: Some(name),
            shapes: vec![shape, own.to_vec()],
            size: Some(size),
        };
        Self {
            input: tensor(input, &loaded.input_shape, network.inputs()),
            output: tensor(output, &loaded.output_shape, network.outputs()),
        }
    }

    /// The tensor that `name` names: as the property declares it, or X and Y.
    pub(super) fn side(&self, name: &str) -> Option<Side> {
        let is_declared = |tensor: &TensorNames| tensor.declared.as_deref() == Some(name);
        match name {
            _ if is_declared(&self.input) => Some(Side::Input),
            _ if is_declared(&self.output) => Some(Side::Output),
            "X" => Some(Side::Input),
            "Y" => Some(Side::Output),
            _ => None,
        }
    }

    /// The tensor and the entry, counted row by row, that `word` names; else what is wrong.
    pub(super) fn find(&self, word: &str) -> Result<(Side, usize), String> {
        let parts = match word.strip_suffix(']') {
            Some(rest) => rest.split_once('[').map(|(name, list)| (name.trim_end(), list, ',')),
            None => word.rsplit_once('_').map(|(name, list)| (name, list, '-')),
        };
        let named = parts.and_then(|(name, list, separator)| {
            let indices = list.split(separator).map(|index| parse_index(index.trim()));
            Some((self.side(name)?, indices.collect::<Option<Vec<usize>>>()?))
        });
        let Some((side, indices)) = named else {
            return Err("expected a name such as `X_0` or `X[0,0]`".to_owned());
        };
        let tensor = self.tensor(side);
        let entry = tensor.entry(&indices).ok_or_else(|| {
            let shapes: Vec<String> = tensor.shapes.iter().map(|s| format!("{s:?}")).collect();
            let shapes =
                if shapes.is_empty() { "no known shape".into() } else { shapes.join(" or ") };
            format!("`{word}` has several indices, but the tensor has {shapes}")
        })?;
        match tensor.size {
            Some(size) if entry >= size => {
                Err(format!("`{word}` does not exist: the network has {}", count(size, side)))
            }
            _ => Ok((side, entry)),
        }
    }

    /// How many entries a tensor has, where that is known.
    pub(super) fn size(&self, side: Side) -> Option<usize> {
        self.tensor(side).size
    }

    fn tensor(&self, side: Side) -> &TensorNames {
        match side {
            Side::Input => &self.input,
            Side::Output => &self.output,
        }
    }
}

impl TensorNames {
    /// The entry with these indices, counted row by row.
    fn entry(&self, indices: &[usize]) -> Option<usize> {
        if let [index] = indices {
            return Some(*index);
        }
        let shape = self.shapes.iter().find(|shape| shape.len() == indices.len())?;
        let mut entry = 0usize;
        for (&index, &size) in indices.iter().zip(shape) {
            if index >= size {
                return None;
            }
            entry = entry.checked_mul(size)?.checked_add(index)?;
        }
        Some(entry)
    }
}
