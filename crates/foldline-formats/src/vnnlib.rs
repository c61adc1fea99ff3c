//! Properties in VNN-LIB 1.0 and 2.0: declarations, and assertions that describe the unsafe set.
//!
//! Number tokens are read exactly. A file is read in two passes over one flat
//! tree: first the declarations, then the assertions.

mod formula;
mod term;
mod variables;
mod writer;

use std::path::Path;

use foldline_kernel::property::{Formula, Property};

use crate::error::{FormatError, Noted};
use crate::input::{display_name, read_text};
use crate::sexpr::{Expression, Fault, Tree, excerpt};
use formula::{Bounds, FormulaReader, Inverted};
use variables::{Declarations, Expected, Variables};

pub(crate) use formula::{conjunction, disjunction};
pub(crate) use term::number;
pub(crate) use variables::{Side, count, parse_index};
pub use writer::write_vnnlib;

/// Reads the property of a network of this size in the file at `path`, gzipped or not.
pub fn read_property(path: &Path, inputs: usize, outputs: usize) -> Result<Property, FormatError> {
    parse_property(&display_name(path), &read_text(path)?, inputs, outputs)
}

/// Reads the property of a network of this size in `text`, which messages call `name`.
pub fn parse_property(
    name: &str,
    text: &str,
    inputs: usize,
    outputs: usize,
) -> Result<Property, FormatError> {
    Ok(parse_noted_property(name, text, inputs, outputs)?.value)
}

/// Like [`parse_property`], with a warning if boxes in it are inverted.
pub fn parse_noted_property(
    name: &str,
    text: &str,
    inputs: usize,
    outputs: usize,
) -> Result<Noted<Property>, FormatError> {
    let expected = Expected { inputs, outputs: Some(outputs) };
    let formula = parse_formula(name, text, expected)?;
    Ok(formula.map(|formula| Property { inputs, outputs, formula }))
}

/// The names and shapes of the input and the output tensor that a property declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeclaredTensors(pub(crate) [(String, Vec<usize>); 2]);

/// The tensors that `text`, which messages call `name`, declares for a network of this size.
pub fn declared_tensors(
    name: &str,
    text: &str,
    inputs: usize,
    outputs: usize,
) -> Result<DeclaredTensors, FormatError> {
    let expected = Expected { inputs, outputs: Some(outputs) };
    let variables = Tree::parse(text).and_then(|tree| commands(&tree)?.0.finish(expected));
    variables.map(Variables::into_tensors).map_err(|fault| fault.locate(name, text))
}

/// Reads all assertions of `text` as one formula about a network whose outputs are not known.
pub(crate) fn parse_input_formula(
    name: &str,
    text: &str,
    inputs: usize,
) -> Result<Noted<Formula>, FormatError> {
    parse_formula(name, text, Expected { inputs, outputs: None })
}

fn parse_formula(
    name: &str,
    text: &str,
    expected: Expected,
) -> Result<Noted<Formula>, FormatError> {
    let inverted = Inverted::default();
    let value =
        whole_formula(text, expected, &inverted).map_err(|fault| fault.locate(name, text))?;
    Ok(Noted { value, warnings: inverted.warning(name, text).into_iter().collect() })
}

fn whole_formula(text: &str, expected: Expected, inverted: &Inverted) -> Result<Formula, Fault> {
    let tree = Tree::parse(text)?;
    let (declarations, assertions) = commands(&tree)?;
    let variables = declarations.finish(expected)?;
    let reader = FormulaReader { variables: &variables, inverted };
    let mut bounds = Bounds::default();
    let mut parts = Vec::with_capacity(assertions.len());
    for assertion in assertions {
        parts.push(reader.read(assertion, false, Some(&mut bounds))?);
    }
    Ok(conjunction(parts))
}

/// What the commands of a file declare and assert.
fn commands<'tree>(
    tree: &'tree Tree<'tree>,
) -> Result<(Declarations, Vec<Expression<'tree>>), Fault> {
    let (mut declarations, mut assertions) = (Declarations::default(), Vec::new());
    for command in tree.expressions() {
        read_command(command, &mut declarations, &mut assertions)?;
    }
    Ok((declarations, assertions))
}

/// Notes what one command declares or asserts.
fn read_command<'tree>(
    command: Expression<'tree>,
    declarations: &mut Declarations,
    assertions: &mut Vec<Expression<'tree>>,
) -> Result<(), Fault> {
    let Some((head, mut arguments)) = command.call() else {
        let shown = command.shown();
        return Err(
            command.fault(format!("expected a command such as `(assert …)`, found {shown}"))
        );
    };
    match head {
        "declare-const" | "declare-fun" => declarations.declare(command, arguments),
        "declare-network" => declarations.declare_network(command, arguments),
        "assert" => match arguments.exactly() {
            Some([formula]) => {
                assertions.push(formula);
                Ok(())
            }
            None => Err(command.fault(format!(
                "`assert` takes 1 formula, found {} in {}",
                command.items().map_or(0, Iterator::count).saturating_sub(1),
                command.shown()
            ))),
        },
        "vnnlib-version" => match arguments.next().and_then(Expression::word) {
            Some(version) if version.starts_with("<1.") || version.starts_with("<2.") => Ok(()),
            _ => Err(command.fault(format!(
                "expected `(vnnlib-version <1.0>)` or `<2.0>`, found {}",
                command.shown()
            ))),
        },
        "set-logic" | "set-info" | "set-option" | "check-sat" | "get-model" | "get-value"
        | "exit" => Ok(()),
        _ => Err(command.fault(format!(
            "unknown command {}, expected `assert`, `declare-const` or `declare-fun`",
            excerpt(head)
        ))),
    }
}
