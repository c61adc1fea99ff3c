//! Where the machine gives less than was asked for: threads that cannot start, checks without time.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::{Folder, PAIR, RAMP, Run, property, ramp_reaches};

/// What has a pool of threads, each a small instance.
const POOLS: [&[&str]; 9] = [
    &["verify", "n.json", "p.vnnlib"],
    &["maximum", "n.json", "--over", "box.json", "--output", "0"],
    &["range", "n.json", "--over", "box.json"],
    &["lipschitz", "n.json", "--p", "2"],
    &["regions", "n.json", "--count", "cells"],
    &["train", "d.csv", "--hidden", "1", "--certificate", "c"],
    &["train", "d.csv", "--hidden", "1", "--zero-loss"],
    &["zonotope", "norm", "z.json", "--p", "2"],
    &["zonotope", "contains", "z.json", "z.json"],
];

/// Long enough for every instance here, many times over.
const LONG: Duration = Duration::from_secs(120);

fn small() -> Folder {
    let spec =
        property(2, 2, &["(>= X_0 -1)", "(<= X_0 1)", "(>= X_1 -1)", "(<= X_1 1)", "(>= Y_0 2)"]);
    Folder::with(&[
        ("n.json", PAIR),
        ("p.vnnlib", &spec),
        ("box.json", r#"{"box": [[-1, 1], [-1, 1]]}"#),
        ("d.csv", "x,y\n0,1\n1,2\n2,5\n3,1\n"),
        (
            "z.json",
            r#"{"center": [0, 0, 0], "generators": [[1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 2, 3]]}"#,
        ),
    ])
}

/// Runs the program with so many KiB of address space; fails where it hangs.
fn within(folder: &Folder, kib: &str, arguments: &[&str]) -> Run {
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -v \"$0\" && exec \"$@\"", kib, env!("CARGO_BIN_EXE_foldline")]);
    command.args(arguments).current_dir(folder.path("."));
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > LONG {
            child.kill().unwrap();
            panic!("{arguments:?} hangs with {kib} KiB");
        }
        sleep(Duration::from_millis(5));
    }
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn threads_that_cannot_start_are_done_without() {
    let folder = small();
    for command in POOLS {
        let alone = folder.run(&[command, &["--threads", "1"]].concat());
        for kib in ["50000", "100000", "400000"] {
            let run = within(&folder, kib, &[command, &["--threads", "64"]].concat());
            assert_eq!((run.code, &run.stderr), (alone.code, &alone.stderr), "{command:?} {kib}");
        }
        let many = folder.run(&[command, &["--threads", "64"]].concat());
        assert_eq!((many.code, &many.stderr), (alone.code, &alone.stderr), "{command:?}");
    }
}

#[test]
fn a_certificate_is_checked_unless_that_is_unwanted() {
    let spec = ramp_reaches(">=", "0.95");
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &spec)]);
    let verify = ["verify", "n.json", "p.vnnlib", "--certificate", "c"];
    let run = folder.run(&verify);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(run.stdout.contains("certificate in c, checked: accepted"), "{}", run.stdout);
    assert_eq!(folder.json(&verify, 0)["certificate_checked"], true);
    let unwanted = folder.run(&[&verify[..], &["--json", "--no-check"]].concat());
    assert_eq!((unwanted.code, unwanted.stderr.as_str()), (Some(0), ""));
    assert!(unwanted.stdout.contains(r#""certificate_checked":false"#), "{}", unwanted.stdout);
    let alone = folder.run(&["verify", "n.json", "p.vnnlib", "--no-check"]);
    assert_eq!((alone.code, alone.stdout.as_str()), (Some(2), ""), "{}", alone.stderr);
}
