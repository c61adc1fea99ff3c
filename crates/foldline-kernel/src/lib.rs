//! Exact numbers and the objects foldline speaks about: networks, properties, regions and zonotopes.
//!
//! Nothing in this crate searches and nothing computes with a float: it adds,
//! multiplies and compares integers and rationals.

#![deny(clippy::float_arithmetic, clippy::disallowed_types)]

pub mod arrangement;
pub mod basis;
mod composition;
pub mod difference;
pub mod elimination;
pub mod graph;
pub mod interrupt;
pub mod jump;
pub mod linear;
pub mod network;
pub mod number;
pub mod property;
pub mod repeats;
pub mod sample;
pub mod zonotope;

pub use arrangement::{Arrangement, Hyperplane};
pub use basis::Basis;
pub use graph::{CliqueFault, ColoredGraph};
pub use linear::{LinearConstraint, Polyhedron, Region};
pub use network::{Activation, Layer, Network, NetworkError, Row};
pub use number::{Integer, Natural, Rational};
pub use property::{Atom, Formula, Property};
pub use sample::Sample;
pub use zonotope::Zonotope;
