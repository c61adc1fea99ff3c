//! Piecewise-linear functions as ReLU neurons: positive parts and largest values, with no neuron where the sign is
//! known from the forms alone.

use super::form::Form;
use super::program::{Kind, Program};
use super::scalar::Scalar;

impl Program {
    /// max(0, form) for each form: one neuron each, unless the form's sign is known.
    pub fn positive_parts(&mut self, forms: &[Form]) -> Vec<Form> {
        let open: Vec<bool> = forms
            .iter()
            .map(|form| !self.is_nonnegative(form) && !self.is_nonpositive(form))
            .collect();
        let undecided: Vec<Form> = forms
            .iter()
            .zip(&open)
            .filter(|(_, open)| **open)
            .map(|(form, _)| form.clone())
            .collect();
        let mut neurons = self.relu(&undecided).into_iter();
        let part = |(form, open): (&Form, &bool)| match open {
            true => neurons.next(),
            false if self.is_nonnegative(form) => Some(form.clone()),
            false => Some(Form::constant(Scalar::ZERO)),
        };
        forms.iter().zip(&open).filter_map(part).collect()
    }

    /// The largest form of each group, none of which is empty: max(a, b) = b + max(0, a − b), in rounds of pairs.
    pub fn maxima(&mut self, mut groups: Vec<Vec<Form>>) -> Vec<Form> {
        while groups.iter().any(|group| group.len() > 1) {
            let pairs: Vec<(&Form, &Form)> = groups
                .iter()
                .flat_map(|group| group.as_chunks().0)
                .map(|[a, b]: &[Form; 2]| (a, b))
                .collect();
            let mut winners = self.larger(&pairs).into_iter();
            for group in &mut groups {
                let mut next: Vec<Form> = winners.by_ref().take(group.len() / 2).collect();
                if !group.len().is_multiple_of(2) {
                    next.extend(group.pop());
                }
                *group = next;
            }
        }
        groups.into_iter().flatten().collect()
    }

    /// The larger form of each pair.
    pub(super) fn larger(&mut self, pairs: &[(&Form, &Form)]) -> Vec<Form> {
        let minus_one = Scalar::ONE.negated();
        let mut differences = Vec::new();
        let mut bases = Vec::new();
        for &(a, b) in pairs {
            // The base is needed beyond the new neurons: better what is cheap to carry there.
            let (other, base) = if self.is_cheap(a) && !self.is_cheap(b) { (b, a) } else { (a, b) };
            let difference = other.plus(&base.scaled(&minus_one));
            // Where the larger one is known, the base is not read twice.
            if self.is_nonnegative(&difference) {
                differences.push(Form::constant(Scalar::ZERO));
                bases.push(other.clone());
            } else {
                differences.push(difference);
                bases.push(base.clone());
            }
        }
        let excesses = self.positive_parts(&differences);
        let bases = self.portable(bases, &excesses);
        bases.iter().zip(&excesses).map(|(base, excess)| base.plus(excess)).collect()
    }

    /// The bases of new neurons in a form that is cheap past their layer.
    ///
    /// A carried neuron costs a row, and any other variable two. Where that is more than the two neurons [b]₊ and
    /// [−b]₊ of each base b, the bases become those.
    fn portable(&mut self, bases: Vec<Form>, excesses: &[Form]) -> Vec<Form> {
        let is_split =
            |(base, excess): (&Form, &Form)| !self.is_cheap(base) && !excess.terms.is_empty();
        let split: Vec<bool> = bases.iter().zip(excesses).map(is_split).collect();
        let chosen = || bases.iter().zip(&split).filter(|(_, split)| **split).map(|(base, _)| base);
        let mut carried: Vec<u32> =
            chosen().flat_map(|base| base.terms.iter().map(|&(variable, _)| variable)).collect();
        carried.sort_unstable();
        carried.dedup();
        let cost: usize =
            carried.iter().map(|&variable| if self.is_neuron(variable) { 1 } else { 2 }).sum();
        if cost <= 2 * chosen().count() {
            return bases;
        }
        let minus_one = Scalar::ONE.negated();
        let both: Vec<Form> =
            chosen().flat_map(|base| [base.clone(), base.scaled(&minus_one)]).collect();
        let parts = self.positive_parts(&both);
        let mut parts =
            parts.as_chunks().0.iter().map(|[p, q]: &[Form; 2]| p.plus(&q.scaled(&minus_one)));
        let base = |(base, split)| if split { parts.next() } else { Some(base) };
        bases.into_iter().zip(split).filter_map(base).collect()
    }

    /// The base b and the factor k with b + k·max(0, `condition`) = `above` where the condition is > 0, and `below`
    /// elsewhere; none unless the forms alone show that these meet where the condition is 0.
    pub fn continuous_choice(
        &self,
        condition: &Form,
        above: &Form,
        below: &Form,
    ) -> Option<(Form, Scalar)> {
        let minus_one = Scalar::ONE.negated();
        let simple_above = self.where_signed(above, condition, true);
        let simple_below = self.where_signed(below, condition, false);
        let step = |p: &Form, q: &Form| p.plus(&q.scaled(&minus_one)).multiple_of(condition);
        if let Some(factor) = step(&simple_above, &simple_below) {
            return Some((simple_below, factor));
        }
        // From `below`, which may bend elsewhere, by what is added on the other side; or the other way round.
        if let Some(factor) = step(&simple_above, &self.where_signed(below, condition, true)) {
            return Some((below.clone(), factor));
        }
        let factor = step(&self.where_signed(above, condition, false), &simple_below)?;
        let base = above.plus(&condition.scaled(&factor.negated()));
        Some((base, factor))
    }

