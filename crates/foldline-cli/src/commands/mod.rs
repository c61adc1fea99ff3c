//! One command a file: its arguments, what it does, and its answer in both forms.

pub mod arrangement;
pub mod check;
pub mod equivalent;
pub mod eval;
pub mod hard_instances;
pub mod inspect;
pub mod interpolate;
pub mod lipschitz;
pub mod maximum;
pub mod merge;
pub mod positive;
pub mod range;
pub mod recover;
pub mod reduce;
pub mod regions;
pub mod replay;
pub mod run;
pub mod separable;
pub mod split;
pub mod surjective;
pub mod train;
pub mod verify;
pub mod vnncomp;
pub mod work;
pub mod zero;
pub mod zonotope;
