//! Certificates of norm maxima: what is written is accepted, what is bent is rejected for its reason.

#[path = "support/judged.rs"]
mod judged;
#[path = "../../foldline-geometry/tests/zonotopes/random.rs"]
mod random;

use std::time::Duration;

use foldcheck::Content;
use foldline::Storage;
use foldline::formats::zonotope_to_json;
use foldline::norm_certificate::{claim, write_body};
use foldline::questions::checkpoint::Memory;
use foldline::questions::norm_maximum::proof::Record;
use foldline::questions::norm_maximum::{
    Maximum, Norm, Options, Verdict, maximize_norm_with_proof,
};
use foldline::{Rational, Zonotope, parse_rational};
use judged::{accepts, rejects};
use random::Random;

/// A zonotope, and perhaps the matrix of a norm, as files.
struct Case {
    zonotope: Zonotope,
    norm: Norm,
    files: Vec<Content>,
}

impl Case {
    fn new(zonotope: Zonotope, norm: Norm) -> Self {
        let json = zonotope_to_json(&zonotope).to_string();
        let mut files = vec![Content::new("z.json", json.into_bytes())];
        if let Norm::Polytope(rows) = &norm {
            let row = |row: &Vec<Rational>| {
                row.iter().map(|v| format!("\"{v}\"")).collect::<Vec<_>>().join(",")
            };
            let rows: Vec<String> = rows.iter().map(row).collect();
            let json = format!("[[{}]]", rows.join("],["));
            files.push(Content::new("m.json", json.into_bytes()));
        }
        Self { zonotope, norm, files }
    }

    fn certificate(&self, claim: &str, body: &str) -> String {
        let mut text = format!("foldline-certificate 1\nstatement norm {claim}\n");
        for (role, file) in ["zonotope", "matrix"].iter().zip(&self.files) {
            text += &format!("{role} f {}\n", file.hash);
        }
        text + body
    }

    fn accepts(&self, claim: &str, body: &str) {
        let statement = format!("norm {claim}");
        accepts(&self.certificate(claim, body), &self.files, &statement);
    }

    fn rejects(&self, claim: &str, body: &str, reason: &str) {
        rejects(&self.certificate(claim, body), &self.files, reason);
    }

    /// The claim, the body that is written, and what they were made of.
    fn written(&self, options: &Options) -> (String, String, Maximum, Record) {
        let storage = Storage::in_memory();
        let found = maximize_norm_with_proof(&self.zonotope, &self.norm, options, storage, None);
        let (outcome, mut record) = found.unwrap().unwrap();
        let Verdict::Found(maximum) = outcome.verdict else { panic!("no limit was set") };
        (claim(&self.norm, &maximum.value), body(&maximum, &mut record), maximum, record)
    }
}

