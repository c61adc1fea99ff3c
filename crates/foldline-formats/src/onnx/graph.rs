//! Walks a graph from its input to its output, node by node, and hands the result to the scheduler.

use std::collections::HashMap;
use std::rc::Rc;

use super::messages::{self, Dimension, Graph, Model, Node};
use super::operators::{self, Operation};
use super::tensor::{Element, Elements, LARGEST_COMPUTED, Tensor, count_within, show_shape};
use crate::error::FormatError;
use crate::lowering::{Program, Scalar};
use crate::network::{LoadedNetwork, describe_layers};

/// The operator-set versions whose operators this reader knows.
const OPERATOR_SETS: std::ops::RangeInclusive<i64> = 1..=28;
/// The most weights a tensor's forms may have together.
pub(super) const LARGEST_TERMS: usize = 1 << 24;
/// The most bits a number may grow to while affine operators are merged.
const LARGEST_NUMBER: usize = 1 << 20;

/// Reads the graph of `model` as a network.
pub(super) fn load(file: &str, model: &Model) -> Result<LoadedNetwork, FormatError> {
    let whole = |message: String| FormatError::whole(file, message);
    let graph = model
        .graph
        .as_ref()
        .ok_or_else(|| whole("has no graph, expected an ONNX model".to_owned()))?;
    let operator_set = operator_set(model).map_err(whole)?;
    let walk = Walk::new(file, graph, operator_set)?;
    walk.run()
}

/// The version of the default operator set.
fn operator_set(model: &Model) -> Result<i64, String> {
    let default = |&&(domain, _): &&(&str, i64)| is_default_domain(domain);
    let versions: Vec<i64> =
        model.operator_sets.iter().filter(default).map(|&(_, version)| version).collect();
    match versions.as_slice() {
        [version] if OPERATOR_SETS.contains(version) => Ok(*version),
        [version] => Err(format!(
            "operator set {version} is not known, expected {} to {}",
            OPERATOR_SETS.start(),
            OPERATOR_SETS.end()
        )),
        found => Err(format!("expected one default operator set, found {}", found.len())),
    }
}

fn is_default_domain(domain: &str) -> bool {
    matches!(domain, "" | "ai.onnx")
}

/// Where a node is, for messages.
fn node_place(index: usize, node: &Node) -> String {
    match node.name {
        "" => format!("node {index} ({})", node.operator),
        name => format!("node {index} ({} {name:?})", node.operator),
    }
}

struct Walk<'m> {
    file: &'m str,
    graph: &'m Graph<'m>,
    operator_set: i64,
    initializers: HashMap<&'m str, &'m messages::Tensor<'m>>,
    /// The tensors that are still to be used.
    tensors: HashMap<&'m str, Rc<Tensor>>,
    /// How often each tensor is still to be used.
    uses: HashMap<&'m str, usize>,
    /// What `tensors` take in memory, in stored numbers.
    live_weight: usize,
    program: Program,
    input_shape: Vec<usize>,
    input_name: &'m str,
}

impl<'m> Walk<'m> {
    fn new(file: &'m str, graph: &'m Graph<'m>, operator_set: i64) -> Result<Self, FormatError> {
        if graph.sparse_initializers > 0 {
            return Err(FormatError::whole(file, "sparse initializers are not supported"));
        }
        let mut initializers = HashMap::new();
        for tensor in &graph.initializers {
            if initializers.insert(tensor.name, tensor).is_some() {
                let place = format!("initializer {:?}", tensor.name);
                return Err(FormatError::new(file, place, "is defined twice"));
            }
        }
        let is_input = |value: &&messages::Value| !initializers.contains_key(value.name);
        let inputs: Vec<_> = graph.inputs.iter().filter(is_input).collect();
        let [input] = inputs.as_slice() else {
            let names: Vec<&str> = inputs.iter().map(|input| input.name).collect();
            let message = format!("expected one graph input, found {} {names:?}", names.len());
            return Err(FormatError::whole(file, message));
        };
        let mut walk = Self {
            file,
            graph,
            operator_set,
            initializers,
            tensors: HashMap::new(),
            uses: HashMap::new(),
            live_weight: 0,
            program: Program::default(),
            input_shape: Vec::new(),
            input_name: input.name,
        };
        walk.define_input(input).map_err(|message| {
            FormatError::new(file, format!("graph input {:?}", input.name), message)
        })?;
        Ok(walk)
    }

