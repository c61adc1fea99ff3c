//! The vertices and rays of cells: floats with an error bound, tight hyperplanes, exact on demand.

use super::rows::{FROM_EXACT, Numbers};
use crate::directed::UNIT_ROUNDOFF;

/// Errors beyond this make a new generator be computed afresh from its hyperplanes.
pub(super) const GOOD_ERROR: f64 = 1e-10;

/// Errors beyond this make a new generator be computed exactly.
pub(super) const LARGEST_ERROR: f64 = 1e-9;

/// Generators in homogeneous coordinates (x_0 > 0: the vertex x/x_0; x_0 = 0: a ray), a stack.
#[derive(Debug)]
pub(super) struct Generators<const W: usize> {
    /// Some positive multiple with largest magnitude 1.
    pub points: Vec<[f64; W]>,
    /// Error of the coordinates plus the rounding of a product with W terms, relative to Σ|row|.
    pub slacks: Vec<f64>,
    /// `words` words a generator: the slots whose hyperplanes it lies on.
    tight: Vec<u64>,
    pub words: usize,
    /// Primitive integer coordinates, where they were needed.
    pub exact: Vec<Option<Box<Numbers>>>,
}

/// The slack of a point of magnitude 1 known to `error`.
pub(super) fn slack<const W: usize>(error: f64) -> f64 {
    error * 1.0001 + (W + 4) as f64 * UNIT_ROUNDOFF
}

impl<const W: usize> Generators<W> {
    pub fn new() -> Self {
        let (points, slacks, tight, exact) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { points, slacks, tight, words: 1, exact }
    }

    pub fn len(&self) -> usize {
        self.points.len()
    }

    pub fn truncate(&mut self, length: usize) {
        self.points.truncate(length);
        self.slacks.truncate(length);
        self.tight.truncate(length * self.words);
        self.exact.truncate(length);
    }

    /// Adds a generator that lies on no hyperplane yet.
    fn push(&mut self, point: [f64; W], error: f64, exact: Option<Box<Numbers>>) -> u32 {
        self.points.push(point);
        self.slacks.push(slack::<W>(error));
        self.tight.resize(self.tight.len() + self.words, 0);
        self.exact.push(exact);
        (self.points.len() - 1) as u32
    }

    /// Adds a generator with floats known to `error`.
    pub fn push_float(&mut self, point: [f64; W], error: f64) -> u32 {
        self.push(point, error, None)
    }

    /// Adds a generator given exactly.
    pub fn push_exact(&mut self, exact: Numbers) -> u32 {
        let mut point = [0.0; W];
        exact.to_floats(&mut point);
        self.push(point, FROM_EXACT, Some(Box::new(exact)))
    }

    /// The slots whose hyperplanes contain the generator.
    #[inline]
    pub fn tight(&self, index: u32) -> &[u64] {
        &self.tight[index as usize * self.words..][..self.words]
    }

    /// The slots that two generators have in common, increasing.
    pub fn common_slots(&self, a: u32, b: u32) -> impl Iterator<Item = usize> {
        let words = self.tight(a).iter().zip(self.tight(b)).enumerate();
        words.flat_map(|(word, (x, y))| {
            let mut rest = x & y;
            std::iter::from_fn(move || {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest.wrapping_sub(1);
                (bit < 64).then_some(64 * word + bit)
            })
        })
    }

    pub fn is_tight(&self, index: u32, slot: usize) -> bool {
        self.tight(index)[slot / 64] >> (slot % 64) & 1 == 1
    }

    pub fn set_tight(&mut self, index: u32, slot: usize) {
        self.tight[index as usize * self.words + slot / 64] |= 1 << (slot % 64);
    }

    /// Makes the tight slots of `index` those that `a` and `b` have in common.
    pub fn set_common(&mut self, index: u32, a: u32, b: u32) {
        let [index, a, b] = [index, a, b].map(|index| index as usize * self.words);
        for word in 0..self.words {
            self.tight[index + word] = self.tight[a + word] & self.tight[b + word];
        }
    }

    /// Forgets all slots from `count` on.
    pub fn keep_slots(&mut self, index: u32, count: usize) {
        let start = index as usize * self.words;
        for word in 0..self.words {
            let kept = count.saturating_sub(64 * word).min(64);
            let mask = if kept == 64 { u64::MAX } else { (1 << kept) - 1 };
            self.tight[start + word] &= mask;
        }
    }

    /// Makes room for `slots` slots a generator.
    pub fn widen(&mut self, slots: usize) {
        let words = slots.div_ceil(64);
        if words <= self.words {
            return;
        }
        let mut wider = vec![0; self.len() * words];
        for (old, new) in self.tight.chunks(self.words).zip(wider.chunks_mut(words)) {
            new[..self.words].copy_from_slice(old);
        }
        (self.tight, self.words) = (wider, words);
    }

    /// Whether the cell with generators `list` has an edge between `a` and `b`.
    ///
    /// A generator with exactly W − 1 tight hyperplanes is simple: any W − 2 of them make an edge.
    /// Otherwise the common face is an edge if no third generator lies on it.
    #[inline]
    pub fn adjacent(&self, a: u32, b: u32, list: &[u32]) -> bool {
        if self.words == 1 {
            let (x, y) = (self.tight[a as usize], self.tight[b as usize]);
            let common = x & y;
            return common.count_ones() as usize + 2 >= W
                && (x.count_ones() as usize == W - 1
                    || y.count_ones() as usize == W - 1
                    || !list
                        .iter()
                        .any(|&c| c != a && c != b && self.tight[c as usize] & common == common));
        }
        let (x, y) = (self.tight(a), self.tight(b));
        let count = |set: &[u64]| set.iter().map(|word| word.count_ones() as usize).sum::<usize>();
        let common: usize = x.iter().zip(y).map(|(x, y)| (x & y).count_ones() as usize).sum();
        if common + 2 < W {
            return false;
        }
        if count(x) == W - 1 || count(y) == W - 1 {
            return true;
        }
        let on_face = |c: u32| {
            let other = self.tight(c);
            x.iter().zip(y).zip(other).all(|((x, y), z)| x & y & z == x & y)
        };
        !list.iter().any(|&c| c != a && c != b && on_face(c))
    }
}
