//! Backward substitution in fixed point: affine functions of the inputs below affine functions of neurons.
//!
//! Activations are ≥ 0, so a coefficient that is rounded down gives a smaller
//! function: no bound on activations is needed. Only inputs may be negative; what
//! rounding their coefficients can change is bounded by their reach, the largest
//! |x_j| of the case's box.
//!
//! Scales: weights and coefficients are i64 at 2^−F, their products and sums i128
//! at 2^−2F, and the reach of inputs times roundings is summed up at 2^−3F.

use std::rc::Rc;

use foldline_kernel::repeats::Multiple;
use foldline_kernel::{Atom, Rational};

use crate::fixed::{FixedLayer, ceiling, floor, too_large};
use crate::lines::Reason;
use crate::live::Live;
use crate::node::{InputBox, Neuron, Sign};
use crate::stages::Stages;

/// The affine function coefficients·x + constant, at 2^−F.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// One coefficient an input.
    pub coefficients: Vec<i64>,
    /// The constant.
    pub constant: i64,
}

impl Bound {
    /// A function that is ≤ Σ coefficients·x − bound where |x_j| ≤ reach_j.
    pub fn of_constraint(
        terms: &[(usize, Rational)],
        bound: &Rational,
        reach: &[i64],
        precision: u32,
    ) -> Option<Self> {
        let mut coefficients = vec![0; reach.len()];
        let mut slack = 0i128;
        for (input, value) in terms {
            let (low, high) = (floor(value, precision)?, ceiling(value, precision)?);
            coefficients[*input] = i64::try_from(low).ok()?;
            if low != high {
                slack = slack.checked_add(i128::from(reach[*input]))?;
            }
        }
        let slack = slack.checked_add((1 << precision) - 1)? >> precision;
        let constant = floor(&-bound.clone(), precision)?.checked_sub(slack)?;
        Some(Self { coefficients, constant: i64::try_from(constant).ok()? })
    }
}

/// Adds up multiples of functions, and bounds the sum over a box.
#[derive(Debug)]
pub struct Total {
    /// The number of fraction bits.
    pub precision: u32,
    reach: Vec<i64>,
    sums: Vec<i128>,
    constant: i128,
    overflowed: bool,
}

impl Total {
    /// For boxes in which |x_j| ≤ reach_j.
    pub fn new(reach: Vec<i64>, precision: u32) -> Self {
        Self { precision, sums: vec![0; reach.len()], reach, constant: 0, overflowed: false }
    }

    /// Begins a new sum.
    pub fn start(&mut self) {
        self.sums.fill(0);
        (self.constant, self.overflowed) = (0, false);
    }

    /// Adds `factor`, at 2^−F, times a function.
    pub fn add(&mut self, factor: i64, function: &Bound) {
        let factor = i128::from(factor);
        let mut add = |sum: &mut i128, value: i64| {
            // A product of two i64 fits into i128.
            let (new, overflow) = sum.overflowing_add(factor * i128::from(value));
            *sum = new;
            self.overflowed |= overflow;
        };
        add(&mut self.constant, function.constant);
        for (sum, &coefficient) in self.sums.iter_mut().zip(&function.coefficients) {
            add(sum, coefficient);
        }
    }

    /// A lower bound of the sum over the box, at 2^−2F; none where a number is too large.
    pub fn minimum(&self, area: &InputBox) -> Option<i128> {
        let mut total = (!self.overflowed).then_some(self.constant)?;
        for (input, &sum) in self.sums.iter().enumerate() {
            let rounded = i128::from(i64::try_from(sum >> self.precision).ok()?);
            let at_lower = rounded * i128::from(area.lower_fixed[input]);
            let at_upper = rounded * i128::from(area.upper_fixed[input]);
            total = total.checked_add(at_lower.min(at_upper))?;
            if rounded << self.precision != sum {
                // What was dropped is less than 2^−F.
                total = total.checked_sub(i128::from(self.reach[input]))?;
            }
        }
        Some(total)
    }
}

/// Sums at 2^−2F on the way back to the inputs; `None` anywhere here means a number is too large.
#[derive(Debug)]
pub struct Substitution {
    precision: u32,
    layers: Rc<[FixedLayer]>,
    /// For each row of the first layer, the reach of the inputs whose weights are rounded.
    rounding: Vec<i128>,
    /// The reach of each input at 2^−F.
    reach: Vec<i64>,
    /// The coefficient of each live activation, a list a layer.
    sums: Vec<Vec<i128>>,
    /// The coefficients of pre-activations that linked neurons ask for, in the layer at hand.
    extra: Vec<i64>,
    inputs: Vec<i128>,
    constant: i128,
    /// What rounding can take away, at 2^−3F.
    slack: i128,
    /// The row, in its layer, of a neuron whose interval was needed and is not known.
    missing: Option<(usize, usize)>,
}

