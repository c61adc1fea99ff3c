//! Linear programs in low dimension: float guesses with sound bounds, and exact finishing.

pub mod arrangements;
pub mod dichotomies;
pub mod directed;
pub mod exact_lp;
pub mod integer;
pub mod modular;
pub mod polytope;
pub mod quadratic;
pub mod tableau;
pub mod zonotopes;

pub use dichotomies::Dichotomies;
pub use exact_lp::{ExactConstraint, ExactOutcome, maximize};
pub use polytope::Polytope;
pub use tableau::Tableau;
