//! The command line itself: help, versions, wrong usage, closed pipes.

use std::io::Read;
use std::process::Stdio;

use crate::support::{Folder, PAIR, RAMP, ramp_reaches};

#[test]
fn help_and_version_are_answers() {
    let folder = Folder::with(&[]);
    for arguments in [&["--help"][..], &["-h"], &["help"], &["verify", "--help"], &["--version"]] {
        let run = folder.run(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(run.stdout.contains("foldline"), "{arguments:?}: {}", run.stdout);
    }
    assert!(folder.run(&["--help"]).stdout.contains("Exit codes"));
}

#[test]
fn wrong_usage_is_exit_2_and_says_nothing_on_stdout() {
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &ramp_reaches(">=", "1"))]);
    for arguments in [
        &[][..],
        &["frobnicate"],
        &["verify"],
        &["verify", "n.json"],
        &["verify", "n.json", "p.vnnlib", "--no-such-flag"],
        &["verify", "n.json", "p.vnnlib", "--timeout", "soon"],
        &["verify", "n.json", "p.vnnlib", "--timeout", "-1"],
        &["verify", "n.json", "p.vnnlib", "--threads", "0"],
        &["verify", "n.json", "p.vnnlib", "--seed", "x"],
        &["verify", "-", "-"],
        &["verify", "n.json", "p.vnnlib", "--physical"],
        &["inspect", "p.vnnlib", "--physical"],
        &["vnncomp", "n.json", "p.vnnlib", "r.txt"],
        &["eval", "n.json"],
        &["eval", "n.json", "--input", "x"],
        &["eval", "n.json", "--input", ""],
        &["eval", "n.json", "--input", "nan"],
        &["eval", "n.json", "--input", "1/0"],
        &["eval", "n.json", "--input", "1,2"],
    ] {
        let run = folder.run(arguments);
        assert_eq!(run.code, Some(2), "{arguments:?}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert_ne!(run.stderr, "", "{arguments:?}");
    }
    assert_eq!(folder.names(), ["n.json", "p.vnnlib"]);
}

#[test]
fn the_wrong_number_of_coordinates_is_explained() {
    let folder = Folder::with(&[("pair.json", PAIR)]);
    let parts = ["--input has 3 numbers", "pair.json expects 2"];
    folder.refuses(&["eval", "pair.json", "--input", "1,2,3"], 2, &parts);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let folder = Folder::with(&[("n.json", RAMP)]);
    for arguments in [&["eval", "n.json", "--input", "1"][..], &["--help"]] {
        let mut child = folder
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_a_failure() {
    let folder = Folder::with(&[("n.json", RAMP)]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status = folder.command(&["eval", "n.json", "--input", "1"]).stdout(full).output().unwrap();
    assert_eq!(status.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&status.stderr).contains("standard output"));
}

#[test]
fn networks_come_from_standard_input_too() {
    let folder = Folder::with(&[("n.json", RAMP)]);
    let file = std::fs::File::open(folder.path("n.json")).unwrap();
    let output =
        folder.command(&["eval", "-", "--input", "0.3", "--json"]).stdin(file).output().unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains(r#""output":["1/5"]"#));
}
