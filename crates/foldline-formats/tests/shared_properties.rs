//! Every property file of the shared data is read, as a property and as a region.

use std::path::{Path, PathBuf};
use std::time::Instant;

use foldline_formats::region::read_region;
use foldline_formats::vnnlib::read_property;
use foldline_kernel::Formula;

/// The folder of shared data, which need not exist.
fn shared(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(folder)
}

/// The property files in `folder`.
fn property_files(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(shared(folder)) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> =
        paths.filter(|path| path.to_string_lossy().contains(".vnnlib")).collect();
    paths.sort();
    paths
}

/// Reads all files of a folder about networks of one size.
fn read_all(folder: &str, inputs: usize, outputs: usize) {
    for path in property_files(folder) {
        let property = read_property(&path, inputs, outputs).unwrap();
        assert_eq!((property.inputs, property.outputs), (inputs, outputs));
        let region = read_region(&path, inputs).unwrap();
        assert!(!region.pieces.is_empty(), "{path:?}");
        for piece in &region.pieces {
            assert_eq!(piece.constraints.len(), 2 * inputs, "{path:?}: a box");
        }
    }
}

#[test]
fn acas_xu() {
    read_all("acasxu/vnnlib", 5, 5);
    for (file, pieces) in [("prop_6", 2), ("prop_7", 1)] {
        let path = shared(&format!("acasxu/vnnlib/{file}.vnnlib"));
        if path.exists() {
            assert_eq!(read_region(&path, 5).unwrap().pieces.len(), pieces);
        }
    }
}

#[test]
fn two_level_lattices() {
    read_all("tllverify/vnnlib", 2, 1);
}

#[test]
fn cartpole() {
    read_all("cartpole/vnnlib", 4, 2);
}

#[test]
fn smoke_tests() {
    for path in property_files("vnncomp-test") {
        let sizes = if path.ends_with("test_prop.vnnlib") { (5, 5) } else { (1, 1) };
        read_property(&path, sizes.0, sizes.1).unwrap();
    }
}

#[test]
fn thousands_of_intervals() {
    for path in property_files("lindex/vnnlib") {
        let start = Instant::now();
        let property = read_property(&path, 1, 1).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let Formula::Or(clauses) = property.formula else { panic!("{path:?}: a disjunction") };
        let start = Instant::now();
        let region = read_region(&path, 1).unwrap();
        println!(
            "{}: {} clauses in {seconds:.3} s, {} intervals in {:.3} s",
            path.file_name().unwrap().to_string_lossy(),
            clauses.len(),
            region.pieces.len(),
            start.elapsed().as_secs_f64()
        );
        assert!(seconds < 10.0, "{path:?}: read in {seconds} s");
        assert!(region.pieces.len() * 2 <= clauses.len() + 1, "every interval stands twice");
    }
}