    /// The form without the neurons whose sign is known where `condition` is positive, or where it is negative.
    fn where_signed(&self, form: &Form, condition: &Form, is_positive: bool) -> Form {
        let mut result = Form::constant(form.constant.clone());
        for (variable, factor) in &form.terms {
            let definition = &self.variables[*variable as usize].definition;
            let affine = definition.affine_in(condition).filter(|_| self.is_neuron(*variable));
            let value = match affine {
                Some((slope, rest)) => {
                    let rises = slope.is_positive() == is_positive;
                    match (slope.is_zero(), rises) {
                        (false, true) if !rest.is_negative() => definition.clone(),
                        (false, false) if !rest.is_positive() => Form::constant(Scalar::ZERO),
                        _ => Form::variable(*variable),
                    }
                }
                None => Form::variable(*variable),
            };
            result = result.plus(&value.scaled(factor));
        }
        result
    }

    fn is_neuron(&self, variable: u32) -> bool {
        self.variables[variable as usize].kind == Kind::Relu
    }

    /// Whether the form is a constant or one neuron and a constant.
    fn is_cheap(&self, form: &Form) -> bool {
        match form.terms.as_slice() {
            [] => true,
            [(variable, _)] => self.is_neuron(*variable),
            _ => false,
        }
    }

    /// Whether the form is a sum of neurons and constants, none of them with a negative factor.
    pub fn is_nonnegative(&self, form: &Form) -> bool {
        !form.constant.is_negative()
            && form
                .terms
                .iter()
                .all(|(variable, factor)| !factor.is_negative() && self.is_neuron(*variable))
    }

    /// The same for the form times −1.
    pub fn is_nonpositive(&self, form: &Form) -> bool {
        !form.constant.is_positive()
            && form
                .terms
                .iter()
                .all(|(variable, factor)| factor.is_negative() && self.is_neuron(*variable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use foldline_kernel::Rational;
    use foldline_kernel::number::parse_rational;
    use proptest::prelude::*;

    fn integer(value: i64) -> Scalar {
        Scalar::dyadic(i128::from(value), 0)
    }

    /// Σ factors · variables + the last factor.
    fn form(variables: &[Form], factors: &[i64]) -> Form {
        let terms = variables.iter().zip(factors).map(|(v, &factor)| v.scaled(&integer(factor)));
        terms.fold(Form::constant(integer(factors[variables.len()])), |sum, term| sum.plus(&term))
    }

    fn value(factors: &[i64], point: &[Rational]) -> Rational {
        let terms = point.iter().zip(factors).map(|(x, &factor)| x * Rational::from(factor));
        terms.fold(Rational::from(factors[point.len()]), |sum, term| sum + term)
    }

    proptest! {
        /// Groups of affine functions of two inputs and of their ReLUs, against plain comparison.
        #[test]
        fn maxima_are_the_largest_values(
            groups in prop::collection::vec(
                prop::collection::vec(prop::collection::vec(-2i64..3, 5), 1..6), 1..4),
            point in prop::collection::vec(-6i64..7, 2),
        ) {
            let mut program = Program::default();
            let inputs = program.inputs(2);
            let neurons = program.relu(&inputs);
            let variables = [inputs, neurons].concat();
            let forms = groups.iter().map(|g| g.iter().map(|f| form(&variables, f)).collect()).collect();
            let largest = program.maxima(forms);
            let (network, _) = program.finish(&largest).unwrap();
            let half = parse_rational("1/2").unwrap();
            let point: Vec<Rational> = point.iter().map(|&x| Rational::from(x) * &half).collect();
            let positive = point.iter().map(|x| x.clone().max(Rational::ZERO));
            let values: Vec<Rational> = point.iter().cloned().chain(positive).collect();
            let expected: Vec<Rational> =
                groups.iter().map(|g| g.iter().map(|f| value(f, &values)).max().unwrap()).collect();
            prop_assert_eq!(network.evaluate(&point).output, expected);
        }
    }

    #[test]
    fn known_signs_take_no_neuron() {
        let mut program = Program::default();
        let inputs = program.inputs(2);
        let neurons = program.relu(&inputs);
        let sum = neurons[0].plus(&neurons[1]);
        let before = program.len();
        let zero = Form::constant(Scalar::ZERO);
        assert_eq!(
            program.maxima(vec![vec![sum.clone(), zero.clone()]]),
            std::slice::from_ref(&sum)
        );
        assert_eq!(program.positive_parts(&[sum.scaled(&integer(-1))]), [zero]);
        assert_eq!(program.maxima(vec![vec![inputs[0].clone(), inputs[0].clone()]]), inputs[..1]);
        assert_eq!(program.len(), before);
    }
}
