//! Graphs whose vertices are colored, as the multicolored clique problem has them.

/// A graph with vertices 0, 1, … in classes 0..`classes`, one class a color.
///
/// A multicolored clique has one vertex of every class, each two adjacent. Edges inside a class are
/// in none, so they are not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColoredGraph {
    classes: usize,
    class: Vec<usize>,
    edges: Vec<(usize, usize)>,
}

/// Why vertices are no multicolored clique.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CliqueFault {
    /// Not one vertex a color.
    Count {
        /// How many there are.
        found: usize,
        /// How many colors there are.
        expected: usize,
    },
    /// No such vertex.
    Vertex(usize),
    /// Two vertices of one color.
    Color(usize, usize),
    /// Two vertices without an edge.
    Edge(usize, usize),
}

impl ColoredGraph {
    /// The graph with `classes` colors; edges are sorted, repeated ones and those inside a color dropped.
    ///
    /// # Panics
    /// If a class or a vertex of an edge does not exist.
    pub fn new(classes: usize, class: Vec<usize>, edges: &[(usize, usize)]) -> Self {
        assert!(class.iter().all(|&c| c < classes), "a class that does not exist");
        let mut kept: Vec<(usize, usize)> = edges
            .iter()
            .filter(|(u, v)| class[*u] != class[*v])
            .map(|&(u, v)| if class[u] < class[v] { (u, v) } else { (v, u) })
            .collect();
        kept.sort_unstable();
        kept.dedup();
        Self { classes, class, edges: kept }
    }

    /// The number k of colors; a color may have no vertex.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The number n of vertices.
    pub fn vertices(&self) -> usize {
        self.class.len()
    }

    /// The class of a vertex.
    pub fn class(&self, vertex: usize) -> usize {
        self.class[vertex]
    }

    /// The edges between different classes, each once, the vertex of the lower class first.
    pub fn edges(&self) -> &[(usize, usize)] {
        &self.edges
    }

    /// Whether an edge between different classes joins the two.
    pub fn adjacent(&self, u: usize, v: usize) -> bool {
        let has = |edge| self.edges.binary_search(&edge).is_ok();
        has((u, v)) || has((v, u))
    }

    /// Checks that `vertices` are a multicolored clique.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check_clique(&self, vertices: &[usize]) -> Result<(), CliqueFault> {
        if let Some(&vertex) = vertices.iter().find(|&&vertex| vertex >= self.vertices()) {
            return Err(CliqueFault::Vertex(vertex));
        }
        if vertices.len() != self.classes {
            let (found, expected) = (vertices.len(), self.classes);
            return Err(CliqueFault::Count { found, expected });
        }
        for (index, &u) in vertices.iter().enumerate() {
            for &v in &vertices[..index] {
                if self.class(u) == self.class(v) {
                    return Err(CliqueFault::Color(v, u));
                }
                if !self.adjacent(u, v) {
                    return Err(CliqueFault::Edge(v, u));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_inside_a_color_do_not_count() {
        let edges = [(2, 0), (0, 2), (0, 1), (1, 1), (1, 3)];
        let graph = ColoredGraph::new(3, vec![0, 0, 1, 2], &edges);
        assert_eq!(graph.edges(), [(0, 2), (1, 3)]);
        assert!(graph.adjacent(2, 0) && graph.adjacent(3, 1));
        assert!(!graph.adjacent(0, 1) && !graph.adjacent(1, 1));
    }

    #[test]
    fn cliques_are_checked() {
        let graph = ColoredGraph::new(3, vec![0, 0, 1, 2], &[(0, 2), (2, 3), (0, 3), (1, 2)]);
        assert_eq!(graph.check_clique(&[3, 0, 2]), Ok(()));
        assert_eq!(graph.check_clique(&[1, 2, 3]), Err(CliqueFault::Edge(1, 3)));
        assert_eq!(graph.check_clique(&[0, 1, 3]), Err(CliqueFault::Color(0, 1)));
        assert_eq!(graph.check_clique(&[0, 4, 3]), Err(CliqueFault::Vertex(4)));
        let short = CliqueFault::Count { found: 2, expected: 3 };
        assert_eq!(graph.check_clique(&[0, 2]), Err(short));
    }
}
