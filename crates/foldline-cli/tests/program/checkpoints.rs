//! Checkpoints: a run that was stopped goes on, and refuses what does not belong to it.

use serde_json::Value;

use crate::support::{Folder, PAIR, RAMP, Run, hard_instance, property};

fn hard() -> Folder {
    let (network, property) = hard_instance();
    Folder::with(&[("n.json", &network), ("p.vnnlib", &property)])
}

fn run(folder: &Folder, seconds: &str, more: &[&str]) -> Run {
    let command = ["verify", "n.json", "p.vnnlib", "--checkpoint", "c", "--timeout", seconds];
    folder.run(&[&command[..], more].concat())
}

fn nodes(run: &Run) -> u64 {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    answer["statistics"]["nodes"].as_u64().unwrap()
}

#[test]
fn a_stopped_run_goes_on() {
    let folder = hard();
    let first = run(&folder, "0.7", &["--json"]);
    assert_eq!(first.code, Some(3), "{}", first.stderr);
    assert!(first.stderr.contains("the state is in c"), "{}", first.stderr);
    let second = run(&folder, "0.7", &["--json", "--threads", "1", "--seed", "9"]);
    assert_eq!(second.code, Some(3), "{}", second.stderr);
    assert!(nodes(&second) > nodes(&first));
    assert!(folder.read("c").starts_with("foldline-checkpoint 1 "));
    // Nothing is lost where there is no time to do anything.
    let third = run(&folder, "0", &["--json"]);
    assert!(nodes(&third) >= nodes(&second), "{} {}", nodes(&third), nodes(&second));
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves() {
    let folder = hard();
    let arguments = ["verify", "n.json", "p.vnnlib", "--checkpoint", "c"];
    let run = crate::interrupts::interrupted(&folder, &arguments);
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
    assert!(run.stderr.contains("the state is in c"), "{}", run.stderr);
    assert_eq!(folder.names(), ["c", "n.json", "p.vnnlib"]);
}

#[test]
fn the_file_goes_with_the_answer() {
    let spec = property(1, 1, &["(>= X_0 0)", "(<= X_0 1)", "(>= Y_0 0.91)"]);
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &spec)]);
    let run = run(&folder, "60", &[]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert_eq!(folder.names(), ["n.json", "p.vnnlib"]);
}

#[test]
fn what_does_not_belong_to_the_run_is_refused() {
    let folder = hard();
    assert_eq!(run(&folder, "0.3", &[]).code, Some(3));
    let whole = folder.read("c");
    let refused = |run: Run, said: &str| {
        assert_eq!((run.code, run.stdout.as_str()), (Some(4), ""), "{}", run.stderr);
        assert!(run.stderr.starts_with("foldline: c: ") && run.stderr.contains(said), "{said}");
    };
    folder.write("c", &whole.as_bytes()[..whole.len() / 2]);
    refused(run(&folder, "1", &[]), "the checkpoint is damaged");
    folder.write("c", b"{}");
    refused(run(&folder, "1", &[]), "not a checkpoint");
    folder.write("c", whole.as_bytes());
    let spec = folder.read("p.vnnlib");
    folder.write("p.vnnlib", spec.replace("4000", "4001").as_bytes());
    refused(run(&folder, "1", &[]), "its property is");
    folder.write("n.json", PAIR.as_bytes());
    folder.write("p.vnnlib", property(2, 2, &["(>= X_0 0)"]).as_bytes());
    refused(run(&folder, "1", &[]), "its network is");
    assert_eq!(folder.read("c"), whole, "a refused checkpoint stays as it is");
}

#[test]
fn wrong_usage_is_told_before_anything_is_searched() {
    let folder = hard();
    let missing = folder.run(&["verify", "n.json", "p.vnnlib", "--checkpoint", "no/such/folder/c"]);
    assert_eq!(missing.code, Some(4), "{}", missing.stderr);
    let stdin = folder.run(&["verify", "-", "p.vnnlib", "--checkpoint", "c"]);
    assert!(stdin.code == Some(2) || stdin.code == Some(4), "{}", stdin.stderr);
    assert_eq!(folder.names(), ["n.json", "p.vnnlib"]);
}

/// Every question about one network, and whether it takes a region.
const QUESTIONS: [(&[&str], bool); 8] = [
    (&["maximum", "n.json", "--output", "0"], true),
    (&["range", "n.json"], true),
    (&["positive", "n.json", "--output", "0"], true),
    (&["zero", "n.json"], true),
    (&["surjective", "n.json", "--output", "1"], false),
    (&["lipschitz", "n.json", "--p", "inf"], true),
    (&["lipschitz", "n.json", "--p", "0", "--output", "1"], true),
    (&["regions", "n.json", "--count", "cells"], true),
];

fn questions() -> impl Iterator<Item = Vec<&'static str>> {
    let over: &[&str] = &["--over", "box.json"];
    QUESTIONS.iter().map(move |&(question, region)| {
        question.iter().chain(over.iter().filter(|_| region)).copied().collect()
    })
}

