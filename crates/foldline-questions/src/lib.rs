//! The questions foldline answers about a network, one folder each.

pub mod bounds;
pub mod checkpoint;
pub mod interpolation;
pub mod proof;
pub mod regions;
pub mod separability;
pub mod training;
pub mod verification;
