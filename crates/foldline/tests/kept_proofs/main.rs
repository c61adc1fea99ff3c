//! Proofs on plateaus, where an output only touches its bound, and proofs that were stopped and go on.

#[path = "../support/certifying.rs"]
#[allow(dead_code, reason = "certificates in one run are for other tests")]
mod certifying;
#[allow(dead_code, reason = "files on disk are for other tests")]
#[path = "../support/files.rs"]
mod files;
mod plateaus;
mod resumed;
