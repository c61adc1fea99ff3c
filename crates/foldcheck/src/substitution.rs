//! Backward substitution: affine functions of the inputs below affine functions of neurons.
//!
//! Activations are ≥ 0, so a coefficient that is rounded down gives a smaller
//! function: no bound on activations is needed. Only inputs may be negative; what
//! rounding their coefficients can change is bounded by their reach, the largest
//! |x_j| of the case's box.
//!
//! Scales: weights and coefficients are words, at 2^−F; their products and sums are
//! at 2^−2F, and the reach of inputs times roundings is summed up at 2^−3F.

use std::rc::Rc;

use foldline_kernel::repeats::Multiple;
use foldline_kernel::{Atom, Rational};

use crate::clock::Clock;
use crate::fixed::{FixedLayer, too_large};
use crate::lines::Reason;
use crate::live::Live;
use crate::node::{InputBox, Neuron, Sign};
use crate::stages::Stages;
use crate::word::Word;

/// The affine function coefficients·x + constant, at 2^−F.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound<W> {
    /// One coefficient an input.
    pub coefficients: Vec<W>,
    /// The constant.
    pub constant: W,
}

impl<W: Word> Bound<W> {
    /// A function that is ≤ Σ coefficients·x − bound where |x_j| ≤ reach_j.
    pub fn of_constraint(
        terms: &[(usize, Rational)],
        bound: &Rational,
        reach: &[W],
        precision: u32,
    ) -> Option<Self> {
        let mut coefficients = vec![W::default(); reach.len()];
        let mut constant = W::floor(&-bound.clone(), precision)?.lift(precision);
        for (input, value) in terms {
            let (low, high) = (W::floor(value, precision)?, W::ceiling(value, precision)?);
            if low != high {
                W::subtract(&mut constant, &reach[*input].loss())?;
            }
            coefficients[*input] = low;
        }
        Some(Self { coefficients, constant: W::lower(&constant, precision)? })
    }
}

/// Adds up multiples of functions, and bounds the sum over a box.
#[derive(Debug)]
pub struct Total<W: Word> {
    /// The number of fraction bits.
    pub precision: u32,
    reach: Vec<W>,
    sums: Vec<W::Sum>,
    constant: W::Sum,
    overflowed: bool,
}

impl<W: Word> Total<W> {
    /// For boxes in which |x_j| ≤ reach_j.
    pub fn new(reach: Vec<W>, precision: u32) -> Self {
        let (sums, constant) = (vec![W::Sum::default(); reach.len()], W::Sum::default());
        Self { precision, sums, reach, constant, overflowed: false }
    }

    /// Begins a new sum.
    pub fn start(&mut self) {
        self.sums.fill(W::Sum::default());
        (self.constant, self.overflowed) = (W::Sum::default(), false);
    }

    /// Adds `factor` times a function.
    pub fn add(&mut self, factor: &W, function: &Bound<W>) {
        let mut add = |sum: &mut W::Sum, word: &W| {
            self.overflowed |= W::add_product(sum, factor, word).is_none();
        };
        add(&mut self.constant, &function.constant);
        for (sum, coefficient) in self.sums.iter_mut().zip(&function.coefficients) {
            add(sum, coefficient);
        }
    }

    /// A lower bound of the sum over the box; none where a number is too large.
    pub fn minimum(&self, area: &InputBox<W>) -> Option<W::Sum> {
        let mut total = (!self.overflowed).then(|| self.constant.clone())?;
        for (input, sum) in self.sums.iter().enumerate() {
            let rounded = W::lower(sum, self.precision)?;
            let at_lower = rounded.product(&area.lower_fixed[input]);
            let at_upper = rounded.product(&area.upper_fixed[input]);
            W::add(&mut total, &at_lower.min(at_upper))?;
            if rounded.lift(self.precision) != *sum {
                // What was dropped is less than 2^−F.
                W::subtract(&mut total, &self.reach[input].loss())?;
            }
        }
        Some(total)
    }
}

