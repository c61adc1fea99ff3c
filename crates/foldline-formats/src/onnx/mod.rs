//! ONNX models: the protobuf reader, the operators, and their lowering to exact layers.

mod arithmetic;
mod arrangement;
mod graph;
pub(crate) mod messages;
mod normalization;
mod operators;
mod product;
mod tensor;
pub(crate) mod wire;
mod writer;

use crate::error::FormatError;
use crate::network::LoadedNetwork;

pub use writer::write_onnx;

/// Reads an ONNX model; `name` is what messages call the file.
pub fn parse_onnx(name: &str, bytes: &[u8]) -> Result<LoadedNetwork, FormatError> {
    if bytes.is_empty() {
        return Err(FormatError::whole(name, "is empty, expected an ONNX model"));
    }
    let model = messages::Model::parse(wire::Message::file(bytes)).map_err(|error| {
        let message = format!("is not an ONNX model: {}", error.message);
        FormatError::new(name, format!("byte {}", error.offset), message)
    })?;
    graph::load(name, &model)
}
