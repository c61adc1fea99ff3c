//! Reductions: the solvers' answers about reduced problems are those of brute force, and map back.

mod agreement;
mod gadget;
mod generate;
mod hard_sorting;
mod printed;
#[path = "../support/random.rs"]
mod random;
mod training;
