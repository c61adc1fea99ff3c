//! The search against all patterns one by one, and their programs against all faces of their cones.

use foldline_geometry::quadratic::stationary;
use foldline_kernel::{Integer, Rational, Sample};
use proptest::prelude::*;

use super::exact::Program;
use super::pattern::Pattern;
use super::problem::{Problem, State};
use super::statement::{Architecture, TrainingOptions};
use super::{train, zero_loss};

/// The least excess over all patterns, each solved on its own.
fn least_over_patterns(problem: &Problem) -> Rational {
    let architecture = problem.architecture;
    let states = 1u32 << (architecture.hidden + usize::from(architecture.output_relu));
    let count = problem.groups.len() as u32;
    let mut best: Option<Rational> = None;
    for positive in 0..=architecture.hidden {
        for number in 0..states.pow(count) {
            let digit = |group: u32| (number / states.pow(group) % states) as State;
            let pattern: Vec<State> = (0..count).map(digit).collect();
            let pattern = Pattern::whole(problem, pattern, positive);
            let (value, _) = Program::new(problem, &pattern).solve(&[]);
            best = Some(best.map_or(value.clone(), |known| known.min(value)));
        }
    }
    best.expect("a pattern")
}

/// The minimum over a cone as the least stationary value on a face that lies in the cone.
fn least_over_faces(program: &Program) -> Rational {
    let mut best: Option<Rational> = None;
    for face in 0..1u32 << program.rows.len() {
        let of_face = program.rows.iter().enumerate().filter(|(index, _)| face >> index & 1 == 1);
        let rows: Vec<Vec<Integer>> = of_face.map(|(_, row)| row.clone()).collect();
        let found = stationary(&program.hessian, &program.linear, &rows).expect("least squares");
        let inside = program.rows.iter().all(|row| {
            let value = row.iter().zip(&found.point).fold(Integer::ZERO, |sum, (a, x)| sum + a * x);
            value >= Integer::ZERO
        });
        if inside {
            let value = &program.constant + found.value(&program.linear);
            best = Some(best.map_or(value.clone(), |known| known.min(value)));
        }
    }
    best.expect("the cone's apex")
}

/// Points with few different coordinates and labels: equal and collinear points are common.
fn sample(dimension: usize, most: usize) -> impl Strategy<Value = Sample> {
    let coordinate = -2i32..3;
    let row = (proptest::collection::vec(coordinate, dimension), -3i32..4);
    (proptest::collection::vec(row, 1..=most), 1i32..4).prop_map(move |(rows, divisor)| {
        let rational = |value: i32| Rational::from(value) / Rational::from(divisor);
        Sample {
            dimension,
            points: rows.iter().map(|(x, _)| x.iter().map(|&x| x.into()).collect()).collect(),
            labels: rows.iter().map(|(_, y)| rational(*y)).collect(),
        }
    })
}

/// The search's answer is the brute force's, and its network has the loss it says.
fn compare(sample: &Sample, architecture: Architecture) -> Result<(), TestCaseError> {
    let options = TrainingOptions { threads: 1, ..TrainingOptions::default() };
    let outcome = train(sample, architecture, &options);
    prop_assert!(outcome.is_optimal());
    prop_assert_eq!(outcome.model.loss(sample), outcome.loss.clone());
    prop_assert_eq!(outcome.model.positive.len(), architecture.hidden);
    let network = outcome.model.network(sample.dimension);
    for point in &sample.points {
        prop_assert_eq!(&network.evaluate(point).output[0], &outcome.model.value(point));
    }
    let problem = Problem::new(sample, architecture, |groups| (0..groups.len()).collect());
    let least = &problem.least + least_over_patterns(&problem);
    let zero = zero_loss(sample, architecture, &options).answer.expect("no limit was set");
    prop_assert_eq!(zero.is_some(), least == Rational::ZERO);
    prop_assert!(zero.is_none_or(|model| model.loss(sample) == Rational::ZERO));
    prop_assert_eq!(outcome.loss, problem.groups.loss(&least));
    Ok(())
}

fn architecture(hidden: usize, output_relu: bool, output_bias: bool) -> Architecture {
    Architecture { hidden, output_relu, output_bias }
}

/// Cases of each kind; `FOLDLINE_TRAINING_CASES` asks for more.
fn cases() -> ProptestConfig {
    let number = std::env::var("FOLDLINE_TRAINING_CASES").ok();
    ProptestConfig::with_cases(number.and_then(|text| text.parse().ok()).unwrap_or(12))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn one_node(sample in sample(1, 5), relu in any::<bool>(), bias in any::<bool>()) {
        compare(&sample, architecture(1, relu, bias))?;
    }

    #[test]
    fn one_node_in_the_plane(sample in sample(2, 5), relu in any::<bool>(), bias in any::<bool>()) {
        compare(&sample, architecture(1, relu, bias))?;
    }

    #[test]
    fn two_nodes_linear(sample in sample(1, 4), bias in any::<bool>()) {
        compare(&sample, architecture(2, false, bias))?;
    }

    #[test]
    fn two_nodes_relu(sample in sample(1, 3), bias in any::<bool>()) {
        compare(&sample, architecture(2, true, bias))?;
    }

    #[test]
    fn two_nodes_in_the_plane(sample in sample(2, 3), relu in any::<bool>()) {
        compare(&sample, architecture(2, relu, true))?;
    }

    #[test]
    fn programs_are_solved(
        sample in sample(2, 4),
        relu in any::<bool>(),
        bias in any::<bool>(),
        numbers in proptest::collection::vec(0u16..4, 4),
    ) {
        let problem =
            Problem::new(&sample, architecture(1, relu, bias), |groups| (0..groups.len()).collect());
        let states: Vec<State> = numbers[..problem.groups.len()].to_vec();
        let program = Program::new(&problem, &Pattern::whole(&problem, states, 1));
        prop_assert_eq!(program.solve(&[]).0, least_over_faces(&program));
    }
}
