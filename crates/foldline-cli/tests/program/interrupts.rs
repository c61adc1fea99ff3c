//! Ctrl-C: a clean stop with exit code 130.

#![cfg(unix)]

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::support::{Folder, Run, hard_instance};

/// Starts the program on something long and interrupts it.
fn interrupted(folder: &Folder, arguments: &[&str]) -> Run {
    let child =
        folder.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    sleep(Duration::from_millis(1500));
    interrupt(&child);
    Run::of(child.wait_with_output().unwrap())
}

fn interrupt(child: &Child) {
    let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[test]
fn verify_stops_and_says_so() {
    let (network, property) = hard_instance();
    let folder = Folder::with(&[("n.json", &network), ("p.vnnlib", &property)]);
    let run = interrupted(&folder, &["verify", "n.json", "p.vnnlib", "--threads", "1"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
    assert!(run.stderr.contains("undecided, stopped by Ctrl-C"), "{}", run.stderr);
}

#[test]
fn run_keeps_what_is_finished() {
    let (network, property) = hard_instance();
    let easy = property.replace("(assert (>= Y_0 4000))\n", "");
    let folder = Folder::with(&[
        ("n.json", &network),
        ("p.vnnlib", &property),
        ("easy.vnnlib", &easy),
        ("i.csv", "n.json,easy.vnnlib,60\nn.json,p.vnnlib,60\n"),
    ]);
    let run = interrupted(&folder, &["run", "i.csv", "--threads", "1", "--quiet"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
    assert!(run.stderr.contains("1 of 2 instances done"), "{}", run.stderr);
    let results = folder.read("foldline-results.csv");
    assert_eq!(results.lines().count(), 2, "{results}");
}

#[test]
fn vnncomp_says_unknown() {
    let (network, property) = hard_instance();
    let folder = Folder::with(&[("n.json", &network), ("p.vnnlib", &property)]);
    let run = interrupted(&folder, &["vnncomp", "n.json", "p.vnnlib", "r.txt", "60"]);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert_eq!(folder.read("r.txt"), "unknown\n");
}

#[test]
fn maximum_stops_and_tells_its_bounds() {
    let (network, property) = hard_instance();
    let region = property.replace("(assert (>= Y_0 4000))\n", "");
    let folder = Folder::with(&[("n.json", &network), ("r.vnnlib", &region)]);
    let arguments = ["maximum", "n.json", "--over", "r.vnnlib", "--threads", "1", "--json"];
    let run = interrupted(&folder, &arguments);
    assert_eq!(run.code, Some(130), "{}", run.stderr);
    assert!(run.stdout.contains(r#""limit":"stopped""#), "{}", run.stdout);
    assert!(run.stderr.contains("undecided, stopped by Ctrl-C"), "{}", run.stderr);
}
