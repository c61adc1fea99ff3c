//! Maps between problems, with the maps of their answers; nothing here searches.

pub mod clique;
pub mod hidden_layer;
pub mod separability;
pub mod sidon;
pub mod zonotope_pair;

pub use zonotope_pair::{PairError, network_to_zonotopes, zonotopes_to_network};
