//! Writes the tables of operators into docs/formats.md, from the reader's own list.

use std::path::Path;
use std::process::ExitCode;

use foldline_formats::onnx::{operator_tables, with_operator_tables};

fn main() -> ExitCode {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = std::fs::read_to_string(&path).ok();
    let page = page.and_then(|page| with_operator_tables(&page, &operator_tables()));
    match page.map(|page| std::fs::write(&path, page)) {
        Some(Ok(())) => ExitCode::SUCCESS,
        _ => {
            eprintln!("{}: cannot be written, or has no place for the tables", path.display());
            ExitCode::FAILURE
        }
    }
}
