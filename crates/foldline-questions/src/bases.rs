//! The bases that a proof names: small systems from which a checker gets its multipliers.
//!
//! A linear program's optimal multipliers follow from its basis: which half-spaces take part, and
//! which inputs are not at an end of the box. One basis is optimal for many of a node's bounds and
//! for those of its children, so a proof lists each once, when it is first needed.

use std::fmt::Write;
use std::sync::Arc;

use foldline_geometry::Polytope;

use crate::proof::row_name;

/// Children get so many of their parent's bases, the last ones, in the checker as well.
pub const MOST_BASES: usize = 100;

/// Bases with more half-spaces are not used.
const MOST_ROWS: usize = 24;

/// The largest entry of an inverse that leaves a checker's rounded solution good enough.
const LARGEST_INVERSE: f64 = 256.0;

/// Rows whose largest coefficient is smaller have too few digits in a checker's fixed point numbers.
const LEAST_COEFFICIENT: f64 = 1.0 / 256.0;

/// A fixed point solution of a system errs by about this, times the square of its inverse's size.
const SOLUTION_ERROR: f64 = 1.0 / (1u64 << 45) as f64;

/// Multipliers may be this far below zero and still count as those of an optimal basis.
const NEARLY_ZERO: f64 = 1e-8;

/// Half-spaces and as many inputs.
#[derive(Debug, PartialEq, Eq)]
struct Basis {
    /// Permanent half-spaces by their index, clip rows as −1, −2, …
    rows: Vec<i64>,
    /// The inputs whose equations the multipliers solve.
    inputs: Vec<u32>,
}

/// What is known about a basis' system at the node at hand.
#[derive(Debug, Clone)]
enum System {
    Unknown,
    /// Singular, or nearly so.
    Useless,
    Solved(Arc<Inverse>),
}

/// The inverse of the system of rows scaled by powers of two.
#[derive(Debug)]
struct Inverse {
    /// One row a multiplier.
    entries: Vec<f64>,
    /// The powers of two.
    scales: Vec<f64>,
    /// What a checker may lose, for a gradient of size 1.
    error: f64,
}

/// The bases of a node, the oldest first; children begin with those of their parent.
#[derive(Debug, Clone, Default)]
pub struct Bases {
    list: Vec<(Arc<Basis>, System)>,
    /// How many of the last ones are not written yet.
    fresh: usize,
}

impl Bases {
    /// What the children begin with: the last bases, without what depends on clip rows.
    pub fn hand_on(&mut self) {
        let excess = self.list.len().saturating_sub(MOST_BASES);
        self.list.drain(..excess);
        for (basis, system) in &mut self.list {
            if basis.rows.iter().any(|&row| row < 0) {
                *system = System::Unknown;
            }
        }
    }

    /// Replaces `multipliers` by those that a checker gets from the basis `rows`, `inputs` of an
    /// optimal vertex for `gradient`, and makes sure that the basis is in the list.
    ///
    /// Gives what the checker's rounding may lose; none where the basis is of no use to it.
    #[inline(never)]
    pub fn multipliers(
        &mut self,
        (rows, inputs): (&[u32], &[u32]),
        permanent: usize,
        gradient: &[f64],
        polytope: &Polytope,
        multipliers: &mut Vec<(u32, f64)>,
    ) -> Option<f64> {
        if rows.len() > MOST_ROWS || rows.len() != inputs.len() {
            return None;
        }
        let name = |row: u32| row_name(row, permanent);
        let is_same = |(basis, _): &(Arc<Basis>, System)| {
            basis.inputs == inputs
                && basis.rows.iter().zip(rows).all(|(&known, &row)| known == name(row))
        };
        let place = self.list.iter().rposition(is_same);
        if let Some(place) = place
            && let (_, System::Solved(inverse)) = &self.list[place]
        {
            return inverse.apply(rows, inputs, gradient, polytope, multipliers);
        }
        if let Some((_, System::Useless)) = place.map(|place| &self.list[place]) {
            return None;
        }
        let inverse = Inverse::new(rows, inputs, polytope).map(Arc::new);
        let loss = inverse
            .as_ref()
            .and_then(|inverse| inverse.apply(rows, inputs, gradient, polytope, multipliers));
        let system = inverse.map_or(System::Useless, System::Solved);
        if let Some(place) = place {
            self.list[place].1 = system;
        } else if loss.is_some() {
            let basis = Basis {
                rows: rows.iter().map(|&row| name(row)).collect(),
                inputs: inputs.to_vec(),
            };
            self.list.push((Arc::new(basis), system));
            self.fresh += 1;
        }
        loss
    }

    /// The record of the bases that are not written yet, if there are some.
    pub fn record(&mut self) -> Option<String> {
        if self.fresh == 0 {
            return None;
        }
        let first = self.list.len() - self.fresh;
        self.fresh = 0;
        // The order only says which are dropped first, and gzip likes this one.
        self.list[first..].sort_by_cached_key(|(basis, _)| basis.word());
        let words: Vec<String> = self.list[first..].iter().map(|(basis, _)| basis.word()).collect();
        Some(format!("bases {}", words.join(" ")))
    }
}

