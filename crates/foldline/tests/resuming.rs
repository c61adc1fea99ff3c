//! Runs that are stopped again and again, each going on from the state of the last, answer as one in peace.

use std::time::Duration;

use foldline::formats::region::parse_region;
use foldline::kernel::network::RationalRow;
use foldline::lipschitz::{self, Constant, Exponent, lipschitz_resumable};
use foldline::questions::checkpoint::{Keeper, Memory, StateError};
use foldline::questions::maximum::range::{End, range_resumable};
use foldline::questions::positivity::{self, positive_resumable};
use foldline::questions::surjectivity::{self, surjective_resumable};
use foldline::questions::zero_function::{self, zero_resumable};
use foldline::{Activation, Layer, Network, Options, Rational, Region};
use serde_json::{Value, json};

/// Random small numbers, the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % end
    }

    fn row(&mut self, inputs: usize) -> RationalRow {
        let mut number = || Rational::from(self.below(7) as i64 - 3);
        let weights = (0..inputs).map(|j| (j, number())).collect();
        RationalRow { weights, bias: number() }
    }

    /// A layer in which some rows are the first one again, turned round, or zero.
    fn layer(&mut self, inputs: usize, width: usize, activation: Activation) -> Layer {
        let mut rows: Vec<RationalRow> = (0..width).map(|_| self.row(inputs)).collect();
        for index in 1..width {
            let factor = Rational::from(match self.below(9) {
                0 => 1,
                1 => -2,
                2 => 0,
                _ => continue,
            });
            let times = |value: &Rational| value * &factor;
            let first = &rows[0];
            let weights = first.weights.iter().map(|(j, value)| (*j, times(value))).collect();
            rows[index] = RationalRow { weights, bias: times(&first.bias) };
        }
        Layer::new(inputs, &rows, activation)
    }

    fn network(&mut self, inputs: usize, widths: &[usize], outputs: usize) -> Network {
        let mut layers = Vec::new();
        let mut size = inputs;
        for &width in widths {
            layers.push(self.layer(size, width, Activation::Relu));
            size = width;
        }
        let rows: Vec<RationalRow> = (0..outputs).map(|_| self.row(size)).collect();
        layers.push(Layer::new(size, &rows, Activation::Linear));
        Network::new(inputs, layers).unwrap()
    }
}

/// Asks until there is an answer; counts the runs that left a state.
fn in_pieces<T>(
    chance: &mut Chance,
    stops: &mut u32,
    ask: impl Fn(&Options, &dyn Keeper) -> Option<T>,
) -> T {
    let mut keeper = Memory::default();
    for run in 0.. {
        let timeout = Some(Duration::from_micros(chance.below(100 * (run + 1))));
        let threads = 1 + chance.below(2) as usize;
        let options = Options { threads, timeout, seed: run, ..Options::default() };
        if let Some(found) = ask(&options, &keeper) {
            return found;
        }
        let has_saved = keeper.saved.lock().unwrap().is_some();
        let next = keeper.next();
        *stops += u32::from(has_saved);
        keeper = next;
    }
    unreachable!("the limit grows")
}

/// The same in peace.
fn in_peace<T>(ask: impl Fn(&Options, &dyn Keeper) -> Option<T>) -> T {
    ask(&Options::default(), &Memory::default()).expect("there is no limit")
}

fn region(text: &str, dimension: usize) -> Region {
    let name = if text.starts_with('{') { "r.json" } else { "r.vnnlib" };
    parse_region(name, text, dimension).unwrap()
}

/// Regions of three inputs, the first three of them boxes; flat, unbounded and open ones too.
const REGIONS: [&str; 5] = [
    r#"{"box": [[-1, 1], [-1, 1], [-2, 2]]}"#,
    r#"{"box": [[-1, 1], [0, null], [-1, 1]]}"#,
    r#"{"box": [[-1, 1], [0, 0], [-1, 1]]}"#,
    r#"{"box": [[-1, 1], [-1, 1], [-1, 1]], "A": [[1, 1, 1]], "b": ["1/3"]}"#,
    "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const X_2 Real)
     (assert (> X_0 -1))(assert (< X_0 1))(assert (>= X_1 -1))(assert (<= X_1 1))
     (assert (> X_2 0))(assert (< X_2 1))(declare-const Y_0 Real)(declare-const Y_1 Real)",
];

