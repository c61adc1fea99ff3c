//! A graph as a network: its inputs one after the other, what the nodes make of them, and its outputs in a row.

use std::collections::HashMap;
use std::rc::Rc;

use super::messages::{self, Dimension, Graph, Model, Node};
use super::tensor::{Element, Elements, LARGEST_COMPUTED, Tensor, count_within, show_shape};
use super::walk::{Refusal, Scope, Walk, choices, operator_set};
use crate::error::FormatError;
use crate::lowering::Form;
use crate::network::{LoadedNetwork, NamedTensor, describe_layers};

/// Reads the graph of `model` as a network.
pub(super) fn load(file: &str, model: &Model) -> Result<LoadedNetwork, FormatError> {
    let whole = |message: String| FormatError::whole(file, message);
    let graph = model
        .graph
        .as_ref()
        .ok_or_else(|| whole("has no graph, expected an ONNX model".to_owned()))?;
    if graph.sparse_initializers > 0 {
        return Err(whole("sparse initializers are not supported".to_owned()));
    }
    let nodes = choices(&graph.nodes);
    let mut walk = Walk::new(file, model);
    let operator_set = operator_set(&model.operator_sets, &mut walk.warnings).map_err(whole)?;
    let placed = |refusal: Refusal| FormatError::new(file, refusal.place, refusal.message);
    let mut scope = Scope::new(operator_set);
    for tensor in &graph.initializers {
        if !scope.add_initializer(tensor) {
            let place = format!("initializer {:?}", tensor.name);
            return Err(FormatError::new(file, place, "is defined twice"));
        }
    }
    let inputs = define_inputs(graph, &mut walk, &mut scope).map_err(placed)?;
    if graph.outputs.is_empty() {
        return Err(whole("expected a graph output, found none".to_owned()));
    }
    let declared_outputs = float_outputs(graph, &mut walk.warnings);
    let names: Vec<&str> = declared_outputs.iter().map(|output| output.name).collect();
    let run = walk.run(&nodes, &mut scope, &names).map_err(placed)?;
    let unused = graph.nodes.len() - run.nodes;
    if unused > 0 {
        walk.program.note(format!("{unused} nodes that the output does not need are left out"));
    }
    let mut outputs = Vec::new();
    let mut forms: Vec<Form> = Vec::new();
    for (declared, result) in declared_outputs.into_iter().zip(run.outputs) {
        let tensor = checked_output(declared, result, &mut walk).map_err(placed)?;
        outputs.push(NamedTensor { name: declared.name.to_owned(), shape: tensor.shape.clone() });
        forms.extend_from_slice(&tensor.forms());
    }
    for file in std::mem::take(&mut walk.external) {
        walk.program.note(format!("weights are read from the file {file:?}, too"));
    }
    note_several(&inputs, "inputs", &mut walk);
    note_several(&outputs, "outputs", &mut walk);
    let warnings = std::mem::take(&mut walk.warnings);
    let (network, mut notes) =
        walk.program.finish(&forms).map_err(|error| whole(error.to_string()))?;
    notes.push(format!(
        "{} nodes lowered exactly to the layers {}",
        graph.nodes.len(),
        describe_layers(&network)
    ));
    Ok(LoadedNetwork {
        network,
        format: "onnx",
        input_shape: joint_shape(&inputs),
        output_shape: joint_shape(&outputs),
        operators: count_operators(&graph.nodes),
        notes,
        warnings: warnings.into_iter().map(|warning| format!("{file}: {warning}")).collect(),
        input_name: only_name(&inputs),
        output_name: only_name(&outputs),
        input_tensors: inputs,
        output_tensors: outputs,
    })
}

