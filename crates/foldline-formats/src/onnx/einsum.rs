//! Einsum: sums of products of one computed tensor with constants.

use std::collections::BTreeMap;

use super::arithmetic::common_type;
use super::combination::{LinearMap, mapped};
use super::operators::{Apply, Operation, Operator};
use super::tensor::{Tensor, check_terms, show_shape};
use crate::lowering::{Program, Scalar};

pub(super) const OPERATORS: &[Operator] = &[Operator::new(
    "Einsum",
    1..=usize::MAX,
    &["equation"],
    "exact; all operands but one must be constant",
    Apply::One(einsum),
)];

/// An index of the equation, with its position among all of them.
type Labels = Vec<usize>;

/// A parsed equation with the sizes of the tensors.
struct Equation {
    operands: Vec<Labels>,
    output: Labels,
    /// The size of each index; those of the output come first.
    sizes: Vec<usize>,
}

impl Equation {
    fn new(text: &str, tensors: &[&Tensor]) -> Result<Self, String> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        if !text.chars().all(|c| c.is_ascii_alphabetic() || ",.->".contains(c)) {
            return Err(format!(
                "equation {text:?} is not made of letters, commas, ellipses and an arrow"
            ));
        }
        let (left, right) = match text.split_once("->") {
            Some((left, right)) => (left, Some(right)),
            None => (text.as_str(), None),
        };
        let terms: Vec<&str> = left.split(',').collect();
        if terms.len() != tensors.len() {
            return Err(format!(
                "equation {text:?} has {} operands, the node {}",
                terms.len(),
                tensors.len()
            ));
        }
        let terms: Result<Vec<Vec<char>>, String> =
            terms.iter().zip(tensors).map(|(term, tensor)| letters(term, tensor)).collect();
        let terms = terms?;
        let sizes = sizes_of(&terms, tensors)?;
        let output = match right {
            Some(right) => {
                let dots: Vec<char> =
                    sizes.keys().copied().filter(|&letter| letter < FIRST_LETTER).collect();
                expanded(right, &dots)?
            }
            None => implicit_output(&terms),
        };
        let inner = sizes.keys().copied().filter(|letter| !output.contains(letter));
        let order: Vec<char> = output.iter().copied().chain(inner).collect();
        let unique =
            output.iter().enumerate().all(|(index, letter)| !output[..index].contains(letter));
        if !unique || output.iter().any(|letter| !sizes.contains_key(letter)) {
            return Err(format!(
                "equation {text:?} has an output index twice or that no operand has"
            ));
        }
        let label = |letter: &char| order.iter().position(|other| other == letter).unwrap_or(0);
        Ok(Self {
            operands: terms.iter().map(|term| term.iter().map(label).collect()).collect(),
            output: output.iter().map(label).collect(),
            sizes: order.iter().map(|letter| sizes[letter]).collect(),
        })
    }

    /// For each index the step in the positions of a tensor of this shape.
    fn steps(&self, operand: usize, shape: &[usize]) -> Vec<usize> {
        let mut steps = vec![0; self.sizes.len()];
        let mut step = 1;
        for (&label, &size) in self.operands[operand].iter().zip(shape).rev() {
            // Twice the same index runs along the diagonal; an axis of size 1 stands still.
            steps[label] += if size == 1 { 0 } else { step };
            step *= size;
        }
        steps
    }
}

/// The size of each index.
fn sizes_of(terms: &[Vec<char>], tensors: &[&Tensor]) -> Result<BTreeMap<char, usize>, String> {
    let mut sizes: BTreeMap<char, usize> = BTreeMap::new();
    for (term, tensor) in terms.iter().zip(tensors) {
        for (&letter, &size) in term.iter().zip(&tensor.shape) {
            let known = sizes.entry(letter).or_insert(size);
            // As in numpy, an axis of size 1 is stretched.
            *known = if *known == 1 { size } else { *known };
            if size != 1 && size != *known {
                return Err(format!("index {letter:?} has sizes {known} and {size}"));
            }
        }
    }
    Ok(sizes)
}

/// Letters before this one stand for the axes of an ellipsis.
const FIRST_LETTER: char = 'A';
const FIRST_DOT: u8 = b'!';
const MOST_DOTS: usize = 16;

/// A term's indices, those of an ellipsis included: its axes are numbered from the last one, as they broadcast.
fn letters(term: &str, tensor: &Tensor) -> Result<Vec<char>, String> {
    let named = term.replace("...", "").chars().count();
    let missing = tensor.shape.len().checked_sub(named).filter(|&dots| dots <= MOST_DOTS);
    let dots: Vec<char> = (MOST_DOTS - missing.unwrap_or(0)..MOST_DOTS)
        .map(|dot| char::from(FIRST_DOT + dot as u8))
        .collect();
    let letters = expanded(term, &dots)?;
    if letters.len() != tensor.shape.len() {
        return Err(format!("term {term:?} does not fit shape {}", show_shape(&tensor.shape)));
    }
    Ok(letters)
}

