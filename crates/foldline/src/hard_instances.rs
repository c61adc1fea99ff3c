//! A pack of verification instances with known truth, for testers of verifiers: planted and clique-free graphs, reduced.

use foldline_formats::FormatError;
use foldline_formats::graph::graph_to_json;
use foldline_formats::onnx::write_onnx;
use foldline_formats::vnnlib::write_vnnlib;
use foldline_geometry::zonotopes::reduction::Random;
use foldline_kernel::number::exact_decimal;
use foldline_kernel::{ColoredGraph, Rational};
use foldline_questions::clique::multicolored_clique;
use foldline_reductions::clique::{Reduction, Target};

use crate::reduction_map::{ReductionMap, target_word};

/// The version of the pack: with the same version, seed and sizes its files are the same.
pub const PACK_VERSION: u32 = 1;

/// Sizes (colors, vertices a color) of the graphs where none are asked for.
pub const SIZES: [(usize, usize); 9] =
    [(3, 2), (3, 3), (3, 4), (3, 5), (3, 6), (4, 2), (4, 3), (4, 4), (5, 2)];

/// What every graph is reduced to.
const TARGETS: [Target; 3] = [Target::Maximum, Target::Positivity, Target::Zero];

/// How the pack is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackOptions {
    /// The seed of the graphs.
    pub seed: u64,
    /// Pairs (colors, vertices a color), each number at least 2.
    pub sizes: Vec<(usize, usize)>,
    /// The limit in `instances.csv`, in seconds.
    pub timeout: u32,
}

/// A pack: files with their paths below its folder.
#[derive(Debug, Clone)]
pub struct Pack {
    /// Path and content.
    pub files: Vec<(String, Vec<u8>)>,
    /// How many instances it has.
    pub instances: usize,
    /// How many of them are violated.
    pub violated: usize,
}

/// Makes the pack in memory.
///
/// For each size there is a graph without multicolored clique, as dense as a random graph that is
/// expected to have four (edges of those are removed), and the same graph with one planted.
///
/// # Errors
/// If a weight is not exactly a 32-bit float.
pub fn hard_instances(options: &PackOptions) -> Result<Pack, FormatError> {
    let mut random = Random::new(options.seed);
    let mut pack = Pack { files: Vec::new(), instances: 0, violated: 0 };
    let mut instances = String::new();
    let mut truth =
        "name,network,property,truth,colors,vertices,edges,inputs,neurons,clique\n".to_owned();
    for &(colors, each) in &options.sizes {
        let free = clique_free(&mut random, colors, each);
        let planted = plant(&mut random, &free, each);
        for (kind, graph) in [("free", free), ("planted", planted)] {
            let stem = format!("k{colors}_n{:02}_{kind}", colors * each);
            pack.add(format!("graphs/{stem}.json"), format!("{}\n", graph_to_json(&graph)));
            for target in &TARGETS {
                let name = format!("{stem}_{}", target_word(target));
                let row = pack.instance(&name, &graph, target)?;
                let files = format!("onnx/{name}.onnx,vnnlib/{name}.vnnlib");
                instances += &format!("{files},{}\n", options.timeout);
                truth += &format!("{name},{files},{row}\n");
            }
        }
    }
    pack.add("instances.csv".to_owned(), instances);
    pack.add("truth.csv".to_owned(), truth);
    let readme = readme(options, &pack);
    pack.add("README.md".to_owned(), readme);
    Ok(pack)
}

impl Pack {
    fn add(&mut self, path: String, content: impl Into<Vec<u8>>) {
        self.files.push((path, content.into()));
    }

    /// Adds the files of one instance; what `truth.csv` says of it.
    fn instance(
        &mut self,
        name: &str,
        graph: &ColoredGraph,
        target: &Target,
    ) -> Result<String, FormatError> {
        let reduction = Reduction::new(graph.clone(), target.clone());
        let network = reduction.network();
        let onnx = format!("onnx/{name}.onnx");
        self.add(onnx.clone(), write_onnx(&onnx, &network)?);
        let property = reduction.property().expect("a target with a property");
        let path = format!("vnnlib/{name}.vnnlib");
        self.add(path.clone(), write_vnnlib(&path, &property, name)?);
        let clique = multicolored_clique(graph);
        if let Some(clique) = &clique {
            let point = reduction.solution(clique).expect("a clique");
            let value = network.evaluate(&point).output;
            debug_assert!(property.formula.holds_at(&point, &value));
            self.add(format!("witnesses/{name}.txt"), witness(&point, &value));
            self.violated += 1;
        }
        let (inputs, neurons) = (network.inputs(), network.neurons());
        let map = ReductionMap::Clique { reduction, first_vertex: 0 };
        self.add(format!("maps/{name}.json"), format!("{}\n", map.to_json()));
        self.instances += 1;
        let word = if clique.is_some() { "sat" } else { "unsat" };
        let (colors, vertices, edges) = (graph.classes(), graph.vertices(), graph.edges().len());
        let clique: Vec<String> = clique.iter().flatten().map(ToString::to_string).collect();
        let clique = clique.join(" ");
        Ok(format!("{word},{colors},{vertices},{edges},{inputs},{neurons},{clique}"))
    }
}

/// A witness in VNN-COMP's layout.
fn witness(input: &[Rational], output: &[Rational]) -> String {
    let named = |letter: char, values: &[Rational]| -> Vec<String> {
        let text = |value| exact_decimal(value).expect("a dyadic number");
        let entry = |(i, value)| format!("({letter}_{i} {})", text(value));
        values.iter().enumerate().map(entry).collect()
    };
    format!("sat\n({})\n", [named('X', input), named('Y', output)].concat().join("\n "))
}

