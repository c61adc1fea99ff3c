//! Reductions: the solvers' answers about reduced problems are those of brute force, and map back.

mod agreement;
mod gadget;
mod hard_sorting;
mod printed;
mod random;
mod training;
