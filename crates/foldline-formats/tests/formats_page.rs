//! docs/formats.md lists the operators as they are.

use foldline_formats::onnx::{operator_tables, with_operator_tables};

#[test]
fn the_page_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let page = std::fs::read_to_string(path).unwrap();
    let current = with_operator_tables(&page, &operator_tables()).expect("a place for the tables");
    assert!(page == current, "run `cargo run -p foldline-formats --example formats_page`");
}
