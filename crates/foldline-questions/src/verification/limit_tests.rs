//! A stop hook ends a run in the midst of any long step, and descents cost no more than nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldline_kernel::interrupt::{Stopped, after_calls, unless_stopped, with_hook};
use foldline_kernel::network::RationalRow;
use foldline_kernel::{Activation, Atom, Formula, Layer, Network, Property, Rational, Region};

use super::attack::{Descent, Random, descend};
use super::case_problems::{Entry, Opening};
use super::cases::Expansion;
use super::counters::Counters;
use super::node::{Node, RefuteClauses, Workspace, process};
use super::search::Visitor;
use super::{Limit, Options, Outcome, Verdict, verify};
use crate::bounds::FloatNetwork;

/// Layers of these widths, the first being the inputs', with weights k/64, |k| ≤ 32.
fn network(widths: &[usize], seed: u64) -> Network {
    let mut random = Random::new(seed);
    let mut number = || Rational::from_parts((random.next() % 65).into(), 64u8.into());
    let mut centred = || number() - Rational::from_parts(1.into(), 2u8.into());
    let count = widths.len() - 1;
    let layer = |index: usize| {
        let activation = if index + 1 == count { Activation::Linear } else { Activation::Relu };
        let mut row = |_| {
            let weights = (0..widths[index]).map(|column| (column, centred())).collect();
            RationalRow { weights, bias: centred() }
        };
        let rows: Vec<RationalRow> = (0..widths[index + 1]).map(&mut row).collect();
        Layer::new(widths[index], &rows, activation)
    };
    Network::new(widths[0], (0..count).map(layer).collect::<Vec<_>>()).unwrap()
}

/// −1 ≤ x ≤ 1 and y_0 ≥ bound.
fn above(network: &Network, bound: Rational) -> Property {
    let inputs = network.inputs();
    let side = |input: usize, sign: i8| {
        let terms = vec![(input, Rational::from(sign))];
        Formula::Atom(Atom::new(terms, Vec::new(), Rational::ONE, false))
    };
    let region = (0..inputs).flat_map(|input| [side(input, 1), side(input, -1)]);
    let output = Atom::new(Vec::new(), vec![(0, Rational::from(-1))], -bound, false);
    let formula = Formula::And(region.chain([Formula::Atom(output)]).collect());
    Property { inputs, outputs: network.outputs(), formula }
}

fn root(network: &Network, property: &Property) -> Node {
    let cases = Expansion::new(property).next_chunk(&|| false).unwrap();
    match Opening::new(network, &cases).open(0, &Counters::default()) {
        Entry::Nodes(mut nodes) => nodes.pop().unwrap(),
        Entry::Violation(_) => panic!("there are output atoms"),
    }
}

/// Whether a hook that says stop at its `calls`-th call is obeyed at once by `body`.
fn obeys<T>(calls: u64, body: impl FnOnce() -> T) -> bool {
    let (hook, asked) = after_calls(calls);
    let ended = with_hook(Some(hook), || unless_stopped(body)).err();
    ended == Some(Stopped) && asked.load(Ordering::Relaxed) == calls
}

#[test]
fn every_long_step_looks_at_the_hook() {
    let network = network(&[2, 300, 300, 1], 7);
    let property = above(&network, Rational::from(1000));
    let root = root(&network, &property);
    let problem = &root.problem;
    let counters = Counters::default();
    let descent = || descend(problem, 0, &[], 0.0, Random::new(1), &counters);
    assert!(obeys(1, || Descent::to_some_clause(problem, &[], 1).advance(problem, &counters)));
    assert!(obeys(20, descent));
    let visit = || process(root.clone(), &RefuteClauses, &mut Workspace::new(), &mut 0);
    assert!(obeys(1, visit) && obeys(5, visit));
    assert!(obeys(1, || FloatNetwork::new(&network)));
    let point = [Rational::ONE, Rational::ONE];
    assert!(obeys(1, || network.evaluate(&point)));
    assert!(obeys(1, || super::affine::compose(&network, |_| 1, &[599])));
}

#[test]
fn a_raised_flag_ends_every_question() {
    let network = network(&[2, 300, 300, 1], 8);
    let region = Region::everything(2);
    let stop = Some(Arc::new(AtomicBool::new(true)));
    let options = Options { stop, threads: 1, ..Options::default() };
    let property = above(&network, Rational::ONE);
    let found = verify(&network, &property, &options);
    assert_eq!(found.verdict, Verdict::Undecided(Limit::Stopped));
    assert_eq!((found.statistics.nodes, found.statistics.attack_points), (0, 0));
    let objective = vec![(0, Rational::ONE)];
    let found = crate::maximum::maximum(&network, &region, &[objective], &options);
    assert!(matches!(found.answer, crate::maximum::Answer::Undecided { .. }));
    let p = crate::lipschitz::Exponent::Infinite;
    let found = crate::lipschitz::lipschitz(&network, &[0], &p, None, &options).unwrap();
    assert!(matches!(found.answer, crate::lipschitz::Answer::Undecided { .. }));
}

#[test]
fn descents_do_no_more_than_nodes_and_first_steps_allow() {
    let network = network(&[3, 60, 60, 1], 3);
    let counters = Counters::default();
    let visitor = Visitor::new(&counters, 0);
    let root = root(&network, &above(&network, Rational::from(5)));
    let first_steps = 16 * Descent::step_work(&root.problem);
    let mut stack = vec![root];
    let mut space = Workspace::new();
    let (mut parts, mut nodes_work) = (Vec::new(), 0);
    while let Some(node) = stack.pop()
        && counters.nodes.get() < 300
    {
        assert_eq!(visitor.visit(node, &mut space, &mut parts), None);
        stack.extend(parts.drain(..).rev());
        let (allowed, done) = visitor.attacks.work();
        nodes_work = allowed - first_steps;
        assert!(done <= first_steps + nodes_work, "{done} of {allowed}");
    }
    assert!(counters.nodes.get() > 20 && nodes_work > 0, "the property takes a search");
}

#[test]
fn a_root_that_does_not_close_costs_few_points_where_nodes_do_the_rest() {
    let network = network(&[4, 300, 1], 5);
    let options = Options { threads: 1, ..Options::default() };
    // Down from a bound that the root proves, in small steps, to the first that it does not.
    let bound = |step: i64| Rational::from_parts((4000 - step).into(), 40u8.into());
    let found = |step: i64| verify(&network, &above(&network, bound(step)), &options);
    let first = (0..4000).map(found).find(|found| found.statistics.nodes > 1);
    let Outcome { verdict, statistics } = first.expect("some bound takes a search");
    assert_eq!(verdict, Verdict::Holds { vacuous: false }, "{statistics:?}");
    assert!(statistics.nodes > 1 && statistics.nodes < 100, "{statistics:?}");
    assert!(statistics.attack_points < 16 * 60 * 4, "{statistics:?}");
}
