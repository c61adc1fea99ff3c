//! Maxima that are known by construction: 0 for the touching networks in `data/`, a bias on plateaus.

use std::io::Read;
use std::path::Path;
use std::time::Duration;

use foldline::formats::json_network::network_from_json;
use foldline::formats::region::parse_region;
use foldline::kernel::network::RationalRow;
use foldline::questions::maximum::range::{End, range};
use foldline::questions::maximum::{Answer, maximum};
use foldline::questions::positivity::{self, positive};
use foldline::questions::regions;
use foldline::{Activation, Layer, Network, Options, Polyhedron, Rational, Region};
use serde_json::Value;

/// What running into this limit shows is a failure; no case should need a tenth of it.
const LIMIT: Duration = Duration::from_secs(60);

/// The fault in the answer about one case; nothing where all is well.
fn fault(case: &Value) -> Option<String> {
    let text = |key: &str| case[key].as_str().expect("a text");
    let network = network_from_json(text("name"), &case["network"]).expect("a network");
    let region = parse_region("r.vnnlib", text("property"), network.inputs()).expect("a region");
    let options = Options { threads: 2, timeout: Some(LIMIT), ..Options::default() };
    match maximum(&network, &region, &[vec![(0, Rational::ONE)]], &options).answer {
        Answer::Maximum { maximum, attained: Some(true) } if maximum.value.is_zero() => {
            assert!(network.evaluate(&maximum.point).output[0].is_zero());
            None
        }
        other => Some(format!("{}: {other:?}", text("name"))),
    }
}

#[test]
fn touching_networks_have_the_maximum_zero() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/cases/touching.json.gz");
    let mut text = String::new();
    let file = std::fs::File::open(path).expect("the cases");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzipped text");
    let document: Value = serde_json::from_str(&text).expect("JSON");
    let cases = document["cases"].as_array().expect("a list");
    // Each network stands twice; the second time its property is "above 0", which holds.
    let once: Vec<&Value> = cases.iter().filter(|case| case["verdict"] == "violated").collect();
    assert!(once.len() >= 300, "only {} cases", once.len());
    let faults: Vec<String> = once.into_iter().filter_map(fault).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Three layers of 24 neurons on 3 inputs, then 8 that are off wherever all activations are ≥ 0, then
/// an output with the bias −1/3.
fn plateau() -> Network {
    let mut state = 2026u64;
    let mut weight = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Rational::from(((state >> 33) % 201) as i64 - 100) / Rational::from(64)
    };
    let mut layer = |inputs: usize, width: usize, dead: bool| {
        let mut row = || {
            let weights = (0..inputs).map(|j| (j, weight()));
            let negative = |(j, value): (usize, Rational)| match value > Rational::ZERO {
                true if dead => (j, -value),
                _ => (j, value),
            };
            let weights = weights.map(negative).collect();
            RationalRow { weights, bias: if dead { -Rational::ONE } else { weight() } }
        };
        let rows: Vec<RationalRow> = (0..width).map(|_| row()).collect();
        Layer::new(inputs, &rows, Activation::Relu)
    };
    let mut layers = vec![layer(3, 24, false), layer(24, 24, false), layer(24, 24, false)];
    layers.push(layer(24, 8, true));
    let weights = (0..8).map(|j| (j, Rational::ONE)).collect();
    let bias = -Rational::ONE / Rational::from(3);
    layers.push(Layer::new(8, &[RationalRow { weights, bias }], Activation::Linear));
    Network::new(3, layers).expect("layers that fit")
}

/// [−1, 1]³.
fn cube() -> Region {
    let side = |j: usize, sign: i8| {
        foldline::LinearConstraint::new(vec![(j, Rational::from(sign))], Rational::ONE, false)
    };
    let constraints = (0..3).flat_map(|j| [side(j, 1), side(j, -1)]).collect();
    Region { dimension: 3, pieces: vec![Polyhedron { dimension: 3, constraints }] }
}

/// 1/7 + Σ [a_i]₊ − [b]₊ over one layer of 40 neurons: the six a_i change their signs on the cube; b is
/// below 0 on it, which only splits show. The minimum is 1/7, wherever no a_i is positive.
fn plateau_below() -> Network {
    let mut state = 7u64;
    let mut weight = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Rational::from(((state >> 33) % 201) as i64 - 100) / Rational::from(64)
    };
    let mut rows = |count: usize, inputs: usize, bias: i64| -> Vec<RationalRow> {
        let mut row = || {
            let weights = (0..inputs).map(|j| (j, weight())).collect();
            RationalRow { weights, bias: Rational::from(bias) }
        };
        (0..count).map(|_| row()).collect()
    };
    let first = rows(40, 3, 1);
    let mut second = rows(6, 40, -8);
    second.extend(rows(1, 40, -2));
    let sign = |j: usize| Rational::from(if j < 6 { 1 } else { -1 });
    let weights = (0..7).map(|j| (j, sign(j))).collect();
    let output = RationalRow { weights, bias: Rational::ONE / Rational::from(7) };
    let layers = vec![
        Layer::new(3, &first, Activation::Relu),
        Layer::new(40, &second, Activation::Relu),
        Layer::new(7, &[output], Activation::Linear),
    ];
    Network::new(3, layers).expect("layers that fit")
}

#[test]
fn a_plateau_of_minima_is_not_enumerated() {
    let network = plateau_below();
    let options = Options { threads: 1, ..Options::default() };
    let found = range(&network, &cube(), &[0], &options);
    let interval = found.intervals.expect("the cube is not empty").remove(0);
    let End::Finite { extreme, attained: Some(true) } = interval.minimum else {
        panic!("{:?}", interval.minimum);
    };
    assert_eq!(extreme.value, Rational::ONE / Rational::from(7));
    let limits = regions::Options::default();
    let cells = regions::count_cells(&network, None, Some(&cube()), &limits, None);
    let Ok(regions::Outcome::Counted(cells)) = cells else { panic!("there is no limit") };
    assert!(cells > 2000 && 10 * found.statistics.nodes < cells, "{:?}", found.statistics);
}

#[test]
fn a_plateau_is_not_enumerated() {
    let network = plateau();
    let cube = cube();
    let found = maximum(&network, &cube, &[vec![(0, Rational::ONE)]], &Options::default());
    let Answer::Maximum { maximum, attained: Some(true) } = found.answer else {
        panic!("{:?}", found.answer);
    };
    assert_eq!(maximum.value, -Rational::ONE / Rational::from(3));
    assert!(found.statistics.nodes < 100, "{:?}", found.statistics);
    let found = positive(&network, &cube, 0, &Options::default());
    assert_eq!(found.answer, positivity::Answer::No);
    assert!(found.statistics.nodes < 100, "{:?}", found.statistics);
}
