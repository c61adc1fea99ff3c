//! The checker of foldline's certificates: it reads a proof and the files it speaks about, and accepts or rejects.
//!
//! Nothing here searches, nothing computes with a float, and no tolerance decides:
//! fixed point numbers are rounded outward, and where the format asks for exact
//! arithmetic it is exact. `docs/certificate-format.md` says what is checked.

#![deny(clippy::float_arithmetic, clippy::disallowed_types)]

mod bases;
mod bounds;
mod cells;
mod certificate;
mod clauses;
mod clock;
mod containment;
mod dyadic;
mod equivalence;
mod exact;
mod fixed;
mod gauge_tree;
mod hyperplanes;
mod interpolation;
mod limit;
mod lines;
mod lipschitz;
mod lipschitz_jump;
mod lipschitz_norm;
mod live;
mod maximum;
mod node;
mod norm;
mod norm_bound;
mod norm_cones;
mod positivity;
mod region;
mod separability;
mod shallow;
mod signed_sums;
mod slopes;
mod stages;
mod statement;
mod stationary;
mod subject;
mod substitution;
mod surjectivity;
mod terms;
mod training;
mod training_groups;
mod training_tree;
mod tree;
mod units;
mod verification;
mod zero_function;

pub use certificate::{Accepted, Failure, Rejection, check, check_until, open};
pub use limit::within;
pub use statement::{Content, NamedFile, Statement};
