//! The program as a user meets it: commands, files, answers and exit codes.

mod bad_input;
mod benchmark;
mod bundles;
mod checkpoints;
mod empty_parts;
mod equivalence;
mod exact;
mod faults;
mod inputs;
mod interrupts;
mod lipschitz;
mod nonsense;
mod norms;
mod outputs;
mod question_certificates;
mod questions;
mod reductions;
mod regions;
mod support;
mod training;
mod usage;
mod verification;
mod zonotopes;
