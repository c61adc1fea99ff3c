//! Sound float bounds of neurons and outputs over polytopes in the input space.

pub mod float_network;
pub mod reduced;
pub mod refine;
pub mod relaxation;
pub mod unfold;

pub use float_network::{FloatNetwork, FloatRow};
pub use reduced::Reduced;
pub use relaxation::Relaxation;
pub use unfold::{Empty, Known, unfold};
