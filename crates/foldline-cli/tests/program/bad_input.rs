//! Damaged copies of good files: every one is refused with its name and the place of the damage.

use std::path::Path;

use crate::support::{Folder, property};

/// One damage: these bytes, which stand once in the good file, become those; then the words that
/// name the place. Nothing to look for means that the whole file is replaced.
type Damage<'a> = (&'a [u8], &'a [u8], &'a str);

fn example(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/examples/obstacle");
    std::fs::read(folder.join(name)).unwrap()
}

fn damaged(good: &[u8], (from, to, _): &Damage) -> Vec<u8> {
    if from.is_empty() {
        return to.to_vec();
    }
    let starts: Vec<usize> =
        (0..good.len()).filter(|&start| good[start..].starts_with(from)).collect();
    let [start] = starts[..] else { panic!("{from:?} stands {} times", starts.len()) };
    [&good[..start], to, &good[start + from.len()..]].concat()
}

/// A kind of file: its name, a good one, and the commands that read it, the file's name left out.
struct Format<'a> {
    name: &'a str,
    good: Vec<u8>,
    folder: Folder,
    before: &'a [&'a str],
    after: &'a [&'a str],
}

impl<'a> Format<'a> {
    fn new(name: &'a str, good: Vec<u8>, before: &'a [&'a str], after: &'a [&'a str]) -> Self {
        let far = property(2, 1, &["(<= X_0 0)", "(>= X_0 0)", "(= X_1 1)", "(>= Y_0 1000)"]);
        let folder = Folder::with(&[("far.vnnlib", &far)]);
        folder.write("obstacle.onnx", &example("obstacle.onnx"));
        folder.write(name, &good);
        let format = Self { name, good, folder, before, after };
        let run = format.folder.run(&format.arguments());
        assert_eq!(run.code, Some(0), "undamaged {name}: {}{}", run.stdout, run.stderr);
        format
    }

    fn arguments(&self) -> Vec<&str> {
        [self.before, &[self.name], self.after].concat()
    }

    fn refuses(&self, content: &[u8], place: &str) {
        self.folder.write(self.name, content);
        self.folder.refuses(&self.arguments(), 4, &[&format!("{}: ", self.name), place]);
    }

    /// At least so many damages, each refused with its place.
    fn refuses_all(&self, least: usize, damages: &[Damage]) {
        assert!(damages.len() >= least, "{}: only {} damages", self.name, damages.len());
        for damage in damages {
            eprintln!("{} for {}", damage.1.escape_ascii(), damage.0.escape_ascii());
            self.refuses(&damaged(&self.good, damage), damage.2);
        }
    }

    /// Cuts the file off at twenty places; `place` is in every message.
    fn refuses_cuts(&self, place: &str) {
        let end = self.good.trim_ascii_end().len();
        for part in 0..20 {
            self.refuses(&self.good[..end * part / 20], if part == 0 { "" } else { place });
        }
        self.refuses(&self.good[..end - 1], place);
    }

    /// The file as other systems or a careless transfer leave it.
    fn refuses_transfers(&self) {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(self.good.iter().flat_map(|&byte| [byte, 0])).collect();
        self.refuses(&utf16, "byte 0");
        self.refuses(&[&[0x1f, 0x8b], &self.good[..]].concat(), "gzip");
    }
}

const SEMANTIC: usize = 15;
const CORRUPT: usize = 10;

#[test]
fn onnx_that_means_nothing() {
    Format::new("bad.onnx", example("obstacle.onnx"), &["verify"], &["far.vnnlib"]).refuses_all(
        SEMANTIC,
        &[
            (b"sum_0\"\x04Gemm", b"sum_0\"\x04Conv", "node 0 (Conv"),
            (b"hidden_0\"\x04Relu", b"hidden_0\"\x04Tanh", "node 1 (Tanh"),
            (b"\n\x05sum_1", b"\n\x05sum_9", "node 3 (Relu"),
            (b"\n\x01X\n\tweights_0", b"\n\x01Z\n\tweights_0", "node 0 (Gemm"),
            (b"\x12\x08hidden_1", b"\x12\x08hidden_0", "node 3 (Relu"),
            (
                b"\x12\x01Y\"\x04Gemm*\r\n\x06transB",
                b"\x12\x01Y\"\x04Gemm*\r\n\x06transC",
                "node 4",
            ),
            (b"\x18\x01\xa0\x01\x02\x12", b"\x18\x00\xa0\x01\x02\x12", "node 4 (Gemm"),
            (b"\x18\x01\xa0\x01\x02\x12", b"\x18\x01\xa0\x01\x01\x12", "node 4 (Gemm"),
            (
                b"\x08\x02\x10\x01B\tweights_0",
                b"\x08\x03\x10\x01B\tweights_0",
                "initializer \"weights_0\"",
            ),
            (b"\x08\x10\x08\x02\x10\x01B", b"\x08\x02\x08\x10\x10\x01B", "node 0 (Gemm"),
            (b"\x10\x01B\tweights_1", b"\x10\x08B\tweights_1", "initializer \"weights_1\""),
            (b"weights_0J\x80\x01\0\0\0\xbe", b"weights_0J\x80\x01\0\0\xc0\x7f", "element [0, 0]"),
            (b"bias_2J\x04\0\0P>", b"bias_2J\x04\0\0\x80\xff", "element [0]"),
            (b"B\x06bias_1", b"B\x06bias_0", "initializer \"bias_0\""),
            (
                b"\n\x01X\x12\x0e\n\x0c\x08\x01",
                b"\n\x01X\x12\x0e\n\x0c\x08\x07",
                "graph input \"X\"",
            ),
            (b"\x02\x08\x02b", b"\x02\x08\x03b", "node 0 (Gemm"),
            (b"\n\x01Y", b"\n\x01Q", "graph output \"Q\""),
            (b"B\x04\n\0\x10\r", b"B\x04\n\0\x10c", "operator set 99"),
        ],
    );
}

#[test]
fn corrupt_onnx() {
    let format = Format::new("bad.onnx", example("obstacle.onnx"), &["verify"], &["far.vnnlib"]);
    format.refuses_all(
        CORRUPT,
        &[
            (b"", b"", "is empty"),
            (b"", b"<!DOCTYPE html><html><body>404</body></html>", "byte 0"),
            (b"", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "byte"),
            (b"", &[0; 1761], "byte 0"),
            (b"\x08\x07\x12\x11", b"\r\n\x08\x07\x12\x11", "byte"),
            (b"\x08\x07\x12\x11", b"\x0b\x07\x12\x11", "byte 0"),
            (b"\x08\x07\x12\x11", b"\x08\x07\x12\x12", "byte"),
            (b":\xc3\r", b":\xc4\r", "byte"),
            (b":\xc3\r", b":\xff\xff\xff\xff\xff\r", "byte"),
            (b"sum_0\"\x04Gemm", b"sum_0\"\x05Gemm", "byte"),
            (b"\n\x05sum_1", b"\n\x05su\xff\xfe1", "byte"),
            (b"bias_2J\x04", b"bias_2J\x03", "byte"),
            (b"bias_2J\x04", b"bias_2M\x04", "byte"),
            (b"B\x04\n\0\x10\r", b"B\x04\n\0\x10", "byte"),
            (b"B\x04\n\0\x10\r", b"", "operator set"),
        ],
    );
    format.refuses_cuts("byte");
}

/// The good NNET file: 2 inputs, 3 hidden neurons, 1 output.
const NNET: &str = "\
// distance, offset -> steering
2,2,1,3,
2,3,1,
0,
-1.0,-1.5,
1.0,1.5,
0.5,0.0,10.0,
2.0,4.0,3.0,
1.0e-1,0.2,
-1,0.5,
0,3,
0.1,
0.7,
-2,
1,2,-1.5,
0.25,
";

#[test]
fn nnet_that_means_nothing() {
    let format = Format::new("bad.nnet", NNET.into(), &["verify"], &["far.vnnlib"]);
    format.refuses_all(
        SEMANTIC,
        &[
            (b"\n2,2,1,3,", b"\n2,0,1,3,", "line 2, column 3"),
            (b"\n2,2,1,3,", b"\n3,2,1,3,", "line 3"),
            (b"\n2,2,1,3,", b"\n-2,2,1,3,", "line 2, column 1"),
            (b"\n2,2,1,3,", b"\n2,2.5,1,3,", "line 2, column 3"),
            (b"\n2,3,1,", b"\n5,3,1,", "line 3, column 1"),
            (b"\n2,3,1,", b"\n2,3,2,", "line 3, column 5"),
            (b"\n2,3,1,", b"\n2,3,3,1,", "line 3, column 7"),
            (b"\n0,\n", b"\n0,1,\n", "line 4, column 3"),
            (b"1.0e-1,0.2,", b"1.0e-1,0.2,0.3,", "line 9, column 12"),
            (b"1.0e-1,0.2,", b"1.0e-1,nan,", "line 9, column 8"),
            (b"1.0e-1,0.2,", b"inf,0.2,", "line 9, column 1"),
            (b"-1,0.5,", b"-1,1e999999999,", "line 10, column 4"),
            (b"-1,0.5,", b"-1,1/0,", "line 10, column 4"),
            (b"\n0.7,", b"\n0.7,0.7,", "line 13, column 5"),
            (b"1,2,-1.5,", b"1,2,", "line 15"),
            (b"0.25,", b"0.25,\n0.5,", "line 17"),
        ],
    );
    let physical = Format { after: &["far.vnnlib", "--physical"], ..format };
    for (from, to, place) in [
        ("2.0,4.0,3.0", "2.0,0.0,3.0", "line 8"),
        ("0.5,0.0,10.0,", "0.5,10.0,", "line 7"),
        ("2.0,4.0,3.0,", "2.0,4.0,3.0,5.0", "line 8, column 13"),
    ] {
        physical.refuses(NNET.replace(from, to).as_bytes(), place);
    }
}

#[test]
fn corrupt_nnet() {
    let format = Format::new("bad.nnet", NNET.into(), &["verify"], &["far.vnnlib"]);
    format.refuses_all(
        CORRUPT,
        &[
            (b"", b"", "line 1"),
            (b"", b"\n\n\n", "line"),
            (b"", b"<!DOCTYPE html>\n<html><body>404</body></html>\n", "line 1"),
            (b"", &[0; 300], "line 1"),
            (b"", &[0xfe; 300], "byte 0"),
            (b"// ", b"/ ", "line 1"),
            (b"steering\n", b"steering ", "line 2"),
            (b"0.25,", b"0.25,\n\0\0\0\0", "line 17"),
            (b"0.25,", b"0,25,", "line 16, column 3"),
            (b"\n0,3,", b"\n0 3,", "line 11"),
            (b"\n0,3,", b"\n0,\xb3,", "byte"),
            (b"\n0,3,", b"\n0,,3", "line 11, column 4"),
            (b"\n0.1,", b"\n0.1.1,", "line 12, column 1"),
            (b"\n-2,\n", b"\n", "line 14"),
            (b"\n0,\n", b"\n", "line 11"),
        ],
    );
    for lines in 2..16 {
        let cut: Vec<&str> = NNET.lines().take(lines).collect();
        format.refuses(cut.join("\n").as_bytes(), "end of the file");
    }
    format.refuses_transfers();
}

#[test]
fn json_that_means_nothing() {
    Format::new("bad.json", example("obstacle.json"), &["verify"], &["far.vnnlib"]).refuses_all(
        SEMANTIC,
        &[
            (b"[-0.125, 0.171875]", b"[-0.125]", "layers[0].weights[1]"),
            (b"[-0.125, 0.171875]", b"[]", "layers[0].weights[0]"),
            (b"[-0.125, 0.171875]", b"-0.125", "layers[0].weights[0]"),
            (b"[-0.125, 0.171875]", b"[-0.125, null]", "layers[0].weights[0][1]"),
            (b"[-0.125, 0.171875]", b"[-0.125, \"Infinity\"]", "layers[0].weights[0][1]"),
            (b"[-0.125, 0.171875]", b"[-0.125, 1e123456789]", "layers[0].weights[0][1]"),
            (b"[-0.125, 0.171875]", b"[-0.125, [0.171875]]", "layers[0].weights[0][1]"),
            (b"[-0.0390625, -1.1875]", b"[-0.0390625, -1.1875, 0]", "layers[0].weights[2]"),
            (b"\"bias\": [0.203125]", b"\"bias\": []", "layers[2].bias"),
            (b"\"bias\": [0.203125]", b"\"bias\": 0.203125", "layers[2].bias"),
            (b"\"bias\": [0.203125]", b"\"bias\": [0.2, 0.3]", "layers[2].bias"),
            (b"\"bias\": [0.203125]", b"\"bias\": [\"1/0\"]", "layers[2].bias[0]"),
            (b"\"bias\": [0.203125]", b"\"bias\": [true]", "layers[2].bias[0]"),
            (b"\"bias\": [0.203125],", b"", "layers[2]"),
            (b"\"bias\": [0.203125]", b"\"biases\": [0.203125]", "layers[2]"),
            (b"\"linear\"", b"\"sigmoid\"", "layers[2].activation"),
            (b"\"linear\"", b"null", "layers[2].activation"),
            (b"\"linear\"", b"\"linear\", \"activation\": \"relu\"", "layers[2]"),
            (b"\"layers\"", b"\"network\"", "top level"),
            (b"\"linear\"}", b"\"linear\"}, 7", "layers[3]"),
            (b"", b"{\"layers\": []}", "layers"),
            (b"", b"[1, 2, 3]", "top level"),
        ],
    );
}

#[test]
fn corrupt_json() {
    let format = Format::new("bad.json", example("obstacle.json"), &["verify"], &["far.vnnlib"]);
    format.refuses_all(
        CORRUPT,
        &[
            (b"", b"", "line 1, column 1"),
            (b"", b"<html>404</html>", "line 1, column 1"),
            (b"", &[0; 100], "line 1, column 1"),
            (b"", &[b'['; 100_000], "line 1"),
            (b"[-0.125, 0.171875]", b"[-0.125, 0.171875", "line 19, column 10"),
            (b"[-0.125, 0.171875]", b"[-0.125 0.171875]", "line 3, column 15"),
            (b"[-0.125, 0.171875]", b"[-0.125, 0.171875,]", "line 3"),
            (b"[-0.125, 0.171875]", b"[-0.125, 0,171.875.]", "line 3"),
            (b"[-0.125, 0.171875]", b"[-0.125, .171875]", "line 3, column 16"),
            (b"[-0.125, 0.171875]", b"[-0.125, NaN]", "line 3, column 16"),
            (b"[-0.125, 0.171875]", b"[-0.125, 0x1p-3]", "line 3"),
            (b"[-0.125, 0.171875]", b"[-0.125, \xff]", "byte"),
            (b"\"linear\"", b"linear", "line"),
            (b"\"linear\"", b"\"linear", "line"),
            (b"\"linear\"", b"'linear'", "line"),
            (b"\"layers\":", b"\"layers\"", "line 1"),
            (b"{\"layers\"", b"// comment\n{\"layers\"", "line 1"),
            (b"\"linear\"}", b"\"linear\"}]", "line"),
        ],
    );
    format.refuses_cuts("line ");
    format.refuses_transfers();
}

const STEERS_AWAY: &str = "steers_away_holds.vnnlib";

#[test]
fn properties_that_mean_nothing() {
    Format::new("bad.vnnlib", example(STEERS_AWAY), &["verify", "obstacle.onnx"], &[]).refuses_all(
        SEMANTIC,
        &[
            (b"(declare-const X_1 Real)", b"", "line 6, column 16"),
            (b"(declare-const Y_0 Real)", b"", "line"),
            (b"declare-const X_1 Real", b"declare-const X_2 Real", "line 7"),
            (b"declare-const X_1 Real", b"declare-const X_0 Real", "line 7"),
            (b"declare-const X_1 Real", b"declare-const X_1 Int", "line 7"),
            (b"declare-const Y_0 Real", b"declare-const Z_0 Real", "line 8"),
            (
                b"(declare-const Y_0 Real)",
                b"(declare-const Y_0 Real)(declare-const Y_1 Real)",
                "line 8",
            ),
            (b"(<= Y_0 0.5)", b"(<= Y_1 0.5)", "line 15, column 13"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 nan)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 -inf)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 1/0)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 1e100000)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<= Y_0)", "line 15, column 9"),
            (b"(<= Y_0 0.5)", b"(<= (* Y_0 X_0) 0.5)", "line 15"),
            (b"(<= Y_0 0.5)", b"(<= (/ 1 Y_0) 0.5)", "line 15"),
            (b"(<= Y_0 0.5)", b"(<= (max Y_0 X_0) 0.5)", "line 15, column 13"),
            (b"(<= Y_0 0.5)", b"(xor (<= Y_0 0.5))", "line 15, column 9"),
            (b"(<= Y_0 0.5)", b"(or)", "line 15, column 9"),
            (b"(<= Y_0 0.5)", b"Y_0", "line 15, column 9"),
            (b"(assert (<= Y_0 0.5))", b"(define-fun f () Real 1)", "line 15, column 1"),
        ],
    );
}

