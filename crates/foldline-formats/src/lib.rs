//! Readers of ONNX, NNET, JSON networks, VNN-LIB, regions and zonotopes into exact kernel objects.
//!
//! What these readers say is believed by everything else, so they compute with
//! exact numbers only, read number tokens from their text, and answer bad input
//! with a [`FormatError`] that names file, place and what was expected.

pub mod arrangement;
pub mod digest;
pub mod error;
pub mod graph;
pub mod input;
pub mod json_network;
mod json_text;
mod lowering;
pub mod matrix;
pub mod network;
pub mod nnet;
mod number;
pub mod onnx;
mod opening;
pub mod region;
pub mod sample;
mod sexpr;
pub mod vnncomp_result;
pub mod vnnlib;
pub mod zonotope;

pub use error::FormatError;
pub use network::{LoadedNetwork, NetworkOptions, parse_network, read_network};
pub use zonotope::{parse_zonotope, read_zonotope, write_zonotope, zonotope_to_json};
