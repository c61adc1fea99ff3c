//! Largest and least values of several tensors or of groups of elements, as rounds of pairs.

use super::arithmetic::common_type;
use super::broadcast::Broadcast;
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Element, Tensor, check_terms};
use crate::lowering::{Form, Program, Scalar};

const LEGACY_INPLACE: &[&str] = &["consumed_inputs"];
const EXACTNESS: &str = "exact: max(a, b) = b + [a − b]₊, one neuron a pair and those that carry b; no neuron where \
                         the signs decide";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Max", 1..=usize::MAX, LEGACY_INPLACE, EXACTNESS, Apply::One(extremum)),
    Operator::new(
        "Min",
        1..=usize::MAX,
        LEGACY_INPLACE,
        "exact: −max(−a, −b)",
        Apply::One(extremum),
    ),
];

/// Which end of its values a group is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Largest,
    Least,
}

/// Max or Min of any number of tensors.
fn extremum(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let end = if operation.node.operator == "Max" { End::Largest } else { End::Least };
    let tensors: Result<Vec<&Tensor>, String> =
        (0..operation.inputs.len()).map(|index| operation.input(index)).collect();
    let tensors = tensors?;
    let first = tensors[0];
    let element = match first.element {
        Element::Integer(_)
            if tensors.iter().all(|t| t.element == first.element && t.constant().is_some()) =>
        {
            first.element
        }
        _ => {
            let join = |element, tensor: &&Tensor| common_type(element, tensor.element);
            tensors.iter().try_fold(first.element, join)?
        }
    };
    let broadcast = Broadcast::of(&tensors)?;
    let forms: Vec<_> = tensors.iter().map(|tensor| tensor.forms()).collect();
    let count = broadcast.positions[0].len();
    let member = |element: usize| {
        forms
            .iter()
            .zip(&broadcast.positions)
            .map(move |(forms, positions)| &forms[positions[element]])
    };
    check_terms((0..count).flat_map(|element| member(element).map(|form| form.terms.len())))?;
    let groups = (0..count).map(|element| member(element).cloned().collect()).collect();
    Ok(Tensor::from_forms(broadcast.shape, element, ends(groups, end, program)))
}

/// The largest or the least form of each group, none of which is empty.
pub(super) fn ends(groups: Vec<Vec<Form>>, end: End, program: &mut Program) -> Vec<Form> {
    let before = program.len();
    let count = groups.len();
    let forms = match end {
        End::Largest => program.maxima(groups),
        End::Least => {
            let minus_one = Scalar::ONE.negated();
            let negated = |forms: Vec<Form>| -> Vec<Form> {
                forms.iter().map(|form| form.scaled(&minus_one)).collect()
            };
            let groups = groups.into_iter().map(negated).collect();
            negated(program.maxima(groups))
        }
    };
    let neurons = program.len() - before;
    if neurons > 0 {
        let which = if end == End::Largest { "largest" } else { "least" };
        program.note(format!(
            "{count} {which} values: max(a, b) = b + [a - b]+ by pairs, {neurons} ReLU neurons"
        ));
    }
    forms
}
