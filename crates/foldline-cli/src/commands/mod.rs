//! One command a file: its arguments, what it does, and its answer in both forms.

pub mod check;
pub mod eval;
pub mod inspect;
pub mod lipschitz;
pub mod maximum;
pub mod positive;
pub mod range;
pub mod replay;
pub mod run;
pub mod surjective;
pub mod verify;
pub mod vnncomp;
pub mod zero;
