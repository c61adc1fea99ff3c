//! For every target, the solver's answer about the reduced graph is that of brute force, and its solution is a clique.

use std::time::Instant;

use foldline::kernel::{ColoredGraph, LinearConstraint, Polyhedron};
use foldline::lipschitz::{self, Constant, Exponent};
use foldline::questions::clique::multicolored_clique;
use foldline::questions::{containment, maximum, positivity, surjectivity, zero_function};
use foldline::reductions::clique::{LipschitzForm, Reduction, Target};
use foldline::{Options, Rational, Region, Verdict, verify};

use crate::random::Random;

/// The targets that the contract names; the Lipschitz constant of two hidden layers takes much longer
/// and is last.
const TARGETS: [Target; 7] = [
    Target::Maximum,
    Target::Positivity,
    Target::Surjectivity,
    Target::Zero,
    Target::Zonotope,
    Target::Lipschitz(LipschitzForm::Steps),
    Target::Lipschitz(LipschitzForm::ThreeLayers),
];

fn options() -> Options {
    Options { threads: 1, ..Options::default() }
}

/// A solution of the reduced question in the box that has one, `None` where the solver says that
/// there is none.
fn solve_on_box(reduction: &Reduction) -> Option<Vec<Rational>> {
    match reduction.property() {
        Some(property) if *reduction.target() != Target::Maximum => {
            match verify(&reduction.network(), &property, &options()).verdict {
                Verdict::Violated(witness) => Some(witness.input),
                Verdict::Holds { .. } => None,
                other => panic!("{other:?}"),
            }
        }
        _ if matches!(reduction.target(), Target::Lipschitz(_)) => {
            steepest(reduction, Some(&input_box(reduction)))
        }
        _ => solve_everywhere(reduction),
    }
}

/// A solution of the reduced question among all inputs (a maximum is one on the box), `None` where
/// the solver says that there is none.
fn solve_everywhere(reduction: &Reduction) -> Option<Vec<Rational>> {
    let network = reduction.network();
    let everywhere = Region::everything(network.inputs());
    match reduction.target() {
        Target::Maximum => maximizer(reduction),
        Target::Positivity => {
            match positivity::positive(&network, &everywhere, 0, &options()).answer {
                positivity::Answer::Yes(witness) => Some(witness.input),
                positivity::Answer::No => None,
                other => panic!("{other:?}"),
            }
        }
        Target::Surjectivity => match surjectivity::surjective(&network, 0, &options()).answer {
            surjectivity::Answer::Yes { positive_direction, .. } => Some(positive_direction),
            surjectivity::Answer::No { positive_direction, negative_direction } => {
                assert!(positive_direction.is_none() && negative_direction.is_some());
                None
            }
            other => panic!("{other:?}"),
        },
        Target::Zero => match zero_function::zero(&network, &everywhere, &[0], &options()).answer {
            zero_function::Answer::No(witness) => Some(witness.input),
            zero_function::Answer::Yes => None,
            other => panic!("{other:?}"),
        },
        Target::Zonotope => {
            let (outer, inner) = reduction.zonotopes().unwrap();
            let options = containment::Options {
                threads: 1,
                verdict_only: true,
                ..containment::Options::default()
            };
            match containment::contains(&outer, &inner, &options).verdict {
                containment::Verdict::Separated(separation) => Some(separation.normal),
                containment::Verdict::Contained => None,
                other => panic!("{other:?}"),
            }
        }
        Target::Lipschitz(_) => steepest(reduction, None),
    }
}

/// The box that has a solution if any point is one.
fn input_box(reduction: &Reduction) -> Region {
    let dimension = reduction.network().inputs();
    let side = |(input, (lower, upper)): (usize, (Rational, Rational))| {
        [(Rational::ONE, upper), (-Rational::ONE, -lower)]
            .map(|(sign, bound)| LinearConstraint::new(vec![(input, sign)], bound, false))
    };
    let constraints = reduction.input_box().unwrap().into_iter().enumerate().flat_map(side);
    let pieces = vec![Polyhedron { dimension, constraints: constraints.collect() }];
    Region { dimension, pieces }
}

/// The argmax of the output on a box with all spikes, if the maximum is the threshold.
fn maximizer(reduction: &Reduction) -> Option<Vec<Rational>> {
    let (network, region) = (reduction.network(), input_box(reduction));
    let outcome = maximum::maximum(&network, &region, &[vec![(0, Rational::ONE)]], &options());
    let maximum::Answer::Maximum { maximum: best, .. } = outcome.answer else {
        panic!("{:?}", outcome.answer)
    };
    let threshold = reduction.threshold().unwrap();
    if best.value == threshold {
        return Some(best.point);
    }
    assert!(best.value <= threshold - Rational::ONE, "[Z, Prop 3.1]: at most one less");
    None
}

