//! Element-by-element operators with numpy's broadcasting, and the activations.

use super::graph::LARGEST_TERMS;
use super::operators::Operation;
use super::tensor::{Elements, LARGEST_COMPUTED, Tensor, count_within, show_position, show_shape};
use crate::lowering::{Form, Program, Scalar};

/// The most elements that an operator on constants may produce.
const LARGEST_FOLDED: usize = 1 << 24;

/// The shape that two shapes broadcast to.
pub(super) fn broadcast_shape(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let size = |shape: &[usize], index: usize| match (index + shape.len()).checked_sub(rank) {
        Some(index) => shape[index],
        None => 1,
    };
    let merge = |index| match (size(a, index), size(b, index)) {
        (p, q) if p == q => Ok(p),
        (1, size) | (size, 1) => Ok(size),
        _ => Err(format!("shapes {} and {} do not broadcast", show_shape(a), show_shape(b))),
    };
    (0..rank).map(merge).collect()
}

/// For each position of `shape`, row by row, the position in a tensor of shape `operand` that
/// broadcasts to it.
pub(super) fn broadcast_positions(shape: &[usize], operand: &[usize]) -> Vec<usize> {
    let mut positions = vec![0];
    let missing = shape.len() - operand.len();
    for (index, &size) in shape.iter().enumerate() {
        let own = if index < missing { 1 } else { operand[index - missing] };
        let step =
            |&start: &usize| (0..size).map(move |i| start * own + if own == 1 { 0 } else { i });
        positions = positions.iter().flat_map(step).collect();
    }
    positions
}

/// Add, Sub, Mul or Div.
pub(super) fn binary(operation: &Operation) -> Result<Tensor, String> {
    let (a, b) = (operation.input(0)?, operation.input(1)?);
    if operation.operator_set < 7 {
        check_legacy_broadcast(operation, a, b)?;
    }
    match operation.node.operator {
        "Add" => add(a, b),
        "Sub" => add(a, &negate(b)?),
        "Mul" if a.constant().is_some() => multiply(b, a),
        "Mul" => multiply(a, b),
        _ => multiply(a, &reciprocal(b)?),
    }
}

/// Before operator set 7 the second operand was stretched only on demand.
fn check_legacy_broadcast(operation: &Operation, a: &Tensor, b: &Tensor) -> Result<(), String> {
    let stretches = operation.integer("broadcast", 0)? != 0;
    let aligned = !operation.has("axis")
        || operation.integer("axis", 0)?.checked_add(b.shape.len() as i64)
            == Some(a.shape.len() as i64);
    let fits = if stretches {
        aligned && broadcast_shape(&a.shape, &b.shape).is_ok_and(|shape| shape == a.shape)
    } else {
        a.shape == b.shape
    };
    if fits {
        return Ok(());
    }
    let (a, b) = (show_shape(&a.shape), show_shape(&b.shape));
    Err(format!("shapes {a} and {b} do not fit by the rules of operator sets before 7"))
}

/// Sum of any number of tensors.
pub(super) fn sum(operation: &Operation) -> Result<Tensor, String> {
    let mut total = operation.input(0)?.clone();
    for index in 1..operation.inputs.len() {
        total = add(&total, operation.input(index)?)?;
    }
    Ok(total)
}

/// How the elements of two tensors meet: the result's shape and, for each of its elements, the
/// positions in both.
struct Pairing {
    shape: Vec<usize>,
    left: Vec<usize>,
    right: Vec<usize>,
}

impl Pairing {
    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + Clone {
        self.left.iter().copied().zip(self.right.iter().copied())
    }
}

/// Pairs the elements of two tensors as numpy does.
fn pair(a: &Tensor, b: &Tensor) -> Result<Pairing, String> {
    if a.element != b.element || !a.element.is_float() {
        let (a, b) = (a.element.name(), b.element.name());
        return Err(format!("expected two float tensors of one type, found {a} and {b}"));
    }
    let shape = broadcast_shape(&a.shape, &b.shape)?;
    let is_constant = a.constant().is_some() && b.constant().is_some();
    let limit = if is_constant { LARGEST_FOLDED } else { LARGEST_COMPUTED };
    if count_within(&shape, limit).is_none() {
        return Err(format!("its result {} has more than {limit} elements", show_shape(&shape)));
    }
    let left = broadcast_positions(&shape, &a.shape);
    let right = broadcast_positions(&shape, &b.shape);
    Ok(Pairing { shape, left, right })
}

/// The sum of two tensors.
pub(super) fn add(a: &Tensor, b: &Tensor) -> Result<Tensor, String> {
    let pairing = pair(a, b)?;
    let pairs = pairing.pairs();
    let elements = if let (Some(x), Some(y)) = (a.constant(), b.constant()) {
        let (x, y) = (Lookup::new(x, a.len()), Lookup::new(y, b.len()));
        folded(pairs.map(|(p, q)| x.at(p).plus(&y.at(q))))
    } else {
        let (x, y) = (a.forms(), b.forms());
        check_terms(pairs.clone().map(|(p, q)| x[p].terms.len() + y[q].terms.len()))?;
        Elements::Computed(pairs.map(|(p, q)| x[p].plus(&y[q])).collect())
    };
    Ok(Tensor { shape: pairing.shape, element: a.element, elements })
}

