//! The questions foldline answers about a network, one folder each.

pub mod bases;
pub mod bounds;
pub mod checkpoint;
pub mod clique;
pub mod containment;
pub mod equivalence;
pub(crate) mod hands;
pub mod interpolation;
pub mod limits;
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
pub mod training;
pub mod verification;
pub(crate) mod workers;
pub mod zero_function;