/// Sums at 2^−2F on the way back to the inputs; `None` anywhere here means a number is too large.
#[derive(Debug)]
pub struct Substitution<'c, W: Word> {
    precision: u32,
    layers: Rc<[FixedLayer<W>]>,
    /// For each row of the first layer, the reach of the inputs whose weights are rounded.
    rounding: Vec<W::Sum>,
    /// The reach of each input.
    reach: Vec<W>,
    /// The coefficient of each live activation, a list a layer.
    sums: Vec<Vec<W::Sum>>,
    /// The coefficients of pre-activations that linked neurons ask for, in the layer at hand.
    extra: Vec<W>,
    inputs: Vec<W::Sum>,
    constant: W::Sum,
    /// What rounding can take away, at 2^−3F.
    slack: W::Sum,
    /// The row, in its layer, of a neuron whose interval was needed and is not known.
    missing: Option<(usize, usize)>,
    clock: &'c Clock<'c>,
}

/// An atom's excess as a function of the last activations and the inputs, rounded down at 2^−2F.
#[derive(Debug)]
pub struct Excess<W: Word> {
    activations: Vec<W::Sum>,
    inputs: Vec<W::Sum>,
    constant: W::Sum,
}

impl<W: Word> Excess<W> {
    /// The excess of `atom`, composed with the network's last affine map.
    pub fn new(atom: &Atom, stages: &Stages, inputs: usize, precision: u32) -> Option<Rc<Self>> {
        let output = &stages.output;
        let mut sources = vec![Rational::ZERO; output.inputs];
        let mut own = vec![Rational::ZERO; inputs];
        let mut constant = -atom.bound.clone();
        for (row, factor) in &atom.output {
            for (position, &column) in output.rows[*row].columns.iter().enumerate() {
                sources[column as usize] += factor * output.weight(*row, position);
            }
            constant += factor * output.bias(*row);
        }
        if stages.relu.is_empty() {
            own = std::mem::take(&mut sources);
        }
        for (input, factor) in &atom.input {
            own[*input] += factor;
        }
        let round = |value: &Rational| W::sum_floor(value, precision);
        let round_all = |values: &[Rational]| values.iter().map(round).collect::<Option<_>>();
        let (activations, inputs) = (round_all(&sources)?, round_all(&own)?);
        Some(Rc::new(Self { activations, inputs, constant: round(&constant)? }))
    }
}

impl<'c, W: Word> Substitution<'c, W> {
    /// Room for substitutions over a box in which |x_j| ≤ reach_j.
    pub fn new(
        layers: Rc<[FixedLayer<W>]>,
        reach: Vec<W>,
        precision: u32,
        clock: &'c Clock<'c>,
    ) -> Option<Self> {
        let row_rounding = |first: &FixedLayer<W>, index| {
            let row = first.row(index);
            let mut sum = W::Sum::default();
            for (&column, (low, high)) in
                row.columns.iter().zip(row.floors.iter().zip(&row.ceilings))
            {
                if low != high {
                    W::add(&mut sum, &reach[column as usize].loss())?;
                }
            }
            Some(sum)
        };
        let rounding = match layers.first() {
            Some(first) => {
                (0..first.len()).map(|row| row_rounding(first, row)).collect::<Option<_>>()?
            }
            None => Vec::new(),
        };
        Some(Self {
            precision,
            rounding,
            sums: layers.iter().map(|layer| vec![W::Sum::default(); layer.len()]).collect(),
            extra: Vec::new(),
            inputs: vec![W::Sum::default(); reach.len()],
            constant: W::Sum::default(),
            slack: W::Sum::default(),
            missing: None,
            layers,
            reach,
            clock,
        })
    }

