//! ReLU neurons that are constant, or ±2^n times an earlier one of their layer, whatever the input.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::interrupt::{self, EXACT};
use crate::{Activation, Integer, Layer, Row};

/// What a ReLU neuron's weights say of its pre-activation without knowing the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Nothing.
    New,
    /// It is the same for every input, or, in a homogeneous network, the same multiple of the
    /// last input, which is ≥ 0.
    Constant {
        /// Whether that number is > 0.
        positive: bool,
    },
    /// It is a multiple of an earlier one.
    Multiple(Multiple),
}

/// That a pre-activation is ±2^shift times that of an earlier neuron of the layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Multiple {
    /// The row of the earlier neuron, which is neither constant nor a multiple itself.
    pub first: usize,
    /// Whether the factor is negative.
    pub negative: bool,
    /// The exponent of the factor's magnitude.
    pub shift: i64,
}

/// For each layer, what its rows repeat; of linear layers nothing.
///
/// Rows of a ReLU layer are compared by their reduced weights: linear layers before it are multiplied out; then a
/// weight of an activation that is 0 because its neuron is constant is dropped, and one of a positive
/// multiple is moved to the neuron that it is a multiple of. In a `homogeneous` network the last
/// input of each layer is s ≥ 0 and plays the part of biases.
pub fn repeats(layers: &[Layer], homogeneous: bool) -> Vec<Vec<Repeat>> {
    let mut all: Vec<Vec<Repeat>> = Vec::with_capacity(layers.len());
    let mut linear: Option<Layer> = None;
    // The last ReLU layer.
    let mut before = None;
    for (index, layer) in layers.iter().enumerate() {
        let mut merged = match linear.take() {
            Some(earlier) => Cow::Owned(layer.after(&earlier)),
            None => Cow::Borrowed(layer),
        };
        if layer.activation == Activation::Linear {
            let is_last = index + 1 == layers.len();
            linear = (!is_last).then(|| merged.into_owned());
            all.push(vec![Repeat::New; layer.rows.len()]);
            continue;
        }
        let before = before.replace(index).map_or(&[][..], |before| &all[before]);
        if before.iter().any(|repeat| *repeat != Repeat::New) {
            merged = Cow::Owned(reduced(&merged, before));
        }
        all.push(repeats_in(&merged, homogeneous));
    }
    all
}

/// The layer with its weights moved to the activations that others are multiples of.
///
/// Not in lowest terms: rows are compared with each other alone.
fn reduced(layer: &Layer, before: &[Repeat]) -> Layer {
    let shifts = before.iter().filter_map(|repeat| match repeat {
        Repeat::Multiple(Multiple { negative: false, shift, .. }) => Some(*shift),
        _ => None,
    });
    // All numerators times 2^unit: then none of the factors makes fractions of them.
    let unit = shifts.min().unwrap_or(0).min(0).unsigned_abs() as usize;
    let reduce = |row: &Row| {
        let mut terms: Vec<(u32, Integer)> = Vec::with_capacity(row.columns.len());
        for (&column, weight) in row.columns.iter().zip(&row.numerators) {
            let scaled = |shift: usize| if shift == 0 { weight.clone() } else { weight << shift };
            match before[column as usize] {
                Repeat::Constant { positive: false } => {}
                Repeat::Multiple(Multiple { first, negative: false, shift }) => {
                    let shift = unit.saturating_add_signed(shift as isize);
                    terms.push((first as u32, scaled(shift)));
                }
                _ => terms.push((column, scaled(unit))),
            }
        }
        interrupt::count(EXACT * terms.len());
        terms.sort_by_key(|(column, _)| *column);
        terms.dedup_by(|(column, weight), (earlier, sum)| {
            let same = column == earlier;
            if same {
                *sum += &*weight;
            }
            same
        });
        terms.retain(|(_, weight)| !weight.is_zero());
        let (columns, numerators) = terms.into_iter().unzip();
        Row { columns, numerators, bias: &row.bias << unit }
    };
    let rows = layer.rows.iter().map(reduce).collect();
    let denominator = &layer.denominator << unit;
    Layer { inputs: layer.inputs, rows, denominator, activation: layer.activation }
}

