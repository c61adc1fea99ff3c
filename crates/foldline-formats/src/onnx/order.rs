//! Which nodes the outputs need, in an order in which each comes after what it reads.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::messages::Node;

/// Why nodes have no such order: the offending node, and what is wrong.
pub(super) type Disorder = (usize, String);

/// The needed nodes, each after what it reads.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub nodes: Vec<usize>,
    /// Where they are not in the file's order: a node, and a later one that it reads from.
    pub unsorted: Option<(usize, usize)>,
}

/// Orders the nodes that `outputs` need: as in the file where that is possible, else the earliest ones first.
pub(super) fn order<'n>(
    nodes: &[Node<'n>],
    outputs: &[&'n str],
    is_known: impl Fn(&str) -> bool,
) -> Result<Order, Disorder> {
    let producers = producers(nodes, is_known)?;
    let needed = needed(nodes, outputs, &producers);
    let sources =
        |index: usize| reads(&nodes[index]).filter_map(|name| producers.get(name).copied());
    let in_file: Vec<usize> = (0..nodes.len()).filter(|&index| needed[index]).collect();
    let later = |&index: &usize| {
        sources(index).find(|&source| source >= index).map(|source| (index, source))
    };
    let unsorted = in_file.iter().find_map(later);
    if unsorted.is_none() {
        return Ok(Order { nodes: in_file, unsorted });
    }
    // Kahn's algorithm; of the nodes that are ready, the first one in the file is next.
    let mut waiting = vec![0; nodes.len()];
    let mut readers = vec![Vec::new(); nodes.len()];
    for &index in &in_file {
        for source in sources(index) {
            waiting[index] += 1;
            readers[source].push(index);
        }
    }
    let mut ready: BinaryHeap<Reverse<usize>> =
        in_file.iter().copied().filter(|&index| waiting[index] == 0).map(Reverse).collect();
    let mut sorted = Vec::new();
    while let Some(Reverse(index)) = ready.pop() {
        sorted.push(index);
        for &reader in &readers[index] {
            waiting[reader] -= 1;
            if waiting[reader] == 0 {
                ready.push(Reverse(reader));
            }
        }
    }
    match in_file.iter().find(|&&index| waiting[index] > 0) {
        Some(&stuck) => Err((stuck, "reads what is computed from its own output".to_owned())),
        None => Ok(Order { nodes: sorted, unsorted }),
    }
}

/// The names that a node reads, itself or in its subgraphs.
pub(super) fn reads<'n>(node: &Node<'n>) -> impl Iterator<Item = &'n str> {
    node.inputs.iter().chain(&node.captured).copied()
}

/// Which node computes each name.
fn producers<'n>(
    nodes: &[Node<'n>],
    is_known: impl Fn(&str) -> bool,
) -> Result<HashMap<&'n str, usize>, Disorder> {
    let mut producers = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for &name in node.outputs.iter().filter(|name| !name.is_empty()) {
            if producers.insert(name, index).is_some() || is_known(name) {
                return Err((index, format!("its output {name:?} is defined twice")));
            }
        }
    }
    Ok(producers)
}

fn needed(nodes: &[Node], outputs: &[&str], producers: &HashMap<&str, usize>) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    let mut names = outputs.to_vec();
    while let Some(name) = names.pop() {
        if let Some(&index) = producers.get(name)
            && !std::mem::replace(&mut needed[index], true)
        {
            names.extend(reads(&nodes[index]));
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(inputs: &[&'static str], output: &'static str) -> Node<'static> {
        Node { inputs: inputs.to_vec(), outputs: vec![output], ..Node::default() }
    }

    #[test]
    fn nodes_come_after_what_they_read() {
        let known = |name: &str| name == "x";
        let nodes = [
            node(&["b", "x"], "c"),
            node(&["x"], "unused"),
            node(&["a"], "b"),
            node(&["x", "x"], "a"),
        ];
        let sorted = order(&nodes, &["c", "a"], known).unwrap();
        assert_eq!(sorted, Order { nodes: vec![3, 2, 0], unsorted: Some((0, 2)) });
        let sorted = order(&nodes[3..], &["a"], known).unwrap();
        assert_eq!(sorted, Order { nodes: vec![0], unsorted: None });
        let cycle = [node(&["b"], "a"), node(&["a", "x"], "b")];
        assert!(order(&cycle, &["a"], known).unwrap_err().1.contains("its own output"));
        let twice = [node(&["x"], "a"), node(&["x"], "a")];
        assert_eq!(order(&twice, &["a"], known).unwrap_err().0, 1);
    }
}
