//! Certificates of zonotope containment: what is written is accepted, what is bent is rejected for its reason.

#[path = "support/judged.rs"]
mod judged;
#[path = "../../foldline-geometry/tests/zonotopes/random.rs"]
mod random;

use foldcheck::{Content, Failure, check};
use foldline::containment_certificate::{Scheme, body};
use foldline::formats::zonotope_to_json;
use foldline::questions::containment::{Options, Verdict, contains};
use foldline::{Rational, Zonotope};
use judged::{accepts, rejects};
use random::Random;

/// Two zonotopes, the outer one first, as files.
struct Pair {
    zonotopes: [Zonotope; 2],
    files: [Content; 2],
}

impl Pair {
    fn new(outer: Zonotope, inner: Zonotope) -> Self {
        let file = |name, zonotope: &Zonotope| {
            Content::new(name, zonotope_to_json(zonotope).to_string().into_bytes())
        };
        let files = [file("outer.json", &outer), file("inner.json", &inner)];
        Self { zonotopes: [outer, inner], files }
    }

    fn of(outer: &[&[i32]], inner: &[&[i32]], shift: &[i32]) -> Self {
        let numbers = |values: &&[i32]| values.iter().map(|&v| Rational::from(v)).collect();
        let zonotope = |center: &[i32], rows: &[&[i32]]| Zonotope {
            center: numbers(&center),
            generators: rows.iter().map(numbers).collect(),
        };
        Self::new(zonotope(&vec![0; shift.len()], outer), zonotope(shift, inner))
    }

    fn certificate(&self, claim: &str, body: &str) -> String {
        let [outer, inner] = &self.files;
        format!(
            "foldline-certificate 1\nstatement containment {claim}\nouter o {}\ninner i {}\n{body}",
            outer.hash, inner.hash
        )
    }

    fn verdict(&self) -> Verdict {
        let [outer, inner] = &self.zonotopes;
        contains(outer, inner, &Options::default()).verdict
    }

    /// The body of the certificate that is written.
    fn written(&self, scheme: Scheme) -> (&'static str, String) {
        let [outer, inner] = &self.zonotopes;
        let verdict = self.verdict();
        let claim = if verdict == Verdict::Contained { "yes" } else { "no" };
        (claim, body(outer, inner, &verdict, scheme, 2, &|| false).expect("decided"))
    }

    fn accepts(&self, claim: &str, body: &str) {
        let statement = format!("containment {claim}");
        accepts(&self.certificate(claim, body), &self.files, &statement);
    }

    fn rejects(&self, claim: &str, body: &str, reason: &str) {
        rejects(&self.certificate(claim, body), &self.files, reason);
    }
}

const SQUARE: &[&[i32]] = &[&[1, 0], &[0, 1]];
const DIAMOND: &[&[i32]] = &[&[1, 1], &[1, -1]];

#[test]
fn written_certificates_are_accepted_and_their_opposites_rejected() {
    let mut random = Random(11);
    let mut counts = [0, 0];
    for case in 0..120 {
        let outer = random.zonotope(case % 2 == 1);
        let count = random.below(4);
        let mut inner = random.zonotope_of(outer.dimension(), count, 3);
        if case % 4 > 1 {
            inner.center = outer.center.clone();
            inner.generators = outer.generators.iter().skip(1).step_by(2).cloned().collect();
        }
        let pair = Pair::new(outer, inner);
        let (claim, body) = pair.written(Scheme::Normals);
        pair.accepts(claim, &body);
        if claim == "yes" {
            let (_, tree) = pair.written(Scheme::Gauges);
            pair.accepts("yes", &tree);
            counts[0] += 1;
        } else {
            // The yes that a search with a bug would write.
            let [outer, inner] = &pair.zonotopes;
            let forged = foldline::containment_certificate::body(
                outer,
                inner,
                &Verdict::Contained,
                Scheme::Normals,
                1,
                &|| false,
            );
            pair.rejects("yes", &forged.unwrap(), "");
            let tree = foldline::containment_certificate::body(
                outer,
                inner,
                &Verdict::Contained,
                Scheme::Gauges,
                1,
                &|| false,
            );
            assert_eq!(tree, None, "there is no tree of gauges for what is not contained");
            counts[1] += 1;
        }
    }
    assert!(counts[0] > 30 && counts[1] > 30, "{counts:?}");
}

#[test]
fn forged_separations_are_rejected() {
    let pair = Pair::of(SQUARE, DIAMOND, &[0, 0]);
    pair.accepts("no", "point 1 1\nnormal 1 0\nend\n");
    pair.rejects("no", "point 2 0\nnormal 1 0\nend\n", "not in [-1, 1]");
    pair.rejects("no", "point 1/2 1/2\nnormal 1 0\nend\n", "does not separate");
    pair.rejects("no", "point 1 1\nnormal -1 0\nend\n", "does not separate");
    pair.rejects("no", "point 1 1\nnormal 0 0\nend\n", "does not separate");
    pair.rejects("no", "point 1 1 0\nnormal 1 0\nend\n", "superfluous");
    pair.rejects("no", "point 1\nnormal 1 0\nend\n", "missing");
    pair.rejects("no", "point 1 1\nnormal 1 0\nend\nend\n", "nothing may come after");
    pair.rejects("maybe", "point 1 1\nnormal 1 0\nend\n", "expected `yes` or `no`");
    let touching = Pair::of(DIAMOND, SQUARE, &[0, 0]);
    touching.rejects("no", "point 1 1\nnormal 1 1\nend\n", "does not separate");
}

