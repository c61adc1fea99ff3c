//! All networks of the shared test data load, with the sizes they are known to have.

mod support;

use std::path::{Path, PathBuf};

use foldline_formats::{LoadedNetwork, NetworkOptions, read_network};

/// The networks in a folder of the shared data; none where there are no shared data.
fn networks(folder: &str) -> Vec<(PathBuf, LoadedNetwork)> {
    let Some(data) = support::shared_data() else { return vec![] };
    let mut loaded = Vec::new();
    for entry in std::fs::read_dir(data.join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.to_string_lossy().into_owned();
        let is_network = [".onnx", ".onnx.gz", ".nnet", ".json"].iter().any(|e| name.ends_with(e));
        if is_network {
            loaded.push((path.clone(), read(&path)));
        }
    }
    loaded
}

fn read(path: &Path) -> LoadedNetwork {
    read_network(path, &NetworkOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Inputs, ReLU neurons and outputs.
fn sizes(loaded: &LoadedNetwork) -> [usize; 3] {
    [loaded.network.inputs(), loaded.network.neurons(), loaded.network.outputs()]
}

#[test]
fn acasxu() {
    for (path, loaded) in networks("acasxu/onnx").iter().chain(&networks("acasxu/nnet")) {
        assert_eq!(sizes(loaded), [5, 300, 5], "{}", path.display());
        assert_eq!(loaded.network.layers().len(), 7);
    }
}

#[test]
fn the_rest() {
    for (path, loaded) in networks("cartpole/onnx") {
        assert_eq!(sizes(&loaded), [4, 128, 2], "{}", path.display());
    }
    for (path, loaded) in networks("lindex/onnx") {
        let deep = path.to_string_lossy().contains("deep");
        assert_eq!(sizes(&loaded), [1, if deep { 640 } else { 384 }, 1], "{}", path.display());
    }
    for (path, loaded) in networks("tllverify/onnx") {
        assert_eq!([sizes(&loaded)[0], sizes(&loaded)[2]], [2, 1], "{}", path.display());
        // Merging keeps the matrices sparse.
        let nonzeros: usize = loaded.network.layers().iter().map(|layer| layer.nonzeros()).sum();
        assert!(nonzeros < 20 * sizes(&loaded)[1], "{nonzeros} weights");
    }
    networks("vnncomp-test");
    networks("lipschitz");
}
