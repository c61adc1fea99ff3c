//! Zonotope files of every format: exact numbers, what is written is read again, bad files are refused.

use std::path::PathBuf;

use foldline_formats::matrix::{Matrix, parse_matrix};
use foldline_formats::{
    FormatError, parse_zonotope, read_zonotope, write_zonotope, zonotope_to_json,
};
use foldline_kernel::number::parse_rational;
use foldline_kernel::{Rational, Zonotope};
use proptest::prelude::*;

fn example(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../data/zonotopes").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(example(name)).unwrap()
}

fn numbers(tokens: &[&str]) -> Vec<Rational> {
    tokens.iter().map(|token| parse_rational(token).unwrap()).collect()
}

fn json(text: &str) -> Result<Zonotope, FormatError> {
    parse_zonotope("z.json", text.as_bytes())
}

fn refused(result: Result<Zonotope, FormatError>, place: &str, message: &str) {
    let error = result.expect_err(message);
    assert_eq!(error.place, place, "{error}");
    assert!(error.message.contains(message), "{error}: {message}");
}

#[test]
fn every_format_holds_the_same_zonotope() {
    let expected = read_zonotope(&example("small.json")).unwrap();
    assert_eq!(
        expected.generators[3][2],
        parse_rational("3602879701896397/36028797018963968").unwrap()
    );
    for name in [
        "small.json.gz",
        "small.npz",
        "small_compressed.npz",
        "small.mat",
        "small_compressed.mat",
        "small_cora.mat",
    ] {
        assert_eq!(read_zonotope(&example(name)).unwrap(), expected, "{name}");
        // The content tells the format where the name does not.
        assert_eq!(parse_zonotope("standard input", &decompressed(name)).unwrap(), expected);
    }
    let centered = read_zonotope(&example("small_generators.npy")).unwrap();
    assert_eq!(centered.generators, expected.generators);
    assert_eq!(centered.center, numbers(&["0", "0", "0"]));
    let single = read_zonotope(&example("small_columns_first.npy")).unwrap();
    assert_eq!(single.generators[..3], expected.generators[..3]);
    assert_eq!(single.generators[3][2], parse_rational("13421773/134217728").unwrap());
}

fn decompressed(name: &str) -> Vec<u8> {
    foldline_formats::input::read_bytes(&example(name)).unwrap()
}

