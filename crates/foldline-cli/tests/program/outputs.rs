//! What is written never harms what is read: inputs, devices, links, and the files of other runs.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::process::{Command, Stdio};

use crate::support::{Folder, RAMP, Run, hard_instance, ramp_reaches};

const BOX: &str = r#"{"box": [[0, 1]]}"#;
const DATA: &str = "x,y\n0,1\n1,2\n2,5\n";
const SQUARE: &str = r#"{"center": [0, 0], "generators": [[1, 0], [0, 1]]}"#;

fn ramp() -> Folder {
    let spec = ramp_reaches(">=", "0.95");
    let files = [("n.json", RAMP), ("p.vnnlib", &spec), ("box.json", BOX), ("d.csv", DATA)];
    Folder::with(&[&files[..], &[("z.json", SQUARE)]].concat())
}

/// Every command that writes, with its inputs.
const WRITERS: [(&[&str], &str, &[&str]); 14] = [
    (&["verify", "n.json", "p.vnnlib"], "--certificate", &["n.json", "p.vnnlib"]),
    (&["verify", "n.json", "p.vnnlib"], "--checkpoint", &["n.json", "p.vnnlib"]),
    (&["maximum", "n.json", "--over", "box.json"], "--certificate", &["n.json", "box.json"]),
    (&["range", "n.json", "--over", "box.json"], "--checkpoint", &["n.json", "box.json"]),
    (&["zero", "n.json"], "--certificate", &["n.json"]),
    (&["equivalent", "n.json", "n.json"], "--certificate", &["n.json"]),
    (&["lipschitz", "n.json", "--p", "2"], "--certificate", &["n.json"]),
    (&["regions", "n.json", "--count", "cells"], "--certificate", &["n.json"]),
    (&["train", "d.csv", "--hidden", "1"], "--plot", &["d.csv"]),
    (&["interpolate", "d.csv"], "--certificate", &["d.csv"]),
    (&["zonotope", "contains", "z.json", "z.json"], "--certificate", &["z.json"]),
    (&["zonotope", "norm", "z.json", "--p", "2"], "--certificate", &["z.json"]),
    (&["zonotope", "order-reduce", "z.json", "--epsilon", "1"], "--out", &["z.json"]),
    (&["inspect", "n.json"], "--lowered", &["n.json"]),
];

#[test]
fn no_input_is_replaced_whatever_its_name() {
    let folder = ramp();
    for (command, option, inputs) in WRITERS {
        for input in inputs {
            let before = folder.read(input);
            let (link, hard) = (folder.path("link"), folder.path("hard"));
            symlink(input, &link).unwrap();
            fs::hard_link(folder.path(input), &hard).unwrap();
            for name in [*input, "./link", "hard"] {
                let arguments = [command, &[option, name]].concat();
                folder.refuses(&arguments, 2, &["this is an input file"]);
                assert_eq!(&folder.read(input), &before, "{arguments:?}");
            }
            fs::remove_file(link).unwrap();
            fs::remove_file(hard).unwrap();
        }
    }
    assert_eq!(folder.names(), ["box.json", "d.csv", "n.json", "p.vnnlib", "z.json"]);
    let result = ["vnncomp", "n.json", "p.vnnlib", "p.vnnlib", "60"];
    folder.refuses(&result, 2, &["this is an input file"]);
    folder.refuses(
        &["zonotope", "plot", "z.json", "--output", "z.json"],
        2,
        &["this is an input file"],
    );
}

#[test]
fn what_grows_beside_a_place_is_no_input_either() {
    let folder = ramp();
    folder.write("c.partial", RAMP.as_bytes());
    let arguments = ["verify", "c.partial", "p.vnnlib", "--certificate", "c"];
    folder.refuses(&arguments, 2, &["this is an input file"]);
    folder.write("o/network.json", SQUARE.as_bytes());
    let read = ["zonotope", "to-network", "o/network.json", "z.json", "--out", "o"];
    folder.refuses(&read, 2, &["this is an input file"]);
    assert_eq!(
        (folder.read("c.partial"), folder.read("o/network.json").as_str()),
        (RAMP.to_owned(), SQUARE)
    );
}

#[test]
fn two_outputs_are_two_files() {
    let folder = ramp();
    let verify = ["verify", "n.json", "p.vnnlib", "--certificate", "c"];
    for other in ["c", "./c", "c.partial"] {
        let arguments = [&verify[..], &["--checkpoint", other]].concat();
        folder.refuses(&arguments, 2, &["need files of their own"]);
    }
    let train = ["train", "d.csv", "--hidden", "1", "--certificate", "c", "--plot", "c"];
    folder.refuses(&train, 2, &["need files of their own"]);
}

#[test]
fn a_pipe_is_written_into() {
    let folder = ramp();
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    let mut reader = Command::new("cat");
    let reader = reader.arg(folder.path("pipe")).stdout(Stdio::piped()).spawn().unwrap();
    let answer = folder
        .json(&["verify", "n.json", "p.vnnlib", "--certificate", "pipe", "--threads", "1"], 0);
    assert_eq!(answer["certificate_checked"], true);
    let read = Run::of(reader.wait_with_output().unwrap()).stdout;
    assert!(fs::symlink_metadata(folder.path("pipe")).unwrap().file_type().is_fifo());
    folder.write("c", read.as_bytes());
    folder.json(&["check", "c", "n.json", "p.vnnlib"], 0);
    let kept = ["verify", "n.json", "p.vnnlib", "--certificate", "pipe", "--checkpoint", "k"];
    folder.refuses(&kept, 2, &["regular file"]);
    let state = ["verify", "n.json", "p.vnnlib", "--checkpoint", "pipe"];
    folder.refuses(&state, 4, &["a checkpoint needs a regular file"]);
    assert_eq!(folder.names().len(), 7, "{:?}", folder.names());
}

