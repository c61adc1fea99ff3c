//! Runs nodes one after the other, and says which tensors there are.

mod calls;
mod truths;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::external::Folder;
use super::messages::{self, Function, Model, Node};
use super::operators::{self, Apply, Operation, is_default_domain};
use super::order::{order, reads};
use super::tensor::{Elements, LARGEST_TERMS, Tensor, show_shape};
use crate::lowering::{Program, Scalar};
pub(super) use truths::choices;

/// The operator-set versions whose operators this reader knows.
const OPERATOR_SETS: std::ops::RangeInclusive<i64> = 1..=28;
/// The most bits a number may grow to while affine operators are merged.
const LARGEST_NUMBER: usize = 1 << 20;
/// How many nodes may run in all: functions that call each other can make many of few.
const MOST_NODES: usize = 1 << 20;

/// Why a model is not read: where, and what was expected.
#[derive(Debug)]
pub(super) struct Refusal {
    pub place: String,
    pub message: String,
}

/// A refusal of the node that is being run.
fn here(message: String) -> Refusal {
    Refusal { place: String::new(), message }
}

/// The tensors of a graph or of a function's body while its nodes run.
pub(super) struct Scope<'n> {
    /// The version of the default operator set.
    operator_set: i64,
    initializers: HashMap<&'n str, &'n messages::Tensor<'n>>,
    /// The tensors that are still to be used, and what they take in memory beyond what others hold.
    tensors: HashMap<&'n str, (Rc<Tensor>, usize)>,
    /// Inputs of a function that the call leaves out.
    absent: HashSet<&'n str>,
    /// Results of nodes that are not read, as the indices of the largest values.
    unread: HashSet<&'n str>,
    /// How often each tensor is still to be used.
    uses: HashMap<&'n str, usize>,
}

impl<'n> Scope<'n> {
    pub fn new(operator_set: i64) -> Self {
        Self {
            operator_set,
            initializers: HashMap::new(),
            tensors: HashMap::new(),
            absent: HashSet::new(),
            unread: HashSet::new(),
            uses: HashMap::new(),
        }
    }

    /// Adds a stored tensor; false if there is one of that name.
    pub fn add_initializer(&mut self, tensor: &'n messages::Tensor<'n>) -> bool {
        self.initializers.insert(tensor.name, tensor).is_none()
    }

    pub fn has_initializer(&self, name: &str) -> bool {
        self.initializers.contains_key(name)
    }
}

/// A model on its way to a program.
pub(super) struct Walk<'m> {
    functions: &'m [Function<'m>],
    folder: Folder,
    pub program: Program,
    pub warnings: Vec<String>,
    /// The files beside the model that weights were read from.
    pub external: BTreeSet<String>,
    /// What all tensors take in memory, in stored numbers.
    live_weight: usize,
    depth: usize,
    nodes_run: usize,
}

/// What running nodes gave.
pub(super) struct Run {
    /// The outputs asked for; none where nothing computes them.
    pub outputs: Vec<Option<Rc<Tensor>>>,
    /// How many nodes they needed.
    pub nodes: usize,
}

/// Where a node is, for messages.
pub(super) fn node_place(index: usize, node: &Node) -> String {
    match node.name {
        "" => format!("node {index} ({})", node.operator),
        name => format!("node {index} ({} {name:?})", node.operator),
    }
}

/// The version of the default operator set. Some exporters list a set again and again, the last one counts.
pub(super) fn operator_set(
    sets: &[(&str, i64)],
    warnings: &mut Vec<String>,
) -> Result<i64, String> {
    let versions: Vec<i64> = sets
        .iter()
        .filter(|(domain, _)| is_default_domain(domain))
        .map(|&(_, version)| version)
        .collect();
    let Some(&last) = versions.last() else {
        return Err("expected a default operator set, found none".to_owned());
    };
    let (least, most) = (OPERATOR_SETS.start(), OPERATOR_SETS.end());
    if let Some(unknown) = versions.iter().find(|version| !OPERATOR_SETS.contains(version)) {
        return Err(format!("operator set {unknown} is not known, expected {least} to {most}"));
    }
    if versions.iter().any(|&version| version != last) {
        warnings.push(format!("the operator sets {versions:?} are listed, {last} is taken"));
    }
    Ok(last)
}

impl<'m> Walk<'m> {
    pub fn new(file: &str, model: &'m Model<'m>) -> Self {
        Self {
            functions: &model.functions,
            folder: Folder::of_model(file),
            program: Program::default(),
            warnings: Vec::new(),
            external: BTreeSet::new(),
            live_weight: 0,
            depth: 0,
            nodes_run: 0,
        }
    }

