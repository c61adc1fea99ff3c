//! Builds the reduced system of a network on a polytope, layer by layer from the weights.

use foldline_geometry::{Polytope, Tableau};
use foldline_kernel::interrupt;

use super::float_network::{FloatNetwork, FloatRow, Multiple};
use super::reduced::{Reduced, head_width, magnitude_of, rounding_error};
use super::relaxation::Relaxation;

/// What is known of a neuron's pre-activation: its sign, or proved bounds around 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// 1 if ≥ 0, −1 if ≤ 0, 0 if undecided.
    pub sign: i8,
    /// Proved lower bound.
    pub lower: f64,
    /// Proved upper bound.
    pub upper: f64,
}

impl Known {
    /// Nothing is known.
    pub const NOTHING: Known = Known { sign: 0, lower: f64::NEG_INFINITY, upper: f64::INFINITY };
}

impl Known {
    /// Decides the sign from the bounds where they allow it.
    #[inline(always)]
    pub fn settle(&mut self) -> Result<(), Empty> {
        if self.lower > self.upper {
            return Err(Empty);
        }
        if self.upper <= 0.0 {
            self.sign = -1;
        } else if self.lower >= 0.0 {
            self.sign = 1;
        }
        Ok(())
    }
}

/// A layer's output as a function of (x, r).
enum Value {
    Zero,
    Column(usize),
    Row { start: usize, length: usize, error: f64, magnitude: f64 },
}

/// The values of one layer, with their rows one after another.
#[derive(Default)]
struct Values {
    rows: Vec<f64>,
    values: Vec<Value>,
}

/// The proved polytope-and-signs combination has no point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Empty;

/// Builds the reduced system. At most `limit` neurons become columns; the rest is relaxed.
///
/// Signs that the bounds decide are entered into `known`.
#[inline(always)]
pub fn unfold<const FUSED: bool>(
    network: &FloatNetwork,
    known: &mut [Known],
    limit: usize,
    polytope: &Polytope,
    tableau: &mut Tableau,
    relaxation: &mut Relaxation,
) -> Result<Reduced, Empty> {
    let mut build = Build::new(network, limit, polytope);
    let mut values = build.inputs();
    for (index, layer) in network.layers.iter().enumerate() {
        let mut next = Values::default();
        // No neuron of this layer is a column of another one's pre-activation.
        let width = build.width();
        let mut pre_activations = Vec::new();
        for (position, row) in layer.rows.iter().enumerate() {
            if let Some(multiple) = layer.multiples[position]
                && let Some(value) =
                    build.multiple(multiple, layer.first_neuron, known, &pre_activations, &mut next)
            {
                pre_activations.push(None);
                next.values.push(value);
                continue;
            }
            if layer.relu && row.columns.is_empty() {
                let known = &known[layer.first_neuron + position];
                if let Some(value) = build.constant(row.bias, known, &mut next) {
                    pre_activations.push(None);
                    next.values.push(value);
                    continue;
                }
            }
            let (affine, error) = build.combine(row, &values, width);
            if layer.relu {
                let neuron = layer.first_neuron + position;
                let place = (index as u16, neuron as u32);
                let repeated = layer.repeated[position];
                pre_activations.push(repeated.then(|| (affine.clone(), error)));
                build.push(affine, error, place);
                let undecided =
                    build.bound::<FUSED>(&mut known[neuron], polytope, tableau, relaxation)?;
                let value = build.after_relu(&known[neuron], undecided, &mut next);
                next.values.push(value);
            } else {
                let magnitude = build.magnitude(&affine);
                let value = next.store(&affine, error, magnitude);
                next.values.push(value);
            }
        }
        values = next;
    }
    Ok(build.finish(network, &values))
}

impl Values {
    fn store(&mut self, row: &[f64], error: f64, magnitude: f64) -> Value {
        let start = self.rows.len();
        self.rows.extend_from_slice(row);
        Value::Row { start, length: row.len(), error, magnitude }
    }
}