#[test]
fn ranges() {
    let (mut chance, mut stops) = (Chance(1), 0);
    for case in 0..15 {
        let network = chance.network(3, &[6, 5], 2);
        let region = region(REGIONS[case % REGIONS.len()], 3);
        let ask = |options: &Options, keeper: &dyn Keeper| {
            let found = range_resumable(&network, &region, &[1, 0], options, Some(keeper)).unwrap();
            let intervals = found.intervals.expect("the region is not empty").into_iter();
            let ends = intervals.flat_map(|interval| [interval.minimum, interval.maximum]);
            let value = |(place, end): (usize, End)| match end {
                End::Finite { extreme, attained: Some(attained) } => {
                    let output = network.evaluate(&extreme.point).output;
                    assert_eq!(extreme.value, output[1 - place / 2]);
                    Some(Some((extreme.value, attained)))
                }
                End::Finite { attained: None, .. } | End::Undecided { .. } => None,
                End::Infinite { .. } => Some(None),
            };
            ends.enumerate().map(value).collect::<Option<Vec<_>>>()
        };
        assert_eq!(in_pieces(&mut chance, &mut stops, ask), in_peace(ask), "case {case}");
    }
    assert!(stops > 20, "only {stops} runs were stopped in the search");
}

#[test]
fn signs_and_zeros() {
    let (mut chance, mut stops) = (Chance(2), 0);
    for case in 0..12 {
        let network = chance.network(3, &[6, 6], 1);
        let region = region(REGIONS[case % REGIONS.len()], 3);
        let positive = |options: &Options, keeper: &dyn Keeper| {
            let found = positive_resumable(&network, &region, 0, options, Some(keeper)).unwrap();
            match found.answer {
                positivity::Answer::Yes(witness) => {
                    assert!(network.evaluate(&witness.input).output[0] > Rational::ZERO);
                    Some(true)
                }
                positivity::Answer::No => Some(false),
                positivity::Answer::Undecided(_) => None,
            }
        };
        assert_eq!(in_pieces(&mut chance, &mut stops, positive), in_peace(positive), "{case}");
        let zero = |options: &Options, keeper: &dyn Keeper| match zero_resumable(
            &network,
            &region,
            &[0],
            options,
            Some(keeper),
        )
        .unwrap()
        .answer
        {
            zero_function::Answer::Yes => Some(true),
            zero_function::Answer::No(_) => Some(false),
            zero_function::Answer::Undecided(_) => None,
        };
        assert_eq!(in_pieces(&mut chance, &mut stops, zero), in_peace(zero), "case {case}");
        let surjective = |options: &Options, keeper: &dyn Keeper| {
            let rises = |sign: i8, direction: Vec<Rational>| {
                let rise = &network.without_biases().evaluate(&direction).output[0];
                assert!(Rational::from(sign) * rise > Rational::ZERO);
            };
            match surjective_resumable(&network, 0, options, Some(keeper)).unwrap().answer {
                surjectivity::Answer::Yes { positive_direction, negative_direction } => {
                    rises(1, positive_direction);
                    rises(-1, negative_direction);
                    Some((true, true))
                }
                surjectivity::Answer::No { positive_direction, negative_direction } => {
                    let there = (positive_direction.is_some(), negative_direction.is_some());
                    positive_direction.into_iter().for_each(|direction| rises(1, direction));
                    negative_direction.into_iter().for_each(|direction| rises(-1, direction));
                    Some(there)
                }
                surjectivity::Answer::Undecided(_) => None,
            }
        };
        assert_eq!(in_pieces(&mut chance, &mut stops, surjective), in_peace(surjective), "{case}");
    }
    assert!(stops > 10, "only {stops} runs were stopped in the search");
}

fn exponents() -> [Exponent; 5] {
    let half = Rational::ONE / Rational::from(2);
    let finite = [half, Rational::from(2), Rational::from(3), Rational::ZERO];
    let [a, b, c, d] = finite.map(Exponent::Finite);
    [a, b, c, Exponent::Infinite, d]
}

/// Lower and upper end of the constant; equal where it is exact.
fn constant(outcome: &lipschitz::Outcome) -> Option<(Rational, Rational)> {
    match &outcome.answer {
        lipschitz::Answer::Lipschitz(Constant::Exact(value) | Constant::Square(value), _)
        | lipschitz::Answer::Jump { value, .. } => Some((value.clone(), value.clone())),
        lipschitz::Answer::Lipschitz(Constant::Between { lower, upper }, _) => {
            Some((lower.clone(), upper.clone()))
        }
        lipschitz::Answer::Infinite => Some((-Rational::ONE, -Rational::ONE)),
        lipschitz::Answer::Empty => panic!("the region is not empty"),
        lipschitz::Answer::Undecided { .. } => None,
    }
}

