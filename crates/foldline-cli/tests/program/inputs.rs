//! Bad input: exit 4, nothing on standard output, one message that names file and place.

use crate::support::{Folder, RAMP, property, ramp_reaches};

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", &ramp_reaches(">=", "1"))]);
    std::fs::create_dir(folder.path("folder.onnx")).unwrap();
    folder.write("latin.vnnlib", b"; caf\xe9\n");
    folder.write("cut.json.gz", &[0x1f, 0x8b, 8, 0, 0]);
    folder.refuses(&["verify", "no.onnx", "p.vnnlib"], 4, &["no.onnx", "no such file"]);
    folder.refuses(&["verify", "n.json", "no.vnnlib"], 4, &["no.vnnlib", "no such file"]);
    folder.refuses(&["verify", "folder.onnx", "p.vnnlib"], 4, &["folder.onnx", "directory"]);
    folder.refuses(&["verify", "n.json", "latin.vnnlib"], 4, &["latin.vnnlib", "byte 5", "UTF-8"]);
    folder.refuses(&["eval", "cut.json.gz", "--input", "1"], 4, &["cut.json.gz", "gzip"]);
    folder.refuses(&["inspect", "no.json"], 4, &["no.json", "no such file"]);
    folder.refuses(&["run", "no.csv"], 4, &["no.csv", "no such file"]);
}

#[test]
fn networks_that_are_none() {
    for (content, part) in [
        ("", ""),
        ("{", ""),
        ("{\"layers\": []}", ""),
        (
            "{\"layers\": [{\"weights\": [[1, 2], [3]], \"bias\": [0, 0], \"activation\": \"relu\"}]}",
            "weights",
        ),
        (
            "{\"layers\": [{\"weights\": [[1]], \"bias\": [0, 0], \"activation\": \"relu\"}]}",
            "bias",
        ),
        ("{\"layers\": [{\"weights\": [[1]], \"bias\": [0], \"activation\": \"tanh\"}]}", "tanh"),
        (
            "{\"layers\": [{\"weights\": [[\"x\"]], \"bias\": [0], \"activation\": \"relu\"}]}",
            "weights",
        ),
    ] {
        let folder = Folder::with(&[("n.json", content)]);
        for arguments in [&["eval", "n.json", "--input", "1"][..], &["inspect", "n.json", "--json"]]
        {
            folder.refuses(arguments, 4, &["n.json", part]);
        }
    }
}

#[test]
fn properties_that_do_not_fit_or_are_broken() {
    let broken = |text: &str, parts: &[&str]| {
        let folder = Folder::with(&[("n.json", RAMP), ("p.vnnlib", text)]);
        folder.refuses(&["verify", "n.json", "p.vnnlib"], 4, &[&["p.vnnlib"], parts].concat());
        folder.refuses(&["vnncomp", "n.json", "p.vnnlib", "r.txt", "9"], 4, &["p.vnnlib"]);
        assert_eq!(folder.read("r.txt"), "error\n");
        assert_eq!(folder.names(), ["n.json", "p.vnnlib", "r.txt"]);
    };
    broken(&property(2, 1, &["(<= X_0 1)"]), &["line", "1 input"]);
    broken(&property(1, 3, &["(<= X_0 1)"]), &["line", "1 output"]);
    broken(&property(1, 1, &["(<= X_0 1"]), &["line"]);
    broken(&property(1, 1, &["(<= X_7 1)"]), &["line 3", "X_7"]);
    broken(&property(1, 1, &["(<= X_0 nan)"]), &["line 3"]);
}

#[test]
fn inspect_locates_errors_as_well() {
    let folder = Folder::with(&[
        ("p.vnnlib", &property(1, 1, &["(<= Z_0 1)"])),
        ("r.json", r#"{"box": [[1]]}"#),
    ]);
    folder.refuses(&["inspect", "p.vnnlib"], 4, &["p.vnnlib", "line 3"]);
    folder.refuses(&["inspect", "r.json"], 4, &["r.json", "box"]);
}