    /// Declares the input's elements as the program's inputs.
    fn define_input(&mut self, input: &'m messages::Value) -> Result<(), String> {
        let element = Element::from_code(input.element_type)?;
        if !element.is_float() {
            return Err(format!("expected a float tensor, found {}", element.name()));
        }
        let dimensions = input.shape.as_ref().ok_or("its shape is missing")?;
        let mut shape = Vec::new();
        for (index, &dimension) in dimensions.iter().enumerate() {
            shape.push(self.input_size(index, dimension)?);
        }
        if shape.len() > 1 && shape[0] > 1 {
            let size = shape[0];
            self.program.note(format!(
                "the first dimension of the input is {size}, not 1: all its rows are inputs"
            ));
        }
        let count = count_within(&shape, LARGEST_COMPUTED).filter(|&count| count > 0);
        let count = count
            .ok_or_else(|| format!("shape {} has no elements or too many", show_shape(&shape)))?;
        let elements = Elements::Computed(self.program.inputs(count));
        let tensor = Tensor { shape: shape.clone(), element, elements };
        self.define(input.name, tensor);
        self.input_shape = shape;
        Ok(())
    }

    /// The size of one dimension of the input; an unknown first one is a batch of 1.
    fn input_size(&mut self, index: usize, dimension: Dimension) -> Result<usize, String> {
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
        self.program.note(format!("the input's batch dimension ({unknown}) is taken as 1"));
        Ok(1)
    }

    fn run(mut self) -> Result<LoadedNetwork, FormatError> {
        let [output] = self.graph.outputs.as_slice() else {
            let names: Vec<&str> = self.graph.outputs.iter().map(|output| output.name).collect();
            let message = format!("expected one graph output, found {} {names:?}", names.len());
            return Err(FormatError::whole(self.file, message));
        };
        let needed = self.needed_nodes(output.name)?;
        let needed_nodes = self.graph.nodes.iter().zip(&needed).filter(|(_, needed)| **needed);
        for name in needed_nodes.flat_map(|(node, _)| &node.inputs).chain([&output.name]) {
            *self.uses.entry(name).or_default() += 1;
        }
        for (index, node) in self.graph.nodes.iter().enumerate() {
            if needed[index] {
                self.run_node(node).map_err(|message| {
                    FormatError::new(self.file, node_place(index, node), message)
                })?;
            }
        }
        let unused = needed.iter().filter(|&&needed| !needed).count();
        if unused > 0 {
            self.program.note(format!("{unused} nodes that the output does not need are left out"));
        }
        let place = format!("graph output {:?}", output.name);
        let file = self.file;
        let error = |message: String| FormatError::new(file, place.as_str(), message);
        let tensor = self.tensor(output.name).map_err(error)?;
        let tensor = tensor.ok_or_else(|| error("is not computed by any node".to_owned()))?;
        let note = check_output(output, &tensor).map_err(error)?;
        note.into_iter().for_each(|note| self.program.note(note));
        self.finish(output.name, &tensor)
    }

    /// Which nodes the output depends on.
    fn needed_nodes(&self, output: &'m str) -> Result<Vec<bool>, FormatError> {
        let mut producer = HashMap::new();
        for (index, node) in self.graph.nodes.iter().enumerate() {
            for &name in node.outputs.iter().filter(|name| !name.is_empty()) {
                let known = self.initializers.contains_key(name) || self.tensors.contains_key(name);
                if producer.insert(name, index).is_some() || known {
                    let message = format!("its output {name:?} is defined twice");
                    return Err(FormatError::new(self.file, node_place(index, node), message));
                }
            }
        }
        let mut needed = vec![false; self.graph.nodes.len()];
        let mut names = vec![output];
        while let Some(name) = names.pop() {
            if let Some(&index) = producer.get(name)
                && !std::mem::replace(&mut needed[index], true)
            {
                names.extend(&self.graph.nodes[index].inputs);
            }
        }
        Ok(needed)
    }

    /// The tensor called `name`, if it is known by now.
    fn tensor(&mut self, name: &'m str) -> Result<Option<Rc<Tensor>>, String> {
        if let Some(tensor) = self.tensors.get(name) {
            return Ok(Some(tensor.clone()));
        }
        let Some(stored) = self.initializers.get(name) else { return Ok(None) };
        let tensor = Tensor::decode(stored).map_err(|message| {
            format!("initializer {name:?} (byte {}): {message}", stored.offset)
        })?;
        self.define(name, tensor);
        Ok(self.tensors.get(name).cloned())
    }

    fn define(&mut self, name: &'m str, tensor: Tensor) {
        self.live_weight += tensor.weight();
        self.tensors.insert(name, Rc::new(tensor));
    }

    /// Forgets the tensor called `name` after its last use.
    fn release(&mut self, name: &'m str) {
        let Some(uses) = self.uses.get_mut(name) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0
            && let Some(tensor) = self.tensors.remove(name)
        {
            self.live_weight -= tensor.weight();
        }
    }