#[test]
fn corrupt_properties() {
    let format = Format::new("bad.vnnlib", example(STEERS_AWAY), &["verify", "obstacle.onnx"], &[]);
    format.refuses_all(
        CORRUPT,
        &[
            (b"", b"", "line 1, column 1"),
            (b"", b"<html>404</html>", "line 1, column 1"),
            (b"", &[0; 100], "line 1, column 1"),
            (b"", &[b'('; 100_000], "line 1"),
            (b"; Near", b"Near", "line 1, column 1"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 0.5", "line 15, column 1"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 0.5))", "line 15, column 22"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 0,5)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 0..5)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<=Y_0 0.5)", "line 15"),
            (b"(<= Y_0 0.5)", b"(\xe2\x89\xa4 Y_0 0.5)", "line 15, column 9"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 \xff)", "byte"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 \"0.5)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"(<= Y_0 \0)", "line 15, column 17"),
            (b"(<= Y_0 0.5)", b"Y_0 <= 0.5", "line 15, column 1"),
            (b"(assert (<= Y_0 0.5))", b"[assert (<= Y_0 0.5)]", "line 15, column 1"),
        ],
    );
    format.refuses_transfers();
    // A cut between two assertions would leave a complete, larger unsafe set.
    let text = String::from_utf8(example(STEERS_AWAY)).unwrap();
    for (start, _) in text.match_indices("(assert") {
        for length in [1, 5, 9, 12, 18] {
            format.refuses(&text.as_bytes()[..start + length], "line 1");
        }
    }
    for (start, _) in text.match_indices("(declare") {
        format.refuses(&text.as_bytes()[..start], "line ");
    }
}

