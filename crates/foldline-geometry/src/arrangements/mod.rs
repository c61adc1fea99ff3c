//! Arrangements of hyperplanes, layer by layer: one exact walk over the cells, and counting without a walk.
//!
//! [`walk()`] is the engine: a depth-first walk over partial sign vectors that carries each cell as
//! its vertices and rays, clipped by one hyperplane after another. Signs are decided by floats
//! with an error bound, and where that does not decide by exact integers. [`deletion`] counts the
//! cells of a flat arrangement by deletion and restriction, without visiting one.

mod cell;
pub mod deletion;
pub mod flat;
mod generators;
mod minors;
mod reasons;
pub mod rows;
mod split;
mod start;
pub mod walk;

pub use cell::{Cell, Facet};
pub use flat::FlatArrangement;
pub use reasons::Reason;
pub use rows::{FloatRows, Numbers, PartialSums, RowSign};
pub use start::spanning_columns;
pub use walk::{Arrangement, MOST_DIMENSIONS, Plan, Visitor, walk};
