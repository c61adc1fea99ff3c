//! Random colored graphs and labelled points from a seed, many of them just with or without a solution.

use foldline::kernel::ColoredGraph;
use foldline::{Rational, Sample};

use crate::random::Random;

impl Random {
    /// A graph with `colors` colors (some perhaps unused) and at most `most` vertices, at least one.
    /// Its density is such that about half have a clique.
    pub fn graph(&mut self, colors: usize, most: u64) -> ColoredGraph {
        let vertices = 1 + self.below(most);
        let class: Vec<usize> = (0..vertices)
            .map(|vertex| match self.below(8) {
                0 => self.below(colors as u64) as usize,
                _ => vertex as usize % colors,
            })
            .collect();
        let sixteenths = [2, 4, 6, 8, 11, 16][self.below(6) as usize];
        let mut edges = Vec::new();
        for v in 0..class.len() {
            for u in 0..v {
                if self.below(16) < sixteenths {
                    edges.push((u, v));
                }
            }
        }
        ColoredGraph::new(colors, class, &edges)
    }

    /// At most `most` points of a small grid, which are often equal or in line, with labels 0 and 1.
    pub fn points(&mut self, dimension: usize, most: u64) -> Sample {
        let count = 1 + self.below(most);
        let side = 2 + self.below(6) as i64;
        let mut sample = Sample { dimension, points: Vec::new(), labels: Vec::new() };
        for _ in 0..count {
            let mut coordinate = || {
                let value = self.below(2 * side as u64 + 1) as i64 - side;
                Rational::from(value) / Rational::from(1 + self.below(2))
            };
            sample.points.push((0..dimension).map(|_| coordinate()).collect());
            sample.labels.push(Rational::from(self.below(2)));
        }
        sample
    }
}