const REGION: &str = r#"{"box": [[0, 2], [0.3, null]],
 "A": [[1, "2/3"], [0, -1]],
 "b": [2.5, 0]}"#;

#[test]
fn regions_that_mean_nothing() {
    Format::new("bad.json", REGION.into(), &["inspect"], &[]).refuses_all(
        SEMANTIC,
        &[
            (b"[0, 2]", b"[0]", "box[0]"),
            (b"[0, 2]", b"[0, 1, 2]", "box[0]"),
            (b"[0, 2]", b"0", "box[0]"),
            (b"[0, 2]", b"[0, \"inf\"]", "box[0][1]"),
            (b"[0, 2]", b"[0, \"2/0\"]", "box[0][1]"),
            (b"[0, 2]", b"[0, true]", "box[0][1]"),
            (b"[0, 2]", b"[0, [2]]", "box[0][1]"),
            (b"[0, 2]", b"[-1e999999999, 2]", "box[0][0]"),
            (b"[[0, 2], [0.3, null]]", b"[[0, 2]]", "A[0]"),
            (b"[[0, 2], [0.3, null]]", b"{\"x\": [0, 2]}", "box"),
            (b"[1, \"2/3\"]", b"[1]", "A[0]"),
            (b"[1, \"2/3\"]", b"[1, null]", "A[0][1]"),
            (b"[1, \"2/3\"]", b"[1, \"2/3/4\"]", "A[0][1]"),
            (b"[1, \"2/3\"], [0, -1]", b"", "b"),
            (b"[2.5, 0]", b"[2.5]", "b"),
            (b"[2.5, 0]", b"[2.5, null]", "b[1]"),
            (b"[2.5, 0]", b"2.5", "b"),
            (b",\n \"b\": [2.5, 0]", b"", "A"),
            (b"\"A\": [[1, \"2/3\"], [0, -1]],\n", b"", "b"),
            (b"\"b\"", b"\"c\"", "`c`"),
            (b"\"b\"", b"\"A\"", "A"),
        ],
    );
}

