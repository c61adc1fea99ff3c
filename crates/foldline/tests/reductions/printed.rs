//! [Z, Thm 6.2] as printed, refuted on its smallest cases, and the construction that works, for several p.

use foldline::kernel::{ColoredGraph, LinearConstraint, Polyhedron};
use foldline::lipschitz::{Answer, Constant, Exponent, lipschitz};
use foldline::questions::clique::multicolored_clique;
use foldline::questions::maximum::{self, maximum};
use foldline::reductions::clique::{LipschitzForm, Reduction, Target};
use foldline::{Network, Options, Rational, Region, parse_rational};

use crate::random::Random;

fn number(text: &str) -> Rational {
    parse_rational(text).unwrap()
}

fn options() -> Options {
    Options { threads: 1, ..Options::default() }
}

fn printed(graph: &ColoredGraph) -> Reduction {
    let form = LipschitzForm::Printed { below_one: None };
    Reduction::new(graph.clone(), Target::Lipschitz(form))
}

/// A lower and an upper bound of the Lipschitz constant to the power 2 where p = 2, else 1.
fn constant(network: &Network, p: &Exponent) -> (Rational, Rational) {
    match lipschitz(network, &[0], p, None, &options()).unwrap().answer {
        Answer::Lipschitz(Constant::Exact(value) | Constant::Square(value), _) => {
            (value.clone(), value)
        }
        Answer::Lipschitz(Constant::Between { lower, upper }, _) => (lower, upper),
        other => panic!("{other:?}"),
    }
}

/// The unit ball of the 1-norm (all sums of signed coordinates at most 1) or the maximum norm.
fn ball(dimension: usize, is_cube: bool) -> Region {
    let sign = |on: bool| if on { Rational::ONE } else { -Rational::ONE };
    let rows: Vec<Vec<(usize, Rational)>> = if is_cube {
        (0..2 * dimension).map(|row| vec![(row / 2, sign(row % 2 == 0))]).collect()
    } else {
        let row = |mask: usize| (0..dimension).map(|i| (i, sign(mask >> i & 1 == 1))).collect();
        (0..1 << dimension).map(row).collect()
    };
    let constraint = |row| LinearConstraint::new(row, Rational::ONE, false);
    let constraints = rows.into_iter().map(constraint).collect();
    Region { dimension, pieces: vec![Polyhedron { dimension, constraints }] }
}

/// max |h| over the unit ball: what the proof of [Z, Thm 6.2] bounds.
fn radial(network: &Network, is_cube: bool) -> Rational {
    let region = ball(network.inputs(), is_cube);
    let one_side = |sign: i8| {
        let objective = vec![vec![(0, Rational::from(sign))]];
        match maximum(network, &region, &objective, &options()).answer {
            maximum::Answer::Maximum { maximum, .. } => maximum.value,
            other => panic!("{other:?}"),
        }
    };
    one_side(1).max(one_side(-1))
}

#[test]
fn the_printed_construction_is_refuted_on_its_smallest_cases() {
    let cases = [
        // No vertex of color 2, so no clique; the claim is L_p ≤ 2ε.
        (ColoredGraph::new(2, vec![0], &[]), "5/24", "8", "35/4"),
        // One vertex each and no edge.
        (ColoredGraph::new(2, vec![0, 1], &[]), "5/48", "8", "205/12"),
        // One color: there is a clique, and L_p ≤ k + C(k, 2) times ε = 1/2 is claimed.
        (ColoredGraph::new(1, vec![0], &[]), "1/4", "8", "25/2"),
    ];
    for (graph, threshold, one, infinity) in cases {
        let reduction = printed(&graph);
        assert_eq!(reduction.threshold(), Some(number(threshold)));
        let network = reduction.network();
        let at = |p: Exponent| constant(&network, &p).0;
        assert_eq!(at(Exponent::Finite(Rational::ONE)), number(one));
        assert_eq!(at(Exponent::Infinite), number(infinity));
        for is_cube in [false, true] {
            let separates = radial(&network, is_cube) >= number(threshold);
            assert_eq!(separates, multicolored_clique(&graph).is_some());
        }
    }
}

/// For every p the printed threshold says yes; the radial constant and the corrected one do not.
fn check(graph: &ColoredGraph) {
    let truth = multicolored_clique(graph).is_some();
    let old = printed(graph);
    let threshold = old.threshold().unwrap();
    for is_cube in [false, true] {
        assert_eq!(radial(&old.network(), is_cube) >= threshold, truth, "{graph:?}");
    }
    let new = Reduction::new(graph.clone(), Target::Lipschitz(LipschitzForm::Steps));
    let (network, threshold) = (new.network(), new.threshold().unwrap());
    for p in ["1/2", "1", "2", "3", "inf"] {
        let exponent = match p {
            "inf" => Exponent::Infinite,
            p => Exponent::Finite(number(p)),
        };
        assert!(constant(&old.network(), &exponent).0 > old.threshold().unwrap(), "{p}");
        let (lower, upper) = constant(&network, &exponent);
        let power = |value: Rational| if p == "2" { &value * &value } else { value };
        if truth {
            assert!(lower >= power(threshold.clone()), "p = {p}: {graph:?}");
        } else {
            assert!(upper < power(&threshold - number("1/2")), "p = {p}: {graph:?}");
        }
    }
}

#[test]
fn the_corrected_construction_holds_for_every_p() {
    let mut random = Random(3);
    for index in 0..4 {
        check(&random.graph(1 + index % 2, 2));
    }
}

#[test]
#[ignore = "minutes"]
fn sixty_graphs_for_every_p() {
    let mut random = Random(4);
    let mut cliques = 0;
    for index in 0..60 {
        let colors = 1 + index % 3;
        let graph = random.graph(colors, [6, 4, 3][index % 3]);
        check(&graph);
        cliques += usize::from(multicolored_clique(&graph).is_some());
        eprintln!("{} graphs, {cliques} with a clique", index + 1);
    }
}

#[test]
fn below_one_the_scale_depends_on_p() {
    let graph = ColoredGraph::new(2, vec![0, 1], &[(0, 1)]);
    for (p, threshold) in [("1/2", "5/2304"), ("2/3", "5/1296")] {
        let form = LipschitzForm::Printed { below_one: Some(number(p)) };
        let reduction = Reduction::new(graph.clone(), Target::Lipschitz(form));
        // (p/(2·3))^N / (a·2^N) with N = 2, a = 2, times 5/2.
        assert_eq!(reduction.threshold(), Some(number(threshold)), "{p}");
        let clique = reduction.solution(&[0, 1]).unwrap();
        assert_eq!(reduction.clique_at(&clique), Ok(vec![0, 1]));
    }
}
