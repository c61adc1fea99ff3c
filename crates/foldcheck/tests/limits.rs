//! A check ends when its caller or `--timeout` says so, whatever it is busy with.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use foldcheck::{Content, Failure, check, check_until};

/// 60 vectors in 12 dimensions, any 12 of them independent: some 10^11 hyperplanes to go through.
fn zonotope(generators: u64) -> Content {
    let power = |base: u64, exponent: u32| base.pow(exponent).to_string();
    let vector = |base: u64| (0..12).map(|j| power(base, j)).collect::<Vec<_>>().join(", ");
    let vectors = (1..=generators).map(|base| format!("[{}]", vector(base)));
    let vectors = vectors.collect::<Vec<_>>().join(", ");
    let center = ["0"; 12].join(", ");
    let text = format!("{{\"center\": [{center}], \"generators\": [{vectors}]}}");
    Content::new("z.json", text.into_bytes())
}

/// Containment in itself by normals, which is true and takes for ever.
fn endless() -> ([Content; 2], String) {
    let files = [zonotope(30), zonotope(30)];
    let hash = &files[0].hash;
    let text = format!(
        "foldline-certificate 1\nstatement containment yes\nouter z.json {hash}\n\
         inner z.json {hash}\nnormals 0 1 2 3 4 5 6 7 8 9 10 11\nend\n"
    );
    (files, text)
}

#[test]
fn the_caller_stops_a_check() {
    let (files, certificate) = endless();
    for limit in [0, 3, 1000] {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > limit
        };
        let stopped = check_until(certificate.as_bytes(), &files, &stop);
        assert!(matches!(stopped, Err(Failure::Stopped)), "{stopped:?}");
        assert_eq!(asked.get(), limit + 1);
    }
    // What is right is accepted, and what is wrong rejected, as long as nobody says stop.
    let short = [zonotope(12), zonotope(12)];
    let short_text = certificate.replace(&files[0].hash, &short[0].hash);
    assert!(check_until(short_text.as_bytes(), &short, &|| false).is_ok());
    assert!(matches!(check(certificate.as_bytes(), &short), Err(Failure::Rejected(_))));
}

/// `foldcheck` with these arguments in a directory; its standard input stays open and silent.
fn run(directory: &Path, arguments: &[&str]) -> (Output, Duration) {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_foldcheck"))
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("foldcheck starts");
    let silent = child.stdin.take();
    let output = child.wait_with_output().expect("foldcheck ends");
    drop(silent);
    (output, start.elapsed())
}

#[test]
fn the_program_ends_in_time() {
    let directory = tempfile::tempdir().unwrap();
    let (files, certificate) = endless();
    fs::write(directory.path().join("z.json"), files[0].bytes.as_slice()).unwrap();
    fs::write(directory.path().join("c"), certificate).unwrap();
    let arguments = ["--timeout", "0.5", "--json", "c", "z.json", "z.json"];
    let stalled = ["--json", "--timeout=.25", "-", "z.json", "z.json"];
    for (arguments, limit) in [(&arguments[..], 500), (&stalled[..], 250)] {
        let (output, time) = run(directory.path(), arguments);
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "{\"answer\":\"undecided\"}\n");
        // Other tests run beside this one, so there is more room than the 0.3 s that are promised.
        assert!(time >= Duration::from_millis(limit) && time < Duration::from_secs(5), "{time:?}");
    }
    for limit in ["", ".", "-1", "1e3", "x", "0x1", "1.2.3"] {
        let (output, _) = run(directory.path(), &["--timeout", limit, "c", "z.json", "z.json"]);
        assert_eq!(output.status.code(), Some(2), "{limit}");
    }
    let (output, _) = run(directory.path(), &["c", "z.json", "z.json", "--timeout"]);
    assert_eq!(output.status.code(), Some(2));
}
