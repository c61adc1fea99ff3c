//! Comparisons and choices: of constants, and of computed values where the choice is continuous.

use super::arithmetic::common_float;
use super::broadcast::Broadcast;
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Element, Tensor, check_terms, show_position};
use crate::lowering::{Form, Program, Scalar};

const LEGACY_BROADCAST: &[&str] = &["axis", "broadcast"];
const COMPARISON: &str = "exact; of computed values only as the condition of Where";
const CONNECTION: &str = "exact; one operand must be constant";

pub(super) const OPERATORS: &[Operator] = &[
    Operator::new("Greater", 2..=2, LEGACY_BROADCAST, COMPARISON, Apply::One(compare)),
    Operator::new("GreaterOrEqual", 2..=2, &[], COMPARISON, Apply::One(compare)),
    Operator::new("Less", 2..=2, LEGACY_BROADCAST, COMPARISON, Apply::One(compare)),
    Operator::new("LessOrEqual", 2..=2, &[], COMPARISON, Apply::One(compare)),
    Operator::new("Equal", 2..=2, LEGACY_BROADCAST, "exact, of constants", Apply::One(compare)),
    Operator::new("Not", 1..=1, &[], COMPARISON, Apply::One(not)),
    Operator::new("And", 2..=2, LEGACY_BROADCAST, CONNECTION, Apply::One(connect)),
    Operator::new("Or", 2..=2, LEGACY_BROADCAST, CONNECTION, Apply::One(connect)),
    Operator::new(
        "Where",
        3..=3,
        &[],
        "exact: B + k·[z]₊ where the condition is z > 0 and A − B is k·z, one neuron; or a constant condition",
        Apply::One(choose),
    ),
];

fn truth(value: bool) -> Scalar {
    if value { Scalar::ONE } else { Scalar::ZERO }
}

/// A comparison: of numbers true or false, else the form that is positive where it is true.
fn compare(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (a, b) = (operation.input(0)?, operation.input(1)?);
    if a.element != b.element {
        common_float(a, b)?;
    }
    let is_constant = a.constant().is_some() && b.constant().is_some();
    let operator = operation.node.operator;
    if operator == "Equal" && !is_constant {
        return Err("compares computed values for equality, which is not continuous".to_owned());
    }
    let broadcast = Broadcast::of(&[a, b])?;
    let (x, y) = (a.forms(), b.forms());
    check_terms(broadcast.pairs().map(|(p, q)| x[p].terms.len() + y[q].terms.len()))?;
    let minus_one = Scalar::ONE.negated();
    let result = |(p, q): (usize, usize)| {
        let difference = match operator {
            "Less" | "LessOrEqual" => y[q].plus(&x[p].scaled(&minus_one)),
            _ => x[p].plus(&y[q].scaled(&minus_one)),
        };
        if !difference.terms.is_empty() {
            return difference;
        }
        let value = &difference.constant;
        Form::constant(truth(match operator {
            "Equal" => value.is_zero(),
            "Greater" | "Less" => value.is_positive(),
            _ => !value.is_negative(),
        }))
    };
    let forms = broadcast.pairs().map(result).collect();
    Ok(Tensor::from_forms(broadcast.shape, Element::Bool, forms))
}

fn not(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let condition = boolean(operation, 0)?;
    let minus_one = Scalar::ONE.negated();
    let negated = |form: &Form| match form.terms.is_empty() {
        true => Form::constant(truth(!form.constant.is_positive())),
        false => form.scaled(&minus_one),
    };
    let forms = condition.forms().iter().map(negated).collect();
    Ok(Tensor::from_forms(condition.shape.clone(), Element::Bool, forms))
}

fn boolean<'a>(operation: &'a Operation, index: usize) -> Result<&'a Tensor, String> {
    let tensor = operation.input(index)?;
    match tensor.element {
        Element::Bool => Ok(tensor),
        other => Err(format!("input {index} is {}, expected BOOL", other.name())),
    }
}

/// And or Or where one of the two is constant.
fn connect(operation: &Operation, _: &mut Program) -> Result<Tensor, String> {
    let (a, b) = (boolean(operation, 0)?, boolean(operation, 1)?);
    let broadcast = Broadcast::of(&[a, b])?;
    let (x, y) = (a.forms(), b.forms());
    // The constant that decides alone; the other one leaves it to the other operand.
    let deciding = operation.node.operator == "Or";
    let connected = |(p, q): (usize, usize)| {
        let (known, other) = if x[p].terms.is_empty() { (&x[p], &y[q]) } else { (&y[q], &x[p]) };
        if !known.terms.is_empty() {
            return Err(
                "connects two computed truth values, expected one to be constant".to_owned()
            );
        }
        let decides = known.constant.is_positive() == deciding;
        Ok(if decides { known.clone() } else { other.clone() })
    };
    let forms: Result<Vec<Form>, String> = broadcast.pairs().map(connected).collect();
    Ok(Tensor::from_forms(broadcast.shape, Element::Bool, forms?))
}

/// Where: A under the condition, else B.
fn choose(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    chosen(boolean(operation, 0)?, operation.input(1)?, operation.input(2)?, program)
}

/// A truth value as the number 0 or 1, times a tensor: the tensor where it is true, else 0.
pub(super) fn gated(
    condition: &Tensor,
    tensor: &Tensor,
    program: &mut Program,
) -> Result<Tensor, String> {
    let zero = Tensor::from_values(vec![], tensor.element, [Scalar::ZERO]);
    chosen(condition, tensor, &zero, program)
}

/// A under the condition, else B.
fn chosen(
    condition: &Tensor,
    a: &Tensor,
    b: &Tensor,
    program: &mut Program,
) -> Result<Tensor, String> {
    let element = if a.element == b.element { a.element } else { common_float(a, b)? };
    let broadcast = Broadcast::of(&[condition, a, b])?;
    let (conditions, x, y) = (condition.forms(), a.forms(), b.forms());
    let triples = (0..broadcast.positions[0].len()).map(|index| {
        let [c, p, q] = [0, 1, 2].map(|operand: usize| broadcast.positions[operand][index]);
        (&conditions[c], &x[p], &y[q])
    });
    check_terms(triples.clone().map(|(c, p, q)| c.terms.len() + p.terms.len() + q.terms.len()))?;
    let mut bases = Vec::new();
    let mut factors = Vec::new();
    for (index, (condition, p, q)) in triples.clone().enumerate() {
        let (base, factor) = match condition.terms.is_empty() {
            true => (if condition.constant.is_positive() { p } else { q }.clone(), Scalar::ZERO),
            false => program.continuous_choice(condition, p, q).ok_or_else(|| {
                let place = show_position(&broadcast.shape, index);
                format!("element {place}: its two values do not meet where the condition changes, expected a continuous choice")
            })?,
        };
        bases.push(base);
        factors.push(factor);
    }
    let chosen = triples.zip(&factors).filter(|(_, factor)| !factor.is_zero());
    let parts: Vec<Form> = chosen.map(|((condition, _, _), _)| condition.clone()).collect();
    let mut parts = program.positive_parts(&parts).into_iter();
    let join = |(base, factor): (Form, &Scalar)| match factor.is_zero() {
        true => Some(base),
        false => parts.next().map(|part| base.plus(&part.scaled(factor))),
    };
    let forms = bases.into_iter().zip(&factors).filter_map(join).collect();
    Ok(Tensor::from_forms(broadcast.shape, element, forms))
}
