//! Records that do not hold are rejected, each for its reason.

use crate::Case;

/// Three points on a line: a hinge down from 1 to 0 fits them. One node and a bias.
fn step() -> Case {
    Case::of(&[&["0", "1"], &["1", "0"], &["2", "0"], &["1", "0"]])
}

/// A zigzag that one hinge does not fit: the loss of one node with a linear output and a bias.
fn zigzag() -> Case {
    Case::of(&[&["0", "0"], &["1", "1"], &["2", "0"], &["3", "1"]])
}

#[test]
fn networks() {
    let case = step();
    let yes = |body: &str| case.text("training linear 1 bias zero yes", body);
    case.accepts(&yes("offset 0\nnode + -1 1\nend\n"), "training linear 1 bias zero yes");
    case.rejects(&yes("offset 0\nnode - -1 1\nend\n"), "the network has the loss 4");
    case.rejects(&yes("offset 0\nnode * -1 1\nend\n"), "expected `+` or `-`");
    case.rejects(&yes("offset 0\nnode + -1\nend\n"), "missing");
    case.rejects(&yes("offset 0\nnode + -1 1 1\nend\n"), "superfluous");
    case.rejects(&yes("offset 0\nend\n"), "not one of those");
    case.rejects(&yes("offset 0\nnode + -1 1\nnode + 0 0\nend\n"), "at most 1");
    case.rejects(&yes("node + -1 1\nend\n"), "expected `offset`");
    case.rejects(&yes("offset 0\nnode + -1 1\nsigns 1\n"), "expected `end`");
    case.rejects(&yes("offset 0\nnode + -1 1\nend\nend\n"), "nothing may come after");
    for statement in [
        "training linear 0 bias zero yes",
        "training cubic 1 bias zero yes",
        "training linear 1 biased zero yes",
        "training linear 1 bias zero perhaps",
        "training linear 1 bias loss",
        "training linear 1 bias zero yes 1",
        "training linear 101 bias zero yes",
        "training linear 01 bias zero yes",
    ] {
        case.rejects(&case.text(statement, "offset 0\nnode + -1 1\nend\n"), "");
    }
    let unbiased = case.text("training linear 1 unbiased zero yes", "offset 1\nnode - 1 0\nend\n");
    case.rejects(&unbiased, "not one of those");
    // As a loss it needs the trees, even where it is 0.
    let loss = |body: &str| case.text("training linear 1 bias loss 0", body);
    let network = "offset 0\nnode + -1 1\n";
    case.accepts(
        &loss(&format!("{network}signs 1\nbound\nsigns 0\nbound\nend\n")),
        "training linear 1 bias loss 0",
    );
    case.rejects(&loss(&format!("{network}end\n")), "expected `signs`");
    case.rejects(&loss(&format!("{network}signs 0\nbound\nsigns 1\nbound\nend\n")), "1 positive");
    case.rejects(&loss(&format!("{network}signs 1\nbound\nend\n")), "expected `signs`");
}

