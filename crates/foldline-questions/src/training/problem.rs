//! The training problem of one sign pattern w, with the sample in integers and in scaled floats.

use foldline_kernel::{Integer, Rational, Sample};

use super::groups::{Group, Groups};
use super::statement::{Architecture, Model};

/// A group in floats, scaled by powers of two.
#[derive(Debug, Clone)]
pub struct FloatGroup {
    /// The coordinates, then 1.
    pub row: Vec<f64>,
    /// How many points there are.
    pub count: f64,
    /// The sum of their labels.
    pub label_sum: f64,
    /// What being on adds beyond the least loss, apart from count·v² − 2·label_sum·v.
    pub on: f64,
    /// What being off under an output ReLU adds beyond the least loss.
    pub off: f64,
}

/// A sample and an architecture, prepared for a search.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What is sought.
    pub architecture: Architecture,
    /// The sample.
    pub groups: Groups,
    /// The sample in floats.
    pub float: Vec<FloatGroup>,
    /// The sum of the groups' least losses.
    pub least: Rational,
    /// What being on adds beyond the least loss, one a group.
    pub on: Vec<Rational>,
    /// What being off adds beyond the least loss, one a group.
    pub off: Vec<Rational>,
    /// The square of the factor between float labels and scaled labels.
    pub float_unit: f64,
}

/// How a group is treated: bit j is set where hidden node j is on, bit K where the output is on.
pub type State = u16;

impl Problem {
    /// The groups in the order `order` makes of them.
    pub fn new(
        sample: &Sample,
        architecture: Architecture,
        order: impl FnOnce(&[Group]) -> Vec<usize>,
    ) -> Self {
        let mut groups = Groups::new(sample);
        let order = order(&groups.groups);
        groups.groups = order.iter().map(|&index| groups.groups[index].clone()).collect();
        let relu = architecture.output_relu;
        let least: Vec<Rational> =
            groups.groups.iter().map(|group| group.least_loss(relu)).collect();
        let off: Vec<Rational> = groups
            .groups
            .iter()
            .zip(&least)
            .map(|(group, least)| Rational::from(group.square_sum.clone()) - least)
            .collect();
        let (float, float_unit) = float_groups(&groups.groups, &off);
        let least = least.iter().fold(Rational::ZERO, |sum, value| sum + value);
        Self { architecture, groups, float, least, on: off.clone(), off, float_unit }
    }

    /// The number n of parameters: (d + 1)·K, and one for the output's bias.
    pub fn parameters(&self) -> usize {
        self.block() * self.architecture.hidden + usize::from(self.architecture.output_bias)
    }

    /// The number d + 1 of parameters of a hidden node.
    pub fn block(&self) -> usize {
        self.groups.scales.len() + 1
    }

    /// The bit of a state that says whether the output is on.
    pub fn output_bit(&self) -> State {
        1 << self.architecture.hidden
    }

    /// The bits of a state that mean something.
    pub fn all_bits(&self) -> State {
        let hidden = self.output_bit() - 1;
        if self.architecture.output_relu { hidden | self.output_bit() } else { hidden }
    }

    /// Whether a group at which the output is on needs a constraint that says so.
    ///
    /// Not if its labels' mean is positive: (v − y)² for v < 0 is above the loss y² there.
    pub fn needs_positive(&self, group: usize) -> bool {
        self.architecture.output_relu && self.groups.groups[group].label_sum <= Integer::ZERO
    }

    /// The row φ with v = φ·θ for a group in a state.
    pub fn value_row<T: Clone>(
        &self,
        row: &[T],
        state: State,
        positive: usize,
        zero: &T,
        negate: impl Fn(&T) -> T,
    ) -> Vec<T> {
        let block = self.block();
        let mut values = vec![zero.clone(); self.parameters()];
        for node in 0..self.architecture.hidden {
            if state >> node & 1 == 0 {
                continue;
            }
            for (value, entry) in values[node * block..].iter_mut().zip(row) {
                *value = if node < positive { entry.clone() } else { negate(entry) };
            }
        }
        if self.architecture.output_bias {
            values[block * self.architecture.hidden] = row[block - 1].clone();
        }
        values
    }

    /// What a group adds beyond its least loss where the network's value before the output is v.
    pub fn float_excess(&self, group: usize, v: f64) -> f64 {
        let group = &self.float[group];
        if self.architecture.output_relu && v <= 0.0 {
            group.off
        } else {
            group.on + v * (group.count * v - 2.0 * group.label_sum)
        }
    }

