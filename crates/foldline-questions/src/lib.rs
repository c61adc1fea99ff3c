//! The questions foldline answers about a network, one folder each.

pub mod bases;
pub mod bounds;
pub mod clique;
pub mod containment;
pub mod equivalence;
pub mod interpolation;
pub mod lipschitz;
pub mod maximum;
pub mod norm_maximum;
pub mod order_reduction;
pub(crate) mod part_state;
pub mod positivity;
pub mod proof;
pub mod regions;
pub mod separability;
pub mod sequence;
pub mod surjectivity;
pub(crate) mod told_late;
pub mod training;
pub mod verification;
pub mod zero_function;

pub(crate) use foldline_engine::workers;
pub use foldline_engine::{checkpoint, limits};
