//! Writes down why the search closed each node, in the records of `docs/certificate-format.md`.
//!
//! Bounds are not written: a checker finds them from the bases and rounds them to a few bits. The
//! search does the same and goes on from exactly what the checker will know; where its own
//! rounding might fall on the other side, the bound is told. Nothing is closed by a margin that a
//! checker's rounding could eat up.

use std::fmt::Write;

use foldline_geometry::Polytope;
use foldline_kernel::{Integer, Rational};

use crate::bases::Bases;
use crate::bounds::FloatNetwork;
use crate::bounds::float_network::FloatLayer;
use crate::told_late;

/// Fraction bits kept of a multiplier and of a bound.
const MULTIPLIER_BITS: u32 = 10;
const BOUND_BITS: u32 = 6;

/// How many units of a size a checker's rounding may take, generously.
const MARGIN: f64 = 4.0;

/// Weights up to this size do not magnify a checker's rounding beyond that margin.
const ORDINARY_WEIGHT: f64 = 32.0;

/// Beyond this, margins would exceed what is to be shown.
const LARGEST_AMPLIFICATION: f64 = 256.0;

/// The same for networks in changed units, where a number of size 1 may come from large ones that cancel.
const CHANGED_UNITS: f64 = 65536.0;

/// How much larger weights magnify it on the way through the layers.
fn amplification(float: &FloatNetwork) -> f64 {
    let largest = |layer: &FloatLayer| {
        let weights = layer.rows.iter().flat_map(|row| &row.values);
        weights.fold(ORDINARY_WEIGHT, |largest, weight| largest.max(weight.abs()))
    };
    let product: f64 = float.layers.iter().map(|layer| largest(layer) / ORDINARY_WEIGHT).product();
    product.min(LARGEST_AMPLIFICATION)
}

/// Records of the nodes visited so far that were not yet handed on.
#[derive(Debug)]
pub struct Proof {
    /// The records, a line each.
    pub text: String,
    /// Number of permanent half-spaces of the current node: later ones are clip rows.
    pub permanent: usize,
    /// The bases of the current node.
    pub bases: Bases,
    /// For which incumbent the current node's clip row is, where a larger one may come.
    pub clip: Option<ClipRow>,
    /// The bounds of the current node that are told, as fields of its record.
    told: String,
    /// Whether every bound is told: where a linear program's optimum may be missed by more than
    /// margins cover, another basis could give the checker more.
    tells_all: bool,
    /// One unit of a checker's fixed point numbers, or more where large weights magnify it.
    unit: f64,
}

/// Rounds to nearest with few fraction bits; tiny and non-finite values become 0.
pub fn few_bits(value: f64, bits: u32) -> f64 {
    if !(value.abs() > 1e-200 && value.abs() < 1e200) {
        return 0.0;
    }
    let dropped = 52 - bits;
    f64::from_bits((value.to_bits() + (1 << (dropped - 1))) & !((1 << dropped) - 1))
}

/// Rounds down to few fraction bits.
fn few_bits_below(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let dropped = 52 - BOUND_BITS;
    let towards_zero = f64::from_bits(value.to_bits() & !((1 << dropped) - 1));
    if towards_zero <= value {
        return towards_zero;
    }
    f64::from_bits(towards_zero.to_bits() + (1 << dropped))
}

/// A float as the page's dyadic `m` or `m:e`.
pub fn dyadic(value: f64) -> String {
    let mut text = String::new();
    push_dyadic(&mut text, value);
    text
}

/// Appends the dyadic of a float.
fn push_dyadic(text: &mut String, value: f64) {
    let bits = value.abs().to_bits();
    if bits == 0 {
        return text.push('0');
    }
    let (exponent, fraction) = ((bits >> 52) as i64, bits & ((1 << 52) - 1));
    let (significand, power) = match exponent {
        0 => (fraction, -1074),
        _ => (fraction | (1 << 52), exponent - 1075),
    };
    let zeros = significand.trailing_zeros();
    let (mut significand, mut power) = (significand >> zeros, power + i64::from(zeros));
    if (1..=10).contains(&power) {
        significand <<= power;
        power = 0;
    }
    if value < 0.0 {
        text.push('-');
    }
    let _ = match power {
        0 => write!(text, "{significand}"),
        _ => write!(text, "{significand}:{power}"),
    };
}

/// A half-space's name in a proof: permanent ones by their index, clip rows −1, −2, …
pub fn row_name(index: u32, permanent: usize) -> i64 {
    let (index, permanent) = (i64::from(index), permanent as i64);
    if index < permanent { index } else { permanent - 1 - index }
}

/// The largest multiplier: beyond it a checker's fixed point numbers are too small.
const LARGEST_MULTIPLIER: f64 = (1 << 20) as f64;

