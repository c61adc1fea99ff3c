//! ONNX models: the protobuf reader, the operators, and their lowering to exact layers.

mod activations;
mod arithmetic;
mod arrangement;
mod broadcast;
mod combination;
mod constants;
mod convolution;
mod einsum;
mod external;
mod extrema;
mod graph;
mod indexing;
mod machine_learning;
pub(crate) mod messages;
mod normalization;
mod operators;
mod order;
mod padding;
mod page;
mod pooling;
mod product;
mod quantization;
mod reduction;
mod resizing;
mod rounding;
mod selection;
mod tensor;
mod unary;
mod walk;
mod windows;
pub(crate) mod wire;
mod writer;

use crate::error::FormatError;
use crate::network::LoadedNetwork;

pub use page::{operator_tables, with_operator_tables};
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