#[test]
fn leaves() {
    let case = zigzag();
    let no = |tree: &str| {
        let body = format!("signs 1\n{tree}\nsigns 0\nbound\nend\n");
        case.text("training linear 1 bias zero no", &body)
    };
    let rejected = |tree: &str, reason: &str| case.rejects(&no(tree), reason);
    rejected("bound", "the loss may be smaller there");
    rejected("bound h0.0", "no constraint of that part");
    rejected("bound o0", "no constraint of that part");
    rejected("bound w", "no constraint of that part");
    rejected("bound x", "no constraint of that part");
    rejected("split 0 0\nbound h0.0 h0.0", "not linearly independent");
    rejected("split 0 0\nbound h0.1", "no hidden node 1");
    rejected("split 0 1", "no hidden node 1");
    rejected("split 4 0", "no group 4");
    rejected("split 0 0\nsplit 0 0", "decided already");
    rejected("split 0", "missing");
    rejected("split 0 0 0", "superfluous");
    rejected("output 0", "no ReLU");
    rejected("none", "do not cancel");
    rejected("split 0 0\nnone h0.0*1", "do not cancel");
    rejected("split 0 0\nnone h0.0*0", "not positive");
    rejected("split 0 0\nnone h0.0*-1", "not positive");
    rejected("split 0 0\nnone h0.0", "expected a term");
    rejected("swap 0 0 0", "not off and on");
    rejected("hold", "expected `split`");
    rejected("offset\noffset", "decided already");
    // 0 and 2 on, 1 off: not possible, as 1 is between them.
    let middle = "split 0 0\nsplit 2 0\nsplit 1 0";
    rejected(&format!("{middle}\nnone h0.0*1 h2.0*1 h1.0*2"), "do not cancel");
    let opened = "split 0 0\nsplit 1 0\nbound";
    rejected(opened, "the loss may be smaller there");
    // On everywhere the network is affine and has a loss; with the last point off it is not done.
    rejected("split 0 0\nsplit 1 0\nsplit 2 0\nsplit 3 0\nbound\nnone", "do not cancel");
}

#[test]
fn negative_multipliers() {
    // One point with label 1: with the node on there, holding it at 0 gives the loss 1, by a multiplier < 0.
    let case = Case::of(&[&["0", "1"]]);
    let tree = "signs 1\nsplit 0 0\nbound h0.0\nbound\nsigns 0\nbound\nend\n";
    case.rejects(
        &case.text("training linear 1 unbiased zero no", tree),
        "a multiplier is negative",
    );
    // Off there the loss is 1.
    let tree = "signs 1\nsplit 0 0\nbound\n";
    case.rejects(&case.text("training linear 1 unbiased zero no", tree), "may be smaller");
    let tree = "signs 1\nsplit 0 0\nnone h0.0*1\n";
    case.rejects(&case.text("training linear 1 unbiased zero no", tree), "do not cancel");
}

/// The tree with three points' node on, the outputs at the last two on, and this leaf; every other leaf is
/// closed as a label below 0 costs something.
fn at_the_kink(leaf: &str) -> String {
    let way = "split 0 0\nsplit 1 0\nsplit 2 0\noutput 1\noutput 2\n";
    format!("signs 1\n{way}{leaf}\n{}signs 0\nbound\nend\n", "bound\n".repeat(5))
}

#[test]
fn convex_groups() {
    let claim = "training relu 1 unbiased zero no";
    // The value at 0, where the label is −1: the others ask for 6 there; held at 0 by the multiplier 12.
    let high = Case::of(&[&["0", "-1"], &["1", "6"], &["-1", "6"]]);
    let leaf = |leaf: &str| high.text(claim, &at_the_kink(leaf));
    high.accepts(&leaf("bound c0"), claim);
    high.rejects(&leaf("bound k0"), "the multiplier at the kink of group 0 is too large");
    high.rejects(&leaf("bound c0 c0"), "group 0 comes twice");
    high.rejects(&leaf("bound c0 k0"), "group 0 comes twice");
    high.rejects(&leaf("bound k0 k0"), "group 0 comes twice");
    high.rejects(&leaf("bound k0 h0.0"), "not linearly independent");
    high.rejects(&leaf("bound c1"), "not only the output that is undecided at group 1");
    high.rejects(&leaf("bound k1"), "not only the output that is undecided at group 1");
    high.rejects(&leaf("bound c3"), "no group 3");
    high.rejects(&leaf("bound c"), "");
    // They ask for −1 there, which is no place for a curve, nor for a multiplier ≥ 0.
    let low = Case::of(&[&["0", "-1"], &["1", "1"], &["2", "3"]]);
    let leaf = |leaf: &str| low.text(claim, &at_the_kink(leaf));
    low.accepts(&leaf("bound"), claim);
    low.rejects(&leaf("bound c0"), "group 0 is not curved there");
    low.rejects(&leaf("bound k0"), "a multiplier is negative");
    // Below its mean a group with a positive label is flat: the three fit 2 at 1, not 4.
    let mean = Case::of(&[&["0", "1"], &["1", "4"], &["2", "1"], &["-1", "-1"]]);
    let way = "signs 1\nsplit 0 0\nsplit 1 0\nsplit 2 0\noutput 0\noutput 2\n";
    mean.rejects(&mean.text(claim, &format!("{way}bound c1\n")), "group 1 is not curved there");
    let undecided = "not only the output that is undecided at group 0";
    mean.rejects(&mean.text(claim, "signs 1\nbound c0\n"), undecided);
    let off = "signs 1\nsplit 0 0\nbound\nbound c0\n";
    mean.rejects(&mean.text(claim, off), undecided);
    let linear = "signs 1\nsplit 0 0\nbound c0\n";
    mean.rejects(&mean.text("training linear 1 unbiased zero no", linear), undecided);
}

