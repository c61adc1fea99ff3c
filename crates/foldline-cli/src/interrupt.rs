//! Ctrl-C: the first press asks the search to stop, the second ends the program at once.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGINT;
use signal_hook::flag::{register, register_conditional_shutdown};

use crate::report::Exit;

/// Installs the handler and returns the flag that the first Ctrl-C raises.
pub fn stop_flag() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    // The handlers run in this order: the first press finds the flag still down.
    let end_at_once =
        || register_conditional_shutdown(SIGINT, Exit::Interrupted as i32, Arc::clone(&stop));
    let installed = end_at_once().and_then(|_| register(SIGINT, Arc::clone(&stop)));
    // Without a handler Ctrl-C ends the program at once, which is the usual behaviour.
    if installed.is_err() {
        crate::say("foldline: Ctrl-C cannot be caught here; it will end the program at once");
    }
    stop
}
