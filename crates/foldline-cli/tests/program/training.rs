//! `train`, `interpolate` and `separable`: answers, files and errors.

use foldline::formats::json_network::network_from_json;
use foldline::{Rational, parse_rational};
use serde_json::Value;

use crate::support::Folder;

const KINK: &str = "x,y\n-1,0\n0,0\n1,1\n2,2\n1,2\n";
const POINTS: &str = "x,y,label\n0,0,1\n1,1,1\n2,0,0\n0,2,0\n-1,-1,0\n";

/// The sum of squared errors of a network on points of the line.
fn loss(network: &Value, points: &[(i32, i32)]) -> Rational {
    let network = network_from_json("answer", network).expect("a network");
    points.iter().fold(Rational::ZERO, |sum, &(x, y)| {
        let error = &network.evaluate(&[x.into()]).output[0] - Rational::from(y);
        sum + &error * &error
    })
}

/// Labels whose squares are no floats, or that are none themselves.
#[test]
fn labels_of_any_size_have_their_optimum() {
    for exponent in [0i32, 150, 154, 155, 200, 300, 308, 310, -150, -200, -310] {
        let data = format!("x,y\n0,1e{exponent}\n1,-1e{exponent}\n2,3e{exponent}\n3,0\n");
        let folder = Folder::with(&[("data.csv", &data)]);
        for (output, loss) in [("linear", "8"), ("relu", "13/2")] {
            let answer =
                folder.json(&["train", "data.csv", "--hidden", "1", "--output", output], 0);
            let square = parse_rational(&format!("1e{}", 2 * exponent)).unwrap();
            let expected = parse_rational(loss).unwrap() * square;
            let found = parse_rational(answer["loss"].as_str().unwrap()).unwrap();
            assert_eq!(found, expected, "{output}, 1e{exponent}");
        }
    }
}

#[test]
fn the_optimum_is_exact_and_its_network_has_it() {
    let folder = Folder::with(&[("data.csv", KINK)]);
    let points = [(-1, 0), (0, 0), (1, 1), (2, 2), (1, 2)];
    for arguments in [
        &["train", "data.csv", "--hidden", "1"][..],
        &["train", "data.csv", "--hidden", "1", "--output", "linear"],
        &["train", "data.csv", "--hidden", "2", "--output", "linear", "--no-output-bias"],
    ] {
        let answer = folder.json(arguments, 0);
        assert_eq!(answer["answer"], "optimal");
        assert_eq!(answer["loss"], answer["lower_bound"]);
        let exact = parse_rational(answer["loss"].as_str().unwrap()).unwrap();
        assert_eq!(loss(&answer["network"], &points), exact);
        // The two points at x = 1 cost at least 1/2, which a network with a steeper hinge has.
        assert!(exact >= parse_rational("1/2").unwrap());
    }
    let text = folder.run(&["train", "data.csv", "--hidden", "1"]).stdout;
    assert!(text.contains("OPTIMAL"), "{text}");
}

#[test]
fn zero_loss_is_decided() {
    let folder = Folder::with(&[("kink.csv", "x,y\n-1,0\n0,0\n1,1\n2,2\n"), ("data.csv", KINK)]);
    let answer = folder.json(&["train", "kink.csv", "--hidden", "1", "--zero-loss"], 0);
    assert_eq!(answer["answer"], "yes");
    let points = [(-1, 0), (0, 0), (1, 1), (2, 2)];
    assert_eq!(loss(&answer["network"], &points), Rational::ZERO);
    let zigzag = "x,y\n0,0\n1,1\n2,0\n3,1\n4,0\n";
    folder.write("zigzag.csv", zigzag.as_bytes());
    for (file, hidden) in [("data.csv", "1"), ("zigzag.csv", "2")] {
        let arguments = ["train", file, "--hidden", hidden, "--zero-loss", "--output", "linear"];
        assert_eq!(folder.json(&arguments, 1)["answer"], "no");
    }
}

#[test]
fn a_limit_leaves_bounds() {
    let folder = Folder::with(&[("data.csv", KINK)]);
    let answer = folder.json(&["train", "data.csv", "--hidden", "2", "--timeout", "0"], 3);
    assert_eq!(answer["answer"], "bounded");
    let number = |key: &str| parse_rational(answer[key].as_str().unwrap()).unwrap();
    assert!(number("lower_bound") <= number("loss"));
    let points = [(-1, 0), (0, 0), (1, 1), (2, 2), (1, 2)];
    assert_eq!(loss(&answer["network"], &points), number("loss"));
}

