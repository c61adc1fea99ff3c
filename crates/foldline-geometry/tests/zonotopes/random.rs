//! Random zonotopes: generic ones, and ones with zero, parallel, repeated and too few generators.

use foldline_kernel::{Integer, Natural, Rational, Zonotope};

/// A small generator of reproducible numbers (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    /// An integer in [−size, size].
    pub fn entry(&mut self, size: usize) -> Integer {
        Integer::from(self.below(2 * size + 1) as i64 - size as i64)
    }

    fn number(&mut self, size: usize) -> Rational {
        let denominator = [1u8, 1, 1, 2, 3][self.below(5)];
        Rational::from_parts(self.entry(size), Natural::from(denominator))
    }

    pub fn zonotope_of(&mut self, dimension: usize, count: usize, size: usize) -> Zonotope {
        let mut vector = || (0..dimension).map(|_| self.number(size)).collect::<Vec<_>>();
        Zonotope { center: vector(), generators: (0..count).map(|_| vector()).collect() }
    }

    pub fn zonotope(&mut self, degenerate: bool) -> Zonotope {
        let (dimension, count) = (1 + self.below(4), self.below(7));
        if !degenerate {
            return self.zonotope_of(dimension, count, 20);
        }
        let size = 1 + self.below(2);
        let mut zonotope = self.zonotope_of(dimension, count, size);
        for _ in 0..1 + self.below(2) {
            let zero = vec![Rational::ZERO; dimension];
            let source = match zonotope.generators.len() {
                0 => zero.clone(),
                length => zonotope.generators[self.below(length)].clone(),
            };
            let factor = [Rational::ZERO, 1.into(), (-1).into(), 2.into()][self.below(4)].clone();
            zonotope.generators.push(source.iter().map(|value| value * &factor).collect());
        }
        if self.below(3) == 0 {
            // Into a hyperplane.
            let place = self.below(dimension);
            let copied = self.below(dimension);
            for generator in &mut zonotope.generators {
                generator[place] =
                    if copied == place { Rational::ZERO } else { generator[copied].clone() };
            }
        }
        zonotope
    }
}
