//! Truth values as numbers: c·a + (1 − c)·b is the choice between a and b, and c·a that between a and 0.
//!
//! Exporters write choices so. Each product alone may jump where c changes; the choice is read where it does not.

use std::collections::HashMap;

use super::super::messages::Node;
use super::super::operators::is_default_domain;

/// What becomes a truth value for certain.
const TRUTHS: [&str; 5] = ["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not"];
/// The float types a truth value is converted to, by ONNX's numbers.
const FLOATS: [i64; 4] = [1, 10, 11, 16];

/// The nodes with choices in place of the products that mean them; each stays where it was.
///
/// A product with a converted truth value reads the truth value itself, which Mul takes for the choice between its
/// other factor and 0. What is read no more is left out as any node is.
pub(in super::super) fn choices<'a>(nodes: &[Node<'a>]) -> Vec<Node<'a>> {
    let graph = Producers::new(nodes);
    nodes.iter().map(|node| graph.choice(node).unwrap_or_else(|| node.clone())).collect()
}

struct Producers<'n, 'a>(HashMap<&'a str, &'n Node<'a>>);

impl<'n, 'a> Producers<'n, 'a> {
    fn new(nodes: &'n [Node<'a>]) -> Self {
        let single = nodes.iter().filter(|node| is_default_domain(node.domain));
        Self(single.flat_map(|node| node.outputs.first().map(|&name| (name, node))).collect())
    }

    /// The choice that the node is, if it is one.
    fn choice(&self, node: &Node<'a>) -> Option<Node<'a>> {
        if !is_default_domain(node.domain) || !node.attributes.is_empty() {
            return None;
        }
        let &[p, q] = node.inputs.as_slice() else { return None };
        match node.operator {
            "Mul" => {
                let (condition, factor) = self.product(node)?;
                Some(Node { inputs: vec![condition, factor], ..node.clone() })
            }
            "Add" => {
                let (condition, above) = self.product(self.0.get(p)?)?;
                let (opposite, below) = self.product(self.0.get(q)?)?;
                self.is_opposite(condition, opposite).then(|| Node {
                    operator: "Where",
                    inputs: vec![condition, above, below],
                    ..node.clone()
                })
            }
            _ => None,
        }
    }

    /// The truth value and the other factor of a product with a converted truth value.
    fn product(&self, node: &Node<'a>) -> Option<(&'a str, &'a str)> {
        let &[p, q] = node.inputs.as_slice() else { return None };
        if node.operator != "Mul" || !node.attributes.is_empty() {
            return None;
        }
        match (self.truth(p), self.truth(q)) {
            (Some(condition), _) => Some((condition, q)),
            (None, Some(condition)) => Some((condition, p)),
            (None, None) => None,
        }
    }

    /// The truth value that was converted to the float called `name`.
    fn truth(&self, name: &str) -> Option<&'a str> {
        let cast = self.0.get(name).filter(|node| node.operator == "Cast")?;
        let target = cast.attributes.iter().find(|attribute| attribute.name == "to")?.integer?;
        let &condition = cast.inputs.first().filter(|_| FLOATS.contains(&target))?;
        let source = self.0.get(condition)?;
        TRUTHS.contains(&source.operator).then_some(condition)
    }

    /// Whether just one of two truth values is true, whatever they are of.
    fn is_opposite(&self, p: &'a str, q: &'a str) -> bool {
        let (Some(first), Some(second)) = (self.0.get(p), self.0.get(q)) else { return false };
        let negates = |node: &Node<'a>, name| node.operator == "Not" && node.inputs == [name];
        let excludes = |a: &str, b: &str| {
            matches!((a, b), ("Greater", "LessOrEqual") | ("Less", "GreaterOrEqual"))
        };
        let (a, b) = (first.operator, second.operator);
        negates(first, q)
            || negates(second, p)
            || first.inputs == second.inputs && (excludes(a, b) || excludes(b, a))
    }
}
