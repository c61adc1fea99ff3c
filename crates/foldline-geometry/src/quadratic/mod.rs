//! Convex quadratic programs over cones in low dimension: guessed in floats, finished exactly.
//!
//! The programs are min x'Hx − 2c'x over {x : Gx ≥ 0}, with H positive semidefinite and c in its
//! range, as least squares gives them. The minimum is attained.

mod dual_active_set;
mod stationary;

pub use dual_active_set::{Field, Guess, dual_active_set, inverse};
pub use stationary::{Stationary, dependence, stationary};