#[test]
fn json_numbers_are_exactly_their_text() {
    let zonotope = json(r#"{"center": [0.1, "-2/3"], "generators": [[1e-1, 4], ["0.5", 0]]}"#);
    let zonotope = zonotope.unwrap();
    assert_eq!(zonotope.center, numbers(&["1/10", "-2/3"]));
    assert_eq!(zonotope.generators, [numbers(&["1/10", "4"]), numbers(&["1/2", "0"])]);
    let about_zero = json(r#"{"generators": [[1, 2]]}"#).unwrap();
    assert_eq!(about_zero.center, numbers(&["0", "0"]));
    let point = json(r#"{"center": [1, 2], "generators": []}"#).unwrap();
    assert!(point.generators.is_empty());
    let segments = json(r#"{"segments": [[2, 0], [1, -3]]}"#).unwrap();
    assert_eq!(segments.center, numbers(&["3/2", "-3/2"]));
    assert_eq!(segments.generators[1], numbers(&["1/2", "-3/2"]));
}

#[test]
fn bad_json_names_the_place() {
    for (text, place, message) in [
        ("[]", "", "found a list"),
        ("{}", "", "\"center\" and \"generators\""),
        (r#"{"center": [1]}"#, "", "\"center\" and \"generators\""),
        (r#"{"centre": [1]}"#, "", "unknown key \"centre\""),
        (r#"{"generators": []}"#, "generators", "none says the dimension"),
        (r#"{"segments": []}"#, "segments", "none says the dimension"),
        (r#"{"segments": [[]]}"#, "segments", "at least one coordinate"),
        (r#"{"center": [], "generators": []}"#, "center", "at least one coordinate"),
        (
            r#"{"center": [1], "generators": [[1, 2]]}"#,
            "generators[0]",
            "expected 1 numbers, found 2",
        ),
        (r#"{"generators": [[1, 2], [1]]}"#, "generators[1]", "expected 2 numbers, found 1"),
        (r#"{"generators": [[1, null]]}"#, "generators[0][1]", "found null"),
        (r#"{"generators": [[1, "NaN"]]}"#, "generators[0][1]", "expected a number"),
        (r#"{"generators": [1]}"#, "generators[0]", "found a number"),
        (r#"{"generators": 1}"#, "generators", "found a number"),
        (r#"{"generators": [[1]], "generators": [[1]]}"#, "generators", "twice"),
        (r#"{"generators": [[1]], "segments": [[1]]}"#, "segments", "alone"),
        (r#"{"generators": [[1]"#, "line 1, column 20", "found the end of the file"),
    ] {
        refused(json(text), place, message);
    }
    refused(parse_zonotope("z.json", b"\xff"), "byte 0", "UTF-8");
    refused(parse_zonotope("z", b"hello"), "", "expected a zonotope");
    refused(parse_zonotope("z", b""), "", "expected a zonotope");
}

/// A `.npy` file with this header and data.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(data);
    bytes
}

#[test]
fn bad_numpy_files_are_refused() {
    let header = |kind: &str, shape: &str| {
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n")
    };
    let not_a_number = [1f64.to_le_bytes(), f64::NAN.to_le_bytes()].concat();
    for (header, data, place, message) in [
        (header("<f8", "(1, 2)"), &not_a_number[..], "[0][1]", "NaN"),
        (header("<f8", "(2, 1)"), &not_a_number[..], "[1][0]", "NaN"),
        (
            header("<f8", "(2, 2)"),
            &not_a_number[..],
            "",
            "expected 2 x 2 numbers of 8 bytes, found 16",
        ),
        (header("<c16", "(1, 1)"), &not_a_number[..], "", "type <c16"),
        (header("|O", "(1, 1)"), &not_a_number[..], "", "type |O"),
        (header("<f8", "(1, 1, 2)"), &not_a_number[..], "", "shape [1, 1, 2]"),
        (header("<f8", "(99999999999, 0)"), &[], "", "too large"),
        (header("<f8", "(18446744073709551616, 0)"), &[], "", "no shape"),
        (header("<f8", "()"), &not_a_number[..], "", "found 16"),
        (header("<f8", "2"), &not_a_number[..], "", "no shape"),
        ("{'descr': '<f8'}".to_owned(), &[], "", "lacks \"fortran_order\""),
        (
            "{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }".to_owned(),
            &[],
            "",
            "found numpy's type",
        ),
    ] {
        refused(parse_zonotope("z.npy", &npy(&header, data)), place, message);
    }
    refused(parse_zonotope("z.npy", b"{}"), "", "not a .npy file");
    refused(parse_zonotope("z.npz", b"{}"), "", "not a complete .npz archive");
    let integers = npy(&header(">i2", "(1, 2)"), &[0, 5, 0xff, 0xff]);
    let read = parse_zonotope("z.npy", &integers).unwrap();
    assert_eq!(read.generators, [numbers(&["5"]), numbers(&["-1"])]);
}

#[test]
fn bad_matlab_files_are_refused() {
    let mut version_7_3 = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".to_vec();
    version_7_3.resize(512, b' ');
    refused(parse_zonotope("z.mat", &version_7_3), "", "-v7");
    refused(parse_zonotope("z.mat", b"\x89HDF\r\n\x1a\n"), "", "7.3");
    refused(parse_zonotope("z.mat", b"hello"), "", "not a MAT-file of level 5");
    refused(parse_zonotope("z.mat", &bytes("small.mat")[..128]), "", "found none");
    let mut infinite = bytes("small_cora.mat");
    let half = infinite.windows(8).position(|bytes| bytes == 0.5f64.to_le_bytes()).unwrap();
    infinite[half..half + 8].copy_from_slice(&f64::NEG_INFINITY.to_le_bytes());
    refused(parse_zonotope("z.mat", &infinite), "Z[0][0]", "-inf is not a finite number");
}

/// A file of level 5 with the sparse matrix `G` = [2 0; 0 3] after the variables of `small.mat`.
fn with_sparse_matrix() -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let element = |kind: u32, content: Vec<u8>| -> Vec<u8> {
        let size = content.len() as u32;
        let padding = vec![0; content.len().next_multiple_of(8) - content.len()];
        [words(&[kind, size]), content, padding].concat()
    };
    let numbers: Vec<u8> = [2f64, 3f64].iter().flat_map(|value| value.to_le_bytes()).collect();
    let variable = [
        element(6, words(&[5, 2])), // class 5: sparse, room for two entries
        element(5, words(&[2, 2])),
        element(1, b"G".to_vec()),
        element(5, words(&[0, 1])),
        element(5, words(&[0, 1, 2])),
        element(9, numbers),
    ];
    [bytes("small.mat"), element(14, variable.concat())].concat()
}

#[test]
fn sparse_matrices_are_refused_by_name() {
    let file = with_sparse_matrix();
    refused(parse_zonotope("z.mat", &file), "G", "is a sparse matrix");
    refused(parse_zonotope("z.mat", &file), "G", "full(…)");
    refused(parse_zonotope("z.mat", b"\x89HDF\r\n\x1a\n"), "", "v7.3 (HDF5)");
}

#[test]
fn every_truncation_is_an_error() {
    for name in [
        "small.json",
        "small.npz",
        "small_compressed.npz",
        "small_generators.npy",
        "small_columns_first.npy",
        "small.mat",
        "small_compressed.mat",
        "small_cora.mat",
    ] {
        let content = decompressed(name);
        let whole = parse_zonotope(name, &content).unwrap();
        for end in 0..content.len() {
            // What may be missing is a line's end, or a variable of another kind after the matrices.
            let cut = parse_zonotope(name, &content[..end]);
            assert!(cut.is_err() || cut.unwrap() == whole && end > 150, "{name} cut at {end}");
        }
    }
}

#[test]
fn what_is_written_is_read_again() {
    let zonotope = read_zonotope(&example("small.json")).unwrap();
    for name in ["z.json", "z.mat", "z.npz", "Z.NPZ"] {
        let written = write_zonotope(name, &zonotope).unwrap();
        assert_eq!(parse_zonotope(name, &written).unwrap(), zonotope, "{name}");
        let gzipped = write_zonotope(&format!("{name}.gz"), &zonotope).unwrap();
        let content = foldline_formats::input::decompress(name, gzipped).unwrap();
        assert_eq!(content, written, "{name}");
    }
    assert!(write_zonotope("z.npy", &zonotope).unwrap_err().message.contains("center"));
    let centered = Zonotope { center: numbers(&["0", "0", "0"]), ..zonotope.clone() };
    let written = write_zonotope("z.npy", &centered).unwrap();
    assert_eq!(parse_zonotope("z.npy", &written).unwrap(), centered);
    let third = Zonotope { center: numbers(&["1/3"]), generators: vec![] };
    let error = write_zonotope("z.mat", &third).unwrap_err();
    assert_eq!((error.place.as_str(), error.message.contains("64-bit")), ("c[0][0]", true));
    let text = zonotope_to_json(&third).to_string();
    assert_eq!(json(&text).unwrap(), third);
}

#[test]
fn matrices_of_norms_have_one_row_a_functional() {
    let expected = Matrix {
        name: String::new(),
        rows: 2,
        columns: 2,
        entries: numbers(&["1", "1/2", "0", "-1"]),
    };
    for text in [r#"[[1, "1/2"], [0, -1]]"#, r#"{"A": [[1, 0.5], [0, -1]]}"#] {
        assert_eq!(parse_matrix("a.json", text.as_bytes()).unwrap(), expected);
    }
    assert!(parse_matrix("a.json", b"[[1], [1, 2]]").unwrap_err().place == "[1]");
    assert!(parse_matrix("a.json", br#"{"A": [], "b": []}"#).is_err());
    assert_eq!(parse_matrix("x.npy", &bytes("small_generators.npy")).unwrap().columns, 4);
    let two = parse_matrix("x.mat", &bytes("small.mat")).unwrap_err();
    assert!(two.message.contains("found 2"), "{two}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_never_panic(
        file in 0usize..6,
        changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..6),
    ) {
        let name = [
            "small.npz", "small_compressed.npz", "small_columns_first.npy", "small.mat",
            "small_compressed.mat", "small_cora.mat",
        ][file];
        let mut content = bytes(name);
        for (at, byte) in changes {
            let length = content.len();
            content[at % length] = byte;
        }
        if let Err(error) = parse_zonotope(name, &content) {
            prop_assert!(!error.message.is_empty() && error.file == name);
        }
    }
}