#[test]
fn interpolation_meets_every_label_or_says_why_not() {
    let folder = Folder::with(&[("data.csv", KINK), ("good.csv", "x,y\n0,3\n5,1\n-2,-4\n")]);
    let answer = folder.json(&["interpolate", "good.csv", "--output", "linear"], 0);
    assert_eq!(answer["answer"], "interpolated");
    assert_eq!(loss(&answer["network"], &[(0, 3), (5, 1), (-2, -4)]), Rational::ZERO);
    assert_eq!(folder.json(&["interpolate", "data.csv"], 1)["answer"], "no");
    assert_eq!(folder.json(&["interpolate", "good.csv"], 1)["answer"], "no");
}

#[test]
fn hyperplanes_separate() {
    let folder = Folder::with(&[("points.csv", POINTS)]);
    let answer = folder.json(&["separable", "points.csv"], 0);
    let planes = answer["hyperplanes"].as_array().unwrap();
    assert_eq!((answer["answer"].as_str(), planes.len()), (Some("yes"), 2));
    let above = |plane: &Value, x: i32, y: i32| {
        let number = |value: &Value| parse_rational(value.as_str().unwrap()).unwrap();
        let value = number(&plane["normal"][0]) * Rational::from(x)
            + number(&plane["normal"][1]) * Rational::from(y);
        value > number(&plane["offset"])
    };
    for (x, y, label) in [(0, 0, true), (1, 1, true), (2, 0, false), (0, 2, false), (-1, -1, false)]
    {
        assert_eq!(planes.iter().all(|plane| above(plane, x, y)), label);
    }
    assert_eq!(folder.json(&["separable", "points.csv", "--planes", "1"], 1)["answer"], "no");
}

#[test]
fn certificates_are_accepted_and_bent_ones_are_not() {
    let folder = Folder::with(&[("data.csv", KINK), ("points.csv", POINTS)]);
    for (arguments, code, claim) in [
        (&["train", "data.csv", "--hidden", "1"][..], 0, "training relu 1 bias loss 1/2"),
        (&["train", "data.csv", "--hidden", "2", "--zero-loss"], 1, "training relu 2 bias zero no"),
        (&["interpolate", "data.csv"], 1, "interpolation relu no"),
        (&["separable", "points.csv"], 0, "separability 2 yes"),
        (&["separable", "points.csv", "--planes", "1"], 1, "separability 1 no"),
    ] {
        folder.json(&[arguments, &["--certificate", "c.txt"]].concat(), code);
        let answer = folder.json(&["check", "c.txt", arguments[1]], 0);
        let statement = &answer["statement"];
        let words =
            [&statement["question"], &statement["answer"]].map(|word| word.as_str().unwrap());
        assert_eq!(words.join(" "), claim);
        let text = folder.read("c.txt");
        let lines: Vec<&str> = text.lines().collect();
        folder.write("bent.txt", (lines[..lines.len() - 2].join("\n") + "\nend\n").as_bytes());
        assert_eq!(folder.json(&["check", "bent.txt", arguments[1]], 1)["answer"], "rejected");
    }
    let run = folder.run(&[
        "train",
        "data.csv",
        "--hidden",
        "2",
        "--timeout",
        "0",
        "--certificate",
        "none.txt",
    ]);
    assert!(run.code == Some(3) && run.stderr.contains("no certificate"), "{}", run.stderr);
    assert!(!folder.path("none.txt").exists());
}

#[test]
fn fits_are_drawn() {
    let folder = Folder::with(&[("data.csv", KINK), ("plane.csv", POINTS)]);
    folder.write("space.csv", b"a,b,c,y\n1,2,3,4\n");
    for file in ["data.csv", "plane.csv"] {
        let answer = folder.json(&["train", file, "--hidden", "1", "--plot", "fit.svg"], 0);
        assert_eq!(answer["plot"], "fit.svg");
        let svg = folder.read("fit.svg");
        assert!(svg.starts_with("<svg ") && svg.matches("<circle").count() >= 5, "{svg}");
    }
    let run = folder.run(&["train", "space.csv", "--hidden", "1", "--plot", "no.svg"]);
    assert!(run.code == Some(2) && run.stderr.contains("one or two coordinates"));
}