impl Bases {
    /// The bases as words, for a checkpoint; all are written.
    pub fn words(&self) -> String {
        let words: Vec<String> = self.list.iter().map(|(basis, _)| basis.word()).collect();
        words.join(" ")
    }

    /// The bases of such words.
    pub fn from_words(words: &str) -> Option<Self> {
        let known = |word| Some((Arc::new(Basis::from_word(word)?), System::Unknown));
        let list = words.split_ascii_whitespace().map(known).collect::<Option<_>>()?;
        Some(Self { list, fresh: 0 })
    }
}

impl Basis {
    fn from_word(word: &str) -> Option<Self> {
        let (rows, inputs) = word.split_once('/')?;
        let rows: Vec<i64> = rows.split(',').map(|row| row.parse().ok()).collect::<Option<_>>()?;
        let inputs = inputs.split(',').map(|input| input.parse().ok());
        let inputs: Vec<u32> = inputs.collect::<Option<_>>()?;
        (rows.len() == inputs.len()).then_some(Self { rows, inputs })
    }

    /// `ROWS/INPUTS`.
    fn word(&self) -> String {
        let mut word = String::new();
        for (position, &row) in self.rows.iter().enumerate() {
            let _ = write!(word, "{}{row}", if position == 0 { "" } else { "," });
        }
        for (position, input) in self.inputs.iter().enumerate() {
            let _ = write!(word, "{}{input}", if position == 0 { '/' } else { ',' });
        }
        word
    }
}

impl Inverse {
    /// Solves the system by Gauss–Jordan elimination; none where that is too inexact.
    fn new(rows: &[u32], inputs: &[u32], polytope: &Polytope) -> Option<Self> {
        let size = rows.len();
        let width = 2 * size;
        let mut system = vec![0.0; size * width];
        let mut scales = Vec::with_capacity(size);
        for (column, &row) in rows.iter().enumerate() {
            let normal = polytope.normal(row as usize);
            let largest = normal.iter().fold(0.0f64, |largest, value| largest.max(value.abs()));
            if !(LEAST_COEFFICIENT..1e100).contains(&largest) {
                return None;
            }
            let scale = largest.log2().ceil().exp2().recip();
            for (position, &input) in inputs.iter().enumerate() {
                system[position * width + column] = scale * normal[input as usize];
            }
            scales.push(scale);
        }
        for position in 0..size {
            system[position * width + size + position] = 1.0;
        }
        for column in 0..size {
            let height = |&row: &usize| system[row * width + column].abs();
            let pivot = (column..size).max_by(|a, b| height(a).total_cmp(&height(b)))?;
            let value = system[pivot * width + column];
            if value.abs() < 1.0 / LARGEST_INVERSE {
                return None;
            }
            for place in 0..width {
                system.swap(column * width + place, pivot * width + place);
                system[column * width + place] /= value;
            }
            let source = system[column * width..(column + 1) * width].to_vec();
            for row in (0..size).filter(|&row| row != column) {
                let factor = system[row * width + column];
                for (value, term) in system[row * width..(row + 1) * width].iter_mut().zip(&source)
                {
                    *value -= factor * term;
                }
            }
        }
        let entries: Vec<f64> =
            system.chunks_exact(width).flat_map(|row| &row[size..]).copied().collect();
        let largest = entries.iter().fold(1.0f64, |largest, value| largest.max(value.abs()));
        let error = SOLUTION_ERROR * size as f64 * largest * largest;
        (largest <= LARGEST_INVERSE).then_some(Self { entries, scales, error })
    }

    /// The multipliers for a gradient; none where one is negative, so that the basis is not optimal.
    fn apply(
        &self,
        rows: &[u32],
        inputs: &[u32],
        gradient: &[f64],
        polytope: &Polytope,
        multipliers: &mut Vec<(u32, f64)>,
    ) -> Option<f64> {
        let size = rows.len();
        let norm: f64 = inputs.iter().map(|&input| gradient[input as usize].abs()).sum();
        let solve = |entries: &[f64]| -> f64 {
            let terms = entries.iter().zip(inputs);
            -terms.map(|(entry, &input)| entry * gradient[input as usize]).sum::<f64>()
        };
        let mut values = [0.0; MOST_ROWS];
        for (value, entries) in values.iter_mut().zip(self.entries.chunks_exact(size)) {
            *value = solve(entries);
            if *value < -NEARLY_ZERO * norm {
                return None;
            }
        }
        multipliers.clear();
        let mut reach = 0.0;
        for (position, &row) in rows.iter().enumerate() {
            let value = values[position] * self.scales[position];
            reach += self.scales[position] * polytope.magnitude(&[(row, 1.0)]);
            if value > 0.0 {
                multipliers.push((row, value));
            }
        }
        Some(self.error * norm * reach)
    }
}