struct Build<'a> {
    reduced: Reduced,
    caps: Vec<f64>,
    limit: usize,
    polytope: &'a Polytope,
}

impl<'a> Build<'a> {
    fn new(network: &FloatNetwork, limit: usize, polytope: &'a Polytope) -> Self {
        let reduced = Reduced {
            dimension: network.inputs,
            head: head_width(network.inputs),
            starts: vec![0],
            complete: true,
            ..Reduced::default()
        };
        Self { reduced, caps: Vec::new(), limit, polytope }
    }

    fn magnitude(&self, row: &[f64]) -> f64 {
        let Reduced { dimension, head, .. } = self.reduced;
        magnitude_of(row, dimension, head, self.polytope.reach(), &self.caps)
    }

    /// The length of a row with all columns that there are.
    fn width(&self) -> usize {
        self.reduced.head + self.reduced.count()
    }

    /// The value of a neuron whose pre-activation z' is `factor` times an earlier one's, z.
    ///
    /// None if the earlier neuron was relaxed to a band, which says nothing about this one.
    fn multiple(
        &self,
        Multiple { row, factor }: Multiple,
        first_neuron: usize,
        known: &mut [Known],
        pre_activations: &[Option<(Vec<f64>, f64)>],
        next: &mut Values,
    ) -> Option<Value> {
        let Reduced { head, .. } = self.reduced;
        let earlier = known[first_neuron + row as usize];
        let here = &mut known[first_neuron + next.values.len()];
        let sign = if factor > 0.0 { earlier.sign } else { -earlier.sign };
        if here.sign == 0 {
            here.sign = sign;
        }
        let (source, error) = pre_activations[row as usize].as_ref()?;
        let scale = factor.abs();
        let mut result: Vec<f64> = source.iter().map(|value| factor * value).collect();
        let mut error = scale * error;
        match (sign, &next.values[row as usize]) {
            (0, &Value::Column(neuron)) => {
                if factor > 0.0 {
                    result.fill(0.0);
                    error = 0.0;
                }
                result.resize(result.len().max(head + neuron + 1), 0.0);
                result[head + neuron] += scale;
            }
            (0, _) => return None,
            (-1, _) => return Some(Value::Zero),
            _ => {}
        }
        let magnitude = self.magnitude(&result);
        Some(next.store(&result, error + rounding_error(2, magnitude), magnitude))
    }

    fn inputs(&self) -> Values {
        let Reduced { dimension, head, .. } = self.reduced;
        let mut values = Values::default();
        for j in 0..dimension {
            let mut row = vec![0.0; head];
            row[j] = 1.0;
            let value = values.store(&row, 0.0, self.polytope.reach()[j]);
            values.values.push(value);
        }
        values
    }

    /// The value of a neuron whose pre-activation is the constant `bias`, up to its rounding; none if no sign is known.
    fn constant(&self, bias: f64, known: &Known, next: &mut Values) -> Option<Value> {
        match known.sign {
            0 => None,
            -1 => Some(Value::Zero),
            _ => {
                let mut row = vec![0.0; self.reduced.head];
                row[self.reduced.dimension] = bias;
                Some(next.store(&row, rounding_error(2, bias.abs()), bias.abs()))
            }
        }
    }

    /// row · values + bias as a row of `width` numbers, with its error bound.
    #[inline(always)]
    fn combine(&self, row: &FloatRow, values: &Values, width: usize) -> (Vec<f64>, f64) {
        let Reduced { dimension, head, .. } = self.reduced;
        let mut sum = vec![0.0; width];
        sum[dimension] = row.bias;
        let mut error = 0.0;
        let mut magnitude = row.bias.abs();
        let mut work = width + row.columns.len();
        for (&column, &weight) in row.columns.iter().zip(&row.values) {
            match values.values[column as usize] {
                Value::Zero => {}
                Value::Column(neuron) => {
                    sum[head + neuron] += weight;
                    magnitude += weight.abs() * self.caps[neuron];
                }
                Value::Row { start, length, error: row_error, magnitude: row_magnitude } => {
                    let source = &values.rows[start..start + length];
                    for (value, &term) in sum.iter_mut().zip(source) {
                        *value += weight * term;
                    }
                    work += length;
                    error += weight.abs() * row_error;
                    magnitude += weight.abs() * row_magnitude;
                }
            }
        }
        interrupt::count(work);
        let error = error * (1.0 + 1e-9) + rounding_error(2 * row.columns.len() + 2, magnitude);
        (sum, error)
    }

