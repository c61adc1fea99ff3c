//! The house is in order: files open with their idea, arrows point one way, exact code has no floats.

use std::fs;
use std::path::{Path, PathBuf};

/// What each crate may depend on; a crate may use only those above it.
const ARROWS: [(&str, &[&str]); 9] = [
    ("foldline-kernel", &[]),
    ("foldline-formats", &["foldline-kernel"]),
    ("foldcheck", &["foldline-kernel", "foldline-formats"]),
    ("foldline-geometry", &["foldline-kernel"]),
    ("foldline-engine", &["foldline-kernel", "foldline-formats"]),
    ("foldline-reductions", &["foldline-kernel", "foldline-formats"]),
    (
        "foldline-questions",
        &[
            "foldline-kernel",
            "foldline-formats",
            "foldline-geometry",
            "foldline-engine",
            "foldline-reductions",
        ],
    ),
    (
        "foldline",
        &[
            "foldline-kernel",
            "foldline-formats",
            "foldline-geometry",
            "foldline-engine",
            "foldline-reductions",
            "foldline-questions",
        ],
    ),
    ("foldline-cli", &["foldline", "foldcheck"]),
];

/// Crates that everything else believes: they compute with exact numbers only.
const EXACT: [&str; 3] = ["foldline-kernel", "foldline-formats", "foldcheck"];

/// Lines a source file may have, its tests not counted.
const MOST_LINES: usize = 450;

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("crates/").to_owned()
}

/// All Rust files below `folder`, with their content.
fn rust_files(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a readable folder") {
            let path = entry.expect("a readable entry").path();
            if path.is_dir() {
                if path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let content = fs::read_to_string(&path).expect("UTF-8 source");
                files.push((path, content));
            }
        }
    }
    files
}

/// The part of a source file before its unit tests.
fn without_tests(content: &str) -> &str {
    content.split("#[cfg(test)]\nmod ").next().unwrap_or(content)
}

fn complain(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_file_opens_with_its_idea() {
    let complaints: Vec<String> = rust_files(&crates())
        .iter()
        .filter(|(_, content)| !content.starts_with("//! ") && !content.starts_with("#!"))
        .map(|(path, _)| format!("{}: the first line should be `//! …`", path.display()))
        .collect();
    complain(&complaints);
}

#[test]
fn no_file_is_too_long() {
    let mut complaints = Vec::new();
    for (path, content) in rust_files(&crates()) {
        let lines = without_tests(&content).lines().count();
        let in_tests = path.components().any(|part| part.as_os_str() == "tests");
        if lines > MOST_LINES && !in_tests {
            let path = path.display();
            complaints.push(format!("{path}: {lines} lines without tests, at most {MOST_LINES}"));
        }
    }
    complain(&complaints);
}

#[test]
fn arrows_point_one_way() {
    let mut complaints = Vec::new();
    for entry in fs::read_dir(crates()).expect("crates/") {
        let folder = entry.expect("a readable entry").path();
        let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
        let name = folder.file_name().and_then(|name| name.to_str()).expect("a crate's name");
        let Some((_, allowed)) = ARROWS.iter().find(|(crate_name, _)| *crate_name == name) else {
            complaints.push(format!("{name}: say in tidy.rs what this crate may depend on"));
            continue;
        };
        for dependency in dependencies(&manifest) {
            if !allowed.contains(&dependency.as_str()) {
                complaints.push(format!("{name} must not depend on {dependency}"));
            }
        }
    }
    complain(&complaints);
}

/// The crates of this workspace that a manifest names as dependencies, those of its tests left out.
fn dependencies(manifest: &str) -> Vec<String> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        }
        let key = line.split(['.', '=', ' ']).next().unwrap_or_default();
        let is_ours = key.starts_with("foldline") || key == "foldcheck";
        if section.ends_with("dependencies]") && !section.contains("dev-") && is_ours {
            found.push(key.to_owned());
        }
    }
    found
}

#[test]
fn exact_crates_have_no_floats() {
    let mut complaints = Vec::new();
    for name in EXACT {
        for (path, content) in rust_files(&crates().join(name).join("src")) {
            for (number, line) in without_tests(&content).lines().enumerate() {
                if float_type(line) {
                    let path = path.display();
                    complaints
                        .push(format!("{path}:{}: a float in exact code: {line}", number + 1));
                }
            }
        }
    }
    complain(&complaints);
}

/// Whether a line of code, comments and strings left out, names a float type.
fn float_type(line: &str) -> bool {
    let code: String = line.split('"').step_by(2).collect::<Vec<_>>().join(" ");
    let code = code.split("//").next().unwrap_or_default();
    let is_word_part = |character: char| character.is_alphanumeric() || character == '_';
    code.split(|character| !is_word_part(character)).any(|word| word == "f32" || word == "f64")
}

#[test]
fn the_checks_themselves_work() {
    assert!(float_type("let x: f64 = 0.5;") && float_type("value as f32"));
    assert!(!float_type("from_f32_bits(bits) // f32") && !float_type(r#"fail("f64")"#));
    let manifest = "[dependencies]\nfoldline-kernel.workspace = true\nserde = \"1\"\n\
                    [dev-dependencies]\nfoldline-cli = { path = \"x\" }\n";
    assert_eq!(dependencies(manifest), ["foldline-kernel"]);
}
