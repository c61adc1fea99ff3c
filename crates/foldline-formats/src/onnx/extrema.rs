//! Largest and least values of several tensors or of groups of elements, as rounds of pairs.

use super::arithmetic::{common_type, require_float};
use super::arrangement::axis_of;
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
    Operator::new(
        "TopK",
        1..=2,
        &["axis", "k", "largest", "sorted"],
        "exact, by pairs as Max; not the indices",
        Apply::One(top),
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

/// The largest or the least values along an axis, in order.
fn top(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    require_float(tensor)?;
    let axis = axis_of(operation.integer("axis", -1)?, tensor.shape.len(), false)?;
    let size = tensor.shape[axis];
    let count = match operation.integer_input(1, "k")?.as_deref() {
        Some(&[count]) => count,
        Some(_) => return Err("its k must be one constant integer".to_owned()),
        None => operation.integer("k", 0)?,
    };
    let count = usize::try_from(count).ok().filter(|count| (1..=size).contains(count));
    let count = count.ok_or_else(|| format!("its k must be from 1 to {size}"))?;
    if operation.integer("sorted", 1)? == 0 && count > 1 {
        return Err("its values are in no defined order, expected sorted = 1".to_owned());
    }
    let inner: usize = tensor.shape[axis + 1..].iter().product();
    let outer: usize = tensor.shape[..axis].iter().product();
    let sign = match operation.integer("largest", 1)? {
        0 => Scalar::ONE.negated(),
        _ => Scalar::ONE,
    };
    let forms = tensor.forms();
    let start = |group: usize| group / inner * size * inner + group % inner;
    let member = |group: usize| {
        (0..size).map(|index| forms[start(group) + index * inner].scaled(&sign)).collect()
    };
    let before = program.len();
    let sorted = program.largest_in_order((0..outer * inner).map(member).collect(), count);
    program.note(format!(
        "the {count} {} of {size} values, {} times: sorted by pairs, {} ReLU neurons",
        if sign.is_one() { "largest" } else { "least" },
        outer * inner,
        program.len() - before
    ));
    let mut shape = tensor.shape.clone();
    shape[axis] = count;
    let value = |position: usize| {
        let group = position / (count * inner) * inner + position % inner;
        sorted[group][position / inner % count].scaled(&sign)
    };
    let values: Vec<Form> = (0..outer * count * inner).map(value).collect();
    check_terms(values.iter().map(|form| form.terms.len()))?;
    Ok(Tensor::from_forms(shape, tensor.element, values))
}