    /// The linear bound of z of a neuron, or of −z.
    pub fn neuron(
        &mut self,
        (layer, row): (usize, usize),
        negated: bool,
        neurons: &[Neuron<W>],
        live: &mut [Option<Rc<Live<W>>>],
        stages: &Stages,
    ) -> Option<Bound<W>> {
        self.clear(layer, neurons, live, stages);
        let one = W::one(self.precision);
        let factor = if negated { one.negated()? } else { one };
        self.add_row(layer, row, &factor, live)?;
        self.back_from(layer, neurons, live, stages)
    }

    /// The linear bound of an atom's excess.
    pub fn excess(
        &mut self,
        start: &Excess<W>,
        neurons: &[Neuron<W>],
        live: &mut [Option<Rc<Live<W>>>],
        stages: &Stages,
    ) -> Option<Bound<W>> {
        self.clear(self.layers.len(), neurons, live, stages);
        self.inputs.clone_from_slice(&start.inputs);
        self.constant = start.constant.clone();
        for (coefficient, reach) in start.inputs.iter().zip(&self.reach) {
            if *coefficient != W::Sum::default() {
                W::add(&mut self.slack, &reach.loss())?;
            }
        }
        if let (Some(sums), Some(Some(last))) = (self.sums.last_mut(), live.last()) {
            for (sum, &row) in sums.iter_mut().zip(&last.rows) {
                *sum = start.activations[row as usize].clone();
            }
        }
        self.back_from(self.layers.len(), neurons, live, stages)
    }

    /// Why the last substitution gave `None`.
    pub fn reason(&self, stages: &Stages) -> Reason {
        match self.missing {
            None => too_large(self.precision),
            Some((layer, row)) => {
                let neuron = stages.starts[layer] + row;
                format!("an interval of neuron {neuron} is needed, and an end of it is not known")
            }
        }
    }

    /// Begins a substitution through the layers before `end`.
    fn clear(
        &mut self,
        end: usize,
        neurons: &[Neuron<W>],
        live: &mut [Option<Rc<Live<W>>>],
        stages: &Stages,
    ) {
        self.missing = None;
        self.inputs.fill(W::Sum::default());
        (self.constant, self.slack) = (W::Sum::default(), W::Sum::default());
        for layer in 0..end {
            let own = &neurons[stages.starts[layer]..stages.starts[layer + 1]];
            let known = live[layer].take().filter(|known| known.is_good_for(own));
            let known =
                known.unwrap_or_else(|| Rc::new(Live::new(own, self.layers.get(layer + 1))));
            self.sums[layer].clear();
            self.sums[layer].resize(known.rows.len(), W::Sum::default());
            live[layer] = Some(known);
        }
    }

    /// Replaces the activations of all layers before `end`, the last one first.
    fn back_from(
        &mut self,
        end: usize,
        neurons: &[Neuron<W>],
        live: &[Option<Rc<Live<W>>>],
        stages: &Stages,
    ) -> Option<Bound<W>> {
        for layer in (0..end).rev() {
            let mut sums = std::mem::take(&mut self.sums[layer]);
            let own = &neurons[stages.starts[layer]..stages.starts[layer + 1]];
            let replaced = self.replace_layer(layer, &mut sums, own, live, &stages.links[layer]);
            self.sums[layer] = sums;
            replaced?;
        }
        self.finish()
    }

    /// Replaces the activations of one layer.
    fn replace_layer(
        &mut self,
        layer: usize,
        sums: &mut [W::Sum],
        neurons: &[Neuron<W>],
        live: &[Option<Rc<Live<W>>>],
        links: &[Option<Multiple>],
    ) -> Option<()> {
        let rows = &live[layer].as_ref()?.rows;
        self.extra.clear();
        self.extra.resize(sums.len(), W::default());
        for (place, &row) in rows.iter().enumerate() {
            if let Some(link) = links[row as usize]
                && sums[place] != W::Sum::default()
                && neurons[row as usize].sign == Sign::Undecided
            {
                let first = rows.binary_search(&(link.first as u32)).ok()?;
                self.follow(place, first, link, sums)?;
            }
        }
        for (place, &row) in rows.iter().enumerate() {
            let neuron = &neurons[row as usize];
            if sums[place] == W::Sum::default() && self.extra[place] == W::default() {
                continue;
            }
            if !W::IS_QUICK && self.clock.ticks() {
                return None;
            }
            // The activation is ≥ 0: a smaller coefficient gives a smaller function.
            let coefficient = W::lower(&sums[place], self.precision)?;
            let is_negative = coefficient < W::default();
            if neuron.sign == Sign::Undecided && is_negative && neuron.chord.is_none() {
                self.missing = Some((layer, row as usize));
                return None;
            }
            let line = self.line(coefficient, neuron)?.plus(&self.extra[place])?;
            if line != W::default() {
                self.add_row(layer, row as usize, &line, live)?;
            }
        }
        Some(())
    }

