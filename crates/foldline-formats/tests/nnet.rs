//! NNET files: exact reading, physical units, and messages that name line and column.

mod support;

use foldline_formats::{FormatError, LoadedNetwork, NetworkOptions, parse_network};
use support::{assert_error, evaluate};

const GOOD: &str = "\
// A comment
2,2,1,3,
2,3,1,
0,
-1.0,-1.0,
1.0,1.0,
0.5,0.0,10.0,
2.0,4.0,3.0,
1.0e-1,0.2,
-1,0.5,
0,3,
0.1,
0,
-2,
1,2,-1.5,
0.25,
";

fn read_as(text: &str, physical: bool) -> Result<LoadedNetwork, FormatError> {
    parse_network("test.nnet", text.as_bytes(), &NetworkOptions { physical })
}

/// The good file with line `line`, from 1, replaced.
fn with_line(line: usize, content: &str) -> String {
    let replaced = GOOD.lines().enumerate().map(|(i, l)| if i + 1 == line { content } else { l });
    replaced.collect::<Vec<_>>().join("\n")
}

#[test]
fn decimals_are_exact() {
    let loaded = read_as(GOOD, false).unwrap();
    assert_eq!((loaded.network.inputs(), loaded.network.neurons()), (2, 3));
    // Hidden: 0.1 + 0.1 + 0.2, −1 + 0.5, 3 − 2; output 0.4 − 1.5 + 0.25.
    assert_eq!(evaluate(&loaded, &["1", "1"]), ["-17/20"]);
    assert_eq!(loaded.input_shape, [2]);
    assert_eq!(loaded.format, "nnet");
}

#[test]
fn physical_units_wrap_the_normalised_network() {
    let (normalised, physical) = (read_as(GOOD, false).unwrap(), read_as(GOOD, true).unwrap());
    // (2.5 − 0.5)/2 = 1, (4 − 0)/4 = 1; −17/20 · 3 + 10.
    assert_eq!(evaluate(&normalised, &["1", "1"]), ["-17/20"]);
    assert_eq!(evaluate(&physical, &["2.5", "4"]), ["149/20"]);
    assert_eq!(physical.network.layers().len(), 2);
}

#[test]
fn blank_lines_spaces_and_missing_last_commas_are_accepted() {
    let loose = GOOD.replace(",\n", "\r\n\r\n").replace(',', " , ");
    assert_eq!(read_as(&loose, false).unwrap().network, read_as(GOOD, false).unwrap().network);
    // The format is told by the content where the name says nothing.
    let sniffed = parse_network("standard input", GOOD.as_bytes(), &NetworkOptions::default());
    assert_eq!(sniffed.unwrap().format, "nnet");
}

#[test]
fn semantic_errors_name_line_and_column() {
    for (line, content, place, message) in [
        (2, "2,2,1", "line 2", "expected 4 values"),
        (2, "0,2,1,3,", "line 2, column 1", "expected a positive integer"),
        (2, "two,2,1,3,", "line 2, column 1", "found \"two\""),
        (2, "2.5,2,1,3,", "line 2, column 1", "found \"2.5\""),
        (2, "2,2,1,3,9,", "line 2, column 9", "expected 4 values"),
        (2, "99999999999999999999,2,1,3", "line 2, column 1", "positive integer"),
        (3, "2,3,", "line 3", "expected 3 values (the size of each layer, inputs first), found 2"),
        (3, "5,3,1,", "line 3, column 1", "expected 2 inputs as in the first line, found 5"),
        (3, "2,3,2,", "line 3, column 5", "expected 1 outputs as in the first line, found 2"),
        (3, "2,3,3,1,", "line 3, column 7", "expected 3 values (the size of each layer"),
        (
            4,
            "0,1,",
            "line 4, column 3",
            "a convolutional or pooling layer (as in files of Neurify)",
        ),
        (9, "1.0e-1,", "line 9", "expected 2 values (weights of layer 1, row 0), found 1"),
        (9, "1.0e-1, 0.2, 7,", "line 9, column 14", "expected 2 values"),
        (10, "-1,nan,", "line 10, column 4", "found \"nan\""),
        (10, "-1,,", "line 10, column 4", "found \"\""),
        (11, "0,1e99999999,", "line 11, column 3", "exponent"),
        (11, "0,1/0,", "line 11, column 3", "denominator"),
        (12, "0.1,0.1,", "line 12, column 5", "expected 1 value (bias of layer 1, row 0)"),
        (15, "1,2,x,", "line 15, column 5", "found \"x\""),
        (16, "0.25,\n0.5,", "line 17", "expected the end of the file"),
        (16, "", "line 16", "expected bias of layer 2, row 0, found the end of the file"),
    ] {
        assert_error(read_as(&with_line(line, content), false), place, message);
    }
}