/// A random graph without multicolored clique.
fn clique_free(random: &mut Random, colors: usize, each: usize) -> ColoredGraph {
    let class: Vec<usize> = (0..colors * each).map(|vertex| vertex / each).collect();
    let pairs = (colors * (colors - 1) / 2) as f64;
    let share = (4.0 / (each as f64).powi(colors as i32)).powf(1.0 / pairs);
    // In 256ths, so that the last bits of a power decide nothing.
    let share = (share * 256.0).round() / 256.0;
    let mut edges = Vec::new();
    for v in 0..class.len() {
        for u in 0..v {
            if class[u] != class[v] && random.uniform() < share {
                edges.push((u, v));
            }
        }
    }
    let mut graph = ColoredGraph::new(colors, class.clone(), &edges);
    while let Some(clique) = multicolored_clique(&graph) {
        let first = below(random, colors);
        let second = (first + 1 + below(random, colors - 1)) % colors;
        let (u, v) = (clique[first], clique[second]);
        edges.retain(|&edge| edge != (u, v) && edge != (v, u));
        graph = ColoredGraph::new(colors, class.clone(), &edges);
    }
    graph
}

/// The graph with the edges of a clique between random vertices, one of each color.
fn plant(random: &mut Random, graph: &ColoredGraph, each: usize) -> ColoredGraph {
    let colors = graph.classes();
    let chosen: Vec<usize> = (0..colors).map(|color| color * each + below(random, each)).collect();
    let mut edges = graph.edges().to_vec();
    for second in 0..colors {
        edges.extend((0..second).map(|first| (chosen[first], chosen[second])));
    }
    let class = (0..graph.vertices()).map(|vertex| graph.class(vertex)).collect();
    ColoredGraph::new(colors, class, &edges)
}

fn below(random: &mut Random, count: usize) -> usize {
    (random.uniform() * count as f64) as usize
}

fn readme(options: &PackOptions, pack: &Pack) -> String {
    let sizes: Vec<String> =
        options.sizes.iter().map(|(colors, each)| format!("{colors}:{each}")).collect();
    format!(
        "# Hard instances with known truth, version {PACK_VERSION}\n\n\
         Made by foldline {}: `foldline hard-instances --out DIR --seed {} --sizes {}`. The same \
         version, seed and sizes make the same files.\n\n\
         {} instances, {} of them `sat`. Each asks whether a ReLU network reaches a value on a box; it \
         does if and only if a graph with k colors has a clique with one vertex of every color (W[1]-hard \
         in the number of inputs: Froese, Grillo, Hertrich, Stargalla, *Parameterized Hardness of Zonotope \
         Containment and Neural Network Verification*). Between yes and no the output differs by 1, and \
         the asked value lies in the middle, so that no rounding can decide. Every number is exactly a \
         32-bit float.\n\n\
         | | |\n| --- | --- |\n\
         | `instances.csv` | network, property, seconds, as in VNN-COMP |\n\
         | `onnx/`, `vnnlib/` | the instances; the property is the unsafe set |\n\
         | `truth.csv` | `sat` or `unsat`, sizes, and the hidden clique |\n\
         | `witnesses/` | a counterexample of every `sat`, in VNN-COMP's layout |\n\
         | `graphs/` | the graphs, vertices from 0 |\n\
         | `maps/` | for `foldline recover MAP RESULT_FILE`: a verifier's witness becomes a clique |\n\n\
         `kK_nN_free`: K colors, N vertices, no clique, found by removing edges from a random graph; \
         `planted`: the same graph with a clique. `maximum`: one hidden layer with biases, K inputs; \
         `positivity`: one hidden layer without biases, K + 1 inputs; `zero`: the same with a second hidden \
         layer of one neuron.\n",
        crate::VERSION,
        options.seed,
        sizes.join(","),
        pack.instances,
        pack.violated,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{NetworkOptions, Options, Verdict, parse_network, verify};
    use foldline_formats::vnnlib::parse_property;

    fn small() -> PackOptions {
        PackOptions { seed: 5, sizes: vec![(2, 3), (3, 2)], timeout: 60 }
    }

    #[test]
    fn the_truth_is_true() {
        let pack = hard_instances(&small()).unwrap();
        assert_eq!((pack.instances, pack.violated), (12, 6));
        let content = |path: &str| {
            let file = pack.files.iter().find(|(name, _)| name == path);
            &file.unwrap_or_else(|| panic!("{path}")).1
        };
        let truth = String::from_utf8(content("truth.csv").clone()).unwrap();
        for line in truth.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let network = parse_network(fields[1], content(fields[1]), &NetworkOptions::default());
            let network = network.unwrap().network;
            let text = String::from_utf8(content(fields[2]).clone()).unwrap();
            let property = parse_property(fields[2], &text, network.inputs(), 1).unwrap();
            let verdict = verify(&network, &property, &Options::default()).verdict;
            assert_eq!(matches!(verdict, Verdict::Violated(_)), fields[3] == "sat", "{line}");
        }
    }

    #[test]
    fn a_seed_makes_one_pack() {
        let files = |seed| hard_instances(&PackOptions { seed, ..small() }).unwrap().files;
        assert_eq!(files(1), files(1));
        assert_ne!(files(1), files(2));
    }
}
