//! Exact geometry of zonotopes: normal form, cones of directions.

pub mod fan;
pub mod floats;
pub mod segments;

pub use segments::Segments;