#[test]
fn devices_and_standard_output_are_written_into() {
    let folder = ramp();
    let verify = ["verify", "n.json", "p.vnnlib", "--certificate"];
    let nowhere = folder.run(&[&verify[..], &["/dev/null"]].concat());
    assert_eq!(nowhere.code, Some(0), "{}", nowhere.stderr);
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    // Standard output is a pipe here, and a file there.
    let arguments = [&verify[..], &["/dev/stdout", "--json"]].concat();
    let piped = folder.run(&arguments);
    let mut command = folder.command(&arguments);
    let output = command.stdout(fs::File::create(folder.path("o")).unwrap()).output().unwrap();
    assert_eq!((piped.code, output.status.code()), (Some(0), Some(0)));
    for text in [piped.stdout, folder.read("o")] {
        let (certificate, answer) = text.split_at(text.find("{\"").unwrap());
        assert!(answer.contains("\"certificate_checked\":true"), "{answer}");
        folder.write("c", certificate.as_bytes());
        folder.json(&["check", "c", "n.json", "p.vnnlib"], 0);
    }
}

#[test]
fn a_link_stays_and_its_target_is_replaced() {
    let folder = ramp();
    folder.write("there/c", b"old");
    symlink("there/c", folder.path("link")).unwrap();
    let run = folder.run(&["verify", "n.json", "p.vnnlib", "--certificate", "link"]);
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    assert!(fs::symlink_metadata(folder.path("link")).unwrap().is_symlink());
    folder.json(&["check", "there/c", "n.json", "p.vnnlib"], 0);
}

/// A long run, once its state is there.
fn long_run(folder: &Folder, more: &[&str]) -> std::process::Child {
    let arguments = [&["verify", "n.json", "p.vnnlib", "--checkpoint", "k"], more].concat();
    let mut command = folder.command(&arguments);
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !folder.path("k").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child
}

fn hard() -> Folder {
    let (network, property) = hard_instance();
    Folder::with(&[("n.json", &network), ("p.vnnlib", &property)])
}

#[test]
fn what_another_run_writes_is_refused_until_it_ends() {
    let folder = hard();
    let mut child = long_run(&folder, &["--certificate", "c"]);
    let busy = |more: &[&str]| {
        let arguments = [&["verify", "n.json", "p.vnnlib", "--timeout", "0.1"], more].concat();
        folder.refuses(&arguments, 4, &["another run is writing this file"]);
    };
    busy(&["--checkpoint", "k", "--certificate", "c"]);
    busy(&["--checkpoint", "other", "--certificate", "c"]);
    busy(&["--checkpoint", "k", "--certificate", "other"]);
    busy(&["--certificate", "c"]);
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    child.kill().unwrap();
    child.wait().unwrap();
    let run = folder.run(&[
        "verify",
        "n.json",
        "p.vnnlib",
        "--checkpoint",
        "k",
        "--certificate",
        "c",
        "--timeout",
        "0.5",
    ]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(!run.stderr.contains("began anew"), "{}", run.stderr);
}

#[test]
fn kills_leave_nothing_that_adds_up() {
    let folder = hard();
    for _ in 0..3 {
        let mut child = long_run(&folder, &[]);
        std::thread::sleep(std::time::Duration::from_millis(300));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let names = folder.names();
    let known = ["k", "k.partial", "n.json", "p.vnnlib"];
    assert!(names.iter().all(|name| known.contains(&name.as_str())), "{names:?}");
    let run =
        folder.run(&["verify", "n.json", "p.vnnlib", "--checkpoint", "k", "--timeout", "0.5"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert_eq!(folder.names(), ["k", "n.json", "p.vnnlib"]);
}

#[test]
fn a_proof_that_is_lost_is_said_to_begin_anew() {
    let folder = hard();
    let arguments = [
        "verify",
        "n.json",
        "p.vnnlib",
        "--checkpoint",
        "k",
        "--certificate",
        "c",
        "--timeout",
        "1",
    ];
    let first = folder.run(&arguments);
    assert!(first.stderr.contains("the state is in k"), "{}", first.stderr);
    assert!(!folder.run(&arguments).stderr.contains("began anew"));
    folder.write("c.partial", b"something else");
    let run = folder.run(&arguments);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(run.stderr.contains("c.partial is not as it was left"), "{}", run.stderr);
}

#[test]
fn a_file_that_changes_meanwhile_does_not_change_the_answer() {
    // The network comes through a pipe: whoever read it a second time would wait for ever.
    let folder = ramp();
    assert!(Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    for command in [
        &["verify", "pipe", "p.vnnlib"][..],
        &["maximum", "pipe", "--over", "box.json"],
        &["lipschitz", "pipe", "--p", "2"],
        &["regions", "pipe", "--count", "cells"],
    ] {
        let mut writer = Command::new("cp");
        let mut writer =
            writer.arg(folder.path("n.json")).arg(folder.path("pipe")).spawn().unwrap();
        let answer = folder.json(&[command, &["--certificate", "c"]].concat(), 0);
        writer.wait().unwrap();
        assert_eq!(answer["certificate_checked"], true, "{command:?}");
        let over: &[&str] = match command[0] {
            "verify" => &["p.vnnlib"],
            "maximum" => &["box.json"],
            _ => &[],
        };
        folder.json(&[&["check", "c", "n.json"], over].concat(), 0);
    }
}