/// A row's columns, and its weights and bias divided by ±2^n so that multiples agree.
type Direction<'a> = (&'a [u32], Vec<Integer>);

fn repeats_in(layer: &Layer, homogeneous: bool) -> Vec<Repeat> {
    let is_constant = |column: &u32| homogeneous && *column as usize + 1 == layer.inputs;
    let mut seen: HashMap<Direction, Multiple> = HashMap::new();
    let mut repeats = Vec::with_capacity(layer.rows.len());
    for (index, row) in layer.rows.iter().enumerate() {
        let values = || row.numerators.iter().chain([&row.bias]);
        interrupt::count(EXACT * row.columns.len());
        if row.columns.iter().all(is_constant) {
            let positive = values().any(|value| *value > Integer::ZERO);
            repeats.push(Repeat::Constant { positive });
            continue;
        }
        let negative = row.numerators[0] < Integer::ZERO;
        let zeros = values().filter_map(Integer::trailing_zeros).min().unwrap_or(0);
        let odd = |value: &Integer| if negative { -(value >> zeros) } else { value >> zeros };
        let own = Multiple { first: index, negative, shift: zeros as i64 };
        let earlier = *seen.entry((&row.columns, values().map(odd).collect())).or_insert(own);
        repeats.push(match earlier.first == index {
            true => Repeat::New,
            false => Repeat::Multiple(Multiple {
                first: earlier.first,
                negative: negative != earlier.negative,
                shift: own.shift - earlier.shift,
            }),
        });
    }
    repeats
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::RationalRow;

    fn layer(inputs: usize, rows: &[(&[(usize, i64)], i64)]) -> Layer {
        let row = |&(weights, bias): &(&[(usize, i64)], i64)| RationalRow {
            weights: weights.iter().map(|&(column, weight)| (column, weight.into())).collect(),
            bias: bias.into(),
        };
        let rows: Vec<RationalRow> = rows.iter().map(row).collect();
        Layer::new(inputs, &rows, Activation::Relu)
    }

    fn multiple(first: usize, negative: bool, shift: i64) -> Repeat {
        Repeat::Multiple(Multiple { first, negative, shift })
    }

    #[test]
    fn rows_repeat_by_their_reduced_weights() {
        let first = layer(
            2,
            &[
                (&[(0, 1), (1, 3)], 1),
                (&[(0, 2), (1, 6)], 2),
                (&[(0, -4), (1, -12)], -4),
                (&[(0, 3), (1, 9)], 3),
                (&[], 0),
                (&[], 5),
            ],
        );
        // With r_1 = 2·r_0 and r_4 = 0.
        let second = layer(
            6,
            &[
                (&[(0, 2), (1, -1), (4, 7)], 0),
                (&[(0, 2), (1, -1), (4, 7)], 1),
                (&[(1, 1), (5, 1)], 0),
                (&[(0, -4), (5, -2)], 0),
                (&[(0, 1), (3, 1)], 0),
            ],
        );
        let found = repeats(&[first, second], false);
        let (zero, positive) =
            (Repeat::Constant { positive: false }, Repeat::Constant { positive: true });
        let new = Repeat::New;
        let expected = vec![new, multiple(0, false, 1), multiple(0, true, 2), new, zero, positive];
        assert_eq!(found[0], expected);
        assert_eq!(found[1], vec![zero, positive, new, multiple(2, true, 1), new]);
    }

    #[test]
    fn the_last_input_of_a_homogeneous_network_is_a_bias() {
        let own = layer(2, &[(&[(1, 3)], 0), (&[(1, -3)], 0), (&[(0, 1), (1, 1)], 0)]);
        let found = repeats(&[own], true);
        let constant = |positive| Repeat::Constant { positive };
        assert_eq!(found[0], vec![constant(true), constant(false), Repeat::New]);
    }
}
