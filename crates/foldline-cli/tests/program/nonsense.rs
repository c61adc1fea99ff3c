//! A gigabyte of nonsense is refused at once, with one message, whichever reader it is given to.

use std::fs::File;
use std::io::Write;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::{Folder, RAMP, ramp_reaches};

const GIGABYTE: u64 = 1 << 30;

/// Every reader, with the file's name in its place.
const READERS: [&[&str]; 24] = [
    &["inspect", "big.onnx"],
    &["inspect", "big.nnet"],
    &["inspect", "big.json"],
    &["inspect", "big.vnnlib"],
    &["inspect", "big.npy"],
    &["inspect", "big.npz"],
    &["inspect", "big.mat"],
    &["inspect", "big"],
    &["verify", "big.onnx", "p.vnnlib"],
    &["verify", "n.json", "big.vnnlib"],
    &["verify", "n.json", "p.vnnlib", "--checkpoint", "big.checkpoint"],
    &["maximum", "n.json", "--over", "big.json"],
    &["replay", "n.json", "p.vnnlib", "big.txt"],
    &["check", "big.certificate", "n.json", "p.vnnlib"],
    &["train", "big.csv", "--hidden", "1"],
    &["separable", "big.csv"],
    &["interpolate", "big.csv"],
    &["zonotope", "volume", "big.json"],
    &["zonotope", "norm", "z.json", "--matrix", "big.npy"],
    &["arrangement", "cells", "big.json"],
    &["reduce", "clique", "big.col", "--to", "maximum", "--out", "out"],
    &["recover", "big.json", "n.json"],
    &["run", "big.csv"],
    &["run", "rows.csv", "--out", "big.out"],
];

/// How many seconds a refusal may take; a debug build on a busy machine is slow.
const LIMIT: Duration = Duration::from_secs(5);

fn folder() -> Folder {
    Folder::with(&[
        ("n.json", RAMP),
        ("p.vnnlib", &ramp_reaches(">=", "0.95")),
        ("z.json", r#"{"center": [0, 0], "generators": [[1, 0], [0, 1]]}"#),
        ("rows.csv", "n.json,p.vnnlib,1\n"),
    ])
}

fn refuses_at_once(folder: &Folder, reader: &[&str], name: &str) {
    let start = Instant::now();
    let run = folder.run(reader);
    let (code, time) = (run.code, start.elapsed());
    // A certificate that is none is rejected, everything else is bad input.
    let expected = if reader[0] == "check" { 1 } else { 4 };
    assert_eq!(code, Some(expected), "{reader:?}: {}{}", run.stdout, run.stderr);
    if expected == 4 {
        assert_eq!(run.stderr.trim_end().lines().count(), 1, "{reader:?}: {}", run.stderr);
        assert!(run.stderr.len() < 1000 && run.stderr.contains(name), "{}", run.stderr);
    }
    assert!(time < LIMIT, "{reader:?} takes {time:?}");
    eprintln!("{reader:?}: {time:?} {}", run.stderr.trim_end());
}

#[test]
fn a_gigabyte_of_zeros_is_refused_at_once() {
    let folder = folder();
    for reader in READERS {
        // Only files that are not there before are large: a hole, which takes no room.
        for name in reader.iter().filter(|word| word.starts_with("big")) {
            File::create(folder.path(name)).unwrap().set_len(GIGABYTE).unwrap();
            refuses_at_once(&folder, reader, name);
            std::fs::remove_file(folder.path(name)).unwrap();
        }
    }
}

#[test]
fn compressed_nonsense_is_refused_before_it_is_unpacked() {
    let folder = folder();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(&vec![0; 1 << 26]).unwrap();
    let packed = encoder.finish().unwrap();
    for name in ["big.onnx.gz", "big.nnet.gz", "big.json.gz", "big.vnnlib.gz", "big.npz.gz", "big"]
    {
        folder.write(name, &packed);
        refuses_at_once(&folder, &["inspect", name], name);
    }
}

#[test]
fn long_numbers_are_refused_with_their_place() {
    let nines = "9".repeat(60_000);
    for number in [nines.as_str(), "1e999999999", "1e-999999999", "\"1/1e999999999\""] {
        let plain = number.trim_matches('"');
        let folder = Folder::with(&[
            ("n.json", RAMP),
            ("long.json", &RAMP.replace("-0.1", number)),
            ("long.vnnlib", &ramp_reaches(">=", plain)),
            ("region.json", &format!("{{\"box\": [[0, {number}]]}}")),
            ("long.csv", &format!("x,y\n0,1\n1,{plain}\n")),
            ("long.txt", &format!("sat\n((X_0 {plain}))\n")),
            ("p.vnnlib", &ramp_reaches(">=", "0.95")),
            ("z.json", &format!("{{\"generators\": [[1, {number}]]}}")),
            ("a.json", &format!("{{\"normals\": [[1]], \"offsets\": [{number}]}}")),
            ("long.nnet", &format!("1\n1,1\n0\n0\n0\n0\n0\n{plain}\n0\n")),
        ]);
        for (command, place) in [
            (&["inspect", "long.json"][..], "long.json: layers[0].bias[0]: "),
            (&["verify", "n.json", "long.vnnlib"], "long.vnnlib: line 5, column 17: "),
            (&["maximum", "n.json", "--over", "region.json"], "region.json: box[0][1]: "),
            (&["interpolate", "long.csv"], "long.csv: line 3, column `y`: "),
            (&["replay", "n.json", "p.vnnlib", "long.txt"], "long.txt: line 2, column 7: "),
            (&["zonotope", "volume", "z.json"], "z.json: generators[0][1]: "),
            (&["arrangement", "cells", "a.json"], "a.json: offsets[0]: "),
            (&["inspect", "long.nnet"], "long.nnet: line 8, column 1: "),
        ] {
            folder.refuses(command, 4, &[place]);
            let message = folder.run(command).stderr;
            assert!(message.len() < 300, "{message}");
        }
    }
}
