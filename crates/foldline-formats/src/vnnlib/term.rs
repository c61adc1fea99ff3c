//! Linear terms of VNN-LIB over inputs and outputs, with exact coefficients.

use foldline_kernel::number::{BitTest, Rational};
use foldline_kernel::property::Atom;

use super::variables::{Side, Variables};
use crate::sexpr::{Expression, Expressions, Fault};

/// The most bits that numerator or denominator of a constant may grow to.
const MOST_BITS: usize = 1 << 20;

/// The term `input · x + output · y + constant`; variables may repeat.
#[derive(Debug, Clone, Default)]
pub struct Linear {
    /// Pairs (input, coefficient).
    input: Vec<(usize, Rational)>,
    /// Pairs (output, coefficient).
    output: Vec<(usize, Rational)>,
    /// The constant part.
    constant: Rational,
}

impl Linear {
    fn constant(constant: Rational) -> Self {
        Self { constant, ..Self::default() }
    }

    fn variable(side: Side, index: usize) -> Self {
        let terms = vec![(index, Rational::ONE)];
        match side {
            Side::Input => Self { input: terms, ..Self::default() },
            Side::Output => Self { output: terms, ..Self::default() },
        }
    }

    /// The constant, if there is no variable.
    pub fn as_constant(&self) -> Option<&Rational> {
        (self.input.is_empty() && self.output.is_empty()).then_some(&self.constant)
    }

    /// The input, if the term is just one.
    pub fn as_input(&self) -> Option<usize> {
        match (self.input.as_slice(), self.output.is_empty() && self.constant.is_zero()) {
            ([(index, coefficient)], true) if *coefficient == Rational::ONE => Some(*index),
            _ => None,
        }
    }

    fn add(&mut self, other: Linear) {
        self.input.extend(other.input);
        self.output.extend(other.output);
        if !other.constant.is_zero() {
            self.constant += other.constant;
        }
    }

    fn scale(&mut self, factor: &Rational) {
        for (_, coefficient) in self.input.iter_mut().chain(&mut self.output) {
            *coefficient *= factor;
        }
        self.constant *= factor;
    }

    fn negate(&mut self) {
        for (_, coefficient) in self.input.iter_mut().chain(&mut self.output) {
            *coefficient = -std::mem::take(coefficient);
        }
        self.constant = -std::mem::take(&mut self.constant);
    }

    /// The atom `self ≤ other`, or `<`.
    pub fn at_most(&self, other: &Linear, strict: bool) -> Atom {
        let mut difference = other.clone();
        difference.negate();
        difference.add(self.clone());
        Atom::new(difference.input, difference.output, -difference.constant, strict)
    }
}

/// Reads a term.
///
/// This recurses, so what needs room on the stack stands in functions of its own.
pub fn term(expression: Expression<'_>, variables: &Variables) -> Result<Linear, Fault> {
    if expression.word().is_some() {
        return word(expression, variables);
    }
    let (function, arguments) = application(expression)?;
    let mut result: Option<Linear> = None;
    for argument in arguments {
        let value = term(argument, variables)?;
        match &mut result {
            None => result = Some(value),
            Some(result) => apply(function, result, value, argument)?,
        }
    }
    let mut result = result.unwrap_or_default();
    if function == Function::Minus {
        result.negate();
    }
    Ok(result)
}

/// A function of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Add,
    Subtract,
    Minus,
    Multiply,
    Divide,
}

/// Reads a number or a variable.
#[inline(never)]
fn word(expression: Expression<'_>, variables: &Variables) -> Result<Linear, Fault> {
    match expression.text().as_bytes().first() {
        Some(b'0'..=b'9' | b'.' | b'+' | b'-') => Ok(Linear::constant(number(expression)?)),
        _ => {
            let (side, index) = variables.find(expression)?;
            Ok(Linear::variable(side, index))
        }
    }
}

/// The function that a list applies, and its arguments, of which there are enough.
#[inline(never)]
fn application(expression: Expression<'_>) -> Result<(Function, Expressions<'_>), Fault> {
    let Some((name, arguments)) = expression.call() else {
        let shown = expression.shown();
        let message = format!("expected a number, a variable or a term, found {shown}");
        return Err(expression.fault(message));
    };
    let found = arguments.clone().count();
    let (function, least) = match name {
        "+" => (Function::Add, 1),
        "-" if found == 1 => (Function::Minus, 1),
        "-" => (Function::Subtract, 1),
        "*" => (Function::Multiply, 1),
        "/" => (Function::Divide, 2),
        _ => {
            return Err(expression.fault(format!(
                "unknown function `{name}` in a term, expected `+`, `-`, `*` or `/`"
            )));
        }
    };
    if found < least {
        let plural = if least == 1 { "argument" } else { "arguments" };
        return Err(expression.fault(format!("`{name}` needs at least {least} {plural}")));
    }
    Ok((function, arguments))
}

/// Reads a number token exactly.
pub fn number(expression: Expression<'_>) -> Result<Rational, Fault> {
    crate::number::number(expression.text()).map_err(|message| expression.fault(message))
}

/// The bits of numerator or denominator, whichever has more.
fn bits(value: &Rational) -> usize {
    value.numerator().bit_len().max(value.denominator().bit_len())
}

/// Applies `function` to what the arguments so far gave and to the next one's value.
#[inline(never)]
fn apply(
    function: Function,
    result: &mut Linear,
    mut value: Linear,
    place: Expression<'_>,
) -> Result<(), Fault> {
    match function {
        Function::Add => result.add(value),
        Function::Subtract | Function::Minus => {
            value.negate();
            result.add(value);
        }
        Function::Multiply => *result = product(std::mem::take(result), value, place)?,
        Function::Divide => result.scale(&reciprocal(&value, place)?),
    }
    let scaled = matches!(function, Function::Multiply | Function::Divide);
    let terms = result.input.iter().chain(&result.output).filter(|_| scaled);
    let mut numbers = terms.map(|(_, coefficient)| coefficient).chain([&result.constant]);
    if numbers.any(|number| bits(number) > MOST_BITS) {
        return Err(place.fault(format!("a number has more than {MOST_BITS} bits")));
    }
    Ok(())
}

/// The product of two terms, one of them constant.
fn product(mut a: Linear, mut b: Linear, place: Expression<'_>) -> Result<Linear, Fault> {
    if let Some(factor) = b.as_constant() {
        a.scale(factor);
        Ok(a)
    } else if let Some(factor) = a.as_constant() {
        b.scale(factor);
        Ok(b)
    } else {
        Err(place.fault("a product of two terms with variables, expected a linear term"))
    }
}

/// 1 / divisor.
fn reciprocal(divisor: &Linear, place: Expression<'_>) -> Result<Rational, Fault> {
    match divisor.as_constant() {
        None => Err(place.fault("a division by a term with variables, expected a linear term")),
        Some(divisor) if divisor.is_zero() => Err(place.fault("a division by zero")),
        Some(divisor) => Ok(Rational::ONE / divisor),
    }
}
