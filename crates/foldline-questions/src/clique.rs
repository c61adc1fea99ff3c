//! Multicolored Clique by backtracking: one vertex of every color, each two adjacent.

use foldline_kernel::ColoredGraph;

/// A multicolored clique, its vertices in the order of the colors, or that there is none.
///
/// Takes n^k steps at worst; the colors with the fewest vertices are tried first.
pub fn multicolored_clique(graph: &ColoredGraph) -> Option<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); graph.classes()];
    (0..graph.vertices()).for_each(|vertex| members[graph.class(vertex)].push(vertex));
    members.sort_by_key(Vec::len);
    let mut chosen = Vec::with_capacity(graph.classes());
    extend(graph, &members, &mut chosen).then(|| {
        chosen.sort_by_key(|&vertex| graph.class(vertex));
        chosen
    })
}

fn extend(graph: &ColoredGraph, members: &[Vec<usize>], chosen: &mut Vec<usize>) -> bool {
    let Some(candidates) = members.get(chosen.len()) else { return true };
    for &vertex in candidates {
        if chosen.iter().all(|&other| graph.adjacent(other, vertex)) {
            chosen.push(vertex);
            if extend(graph, members, chosen) {
                return true;
            }
            chosen.pop();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_graphs() {
        let path = ColoredGraph::new(3, vec![0, 1, 2], &[(0, 1), (1, 2)]);
        assert_eq!(multicolored_clique(&path), None);
        let triangle = ColoredGraph::new(3, vec![2, 1, 0, 0], &[(0, 1), (1, 2), (0, 2), (1, 3)]);
        assert_eq!(multicolored_clique(&triangle), Some(vec![2, 1, 0]));
        assert_eq!(multicolored_clique(&ColoredGraph::new(1, vec![], &[])), None);
        assert_eq!(multicolored_clique(&ColoredGraph::new(2, vec![0], &[])), None);
        assert_eq!(multicolored_clique(&ColoredGraph::new(1, vec![0], &[])), Some(vec![0]));
    }
}