#[test]
fn lipschitz_constants() {
    let (mut chance, mut stops) = (Chance(3), 0);
    for case in 0..20 {
        let network = chance.network(3, &[6, 5], 1);
        let p = &exponents()[case % 5];
        // p = 0 is for boxes.
        let over = region(REGIONS[case % 3], 3);
        let over = (case % 7 > 0).then_some(&over);
        let ask = |options: &Options, keeper: &dyn Keeper| {
            let found = lipschitz_resumable(&network, &[0], p, over, options, Some(keeper));
            constant(&found.unwrap())
        };
        let ((lower, upper), (low, high)) =
            (in_pieces(&mut chance, &mut stops, ask), in_peace(ask));
        assert!(lower <= high && low <= upper, "case {case}: {lower} {upper}, {low} {high}");
        assert!(*p == Exponent::Finite(Rational::from(3)) || lower == upper);
    }
    assert!(stops > 20, "only {stops} runs were stopped in the search");
}

/// Why `ask` refuses the state that `change` makes of one in which `is_useful` holds.
fn refusals(
    ask: impl Fn(&Options, &dyn Keeper) -> Option<StateError>,
    is_useful: impl Fn(&Value) -> bool,
) -> impl Fn(&dyn Fn(&mut Value)) -> Option<StateError> {
    let state = (0..2000).find_map(|step| {
        let keeper = Memory::default();
        let timeout = Some(Duration::from_micros(100 * step));
        ask(&Options { threads: 1, timeout, ..Options::default() }, &keeper);
        let state = keeper.saved.into_inner().unwrap()?;
        Some(serde_json::from_str(&state).unwrap()).filter(&is_useful)
    });
    let state = state.expect("some run is stopped there");
    move |change| {
        let mut changed = state.clone();
        change(&mut changed);
        let keeper = Memory { resumed: Some(changed), ..Memory::default() };
        let timeout = Some(Duration::from_secs(60));
        ask(&Options { timeout, ..Options::default() }, &keeper)
    }
}

#[test]
fn states_that_do_not_fit_are_refused() {
    let network = Chance(5).network(3, &[14, 14], 2);
    let cube = region(REGIONS[0], 3);
    let ranged = |options: &Options, keeper: &dyn Keeper| {
        range_resumable(&network, &cube, &[0, 1], options, Some(keeper)).err()
    };
    let is_second = |state: &Value| state["finished"][0].is_object() && state["open"].is_object();
    let range = refusals(ranged, is_second);
    assert_eq!(range(&|_| ()), None);
    for change in [
        (|state| state["finished"] = json!(1)) as fn(&mut Value),
        |state| state["finished"] = json!([1, 2, 3, 4, 5]),
        |state| state["finished"][0]["found"] = json!({"value": "x"}),
        |state| state["finished"][0]["statistics"] = json!([1, 2]),
        |state| state["open"]["best"] = json!("1 2"),
        |state| state["open"]["open"]["open_parts"][0][1]["signs"] = json!("+-"),
        |state| state["open"]["counters"] = json!([1, -1]),
        |state| state["open"] = json!({"growth": {"chunk": 0}}),
        |state| state["open"] = json!({"attained": {"chunk": 0}, "best": "7 7 7"}),
    ] {
        assert!(range(&change).is_some());
    }
    let measured = |options: &Options, keeper: &dyn Keeper| {
        let p = Exponent::Infinite;
        match lipschitz_resumable(&network, &[0], &p, Some(&cube), options, Some(keeper)) {
            Err(lipschitz::Refused::State(error)) => Some(error),
            other => other.map(|_| None).unwrap(),
        }
    };
    let lipschitz = refusals(measured, |state| {
        state["best"].is_object() && state["open"]["open_parts"][1].is_array()
    });
    assert_eq!(lipschitz(&|_| ()), None);
    for change in [
        (|state| state["open"]["open_parts"][0][1]["patch"] = json!(9)) as fn(&mut Value),
        |state| state["open"]["open_parts"][0][1]["bound"] = json!("x"),
        |state| state["open"]["open_parts"][0][1]["splits"] = json!([[99, true]]),
        |state| state["open"]["open_parts"][0][1]["lower"] = json!("0 0"),
        |state| state["open"] = json!(null),
        |state| state["best"]["domain"] = json!(3),
        |state| state["best"]["point"] = json!("0 0"),
        |state| state["best"]["point"] = json!("9 9 9"),
        |state| state["counters"] = json!([]),
    ] {
        assert!(lipschitz(&change).is_some());
    }
}