#[test]
fn forged_normals_are_rejected() {
    let pair = Pair::of(DIAMOND, SQUARE, &[0, 0]);
    pair.accepts("yes", "normals 0 1\nend\n");
    Pair::of(SQUARE, DIAMOND, &[0, 0]).rejects("yes", "normals 0 1\nend\n", "larger at the normal");
    Pair::of(DIAMOND, SQUARE, &[0, 1]).rejects("yes", "normals 0 1\nend\n", "larger at the normal");
    pair.rejects("yes", "normals 1 0\nend\n", "not increasing");
    pair.rejects("yes", "normals 0 2\nend\n", "no coordinate 2");
    // One coordinate too few, one too many.
    pair.rejects("yes", "normals 0\nequation 1\nend\n", "equation of coordinate 1 is violated");
    let flat = Pair::of(&[&[2, 2], &[0, 0]], &[&[1, 1]], &[0, 0]);
    flat.accepts("yes", "normals 0\nequation 1\nend\n");
    flat.accepts("yes", "normals 1\nequation 1\nend\n");
    flat.rejects("yes", "normals 0 1\nend\n", "do not span");
    flat.rejects("yes", "normals 0\nequation 2\nend\n", "equation of coordinate 1 is violated");
    flat.rejects("yes", "normals 0\nend\n", "expected `equation`");
    // The inner one, or only its center, leaves the plane.
    let leaving = Pair::of(&[&[2, 2]], &[&[1, 0]], &[0, 0]);
    leaving.rejects("yes", "normals 0\nequation 1\nend\n", "equation of coordinate 1 is violated");
    leaving.rejects("yes", "normals 0 1\nend\n", "");
    let moved = Pair::of(&[&[2, 2]], &[&[1, 1]], &[0, 1]);
    moved.rejects("yes", "normals 0\nequation 1\nend\n", "equation of coordinate 1 is violated");
    let point = Pair::of(&[&[0, 0]], &[], &[0, 0]);
    point.accepts("yes", "normals\nequation\nequation\nend\n");
    let other = Pair::of(&[&[0, 0]], &[], &[0, 1]);
    other.rejects(
        "yes",
        "normals\nequation\nequation\nend\n",
        "equation of coordinate 1 is violated",
    );
    other.rejects("yes", "normals 0 1\nend\n", "do not span");
}

#[test]
fn forged_trees_are_rejected() {
    // (1, 0) and (0, 1) are half sums of (1, 1) and (1, -1): each has gauge 1/2.
    let pair = Pair::of(DIAMOND, SQUARE, &[0, 0]);
    let generators = "gauges\ngenerator 0 1/2 1/2\ngenerator 1 1/2 -1/2\ngenerator 2 0 0\n";
    pair.accepts("yes", &format!("{generators}leaf 0 0\nend\n"));
    pair.accepts("yes", &format!("{generators}split\nleaf 1/2 1/2\nend\n"));
    pair.rejects("yes", &format!("{generators}leaf 1/2 -1/2\nend\n"), "is not the vector");
    pair.rejects("yes", &format!("{generators}split\nend\n"), "expected `leaf` or `split`");
    let bent = generators.replace("generator 1 1/2", "generator 1 1/3");
    pair.rejects("yes", &format!("{bent}leaf 0 0\nend\n"), "is not the vector");
    let twice = generators.replace("generator 1", "generator 0").replace("-1/2", "1/2");
    pair.rejects("yes", &format!("{twice}leaf 0 0\nend\n"), "named twice");
    let deep = format!("{generators}split\nsplit\nsplit\nsplit\n");
    pair.rejects("yes", &deep, "nothing left to split");
    // Gauges 1 and 1: the first leaf claims too much; below a split nothing is enough either.
    let larger = Pair::of(SQUARE, DIAMOND, &[0, 0]);
    let generators = "gauges\ngenerator 0 1 1\ngenerator 1 1 -1\ngenerator 2 0 0\n";
    larger.rejects("yes", &format!("{generators}leaf 0 0\nend\n"), "more than 1");
    larger.rejects("yes", &format!("{generators}split\nleaf 1 1\nend\n"), "more than 1");
    let full = format!("{generators}split\nsplit\nleaf 2 0\nleaf 0 2\nend\n");
    larger.rejects("yes", &full, "more than 1");
    // A redundant representation may need splits: both signs are asked for.
    let needed = Pair::of(&[&[1, 0], &[0, 1], &[1, 1]], &[&[1, 1], &[1, 0]], &[0, 0]);
    let (claim, body) = needed.written(Scheme::Gauges);
    needed.accepts(claim, &body);
    if let Some((_, after)) = body.split_once("split\n") {
        let cut = body.replacen(after, "end\n", 1);
        needed.rejects(claim, &cut, "expected `leaf` or `split`");
    }
}

#[test]
fn a_certificate_is_about_its_files() {
    let pair = Pair::of(DIAMOND, SQUARE, &[0, 0]);
    let certificate = pair.certificate("yes", "normals 0 1\nend\n");
    let swapped = [pair.files[1].clone(), pair.files[0].clone()];
    rejects(&certificate, &swapped, "another outer");
    let broken = [Content::new("outer.json", b"{}".to_vec()), pair.files[1].clone()];
    let certificate = certificate.replace(&pair.files[0].hash, &broken[0].hash);
    assert!(matches!(check(certificate.as_bytes(), &broken), Err(Failure::Input(_))));
}
