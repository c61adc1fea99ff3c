//! The weights that matter at a node: those of activations that are not known to be 0.

use crate::fixed::FixedLayer;
use crate::node::{Neuron, Sign};

/// Sums of so many products of numbers whose bits add up to [`FEW_BITS`] are at most 2^126.
const MANY: usize = 1 << 16;
const FEW_BITS: u32 = 110;

/// A layer's activations that may differ from 0, and the next layer's weights of them.
#[derive(Debug)]
pub struct Live {
    /// Their rows in the layer, increasing.
    pub rows: Vec<u32>,
    /// The next layer's weights of them, one row after another, rounded down and up.
    floors: Vec<i64>,
    ceilings: Vec<i64>,
    /// The number of bits of the largest weight.
    bits: u32,
}

impl Live {
    /// The activations of neurons that are not inactive; `next` is the layer after theirs.
    pub fn new(neurons: &[Neuron], next: Option<&FixedLayer>) -> Self {
        let mut place = vec![usize::MAX; neurons.len()];
        let mut rows = Vec::new();
        for (row, _) in neurons.iter().enumerate().filter(|(_, known)| known.sign != Sign::Inactive)
        {
            place[row] = rows.len();
            rows.push(row as u32);
        }
        let size = rows.len() * next.map_or(0, FixedLayer::len);
        let (mut floors, mut ceilings) = (vec![0; size], vec![0; size]);
        let mut largest = 0;
        for index in 0..next.map_or(0, FixedLayer::len) {
            let Some(content) = next.map(|next| next.row(index)) else { break };
            let start = index * rows.len();
            for (position, &column) in content.columns.iter().enumerate() {
                let own = place[column as usize];
                if own != usize::MAX {
                    let (floor, ceiling) = (content.floors[position], content.ceilings[position]);
                    (floors[start + own], ceilings[start + own]) = (floor, ceiling);
                    largest = largest.max(floor.unsigned_abs()).max(ceiling.unsigned_abs());
                }
            }
        }
        Self { rows, floors, ceilings, bits: u64::BITS - largest.leading_zeros() }
    }

    /// Whether it still leaves out most of what can be left out. Signs never change on the way
    /// down, so it leaves out nothing that it must not.
    pub fn is_good_for(&self, neurons: &[Neuron]) -> bool {
        let live = neurons.iter().filter(|known| known.sign != Sign::Inactive).count();
        4 * live > 3 * self.rows.len()
    }

    /// Adds `factor` times a row of the next layer, or what is below it, to the activations'
    /// coefficients; none where a number is too large.
    pub fn add(&self, row: usize, factor: i64, sums: &mut [i128]) -> Option<()> {
        // Activations are ≥ 0: the weight that makes the product smaller is below the exact one.
        let weights = if factor > 0 { &self.floors } else { &self.ceilings };
        let weights = &weights[row * self.rows.len()..][..self.rows.len()];
        let wide = i128::from(factor);
        let bits = self.bits + u64::BITS - factor.unsigned_abs().leading_zeros();
        if bits <= FEW_BITS && self.floors.len() / self.rows.len().max(1) <= MANY {
            for (sum, &weight) in sums.iter_mut().zip(weights) {
                *sum = sum.wrapping_add(wide * i128::from(weight));
            }
            return Some(());
        }
        for (sum, &weight) in sums.iter_mut().zip(weights) {
            *sum = sum
                .checked_add(wide * i128::from(weight))
                .filter(|sum| sum.unsigned_abs() >> 125 == 0)?;
        }
        Some(())
    }
}