/// The clip row of a node, made for an incumbent that may still rise.
#[derive(Debug)]
pub struct ClipRow {
    /// The incumbent.
    pub incumbent: f64,
    /// A point of the node that is as far behind the row as any.
    pub inner: Vec<f64>,
    /// By how much the incumbent may rise until that point is on the row.
    pub slack: f64,
}

impl ClipRow {
    /// How much the incumbent may rise while a minimum grows by less than `gap`, whose function is
    /// `height` above it at the inner point: minima are convex in the row's bound.
    fn room(&self, gap: f64, height: f64) -> f64 {
        // Floats' errors are far below a factor of 2.
        let part = if height <= 0.0 { 0.5 } else { gap / (2.0 * height) };
        if gap > 0.0 && part.is_finite() { part.min(0.5) * self.slack } else { 0.0 }
    }
}

/// The next larger number with as many fraction bits as bounds have.
fn next_few_bits(value: f64) -> f64 {
    let step = 1 << (52 - BOUND_BITS);
    match value {
        value if value > 0.0 => f64::from_bits(value.to_bits() + step),
        value if value < 0.0 && value.to_bits() & !(1 << 63) > step => {
            f64::from_bits(value.to_bits() - step)
        }
        value => value,
    }
}

/// Rounds multipliers in place; those that vanish, or are too large, are dropped.
pub fn round_multipliers(multipliers: &mut Vec<(u32, f64)>) {
    for (_, multiplier) in multipliers.iter_mut() {
        *multiplier = few_bits(*multiplier, MULTIPLIER_BITS);
    }
    multipliers.retain(|&(_, multiplier)| multiplier > 0.0 && multiplier <= LARGEST_MULTIPLIER);
}

/// Which end of a pre-activation's interval is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The lower end: z itself is bounded below.
    Lower,
    /// The upper end: −z is bounded below.
    Upper,
}

/// What a term of an exact contradiction names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// An atom on inputs alone.
    Input(usize),
    /// The box's lower bound of a coordinate.
    Lower(usize),
    /// The box's upper bound of a coordinate.
    Upper(usize),
    /// A neuron's sign.
    Sign(u32),
    /// An atom that involves outputs.
    Atom(usize),
    /// The same, of whose excess the last activations are left out.
    Sum(usize),
    /// The side that is shown to be empty.
    Beyond,
}

impl Proof {
    /// An empty proof for checkers with so many fraction bits, about a network with these weights,
    /// which are not those of the user where units were `changed`.
    pub fn new(precision: u32, float: &FloatNetwork, changed: bool) -> Self {
        let amplification = amplification(float);
        let amplified = if changed { CHANGED_UNITS } else { amplification };
        let unit = amplified / (1u64 << precision.clamp(20, 52)) as f64;
        Self {
            text: String::new(),
            permanent: 0,
            bases: Bases::default(),
            clip: None,
            told: String::new(),
            tells_all: changed || amplification >= LARGEST_AMPLIFICATION,
            unit,
        }
    }

    /// How far a checker's minimum may be from that in floats: of a row of the given magnitude,
    /// of which the floats' rounding may have taken `error`, with these multipliers.
    ///
    /// A checker rounds coefficients and multipliers to units: that takes some units of the sizes
    /// involved before they cancel (for which the floats' own error stands), of each row used, and
    /// of the inputs, however small their coefficients are.
    pub fn margin(
        &self,
        magnitude: f64,
        error: f64,
        polytope: &Polytope,
        multipliers: &[(u32, f64)],
    ) -> f64 {
        let weight: f64 = multipliers.iter().map(|&(_, multiplier)| multiplier).sum();
        let rows: Vec<(u32, f64)> = multipliers.iter().map(|&(index, _)| (index, 1.0)).collect();
        let reach: f64 = polytope.reach().iter().sum();
        let sizes = 64.0 * (magnitude + 1.0) + 4.0 * (polytope.magnitude(&rows) + reach) + weight;
        self.unit * (MARGIN * sizes + error * MARGIN * 2f64.powi(52))
    }

