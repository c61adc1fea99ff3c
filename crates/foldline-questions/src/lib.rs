//! The questions foldline answers about a network, one folder each.

pub mod bounds;
pub mod containment;
pub mod interpolation;
pub mod proof;
pub mod separability;
pub mod training;
pub mod verification;