    /// The network's value before the output at a group, and its state, for these parameters.
    pub fn float_value(&self, row: &[f64], point: &[f64], positive: usize) -> (f64, State) {
        let block = self.block();
        let hidden = self.architecture.hidden;
        let offset = point.get(block * hidden).map_or(0.0, |offset| offset * row[block - 1]);
        let (mut value, mut state) = (offset, 0);
        for node in 0..hidden {
            let own = &point[node * block..(node + 1) * block];
            let at: f64 = own.iter().zip(row).map(|(a, x)| a * x).sum();
            if at > 0.0 {
                state |= 1 << node;
                value += if node < positive { at } else { -at };
            }
        }
        if value > 0.0 && self.architecture.output_relu {
            state |= self.output_bit();
        }
        (value, state)
    }

    /// At least this excess over the least loss, in float units.
    pub fn float_excess_above(&self, excess: &Rational) -> f64 {
        (excess.to_f64().value() / self.float_unit).next_up()
    }

    /// About the loss with this excess over the least one, given in float units.
    pub fn float_loss(&self, excess: f64) -> f64 {
        let scale = Rational::from(self.groups.label_scale.clone()).to_f64().value();
        (self.least.to_f64().value() + excess * self.float_unit) / (scale * scale)
    }

    /// The excess over the least loss of a network with this loss.
    pub fn excess(&self, loss: &Rational) -> Rational {
        let scale = Rational::from(self.groups.label_scale.clone());
        loss * &scale * &scale - &self.least
    }

    /// The model with these parameters, which speak of scaled coordinates and labels.
    pub fn model(&self, parameters: &[Rational], positive: usize) -> Model {
        let unit = Rational::from(self.groups.label_scale.clone());
        let block = self.block();
        let node = |index: usize| {
            let own = &parameters[index * block..(index + 1) * block];
            let scales = self.groups.scales.iter();
            let mut node: Vec<Rational> = own
                .iter()
                .zip(scales)
                .map(|(value, scale)| value * Rational::from(scale.clone()) / &unit)
                .collect();
            node.push(&own[block - 1] / &unit);
            node
        };
        let hidden = self.architecture.hidden;
        let offset = parameters.get(block * hidden).map_or(Rational::ZERO, |value| value / &unit);
        Model {
            nodes: (0..hidden).map(node).collect(),
            positive: (0..hidden).map(|index| index < positive).collect(),
            offset,
            output_relu: self.architecture.output_relu,
        }
    }
}

/// Labels are not measured in smaller units than this, 2⁻⁵⁰⁰, nor in larger ones than its inverse.
const LEAST_UNIT: f64 = f64::from_bits((1023 - 500) << 52);

/// The groups in floats of moderate size, and the square of the labels' factor.
fn float_groups(groups: &[Group], off: &[Rational]) -> (Vec<FloatGroup>, f64) {
    let float = |value: &Rational| value.to_f64().value();
    let of_integer = |value: &Integer| float(&Rational::from(value.clone()));
    let power = |largest: f64| {
        if largest > 0.0 && largest.is_finite() { largest.log2().floor().exp2() } else { 1.0 }
    };
    let width = groups.first().map_or(0, |group| group.row.len());
    let scales: Vec<f64> = (0..width)
        .map(|column| {
            power(groups.iter().map(|g| of_integer(&g.row[column]).abs()).fold(0.0, f64::max))
        })
        .collect();
    let mean = |group: &Group| of_integer(&group.label_sum).abs() / of_integer(&group.count);
    // Its square has to be a float, too; what is beyond is left to exact arithmetic.
    let label =
        power(groups.iter().map(mean).fold(0.0, f64::max)).clamp(LEAST_UNIT, 1.0 / LEAST_UNIT);
    let unit = label * label;
    let convert = |(group, off): (&Group, &Rational)| {
        let off = float(off) / unit;
        FloatGroup {
            row: group.row.iter().zip(&scales).map(|(a, scale)| of_integer(a) / scale).collect(),
            count: of_integer(&group.count),
            label_sum: of_integer(&group.label_sum) / label,
            on: off,
            off,
        }
    };
    (groups.iter().zip(off).map(convert).collect(), unit)
}