    /// Appends a row as if of an undecided neuron.
    fn push(&mut self, row: Vec<f64>, error: f64, (layer, neuron): (u16, u32)) {
        let magnitude = self.magnitude(&row);
        interrupt::count(row.len());
        self.reduced.push_row(&row);
        self.reduced.errors.push(error);
        self.reduced.magnitudes.push(magnitude);
        self.reduced.neurons.push(neuron);
        self.reduced.layers.push(layer);
    }

    /// Bounds the last row; true if its sign stays undecided.
    #[inline(always)]
    fn bound<const FUSED: bool>(
        &mut self,
        known: &mut Known,
        polytope: &Polytope,
        tableau: &mut Tableau,
        relaxation: &mut Relaxation,
    ) -> Result<bool, Empty> {
        if known.sign != 0 {
            return Ok(false);
        }
        let last = self.reduced.count() - 1;
        relaxation.tighten::<FUSED>(&self.reduced, last, known, polytope, tableau)?;
        Ok(known.sign == 0)
    }

    /// The value after the ReLU of the last row; removes the row unless it becomes a column.
    fn after_relu(&mut self, known: &Known, undecided: bool, next: &mut Values) -> Value {
        let last = self.reduced.count() - 1;
        if undecided && last < self.limit {
            self.reduced.lower.push(known.lower);
            self.reduced.upper.push(known.upper);
            self.caps.push(known.upper);
            return Value::Column(last);
        }
        let error = self.reduced.errors.pop().unwrap_or(f64::INFINITY);
        let magnitude = self.reduced.magnitudes.pop().unwrap_or(f64::INFINITY);
        self.reduced.neurons.pop();
        self.reduced.layers.pop();
        let row = self.reduced.row(last)[..self.reduced.head + self.reduced.columns[last]].to_vec();
        self.reduced.pop_row();
        if undecided {
            self.reduced.complete = false;
            return self.band(row, error, magnitude, known, next);
        }
        if known.sign < 0 { Value::Zero } else { next.store(&row, error, magnitude) }
    }

    /// Relaxes an undecided neuron to the band between two parallel lines: chord and chord + l.
    fn band(
        &self,
        mut row: Vec<f64>,
        error: f64,
        magnitude: f64,
        known: &Known,
        next: &mut Values,
    ) -> Value {
        let (lower, upper) = (known.lower, known.upper);
        let slope = upper / (upper - lower);
        let half = -slope * lower / 2.0;
        row.iter_mut().for_each(|value| *value *= slope);
        row[self.reduced.dimension] += half;
        let magnitude = slope * magnitude + half.abs();
        let error =
            (slope * error + half) * (1.0 + 1e-9) + rounding_error(8, magnitude + (upper - lower));
        let error = if error.is_nan() { f64::INFINITY } else { error };
        next.store(&row, error, magnitude)
    }

    /// Appends the targets' rows.
    fn finish(mut self, network: &FloatNetwork, values: &Values) -> Reduced {
        let width = self.width();
        for (input, output) in &network.targets {
            let (mut row, mut error) = self.combine(output, values, width);
            let mut magnitude = self.magnitude(&row);
            for (&column, &value) in input.columns.iter().zip(&input.values) {
                row[column as usize] += value;
                magnitude += value.abs() * self.polytope.reach()[column as usize];
            }
            error += rounding_error(4, magnitude);
            self.reduced.push_row(&row);
            self.reduced.errors.push(error);
            self.reduced.magnitudes.push(self.magnitude(&row));
            self.reduced.targets += 1;
        }
        self.reduced
    }
}
