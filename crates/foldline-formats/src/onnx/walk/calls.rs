//! Nodes that run other nodes: calls of functions that the file defines, and the branch that a condition chooses.

use std::rc::Rc;

use super::super::messages::{Attribute, Function, Node};
use super::super::tensor::Tensor;
use super::{Refusal, Scope, Walk, choices, here, operator_set};

/// How deep functions may call each other.
const DEEPEST_CALL: usize = 32;

impl<'m> Walk<'m> {
    /// Runs a function's nodes on the tensors of a call.
    pub(super) fn call(
        &mut self,
        function: &'m Function<'m>,
        call: &Node,
        arguments: Vec<Option<Rc<Tensor>>>,
        outer_set: i64,
    ) -> Result<Vec<Rc<Tensor>>, Refusal> {
        let (most, found) = (function.inputs.len(), arguments.len());
        if found > most {
            return Err(here(format!("expected at most {most} inputs, found {found}")));
        }
        let set = match function.operator_sets.is_empty() {
            true => outer_set,
            false => operator_set(&function.operator_sets, &mut self.warnings).unwrap_or(outer_set),
        };
        let nodes: Vec<Node> =
            function.nodes.iter().map(|node| bound(node, function, call)).collect();
        let nodes = choices(&nodes);
        let mut scope = Scope::new(set);
        let mut arguments = arguments.into_iter();
        for &name in &function.inputs {
            match arguments.next().flatten() {
                // The caller holds it, and counts it.
                Some(tensor) => drop(scope.tensors.insert(name, (tensor, 0))),
                None => drop(scope.absent.insert(name)),
            }
        }
        self.nested(&nodes, &mut scope, &function.outputs)
    }

    /// Runs the branch of If that a constant condition chooses, on the tensors around it.
    pub(super) fn branch<'n>(
        &mut self,
        node: &'n Node<'n>,
        inputs: &[Option<Rc<Tensor>>],
        outer: &mut Scope<'n>,
    ) -> Result<Vec<Rc<Tensor>>, Refusal> {
        let condition = inputs.first().and_then(|input| input.as_ref()?.integers());
        let Some(&[condition]) = condition.as_deref() else {
            return Err(here("its condition must be one constant truth value".to_owned()));
        };
        let name = if condition != 0 { "then_branch" } else { "else_branch" };
        let chosen = node.attributes.iter().find(|attribute| attribute.name == name);
        let graph = chosen.and_then(|attribute| attribute.graph.as_ref());
        let graph = graph.ok_or_else(|| here(format!("its {name} is missing")))?;
        let mut scope = Scope::new(outer.operator_set);
        if let Some(twice) = graph.initializers.iter().find(|tensor| !scope.add_initializer(tensor))
        {
            return Err(here(format!(
                "initializer {:?} of its {name} is defined twice",
                twice.name
            )));
        }
        for &name in &node.captured {
            // The graph around holds it, and counts it.
            match self.tensor(outer, name).map_err(here)? {
                Some(tensor) => drop(scope.tensors.insert(name, (tensor, 0))),
                None if outer.absent.contains(name) => drop(scope.absent.insert(name)),
                None => {}
            }
        }
        let outputs: Vec<&str> = graph.outputs.iter().map(|output| output.name).collect();
        self.nested(&graph.nodes, &mut scope, &outputs)
    }

    /// Runs the nodes of a function or a branch.
    fn nested<'n>(
        &mut self,
        nodes: &'n [Node<'n>],
        scope: &mut Scope<'n>,
        outputs: &[&'n str],
    ) -> Result<Vec<Rc<Tensor>>, Refusal> {
        if self.depth == DEEPEST_CALL {
            return Err(here(format!("functions call each other more than {DEEPEST_CALL} deep")));
        }
        self.depth += 1;
        let run = self.run(nodes, scope, outputs);
        self.depth -= 1;
        let named = run?.outputs.into_iter().zip(outputs);
        let result = |(result, name): (Option<Rc<Tensor>>, &&str)| {
            result.ok_or_else(|| here(format!("its output {name:?} is not computed")))
        };
        named.map(result).collect()
    }
}

/// A node of a function with the attributes that it takes from the call.
fn bound<'a>(node: &Node<'a>, function: &Function<'a>, call: &Node<'a>) -> Node<'a> {
    let bind = |attribute: &Attribute<'a>| {
        let Some(reference) = attribute.reference else { return Some(attribute.clone()) };
        let mut given = call.attributes.iter().chain(&function.defaults);
        // What is nowhere given is left out, as in a node that does not mention it.
        let value = given.find(|given| given.name == reference)?;
        Some(Attribute { name: attribute.name, ..value.clone() })
    };
    Node { attributes: node.attributes.iter().filter_map(bind).collect(), ..node.clone() }
}