    fn run_node(&mut self, node: &'m Node<'m>) -> Result<(), String> {
        if !is_default_domain(node.domain) {
            return Err(format!("operators of domain {:?} are not supported", node.domain));
        }
        operators::check_supported(node)?;
        let mut inputs = Vec::new();
        for &name in &node.inputs {
            inputs.push(match name {
                "" => None,
                name => Some(self.tensor(name)?.ok_or_else(|| {
                    format!("its input {name:?} is not defined by an earlier node or initializer")
                })?),
            });
        }
        let operation = Operation { node, operator_set: self.operator_set, inputs };
        let result = operators::apply(&operation, &mut self.program)?;
        check_size(&result)?;
        let name = node.outputs.first().filter(|name| !name.is_empty());
        let name = name.ok_or("it has no output")?;
        self.define(name, result);
        node.inputs.iter().for_each(|name| self.release(name));
        if self.live_weight + self.program.weight() > LARGEST_TERMS {
            return Err(format!("the network needs more than {LARGEST_TERMS} weights up to here"));
        }
        Ok(())
    }

    fn finish(self, output: &str, tensor: &Tensor) -> Result<LoadedNetwork, FormatError> {
        let mut operators: Vec<(String, usize)> = Vec::new();
        let mut seen = HashMap::new();
        for node in &self.graph.nodes {
            let index = *seen.entry(node.operator).or_insert_with(|| {
                operators.push((node.operator.to_owned(), 0));
                operators.len() - 1
            });
            operators[index].1 += 1;
        }
        let lowered = self.program.finish(&tensor.forms());
        let (network, mut notes) =
            lowered.map_err(|error| FormatError::whole(self.file, error.to_string()))?;
        notes.push(format!(
            "{} nodes lowered exactly to the layers {}",
            self.graph.nodes.len(),
            describe_layers(&network)
        ));
        Ok(LoadedNetwork {
            network,
            format: "onnx",
            input_shape: self.input_shape,
            output_shape: tensor.shape.clone(),
            operators,
            notes,
            input_name: Some(self.input_name.to_owned()),
            output_name: Some(output.to_owned()),
        })
    }
}

/// Refuses results that are empty or out of all proportion.
fn check_size(tensor: &Tensor) -> Result<(), String> {
    let scalar_fits = |scalar: &Scalar| scalar.size_in_bits() <= LARGEST_NUMBER;
    let fits = match &tensor.elements {
        Elements::Constant(entries) => entries.iter().all(|(_, value)| scalar_fits(value)),
        Elements::Computed(forms) => {
            if forms.is_empty() {
                return Err(format!("its result {} has no elements", show_shape(&tensor.shape)));
            }
            let terms: usize = forms.iter().map(|form| form.terms.len()).sum();
            if terms > LARGEST_TERMS {
                return Err(format!("its result has more than {LARGEST_TERMS} weights"));
            }
            forms.iter().all(|form| {
                scalar_fits(&form.constant)
                    && form.terms.iter().all(|(_, value)| scalar_fits(value))
            })
        }
    };
    if fits {
        Ok(())
    } else {
        Err(format!("its exact numbers have more than {LARGEST_NUMBER} bits"))
    }
}

/// Compares the declared output with the computed one; a difference in shape alone is a note.
fn check_output(declared: &messages::Value, tensor: &Tensor) -> Result<Option<String>, String> {
    if !tensor.element.is_float() {
        return Err(format!("expected a float tensor, found {}", tensor.element.name()));
    }
    let Some(shape) = &declared.shape else { return Ok(None) };
    let agrees = |(index, (dimension, &size)): (usize, (&Dimension, &usize))| match dimension {
        Dimension::Fixed(declared @ 1..) => *declared == size as i64,
        Dimension::Fixed(_) => index == 0,
        Dimension::Symbolic(_) => true,
    };
    if shape.len() == tensor.shape.len() && shape.iter().zip(&tensor.shape).enumerate().all(agrees)
    {
        return Ok(None);
    }
    let declared_count = shape.iter().try_fold(1usize, |count, dimension| match dimension {
        Dimension::Fixed(size @ 1..) => count.checked_mul(usize::try_from(*size).ok()?),
        _ => Some(count),
    });
    let computed = show_shape(&tensor.shape);
    if declared_count != Some(tensor.len()) {
        return Err(format!("its declared shape {shape:?} does not fit the computed {computed}"));
    }
    Ok(Some(format!("the output has shape {computed}, though the file declares {shape:?}")))
}