/// The term's letters, with `dots` instead of an ellipsis.
fn expanded(term: &str, dots: &[char]) -> Result<Vec<char>, String> {
    let (before, after) = match term.split_once("...") {
        Some((before, after)) => (before, Some(after)),
        None => (term, None),
    };
    let mut letters: Vec<char> = before.chars().collect();
    if let Some(after) = after {
        letters.extend(dots);
        letters.extend(after.chars());
    }
    let is_index = |&letter: &char| {
        letter.is_ascii_alphabetic() || letter < FIRST_LETTER && dots.contains(&letter)
    };
    match letters.iter().all(is_index) {
        true => Ok(letters),
        false => Err(format!("term {term:?} is not made of letters and one ellipsis")),
    }
}

/// Without an arrow: the ellipsis, and then what occurs once, in alphabetic order.
fn implicit_output(terms: &[Vec<char>]) -> Vec<char> {
    let mut counts: BTreeMap<char, usize> = BTreeMap::new();
    terms.iter().flatten().for_each(|&letter| *counts.entry(letter).or_default() += 1);
    let is_kept = |&(&letter, &count): &(&char, &usize)| letter < FIRST_LETTER || count == 1;
    counts.iter().filter(is_kept).map(|(&letter, _)| letter).collect()
}

/// Einsum as a linear map of its computed operand.
struct SumOfProducts<'a> {
    equation: &'a Equation,
    /// The steps of the computed operand.
    steps: Vec<usize>,
    /// The elements and steps of the constant ones.
    constants: Vec<(Vec<Scalar>, Vec<usize>)>,
}

/// The position of a multi-index.
fn position(indices: &[usize], steps: &[usize]) -> usize {
    indices.iter().zip(steps).map(|(index, step)| index * step).sum()
}

impl LinearMap for SumOfProducts<'_> {
    fn outputs(&self) -> usize {
        self.equation.output.iter().map(|&label| self.equation.sizes[label]).product()
    }

    fn visit(&self, output: usize, term: &mut dyn FnMut(usize, &Scalar)) {
        let sizes = &self.equation.sizes;
        let kept = self.equation.output.len();
        let mut indices = vec![0; sizes.len()];
        let mut rest = output;
        for (index, &size) in indices[..kept].iter_mut().zip(&sizes[..kept]).rev() {
            (*index, rest) = (rest % size, rest / size);
        }
        let summed: usize = sizes[kept..].iter().product();
        for step in 0..summed {
            let mut rest = step;
            for (index, &size) in indices[kept..].iter_mut().zip(&sizes[kept..]).rev() {
                (*index, rest) = (rest % size, rest / size);
            }
            let factors =
                self.constants.iter().map(|(values, steps)| &values[position(&indices, steps)]);
            let weight = factors.fold(Scalar::ONE, |product, factor| product.times(factor));
            if !weight.is_zero() {
                term(position(&indices, &self.steps), &weight);
            }
        }
    }
}

fn einsum(operation: &Operation, program: &mut Program) -> Result<Tensor, String> {
    let tensors: Result<Vec<&Tensor>, String> =
        (0..operation.inputs.len()).map(|index| operation.input(index)).collect();
    let tensors = tensors?;
    let text = std::str::from_utf8(operation.text("equation")?.ok_or("its equation is missing")?);
    let equation = Equation::new(text.map_err(|_| "its equation is not UTF-8")?, &tensors)?;
    // As many products as all indices together have values.
    check_terms([equation.sizes.iter().copied().fold(1, usize::saturating_mul)].into_iter())?;
    let computed = tensors.iter().position(|tensor| tensor.constant().is_none()).unwrap_or(0);
    let mut element = tensors[computed].element;
    let mut constants = Vec::new();
    for (index, tensor) in tensors.iter().enumerate() {
        element = common_type(element, tensor.element)?;
        if index != computed {
            let values = tensor
                .values()
                .ok_or("multiplies two computed tensors, expected all but one to be constant")?;
            constants.push((values, equation.steps(index, &tensor.shape)));
        }
    }
    let steps = equation.steps(computed, &tensors[computed].shape);
    let shape = equation.output.iter().map(|&label| equation.sizes[label]).collect();
    let map = SumOfProducts { equation: &equation, steps, constants };
    Ok(Tensor { element, ..mapped(tensors[computed], &map, shape, program)? })
}
