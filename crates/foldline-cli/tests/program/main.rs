//! The program as a user meets it: commands, files, answers and exit codes.

mod bad_input;
mod benchmark;
mod exact;
mod inputs;
mod interrupts;
mod lipschitz;
mod question_certificates;
mod questions;
mod support;
mod usage;
mod verification;
