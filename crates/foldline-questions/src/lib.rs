//! The questions foldline answers about a network, one folder each.

pub mod bounds;
pub mod lipschitz;
pub mod proof;
pub mod verification;