#[test]
fn corrupt_regions() {
    let format = Format::new("bad.json", REGION.into(), &["inspect"], &[]);
    format.refuses_all(
        CORRUPT,
        &[
            (b"", b"", "line 1, column 1"),
            (b"", b"\xef\xbb\xbf", "line 1"),
            (b"", &[0; 100], "line 1"),
            (b"[0, 2]", b"[0, 2", "line"),
            (b"[0, 2]", b"[0 2]", "line 1, column 13"),
            (b"[0, 2]", b"[0, 2,]", "line 1, column 16"),
            (b"[0, 2]", b"[0, 02]", "line 1"),
            (b"[0, 2]", b"[-, 2]", "line 1"),
            (b"[0, 2]", b"[0, Infinity]", "line 1, column 14"),
            (b"[0, 2]", b"(0, 2)", "line 1, column 10"),
            (b"[0, 2]", b"[0, 2\0]", "line 1"),
            (b"[0, 2]", b"[0, \xb2]", "byte"),
            (b"\"b\"", b"b", "line 3, column 2"),
            (b"\"b\"", b"\"b", "line 3"),
            (b"0]}", b"0]}}", "line 3"),
            (b"0]}", b"0]", "line 3"),
        ],
    );
    format.refuses_cuts("line ");
    format.refuses_transfers();
}
