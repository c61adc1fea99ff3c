//! Affine forms over a program's variables, and the exact building of linear combinations of them.

use super::scalar::Scalar;

/// The affine form Σ coefficient · variable + constant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// Pairs (variable, coefficient): variables increasing, no coefficient zero.
    pub terms: Vec<(u32, Scalar)>,
    /// The constant part.
    pub constant: Scalar,
}

impl Form {
    /// The form without variables.
    pub fn constant(constant: Scalar) -> Self {
        Self { terms: Vec::new(), constant }
    }

    /// The form that is one variable.
    pub fn variable(variable: u32) -> Self {
        Self { terms: vec![(variable, Scalar::ONE)], constant: Scalar::ZERO }
    }

    /// The variable that the form is, if it is just that.
    pub fn as_variable(&self) -> Option<u32> {
        match self.terms.as_slice() {
            [(variable, coefficient)] if coefficient.is_one() && self.constant.is_zero() => {
                Some(*variable)
            }
            _ => None,
        }
    }

    /// The factor by which the form is a multiple of `other`, which is no constant; none if it is not one.
    pub fn multiple_of(&self, other: &Self) -> Option<Scalar> {
        if self.terms.is_empty() {
            return self.constant.is_zero().then_some(Scalar::ZERO);
        }
        let ((variable, factor), (other_variable, unit)) =
            (self.terms.first()?, other.terms.first()?);
        if variable != other_variable || self.terms.len() != other.terms.len() {
            return None;
        }
        let factor = factor.times(&unit.inverse()?);
        (other.scaled(&factor) == *self).then_some(factor)
    }

    /// The k and t with the form = k · `other` + t, where `other` is no constant; none if there are none.
    pub fn affine_in(&self, other: &Self) -> Option<(Scalar, Scalar)> {
        let without_constant =
            |form: &Self| Self { terms: form.terms.clone(), constant: Scalar::ZERO };
        let factor = without_constant(self).multiple_of(&without_constant(other))?;
        let rest = self.constant.plus(&other.constant.times(&factor).negated());
        Some((factor, rest))
    }

    /// `factor` times the form.
    pub fn scaled(&self, factor: &Scalar) -> Self {
        if factor.is_zero() {
            return Self::constant(Scalar::ZERO);
        }
        let scale =
            |(variable, coefficient): &(u32, Scalar)| (*variable, coefficient.times(factor));
        Self {
            terms: self.terms.iter().map(scale).collect(),
            constant: self.constant.times(factor),
        }
    }

    /// The sum of two forms.
    pub fn plus(&self, other: &Self) -> Self {
        let mut terms = Vec::with_capacity(self.terms.len() + other.terms.len());
        let (mut left, mut right) = (self.terms.as_slice(), other.terms.as_slice());
        while let ([(a, x), left_rest @ ..], [(b, y), right_rest @ ..]) = (left, right) {
            if a == b {
                let sum = x.plus(y);
                if !sum.is_zero() {
                    terms.push((*a, sum));
                }
                (left, right) = (left_rest, right_rest);
            } else if a < b {
                terms.push((*a, x.clone()));
                left = left_rest;
            } else {
                terms.push((*b, y.clone()));
                right = right_rest;
            }
        }
        terms.extend(left.iter().chain(right).cloned());
        Self { terms, constant: self.constant.plus(&other.constant) }
    }
}

/// Adds up multiples of forms, with one slot a variable reused from sum to sum.
pub(crate) struct Combiner {
    slots: Vec<Scalar>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    constant: Scalar,
}

impl Combiner {
    /// A combiner for forms over `variables` variables.
    pub fn new(variables: usize) -> Self {
        Self {
            slots: vec![Scalar::ZERO; variables],
            touched: Vec::new(),
            is_touched: vec![false; variables],
            constant: Scalar::ZERO,
        }
    }

    /// Adds `factor` times `form` to the sum.
    pub fn add(&mut self, form: &Form, factor: &Scalar) {
        for (variable, coefficient) in &form.terms {
            let slot = *variable as usize;
            if !self.is_touched[slot] {
                self.is_touched[slot] = true;
                self.touched.push(*variable);
            }
            self.slots[slot] = self.slots[slot].plus(&coefficient.times(factor));
        }
        if !form.constant.is_zero() {
            self.constant = self.constant.plus(&form.constant.times(factor));
        }
    }

    /// Hands over the sum and starts anew.
    pub fn finish(&mut self) -> Form {
        self.touched.sort_unstable();
        let mut terms = Vec::with_capacity(self.touched.len());
        for variable in self.touched.drain(..) {
            self.is_touched[variable as usize] = false;
            let value = std::mem::replace(&mut self.slots[variable as usize], Scalar::ZERO);
            if !value.is_zero() {
                terms.push((variable, value));
            }
        }
        Form { terms, constant: std::mem::replace(&mut self.constant, Scalar::ZERO) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(value: i128) -> Scalar {
        Scalar::dyadic(value, 0)
    }

    #[test]
    fn sums_cancel_and_stay_sorted() {
        let x = Form::variable(0).plus(&Form::variable(2)).plus(&Form::constant(integer(5)));
        let y = Form::variable(1).plus(&Form::variable(2).scaled(&integer(-1)));
        let sum = x.plus(&y);
        assert_eq!(sum.terms, [(0, integer(1)), (1, integer(1))]);
        assert_eq!(sum.constant, integer(5));
        let mut combiner = Combiner::new(3);
        combiner.add(&y, &integer(1));
        combiner.add(&x, &integer(1));
        assert_eq!(combiner.finish(), sum);
        assert_eq!(combiner.finish(), Form::constant(Scalar::ZERO));
        assert_eq!(Form::variable(1).as_variable(), Some(1));
        assert_eq!(sum.as_variable(), None);
        assert_eq!(sum.scaled(&Scalar::ZERO), Form::constant(Scalar::ZERO));
    }
}
