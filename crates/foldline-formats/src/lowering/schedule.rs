//! Arranges a program's variables in layers, carrying values past the layers that do not use them.
//!
//! A ReLU neuron is carried past a ReLU layer by one neuron, since [v]₊ = v where v ≥ 0; an input
//! or affine value by two, since z = [z]₊ − [−z]₊. Linear layers carry anything by one row.

use std::collections::BTreeSet;

use foldline_kernel::network::RationalRow;
use foldline_kernel::number::power_of_two;
use foldline_kernel::{Activation, Integer, Layer, Natural, Network, NetworkError, Row};

use super::form::Form;
use super::program::{Kind, Program, Stage};
use super::scalar::Scalar;

/// Where a layer's outputs hold a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is that output.
    Single(u32),
    /// It is the first of these outputs minus the second.
    Pair(u32, u32),
}

impl Program {
    /// The network whose outputs are `outputs`, and the notes on how it was lowered.
    pub fn finish(self, outputs: &[Form]) -> Result<(Network, Vec<String>), NetworkError> {
        Schedule::new(self, outputs).build()
    }
}

struct Schedule {
    program: Program,
    /// For each layer the variables it defines.
    defined: Vec<Vec<u32>>,
    /// The final linear layer's rows, unless the outputs are the last layer's variables.
    final_rows: Option<Vec<Form>>,
    /// For each variable the last layer (1 for the first) that reads it.
    last_read: Vec<usize>,
}

impl Schedule {
    fn new(program: Program, outputs: &[Form]) -> Self {
        let variables = &program.variables;
        let stages: BTreeSet<Stage> =
            variables[program.inputs..].iter().map(|variable| variable.stage).collect();
        let stages: Vec<Stage> = stages.into_iter().collect();
        let layer_of = |stage: &Stage| stages.binary_search(stage).map_or(0, |index| index + 1);
        let mut defined = vec![Vec::new(); stages.len()];
        let mut computed_in = vec![0; variables.len()];
        for (index, variable) in variables.iter().enumerate().skip(program.inputs) {
            computed_in[index] = layer_of(&variable.stage);
            defined[computed_in[index] - 1].push(index as u32);
        }
        let mut final_rows = None;
        match defined.last_mut().filter(|last| is_permutation(outputs, last)) {
            Some(last) => *last = outputs.iter().filter_map(Form::as_variable).collect(),
            None => final_rows = Some(outputs.to_vec()),
        }
        let mut last_read = vec![0; variables.len()];
        let mut read = |form: &Form, layer: usize| {
            for (variable, _) in &form.terms {
                let last = &mut last_read[*variable as usize];
                *last = layer.max(*last);
            }
        };
        for (variable, &layer) in variables.iter().zip(&computed_in) {
            read(&variable.definition, layer);
        }
        for form in final_rows.iter().flatten() {
            read(form, defined.len() + 1);
        }
        Self { program, defined, final_rows, last_read }
    }

    fn build(mut self) -> Result<(Network, Vec<String>), NetworkError> {
        let mut places: Vec<Option<Place>> = vec![None; self.program.len()];
        for (input, place) in places.iter_mut().take(self.program.inputs).enumerate() {
            *place = Some(Place::Single(input as u32));
        }
        let mut alive: Vec<u32> = (0..self.program.inputs as u32).collect();
        let mut width = self.program.inputs;
        let mut layers = Vec::new();
        for layer in 1..=self.defined.len() {
            let (rows, activation) = self.layer_rows(layer, &mut places, &mut alive);
            layers.push(build_layer(width, &rows, activation));
            width = rows.len();
        }
        for forms in self.final_rows.iter() {
            let rows: Vec<Form> = forms.iter().map(|form| over_places(form, &places)).collect();
            layers.push(build_layer(width, &rows, Activation::Linear));
        }
        Ok((Network::new(self.program.inputs, layers)?, self.program.notes))
    }

    /// The rows of `layer`: what it defines, then what it carries; moves `places` on to it.
    fn layer_rows(
        &mut self,
        layer: usize,
        places: &mut [Option<Place>],
        alive: &mut Vec<u32>,
    ) -> (Vec<Form>, Activation) {
        let mut rows = self.definitions(layer, places);
        let defined = &self.defined[layer - 1];
        let is_relu = |v: &u32| self.program.variables[*v as usize].kind == Kind::Relu;
        let activation =
            if defined.iter().any(is_relu) { Activation::Relu } else { Activation::Linear };
        let (mut carried, mut pairs) = (0, 0);
        alive.retain(|&v| self.last_read[v as usize] > layer);
        for &variable in alive.iter() {
            let place = &mut places[variable as usize];
            let next = rows.len() as u32;
            *place = match (*place, activation) {
                (Some(Place::Pair(plus, minus)), Activation::Relu) => {
                    rows.extend([Form::variable(plus), Form::variable(minus)]);
                    Some(Place::Pair(next, next + 1))
                }
                (Some(Place::Single(column)), Activation::Relu) if !is_relu(&variable) => {
                    let row = Form::variable(column);
                    rows.extend([row.clone(), row.scaled(&Scalar::ONE.negated())]);
                    pairs += 1;
                    Some(Place::Pair(next, next + 1))
                }
                (Some(Place::Single(column)), _) => {
                    rows.push(Form::variable(column));
                    Some(Place::Single(next))
                }
                (Some(Place::Pair(plus, minus)), Activation::Linear) => {
                    let minus = Form::variable(minus).scaled(&Scalar::ONE.negated());
                    rows.push(Form::variable(plus).plus(&minus));
                    Some(Place::Single(next))
                }
                (None, _) => None,
            };
            carried += 1;
        }
        for (row, &variable) in self.defined[layer - 1].iter().enumerate() {
            places[variable as usize] = Some(Place::Single(row as u32));
            if self.last_read[variable as usize] > layer {
                alive.push(variable);
            }
        }
        self.note_carried(layer, carried, pairs);
        (rows, activation)
    }