    /// The end of an interval that the checker will know: where floats prove that the function
    /// `side` of `neuron` is ≥ `bound`, up to `margin`, and it is known to be ≥ `known` already.
    ///
    /// `multipliers` are those that the checker is told, where it does not know them from a basis;
    /// `height` is how far the function is above `bound` at the inner point of the clip row.
    pub fn settled_bound(
        &mut self,
        (neuron, side): (u32, Side),
        (bound, height): (f64, f64),
        margin: f64,
        known: f64,
        multipliers: Option<&[(u32, f64)]>,
    ) -> f64 {
        let below = few_bits_below(bound - margin);
        if !below.is_finite() {
            return f64::NEG_INFINITY;
        }
        let above = few_bits_below(bound + margin);
        let is_clear = below == above || above <= known;
        let is_known = multipliers.is_none() && is_clear && !self.tells_all;
        // With a clip row for a larger incumbent the checker might know more, and go on differently.
        if is_known && self.clip.is_none() {
            return below;
        }
        self.told.push(' ');
        if is_known && let Some(clip) = &self.clip {
            let gap = next_few_bits(below.max(known)) - (bound + margin);
            told_late::push_mark(&mut self.told, clip.room(gap, height));
        }
        let (relation, value) = match side {
            Side::Lower => (">=", below),
            Side::Upper => ("<=", -below),
        };
        let _ = write!(self.told, "{neuron}{relation}");
        push_dyadic(&mut self.told, value);
        for &(index, multiplier) in multipliers.unwrap_or_default() {
            let name = row_name(index, self.permanent);
            let _ = write!(self.told, ",{name}*");
            push_dyadic(&mut self.told, multiplier);
        }
        below
    }

    /// Records that all undecided neurons are bounded, after the bases that this needs.
    pub fn bounds(&mut self) {
        self.new_bases();
        match self.clip.as_ref().filter(|_| self.told.contains(told_late::MARK)) {
            Some(clip) => self.text.push_str(&told_late::word(clip.incumbent)),
            None => self.text.push_str("bounds"),
        }
        self.text.push_str(&self.told);
        self.text.push('\n');
        self.told.clear();
    }

    /// Records the bases that are not in the proof yet.
    pub fn new_bases(&mut self) {
        if let Some(words) = self.bases.record() {
            self.record(&words);
        }
    }

    /// One record without multipliers.
    pub fn record(&mut self, words: &str) {
        self.text.push_str(words);
        self.text.push('\n');
    }

    /// One record that ends in a multiplier list.
    pub fn with_multipliers(&mut self, words: &str, multipliers: &[(u32, f64)]) {
        self.text.push_str(words);
        for &(index, multiplier) in multipliers {
            let name = row_name(index, self.permanent);
            let _ = write!(self.text, " {name}*");
            push_dyadic(&mut self.text, multiplier);
        }
        self.text.push('\n');
    }

    /// Records that the polytope is empty, if the multipliers show it with a margin.
    pub fn empty(&mut self, polytope: &Polytope, multipliers: &mut Vec<(u32, f64)>) -> bool {
        round_multipliers(multipliers);
        let zero = vec![0.0; polytope.dimension];
        let bound = polytope.lower_bound(&zero, 0.0, multipliers, &mut zero.clone());
        let shown =
            bound > self.margin(polytope.magnitude(multipliers), 0.0, polytope, multipliers);
        if shown {
            self.with_multipliers("empty", multipliers);
        }
        shown
    }

    /// One record that ends in terms: a contradiction with rational multipliers.
    pub fn with_terms(&mut self, words: &str, terms: &[(Term, Rational)]) {
        self.text.push_str(words);
        let values: Vec<Rational> = terms.iter().map(|(_, value)| value.clone()).collect();
        let (integers, _) = foldline_kernel::network::over_common_denominator(&values);
        for ((term, _), value) in terms.iter().zip(integers) {
            debug_assert!(value > Integer::ZERO);
            let _ = match term {
                Term::Input(index) => write!(self.text, " i{index}*{value}"),
                Term::Lower(index) => write!(self.text, " l{index}*{value}"),
                Term::Upper(index) => write!(self.text, " u{index}*{value}"),
                Term::Sign(neuron) => write!(self.text, " n{neuron}*{value}"),
                Term::Atom(index) => write!(self.text, " a{index}*{value}"),
                Term::Sum(index) => write!(self.text, " s{index}*{value}"),
                Term::Beyond => write!(self.text, " z*{value}"),
            };
        }
        self.text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_goes_the_right_way() {
        for value in [1.0, -1.0, 0.1, -0.1, 123456.789, -123456.789, 1e-30, -1e-30] {
            let below = few_bits_below(value);
            let most = value.abs() / f64::from(1u32 << BOUND_BITS);
            assert!(below <= value && value - below <= most, "{value}");
            let near = few_bits(value, 14);
            assert!((near - value).abs() <= value.abs() / 16384.0);
        }
        assert_eq!(few_bits(f64::NAN, 14), 0.0);
    }

    #[test]
    fn dyadics_are_written_as_the_page_says() {
        let cases = [(0.0, "0"), (3.0, "3"), (-0.75, "-3:-2"), (1024.0, "1024"), (4096.0, "1:12")];
        for (value, text) in cases {
            assert_eq!(dyadic(value), text);
        }
        assert_eq!(dyadic(f64::from_bits(1)), "1:-1074");
    }
}