#[test]
fn exchanged_nodes() {
    let case = Case::of(&[&["0", "0"], &["1", "1"], &["2", "0"], &["3", "1"], &["4", "0"]]);
    let claim = |signs: usize, tree: &str| {
        let before: String = (signs + 1..=2).rev().map(|s| format!("signs {s}\nbound\n")).collect();
        case.text("training linear 2 bias zero no", &format!("{before}signs {signs}\n{tree}\n"))
    };
    let rejected = |tree: &str, reason: &str| case.rejects(&claim(2, tree), reason);
    // On the on-side, where the nodes are on, on; then on, off; each left by a claim that fails: the first
    // leaf is reached with node 0 on.
    rejected("split 0 0\nsplit 0 1\nswap 0 0 1", "not off and on");
    rejected("split 0 1\nsplit 0 0\nswap 0 1 0", "not off and on");
    rejected("split 0 0\nswap 0 0 1", "not off and on");
    rejected("split 0 0\nsplit 0 1\nswap 0 0 2", "no hidden node 2");
    rejected("split 0 0\nsplit 0 1\nswap 9 0 1", "no group 9");
}

#[test]
fn separations() {
    // The middle point of three cannot be cut off from the outer two.
    let case = Case::of(&[&["0", "1"], &["1", "0"], &["2", "1"], &["5", "0"], &["-1", "0"]]);
    let no = |planes: usize, body: &str| case.text(&format!("separability {planes} no"), body);
    let rejected =
        |planes: usize, body: &str, reason: &str| case.rejects(&no(planes, body), reason);
    case.accepts(&no(2, "assign 1\nmeet 1*2 0*1 2*1\nend\n"), "separability 2 no");
    rejected(2, "assign 1\nmeet 1*2 0*1 2*2\nend\n", "do not meet");
    rejected(2, "assign 1\nmeet 1*1 0*1 2*1\nend\n", "do not meet");
    rejected(2, "assign 1\nmeet 1*-2 0*-1 2*-1\nend\n", "not positive");
    rejected(2, "assign 1\nmeet\nend\n", "do not meet");
    rejected(2, "assign 1\nmeet 0*1 2*1\nend\n", "do not meet");
    rejected(2, "assign 1\nmeet 3*1 4*1 0*1 2*1\nend\n", "not given");
    rejected(2, "assign 1\nassign 1\n", "given to a hyperplane already");
    rejected(2, "assign 0\n", "has label 1");
    rejected(2, "assign 7\n", "no row 7");
    rejected(2, "meet 1*2 0*1 2*1\nend\n", "not given");
    rejected(2, "assign 1\nmeet 1*2 0*1 2*1\nmeet 1*2 0*1 2*1\nend\n", "expected `end`");
    rejected(0, "assign 1\nmeet 1*2 0*1 2*1\nend\n", "at least one");
    rejected(2, "split 1\n", "expected `assign` or `meet`");
    // Points of different hyperplanes do not count together: 5 and −1 on either side.
    let apart = Case::of(&[&["0", "1"], &["5", "0"], &["-1", "0"]]);
    let no = |planes: usize, body: &str| apart.text(&format!("separability {planes} no"), body);
    let meet = "meet 1*1 2*5 0*6\n";
    apart.accepts(&no(1, &format!("assign 1\nassign 2\n{meet}end\n")), "separability 1 no");
    apart.rejects(
        &no(2, &format!("assign 1\nassign 2\n{meet}{meet}end\n")),
        "different hyperplanes",
    );
    let yes = |body: &str| apart.text("separability 2 yes", body);
    apart.accepts(&yes("plane -1/2 1\nplane -3 -1\nend\n"), "separability 2 yes");
    apart.accepts(&yes("plane -1 1\nplane -5 -1\nend\n"), "separability 2 yes");
    apart.rejects(&yes("plane 0 1\nplane -3 -1\nend\n"), "is not above");
    apart.rejects(&yes("plane -1/2 1\nplane -6 -1\nend\n"), "is above all");
    apart.rejects(&yes("plane -1 0\nplane -3 -1\nend\n"), "the normal is zero");
    apart.rejects(&yes("plane -1/2 1\nend\n"), "expected `plane`");
    let labels = Case::of(&[&["0", "2"]]);
    let text = labels.text("separability 1 yes", "plane 0 1\nend\n");
    let error = foldcheck::check(text.as_bytes(), std::slice::from_ref(&labels.data)).unwrap_err();
    assert!(error.to_string().contains("row 1 after the header"), "{error}");
}

