//! A proof of containment without facet normals: gauges over a tree of the inner generators' signs.

use foldline_engine::{Ended, Left, Open, Run, Search, Storage, depth_first};
use foldline_geometry::zonotopes::segments::{primitive, scaled};
use foldline_geometry::zonotopes::{GaugeProgram, Span};
use foldline_kernel::number::least_common_multiple;
use foldline_kernel::{Integer, Rational, Zonotope};

/// The records of a proof of INNER ⊆ OUTER; none if it is not so, or a limit says stop.
///
/// `generator` has an inner generator (the last number is the shift of the centers) as a combination
/// of OUTER's generators. `split` means both signs of the next generator; the first one's may be taken
/// as positive. `leaf` has the sum of the fixed ones as a combination: with the others' gauges it is at most 1.
///
/// # Panics
/// If the dimensions differ.
pub fn gauge_tree(
    outer: &Zonotope,
    inner: &Zonotope,
    threads: usize,
    stop: &(dyn Fn() -> bool + Sync),
) -> Option<String> {
    assert_eq!(outer.dimension(), inner.dimension(), "zonotopes of different dimensions");
    let directions: Vec<Vec<Integer>> =
        outer.generators.iter().filter_map(|g| Some(primitive(g)?.0)).collect();
    let span = Span::new(outer.dimension(), &directions);
    let shift: Vec<Rational> = inner.center.iter().zip(&outer.center).map(|(a, b)| a - b).collect();
    let vectors = || inner.generators.iter().chain([&shift]);
    let inside = |vector: &Vec<Rational>| {
        primitive(vector).is_none_or(|(direction, _)| span.violated(&direction).is_none())
    };
    if !vectors().all(inside) {
        return None;
    }
    let common = outer
        .generators
        .iter()
        .chain(vectors())
        .flatten()
        .fold(1u8.into(), |common, v| least_common_multiple(&common, v.denominator()));
    let pick = |vector: &Vec<Rational>| -> Vec<Integer> {
        let vector = scaled(vector, &common);
        span.coordinates.iter().map(|&index| vector[index].clone()).collect()
    };
    let generators: Vec<Vec<Integer>> = outer.generators.iter().map(pick).collect();
    let program = GaugeProgram::new(span.rank(), &generators).expect("they span their span");
    let mut ordered: Vec<(Rational, usize, Vec<Integer>)> = Vec::new();
    let mut text = String::new();
    for (index, vector) in vectors().map(pick).enumerate() {
        ordered.push((program.gauge(&vector).value, index, vector));
    }
    ordered.sort_by(|left, right| right.0.cmp(&left.0));
    for (_, index, vector) in &ordered {
        text += &format!("generator {index}{}\n", words(&program.gauge(vector).coefficients));
    }
    let mut rest = vec![Rational::ZERO];
    for (gauge, ..) in ordered.iter().rev() {
        let sum = rest.last().expect("not empty") + gauge;
        rest.push(sum);
    }
    rest.reverse();
    let root = Node { fixed: 0, sum: vec![Integer::ZERO; span.rank()] };
    let tree = Tree { program, ordered, rest };
    let open = Open::with_evidence(vec![root], Storage::in_memory());
    let (ended, evidence) = depth_first(&tree, open, Run { threads, stop, keeper: None });
    let Ended::Exhausted = ended else { return None };
    let mut records = Vec::new();
    evidence?.write(&mut records).expect("records in memory can be read");
    Some(text + &String::from_utf8(records).expect("records are text"))
}

/// Each value after a space.
fn words(values: &[Rational]) -> String {
    values.iter().map(|value| format!(" {value}")).collect()
}

/// Sums of the first generators, in falling order of their gauges.
struct Tree {
    program: GaugeProgram,
    /// Gauge, number and coordinates of each generator.
    ordered: Vec<(Rational, usize, Vec<Integer>)>,
    /// The sum of the gauges from each generator on.
    rest: Vec<Rational>,
}

/// The signs of the first generators are fixed.
#[derive(Clone)]
struct Node {
    fixed: usize,
    /// Their sum.
    sum: Vec<Integer>,
}

/// A vertex of INNER is outside.
struct Outside;

impl Search for Tree {
    type Part = Node;
    type Workspace = ();
    type Found = Outside;

    fn workspace(&self) {}

    fn visit(&self, node: Node, (): &mut (), left: &mut Left<Node>) -> Option<Outside> {
        let Node { fixed, sum } = node;
        let gauge = self.program.gauge(&sum);
        if gauge.value + &self.rest[fixed] <= Rational::ONE {
            left.records = format!("leaf{}\n", words(&gauge.coefficients));
            return None;
        }
        let Some((_, _, generator)) = self.ordered.get(fixed) else { return Some(Outside) };
        left.records.push_str("split\n");
        let pairs = || sum.iter().zip(generator);
        let fixed = fixed + 1;
        left.parts.push(Node { fixed, sum: pairs().map(|(s, g)| s + g).collect() });
        if fixed > 1 {
            left.parts.push(Node { fixed, sum: pairs().map(|(s, g)| s - g).collect() });
        }
        None
    }

    fn outline(&self, node: &Node) -> Node {
        node.clone()
    }
}