/// The graph's inputs in the file's order, each a tensor of some of the network's inputs.
///
/// An initializer that is listed as an input, too, is a constant. What is no tensor of floats is no variable: it may
/// be there as long as no node that is needed reads it.
fn define_inputs<'m>(
    graph: &'m Graph<'m>,
    walk: &mut Walk<'m>,
    scope: &mut Scope<'m>,
) -> Result<Vec<NamedTensor>, Refusal> {
    let mut declared = Vec::new();
    for input in graph.inputs.iter().filter(|input| !scope.has_initializer(input.name)) {
        let refuse =
            |message: String| Refusal { place: format!("graph input {:?}", input.name), message };
        let element = Element::from_code(input.element_type).map_err(refuse)?;
        if !element.is_float() && !graph.nodes.iter().any(|node| node.inputs.contains(&input.name))
        {
            walk.program.note(format!(
                "the input {:?} ({}) is read by no node",
                input.name,
                element.name()
            ));
            continue;
        }
        if !element.is_float() {
            return Err(refuse(format!("expected a float tensor, found {}", element.name())));
        }
        let shape = input_shape(input, walk).map_err(refuse)?;
        if declared.iter().any(|&(other, _, _): &(&messages::Value, _, _)| other.name == input.name)
        {
            return Err(refuse("is declared twice".to_owned()));
        }
        declared.push((input, element, shape));
    }
    let total = declared.iter().map(|(_, _, shape)| shape.iter().product::<usize>()).sum();
    let too_many = |message: &str| Refusal { place: String::new(), message: message.to_owned() };
    match total {
        0 => return Err(too_many("expected a graph input, found none")),
        1..=LARGEST_COMPUTED => {}
        _ => return Err(too_many("its graph inputs have too many elements")),
    }
    let mut variables = walk.program.inputs(total).into_iter();
    let mut inputs = Vec::new();
    for (input, element, shape) in declared {
        let forms = variables.by_ref().take(shape.iter().product()).collect();
        let tensor = Tensor { shape: shape.clone(), element, elements: Elements::Computed(forms) };
        walk.define(scope, input.name, tensor);
        inputs.push(NamedTensor { name: input.name.to_owned(), shape });
    }
    Ok(inputs)
}

/// The declared shape of an input; an unknown first size, the batch, is 1.
fn input_shape(input: &messages::Value, walk: &mut Walk) -> Result<Vec<usize>, String> {
    let dimensions = input.shape.as_ref().ok_or("its shape is missing")?;
    let mut shape = Vec::new();
    for (index, &dimension) in dimensions.iter().enumerate() {
        shape.push(input_size(index, dimension, walk)?);
    }
    if shape.len() > 1 && shape[0] > 1 {
        let size = shape[0];
        walk.program.note(format!(
            "the first dimension of the input is {size}, not 1: all its rows are inputs"
        ));
    }
    match count_within(&shape, LARGEST_COMPUTED) {
        Some(1..) => Ok(shape),
        _ => Err(format!("shape {} has no elements or too many", show_shape(&shape))),
    }
}

/// The size of one dimension of an input; an unknown first one is a batch of 1.
fn input_size(index: usize, dimension: Dimension, walk: &mut Walk) -> Result<usize, String> {
    let unknown = match dimension {
        Dimension::Fixed(size @ 1..) => {
            return usize::try_from(size).map_err(|_| format!("dimension {index} is {size}"));
        }
        Dimension::Fixed(size) => format!("{size}"),
        Dimension::Symbolic("") => "unknown".to_owned(),
        Dimension::Symbolic(name) => format!("{name:?}"),
    };
    if index > 0 {
        return Err(format!(
            "dimension {index} is {unknown}, expected a positive number \
             (only the first, the batch, may be unknown)"
        ));
    }
    walk.program.note(format!("the input's batch dimension ({unknown}) is taken as 1"));
    Ok(1)
}

/// The outputs that are tensors of floats; the others, as the labels of a classifier, are left out with a warning.
///
/// Where none is, all are, so that the first one is refused by name.
fn float_outputs<'m>(
    graph: &'m Graph<'m>,
    warnings: &mut Vec<String>,
) -> Vec<&'m messages::Value<'m>> {
    let is_other = |output: &&messages::Value| {
        output.element_type != 0
            && !Element::from_code(output.element_type).is_ok_and(Element::is_float)
    };
    let (others, floats): (Vec<_>, Vec<_>) = graph.outputs.iter().partition(is_other);
    if floats.is_empty() {
        return others;
    }
    warnings.extend(others.iter().map(|output| {
        format!("the output {:?} is no tensor of floats: it is left out", output.name)
    }));
    floats
}