#[test]
fn questions_answer_the_same_with_a_checkpoint() {
    let square = r#"{"box": [[-1, 1], [-1, 1]]}"#;
    let folder = Folder::with(&[("n.json", PAIR), ("box.json", square)]);
    for question in questions() {
        let question = [&question[..], &["--threads", "1"]].concat();
        let mut plain = folder.run(&[&question[..], &["--json"]].concat());
        let mut kept = folder.run(&[&question[..], &["--json", "--checkpoint", "c"]].concat());
        assert_eq!((kept.code, &kept.stderr), (plain.code, &plain.stderr), "{question:?}");
        let answer = |run: &mut Run| {
            let mut answer: Value = serde_json::from_str(&run.stdout).unwrap();
            answer["seconds"] = Value::Null;
            answer
        };
        assert_eq!(answer(&mut kept), answer(&mut plain), "{question:?}");
        assert_eq!(folder.names(), ["box.json", "n.json"], "{question:?}");
        let both = [&question[..], &["--checkpoint", "c", "--certificate", "p"]].concat();
        let run = folder.run(&both);
        assert_eq!((run.code, &run.stderr), (plain.code, &plain.stderr), "{question:?}");
        for checkpoint in ["p", "p.partial"] {
            let same = [&question[..], &["--checkpoint", checkpoint, "--certificate", "p"]];
            folder.refuses(&same.concat(), 2, &["files of their own"]);
        }
        let files: &[&str] = match question.contains(&"--over") {
            true => &["n.json", "box.json"],
            false => &["n.json"],
        };
        folder.json(&[&["check", "p"], files].concat(), 0);
        assert_eq!(folder.names(), ["box.json", "n.json", "p"], "{question:?}");
        std::fs::remove_file(folder.path("p")).unwrap();
    }
}

/// Runs with ever longer limits until one leaves a state.
fn until_kept(folder: &Folder, question: &[&str]) -> Run {
    let limits = ["0.5", "2", "8", "30"].iter();
    let mut runs = limits.map(|limit| {
        let more = ["--json", "--checkpoint", "c", "--timeout", limit];
        folder.run(&[question, &more].concat())
    });
    runs.find(|run| run.stderr.contains("the state is in c")).expect("time to save")
}

#[test]
fn stopped_questions_go_on() {
    let (network, _) = hard_instance();
    let shift = r#",{"weights": [[1]], "bias": [-4000], "activation": "linear"}]}"#;
    let shifted = network.strip_suffix("]}").unwrap().to_owned() + shift;
    let sides = vec!["[-1, 1]"; 16].join(",");
    let cube = format!(r#"{{"box": [{sides}]}}"#);
    let folder = Folder::with(&[("n.json", &network), ("s.json", &shifted), ("box.json", &cube)]);
    for question in [
        &["range", "n.json", "--over", "box.json"][..],
        &["positive", "s.json", "--over", "box.json"],
        &["lipschitz", "n.json", "--over", "box.json", "--p", "inf"],
    ] {
        let first = until_kept(&folder, question);
        assert_eq!(first.code, Some(3), "{question:?}: {}", first.stderr);
        let second = until_kept(&folder, &[question, &["--threads", "1", "--seed", "9"]].concat());
        assert_eq!(second.code, Some(3), "{question:?}: {}", second.stderr);
        assert!(nodes(&second) >= nodes(&first), "{question:?}");
        let maximum = ["maximum", "n.json", "--over", "box.json", "--checkpoint", "c"];
        folder.refuses(&maximum, 4, &["c: it belongs to another run: its command is"]);
        if question[0] == "lipschitz" {
            let other = [&question[..4], &["--p", "2", "--checkpoint", "c"]].concat();
            folder.refuses(&other, 4, &["its p is inf, here it is 2"]);
        }
        std::fs::remove_file(folder.path("c")).unwrap();
    }
}

#[test]
fn a_pair_keeps_its_certificate_with_its_state() {
    let square = r#"{"box": [[-1, 1], [-1, 1]]}"#;
    let other = PAIR.replace("[0, 0.1]", "[0, 0.2]");
    let folder = Folder::with(&[("n.json", PAIR), ("m.json", &other), ("box.json", square)]);
    let files = ["n.json", "m.json", "box.json"];
    for (within, code) in [("1", 0), ("1/100", 1)] {
        let question = ["equivalent", "n.json", "m.json", "--over", "box.json", "--within", within];
        let kept = ["--checkpoint", "c", "--certificate", "p"];
        let stopped = folder.run(&[&question[..], &kept, &["--timeout", "0"]].concat());
        assert_eq!(stopped.code, Some(3), "{}", stopped.stderr);
        let answer = folder.json(&[&question[..], &kept].concat(), code);
        assert_eq!(answer["certificate_checked"], true);
        folder.json(&[&["check", "p"], &files[..]].concat(), 0);
        std::fs::remove_file(folder.path("p")).unwrap();
        assert_eq!(folder.names(), ["box.json", "m.json", "n.json"]);
    }
}