    /// The rows of what `layer` defines. They are handed over: with thousands of neurons to keep them, too, would
    /// double the memory.
    fn definitions(&mut self, layer: usize, places: &[Option<Place>]) -> Vec<Form> {
        let mut rows = Vec::new();
        for &variable in &self.defined[layer - 1] {
            let definition = &mut self.program.variables[variable as usize].definition;
            let definition = std::mem::replace(definition, Form::constant(Scalar::ZERO));
            rows.push(over_places(&definition, places));
        }
        rows
    }

    fn note_carried(&mut self, layer: usize, carried: usize, pairs: usize) {
        if carried == 0 {
            return;
        }
        let mut note = format!("layer {} carries {carried} earlier values", layer - 1);
        if pairs > 0 {
            note += &format!(", {pairs} of them not known to be ≥ 0, as [z]+ - [-z]+");
        }
        self.program.note(note);
    }
}

/// Whether `outputs` are exactly `variables`, each once.
fn is_permutation(outputs: &[Form], variables: &[u32]) -> bool {
    let chosen: BTreeSet<u32> = outputs.iter().filter_map(Form::as_variable).collect();
    chosen.len() == outputs.len()
        && outputs.len() == variables.len()
        && variables.iter().all(|variable| chosen.contains(variable))
}

/// `form` over the previous layer's outputs instead of variables.
fn over_places(form: &Form, places: &[Option<Place>]) -> Form {
    let mut terms = Vec::with_capacity(form.terms.len());
    for (variable, coefficient) in &form.terms {
        match places[*variable as usize] {
            Some(Place::Single(column)) => terms.push((column, coefficient.clone())),
            Some(Place::Pair(plus, minus)) => {
                terms.push((plus, coefficient.clone()));
                terms.push((minus, coefficient.negated()));
            }
            None => unreachable!("a variable is carried up to the last layer that reads it"),
        }
    }
    terms.sort_unstable_by_key(|&(column, _)| column);
    Form { terms, constant: form.constant.clone() }
}

/// A kernel layer from rows over its inputs.
fn build_layer(inputs: usize, rows: &[Form], activation: Activation) -> Layer {
    match common_exponent(rows) {
        Some(exponent) => {
            let rows = rows.iter().map(|row| dyadic_row(row, exponent)).collect();
            let denominator = Natural::ONE << exponent.unsigned_abs() as usize;
            Layer { inputs, rows, denominator, activation }
        }
        None => {
            let rational_row = |row: &Form| RationalRow {
                weights: row.terms.iter().map(|(c, w)| (*c as usize, w.to_rational())).collect(),
                bias: row.constant.to_rational(),
            };
            let rows: Vec<RationalRow> = rows.iter().map(rational_row).collect();
            Layer::new(inputs, &rows, activation)
        }
    }
}

/// The least exponent of all scalars, at most 0; none where one of them is not dyadic.
fn common_exponent(rows: &[Form]) -> Option<i32> {
    let scalars = rows
        .iter()
        .flat_map(|row| row.terms.iter().map(|(_, weight)| weight).chain([&row.constant]));
    scalars.into_iter().try_fold(0, |least, scalar| match scalar {
        Scalar::Dyadic { exponent, .. } => Some(least.min(*exponent)),
        Scalar::Ratio(_) => None,
    })
}

fn dyadic_row(row: &Form, exponent: i32) -> Row {
    Row {
        columns: row.terms.iter().map(|&(column, _)| column).collect(),
        numerators: row.terms.iter().map(|(_, weight)| numerator(weight, exponent)).collect(),
        bias: numerator(&row.constant, exponent),
    }
}

/// The numerator of `scalar` over 2^-exponent.
fn numerator(scalar: &Scalar, common: i32) -> Integer {
    match scalar {
        Scalar::Dyadic { significand, exponent } => {
            Integer::from(*significand) << exponent.abs_diff(common) as usize
        }
        Scalar::Ratio(value) => {
            let scaled = &**value * power_of_two(-i64::from(common));
            scaled.numerator() / Integer::from(scaled.denominator().clone())
        }
    }
}
