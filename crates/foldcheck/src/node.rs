//! What is known at a node of the proof tree: box, rows, signs, intervals, and the clauses left.

use std::rc::Rc;

use foldline_kernel::Rational;

use crate::bases::{Candidate, Rows};
use crate::dyadic::Dyadic;
use crate::exact::ExactMap;
use crate::fixed::too_large;
use crate::lines::Reason;
use crate::live::Live;
use crate::stages::Stages;
use crate::substitution::Bound;
use crate::word::Word;

/// The sign of a pre-activation, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Not known.
    Undecided,
    /// z ≥ 0.
    Active,
    /// z ≤ 0.
    Inactive,
}

impl Sign {
    /// The sign of −z.
    pub fn opposite(self) -> Self {
        match self {
            Sign::Undecided => Sign::Undecided,
            Sign::Active => Sign::Inactive,
            Sign::Inactive => Sign::Active,
        }
    }
}

/// What is known about one neuron.
#[derive(Debug, Clone)]
pub struct Neuron<W> {
    /// The sign of its pre-activation z.
    pub sign: Sign,
    /// Whether its slope is 1.
    pub steep: bool,
    /// The interval of z, where an end is known.
    pub lower: Option<Dyadic>,
    /// See `lower`.
    pub upper: Option<Dyadic>,
    /// Where both ends are known and have different signs: the line above max(0, z).
    pub chord: Option<Chord<W>>,
}

/// An interval [l, u] with l < 0 < u, rounded outward, and u/(u−l).
#[derive(Debug, Clone, Copy)]
pub struct Chord<W> {
    /// l.
    pub lower: W,
    /// u.
    pub upper: W,
    /// About u/(u−l).
    pub ratio: W,
}

impl<W: Word> Chord<W> {
    fn new(lower: Dyadic, upper: Dyadic, precision: u32) -> Option<Self> {
        let lower = W::floor_dyadic(lower, precision)?;
        let upper = W::ceiling_dyadic(upper, precision)?;
        let ratio = W::ratio(&upper, &upper.minus(&lower)?, precision)?;
        Some(Self { lower, upper, ratio })
    }
}

/// The box of a node: exact, and outward in fixed point.
#[derive(Debug, Clone)]
pub struct InputBox<W> {
    /// The exact lower bounds.
    pub lower: Vec<Rational>,
    /// The exact upper bounds.
    pub upper: Vec<Rational>,
    /// The lower bounds, rounded down.
    pub lower_fixed: Vec<W>,
    /// The upper bounds, rounded up.
    pub upper_fixed: Vec<W>,
}

impl<W: Word> InputBox<W> {
    /// A box with these exact bounds.
    pub fn new(lower: Vec<Rational>, upper: Vec<Rational>, precision: u32) -> Result<Self, Reason> {
        let down = |value| W::floor(value, precision);
        let up = |value| W::ceiling(value, precision);
        let lower_fixed: Option<Vec<W>> = lower.iter().map(down).collect();
        let upper_fixed: Option<Vec<W>> = upper.iter().map(up).collect();
        let (Some(lower_fixed), Some(upper_fixed)) = (lower_fixed, upper_fixed) else {
            return Err(too_large(precision));
        };
        Ok(Self { lower, upper, lower_fixed, upper_fixed })
    }

    /// The largest |x_j| of each input; none where one is too large.
    pub fn reach(&self) -> Option<Vec<W>> {
        let ends = self.lower_fixed.iter().zip(&self.upper_fixed);
        ends.map(|(low, high)| Some(low.magnitude()?.max(high.magnitude()?))).collect()
    }
}

/// The state of a node.
#[derive(Debug, Clone)]
pub struct Node<W> {
    /// How deep the node is in the tree.
    pub depth: usize,
    /// The box of inputs.
    pub area: Rc<InputBox<W>>,
    /// Affine functions that are ≤ 0 on the region and by the splits on the way here.
    pub rows: Vec<Rc<Bound<W>>>,
    /// Affine functions that are ≤ 0 where the only clause left is true.
    pub clip_rows: Vec<Rc<Bound<W>>>,
    /// Where multipliers come from.
    pub bases: Vec<Candidate<W>>,
    /// What is known about each neuron.
    pub neurons: Vec<Neuron<W>>,
    /// The weights that matter, by layer, as far as they were needed.
    pub live: Vec<Option<Rc<Live<W>>>>,
    /// The clauses not yet refuted.
    pub clauses: Vec<usize>,
    /// The exact maps of the first layers, as far as they were asked for.
    pub maps: Vec<Rc<ExactMap>>,
}

impl<W: Word> Node<W> {
    /// A root where nothing is known about any neuron.
    pub fn root(
        area: InputBox<W>,
        rows: Vec<Rc<Bound<W>>>,
        stages: &Stages,
        clauses: Vec<usize>,
    ) -> Self {
        let unknown =
            Neuron { sign: Sign::Undecided, steep: false, lower: None, upper: None, chord: None };
        Self {
            depth: 0,
            area: Rc::new(area),
            rows,
            clip_rows: Vec::new(),
            bases: Vec::new(),
            neurons: vec![unknown; stages.neurons()],
            live: vec![None; stages.relu.len()],
            clauses,
            maps: Vec::new(),
        }
    }

    /// The rows of both kinds.
    pub fn all_rows(&self) -> Rows<'_, W> {
        Rows { permanent: &self.rows, clip: &self.clip_rows }
    }

    /// Whether every neuron of the layers before `layer` has a sign.
    pub fn decided_before(&self, layer: usize, stages: &Stages) -> bool {
        let earlier = &self.neurons[..stages.starts[layer]];
        earlier.iter().all(|neuron| neuron.sign != Sign::Undecided)
    }

    /// The neuron gets a sign, and those linked to it theirs.
    pub fn decide(&mut self, neuron: usize, sign: Sign, stages: &Stages) {
        self.neurons[neuron].sign = sign;
        let (layer, row) = stages.place(neuron);
        for (other, link) in stages.links[layer].iter().enumerate() {
            if let Some(link) = link.filter(|link| link.first == row) {
                let own = if link.negative { sign.opposite() } else { sign };
                self.neurons[stages.starts[layer] + other].sign = own;
            }
        }
    }

    /// A neuron's interval gets a tighter end; true where that leaves no number, so no point.
    pub fn tighten(
        &mut self,
        neuron: usize,
        is_upper: bool,
        value: Dyadic,
        stages: &Stages,
        precision: u32,
    ) -> Result<bool, Reason> {
        let known = &mut self.neurons[neuron];
        if is_upper {
            known.upper = Some(known.upper.map_or(value, |end| end.min(value)));
        } else {
            known.lower = Some(known.lower.map_or(value, |end| end.max(value)));
        }
        let (lower, upper) = (known.lower, known.upper);
        if let (Some(lower), Some(upper)) = (lower, upper)
            && lower > upper
        {
            return Ok(true);
        }
        if upper.is_some_and(|end| !end.is_positive()) {
            self.decide(neuron, Sign::Inactive, stages);
        } else if lower.is_some_and(|end| !end.is_negative()) {
            self.decide(neuron, Sign::Active, stages);
        } else if let (Some(lower), Some(upper)) = (lower, upper) {
            let chord = Chord::new(lower, upper, precision);
            known.chord = Some(chord.ok_or_else(|| too_large(precision))?);
            known.steep = upper > lower.negated();
        }
        Ok(false)
    }
}