#[test]
fn only_sizes_matter_without_physical_units() {
    let network = read_as(GOOD, false).unwrap().network;
    let reads = |text: &str| {
        let loaded = read_as(text, false).unwrap();
        assert_eq!(loaded.network, network, "{text}");
        loaded.notes
    };
    let short = "2\n2,3,1\n0\n0\n0\n0\n0\n";
    let weights = GOOD.split_inclusive('\n').skip(8).collect::<String>();
    for text in [
        // Published networks have means of inputs that were made constant, or none of the outputs.
        with_line(7, "0.5,0.0,35.1,0.0,10.0,"),
        with_line(8, "2.0,4.0,"),
        with_line(5, "-1.0,-1.0,0.0,-3.0,"),
        with_line(6, "nan,inf,"),
        with_line(8, "2.0,0,3.0,"),
        // A buffer that is too small, a number of outputs of the network that this one was cut from.
        with_line(2, "2,2,1,1,"),
        with_line(2, "2,2,10,3,"),
        with_line(3, "2, 3, 1, 1"),
        // Short forms, comments between the lines, and none of the lines that are not used.
        format!("{short}{weights}"),
        format!("\u{feff}{}", GOOD.replace("\n", "\n  // a comment\n")),
        format!("2,2,1,3,\n2,3,1,\n0,0,\n{weights}"),
    ] {
        reads(&text);
    }
    let noted = |text: &str, part: &str| {
        let notes = reads(text);
        assert!(notes.iter().any(|note| note.contains(part)), "{notes:?}");
    };
    noted(&with_line(2, "2,2,10,3,"), "not used: expected 10 outputs as in the first line");
    noted(&with_line(3, "2,3,1,1"), "not used: expected 3 values (the size of each layer");
}

#[test]
fn physical_units_need_means_and_ranges_of_every_input_and_the_outputs() {
    for (line, content, place, message) in [
        (7, "0.5,0.0,", "line 7", "expected 3 values (the mean of each input and of the outputs)"),
        (7, "0.5,0.0,35.1,0.0,10.0,", "line 7, column 14", "expected 3 values"),
        (7, "0.5,low,10.0,", "line 7, column 5", "expected a number"),
        (8, "2.0,4.0,3.0,1,", "line 8, column 13", "the range of each input"),
        (8, "2.0,0,3.0,", "line 8", "range 1 is zero"),
    ] {
        assert!(read_as(&with_line(line, content), false).is_ok());
        assert_error(read_as(&with_line(line, content), true), place, message);
    }
    let lines: Vec<&str> = GOOD.lines().collect();
    let without = [&["2,2,1,3", "2,3,1", "0,0"], &lines[8..]].concat().join("\n");
    assert_error(read_as(&without, true), "", "has no means and ranges");
}

#[test]
fn one_layer_has_a_flag_and_no_kind() {
    let text = "1,1,1,1,\n1,1,\n0,\n-1,\n1,\n0,1,\n1,1,\n2,\n3,\n";
    assert_eq!(evaluate(&read_as(text, false).unwrap(), &["1"]), ["5"]);
    for end in 0..text.len() - 2 {
        assert!(read_as(&text[..end], false).is_err(), "{end}");
    }
}

#[test]
fn every_truncation_names_the_missing_line() {
    let lines: Vec<&str> = GOOD.lines().collect();
    for end in 0..lines.len() {
        let error = read_as(&lines[..end].join("\n"), false).unwrap_err();
        assert!(
            error.place.starts_with("line ") && error.message.contains("end of the file"),
            "{error}"
        );
    }
    // Shorter cuts may lose only a comma or a digit; nothing panics.
    for end in 0..GOOD.len() {
        if let Err(error) = read_as(&GOOD[..end], false) {
            assert!(error.place.starts_with("line "), "{error}");
        }
    }
}

#[test]
fn corrupt_text_is_refused() {
    let bytes = [b"// \xff\n", GOOD.as_bytes()].concat();
    let read = |bytes: &[u8]| parse_network("test.nnet", bytes, &NetworkOptions::default());
    assert_error(read(&bytes), "byte 3", "is not UTF-8 text");
    assert_error(read(b"\x00\x01"), "line 1", "expected a positive integer");
    assert_error(read(b""), "line 1", "found the end of the file");
    assert_error(read(b"// only a comment\n"), "line 2", "found the end of the file");
}