#[test]
fn several_outputs_are_refused_and_why() {
    let folder = Folder::with(&[("two.csv", "x,y1,y2\n0,1,2\n")]);
    let run = folder.run(&["train", "two.csv", "--hidden", "1"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""));
    assert!(
        run.stderr.contains("`y1`, `y2`") && run.stderr.contains("existential theory of the reals")
    );
    let run = folder.run(&["train", "two.csv", "--hidden", "1", "--outputs", "2"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("existential theory of the reals"));
}

#[test]
fn bad_samples_are_named() {
    let folder = Folder::with(&[
        ("nan.csv", "x,y\n1,nan\n"),
        ("short.csv", "x,y\n1,2\n3\n"),
        ("label.csv", "x,y\n1,2\n"),
        ("empty.csv", "x,y\n"),
        ("headless.csv", "1,2\n3,4\n"),
    ]);
    for (arguments, place) in [
        (&["train", "nan.csv", "--hidden", "1"][..], "line 2, column `y`"),
        (&["train", "short.csv", "--hidden", "1"], "line 3"),
        (&["train", "missing.csv", "--hidden", "1"], "missing.csv"),
        (&["interpolate", "empty.csv"], "has no rows"),
        (&["interpolate", "headless.csv"], "header"),
        (&["separable", "label.csv"], "expected the label 0 or 1, found 2"),
    ] {
        let run = folder.run(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{arguments:?}");
        assert!(run.stderr.contains(place), "{arguments:?}: {}", run.stderr);
    }
    for arguments in [
        &["train", "nan.csv"][..],
        &["train", "nan.csv", "--hidden", "0"],
        &["train", "nan.csv", "--hidden", "1", "--output", "tanh"],
        &["separable", "label.csv", "--planes", "0"],
    ] {
        assert_eq!(folder.run(arguments).code, Some(2), "{arguments:?}");
    }
}

/// Points and labels without any order, too many for a short time.
fn hard_data() -> String {
    let mut state = 1u64;
    let mut number = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % 2001
    };
    let row = |_| format!("{},{},{}\n", number(), number(), number() as i64 - 1000);
    "x1,x2,y\n".to_owned() + &(0..40).map(row).collect::<String>()
}

#[test]
fn a_stopped_training_goes_on() {
    let folder = Folder::with(&[("d.csv", &hard_data())]);
    let base = ["train", "d.csv", "--hidden", "2", "--checkpoint", "c", "--json"];
    let run = |more: &[&str]| folder.run(&[&base[..], more].concat());
    let bound = |text: &str| {
        let answer: Value = serde_json::from_str(text).unwrap();
        let nodes = answer["statistics"]["nodes"].as_u64().unwrap();
        (nodes, parse_rational(answer["lower_bound"].as_str().unwrap()).unwrap())
    };
    let first = run(&["--timeout", "1"]);
    assert_eq!(first.code, Some(3), "{}", first.stderr);
    assert!(first.stderr.contains("the state is in c"), "{}", first.stderr);
    let second = run(&["--timeout", "1", "--threads", "1", "--seed", "9"]);
    assert_eq!(second.code, Some(3), "{}", second.stderr);
    let [(nodes, before), (more, after)] = [&first, &second].map(|run| bound(&run.stdout));
    assert!(more > nodes && after >= before);
    // Nothing is lost where there is no time to do anything.
    let third = run(&["--timeout", "0"]);
    assert!(bound(&third.stdout).0 >= more);
    let whole = folder.read("c");
    for (more, said) in [
        (&["--output", "linear"][..], "its output is relu, here it is linear"),
        (&["--no-output-bias"], "its output bias is"),
        (&["--zero-loss"], "its zero loss is"),
        (&["--certificate", "p"], "its certificate is none"),
    ] {
        let run = run(more);
        assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{}", run.stderr);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    folder.write("d.csv", hard_data().replace("x1", "z1").as_bytes());
    let other = run(&[]);
    assert!(other.code == Some(4) && other.stderr.contains("its data is"), "{}", other.stderr);
    assert_eq!(folder.read("c"), whole, "a refused checkpoint stays as it is");
}

#[test]
fn a_checkpoint_goes_with_the_answer() {
    let folder = Folder::with(&[("d.csv", KINK)]);
    for more in [&[][..], &["--zero-loss"]] {
        let base = ["train", "d.csv", "--hidden", "1", "--checkpoint", "c"];
        let run = folder.run(&[&base[..], more].concat());
        assert!(run.stderr.is_empty(), "{}", run.stderr);
        assert_eq!(folder.names(), ["d.csv"]);
    }
}
