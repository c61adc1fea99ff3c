//! Reductions over axes: sums and means as linear maps, largest and least values as pairs.

use super::arithmetic::{one_over, require_float};
use super::arrangement::axis_of;
use super::combination::{Rows, check_shape, mapped};
use super::extrema::{End, ends};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Element, Tensor, check_terms, show_shape};
use crate::lowering::{Form, Program, Scalar};

const REDUCE: &[&str] = &["axes", "keepdims", "noop_with_empty_axes"];

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("ReduceSum", 1..=2, REDUCE, "exact", Apply::One(reduce)),
    Operator::new("ReduceMean", 1..=2, REDUCE, "exact", Apply::One(reduce)),
    Operator::new("ReduceL1", 1..=2, REDUCE, "exact, as ReduceSum of Abs", Apply::One(reduce)),
    Operator::new("ReduceMax", 1..=2, REDUCE, "exact, as Max", Apply::One(reduce)),
    Operator::new("ReduceMin", 1..=2, REDUCE, "exact, as Min", Apply::One(reduce)),
    Operator::new(
        "ReduceProd",
        1..=2,
        REDUCE,
        "exact; of constants, or of one element",
        Apply::One(reduce),
    ),
];

/// Which elements meet in each element of the result, and the result's shape.
struct Groups {
    members: Vec<Vec<usize>>,
    shape: Vec<usize>,
}

impl Groups {
    /// The groups of a node; none where nothing is reduced.
    fn new(operation: &Operation, tensor: &Tensor) -> Result<Option<Self>, String> {
        let rank = tensor.shape.len();
        let axes = operation.integers_of(1, "axes")?.unwrap_or_default();
        if axes.is_empty() && operation.integer("noop_with_empty_axes", 0)? != 0 {
            return Ok(None);
        }
        let mut is_reduced = vec![axes.is_empty(); rank];
        for axis in axes {
            is_reduced[axis_of(axis, rank, false)?] = true;
        }
        let kept = |(&size, &reduced): (&usize, &bool)| if reduced { 1 } else { size };
        let long: Vec<usize> = tensor.shape.iter().zip(&is_reduced).map(kept).collect();
        check_shape(&long)?;
        let mut members = vec![Vec::new(); long.iter().product()];
        for position in 0..tensor.len() {
            let (mut rest, mut target, mut stride) = (position, 0, 1);
            for (&size, &kept) in tensor.shape.iter().zip(&long).rev() {
                target += rest % size % kept * stride;
                stride *= kept;
                rest /= size;
            }
            members[target].push(position);
        }
        if members.iter().any(Vec::is_empty) {
            return Err(format!("reduces shape {} without elements", show_shape(&tensor.shape)));
        }
        let keeps = operation.integer("keepdims", 1)? != 0;
        let shape = long.iter().zip(&is_reduced).filter(|(_, reduced)| keeps || !**reduced);
        let shape = shape.map(|(&size, _)| size).collect();
        Ok(Some(Self { members, shape }))
    }
}

fn reduce(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensor = operation.input(0)?;
    let operator = operation.node.operator;
    let Some(groups) = Groups::new(operation, tensor)? else { return Ok(tensor.clone()) };
    if let (Element::Integer(format), Some(values)) = (tensor.element, tensor.integers()) {
        let value =
            |group: &Vec<usize>| integer_reduction(operator, group.iter().map(|&p| values[p]));
        let reduced: Option<Vec<i128>> = groups.members.iter().map(value).collect();
        let reduced =
            reduced.filter(|values| values.iter().all(|value| format.range().contains(value)));
        let reduced =
            reduced.ok_or_else(|| format!("is no integer of type {}", tensor.element.name()))?;
        let values = reduced.into_iter().map(|value| Scalar::dyadic(value, 0));
        return Ok(Tensor::from_values(groups.shape, tensor.element, values));
    }
    require_float(tensor)?;
    match operator {
        "ReduceMax" | "ReduceMin" => {
            let forms = tensor.forms();
            check_terms(forms.iter().map(|form| form.terms.len()))?;
            let end = if operator == "ReduceMax" { End::Largest } else { End::Least };
            let members = |group: Vec<usize>| group.into_iter().map(|p| forms[p].clone()).collect();
            let members = groups.members.into_iter().map(members).collect();
            Ok(Tensor::from_forms(groups.shape, tensor.element, ends(members, end, program)))
        }
        "ReduceProd" => product(tensor, groups),
        "ReduceL1" => {
            let magnitudes = magnitudes(tensor, program);
            sum(&magnitudes, groups, |_| Scalar::ONE, program)
        }
        "ReduceMean" => sum(tensor, groups, one_over, program),
        _ => sum(tensor, groups, |_| Scalar::ONE, program),
    }
}

/// Each group's sum times the factor for its size.
fn sum(
    tensor: &Tensor,
    groups: Groups,
    factor: impl Fn(usize) -> Scalar,
    program: &mut Program,
) -> Result<Tensor, String> {
    let row = |group: Vec<usize>| {
        let factor = factor(group.len());
        group.into_iter().map(|position| (position, factor.clone())).collect()
    };
    mapped(tensor, &Rows(groups.members.into_iter().map(row).collect()), groups.shape, program)
}

/// |x| of all elements.
fn magnitudes(tensor: &Tensor, program: &mut Program) -> Tensor {
    let minus_one = Scalar::ONE.negated();
    let both: Vec<Form> =
        tensor.forms().iter().flat_map(|form| [form.clone(), form.scaled(&minus_one)]).collect();
    let parts = program.positive_parts(&both);
    let forms = parts.as_chunks().0.iter().map(|[p, q]: &[Form; 2]| p.plus(q)).collect();
    Tensor::from_forms(tensor.shape.clone(), tensor.element, forms)
}

fn product(tensor: &Tensor, groups: Groups) -> Result<Tensor, String> {
    if groups.members.iter().all(|group| group.len() == 1) {
        return Ok(Tensor { shape: groups.shape, ..tensor.clone() });
    }
    let values = tensor.values().ok_or("multiplies computed values, expected constants")?;
    let product = |group: &Vec<usize>| group.iter().fold(Scalar::ONE, |p, &i| p.times(&values[i]));
    let products: Vec<Scalar> = groups.members.iter().map(product).collect();
    Ok(Tensor::from_values(groups.shape, tensor.element, products))
}

/// A reduction of constant integers; none where it overflows or has no integer result.
fn integer_reduction(operator: &str, mut values: impl Iterator<Item = i64>) -> Option<i128> {
    match operator {
        "ReduceSum" => Some(values.map(i128::from).sum()),
        "ReduceMax" => values.max().map(i128::from),
        "ReduceMin" => values.min().map(i128::from),
        "ReduceProd" => {
            values.try_fold(1i128, |product, value| product.checked_mul(i128::from(value)))
        }
        _ => None,
    }
}