/// An atom's excess as a function of the last activations and the inputs, rounded down at 2^−2F.
#[derive(Debug)]
pub struct Excess {
    activations: Vec<i128>,
    inputs: Vec<i128>,
    constant: i128,
}

impl Excess {
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
        let round = |value: &Rational| floor(value, 2 * precision);
        let round_all = |values: &[Rational]| values.iter().map(round).collect::<Option<_>>();
        let (activations, inputs) = (round_all(&sources)?, round_all(&own)?);
        Some(Rc::new(Self { activations, inputs, constant: round(&constant)? }))
    }
}

impl Substitution {
    /// Room for substitutions over a box in which |x_j| ≤ reach_j.
    pub fn new(layers: Rc<[FixedLayer]>, reach: Vec<i64>, precision: u32) -> Self {
        let rounding = layers.first().map_or_else(Vec::new, |first| {
            let row_rounding = |index| {
                let row = first.row(index);
                let ends = row.floors.iter().zip(&row.ceilings);
                let rounded = row.columns.iter().zip(ends).filter(|(_, (low, high))| low != high);
                rounded.map(|(&column, _)| i128::from(reach[column as usize])).sum()
            };
            (0..first.len()).map(row_rounding).collect()
        });
        Self {
            precision,
            rounding,
            sums: layers.iter().map(|layer| vec![0; layer.len()]).collect(),
            extra: Vec::new(),
            inputs: vec![0; reach.len()],
            constant: 0,
            slack: 0,
            missing: None,
            layers,
            reach,
        }
    }

    /// The linear bound of z of a neuron, or of −z.
    pub fn neuron(
        &mut self,
        (layer, row): (usize, usize),
        negated: bool,
        neurons: &[Neuron],
        live: &mut [Option<Rc<Live>>],
        stages: &Stages,
    ) -> Option<Bound> {
        self.clear(layer, neurons, live, stages);
        let one = 1i64 << self.precision;
        self.add_row(layer, row, if negated { -one } else { one }, live)?;
        self.back_from(layer, neurons, live, stages)
    }