/// An output that is there and of floats; a declared size that is not its own is a warning.
fn checked_output(
    declared: &messages::Value,
    result: Option<Rc<Tensor>>,
    walk: &mut Walk,
) -> Result<Rc<Tensor>, Refusal> {
    let refuse =
        |message: String| Refusal { place: format!("graph output {:?}", declared.name), message };
    let tensor = result.ok_or_else(|| refuse("is not computed by any node".to_owned()))?;
    if !tensor.element.is_float() {
        return Err(refuse(format!("expected a float tensor, found {}", tensor.element.name())));
    }
    if tensor.len() == 0 {
        return Err(refuse(format!("its shape {} has no elements", show_shape(&tensor.shape))));
    }
    compare_shape(declared, &tensor, walk);
    Ok(tensor)
}

/// Compares the declared shape with the computed one: other sizes are a note, another number of elements is a warning.
fn compare_shape(declared: &messages::Value, tensor: &Tensor, walk: &mut Walk) {
    let Some(shape) = &declared.shape else { return };
    let agrees = |(index, (dimension, &size)): (usize, (&Dimension, &usize))| match dimension {
        Dimension::Fixed(declared @ 1..) => *declared == size as i64,
        Dimension::Fixed(_) => index == 0,
        Dimension::Symbolic(_) => true,
    };
    if shape.len() == tensor.shape.len() && shape.iter().zip(&tensor.shape).enumerate().all(agrees)
    {
        return;
    }
    let declared_count = shape.iter().try_fold(1usize, |count, dimension| match dimension {
        Dimension::Fixed(size @ 1..) => count.checked_mul(usize::try_from(*size).ok()?),
        _ => Some(count),
    });
    let computed = show_shape(&tensor.shape);
    let sizes: Vec<String> = shape.iter().map(Dimension::to_string).collect();
    let difference = format!(
        "the output {:?} has shape {computed}, though the file declares [{}]",
        declared.name,
        sizes.join(", ")
    );
    match declared_count == Some(tensor.len()) {
        true => walk.program.note(difference),
        false => walk.warnings.push(difference),
    }
}

/// Says how several tensors are numbered.
fn note_several(tensors: &[NamedTensor], what: &str, walk: &mut Walk) {
    if tensors.len() < 2 {
        return;
    }
    let describe =
        |tensor: &NamedTensor| format!("{:?} {}", tensor.name, show_shape(&tensor.shape));
    let list: Vec<String> = tensors.iter().map(describe).collect();
    walk.program.note(format!(
        "{} {what} in a row, as in the file: {}",
        tensors.len(),
        list.join(", ")
    ));
}

/// The shape of a single tensor, or the number of elements of several.
fn joint_shape(tensors: &[NamedTensor]) -> Vec<usize> {
    match tensors {
        [tensor] => tensor.shape.clone(),
        _ => vec![tensors.iter().map(|tensor| tensor.shape.iter().product::<usize>()).sum()],
    }
}

fn only_name(tensors: &[NamedTensor]) -> Option<String> {
    match tensors {
        [tensor] => Some(tensor.name.clone()),
        _ => None,
    }
}

/// The operators in order of first use, with how often each occurs.
fn count_operators(nodes: &[Node]) -> Vec<(String, usize)> {
    let mut operators: Vec<(String, usize)> = Vec::new();
    let mut seen = HashMap::new();
    for node in nodes {
        let index = *seen.entry(node.operator).or_insert_with(|| {
            operators.push((node.operator.to_owned(), 0));
            operators.len() - 1
        });
        operators[index].1 += 1;
    }
    operators
}
