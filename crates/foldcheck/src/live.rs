//! The weights that matter at a node: those of activations that are not known to be 0.

use crate::fixed::FixedLayer;
use crate::node::{Neuron, Sign};
use crate::word::Word;

/// A layer's activations that may differ from 0, and the next layer's weights of them.
#[derive(Debug)]
pub struct Live<W> {
    /// Their rows in the layer, increasing.
    pub rows: Vec<u32>,
    /// The next layer's weights of them, one row after another, rounded down and up.
    floors: Vec<W>,
    ceilings: Vec<W>,
    /// The number of bits of the largest weight.
    width: u32,
}

impl<W: Word> Live<W> {
    /// The activations of neurons that are not inactive; `next` is the layer after theirs.
    pub fn new(neurons: &[Neuron<W>], next: Option<&FixedLayer<W>>) -> Self {
        let mut place = vec![usize::MAX; neurons.len()];
        let mut rows = Vec::new();
        for (row, _) in neurons.iter().enumerate().filter(|(_, known)| known.sign != Sign::Inactive)
        {
            place[row] = rows.len();
            rows.push(row as u32);
        }
        let size = rows.len() * next.map_or(0, FixedLayer::len);
        let (mut floors, mut ceilings) = (vec![W::default(); size], vec![W::default(); size]);
        let mut width = 0;
        for index in 0..next.map_or(0, FixedLayer::len) {
            let Some(content) = next.map(|next| next.row(index)) else { break };
            let start = index * rows.len();
            for (position, &column) in content.columns.iter().enumerate() {
                let own = place[column as usize];
                if own != usize::MAX {
                    let (floor, ceiling) = (&content.floors[position], &content.ceilings[position]);
                    width = width.max(floor.width()).max(ceiling.width());
                    (floors[start + own], ceilings[start + own]) = (floor.clone(), ceiling.clone());
                }
            }
        }
        Self { rows, floors, ceilings, width }
    }

    /// Whether it still leaves out most of what can be left out. Signs never change on the way
    /// down, so it leaves out nothing that it must not.
    pub fn is_good_for(&self, neurons: &[Neuron<W>]) -> bool {
        let live = neurons.iter().filter(|known| known.sign != Sign::Inactive).count();
        4 * live > 3 * self.rows.len()
    }

    /// Adds `factor` times a row of the next layer, or what is below it, to the activations'
    /// coefficients; none where a number is too large.
    pub fn add(&self, row: usize, factor: &W, sums: &mut [W::Sum]) -> Option<()> {
        // Activations are ≥ 0: the weight that makes the product smaller is below the exact one.
        let weights = if *factor > W::default() { &self.floors } else { &self.ceilings };
        let terms = self.floors.len() / self.rows.len().max(1);
        let weights = &weights[row * self.rows.len()..][..self.rows.len()];
        W::add_weights(sums, factor, weights, self.width, terms)
    }
}
