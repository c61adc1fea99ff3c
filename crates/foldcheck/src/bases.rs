//! Bases: small systems of equations, given by the certificate, whose solutions serve as multipliers.
//!
//! Whatever numbers come out, those ≥ 0 are valid multipliers: the solutions need not be exact,
//! only good enough to prove what the certificate says.

use std::rc::Rc;

use crate::lines::{Reason, index};
use crate::node::InputBox;
use crate::substitution::{Bound, Total};

/// Children get so many of their parent's bases, the last ones.
pub const MOST_BASES: usize = 100;

/// Fraction bits of inverses; together with 13 bits before the point they fill an i64.
const BITS: u32 = 50;

/// A solution below −2^−20 times the size of the right-hand side is no sign of an optimal basis.
const NEGATIVE_BITS: u32 = 20;

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
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    /// Those of the region and of splits.
    pub permanent: &'a [Rc<Bound>],
    /// The clip rows.
    pub clip: &'a [Rc<Bound>],
}

impl<'a> Rows<'a> {
    /// A row, if it is there.
    pub fn find(self, name: RowName) -> Option<&'a Rc<Bound>> {
        match name {
            RowName::Permanent(place) => self.permanent.get(place),
            RowName::Clip(place) => self.clip.get(place),
        }
    }

    /// A row that must be there.
    pub fn get(self, name: RowName) -> Result<&'a Rc<Bound>, Reason> {
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
pub struct Candidate {
    basis: Rc<Basis>,
    /// The inverse of its system; none where there is none, or where it is too large.
    inverse: Option<Rc<Inverse>>,
}

/// An inverse at 2^−50, of rows that were scaled by powers of two.
#[derive(Debug)]
struct Inverse {
    /// One row a multiplier.
    entries: Vec<i64>,
    /// The number of bits of each row's largest coefficient: the row was divided by 2^(bits − F).
    heights: Vec<u32>,
}

impl Candidate {
    /// Reads `ROWS/INPUTS` and solves the system.
    pub fn parse(text: &str, rows: Rows<'_>, inputs: usize) -> Result<Self, Reason> {
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
        let inverse = Inverse::new(&basis, rows).map(Rc::new);
        Ok(Self { basis, inverse })
    }

    /// Solves the system again where it depends on clip rows, which have changed.
    pub fn new_clip_rows(&mut self, rows: Rows<'_>) {
        if self.basis.rows.iter().any(|name| matches!(name, RowName::Clip(_))) {
            self.inverse = Inverse::new(&self.basis, rows).map(Rc::new);
        }
    }

    /// A lower bound at 2^−2F of a function over the part, from this basis' multipliers.
    ///
    /// None if the basis gives none, or no numbers that fit, or a clearly negative solution: a
    /// basis whose solution is ≥ 0 is better then.
    pub fn minimum(
        &self,
        function: &Bound,
        rows: Rows<'_>,
        area: &InputBox,
        total: &mut Total,
    ) -> Option<i128> {
        let inverse = self.inverse.as_deref()?;
        let size = self.basis.inputs.len();
        let reduced_costs = || self.basis.inputs.iter().map(|&input| function.coefficients[input]);
        let norm: i128 = reduced_costs().map(|value| i128::from(value).abs()).sum();
        total.start();
        let each = inverse.entries.chunks_exact(size).zip(&inverse.heights).zip(&self.basis.rows);
        for ((entries, &height), &name) in each {
            let mut sum = 0i128;
            for (&entry, value) in entries.iter().zip(reduced_costs()) {
                sum = sum.checked_sub(i128::from(entry) * i128::from(value))?;
            }
            if sum >> (BITS - NEGATIVE_BITS) < -norm {
                return None;
            }
            let down = (BITS + height).checked_sub(total.precision)?;
            let multiplier = i64::try_from(sum >> down).ok()?;
            if multiplier > 0 {
                total.add(multiplier, rows.find(name)?);
            }
        }
        total.add(1 << total.precision, function);
        total.minimum(area)
    }
}

impl Inverse {
    /// Solves by Gauss–Jordan elimination with the largest pivots.
    fn new(basis: &Basis, rows: Rows<'_>) -> Option<Self> {
        let size = basis.rows.len();
        let mut system = vec![vec![0i64; 2 * size]; size];
        let mut heights = Vec::with_capacity(size);
        for (column, &name) in basis.rows.iter().enumerate() {
            let row = rows.find(name)?;
            let largest = row.coefficients.iter().map(|value| value.unsigned_abs()).max()?;
            // The largest coefficient becomes at most 1 and more than 1/2.
            let height = u64::BITS - largest.leading_zeros();
            for (equation, &input) in system.iter_mut().zip(&basis.inputs) {
                let value = i128::from(row.coefficients[input]);
                equation[column] = i64::try_from((value << BITS) >> height).ok()?;
            }
            heights.push(height);
        }
        for (place, equation) in system.iter_mut().enumerate() {
            equation[size + place] = 1 << BITS;
        }
        for column in 0..size {
            let pivot = (column..size).max_by_key(|&row| system[row][column].unsigned_abs())?;
            system.swap(column, pivot);
            let value = i128::from(system[column][column]);
            for entry in &mut system[column] {
                *entry = i64::try_from((i128::from(*entry) << BITS).checked_div(value)?).ok()?;
            }
            let source = system[column].clone();
            for (row, equation) in system.iter_mut().enumerate() {
                let factor = i128::from(equation[column]);
                if row == column || factor == 0 {
                    continue;
                }
                for (entry, &term) in equation.iter_mut().zip(&source) {
                    let product = (factor * i128::from(term)) >> BITS;
                    *entry = i64::try_from(i128::from(*entry) - product).ok()?;
                }
            }
        }
        let entries = system.iter().flat_map(|equation| &equation[size..]).copied().collect();
        Some(Self { entries, heights })
    }
}
