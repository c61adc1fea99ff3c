//! A network as variables in order of definition: inputs, ReLU neurons, and kept affine values.

use super::form::Form;
use super::scalar::Scalar;

/// Where a variable can be computed at the earliest: after `relu` ReLU layers and then `linear`
/// linear layers. Variables of one stage make one layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Stage {
    pub relu: u32,
    pub linear: u32,
}

/// What a variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Input,
    Relu,
    Linear,
}

/// One variable: an input, or what its kind makes of its definition.
#[derive(Debug)]
pub(super) struct Variable {
    pub kind: Kind,
    pub stage: Stage,
    pub definition: Form,
}

/// The variables defined so far.
#[derive(Debug, Default)]
pub(crate) struct Program {
    pub(super) variables: Vec<Variable>,
    pub(super) inputs: usize,
    pub(super) notes: Vec<String>,
    weight: usize,
}

impl Program {
    /// Declares the network's `count` inputs, before anything else is defined.
    pub fn inputs(&mut self, count: usize) -> Vec<Form> {
        self.inputs = count;
        let zeros = vec![Form::constant(Scalar::ZERO); count];
        self.define(&zeros, Kind::Input, Stage::default())
    }

    /// Number of variables.
    pub fn len(&self) -> usize {
        self.variables.len()
    }

    /// What the definitions take in memory, in stored numbers.
    pub fn weight(&self) -> usize {
        self.weight
    }

    /// Adds a sentence on how something was lowered.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// New variables max(0, form), all in one layer.
    pub fn relu(&mut self, forms: &[Form]) -> Vec<Form> {
        let stage = self.stage_of(forms);
        self.define(forms, Kind::Relu, Stage { relu: stage.relu + 1, linear: 0 })
    }

    /// New variables equal to `forms`, all in one linear layer.
    pub fn keep(&mut self, forms: &[Form]) -> Vec<Form> {
        let stage = self.stage_of(forms);
        self.define(forms, Kind::Linear, Stage { relu: stage.relu, linear: stage.linear + 1 })
    }

    /// The latest stage of the variables in `forms`.
    pub(super) fn stage_of(&self, forms: &[Form]) -> Stage {
        let variables = forms.iter().flat_map(|form| &form.terms);
        variables
            .map(|(variable, _)| self.variables[*variable as usize].stage)
            .max()
            .unwrap_or_default()
    }

    fn define(&mut self, forms: &[Form], kind: Kind, stage: Stage) -> Vec<Form> {
        let first = self.variables.len() as u32;
        let variable = |form: &Form| Variable { kind, stage, definition: form.clone() };
        self.variables.extend(forms.iter().map(variable));
        self.weight += forms.iter().map(|form| 2 + form.terms.len()).sum::<usize>();
        (first..self.variables.len() as u32).map(Form::variable).collect()
    }
}