    /// The linear bound of an atom's excess.
    pub fn excess(
        &mut self,
        start: &Excess,
        neurons: &[Neuron],
        live: &mut [Option<Rc<Live>>],
        stages: &Stages,
    ) -> Option<Bound> {
        self.clear(self.layers.len(), neurons, live, stages);
        self.inputs.copy_from_slice(&start.inputs);
        self.constant = start.constant;
        for (coefficient, &reach) in start.inputs.iter().zip(&self.reach) {
            if *coefficient != 0 {
                self.slack = self.slack.checked_add(i128::from(reach))?;
            }
        }
        if let (Some(sums), Some(Some(last))) = (self.sums.last_mut(), live.last()) {
            for (sum, &row) in sums.iter_mut().zip(&last.rows) {
                *sum = start.activations[row as usize];
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
        neurons: &[Neuron],
        live: &mut [Option<Rc<Live>>],
        stages: &Stages,
    ) {
        self.missing = None;
        self.inputs.fill(0);
        (self.constant, self.slack) = (0, 0);
        for layer in 0..end {
            let own = &neurons[stages.starts[layer]..stages.starts[layer + 1]];
            let known = live[layer].take().filter(|known| known.is_good_for(own));
            let known =
                known.unwrap_or_else(|| Rc::new(Live::new(own, self.layers.get(layer + 1))));
            self.sums[layer].clear();
            self.sums[layer].resize(known.rows.len(), 0);
            live[layer] = Some(known);
        }
    }

    /// Replaces the activations of all layers before `end`, the last one first.
    fn back_from(
        &mut self,
        end: usize,
        neurons: &[Neuron],
        live: &[Option<Rc<Live>>],
        stages: &Stages,
    ) -> Option<Bound> {
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
        sums: &mut [i128],
        neurons: &[Neuron],
        live: &[Option<Rc<Live>>],
        links: &[Option<Multiple>],
    ) -> Option<()> {
        let rows = &live[layer].as_ref()?.rows;
        self.extra.clear();
        self.extra.resize(sums.len(), 0);
        for (place, &row) in rows.iter().enumerate() {
            if let Some(link) = links[row as usize]
                && sums[place] != 0
                && neurons[row as usize].sign == Sign::Undecided
            {
                let first = rows.binary_search(&(link.first as u32)).ok()?;
                self.follow(place, first, link, sums)?;
            }
        }
        for (place, &row) in rows.iter().enumerate() {
            let (extra, neuron) = (self.extra[place], &neurons[row as usize]);
            if sums[place] == 0 && extra == 0 {
                continue;
            }
            // The activation is ≥ 0: a smaller coefficient gives a smaller function.
            let coefficient = i64::try_from(sums[place] >> self.precision).ok()?;
            if neuron.sign == Sign::Undecided && coefficient < 0 && neuron.chord.is_none() {
                self.missing = Some((layer, row as usize));
                return None;
            }
            let line = self.line(coefficient, neuron)?.checked_add(extra)?;
            if line != 0 {
                self.add_row(layer, row as usize, line, live)?;
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
        sums: &mut [i128],
    ) -> Option<()> {
        let scaled = if link.shift > 0 {
            let factor = 1i128.checked_shl(u32::try_from(link.shift).ok()?)?;
            sums[row].checked_mul(factor).filter(|_| factor > 0)?
        } else {
            sums[row] >> link.shift.unsigned_abs().min(127)
        };
        sums[row] = 0;
        if link.negative {
            // r_i − z_i = max(0, −z_i) ≥ 0, so its coefficient may be rounded down too.
            let rounded = i64::try_from(scaled >> self.precision).ok()?;
            self.extra[first] = self.extra[first].checked_sub(rounded)?;
            let carried = i128::from(rounded) << self.precision;
            sums[first] = sums[first].checked_add(carried)?;
        } else {
            sums[first] = sums[first].checked_add(scaled)?;
        }
        Some(())
    }

    /// A factor t with t·z + (an addition to the constant) ≤ coefficient·max(0, z).
    fn line(&mut self, coefficient: i64, neuron: &Neuron) -> Option<i64> {
        match neuron.sign {
            Sign::Active => Some(coefficient),
            Sign::Inactive => Some(0),
            Sign::Undecided if coefficient == 0 => Some(0),
            Sign::Undecided if coefficient > 0 => Some(if neuron.steep { coefficient } else { 0 }),
            Sign::Undecided => {
                let chord = neuron.chord?;
                let factor = (i128::from(coefficient) * i128::from(chord.ratio)) >> 62;
                let factor = i64::try_from(factor).ok()?;
                // coefficient·max(0, z) is concave: the line is below it if it is so at both ends.
                let at_lower = -(i128::from(factor) * i128::from(chord.lower));
                let difference = i128::from(coefficient).checked_sub(i128::from(factor))?;
                let at_upper = difference.checked_mul(i128::from(chord.upper))?;
                self.constant = self.constant.checked_add(at_lower.min(at_upper))?;
                Some(factor)
            }
        }
    }

    /// Adds `factor` times a row's pre-activation, or what is below it.
    fn add_row(
        &mut self,
        layer: usize,
        row: usize,
        factor: i64,
        live: &[Option<Rc<Live>>],
    ) -> Option<()> {
        let content = self.layers[layer].row(row);
        let wide = i128::from(factor);
        let bias = i128::from(content.bias[usize::from(factor < 0)]);
        self.constant = self.constant.checked_add(wide.checked_mul(bias)?)?;
        if layer > 0 {
            let own = live[layer - 1].as_ref()?;
            return own.add(row, factor, &mut self.sums[layer - 1]);
        }
        let rounding = self.rounding[row].checked_mul(wide.abs())?;
        self.slack = self.slack.checked_add(rounding)?;
        for (&column, &weight) in content.columns.iter().zip(&content.floors) {
            let sum = &mut self.inputs[column as usize];
            // A product of two i64 fits into i128.
            *sum = sum.checked_add(wide * i128::from(weight))?;
        }
        Some(())
    }

    /// The function of the inputs that is left, its coefficients rounded to 2^−F.
    fn finish(&mut self) -> Option<Bound> {
        let mask = (1i128 << self.precision) - 1;
        let mut coefficients = Vec::with_capacity(self.inputs.len());
        for (&sum, &reach) in self.inputs.iter().zip(&self.reach) {
            coefficients.push(i64::try_from(sum >> self.precision).ok()?);
            // What was dropped is less than 2^−F; times x_j it takes away at most this.
            let dropped = (sum & mask).checked_mul(i128::from(reach))?;
            self.slack = self.slack.checked_add(dropped)?;
        }
        let slack = self.slack.checked_add(mask)? >> self.precision;
        let constant = self.constant.checked_sub(slack)? >> self.precision;
        Some(Bound { coefficients, constant: i64::try_from(constant).ok()? })
    }
}
