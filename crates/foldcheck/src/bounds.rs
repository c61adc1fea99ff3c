//! The records that bound neurons: bases, and the intervals that follow from them.

use crate::bases::Candidate;
use crate::dyadic::Dyadic;
use crate::fixed::too_large;
use crate::lines::{Fields, Reason, dyadic, index};
use crate::node::Sign;
use crate::tree::{Part, Tree};
use crate::word::Word;

/// A bound that the certificate tells: `K>=V` or `K<=V`, and multipliers.
struct Told<W> {
    neuron: usize,
    is_upper: bool,
    value: Dyadic,
    multipliers: Vec<Part<W>>,
}

impl<W: Word> Tree<'_, W> {
    /// `bases B …`: further bases.
    pub(crate) fn bases(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let mut new = Vec::new();
        for field in fields.by_ref() {
            let rows = self.node.all_rows();
            new.push(Candidate::parse(field, &rows, self.inputs, self.precision)?);
        }
        self.node.bases.append(&mut new);
        Ok(false)
    }

    /// `bounds …`: the interval of every undecided neuron, in order.
    pub(crate) fn bounds(&mut self, mut fields: Fields<'_>) -> Result<bool, Reason> {
        let mut told = self.told(&mut fields)?;
        for neuron in 0..self.node.neurons.len() {
            let (layer, row) = self.stages.place(neuron);
            for is_upper in [false, true] {
                if self.node.neurons[neuron].sign != Sign::Undecided
                    || self.stages.links[layer][row].is_some()
                {
                    break;
                }
                let here = told.take_if(|told| (told.neuron, told.is_upper) == (neuron, is_upper));
                let value = match self.bound(neuron, is_upper, here.as_ref()) {
                    // What is too large for the numbers here bounds nothing.
                    Err(reason) if here.is_none() && reason == too_large(self.precision) => {
                        continue;
                    }
                    value => value?,
                };
                if here.is_some() {
                    told = self.told(&mut fields)?;
                }
                if self.node.tighten(neuron, is_upper, value, self.stages, self.precision)? {
                    fields.finish()?;
                    return not_left(told).map(|()| true);
                }
            }
        }
        not_left(told).map(|()| false)
    }

    /// `lower K V …` and `upper K V …`: an end of a pre-activation's interval.
    pub(crate) fn one_bound(
        &mut self,
        mut fields: Fields<'_>,
        is_upper: bool,
    ) -> Result<bool, Reason> {
        let neuron = self.free_neuron(&mut fields)?;
        let value = fields.dyadic()?;
        let multipliers = self.parts(fields)?;
        self.bound(neuron, is_upper, Some(&Told { neuron, is_upper, value, multipliers }))?;
        self.node.tighten(neuron, is_upper, value, self.stages, self.precision)
    }

    /// A lower end, or an upper end, of a pre-activation: what the bases give, or what is told.
    fn bound(
        &mut self,
        neuron: usize,
        is_upper: bool,
        told: Option<&Told<W>>,
    ) -> Result<Dyadic, Reason> {
        let function = self.neuron_bound(neuron, is_upper)?;
        let Some(told) = told else {
            let least = self.best_minimum(&function, &[])?;
            let value = W::seven_bits(&least, self.precision);
            if W::IS_FINE {
                let above = W::above(&least, self.precision);
                self.is_close |= W::seven_bits(&above, self.precision) != value;
            }
            return Ok(if is_upper { value.negated() } else { value });
        };
        let least = self.best_minimum(&function, &told.multipliers)?;
        let claimed = if is_upper { told.value.negated() } else { told.value };
        if !W::at_least(&least, claimed, self.precision) {
            let above = W::above(&least, self.precision);
            self.is_close |= W::at_least(&above, claimed, self.precision);
            return Err("the bound does not follow".to_owned());
        }
        Ok(told.value)
    }

    /// The next field as a bound that is told.
    fn told(&self, fields: &mut Fields<'_>) -> Result<Option<Told<W>>, Reason> {
        let Some(field) = fields.next() else { return Ok(None) };
        let (words, multipliers) = match field.split_once(',') {
            Some((words, list)) => (words, Some(list)),
            None => (field, None),
        };
        let (neuron, is_upper, value) = match (words.split_once(">="), words.split_once("<=")) {
            (Some((neuron, value)), _) => (neuron, false, value),
            (None, Some((neuron, value))) => (neuron, true, value),
            _ => return Err(format!("expected a bound `K>=V` or `K<=V`, found `{field}`")),
        };
        let neuron = index(neuron, self.node.neurons.len(), "neuron")?;
        let multipliers = match multipliers {
            Some(list) => self.parts(list.split(','))?,
            None => Vec::new(),
        };
        Ok(Some(Told { neuron, is_upper, value: dyadic(value)?, multipliers }))
    }
}

/// Every bound that is told must be one of those that are asked for.
fn not_left<W>(told: Option<Told<W>>) -> Result<(), Reason> {
    match told {
        Some(told) => Err(format!("neuron {} is not bounded from this side here", told.neuron)),
        None => Ok(()),
    }
}
