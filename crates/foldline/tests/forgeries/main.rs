//! Certificates that the search writes are accepted; forged and damaged ones are not.

mod accepted;
mod certified;
#[path = "../support/certifying.rs"]
mod certifying;
#[path = "../support/files.rs"]
mod files;
mod forged_leaves;
mod forged_nodes;
mod forged_statements;
mod forged_unbounded;
mod forging;
mod mutations;
