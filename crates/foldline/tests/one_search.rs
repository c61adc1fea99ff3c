//! The search for a maximum proves it: on degenerate regions, on all threads, and when it is stopped and goes on.

#[path = "support/random.rs"]
mod random;

use std::path::{Path, PathBuf};
use std::time::Duration;

use foldcheck::Content;
use foldline::formats::network::network_to_json;
use foldline::formats::region::parse_region;
use foldline::kernel::network::RationalRow;
use foldline::question_certificates::{SubjectFiles, maximum_certified};
use foldline::questions::checkpoint::{Keeper, Memory};
use foldline::questions::maximum::range::{End, range};
use foldline::questions::maximum::{Answer, maximum, maximum_with_proof};
use foldline::range_certificate::range_certified;
use foldline::{Activation, Layer, Network, Options, Rational, Region, Storage};
use random::Random;

const NAMES: &str = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const X_2 Real)
    (declare-const Y_0 Real)(declare-const Y_1 Real)";

/// Regions of three inputs, and whether one search can give maximum and proof: boxes, flat ones, a point,
/// open ones, several pieces that touch, overlap, are empty or come twice, none, unbounded ones.
const REGIONS: [(&str, bool); 13] = [
    (r#"{"box": [[-1, 1], [-1, 1], [-2, 2]]}"#, true),
    (r#"{"box": [["-1/3", "1/7"], [-5, 5], [0, 3]], "A": [[1, 1, 1], [1, -2, 0]], "b": ["1/3", 1]}"#, true),
    (r#"{"box": [[-1, 1], [0, 0], [-1, 1]]}"#, true),
    (r#"{"box": [[-1, 1], [-1, 1], [-1, 1]], "A": [[1, 1, 1], [-1, -1, -1]], "b": ["1/3", "-1/3"]}"#, true),
    (r#"{"box": [["1/3", "1/3"], [0, 0], [-2, -2]]}"#, true),
    ("(assert (> X_0 -1))(assert (< X_0 1))(assert (>= X_1 -1))(assert (<= X_1 1))
      (assert (> X_2 0))(assert (< X_2 1))", true),
    ("(assert (>= X_0 -1))(assert (>= X_1 -1))(assert (> X_2 -1))(assert (< (+ X_0 X_1 X_2) 2))", true),
    ("(assert (or (and (>= X_0 -1) (<= X_0 0)) (and (>= X_0 0) (<= X_0 1)) (and (< X_0 1) (> X_0 1))))
      (assert (>= X_1 -1))(assert (<= X_1 1))(assert (>= X_2 -1))(assert (< X_2 1))", true),
    ("(assert (or (and (>= X_0 -1) (<= X_0 1) (>= X_1 -1) (<= X_1 1))
                  (and (> X_0 0) (<= X_0 2) (= X_1 2)) (and (= X_0 3) (= X_1 3))))
      (assert (>= X_2 -1))(assert (<= X_2 1))", true),
    ("(assert (or (< (+ X_0 X_1) -5) (> (+ X_0 X_1) 1)))(assert (>= X_0 0))(assert (<= X_0 2))
      (assert (>= X_1 0))(assert (<= X_1 1))(assert (= X_2 X_1))", true),
    ("(assert (> X_0 X_1))(assert (> X_1 X_2))(assert (> X_2 X_0))(assert (>= X_0 0))(assert (<= X_0 2))", true),
    (r#"{"box": [[-1, 1], [0, null], [-1, 1]]}"#, false),
    ("(assert (or (>= X_0 (+ X_1 1)) (<= X_0 0)))(assert (<= X_1 1))(assert (>= X_2 -1))(assert (< X_2 1))", false),
];

/// A layer of small integers, with rows that are zero, a multiple of the first one, or off everywhere.
fn layer(random: &mut Random, inputs: usize, width: usize, activation: Activation) -> Layer {
    let row = |random: &mut Random| {
        let mut number = || Rational::from(random.below(7) as i64 - 3);
        RationalRow { weights: (0..inputs).map(|j| (j, number())).collect(), bias: number() }
    };
    let mut rows: Vec<RationalRow> = (0..width).map(|_| row(random)).collect();
    for index in 1..width {
        let factor = Rational::from([0, 1, -1, -2][random.below(4) as usize]);
        if random.below(4) == 0 {
            let times = |value: &Rational| value * &factor;
            let first = &rows[0];
            let weights = first.weights.iter().map(|(j, value)| (*j, times(value))).collect();
            rows[index] = RationalRow { weights, bias: times(&first.bias) };
        } else if random.below(8) == 0 {
            rows[index].bias = Rational::from(-50);
        }
    }
    Layer::new(inputs, &rows, activation)
}

fn network(random: &mut Random, widths: &[usize]) -> Network {
    let (mut layers, mut inputs) = (Vec::new(), 3);
    for &width in widths {
        layers.push(layer(random, inputs, width, Activation::Relu));
        inputs = width;
    }
    // Sometimes the outputs are activations: their minima are plateaus.
    let last = if random.below(3) == 0 { Activation::Relu } else { Activation::Linear };
    layers.push(layer(random, inputs, 2, last));
    Network::new(3, layers).expect("layers that fit")
}

/// A question with its files in a folder.
struct Case {
    folder: tempfile::TempDir,
    network: Network,
    region: Region,
    paths: [PathBuf; 2],
}

impl Case {
    fn new(network: Network, region: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (name, text) = match region.starts_with('{') {
            true => ("r.json", region.to_owned()),
            false => ("r.vnnlib", format!("{NAMES}{region}")),
        };
        let paths = ["n.json", name].map(|name| folder.path().join(name));
        std::fs::write(&paths[0], network_to_json(&network).to_string()).expect("a file");
        std::fs::write(&paths[1], &text).expect("a file");
        let region = parse_region(name, &text, 3).expect("a region");
        Self { folder, network, region, paths }
    }

    fn files(&self) -> SubjectFiles<'_> {
        SubjectFiles { network: &self.paths[0], region: Some(&self.paths[1]) }
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("certificate")
    }

    /// The certificate, which must be accepted; nothing else is left beside it.
    fn accepted(&self, name: &str) -> Vec<u8> {
        let certificate = std::fs::read(self.target()).expect("a certificate");
        let files = self
            .paths
            .each_ref()
            .map(|path: &PathBuf| Content::read(path as &Path).expect("a file"));
        foldcheck::check(&certificate[..], &files)
            .unwrap_or_else(|failure| panic!("{name}: {failure}"));
        let left = std::fs::read_dir(self.folder.path()).expect("a folder").count();
        assert_eq!(left, 3, "{name}: files are left");
        std::fs::remove_file(self.target()).expect("it is there");
        certificate
    }
}

fn options(threads: usize) -> Options {
    Options { threads, ..Options::default() }
}

/// The value and whether it is attained; none for answers without a value.
fn value(answer: &Answer) -> Option<(Rational, Option<bool>)> {
    match answer {
        Answer::Maximum { maximum, attained } => Some((maximum.value.clone(), *attained)),
        Answer::Unbounded { .. } | Answer::Empty => None,
        Answer::Undecided { .. } => panic!("there is no limit"),
    }
}

#[test]
fn maxima_prove_themselves() {
    let mut random = Random(2026);
    let (mut proved, mut further) = (0, 0);
    for round in 0..12 {
        for (place, (region, one_search)) in REGIONS.iter().enumerate() {
            let widths = [&[6, 5][..], &[8], &[4, 4, 3]][round % 3];
            let case = Case::new(network(&mut random, widths), region);
            let sign = Rational::from(if random.below(2) == 0 { 1 } else { -1 });
            let objective = vec![(0, sign)];
            let asked = (&case.network, &case.region);
            let found = maximum(asked.0, asked.1, &[vec![(0, Rational::ONE)]], &options(1)).answer;
            let mut first = None;
            for threads in [1, 1, 2, 8] {
                let name = format!("{round} {place} {threads}");
                let certified = maximum_certified(
                    asked,
                    0,
                    case.files(),
                    &options(threads),
                    &case.target(),
                    None,
                );
                let answer = certified.unwrap_or_else(|error| panic!("{name}: {error}")).answer;
                assert_eq!(value(&answer), value(&found), "{name}");
                let certificate = case.accepted(&name);
                if threads == 1 {
                    let same = first.get_or_insert_with(|| certificate.clone());
                    assert!(*same == certificate, "{name}: one thread, another certificate");
                }
            }
            let storage = Storage::in_memory();
            let (outcome, records) =
                maximum_with_proof(asked.0, asked.1, &objective, &options(2), storage, None)
                    .expect("a proof");
            if let Answer::Maximum { .. } = outcome.answer {
                assert_eq!(records.is_some(), *one_search, "{round} {place}");
                proved += u32::from(records.is_some());
                further += u32::from(records.is_none());
            }
        }
    }
    println!("{proved} of one search, {further} of two");
    assert!(proved > 80 && further > 5, "{proved} {further}");
}

/// The finite ends of all ranges.
fn ends(
    intervals: Option<Vec<foldline::questions::maximum::range::Interval>>,
) -> Vec<Option<Rational>> {
    let ends = intervals.unwrap_or_default().into_iter();
    ends.flat_map(|interval| [interval.minimum, interval.maximum])
        .map(|end| match end {
            End::Finite { extreme, .. } => Some(extreme.value),
            End::Infinite { .. } => None,
            End::Undecided { .. } => panic!("there is no limit"),
        })
        .collect()
}

#[test]
fn ranges_prove_themselves() {
    let mut random = Random(7);
    for round in 0..4 {
        for (place, (region, _)) in REGIONS.iter().enumerate() {
            let case = Case::new(network(&mut random, &[5, 4]), region);
            let found = ends(range(&case.network, &case.region, &[0, 1], &options(1)).intervals);
            for threads in [1, 2, 8] {
                let name = format!("{round} {place} {threads}");
                let certified = range_certified(
                    &case.network,
                    &case.region,
                    case.files(),
                    &options(threads),
                    &case.target(),
                    None,
                );
                let certified = certified.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(ends(certified.intervals), found, "{name}");
                case.accepted(&name);
            }
        }
    }
}

/// Asks until there is an answer: runs that are stopped later and later, each going on from the last one.
fn in_pieces<T>(
    random: &mut Random,
    stops: &mut u32,
    ask: impl Fn(&Options, &dyn Keeper) -> Option<T>,
) -> T {
    let mut keeper = Memory::default();
    for run in 0.. {
        let timeout = Some(Duration::from_micros(random.below(200 * (run + 1))));
        let threads = [1, 2, 8][random.below(3) as usize];
        let options = Options { threads, timeout, ..Options::default() };
        if let Some(found) = ask(&options, &keeper) {
            return found;
        }
        *stops += u32::from(keeper.saved.lock().expect("no save panicked").is_some());
        keeper = keeper.next();
    }
    unreachable!("the limit grows")
}

#[test]
fn a_stopped_search_goes_on_with_its_records() {
    let (mut random, mut stops) = (Random(3), 0);
    for round in 0..3 {
        for (place, (region, _)) in REGIONS.iter().enumerate() {
            let case = Case::new(network(&mut random, &[8, 8]), region);
            let asked = (&case.network, &case.region);
            let name = format!("{round} {place}");
            let found = maximum(asked.0, asked.1, &[vec![(0, Rational::ONE)]], &options(1)).answer;
            let answer = in_pieces(&mut random, &mut stops, |options, keeper| {
                let certified = maximum_certified(
                    asked,
                    0,
                    case.files(),
                    options,
                    &case.target(),
                    Some(keeper),
                );
                let answer = certified.unwrap_or_else(|error| panic!("{name}: {error}")).answer;
                let is_open = matches!(
                    answer,
                    Answer::Undecided { .. } | Answer::Maximum { attained: None, .. }
                );
                (!is_open).then_some(answer)
            });
            assert_eq!(value(&answer), value(&found), "{name}");
            case.accepted(&name);
        }
    }
    assert!(stops > 20, "only {stops} runs were stopped");
}

#[test]
fn a_stopped_range_goes_on_with_its_records() {
    let (mut random, mut stops) = (Random(5), 0);
    for (place, (region, _)) in REGIONS.iter().enumerate() {
        let case = Case::new(network(&mut random, &[6, 6]), region);
        let name = format!("{place}");
        let found = ends(range(&case.network, &case.region, &[0, 1], &options(1)).intervals);
        let intervals = in_pieces(&mut random, &mut stops, |options, keeper| {
            let certified = range_certified(
                &case.network,
                &case.region,
                case.files(),
                options,
                &case.target(),
                Some(keeper),
            );
            let intervals = certified.unwrap_or_else(|error| panic!("{name}: {error}")).intervals;
            // Without a proof that the region is empty there are no intervals.
            let none_yet = intervals.as_ref().is_some_and(Vec::is_empty);
            let is_open = intervals.iter().flatten().any(|interval| {
                let is_open = |end: &End| {
                    matches!(end, End::Undecided { .. } | End::Finite { attained: None, .. })
                };
                is_open(&interval.minimum) || is_open(&interval.maximum)
            });
            (!is_open && !none_yet).then_some(intervals)
        });
        assert_eq!(ends(intervals), found, "{name}");
        case.accepted(&name);
    }
    assert!(stops > 20, "only {stops} runs were stopped");
}