/// A point in the cell with the largest gradient, if the Lipschitz constant is the threshold's.
fn steepest(reduction: &Reduction, region: Option<&Region>) -> Option<Vec<Rational>> {
    let network = reduction.network();
    let threshold = reduction.threshold().unwrap();
    let mut points = Vec::new();
    for p in [Exponent::Finite(Rational::ONE), Exponent::Infinite] {
        let outcome = lipschitz::lipschitz(&network, &[0], &p, region, &options()).unwrap();
        let lipschitz::Answer::Lipschitz(Constant::Exact(value), attained) = outcome.answer else {
            panic!("{:?}", outcome.answer)
        };
        points.push((value >= threshold).then_some(attained.point));
        let gap = match reduction.target() {
            Target::Lipschitz(LipschitzForm::Steps) => Rational::ONE / Rational::from(2),
            _ => threshold.clone(),
        };
        assert!(value >= threshold || value <= &threshold - gap, "{value} is in the gap");
    }
    assert_eq!(points[0].is_some(), points[1].is_some());
    points.pop().unwrap()
}

type Solve = fn(&Reduction) -> Option<Vec<Rational>>;

/// Compares one graph for one target.
fn check(graph: &ColoredGraph, target: &Target, solve: Solve) {
    let reduction = Reduction::new(graph.clone(), target.clone());
    let truth = multicolored_clique(graph);
    let found = solve(&reduction);
    assert_eq!(found.is_some(), truth.is_some(), "{target:?}: {graph:?}");
    if let Some(point) = found {
        let clique = reduction.clique_at(&point).unwrap_or_else(|no| panic!("{target:?}: {no}"));
        assert_eq!(graph.check_clique(&clique), Ok(()));
    }
    if let Some(clique) = truth {
        let solution = reduction.solution(&clique).unwrap();
        assert_eq!(reduction.clique_at(&solution).as_ref(), Ok(&clique), "{target:?}");
    }
}

/// Checks random graphs for every target; how many have a clique, and the seconds a target took.
fn run(
    seed: u64,
    graphs: usize,
    sizes: &[(usize, u64)],
    targets: &[Target],
    solve: Solve,
) -> (usize, [f64; TARGETS.len()]) {
    let mut random = Random(seed);
    let mut cliques = 0;
    let mut seconds = [0.0; TARGETS.len()];
    for index in 0..graphs {
        let (colors, most) = sizes[index % sizes.len()];
        let graph = random.graph(colors, most);
        cliques += usize::from(multicolored_clique(&graph).is_some());
        for (target, seconds) in targets.iter().zip(&mut seconds) {
            let start = Instant::now();
            check(&graph, target, solve);
            *seconds += start.elapsed().as_secs_f64();
        }
        if index % 20 == 19 {
            eprintln!("{} graphs, {cliques} with a clique, seconds {seconds:.1?}", index + 1);
        }
    }
    (cliques, seconds)
}

#[test]
fn answers_agree_with_brute_force() {
    let (cliques, _) = run(1, 30, &[(2, 8), (3, 8), (4, 6)], &TARGETS[..6], solve_on_box);
    assert!((5..=25).contains(&cliques), "{cliques} of 30 have a clique");
    run(4, 6, &[(2, 3), (1, 3), (3, 3)], &TARGETS, solve_on_box);
    run(1, 4, &[(2, 3), (1, 3), (3, 3)], &TARGETS, solve_everywhere);
}

/// What `docs/reductions.md` reports, run in release with `--ignored --nocapture`.
#[test]
#[ignore = "many minutes"]
fn a_thousand_graphs_agree() {
    let (cliques, seconds) = run(2, 1000, &[(2, 14), (3, 14), (4, 8)], &TARGETS[..6], solve_on_box);
    println!("1000 graphs, {cliques} with a clique, seconds a target {seconds:.1?}");
}

/// The same, among all inputs: without a box the search is much longer.
#[test]
#[ignore = "many minutes"]
fn a_hundred_graphs_agree_everywhere() {
    let (cliques, seconds) = run(3, 100, &[(2, 6), (3, 4), (4, 4)], &TARGETS, solve_everywhere);
    println!("100 graphs, {cliques} with a clique, seconds a target {seconds:.1?}");
}

#[test]
fn graphs_without_vertices_or_colors_without_vertices() {
    for (colors, classes) in [(1, vec![]), (2, vec![]), (2, vec![0]), (1, vec![0, 0]), (3, vec![1])]
    {
        let graph = ColoredGraph::new(colors, classes, &[]);
        for target in &TARGETS {
            check(&graph, target, solve_on_box);
            check(&graph, target, solve_everywhere);
        }
    }
}