fn body(maximum: &Maximum, record: &mut Record) -> String {
    let mut text = Vec::new();
    write_body(maximum, record, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

fn number(token: &str) -> Rational {
    parse_rational(token).unwrap()
}

fn zonotope(center: &[i32], generators: &[&[i32]]) -> Zonotope {
    let numbers = |values: &[i32]| values.iter().map(|&v| Rational::from(v)).collect();
    Zonotope {
        center: numbers(center),
        generators: generators.iter().map(|row| numbers(row)).collect(),
    }
}

fn norms(dimension: usize, random: &mut Random) -> Vec<Norm> {
    let mut norms: Vec<Norm> =
        ["1", "2", "3", "3/2", "11/10"].map(|p| Norm::Power(number(p))).to_vec();
    norms.push(Norm::Infinity);
    let mut row = || random.zonotope_of(dimension, 1, 4).generators.remove(0);
    norms.push(Norm::Polytope((0..3).map(|_| row()).collect()));
    norms
}

#[test]
fn written_certificates_are_accepted_and_bent_ones_rejected() {
    let mut random = Random(5);
    let mut counts = [0; 3];
    for case in 0..40 {
        let count = random.below(9);
        let dimension = 1 + random.below(4);
        let mut zonotope = if case % 2 == 0 {
            random.zonotope(true)
        } else {
            random.zonotope_of(dimension, count, 5)
        };
        if case % 5 == 0 {
            zonotope.center.fill(Rational::ZERO);
        }
        for norm in norms(zonotope.dimension(), &mut random) {
            let instance = Case::new(zonotope.clone(), norm);
            for (few_generators, few_signs) in [(20, 9), (0, 9), (0, 0)] {
                let options = Options { few_generators, few_signs, ..Options::default() };
                let (claim, body_text, maximum, mut record) = instance.written(&options);
                instance.accepts(&claim, &body_text);
                counts[match record {
                    Record::Directions => 0,
                    Record::Signs => 1,
                    Record::Cones(_) => 2,
                }] += 1;
                // The norm of another point, and less than the norm of this one.
                let mut other = maximum.clone();
                other.signs.push(1);
                instance.rejects(&claim, &body(&other, &mut record), "");
                let smaller = smaller(&claim);
                if smaller != claim {
                    instance.rejects(&smaller, &body_text, "");
                }
            }
        }
    }
    assert!(counts.iter().all(|&count| count > 50), "{counts:?}");
}

/// The same claim with the upper bound a thousandth lower.
fn smaller(claim: &str) -> String {
    let (rest, value) = claim.rsplit_once(' ').unwrap();
    format!("{rest} {}", number(value) * number("999/1000"))
}

const SQUARE: &[&[i32]] = &[&[2, 0], &[0, 1]];

#[test]
fn forged_claims_and_vertices_are_rejected() {
    let case = |p: &str| {
        let norm = if p == "inf" { Norm::Infinity } else { Norm::Power(number(p)) };
        Case::new(zonotope(&[1, 0], SQUARE), norm)
    };
    // The vertices are (3, ±1) and (−1, ±1).
    case("1").accepts("1 value 4", "vertex + -\ndirections\nend\n");
    case("1").accepts("1 value 4", "vertex + -\nsigns\nend\n");
    case("2").accepts("2 square 10", "vertex + +\nsigns\nend\n");
    case("inf").accepts("inf value 3", "vertex + +\ndirections\nend\n");
    case("1").rejects("1 value 4", "vertex - -\nsigns\nend\n", "norm of the vertex is another");
    case("1").rejects("1 value 5", "vertex + -\nsigns\nend\n", "norm of the vertex is another");
    case("1").rejects("1 value 2", "vertex - -\nsigns\nend\n", "sum with signs has a larger");
    case("1").rejects("1 value 2", "vertex - -\ndirections\nend\n", "larger in some direction");
    case("inf").rejects("inf value 1", "vertex - -\ndirections\nend\n", "larger in some direction");
    case("inf").rejects("inf value 3", "vertex + +\nsigns\nend\n", "no proof of such a claim");
    case("2").rejects("2 square 10", "vertex + +\ndirections\nend\n", "no proof of such a claim");
    case("2").rejects("2 square 2", "vertex - +\nsigns\nend\n", "sum with signs has a larger");
    case("2").rejects("2 value 10", "vertex + +\nsigns\nend\n", "no such claim");
    case("1").rejects("1 square 4", "vertex + +\nsigns\nend\n", "no such claim");
    case("1").rejects("1 value -4", "vertex + +\nsigns\nend\n", "not negative");
    case("1").rejects("1 value 4", "vertex +\nsigns\nend\n", "missing");
    case("1").rejects("1 value 4", "vertex + - +\nsigns\nend\n", "superfluous");
    case("1").rejects("1 value 4", "vertex + 1\nsigns\nend\n", "expected `+` or `-`");
    case("1").rejects("1 value 4", "vertex + -\nsigns\n", "ends too early");
    case("1").rejects("1 value 4", "vertex + -\nsigns\nend\nend\n", "nothing may come after");
    case("3").accepts("3 between 3 4", "vertex + +\nsigns\nend\n");
    case("3").rejects("3 between 31/10 4", "vertex + +\nsigns\nend\n", "norm of the vertex");
    case("3").rejects("3 between 3 30/10", "vertex + +\nsigns\nend\n", "lowest terms");
    case("3").rejects("3 between 3 3", "vertex + +\nsigns\nend\n", "sum with signs has a larger");
    case("1/2").rejects("1/2 between 3 9", "vertex + +\nsigns\nend\n", "below 1");
    case("2").rejects("2 between 3 9", "vertex + +\nsigns\nend\n", "no such claim");
    case("101").rejects("101 between 3 9", "vertex + +\nsigns\nend\n", "numerator of p");
}

#[test]
fn forged_cones_are_rejected() {
    let case = |p: &str| Case::new(zonotope(&[1, 0], SQUARE), Norm::Power(number(p)));
    // h(e_0) = 3, h(±e_1) = 1: the vertices (3, ±1) are above on the orthants.
    let vertex = "vertex + +\ncones\n";
    let proof = format!("{vertex}above 3 1\nabove 3 -1\nend\n");
    case("2").accepts("2 square 10", &proof);
    case("1").accepts("1 value 4", &proof);
    case("2").accepts("2 square 10", &format!("{vertex}signs\nsplit 0 1\nsigns\nsigns\nend\n"));
    // The halves of the second orthant: first with e_0 replaced by (1, −1), then −e_1.
    case("2")
        .accepts("2 square 10", &format!("{vertex}signs\nsplit 0 1\nabove 3 -1\nsigns\nend\n"));
    let bent = |from: &str, to: &str| proof.replacen(from, to, 1);
    case("2").rejects("2 square 10", &bent("above 3 1", "above 3 0"), "not above the support");
    case("2").rejects("2 square 10", &bent("above 3 1", "above 4 1"), "vector has a larger norm");
    case("2").rejects("2 square 10", &bent("above 3 -1", "above 3 1"), "not above the support");
    case("2").rejects("2 square 10", &bent("above 3 -1\n", ""), "found `end`");
    case("2").rejects("2 square 10", &bent("end", "signs\nend"), "expected `end`");
    case("2").rejects("2 square 10", &bent("above 3 1", "split 0 0"), "an edge has two rays");
    case("2").rejects("2 square 10", &bent("above 3 1", "split 0 2"), "no ray 2");
    case("2").rejects("2 square 10", &bent("above 3 1", "above 3"), "missing");
    case("2").rejects("2 square 10", &bent("above 3 1", "over 3 1"), "expected `split`");
    let shorter = proof.replace("vertex + +", "vertex - +");
    case("2").rejects("2 square 2", &shorter, "vector has a larger norm");
    let signs = "vertex - +\ncones\nsigns\nsigns\nend\n";
    case("2").rejects("2 square 2", signs, "sum with these signs has a larger norm");
    // p = 3: (3³ + 1)^(1/3) = 3.03658…
    case("3").accepts("3 between 6073/2000 15183/5000", &proof);
    case("3").rejects("3 between 6073/2000 6073/2000", &proof, "vector has a larger norm");
}

#[test]
fn searches_that_were_stopped_leave_the_same_kind_of_certificate() {
    let mut random = Random(11);
    let mut stopped = 0;
    for case in 0..6 {
        let zonotope = random.zonotope_of(4, 30, 5);
        let norm = Norm::Power(number(["2", "3", "3/2"][case % 3]));
        let instance = Case::new(zonotope, norm);
        let folder = tempfile::tempdir().unwrap();
        let storage = Storage::Files(folder.path().join("log"));
        let mut memory = Memory::default();
        for run in 1.. {
            let timeout = Some(Duration::from_micros(300 * run));
            let threads = 1 + run as usize % 2;
            let (few_generators, few_signs) = (0, 4);
            let options =
                Options { few_generators, few_signs, timeout, threads, ..Options::default() };
            let (zonotope, storage) = (&instance.zonotope, storage.clone());
            let keeper = Some(&memory as _);
            let found =
                maximize_norm_with_proof(zonotope, &instance.norm, &options, storage, keeper);
            let (outcome, mut record) = found.unwrap().unwrap();
            if let Verdict::Found(maximum) = outcome.verdict {
                assert!(matches!(record, Record::Cones(_)), "{record:?}");
                let claim = claim(&instance.norm, &maximum.value);
                instance.accepts(&claim, &body(&maximum, &mut record));
                break;
            }
            stopped += 1;
            memory = memory.next();
        }
    }
    assert!(stopped > 6, "{stopped} runs were stopped");
}

#[test]
fn merged_and_zero_generators_are_as_good() {
    // Without merging, 2^60 sums would have to be looked at.
    let mut generators: Vec<&[i32]> = vec![&[0, 0], &[-1, -2], &[3, 1]];
    generators.extend(std::iter::repeat_n(&[1i32, 2] as &[i32], 60));
    let case = Case::new(zonotope(&[0, 0], &generators), Norm::Power(number("2")));
    let (claim, body, _, record) = case.written(&Options::default());
    assert_eq!(claim, "2 square 19225");
    assert!(matches!(record, Record::Signs), "{record:?}");
    case.accepts(&claim, &body);
}

#[test]
fn ties_have_exact_vectors() {
    // A regular figure: many vertices of the same norm, whose cones floats cannot close.
    let generators: &[&[i32]] = &[&[3, 4], &[4, 3], &[5, 0], &[0, 5], &[-3, 4], &[-4, 3]];
    let case = Case::new(zonotope(&[0, 0], generators), Norm::Power(number("2")));
    let options = Options { few_generators: 0, few_signs: 0, ..Options::default() };
    let (claim, body, ..) = case.written(&options);
    assert!(body.contains("\nabove "), "{body}");
    case.accepts(&claim, &body);
}

#[test]
fn polytope_norms_are_about_their_matrix() {
    let rows = vec![vec![number("1"), number("1")], vec![number("1"), number("-1/2")]];
    let case = Case::new(zonotope(&[1, 0], SQUARE), Norm::Polytope(rows));
    case.accepts("matrix value 4", "vertex + +\ndirections\nend\n");
    case.rejects("matrix value 2", "vertex - +\ndirections\nend\n", "norm of the vertex");
    case.rejects("matrix value 7/2", "vertex + -\ndirections\nend\n", "larger in some direction");
    let mut other = Case::new(zonotope(&[1, 0], SQUARE), Norm::Polytope(vec![vec![number("1")]]));
    other.rejects("matrix value 4", "vertex + +\ndirections\nend\n", "does not fit");
    other.files.truncate(1);
    let certificate = other.certificate("matrix value 4", "vertex + +\ndirections\nend\n");
    rejects(&certificate, &other.files, "expected `matrix`");
}
