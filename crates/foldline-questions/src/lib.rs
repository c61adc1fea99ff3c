//! The questions foldline answers about a network, one folder each.

pub mod bounds;
pub mod lipschitz;
pub mod maximum;
pub mod positivity;
pub mod proof;
pub mod surjectivity;
pub mod verification;
pub mod zero_function;