/// The product of a tensor with a constant one.
pub(super) fn multiply(tensor: &Tensor, factor: &Tensor) -> Result<Tensor, String> {
    let Some(factors) = factor.constant() else {
        return Err("multiplies two computed tensors, expected one to be constant".to_owned());
    };
    let pairing = pair(tensor, factor)?;
    let pairs = pairing.pairs();
    let factors = Lookup::new(factors, factor.len());
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let values = Lookup::new(entries, tensor.len());
            folded(pairs.map(|(p, q)| values.at(p).times(&factors.at(q))))
        }
        Elements::Computed(forms) => {
            check_terms(pairing.left.iter().map(|&p| forms[p].terms.len()))?;
            Elements::Computed(pairs.map(|(p, q)| forms[p].scaled(&factors.at(q))).collect())
        }
    };
    Ok(Tensor { shape: pairing.shape, element: tensor.element, elements })
}

/// 1/x of a constant without zeros.
fn reciprocal(divisor: &Tensor) -> Result<Tensor, String> {
    let Some(entries) = divisor.constant() else {
        return Err("divides by a computed tensor, expected a constant one".to_owned());
    };
    if !divisor.element.is_float() {
        return Err(format!("expected a float divisor, found {}", divisor.element.name()));
    }
    if entries.len() < divisor.len() {
        let zero = entries.iter().enumerate().find(|(index, (position, _))| index != position);
        let zero = zero.map_or(entries.len(), |(index, _)| index);
        return Err(format!(
            "element {} of its divisor is zero",
            show_position(&divisor.shape, zero)
        ));
    }
    let invert = |(position, value): &(usize, Scalar)| Some((*position, value.inverse()?));
    let inverted = entries.iter().filter_map(invert).collect();
    let (shape, element) = (divisor.shape.clone(), divisor.element);
    Ok(Tensor { shape, element, elements: Elements::Constant(inverted) })
}

/// −x.
pub(super) fn negate(tensor: &Tensor) -> Result<Tensor, String> {
    require_float(tensor)?;
    let minus_one = Scalar::ONE.negated();
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            Elements::Constant(entries.iter().map(|(p, value)| (*p, value.negated())).collect())
        }
        Elements::Computed(forms) => {
            Elements::Computed(forms.iter().map(|form| form.scaled(&minus_one)).collect())
        }
    };
    Ok(Tensor { shape: tensor.shape.clone(), element: tensor.element, elements })
}

/// max(0, x): one ReLU neuron an element.
pub(super) fn relu(tensor: &Tensor, program: &mut Program) -> Result<Tensor, String> {
    require_float(tensor)?;
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let positive = |(_, value): &&(usize, Scalar)| !value.is_negative();
            Elements::Constant(entries.iter().filter(positive).cloned().collect())
        }
        Elements::Computed(forms) => Elements::Computed(program.relu(forms)),
    };
    Ok(Tensor { shape: tensor.shape.clone(), element: tensor.element, elements })
}

/// |x| = max(0, x) + max(0, −x): two ReLU neurons an element, next to each other.
pub(super) fn absolute(tensor: &Tensor, program: &mut Program) -> Result<Tensor, String> {
    require_float(tensor)?;
    let elements = match &tensor.elements {
        Elements::Constant(entries) => {
            let magnitude = |value: &Scalar| {
                if value.is_negative() { value.negated() } else { value.clone() }
            };
            Elements::Constant(entries.iter().map(|(p, value)| (*p, magnitude(value))).collect())
        }
        Elements::Computed(forms) => {
            let minus_one = Scalar::ONE.negated();
            let both: Vec<Form> =
                forms.iter().flat_map(|form| [form.clone(), form.scaled(&minus_one)]).collect();
            let parts = program.relu(&both);
            program.note(format!(
                "Abs of {} values: two ReLU neurons each, |z| = [z]+ + [-z]+",
                forms.len()
            ));
            Elements::Computed(parts.as_chunks().0.iter().map(|[p, q]| p.plus(q)).collect())
        }
    };
    Ok(Tensor { shape: tensor.shape.clone(), element: tensor.element, elements })
}

/// Refuses integer tensors, whose arithmetic is not that of the real numbers.
pub(super) fn require_float(tensor: &Tensor) -> Result<(), String> {
    match tensor.element.is_float() {
        true => Ok(()),
        false => Err(format!("expected a float tensor, found {}", tensor.element.name())),
    }
}

/// Refuses to produce more weights than a network may have.
pub(super) fn check_terms(counts: impl Iterator<Item = usize>) -> Result<(), String> {
    let total = counts.fold(0usize, usize::saturating_add);
    if total > LARGEST_TERMS {
        return Err(format!("its result has more than {LARGEST_TERMS} weights"));
    }
    Ok(())
}

fn folded(values: impl Iterator<Item = Scalar>) -> Elements {
    Elements::Constant(values.enumerate().filter(|(_, value)| !value.is_zero()).collect())
}

/// Finds elements of a constant by position.
pub(super) struct Lookup<'a> {
    entries: &'a [(usize, Scalar)],
    is_dense: bool,
}

impl<'a> Lookup<'a> {
    pub fn new(entries: &'a [(usize, Scalar)], count: usize) -> Self {
        Self { entries, is_dense: entries.len() == count }
    }

    pub fn at(&self, position: usize) -> Scalar {
        let found = if self.is_dense {
            Ok(position)
        } else {
            self.entries.binary_search_by_key(&position, |&(position, _)| position)
        };
        found.map_or(Scalar::ZERO, |index| self.entries[index].1.clone())
    }
}