    /// Replaces the activation of a linked neuron by that of the neuron it is linked to.
    fn follow(
        &mut self,
        row: usize,
        first: usize,
        link: Multiple,
        sums: &mut [W::Sum],
    ) -> Option<()> {
        let scaled = W::shifted(&std::mem::take(&mut sums[row]), link.shift)?;
        if !link.negative {
            return W::add(&mut sums[first], &scaled);
        }
        // r_i − z_i = max(0, −z_i) ≥ 0, so its coefficient may be rounded down too.
        let rounded = W::lower(&scaled, self.precision)?;
        self.extra[first] = self.extra[first].minus(&rounded)?;
        W::add(&mut sums[first], &rounded.lift(self.precision))
    }

    /// A factor t with t·z + (an addition to the constant) ≤ coefficient·max(0, z).
    fn line(&mut self, coefficient: W, neuron: &Neuron<W>) -> Option<W> {
        match neuron.sign {
            Sign::Active => Some(coefficient),
            Sign::Inactive => Some(W::default()),
            Sign::Undecided if coefficient == W::default() => Some(coefficient),
            Sign::Undecided if coefficient > W::default() => {
                Some(if neuron.steep { coefficient } else { W::default() })
            }
            Sign::Undecided => {
                let chord = neuron.chord.as_ref()?;
                let factor = coefficient.times_ratio(&chord.ratio, self.precision)?;
                // coefficient·max(0, z) is concave: the line is below it if it is so at both ends.
                let at_lower = factor.negated()?.product(&chord.lower);
                let at_upper = coefficient.minus(&factor)?.product(&chord.upper);
                W::add(&mut self.constant, &at_lower.min(at_upper))?;
                Some(factor)
            }
        }
    }

    /// Adds `factor` times a row's pre-activation, or what is below it.
    fn add_row(
        &mut self,
        layer: usize,
        row: usize,
        factor: &W,
        live: &[Option<Rc<Live<W>>>],
    ) -> Option<()> {
        let content = self.layers[layer].row(row);
        let bias = &content.bias[usize::from(*factor < W::default())];
        W::add_product(&mut self.constant, factor, bias)?;
        if layer > 0 {
            let own = live[layer - 1].as_ref()?;
            return own.add(row, factor, &mut self.sums[layer - 1]);
        }
        W::add_loss(&mut self.slack, &self.rounding[row], factor)?;
        for (&column, weight) in content.columns.iter().zip(&content.floors) {
            W::add_product(&mut self.inputs[column as usize], factor, weight)?;
        }
        Some(())
    }

    /// The function of the inputs that is left, its coefficients rounded to words.
    fn finish(&mut self) -> Option<Bound<W>> {
        let mut coefficients = Vec::with_capacity(self.inputs.len());
        for (sum, reach) in self.inputs.iter().zip(&self.reach) {
            coefficients.push(W::lower(sum, self.precision)?);
            // What was dropped, times x_j, takes away at most this.
            W::add_product(&mut self.slack, &W::dropped(sum, self.precision), reach)?;
        }
        let slack = W::settle(&self.slack, self.precision)?;
        W::subtract(&mut self.constant, &slack)?;
        Some(Bound { coefficients, constant: W::lower(&self.constant, self.precision)? })
    }
}
