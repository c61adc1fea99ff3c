//! Bases: small systems of equations, given by the certificate, whose solutions serve as multipliers.
//!
//! Whatever numbers come out, those ≥ 0 are valid multipliers: the solutions need not be exact,
//! only good enough to prove what the certificate says.

use std::rc::Rc;

use crate::lines::{Reason, index};
use crate::node::InputBox;
use crate::substitution::{Bound, Total};
use crate::word::Word;

/// Children get so many of their parent's bases, the last ones.
pub const MOST_BASES: usize = 100;

/// A row by its place among the permanent rows of the path, or among the clip rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowName {
    /// A row of the region or of a split.
    Permanent(usize),
    /// A clip row.
    Clip(usize),
}

impl RowName {
    /// Reads a name: row i is i, clip row i is −i−1.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        match text.strip_prefix('-') {
            None => index(text, usize::MAX, "row").map(Self::Permanent),
            Some("0") => Err("there is no row -0".to_owned()),
            Some(clip) => index(clip, usize::MAX, "clip row").map(|clip| Self::Clip(clip - 1)),
        }
    }
}

/// A node's rows.
#[derive(Debug)]
pub struct Rows<'a, W> {
    /// Those of the region and of splits.
    pub permanent: &'a [Rc<Bound<W>>],
    /// The clip rows.
    pub clip: &'a [Rc<Bound<W>>],
}

impl<'a, W> Rows<'a, W> {
    /// A row, if it is there.
    pub fn find(&self, name: RowName) -> Option<&'a Rc<Bound<W>>> {
        match name {
            RowName::Permanent(place) => self.permanent.get(place),
            RowName::Clip(place) => self.clip.get(place),
        }
    }

    /// A row that must be there.
    pub fn get(&self, name: RowName) -> Result<&'a Rc<Bound<W>>, Reason> {
        self.find(name).ok_or_else(|| match name {
            RowName::Permanent(place) => format!("there is no row {place}"),
            RowName::Clip(place) => format!("there is no clip row {place}"),
        })
    }
}

/// Rows, and the inputs whose equations give their multipliers.
#[derive(Debug)]
struct Basis {
    rows: Vec<RowName>,
    inputs: Vec<usize>,
}

/// A basis at a node.
#[derive(Debug, Clone)]
pub struct Candidate<W> {
    basis: Rc<Basis>,
    /// The inverse of its system; none where there is none, or where it is too large.
    inverse: Option<Rc<Inverse<W>>>,
}

/// An inverse, of rows that were scaled by powers of two.
#[derive(Debug)]
struct Inverse<W> {
    /// One row a multiplier.
    entries: Vec<W>,
    /// The number of bits of each row's largest coefficient: the row was divided by 2^(bits − F).
    heights: Vec<u32>,
}

impl<W: Word> Candidate<W> {
    /// Reads `ROWS/INPUTS` and solves the system.
    pub fn parse(
        text: &str,
        rows: &Rows<'_, W>,
        inputs: usize,
        precision: u32,
    ) -> Result<Self, Reason> {
        let Some((names, coordinates)) = text.split_once('/') else {
            return Err(format!("expected a basis `ROWS/INPUTS`, found `{text}`"));
        };
        let names: Vec<RowName> =
            names.split(',').map(RowName::parse).collect::<Result<_, Reason>>()?;
        let permanent = |name: &&RowName| matches!(name, RowName::Permanent(_));
        names.iter().filter(permanent).try_for_each(|&name| rows.get(name).map(|_| ()))?;
        let coordinates = coordinates.split(',').map(|input| index(input, inputs, "input"));
        let inputs: Vec<usize> = coordinates.collect::<Result<_, Reason>>()?;
        if names.len() != inputs.len() {
            return Err(format!("the basis `{text}` has not as many rows as inputs"));
        }
        let basis = Rc::new(Basis { rows: names, inputs });
        let inverse = Inverse::new(&basis, rows, precision).map(Rc::new);
        Ok(Self { basis, inverse })
    }

    /// Solves the system again where it depends on clip rows, which have changed.
    pub fn new_clip_rows(&mut self, rows: &Rows<'_, W>, precision: u32) {
        if self.basis.rows.iter().any(|name| matches!(name, RowName::Clip(_))) {
            self.inverse = Inverse::new(&self.basis, rows, precision).map(Rc::new);
        }
    }

    /// A lower bound at 2^−2F of a function over the part, from this basis' multipliers.
    ///
    /// None if the basis gives none, or no numbers that fit, or a clearly negative solution: a
    /// basis whose solution is ≥ 0 is better then.
    pub fn minimum(
        &self,
        function: &Bound<W>,
        rows: &Rows<'_, W>,
        area: &InputBox<W>,
        total: &mut Total<W>,
    ) -> Option<W::Sum> {
        let inverse = self.inverse.as_deref()?;
        let size = self.basis.inputs.len();
        let costs = || self.basis.inputs.iter().map(|&input| &function.coefficients[input]);
        let mut norm = W::Sum::default();
        costs().for_each(|cost| W::add_size(&mut norm, cost));
        total.start();
        let each = inverse.entries.chunks_exact(size).zip(&inverse.heights).zip(&self.basis.rows);
        for ((entries, &height), &name) in each {
            let mut sum = W::Sum::default();
            for (entry, cost) in entries.iter().zip(costs()) {
                W::subtract(&mut sum, &entry.product(cost))?;
            }
            let multiplier = W::multiplier(&sum, &norm, height, total.precision)?;
            if multiplier > W::default() {
                total.add(&multiplier, rows.find(name)?);
            }
        }
        total.add(&W::one(total.precision), function);
        total.minimum(area)
    }
}

impl<W: Word> Inverse<W> {
    /// Solves by Gauss–Jordan elimination with the largest pivots.
    fn new(basis: &Basis, rows: &Rows<'_, W>, bits: u32) -> Option<Self> {
        let size = basis.rows.len();
        let mut system = vec![vec![W::default(); 2 * size]; size];
        let mut heights = Vec::with_capacity(size);
        for (column, &name) in basis.rows.iter().enumerate() {
            let row = rows.find(name)?;
            // The largest coefficient becomes at most 1 and more than 1/2.
            let height = row.coefficients.iter().map(W::width).max()?;
            for (equation, &input) in system.iter_mut().zip(&basis.inputs) {
                equation[column] = row.coefficients[input].entry(height, bits)?;
            }
            heights.push(height);
        }
        for (place, equation) in system.iter_mut().enumerate() {
            equation[size + place] = W::entry_one(bits);
        }
        for column in 0..size {
            let pivot = (column..size).max_by_key(|&row| system[row][column].magnitude())?;
            system.swap(column, pivot);
            let value = system[column][column].clone();
            for entry in &mut system[column] {
                *entry = entry.quotient(&value, bits)?;
            }
            let source = system[column].clone();
            for (row, equation) in system.iter_mut().enumerate() {
                let factor = equation[column].clone();
                if row == column || factor == W::default() {
                    continue;
                }
                for (entry, term) in equation.iter_mut().zip(&source) {
                    *entry = entry.reduced(&factor, term, bits)?;
                }
            }
        }
        let entries = system.iter().flat_map(|equation| &equation[size..]).cloned().collect();
        Some(Self { entries, heights })
    }
}