    /// Adds a computed tensor, as the graph's inputs are.
    pub fn define<'n>(&mut self, scope: &mut Scope<'n>, name: &'n str, tensor: Tensor) {
        let weight = tensor.weight();
        self.live_weight += weight;
        scope.tensors.insert(name, (Rc::new(tensor), weight));
    }

    /// Runs the nodes that `outputs` need and returns these.
    pub fn run<'n>(
        &mut self,
        nodes: &'n [Node<'n>],
        scope: &mut Scope<'n>,
        outputs: &[&'n str],
    ) -> Result<Run, Refusal> {
        let is_known = |name: &str| scope.has_initializer(name) || scope.tensors.contains_key(name);
        let order = order(nodes, outputs, is_known).map_err(|(index, message)| Refusal {
            place: node_place(index, &nodes[index]),
            message,
        })?;
        if let Some((reader, source)) = order.unsorted {
            let (reader, source) =
                (node_place(reader, &nodes[reader]), node_place(source, &nodes[source]));
            self.warnings
                .push(format!("{reader}: reads from the later {source}: the nodes are sorted"));
        }
        let read = order.nodes.iter().flat_map(|&index| reads(&nodes[index]));
        for name in read.chain(outputs.iter().copied()) {
            *scope.uses.entry(name).or_default() += 1;
        }
        for &index in &order.nodes {
            let node = &nodes[index];
            self.run_node(node, scope).map_err(|refusal| {
                let inner = if refusal.place.is_empty() {
                    String::new()
                } else {
                    format!(": {}", refusal.place)
                };
                let place = format!("{}{inner}", node_place(index, node));
                Refusal { place, message: refusal.message }
            })?;
        }
        let mut results = Vec::new();
        for &name in outputs {
            let found = match scope.unread.contains(name) {
                true => Err("is a result that is not read, see docs/formats.md".to_owned()),
                false => self.tensor(scope, name),
            };
            results.push(
                found.map_err(|message| Refusal { place: format!("output {name:?}"), message })?,
            );
        }
        for name in scope.tensors.keys().copied().collect::<Vec<_>>() {
            self.forget(scope, name);
        }
        Ok(Run { outputs: results, nodes: order.nodes.len() })
    }

    /// The tensor called `name`, if it is known by now.
    fn tensor<'n>(
        &mut self,
        scope: &mut Scope<'n>,
        name: &'n str,
    ) -> Result<Option<Rc<Tensor>>, String> {
        if let Some((tensor, _)) = scope.tensors.get(name) {
            return Ok(Some(tensor.clone()));
        }
        let Some(stored) = scope.initializers.get(name) else { return Ok(None) };
        let tensor = Tensor::decode(stored, &self.folder).map_err(|message| {
            format!("initializer {name:?} (byte {}): {message}", stored.offset)
        })?;
        let location = stored.external.iter().find(|(key, _)| *key == "location");
        self.external.extend(location.map(|(_, file)| (*file).to_owned()));
        self.define(scope, name, tensor);
        Ok(scope.tensors.get(name).map(|(tensor, _)| tensor.clone()))
    }

    fn forget(&mut self, scope: &mut Scope, name: &str) {
        if let Some((_, weight)) = scope.tensors.remove(name) {
            self.live_weight -= weight;
        }
    }

    /// Counts a use of the tensor called `name`, and forgets it after the last one.
    fn release(&mut self, scope: &mut Scope, name: &str) {
        let Some(uses) = scope.uses.get_mut(name) else { return };
        *uses = uses.saturating_sub(1);
        if *uses == 0 {
            self.forget(scope, name);
        }
    }

    fn run_node<'n>(&mut self, node: &'n Node<'n>, scope: &mut Scope<'n>) -> Result<(), Refusal> {
        self.nodes_run += 1;
        if self.nodes_run > MOST_NODES {
            return Err(here(format!("more than {MOST_NODES} nodes run up to here")));
        }
        let results = self.results(node, scope)?;
        if node.outputs.iter().all(|name| name.is_empty()) {
            return Err(here("it has no output".to_owned()));
        }
        let mut results = results.into_iter();
        for name in &node.outputs {
            let result = results.next().flatten();
            if name.is_empty() {
                continue;
            }
            let Some(result) = result else {
                scope.unread.insert(name);
                continue;
            };
            check_size(&result).map_err(here)?;
            let weight = result.weight();
            self.live_weight += weight;
            scope.tensors.insert(name, (result, weight));
        }
        reads(node).for_each(|name| self.release(scope, name));
        if self.live_weight + self.program.weight() > LARGEST_TERMS {
            return Err(here(format!(
                "the network needs more than {LARGEST_TERMS} weights up to here"
            )));
        }
        Ok(())
    }

    /// What a node computes: a function of the file, a branch, or an operator; none for a result that is not read.
    fn results<'n>(
        &mut self,
        node: &'n Node<'n>,
        scope: &mut Scope<'n>,
    ) -> Result<Vec<Option<Rc<Tensor>>>, Refusal> {
        let is_meant = |f: &&Function| {
            (f.name, f.domain, f.overload) == (node.operator, node.domain, node.overload)
        };
        if let Some(function) = self.functions.iter().find(is_meant) {
            let inputs = self.inputs(node, scope).map_err(here)?;
            let results = self.call(function, node, inputs, scope.operator_set)?;
            return Ok(results.into_iter().map(Some).collect());
        }
        let operator = operators::find(node).map_err(here)?;
        let inputs = self.inputs(node, scope).map_err(here)?;
        if matches!(operator.apply, Apply::Walk) {
            let results = self.branch(node, &inputs, scope)?;
            return Ok(results.into_iter().map(Some).collect());
        }
        let operator_set = scope.operator_set;
        let operation = Operation { node, operator_set, folder: &self.folder, inputs };
        let results = operators::apply(operator, &operation, &mut self.program).map_err(here)?;
        Ok(results.into_iter().map(|result| result.map(Rc::new)).collect())
    }

    fn inputs<'n>(
        &mut self,
        node: &'n Node<'n>,
        scope: &mut Scope<'n>,
    ) -> Result<Vec<Option<Rc<Tensor>>>, String> {
        let mut inputs = Vec::new();
        for &name in &node.inputs {
            let found = if name.is_empty() { None } else { self.tensor(scope, name)? };
            if scope.unread.contains(name) {
                return Err(format!(
                    "its input {name:?} is a result that is not read, see docs/formats.md"
                ));
            }
            if found.is_none() && !name.is_empty() && !scope.absent.contains(name) {
                return Err(format!(
                    "its input {name:?} is not defined by any node or initializer"
                ));
            }
            inputs.push(found);
        }
        Ok(inputs)
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
