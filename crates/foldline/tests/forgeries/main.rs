//! Certificates that the search writes are accepted; forged and damaged ones are not.

mod accepted;
mod certified;
mod files;
mod forged_leaves;
mod forged_nodes;
mod forged_statements;
mod forging;
mod mutations;