#[test]
fn interpolations() {
    let case = Case::of(&[&["0", "1"], &["1", "0"], &["1", "2"], &["2", "-1"]]);
    let no = |output: &str, body: &str| case.text(&format!("interpolation {output} no"), body);
    case.accepts(&no("linear", "conflict 1 2\nend\n"), "interpolation linear no");
    case.accepts(&no("relu", "negative 3\nend\n"), "interpolation relu no");
    case.rejects(&no("linear", "negative 3\nend\n"), "no conflict");
    case.rejects(&no("relu", "negative 1\nend\n"), "not negative");
    case.rejects(&no("linear", "conflict 0 1\nend\n"), "not in conflict");
    case.rejects(&no("linear", "conflict 1 1\nend\n"), "not in conflict");
    case.rejects(&no("linear", "conflict 1 4\nend\n"), "no row 4");
    let step = step();
    let yes = |body: &str| step.text("interpolation relu yes", body);
    step.accepts(&yes("offset 1\nnode - 1 0\nend\n"), "interpolation relu yes");
    step.rejects(&yes("offset 1\nnode + 1 0\nend\n"), "misses a label");
    step.rejects(&yes(&format!("offset 1\n{}end\n", "node - 1 0\n".repeat(5))), "at most 4");
}

#[test]
fn damaged_certificates_never_panic() {
    let case = zigzag();
    let texts = [
        case.text("training linear 1 bias loss 1", "offset 0\nnode + 0 0\nsigns 1\nsplit 0 0\n"),
        case.text(
            "training relu 1 bias zero no",
            "signs 1\noffset\nsplit 0 0\noutput 0\nbound w o0\n",
        ),
        case.text(
            "training relu 2 unbiased zero no",
            "signs 2\nsplit 0 0\nsplit 0 1\nswap 0 0 1\n",
        ),
    ];
    for text in texts {
        for end in 0..text.len() {
            case.rejects(&text[..end], "");
        }
        for place in text.find("data").unwrap()..text.len() {
            for byte in [b'0', b'9', b'-', b'/', b'.', b'*', b' ', b'\n', b'o', 0xff] {
                let mut bytes = text.clone().into_bytes();
                bytes[place] = byte;
                let checked = foldcheck::check(bytes.as_slice(), std::slice::from_ref(&case.data));
                assert!(checked.is_err());
            }
        }
    }
}
