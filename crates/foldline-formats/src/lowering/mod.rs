//! From computed tensors to layers: exact scalars, affine forms over neurons, and their arrangement in layers.

pub(crate) mod form;
mod piecewise;
pub(crate) mod program;
pub(crate) mod scalar;
mod schedule;
mod sorting;

pub(crate) use form::{Combiner, Form};
pub(crate) use program::Program;
pub(crate) use scalar::Scalar;
